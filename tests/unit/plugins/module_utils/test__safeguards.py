# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import InputError
from ansible_collections.savepoint.vsphere.plugins.module_utils._marker import Marker
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Snapshot, Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._safeguards import (
    CODES,
    Adapter,
    DiskFile,
    Evidence,
    Hardware,
    PastRevert,
    Safeguards,
    judge,
    noted,
    parse_safeguards,
    said,
    unnoted_revert,
)
from ansible_collections.savepoint.vsphere.tests.unit.plugins.module_utils.builders import NOW, hours, moid, node, vm

GUARD = Safeguards({})
DISK = DiskFile(2000, "Hard disk 1", "6000C29a", "[ds] web/web.vmdk")
CARD = Adapter(4000, "Network adapter 1", "00:50:56:00:00:01")
HARDWARE = Hardware(2, 4096, (DISK,), (CARD,))
QUIET = Evidence(HARDWARE, HARDWARE, user="VSPHERE.LOCAL\\awx")
PATCHED = Marker(set="CHG1", phase="failed")


def machine(*more: Any, current: int = 1, marker: Marker | None = PATCHED, age: float = 5, **fields: Any) -> Vm:
    """A machine whose first snapshot is the one to revert to."""
    return vm(node(1, "CHG1", *more, marker=marker, age=hours(age)), current=current, **fields)


def target(where: Vm) -> Snapshot:
    return where.snapshots[0]


def reverted(hours_ago: float, user: str = "VSPHERE.LOCAL\\awx") -> PastRevert:
    return PastRevert("task-7", user, NOW - hours(hours_ago))


def codes(where: Vm, evidence: Evidence = QUIET, guard: Safeguards = GUARD) -> list[str]:
    return [one.code for one in judge(where, target(where), guard, evidence, NOW)[0]]


def warned(where: Vm, evidence: Evidence = QUIET, guard: Safeguards = GUARD) -> str:
    return "\n".join(judge(where, target(where), guard, evidence, NOW)[1])


# The option


def test_without_the_option_there_are_none() -> None:
    assert parse_safeguards(None) is None


def test_an_empty_option_turns_them_on() -> None:
    assert parse_safeguards({"snapshots": {}, "ignore": []}) == GUARD


def test_the_option_is_read() -> None:
    read = parse_safeguards({"snapshots": {"vm-1": " snapshot-1 "}, "ignore": list(CODES)})
    assert read == Safeguards({"vm-1": "snapshot-1"}, frozenset(CODES))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"ignore": ["reverted"]}, "there is no refusal 'reverted'; there are snapshot_replaced, newer_snapshots, "),
        ({"ignore": ["hardware_changed"]}, "there is no refusal 'hardware_changed'"),
        ({"snapshots": {"vm-1": ""}}, "snapshots: vm-1 is ''; the MoID of a snapshot is needed"),
        ({"snapshots": {"vm-1": None}}, "snapshots: vm-1 is None"),
        ({"snapshots": {"vm-1": 7}}, "snapshots: vm-1 is 7"),
    ],
)
def test_what_makes_no_sense_is_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_safeguards({"snapshots": {}, "ignore": [], **given})
    assert words in caught.value.msg


# The refusals


def test_nothing_speaks_against_a_machine_on_which_nothing_happened() -> None:
    where = machine()
    assert judge(where, target(where), GUARD, QUIET, NOW) == ((), ())


@pytest.mark.parametrize(
    ("recorded", "found"),
    [({}, []), ({"vm-1": moid(1)}, []), ({"vm-2": moid(9)}, []), ({"vm-1": moid(9)}, ["snapshot_replaced"])],
)
def test_it_must_be_the_snapshot_that_was_recorded(recorded: dict[str, str], found: list[str]) -> None:
    assert codes(machine(), guard=Safeguards(recorded)) == found


