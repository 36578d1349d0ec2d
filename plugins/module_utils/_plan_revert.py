# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans for snapshot_revert. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import InputError, LimitError
from ansible_collections.savepoint.vsphere.plugins.module_utils._marker import Marker
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Snapshot, Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan import (
    FollowUp,
    NoteRevert,
    Power,
    Revert,
    VmPlan,
    blocked,
    check_text,
)
from ansible_collections.savepoint.vsphere.plugins.module_utils._quota import Quota, parse_quota
from ansible_collections.savepoint.vsphere.plugins.module_utils._safeguards import (
    Evidence,
    Safeguards,
    judge,
    noted,
    parse_safeguards,
    replaced,
    said,
    unnoted_revert,
)
from ansible_collections.savepoint.vsphere.plugins.module_utils._time import format_duration, parse_duration
from ansible_collections.savepoint.vsphere.plugins.module_utils._tree import find, listed, meant


@dataclass(frozen=True)
class RevertWish:
    """The options of snapshot_revert, checked."""

    name: str | None = None
    snapshot_id: int | None = None
    set_id: str | None = None
    suppress_power_on: bool = False
    power_state: str = "snapshot"
    wait_for_guest: timedelta | None = None
    max_age: timedelta | None = None
    max_reverts: Quota | None = None
    safeguards: Safeguards | None = None

    @property
    def what(self) -> str:
        """How a message names the snapshot that is meant."""
        return meant(self.name, self.snapshot_id, self.set_id)


def parse_wish(params: Mapping[str, Any]) -> RevertWish:
    """Read the module's options. Raises InputError for values that are malformed or contradict each other."""

    def duration(option: str) -> timedelta | None:
        return parse_duration(params[option], option) if params[option] is not None else None

    named = [key for key in ("snapshot_name", "snapshot_id", "snapshot_set") if params[key] is not None]
    if not named:
        raise InputError("no snapshot is named: set one of snapshot_name, snapshot_id and snapshot_set")
    if len(named) > 1:
        raise InputError(f"{' and '.join(named)} exclude each other: name the snapshot once")
    if params["suppress_power_on"] and params["power_state"] == "on":
        raise InputError("suppress_power_on contradicts power_state: on")
    return RevertWish(
        name=check_text(params["snapshot_name"], "snapshot_name"),
        snapshot_id=params["snapshot_id"],
        set_id=check_text(params["snapshot_set"], "snapshot_set"),
        suppress_power_on=params["suppress_power_on"],
        power_state=params["power_state"],
        wait_for_guest=duration("wait_for_guest"),
        max_age=duration("max_age"),
        max_reverts=parse_quota(params["max_reverts"], "max_reverts") if params["max_reverts"] is not None else None,
        safeguards=parse_safeguards(params["safeguards"]),
    )


def target_of(vm: Vm, wish: RevertWish) -> Snapshot | None:
    """The snapshot to revert to, if there is exactly one."""
    try:
        return find(vm, name=wish.name, snapshot_id=wish.snapshot_id, set_id=wish.set_id)
    except InputError:
        return None


def plan_revert(vm: Vm, wish: RevertWish, now: datetime, evidence: Evidence | None = None) -> VmPlan:
    """The plan for one VM. Without safeguards it always reverts: the present drifts from a snapshot at once."""
    try:
        target = find(vm, name=wish.name, snapshot_id=wish.snapshot_id, set_id=wish.set_id)
    except InputError as error:
        return VmPlan(vm, problem=error.msg)
    if target is None:
        return VmPlan(vm, problem=f"{vm.label} has no {wish.what} to revert to; it has {listed(vm)}")
    failure = blocked(vm)
    if failure is not None:
        return VmPlan(vm, failure=failure, target=target.moid)
    if wish.safeguards is not None:
        return _guarded(vm, target, wish, wish.safeguards, evidence or Evidence(), now)
    return _reverting(vm, target, wish)


def _reverting(vm: Vm, target: Snapshot, wish: RevertWish) -> VmPlan:
    wanted = _wanted_power(vm, target, wish)
    suppress = wish.suppress_power_on or wanted == "poweredOff"
    warnings: tuple[str, ...] = ()
    if wish.power_state == "previous" and vm.power_state == "suspended":
        warnings = ("it was suspended before, which a revert can't bring back; it has the snapshot's power state",)
    return VmPlan(
        vm,
        (Revert(target.moid, suppress, target.memory),),
        f"reverted to '{target.name}'",
        warnings=warnings,
        target=target.moid,
        kind=target.kind,
        power_state=wanted,
    )


