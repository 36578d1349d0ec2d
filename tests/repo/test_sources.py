"""The shape of the sources: nothing ignored, nothing huge, and each layer keeps to its own."""

from __future__ import annotations

import ast
import sys

import pytest
from layout import PLUGIN_FILES, ROOT, load

CORES = ("2.16", "2.17", "2.18", "2.19", "2.20", "2.21", "2.22")
LONGEST = 400
DOCUMENTATION = {"DOCUMENTATION", "EXAMPLES", "RETURN"}

# The planning half of the library: no I/O, no pyVmomi, no Ansible, no clock.
PURE = {"_errors", "_kinds", "_marker", "_model", "_names", "_plan", "_plan_prune", "_plan_revert", "_plan_snapshot"}
PURE |= {"_policy", "_protection", "_readiness", "_selection", "_sizes", "_time", "_tree"}
PURE |= {"_identity", "_readiness_fleet", "_schedule", "_share", "_slots", "_space", "_window"}
PURE |= {"_bytes", "_judge", "_keep", "_limits", "_planfile", "_quota", "_safeguards", "_plan_consolidate", "_verdict"}
PURE |= {"_concurrency", "_drawing", "_literal", "_table", "_thresholds"}
PURE |= {"_patience", "_recovery", "_places", "_scope", "_wording"}
IMPURE = {"http", "io", "logging", "os", "pathlib", "random", "requests", "socket", "ssl", "subprocess", "threading"}
IMPURE |= {"time", "urllib", "uuid", "secrets"}
LIBRARY = "ansible_collections.savepoint.vsphere.plugins.module_utils."


@pytest.mark.parametrize("core", CORES)
def test_no_sanity_test_is_ignored(core: str) -> None:
    assert (ROOT / "tests" / "sanity" / f"ignore-{core}.txt").read_bytes() == b""


def test_nothing_else_is_in_the_sanity_folder() -> None:
    files = {path.name for path in (ROOT / "tests" / "sanity").iterdir()}
    assert files == {f"ignore-{core}.txt" for core in CORES}


@pytest.mark.parametrize("path", PLUGIN_FILES)
def test_files_stay_readable(path: str) -> None:
    source = (ROOT / path).read_text()
    lines = source.count("\n")
    for node in ast.parse(source).body:
        names = {target.id for target in getattr(node, "targets", []) if isinstance(target, ast.Name)}
        if isinstance(node, ast.Assign) and names & DOCUMENTATION:
            lines -= (node.end_lineno or node.lineno) - node.lineno + 1
    assert lines <= LONGEST, f"{lines} lines besides documentation; split it at a seam"


def imports(path: str) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


@pytest.mark.parametrize("name", sorted(PURE))
def test_planning_is_pure(name: str) -> None:
    path = f"plugins/module_utils/{name}.py"
    if path not in PLUGIN_FILES:
        return
    for imported in imports(path):
        if imported.startswith(LIBRARY):
            assert imported.removeprefix(LIBRARY) in PURE, f"{name} imports {imported}, which is not pure"
        else:
            top = imported.split(".", maxsplit=1)[0]
            assert top in sys.stdlib_module_names, f"{name} imports {imported}"
            assert top not in IMPURE or imported == "urllib.parse", f"{name} imports {imported}"


@pytest.mark.parametrize("path", [path for path in PLUGIN_FILES if "module_utils" not in path])
def test_modules_leave_vsphere_to_the_library(path: str) -> None:
    assert not {name for name in imports(path) if name.split(".")[0] in ("pyVmomi", "pyVim")}


def test_galaxy_names_agree() -> None:
    galaxy = load("galaxy.yml")
    assert (galaxy["namespace"], galaxy["name"]) == ("savepoint", "vsphere")
    assert galaxy["license"] == ["GPL-3.0-or-later"]


def test_the_launcher_has_ansible_pack_all_that_the_modules_use_of_it() -> None:
    used = {
        name
        for path in PLUGIN_FILES
        if path.startswith(("plugins/modules/", "plugins/module_utils/"))
        for name in imports(path)
        if name.startswith("ansible.module_utils")
    }
    assert "ansible.module_utils.basic" in used
    launcher = "plugins/plugin_utils/launch/savepoint_launch.py"
    packed = set()
    for node in ast.walk(ast.parse((ROOT / launcher).read_text())):
        if isinstance(node, ast.ImportFrom):
            packed |= {f"{node.module}.{alias.name}" for alias in node.names}
    assert used <= packed, f"import {', '.join(sorted(used - packed))} in {launcher} as well"