@pytest.mark.parametrize(
    ("below", "current", "marker", "found"),
    [
        ([node(2, "backup")], 2, PATCHED, ["newer_snapshots"]),
        ([node(2, "backup")], 1, PATCHED, ["newer_snapshots"]),
        ([node(2, marker=Marker(set="CHG2"))], 2, PATCHED, ["newer_snapshots"]),
        ([node(2, raw="[savepoint set=CHG1 set=CHG1]")], 2, PATCHED, ["newer_snapshots"]),
        ([node(2, marker=Marker(set="CHG1"))], 2, PATCHED, []),
        # Further down, and in a branch of its own.
        ([node(2, None, node(3), marker=Marker(set="CHG1"))], 3, PATCHED, ["newer_snapshots"]),
        # Without a set there is no "of the same set".
        ([node(2)], 2, None, ["newer_snapshots"]),
        ([node(2, marker=Marker(owner="x"))], 2, Marker(owner="x"), ["newer_snapshots"]),
    ],
)
def test_what_grew_out_of_it_counts_unless_it_is_of_the_same_set(
    below: list[Any], current: int, marker: Marker | None, found: list[str]
) -> None:
    assert codes(machine(*below, current=current, marker=marker)) == found


@pytest.mark.parametrize("current", [2, None])
def test_the_present_must_have_grown_out_of_it(current: int | None) -> None:
    where = vm(node(1, "CHG1", marker=PATCHED, age=hours(5)), node(2, "other"), current=current)
    [refusal] = judge(where, target(where), GUARD, QUIET, NOW)[0]
    assert refusal.code == "not_current"
    assert ("it is on 'other'" if current else "it is on no snapshot") in refusal.message


def test_a_sibling_or_parent_that_is_newer_in_time_does_not_count() -> None:
    assert codes(vm(node(1, "CHG1", marker=PATCHED, age=hours(5)), node(2, age=hours(1)), current=1)) == []


@pytest.mark.parametrize(
    ("marker", "ago", "found"),
    [
        (PATCHED, [6], []),
        (PATCHED, [4], ["reverted_since"]),
        (PATCHED, [6, 4, 3], ["reverted_since"]),
        # One that the marker knows of, and what came before it, is accounted for.
        (replace(PATCHED, reverted=NOW - hours(3)), [4, 3], []),
        (replace(PATCHED, reverted=NOW - hours(3)), [3, 2], ["reverted_since"]),
        # A time from before the snapshot, as a copied description has it, changes nothing.
        (replace(PATCHED, reverted=NOW - hours(30)), [4], ["reverted_since"]),
        (None, [4], ["reverted_since"]),
    ],
)
def test_reverts_since_then_count(marker: Marker | None, ago: list[float], found: list[str]) -> None:
    evidence = replace(QUIET, reverts=tuple(reverted(each, "alice") for each in ago))
    assert codes(machine(marker=marker), evidence) == found


def test_the_message_says_who_reverted_and_when() -> None:
    evidence = replace(QUIET, reverts=(reverted(4), reverted(3, ""), reverted(2, "LAB\\alice")))
    where = machine()
    text = said(judge(where, target(where), GUARD, evidence, NOW)[0])
    assert text.startswith("not reverted: it was reverted at 2026-11-23T03:00:00Z by LAB\\alice (task task-7), and 2 ")
    assert "(reverted_since; ask them" in text


OTHER = DiskFile(2001, "Hard disk 2", "6000C29b", "[ds] web/web_1.vmdk")


