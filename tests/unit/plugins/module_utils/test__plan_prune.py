# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.savepoint.vsphere.plugins.module_utils._judge import FleetFacts
from ansible_collections.savepoint.vsphere.plugins.module_utils._marker import Marker
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan import Remove, predict
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan_prune import in_doubt
from ansible_collections.savepoint.vsphere.plugins.module_utils._policy import Policy
from ansible_collections.savepoint.vsphere.plugins.module_utils._verdict import Datastore, Verdict
from ansible_collections.savepoint.vsphere.tests.unit.plugins.module_utils.builders import (
    NOW,
    hours,
    judged,
    moid,
    node,
    paths,
    pruned,
    vm,
)

OURS = Marker(set="CHG1")
# base (foreign) ── one ── two (held) ── three ── four
MACHINE = vm(
    node(
        1,
        "base",
        node(
            2,
            "one",
            node(3, "two", node(4, "three", node(5, "four", marker=OURS), marker=OURS), marker=Marker(hold=True)),
            marker=OURS,
        ),
    ),
    current=5,
)


def test_removals_are_one_by_one_oldest_first_and_never_take_a_child_along() -> None:
    made = pruned(MACHINE, Policy(keep_last=1))
    assert made.actions == (Remove(moid(2)), Remove(moid(4)))
    assert (made.msg, made.problem, made.failure) == ("2 removed, 3 kept", None, None)
    assert paths(predict(MACHINE, made.actions, NOW)) == ["base", "base/two", "base/two/four*"]


def test_the_plan_carries_the_verdict_on_every_snapshot() -> None:
    policy = Policy(keep_last=1)
    assert pruned(MACHINE, policy).verdicts == judged(MACHINE, policy)


@pytest.mark.parametrize(
    ("machine", "msg"),
    [
        (vm(), "it has no snapshots"),
        (vm(node(1), node(2)), "nothing to remove, 2 kept"),
        # What has nothing to do does not fail for a state in which nothing could be done.
        (vm(node(1), connection_state="disconnected"), "nothing to remove, 1 kept"),
    ],
)
def test_nothing_to_remove_is_ok(machine: Vm, msg: str) -> None:
    made = pruned(machine, Policy(keep_last=1))
    assert (made.actions, made.msg, made.failure) == ((), msg, None)
    assert len(made.verdicts) == len(machine.snapshots)


def test_a_second_run_has_nothing_left_to_remove() -> None:
    policy = Policy(max_age=hours(1), keep_last=1)
    first = pruned(MACHINE, policy)
    left = vm(snapshots=predict(MACHINE, first.actions, NOW))
    assert first.actions
    assert pruned(left, policy).actions == ()


def test_a_vm_that_vsphere_can_not_work_on_fails_alone_and_keeps_its_verdicts() -> None:
    made = pruned(vm(node(1, marker=OURS), node(2, marker=OURS), question=True), Policy(keep_last=1))
    assert made.actions == ()
    assert (made.failure or "").startswith("it waits for the answer to a question")
    assert [verdict.remove for verdict in made.verdicts] == [True, False]


@pytest.mark.parametrize(
    ("frees", "free", "doubt"),
    [
        (10, 100, False),
        (10, 99, True),
        # Little to merge, but a datastore that is nearly full.
        (1, 40, False),
        (1, 39, True),
    ],
)
def test_vcenter_is_asked_for_its_estimate_where_room_is_scarce(frees: int, free: int, doubt: bool) -> None:
    snapshot = replace(MACHINE.snapshots[1], frees=(("store", frees),))
    stores = {"store": Datastore("store", 200, free)}
    assert in_doubt([Verdict(snapshot, True, ())], stores) is doubt
    assert in_doubt([Verdict(snapshot, True, ())], {}) is True
    assert in_doubt([Verdict(snapshot, False, ())], stores) is False


def test_a_machine_whose_snapshots_stay_because_a_task_runs_is_no_machine_that_is_done() -> None:
    machine = vm(node(1), node(2))
    facts = FleetFacts(busy={machine.moid: "task-1"})
    made = pruned(machine, Policy(keep_last=1), facts)
    assert (made.actions, made.failure, made.problem) == ((), None, None)
    assert "a snapshot task runs on it" in made.msg
    assert "run again when it has ended" in made.warnings[0]
