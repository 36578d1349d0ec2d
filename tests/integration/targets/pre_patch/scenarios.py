"""Scenarios of role pre_patch, alone; see ../setup_play/harness.py."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "setup_play"))
from harness import Scenario, contains, equal, main

Scenario.settings = {"pre_patch_connect_timeout": 3}
Scenario.set_variable = "pre_patch_set"
PLAYBOOK = "savepoint.vsphere.pre_patch"


def outcome(stats: dict[str, Any], scenario: Scenario, word: str) -> dict[str, str]:
    return {host.removeprefix(scenario.prefix): why for host, why in stats["pre_patch_outcome"][word].items()}


def every_answer(scenario: Scenario) -> None:
    """Hosts that are ready and that are not, each with its reason; then again, and nothing new is taken."""
    for short in ("good", "uuid", "busy", "mute", "full", "guarded"):
        scenario.machine(short)
    prefix = scenario.prefix
    scenario.hosts[prefix + "uuid"]["instance_uuid"] = scenario.vm("uuid")["instance_uuid"]
    scenario.hosts["other-name"] = scenario.hosts.pop(prefix + "uuid") | {"savepoint_guest_vm": prefix + "uuid"}
    scenario.ask("busy", "PATCH", "", {"consolidation_needed": True})
    scenario.ask("mute", "PATCH", "", {"boot": "never"})
    scenario.ask("mute", "POST", "/reboot")
    scenario.fault("full", "CreateSnapshot_Task", action="task_fail", fault="NoDiskSpace", message="{{ 6 * 7 }} MB")
    scenario.hosts[prefix + "guarded"]["savepoint_no_revert"] = "quorum member"
    scenario.hosts[prefix + "nobody"] = {}

    ran = scenario.play(playbook=PLAYBOOK)
    equal(ran.rc, 2, "rc")
    found = outcome(ran.stats, scenario, "guarded")
    equal(found, {"good": "crash_consistent", "other-name": "crash_consistent"}, "guarded")
    untouched = outcome(ran.stats, scenario, "untouched")
    equal(sorted(untouched), ["busy", "full", "guarded", "mute", "nobody"], "untouched")
    contains(untouched["busy"], "consolidation")
    contains(untouched["mute"], "does not answer")
    contains(untouched["full"], "{{ 6 * 7 }} MB")
    contains(untouched["guarded"], "quorum member", "no_revert")
    contains(untouched["nobody"], "no virtual machine")
    equal(scenario.snapshots(), {"good": [scenario.set], "uuid": [scenario.set]}, "snapshots")
    equal(scenario.phases(), {"good": "taken", "uuid": "taken"}, "phases")
    target = ran.stats["pre_patch_targets"][prefix + "good"]
    equal(
        target, {"vm": scenario.vm("good")["moid"], "snapshot": scenario.vm("good")["snapshots"][0]["moid"]}, "target"
    )

    again = scenario.play("--limit", prefix + "good", playbook=PLAYBOOK)
    equal((again.rc, again.stats["pre_patch_targets"]), (0, {prefix + "good": target}), "again")


def a_name_is_not_enough(scenario: Scenario) -> None:
    """A full name in the inventory and a short one in vCenter are the same machine only if its guest says so."""
    for short in ("web", "app", "db"):
        scenario.machine(short)
    prefix = scenario.prefix
    for short in ("web", "app", "db"):
        scenario.hosts[f"{prefix}{short}.example.com"] = scenario.hosts.pop(prefix + short) | {
            "savepoint_guest_vm": prefix + short
        }
    scenario.ask("web", "PATCH", "", {"host_name": f"{prefix}web.example.com"})
    scenario.ask("app", "PATCH", "", {"host_name": f"{prefix}app.test.example.com"})
    scenario.ask("db", "PATCH", "", {"tools": "notRunning"})
    ran = scenario.play(playbook=PLAYBOOK)
    equal(list(outcome(ran.stats, scenario, "guarded")), ["web.example.com"], "guarded")
    why = outcome(ran.stats, scenario, "untouched")
    contains(why["app.example.com"], "app.test.example.com", "savepoint_vm")
    contains(why["db.example.com"], "does not say its name", "savepoint_vm")
    equal(scenario.snapshots(), {"web": [scenario.set]}, "snapshots")


def groups(scenario: Scenario) -> None:
    """All of a group or none, with and without lockstep; a group that can't be is told before anything is done."""
    for strategy in ("linear", "free"):
        for short in ("db", "app", "web", "alone"):
            scenario.machine(f"{strategy}-{short}")
    prefix = scenario.prefix
    for strategy in ("linear", "free"):
        tiers = [f"{prefix}{strategy}-{short}" for short in ("db", "app", "web")]
        shop = [{"name": "shop", "tiers": tiers}]
        scenario.fault(f"{strategy}-app", "CreateSnapshot_Task", action="task_fail", fault="FileLocked")
        words = ("--limit", f"{prefix}{strategy}-*")
        ran = scenario.play(*words, playbook=PLAYBOOK, pre_patch_groups=shop, pre_patch_strategy=strategy)
        equal(list(outcome(ran.stats, scenario, "guarded")), [f"{strategy}-alone"], f"guarded, {strategy}")
        why = outcome(ran.stats, scenario, "untouched")
        contains(why[f"{strategy}-db"], f"{strategy}-app", "was taken back")
        equal(scenario.snapshots().get(f"{strategy}-web"), None, "snapshot of web")

        ran = scenario.play(*words, playbook=PLAYBOOK, pre_patch_groups=shop, pre_patch_strategy=strategy)
        equal(len(outcome(ran.stats, scenario, "guarded")), 4, f"guarded in the end, {strategy}")

    for serial, tiers, said in (
        (2, [f"{prefix}linear-{short}" for short in ("db", "web")], "spans serial batches"),
        ("100%", [f"{prefix}linear-db", "nowhere"], "'nowhere' is neither a host nor a group"),
    ):
        shop = [{"name": "shop", "tiers": tiers}]
        other = {"pre_patch_set": "OTHER", "pre_patch_serial": serial, "pre_patch_groups": shop}
        ran = scenario.play("--limit", f"{prefix}linear-*", playbook=PLAYBOOK, **other)
        contains(ran.output, said, "Nothing was touched")
    pinned = {
        "pre_patch_set": "OTHER",
        "pre_patch_strategy": "host_pinned",
        "pre_patch_groups": [{"name": "x", "tiers": [f"{prefix}free-db"]}],
    }
    ran = scenario.play("--forks", "2", playbook=PLAYBOOK, **pinned)
    contains(ran.output, "raise forks from 2 to 8")
    assert not [name for names in scenario.snapshots().values() for name in names if name == "OTHER"]


