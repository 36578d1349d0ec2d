# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From what the property collector gives to our dataclasses. Nothing of pyVmomi leaves this file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.savepoint.vsphere.plugins.module_utils._collector import Row
from ansible_collections.savepoint.vsphere.plugins.module_utils._faults import moid_of
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import (
    Capabilities,
    Devices,
    Disk,
    Footprint,
    Guest,
    Snapshot,
    Vm,
)
from ansible_collections.savepoint.vsphere.plugins.module_utils._names import part, plain
from ansible_collections.savepoint.vsphere.plugins.module_utils._sizes import (
    File,
    Layout,
    SnapshotFiles,
    current_delta,
    footprint,
    sized,
)
from ansible_collections.savepoint.vsphere.plugins.module_utils._time import to_utc
from ansible_collections.savepoint.vsphere.plugins.module_utils._tree import Node, flatten

# Without these nothing can be said of a VM: a tree that can't be read looks like one that is empty.
_CRUCIAL = (
    "name",
    "runtime.powerState",
    "runtime.consolidationNeeded",
    "snapshot",
    "config.template",
    "runtime.connectionState",
    "runtime.question",
)


@dataclass(frozen=True)
class Place:
    """Where something stands: its folder from the root, and the path of the datacenter on the way."""

    path: str
    datacenter_path: str | None = None


class Places:
    """What stands above virtual machines, by MoID: folders, datacenters, vApps and clusters."""

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        """Of these rows, virtual machines are left out."""
        self.rows = {row.moid: row for row in rows if row.type != "VirtualMachine"}
        self._known: dict[str | None, Place] = {}

    def above(self, row: Row) -> Place:
        """Where an object stands. A thousand virtual machines stand in a few folders."""
        moid = _parent(row)
        found = self._known.get(moid)
        if found is None:
            found = self._known[moid] = self._place([], moid)
        return found

    def of(self, row: Row) -> Place:
        """The place that an object is; its own name ends the path."""
        return self._place([(part(row.get("name", "")), row.type)], _parent(row))

    def _place(self, names: list[tuple[str, str]], above: str | None) -> Place:
        """What is above, in front of these names; without the root folder, which no path shows."""
        while above is not None and above in self.rows:
            here = self.rows[above]
            above = moid_of(here.get("parentFolder")) or moid_of(here.get("parent"))
            names.append((part(here.get("name", "")), here.type))
        if names and names[-1][1] == "Folder" and above is None:
            names.pop()
        names.reverse()
        path = "".join(f"/{name}" for name, ignored in names)
        for position, (_name, kind) in enumerate(names):
            if kind == "Datacenter":
                return Place(path, "".join(f"/{one}" for one, ignored in names[: position + 1]))
        return Place(path)


def _parent(row: Row) -> str | None:
    return moid_of(row.get("parent")) or moid_of(row.get("parentVApp"))


def vm_from_row(row: Row, places: Places) -> Vm:
    """A VM from whatever properties were read of it."""
    place = places.above(row)
    layout = _layout(row) if row.get("layoutEx.file") is not None else None
    return Vm(
        moid=row.moid,
        name=plain(row.get("name", "")),
        instance_uuid=row.get("config.instanceUuid"),
        bios_uuid=row.get("config.uuid"),
        folder=place.path,
        host=moid_of(row.get("runtime.host")),
        datastores=tuple(moid_of(ref) or "" for ref in row.get("datastore") or ()),
        power_state=_text(row.get("runtime.powerState")),
        connection_state=_text(row.get("runtime.connectionState")),
        tools_running=_text(row.get("guest.toolsRunningStatus")) == "guestToolsRunning",
        template=bool(row.get("config.template")),
        consolidation_needed=bool(row.get("runtime.consolidationNeeded")),
        question=row.get("runtime.question") is not None,
        fault_tolerance=_text(row.get("runtime.faultToleranceState")) or None,
        capabilities=Capabilities(
            row.get("capability.memorySnapshotsSupported"),
            row.get("capability.quiescedSnapshotsSupported"),
            row.get("capability.diskOnlySnapshotOnSuspendedVMSupported"),
        ),
        devices=_devices(row.get("config.hardware.device") or ()),
        snapshots=_snapshots(row, layout),
        current_delta_bytes=current_delta(layout) if layout is not None else None,
        guest=_guest(row),
        footprint=_footprint(row, layout),
        memory_mb=row.get("config.hardware.memoryMB"),
        unreadable=_unreadable(row),
    )


