"""Every role is tested, and its documented defaults are its real ones."""

from __future__ import annotations

import re
from typing import Any

import pytest
from layout import ROLES, ROOT, has_target, load


@pytest.mark.parametrize("name", ROLES)
def test_has_an_integration_target(name: str) -> None:
    assert has_target(name), f"tests/integration/targets/{name} is missing or does nothing"


def documented(name: str) -> dict[str, Any]:
    """Every option of every entry point."""
    options: dict[str, Any] = {}
    for entry in load(f"roles/{name}/meta/argument_specs.yml")["argument_specs"].values():
        options.update(entry.get("options") or {})
    return options


@pytest.mark.parametrize("name", ROLES)
def test_defaults_are_the_documented_ones(name: str) -> None:
    told = {option: spec["default"] for option, spec in documented(name).items() if "default" in spec}
    real = load(f"roles/{name}/defaults/main.yml") or {}
    assert real == told


@pytest.mark.parametrize("name", ROLES)
def test_options_carry_the_name_of_the_role(name: str) -> None:
    assert [option for option in documented(name) if not option.startswith(f"{name}_")] == []


@pytest.mark.parametrize("name", ROLES)
def test_every_option_is_described(name: str) -> None:
    assert [option for option, spec in documented(name).items() if not spec.get("description")] == []


def silent_tasks(entries: Any) -> list[str]:
    """The names of the tasks whose results are not shown, also inside blocks."""
    found: list[str] = []
    for task in entries or ():
        found += [task["name"]] if "no_log" in task else []
        for section in ("block", "rescue", "always"):
            found += silent_tasks(task.get(section))
    return found


@pytest.mark.parametrize("name", ROLES)
def test_the_password_is_hidden_and_nothing_else(name: str) -> None:
    connects = bool({f"{name}_connection", f"{name}_password"} & set(documented(name)))
    hidden = {option for option, spec in documented(name).items() if spec.get("no_log")}
    assert hidden == ({f"{name}_password"} & set(documented(name)))
    files = sorted((ROOT / "roles" / name).glob("tasks/**/*.yml"))
    tasks = [one for path in files for one in silent_tasks(load(str(path.relative_to(ROOT))))]
    assert tasks == (["Keep how to reach vCenter"] if connects else [])


def table(title: str) -> list[str]:
    """The codes in the first column of a table of the guide to readiness, by the title above it."""
    text = (ROOT / "docs/docsite/rst/guide_readiness.rst").read_text()
    rows = text.split(f"\n{title}\n{'-' * len(title)}\n")[1].split(".. list-table::")[1].split("\n\n\n")[0]
    return [
        code for row in re.findall(r"^   \* - (``.*)$", rows, re.MULTILINE) for code in re.findall(r"``(\w+)``", row)
    ]


@pytest.mark.parametrize("name", ["pre_patch", "patch_guard"])
def test_every_blocker_of_the_guide_can_be_demoted_and_nothing_else(name: str) -> None:
    assert documented(name)[f"{name}_ignore_blockers"]["choices"] == table("Blockers")


def test_the_guide_has_every_finding() -> None:
    known = {*table("Blockers"), *table("Warnings")}
    sources = [ROOT / f"plugins/module_utils/{name}.py" for name in ("_readiness", "_readiness_fleet", "_parties")]
    found = {code for path in sources for code in re.findall(r'Finding\(\s*"(\w+)"', path.read_text())}
    assert found and found <= known
