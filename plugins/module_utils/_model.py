# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What one bulk read of the inventory gives, as frozen dataclasses. Pure: no pyVmomi object gets this far."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ansible_collections.savepoint.vsphere.plugins.module_utils._marker import Marker
from ansible_collections.savepoint.vsphere.plugins.module_utils._time import format_time


@dataclass(frozen=True)
class Snapshot:
    """One node of a VM's snapshot tree.

    ``depth`` counts from 1 at a root; ``path`` joins the names from the root with ``/``; ``state`` is the power
    state that vSphere recorded; ``size_bytes`` is None where sizes were not read. ``frees`` says by datastore about
    how many bytes a removal gives back; ``disk_files`` are the paths of the disks that the snapshot froze.
    """

    moid: str
    id: int
    name: str
    raw_description: str
    description: str
    created_at: datetime
    state: str
    quiesced: bool
    parent: str | None
    children: tuple[str, ...]
    depth: int
    path: str
    current: bool
    marker: Marker | None = None
    marker_problem: str | None = None
    size_bytes: int | None = None
    frees: tuple[tuple[str, int], ...] = ()
    disk_files: tuple[str, ...] = ()

    @property
    def managed(self) -> bool:
        """Does it carry a marker of ours that can be read?"""
        return self.marker is not None

    @property
    def frees_bytes(self) -> int:
        """What it takes on the datastores: what its removal would give back, so what was written since counts."""
        return sum(amount for ignored, amount in self.frees)

    @property
    def hold(self) -> bool:
        """Has somebody put it on hold?"""
        return self.marker is not None and self.marker.hold

    @property
    def memory(self) -> bool:
        """Does it keep the running state too?"""
        return self.state in ("poweredOn", "suspended")

    @property
    def weaker(self) -> bool:
        """Was more promised than was taken, and its marker not put right since?"""
        promised = self.marker.kind if self.marker is not None else None
        return (promised == "quiesced" and not self.quiesced) or (promised == "memory" and not self.memory)

    @property
    def kind(self) -> str:
        """The kind really taken: from the marker, else what the tree can still tell."""
        if self.marker is not None and self.marker.kind is not None:
            return self.marker.kind
        if self.state == "suspended":
            return "suspended"
        if self.state == "poweredOn":
            return "memory"
        return "quiesced" if self.quiesced else "crash_consistent"

    @property
    def label(self) -> str:
        """How an error names it: enough to pick it by its ID."""
        return f"'{self.name}' (id {self.id}, {self.moid}, {format_time(self.created_at)})"


@dataclass(frozen=True)
class Capabilities:
    """What the VM says it can do; None where vCenter did not say."""

    memory_snapshots: bool | None = None
    quiesced_snapshots: bool | None = None
    disk_only_on_suspended: bool | None = None


@dataclass(frozen=True)
class Disk:
    """A virtual disk as far as snapshots care. ``mode`` is vSphere's diskMode."""

    label: str
    mode: str
    physical_rdm: bool = False
    multi_writer: bool = False


@dataclass(frozen=True)
class Devices:
    """The hardware that decides whether snapshots work at all; read for the readiness check only."""

    disks: tuple[Disk, ...] = ()
    shared_bus: tuple[str, ...] = ()
    passthrough: tuple[str, ...] = ()


@dataclass(frozen=True)
class Guest:
    """What VMware Tools report of the guest; ``addresses`` are those of all network cards."""

    host_name: str | None = None
    ip_address: str | None = None
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Footprint:
    """The space that a VM takes, in bytes by the name of the datastore; read for the readiness check only.

    ``disks`` are the disk files in use, ``grown`` the part of them that was written since the current snapshot;
    ``home`` is the datastore on which its memory is saved.
    """

    disks: tuple[tuple[str, int], ...] = ()
    grown: tuple[tuple[str, int], ...] = ()
    memory_bytes: int = 0
    home: str = ""


@dataclass(frozen=True)
class Vm:
    """A virtual machine and its snapshot tree. A field is None where vCenter did not give it.

    ``unreadable`` are the properties that decide what may be done and that vCenter said it can't give: what is known
    of the VM is then not enough to do anything.
    """

    moid: str
    name: str
    instance_uuid: str | None = None
    bios_uuid: str | None = None
    folder: str = ""
    host: str | None = None
    datastores: tuple[str, ...] = ()
    power_state: str | None = None
    connection_state: str | None = None
    tools_running: bool = False
    template: bool = False
    consolidation_needed: bool = False
    question: bool = False
    fault_tolerance: str | None = None
    capabilities: Capabilities = Capabilities()
    devices: Devices = Devices()
    snapshots: tuple[Snapshot, ...] = ()
    current_delta_bytes: int | None = None
    memory_mb: int | None = None
    guest: Guest = Guest()
    footprint: Footprint | None = None
    unreadable: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """How an error names it: enough to pick it by its MoID."""
        return f"'{self.name}' ({self.moid}, in {self.folder or '/'})"

    @property
    def current(self) -> Snapshot | None:
        """The snapshot the present grew out of, if any."""
        return next((snapshot for snapshot in self.snapshots if snapshot.current), None)

    def snapshot(self, moid: str | None) -> Snapshot | None:
        """The snapshot with this MoID, if it is there."""
        return next((snapshot for snapshot in self.snapshots if snapshot.moid == moid), None)
