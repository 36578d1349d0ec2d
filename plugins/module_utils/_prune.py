# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes the plan of snapshot_prune for a fleet: reads what it needs, lets the pure code judge, checks the room."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import Any

from ansible_collections.savepoint.vsphere.plugins.module_utils._busy import read_busy
from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import InputError, LimitError
from ansible_collections.savepoint.vsphere.plugins.module_utils._estimate import estimate_merges
from ansible_collections.savepoint.vsphere.plugins.module_utils._judge import FleetFacts, judge_fleet, protected_now
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan import VmPlan
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan_prune import (
    freed,
    in_doubt,
    no_room,
    plan_removals,
)
from ansible_collections.savepoint.vsphere.plugins.module_utils._planfile import PlanFile, replay, write_plan
from ansible_collections.savepoint.vsphere.plugins.module_utils._policy import PROTECT_ATTRIBUTE, Policy
from ansible_collections.savepoint.vsphere.plugins.module_utils._session import Session
from ansible_collections.savepoint.vsphere.plugins.module_utils._survey import (
    attribute_warnings,
    read_attribute,
    read_clones,
    read_datastores,
)
from ansible_collections.savepoint.vsphere.plugins.module_utils._time import format_duration, format_time
from ansible_collections.savepoint.vsphere.plugins.module_utils._verdict import Datastore, Verdict