@pytest.mark.parametrize(
    ("then", "now", "added"),
    [
        ([DISK], [DISK, OTHER], ["Hard disk 2"]),
        ([DISK, OTHER], [DISK], []),
        # Moved to another controller: a revert moves it back, with what it had.
        ([DISK], [replace(DISK, key=2016)], []),
        # The key of a disk that was taken away is used again.
        ([DISK, OTHER], [DISK, replace(OTHER, uuid="6000C29c")], ["Hard disk 2"]),
        # A copy has the UUID of what it was copied from.
        ([DISK], [DISK, replace(OTHER, uuid=DISK.uuid)], ["Hard disk 2"]),
        ([DISK], [replace(OTHER, key=2016, uuid=DISK.uuid, label="copy"), DISK], ["copy"]),
        # Without UUIDs the file at the end of the chain tells; without that, the key.
        ([replace(DISK, uuid=None)], [DISK], []),
        ([replace(DISK, uuid=None)], [replace(DISK, base="[ds] web/new.vmdk")], ["Hard disk 1"]),
        ([replace(DISK, uuid=None, base=None)], [replace(DISK, base=None)], []),
        ([replace(DISK, uuid=None, base=None)], [replace(OTHER, uuid=None)], ["Hard disk 2"]),
        # The UUID is written in either case, and goes before the file, which moves with the VM.
        ([DISK], [replace(DISK, uuid="6000c29A", base="[other] web/web.vmdk")], []),
        ([], [DISK], ["Hard disk 1"]),
    ],
)
def test_disks_that_the_snapshot_does_not_have(then: list[DiskFile], now: list[DiskFile], added: list[str]) -> None:
    evidence = replace(QUIET, present=replace(HARDWARE, disks=tuple(now)), kept=replace(HARDWARE, disks=tuple(then)))
    where = machine()
    refusals = judge(where, target(where), GUARD, evidence, NOW)[0]
    assert [one.code for one in refusals] == (["disks_added"] if added else [])
    for label in added:
        assert f"disks were added since the snapshot: {label} (" in refusals[0].message


def test_an_independent_disk_is_found_as_it_is_now() -> None:
    independent = replace(DISK, mode="independent_persistent")
    now, then = replace(HARDWARE, disks=(independent,)), replace(HARDWARE, disks=(independent,))
    assert codes(machine(), replace(QUIET, present=now, kept=then)) == ["independent_disk"]
    assert codes(machine(), replace(QUIET, present=now)) == ["independent_disk"]
    assert codes(machine(), replace(QUIET, kept=then)) == []


def test_every_reason_is_given_in_the_order_of_their_weight_and_every_one_can_be_ignored() -> None:
    where = vm(node(1, "CHG1", node(2), marker=PATCHED, age=hours(5)), node(3), current=3)
    now = replace(HARDWARE, disks=(replace(DISK, mode="independent_nonpersistent"), OTHER))
    evidence = replace(QUIET, present=now, reverts=(reverted(4), reverted(3)))
    recorded = {"vm-1": "snapshot-9"}
    assert codes(where, evidence, Safeguards(recorded)) == list(CODES)
    for code in CODES:
        assert code not in codes(where, evidence, Safeguards(recorded, frozenset({code})))
        assert f"({code}, ignored)" in warned(where, evidence, Safeguards(recorded, frozenset({code})))
    assert codes(where, evidence, Safeguards(recorded, frozenset(CODES))) == []


def test_a_long_list_is_cut() -> None:
    where = machine(*(node(number) for number in range(2, 12)))
    [refusal] = judge(where, target(where), GUARD, QUIET, NOW)[0]
    assert refusal.message.endswith(" and 5 more")


# The warnings


@pytest.mark.parametrize(
    ("now", "text"),
    [
        (HARDWARE, ""),
        (replace(HARDWARE, cpus=4), "4 CPUs, 2 in the snapshot"),
        (replace(HARDWARE, memory_mb=8192), "8192 MB of memory, 4096 in the snapshot"),
        (replace(HARDWARE, cpus=None, memory_mb=None), ""),
        (replace(HARDWARE, adapters=(CARD, Adapter(4001, "Network adapter 2"))), "Network adapter 2 added"),
        (replace(HARDWARE, adapters=()), "Network adapter 1 removed"),
        (replace(HARDWARE, adapters=(replace(CARD, mac="00:50:56:00:00:01".upper()),)), ""),
        (
            replace(HARDWARE, adapters=(replace(CARD, mac="00:50:56:00:00:02"),)),
            "Network adapter 1 added, Network adapter 1 removed",
        ),
        (replace(HARDWARE, disks=()), "Hard disk 1 removed"),
    ],
)
def test_other_hardware_is_named(now: Hardware, text: str) -> None:
    expected = f"a revert undoes changes of its hardware: {text} (hardware_changed)" if text else ""
    assert warned(machine(), replace(QUIET, present=now)) == expected


