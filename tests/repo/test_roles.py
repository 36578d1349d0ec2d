"""Every role is tested, and its documented defaults are its real ones."""

from __future__ import annotations

from typing import Any

import pytest
from layout import ROLES, has_target, load


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
