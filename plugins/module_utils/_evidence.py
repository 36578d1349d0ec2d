# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads in bulk what the safeguards of a revert look at: the hardware now and in the snapshot, and the history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

try:
    from pyVmomi import vmodl
except ImportError:
    pass  # _session.connect says so, before anything of this file is used.

from ansible_collections.savepoint.vsphere.plugins.module_utils._collector import Row, read_objects
from ansible_collections.savepoint.vsphere.plugins.module_utils._faults import fault_name, fault_text
from ansible_collections.savepoint.vsphere.plugins.module_utils._history import current_user, read_reverts
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Snapshot, Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._safeguards import (
    Adapter,
    DiskFile,
    Evidence,
    Hardware,
    PastRevert,
)
from ansible_collections.savepoint.vsphere.plugins.module_utils._session import Session

_PATHS = ("config.hardware.device", "config.hardware.numCPU", "config.hardware.memoryMB")


def read_evidence(session: Session, vms: Sequence[Vm], targets: Mapping[str, Snapshot]) -> dict[str, Evidence]:
    """The evidence by the MoID of the VM, for those that have a target."""
    wanted = [vm for vm in vms if vm.moid in targets]
    if not wanted:
        return {}
    present = _hardware(session, "VirtualMachine", [vm.moid for vm in wanted])
    kept = _hardware(session, "vm.Snapshot", [target.moid for target in targets.values()])
    reverts: Mapping[str, list[PastRevert]] = {}
    user, unavailable = "", None
    try:
        user = current_user(session)
        if session.single_host:
            unavailable = "a single ESXi host keeps no task history"
        else:
            since = min(target.created_at for target in targets.values())
            reverts = read_reverts(session, wanted, since)
    except vmodl.MethodFault as fault:
        if fault_name(fault) == "NotAuthenticated":
            raise  # It is the session that ended.
        unavailable = fault_text(fault)
    return {
        vm.moid: Evidence(
            present.get(vm.moid),
            kept.get(targets[vm.moid].moid),
            tuple(reverts.get(vm.moid, ())),
            unavailable,
            user,
        )
        for vm in wanted
    }


def _hardware(session: Session, kind: str, moids: Sequence[str]) -> dict[str, Hardware]:
    rows = read_objects(session, kind, moids, {kind: _PATHS})
    return {row.moid: _converted(row) for row in rows if row.get("config.hardware.device") is not None}


def _converted(row: Row) -> Hardware:
    disks, adapters = [], []
    for device in row.get("config.hardware.device"):
        label = device.deviceInfo.label if device.deviceInfo is not None else f"device {device.key}"
        if type(device).__name__.rpartition(".")[2] == "VirtualDisk":
            disks.append(_disk(device, label))
        elif hasattr(device, "macAddress"):  # which all the types of adapters have
            adapters.append(Adapter(device.key, label, device.macAddress or None))
    return Hardware(
        row.get("config.hardware.numCPU"), row.get("config.hardware.memoryMB"), tuple(disks), tuple(adapters)
    )


def _disk(device: Any, label: str) -> DiskFile:
    backing = device.backing
    uuid, mode = getattr(backing, "uuid", None), getattr(backing, "diskMode", None)
    base = backing
    while getattr(base, "parent", None) is not None:
        base = base.parent
    return DiskFile(device.key, label, uuid or None, getattr(base, "fileName", None) or None, mode or "persistent")
