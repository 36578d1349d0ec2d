# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.savepoint.vsphere.plugins.module_utils._marker import Marker, join
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan import FollowUp, Remove, Rename
from ansible_collections.savepoint.vsphere.plugins.module_utils._snapshot_after import confirm, follow_up
from ansible_collections.savepoint.vsphere.plugins.module_utils._tree import Node
from ansible_collections.savepoint.vsphere.tests.unit.plugins.module_utils.builders import (
    NOW,
    TOKEN,
    hours,
    moid,
    node,
    plan,
    vm,
    wish,
)

# What a create really gave


def after_create(kind: str = "quiesced", quiesced: bool = False, state: str = "poweredOff") -> Vm:
    marker = Marker("CHG1", kind, op=TOKEN, phase="taken", hold=True)
    return vm(node(1, "n", text="text", quiesced=quiesced, state=state, marker=marker))


@pytest.mark.parametrize(
    ("given", "after"),
    [
        ({"quiesce": True}, after_create(quiesced=True)),
        ({"memory_dump": True}, after_create("memory", state="poweredOn")),
        ({}, after_create("crash_consistent")),
        # Not there: somebody has removed it meanwhile, or it is another call's.
        ({"quiesce": True}, vm()),
        ({"quiesce": True}, vm(node(1, "else", marker=Marker("CHG1", "quiesced", op="other")))),
    ],
)
def test_what_was_promised_or_is_not_ours_needs_no_more(given: dict[str, Any], after: Vm) -> None:
    made = plan(vm(), snapshot_name="n", **given)
    assert follow_up(made, after, wish(snapshot_name="n", **given)) == FollowUp()


def test_nothing_follows_what_took_nothing() -> None:
    machine = vm(node(1, "n"))
    assert follow_up(plan(machine, snapshot_name="n", quiesce=True), machine, wish(snapshot_name="n")) == FollowUp()


@pytest.mark.parametrize(("given", "kind"), [({"quiesce": True}, "quiesced"), ({"memory_dump": True}, "memory")])
def test_a_weaker_kind_than_promised_is_taken_back_and_fails(given: dict[str, Any], kind: str) -> None:
    made = plan(vm(), snapshot_name="n", **given)
    more = follow_up(made, after_create(kind), wish(snapshot_name="n", **given))
    assert more.actions == (Remove(moid(1)),)
    assert (more.failure or "").startswith(f"vCenter reported success but the snapshot is not {kind}")


def test_a_weaker_kind_with_leave_is_kept_under_its_true_name() -> None:
    given: dict[str, Any] = {"snapshot_set": "CHG1", "quiesce": True, "fallback": "crash", "hold": True}
    made = plan(vm(), **given)
    more = follow_up(made, after_create(), wish(**given))
    [action] = more.actions
    assert action == Rename(
        moid(1), None, "text\n[savepoint set=CHG1 kind=crash_consistent op=5f2c9a phase=taken hold]"
    )
    assert more.failure is None
    assert "kept as crash_consistent" in more.warnings[0]


def taken(number: int, op: str, *children: Node, **fields: Any) -> Node:
    marker = Marker("CHG1", "crash_consistent", op=op, phase="taken", **fields)
    return node(number, "before", *children, marker=marker)


BOTH = [
    pytest.param(vm(taken(1, "other", taken(2, TOKEN))), 2, id="ours is the child"),
    pytest.param(vm(taken(1, "other"), taken(2, TOKEN)), 2, id="beside each other"),
    pytest.param(vm(node(1, "before", taken(2, TOKEN))), 2, id="by name, and taken by hand"),
]


@pytest.mark.parametrize(("after", "ours"), BOTH[:2])
def test_a_set_that_two_runs_have_taken_is_left_to_the_first(after: Vm, ours: int) -> None:
    given = {"snapshot_set": "CHG1", "snapshot_name": "mine"}
    more = follow_up(plan(vm(), **given), after, wish(**given))
    assert more.actions == (Remove(moid(ours)),)
    assert more.failure is None
    assert more.instead is not None
    assert (more.instead.target, more.instead.actions) == (moid(1), ())
    assert "somebody else has taken 'before' (id 1" in more.warnings[0]


