# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tasks of a call, followed in one shared wait by a thread of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from http.client import HTTPException
from types import TracebackType
from typing import Any

try:
    from pyVmomi import vmodl
except ImportError:
    pass  # _session.connect says so, before anything of this file is used.

from ansible_collections.savepoint.vsphere.plugins.module_utils._faults import moid_of
from ansible_collections.savepoint.vsphere.plugins.module_utils._session import Session
from ansible_collections.savepoint.vsphere.plugins.module_utils._time import to_utc
from ansible_collections.savepoint.vsphere.plugins.module_utils._watch import Change, Watch

_PATHS = ("info.state", "info.error", "info.startTime", "info.completeTime")
# Seconds that one wait may last; and as long as tasks are being added, should a server not notice those while it waits.
LONGEST_WAIT, SHORT_WAIT = 10, 1
# Seconds from one look at the tasks to the next, for each that is under way and at most: a server that answers at once
# would else be asked once a task.
PAUSE_EACH, LONGEST_PAUSE = 0.002, 0.1


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
        return _is_end(self.state)


class TaskBoard:
    """Knows the state of every task that is watched, and lets go of those that have ended.

    All but ``enrol`` belongs to one thread. ``changed`` is called in another: with a list of changes for ``update``,
    or with the error that ended the wait for good.
    """

    def __init__(self, session: Session, changed: Callable[[list[Change] | Exception], None], results: bool) -> None:
        self._watch = Watch(session, "Task", (*_PATHS, "info.result") if results else _PATHS)
        self._states: dict[str, TaskState] = {}
        self._new: list[Any] = []
        self._changed = changed
        self._go = threading.Event()
        self._last_in = threading.Event()
        self._more_to_come = True
        self._enrolled = False
        self._stopped = False
        self._waiting = False
        self._thread = threading.Thread(target=self._follow, name="savepoint-tasks", daemon=True)

    def __enter__(self) -> TaskBoard:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped = True
        self._go.set()
        self._last_in.set()
        if self._waiting:
            self._watch.cancel()
        self._thread.join(LONGEST_WAIT + 1)
        self._watch.__exit__(kind, error, trace)

    @property
    def more_to_come(self) -> bool:
        """Will there be more tasks to enrol?"""
        return self._more_to_come

    @more_to_come.setter
    def more_to_come(self, more: bool) -> None:
        if self._enrolled and not more:
            # The last ones may have ended already, and the whole call with them; the pause is for a crowd on its way.
            self._enrolled = False
            self._last_in.set()
        self._more_to_come = more

    @property
    def watched(self) -> tuple[TaskState, ...]:
        """The tasks that have not ended, as last seen."""
        return tuple(self._states.values())

    def follow(self, task: Any) -> None:
        """Follow a task, from the next call of ``enrol`` on."""
        moid = moid_of(task) or ""
        if moid not in self._states:
            self._states[moid] = TaskState(moid)
            self._new.append(task)

    def take_new(self) -> list[Any]:
        """The tasks to enrol."""
        new, self._new = self._new, []
        return new

    @property
    def new(self) -> int:
        """How many tasks there are to enrol."""
        return len(self._new)

    def enrol(self, tasks: Sequence[Any]) -> list[str]:
        """Tell vCenter to report on these tasks; gives those that it does not know any more. In any thread."""
        gone = self._watch.add(tasks)
        self._enrolled = True
        self._go.set()
        return gone

    def forget(self, moid: str) -> TaskState | None:
        """Stop following a task, whatever becomes of it."""
        self._watch.drop((moid,))
        return self._states.pop(moid, None)

    def update(self, changes: Sequence[Change]) -> list[TaskState]:
        """Take in what has changed; give the tasks that have ended."""
        ended = []
        for moid, values in changes:
            state = self._states.get(moid)
            if state is None:
                continue
            state = self._states[moid] = _updated(state, values)
            if state.ended:
                del self._states[moid]
                ended.append(state)
        return ended

    def _follow(self) -> None:
        """The waiting thread: waits as long as there is anything to wait for."""
        while True:
            self._go.wait()
            if self._stopped:
                return
            self._go.clear()
            while len(self._watch) and not self._stopped:
                begun = time.monotonic()
                self._waiting = True
                try:
                    changes = self._watch.wait(SHORT_WAIT if self.more_to_come else LONGEST_WAIT)
                except (vmodl.MethodFault, OSError, HTTPException) as error:
                    if not self._stopped:
                        self._changed(error)
                    return
                finally:
                    self._waiting = False
                self._watch.drop(moid for moid, values in changes if _is_end(values.get("info.state")))
                self._changed(changes)
                pause = min(LONGEST_PAUSE, PAUSE_EACH * len(self._watch))
                if self._last_in.wait(max(0.0, begun + pause - time.monotonic())):
                    self._last_in.clear()


def _is_end(state: Any) -> bool:
    return state is not None and str(state) in ("success", "error")


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
