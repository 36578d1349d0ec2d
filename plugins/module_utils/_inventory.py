# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inventory: find the VMs that a selection means, and read them in bulk into frozen dataclasses."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ansible_collections.savepoint.vsphere.plugins.module_utils._busy import seen_busy
from ansible_collections.savepoint.vsphere.plugins.module_utils._collector import (
    Row,
    make_view,
    read_objects,
    read_pages,
    read_view,
)
from ansible_collections.savepoint.vsphere.plugins.module_utils._convert import (
    Places,
    changed_vm,
    vm_from_row,
)
from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import InputError
from ansible_collections.savepoint.vsphere.plugins.module_utils._faults import moid_of
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._names import plain
from ansible_collections.savepoint.vsphere.plugins.module_utils._scope import CLUSTER, DATACENTER, FOLDER, Place, bounds
from ansible_collections.savepoint.vsphere.plugins.module_utils._selection import (
    Candidate,
    Resolved,
    Scope,
    Selection,
    Selector,
    resolve,
)
from ansible_collections.savepoint.vsphere.plugins.module_utils._session import Session
from ansible_collections.savepoint.vsphere.plugins.module_utils._threads import Begun

# Up to so many VMs named by MoID or UUID are asked for one by one; for more, one read of all names is cheaper.
FEW = 8
# From so many VMs on it may be worth while to read the details of all with their names.
MANY = 100

_PLACE_PATHS = {"Folder": ("name", "parent"), "Datacenter": ("name", "parent")}
# What is read with all VMs, for where they are; and where a cluster is asked for.
_ABOVE = {"VirtualApp": ("name", "parentFolder"), **_PLACE_PATHS}
_CLUSTERS = {"ComputeResource": ("name", "parent")}
# What a scope calls them.
_KINDS = {"Folder": FOLDER, "Datacenter": DATACENTER, "ComputeResource": CLUSTER, "ClusterComputeResource": CLUSTER}
# What every result tells.
_BASE = (
    "name",
    "parent",
    "parentVApp",
    "config.instanceUuid",
    "runtime.powerState",
    "runtime.consolidationNeeded",
    "snapshot",
)
# What keeps a VM's snapshots from being touched at all.
_GUARD = ("config.template", "runtime.connectionState", "runtime.question")
# Where work that moves data takes a slot.
_PLACES = ("runtime.host", "datastore")
# What an action on a VM's snapshots may change of it.
CHANGING = ("runtime.powerState", "runtime.consolidationNeeded", "snapshot")
_CREATE = ("capability.diskOnlySnapshotOnSuspendedVMSupported",)
_MEMORY = ("capability.memorySnapshotsSupported", "config.hardware.memoryMB")
_QUIESCE = ("capability.quiescedSnapshotsSupported", "guest.toolsRunningStatus")
_SIZES = ("layoutEx.file", "layoutEx.disk", "layoutEx.snapshot")
# Of a VM whose growth is to be known.
FOOTPRINT = ("config.hardware.memoryMB", "config.files.snapshotDirectory", *_SIZES)
_READINESS = (
    "config.uuid",
    "config.hardware.device",
    "runtime.faultToleranceState",
    "guest.hostName",
    "guest.ipAddress",
    "guest.net",
    *FOOTPRINT,
)


@dataclass(frozen=True)
class Needs:
    """What of a VM a module needs to know; nothing else is read."""

    guard: bool = True
    places: bool = True
    create: bool = False
    memory: bool = False
    quiesce: bool = False
    sizes: bool = False
    readiness: bool = False

    @property
    def paths(self) -> tuple[str, ...]:
        """The property paths that this means."""
        wanted = [*_BASE]
        for flag, paths in (
            (self.guard, _GUARD),
            (self.places, _PLACES),
            (self.create, _CREATE),
            (self.memory, _MEMORY),
            (self.quiesce, _QUIESCE),
            (self.sizes, _SIZES),
            (self.readiness, _READINESS),
        ):
            wanted += paths if flag else ()
        return tuple(dict.fromkeys(wanted))


@dataclass(frozen=True)
class _Everything:
    """A view of every VM and of what is above them, with the paths that are read of the latter."""

    view: Any
    above: Mapping[str, Sequence[str]]


