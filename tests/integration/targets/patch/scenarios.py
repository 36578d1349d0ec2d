"""Runs role patch on guests of the simulated vCenter, with the real apt and dnf where they can be had.

python scenarios.py INTEGRATION_CONFIG [NAME]: all scenarios, or those whose name begins with NAME.
"""

from __future__ import annotations

import sys
from typing import Any

import guests
import managers
from guests import Scenario, contains, equal, role

BOOT = {"boot_time_command": "cat ~/.guest/boot_id", "reboot_command": "/bin/sh -c guest-reboot", "connect_timeout": 1}
PYTHON = managers.SYSTEM_PYTHON
OPTIONS: dict[str, Any] = {"patch_reboot_options": BOOT, "patch_reboot_timeout": 5, "patch_fail": False}
RESTART = {
    "name": "Restart the app",
    "ansible.builtin.copy": {"content": "restarted\n", "dest": "restarted", "mode": "0644"},
}


def write(path: str, content: str, **more: Any) -> dict[str, Any]:
    return {"name": f"Write {path}", "ansible.builtin.copy": {"content": content, "dest": path, "mode": "0644"}, **more}


def own_tasks(scenario: Scenario) -> None:
    """The caller's tasks and handlers, and each way to fail; under each strategy, with any_errors_fatal or not."""
    scenario.machines("good", "bad", "secret", "boots", "gone")
    scenario.change("gone", boot="never")
    for short in scenario.hosts:
        text = "echo one; printf '{{ 6 * 7 }}\\nother: patched\\n' >&2; exit 3"
        scenario.program(short.removeprefix(scenario.prefix), "update", text)
    tasks = [
        {"name": "Include one beside this", "ansible.builtin.include_tasks": "begin.yml"},
        write("version", "2\n", notify="Restart the app", when="short == 'good'"),
        {"name": "Update", "ansible.builtin.command": "update", "when": "short == 'bad'", "changed_when": False},
        {"name": "Log in", "ansible.builtin.command": "cat hunter2", "when": "short == 'secret'", "no_log": True},
        {
            "name": "Reboot",
            "ansible.builtin.reboot": {**BOOT, "reboot_timeout": 4},
            "when": "short in ['boots', 'gone']",
        },
    ]
    scenario.file("begin.yml", [{"name": "Mine", "ansible.builtin.debug": {"msg": "the caller's begin.yml"}}])
    path = scenario.file("update.yml", tasks)
    for keywords in ({"any_errors_fatal": True}, {"strategy": "free"}, {"strategy": "host_pinned"}):
        scenario.change("gone", power_state="poweredOff")
        scenario.change("gone", boot="0s")
        scenario.change("gone", power_state="poweredOn")
        scenario.change("gone", boot="never")
        for short in ("good", "bad"):
            for name in ("restarted", "version"):
                (scenario.disk(short) / name).unlink(missing_ok=True)
        see = {"name": "See the handler's work", "ansible.builtin.command": "cat restarted", "when": "short == 'good'"}
        ran = scenario.play(
            [role("patch"), see], patch_tasks=path, keywords={"handlers": [RESTART], **keywords}, **OPTIONS
        )
        equal(ran.rc, 0, f"rc with {keywords}")
        facts = {short: told["patch_result"] for short, told in ran.facts.items()}
        equal(sorted(short for short, told in facts.items() if told["passed"]), ["boots", "good"], "patched")
        equal(sorted(short for short, told in facts.items() if told["rebooted"]), ["boots"], "rebooted")
        equal({told["stage"] for told in facts.values()}, {"patch"}, "stage")
        contains(ran.output, "the caller's begin.yml", f"{scenario.prefix}good: patched")
        contains(facts["bad"]["reason"], "task 'Update': ", "other: patched")
        contains(facts["bad"]["evidence"], "task 'Update' failed", "{{ 6 * 7 }}", "stdout: one")
        contains(facts["secret"]["reason"], "has no_log")
        assert "hunter2" not in ran.output + str(facts["secret"])

    # By default such a host fails, and only such a one.
    ran = scenario.play([role("patch")], patch_tasks=path, keywords={"handlers": [RESTART]}, patch_reboot_options=BOOT)
    equal((ran.rc, sorted(ran.facts)), (2, ["boots", "good"]), "rc, and who goes on")


