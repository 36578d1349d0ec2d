# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a fleet, a policy and a time to a plan: every snapshot with keep or remove and all the reasons. Pure."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from ansible_collections.savepoint.vsphere.plugins.module_utils._bytes import format_size
from ansible_collections.savepoint.vsphere.plugins.module_utils._keep import keep_reasons
from ansible_collections.savepoint.vsphere.plugins.module_utils._limits import EXPIRED, limit_reasons
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Snapshot, Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._policy import (
    PROTECT_ATTRIBUTE,
    Filters,
    MinFree,
    Policy,
)
from ansible_collections.savepoint.vsphere.plugins.module_utils._protection import protections
from ansible_collections.savepoint.vsphere.plugins.module_utils._time import format_duration, to_utc
from ansible_collections.savepoint.vsphere.plugins.module_utils._verdict import TASK_RUNS, Datastore, Verdict

NO_LIMIT = "no limit asks for it"
LAST = "the last managed snapshot of its VM; a keep rule or allow_none: true would let it go"


@dataclass(frozen=True)
class FleetFacts:
    """What a plan must know besides the VMs' own trees.

    ``busy`` names the running snapshot task of a VM by its MoID; ``attributes`` holds the value of the protecting
    custom attribute; ``clones`` names, by disk file, another VM that reads from it.
    """

    datastores: Mapping[str, Datastore] = field(default_factory=dict)
    busy: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)
    clones: Mapping[str, str] = field(default_factory=dict)


def judge_fleet(vms: Sequence[Vm], policy: Policy, facts: FleetFacts, now: datetime) -> dict[str, tuple[Verdict, ...]]:
    """By the VM's MoID, the verdict on each of its snapshots, oldest first, which is the order of removal."""
    now = to_utc(now)
    cases = {vm.moid: _spare_the_last(_case(vm, policy, facts, now), policy) for vm in vms}
    if policy.min_free is not None:
        _make_room(cases, policy.min_free, policy, facts)
    return {moid: tuple(_verdict(one, case, policy) for one in case.ordered) for moid, case in cases.items()}


@dataclass(frozen=True)
class _Case:
    """One VM's snapshots, oldest first, with what speaks for and against each."""

    vm: Vm
    ordered: tuple[Snapshot, ...]
    protected: Mapping[str, tuple[str, ...]]
    outside: Mapping[str, tuple[str, ...]]
    keeps: Mapping[str, tuple[str, ...]]
    limits: Mapping[str, tuple[str, ...]]

    def objections(self, moid: str) -> tuple[str, ...]:
        """Everything that speaks against removing it."""
        return (*self.protected.get(moid, ()), *self.outside.get(moid, ()), *self.keeps.get(moid, ()))

    def goes(self, moid: str) -> bool:
        """Does a limit take it?"""
        return moid in self.limits and not self.objections(moid)

    def spared(self, moid: str) -> _Case:
        """The same with an objection to taking this one, since it is the last."""
        return replace(self, keeps={**self.keeps, moid: (*self.keeps.get(moid, ()), LAST)})


def _case(vm: Vm, policy: Policy, facts: FleetFacts, now: datetime) -> _Case:
    # Python takes times of one zone for wall clocks, and forgets that these are put back once a year.
    known = [replace(one, created_at=to_utc(one.created_at)) for one in vm.snapshots]
    ordered = tuple(sorted(known, key=lambda one: (one.created_at, one.id)))
    whole = _vm_protections(vm, policy, facts)
    clones = _cloned(vm, facts)
    protected = {one.moid: (*whole, *_protections(one, policy), *clones.get(one.moid, ())) for one in ordered}
    outside = {one.moid: _outside(one, policy, now) for one in ordered}
    candidates = [one for one in ordered if not outside[one.moid]]
    keeps = dict(keep_reasons(candidates, policy))
    if policy.min_age is not None:
        for one in candidates:
            if now - one.created_at < policy.min_age:
                told = f"younger than {format_duration(policy.min_age)} (min_age)"
                keeps[one.moid] = (*keeps.get(one.moid, ()), told)
    return _Case(vm, ordered, protected, outside, keeps, limit_reasons(candidates, vm.snapshots, policy, now))


def _vm_protections(vm: Vm, policy: Policy, facts: FleetFacts) -> tuple[str, ...]:
    reasons = []
    if vm.moid in facts.busy:
        reasons.append(f"{TASK_RUNS} ({facts.busy[vm.moid]})")
    if facts.attributes.get(vm.moid, "").strip().lower() not in ("", "0", "false", "no"):
        reasons.append(f"its VM is protected by the custom attribute {policy.protect_attribute}")
    pattern = _matched(vm.name, policy.protect_vms)
    if pattern is not None:
        reasons.append(f"its VM is protected by name ({pattern})")
    return tuple(reasons)


def protected_now(
    vm: Vm, verdicts: Sequence[Verdict], facts: FleetFacts, protect_attribute: str = PROTECT_ATTRIBUTE
) -> str | None:
    """Why a plan that was made before may not be carried out: what has come to protect the VM, or a snapshot, since."""
    whole = _vm_protections(vm, Policy(protect_attribute=protect_attribute), facts)
    clones = _cloned(vm, facts)
    for verdict in verdicts:
        reasons = (*whole, *clones.get(verdict.snapshot.moid, ())) if verdict.remove else ()
        if reasons:
            return f"plan: snapshot {verdict.snapshot.label} of {vm.label} is protected: {'; '.join(reasons)}"
    return None


