# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from ansible_collections.savepoint.vsphere.plugins.module_utils._marker import Marker, join
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan import (
    Action,
    Consolidate,
    Create,
    NoteRevert,
    Power,
    Remove,
    RemoveAll,
    Rename,
    Revert,
)
from ansible_collections.savepoint.vsphere.plugins.module_utils._recovery import (
    LATE_LOOKS,
    LOOKS,
    SENDS,
    Found,
    Seen,
    Sent,
    Step,
    TaskFact,
    decide,
    judge,
    named,
)
from ansible_collections.savepoint.vsphere.tests.unit.plugins.module_utils.builders import NOW, moid, node, vm

OURS = Marker(op="0a1b")
CREATE = Create("s9", "", OURS, memory=False, quiesce=False)
NOTE = NoteRevert(moid(2), "", Marker(set="C1"), NOW)
BEFORE = vm(node(1, None, node(2, None, node(3))), current=3)


@dataclass(frozen=True)
class Case:
    """An action, the kind of its task, and the VM once it took effect."""

    action: Action
    kind: str
    after: Vm


CASES = {
    "create": Case(CREATE, "createsnapshot", vm(node(1, None, node(9, marker=OURS)), current=9)),
    "rename": Case(Rename(moid(2), "new"), "", vm(node(1, None, node(2, "new", node(3))), current=3)),
    "describe": Case(Rename(moid(2), None, "x"), "", vm(node(1, None, node(2, None, node(3), raw="x")), current=3)),
    "note": Case(NOTE, "", vm(node(1, None, node(2, None, raw=NOTE.raw_description)), current=2)),
    "remove": Case(Remove(moid(2)), "remove", vm(node(1, None, node(3)), current=3)),
    "children": Case(Remove(moid(2), children=True), "remove", vm(node(1), current=1)),
    "all": Case(RemoveAll(), "removeallsnapshots", vm()),
    "consolidate": Case(Consolidate(), "consolidatedisks", replace(BEFORE, consolidation_needed=False)),
    "on": Case(Power("poweredOn"), "poweron", replace(BEFORE, power_state="poweredOn")),
    "off": Case(Power("poweredOff"), "poweroff", replace(BEFORE, power_state="poweredOff")),
}
NAMES = sorted(CASES)
UNDONE = replace(BEFORE, consolidation_needed=True, power_state="suspended")


def sent(action: Action, **more: object) -> Sent:
    return replace(Sent(action, UNDONE, NOW, user="ME"), **more)  # type: ignore[arg-type]