@dataclass(frozen=True)
class Pruning:
    """What a call of snapshot_prune asks for: a policy, or a plan that was made before."""

    policy: Policy | None
    plan: PlanFile | None
    max_clock_difference: timedelta
    check_space: bool = True

    def prepare(self, session: Session, vms: Sequence[Vm], now: datetime) -> tuple[dict[str, VmPlan], dict[str, Any]]:
        """Each VM's plan by its MoID, and what the result says of the whole.

        Raises LimitError when vCenter's clock and ours disagree too much to trust any age.
        """
        facts: dict[str, Any] = {"clock": self._clock(now)}
        verdicts = self._verdicts(session, vms, now)
        plans = {vm.moid: self._plan(vm, verdicts) for vm in vms}
        doomed = [vm for vm in vms if plans[vm.moid].actions]
        stores: dict[str, Datastore] = {}
        if doomed:
            stores = read_datastores(session)
            unsure = [vm for vm in doomed if self.check_space and in_doubt(plans[vm.moid].verdicts, stores)]
            estimates = estimate_merges(session, unsure) if unsure else {}
            for vm in doomed if self.check_space else ():
                why = no_room(vm, plans[vm.moid].verdicts, stores, estimates.get(vm.moid))
                if why is not None:
                    plans[vm.moid] = replace(plans[vm.moid], actions=(), failure=why)
        given = {vm.moid: plans[vm.moid].verdicts for vm in vms}
        facts["plan"] = write_plan(vms, given, session.identity, now, self._attribute())
        facts["datastores"] = _space(plans.values(), stores)
        facts["totals"] = _totals(plans.values())
        given_name, instead = self._attribute(), "protect_vms protects machines by their names"
        warnings = attribute_warnings(session, "protect_attribute", given_name, PROTECT_ATTRIBUTE, instead)
        return plans, {**facts, "warnings": warnings} if warnings else facts

    def _attribute(self) -> str:
        """The custom attribute that protects a VM: the policy's, or that of the policy the plan was made by."""
        if self.plan is not None:
            return self.plan.protect_attribute
        return self.policy.protect_attribute if self.policy is not None else PROTECT_ATTRIBUTE

    def _clock(self, now: datetime) -> dict[str, Any]:
        ours = datetime.now(timezone.utc)
        difference = now - ours
        if abs(difference) > self.max_clock_difference:
            raise LimitError(
                f"vCenter's clock says {format_time(now)} and the controller's {format_time(ours)}, "
                f"{format_duration(difference)} apart, more than max_clock_difference "
                f"({format_duration(self.max_clock_difference)}); mend the clocks first, for ages count from vCenter's"
            )
        return {
            "vcenter": format_time(now),
            "controller": format_time(ours),
            "difference_seconds": int(difference.total_seconds()),
        }

    def _verdicts(self, session: Session, vms: Sequence[Vm], now: datetime) -> dict[str, tuple[Verdict, ...] | str]:
        """The verdicts by the VM's MoID, or why there are none."""
        if self.plan is not None:
            if self.plan.vcenter != session.identity:
                raise InputError("plan: it was made for another vCenter")
            replayed: dict[str, tuple[Verdict, ...] | str] = {}
            for vm in vms:
                try:
                    replayed[vm.moid] = replay(vm, self.plan)
                except InputError as error:
                    replayed[vm.moid] = error.msg
            return self._still_free(session, vms, replayed)
        policy = self.policy or Policy()
        return dict(judge_fleet(vms, policy, self._facts(session, vms, policy, now), now))

    def _still_free(
        self, session: Session, vms: Sequence[Vm], replayed: dict[str, tuple[Verdict, ...] | str]
    ) -> dict[str, tuple[Verdict, ...] | str]:
        """The same, with a reason for each VM that is protected now: trees show no tasks, clones or attributes."""
        doomed = [vm for vm in vms if not isinstance(replayed[vm.moid], str)]
        facts = self._protecting(session, doomed, self._attribute()) if doomed else FleetFacts()
        for vm in doomed:
            found = replayed[vm.moid]
            why = None if isinstance(found, str) else protected_now(vm, found, facts, self._attribute())
            replayed[vm.moid] = why or found
        return replayed

    def _protecting(self, session: Session, vms: Sequence[Vm], attribute: str) -> FleetFacts:
        moids = [vm.moid for vm in vms]
        return FleetFacts(
            busy=read_busy(session),
            attributes=read_attribute(session, moids, attribute),
            clones=read_clones(session, vms),
        )

    def _facts(self, session: Session, vms: Sequence[Vm], policy: Policy, now: datetime) -> FleetFacts:
        stores = read_datastores(session) if policy.min_free is not None else {}
        first = judge_fleet(vms, policy, FleetFacts(datastores=stores), now)
        # More facts can only protect more, so only VMs that would lose something need them.
        doomed = [vm for vm in vms if any(verdict.remove for verdict in first[vm.moid])]
        if policy.min_free is not None:
            # What one VM may not give, another must: here all that have anything to give count.
            doomed = [vm for vm in vms if vm.snapshots]
        if not doomed:
            return FleetFacts(datastores=stores)
        return replace(self._protecting(session, doomed, self._attribute()), datastores=stores)

    def _plan(self, vm: Vm, verdicts: Mapping[str, tuple[Verdict, ...] | str]) -> VmPlan:
        found = verdicts[vm.moid]
        return VmPlan(vm, problem=found) if isinstance(found, str) else plan_removals(vm, found)


def _totals(plans: Iterable[VmPlan]) -> dict[str, int]:
    """How many snapshots were looked at, and what becomes of them; max_removals counts the same."""
    known = list(plans)
    there = sum(len(plan.verdicts) for plan in known)
    removals = sum(len(plan.actions) for plan in known)
    freeing = [freed(plan.verdicts) for plan in known if plan.actions]
    return {
        "snapshots": there,
        "remove": removals,
        "keep": there - removals,
        "frees_bytes": sum(sum(amounts.values()) for amounts in freeing),
    }


def _space(plans: Iterable[VmPlan], stores: Mapping[str, Datastore]) -> list[dict[str, Any]]:
    """By datastore, what is free now and about how much the removals give back."""
    total: dict[str, int] = {}
    for plan in plans:
        if plan.actions:
            for store, amount in freed(plan.verdicts).items():
                total[store] = total.get(store, 0) + amount
    return [
        {
            "name": name,
            "capacity_bytes": stores[name].capacity if name in stores else None,
            "free_bytes": stores[name].free if name in stores else None,
            "frees_bytes": amount,
        }
        for name, amount in sorted(total.items())
    ]