@pytest.mark.parametrize(("days", "near"), [(24.9, False), (25, False), (25.1, True), (400, True)])
def test_an_age_near_the_change_of_machine_passwords_warns(days: float, near: bool) -> None:
    assert ("trust_limit" in warned(machine(age=days * 24))) is near


def test_what_could_not_be_read_is_said() -> None:
    assert "(history_unavailable): NotSupported" in warned(machine(), replace(QUIET, unavailable="NotSupported"))
    assert "hardware_unavailable" in warned(machine(), replace(QUIET, kept=None))
    assert "hardware_unavailable" in warned(machine(), replace(QUIET, present=None))


# A revert of an earlier run


@pytest.mark.parametrize(
    ("phase", "ago", "user", "current", "ours"),
    [
        ("failed", [4], "VSPHERE.LOCAL\\awx", 1, True),
        ("patching", [4], "vsphere.local\\AWX", 1, True),
        ("patching", [6, 4], "VSPHERE.LOCAL\\awx", 1, True),
        # Two may be one of ours and one of somebody's, or work in between.
        ("failed", [4, 3], "VSPHERE.LOCAL\\awx", 1, False),
        ("failed", [6], "VSPHERE.LOCAL\\awx", 1, False),
        ("failed", [], "VSPHERE.LOCAL\\awx", 1, False),
        ("failed", [4], "VSPHERE.LOCAL\\alice", 1, False),
        ("failed", [4], "", 1, False),
        ("failed", [4], "VSPHERE.LOCAL\\awx", 2, False),
        ("taken", [4], "VSPHERE.LOCAL\\awx", 1, False),
        ("reverted", [4], "VSPHERE.LOCAL\\awx", 1, False),
        (None, [4], "VSPHERE.LOCAL\\awx", 1, False),
    ],
)
def test_when_a_revert_is_taken_for_ours(
    phase: str | None, ago: list[float], user: str, current: int, ours: bool
) -> None:
    where = machine(node(2), current=current, marker=Marker(set="CHG1", phase=phase))
    found = unnoted_revert(target(where), replace(QUIET, reverts=tuple(reverted(each, user) for each in ago)))
    assert found == (reverted(ago[-1], user) if ours else None)


def test_a_revert_that_the_marker_knows_of_is_not_taken_for_a_new_one() -> None:
    again = replace(PATCHED, reverted=NOW - hours(4))
    evidence = replace(QUIET, reverts=(reverted(4),))
    where = machine(marker=again)
    assert unnoted_revert(target(where), evidence) is None
    assert codes(where, evidence) == []
    later = replace(QUIET, reverts=(reverted(4), reverted(2)))
    assert unnoted_revert(target(where), later) == reverted(2)


def test_nobody_is_logged_in_and_nobody_reverted_are_not_the_same_person() -> None:
    evidence = replace(QUIET, user="", reverts=(reverted(4, ""),))
    assert unnoted_revert(target(machine()), evidence) is None


@pytest.mark.parametrize(
    ("phase", "current", "there"),
    [("reverted", 1, True), ("reverted", 2, False), ("failed", 1, False), (None, 1, False)],
)
def test_a_noted_revert_holds_as_long_as_the_snapshot_is_current(phase: str | None, current: int, there: bool) -> None:
    assert noted(target(machine(node(2), current=current, marker=Marker(set="CHG1", phase=phase)))) is there


def test_a_foreign_snapshot_was_noted_by_nobody() -> None:
    assert not noted(target(machine(marker=None)))
    assert unnoted_revert(target(machine(marker=None)), replace(QUIET, reverts=(reverted(4),))) is None
