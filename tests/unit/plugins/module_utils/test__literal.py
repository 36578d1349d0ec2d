# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.savepoint.vsphere.plugins.module_utils._literal import broken


@pytest.mark.parametrize("opening", ["{{", "{%", "{#", "{{{"])
def test_nothing_opens_a_template(opening: str) -> None:
    given = {f"{opening} key }}": [f"{opening} x }}", {"inner": f"a{opening}b"}]}
    assert opening[:2] not in str(broken(given)).replace("{'", "")


def test_the_rest_stays() -> None:
    given = {"text": "a {b} c", "number": 1, "nothing": None, "flag": True, "list": [1.5]}
    assert broken(given) == given
