# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads what a plan must know besides the VMs' own trees; each a bulk read, made only when it is needed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

try:
    from pyVmomi import vim, vmodl
except ImportError:
    pass  # _session.connect says so, before anything of this file is used.

from ansible_collections.savepoint.vsphere.plugins.module_utils._collector import Row, read_objects, read_view
from ansible_collections.savepoint.vsphere.plugins.module_utils._convert import Places, vm_from_row
from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import shown
from ansible_collections.savepoint.vsphere.plugins.module_utils._faults import fault_name, moid_of
from ansible_collections.savepoint.vsphere.plugins.module_utils._inventory import FOOTPRINT
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._names import plain
from ansible_collections.savepoint.vsphere.plugins.module_utils._session import Session
from ansible_collections.savepoint.vsphere.plugins.module_utils._verdict import Datastore

# The kinds of task that work on a VM's snapshots, as vCenter describes them.
_SPACE = ("name", "summary.capacity", "summary.freeSpace")
# VMs in one question about privileges.
CHUNK = 500


def read_datastores(session: Session) -> dict[str, Datastore]:
    """Every datastore's space, by name."""
    stores = [_store(row) for row in read_view(session, {"Datastore": _SPACE})]
    return {store.name: store for store in stores}


def read_stores(session: Session, vms: Iterable[Vm]) -> dict[str, Datastore]:
    """The space of the datastores that these VMs are on, by MoID: two datacenters may use the same name."""
    moids = list(dict.fromkeys(moid for vm in vms for moid in vm.datastores))
    rows = read_objects(session, "Datastore", moids, {"Datastore": _SPACE})
    return {row.moid: _store(row) for row in rows if row.get(_SPACE[2]) is not None}


def _store(row: Row) -> Datastore:
    return Datastore(plain(row.get("name", "")), int(row.get(_SPACE[1], 0)), int(row.get(_SPACE[2], 0)))


def read_footprints(session: Session, moids: Sequence[str]) -> tuple[Vm, ...]:
    """These VMs, as far as their space goes. One that is gone, or never was, is left out."""
    paths = {"VirtualMachine": ("name", "snapshot", "datastore", *FOOTPRINT)}
    return tuple(vm_from_row(row, Places()) for row in read_objects(session, "VirtualMachine", moids, paths))


def read_lacking(
    session: Session, moids: Sequence[str], privileges: Sequence[str]
) -> tuple[dict[str, tuple[str, ...]], str | None]:
    """The privileges that our session lacks on each VM, and, where the server can't tell, why."""
    manager = session.content.authorizationManager
    if manager is None:
        return {}, "the server has no answer to that"
    lacking: dict[str, tuple[str, ...]] = {}
    try:
        key = session.content.sessionManager.currentSession.key
        for first in range(0, len(moids), CHUNK):
            for answer in _ask(session, manager, moids[first : first + CHUNK], key, privileges):
                missing = tuple(each.privId for each in answer.privAvailability if not each.isGranted)
                if missing:
                    lacking[moid_of(answer.entity) or ""] = missing
    except (vmodl.fault.NotSupported, vmodl.fault.MethodNotFound, vim.fault.NoPermission) as fault:
        return {}, f"the server refused to say ({fault_name(fault)})"
    return lacking, None


def _ask(session: Session, manager: Any, moids: Sequence[str], key: str, privileges: Sequence[str]) -> Any:
    wanted = list(moids)
    while wanted:
        refs = [session.object("VirtualMachine", moid) for moid in wanted]
        try:
            return manager.HasPrivilegeOnEntities(refs, key, list(privileges))
        except vmodl.fault.ManagedObjectNotFound as gone:
            if moid_of(gone.obj) not in wanted:
                raise
            wanted.remove(moid_of(gone.obj) or "")
    return ()


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


def attribute_warnings(session: Session, option: str, name: str, default: str, instead: str) -> list[str]:
    """What to say where somebody counts on a custom attribute of their own, and the server keeps none."""
    if name == default or session.content.customFieldsManager is not None:
        return []
    return [f"{option}: a single ESXi host keeps no custom attributes, so {shown(name)} is on no machine; {instead}"]


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
