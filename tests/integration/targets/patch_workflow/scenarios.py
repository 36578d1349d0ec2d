"""A night's patching: 40 hosts, two vCenters, three application groups, and everything that goes wrong at once.

The same under strategy linear and free, with the newest and the oldest ansible-core; the outcomes must not differ. That
takes long, so without SAVEPOINT_LONG=1 only one of the four runs, with the first two batches. What else runs always of
this workflow: free in patch_guard, the oldest ansible-core in trust.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "setup_play"))
from harness import Scenario, contains, equal, main, skipped

FILES = Path(__file__).resolve().parent.parent / "patch_guard" / "files"
Scenario.settings = {
    "patch_guard_patch_tasks": str(FILES / "patch.yml"),
    "patch_guard_verify_tasks": str(FILES / "verify.yml"),
    "patch_guard_connect_timeout": 5,
    "patch_guard_reconnect_timeout": 15,
    "patch_guard_guest_timeout": "15s",
    "patch_guard_max_reverts": "50%",
    "patch_guard_fail_on_rollback": False,
    "patch_report": False,
    "rollback_evidence": False,
    # Each group in one batch of 10, across both vCenters.
    "patch_guard_groups": [
        {"name": "shop", "tiers": ["h01", "shop_apps"]},
        {"name": "crm", "tiers": ["h11", "h12"], "rollback": "host"},
        {"name": "erp", "tiers": ["h21", "h22", "h23"]},
    ],
}
Scenario.play_keywords = {
    "name": "Patch, and roll back what fails",
    "hosts": "all",
    "order": "sorted",
    "serial": 10,
    "gather_facts": False,
    "roles": ["savepoint.vsphere.patch_guard"],
    "handlers": [
        {
            "name": "Restart the app",
            "ansible.builtin.copy": {"content": "restarted\n", "dest": "restarted", "mode": "0644"},
        }
    ],
}
TROUBLE = {"h03": "verify", "h05": "patch", "h12": "patch", "h15": "verify", "h25": "boot", "h26": "lost"}
RECOVERED = ["h01", "h02", "h03", "h05", "h12", "h15", "h25"]
UNTOUCHED = ["h21", "h22", "h23", "h35", "h36", "h37"]


def night(scenario: Scenario, strategy: str, size: int = 40) -> None:
    """Every outcome of every host, and the state in which both vCenters are left."""
    for number in range(1, size + 1):
        short = f"h{number:02d}"
        scenario.machine(short, site=number % 2, trouble=TROUBLE.get(short, ""))
    prefix = scenario.prefix
    there = set(scenario.shorts)
    settings = [
        {**group, "tiers": [tier if tier == "shop_apps" else prefix + tier for tier in group["tiers"]]}
        for group in scenario.settings["patch_guard_groups"]
        if group["tiers"][0] in there
    ]
    scenario.groups = {"shop_apps": ["h02", "h03"]}
    for short in there & {"h25", "h26"}:
        scenario.ask(short, "PATCH", "", {"boot": "never", "boot_after_revert": "0s"})
    for short in there & {"h22", "h35"}:
        scenario.fault(short, "CreateSnapshot_Task", action="task_fail", fault="NoDiskSpace")
    for short in there & {"h36"}:
        scenario.ask(short, "PATCH", "", {"consolidation_needed": True})
    for short in there & {"h37"}:
        scenario.hosts[prefix + short]["savepoint_no_revert"] = "domain controller"

    ran = scenario.play("--forks", "10", keywords={"strategy": strategy}, patch_guard_groups=settings)

    committed = [short for short in scenario.shorts if short not in [*RECOVERED, *UNTOUCHED, "h26"]]
    lost = sorted(there & {"h26"})
    equal(ran.ended("recovered"), sorted(there & set(RECOVERED)), "recovered")
    equal(ran.ended("reverted"), lost, "reverted")
    equal(ran.ended("untouched"), sorted(there & set(UNTOUCHED)), "untouched")
    equal(ran.ended("failed"), [], "failed")
    equal(ran.ended("committed"), committed, "committed")
    new = [short for short, version in scenario.versions().items() if version == "2"]
    equal(new, committed, "patched")
    equal(scenario.snapshots(), {short: [scenario.set] for short in lost}, "snapshots left")
    equal(scenario.phases(), dict.fromkeys(lost, "reverted"), "phases")
    off = [short for short in scenario.shorts if not scenario.vm(short)["guest"]["reachable"]]
    equal(off, [], "guests that do not answer")
    contains(ran.why("h01"), "group 'shop'", "healthy again")
    contains(ran.why("h03"), "the app answers 500", "healthy again")
    if size == 40:
        contains(ran.why("h21"), "h22", "group 'erp'", "its own was taken back")
        contains(ran.why("h26"), "lost")
        contains(ran.why("h37"), "domain controller")
    equal(ran.rc in ((2, 4) if size == 40 else (0,)), True, f"rc {ran.rc}")


def linear(scenario: Scenario) -> None:
    """Strategy linear, the newest ansible-core."""
    night(scenario, "linear", 40 if scenario.stage.config["long"] else 20)


def free(scenario: Scenario) -> None:
    """Strategy free, the newest ansible-core."""
    if not skipped(scenario):
        night(scenario, "free")


def oldest_linear(scenario: Scenario) -> None:
    """Strategy linear, the oldest ansible-core."""
    if not skipped(scenario) and old(scenario):
        night(scenario, "linear")


def oldest_free(scenario: Scenario) -> None:
    """Strategy free, the oldest ansible-core."""
    if not skipped(scenario) and old(scenario):
        night(scenario, "free")


def old(scenario: Scenario) -> bool:
    scenario.ansible = scenario.stage.config["oldest_ansible"]
    if not scenario.ansible:
        print("NOT RUN: no Python is here that ansible-core 2.16 runs on", flush=True)
    return bool(scenario.ansible)


SCENARIOS: list[Callable[[Scenario], None]] = [linear, oldest_free, free, oldest_linear]

if __name__ == "__main__":
    sys.exit(main(SCENARIOS, *sys.argv[1:], vcenters=2))
