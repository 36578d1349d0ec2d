# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.savepoint.vsphere.plugins.module_utils._parties import resolve


def test_what_can_not_be_looked_up_is_left_empty() -> None:
    odd = ["no-such-host.invalid", f"{'x' * 70}.invalid", "a..b", "line\nbreak", ""]
    found = resolve(["127.0.0.1", "2001:db8::1", *odd])
    assert found["127.0.0.1"][1] == ("127.0.0.1",)
    assert {name: found[name] for name in odd} == dict.fromkeys(odd, ((), ()))
