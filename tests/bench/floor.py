"""The floor: a fleet operation with bare pyVmomi in one process, as lean as it can be made by hand.

    floor.py WORK NAMES.json CONNECTIONS

One login, one bulk read, the operations themselves from as many threads as there are connections, and one shared wait
for all tasks. It reads what the answer needs and nothing else, checks nothing, and reports nothing for each VM.
Prints {"vms": N, "tasks": N, "snapshots": N}. The vCenter is that of the VMWARE_* variables.
"""

from __future__ import annotations

import json
import os
import ssl
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from pyVim.connect import SmartStubAdapter
from pyVmomi import vim, vmodl

PC = vmodl.query.PropertyCollector
PATHS = {
    "create": ["name"],
    "second create": ["name", "snapshot"],
    "revert": ["name", "snapshot"],
    "prune": ["name", "snapshot"],
    # Kind, power state and sizes are in our answer as well, so the floor has to read what they come from.
    "info": [
        "name",
        "config.instanceUuid",
        "runtime.powerState",
        "snapshot",
        "layoutEx.file",
        "layoutEx.disk",
        "layoutEx.snapshot",
    ],
}


def walk(name: str, kind: Any, path: str) -> Any:
    return PC.TraversalSpec(name=name, type=kind, path=path, skip=False)


def rows(content: Any, paths: list[str]) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Every VM with these properties, in one read."""
    view = content.viewManager.CreateContainerView(content.rootFolder, [vim.VirtualMachine], True)
    start = PC.ObjectSpec(obj=view, skip=True, selectSet=[walk("view", vim.view.ContainerView, "view")])
    wanted = PC.PropertySpec(type=vim.VirtualMachine, pathSet=paths)
    spec = PC.FilterSpec(objectSet=[start], propSet=[wanted])
    page = content.propertyCollector.RetrievePropertiesEx([spec], PC.RetrieveOptions())
    while page is not None:
        for found in page.objects:
            yield found.obj, {prop.name: prop.val for prop in found.propSet}
        page = content.propertyCollector.ContinueRetrievePropertiesEx(page.token) if page.token else None


def wait(content: Any, tasks: list[Any]) -> None:
    """One list view, one filter, one wait."""
    view = content.viewManager.CreateListView(tasks)
    collector = content.propertyCollector.CreatePropertyCollector()
    start = PC.ObjectSpec(obj=view, skip=True, selectSet=[walk("view", vim.view.ListView, "view")])
    wanted = PC.PropertySpec(type=vim.Task, pathSet=["info.state"])
    collector.CreateFilter(PC.FilterSpec(objectSet=[start], propSet=[wanted]), True)
    left, version = {task._moId for task in tasks}, ""
    while left:
        updates = collector.WaitForUpdatesEx(version, PC.WaitOptions(maxWaitSeconds=30))
        if updates is None:
            continue
        version = updates.version
        for update in (update for filtered in updates.filterSet for update in filtered.objectSet):
            for change in update.changeSet:
                if change.val == "success":
                    left.discard(update.obj._moId)
                elif change.val == "error":
                    raise SystemExit(f"floor: {update.obj._moId} failed")


def operation(work: str, vm: Any, row: dict[str, Any]) -> Callable[[], Any] | None:
    tree: Any = row.get("snapshot")
    if work == "create" or (work == "second create" and tree is None):
        return lambda: vm.CreateSnapshot_Task("bench", "", False, False)
    if work == "revert":
        revert: Callable[[], Any] = tree.rootSnapshotList[0].snapshot.RevertToSnapshot_Task
        return revert
    if work == "prune":
        return lambda: tree.rootSnapshotList[0].snapshot.RemoveSnapshot_Task(False)
    return None


def call(operation: Callable[[], Any]) -> Any:
    return operation()


def count(nodes: list[Any]) -> int:
    return sum(1 + count(node.childSnapshotList) for node in nodes)


def run(work: str, names: set[str], connections: int) -> dict[str, int]:
    stub = SmartStubAdapter(
        host=os.environ["VMWARE_HOST"],
        port=int(os.environ["VMWARE_PORT"]),
        sslContext=ssl.create_default_context(cafile=os.environ["VMWARE_CA_PATH"]),
        poolSize=connections,
        connectionPoolTimeout=-1,
    )
    content = vim.ServiceInstance("ServiceInstance", stub).RetrieveContent()
    content.sessionManager.Login(os.environ["VMWARE_USER"], os.environ["VMWARE_PASSWORD"])
    found = [(vm, row) for vm, row in rows(content, PATHS[work]) if row["name"] in names]
    snapshots = sum(count(row["snapshot"].rootSnapshotList) for _vm, row in found if "snapshot" in row)
    operations = [one for one in (operation(work, vm, row) for vm, row in found) if one]
    if connections > 1:
        with ThreadPoolExecutor(connections) as pool:
            tasks = list(pool.map(call, operations))
    else:
        tasks = [one() for one in operations]
    if tasks:
        wait(content, tasks)
    content.sessionManager.Logout()
    return {"vms": len(found), "tasks": len(tasks), "snapshots": snapshots}


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1], set(json.loads(Path(sys.argv[2]).read_text())), int(sys.argv[3]))))
