# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import InputError, LimitError
from ansible_collections.savepoint.vsphere.plugins.module_utils._marker import Marker
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan import (
    FollowUp,
    NoteRevert,
    Power,
    Revert,
    VmPlan,
    predict,
)
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan_revert import (
    RevertWish,
    check_limits,
    expected_power,
    follow_up,
    parse_wish,
    plan_revert,
    target_of,
)
from ansible_collections.savepoint.vsphere.plugins.module_utils._quota import Quota, parse_quota
from ansible_collections.savepoint.vsphere.plugins.module_utils._safeguards import (
    Evidence,
    Hardware,
    PastRevert,
    Safeguards,
)
from ansible_collections.savepoint.vsphere.tests.unit.plugins.module_utils.builders import NOW, hours, moid, node, vm

DEFAULTS: dict[str, Any] = {
    **dict.fromkeys(
        ("snapshot_name", "snapshot_id", "snapshot_set", "wait_for_guest", "max_age", "max_reverts", "safeguards")
    ),
    "suppress_power_on": False,
    "power_state": "snapshot",
}


def wish(**given: Any) -> RevertWish:
    return parse_wish({**DEFAULTS, **given})


def plan(machine: Vm, **given: Any) -> VmPlan:
    return plan_revert(machine, wish(**given), NOW)


# The options


def test_the_options_are_read() -> None:
    read = wish(snapshot_set="CHG1", power_state="on", wait_for_guest="10m", max_age="24h", max_reverts="20%")
    assert read == RevertWish(
        set_id="CHG1",
        power_state="on",
        wait_for_guest=timedelta(minutes=10),
        max_age=timedelta(hours=24),
        max_reverts=Quota(20, percent=True),
    )


def test_the_module_has_no_limits_by_default() -> None:
    assert wish(snapshot_name="n") == RevertWish(name="n")


@pytest.mark.parametrize(
    ("given", "msg"),
    [
        ({}, "no snapshot is named"),
        ({"snapshot_name": "n", "snapshot_id": 1}, "snapshot_name and snapshot_id exclude each other"),
        ({"snapshot_name": "n", "snapshot_set": "s"}, "snapshot_name and snapshot_set exclude each other"),
        ({"snapshot_name": ""}, "snapshot_name is empty"),
        ({"snapshot_set": " "}, "snapshot_set is empty"),
        ({"snapshot_id": 1, "power_state": "on", "suppress_power_on": True}, "suppress_power_on contradicts"),
        ({"snapshot_id": 1, "wait_for_guest": "600"}, "wait_for_guest: '600' is not a duration"),
        ({"snapshot_id": 1, "max_age": ""}, "max_age: '' is not a duration"),
        ({"snapshot_id": 1, "max_reverts": ""}, "max_reverts: '' is neither"),
    ],
)
def test_malformed_and_contradicting_options_are_refused(given: dict[str, Any], msg: str) -> None:
    with pytest.raises(InputError) as caught:
        wish(**given)
    assert caught.value.msg.startswith(msg)


@pytest.mark.parametrize(
    ("text", "selected", "allowed"),
    [
        ("5", 100, 5),
        ("0", 100, 0),
        (" 7 ", 3, 7),
        ("20%", 100, 20),
        ("20 %", 9, 1),
        ("20%", 4, 1),
        ("50%", 3, 1),
        ("33%", 100, 33),
        ("29 percent", 100, 29),
        ("100%", 7, 7),
        # None at all is none at all, also as a percentage.
        ("0%", 100, 0),
    ],
)
def test_a_limit_is_a_count_or_a_percentage_rounded_down_but_at_least_one(
    text: str, selected: int, allowed: int
) -> None:
    assert parse_quota(text, "max_reverts").allowed(selected) == allowed


