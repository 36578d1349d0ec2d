# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Is this still the snapshot, and the present still the one, that the caller means to go back from? Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import InputError
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Snapshot, Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan import Refusal
from ansible_collections.savepoint.vsphere.plugins.module_utils._time import format_duration, format_time
from ansible_collections.savepoint.vsphere.plugins.module_utils._tree import subtree

# What refuses a revert, unless the caller ignores it: docs/docsite/rst/guide_rollback.rst has the remedies at length.
CODES = ("snapshot_replaced", "newer_snapshots", "not_current", "reverted_since", "disks_added", "independent_disk")
# Machine accounts of Active Directory change their password every 30 days; this leaves time to find out.
TRUST = timedelta(days=25)


@dataclass(frozen=True)
class Safeguards:
    """The ``safeguards`` option: snapshots by VM as recorded at their creation, and the refusals to ignore."""

    snapshots: Mapping[str, str]
    ignore: frozenset[str] = frozenset()


@dataclass(frozen=True)
class DiskFile:
    """A virtual disk as far as it can be recognised. ``base`` is the file at the end of its chain of backings."""

    key: int
    label: str
    uuid: str | None = None
    base: str | None = None
    mode: str = "persistent"


@dataclass(frozen=True)
class Adapter:
    """A network adapter."""

    key: int
    label: str
    mac: str | None = None


@dataclass(frozen=True)
class Hardware:
    """What a VM is made of, now or in a snapshot. A number is None where vCenter did not give it."""

    cpus: int | None = None
    memory_mb: int | None = None
    disks: tuple[DiskFile, ...] = ()
    adapters: tuple[Adapter, ...] = ()


@dataclass(frozen=True)
class PastRevert:
    """A revert in vCenter's task history that ended well."""

    task: str
    user: str
    ended_at: datetime


@dataclass(frozen=True)
class Evidence:
    """What was read of one VM besides its tree.

    ``present`` and ``kept`` are the hardware now and in the snapshot, None where it could not be read. ``reverts`` are
    those of the task history, oldest first; ``unavailable`` says why it could not be read. ``user`` is the account that
    is logged in.
    """

    present: Hardware | None = None
    kept: Hardware | None = None
    reverts: tuple[PastRevert, ...] = ()
    unavailable: str | None = None
    user: str = ""


def parse_safeguards(given: Mapping[str, Any] | None) -> Safeguards | None:
    """Read the option; None without it. Raises InputError for what makes no sense."""
    if given is None:
        return None
    snapshots = given["snapshots"] or {}
    for vm, snapshot in snapshots.items():
        if not isinstance(snapshot, str) or not snapshot.strip():
            raise InputError(f"safeguards: snapshots: {vm} is {snapshot!r}; the MoID of a snapshot is needed")
    unknown = sorted(set(given["ignore"]) - set(CODES))
    if unknown:
        raise InputError(f"safeguards: ignore: there is no refusal '{unknown[0]}'; there are {', '.join(CODES)}")
    return Safeguards({str(vm): snapshot.strip() for vm, snapshot in snapshots.items()}, frozenset(given["ignore"]))


def noted(target: Snapshot) -> bool:
    """Does its marker say that it was reverted to, and is it where that led?"""
    return target.marker is not None and target.marker.phase == "reverted" and target.current


def unnoted_revert(target: Snapshot, evidence: Evidence) -> PastRevert | None:
    """A revert of an earlier run of ours that ended before it could write the marker.

    Then the marker is still in the phase before, the snapshot is current, and the history shows a single revert that
    the marker does not know of, by the account that is logged in now.
    """
    since = _since(target, evidence)
    if target.marker is None or target.marker.phase not in ("patching", "failed") or not target.current:
        return None
    if len(since) != 1 or not since[0].user or since[0].user.casefold() != evidence.user.casefold():
        return None
    return since[0]


def judge(
    vm: Vm, target: Snapshot, guard: Safeguards, evidence: Evidence, now: datetime
) -> tuple[tuple[Refusal, ...], tuple[str, ...]]:
    """What speaks against the revert, and what should be known of it: refusals and warnings."""
    found = list(_refusals(vm, target, guard, evidence))
    warnings = [f"{one.message} ({one.code}, ignored)" for one in found if one.code in guard.ignore]
    return tuple(one for one in found if one.code not in guard.ignore), (*warnings, *_warnings(target, evidence, now))


def replaced(vm: Vm, target: Snapshot, guard: Safeguards) -> Refusal | None:
    """Is it another snapshot than the one that was recorded?"""
    recorded = guard.snapshots.get(vm.moid)
    if recorded in (None, target.moid):
        return None
    return Refusal(
        "snapshot_replaced",
        f"{target.label} is not the snapshot that was recorded, which is {recorded}",
        "look who took it and when: a revert would go back to that moment instead",
    )


def said(refusals: tuple[Refusal, ...]) -> str:
    """The refusals as the message of a failure."""
    parts = [f"{one.message} ({one.code}; {one.remedy})" for one in refusals]
    return "not reverted: " + "; ".join(parts)


def _refusals(vm: Vm, target: Snapshot, guard: Safeguards, evidence: Evidence) -> Iterator[Refusal]:
    other = replaced(vm, target, guard)
    if other is not None:
        yield other
    yield from _tree_refusals(vm, target)
    since = _since(target, evidence)
    if since:
        last = since[-1]
        more = f", and {len(since) - 1} more times" if len(since) > 1 else ""
        yield Refusal(
            "reverted_since",
            f"it was reverted at {format_time(last.ended_at)} by {last.user or 'somebody unknown'} (task {last.task})"
            f"{more}, after the snapshot was taken",
            "ask them: what they did since would be thrown away",
        )
    yield from _disk_refusals(evidence)


