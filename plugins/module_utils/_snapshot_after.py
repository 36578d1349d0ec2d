# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What snapshot's changes really gave, and what that asks for. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from ansible_collections.savepoint.vsphere.plugins.module_utils._marker import join, split, with_kind
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Snapshot, Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan import Create, FollowUp, Remove, Rename, VmPlan
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan_snapshot import SnapshotWish, plan_snapshot
from ansible_collections.savepoint.vsphere.plugins.module_utils._tree import without


def follow_up(plan: VmPlan, after: Vm, wish: SnapshotWish) -> FollowUp:
    """Look at what a create really gave, and whether an edit is still there.

    A snapshot that another run was faster with is taken back, and so is a second one of this very call. One of a weaker
    kind than was promised is too, or named if allowed. An edit that somebody else has gone over in the same moment is
    made again on what they wrote.
    """
    create = _created(plan)
    if create is None and any(isinstance(action, Remove) for action in plan.actions):
        return FollowUp(failure=plan.msg)  # An earlier run's, in whose place nothing could be taken.
    if create is None:
        return _edited_again(plan, after, wish)
    taken = _taken(create, after)
    first = _first(taken, after, wish)
    if first is None:
        return FollowUp()
    if first not in taken:
        return _taken_back(taken, first, after, wish)
    more = _only(first, taken)
    return _as_promised(create, first, more, wish) if first.weaker else more


def _only(first: Snapshot, taken: Sequence[Snapshot]) -> FollowUp:
    """A vCenter that has restarted can forget a creation that its host still carries out, so that it is sent again."""
    twice = [one for one in taken if one is not first]
    if not twice:
        return FollowUp()
    why = "vCenter forgot the creation, which was sent again and came twice"
    return FollowUp(
        tuple(Remove(one.moid) for one in twice),
        warnings=(f"{why}; {_labels(twice)} was removed again",),
        undone=f"{why}, and {_labels(twice)} of this call is too much; remove it by its snapshot_id",
    )


def _as_promised(create: Create, taken: Snapshot, more: FollowUp, wish: SnapshotWish) -> FollowUp:
    """What is to be done besides with one of a weaker kind."""
    why = f"vCenter reported success but the snapshot is not {create.marker.kind}"
    if wish.allow_crash:
        marker = with_kind(taken.marker or create.marker, "crash_consistent")
        return replace(
            more,
            actions=(*more.actions, Rename(taken.moid, None, join(taken.description, marker))),
            warnings=(*more.warnings, f"{why}; kept as crash_consistent, as fallback: crash allows"),
        )
    return replace(
        more,
        actions=(*more.actions, Remove(taken.moid)),
        failure=f"{why}; it was removed again, and nothing else was changed",
    )


def confirm(plan: VmPlan, after: Vm, wish: SnapshotWish) -> str | None:
    """Is it as was wished for? Somebody else may have been at it in the same moment, and gone over what we wrote."""
    create = _created(plan)
    if create is not None:
        there = _taken(create, after) or any(_meant(one, wish) for one in after.snapshots)
        return None if there else "the snapshot was taken, and somebody has removed it since; run again"
    edit = _edit(plan)
    if edit is None:
        return None
    now = _edited(edit, after)
    if now is None:
        return "the snapshot was changed, and somebody has removed it since"
    lost = _lost(edit, now, wish)
    return f"somebody else has changed {' and '.join(lost)} at the same time; run again" if lost else None


def _edited_again(plan: VmPlan, after: Vm, wish: SnapshotWish) -> FollowUp:
    edit = _edit(plan)
    now = _edited(edit, after) if edit is not None else None
    if edit is None or now is None or not (lost := _lost(edit, now, wish)):
        return FollowUp()
    expires = _expiry(edit)
    began = expires - wish.expires_in if expires is not None and wish.expires_in is not None else now.created_at
    again = plan_snapshot(after, wish, began)
    return FollowUp(
        again.actions,
        warnings=(f"somebody else changed {' and '.join(lost)} at the same time, so it was changed again",),
    )


def _created(plan: VmPlan) -> Create | None:
    return next((action for action in plan.actions if isinstance(action, Create)), None)


def _edit(plan: VmPlan) -> Rename | None:
    return next((action for action in plan.actions if isinstance(action, Rename)), None)


def _edited(edit: Rename, after: Vm) -> Snapshot | None:
    return next((one for one in after.snapshots if one.moid == edit.snapshot), None)


def _expiry(edit: Rename) -> datetime | None:
    marker = split(edit.raw_description).marker
    return marker.expires if marker is not None else None


def _taken(create: Create, after: Vm) -> list[Snapshot]:
    return [one for one in after.snapshots if one.marker is not None and one.marker.op == create.marker.op]


def _meant(one: Snapshot, wish: SnapshotWish) -> bool:
    if wish.set_id is not None:
        return one.marker is not None and one.marker.set == wish.set_id
    return one.name == wish.name


def _first(taken: Sequence[Snapshot], after: Vm, wish: SnapshotWish) -> Snapshot | None:
    """The oldest of those that are meant: vSphere counts a VM's snapshots up, so that all runs agree which it is."""
    meant = [one for one in after.snapshots if one in taken or _meant(one, wish)]
    return min(meant, key=lambda one: one.id, default=None)


def _labels(snapshots: Sequence[Snapshot]) -> str:
    return " and ".join(one.label for one in snapshots)


def _taken_back(taken: Sequence[Snapshot], first: Snapshot, after: Vm, wish: SnapshotWish) -> FollowUp:
    """As if the other run had come before: its snapshot stays, and gets what else was wished for.

    ``taken`` is empty where the call's own is gone already.
    """
    ours = tuple(Remove(one.moid) for one in taken)
    rest = replace(after, snapshots=without(after.snapshots, [one.snapshot for one in ours]))
    plan = plan_snapshot(rest, wish, (taken[0] if taken else first).created_at)
    theirs = f"somebody else has taken {first.label} in the same moment"
    said = f"{theirs}, so the one of this call was removed again"
    why = plan.problem or plan.failure
    return FollowUp(
        (*ours, *plan.actions),
        failure=f"{said}; {why}" if why is not None else None,
        warnings=(said,),
        instead=plan,
        undone=f"{theirs}, and {_labels(taken)} of this call is too much; remove it by its snapshot_id"
        if taken
        else None,
    )


def _lost(edit: Rename, now: Snapshot, wish: SnapshotWish) -> list[str]:
    """What of the wish is not there, in words. What the others have added is no loss."""
    lost = []
    if edit.name is not None and now.name != edit.name:
        lost.append("its name")
    if edit.raw_description is None:
        return lost
    written = split(edit.raw_description)
    if wish.description is not None and now.description != written.text:
        lost.append("its description")
    if wish.hold and not now.hold:  # Somebody's hold after our release is no loss.
        lost.append("whether it is held")
    planned = _expiry(edit)
    found = now.marker.expires if now.marker is not None else None
    if wish.extend and planned is not None and (found is None or found < planned):
        lost.append("its expiry")
    if wish.phase is not None and now.marker is not None and now.marker.phase != wish.phase:
        lost.append("its phase")
    return lost
