"""Nothing that the library asks of vSphere is newer than the oldest API version that the collection supports.

pyVmomi leaves out in silence what the negotiated version does not have, so a newer parameter would be as if not given.
This reads the library's sources: each method that is called or named in a string, its parameters, each property path,
and each data object with its properties. What can't be told apart is checked for every type that it may belong to.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from layout import ROOT
from pyVmomi import vim, vmodl
from pyVmomi.VmomiSupport import IsChildVersion

OLDEST = "vim.version.version12"  # 6.7
SOURCES = sorted((ROOT / "plugins" / "module_utils").glob("*.py"))
# The managed types that the library talks to.
MANAGED = (
    vim.AuthorizationManager,
    vim.CustomFieldsManager,
    vim.Datacenter,
    vim.Datastore,
    vim.Folder,
    vim.ServiceInstance,
    vim.SearchIndex,
    vim.SessionManager,
    vim.Task,
    vim.TaskManager,
    vim.VirtualApp,
    vim.VirtualMachine,
    vim.option.OptionManager,
    vim.view.ContainerView,
    vim.view.ViewManager,
    vim.vm.Snapshot,
    vmodl.query.PropertyCollector,
    vim.TaskHistoryCollector,
)
# And the data objects that it makes.
DATA = (
    vim.TaskFilterSpec,
    vim.TaskFilterSpec.ByEntity,
    vim.TaskFilterSpec.ByTime,
    vim.vm.GuestQuiesceSpec,
    vmodl.query.PropertyCollector.FilterSpec,
    vmodl.query.PropertyCollector.ObjectSpec,
    vmodl.query.PropertyCollector.PropertySpec,
    vmodl.query.PropertyCollector.RetrieveOptions,
    vmodl.query.PropertyCollector.SelectionSpec,
    vmodl.query.PropertyCollector.TraversalSpec,
    vmodl.query.PropertyCollector.WaitOptions,
)


def methods() -> dict[str, list[Any]]:
    """By the names that Python code and pyVmomi know them by."""
    found: dict[str, list[Any]] = {}
    for kind in MANAGED:
        for info in kind._GetMethodList():
            for name in dict.fromkeys((info.name, info.wsdlName)):
                found.setdefault(name[0].upper() + name[1:], []).append(info)
    return found


METHODS = methods()
OBJECTS = {kind.__name__.rpartition(".")[2]: kind for kind in DATA}
PATH = re.compile(r"[a-z]\w*(\.[a-z]\w*)*")


def properties(kind: Any) -> dict[str, Any]:
    return {info.name: info for info in kind._GetPropertyList()}


def walk(kind: Any, path: str) -> list[Any]:
    """The properties that a path goes through; empty if it is none of that type."""
    found = []
    for name in path.split("."):
        known = properties(kind) if hasattr(kind, "_GetPropertyList") else {}
        if name not in known:
            return []
        found.append(known[name])
        kind = known[name].type
    return found


def uses(path: Path) -> Iterator[tuple[str, Any]]:
    """What the file uses of vSphere's API, each with a name for people."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield from of_call(node, node.func.attr)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from of_text(node.value)


def of_call(node: ast.Call, name: str) -> Iterator[tuple[str, Any]]:
    receiver = getattr(node.func, "value", None)
    if getattr(receiver, "attr", getattr(receiver, "id", "")) == "stub":
        return  # a connection of pyVmomi's, one of whose methods is also the name of a VM's
    given = {keyword.arg for keyword in node.keywords}
    if name in METHODS:
        for info in METHODS[name]:
            yield name, info
            for position, parameter in enumerate(info.params):
                if position < len(node.args) or parameter.name in given:
                    yield f"{name}({parameter.name})", parameter
    elif name in OBJECTS:
        for option in given:
            yield f"{name}.{option}", properties(OBJECTS[name])[option or ""]


def of_text(text: str) -> Iterator[tuple[str, Any]]:
    if text in METHODS:  # for _wire.Form and call, with all that it takes
        for info in METHODS[text]:
            yield text, info
            for parameter in info.params:
                yield f"{text}({parameter.name})", parameter
    elif PATH.fullmatch(text):
        for kind in MANAGED:
            for info in walk(kind, text):
                yield f"{kind.__name__} {text}", info


def newer(path: Path) -> list[str]:
    return sorted({f"{name}: {info.version}" for name, info in uses(path) if not IsChildVersion(OLDEST, info.version)})


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_nothing_is_newer_than_the_oldest_api(path: Path) -> None:
    assert newer(path) == []


def test_what_is_used_is_seen() -> None:
    """The reading of sources sees each way in which the library names a thing."""
    seen = {name for path in SOURCES for name, ignored in uses(path)}
    assert {
        "CreateSnapshot",
        "CreateSnapshotEx_Task(quiesceSpec)",
        "FindAllByUuid(instanceUuid)",
        "GuestQuiesceSpec.timeout",
        "HasPrivilegeOnEntities",
        "RemoveAllSnapshots_Task(consolidate)",
        "RetrievePropertiesEx(options)",
        "vim.VirtualMachine layoutEx.snapshot",
        "vim.Datastore summary.freeSpace",
    } <= seen
    assert "RemoveAllSnapshots_Task(spec)" not in seen


@pytest.mark.parametrize(
    "source",
    [
        "vm.RemoveAllSnapshots_Task(consolidate=True, spec=None)\n",
        "vm.RemoveAllSnapshots_Task(True, None)\n",
        "Form(vm, 'RemoveAllSnapshots')\n",
        "PATHS = ('capability.sevSupported', 'config.numaInfo')\n",
    ],
)
def test_what_is_newer_is_found(source: str, tmp_path: Path) -> None:
    path = tmp_path / "source.py"
    path.write_text(source)
    assert newer(path)
