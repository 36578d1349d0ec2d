# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What to do when it is not known what became of an action: judged by what was read afterwards, never guessed. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan import (
    Action,
    Consolidate,
    Create,
    NoteRevert,
    Power,
    Remove,
    RemoveAll,
    Rename,
    Revert,
)
from ansible_collections.savepoint.vsphere.plugins.module_utils._tree import subtree

# An action is sent so often at most.
SENDS = 3
# Looks that must show nothing before it is sent again: a server that cut the connection may still be at it.
LOOKS = 2
# The same where no answer came in time, before it is given up.
LATE_LOOKS = 6
# vCenter's times are whole seconds in places, and ours is derived from one answer of its clock.
MARGIN = timedelta(seconds=3)


@dataclass(frozen=True)
class TaskFact:
    """A task as vCenter remembers it. ``kind`` is the last part of its description, in small letters."""

    moid: str
    kind: str
    state: str
    user: str
    queued_at: datetime
    error: Any = None


@dataclass(frozen=True)
class Sent:
    """An action on its way: on the VM as it was ``before``, first sent ``at`` that time by vCenter's clock.

    ``known`` are the tasks that the call has had of this VM before. ``login`` is the number of the login it was sent
    under. ``refused`` says that the server gave an answer, so the call itself is over; ``fault`` is that answer where
    sending the action again would be answered the same. ``late`` says that no answer came in time, so that the
    server may still be about to do it.
    """

    action: Action
    before: Vm
    at: datetime
    user: str = ""
    known: frozenset[str] = frozenset()
    login: int = 0
    refused: bool = False
    fault: str | None = None
    late: bool = False


@dataclass(frozen=True)
class Seen:
    """What was read: the VM, None when it is gone; its recent tasks; and whether the task history was among them."""

    vm: Vm | None
    tasks: tuple[TaskFact, ...] = ()
    history: bool = False
    login: int = 0


class Found(Enum):
    """What the reading shows."""

    DONE = "done"
    RUNNING = "running"
    FAILED = "failed"
    NOTHING = "nothing"
    UNKNOWN = "unknown"
    GONE = "gone"


class Step(Enum):
    """What to do next."""

    ADVANCE = "go on with the next action"
    FOLLOW = "wait for the task"
    FAIL = "give up"
    LOOK = "look again"
    SEND = "send it again"


def judge(sent: Sent, seen: Seen) -> tuple[Found, TaskFact | None]:
    """What became of an action, and the task that tells so where there is one."""
    if seen.vm is None:
        return Found.GONE, None
    if seen.vm.unreadable:
        return Found.UNKNOWN, None
    if took_effect(sent.action, sent.before, seen.vm):
        return Found.DONE, None
    ours = [task for task in seen.tasks if _may_be(task, sent)]
    for task in ours:
        if task.state in ("queued", "running"):
            return Found.RUNNING, task
    if isinstance(sent.action, Revert):
        done = next((task for task in ours if task.state == "success"), None)
        if done is not None:
            # Another run of this account may have reverted it to elsewhere meanwhile; one of both was not to last.
            return (Found.DONE if _is_at(sent.action.snapshot, sent.before, seen.vm) else Found.UNKNOWN), done
    failed = next((task for task in ours if task.state == "error"), None)
    if failed is not None:
        return Found.FAILED, failed
    if isinstance(sent.action, Revert) and not seen.history and seen.login != sent.login:
        # Only tasks tell of a revert, and a server that has restarted may have forgotten the one in question.
        return Found.UNKNOWN, None
    return Found.NOTHING, None


def decide(found: Found, sent: Sent, looks: int, sends: int) -> Step:
    """The next step, after so many looks and sends (this look and the last send counted)."""
    if found is Found.DONE:
        return Step.ADVANCE
    if found is Found.RUNNING:
        return Step.FOLLOW
    if found in (Found.FAILED, Found.GONE):
        return Step.FAIL
    if found is Found.UNKNOWN:
        return Step.LOOK if looks <= LOOKS else Step.FAIL
    if sent.fault is not None:
        return Step.FAIL
    if sent.late and not isinstance(sent.action, (Rename, NoteRevert)):
        # Once more would be once too often if the first call is served after all.
        return Step.LOOK if looks < LATE_LOOKS else Step.FAIL
    if not sent.refused and looks < LOOKS:
        return Step.LOOK
    return Step.SEND if sends < SENDS else Step.FAIL


def took_effect(action: Action, before: Vm, after: Vm) -> bool:
    """Does the VM show that the action took effect? A revert leaves nothing that only a revert can have left."""
    there = {snapshot.moid: snapshot for snapshot in after.snapshots}
    if isinstance(action, Create):
        return any(one.marker is not None and one.marker.op == action.marker.op for one in after.snapshots)
    if isinstance(action, Remove):
        doomed = subtree(before.snapshots, action.snapshot) if action.children else ()
        return there.keys().isdisjoint({action.snapshot, *(one.moid for one in doomed)})
    if isinstance(action, RemoveAll):
        return there.keys().isdisjoint(one.moid for one in before.snapshots)
    if isinstance(action, Consolidate):
        return not after.consolidation_needed
    if isinstance(action, Power):
        return after.power_state == action.state
    if isinstance(action, (Rename, NoteRevert)):
        now = there.get(action.snapshot)
        name = action.name if isinstance(action, Rename) else None
        return now is not None and name in (None, now.name) and action.raw_description in (None, now.raw_description)
    return False


def differs(before: Vm, after: Vm) -> bool:
    """Is the VM not as it was, so that what was planned for it may be wrong?

    The sizes were not read again, and grow all the time; power may be switched without harm.
    """
    return _planned_by(before) != _planned_by(after)


def _planned_by(vm: Vm) -> tuple[Any, ...]:
    return vm.unreadable, *(replace(one, size_bytes=None, frees=(), disk_files=()) for one in vm.snapshots)


def named(action: Action) -> str:
    """How a message names an action."""
    names = {
        Create: "the creation",
        Rename: "the edit",
        Remove: "the removal",
        RemoveAll: "the removal of all snapshots",
        Revert: "the revert",
        NoteRevert: "the note of the revert",
        Consolidate: "the consolidation",
    }
    if isinstance(action, Power):
        return "the power-on" if action.state == "poweredOn" else "the power-off"
    return names[type(action)]


def _is_at(target: str, before: Vm, after: Vm) -> bool:
    """Is the present that of this snapshot, not counting what was taken since?"""
    known = {one.moid for one in before.snapshots}
    parents = {one.moid: one.parent for one in after.snapshots}
    place = after.current.moid if after.current is not None else None
    while place is not None and place != target and place not in known:
        place = parents.get(place)
    return place == target


def _may_be(task: TaskFact, sent: Sent) -> bool:
    return (
        task.moid not in sent.known
        and task.queued_at >= sent.at - MARGIN
        and task.user.lower() == sent.user.lower()
        and _is_of(task.kind, sent.action)
    )


def _is_of(kind: str, action: Action) -> bool:
    if isinstance(action, Create):
        return kind.startswith("createsnapshot")
    if isinstance(action, Remove):
        return kind in ("remove", "removesnapshot")
    if isinstance(action, RemoveAll):
        return kind == "removeallsnapshots"
    if isinstance(action, Revert):
        return kind.startswith("revert")
    if isinstance(action, Consolidate):
        return kind.startswith("consolidate")
    if isinstance(action, Power):
        return kind == action.state.lower().replace("powered", "power")
    return False  # The others make no task.
