# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.savepoint.vsphere.plugins.module_utils._kinds import Grant, grant
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Capabilities
from ansible_collections.savepoint.vsphere.tests.unit.plugins.module_utils.builders import vm

NO_MEMORY = Capabilities(memory_snapshots=False)
NO_QUIESCE = Capabilities(quiesced_snapshots=False)
DISK_ONLY = Capabilities(disk_only_on_suspended=True)
EVERYTHING = Capabilities(True, True, True)


@pytest.mark.parametrize(
    ("fields", "memory", "quiesce", "granted"),
    [
        ({}, False, False, Grant(kind="crash_consistent")),
        ({}, True, False, Grant(memory=True, kind="memory")),
        ({}, False, True, Grant(quiesce=True, kind="quiesced")),
        ({"capabilities": EVERYTHING}, True, False, Grant(memory=True, kind="memory")),
        ({"capabilities": EVERYTHING}, False, True, Grant(quiesce=True, kind="quiesced")),
        # A wish for memory does not need Tools, and one for nothing needs no capability.
        ({"tools_running": False}, True, False, Grant(memory=True, kind="memory")),
        ({"tools_running": False, "capabilities": Capabilities(False, False)}, False, False, Grant()),
        # Off: its disks are consistent and there is nothing else to keep, so every wish is met.
        ({"power_state": "poweredOff"}, False, False, Grant(kind="powered_off")),
        ({"power_state": "poweredOff", "capabilities": NO_MEMORY}, True, False, Grant(kind="powered_off")),
        ({"power_state": "poweredOff", "tools_running": False}, False, True, Grant(kind="powered_off")),
        # Suspended: the memory is on disk already and always included, unless vSphere can leave it out.
        ({"power_state": "suspended"}, False, False, Grant(kind="suspended")),
        ({"power_state": "suspended"}, True, False, Grant(memory=True, kind="suspended")),
        ({"power_state": "suspended", "capabilities": DISK_ONLY}, False, False, Grant(kind="crash_consistent")),
        ({"power_state": "suspended", "capabilities": DISK_ONLY}, True, False, Grant(memory=True, kind="suspended")),
    ],
)
@pytest.mark.parametrize("allow_crash", [False, True])
def test_a_wish_that_can_be_met_is_met_without_a_word(
    fields: dict[str, Any], memory: bool, quiesce: bool, granted: Grant, allow_crash: bool
) -> None:
    assert grant(vm(**fields), memory, quiesce, allow_crash) == granted


UNMET: list[tuple[dict[str, Any], bool, str, str]] = [
    ({"capabilities": NO_MEMORY}, True, "crash_consistent", "a memory snapshot can't be had: vCenter says"),
    ({"capabilities": NO_QUIESCE}, False, "crash_consistent", "a quiesced snapshot can't be had: vCenter says"),
    ({"tools_running": False}, False, "crash_consistent", "a quiesced snapshot can't be had: VMware Tools is not"),
    ({"power_state": "suspended"}, False, "suspended", "a quiesced snapshot can't be had: the virtual machine is"),
    (
        {"power_state": "suspended", "capabilities": DISK_ONLY},
        False,
        "crash_consistent",
        "a quiesced snapshot can't be had: the virtual machine is",
    ),
]


@pytest.mark.parametrize(("fields", "memory", "weaker", "why"), UNMET)
def test_a_wish_that_can_not_be_met_is_refused(fields: dict[str, Any], memory: bool, weaker: str, why: str) -> None:
    granted = grant(vm(**fields), memory, not memory, False)
    assert granted.refused is not None
    assert granted.refused.startswith(why)
    assert granted.refused.endswith("; fallback: crash would allow the weaker kind")


@pytest.mark.parametrize(("fields", "memory", "weaker", "why"), UNMET)
def test_with_fallback_the_weaker_kind_is_taken_and_named_with_the_reason(
    fields: dict[str, Any], memory: bool, weaker: str, why: str
) -> None:
    granted = grant(vm(**fields), memory, not memory, True)
    assert (granted.refused, granted.memory, granted.quiesce, granted.kind) == (None, False, False, weaker)
    [told] = granted.warnings
    assert told.startswith(why)
    assert f"took the kind {weaker} instead" in told


@pytest.mark.parametrize(
    ("power_state", "sent", "kind"),
    [("poweredOn", True, "memory"), ("suspended", True, "suspended"), ("poweredOff", False, "powered_off")],
)
def test_memory_with_quiesce_sends_memory_alone_and_warns(power_state: str, sent: bool, kind: str) -> None:
    granted = grant(vm(power_state=power_state), True, True, False)
    assert (granted.memory, granted.quiesce, granted.kind, granted.refused) == (sent, False, kind, None)
    [told] = granted.warnings
    assert told.startswith("memory_dump and quiesce exclude each other")


def test_memory_with_quiesce_that_falls_back_says_both() -> None:
    granted = grant(vm(capabilities=NO_MEMORY), True, True, True)
    assert (granted.kind, len(granted.warnings)) == ("crash_consistent", 2)
