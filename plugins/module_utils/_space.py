# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Is there room for the snapshots of a change, with what they and those of earlier batches will grow? Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from ansible_collections.savepoint.vsphere.plugins.module_utils._bytes import Amount, format_size
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._verdict import Datastore


@dataclass(frozen=True)
class SpaceWish:
    """What the snapshots may grow, and what must stay free on each datastore; None is not looked at.

    ``memory`` names the VMs, by MoID, whose memory is saved too; ``taken`` those that have their snapshot already.
    """

    growth: Amount | None = None
    min_free: Amount | None = None
    memory: Collection[str] = ()
    taken: Collection[str] = ()


@dataclass(frozen=True)
class Room:
    """What becomes of a datastore's free space, in bytes.

    ``kept`` must stay free, ``reserved`` is what the snapshots of earlier batches will grow, ``needed`` what the
    ``wanting`` VMs ask for, and ``granted`` what of that they get.
    """

    store: Datastore
    kept: int = 0
    reserved: int = 0
    needed: int = 0
    wanting: int = 0
    granted: int = 0

    @property
    def left(self) -> int:
        """What can still be granted; negative where more is kept and reserved than there is."""
        return self.store.free - self.kept - self.reserved - self.granted


@dataclass(frozen=True)
class Shortage:
    """A VM that got no space: the datastore's room at the end, and what it needs there."""

    room: Room
    need: int

    @property
    def message(self) -> str:
        """Which datastore, how much is free, how much is needed by how many."""
        store, room = self.room.store, self.room
        text = f"datastore '{store.name}' has {format_size(store.free)} free"
        minus = [f"{format_size(room.kept)} must stay free"] if room.kept else []
        minus += [f"{format_size(room.reserved)} is for the snapshots of earlier batches"] if room.reserved else []
        text += f", of which {' and '.join(minus)}" if minus else ""
        many = "1 virtual machine needs" if room.wanting == 1 else f"{room.wanting} virtual machines need"
        return f"{text}; {many} {format_size(room.needed)} there, this one {format_size(self.need)}"


@dataclass(frozen=True)
class Allocation:
    """Who got no space, by the VM's MoID; whose needs are not fully known, and why; every datastore that was asked."""

    short: Mapping[str, Shortage]
    unknown: Mapping[str, str]
    rooms: Mapping[str, Room]


def allocate(
    vms: Sequence[Vm], stores: Mapping[str, Datastore], wish: SpaceWish, earlier: Sequence[Vm] = ()
) -> Allocation:
    """Grant space in the order of the VMs; ``stores`` are by MoID.

    A VM gets what it needs on all of its datastores or nothing at all, and one that gets nothing leaves the space to
    those after it: a single huge machine must not stop a whole fleet. So a verdict depends only on the VMs before.
    """
    rooms = {moid: Room(store, _kept(store, wish)) for moid, store in stores.items()}
    for vm in earlier:
        for moid, need in needs(vm, stores, replace(wish, memory=(), taken=(vm.moid,))).items():
            rooms[moid] = replace(rooms[moid], reserved=rooms[moid].reserved + need)
    lacking: dict[str, tuple[str, int]] = {}
    unknown = {}
    for vm in vms:
        asked = needs(vm, stores, wish)
        why = _unknown(vm, stores)
        if why is not None:
            unknown[vm.moid] = why
        short = next((moid for moid, need in asked.items() if need > _open(rooms[moid], vm, wish)), None)
        if short is not None:
            lacking[vm.moid] = (short, asked[short])
        for moid, need in asked.items():
            room = rooms[moid]
            rooms[moid] = replace(
                room,
                needed=room.needed + need,
                wanting=room.wanting + (need > 0 or vm.moid not in wish.taken),
                granted=room.granted + (need if short is None else 0),
            )
    told = {moid: Shortage(rooms[store], need) for moid, (store, need) in lacking.items()}
    return Allocation(told, unknown, rooms)


def needs(vm: Vm, stores: Mapping[str, Datastore], wish: SpaceWish) -> dict[str, int]:
    """Bytes that the VM will still take, by datastore: its growth in proportion of its disks there, and its memory.

    The growth of a snapshot that is there already counts from what was in use when it was taken, less what was
    written since.
    """
    foot = vm.footprint
    if foot is None:
        return {}
    here = {stores[moid].name: moid for moid in vm.datastores if moid in stores}
    taken = vm.moid in wish.taken
    grown = dict(foot.grown) if taken else {}
    before = {name: size - grown.get(name, 0) for name, size in foot.disks}
    total = sum(before.values())
    growth = wish.growth.wanted(total) if wish.growth is not None else 0
    found = {}
    for name, size in before.items():
        # Rounded up: the parts together must not be less than the whole.
        share = -(-growth * size // total) if total else growth
        if name in here:
            found[here[name]] = max(0, share - grown.get(name, 0))
    if vm.moid in wish.memory and not taken and foot.home in here:
        moid = here[foot.home]
        found[moid] = found.get(moid, 0) + foot.memory_bytes
    return found


def _open(room: Room, vm: Vm, wish: SpaceWish) -> int:
    """How much a VM may ask for; a snapshot that is there and will grow no more asks for nothing, and gets it."""
    return max(0, room.left) if vm.moid in wish.taken else room.left


def _kept(store: Datastore, wish: SpaceWish) -> int:
    return wish.min_free.wanted(store.capacity) if wish.min_free is not None else 0


def _unknown(vm: Vm, stores: Mapping[str, Datastore]) -> str | None:
    """Why it can't be said how much the VM needs, or what of it could not be looked at."""
    if vm.footprint is None or not vm.footprint.disks:
        return "vCenter does not say how much its disks take"
    known = {stores[moid].name for moid in vm.datastores if moid in stores}
    for name in dict(vm.footprint.disks):
        if name not in known:
            return f"the space of datastore '{name}' can't be read"
    return None
