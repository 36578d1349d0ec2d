"""Text from vCenter on its way through the roles' reports, and on to the next node of a workflow."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness import Scenario, contains, equal

FOUND = ("pre_patch_result", "rollback_outcomes", "commit_outcomes", "patch_guard_outcomes")
STATS = ("pre_patch_outcome", "rollback_outcomes", "commit_outcomes", "patch_guard_outcome", "retention_outcome")
PRODUCT = "8641969"  # 1234567 * 7, which is written nowhere else


def reports(scenario: Scenario) -> None:
    """What names, faults and attributes say is told as it is, never evaluated, and handed on as no template."""
    told(scenario, through_roles)


def reports_oldest(scenario: Scenario) -> None:
    """The same with the oldest ansible-core, which trusts more, through patch_guard, which runs the others."""
    scenario.ansible = scenario.stage.config["oldest_ansible"]
    if not scenario.ansible:
        print("NOT RUN: no Python is here that ansible-core 2.16 runs on", flush=True)
        return
    told(scenario, through_patch_guard)


class Texts:
    """Each a template that would make a file and show a product, and markup."""

    def __init__(self, scenario: Scenario) -> None:
        self.flag = scenario.scratch / "executed"
        self.given: list[str] = []

    def __call__(self, word: str) -> str:
        text = f"{word} {{{{ lookup('pipe', 'touch {self.flag}') }}}}{{{{ 1234567 * 7 }}}}{{% set x = 1 %}}<script>&*_|"
        self.given.append(text)
        return text

    def starting(self, word: str) -> str:
        """The one that begins so."""
        return next(one for one in self.given if one.startswith(word))


def told(scenario: Scenario, through: Callable[[Scenario, Texts], dict[str, Any]]) -> None:
    texts = Texts(scenario)
    moids = machines(scenario, texts)
    try:
        handed = through(scenario, texts)
    finally:
        for short, moid in moids.items():
            scenario.stage.sites[0].request("PATCH", f"/v1/vms/{moid}", {"name": scenario.prefix + short})
    assert not texts.flag.exists(), "a text was executed"
    hand_on(scenario, texts, handed)
    for path in scenario.scratch.glob("output-*"):
        assert PRODUCT not in path.read_text(), f"{path}: a template was evaluated"


def machines(scenario: Scenario, texts: Texts) -> dict[str, str]:
    """Machines whose names are such texts; gives their IDs, by which the inventory knows them."""
    site = scenario.stage.sites[0]
    moids = {}
    for short in ("full", "stuck", "back", "fine", "never"):
        scenario.machine(short)
        moid = scenario.vm(short)["moid"]
        scenario.hosts[scenario.prefix + short] |= {"moid": moid, "savepoint_guest_vm": moid}
        moids[short] = moid
        site.request("PATCH", f"/v1/vms/{moid}", {"name": scenario.prefix + texts(f"{short}-name")})
    attribute = {"attribute": "savepoint.no_revert", "value": texts("quorum"), "vm": moids["never"]}
    site.request("PUT", "/v1/attributes", attribute)
    foreign = {"name": texts("somebody's"), "description": texts("theirs"), "age": "9d"}
    site.request("POST", f"/v1/vms/{moids['back']}/snapshots", foreign)
    return moids


def strike(scenario: Scenario, short: str, method: str, message: str) -> None:
    fault = {"method": method, "action": "task_fail", "fault": "SystemError", "message": message}
    moid = scenario.hosts[scenario.prefix + short]["moid"]
    scenario.stage.sites[0].request("POST", "/v1/faults", {**fault, "vm": moid})


def role(name: str, **variables: Any) -> dict[str, Any]:
    """The role, after which the play goes on whatever comes of it."""
    run = {"ansible.builtin.include_role": {"name": f"savepoint.vsphere.{name}"}, "vars": variables}
    return {"block": [run], "rescue": [{"ansible.builtin.debug": {"msg": "{{ ansible_failed_result.msg }}"}}]}


def written(path: Path) -> list[dict[str, Any]]:
    """Tasks that hand the facts around as playbooks do, and write them down."""
    facts = ", ".join(f"'{name}': {name} | default(none)" for name in FOUND)
    return [
        {"ansible.builtin.set_fact": {"kept": f"{{{{ {{{facts}}} }}}}"}},
        {"ansible.builtin.debug": {"msg": "it said: {{ kept }}"}},
        {
            "ansible.builtin.copy": {"content": "{{ kept | to_json }}", "dest": f"{path}-{{{{ inventory_hostname }}}}"},
            "delegate_to": "localhost",
            "vars": {"ansible_connection": "local"},
        },
    ]


def read(scenario: Scenario, path: Path, short: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(f"{path}-{scenario.prefix}{short}").read_text())
    return found


def through_patch_guard(scenario: Scenario, texts: Texts) -> dict[str, Any]:
    """Not ready, no snapshot, rolled back, NOT rolled back, committed and not: each with a text."""
    strike(scenario, "full", "CreateSnapshot_Task", texts("no room"))
    strike(scenario, "stuck", "RevertToSnapshot_Task", texts("no revert"))
    strike(scenario, "fine", "RemoveSnapshot_Task", texts("no removal"))
    patch = scenario.scratch / "patch.yml"
    wrong = "inventory_hostname is search('stuck|back')"
    patch.write_text(json.dumps([{"ansible.builtin.fail": {"msg": "no such package"}, "when": wrong}]))
    facts, evidence = scenario.scratch / "guard", scenario.scratch / "evidence"
    variables = {
        "patch_guard_set": scenario.set,
        "patch_guard_patch_tasks": str(patch),
        "patch_guard_max_reverts": "100%",
        "patch_guard_evidence_dir": str(evidence),
        "patch_guard_ignore_blockers": ["too_many_snapshots"],
        "patch_guard_guest_timeout": "10s",
        "patch_guard_connect_timeout": 3,
        "patch_guard_reconnect_timeout": 10,
    }
    play = {"hosts": "all", "gather_facts": False, "tasks": [role("patch_guard", **variables), *written(facts)]}
    ran = scenario.play(keywords=play)
    found = {short: read(scenario, facts, short) for short in scenario.shorts}
    outcomes = {short: found["fine"]["patch_guard_outcomes"][scenario.prefix + short] for short in scenario.shorts}
    words = {short: one["outcome"] for short, one in outcomes.items()}
    wanted = {"full": "untouched", "stuck": "failed", "back": "recovered", "fine": "failed", "never": "untouched"}
    equal(words, wanted, f"outcomes: {ran.output[-3000:]}")
    for short, word in {"full": "no room", "stuck": "no revert", "fine": "no removal", "never": "quorum"}.items():
        text = texts.starting(word)
        contains(outcomes[short]["reason"], text)
        contains(ran.output, json.dumps(text, ensure_ascii=False)[1:-1])
    for short, one in outcomes.items():
        equal(one["vm"]["name"], scenario.prefix + texts.starting(f"{short}-name "), "name")
    assert list(evidence.rglob("*.txt")), "no evidence was written"
    return ran.stats


def through_roles(scenario: Scenario, texts: Texts) -> dict[str, Any]:
    """Each role alone; the last one removes somebody's snapshot, by a plan in a file."""
    strike(scenario, "full", "CreateSnapshot_Task", texts("none left"))
    strike(scenario, "stuck", "RevertToSnapshot_Task", texts("stays"))
    strike(scenario, "fine", "RemoveSnapshot_Task", texts("kept"))
    facts = scenario.scratch / "roles"
    given = f"{scenario.set}-2"
    ready = {"pre_patch_set": given, "pre_patch_set_stats": True, "pre_patch_ignore_blockers": ["too_many_snapshots"]}
    ready["pre_patch_connect_timeout"] = 3
    back = {"rollback_set": given, "rollback_max_reverts": "100%", "rollback_set_stats": True}
    back |= {"rollback_hosts": [scenario.prefix + "stuck"], "rollback_evidence": False, "rollback_guest_timeout": "10s"}
    back["rollback_verify_timeout"] = 10
    done = {"commit_set": given, "commit_hosts": [scenario.prefix + "fine"], "commit_set_stats": True}
    tasks = [role("pre_patch", **ready), role("rollback", **back), role("commit", **done), *written(facts)]
    path = scenario.scratch / "roles.yml"
    plan = scenario.scratch / "plan.json"
    last = {"hosts": "localhost", "connection": "local", "gather_facts": False}
    prune = {"retention_scope": {"folder": f"tests/{scenario.set}"}, "retention_approve_removals": "100%"}
    theirs = {"include_foreign": True, "filters": {"name_pattern": "somebody*"}}
    rule = {"max_age": "1d", "allow_none": True, **theirs}
    prune |= {"retention_policy": rule, "retention_plan_file": str(plan)}
    tasks_last = [role("retention", retention_mode=mode, **prune) for mode in ("plan", "apply")]
    plays = [{"hosts": "all:!*back", "gather_facts": False, "tasks": tasks}, {**last, "tasks": tasks_last}]
    path.write_text(json.dumps(plays))
    ran = scenario.play(playbook=str(path))
    found = {short: read(scenario, facts, short) for short in ("full", "stuck", "fine", "never")}
    for short, key, word in (
        ("full", "pre_patch_result", "none left"),
        ("never", "pre_patch_result", "quorum"),
        ("stuck", "rollback_outcomes", "stays"),
        ("fine", "commit_outcomes", "kept"),
    ):
        text = texts.starting(word)
        told_of = found[short][key]
        contains(str((told_of.get(scenario.prefix + short) or told_of)["reason"]), text)
        contains(ran.output, json.dumps(text, ensure_ascii=False)[1:-1])
    equal(ran.stats["retention_outcome"]["localhost"]["removed"], 1, "removed by the plan in the file")
    return ran.stats


def hand_on(scenario: Scenario, texts: Texts, stats: dict[str, Any]) -> None:
    """As AWX does it: what set_stats keeps comes to the next job as extra variables, which Ansible evaluates."""
    handed = {name: stats[name] for name in stats if name.startswith(STATS)}
    assert handed, f"nothing is handed on: {stats}"
    contains(json.dumps(handed), "1234567 * 7")
    got = scenario.scratch / "handed"
    names = ", ".join(f"'{name}': {name}" for name in handed)
    tasks = [
        {"ansible.builtin.debug": {"msg": f"{{{{ {{{names}}} }}}}"}},
        {"ansible.builtin.copy": {"content": f"{{{{ {{{names}}} | to_json }}}}", "dest": str(got)}},
    ]
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}
    ran = scenario.play(keywords=play, **handed)
    equal(ran.rc, 0, f"the next job: {ran.output[-2000:]}")
    equal(json.loads(got.read_text()), handed, "what the next job has")
    assert not texts.flag.exists(), "the next job executed a text"
