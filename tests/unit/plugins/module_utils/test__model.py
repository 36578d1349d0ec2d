# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.savepoint.vsphere.plugins.module_utils._marker import Marker
from ansible_collections.savepoint.vsphere.tests.unit.plugins.module_utils.builders import hours, moid, node, one, vm


@pytest.mark.parametrize(
    ("state", "quiesced", "marked", "kind"),
    [
        ("poweredOff", False, None, "crash_consistent"),
        ("poweredOff", True, None, "quiesced"),
        ("poweredOn", False, None, "memory"),
        ("suspended", False, None, "suspended"),
        # What the tree can't tell later, the marker does.
        ("poweredOff", False, "powered_off", "powered_off"),
        ("poweredOff", True, "crash_consistent", "crash_consistent"),
    ],
)
def test_the_kind_is_the_markers_or_what_the_tree_still_tells(
    state: str, quiesced: bool, marked: str | None, kind: str
) -> None:
    marker = Marker(kind=marked) if marked else None
    assert one(state=state, quiesced=quiesced, marker=marker).kind == kind


@pytest.mark.parametrize(("state", "memory"), [("poweredOff", False), ("poweredOn", True), ("suspended", True)])
def test_memory_is_what_vsphere_recorded(state: str, memory: bool) -> None:
    assert one(state=state).memory is memory


@pytest.mark.parametrize(
    ("raw", "managed", "hold"),
    [
        ("", False, False),
        ("[savepoint set=A]", True, False),
        ("[savepoint set=A hold]", True, True),
        ("[savepoint set=A hold", False, False),
    ],
)
def test_managed_means_a_marker_that_can_be_read(raw: str, managed: bool, hold: bool) -> None:
    snapshot = one(raw=raw)
    assert (snapshot.managed, snapshot.hold) == (managed, hold)
    assert (snapshot.marker_problem is not None) == (raw.endswith("hold"))


def test_labels_carry_what_identifies() -> None:
    machine = vm(node(7, "before", age=hours(5)))
    assert machine.label == "'web-01' (vm-1, in /DC0/vm/web)"
    assert vm(folder="").label == "'web-01' (vm-1, in /)"
    assert machine.snapshots[0].label == "'before' (id 7, snapshot-7, 2026-11-23T00:00:00Z)"


def test_a_vm_knows_its_current_snapshot_and_finds_by_moid() -> None:
    machine = vm(node(1, None, node(2)), current=2)
    assert machine.current is machine.snapshots[1]
    assert machine.snapshot(moid(1)) is machine.snapshots[0]
    assert machine.snapshot("snapshot-9") is None
    assert machine.snapshot(None) is None
    assert vm(node(1)).current is None
