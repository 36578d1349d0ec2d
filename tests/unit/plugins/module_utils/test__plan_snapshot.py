# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import InputError
from ansible_collections.savepoint.vsphere.plugins.module_utils._marker import Marker, join, split
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Capabilities, Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan import (
    Action,
    Consolidate,
    Create,
    Remove,
    RemoveAll,
    Rename,
    VmPlan,
    predict,
)
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan_snapshot import (
    SnapshotWish,
    plan_snapshot,
)
from ansible_collections.savepoint.vsphere.tests.unit.plugins.module_utils.builders import (
    NOW,
    chain,
    hours,
    moid,
    node,
    paths,
    plan,
    vm,
    wish,
)


def absent(machine: Vm, **given: Any) -> VmPlan:
    return plan(machine, state="absent", **given)


def created(made: VmPlan) -> Create:
    assert (made.problem, made.failure) == (None, None)
    [action] = made.actions
    assert isinstance(action, Create)
    return action


# The options


def test_the_options_are_read() -> None:
    read = wish(
        snapshot_name="before",
        snapshot_set="CHG1",
        description="a\r\nb",
        memory_dump=True,
        owner="ops",
        expires_in="1h30m",
        hold=False,
        fallback="crash",
        force=True,
    )
    assert read == SnapshotWish(
        present=True,
        name="before",
        set_id="CHG1",
        description="a\nb",
        memory=True,
        owner="ops",
        expires_in=timedelta(minutes=90),
        hold=False,
        allow_crash=True,
        force=True,
        token="5f2c9a",
    )


def test_an_empty_description_means_as_with_the_peers_that_none_was_given() -> None:
    assert wish(snapshot_name="n", description="").description is None


@pytest.mark.parametrize(
    ("given", "msg"),
    [
        ({}, "no snapshot is named: set snapshot_name, snapshot_id or snapshot_set"),
        ({"state": "absent"}, "no snapshot is named"),
        ({"new_snapshot_name": "n"}, "no snapshot is named"),
        ({"snapshot_name": ""}, "snapshot_name is empty"),
        ({"snapshot_set": " "}, "snapshot_set is empty"),
        ({"snapshot_name": "n", "owner": ""}, "owner is empty"),
        ({"snapshot_name": "n", "new_snapshot_name": ""}, "new_snapshot_name is empty"),
        ({"snapshot_name": "a\nb"}, "snapshot_name contains the control character"),
        ({"snapshot_name": "n", "description": "x\n[savepoint hold]"}, "description has a line that begins with"),
        ({"snapshot_name": "n", "expires_in": "3"}, "expires_in: '3' is not a duration"),
        ({"snapshot_name": "n", "expires_in": ""}, "expires_in: '' is not a duration"),
        ({"snapshot_name": "n", "extend": True}, "extend needs expires_in"),
        ({"snapshot_name": "n", "snapshot_id": 1}, "snapshot_name and snapshot_id exclude each other"),
        ({"snapshot_set": "n", "snapshot_id": 1}, "snapshot_id and snapshot_set exclude each other"),
        ({"snapshot_name": "n", "remove_all": True}, "remove_all goes with state: absent only"),
        ({"remove_all": True}, "remove_all goes with state: absent only"),
        ({"state": "absent", "remove_all": True, "snapshot_id": 1}, "remove_all removes every snapshot of the VM"),
    ],
)
def test_malformed_and_contradicting_options_are_refused(given: dict[str, Any], msg: str) -> None:
    with pytest.raises(InputError) as caught:
        wish(**given)
    assert caught.value.msg.startswith(msg)


# Present: taking one


def test_a_snapshot_is_taken_with_all_that_its_marker_has_to_say() -> None:
    made = plan(
        vm(),
        snapshot_name="before",
        snapshot_set="CHG1",
        description="text",
        owner="ops",
        expires_in="72h",
        quiesce=True,
    )
    marker = Marker("CHG1", "quiesced", "ops", NOW + hours(72), "5f2c9a", "taken")
    assert created(made) == Create("before", "text", marker, memory=False, quiesce=True)
    assert created(made).raw_description == (
        "text\n[savepoint set=CHG1 kind=quiesced owner=ops expires=2026-11-26T05:00:00Z op=5f2c9a phase=taken]"
    )
    assert (made.kind, made.target, made.msg) == ("quiesced", None, "snapshot 'before' taken, kind quiesced")


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"snapshot_name": "n"}, "n"),
        ({"snapshot_set": "CHG1"}, "CHG1"),
        ({"snapshot_name": "n", "snapshot_set": "CHG1"}, "n"),
    ],
)
def test_the_name_defaults_to_the_set(given: dict[str, Any], name: str) -> None:
    assert created(plan(vm(), **given)).name == name