def _unreadable(row: Row) -> tuple[str, ...]:
    return tuple(path for path in row.missing if path in _CRUCIAL)


def changed_vm(vm: Vm, row: Row, sizes: Row | None) -> Vm:
    """A VM with what was read of it after a change; ``sizes`` are those of its files, where it was asked for."""
    layout = _layout(sizes) if sizes is not None and sizes.get("layoutEx.file") is not None else None
    return replace(
        vm,
        power_state=_text(row.get("runtime.powerState")),
        consolidation_needed=bool(row.get("runtime.consolidationNeeded")),
        snapshots=_snapshots(row, layout),
        current_delta_bytes=current_delta(layout) if layout is not None else None,
        unreadable=_unreadable(row),
    )


def _guest(row: Row) -> Guest:
    addresses = [row.get("guest.ipAddress"), *(text for card in row.get("guest.net") or () for text in card.ipAddress)]
    return Guest(
        host_name=row.get("guest.hostName") or None,
        ip_address=row.get("guest.ipAddress") or None,
        addresses=tuple(dict.fromkeys(text for text in addresses if text)),
    )


def _footprint(row: Row, layout: Layout | None) -> Footprint | None:
    memory = row.get("config.hardware.memoryMB")
    if layout is None or memory is None:
        return None  # Not asked for, or not to be had.
    return footprint(layout, memory * 2**20, row.get("config.files.snapshotDirectory") or "")


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _snapshots(row: Row, layout: Layout | None) -> tuple[Snapshot, ...]:
    info = row.get("snapshot")
    if info is None:
        return ()
    flat = flatten([_node(tree) for tree in info.rootSnapshotList or ()], moid_of(info.currentSnapshot))
    return flat if layout is None else sized(flat, layout)


def _node(tree: Any) -> Node:
    # Chains end at 32 levels, well within what recursion can take; parsing the answer recursed as deep already.
    return Node(
        moid=moid_of(tree.snapshot) or "",
        id=tree.id,
        name=plain(tree.name),
        description=tree.description or "",
        created_at=to_utc(tree.createTime),
        state=str(tree.state),
        quiesced=bool(tree.quiesced),
        children=tuple(_node(child) for child in tree.childSnapshotList or ()),
    )


def _layout(row: Row) -> Layout:
    return Layout(
        files={file.key: File(file.name, file.size) for file in row.get("layoutEx.file")},
        snapshots={
            moid_of(entry.key) or "": SnapshotFiles(
                data=entry.dataKey,
                memory=entry.memoryKey if entry.memoryKey not in (None, -1) else None,
                chains=_chains(entry.disk),
            )
            for entry in row.get("layoutEx.snapshot") or ()
        },
        present=tuple(frozenset(key for link in chain for key in link) for chain in _chains(row.get("layoutEx.disk"))),
    )


def _chains(disks: Any) -> tuple[tuple[tuple[int, ...], ...], ...]:
    return tuple(tuple(tuple(link.fileKey) for link in disk.chain or ()) for disk in disks or ())


def _devices(devices: Iterable[Any]) -> Devices:
    disks, shared, passthrough = [], [], []
    for device in devices:
        kind = type(device).__name__.rpartition(".")[2]
        label = device.deviceInfo.label if device.deviceInfo is not None else f"device {device.key}"
        if kind == "VirtualDisk":
            backing = device.backing
            disks.append(
                Disk(
                    label,
                    getattr(backing, "diskMode", None) or "persistent",
                    getattr(backing, "compatibilityMode", None) == "physicalMode",
                    getattr(backing, "sharing", None) == "sharingMultiWriter",
                )
            )
        elif getattr(device, "sharedBus", None) not in (None, "noSharing"):
            shared.append(label)
        elif kind == "VirtualPCIPassthrough":
            passthrough.append(label)
    return Devices(tuple(disks), tuple(shared), tuple(passthrough))
