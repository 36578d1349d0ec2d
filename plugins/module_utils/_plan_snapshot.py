# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans for the snapshot module: present, absent, rename, re-describe, hold, extend. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import InputError
from ansible_collections.savepoint.vsphere.plugins.module_utils._kinds import grant
from ansible_collections.savepoint.vsphere.plugins.module_utils._marker import (
    Marker,
    join,
    with_expiry,
    with_hold,
    with_kind,
    with_phase,
)
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Snapshot, Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan import (
    MAX_DEPTH,
    Consolidate,
    Create,
    Remove,
    RemoveAll,
    Rename,
    VmPlan,
    blocked,
    check_text,
)
from ansible_collections.savepoint.vsphere.plugins.module_utils._protection import refusal
from ansible_collections.savepoint.vsphere.plugins.module_utils._time import format_time, parse_duration
from ansible_collections.savepoint.vsphere.plugins.module_utils._tree import find, listed, meant, subtree, without

# What vSphere takes as the time limit of a quiesced snapshot, in whole minutes (VirtualMachineGuestQuiesceSpec).
QUIESCE = (timedelta(minutes=5), timedelta(minutes=240))


@dataclass(frozen=True)
class SnapshotWish:
    """The options of the snapshot module, checked."""

    present: bool
    name: str | None = None
    snapshot_id: int | None = None
    set_id: str | None = None
    new_name: str | None = None
    description: str | None = None
    memory: bool = False
    quiesce: bool = False
    quiesce_timeout: timedelta | None = None
    owner: str | None = None
    expires_in: timedelta | None = None
    extend: bool = False
    hold: bool | None = None
    phase: str | None = None
    allow_crash: bool = False
    remove_children: bool = False
    remove_all: bool = False
    force: bool = False
    token: str = ""

    @property
    def what(self) -> str:
        """How a message names the snapshot that is meant."""
        return meant(self.name, self.snapshot_id, self.set_id)


def parse_wish(params: Mapping[str, Any], token: str) -> SnapshotWish:
    """Read the module's options. ``token`` marks the snapshots that this call creates as its own.

    Raises InputError for values that are malformed or contradict each other.
    """
    present = params["state"] == "present"
    wish = SnapshotWish(
        present=present,
        name=check_text(params["snapshot_name"], "snapshot_name"),
        snapshot_id=params["snapshot_id"],
        set_id=check_text(params["snapshot_set"], "snapshot_set"),
        new_name=check_text(params["new_snapshot_name"], "new_snapshot_name"),
        # As with the peers, an empty description means that none was given.
        description=check_text(params["description"], "description", may_be_empty=True) or None,
        memory=params["memory_dump"],
        quiesce=params["quiesce"],
        quiesce_timeout=parse_duration(params["quiesce_timeout"], "quiesce_timeout")
        if params["quiesce_timeout"]
        else None,
        owner=check_text(params["owner"], "owner"),
        expires_in=parse_duration(params["expires_in"], "expires_in") if params["expires_in"] is not None else None,
        extend=params["extend"],
        hold=params["hold"],
        phase=params["phase"],
        allow_crash=params["fallback"] == "crash",
        remove_children=params["remove_children"],
        remove_all=params["remove_all"],
        force=params["force"],
        token=token,
    )
    named = [key for key in ("snapshot_name", "snapshot_id", "snapshot_set") if params[key] is not None]
    if "snapshot_id" in named and len(named) > 1:
        raise InputError(f"{' and '.join(named)} exclude each other: a snapshot ID alone is exact")
    if present and wish.remove_all:
        raise InputError("remove_all goes with state: absent only")
    if not named and not wish.remove_all:
        raise InputError("no snapshot is named: set snapshot_name, snapshot_id or snapshot_set")
    if wish.remove_all and named:
        raise InputError(f"remove_all removes every snapshot of the VM; {named[0]} beside it contradicts that")
    if wish.extend and wish.expires_in is None:
        raise InputError("extend needs expires_in, which says how far from now the expiry is put")
    if wish.quiesce_timeout is not None and not QUIESCE[0] <= wish.quiesce_timeout <= QUIESCE[1]:
        raise InputError(f"quiesce_timeout is '{params['quiesce_timeout']}'; vSphere takes 5m to 240m")
    if wish.phase is not None and not present:
        raise InputError("phase goes with state: present only")
    if wish.phase is not None and wish.set_id is None:
        raise InputError("phase needs snapshot_set: it says how far the change is that the set was taken for")
    return wish