def _tree_refusals(vm: Vm, target: Snapshot) -> Iterator[Refusal]:
    own = target.marker.set if target.marker is not None else None
    below = subtree(vm.snapshots, target.moid)
    newer = [
        one for one in below if one.moid != target.moid and (own is None or one.marker is None or one.marker.set != own)
    ]
    if newer:
        yield Refusal(
            "newer_snapshots",
            f"newer snapshots grew out of {target.label}: {_first(one.label for one in newer)}",
            "wait for the backup that took them, or remove those that nobody needs",
        )
    here = vm.current
    if here is None or here.moid not in {one.moid for one in below}:
        where = f"it is on {here.label}" if here is not None else "it is on no snapshot"
        yield Refusal(
            "not_current",
            f"the present did not grow out of {target.label}: {where}",
            "look who reverted elsewhere, and whether what they did since may go",
        )


def _disk_refusals(evidence: Evidence) -> Iterator[Refusal]:
    present, kept = evidence.present, evidence.kept
    if present is None:
        return
    added = _unmatched(present.disks, kept.disks) if kept is not None else []
    if added:
        yield Refusal(
            "disks_added",
            f"disks were added since the snapshot: {_first(_named(disk) for disk in added)}",
            "a revert detaches them: save what is on them, or detach them yourself first",
        )
    independent = [disk for disk in present.disks if disk.mode.startswith("independent")]
    if independent:
        yield Refusal(
            "independent_disk",
            f"a revert would not take these disks back: {_first(f'{d.label} ({d.mode})' for d in independent)}",
            "the others would be older than they are: restore them too, or do without the revert",
        )


def _warnings(target: Snapshot, evidence: Evidence, now: datetime) -> Iterator[str]:
    if evidence.unavailable is not None:
        yield (
            f"vCenter's task history could not be read, so nobody knows whether it was reverted since "
            f"(history_unavailable): {evidence.unavailable}"
        )
    if evidence.present is None or evidence.kept is None:
        yield "its hardware now and in the snapshot could not be compared (hardware_unavailable)"
    else:
        changes = list(_changes(evidence.present, evidence.kept))
        if changes:
            yield f"a revert undoes changes of its hardware: {', '.join(changes)} (hardware_changed)"
    age = now - target.created_at
    if age > TRUST:
        yield (
            f"the snapshot is {format_duration(age)} old, and a member of a domain changes its password every 30 days: "
            "it may have to join anew (trust_limit)"
        )


def _changes(present: Hardware, kept: Hardware) -> Iterator[str]:
    if present.cpus != kept.cpus and None not in (present.cpus, kept.cpus):
        yield f"{present.cpus} CPUs, {kept.cpus} in the snapshot"
    if present.memory_mb != kept.memory_mb and None not in (present.memory_mb, kept.memory_mb):
        yield f"{present.memory_mb} MB of memory, {kept.memory_mb} in the snapshot"
    there = {_adapter(one): one for one in kept.adapters}
    here = {_adapter(one): one for one in present.adapters}
    yield from (f"{one.label} added" for key, one in here.items() if key not in there)
    yield from (f"{one.label} removed" for key, one in there.items() if key not in here)
    yield from (f"{disk.label} removed" for disk in _unmatched(kept.disks, present.disks))


def _adapter(adapter: Adapter) -> str:
    return adapter.mac.lower() if adapter.mac else str(adapter.key)


def _unmatched(disks: tuple[DiskFile, ...], others: tuple[DiskFile, ...]) -> list[DiskFile]:
    """The disks that are none of the others. Each of those counts for one: a copy of a disk has its UUID as well."""
    left = list(others)
    rest = []
    for disk in disks:  # Those that stayed where they are come first.
        twin = next((one for one in left if one.key == disk.key and _same_disk(disk, one)), None)
        if twin is not None:
            left.remove(twin)
        else:
            rest.append(disk)
    unmatched = []
    for disk in rest:
        twin = next((one for one in left if _same_disk(disk, one)), None)
        if twin is not None:
            left.remove(twin)
        else:
            unmatched.append(disk)
    return unmatched


def _same_disk(disk: DiskFile, other: DiskFile) -> bool:
    """The file name can't tell, since every snapshot puts a delta file on top; nor can the key, which is used again."""
    if disk.uuid is not None and other.uuid is not None:
        return disk.uuid.lower() == other.uuid.lower()
    if disk.base is not None and other.base is not None:
        return disk.base == other.base
    return disk.key == other.key


def _named(disk: DiskFile) -> str:
    return f"{disk.label} ({disk.base})" if disk.base is not None else disk.label


def _since(target: Snapshot, evidence: Evidence) -> list[PastRevert]:
    """The reverts after the snapshot was taken, and after the last one that its marker knows of."""
    noted = target.marker.reverted if target.marker is not None else None
    begin = max(target.created_at, noted or target.created_at)
    return [one for one in evidence.reverts if one.ended_at > begin]


def _first(labels: Iterator[str]) -> str:
    every = list(labels)
    more = f" and {len(every) - 5} more" if len(every) > 5 else ""
    return ", ".join(every[:5]) + more
