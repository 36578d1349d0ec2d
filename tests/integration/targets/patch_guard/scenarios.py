"""Scenarios of role patch_guard; see ../setup_play/harness.py.

python scenarios.py INTEGRATION_CONFIG [NAME]: all scenarios, or those whose name begins with NAME.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "setup_play"))
from harness import Scenario, contains, equal, main, skipped

FILES = Path(__file__).resolve().parent / "files"
SETTINGS: dict[str, Any] = {
    "patch_guard_patch_tasks": str(FILES / "patch.yml"),
    "patch_guard_verify_tasks": str(FILES / "verify.yml"),
    "patch_guard_connect_timeout": 3,
    "patch_guard_reconnect_timeout": 10,
    "patch_guard_guest_timeout": "10s",
}
PLAY: dict[str, Any] = {
    "name": "Patch, and roll back what fails",
    "hosts": "all",
    "gather_facts": False,
    "roles": ["savepoint.vsphere.patch_guard"],
    "handlers": [
        {
            "name": "Restart the app",
            "ansible.builtin.copy": {"content": "restarted\n", "dest": "restarted", "mode": "0644"},
            "when": "patch_guard_verdict.passed | default(true)",
        }
    ],
}


Scenario.settings = SETTINGS
Scenario.play_keywords = PLAY


# The scenarios


def every_trouble(scenario: Scenario) -> None:
    """One host each of what can go wrong, all at once; any_errors_fatal must not take the healthy ones along."""
    scenario.machines(
        good="", fine="", health="verify", broken="patch", gone="lost", kernel="boot", full="", busy="", mute=""
    )
    scenario.ask("gone", "PATCH", "", {"boot": "never", "boot_after_revert": "0s"})
    scenario.ask("kernel", "PATCH", "", {"boot": "never", "boot_after_revert": "0s"})
    scenario.fault("full", "CreateSnapshot_Task", action="task_fail", fault="NoDiskSpace", message="{{ 6 * 7 }} MB")
    scenario.ask("busy", "PATCH", "", {"consolidation_needed": True})
    scenario.ask("mute", "PATCH", "", {"boot": "never"})
    scenario.ask("mute", "POST", "/reboot")
    scenario.hosts[scenario.prefix + "good"]["moid"] = scenario.vm("good")["moid"]
    scenario.hosts[scenario.prefix + "nobody"] = {}
    ran = scenario.play(patch_guard_max_reverts="100%", keywords={"any_errors_fatal": True})
    del scenario.hosts[scenario.prefix + "nobody"]

    equal(ran.ended("committed"), ["fine", "good"], "committed")
    equal(ran.ended("recovered"), ["broken", "health", "kernel"], "recovered")
    equal(ran.ended("reverted"), ["gone"], "reverted")
    equal(ran.ended("failed"), [], "failed")
    equal(ran.ended("untouched"), ["busy", "full", "mute", "nobody"], "untouched")
    new = {name for name, version in scenario.versions().items() if version == "2"}
    equal(new, {"good", "fine"}, "patched")
    equal(scenario.snapshots(), {"gone": [scenario.set]}, "snapshots left")
    states = {name: scenario.vm(name)["guest"]["reachable"] for name in ("broken", "health", "kernel", "gone")}
    equal(set(states.values()), {True}, f"running again: {states}")
    assert ran.rc != 0
    # What a guest prints is shown as it is, never evaluated. In statistics, which may become variables, it is broken.
    contains(ran.output, "{{ inventory_file }} is missing", "{{ 6 * 7 }} MB")
    contains(ran.why("broken"), "Miss a dependency", "{ { inventory_file }} is missing")
    contains(ran.why("full"), "{ { 6 * 7 }} MB")
    contains(ran.why("health"), "the app answers 500", "healthy again")
    contains(ran.why("busy"), "consolidation")
    contains(ran.why("gone"), "lost")
    contains(ran.why("mute"), "does not answer")
    # What a revert destroys was shown before it.
    contains(ran.output, "Why it goes back: unhealthy")
    contains(ran.why("nobody"), "nobody")


def all_pass(scenario: Scenario) -> None:
    """Nobody fails; then again, and the snapshots are kept; then one fails, and goes back to the one that was kept."""
    scenario.machines(a="", b="")
    ran = scenario.play(playbook="savepoint.vsphere.patch_with_rollback", patch_guard_patch_tasks=plain_patch(scenario))
    equal((ran.rc, ran.ended("committed")), (0, ["a", "b"]), f"first run: {ran.output[-2000:]}")
    equal(scenario.versions(), {"a": "2", "b": "2"}, "versions")
    equal(scenario.snapshots(), {}, "snapshots left")

    ran = scenario.play(patch_guard_commit="keep", patch_guard_owner="somebody")
    equal((ran.rc, ran.ended("committed")), (0, ["a", "b"]), "second run")
    equal(scenario.snapshots(), {"a": [scenario.set], "b": [scenario.set]}, "kept")
    contains(scenario.vm("a")["snapshots"][0]["description"], "owner=somebody", "expires=")

    # Patched meanwhile, and broken now: it goes back to the snapshot that is there, and no second one is taken.
    scenario.hosts[scenario.prefix + "b"]["trouble"] = "patch"
    ran = scenario.play(patch_guard_fail_on_rollback=False)
    equal((ran.rc, ran.ended("recovered")), (0, ["b"]), "third run")
    equal(scenario.snapshots(), {}, "snapshots after it")


def plain_patch(scenario: Scenario) -> str:
    """The patch tasks without a handler, which the collection's own playbook can't have, but with a file beside them.

    Ansible looks for that among the role's own files first, so it has the name of one of its phases.
    """
    path = scenario.scratch / "patch.yml"
    tasks = (FILES / "patch.yml").read_text().replace("  notify: Restart the app\n", "")
    path.write_text(tasks + "\n- name: Include a file beside this one\n  ansible.builtin.include_tasks: summary.yml\n")
    restart = {"name": "Restart", "ansible.builtin.copy": {"content": "yes\n", "dest": "restarted", "mode": "0644"}}
    (scenario.scratch / "summary.yml").write_text(json.dumps([restart]))
    return str(path)


def check_mode(scenario: Scenario) -> None:
    """Nothing is changed, and what would be is told."""
    scenario.machines(a="", b="", full="")
    scenario.ask("full", "PATCH", "", {"consolidation_needed": True})
    ran = scenario.play("--check", "--diff")
    equal(ran.ended("untouched"), ["a", "b", "full"], "untouched")
    contains(ran.why("a"), "it would be patched")
    equal(set(scenario.versions().values()), {"1"}, "versions")
    equal(scenario.snapshots(), {}, "snapshots")
    equal(ran.rc, 2, "the blocked host fails")


def too_many(scenario: Scenario) -> None:
    """More fail than may be reverted: all is left as it is. Both ways on that the summary tells work.

    Managed object IDs repeat across vCenters, so each machine must go back on its own.
    """
    for short, trouble in {"a": "verify", "b": "patch", "c": "", "d": ""}.items():
        scenario.machine(short, site=short in "bd", trouble=trouble)
        # By its alias, which the command that is told must have as well.
        connection = dict(scenario.stage.sites[short in "bd"].connection)
        user = connection["user"] = connection.pop("username")
        scenario.hosts[scenario.prefix + short]["savepoint_connection"] = connection
    ran = scenario.play()
    equal(ran.ended("failed"), ["a", "b", "c", "d"], "failed")
    equal(sorted(scenario.snapshots()), ["a", "b", "c", "d"], "snapshots kept")
    equal(set(scenario.versions().values()), {"2"}, "versions")

    found = re.findall(r'"(ansible localhost -m savepoint.vsphere.snapshot_revert .*)"', ran.output)
    equal(len(found), 2, f"commands, one for each vCenter, in {ran.output}")
    environment = {**os.environ, **scenario.stage.config["sim_env"]}
    for command in found:
        words = json.loads(f'"{command}"')
        assert "safeguards" in words and "password" not in words, words
        contains(words, f'"username": "{user}"')
        subprocess.run(words, shell=True, check=True, stdout=subprocess.PIPE, env=environment)
    equal(scenario.versions(), {"a": "1", "b": "1", "c": "2", "d": "2"}, "versions after the command")

    ran = scenario.play(patch_guard_max_reverts="100%")
    equal((ran.ended("recovered"), ran.ended("committed")), (["a", "b"], ["c", "d"]), "second run")
    equal(scenario.versions(), {"a": "1", "b": "1", "c": "2", "d": "2"}, "versions")
    equal(scenario.snapshots(), {}, "snapshots left")


def batches(scenario: Scenario) -> None:
    """Each batch is settled before the next begins, and the outcomes of all are told. (Also in patch_workflow.)"""
    if skipped(scenario):
        return
    scenario.machines(a="", b="verify", c="", d="patch")
    demoted = ["consolidation_needed"]  # which no revert knows, and which must not keep it from being done
    ran = scenario.play(keywords={"serial": 2}, patch_guard_fail_on_rollback=False, patch_guard_ignore_blockers=demoted)
    equal((ran.ended("committed"), ran.ended("recovered")), (["a", "c"], ["b", "d"]), "outcomes")
    equal(scenario.versions(), {"a": "2", "b": "1", "c": "2", "d": "1"}, "versions")
    equal(scenario.snapshots(), {}, "snapshots left")
    equal(ran.rc, 0, "rc")
    # Ansible runs what was notified before the failure at the end of the play, unless the handler itself objects.
    restarted = [short for short in scenario.shorts if (scenario.disk(short) / "restarted").exists()]
    equal(restarted, ["a", "c"], "restarted")

    # The play's own limit acts between the batches.
    ran = scenario.play(keywords={"serial": 2, "max_fail_percentage": 10})
    equal((ran.ended("committed"), ran.ended("recovered")), (["a"], ["b"]), "outcomes of the first batch alone")
    equal(scenario.snapshots(), {}, "snapshots left")


def shared_task(scenario: Scenario) -> None:
    """A run_once task of the caller fails: by its version, Ansible drops the other hosts or not, and all go back."""
    scenario.machines(a="", b="", c="")
    install = {"name": "Install", "ansible.builtin.copy": {"content": "2\n", "dest": "version", "mode": "0644"}}
    secret = {"name": "Register", "ansible.builtin.command": "cat hunter2", "run_once": True, "no_log": True}
    (scenario.scratch / "shared.yml").write_text(json.dumps([install, secret]))
    ran = scenario.play(
        patch_guard_patch_tasks=str(scenario.scratch / "shared.yml"),
        patch_guard_max_reverts="3",
    )
    equal((ran.ended("committed"), ran.ended("failed"), ran.ended("untouched")), ([], [], []), "outcomes")
    equal(sorted([*ran.ended("recovered"), *ran.ended("reverted")]), ["a", "b", "c"], "rolled back")
    equal(set(scenario.versions().values()), {"1"}, "versions")
    contains(ran.why("a"), "has no_log")
    assert "hunter2" not in ran.output


def lost_first(scenario: Scenario) -> None:
    """The host that spoke for the batch gets lost; another takes over."""
    scenario.machines(a="lost", b="", c="")
    scenario.ask("a", "PATCH", "", {"boot": "never", "boot_after_revert": "0s"})
    ran = scenario.play()
    equal((ran.ended("reverted"), ran.ended("committed")), (["a"], ["b", "c"]), "outcomes")
    equal(scenario.version("a"), "1", "version")


def no_vcenter(scenario: Scenario) -> None:
    """When vCenter can't be asked nobody is touched, and every host fails."""
    scenario.machines(a="", b="")
    ran = scenario.play(environment={"VMWARE_PASSWORD": "wrong"})
    equal(ran.rc, 2, "rc")
    equal(ran.ended("untouched"), ["a", "b"], "untouched")
    equal(len(re.findall(r"unreachable=0 +failed=1 ", ran.output)), 2, "hosts that failed")
    equal(set(scenario.versions().values()), {"1"}, "versions")


