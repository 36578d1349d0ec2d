# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from ansible_collections.savepoint.vsphere.plugins.module_utils._marker import Marker
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._outcome import Outcome, View
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan import (
    Action,
    Create,
    Refusal,
    Remove,
    RemoveAll,
    Rename,
    Revert,
    VmPlan,
    predict,
)
from ansible_collections.savepoint.vsphere.plugins.module_utils._policy import Policy
from ansible_collections.savepoint.vsphere.plugins.module_utils._tasks import TaskState
from ansible_collections.savepoint.vsphere.plugins.module_utils._views import (
    info_peers,
    info_view,
    no_peers,
    prune_details,
    snapshot_details,
    snapshot_peers,
)
from ansible_collections.savepoint.vsphere.plugins.module_utils._views_revert import revert_details, revert_peers
from ansible_collections.savepoint.vsphere.tests.unit.plugins.module_utils.builders import (
    NOW,
    hours,
    moid,
    node,
    pruned,
    vm,
)


def looked_at(plan: VmPlan, after: Vm | None = None, *, check_mode: bool = False, **outcome: Any) -> View:
    """The view of a real run that left ``after``, or of check mode, as the entry point makes it."""
    if check_mode and "error" not in outcome:
        tree = predict(plan.vm, plan.actions, NOW)
    else:
        tree = (after or plan.vm).snapshots
    return View(Outcome(plan, after, **outcome), plan.vm.snapshots, tree, NOW, check_mode)


def doing(machine: Vm, *actions: Action, **fields: Any) -> VmPlan:
    return VmPlan(machine, actions, **fields)


def ids(entries: list[dict[str, Any]]) -> list[int]:
    return [entry["id"] for entry in entries]


# snapshot

OURS = Marker("CHG1", "quiesced", op="5f2c9a")
NEW = Create("new", "text", OURS, memory=False, quiesce=True)
TAKEN = vm(node(1, "old", node(2, "new", text="text", marker=OURS, quiesced=True)), current=2)
OLD = vm(node(1, "old"), current=1)


def test_the_snapshot_that_was_taken_is_given_as_it_is_now() -> None:
    details = snapshot_details(looked_at(doing(OLD, NEW, kind="quiesced"), TAKEN))
    assert details["kind"] == "quiesced"
    assert (details["snapshot"]["id"], details["snapshot"]["parent_id"]) == (2, 1)
    assert details["removed"] == []


def test_check_mode_foretells_the_snapshot() -> None:
    details = snapshot_details(looked_at(doing(OLD, NEW, kind="quiesced"), check_mode=True))
    assert details["kind"] == "quiesced"
    assert (details["snapshot"]["id"], details["snapshot"]["name"], details["snapshot"]["set"]) == (None, "new", "CHG1")


def test_the_kind_is_the_one_really_taken() -> None:
    weaker = vm(node(2, "new", marker=Marker("CHG1", "crash_consistent", op="5f2c9a")))
    assert snapshot_details(looked_at(doing(OLD, NEW, kind="quiesced"), weaker))["kind"] == "crash_consistent"


@pytest.mark.parametrize("after", [OLD, None, vm(node(2, "new", marker=Marker("CHG1", "quiesced", op="other")))])
def test_a_create_that_came_to_nothing_has_no_kind_and_no_snapshot(after: Vm | None) -> None:
    details = snapshot_details(looked_at(doing(OLD, NEW, kind="quiesced"), after, error="it broke"))
    assert (details["kind"], details["snapshot"]) == (None, {})


def test_a_snapshot_that_was_there_already_is_given() -> None:
    details = snapshot_details(looked_at(doing(TAKEN, target=moid(2), kind="quiesced")))
    assert (details["kind"], details["snapshot"]["id"]) == ("quiesced", 2)


@pytest.mark.parametrize(
    ("actions", "removed"),
    [((Remove(moid(2)),), [2]), ((Remove(moid(1), children=True),), [1, 2]), ((RemoveAll(),), [1, 2]), ((), [])],
)
@pytest.mark.parametrize("check_mode", [True, False])
def test_what_was_removed_is_given_as_it_was(actions: tuple[Action, ...], removed: list[int], check_mode: bool) -> None:
    after = vm(snapshots=predict(TAKEN, actions, NOW))
    plan = doing(TAKEN, *actions, target=moid(2), kind="quiesced")
    details = snapshot_details(looked_at(plan, None if check_mode else after, check_mode=check_mode))
    assert ids(details["removed"]) == removed
    assert details["kind"] == "quiesced"
    assert bool(details["snapshot"]) is (2 not in removed)


