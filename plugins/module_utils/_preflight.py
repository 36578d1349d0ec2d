# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Judges a fleet before a change: reads what is around the VMs, all of it in bulk, and lets the pure code judge."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ansible_collections.savepoint.vsphere.plugins.module_utils._busy import read_busy
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._parties import read_parties
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan import VmPlan
from ansible_collections.savepoint.vsphere.plugins.module_utils._privileges import PRIVILEGES
from ansible_collections.savepoint.vsphere.plugins.module_utils._readiness import NO_REVERT_ATTRIBUTE, ReadinessWish
from ansible_collections.savepoint.vsphere.plugins.module_utils._readiness_fleet import (
    Surroundings,
    assess_fleet,
)
from ansible_collections.savepoint.vsphere.plugins.module_utils._record import last_run
from ansible_collections.savepoint.vsphere.plugins.module_utils._session import Session
from ansible_collections.savepoint.vsphere.plugins.module_utils._survey import (
    attribute_warnings,
    read_attribute,
    read_footprints,
    read_lacking,
    read_stores,
)


@dataclass(frozen=True)
class Preflight:
    """A call of snapshot_info that asks for readiness. ``plan`` makes the plan of a VM, to which the verdict is put."""

    wish: ReadinessWish
    plan: Callable[[Vm, datetime], VmPlan]
    proxy_host: str | None = None

    def prepare(self, session: Session, vms: Sequence[Vm], now: datetime) -> tuple[dict[str, VmPlan], dict[str, Any]]:
        """Each VM's plan with its verdict, by its MoID, and what the result says of the datastores."""
        around = self._surroundings(session, vms) if vms else Surroundings()
        verdicts, datastores = assess_fleet(vms, self.wish, around, now)
        plans = {vm.moid: replace(self.plan(vm, now), readiness=verdicts[vm.moid]) for vm in vms}
        facts: dict[str, Any] = {"datastores": datastores} if self.wish.looks_at_space else {}
        name, instead = self.wish.no_revert_attribute, "the variable savepoint_no_revert says it to the roles"
        warnings = attribute_warnings(session, "no_revert_attribute", name, NO_REVERT_ATTRIBUTE, instead)
        return plans, {**facts, "warnings": warnings} if warnings else facts

    def _surroundings(self, session: Session, vms: Sequence[Vm]) -> Surroundings:
        wish = self.wish
        moids = [vm.moid for vm in vms]
        lacking, unasked = read_lacking(session, moids, PRIVILEGES) if wish.check_privileges else ({}, None)
        # Without an amount to judge by, the verdict is the same whatever the datastores have.
        earlier = read_footprints(session, [moid for moid in wish.earlier if moid not in moids]) if wish.growth else ()
        stores = read_stores(session, (*vms, *earlier)) if wish.looks_at_space else {}
        records, ran_at = last_run(session)
        return Surroundings(
            busy=read_busy(session),
            lacking=lacking,
            unasked=unasked,
            attributes=read_attribute(session, moids, wish.no_revert_attribute),
            parties=read_parties(session, self.proxy_host, wish.own_addresses),
            stores=stores,
            earlier=tuple(earlier),
            records=records,
            ran_at=ran_at,
        )