@pytest.mark.parametrize(("hold", "held"), [(None, False), (False, False), (True, True)])
def test_a_new_snapshot_is_held_if_asked(hold: bool | None, held: bool) -> None:
    assert created(plan(vm(), snapshot_name="n", hold=hold)).marker.hold is held


def test_an_expiry_counts_from_vcenters_now_in_whole_seconds() -> None:
    made = plan_snapshot(vm(), wish(snapshot_name="n", expires_in="1h"), NOW.replace(microsecond=999999))
    marker = created(made).marker
    assert marker.expires == NOW + hours(1)
    assert split(created(made).raw_description).marker == marker


@pytest.mark.parametrize(
    ("given", "machine"),
    [
        # A same-named one outside the set never counts, foreign or of another set.
        ({"snapshot_set": "CHG1", "snapshot_name": "before"}, vm(node(1, "before"))),
        ({"snapshot_set": "CHG1"}, vm(node(1, "CHG1"))),
        ({"snapshot_set": "CHG1", "snapshot_name": "n"}, vm(node(1, "n", marker=Marker(set="CHG2")))),
        ({"snapshot_set": "CHG1"}, vm(node(1, "n", raw="[savepoint set=CHG1]\nimitation"))),
        # Without a set, only the exact name does.
        ({"snapshot_name": "before"}, vm(node(1, "Before"), node(2, "before "), node(3, "before2"))),
    ],
)
def test_what_is_not_the_snapshot_does_not_stand_for_it(given: dict[str, Any], machine: Vm) -> None:
    assert created(plan(machine, **given)).raw_description.endswith(" op=5f2c9a phase=taken]")


@pytest.mark.parametrize(
    ("given", "machine"),
    [
        ({"snapshot_name": "before"}, vm(node(1, "a", node(2, "before")))),
        ({"snapshot_name": "before"}, vm(node(2, "before", marker=Marker(set="CHG1")))),
        ({"snapshot_set": "CHG1"}, vm(node(1, "before"), node(2, "before", marker=Marker(set="CHG1")))),
        ({"snapshot_set": "CHG1", "snapshot_name": "other"}, vm(node(2, "before", marker=Marker(set="CHG1")))),
        ({"snapshot_id": 2}, vm(node(1, "before"), node(2, "before"))),
        # A wish for another kind, owner or expiry does not touch what is there.
        ({"snapshot_name": "before", "memory_dump": True, "owner": "x", "expires_in": "1h"}, vm(node(2, "before"))),
        # Nor does anything that would keep a new one from being taken.
        ({"snapshot_name": "before"}, vm(node(2, "before"), template=True)),
    ],
)
def test_present_twice_is_one_snapshot(given: dict[str, Any], machine: Vm) -> None:
    made = plan(machine, **given)
    assert (made.actions, made.problem, made.failure) == ((), None, None)
    assert (made.target, made.kind) == (moid(2), "crash_consistent")
    assert "is present, kind crash_consistent" in made.msg


@pytest.mark.parametrize(
    "given",
    [
        {"snapshot_name": "n", "description": "text"},
        {"snapshot_set": "100% [x]=y", "description": "two\r\nlines\n", "owner": "Jörg", "hold": True},
        {"snapshot_name": "n", "snapshot_set": "CHG1", "description": "  ", "expires_in": "1h"},
    ],
)
def test_a_rerun_after_the_create_finds_nothing_left_to_do(given: dict[str, Any]) -> None:
    first = plan(vm(), **given)
    foretold = predict(vm(), first.actions, NOW)
    taken = vm(node(1, foretold[0].name, raw=foretold[0].raw_description), current=1)
    assert taken.snapshots[0].marker == created(first).marker
    assert plan(taken, **given).actions == ()


