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
    contains(ran.output, "{{ 6 * 7 }} MB")
    contains(untouched["full"], "{ { 6 * 7 }} MB")
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


def trouble_of_one(scenario: Scenario) -> None:
    """Two hosts that are the same VM are left out, and nobody else; no spelling of the password is shown."""
    for short in ("twin", "other", "sanitized"):
        scenario.machine(short)
    prefix, secret = scenario.prefix, scenario.stage.sites[0].connection["password"]
    alias = {key: value for key, value in scenario.stage.sites[0].connection.items() if key != "password"}
    for host in scenario.hosts.values():
        host["savepoint_connection"] = {**alias, "pwd": secret}
    twin = {"savepoint_vm": {"moid": scenario.vm("twin")["moid"]}}
    scenario.hosts[prefix + "same"] = scenario.hosts[prefix + "twin"] | twin
    scenario.hosts[prefix + "other"]["savepoint_no_revert"] = False
    named = {"config_instance_uuid": scenario.vm("sanitized")["instance_uuid"]}
    named["savepoint_guest_vm"] = prefix + "sanitized"
    scenario.hosts["from-inventory"] = scenario.hosts.pop(prefix + "sanitized") | named
    ran = scenario.play("-vvv", playbook=PLAYBOOK)
    equal(sorted(outcome(ran.stats, scenario, "guarded")), ["from-inventory", "other"], "guarded")
    why = outcome(ran.stats, scenario, "untouched")
    equal(sorted(why), ["same", "twin"], "untouched")
    for short in ("same", "twin"):
        contains(why[short], "are the same virtual machine", scenario.vm("twin")["moid"])
    shown = [line for line in ran.output.splitlines() if f'"{secret}"' in line or f"'{secret}'" in line]
    equal(shown, [], "the password")


def space(scenario: Scenario) -> None:
    """Hosts that do not wait for each other get no more space together than those that do."""
    own = 1  # the datastore of the simulator that all targets share is to stay as it is
    for short in "abcd":
        scenario.machine(short, site=own)
    room = {"capacity": 200 * 2**30, "free": 100 * 2**30}
    scenario.stage.sites[own].request("PATCH", "/v1/datastores/LocalDS_0", room)
    for strategy, serial in (("linear", "100%"), ("linear", 1), ("free", "100%")):
        ran = scenario.play(
            playbook=PLAYBOOK,
            pre_patch_set=f"{strategy}-{serial}",
            pre_patch_strategy=strategy,
            pre_patch_serial=serial,
            pre_patch_expected_growth="30GiB",
            pre_patch_max_snapshots=9,
        )
        equal(len(outcome(ran.stats, scenario, "guarded")), 3, f"guarded, {strategy}, serial {serial}")
        contains(next(iter(outcome(ran.stats, scenario, "untouched").values())), "blocker space")


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
    trouble_of_one,
    space,
    check_mode_and_wrong_input,
]

if __name__ == "__main__":
    sys.exit(main(SCENARIOS, *sys.argv[1:], vcenters=2))
