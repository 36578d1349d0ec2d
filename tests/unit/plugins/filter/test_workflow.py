"""The filters that join the roles of the patch workflow."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.savepoint.vsphere.plugins.filter.commit_outcomes import commit_outcomes
from ansible_collections.savepoint.vsphere.plugins.filter.evidence_text import evidence_text
from ansible_collections.savepoint.vsphere.plugins.filter.fleet_calls import fleet_calls
from ansible_collections.savepoint.vsphere.plugins.filter.outcome_stats import outcome_stats
from ansible_collections.savepoint.vsphere.plugins.filter.patch_gathered import patch_gathered
from ansible_collections.savepoint.vsphere.plugins.filter.patch_outcomes import patch_outcomes
from ansible_collections.savepoint.vsphere.plugins.filter.patch_verdicts import patch_verdicts
from ansible_collections.savepoint.vsphere.plugins.filter.patch_watch import patch_watch
from ansible_collections.savepoint.vsphere.plugins.filter.pre_patch_stats import pre_patch_stats
from ansible_collections.savepoint.vsphere.plugins.filter.rollback_outcomes import rollback_outcomes
from ansible_collections.savepoint.vsphere.plugins.filter.rollback_scope import rollback_scope

SHOP = {"name": "shop", "rollback": "together", "hosts": ["db", "web"]}
PLAY = {"hosts": ["db", "web", "x", "y"], "groups": [SHOP], "tiers": {"db": 0, "web": 1}}
ALL = ["db", "web", "x", "y", "later"]


def test_a_group_goes_back_as_a_whole_and_in_order() -> None:
    scope = rollback_scope({"web": "500", "x": "", "later": ""}, PLAY, ALL)
    assert scope["wanted"] == ["db", "web", "x"]
    assert scope["failed"] == ["web", "x"]
    assert scope["tiers"] == [["db", "x"], ["web"]]
    assert scope["reasons"]["db"] == "web, which is of its group 'shop', failed"
    assert scope["unknown"] == []


def test_a_group_by_host() -> None:
    play = {**PLAY, "groups": [{**SHOP, "rollback": "host"}]}
    assert rollback_scope(["web"], play, ALL)["wanted"] == ["web"]


def test_unknown_and_nobody() -> None:
    assert rollback_scope(["wbe"], PLAY, ALL)["unknown"] == ["wbe"]
    assert rollback_scope([], PLAY, ALL)["wanted"] == []
    with pytest.raises(AnsibleFilterError, match="a list, or a dictionary"):
        rollback_scope("web", PLAY, ALL)


def facts(guarded: bool = True, verdict: dict[str, Any] | None = None, run: str = "1", **more: Any) -> dict[str, Any]:
    result = {"guarded": guarded, "reason": "" if guarded else "no Tools", "stage": "readiness", "phase": ""}
    return {
        "pre_patch_result": {**result, "vm": {"name": "n", "moid": "vm-1"}, **more.pop("result", {})},
        "patch_guard_verdict": verdict or {},
        "patch_guard_at": {},
        "patch_guard__at": {"run": run, "settled": False, "waiting": False},
        **more,
    }


PASSED = {"passed": True, "stage": "verify", "reason": ""}
FAILED = {"passed": False, "stage": "verify", "reason": "500"}


def test_verdicts() -> None:
    hostvars = {
        "good": facts(verdict=PASSED),
        "bad": facts(verdict=FAILED),
        "gone": facts(),
        "busy": facts(),
        "not": facts(guarded=False),
        "undecided": facts(guarded=False, result={"reason": ""}),
        "old": facts(verdict=FAILED, run="0"),
        "back": facts(verdict=FAILED, result={"phase": "reverted"}),
    }
    found = patch_verdicts(hostvars, list(hostvars), ["good", "bad", "busy", "not", "undecided", "back"], "1")
    assert found["passed"] == ["good"]
    assert sorted(found["failed"]) == ["back", "bad", "gone"]
    assert "lost" in found["failed"]["gone"]
    assert found["reverted"] == ["back"]
    assert found["guarded"] == 6


def place(settled: bool, waiting: bool, run: str = "1") -> dict[str, Any]:
    return facts(patch_guard__at={"run": run, "settled": settled, "waiting": waiting})


def test_who_stays() -> None:
    hostvars = {
        "left": place(True, False),
        "waits": place(True, True),
        "also": place(True, True),
        "works": place(False, False),
        "lost": place(False, False),
        "old": place(False, False, "0"),
    }
    found = patch_watch(hostvars, list(hostvars), ["left", "waits", "also", "works", "old"], "1")
    assert found == {"first": "waits", "under_way": ["works"], "lost": ["lost"]}
    assert patch_watch(hostvars, list(hostvars), ["also", "works"], "1")["first"] == "also"


def outcome(host_facts: dict[str, Any], **settled: Any) -> dict[str, Any]:
    found: dict[str, Any] = patch_outcomes({"h": host_facts}, ["h"], **settled)["h"]
    return found


def test_a_weaker_snapshot_is_told_of_its_host() -> None:
    told = outcome(facts(result={"fallback": "VMware Tools\nis not running"}))
    assert told["fallback"] == "VMware Tools is not running"
    assert outcome(facts())["fallback"] == outcome({})["fallback"] == ""


def test_outcomes() -> None:
    kept = {"h": {"committed": True, "reason": "its snapshot was removed"}}
    stuck = {"h": {"committed": False, "reason": "its snapshot is still there: locked"}}
    back = {"h": {"outcome": "recovered", "reason": "500; rolled back, and healthy again"}}
    ill = {"h": {"outcome": "reverted", "reason": "500; rolled back, but not healthy"}}
    cases: list[tuple[dict[str, Any], dict[str, Any], str, bool, str]] = [
        (facts(guarded=False), {}, "untouched", True, "not ready: no Tools"),
        ({}, {}, "untouched", True, "left the play before"),
        (facts(verdict=PASSED), {"commits": kept}, "committed", False, "removed"),
        (facts(verdict=PASSED), {"commits": stuck}, "failed", True, "still there"),
        (facts(verdict=PASSED), {"check_mode": True}, "untouched", False, "would be patched"),
        (facts(verdict=FAILED), {"check_mode": True}, "untouched", True, "unhealthy: 500"),
        (facts(verdict=PASSED), {"stopped": "too many"}, "failed", True, "it passed; too many"),
        (facts(verdict=PASSED), {"rollbacks": back, "commits": kept}, "recovered", True, "healthy again"),
        (facts(verdict=FAILED), {"rollbacks": back, "fail_recovered": False}, "recovered", False, "healthy again"),
        (
            facts(verdict=FAILED),
            {"rollbacks": back, "commits": stuck, "fail_recovered": False},
            "recovered",
            True,
            "there",
        ),
        (facts(verdict=FAILED), {"rollbacks": ill}, "reverted", True, "is kept"),
        (facts(), {}, "failed", True, "NOT rolled back"),
    ]
    for host_facts, settled, word, failed, said in cases:
        found = outcome(host_facts, **settled)
        assert (found["outcome"], found["failed"]) == (word, failed), found
        assert said in found["reason"]
    assert outcome(facts(verdict={**FAILED, "reason": "a\nweb02 committed"}))["reason"].count("\n") == 0


def test_stats_and_gathering() -> None:
    told = {"a": {"outcome": "failed", "reason": "why"}}
    assert outcome_stats(told)["patch_guard_outcome"]["failed"] == {"a": "why"}
    hostvars = {
        "a": {**place(True, False), "patch_guard_outcomes": told},
        "b": {**place(True, False, "0"), "patch_guard_outcomes": {"b": 1}},
    }
    assert patch_gathered(hostvars, ["a", "b"], "1") == told


def test_rollback_outcomes() -> None:
    scope = {"wanted": ["h"], "reasons": {"h": "500"}}
    healthy = {"h": {"rollback__healthy": {"passed": True}}}
    ill = {"h": {"rollback__healthy": {"passed": False, "reason": "still 500"}}}
    done = {"h": {"status": "changed"}}
    assert rollback_outcomes(healthy, scope, done)["h"] == {
        "outcome": "recovered",
        "reason": "500; rolled back, and healthy again",
    }
    assert rollback_outcomes(ill, scope, done)["h"]["outcome"] == "reverted"
    assert rollback_outcomes({"h": {}}, scope, done)["h"]["outcome"] == "reverted"
    assert rollback_outcomes({"h": {}}, scope, done, verify=False)["h"]["outcome"] == "recovered"
    assert rollback_outcomes({"h": {}}, scope, {"h": {"status": "failed", "msg": "locked"}})["h"] == {
        "outcome": "failed",
        "reason": "500; NOT rolled back: locked",
    }
    assert rollback_outcomes(healthy, scope, {})["h"]["outcome"] == "failed"
    assert rollback_outcomes(healthy, scope, done, "too many")["h"]["reason"] == "500; too many"
    assert rollback_outcomes({"h": {}}, scope, done, check_mode=True)["h"]["outcome"] == "untouched"
    before = {"h": {"status": "ok", "reverted_before": True}}
    assert "an earlier run had" in rollback_outcomes(healthy, scope, before)["h"]["reason"]


def test_commit_outcomes() -> None:
    call = {"leader": "h", "via": "h", "vcenter": "v", "hosts": ["h"], "vms": ["h"], "expect": {}}

    def answered(**entry: Any) -> dict[str, Any]:
        return {"h": {"commit__answer": {"results": [{"item": call, "results": [entry]}]}}}

    removed = commit_outcomes(answered(status="changed", changed=True), ["h"], [call])["h"]
    assert removed == {"committed": True, "reason": "its snapshot was removed"}
    assert "any more" in commit_outcomes(answered(status="ok", changed=False), ["h"], [call])["h"]["reason"]
    assert not commit_outcomes(answered(status="failed", changed=False, msg="locked"), ["h"], [call])["h"]["committed"]
    assert commit_outcomes({"h": {}}, ["h"], [], "keep")["h"]["committed"]
    ill = commit_outcomes({"h": {"commit__unhealthy": "500"}}, ["h"], [])["h"]
    assert (ill["committed"], "500" in ill["reason"]) == (False, True)
    assert (
        "would be"
        in commit_outcomes(answered(status="changed", changed=True), ["h"], [call], check_mode=True)["h"]["reason"]
    )


def test_what_is_handed_on() -> None:
    hostvars = {
        "a": facts(result={"snapshot": {"moid": "snapshot-1", "kind": "memory"}}),
        "b": facts(guarded=False),
        "c": {},
    }
    found = pre_patch_stats(hostvars, ["a", "b", "c"])
    assert found["pre_patch_targets"] == {"a": {"vm": "vm-1", "snapshot": "snapshot-1"}}
    assert found["pre_patch_outcome"]["guarded"] == {"a": "memory"}
    assert sorted(found["pre_patch_outcome"]["untouched"]) == ["b", "c"]


def test_evidence() -> None:
    results = [
        {"item": "journalctl", "rc": 0, "stdout": "one\n\x1b[31mtwo\n{{ 6 * 7 }}"},
        {"item": "rpm", "rc": 2, "msg": "no such file"},
        {"item": "tail", "unreachable": True},
    ]
    lines = evidence_text(results, "500", ["task 'x': boom"])
    assert lines[0] == "Why it goes back: 500"
    assert "task 'x': boom" in lines
    assert "[31mtwo" in lines
    assert "{{ 6 * 7 }}" in lines
    assert not [line for line in lines if "rpm" in line]
    assert "$ tail: the guest did not answer" in lines


def test_seats_of_another_run_do_not_count() -> None:
    seat = {"run": "1", "vcenter": "v", "vm": "A"}
    hostvars = {"a": {"rollback__seat": {**seat, "run": "0", "vm": "old"}, "pre_patch__seat": seat}}
    calls = fleet_calls(hostvars, ["a"], ["rollback", "pre_patch"], ["a"], "1")
    assert [call["vms"] for call in calls] == [["A"]]
    with pytest.raises(AnsibleFilterError, match="did not begin"):
        fleet_calls(hostvars, ["a"], ["rollback"], ["a"], "1")
    assert fleet_calls(hostvars, ["a"], ["pre_patch"], ["a"], "1", "b") == []