def with_apt(scenario: Scenario) -> None:
    """The built-in tasks for apt, with the real apt on packages of its own: report, hold, a kernel, and a failure."""
    manager = managers.apt()
    if isinstance(manager, str):
        print(f"not run: with_apt: {manager}", flush=True)
        return
    scenario.machines("all", "some", "held", "wrong", "check", ansible_python_interpreter=PYTHON)
    for short in ("all", "some", "held", "wrong", "check"):
        manager.install(scenario.disk(short), {"app": "1.0", "tool": "1.0", "linux-image-test": "6.1"})
        manager.offer(scenario.disk(short), {"app": "2.0", "tool": "1.5", "linux-image-test": "6.2"})
    options = {"patch_method": "{{ 'auto' if short == 'all' else 'apt' }}", **OPTIONS}
    options["patch_packages"] = "{{ ['app', 'other'] if short == 'some' else [] }}"
    options["patch_exclude"] = "{{ ['linux-image-*', 'to?l'] if short == 'held' else [] }}"
    options["patch_security_only"] = "{{ short == 'wrong' }}"
    play = {"environment": manager.environment}
    ran = scenario.play([role("patch")], "--check", "--limit", f"{scenario.prefix}check", keywords=play, **options)
    told = ran.facts["check"]["patch_result"]
    equal((ran.rc, told["passed"], told["updated"], told["rebooted"]), (0, True, [], False), "check mode")
    contains(ran.output, "check mode: it would be patched")
    for strategy in ("linear", "free"):
        ran = scenario.play([role("patch")], keywords={**play, "strategy": strategy}, **options)
        equal(ran.rc, 0, "rc")
        facts = {short: told["patch_result"] for short, told in ran.facts.items()}
        contains(facts["wrong"]["reason"], "patch_security_only needs dnf")
        if strategy == "linear":
            updated = {short: [one["name"] for one in told["updated"]] for short, told in facts.items()}
            every = ["app", "linux-image-test", "tool"]
            wanted = {"all": every, "some": ["app"], "held": ["app"], "wrong": [], "check": every}
            equal(updated, wanted, "updated")
            equal(facts["some"]["updated"], [{"name": "app", "from": "1.0", "to": "2.0"}], "report")
            rebooted = {short for short, told in facts.items() if told["rebooted"]}
            equal(rebooted, {"all", "check"}, "rebooted, since a kernel was updated")
            contains(ran.output, f"{scenario.prefix}some: patched; 1 package changed: app 1.0 -> 2.0")
        else:
            changed = {short for short, told in facts.items() if told["updated"] or told["rebooted"]}
            equal(changed, set(), "changed again")
    equal(manager.holds(scenario.disk("held")), "", "holds left")

    # A package that can't be unpacked, then a repository that isn't there.
    manager.offer(scenario.disk("all"), {"app": "3.0"}, broken=True)
    ran = scenario.play([role("patch")], "--limit", f"{scenario.prefix}all", keywords=play, **options)
    told = ran.facts["all"]["patch_result"]
    equal(told["passed"], False, "passed with a broken package")
    contains(told["reason"], "task 'Update all packages'")
    contains(told["evidence"], "app")


def with_dnf(scenario: Scenario) -> None:
    """The built-in tasks for dnf, with the real dnf on packages of its own: security updates, an exclude, all."""
    manager = managers.dnf(scenario.scratch)
    if isinstance(manager, str):
        print(f"not run: with_dnf: {manager}", flush=True)
        return
    scenario.machines("all", "some", "less", "secure", ansible_python_interpreter=str(manager.python))
    for short in ("all", "some", "less", "secure"):
        manager.install(scenario.disk(short), {"app": "1.0", "tool": "1.0"})
        manager.offer(scenario.disk(short), {"app": "2.0", "tool": "1.5", "other": "1.0"}, security="app")
    options = {"patch_method": "dnf", **OPTIONS}
    options["patch_packages"] = "{{ ['tool', 'other'] if short == 'some' else [] }}"
    options["patch_exclude"] = "{{ ['to*'] if short == 'less' else [] }}"
    options["patch_security_only"] = "{{ short == 'secure' }}"
    for short in ("all", "some"):
        scenario.program(short, "needs-restarting", "test $# = 1 && [ $1 = --help ] || exit 1")
    ran = scenario.play([role("patch")], keywords={"module_defaults": manager.defaults}, **options)
    facts = {short: told["patch_result"] for short, told in ran.facts.items()}
    equal((ran.rc, [short for short, told in facts.items() if not told["passed"]]), (0, []), "failed")
    updated = {short: [one["name"] for one in told["updated"]] for short, told in facts.items()}
    equal(updated, {"all": ["app", "tool"], "some": ["tool"], "less": ["app"], "secure": ["app"]}, "updated")
    equal(facts["secure"]["updated"], [{"name": "app", "from": "1.0-1", "to": "2.0-1"}], "report")
    equal({short for short, told in facts.items() if told["rebooted"]}, {"all", "some"}, "rebooted")