def vcenter_refuses(scenario: Scenario) -> None:
    """A host that can't be reverted, or whose snapshot can't be removed, needs a person; its snapshot stays."""
    scenario.machines(a="verify", b="", c="")
    scenario.fault("a", "RevertToSnapshot_Task", action="task_fail", fault="FileLocked")
    scenario.fault("b", "RemoveSnapshot_Task", action="task_fail", fault="FileLocked")
    ran = scenario.play()
    equal((ran.ended("failed"), ran.ended("committed")), (["a", "b"], ["c"]), "outcomes")
    contains(ran.why("a"), "NOT rolled back")
    contains(ran.why("b"), "still there")
    equal(sorted(scenario.snapshots()), ["a", "b"], "snapshots kept")


def old_set(scenario: Scenario) -> None:
    """One that is older than the limit, or not current any more, is no way back, so the host is not patched."""
    scenario.machines(a="", b="", c="")
    scenario.ask(
        "a",
        "POST",
        "/snapshots",
        {"name": "x", "description": f"[savepoint set={scenario.set} kind=crash_consistent]", "age": "30h"},
    )
    own = f"[savepoint set={scenario.set} kind=crash_consistent]"
    scenario.ask("c", "POST", "/snapshots", {"name": "x", "description": own})
    scenario.ask("c", "POST", "/snapshots", {"name": "somebody's"})
    ran = scenario.play()
    equal((ran.ended("untouched"), ran.ended("committed")), (["a", "c"], ["b"]), "outcomes")
    contains(ran.why("a"), "set_too_old", "use a new set ID")
    contains(ran.why("c"), "set_not_current")
    equal(scenario.versions(), {"a": "1", "b": "2", "c": "1"}, "versions")


