# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads what a pruning plan must know besides the VMs' own trees; each a bulk read, made only when it is needed."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.savepoint.vsphere.plugins.module_utils._collector import read_objects, read_view
from ansible_collections.savepoint.vsphere.plugins.module_utils._faults import moid_of
from ansible_collections.savepoint.vsphere.plugins.module_utils._judge import Datastore
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._names import plain
from ansible_collections.savepoint.vsphere.plugins.module_utils._session import Session

# The kinds of task that work on a VM's snapshots, as vCenter describes them.
_SNAPSHOT_TASKS = (
    "VirtualMachine.createSnapshot",
    "VirtualMachine.createSnapshotEx",
    "VirtualMachine.removeAllSnapshots",
    "VirtualMachine.revertToCurrentSnapshot",
    "VirtualMachine.consolidateDisks",
    "vm.Snapshot.remove",
    "vm.Snapshot.revert",
)


def read_datastores(session: Session) -> dict[str, Datastore]:
    """Every datastore's space, by name."""
    paths = ("name", "summary.capacity", "summary.freeSpace")
    stores = {}
    for row in read_view(session, {"Datastore": paths}):
        name = plain(row.get("name", ""))
        stores[name] = Datastore(name, int(row.get(paths[1], 0)), int(row.get(paths[2], 0)))
    return stores


def read_busy(session: Session, moids: Sequence[str]) -> dict[str, str]:
    """The running snapshot task of each VM that has one."""
    tasks: dict[str, str] = {}
    for row in read_objects(session, "VirtualMachine", moids, {"VirtualMachine": ("recentTask",)}):
        for ref in row.get("recentTask") or ():
            tasks[moid_of(ref) or ""] = row.moid
    busy = {}
    for row in read_objects(session, "Task", list(tasks), {"Task": ("info.state", "info.descriptionId")}):
        if str(row.get("info.state")) in ("queued", "running") and row.get("info.descriptionId") in _SNAPSHOT_TASKS:
            busy[tasks[row.moid]] = row.moid
    return busy


def read_attribute(session: Session, moids: Sequence[str], name: str) -> dict[str, str]:
    """The value of a custom attribute on each VM that has it. ESXi by itself has no custom attributes."""
    manager = session.content.customFieldsManager
    keys = {entry.key for entry in (manager.field if manager is not None else None) or () if entry.name == name}
    values: dict[str, str] = {}
    if keys:
        for row in read_objects(session, "VirtualMachine", moids, {"VirtualMachine": ("customValue",)}):
            for entry in row.get("customValue") or ():
                if entry.key in keys:
                    values[row.moid] = entry.value
    return values


def read_clones(session: Session, vms: Sequence[Vm]) -> dict[str, str]:
    """By disk file of these VMs' snapshots, the name of another VM that reads from it.

    Every VM that the account can see is looked at: a linked clone may be anywhere.
    """
    owner = {file: vm.moid for vm in vms for snapshot in vm.snapshots for file in snapshot.disk_files}
    clones: dict[str, str] = {}
    for row in read_view(session, {"VirtualMachine": ("name", "layoutEx.file")}):
        for file in row.get("layoutEx.file") or ():
            if owner.get(file.name, row.moid) != row.moid:
                clones[file.name] = f"'{plain(row.get('name', ''))}' ({row.moid})"
    return clones
