# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where an action takes a slot, of vCenter, a host and datastores, and how long it is expected to take. Pure."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import TypeVar

from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan import (
    Action,
    Consolidate,
    Create,
    Power,
    Remove,
    RemoveAll,
    Revert,
)
from ansible_collections.savepoint.vsphere.plugins.module_utils._schedule import Job

T = TypeVar("T")

# The place that every job takes a slot of.
VCENTER = ("vcenter", "")

# What an action is expected to take: a few seconds for its own sake, and what storage needs for the bytes it moves.
# Both are cautious guesses for shared storage; only their order matters for who goes first.
SECONDS_EACH = 2.0
BYTES_PER_SECOND = 100 * 2**20


def job_of(vm: Vm, actions: tuple[Action, ...], item: T) -> Job[T]:
    """One VM's actions as the schedule sees them."""
    return Job(item, expected_seconds(vm, actions), places(vm, actions))


def places(vm: Vm, actions: tuple[Action, ...]) -> tuple[Hashable, ...]:
    """Where these actions take a slot."""
    if not moves_data(actions):
        return (VCENTER,)
    host = (("host", vm.host),) if vm.host is not None else ()
    return (VCENTER, *host, *(("datastore", datastore) for datastore in vm.datastores))


def moves_data(actions: tuple[Action, ...]) -> bool:
    """Do these actions read or write more than a few small files?"""
    return any(
        isinstance(action, (Remove, RemoveAll, Consolidate)) or (isinstance(action, (Create, Revert)) and action.memory)
        for action in actions
    )


def expected_seconds(vm: Vm, actions: Iterable[Action]) -> float:
    """How long these actions are expected to take, one after the other."""
    return sum(_seconds(vm, action) for action in actions)


def _seconds(vm: Vm, action: Action) -> float:
    if not isinstance(action, (Create, Remove, RemoveAll, Revert, Consolidate, Power)):
        return 0.0
    return SECONDS_EACH + _bytes_moved(vm, action) / BYTES_PER_SECOND


def _bytes_moved(vm: Vm, action: Action) -> int:
    if isinstance(action, (Create, Revert)):
        return (vm.memory_mb or 0) * 2**20 if action.memory else 0
    if isinstance(action, Remove):
        target = vm.snapshot(action.snapshot)
        return target.frees_bytes if target is not None else 0
    if isinstance(action, RemoveAll):
        return sum(snapshot.frees_bytes for snapshot in vm.snapshots)
    return (vm.current_delta_bytes or 0) if isinstance(action, Consolidate) else 0
