"""Scenarios of role rollback, alone; see ../setup_play/harness.py."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "setup_play"))
from harness import Scenario, contains, equal, main

Scenario.settings = {"rollback_verify_timeout": 10, "rollback_guest_timeout": "10s"}
Scenario.set_variable = "rollback_set"
PLAYBOOK = "savepoint.vsphere.rollback"


def prepare(scenario: Scenario, *shorts: str) -> dict[str, Any]:
    """Machines with a snapshot of the set and version 2 above it; gives what pre_patch hands on."""
    for short in shorts:
        scenario.machine(short)
    taken = scenario.play(playbook="savepoint.vsphere.pre_patch", pre_patch_set=scenario.set)
    equal(taken.rc, 0, "rc of pre_patch")
    for short in shorts:
        (scenario.disk(short) / "version").write_text("2\n")
    targets: dict[str, Any] = taken.stats["pre_patch_targets"]
    return targets


def outcomes(stats: dict[str, Any], scenario: Scenario) -> dict[str, str]:
    return {host.removeprefix(scenario.prefix): told["outcome"] for host, told in stats["rollback_outcomes"].items()}


def only_those(scenario: Scenario) -> None:
    """Exactly the hosts that are named go back; a second run finds that they have."""
    targets = prepare(scenario, "a", "b", "c")
    named = {scenario.prefix + "a": "the app answers 500"}
    evidence = scenario.scratch / "evidence"
    (scenario.disk("a") / "app.log").write_text("one\nout of memory\n")
    more = {
        "rollback_targets": targets,
        "rollback_evidence_dir": str(evidence),
        "rollback_evidence_commands": ["cat app.log", "no-such-command"],
    }
    ran = scenario.play("--check", playbook=PLAYBOOK, rollback_hosts=named, **more)
    equal((ran.rc, outcomes(ran.stats, scenario)), (0, {"a": "untouched"}), "check mode")
    equal(scenario.versions(), {"a": "2", "b": "2", "c": "2"}, "versions after check mode")

    ran = scenario.play(playbook=PLAYBOOK, rollback_hosts=named, **more)
    equal((ran.rc, outcomes(ran.stats, scenario)), (2, {"a": "recovered"}), "outcomes")
    equal(scenario.versions(), {"a": "1", "b": "2", "c": "2"}, "versions")
    kept = (evidence / scenario.set / f"{scenario.prefix}a.txt").read_text()
    contains(kept, "the app answers 500", "$ cat app.log", "out of memory")
    equal(scenario.phases(), {"a": "reverted", "b": "taken", "c": "taken"}, "phases")

    again = scenario.play(playbook=PLAYBOOK, rollback_hosts=named, rollback_fail="unhealthy", **more)
    equal((again.rc, outcomes(again.stats, scenario)), (0, {"a": "recovered"}), "again")
    equal(scenario.reverts(), {"a": 1, "b": 0, "c": 0}, "reverts in both runs")


def refusals(scenario: Scenario) -> None:
    """What must not be reverted is not, and the others are."""
    targets = prepare(scenario, "newer", "replaced", "gone", "fine")
    scenario.ask("newer", "POST", "/snapshots", {"name": "somebody's"})
    targets[scenario.prefix + "replaced"]["snapshot"] = "snapshot-0"
    moid = scenario.vm("gone")["snapshots"][0]["moid"]
    scenario.ask("gone", "DELETE", f"/snapshots/{moid}")
    named = [scenario.prefix + short for short in ("newer", "replaced", "gone", "fine")]
    more = {"rollback_hosts": named, "rollback_targets": targets, "rollback_max_reverts": "100%"}
    ran = scenario.play(playbook=PLAYBOOK, **more)
    wanted = {"newer": "failed", "replaced": "failed", "gone": "failed", "fine": "recovered"}
    equal(outcomes(ran.stats, scenario), wanted, "outcomes")
    equal(scenario.versions(), {"newer": "2", "replaced": "2", "gone": "2", "fine": "1"}, "versions")
    contains(ran.stats["rollback_outcomes"][scenario.prefix + "newer"]["reason"], "somebody's")

    demoted = {**more, "rollback_hosts": [scenario.prefix + "newer"], "rollback_ignore_refusals": ["newer_snapshots"]}
    ran = scenario.play(playbook=PLAYBOOK, **demoted)
    equal(outcomes(ran.stats, scenario), {"newer": "recovered"}, "demoted")


def order(scenario: Scenario) -> None:
    """A group goes back as a whole, tier by tier, with and without lockstep."""
    for strategy in ("linear", "free"):
        prepare(scenario, f"{strategy}-web", f"{strategy}-app", f"{strategy}-db", f"{strategy}-x")
        tiers = [f"{scenario.prefix}{strategy}-{tier}" for tier in ("db", "app", "web")]
        ran = scenario.play(
            "--limit",
            f"{scenario.prefix}{strategy}-*",
            playbook=PLAYBOOK,
            rollback_groups=[{"name": "shop", "tiers": tiers}],
            rollback_hosts=[f"{scenario.prefix}{strategy}-web"],
            rollback_max_reverts=1,
            rollback_strategy=strategy,
        )
        wanted = {f"{strategy}-{tier}": "recovered" for tier in ("web", "app", "db")}
        equal(outcomes(ran.stats, scenario), wanted, f"outcomes, {strategy}")
        equal(scenario.version(f"{strategy}-x"), "2", "the host that is in no group")
        made = [
            call["vm"]
            for call in scenario.stage.sites[0].request("GET", "/v1/calls")["log"]
            if call["method"] == "RevertToSnapshot_Task"
        ]
        moids: dict[str, str] = {}
        for tier in ("db", "app", "web"):
            vm = scenario.vm(f"{strategy}-{tier}")
            moids |= {vm["moid"]: tier, vm["snapshots"][0]["moid"]: tier}
        equal([moids[vm] for vm in made if vm in moids], ["db", "app", "web"], f"order, {strategy}")


def stops(scenario: Scenario) -> None:
    """Too many, too old, or not known: nothing is reverted. Without rollback_hosts nothing can be meant."""
    prepare(scenario, "a", "b", "c", "d")
    two = [scenario.prefix + "a", scenario.prefix + "b"]
    cases: list[tuple[dict[str, Any], str]] = [
        ({"rollback_hosts": two}, "2 failed and 1 may"),
        ({"rollback_hosts": [*two, "nobody"], "rollback_max_reverts": 4}, "names nobody, not in this play"),
        ({}, "rollback_hosts"),
        ({"rollback_hosts": "all"}, "a list, or a dictionary"),
        ({"rollback_hosts": two, "rollback_max_reverts": 2, "rollback_max_revert_age": "1s"}, "max_age"),
    ]
    for variables, said in cases:
        ran = scenario.play(playbook=PLAYBOOK, **variables)
        equal(ran.rc, 2, f"rc with {variables}")
        contains(ran.output, said)
    equal(set(scenario.versions().values()), {"2"}, "versions")
    ignored = {"rollback_hosts": [two[0], "nobody"], "rollback_others": "ignore"}
    equal(outcomes(scenario.play(playbook=PLAYBOOK, **ignored).stats, scenario), {"a": "recovered"}, "a slice")


SCENARIOS: list[Callable[[Scenario], None]] = [only_those, order, refusals, stops]

if __name__ == "__main__":
    sys.exit(main(SCENARIOS, *sys.argv[1:]))