@pytest.mark.parametrize("text", ["", "-1", "1.5", "101%", "%", "many", "5%%", "\u0665", "1e3"])
def test_what_is_no_limit_is_refused(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_quota(text, "max_reverts")
    assert caught.value.msg.startswith(f"max_reverts: '{text}' is neither a count")


# The target

MACHINE = vm(
    node(1, "before", node(2, "before", marker=Marker(set="CHG1", kind="quiesced"))),
    node(3, "running", state="poweredOn"),
    current=2,
)


@pytest.mark.parametrize(
    ("given", "number", "kind"),
    [
        ({"snapshot_set": "CHG1"}, 2, "quiesced"),
        ({"snapshot_id": 1}, 1, "crash_consistent"),
        ({"snapshot_name": "running"}, 3, "memory"),
    ],
)
def test_it_reverts_to_exactly_the_target(given: dict[str, Any], number: int, kind: str) -> None:
    made = plan(MACHINE, **given)
    assert made.actions == (Revert(moid(number), memory=number == 3),)
    assert (made.target, made.kind, made.problem, made.failure) == (moid(number), kind, None, None)


def test_it_reverts_even_to_the_current_snapshot_since_the_present_drifts() -> None:
    assert plan(MACHINE, snapshot_id=2).actions == (Revert(moid(2)),)


@pytest.mark.parametrize(
    ("machine", "given", "words"),
    [
        (MACHINE, {"snapshot_name": "Before"}, "has no snapshot 'Before' to revert to; it has 'before' (id 1, "),
        (MACHINE, {"snapshot_set": "before"}, "has no snapshot of set 'before' to revert to"),
        (MACHINE, {"snapshot_id": 9}, "has no snapshot with ID 9 to revert to"),
        (vm(), {"snapshot_name": "n"}, "to revert to; it has no snapshots"),
        (MACHINE, {"snapshot_name": "before"}, "has 2 snapshots with the name 'before': 'before' (id 1, "),
        # Also on a VM that could not be reverted anyway: bad input comes first.
        (vm(template=True), {"snapshot_name": "n"}, "to revert to; it has no snapshots"),
    ],
)
def test_a_missing_or_ambiguous_target_is_a_problem_that_lists_what_is_there(
    machine: Vm, given: dict[str, Any], words: str
) -> None:
    made = plan(machine, **given)
    assert (made.actions, made.failure) == ((), None)
    assert (made.problem or "").startswith(machine.label)
    assert words in (made.problem or "")


def test_a_vm_that_vsphere_can_not_work_on_fails_alone() -> None:
    made = plan(vm(node(1), connection_state="disconnected"), snapshot_id=1)
    assert (made.actions, made.problem, made.target) == ((), None, moid(1))
    assert (made.failure or "").startswith("the virtual machine is disconnected")


# The power state that it ends in


@pytest.mark.parametrize(
    ("was", "snapshot", "given", "suppressed", "expected"),
    [
        # Whatever the revert gives: without memory it is off.
        ("poweredOn", "poweredOff", {}, False, "poweredOff"),
        ("poweredOff", "poweredOn", {}, False, "poweredOn"),
        ("poweredOn", "suspended", {}, False, "suspended"),
        ("poweredOn", "poweredOn", {"suppress_power_on": True}, True, "poweredOff"),
        ("poweredOn", "suspended", {"suppress_power_on": True}, True, "suspended"),
        # What it was in before.
        ("poweredOn", "poweredOff", {"power_state": "previous"}, False, "poweredOn"),
        ("poweredOff", "poweredOff", {"power_state": "previous"}, True, "poweredOff"),
        ("poweredOff", "poweredOn", {"power_state": "previous"}, True, "poweredOff"),
        ("poweredOff", "suspended", {"power_state": "previous"}, True, "poweredOff"),
        ("suspended", "poweredOn", {"power_state": "previous"}, False, "poweredOn"),
        ("poweredOn", "poweredOff", {"power_state": "previous", "suppress_power_on": True}, True, "poweredOff"),
        ("poweredOff", "suspended", {"power_state": "previous", "suppress_power_on": True}, True, "poweredOff"),
        # What the caller says.
        ("poweredOff", "poweredOff", {"power_state": "on"}, False, "poweredOn"),
        ("poweredOff", "suspended", {"power_state": "on"}, False, "poweredOn"),
        ("poweredOn", "poweredOn", {"power_state": "off"}, True, "poweredOff"),
        ("poweredOn", "suspended", {"power_state": "off"}, True, "poweredOff"),
    ],
)
def test_the_revert_ends_in_the_power_state_that_was_asked_for(
    was: str, snapshot: str, given: dict[str, Any], suppressed: bool, expected: str
) -> None:
    machine = vm(node(1, state=snapshot), power_state=was)
    made = plan(machine, snapshot_id=1, **given)
    assert made.actions == (Revert(moid(1), suppressed, memory=snapshot != "poweredOff"),)
    assert expected_power(machine, made) == expected


def test_previous_says_that_suspended_can_not_be_brought_back() -> None:
    made = plan(vm(node(1), power_state="suspended"), snapshot_id=1, power_state="previous")
    assert made.power_state is None
    assert "it was suspended before" in made.warnings[0]


def test_a_plan_without_a_revert_expects_the_power_state_as_it_is() -> None:
    machine = vm(power_state="suspended")
    assert expected_power(machine, plan(machine, snapshot_id=1)) == "suspended"


@pytest.mark.parametrize(
    ("power_state", "ended_in", "more"),
    [
        ("on", "poweredOff", FollowUp((Power("poweredOn"),))),
        ("on", "suspended", FollowUp((Power("poweredOn"),))),
        ("on", "poweredOn", FollowUp()),
        ("off", "suspended", FollowUp((Power("poweredOff"),))),
        ("off", "poweredOff", FollowUp()),
        ("previous", "poweredOff", FollowUp((Power("poweredOn"),))),
        ("snapshot", "poweredOff", FollowUp()),
        ("snapshot", "suspended", FollowUp()),
    ],
)
def test_what_the_revert_left_is_brought_to_the_state_that_was_asked_for(
    power_state: str, ended_in: str, more: FollowUp
) -> None:
    made = plan(vm(node(1)), snapshot_id=1, power_state=power_state)
    assert follow_up(made, vm(node(1), power_state=ended_in)) == more


# Limits on the whole call


def plans(ages: list[float], *, failing: int = 0, **given: Any) -> list[VmPlan]:
    """A plan for each target of these ages, and some for VMs that fail anyway."""
    made = [
        plan(vm(node(1, age=hours(age)), moid=f"vm-{number}", name=f"web-{number}"), snapshot_id=1, **given)
        for number, age in enumerate(ages)
    ]
    return made + [plan(vm(node(1), template=True), snapshot_id=1, **given)] * failing


@pytest.mark.parametrize(
    ("limit", "reverts", "failing", "stopped"),
    [
        ("3", 3, 0, False),
        ("2", 3, 0, True),
        ("0", 1, 0, True),
        ("0", 0, 1, False),
        ("20%", 2, 0, True),
        ("20%", 1, 0, False),
        # Of the selection, and not of what would be reverted.
        ("20%", 2, 8, False),
        ("20%", 3, 8, True),
        # Those that would not be reverted anyway are not counted.
        ("1", 1, 8, False),
        ("100%", 5, 0, False),
    ],
)
def test_more_reverts_than_allowed_stop_the_call(limit: str, reverts: int, failing: int, stopped: bool) -> None:
    given: dict[str, Any] = {"snapshot_id": 1, "max_reverts": limit}
    fleet = plans([1] * reverts, failing=failing)
    if not stopped:
        check_limits(fleet, wish(**given), NOW)
        return
    with pytest.raises(LimitError) as caught:
        check_limits(fleet, wish(**given), NOW)
    assert caught.value.msg.startswith(
        f"{reverts} virtual machines would be reverted, and max_reverts ({limit}) allows"
    )
    assert "nothing was reverted" in caught.value.msg


@pytest.mark.parametrize(("ages", "old"), [([1, 24], 0), ([1, 24.01], 1), ([30, 1, 40], 2), ([-1], 0), ([], 0)])
def test_a_target_that_is_too_old_stops_the_call(ages: list[float], old: int) -> None:
    limited = wish(snapshot_id=1, max_age="24h")
    if not old:
        check_limits(plans(ages), limited, NOW)
        return
    with pytest.raises(LimitError) as caught:
        check_limits(plans(ages), limited, NOW)
    first = next(number for number, age in enumerate(ages) if age > 24)
    assert caught.value.msg.startswith(f"{old} of the snapshots are older than max_age (1d), first 's1' (id 1, ")
    assert f"of 'web-{first}' (vm-{first}, " in caught.value.msg
    assert "nothing was reverted" in caught.value.msg


def test_without_limits_nothing_stops_the_call() -> None:
    check_limits(plans([9999] * 99), wish(snapshot_id=1), NOW)


# Safeguards

FAILED = Marker(set="CHG1", kind="crash_consistent", phase="failed", hold=True)
STILL = Hardware(2, 4096)
QUIET = Evidence(STILL, STILL, user="awx")
OURS = Evidence(STILL, STILL, (PastRevert("task-7", "awx", NOW - hours(1)),), user="awx")


def guarded(machine: Vm, evidence: Evidence = QUIET, ignore: list[str] | None = None, **given: Any) -> VmPlan:
    recorded = given.pop("recorded", {})
    given = {"snapshot_set": "CHG1", "safeguards": {"snapshots": recorded, "ignore": ignore or []}, **given}
    return plan_revert(machine, wish(**given), NOW, evidence)


def machine_with(marker: Marker | None = FAILED, **fields: Any) -> Vm:
    return vm(node(1, "before", text="text", marker=marker, age=hours(5)), current=1, **fields)


def test_without_the_option_nothing_is_guarded() -> None:
    assert wish(snapshot_id=1).safeguards is None
    assert wish(snapshot_id=1, safeguards={"snapshots": None, "ignore": []}).safeguards == Safeguards({})
    assert plan_revert(machine_with(), wish(snapshot_set="CHG1"), NOW, OURS).actions == (Revert(moid(1)),)


@pytest.mark.parametrize(("given", "number"), [({"snapshot_id": 1}, 1), ({"snapshot_name": "before"}, None)])
def test_evidence_is_read_of_what_is_meant(given: dict[str, Any], number: int | None) -> None:
    found = target_of(MACHINE, wish(**given))
    assert (found.moid if found is not None else None) == (moid(number) if number is not None else None)


def test_a_guarded_revert_notes_itself_in_the_marker() -> None:
    made = guarded(machine_with())
    assert made.actions == (Revert(moid(1)), NoteRevert(moid(1), "text", FAILED, NOW))
    after = predict(made.vm, made.actions, NOW)[0].marker
    assert after is not None
    assert (after.phase, after.reverted, after.hold, after.set) == ("reverted", NOW, True, "CHG1")


@pytest.mark.parametrize("marker", [None, Marker(set="CHG1")])
def test_a_snapshot_without_a_phase_gets_none(marker: Marker | None) -> None:
    assert guarded(machine_with(marker), snapshot_set=None, snapshot_id=1).actions == (Revert(moid(1)),)


def test_a_refusal_fails_the_vm_alone_and_says_why() -> None:
    made = guarded(machine_with(), recorded={"vm-1": "snapshot-9"})
    assert (made.actions, made.problem, made.target) == ((), None, moid(1))
    assert [one.code for one in made.refusals] == ["snapshot_replaced"]
    assert (made.failure or "").startswith("not reverted: 'before' (id 1, snapshot-1, ")


def test_an_ignored_refusal_is_a_warning() -> None:
    made = guarded(machine_with(), ignore=["snapshot_replaced"], recorded={"vm-1": "snapshot-9"})
    assert (made.refusals, len(made.actions)) == ((), 2)
    assert made.warnings[0].endswith("(snapshot_replaced, ignored)")


def test_what_can_not_be_worked_on_is_said_first() -> None:
    made = guarded(machine_with(connection_state="disconnected"), recorded={"vm-1": "snapshot-9"})
    assert (made.failure or "").startswith("the virtual machine is disconnected")
    assert made.refusals == ()


@pytest.mark.parametrize(
    ("was", "power_state", "power", "changes"),
    [
        ("poweredOff", "on", (Power("poweredOn"),), True),
        ("poweredOn", "on", (), True),
        ("poweredOn", "off", (Power("poweredOff"),), True),
        ("poweredOn", "snapshot", (), True),
        ("poweredOff", "previous", (), True),
    ],
)
def test_a_revert_of_an_interrupted_run_is_finished_and_not_done_again(
    was: str, power_state: str, power: tuple[Power, ...], changes: bool
) -> None:
    made = guarded(machine_with(power_state=was), OURS, power_state=power_state)
    assert made.actions == (NoteRevert(moid(1), "text", FAILED, NOW - hours(1)), *power)
    assert (made.reverted_before, made.failure) == (True, None)
    assert bool(made.warnings) is (power_state == "previous")


def test_a_noted_revert_asks_for_nothing_but_the_power_state() -> None:
    done = Marker(set="CHG1", phase="reverted")
    assert guarded(machine_with(done), QUIET, power_state="on").actions == ()
    made = guarded(machine_with(done, power_state="poweredOff"), QUIET, power_state="on")
    assert (made.actions, made.reverted_before) == ((Power("poweredOn"),), True)
    assert expected_power(made.vm, made) == "poweredOn"


def test_a_replaced_snapshot_is_no_sign_of_an_earlier_revert() -> None:
    recorded = {"vm-1": "snapshot-9"}
    assert guarded(machine_with(), OURS, recorded=recorded).refusals[0].code == "snapshot_replaced"
    assert guarded(machine_with(), OURS, ["snapshot_replaced"], recorded=recorded).reverted_before


def test_what_is_done_already_counts_for_no_limit() -> None:
    old = vm(node(1, marker=FAILED, age=hours(50)), current=1)
    made = guarded(old, OURS, power_state="off")
    assert made.reverted_before
    check_limits([made], wish(snapshot_set="CHG1", max_age="24h", max_reverts="0"), NOW)