@pytest.mark.parametrize(
    ("machine", "given", "failure"),
    [
        (vm(tools_running=False), {"quiesce": True}, "a quiesced snapshot can't be had"),
        (
            vm(capabilities=Capabilities(memory_snapshots=False)),
            {"memory_dump": True},
            "a memory snapshot can't be had",
        ),
        (vm(connection_state="disconnected"), {}, "the virtual machine is disconnected"),
        (vm(template=True), {}, "it is a template"),
        (vm(question=True), {}, "it waits for the answer"),
        (vm(chain(31), current=31), {}, "its snapshot chain is 31 deep"),
    ],
)
def test_a_vm_on_which_it_can_not_be_taken_fails_alone_before_anything_is(
    machine: Vm, given: dict[str, Any], failure: str
) -> None:
    made = plan(machine, snapshot_name="n", **given)
    assert (made.actions, made.problem, made.kind) == ((), None, None)
    assert (made.failure or "").startswith(failure)


def test_only_the_chain_above_the_present_counts_as_depth() -> None:
    assert created(plan(vm(chain(31), current=30), snapshot_name="n")).name == "n"


def test_fallback_takes_the_weaker_kind_names_it_and_says_why() -> None:
    made = plan(vm(tools_running=False), snapshot_name="n", quiesce=True, fallback="crash")
    assert (created(made).quiesce, created(made).marker.kind) == (False, "crash_consistent")
    assert made.kind == "crash_consistent"
    assert "VMware Tools is not running" in made.warnings[0]


def test_disks_that_need_consolidation_are_a_warning() -> None:
    made = plan(vm(consolidation_needed=True), snapshot_name="n")
    assert created(made).name == "n"
    assert made.warnings == ("its disks need consolidation; another snapshot makes that worse",)


# Bad input, which ends the whole call

TWINS = vm(
    node(1, "twin", node(2, "twin")),
    node(3, "a", marker=Marker(set="CHG1")),
    node(4, "b", marker=Marker(set="CHG1")),
    node(5, "c"),
)


@pytest.mark.parametrize("state", ["present", "absent"])
@pytest.mark.parametrize(
    ("given", "ids"),
    [
        ({"snapshot_name": "twin"}, (1, 2)),
        ({"snapshot_set": "CHG1"}, (3, 4)),
        ({"snapshot_set": "CHG1", "snapshot_name": "a"}, (3, 4)),
        ({"snapshot_name": "twin", "new_snapshot_name": "x"}, (1, 2)),
        ({"snapshot_name": "twin", "force": True}, (1, 2)),
    ],
)
def test_two_that_match_are_a_problem_that_lists_their_ids(state: str, given: dict[str, Any], ids: tuple[int]) -> None:
    made = plan(TWINS, state=state, **given)
    assert (made.actions, made.failure) == ((), None)
    assert all(f"(id {number}, snapshot-{number}," in (made.problem or "") for number in ids)


def test_an_id_that_is_not_there_is_a_problem_that_lists_what_is() -> None:
    made = plan(vm(node(1, "a"), node(2, "b")), snapshot_id=9)
    assert made.problem is not None
    assert made.problem.startswith("'web-01' (vm-1, in /DC0/vm/web) has no snapshot with ID 9; it has 'a' (id 1, ")
    assert "'b' (id 2, " in made.problem
    assert (plan(vm(), snapshot_id=9).problem or "").endswith("it has no snapshots")


# Present: changing one

MANAGED = Marker("CHG1", "memory", "ops", NOW + hours(10), "0a", "patching", extra=(("tier", "gold"),))


def edited(made: VmPlan) -> Rename:
    assert (made.problem, made.failure) == (None, None)
    [action] = made.actions
    assert isinstance(action, Rename)
    assert made.target == action.snapshot
    return action


def held(hold: bool) -> Vm:
    return vm(node(1, "n", text="text", marker=Marker("CHG1", "memory", hold=hold)))


@pytest.mark.parametrize(
    ("before", "asked", "raw"),
    [
        (False, True, "text\n[savepoint set=CHG1 kind=memory hold]"),
        (True, False, "text\n[savepoint set=CHG1 kind=memory]"),
    ],
)
def test_hold_holds_and_releases(before: bool, asked: bool, raw: str) -> None:
    made = plan(held(before), snapshot_set="CHG1", hold=asked)
    assert edited(made) == Rename(moid(1), None, raw)
    assert made.msg == f"snapshot 'n' {'held' if asked else 'released'}"


@pytest.mark.parametrize(("before", "asked"), [(True, None), (False, None), (True, True), (False, False)])
def test_hold_left_out_or_as_it_is_changes_nothing(before: bool, asked: bool | None) -> None:
    assert plan(held(before), snapshot_set="CHG1", hold=asked).actions == ()