@pytest.mark.parametrize(("after", "ours"), BOTH)
def test_without_a_set_the_name_says_what_is_meant(after: Vm, ours: int) -> None:
    more = follow_up(plan(vm(), snapshot_name="before"), after, wish(snapshot_name="before"))
    assert more.actions == (Remove(moid(ours)),)


@pytest.mark.parametrize(
    "after",
    [
        vm(taken(1, TOKEN, taken(2, "other"))),
        vm(node(1, "before", node(2, "else", marker=Marker("CHG2", op="other"))), taken(3, TOKEN)),
    ],
)
def test_the_first_one_and_the_only_one_stay(after: Vm) -> None:
    given = {"snapshot_set": "CHG1"}
    assert follow_up(plan(vm(), **given), after, wish(**given)) == FollowUp()


def test_what_came_twice_is_left_once() -> None:
    given = {"snapshot_set": "CHG1"}
    twice = vm(node(1, "else", taken(2, TOKEN, taken(3, TOKEN))))
    more = follow_up(plan(vm(), **given), twice, wish(**given))
    assert (more.actions, more.failure, more.instead) == ((Remove(moid(3)),), None, None)
    assert "came twice" in more.warnings[0]
    assert "of this call is too much" in (more.undone or "")


def test_what_came_twice_is_taken_back_where_another_run_was_first() -> None:
    given = {"snapshot_set": "CHG1"}
    more = follow_up(plan(vm(), **given), vm(taken(1, "other", taken(2, TOKEN, taken(3, TOKEN)))), wish(**given))
    assert more.actions == (Remove(moid(2)), Remove(moid(3)))


NAMED = Rename(moid(1), None, f"[savepoint set=CHG1 kind=crash_consistent op={TOKEN} phase=taken]")


@pytest.mark.parametrize(("fallback", "last"), [("none", Remove(moid(1))), ("crash", NAMED)])
def test_what_came_twice_and_is_weaker_is_both(fallback: str, last: Remove | Rename) -> None:
    given: dict[str, Any] = {"snapshot_set": "CHG1", "quiesce": True, "fallback": fallback}
    weak = Marker("CHG1", "quiesced", op=TOKEN, phase="taken")
    after = vm(node(1, "CHG1", node(2, "CHG1", marker=weak), marker=weak))
    more = follow_up(plan(vm(), **given), after, wish(**given))
    assert more.actions == (Remove(moid(2)), last)
    assert (more.failure is None) is (fallback == "crash")


def test_the_first_run_s_snapshot_gets_what_the_second_wished_beside() -> None:
    given = {"snapshot_set": "CHG1", "hold": True}
    more = follow_up(plan(vm(), **given), vm(taken(1, "other", taken(2, TOKEN, hold=True))), wish(**given))
    held = "[savepoint set=CHG1 kind=crash_consistent op=other phase=taken hold]"
    assert more.actions == (Remove(moid(2)), Rename(moid(1), None, held))
    assert more.instead is not None
    assert more.instead.actions == more.actions[1:]


def test_a_snapshot_that_is_taken_back_already_is_not_taken_back_again() -> None:
    given = {"snapshot_set": "CHG1"}
    more = follow_up(plan(vm(), **given), vm(taken(1, "other")), wish(**given))
    assert (more.actions, more.failure, more.undone) == ((), None, None)
    assert more.instead is not None
    assert more.instead.target == moid(1)


