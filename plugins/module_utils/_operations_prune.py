# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What snapshot_prune does: its options to an Operation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.savepoint.vsphere.plugins.module_utils import _plan_consolidate
from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import InputError
from ansible_collections.savepoint.vsphere.plugins.module_utils._fleet import Operation
from ansible_collections.savepoint.vsphere.plugins.module_utils._inventory import Needs
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan import VmPlan
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan_prune import check_quota
from ansible_collections.savepoint.vsphere.plugins.module_utils._planfile import PlanFile, read_plan
from ansible_collections.savepoint.vsphere.plugins.module_utils._policy import Policy, parse_policy
from ansible_collections.savepoint.vsphere.plugins.module_utils._prune import Pruning
from ansible_collections.savepoint.vsphere.plugins.module_utils._quota import parse_quota
from ansible_collections.savepoint.vsphere.plugins.module_utils._record import write_record
from ansible_collections.savepoint.vsphere.plugins.module_utils._selection import Selection, Selector
from ansible_collections.savepoint.vsphere.plugins.module_utils._session import Session
from ansible_collections.savepoint.vsphere.plugins.module_utils._time import parse_duration


def prune_operation(params: Mapping[str, Any]) -> Operation:
    """The snapshot_prune module."""
    policy, plan = _policy_or_plan(params)
    pruning = Pruning(
        policy,
        plan,
        parse_duration(params["max_clock_difference"], "max_clock_difference"),
        params["check_space"],
    )
    quota = parse_quota(params["max_removals"], "max_removals") if params["max_removals"] is not None else None
    return Operation(
        plan=lambda vm, now: VmPlan(
            vm, failure="others were at work on it after the plan was made; run again when they are done"
        ),
        prepare=pruning.prepare,
        check=lambda plans, now: check_quota(plans, quota),
        follow_up=_plan_consolidate.follow_up,
        confirm=_plan_consolidate.confirm,
        finish=_record if params["record"] else None,
        selection=_planned_selection(params, plan) if plan is not None else None,
        needs=Needs(sizes=True),
        timeout=params["timeout"],
    )


def _policy_or_plan(params: Mapping[str, Any]) -> tuple[Policy | None, PlanFile | None]:
    if params["policy"] is not None and params["plan"] is not None:
        raise InputError("policy and plan exclude each other: a plan is carried out as it was made")
    if params["plan"] is not None:
        return None, read_plan(params["plan"])
    if params["policy"] is None:
        raise InputError("policy is missing: say what to keep, or give a plan that was made before")
    return parse_policy(params["policy"]), None


def _planned_selection(params: Mapping[str, Any], plan: PlanFile) -> Selection:
    """A plan names its VMs itself. One that has changed stops everything, whatever ``unresolved`` says."""
    ways = [key for key in ("name", "moid", "uuid", "vms", "scope") if params[key] is not None]
    if ways:
        raise InputError(f"plan and {ways[0]} exclude each other: the plan names its virtual machines")
    return Selection(tuple(Selector(raw=vm.name, moid=vm.moid) for vm in plan.vms))


def _record(session: Session, summary: dict[str, int]) -> str | None:
    return write_record(session, session.now(), summary)