@dataclass
class Inventory:
    """Reads through one session. Folders are read once and remembered.

    ``read_at`` is when the last read of VMs was begun, by this machine's clock (time.monotonic). ``busy`` has the
    snapshot tasks that ran then, by VM. They are read before the VMs: the snapshots of a task that has ended are in the
    tree, those of one that runs may be missing there, and nothing is to be concluded from that.
    """

    session: Session
    read_at: float = field(default_factory=time.monotonic)
    busy: dict[str, str] = field(default_factory=dict)
    _found: bool = False
    _places: Places = field(default_factory=Places)
    _read: dict[str, Row] = field(default_factory=dict)

    def find(self, selection: Selection, needs: Needs) -> tuple[Resolved, ...]:
        """The entries of the selection, in order, each with the MoID of its VM or the reason why there is none.

        Where most VMs are meant, it reads at once what ``read`` is to give of them, which is then asked for no more.
        Raises InputError when two entries are the same VM, or when a scope names a place that is not there, or several.
        """
        self._found = True
        selectors, scope = selection.selectors, selection.scope
        if scope is None and len(selectors) <= FEW and not any(selector.name for selector in selectors):
            self._begin(needs)
            return resolve(selectors, self._few(selectors))
        above = _ABOVE if scope is None or scope.cluster is None else {**_ABOVE, **_CLUSTERS}
        # Made while the running tasks are read.
        view = Begun(partial(make_view, self.session, ("VirtualMachine", *above)))
        self._begin(needs)
        everything = _Everything(view.result(0.0, self.session.cancel), above)
        if scope is not None:
            return self._find_scope(scope, needs, everything)
        uuids = any(selector.uuid for selector in selectors)
        return resolve(selectors, self._candidates(everything, uuids, _wanted(selectors), needs.paths))

    def read(self, moids: Sequence[str], needs: Needs) -> dict[str, Vm]:
        """The VMs by MoID, in the order asked for. One that was deleted meanwhile is not in the answer."""
        known, self._read = self._read, {}
        if not self._found:
            self._begin(needs)
        self._found = False
        found = {moid: vm_from_row(known[moid], self._places) for moid in moids if moid in known}
        found.update(self._read_now([moid for moid in moids if moid not in found], needs))
        return {moid: found[moid] for moid in moids if moid in found}

    def read_again(self, vms: Sequence[Vm], needs: Needs) -> dict[str, Vm]:
        """The VMs by MoID as they are after a change: only what a change of ours can touch is read.

        One that was deleted meanwhile is not in the answer.
        """
        self.read_at = time.monotonic()
        rows = self._rows([vm.moid for vm in vms], CHANGING)
        # Without snapshots there is nothing whose size would matter.
        sizes = (
            self._rows([moid for moid in rows if rows[moid].get("snapshot") is not None], _SIZES) if needs.sizes else {}
        )
        return {vm.moid: changed_vm(vm, rows[vm.moid], sizes.get(vm.moid)) for vm in vms if vm.moid in rows}

    def _begin(self, needs: Needs) -> None:
        self.read_at = time.monotonic()
        self.busy = seen_busy(self.session) if needs.guard else {}

    def _rows(self, moids: Sequence[str], paths: Sequence[str]) -> dict[str, Row]:
        return {row.moid: row for row in read_objects(self.session, "VirtualMachine", moids, {"VirtualMachine": paths})}

    def _read_now(self, moids: Sequence[str], needs: Needs) -> dict[str, Vm]:
        if not moids:
            return {}
        ancestors = not self._places.rows
        paths: dict[str, Sequence[str]] = {"VirtualMachine": needs.paths}
        if ancestors:
            paths.update(_PLACE_PATHS)
        rows = list(read_objects(self.session, "VirtualMachine", moids, paths, ancestors=ancestors))
        if ancestors:
            self._places = Places(rows)
        return {row.moid: vm_from_row(row, self._places) for row in rows if row.type == "VirtualMachine"}

    def _few(self, selectors: Sequence[Selector]) -> list[Candidate]:
        moids = [selector.moid for selector in selectors if selector.moid is not None]
        index = self.session.content.searchIndex
        for selector in selectors:
            if selector.uuid is not None:
                found = index.FindAllByUuid(uuid=selector.uuid, vmSearch=True, instanceUuid=selector.use_instance_uuid)
                moids += [moid_of(ref) or "" for ref in found or ()]
        wanted = ("name", "parent", "parentVApp", "config.uuid", "config.instanceUuid")
        paths = {"VirtualMachine": wanted, **_PLACE_PATHS}
        rows = list(read_objects(self.session, "VirtualMachine", list(dict.fromkeys(moids)), paths, ancestors=True))
        self._places = Places(rows)
        return [self._candidate(row) for row in rows if row.type == "VirtualMachine"]

    def _candidates(
        self, everything: _Everything, uuids: bool, likely: Callable[[Row], bool] | None, details: Sequence[str]
    ) -> list[Candidate]:
        """Every VM. If most of those on the first page are ``likely`` to be meant, they come with their details."""
        ids = ("config.uuid", "config.instanceUuid") if uuids else ()
        wanted = ("name", "parent", "parentVApp", *ids)
        full = tuple(dict.fromkeys((*details, *ids)))
        rows = self._read_view(everything, full, likely) if likely is not None else None
        if likely is not None and rows is not None:
            self._read = {row.moid: row for row in rows if row.type == "VirtualMachine" and likely(row)}
        else:
            rows = self._read_view(everything, wanted) or []
        self._places = Places(rows)
        return [self._candidate(row) for row in rows if row.type == "VirtualMachine"]

    def _read_view(
        self, everything: _Everything, wanted: Sequence[str], likely: Callable[[Row], bool] | None = None
    ) -> list[Row] | None:
        """Every VM and every place; None if most VMs on the first page turn out not to be ``likely``."""
        rows: list[Row] = []
        for page in read_pages(self.session, {"VirtualMachine": wanted, **everything.above}, everything.view):
            machines = [row for row in page if row.type == "VirtualMachine"]
            if likely is not None and machines:
                if 2 * sum(map(likely, machines)) < len(machines):
                    return None
                likely = None
            rows += page
        return rows

    def _candidate(self, row: Row) -> Candidate:
        place = self._places.above(row)
        return Candidate(
            row.moid,
            plain(row.get("name", "")),
            place.path,
            place.datacenter_path,
            row.get("config.uuid"),
            row.get("config.instanceUuid"),
        )

    def _find_scope(self, scope: Scope, needs: Needs, everything: _Everything) -> tuple[Resolved, ...]:
        likely = (lambda row: True) if scope.everything else None
        candidates = self._candidates(everything, False, likely, needs.paths)
        if scope.cluster is not None and self.session.single_host:
            raise InputError("scope: a single ESXi host has no clusters; leave out cluster, everything is on this host")
        inside = None
        limits = bounds(scope, self._all_places() if scope.datacenter or scope.cluster or scope.folder else ())
        if limits.cluster is not None:
            inside = self._in_cluster(limits.cluster)
        found = [one for one in candidates if limits.hold(one) and (inside is None or one.moid in inside)]
        return tuple(Resolved(one.name, one.moid) for one in sorted(found, key=lambda one: (one.folder, one.name)))

    def _all_places(self) -> list[Place]:
        """Where a scope may look."""
        found = []
        for row in self._places.rows.values():
            if row.type in _KINDS:
                place = self._places.of(row)
                # The root folder has no path, and is no place that could be named.
                found += [Place(_KINDS[row.type], row.moid, place.path, place.datacenter_path)] if place.path else []
        return found

    def _in_cluster(self, cluster: Place) -> set[str]:
        container = self.session.object(self._places.rows[cluster.moid].type, cluster.moid)
        return {row.moid for row in read_view(self.session, {"VirtualMachine": ("name",)}, container)}


def _wanted(selectors: Sequence[Selector]) -> Callable[[Row], bool] | None:
    """Does a VM look like one of these? None where it is not worth while to look."""
    if len(selectors) < MANY:
        return None
    names = {selector.name for selector in selectors if selector.name is not None}
    ids = {one for selector in selectors for one in (selector.moid, selector.uuid) if one is not None}

    def likely(row: Row) -> bool:
        known = (row.moid, row.get("config.uuid"), row.get("config.instanceUuid"))
        return plain(row.get("name", "")) in names or not ids.isdisjoint(known)

    return likely
