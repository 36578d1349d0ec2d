# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The verdict before a change: can this VM be snapshotted now, and would a revert bring it back whole? Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import InputError
from ansible_collections.savepoint.vsphere.plugins.module_utils._kinds import grant
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Snapshot, Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan import MAX_DEPTH, blocked
from ansible_collections.savepoint.vsphere.plugins.module_utils._protection import backup_product
from ansible_collections.savepoint.vsphere.plugins.module_utils._time import format_duration, parse_duration


@dataclass(frozen=True)
class ReadinessWish:
    """What is about to be done."""

    memory: bool = False
    quiesce: bool = False
    allow_crash: bool = False
    set_id: str | None = None
    max_snapshots: int = 3
    max_age: timedelta = timedelta(hours=72)


@dataclass(frozen=True)
class Finding:
    """One thing found. ``code`` is stable, for callers that weigh findings; ``remedy`` says what to do."""

    code: str
    message: str
    remedy: str


def parse_readiness(given: Mapping[str, Any]) -> ReadinessWish:
    """Read the ``readiness`` option. Raises InputError for values that make no sense."""
    if given["max_snapshots"] < 1:
        raise InputError(f"readiness: max_snapshots is {given['max_snapshots']}; at least 1 must be allowed")
    return ReadinessWish(
        given["memory_dump"],
        given["quiesce"],
        given["fallback"] == "crash",
        given["snapshot_set"],
        given["max_snapshots"],
        parse_duration(given["max_snapshot_age"], "readiness: max_snapshot_age"),
    )


def assess(vm: Vm, wish: ReadinessWish, now: datetime) -> dict[str, Any]:
    """The verdict as results give it: ``verdict``, ``blockers`` and ``warnings``."""
    blockers = [asdict(finding) for finding in _blockers(vm, wish)]
    return {
        "verdict": "blocked" if blockers else "ready",
        "blockers": blockers,
        "warnings": [asdict(finding) for finding in _warnings(vm, wish, now)],
    }


def _others(vm: Vm, wish: ReadinessWish) -> list[Snapshot]:
    """The snapshots besides the one that is about to be taken, which an interrupted run may have left."""
    return [one for one in vm.snapshots if wish.set_id is None or one.marker is None or one.marker.set != wish.set_id]


def _blockers(vm: Vm, wish: ReadinessWish) -> Iterator[Finding]:
    why_not = blocked(vm)
    if why_not is not None:
        yield Finding("unavailable", why_not, "bring the virtual machine into a state in which vCenter can work on it")
    others = _others(vm, wish)
    if len(others) >= wish.max_snapshots:
        yield Finding(
            "too_many_snapshots",
            f"it has {len(others)} snapshots already, and {wish.max_snapshots} are the limit",
            "remove the old ones, for instance with savepoint.vsphere.snapshot_prune",
        )
    if vm.current is not None and vm.current.depth >= MAX_DEPTH:
        yield Finding(
            "chain_depth",
            f"its snapshot chain is {vm.current.depth} deep, and vSphere takes no more than {MAX_DEPTH}",
            "remove snapshots from the chain",
        )
    granted = grant(vm, wish.memory, wish.quiesce, wish.allow_crash)
    if granted.refused is not None:
        yield Finding("kind", granted.refused, "start VMware Tools, or choose another kind of snapshot")
    if vm.consolidation_needed:
        yield Finding(
            "consolidation_needed", "its disks need consolidation", "consolidate them in the vSphere Client first"
        )
    product = next((name for one in vm.snapshots if (name := backup_product(one)) is not None), None)
    if product is not None:
        yield Finding(
            "backup_snapshot",
            f"it has a snapshot that belongs to {product}",
            "wait for the backup or replication to end",
        )
    if vm.fault_tolerance not in (None, "notConfigured"):
        yield Finding(
            "fault_tolerance", "fault tolerance is on, which excludes snapshots", "turn it off for the change"
        )
    yield from _device_blockers(vm)


def _device_blockers(vm: Vm) -> Iterator[Finding]:
    for disk in vm.devices.disks:
        if disk.mode.startswith("independent"):
            yield Finding(
                "independent_disk",
                f"{disk.label} is {disk.mode}: a snapshot leaves it out, and a revert would not take it back",
                "make the disk dependent, or leave the virtual machine out",
            )
        if disk.physical_rdm:
            yield Finding("physical_rdm", f"{disk.label} is a physical RDM", "leave the virtual machine out")
        if disk.multi_writer:
            yield Finding("multi_writer", f"{disk.label} is shared by several writers", "leave the virtual machine out")
    for label in vm.devices.shared_bus:
        yield Finding("shared_bus", f"{label} shares its bus with other machines", "leave the virtual machine out")
    for label in vm.devices.passthrough:
        yield Finding("passthrough", f"{label} is passed through from the host", "leave the virtual machine out")


def _warnings(vm: Vm, wish: ReadinessWish, now: datetime) -> Iterator[Finding]:
    for snapshot in _others(vm, wish):
        age = now - snapshot.created_at
        if age > wish.max_age:
            yield Finding(
                "old_snapshot",
                f"snapshot {snapshot.label} is {format_duration(age)} old",
                "remove it if nobody needs it: it grows, and slows the machine",
            )
    for text in grant(vm, wish.memory, wish.quiesce, wish.allow_crash).warnings:
        yield Finding("kind", text, "see the snapshot's kind in the result")
