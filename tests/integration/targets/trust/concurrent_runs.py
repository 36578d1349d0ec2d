"""Two ansible-playbook processes on the same VMs: as if one came after the other, or a clear refusal."""

from __future__ import annotations

import json
from typing import Any

from harness import Scenario, equal
from single import play_of


def both(scenario: Scenario, first: dict[str, Any], second: dict[str, Any]) -> list[dict[str, Any]]:
    """Run both calls at the same time; each is a module's name and its options."""
    results = []
    running = []
    for name, wish in (("first", first), ("second", second)):
        [(module, options)] = wish.items()
        playbook = scenario.scratch / f"{name}.yml"  # each its own
        playbook.write_text(json.dumps([play_of(scenario, name, module, options)]))
        running.append((name, scenario.start(playbook=str(playbook))))
    for name, started in running:
        started.process.wait()
        got = scenario.scratch / f"{name}.result.json"
        assert got.is_file(), f"no result:\n{started.text()[-3000:]}"
        results.append(json.loads(got.read_text()))
    return results


def at_once(scenario: Scenario) -> None:
    """The same set twice, a set and a prune, a revert and a set."""
    scenario.machines(a="", b="", c="")
    site = scenario.stage.sites[0]
    vms = [{"name": scenario.prefix + short} for short in scenario.shorts]
    site.request("PATCH", "/v1/config", {"durations": {"createSnapshot": "2s", "revertToSnapshot": "1s"}})
    create = {"vms": vms, "snapshot_set": "ONE", "snapshot_name": "one"}

    results = both(scenario, {"snapshot": create}, {"snapshot": create})
    equal(scenario.snapshots(), {short: ["one"] for short in scenario.shorts}, "one snapshot for one set")
    for result in results:
        assert not result.get("failed") or "TaskInProgress" in str(result), result["msg"]
    changed = [one["vm"]["name"] for result in results for one in result["results"] if one["changed"]]
    equal(sorted(changed), sorted(vm["name"] for vm in vms), "each was taken by one of the two")

    policy = {"vms": vms, "policy": {"keep_last": 1}}
    results = both(
        scenario, {"snapshot": {**create, "snapshot_set": "TWO", "snapshot_name": "two"}}, {"snapshot_prune": policy}
    )
    for result in results:
        assert not result.get("failed") or "run again" in str(result) or "TaskInProgress" in str(result), result["msg"]
    for short, names in scenario.snapshots().items():
        assert names in (["one", "two"], ["two"]), f"{short}: {names}"

    results = both(
        scenario,
        {"snapshot_revert": {"vms": vms, "snapshot_set": "TWO"}},
        {"snapshot": {**create, "snapshot_set": "THREE", "snapshot_name": "three"}},
    )
    for result in results:
        assert not result.get("failed") or "TaskInProgress" in str(result), result["msg"]
    for short, names in scenario.snapshots().items():
        assert names[-2:] == ["two", "three"], f"{short}: {names}"
    # A call that was refused, because the other's task ran, counts as one too.
    assert all(scenario.reverts().values()), scenario.reverts()
    site.request("PATCH", "/v1/config", {"durations": {"createSnapshot": "0s", "revertToSnapshot": "0s"}})
