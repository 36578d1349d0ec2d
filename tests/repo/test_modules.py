"""Every module is tested, listed, and documented as it is."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from ansible.playbook.block import Block
from ansible.playbook.play import Play
from ansible.playbook.task import Task
from layout import COLLECTION, MODULES, has_target, load

KEYWORDS = {*Task.fattributes, *Block.fattributes, "block", "rescue", "always", "action", "local_action"}
ALLOWED = (f"{COLLECTION}.", "ansible.builtin.")
# What AnsibleModule takes an option for, and so the documentation must say.
FACETS = {"type": "str", "required": False, "default": None, "choices": None, "elements": None, "aliases": []}


# These never speak to vCenter, so its connection options would be wrong for them.
CONTROLLER_ONLY = {"batch_info", "batch_wait"}


def test_there_are_modules() -> None:
    assert MODULES


@pytest.mark.parametrize("name", MODULES)
def test_has_an_integration_target(name: str) -> None:
    assert has_target(name), f"tests/integration/targets/{name} is missing or does nothing"


def test_action_group_lists_exactly_the_modules() -> None:
    listed = load("meta/runtime.yml")["action_groups"]["vsphere"]
    assert sorted(listed) == [name for name in MODULES if name not in CONTROLLER_ONLY]
    assert len(set(listed)) == len(listed)


class CapturedError(Exception):
    """Carries what a module hands to AnsibleModule."""


def argument_spec(name: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    module = importlib.import_module(f"ansible_collections.savepoint.vsphere.plugins.modules.{name}")

    def capture(*words: Any, **options: Any) -> None:
        raise CapturedError(options["argument_spec"])

    monkeypatch.setattr(module, "AnsibleModule", capture)
    with pytest.raises(CapturedError) as captured:
        module.main()
    spec: dict[str, Any] = captured.value.args[0]
    return spec


def facets(option: dict[str, Any]) -> dict[str, Any]:
    found = {facet: option.get(facet, default) for facet, default in FACETS.items()}
    found["aliases"] = sorted(found["aliases"] or [])
    if found["type"] == "bool" and found["default"] is not None:
        found["default"] = bool(found["default"])
    return found


def compare(where: str, documented: dict[str, Any], specified: dict[str, Any]) -> None:
    assert set(documented) == set(specified), where
    for name, option in specified.items():
        told = documented[name]
        assert facets(told) == facets(option), f"{where}: {name}"
        compare(f"{where}: {name}", told.get("suboptions") or {}, option.get("options") or {})


@pytest.mark.parametrize("name", MODULES)
def test_documentation_is_the_argument_spec(
    name: str, documentation: dict[str, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    compare(name, documentation[name]["doc"]["options"], argument_spec(name, monkeypatch))


def hidden(where: str, spec: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """What no_log says of each option, at any depth."""
    for name, option in spec.items():
        yield f"{where}{name}", option.get("no_log")
        yield from hidden(f"{where}{name}.", option.get("options") or {})


@pytest.mark.parametrize("name", MODULES)
def test_the_password_is_hidden_and_nothing_else(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = {option for option, said in hidden("", argument_spec(name, monkeypatch)) if said}
    assert secret == (set() if name in CONTROLLER_ONLY else {"password"})


def tasks_of(entries: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Every task in a list of tasks or plays, also inside blocks."""
    for entry in entries:
        if "hosts" in entry:
            assert set(entry) <= {*Play.fattributes, "hosts"}, entry
            for section in ("pre_tasks", "tasks", "post_tasks", "handlers"):
                yield from tasks_of(entry.get(section, []))
        elif "block" in entry:
            for section in ("block", "rescue", "always"):
                yield from tasks_of(entry.get(section, []))
        elif not {"ansible.builtin.import_playbook", "import_playbook"} & set(entry):
            yield entry


def call_of(task: dict[str, Any]) -> tuple[str, Any]:
    """The action of a task and its arguments."""
    actions = [key for key in task if key not in KEYWORDS and not key.startswith("with_")]
    assert len(actions) == 1, f"one action a task, in {task.get('name', task)}: {actions}"
    return actions[0], task[actions[0]]


@pytest.mark.parametrize("name", MODULES)
def test_examples_are_tasks_that_name_things_in_full(name: str, documentation: dict[str, dict[str, Any]]) -> None:
    calls = [call_of(task) for task in tasks_of(yaml.safe_load(documentation[name]["examples"]))]
    for action, arguments in calls:
        assert action.startswith(ALLOWED), f"{action}: only {' and '.join(ALLOWED)} in examples"
        own = action.removeprefix(f"{COLLECTION}.")
        if own in documentation:
            options = documentation[own]["doc"]["options"]
            known = {*options, *(alias for option in options.values() for alias in option.get("aliases", []))}
            assert set(arguments or {}) <= known, f"unknown options of {own}: {set(arguments) - known}"
    assert any(action == f"{COLLECTION}.{name}" for action, ignored in calls), "no example uses the module itself"