def test_a_hold_survives_a_rename_a_description_and_an_extension() -> None:
    machine = vm(node(1, "n", marker=Marker("CHG1", expires=NOW, hold=True)))
    made = plan(machine, snapshot_set="CHG1", new_snapshot_name="m", description="d", expires_in="1h", extend=True)
    assert split(edited(made).raw_description).marker == Marker("CHG1", expires=NOW + hours(1), hold=True)


def test_a_foreign_snapshot_can_be_held_and_is_foreign_again_when_released() -> None:
    foreign = vm(node(1, "n", text="theirs"))
    raw = edited(plan(foreign, snapshot_name="n", hold=True)).raw_description
    assert raw == "theirs\n[savepoint hold]"
    released = plan(vm(node(1, "n", raw=raw)), snapshot_name="n", hold=False)
    assert edited(released).raw_description == "theirs"


@pytest.mark.parametrize(
    ("given", "left"),
    [
        # Later than it was.
        ({"expires_in": "11h", "extend": True}, 11),
        # Never earlier.
        ({"expires_in": "9h", "extend": True}, None),
        ({"expires_in": "10h", "extend": True}, None),
        # Without extend it acts at creation only.
        ({"expires_in": "11h"}, None),
    ],
)
def test_an_expiry_moves_only_with_extend_and_never_earlier(given: dict[str, Any], left: int | None) -> None:
    made = plan(vm(node(1, "n", text="text", marker=MANAGED)), snapshot_set="CHG1", **given)
    if left is None:
        assert made.actions == ()
    else:
        expected = f"expires={(NOW + hours(left)):%Y-%m-%dT%H:%M:%SZ}"
        assert edited(made).raw_description == (
            f"text\n[savepoint set=CHG1 kind=memory owner=ops {expected} op=0a phase=patching tier=gold]"
        )


def test_an_extension_counts_from_vcenters_now_in_whole_seconds() -> None:
    machine = vm(node(1, "n", marker=Marker(expires=NOW)))
    made = plan_snapshot(
        machine, wish(snapshot_name="n", expires_in="1h", extend=True), NOW.replace(microsecond=999999)
    )
    assert edited(made).raw_description == "[savepoint expires=2026-11-23T06:00:00Z]"
    assert made.msg == "snapshot 'n' extended to 2026-11-23T06:00:00Z"


@pytest.mark.parametrize("machine", [vm(node(1, "n")), vm(node(1, "n", marker=Marker(set="CHG1")))])
def test_what_never_expires_is_not_made_to(machine: Vm) -> None:
    assert plan(machine, snapshot_name="n", expires_in="1h", extend=True).actions == ()


def test_a_new_description_keeps_the_marker_with_keys_that_are_unknown() -> None:
    made = plan(vm(node(1, "n", text="old", marker=MANAGED)), snapshot_set="CHG1", description="new")
    assert edited(made) == Rename(moid(1), None, join("new", MANAGED))


def test_a_foreign_snapshots_new_description_gets_no_marker() -> None:
    assert edited(plan(vm(node(1, "n", text="old")), snapshot_name="n", description="new")).raw_description == "new"


@pytest.mark.parametrize("given", [{}, {"description": ""}, {"description": "text"}])
def test_the_same_or_no_description_changes_nothing(given: dict[str, Any]) -> None:
    assert plan(vm(node(1, "n", text="text", marker=MANAGED)), snapshot_name="n", **given).actions == ()


# Rename


@pytest.mark.parametrize("given", [{"snapshot_name": "old"}, {"snapshot_id": 1}, {"snapshot_set": "CHG1"}])
def test_a_rename_leaves_the_description_alone(given: dict[str, Any]) -> None:
    machine = vm(node(1, "old", text="text", marker=MANAGED), node(2, "other"))
    made = plan(machine, new_snapshot_name="new", **given)
    assert edited(made) == Rename(moid(1), "new", None)
    assert paths(predict(machine, made.actions, NOW)) == ["new", "other"]


@pytest.mark.parametrize("given", [{"snapshot_name": "old"}, {"snapshot_id": 1}, {"snapshot_set": "CHG1"}])
def test_a_rerun_of_a_rename_is_ok(given: dict[str, Any]) -> None:
    made = plan(vm(node(1, "new", marker=MANAGED)), new_snapshot_name="new", **given)
    assert (made.actions, made.problem, made.failure, made.target) == ((), None, None, moid(1))


