# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each module adds to the common result, and the peers' keys for a single VM. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Snapshot
from ansible_collections.savepoint.vsphere.plugins.module_utils._outcome import View
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan import Create, Rename
from ansible_collections.savepoint.vsphere.plugins.module_utils._results import nested, snapshot_dict, snapshot_dicts
from ansible_collections.savepoint.vsphere.plugins.module_utils._time import parse_duration

Result = dict[str, Any]


def snapshot_details(view: View) -> Result:
    """What the snapshot module adds for each VM."""
    subject = _subject(view)
    gone = [snapshot for snapshot in view.before if all(snapshot.moid != other.moid for other in view.after)]
    return {
        # What is really there: a create that came to nothing has no kind, whatever was promised.
        "kind": subject.kind if subject is not None else None if _create(view) is not None else view.outcome.plan.kind,
        "snapshot": snapshot_dict(subject, view.after, view.now) if subject is not None else {},
        "removed": snapshot_dicts(gone, view.now),
        "consolidation_needed": view.vm.consolidation_needed,
    }


def snapshot_peers(result: Result, view: View) -> Result:
    """The peers' keys of vm_snapshot."""
    actions = view.outcome.plan.actions
    renamed = result["changed"] and any(isinstance(action, Rename) and action.name is not None for action in actions)
    return {"renamed": renamed, "snapshot": result["snapshot"], **task_result(view)}


def prune_details(view: View) -> Result:
    """What snapshot_prune adds for each VM: every snapshot with its reasons, told by what is really there."""
    left = {snapshot.moid: snapshot for snapshot in view.after}
    removed, kept = [], []
    for verdict in view.outcome.began.verdicts:
        stays = left.get(verdict.snapshot.moid)
        if stays is None:
            gone = snapshot_dict(verdict.snapshot, view.before, view.now)
            frees = verdict.snapshot.frees_bytes
            removed.append({**gone, "frees_bytes": frees, "reasons": list(verdict.reasons)})
        else:
            # As it is now: what was removed above it has given it another parent, depth and path.
            failed = [f"not removed: {view.outcome.error}"] if verdict.remove else []
            kept.append({**snapshot_dict(stays, view.after, view.now), "reasons": [*failed, *verdict.reasons]})
    return {"removed": removed, "kept": kept, "consolidation_needed": view.vm.consolidation_needed}


def consolidate_details(view: View) -> Result:
    """What snapshot_consolidate adds for each VM."""
    foretold = view.check_mode and bool(view.outcome.plan.actions)
    return {"consolidation_needed": view.vm.consolidation_needed and not foretold}


def no_peers(result: Result, view: View) -> Result:
    """No peer has such a module."""
    return {}


def info_view(params: Mapping[str, Any]) -> Callable[[View], Result]:
    """What snapshot_info adds for each VM, with the module's filters."""

    def details(view: View) -> Result:
        older = parse_duration(params["older_than"], "older_than") if params["older_than"] is not None else None
        shown = [one for one in view.before if passes(one, params, older, view.now)]
        current = view.vm.current
        result: Result = {
            "consolidation_needed": view.vm.consolidation_needed,
            "current_snapshot": snapshot_dict(current, view.before, view.now) if current is not None else {},
            "snapshots": [snapshot_dict(one, view.before, view.now) for one in shown],
            "current_delta_bytes": view.vm.current_delta_bytes,
        }
        if view.outcome.plan.readiness is not None:
            result["readiness"] = view.outcome.plan.readiness
        return result

    return details


def info_peers(result: Result, view: View) -> Result:
    """The peers' keys of vm_snapshot_info."""
    return {
        "current_snapshot": result["current_snapshot"],
        "snapshots": result["snapshots"],
        "snapshots_tree": nested(result["snapshots"]),
    }


def passes(snapshot: Snapshot, params: Mapping[str, Any], older: timedelta | None, now: datetime) -> bool:
    """Do the filters of snapshot_info let it through?"""
    marker = snapshot.marker
    expired = marker is not None and marker.expires is not None and marker.expires <= now
    return (
        params["snapshot_name"] in (None, snapshot.name)
        and params["snapshot_id"] in (None, snapshot.id)
        and (params["snapshot_set"] is None or (marker is not None and marker.set == params["snapshot_set"]))
        and (params["owner"] is None or (marker is not None and marker.owner == params["owner"]))
        and params["managed"] in (None, snapshot.managed)
        and params["expired"] in (None, expired)
        and (older is None or now - snapshot.created_at > older)
    )


def _subject(view: View) -> Snapshot | None:
    """The snapshot that the result is about, as it is now: the one created, else the plan's target."""
    create = _create(view)
    if create is not None:
        return next((one for one in view.after if one.marker is not None and one.marker.op == create.marker.op), None)
    return next((one for one in view.after if one.moid == view.outcome.plan.target), None)


def _create(view: View) -> Create | None:
    return next((action for action in view.outcome.plan.actions if isinstance(action, Create)), None)


def task_result(view: View) -> Result:
    """The peers' key for the last task, if there was one."""
    task = view.outcome.task
    if task is None:
        return {}
    return {
        "result": {
            "completion_time": task.ended_at.isoformat() if task.ended_at is not None else None,
            "entity_name": view.vm.name,
            "error": view.outcome.error,
            "state": task.state,
        }
    }
