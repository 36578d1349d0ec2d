"""Scenarios of role commit, alone; see ../setup_play/harness.py."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "setup_play"))
from harness import Scenario, contains, equal, main

Scenario.settings = {"commit_verify_timeout": 10}
Scenario.set_variable = "commit_set"
PLAYBOOK = "savepoint.vsphere.commit"


def prepare(scenario: Scenario, first: str, *shorts: str) -> None:
    """Machines with a snapshot of the set; with more than one name, "first" begins all of theirs."""
    for short in shorts:
        scenario.machine(f"{first}-{short}")
    if not shorts:
        scenario.machine(first)
    limit = ("--limit", f"{scenario.prefix}{first}*")
    ran = scenario.play(*limit, playbook="savepoint.vsphere.pre_patch", pre_patch_set=scenario.set)
    equal(ran.rc, 0, "rc of pre_patch")


def told(stats: dict[str, Any], scenario: Scenario) -> dict[str, bool]:
    return {host.removeprefix(scenario.prefix): one["committed"] for host, one in stats["commit_outcomes"].items()}


def all_or_some(scenario: Scenario) -> None:
    """The snapshots of the hosts that are named go, then all others; what fails is told; again is fine."""
    for strategy in ("linear", "free"):
        prepare(scenario, strategy, "a", "b", "c")
        limit = ("--limit", f"{scenario.prefix}{strategy}-*")
        one = {"commit_hosts": [f"{scenario.prefix}{strategy}-a"], "commit_strategy": strategy}
        ran = scenario.play(*limit, "--check", playbook=PLAYBOOK, **one)
        left = [short for short in scenario.snapshots() if short.startswith(strategy)]
        equal(left, [f"{strategy}-{short}" for short in "abc"], "after check mode")
        ran = scenario.play(*limit, playbook=PLAYBOOK, **one)
        equal((ran.rc, told(ran.stats, scenario)), (0, {f"{strategy}-a": True}), "one")
        left = [short for short in scenario.snapshots() if short.startswith(strategy)]
        equal(left, [f"{strategy}-b", f"{strategy}-c"], "left")

        scenario.fault(f"{strategy}-b", "RemoveSnapshot_Task", action="task_fail", fault="FileLocked")
        ran = scenario.play(*limit, playbook=PLAYBOOK, commit_strategy=strategy)
        wanted = {f"{strategy}-a": True, f"{strategy}-b": False, f"{strategy}-c": True}
        equal((ran.rc, told(ran.stats, scenario)), (2, wanted), "all, with a fault")
        ran = scenario.play(*limit, playbook=PLAYBOOK, commit_strategy=strategy)
        equal((ran.rc, [short for short in scenario.snapshots() if short.startswith(strategy)]), (0, []), "again")


def soaks(scenario: Scenario) -> None:
    """A host that is not healthy any more after the time to soak keeps its snapshot."""
    prepare(scenario, "a")
    prepare(scenario, "b")
    check = scenario.scratch / "check.yml"
    tasks = [{"name": "Look", "ansible.builtin.command": "test ! -e broken", "changed_when": False}]
    check.write_text(json.dumps(tasks))
    (scenario.disk("b") / "broken").touch()
    ran = scenario.play(playbook=PLAYBOOK, commit_soak="2s", commit_verify_tasks=str(check))
    equal((ran.rc, told(ran.stats, scenario)), (2, {"a": True, "b": False}), "outcomes")
    equal(list(scenario.snapshots()), ["b"], "left")
    ran = scenario.play(playbook=PLAYBOOK, commit_mode="keep")
    equal((ran.rc, list(scenario.snapshots())), (0, ["b"]), "keep")


def consolidation(scenario: Scenario) -> None:
    """A removal that leaves disks to consolidate is no success."""
    prepare(scenario, "a")
    scenario.ask("a", "PATCH", "", {"consolidation_stuck": True})
    ran = scenario.play(playbook=PLAYBOOK)
    equal((ran.rc, told(ran.stats, scenario)), (2, {"a": False}), "outcome")
    contains(ran.output, "consolidat")


SCENARIOS: list[Callable[[Scenario], None]] = [all_or_some, soaks, consolidation]

if __name__ == "__main__":
    sys.exit(main(SCENARIOS, *sys.argv[1:]))