def test_a_wish_that_the_first_snapshot_can_not_take_fails() -> None:
    given = {"snapshot_set": "CHG1", "hold": True}
    first = node(1, raw="[savepoint set=CHG1 op=other]\nwritten below")
    assert follow_up(plan(vm(), **given), vm(first, taken(2, TOKEN)), wish(**given)) == FollowUp()
    named = {"snapshot_name": "s1", "hold": True}
    mine = node(2, "s1", marker=Marker(op=TOKEN, hold=True))
    more = follow_up(plan(vm(), **named), vm(first, mine), wish(**named))
    assert more.actions == (Remove(moid(2)),)
    assert "does not parse" in (more.failure or "")


def test_what_an_earlier_run_left_is_gone_and_nothing_could_be_taken_in_its_place() -> None:
    machine = vm(node(1, "s", marker=Marker(kind="quiesced", op="old", phase="taken")), tools_running=False)
    given = {"snapshot_name": "s", "quiesce": True}
    made = plan(machine, **given)
    assert follow_up(made, vm(), wish(**given)) == FollowUp(failure=made.msg)


# Afterwards


@pytest.mark.parametrize(
    ("after", "msg"),
    [
        (vm(taken(1, TOKEN)), None),
        (vm(taken(1, "other")), None),
        (vm(node(1, "before")), "somebody has removed it since"),
        (vm(), "somebody has removed it since"),
    ],
)
def test_what_was_taken_is_there(after: Vm, msg: str | None) -> None:
    said = confirm(plan(vm(), snapshot_set="CHG1"), after, wish(snapshot_set="CHG1"))
    assert said is None if msg is None else msg in (said or "")


BEFORE = Marker("CHG1", "crash_consistent", op="other", phase="taken", expires=NOW + hours(1))
EDITS = [
    ({"hold": True}, {"hold": True}, "whether it is held"),
    ({"phase": "failed"}, {"phase": "failed"}, "its phase"),
    ({"extend": True, "expires_in": "2h"}, {"expires": NOW + hours(2)}, "its expiry"),
]


@pytest.mark.parametrize(("given", "fields", "lost"), EDITS)
def test_an_edit_that_somebody_has_gone_over_is_told(given: dict[str, Any], fields: dict[str, Any], lost: str) -> None:
    options = {"snapshot_set": "CHG1", **given}
    made = plan(vm(node(1, marker=BEFORE)), **options)
    assert len(made.actions) == 1

    def said(**now: Any) -> str | None:
        marker = Marker(**{**vars(BEFORE), **now})
        return confirm(made, vm(node(1, text="theirs", marker=marker)), wish(**options))

    assert said(**fields) is None
    assert lost in (said(owner="them") or "")
    theirs = vm(node(1, text="theirs", marker=Marker(**{**vars(BEFORE), "owner": "them"})))
    more = follow_up(made, theirs, wish(**options))
    ours = join("theirs", Marker(**{**vars(BEFORE), "owner": "them", **fields}))
    assert more.actions == (Rename(moid(1), None, ours),)
    assert lost in more.warnings[0]
    # What they have added beside it is none of our business.
    assert said(**{"hold": True, "phase": "failed", "expires": NOW + hours(3), **fields}) is None


@pytest.mark.parametrize(
    ("given", "good", "lost"),
    [
        ({"new_snapshot_name": "new"}, node(1, "new"), "its name"),
        ({"description": "ours"}, node(1, "old", text="ours", marker=Marker(hold=True)), "its description"),
    ],
)
def test_names_and_descriptions(given: dict[str, Any], good: Node, lost: str) -> None:
    options = {"snapshot_name": "old", **given}
    made = plan(vm(node(1, "old")), **options)
    assert confirm(made, vm(good), wish(**options)) is None
    assert follow_up(made, vm(good), wish(**options)) == FollowUp()
    assert lost in (confirm(made, vm(node(1, "theirs", text="theirs")), wish(**options)) or "")
    assert "removed it since" in (confirm(made, vm(), wish(**options)) or "")


def test_nothing_planned_is_nothing_to_confirm() -> None:
    machine = vm(node(1, "n"))
    assert confirm(plan(machine, snapshot_name="n"), vm(), wish(snapshot_name="n")) is None
