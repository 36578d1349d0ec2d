# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How much may be under way at once: per vCenter, per host and per datastore. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field

from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan import (
    Action,
    Consolidate,
    Create,
    Remove,
    RemoveAll,
    Revert,
)


@dataclass(frozen=True)
class Limits:
    """VMs worked on at once. vCenter queues above some 640 operations; we stay well below, for others' sake.

    VMware publishes no limits per host or datastore for snapshots; these keep merges and memory dumps, which move
    data, from crowding a datastore. A disk-only create or revert touches a few small files: it counts per vCenter only.
    """

    vcenter: int = 256
    host: int = 8
    datastore: int = 8


@dataclass
class Slots:
    """Counts what is under way; ``take`` says whether one more fits."""

    limits: Limits = Limits()
    _used: Counter[Hashable] = field(default_factory=Counter)

    def take(self, vm: Vm, heavy: bool) -> bool:
        """Count this VM in, if it fits; all of its slots or none."""
        wanted = list(self._keys(vm, heavy))
        if any(self._used[key] >= limit for key, limit in wanted):
            return False
        self._used.update(key for key, limit in wanted)
        return True

    def give(self, vm: Vm, heavy: bool) -> None:
        """Count this VM out."""
        self._used.subtract(key for key, limit in self._keys(vm, heavy))

    def _keys(self, vm: Vm, heavy: bool) -> Iterator[tuple[Hashable, int]]:
        yield "vcenter", self.limits.vcenter
        if heavy:
            yield ("host", vm.host), self.limits.host
            for datastore in vm.datastores:
                yield ("datastore", datastore), self.limits.datastore


def moves_data(actions: tuple[Action, ...]) -> bool:
    """Do these actions read or write more than a few small files?"""
    return any(
        isinstance(action, (Remove, RemoveAll, Consolidate)) or (isinstance(action, (Create, Revert)) and action.memory)
        for action in actions
    )
