"""ansible-playbook is killed at every stage of a change, and run again with the same set ID.

Each time the same must come out as without the interruption, and no machine may be reverted twice. Four of the
stages run with SAVEPOINT_LONG=1 only.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "setup_play"))
from harness import Scenario, equal, main, skipped

FILES = Path(__file__).resolve().parent / "files"
Scenario.settings = {
    "patch_guard_patch_tasks": str(FILES / "patch.yml"),
    "patch_guard_verify_tasks": str(FILES / "verify.yml"),
    "patch_guard_connect_timeout": 5,
    "patch_guard_reconnect_timeout": 15,
    "patch_guard_guest_timeout": "15s",
    "patch_guard_max_reverts": "50%",
    "patch_report": False,
    "rollback_evidence": False,
}
Scenario.play_keywords = {
    "name": "Patch, and roll back what fails",
    "hosts": "all",
    "gather_facts": False,
    "roles": ["savepoint.vsphere.patch_guard"],
}
SLOW = {"createSnapshot": "1500ms", "revertToSnapshot": "1500ms", "removeSnapshot": "1500ms"}


def interrupted(scenario: Scenario, task: str, later: float = 0.0) -> None:
    """Kill the run when the task has begun, "later" seconds after that, and run it again."""
    site = 1  # its tasks take their time, which those of the simulator that all targets share must not
    scenario.stage.sites[site].request("PATCH", "/v1/config", {"durations": SLOW})
    for short, trouble in {"a": "", "b": "verify", "c": ""}.items():
        scenario.machine(short, site=site, trouble=trouble)
    begun = re.compile(rf"^TASK \[.*{re.escape(task)}", re.MULTILINE)
    started = scenario.start()
    seen: list[float] = []

    def now(text: str) -> bool:
        if not seen and begun.search(text):
            seen.append(time.monotonic())
        return bool(seen) and time.monotonic() - seen[0] >= later

    started.kill_when(now)

    ran = scenario.play()
    equal((ran.ended("committed"), ran.ended("recovered")), (["a", "c"], ["b"]), "outcomes of the second run")
    equal(scenario.versions(), {"a": "2", "b": "1", "c": "2"}, "versions")
    equal(scenario.snapshots(), {}, "snapshots left")
    equal({short: scenario.vm(short)["guest"]["reachable"] for short in "abc"}, dict.fromkeys("abc", True), "guests")
    equal(scenario.reverts(), {"a": 0, "b": 1, "c": 0}, "reverts in both runs")


def asking(scenario: Scenario) -> None:
    """Killed while it asks how ready the VMs are."""
    if skipped(scenario):
        return
    interrupted(scenario, "Ask vCenter how ready the VMs are", 0.3)


def snapshotting(scenario: Scenario) -> None:
    """Killed while vCenter takes the snapshots."""
    if skipped(scenario):
        return
    interrupted(scenario, "Take the snapshots", 1.6)


def patching(scenario: Scenario) -> None:
    """Killed in the middle of the patch tasks."""
    interrupted(scenario, "Do something afterwards", 0.1)


def verifying(scenario: Scenario) -> None:
    """Killed when one host was found to be ill, and before that was written down."""
    if skipped(scenario):
        return
    interrupted(scenario, "Sort the hosts by their records")


def reverting(scenario: Scenario) -> None:
    """Killed while vCenter reverts."""
    interrupted(scenario, "Revert the hosts that failed", 1.6)


def reverted(scenario: Scenario) -> None:
    """Killed right after the revert."""
    if skipped(scenario):
        return
    interrupted(scenario, "Verify again")


def committing(scenario: Scenario) -> None:
    """Killed while vCenter removes the snapshots; a host that was committed is patched again, and well."""
    if skipped(scenario):
        return
    site = 1
    scenario.stage.sites[site].request("PATCH", "/v1/config", {"durations": SLOW})
    for short in "ac":
        scenario.machine(short, site=site, trouble="")
    started = scenario.start()
    began: list[float] = []

    def now(text: str) -> bool:
        if not began and re.search(r"^TASK \[.*Remove the snapshots of the set", text, re.MULTILINE):
            began.append(time.monotonic())
        return bool(began) and time.monotonic() - began[0] >= 1.6

    started.kill_when(now)
    ran = scenario.play()
    equal(ran.ended("committed"), ["a", "c"], "outcomes of the second run")
    equal(scenario.versions(), {"a": "2", "c": "2"}, "versions")
    equal(scenario.snapshots(), {}, "snapshots left")
    equal(scenario.reverts(), {"a": 0, "c": 0}, "reverts")


SCENARIOS: list[Callable[[Scenario], None]] = [
    asking,
    snapshotting,
    patching,
    verifying,
    reverting,
    reverted,
    committing,
]

if __name__ == "__main__":
    sys.exit(main(SCENARIOS, *sys.argv[1:], vcenters=2))
