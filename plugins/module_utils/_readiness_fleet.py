# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The verdict on several VMs at once: what besides each VM itself stands in the way of a change. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ansible_collections.savepoint.vsphere.plugins.module_utils._identity import Party, recognised
from ansible_collections.savepoint.vsphere.plugins.module_utils._kinds import grant
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._readiness import Finding, ReadinessWish, assess
from ansible_collections.savepoint.vsphere.plugins.module_utils._space import Allocation, SpaceWish, allocate
from ansible_collections.savepoint.vsphere.plugins.module_utils._time import format_duration
from ansible_collections.savepoint.vsphere.plugins.module_utils._verdict import Datastore

# An attribute that says one of these is not set; so it is with the one that protects from pruning.
UNSET = ("", "0", "false", "no")
LONGEST = 200


@dataclass(frozen=True)
class Surroundings:
    """What must be known besides the VMs themselves; everything by MoID.

    ``busy`` names a VM's running snapshot task, ``lacking`` the privileges that are missing on it; ``unasked`` says why
    nobody could tell. ``attributes`` holds the values of the attribute that forbids reverts, ``parties`` the machines
    that the play depends on. ``earlier`` are the VMs of earlier batches. ``ran_at`` is when the last retention run was
    recorded; ``records`` is false where the server can't keep such a record.
    """

    busy: Mapping[str, str] = field(default_factory=dict)
    lacking: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unasked: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    parties: tuple[Party, ...] = ()
    stores: Mapping[str, Datastore] = field(default_factory=dict)
    earlier: tuple[Vm, ...] = ()
    records: bool = False
    ran_at: datetime | None = None


def assess_fleet(
    vms: Sequence[Vm], wish: ReadinessWish, around: Surroundings, now: datetime
) -> tuple[dict[str, dict[str, Any]], list[dict[str, Any]]]:
    """Each VM's verdict by its MoID, and what becomes of the datastores' space; the order of the VMs counts."""
    space = _space(vms, wish, around) if wish.looks_at_space else Allocation({}, {}, {})
    verdicts = {
        vm.moid: assess(
            vm, wish, now, tuple(_blockers(vm, wish, around, space)), tuple(_warnings(vm, wish, around, space, now))
        )
        for vm in vms
    }
    return verdicts, _told(space)


def _space(vms: Sequence[Vm], wish: ReadinessWish, around: Surroundings) -> Allocation:
    def of_set(vm: Vm) -> bool:
        """Does it still have its snapshot? Without a set, any snapshot is taken for it."""
        return bool(wish.of_set(vm)) if wish.set_id is not None else bool(vm.snapshots)

    here = {vm.moid for vm in vms}
    earlier = [vm for vm in around.earlier if vm.moid not in here and of_set(vm)]
    asked = SpaceWish(
        wish.growth,
        wish.min_free,
        memory={vm.moid for vm in vms if grant(vm, wish.memory, wish.quiesce, wish.allow_crash).memory},
        taken={vm.moid for vm in vms if wish.of_set(vm)},
    )
    return allocate(vms, around.stores, asked, earlier)


def _blockers(vm: Vm, wish: ReadinessWish, around: Surroundings, space: Allocation) -> Iterator[Finding]:
    if vm.moid in around.busy:
        yield Finding(
            "task_running",
            f"a snapshot task runs on it ({around.busy[vm.moid]})",
            "wait until the task has ended, and ask again",
        )
    if around.lacking.get(vm.moid):
        yield Finding(
            "privileges",
            f"the account lacks {', '.join(around.lacking[vm.moid])} on it",
            "grant the privileges to the account's role, or log in as somebody who has them",
        )
    if vm.moid in space.short:
        yield Finding(
            "space",
            space.short[vm.moid].message,
            "free space on the datastore, move the virtual machine, or change fewer machines at a time",
        )
    reason = " ".join(around.attributes.get(vm.moid, "").split())
    if reason.lower() not in UNSET:
        yield Finding(
            "no_revert",
            f"it must not be reverted: {reason[:LONGEST]} (custom attribute {wish.no_revert_attribute})",
            "leave it out, and restore it by the means of its application or from a backup",
        )
    for party in around.parties:
        why = recognised(vm, party)
        if why is not None:
            yield Finding(
                party.code,
                f"it is {party.what}: {why}",
                "leave it out, and change it by hand: a revert would cut off whoever carries it out",
            )


def _warnings(vm: Vm, wish: ReadinessWish, around: Surroundings, space: Allocation, now: datetime) -> Iterator[Finding]:
    if around.unasked is not None:
        yield Finding(
            "privileges_unknown",
            f"nobody could tell whether the account has the privileges it needs: {around.unasked}",
            "make sure of them yourself, or leave the check out with check_privileges: false",
        )
    if vm.moid in space.unknown:
        yield Finding(
            "space_unknown",
            f"the space for its snapshot was not fully judged: {space.unknown[vm.moid]}",
            "look at its datastores yourself",
        )
    if around.records and not (around.ran_at is not None and now - around.ran_at <= wish.retention_within):
        last = "no retention run is recorded"
        if around.ran_at is not None:
            last = f"the last recorded retention run was {format_duration(now - around.ran_at)} ago"
        yield Finding(
            "retention_not_recorded",
            f"{last}, so nobody may be removing what has expired",
            "run the role savepoint.vsphere.retention, or snapshot_prune with record: true, on a schedule",
        )


def _told(space: Allocation) -> list[dict[str, Any]]:
    return [
        {
            "name": room.store.name,
            "moid": moid,
            "capacity_bytes": room.store.capacity,
            "free_bytes": room.store.free,
            "min_free_bytes": room.kept,
            "reserved_bytes": room.reserved,
            "needed_bytes": room.needed,
            "granted_bytes": room.granted,
        }
        for moid, room in sorted(space.rooms.items(), key=lambda pair: (pair[1].store.name, pair[0]))
    ]
