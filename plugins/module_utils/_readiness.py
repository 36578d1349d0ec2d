# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The verdict before a change: can this VM be snapshotted now, and would a revert bring it back whole? Pure.

Here is what the VM by itself tells; _readiness_fleet has what concerns several, and what is around them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from ansible_collections.savepoint.vsphere.plugins.module_utils._bytes import Amount, parse_amount
from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import InputError
from ansible_collections.savepoint.vsphere.plugins.module_utils._kinds import grant
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Snapshot, Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan import MAX_DEPTH, blocked
from ansible_collections.savepoint.vsphere.plugins.module_utils._policy import MOST_FREE
from ansible_collections.savepoint.vsphere.plugins.module_utils._protection import backup_product
from ansible_collections.savepoint.vsphere.plugins.module_utils._time import format_duration, parse_duration

NO_REVERT_ATTRIBUTE = "savepoint.no_revert"


@dataclass(frozen=True)
class ReadinessWish:
    """What is about to be done."""

    memory: bool = False
    quiesce: bool = False
    allow_crash: bool = False
    set_id: str | None = None
    max_snapshots: int = 3
    max_age: timedelta = timedelta(hours=72)
    reuse_within: timedelta | None = None
    growth: Amount | None = None
    min_free: Amount | None = None
    earlier: tuple[str, ...] = ()
    check_privileges: bool = True
    no_revert_attribute: str = NO_REVERT_ATTRIBUTE
    own_addresses: tuple[str, ...] = ()
    retention_within: timedelta = timedelta(hours=48)

    @property
    def looks_at_space(self) -> bool:
        """Has the caller said anything to judge the datastores by?"""
        return self.growth is not None or self.min_free is not None

    def of_set(self, vm: Vm) -> list[Snapshot]:
        """The snapshots of the set that are there already."""
        if self.set_id is None:
            return []
        return [one for one in vm.snapshots if one.marker is not None and one.marker.set == self.set_id]


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
    if given["reuse_within"] is not None and given["snapshot_set"] is None:
        raise InputError("readiness: reuse_within needs snapshot_set, which says whose snapshot is used again")
    attribute = given["no_revert_attribute"].strip()
    if not attribute:
        raise InputError("readiness: no_revert_attribute is empty; leave it out, or name a custom attribute")
    for option in ("earlier", "own_addresses"):
        if any(not text.strip() for text in given[option]):
            raise InputError(f"readiness: {option} has an empty entry")
    return ReadinessWish(
        memory=given["memory_dump"],
        quiesce=given["quiesce"],
        allow_crash=given["fallback"] == "crash",
        set_id=given["snapshot_set"],
        max_snapshots=given["max_snapshots"],
        max_age=parse_duration(given["max_snapshot_age"], "readiness: max_snapshot_age"),
        reuse_within=_duration(given, "reuse_within"),
        growth=_amount(given, "expected_growth", 100),
        min_free=_amount(given, "min_free", MOST_FREE),
        earlier=tuple(dict.fromkeys(text.strip() for text in given["earlier"])),
        check_privileges=given["check_privileges"],
        no_revert_attribute=attribute,
        own_addresses=tuple(dict.fromkeys(text.strip() for text in given["own_addresses"])),
        retention_within=parse_duration(given["retention_within"], "readiness: retention_within"),
    )


def _duration(given: Mapping[str, Any], option: str) -> timedelta | None:
    return parse_duration(given[option], f"readiness: {option}") if given[option] is not None else None


def _amount(given: Mapping[str, Any], option: str, most: int) -> Amount | None:
    return parse_amount(given[option], f"readiness: {option}", most) if given[option] is not None else None


def assess(
    vm: Vm,
    wish: ReadinessWish,
    now: datetime,
    blocking: Sequence[Finding] = (),
    warning: Sequence[Finding] = (),
) -> dict[str, Any]:
    """The verdict as results give it: ``verdict``, ``guest``, ``blockers`` and ``warnings``.

    ``blocking`` and ``warning`` are what was found out besides.
    """
    blockers = [asdict(finding) for finding in (*_blockers(vm, wish, now), *blocking)]
    return {
        "verdict": "blocked" if blockers else "ready",
        "guest": {"host_name": vm.guest.host_name, "ip_address": vm.guest.ip_address},
        "blockers": blockers,
        "warnings": [asdict(finding) for finding in (*_warnings(vm, wish, now), *warning)],
    }


def _others(vm: Vm, wish: ReadinessWish) -> list[Snapshot]:
    """The snapshots besides the one that is about to be taken, which an interrupted run may have left."""
    return [one for one in vm.snapshots if wish.set_id is None or one.marker is None or one.marker.set != wish.set_id]


def _blockers(vm: Vm, wish: ReadinessWish, now: datetime) -> Iterator[Finding]:
    why_not = blocked(replace(vm, question=False))
    if why_not is not None:
        yield Finding("unavailable", why_not, "bring the virtual machine into a state in which vCenter can work on it")
    if vm.question:
        yield Finding("question", "it waits for the answer to a question", "answer it in the vSphere Client first")
    yield from _set_blockers(vm, wish, now)
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
        tools = "start VMware Tools, " if wish.quiesce else ""
        yield Finding("kind", granted.refused, f"{tools}choose another kind of snapshot, or allow fallback: crash")
    if vm.consolidation_needed:
        yield Finding(
            "consolidation_needed",
            "its disks need consolidation",
            "consolidate them first, for instance with savepoint.vsphere.snapshot_consolidate",
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


def _set_blockers(vm: Vm, wish: ReadinessWish, now: datetime) -> Iterator[Finding]:
    """Could a failure still be rolled back to the snapshot of the set that is there?"""
    there = wish.of_set(vm)
    if wish.reuse_within is None or not there:
        return
    remedy = "remove it, or use a new set ID"
    oldest = min(there, key=lambda one: one.created_at)
    age = now - oldest.created_at
    if age > wish.reuse_within:
        yield Finding(
            "set_too_old",
            f"its snapshot {oldest.label} of set '{wish.set_id}' is {format_duration(age)} old, and older than "
            f"{format_duration(wish.reuse_within)} it is not used again",
            remedy,
        )
    if not any(one.current for one in there):
        now_on = f"it is on {vm.current.label} now" if vm.current is not None else "it is on none now"
        yield Finding(
            "set_not_current",
            f"its snapshot {oldest.label} of set '{wish.set_id}' is not its current snapshot any more: {now_on}, so "
            "somebody has taken another or reverted elsewhere",
            remedy,
        )


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