def _protections(snapshot: Snapshot, policy: Policy) -> tuple[str, ...]:
    reasons = list(protections(snapshot))
    pattern = _matched(snapshot.name, policy.protect)
    if pattern is not None:
        reasons.append(f"protected by name ({pattern})")
    return tuple(reasons)


def _cloned(vm: Vm, facts: FleetFacts) -> dict[str, tuple[str, ...]]:
    """By MoID, which linked clone depends on a snapshot: one reads its disks, and the whole chain above them."""
    clones: dict[str, str] = {}
    parents = {one.moid: one.parent for one in vm.snapshots}
    for one in vm.snapshots:
        clone = next((facts.clones[file] for file in one.disk_files if file in facts.clones), None)
        if clone is not None:
            here: str | None = one.moid
            while here is not None and here not in clones:
                clones[here] = clone
                here = parents.get(here)
    return {moid: (f"the linked clone {clone} depends on it",) for moid, clone in clones.items()}


def _outside(snapshot: Snapshot, policy: Policy, now: datetime) -> tuple[str, ...]:
    """Why the snapshot is no candidate of the policy at all."""
    if not snapshot.managed and not policy.include_foreign:
        return ("foreign: it has no savepoint marker",)
    missed = _missed(snapshot, policy.filters, now)
    return (f"the filter {missed} does not match",) if missed is not None else ()


def _missed(snapshot: Snapshot, filters: Filters, now: datetime) -> str | None:
    marker = snapshot.marker
    tests = (
        ("name_pattern", filters.name_pattern, lambda want: fnmatch.fnmatchcase(snapshot.name, want)),
        (
            "description_pattern",
            filters.description_pattern,
            lambda want: fnmatch.fnmatchcase(snapshot.description, want),
        ),
        ("set", filters.set, lambda want: marker is not None and marker.set == want),
        ("owner", filters.owner, lambda want: marker is not None and marker.owner == want),
        ("larger_than", filters.larger_than, lambda want: snapshot.frees_bytes > want),
        ("older_than", filters.older_than, lambda want: now - snapshot.created_at > want),
    )
    return next((name for name, want, test in tests if want is not None and not test(want)), None)


def _matched(name: str, patterns: Iterable[str]) -> str | None:
    return next((pattern for pattern in patterns if fnmatch.fnmatchcase(name, pattern)), None)


def _make_room(cases: dict[str, _Case], least: MinFree, policy: Policy, facts: FleetFacts) -> None:
    """Ask for more, until every datastore has min_free: what frees most first, of equals the oldest."""
    for store in sorted(facts.datastores.values(), key=lambda each: each.name):
        wanted = least.wanted(store.capacity)
        told = f"datastore {store.name} has {format_size(store.free)} free and needs {format_size(wanted)} (min_free)"
        free = store.free
        choices = []
        for vm, case in cases.items():
            for one in case.ordered:
                gain = dict(one.frees).get(store.name, 0)
                if case.goes(one.moid):
                    free += gain
                elif gain and not case.objections(one.moid):
                    choices.append((-gain, one.created_at, one.id, one.moid, vm))
        for loss, _created, _number, moid, vm in sorted(choices):
            if free >= wanted:
                break
            asked = replace(cases[vm], limits={**cases[vm].limits, moid: (told,)})
            if _is_last(asked, policy):
                # This one is spared and not the newest, so that what was counted on before still goes.
                cases[vm] = asked.spared(moid)
            else:
                cases[vm] = asked
                free -= loss


def _verdict(snapshot: Snapshot, case: _Case, policy: Policy) -> Verdict:
    asked = case.limits.get(snapshot.moid, ())
    against = case.objections(snapshot.moid)
    if against:
        # The limits that were overruled are named too, so that nobody wonders why an old snapshot stays.
        return Verdict(snapshot, False, (*against, *(f"overrules: {text}" for text in asked)))
    if policy.has_limit:
        return Verdict(snapshot, bool(asked), asked or (NO_LIMIT,))
    return Verdict(snapshot, True, ("no keep rule selects it",))


def _spare_the_last(case: _Case, policy: Policy) -> _Case:
    """Without a keep rule or allow_none, only expiry may take a VM's last managed snapshot."""
    return case.spared(_unexpired(case)[-1].moid) if _is_last(case, policy) else case


def _is_last(case: _Case, policy: Policy) -> bool:
    """Would limits other than expiry take the last managed snapshot, and may they not?"""
    if policy.allow_none or policy.has_keep:
        return False
    return bool(_unexpired(case)) and all(case.goes(one.moid) for one in case.ordered if one.managed)


def _unexpired(case: _Case) -> list[Snapshot]:
    """The managed snapshots that expiry does not take."""
    managed = [one for one in case.ordered if one.managed]
    return [one for one in managed if not any(reason.endswith(EXPIRED) for reason in case.limits.get(one.moid, ()))]
