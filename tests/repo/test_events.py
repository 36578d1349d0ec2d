"""The event source is documented as it is, and the rulebook is one that uses it."""

from __future__ import annotations

import importlib
import runpy
from pathlib import Path
from typing import Any

import pytest
import yaml
from layout import COLLECTION, ROOT, load
from test_modules import compare

SOURCE = ROOT / "extensions" / "eda" / "plugins" / "event_source" / "snapshot_thresholds.py"
RULEBOOK = "extensions/eda/rulebooks/retention.yml"


@pytest.fixture
def source(collections_path: Path) -> dict[str, Any]:
    """The file, run by its path as ansible-rulebook does."""
    return runpy.run_path(str(SOURCE))


def documented(source: dict[str, Any]) -> dict[str, Any]:
    page = yaml.safe_load(source["DOCUMENTATION"])
    options: dict[str, Any] = dict(page["options"])
    for name in page["extends_documentation_fragment"]:
        path = f"ansible_collections.{COLLECTION}.plugins.doc_fragments.{name.rpartition('.')[2]}"
        fragment = importlib.import_module(path).ModuleDocFragment
        options.update(yaml.safe_load(fragment.DOCUMENTATION)["options"])
    del options["unresolved"]  # Whoever only looks has nothing to stop.
    return options


def test_documentation_is_the_spec(source: dict[str, Any]) -> None:
    reading = importlib.import_module(f"ansible_collections.{COLLECTION}.plugins.module_utils._reading")
    compare("snapshot_thresholds", documented(source), {**reading.reading_spec(), **source["source_spec"]()})


def test_the_rulebook_uses_options_that_exist(source: dict[str, Any]) -> None:
    [ruleset] = load(RULEBOOK)
    [entry] = ruleset["sources"]
    assert set(entry[f"{COLLECTION}.snapshot_thresholds"]) <= set(documented(source))
    played = [rule["action"]["run_playbook"] for rule in ruleset["rules"] if "run_playbook" in rule["action"]]
    assert played
    for action in played:
        playbook, options = action["name"].rpartition(".")[2], load("roles/retention/meta/argument_specs.yml")
        assert (ROOT / "playbooks" / f"{playbook}.yml").is_file()
        assert set(action["extra_vars"]) <= set(options["argument_specs"]["main"]["options"])


def test_the_queries_name_modules() -> None:
    for name, entry in load("extensions/audit/event_query.yml").items():
        assert (ROOT / "plugins" / "modules" / f"{name.removeprefix(COLLECTION + '.')}.py").is_file()
        assert set(entry) == {"query"}
