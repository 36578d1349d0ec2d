# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each module does: its options to an Operation. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.savepoint.vsphere.plugins.module_utils import _plan_revert, _plan_snapshot
from ansible_collections.savepoint.vsphere.plugins.module_utils._fleet import Operation
from ansible_collections.savepoint.vsphere.plugins.module_utils._inventory import Needs
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan import VmPlan
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan_prune import plan_prune
from ansible_collections.savepoint.vsphere.plugins.module_utils._policy import parse_policy
from ansible_collections.savepoint.vsphere.plugins.module_utils._readiness import parse_readiness
from ansible_collections.savepoint.vsphere.plugins.module_utils._time import parse_duration


def snapshot_operation(params: Mapping[str, Any], token: str) -> Operation:
    """The snapshot module."""
    wish = _plan_snapshot.parse_wish(params, token)
    return Operation(
        plan=lambda vm, now: _plan_snapshot.plan_snapshot(vm, wish, now),
        needs=Needs(create=wish.present),
        follow_up=lambda plan, after: _plan_snapshot.follow_up(plan, after, wish),
        timeout=params["timeout"],
    )


def revert_operation(params: Mapping[str, Any]) -> Operation:
    """The snapshot_revert module."""
    wish = _plan_revert.parse_wish(params)
    return Operation(
        plan=lambda vm, now: _plan_revert.plan_revert(vm, wish, now),
        check=lambda plans, now: _plan_revert.check_limits(plans, wish, now),
        follow_up=_plan_revert.follow_up,
        timeout=params["timeout"],
        wait_for_guest=wish.wait_for_guest,
    )


def prune_operation(params: Mapping[str, Any]) -> Operation:
    """The snapshot_prune module."""
    policy = parse_policy(params["policy"])
    return Operation(
        plan=lambda vm, now: plan_prune(vm, policy, now),
        needs=Needs(sizes=True),
        timeout=params["timeout"],
    )


def info_operation(params: Mapping[str, Any]) -> Operation:
    """The snapshot_info module, whose plans have nothing to do."""
    if params["readiness"] is not None:
        parse_readiness(params["readiness"])
    if params["older_than"] is not None:
        parse_duration(params["older_than"], "older_than")
    wanted = params["readiness"] is not None
    return Operation(
        plan=lambda vm, now: VmPlan(vm, msg=f"it has {_counted(len(vm.snapshots))}"),
        needs=Needs(create=wanted, sizes=True, readiness=wanted),
    )


def _counted(number: int) -> str:
    return "1 snapshot" if number == 1 else f"{number or 'no'} snapshots"
