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
from ansible_collections.savepoint.vsphere.plugins.module_utils._policy import Filters, Policy
from ansible_collections.savepoint.vsphere.plugins.module_utils._protection import protections
from ansible_collections.savepoint.vsphere.plugins.module_utils._time import format_duration

NO_LIMIT = "no limit asks for it"


@dataclass(frozen=True)
class Datastore:
    """A datastore's space in bytes."""

    name: str
    capacity: int
    free: int


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


@dataclass(frozen=True)
class Verdict:
    """One snapshot, kept or removed, with all the reasons."""

    snapshot: Snapshot
    remove: bool
    reasons: tuple[str, ...]


def judge_fleet(vms: Sequence[Vm], policy: Policy, facts: FleetFacts, now: datetime) -> dict[str, tuple[Verdict, ...]]:
    """By the VM's MoID, the verdict on each of its snapshots, oldest first, which is the order of removal."""
    cases = {vm.moid: _case(vm, policy, facts, now) for vm in vms}
    needed = _needed(cases.values(), policy, facts)
    verdicts = {}
    for vm in vms:
        case = cases[vm.moid]
        asked = {
            moid: (*case.limits.get(moid, ()), *((needed[moid],) if moid in needed else ()))
            for moid in (*case.limits, *needed)
        }
        verdicts[vm.moid] = _verdicts(replace(case, limits=asked), policy)
    return verdicts


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


def _case(vm: Vm, policy: Policy, facts: FleetFacts, now: datetime) -> _Case:
    ordered = tuple(sorted(vm.snapshots, key=lambda one: (one.created_at, one.id)))
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
        reasons.append(f"a snapshot task runs on its VM ({facts.busy[vm.moid]})")
    if facts.attributes.get(vm.moid, "").strip().lower() not in ("", "0", "false", "no"):
        reasons.append(f"its VM is protected by the custom attribute {policy.protect_attribute}")
    pattern = _matched(vm.name, policy.protect_vms)
    if pattern is not None:
        reasons.append(f"its VM is protected by name ({pattern})")
    return tuple(reasons)


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


def _needed(cases: Iterable[_Case], policy: Policy, facts: FleetFacts) -> dict[str, str]:
    """What must go besides, so that every datastore has min_free: what frees most first, of equals the oldest."""
    if policy.min_free is None:
        return {}
    known = list(cases)
    needed: dict[str, str] = {}
    for store in sorted(facts.datastores.values(), key=lambda each: each.name):
        wanted = policy.min_free.wanted(store.capacity)
        free = store.free
        choices = []
        for case in known:
            for one in case.ordered:
                gain = dict(one.frees).get(store.name, 0)
                if case.objections(one.moid) or not gain:
                    continue
                if one.moid in case.limits or one.moid in needed:
                    free += gain  # it goes anyway
                else:
                    choices.append((-gain, one.created_at, one.moid))
        for loss, _created, moid in sorted(choices):
            if free >= wanted:
                break
            free -= loss
            needed[moid] = (
                f"datastore {store.name} has {format_size(store.free)} free and needs {format_size(wanted)} (min_free)"
            )
    return needed


def _verdicts(case: _Case, policy: Policy) -> tuple[Verdict, ...]:
    verdicts = [_verdict(one, case, policy) for one in case.ordered]
    return tuple(_spare_the_last(verdicts, policy))


def _verdict(snapshot: Snapshot, case: _Case, policy: Policy) -> Verdict:
    asked = case.limits.get(snapshot.moid, ())
    against = case.objections(snapshot.moid)
    if against:
        # The limits that were overruled are named too, so that nobody wonders why an old snapshot stays.
        return Verdict(snapshot, False, (*against, *(f"overrules: {text}" for text in asked)))
    if policy.has_limit:
        return Verdict(snapshot, bool(asked), asked or (NO_LIMIT,))
    return Verdict(snapshot, True, ("no keep rule selects it",))


def _spare_the_last(verdicts: list[Verdict], policy: Policy) -> list[Verdict]:
    """Without a keep rule or allow_none, only expiry may take a VM's last managed snapshot."""
    managed = [verdict for verdict in verdicts if verdict.snapshot.managed]
    if policy.allow_none or policy.has_keep or not managed or not all(verdict.remove for verdict in managed):
        return verdicts
    others = [verdict for verdict in managed if not any(EXPIRED in reason for reason in verdict.reasons)]
    if not others:
        return verdicts
    newest = others[-1]
    reason = "the last managed snapshot of its VM; a keep rule or allow_none: true would let it go"
    spared = Verdict(newest.snapshot, False, (reason, *(f"overrules: {text}" for text in newest.reasons)))
    return [spared if verdict is newest else verdict for verdict in verdicts]