def test_a_rerun_still_brings_the_rest_to_what_the_task_says() -> None:
    made = plan(vm(node(1, "new")), snapshot_name="old", new_snapshot_name="new", description="text")
    assert edited(made) == Rename(moid(1), None, "text")


@pytest.mark.parametrize(
    ("machine", "given", "words"),
    [
        (vm(node(1, "x")), {"snapshot_name": "old"}, "neither a snapshot 'old' nor one named 'new'"),
        (vm(), {"snapshot_name": "old"}, "it has no snapshots"),
        # Another snapshot of the new name is not the renamed one when an ID or a set was meant.
        (vm(node(1, "new")), {"snapshot_id": 9}, "neither a snapshot with ID 9 nor one named 'new'"),
        (vm(node(1, "new")), {"snapshot_set": "CHG9"}, "neither a snapshot of set 'CHG9' nor one named 'new'"),
        (vm(node(1, "new"), node(2, "new")), {"snapshot_name": "old"}, "has 2 snapshots with the name 'new'"),
        (vm(node(1, "old"), node(2, "new")), {"snapshot_name": "old"}, "already has a snapshot 'new' (id 2,"),
    ],
)
def test_a_rename_that_can_not_be_exact_is_a_problem(machine: Vm, given: dict[str, Any], words: str) -> None:
    made = plan(machine, new_snapshot_name="new", **given)
    assert (made.actions, made.failure) == ((), None)
    assert words in (made.problem or "")


# The phase of the change

RUNNING = Marker(set="CHG1", kind="quiesced", op="x", phase="taken", hold=True, extra=(("ticket", "OPS-7"),))
IN_SET = vm(node(1, "before", text="text", marker=RUNNING), current=1)


@pytest.mark.parametrize("phase", ["patching", "failed", "reverted"])
def test_a_phase_is_set_and_nothing_else(phase: str) -> None:
    made = plan(IN_SET, snapshot_set="CHG1", phase=phase)
    assert made.actions == (Rename(moid(1), None, join("text", replace(RUNNING, phase=phase))),)
    assert made.msg == f"snapshot 'before' marked as {phase}"


@pytest.mark.parametrize("given", [{"phase": "taken"}, {}])
def test_a_phase_that_it_has_or_that_is_not_given_changes_nothing(given: dict[str, Any]) -> None:
    assert plan(IN_SET, snapshot_set="CHG1", **given).actions == ()


def test_a_marker_without_a_phase_gets_one() -> None:
    machine = vm(node(1, marker=Marker(set="CHG1")))
    assert plan(machine, snapshot_set="CHG1", phase="failed").actions == (
        Rename(moid(1), None, join("", Marker(set="CHG1", phase="failed"))),
    )


@pytest.mark.parametrize("phase", ["patching", "failed", "reverted"])
@pytest.mark.parametrize(
    "machine",
    [
        vm(),
        vm(node(1, "CHG1"), current=1),
        vm(node(1, "CHG1", raw="[savepoint set=CHG1 phase=]"), current=1),
        vm(node(1, "CHG1", marker=Marker(set="CHG2")), current=1),
        vm(template=True),
    ],
)
def test_without_the_snapshot_a_phase_fails_the_vm_alone_and_creates_nothing(machine: Vm, phase: str) -> None:
    made = plan(machine, snapshot_set="CHG1", snapshot_name="CHG1", new_snapshot_name="new", phase=phase)
    assert (made.actions, made.problem) == ((), None)
    assert made.failure == f"it has no snapshot of set 'CHG1' to mark as {phase}; nothing was created"


@pytest.mark.parametrize("given", [{}, {"phase": "taken"}])
def test_a_new_snapshot_is_taken(given: dict[str, Any]) -> None:
    assert created(plan(vm(), snapshot_set="CHG1", **given)).marker.phase == "taken"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"snapshot_name": "n", "phase": "failed"}, "phase needs snapshot_set"),
        ({"snapshot_id": 1, "phase": "taken"}, "phase needs snapshot_set"),
        ({"snapshot_set": "CHG1", "phase": "failed", "state": "absent"}, "phase goes with state: present only"),
    ],
)
def test_what_a_phase_does_not_go_with(given: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError) as caught:
        wish(**given)
    assert caught.value.msg.startswith(words)


# A marker that does not parse

BROKEN = vm(node(1, "n", raw="text\n[savepoint set=CHG1 hold=yes]"))


