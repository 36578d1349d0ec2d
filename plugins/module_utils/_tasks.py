# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tasks of a call, followed in one shared wait."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from types import TracebackType
from typing import Any

from ansible_collections.savepoint.vsphere.plugins.module_utils._faults import moid_of
from ansible_collections.savepoint.vsphere.plugins.module_utils._session import Session
from ansible_collections.savepoint.vsphere.plugins.module_utils._time import to_utc
from ansible_collections.savepoint.vsphere.plugins.module_utils._watch import Watch

_PATHS = ("info.state", "info.error", "info.result", "info.startTime", "info.completeTime")


@dataclass(frozen=True)
class TaskState:
    """What is known of a task. ``error`` is vSphere's fault object, ``result`` what the task gave."""

    moid: str
    state: str = "queued"
    started_at: datetime | None = None
    ended_at: datetime | None = None
    error: Any = None
    result: Any = None

    @property
    def ended(self) -> bool:
        """Has it come to an end, good or bad?"""
        return self.state in ("success", "error")


class TaskBoard:
    """Knows the state of every task that is watched, and lets go of those that have ended."""

    def __init__(self, session: Session) -> None:
        self._watch = Watch(session, "Task", _PATHS)
        self._states: dict[str, TaskState] = {}

    def __enter__(self) -> TaskBoard:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._watch.__exit__(kind, error, trace)

    @property
    def watched(self) -> tuple[TaskState, ...]:
        """The tasks that have not ended, as last seen."""
        return tuple(self._states.values())

    def watch(self, task: Any) -> None:
        """Follow a task from the next poll on."""
        moid = moid_of(task) or ""
        self._states.setdefault(moid, TaskState(moid))
        self._watch.add(task)

    def forget(self, moid: str) -> None:
        """Stop following a task, whatever becomes of it."""
        self._states.pop(moid, None)
        self._watch.drop(moid)

    def poll(self, seconds: int) -> list[TaskState]:
        """Wait until a task changes, at most so long; give those that have ended."""
        if not self._states:
            return []
        for moid, values in self._watch.poll(seconds):
            self._states[moid] = _updated(self._states[moid], values)
        ended = [state for state in self._states.values() if state.ended]
        for state in ended:
            self.forget(state.moid)
        return ended


def _updated(state: TaskState, values: dict[str, Any]) -> TaskState:
    changes: dict[str, Any] = {}
    for path, value in values.items():
        if path == "info.state":
            changes["state"] = str(value)
        elif path == "info.error":
            changes["error"] = value
        elif path == "info.result":
            changes["result"] = value
        elif value is not None:
            changes["started_at" if path == "info.startTime" else "ended_at"] = to_utc(value)
    return replace(state, **changes)
