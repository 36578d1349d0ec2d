"""One module call by ansible-playbook, with its result and all that was said."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from harness import Scenario


@dataclass
class Called:
    """What came of it."""

    result: dict[str, Any]
    output: str


def play_of(scenario: Scenario, name: str, module: str, options: dict[str, Any]) -> dict[str, Any]:
    """Keywords of a play that calls the module; the options come from a file, so that nothing in them is a template."""
    given = scenario.scratch / f"{name}.options.json"
    given.write_text(json.dumps(options))
    got = scenario.scratch / f"{name}.result.json"
    got.unlink(missing_ok=True)
    wanted = f"{{{{ lookup('ansible.builtin.file', '{given}') | from_json }}}}"
    return {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "tasks": [
            {f"savepoint.vsphere.{module}": wanted, "register": "got", "ignore_errors": True},
            {"set_fact": {"handed_on": "{{ got.results | default([]) }}", "said": "{{ got.msg }}"}},
            {"debug": {"var": "handed_on"}},
            {"debug": {"msg": "it said: {{ said }} {{ handed_on }}"}},
            {"copy": {"content": "{{ got | to_json }}", "dest": str(got)}},
        ],
    }


def call(
    scenario: Scenario, module: str, options: dict[str, Any], *words: str, name: str = "call", **more: Any
) -> Called:
    """Run it to its end."""
    ran = scenario.play(*words, keywords=play_of(scenario, name, module, options), **more)
    got = scenario.scratch / f"{name}.result.json"
    assert got.is_file(), f"no result:\n{ran.output[-3000:]}"
    return Called(json.loads(got.read_text()), ran.output)


def call_all(
    scenario: Scenario, calls: dict[str, tuple[str, dict[str, Any]]], *words: str, **more: Any
) -> tuple[dict[str, dict[str, Any]], str]:
    """Calls one after the other in one play; each is a module and its options. Gives their results and the output."""
    given = scenario.scratch / "all.options.json"
    given.write_text(json.dumps({name: options for name, (_module, options) in calls.items()}))
    got = scenario.scratch / "all.result.json"
    every = f"lookup('ansible.builtin.file', '{given}') | from_json"
    names = {name: f"got_{number}" for number, name in enumerate(calls)}
    tasks: list[dict[str, Any]] = []
    for name, (module, _options) in calls.items():
        wanted = f"{{{{ ({every})['{name}'] }}}}"
        tasks.append({f"savepoint.vsphere.{module}": wanted, "register": names[name], "ignore_errors": True})
        tasks.append({"set_fact": {"handed_on": f"{{{{ {names[name]}.results | default([]) }}}}"}})
        tasks.append({"debug": {"msg": f"it said: {{{{ {names[name]}.msg }}}} {{{{ handed_on }}}}"}})
    everything = ", ".join(f"'{name}': {variable}" for name, variable in names.items())
    tasks.append({"copy": {"content": f"{{{{ {{{everything}}} | to_json }}}}", "dest": str(got)}})
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}
    ran = scenario.play(*words, keywords=play, **more)
    assert got.is_file(), f"no results:\n{ran.output[-3000:]}"
    found: dict[str, dict[str, Any]] = json.loads(got.read_text())
    return found, ran.output


def fine(result: dict[str, Any]) -> dict[str, Any]:
    assert not result.get("failed"), result["msg"]
    return result