@pytest.mark.parametrize("given", [{"hold": False}, {"hold": True}, {"description": "new"}])
def test_a_marker_that_does_not_parse_is_never_written_over(given: dict[str, Any]) -> None:
    made = plan(BROKEN, snapshot_name="n", **given)
    assert (made.actions, made.problem) == ((), None)
    assert "does not parse ('hold' takes no value)" in (made.failure or "")


@pytest.mark.parametrize(
    ("given", "actions"),
    [({}, ()), ({"new_snapshot_name": "m"}, (Rename(moid(1), "m", None),)), ({"description": "text"}, ())],
)
def test_what_leaves_it_alone_is_allowed(given: dict[str, Any], actions: tuple[Action, ...]) -> None:
    made = plan(BROKEN, snapshot_name="n", **given)
    assert (made.actions, made.failure) == (actions, None)


# Absent

#  1 ── 2 (held) ── 4     5 (Veeam)     6 (malformed)
#    └─ 3
GUARDED = vm(
    node(1, "a", node(2, "b", node(4, "d"), marker=Marker(set="CHG1", hold=True)), node(3, "c")),
    node(5, "VEEAM BACKUP TEMPORARY SNAPSHOT"),
    node(6, "f", raw="[savepoint"),
)


@pytest.mark.parametrize(
    ("given", "action", "msg"),
    [
        ({"snapshot_name": "a"}, Remove(moid(1)), "snapshot 'a' removed"),
        ({"snapshot_id": 4}, Remove(moid(4)), "snapshot 'd' removed"),
        ({"snapshot_name": "c", "remove_children": True}, Remove(moid(3), children=True), "snapshot 'c' removed"),
        ({"snapshot_set": "CHG1", "force": True}, Remove(moid(2)), "snapshot 'b' removed"),
        ({"snapshot_id": 5, "force": True}, Remove(moid(5)), "snapshot 'VEEAM BACKUP TEMPORARY SNAPSHOT' removed"),
        (
            {"snapshot_name": "a", "remove_children": True, "force": True},
            Remove(moid(1), children=True),
            "snapshot 'a' removed, and 3 below it",
        ),
        ({"remove_all": True, "force": True}, RemoveAll(), "all 6 snapshots removed"),
    ],
)
def test_absent_removes_what_it_names_and_force_overrides(given: dict[str, Any], action: Action, msg: str) -> None:
    made = absent(GUARDED, **given)
    assert (made.actions, made.msg, made.problem, made.failure) == ((action,), msg, None, None)


@pytest.mark.parametrize(
    ("given", "number", "why"),
    [
        ({"snapshot_set": "CHG1"}, 2, "on hold"),
        ({"snapshot_id": 5}, 5, "it belongs to a backup or replication product (Veeam)"),
        ({"snapshot_name": "f"}, 6, "its savepoint marker does not parse"),
        # What is below counts as much as what is named.
        ({"snapshot_name": "a", "remove_children": True}, 2, "on hold"),
        ({"remove_all": True}, 2, "on hold"),
    ],
)
def test_what_would_hit_something_protected_is_refused_before_any_removal(
    given: dict[str, Any], number: int, why: str
) -> None:
    made = absent(GUARDED, **given)
    assert (made.actions, made.problem) == ((), None)
    assert f"(id {number}, snapshot-{number}," in (made.failure or "")
    assert why in (made.failure or "")
    assert "force: true" in (made.failure or "")


@pytest.mark.parametrize(
    ("machine", "given"),
    [
        (vm(), {"snapshot_name": "n"}),
        (vm(node(1, "x")), {"snapshot_name": "n"}),
        (vm(node(1, "x")), {"snapshot_id": 9}),
        (vm(node(1, "CHG1")), {"snapshot_set": "CHG1"}),
        (vm(node(1, "n")), {"snapshot_name": "n", "snapshot_set": "CHG1"}),
        (vm(), {"remove_all": True}),
        (vm(template=True), {"snapshot_name": "n"}),
    ],
)
@pytest.mark.parametrize("force", [False, True])
def test_absent_twice_is_ok(machine: Vm, given: dict[str, Any], force: bool) -> None:
    made = absent(machine, force=force, **given)
    assert (made.actions, made.problem, made.failure) == ((), None, None)
    assert "absent" in made.msg or "no snapshots" in made.msg


