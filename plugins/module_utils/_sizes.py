# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How much space snapshots take, and what removing one gives back, from vSphere's file layout. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Footprint, Snapshot


@dataclass(frozen=True)
class File:
    """A file of a VM: its path, as ``[datastore] folder/name``, and its bytes."""

    path: str
    size: int

    @property
    def datastore(self) -> str:
        """The name of the datastore that it is on; empty where the path does not say."""
        return self.path[1:].partition("]")[0] if self.path.startswith("[") else ""


@dataclass(frozen=True)
class SnapshotFiles:
    """The file keys of one snapshot: its state, its memory (None without), and its disks' chains.

    A chain is a disk's links from the base to what the snapshot froze; a link is one or more files.
    """

    data: int
    memory: int | None
    chains: tuple[tuple[tuple[int, ...], ...], ...]

    @property
    def disks(self) -> tuple[frozenset[int], ...]:
        """The files of each chain."""
        return tuple(frozenset(key for link in chain for key in link) for chain in self.chains)

    @property
    def all_disks(self) -> frozenset[int]:
        """The files of all chains."""
        return frozenset[int]().union(*self.disks)


@dataclass(frozen=True)
class Layout:
    """The part of ``layoutEx`` that sizes need: files by key, each snapshot's by its MoID, the present's by disk."""

    files: Mapping[int, File]
    snapshots: Mapping[str, SnapshotFiles]
    present: tuple[frozenset[int], ...] = ()


def sized(snapshots: Sequence[Snapshot], layout: Layout) -> tuple[Snapshot, ...]:
    """The same snapshots with ``size_bytes``, ``frees`` and ``disk_files`` filled in.

    The size counts state, memory, and the disk files that the parent does not have. A root's disk files are the base
    disk, which the VM has with or without snapshots, so they do not count. The delta that the VM writes to now belongs
    to no snapshot yet; see current_delta.
    """
    return tuple(
        replace(
            snapshot,
            size_bytes=_size(snapshot, layout),
            frees=_frees(snapshot, layout),
            disk_files=_tops(snapshot, layout),
        )
        for snapshot in snapshots
    )


def current_delta(layout: Layout) -> int:
    """Bytes in the delta disks that the VM writes to now: those of its chains that no snapshot has."""
    return _bytes(_delta_keys(layout), layout)


def footprint(layout: Layout, memory_bytes: int, home: str) -> Footprint:
    """What readiness needs to know of the VM's space; ``home`` is the path where vSphere saves memory."""
    return Footprint(
        disks=_by_datastore(frozenset[int]().union(*layout.present), layout),
        grown=_by_datastore(_delta_keys(layout), layout),
        memory_bytes=memory_bytes,
        home=File(home, 0).datastore,
    )


def _delta_keys(layout: Layout) -> frozenset[int]:
    taken = frozenset[int]().union(*(files.all_disks for files in layout.snapshots.values()))
    return _since(taken, layout.present)


def _since(taken: frozenset[int], disks: Iterable[frozenset[int]]) -> frozenset[int]:
    """The files of these disks beyond those taken. A disk of which none is taken was added since, and is no delta."""
    return frozenset[int]().union(*(chain - taken for chain in disks if chain & taken))


def _size(snapshot: Snapshot, layout: Layout) -> int | None:
    files = layout.snapshots.get(snapshot.moid)
    if files is None or (snapshot.parent is not None and snapshot.parent not in layout.snapshots):
        return None  # Without the parent's files, base disks would count as this snapshot's.
    return _bytes(_state(files) | _own_disks(snapshot, layout), layout)


def _frees(snapshot: Snapshot, layout: Layout) -> tuple[tuple[str, int], ...]:
    """By datastore, about how many bytes its removal gives back.

    What was written after it is merged into it, so the delta of its one successor goes. With several successors
    nothing can be merged; with none the snapshot is a dead end, and its own delta goes.
    """
    files = layout.snapshots.get(snapshot.moid)
    if files is None:
        return ()
    successors = [layout.snapshots[child].disks for child in snapshot.children if child in layout.snapshots]
    if snapshot.current:
        successors.append(layout.present)
    after = [_since(files.all_disks, disks) for disks in successors]
    keys = _state(files)
    if len(after) == 1:
        keys |= after[0]
    elif not after:
        keys |= _own_disks(snapshot, layout)
    return _by_datastore(keys, layout)


def _tops(snapshot: Snapshot, layout: Layout) -> tuple[str, ...]:
    """The disk files that the snapshot froze: the last link of each chain, which is what a linked clone reads from."""
    files = layout.snapshots.get(snapshot.moid)
    tops = {key for chain in files.chains if chain for key in chain[-1]} if files is not None else set()
    return tuple(sorted(layout.files[key].path for key in tops & set(layout.files)))


def _state(files: SnapshotFiles) -> set[int]:
    return {files.data} | ({files.memory} if files.memory is not None else set())


def _own_disks(snapshot: Snapshot, layout: Layout) -> frozenset[int]:
    """The disk files that the parent does not have; none for a root, and none where the parent's are unknown."""
    parent = layout.snapshots.get(snapshot.parent or "")
    return _since(parent.all_disks, layout.snapshots[snapshot.moid].disks) if parent is not None else frozenset()


def _by_datastore(keys: Iterable[int], layout: Layout) -> tuple[tuple[str, int], ...]:
    amounts: dict[str, int] = {}
    for key in keys:
        file = layout.files.get(key)
        if file is not None:
            amounts[file.datastore] = amounts.get(file.datastore, 0) + file.size
    return tuple(sorted(amounts.items()))


def _bytes(keys: Iterable[int], layout: Layout) -> int:
    return sum(layout.files[key].size for key in keys if key in layout.files)