def plan_snapshot(vm: Vm, wish: SnapshotWish, now: datetime) -> VmPlan:
    """The plan for one VM; ``now`` is vCenter's clock."""
    try:
        return _plan_present(vm, wish, now) if wish.present else _plan_absent(vm, wish)
    except InputError as error:
        return VmPlan(vm, problem=error.msg)


def _plan_present(vm: Vm, wish: SnapshotWish, now: datetime) -> VmPlan:
    target = find(vm, name=wish.name, snapshot_id=wish.snapshot_id, set_id=wish.set_id)
    if target is None and wish.phase not in (None, "taken"):
        # It would be taken of what is patched or broken already.
        return VmPlan(vm, failure=f"it has no {wish.what} to mark as {wish.phase}; nothing was created")
    if wish.new_name is not None and target is None:
        target = _renamed_before(vm, wish)
    if target is not None and _left_weak(target, wish) and not wish.allow_crash:
        return _plan_retake(vm, target, wish, now)
    if target is not None:
        return _plan_edit(vm, target, wish, now)
    if wish.snapshot_id is not None:
        raise InputError(f"{vm.label} has no {wish.what}; it has {listed(vm)}")
    return _plan_create(vm, wish, now)


def _left_weak(target: Snapshot, wish: SnapshotWish) -> bool:
    """Did an earlier run get less than it was to take, and could neither take it back nor name it?"""
    marker = target.marker
    if marker is None or marker.op is None or marker.phase != "taken" or target.hold:
        return False
    return target.weaker and (wish.quiesce or wish.memory)


def _plan_retake(vm: Vm, target: Snapshot, wish: SnapshotWish, now: datetime) -> VmPlan:
    """Take back what the earlier run could not, and take it anew; without the latter that is a failure afterwards."""
    if (why_not := blocked(vm)) is not None:
        return VmPlan(vm, failure=why_not)
    plan = _plan_create(replace(vm, snapshots=without(vm.snapshots, (target.moid,))), wish, now)
    said = f"an earlier run took {target.label} of a weaker kind than was asked for, and could not remove it again"
    msg = plan.msg if plan.actions else f"{said}; it was removed now, and {plan.failure}"
    actions = (Remove(target.moid), *plan.actions)
    return replace(plan, vm=vm, actions=actions, msg=msg, failure=None, warnings=(*plan.warnings, said))


def _renamed_before(vm: Vm, wish: SnapshotWish) -> Snapshot:
    """A rerun of a rename finds the old name gone and the new one there."""
    if wish.snapshot_id is None and wish.set_id is None:
        already = find(vm, name=wish.new_name)
        if already is not None:
            return already
    raise InputError(
        f"{vm.label} has neither a {wish.what} nor one named '{wish.new_name}', so there is nothing to rename; "
        f"it has {listed(vm)}"
    )


def _plan_edit(vm: Vm, target: Snapshot, wish: SnapshotWish, now: datetime) -> VmPlan:
    new_name = wish.new_name if wish.new_name not in (None, target.name) else None
    twin = next((one for one in vm.snapshots if one.name == new_name), None) if new_name is not None else None
    if twin is not None:
        raise InputError(f"{vm.label} already has a snapshot {twin.label}; {target.label} can't get the same name")
    text = target.description if wish.description is None else wish.description
    marker = target.marker
    said = []
    if target.marker_problem is not None and (text != target.description or wish.hold is not None or wish.extend):
        return VmPlan(
            vm,
            target=target.moid,
            kind=target.kind,
            failure=f"the savepoint marker of {target.label} does not parse ({target.marker_problem}); "
            "mend the last line of its description in the vSphere Client first",
        )
    if marker is not None and _left_weak(target, wish):
        marker = with_kind(marker, "crash_consistent")
        said.append("marked as crash_consistent, which it is")
    if wish.hold is not None and wish.hold != target.hold:
        marker = with_hold(marker, wish.hold)
        said.append("held" if wish.hold else "released")
    if wish.extend and wish.expires_in is not None and marker is not None and marker.expires is not None:
        extended = with_expiry(marker, now.replace(microsecond=0) + wish.expires_in)
        if extended != marker:
            said.append(f"extended to {format_time(extended.expires or now)}")
            marker = extended
    if wish.phase is not None and marker is not None and marker.phase != wish.phase:
        marker = with_phase(marker, wish.phase)
        said.append(f"marked as {wish.phase}")
    if new_name is not None:
        said.append(f"renamed to '{new_name}'")
    if text != target.description:
        said.append("described anew")
    if not said:
        return VmPlan(vm, target=target.moid, kind=target.kind, msg=f"{wish.what} is present, kind {target.kind}")
    rewritten = text != target.description or marker != target.marker
    edit = Rename(target.moid, new_name, join(text, marker) if rewritten else None)
    return VmPlan(vm, (edit,), f"snapshot '{target.name}' {' and '.join(said)}", target=target.moid, kind=target.kind)