def task(kind: str, state: str, **more: object) -> TaskFact:
    return replace(TaskFact("task-1", kind, state, "me", NOW), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", NAMES)
def test_the_vm_tells_that_it_is_done(name: str) -> None:
    case = CASES[name]
    assert judge(sent(case.action), Seen(case.after)) == (Found.DONE, None)
    # Whatever the task says: a create that failed late has left its snapshot.
    failed = task(case.kind, "error")
    assert judge(sent(case.action), Seen(case.after, (failed,))) == (Found.DONE, None)


@pytest.mark.parametrize("name", NAMES)
def test_the_vm_tells_that_nothing_is_done(name: str) -> None:
    assert judge(sent(CASES[name].action), Seen(UNDONE)) == (Found.NOTHING, None)


@pytest.mark.parametrize("name", [name for name in NAMES if CASES[name].kind])
@pytest.mark.parametrize(
    ("state", "found"), [("queued", Found.RUNNING), ("running", Found.RUNNING), ("error", Found.FAILED)]
)
def test_a_task_tells(name: str, state: str, found: Found) -> None:
    case = CASES[name]
    one = task(case.kind, state)
    assert judge(sent(case.action), Seen(UNDONE, (one,))) == (found, one)


@pytest.mark.parametrize(
    "other",
    [
        task("createsnapshot", "running", user="somebody"),
        task("createsnapshot", "running", queued_at=NOW - timedelta(minutes=1)),
        task("remove", "running"),
        task("createsnapshot", "error", moid="task-7"),
    ],
)
def test_anothers_task_tells_nothing(other: TaskFact) -> None:
    assert judge(sent(CREATE, known=frozenset({"task-7"})), Seen(UNDONE, (other,))) == (Found.NOTHING, None)


def test_anothers_snapshot_of_the_same_name_is_not_ours() -> None:
    others = vm(node(1, None, node(9, "s9", marker=Marker(op="ffff"))), current=9)
    assert judge(sent(CREATE), Seen(others)) == (Found.NOTHING, None)


def test_what_is_left_of_a_removal_with_children_is_not_done() -> None:
    rest = vm(node(1, None, node(3)), current=3)
    assert judge(sent(Remove(moid(2), children=True)), Seen(rest)) == (Found.NOTHING, None)


def test_snapshots_taken_since_do_not_undo_a_removal_of_all() -> None:
    assert judge(sent(RemoveAll()), Seen(vm(node(8)))) == (Found.DONE, None)


REVERT = Revert(moid(2))
AT_TARGET = vm(node(1, None, node(2, None, node(3))), current=2)
TAKEN_SINCE = vm(node(1, None, node(2, None, node(3), node(9))), current=9)


@pytest.mark.parametrize(
    ("seen", "found"),
    [
        (Seen(AT_TARGET, history=True), Found.NOTHING),
        (Seen(AT_TARGET), Found.NOTHING),
        (Seen(AT_TARGET, login=1), Found.UNKNOWN),
        (Seen(AT_TARGET, login=1, history=True), Found.NOTHING),
        (Seen(AT_TARGET, (task("revert", "success"),)), Found.DONE),
        # Somebody took a snapshot since.
        (Seen(TAKEN_SINCE, (task("revert", "success"),)), Found.DONE),
        # The task was another run's, or another run came after ours: what is there is not what was asked for.
        (Seen(UNDONE, (task("revert", "success"),)), Found.UNKNOWN),
        (Seen(UNDONE, (task("revert", "success", user="somebody"),)), Found.NOTHING),
        (Seen(UNDONE, (task("reverttocurrentsnapshot", "running"),)), Found.RUNNING),
        (Seen(UNDONE, (task("revert", "error"),), login=1), Found.FAILED),
    ],
)
def test_only_tasks_tell_of_a_revert(seen: Seen, found: Found) -> None:
    assert judge(sent(REVERT), seen)[0] is found


@pytest.mark.parametrize("name", NAMES)
def test_a_vm_that_is_gone_or_unreadable(name: str) -> None:
    action = CASES[name].action
    assert judge(sent(action), Seen(None)) == (Found.GONE, None)
    unreadable = replace(CASES[name].after, unreadable=("snapshot",))
    assert judge(sent(action), Seen(unreadable)) == (Found.UNKNOWN, None)


LOST, REFUSED, LATE = sent(CREATE), sent(CREATE, refused=True), sent(CREATE, late=True)
ANSWERED = sent(CREATE, refused=True, fault="gone")


@pytest.mark.parametrize(
    ("found", "what", "looks", "sends", "step"),
    [
        (Found.DONE, LOST, 1, 1, Step.ADVANCE),
        (Found.RUNNING, LOST, 1, 1, Step.FOLLOW),
        (Found.FAILED, LOST, 1, 1, Step.FAIL),
        (Found.GONE, LOST, 1, 1, Step.FAIL),
        # The server that cut the connection may still be at it.
        (Found.NOTHING, LOST, LOOKS - 1, 1, Step.LOOK),
        (Found.NOTHING, LOST, LOOKS, 1, Step.SEND),
        (Found.NOTHING, LOST, LOOKS, SENDS - 1, Step.SEND),
        (Found.NOTHING, LOST, LOOKS, SENDS, Step.FAIL),
        # It gave an answer, so it is not.
        (Found.NOTHING, REFUSED, 1, 1, Step.SEND),
        (Found.NOTHING, REFUSED, 1, SENDS, Step.FAIL),
        (Found.NOTHING, ANSWERED, 1, 1, Step.FAIL),
        # Nobody knows when it comes.
        (Found.NOTHING, LATE, LATE_LOOKS - 1, 1, Step.LOOK),
        (Found.NOTHING, LATE, LATE_LOOKS, 1, Step.FAIL),
        (Found.NOTHING, replace(LATE, action=Remove(moid(2))), LOOKS, 1, Step.LOOK),
        (Found.NOTHING, replace(LATE, action=Rename(moid(2), "new")), LOOKS, 1, Step.SEND),
        (Found.NOTHING, replace(LATE, action=REVERT), LOOKS, 1, Step.LOOK),
        (Found.UNKNOWN, LOST, LOOKS, 1, Step.LOOK),
        (Found.UNKNOWN, LOST, LOOKS + 1, 1, Step.FAIL),
        (Found.UNKNOWN, REFUSED, LOOKS + 1, 1, Step.FAIL),
    ],
)
def test_steps(found: Found, what: Sent, looks: int, sends: int, step: Step) -> None:
    assert decide(found, what, looks, sends) is step


def test_every_action_has_a_name() -> None:
    names = [named(case.action) for case in CASES.values()] + [named(REVERT)]
    assert len(set(names)) == len(names) - 2  # a rename and a description are edits, and so are both removals
    assert join("", OURS) == CREATE.raw_description