def test_a_removal_that_failed_removed_nothing() -> None:
    details = snapshot_details(looked_at(doing(TAKEN, Remove(moid(2)), target=moid(2)), TAKEN, error="it broke"))
    assert (details["removed"], details["snapshot"]["id"]) == ([], 2)


def test_the_need_for_consolidation_is_that_of_the_vm_afterwards() -> None:
    after = vm(consolidation_needed=True)
    assert snapshot_details(looked_at(doing(TAKEN, RemoveAll()), after))["consolidation_needed"] is True


@pytest.mark.parametrize(
    ("changed", "actions", "renamed"),
    [
        (True, (Rename(moid(1), "n"),), True),
        (True, (Rename(moid(1), None, "text"),), False),
        (False, (Rename(moid(1), "n"),), False),
        (True, (NEW,), False),
        (False, (), False),
    ],
)
def test_renamed_means_as_with_the_peers_a_new_name(changed: bool, actions: tuple[Action, ...], renamed: bool) -> None:
    peers = snapshot_peers({"changed": changed, "snapshot": {"id": 1}}, looked_at(doing(OLD, *actions), OLD))
    assert peers == {"renamed": renamed, "snapshot": {"id": 1}}


def test_the_peers_see_the_task() -> None:
    ended = datetime(2026, 11, 23, 5, 0, 3, tzinfo=timezone.utc)
    done = looked_at(doing(OLD, NEW), TAKEN, task=TaskState("task-1", "success", NOW, ended))
    assert revert_peers({"snapshot": {}}, done)["result"] == {
        "completion_time": "2026-11-23T05:00:03+00:00",
        "entity_name": "web-01",
        "error": None,
        "state": "success",
    }
    running = looked_at(doing(OLD, NEW), OLD, task=TaskState("task-1", "running"), error="after 1h (timeout) ...")
    assert revert_peers({"snapshot": {}}, running)["result"] == {
        "completion_time": None,
        "entity_name": "web-01",
        "error": "after 1h (timeout) ...",
        "state": "running",
    }
    assert "result" not in revert_peers({"snapshot": {}}, looked_at(doing(OLD)))


# snapshot_revert


def test_a_revert_tells_of_refusals_and_of_what_was_done_before() -> None:
    refusal = Refusal("not_current", "it is elsewhere", "look who did that")
    refused = looked_at(doing(vm(), refusals=(refusal,), failure="not reverted"), error="not reverted")
    assert revert_details(refused)["refusals"] == [
        {"code": "not_current", "message": "it is elsewhere", "remedy": "look who did that"}
    ]
    assert revert_details(refused)["reverted_before"] is False
    assert revert_details(looked_at(doing(vm(), reverted_before=True)))["reverted_before"] is True


def test_a_revert_gives_its_target_and_the_power_state_that_it_ended_in() -> None:
    machine = vm(node(1, "a", node(2)), current=2)
    plan = doing(machine, Revert(moid(1)), target=moid(1), kind="crash_consistent")
    after = vm(node(1, "a", node(2)), current=1, power_state="poweredOff")
    details = revert_details(looked_at(plan, after))
    assert (details["kind"], details["power_state"]) == ("crash_consistent", "poweredOff")
    assert (details["snapshot"]["id"], details["snapshot"]["current"]) == (1, True)


@pytest.mark.parametrize(("failed", "power_state"), [({}, "poweredOff"), ({"error": "a template"}, "poweredOn")])
def test_check_mode_foretells_the_power_state_unless_it_would_fail(failed: dict[str, Any], power_state: str) -> None:
    plan = doing(vm(node(1)), Revert(moid(1)), target=moid(1))
    assert revert_details(looked_at(plan, check_mode=True, **failed))["power_state"] == power_state


def test_without_a_target_there_is_no_snapshot() -> None:
    assert revert_details(looked_at(doing(vm(), problem="no such"), error="no such"))["snapshot"] == {}


# snapshot_prune

MANAGED = Marker(set="CHG1")
PRUNED = vm(node(1, "a", node(2, "b", node(3, "c", marker=MANAGED), marker=MANAGED), marker=MANAGED), current=3)
PLAN = pruned(PRUNED, Policy(keep_last=1))