@pytest.mark.parametrize("given", [{"snapshot_name": "n"}, {"remove_all": True}])
def test_force_does_not_override_what_vsphere_can_not_do(given: dict[str, Any]) -> None:
    made = absent(vm(node(1, "n"), connection_state="disconnected"), force=True, **given)
    assert made.actions == ()
    assert (made.failure or "").startswith("the virtual machine is disconnected")


# What an earlier run left behind


def weak(**fields: Any) -> Vm:
    marker = Marker(**{"set": "CHG1", "kind": "quiesced", "op": "old", "phase": "taken", **fields})
    return vm(node(1, "base", node(2, "before", marker=marker, state="poweredOff")), current=2, tools_running=True)


@pytest.mark.parametrize("given", [{"quiesce": True}, {"memory_dump": True}])
def test_what_could_not_be_taken_back_is_taken_anew(given: dict[str, Any]) -> None:
    kind = "memory" if "memory_dump" in given else "quiesced"
    made = plan(weak(kind=kind), snapshot_set="CHG1", **given)
    removal, create = made.actions
    assert removal == Remove(moid(2))
    assert isinstance(create, Create)
    assert create.marker.kind == kind
    assert "an earlier run took 'before'" in made.warnings[-1]
    assert len(made.vm.snapshots) == 2


def test_what_could_not_be_named_is_named() -> None:
    [edit] = plan(weak(), snapshot_set="CHG1", quiesce=True, fallback="crash").actions
    assert edit == Rename(moid(2), None, "[savepoint set=CHG1 kind=crash_consistent op=old phase=taken]")


@pytest.mark.parametrize(
    ("machine", "given"),
    [
        (weak(), {}),
        (weak(hold=True), {"quiesce": True}),
        (weak(phase="patching"), {"quiesce": True}),
        (weak(op=None), {"quiesce": True}),
        (weak(kind="crash_consistent"), {"quiesce": True}),
        (vm(node(2, marker=Marker("CHG1", "quiesced", op="old", phase="taken"), quiesced=True)), {"quiesce": True}),
    ],
)
def test_nothing_else_is_taken_anew(machine: Vm, given: dict[str, Any]) -> None:
    assert plan(machine, snapshot_set="CHG1", **given).actions == ()


def test_a_weak_snapshot_is_taken_back_also_where_a_better_one_can_not_be_had() -> None:
    made = plan(replace(weak(), tools_running=False), snapshot_set="CHG1", quiesce=True)
    assert (made.actions, made.failure) == ((Remove(moid(2)),), None)
    assert "VMware Tools is not running" in made.msg
    assert "it was removed now" in made.msg
    stuck = plan(replace(weak(), connection_state="disconnected"), snapshot_set="CHG1", quiesce=True)
    assert stuck.actions == ()
    assert "disconnected" in (stuck.failure or "")


@pytest.mark.parametrize("given", [{"snapshot_name": "n"}, {"remove_all": True}])
def test_a_removal_that_was_not_merged_is_merged_by_the_rerun(given: dict[str, Any]) -> None:
    machine = vm(*(() if "remove_all" in given else (node(1, "other"),)), consolidation_needed=True)
    made = absent(machine, **given)
    assert made.actions == (Consolidate(),)
    assert "consolidated" in made.msg
    stuck = absent(replace(machine, connection_state="disconnected"), **given)
    assert (stuck.actions, stuck.problem, stuck.failure) == ((), None, None)
    assert "disconnected" in stuck.warnings[0]


@pytest.mark.parametrize(("limit", "minutes"), [("5m", 5), ("90s", None), ("5m1s", 6), ("4h", 240), ("241m", None)])
def test_the_time_to_quiesce(limit: str, minutes: int | None) -> None:
    if minutes is None:
        with pytest.raises(InputError, match="5m to 240m"):
            wish(snapshot_name="x", quiesce=True, quiesce_timeout=limit)
        return
    machine = vm(tools_running=True, power_state="poweredOn")
    create = plan_snapshot(machine, wish(snapshot_name="x", quiesce=True, quiesce_timeout=limit), NOW).actions[0]
    assert isinstance(create, Create)
    assert create.quiesce_minutes == minutes


def test_no_time_to_quiesce_without_quiescing() -> None:
    create = plan_snapshot(vm(), wish(snapshot_name="x", quiesce_timeout="10m"), NOW).actions[0]
    assert isinstance(create, Create)
    assert create.quiesce_minutes is None