def strategies(scenario: Scenario) -> None:
    """Without a barrier between hosts each host is settled by itself; who is lost, by one that stays."""
    for strategy, forks in (("free", "5"), ("host_pinned", "2")):
        for short, trouble in {"a": "", "b": "verify", "c": "lost", "d": "patch"}.items():
            scenario.machine(f"{strategy}-{short}", trouble=trouble)
        scenario.ask(f"{strategy}-c", "PATCH", "", {"boot": "never", "boot_after_revert": "0s"})
        limit = ("--limit", f"{scenario.prefix}{strategy}-*", "--forks", forks)
        ran = scenario.play(*limit, keywords={"strategy": strategy}, patch_guard_max_reverts="100%")
        equal(ran.ended("committed"), [f"{strategy}-a"], f"committed, {strategy}")
        equal(ran.ended("recovered"), [f"{strategy}-b", f"{strategy}-d"], f"recovered, {strategy}")
        equal(ran.ended("reverted"), [f"{strategy}-c"], f"reverted, {strategy}")
        contains(ran.output, "4 hosts: 1 committed, 2 recovered, 0 untouched, 1 reverted, 0 failed")
    old = {short for short, version in scenario.versions().items() if version == "1"}
    equal({short for short in scenario.shorts if not short.endswith("-a")}, old, "rolled back")


