# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A pruning plan as data: written by check mode, kept in a file, and carried out exactly or not at all. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import InputError, shown
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._policy import PROTECT_ATTRIBUTE
from ansible_collections.savepoint.vsphere.plugins.module_utils._protection import protections
from ansible_collections.savepoint.vsphere.plugins.module_utils._time import format_time
from ansible_collections.savepoint.vsphere.plugins.module_utils._verdict import Verdict

VERSION = 1


@dataclass(frozen=True)
class PlannedVm:
    """One VM of a plan: the tree that the plan was made for, and the snapshots to remove, in order."""

    moid: str
    name: str
    tree: str
    remove: tuple[str, ...]


@dataclass(frozen=True)
class PlanFile:
    """A plan that was read back."""

    vcenter: str | None
    vms: tuple[PlannedVm, ...]
    protect_attribute: str = PROTECT_ATTRIBUTE

    def vm(self, moid: str) -> PlannedVm:
        """The plan's entry of a VM."""
        return self._by_moid[moid]

    @cached_property
    def _by_moid(self) -> dict[str, PlannedVm]:
        return {vm.moid: vm for vm in self.vms}


def fingerprint(vm: Vm) -> str:
    """A digest of the snapshot tree: another snapshot, name, description, order or place gives another digest."""
    tree = [
        [one.moid, one.parent, one.name, one.raw_description, format_time(one.created_at), one.current]
        for one in sorted(vm.snapshots, key=lambda each: each.moid)
    ]
    return hashlib.sha256(json.dumps(tree, ensure_ascii=True).encode()).hexdigest()


def write_plan(
    vms: Sequence[Vm],
    verdicts: Mapping[str, Sequence[Verdict]],
    vcenter: str | None,
    now: datetime,
    protect_attribute: str = PROTECT_ATTRIBUTE,
) -> dict[str, Any]:
    """The plan as JSON can hold it, with the VMs that lose snapshots only, and the attribute that can still stop it."""
    entries = []
    for vm in vms:
        doomed = [verdict for verdict in verdicts[vm.moid] if verdict.remove]
        if doomed:
            entries.append(
                {
                    "moid": vm.moid,
                    "name": vm.name,
                    "tree": fingerprint(vm),
                    "remove": [verdict.snapshot.moid for verdict in doomed],
                    "reasons": {verdict.snapshot.moid: list(verdict.reasons) for verdict in doomed},
                }
            )
    return {
        "version": VERSION,
        "vcenter": vcenter,
        "made_at": format_time(now),
        "protect_attribute": protect_attribute,
        "vms": entries,
    }


def read_plan(given: Mapping[str, Any]) -> PlanFile:
    """Read a plan back. Raises InputError when it is none, or of another version."""
    if given.get("version") != VERSION:
        raise InputError(
            f"plan: version {shown(given.get('version'))} is unknown; make the plan anew with this collection"
        )
    try:
        vms = tuple(
            PlannedVm(_text(entry, "moid"), _text(entry, "name"), _text(entry, "tree"), _moids(entry["remove"]))
            for entry in given["vms"]
        )
        vcenter = None if given["vcenter"] is None else _text(given, "vcenter")
        attribute = _text(given, "protect_attribute") if given.get("protect_attribute") else PROTECT_ATTRIBUTE
    except (KeyError, TypeError) as error:
        raise InputError(f"plan: it is damaged ({error}); make the plan anew") from error
    if len({vm.moid for vm in vms}) != len(vms):
        raise InputError("plan: it is damaged (a virtual machine is in it twice); make the plan anew")
    return PlanFile(vcenter, vms, attribute)


def _text(given: Any, key: str | int) -> str:
    value = given[key]
    if not isinstance(value, str):
        raise TypeError(f"{key!r} is {shown(value)}, which is no text")
    return value


def _moids(given: Any) -> tuple[str, ...]:
    if not isinstance(given, list):
        raise TypeError("'remove' is no list")
    return tuple(_text(given, place) for place in range(len(given)))


def replay(vm: Vm, plan: PlanFile) -> tuple[Verdict, ...]:
    """The verdicts that the plan means for the VM as it is now. Raises InputError when its tree has changed.

    A plan lies in a file, where anybody may have edited it: it is no way around a hold or a protection.
    """
    entry = plan.vm(vm.moid)
    if fingerprint(vm) != entry.tree:
        raise InputError(f"the snapshots of {vm.label} have changed since the plan was made; make the plan anew")
    strange = sorted(set(entry.remove) - {snapshot.moid for snapshot in vm.snapshots})
    if strange:
        raise InputError(f"plan: it is damaged ({vm.label} has no snapshot {strange[0]}); make the plan anew")
    verdicts = []
    for snapshot in sorted(vm.snapshots, key=lambda one: (one.created_at, one.id)):
        remove = snapshot.moid in entry.remove
        why = protections(snapshot) if remove else ()
        if why:
            raise InputError(f"plan: snapshot {snapshot.label} of {vm.label} is protected: {'; '.join(why)}")
        verdicts.append(Verdict(snapshot, remove, ("the plan removes it" if remove else "the plan keeps it",)))
    return tuple(verdicts)