def _plan_create(vm: Vm, wish: SnapshotWish, now: datetime) -> VmPlan:
    why_not = blocked(vm)
    here = vm.current
    if why_not is None and here is not None and here.depth >= MAX_DEPTH:
        why_not = f"its snapshot chain is {here.depth} deep, and vSphere takes no more than {MAX_DEPTH}; remove some"
    granted = grant(vm, wish.memory, wish.quiesce, wish.allow_crash)
    if why_not is None:
        why_not = granted.refused
    if why_not is not None:
        return VmPlan(vm, failure=why_not)
    marker = Marker(
        set=wish.set_id,
        kind=granted.kind,
        owner=wish.owner,
        expires=now.replace(microsecond=0) + wish.expires_in if wish.expires_in is not None else None,
        op=wish.token,
        phase=wish.phase or "taken",
        hold=bool(wish.hold),
    )
    name = wish.name or wish.set_id or ""
    warnings = granted.warnings
    if vm.consolidation_needed:
        warnings = (*warnings, "its disks need consolidation; another snapshot makes that worse")
    minutes = _minutes(wish.quiesce_timeout) if granted.quiesce else None
    create = Create(name, wish.description or "", marker, granted.memory, granted.quiesce, minutes)
    return VmPlan(vm, (create,), f"snapshot '{name}' taken, kind {granted.kind}", warnings=warnings, kind=granted.kind)


def _plan_absent(vm: Vm, wish: SnapshotWish) -> VmPlan:
    if wish.remove_all:
        if not vm.snapshots:
            return _absent(vm, "it has no snapshots")
        return _plan_removal(vm, vm.snapshots, wish, RemoveAll(), f"all {len(vm.snapshots)} snapshots removed")
    target = find(vm, name=wish.name, snapshot_id=wish.snapshot_id, set_id=wish.set_id)
    if target is None:
        return _absent(vm, f"{wish.what} is absent")
    doomed = subtree(vm.snapshots, target.moid) if wish.remove_children else (target,)
    msg = f"snapshot '{target.name}' removed"
    if len(doomed) > 1:
        msg += f", and {len(doomed) - 1} below it"
    return _plan_removal(vm, doomed, wish, Remove(target.moid, wish.remove_children), msg, target)


def _absent(vm: Vm, msg: str) -> VmPlan:
    """Nothing is left to remove; an earlier run's removal may not have been merged."""
    if not vm.consolidation_needed:
        return VmPlan(vm, msg=msg)
    why_not = blocked(vm)
    if why_not is not None:
        return VmPlan(vm, msg=msg, warnings=(f"its disks need consolidation, which has to wait: {why_not}",))
    return VmPlan(vm, (Consolidate(),), f"{msg}; its disks were consolidated")


def _plan_removal(
    vm: Vm,
    doomed: tuple[Snapshot, ...],
    wish: SnapshotWish,
    action: Remove | RemoveAll,
    msg: str,
    target: Snapshot | None = None,
) -> VmPlan:
    failure = blocked(vm) or (None if wish.force else refusal(doomed))
    moid, kind = (target.moid, target.kind) if target is not None else (None, None)
    if failure is not None:
        return VmPlan(vm, failure=failure, target=moid, kind=kind)
    return VmPlan(vm, (action,), msg, target=moid, kind=kind)


def _minutes(limit: timedelta | None) -> int | None:
    return None if limit is None else -(-int(limit.total_seconds()) // 60)