@pytest.mark.parametrize("check_mode", [True, False])
def test_every_snapshot_is_removed_or_kept_with_its_reasons(check_mode: bool) -> None:
    after = None if check_mode else vm(snapshots=predict(PRUNED, PLAN.actions, NOW))
    details = prune_details(looked_at(PLAN, after, check_mode=check_mode))
    assert (ids(details["removed"]), ids(details["kept"])) == ([1, 2], [3])
    assert details["removed"][1]["reasons"] == ["no keep rule selects it"]
    assert details["kept"][0]["reasons"] == ["among the last 1 (keep_last)"]
    # What went is given as it was, what stays as it is.
    assert [details["removed"][1][key] for key in ("path", "depth", "parent_id")] == ["a/b", 2, 1]
    assert [details["kept"][0][key] for key in ("path", "depth", "parent_id")] == ["c", 1, None]


def test_what_could_not_be_removed_is_kept_and_says_why() -> None:
    after = vm(snapshots=predict(PRUNED, PLAN.actions[:1], NOW))
    details = prune_details(looked_at(PLAN, after, error="it broke"))
    assert (ids(details["removed"]), ids(details["kept"])) == ([1], [2, 3])
    assert details["kept"][0]["reasons"] == ["not removed: it broke", "no keep rule selects it"]
    assert details["kept"][1]["reasons"] == ["among the last 1 (keep_last)"]


def test_no_peer_prunes() -> None:
    assert no_peers({}, looked_at(PLAN)) == {}


# snapshot_info

FILTERS: dict[str, Any] = dict.fromkeys(
    ("snapshot_name", "snapshot_id", "snapshot_set", "owner", "managed", "expired", "older_than", "readiness")
)
LISTED = vm(
    node(1, "a", node(2, "b", age=hours(50), marker=Marker("CHG1", owner="ops", expires=NOW)), age=hours(72)),
    node(3, "a", age=hours(10), marker=Marker("CHG1", owner="dev", expires=NOW + hours(1))),
    node(4, "d", age=hours(73), raw="[savepoint set=CHG1"),
    current=2,
    current_delta_bytes=7,
)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({}, [1, 2, 3, 4]),
        ({"snapshot_name": "a"}, [1, 3]),
        ({"snapshot_name": "A"}, []),
        ({"snapshot_id": 3}, [3]),
        ({"snapshot_id": 9}, []),
        ({"snapshot_set": "CHG1"}, [2, 3]),
        ({"owner": "ops"}, [2]),
        ({"managed": True}, [2, 3]),
        ({"managed": False}, [1, 4]),
        ({"expired": True}, [2]),
        ({"expired": False}, [1, 3, 4]),
        ({"older_than": "72h"}, [4]),
        ({"older_than": "11h"}, [1, 2, 4]),
        ({"snapshot_set": "CHG1", "owner": "dev", "expired": True}, []),
    ],
)
def test_every_filter_must_let_a_snapshot_through(given: dict[str, Any], shown: list[int]) -> None:
    details = info_view({**FILTERS, **given})(looked_at(VmPlan(LISTED)))
    assert ids(details["snapshots"]) == shown
    # The filters are about the list alone.
    assert details["current_snapshot"]["id"] == 2
    assert details["current_delta_bytes"] == 7
    assert "readiness" not in details


def test_a_vm_without_snapshots_gives_an_empty_list() -> None:
    details = info_view(FILTERS)(looked_at(VmPlan(vm())))
    assert (details["snapshots"], details["current_snapshot"]) == ([], {})


def test_readiness_is_told_when_it_was_judged() -> None:
    verdict = {"verdict": "ready", "guest": {}, "blockers": [], "warnings": []}
    assert info_view(FILTERS)(looked_at(VmPlan(LISTED, readiness=verdict)))["readiness"] == verdict
    assert "readiness" not in info_view(FILTERS)(looked_at(VmPlan(LISTED)))


def test_the_peers_see_the_list_the_tree_and_the_current_snapshot() -> None:
    view = looked_at(VmPlan(LISTED))
    details = info_view(FILTERS)(view)
    peers = info_peers(details, view)
    assert set(peers) == {"current_snapshot", "snapshots", "snapshots_tree"}
    assert list(peers["snapshots_tree"]) == ["1", "3", "4"]
    assert list(peers["snapshots_tree"]["1"]["children"]) == ["2"]