def reboots(scenario: Scenario) -> None:
    """Always and never; and one that does not come back is a failure with a result."""
    manager = managers.apt()
    if isinstance(manager, str):
        print(f"not run: reboots: {manager}", flush=True)
        return
    scenario.machines("always", "never", "stuck", ansible_python_interpreter=PYTHON)
    scenario.change("stuck", boot="never")
    for short in ("always", "never", "stuck"):
        manager.install(scenario.disk(short), {"app": "1.0"})
        manager.offer(scenario.disk(short), {"app": "2.0"})
    scenario.program("never", "needs-restarting", "test $# = 1 && [ $1 = --help ] || exit 1")
    how = "{{ 'never' if short == 'never' else 'always' }}"
    play = {"environment": manager.environment}
    ran = scenario.play([role("patch")], keywords=play, **OPTIONS, patch_reboot=how, patch_report=False)
    equal(ran.rc, 0, "rc")
    facts = {short: told["patch_result"] for short, told in ran.facts.items()}
    equal({short: (told["passed"], told["rebooted"]) for short, told in facts.items()},
          {"always": (True, True), "never": (True, False), "stuck": (False, False)}, "reboots")  # fmt: skip
    equal(facts["always"]["updated"], None, "no report")
    contains(facts["stuck"]["reason"], "task 'Reboot'")


def playbook(scenario: Scenario) -> None:
    """The collection's own playbook, whose statistics join those of all batches, also where a host can't be asked."""
    scenario.machines("a", "b", "mute")
    scenario.change("mute", boot="never")
    scenario.request("POST", f"/v1/guests/{scenario.prefix}mute/reboot")
    path = scenario.file("update.yml", [write("version", "{{ 2 if short == 'a' else '3 {{' }}\n")])
    failing = scenario.file("fail.yml", [{"name": "Say", "ansible.builtin.command": "cat '{{ oops }}'"}])
    ran = scenario.play("savepoint.vsphere.patch", patch_tasks=path, patch_serial=2)
    outcome = {host.removeprefix(scenario.prefix): told for host, told in ran.stats["patch_outcome"].items()}
    equal({host: told["passed"] for host, told in outcome.items()}, {"a": True, "b": True, "mute": False}, "outcome")
    equal((ran.rc, ran.recap(f"{scenario.prefix}mute", "unreachable")), (2, 0), "rc, and lost hosts")
    contains(outcome["mute"]["reason"], "the guest does not answer")
    ran = scenario.play(
        "savepoint.vsphere.patch", patch_tasks=failing, oops="{% raw %}{{ x }}{% endraw %}", patch_strategy="free"
    )
    contains(ran.stats["patch_outcome"][f"{scenario.prefix}a"]["reason"], "{ { x }}")


def wrong_input(scenario: Scenario) -> None:
    """Each of these is one clear sentence, and nothing is run."""
    scenario.machines("a")
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"patch_tasks": "missing.yml"}, "There is no missing.yml"),
        ({"patch_method": "yum"}, "value of patch_method must be one of"),
        ({"patch_reboot": "maybe"}, "value of patch_reboot must be one of"),
        ({"patch_reboot_options": {"command": "x"}}, "command"),
    ]
    for variables, said in wrong:
        ran = scenario.play([role("patch")], **variables)
        equal((ran.rc, ran.facts), (2, {}), f"with {variables}")
        contains(" ".join(ran.output.split()), said)
    facts = {"name": "Be another system", "ansible.builtin.set_fact": {"pkg_mgr": "zypper", "cacheable": True}}
    ran = scenario.play([facts, role("patch")], patch_fail=False)
    told = ran.facts["a"]["patch_result"]
    equal((told["passed"], told["updated"]), (False, []), "zypper")
    contains(told["reason"], "this host has zypper", "patch_tasks")


SCENARIOS = [own_tasks, with_apt, with_dnf, reboots, playbook, wrong_input]

if __name__ == "__main__":
    sys.exit(guests.main("patch", SCENARIOS, *sys.argv[1:]))