def _guarded(
    vm: Vm, target: Snapshot, wish: RevertWish, guard: Safeguards, evidence: Evidence, now: datetime
) -> VmPlan:
    other = replaced(vm, target, guard)
    if other is None or other.code in guard.ignore:
        earlier = unnoted_revert(target, evidence)
        if earlier is not None or noted(target):
            return _reverted_before(vm, target, wish, earlier.ended_at if earlier is not None else None)
    refusals, warnings = judge(vm, target, guard, evidence, now)
    if refusals:
        return VmPlan(
            vm, failure=said(refusals), warnings=warnings, target=target.moid, kind=target.kind, refusals=refusals
        )
    plan = _reverting(vm, target, wish)
    note = () if target.marker is None or target.marker.phase is None else (_note(target, now),)
    return replace(plan, actions=(*plan.actions, *note), warnings=(*warnings, *plan.warnings))


def _reverted_before(vm: Vm, target: Snapshot, wish: RevertWish, unnoted: datetime | None) -> VmPlan:
    """It is there already: a second revert would throw away what was done after the first."""
    wanted = {"on": "poweredOn", "off": "poweredOff"}.get(wish.power_state)
    actions = (
        *((_note(target, unnoted),) if unnoted is not None else ()),
        *((Power(wanted),) if wanted not in (None, vm.power_state) else ()),
    )
    warnings: tuple[str, ...] = ()
    if wish.power_state == "previous":
        warnings = ("an earlier run reverted it, so its power state before that is not known; it stays as it is",)
    return VmPlan(
        vm,
        actions,
        f"an earlier run has reverted it to '{target.name}' already; not reverted again",
        warnings=warnings,
        target=target.moid,
        kind=target.kind,
        power_state=wanted,
        reverted_before=True,
    )


def _note(target: Snapshot, ended_at: datetime) -> NoteRevert:
    return NoteRevert(target.moid, target.description, target.marker or Marker(), ended_at)


def _wanted_power(vm: Vm, target: Snapshot, wish: RevertWish) -> str | None:
    """The power state to establish, or None when whatever the revert gives is right."""
    if wish.power_state == "on":
        return "poweredOn"
    if wish.power_state == "off":
        return "poweredOff"
    if wish.power_state == "previous" and vm.power_state in ("poweredOn", "poweredOff"):
        return None if wish.suppress_power_on and vm.power_state == "poweredOn" else vm.power_state
    return None


def expected_power(vm: Vm, plan: VmPlan) -> str | None:
    """The power state that the plan ends in, for check mode."""
    if plan.power_state is not None:
        return plan.power_state
    target = vm.snapshot(plan.target)
    revert = _revert(plan)
    if target is None or revert is None:
        return vm.power_state
    if target.state == "poweredOn" and revert.suppress_power_on:
        return "poweredOff"
    return target.state


def _revert(plan: VmPlan) -> Revert | None:
    return next((action for action in plan.actions if isinstance(action, Revert)), None)


def check_limits(plans: Sequence[VmPlan], wish: RevertWish, now: datetime) -> None:
    """Stop the call before the first revert when it would go further than the caller allows. Raises LimitError."""
    reverts = [plan for plan in plans if _revert(plan) is not None]
    if wish.max_reverts is not None:
        allowed = wish.max_reverts.allowed(len(plans))
        if len(reverts) > allowed:
            raise LimitError(
                f"{len(reverts)} virtual machines would be reverted, and max_reverts ({wish.max_reverts}) allows "
                f"{allowed}; "
                "nothing was reverted. When this many fail at once, look for a common cause first"
            )
    if wish.max_age is not None:
        old = [
            (plan.vm, target)
            for plan in reverts
            if (target := plan.vm.snapshot(plan.target)) is not None and now - target.created_at > wish.max_age
        ]
        if old:
            vm, target = old[0]
            raise LimitError(
                f"{len(old)} of the snapshots are older than max_age ({format_duration(wish.max_age)}), first "
                f"{target.label} of {vm.label}, {format_duration(now - target.created_at)} old; nothing was reverted"
            )


def follow_up(plan: VmPlan, after: Vm) -> FollowUp:
    """A disk-only snapshot leaves the VM off; bring it to the state that the caller asked for."""
    if plan.power_state is None or after.power_state == plan.power_state:
        return FollowUp()
    return FollowUp((Power(plan.power_state),))