def kinds(scenario: Scenario) -> None:
    """A kind that can't be had is refused, or taken weaker where that is allowed, and then said of that host."""
    for short in ("tools", "none"):
        scenario.machine(short)
    scenario.ask("none", "PATCH", "", {"tools": "notRunning"})
    ran = scenario.play(playbook=PLAYBOOK, pre_patch_consistency="quiesced")
    equal(outcome(ran.stats, scenario, "guarded"), {"tools": "quiesced"}, "guarded")
    contains(outcome(ran.stats, scenario, "untouched")["none"], "VMware Tools")
    ran = scenario.play(playbook=PLAYBOOK, pre_patch_consistency="quiesced", pre_patch_fallback="crash")
    equal(outcome(ran.stats, scenario, "guarded"), {"tools": "quiesced", "none": "crash_consistent"}, "with fallback")
    contains(ran.output, "crash_consistent snapshot", "VMware Tools is not running")


def check_mode_and_wrong_input(scenario: Scenario) -> None:
    """Nothing is taken in check mode, and nothing with wrong input."""
    scenario.machine("a")
    ran = scenario.play("--check", playbook=PLAYBOOK)
    equal((ran.rc, list(outcome(ran.stats, scenario, "guarded"))), (0, ["a"]), "check mode")
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"pre_patch_set": ""}, "must not be empty"),
        ({"pre_patch_reuse_within": "soon"}, "is not a duration"),
        ({"pre_patch_consistency": "perfect"}, "must be one of"),
        ({"pre_patch_expected_growth": "much"}, "much"),
    ]
    for variables, said in wrong:
        ran = scenario.play(playbook=PLAYBOOK, **variables)
        equal(ran.rc, 2, f"rc with {variables}")
        contains(ran.output, said)
    equal(scenario.snapshots(), {}, "snapshots")


SCENARIOS: list[Callable[[Scenario], None]] = [
    every_answer,
    groups,
    a_name_is_not_enough,
    kinds,
    check_mode_and_wrong_input,
]

if __name__ == "__main__":
    sys.exit(main(SCENARIOS, *sys.argv[1:]))
