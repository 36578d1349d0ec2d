# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How much space each snapshot takes, from vSphere's file layout. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Snapshot


@dataclass(frozen=True)
class SnapshotFiles:
    """The file keys of one snapshot: its state, its memory (None without), and its disks' chains."""

    data: int
    memory: int | None
    disks: frozenset[int]


@dataclass(frozen=True)
class Layout:
    """The part of ``layoutEx`` that sizes need: bytes by file key, and the files of each snapshot by its MoID."""

    sizes: Mapping[int, int]
    snapshots: Mapping[str, SnapshotFiles]


def sized(snapshots: Sequence[Snapshot], layout: Layout) -> tuple[Snapshot, ...]:
    """The same snapshots with ``size_bytes``: state, memory, and the disk files that the parent does not have.

    A root's disk files are the base disk, which the VM has with or without snapshots, so they do not count.
    The delta that the VM writes to now belongs to no snapshot yet; see current_delta.
    """
    return tuple(replace(snapshot, size_bytes=_size(snapshot, layout)) for snapshot in snapshots)


def current_delta(disk_chains: Iterable[Iterable[int]], layout: Layout) -> int:
    """Bytes in the delta disks that the VM writes to now: those of its chains that no snapshot has.

    A chain of which no snapshot has any file is a disk that was added since: a base disk, and no delta.
    """
    taken = frozenset[int]().union(*(files.disks for files in layout.snapshots.values()))
    chains = [frozenset(chain) for chain in disk_chains]
    return sum(layout.sizes.get(key, 0) for chain in chains if chain & taken for key in chain - taken)


def _size(snapshot: Snapshot, layout: Layout) -> int | None:
    files = layout.snapshots.get(snapshot.moid)
    if files is None:
        return None
    keys = {files.data} | ({files.memory} if files.memory is not None else set())
    if snapshot.parent is not None:
        parent = layout.snapshots.get(snapshot.parent)
        if parent is None:
            return None  # Without the parent's files, base disks would count as this snapshot's.
        keys |= files.disks - parent.disks
    return sum(layout.sizes.get(key, 0) for key in keys)