def nobody_left(scenario: Scenario) -> None:
    """The only host of a batch is lost, so nobody can roll it back; the next run with the set does."""
    scenario.machines(a="lost")
    scenario.ask("a", "PATCH", "", {"boot": "never", "boot_after_revert": "0s"})
    ran = scenario.play()
    equal((ran.rc, ran.outcomes), (4, {}), "first run")
    equal(scenario.phases(), {"a": "patching"}, "phase")
    ran = scenario.play()
    equal(ran.ended("recovered"), ["a"], "second run")
    equal((scenario.versions(), scenario.snapshots()), ({"a": "1"}, {}), "state")


def wrong_input(scenario: Scenario) -> None:
    """Each of these is one clear sentence, and nothing happens."""
    scenario.machines(a="")
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"patch_guard_patch_tasks": "missing.yml"}, "must name files of"),
        ({"verify_checks": {"service": ["x"]}}, "service"),
        ({"patch_guard_groups": [{"name": "x", "tiers": ["nowhere"]}]}, "neither a host nor a group"),
        ({"patch_guard_max_reverts": "many"}, "neither a count"),
        ({"patch_guard_max_revert_age": "soon"}, "is not a duration"),
        ({"patch_guard_consistency": "perfect"}, "value of patch_guard_consistency must be one of"),
        ({"patch_guard_ignore_refusals": ["disk_added"]}, "patch_guard_ignore_refusals must be one or more of"),
        ({"patch_guard_set": ""}, "patch_guard_set must not be empty"),
    ]
    for variables, said in wrong:
        ran = scenario.play(**variables)
        equal(ran.rc, 2, f"rc with {variables}")
        contains(ran.output, said)
    equal((scenario.versions(), scenario.snapshots()), ({"a": "1"}, {}), "touched")


SCENARIOS: list[Callable[[Scenario], None]] = [
    every_trouble,
    all_pass,
    too_many,
    batches,
    wrong_input,
    vcenter_refuses,
    shared_task,
    lost_first,
    strategies,
    nobody_left,
    no_vcenter,
    check_mode,
    old_set,
]


if __name__ == "__main__":
    sys.exit(main(SCENARIOS, *sys.argv[1:], vcenters=2))
