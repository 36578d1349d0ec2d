# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tasks of a call, followed in one shared wait by a thread of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any

from ansible_collections.savepoint.vsphere.plugins.module_utils._faults import moid_of
from ansible_collections.savepoint.vsphere.plugins.module_utils._session import Session
from ansible_collections.savepoint.vsphere.plugins.module_utils._threads import start_deaf, within
from ansible_collections.savepoint.vsphere.plugins.module_utils._time import to_utc
from ansible_collections.savepoint.vsphere.plugins.module_utils._watch import Change, Watch
from ansible_collections.savepoint.vsphere.plugins.module_utils._wire import Reference

# What is read of a task.
PATHS = ("info.state", "info.error", "info.startTime", "info.completeTime")
# Seconds that one wait may last; and as long as tasks are being added, should a server not notice those while it waits.
LONGEST_WAIT, SHORT_WAIT = 10, 1
# Seconds from one look at the tasks to the next, for each that is under way and at most: a server that answers at once
# would else be asked once a task.
PAUSE_EACH, LONGEST_PAUSE = 0.002, 0.1


@dataclass(frozen=True)
class TaskState:
    """What is known of a task. ``error`` is vSphere's fault object, ``result`` what the task gave.

    ``joined_at`` is since when somebody else's task is waited for.
    """

    moid: str
    state: str = "queued"
    started_at: datetime | None = None
    ended_at: datetime | None = None
    error: Any = None
    result: Any = None
    joined_at: datetime | None = None

    @property
    def ended(self) -> bool:
        """Has it come to an end, good or bad?"""
        return _is_end(self.state)

    @property
    def counts_from(self) -> datetime | None:
        """When its time limit began, None as long as it has not: a rerun gives what it finds running as long again."""
        if self.started_at is None or self.state != "running":
            return None
        return max(self.started_at, self.joined_at or self.started_at)


class _Waiter:
    """The thread that waits for the tasks of one watch, until it is stopped or the wait breaks."""

    def __init__(self, watch: Watch, logins: int, changed: Callable[[list[Change] | Exception], None]) -> None:
        self.watch = watch
        self.logins = logins
        self._more_to_come = True
        self._changed = changed
        self._go = threading.Event()
        self._last_in = threading.Event()
        self._fresh = False
        self._stopped = False
        self._waiting = False
        self._thread = threading.Thread(target=self._follow, name="savepoint-tasks", daemon=True)
        start_deaf(self._thread)

    def go(self) -> None:
        """There is something to wait for."""
        self._fresh = True
        self._go.set()

    @property
    def more_to_come(self) -> bool:
        """Are tasks still being added?"""
        return self._more_to_come

    @more_to_come.setter
    def more_to_come(self, more: bool) -> None:
        if self._fresh and not more:
            # The last ones may have ended already, and the whole call with them; the pause is for a crowd on its way.
            self._fresh = False
            self._last_in.set()
        self._more_to_come = more

    def stop(self) -> None:
        """End it, but do not wait for that."""
        self._stopped = True
        self._go.set()
        self._last_in.set()

    def join(self) -> None:
        """Wait until it has stopped."""
        if self._waiting:
            self.watch.cancel()
        self._thread.join(LONGEST_WAIT + 1)

    def _follow(self) -> None:
        while True:
            self._go.wait()
            if self._stopped:
                return
            self._go.clear()
            while len(self.watch) and not self._stopped:
                begun = time.monotonic()
                self._waiting = True
                try:
                    changes = self.watch.wait(SHORT_WAIT if self.more_to_come else LONGEST_WAIT)
                except Exception as error:  # noqa: BLE001 - whatever it is, nobody else would tell of it
                    if not self._stopped:
                        self._changed(error)
                    return
                finally:
                    self._waiting = False
                self.watch.drop(moid for moid, values in changes if _is_end(values.get("info.state")))
                self._changed(changes)
                pause = min(LONGEST_PAUSE, PAUSE_EACH * len(self.watch))
                if self._last_in.wait(max(0.0, begun + pause - time.monotonic())):
                    self._last_in.clear()


class TaskBoard:
    """Knows the state of every task that is watched, and lets go of those that have ended.

    All but ``enrol`` belongs to one thread. ``changed`` is called in another: with a list of changes for ``update``,
    or with the error that broke the wait, which ``renew`` begins again.
    """

    def __init__(self, session: Session, changed: Callable[[list[Change] | Exception], None], results: bool) -> None:
        self._session = session
        self._paths = (*PATHS, "info.result") if results else PATHS
        self._states: dict[str, TaskState] = {}
        self._new: list[Any] = []
        self._changed = changed
        self._waiter = self._begin()

    def _begin(self) -> _Waiter:
        return _Waiter(Watch(self._session, "Task", self._paths), self._session.logins, self._changed)

    def __enter__(self) -> TaskBoard:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Whoever is told to end, now or meanwhile, has no time to wait for a server that may not answer.
        self._waiter.stop()
        with suppress(TimeoutError):
            within(0.0, self._waiter.join, self._session.cancel)

    def renew(self) -> None:
        """Begin the wait anew, for all tasks that have not ended; they are to be enrolled again."""
        self._waiter.stop()
        self._waiter = self._begin()
        # What was known may be long out of date; their states come anew.
        self._states = {moid: TaskState(moid, joined_at=state.joined_at) for moid, state in self._states.items()}
        self._new = [Reference("Task", moid) for moid in self._states]

    @property
    def logins(self) -> int:
        """Under which login the wait was begun."""
        return self._waiter.logins

    @property
    def more_to_come(self) -> bool:
        """Are tasks still being added?"""
        return self._waiter.more_to_come

    @more_to_come.setter
    def more_to_come(self, more: bool) -> None:
        self._waiter.more_to_come = more

    @property
    def watched(self) -> tuple[TaskState, ...]:
        """The tasks that have not ended, as last seen."""
        return tuple(self._states.values())

    def overdue(self, now: datetime, limit: timedelta, idle: float) -> list[tuple[str, str]]:
        """The tasks that ran longer than the limit, each with what to say; ``idle`` is how long none of ours got on."""
        found = []
        for state in self.watched:
            if state.counts_from is not None:
                if now - state.counts_from > limit:
                    found.append((state.moid, "still runs in vCenter"))
            # Time in vCenter's queue does not count, as long as any of our tasks gets on; else the wait had no end.
            elif idle > limit.total_seconds():
                why = "still waits in vCenter's queue, and no other task got on meanwhile"
                found.append((state.moid, why))
        return found

    def follow(self, task: Any, joined_at: datetime | None = None) -> None:
        """Follow a task, from the next call of ``enrol`` on; since when, if it was there before us."""
        moid = moid_of(task) or ""
        if moid not in self._states:
            self._states[moid] = TaskState(moid, joined_at=joined_at)
            self._new.append(task)

    def take_new(self) -> list[Any]:
        """The tasks to enrol."""
        if self.logins != self._session.logins:
            self.renew()  # Somebody has logged in again, and the wait ended with its session.
        new, self._new = self._new, []
        return new

    @property
    def new(self) -> int:
        """How many tasks there are to enrol."""
        return len(self._new)

    def enrol(self, tasks: Sequence[Any]) -> list[str]:
        """Tell vCenter to report on these tasks; gives those that it does not know any more. In any thread."""
        waiter = self._waiter
        gone = waiter.watch.add(tasks)
        waiter.go()
        return gone

    def forget(self, moid: str) -> TaskState | None:
        """Stop following a task, whatever becomes of it."""
        self._waiter.watch.drop((moid,))
        return self._states.pop(moid, None)

    def update(self, changes: Sequence[Change]) -> list[TaskState]:
        """Take in what has changed; give the tasks that have ended."""
        ended = []
        for moid, values in changes:
            state = self._states.get(moid)
            if state is None:
                continue
            state = self._states[moid] = updated(state, values)
            if state.ended:
                del self._states[moid]
                ended.append(state)
        return ended


def _is_end(state: Any) -> bool:
    return state is not None and str(state) in ("success", "error")


def updated(state: TaskState, values: Mapping[str, Any]) -> TaskState:
    """The state once these properties have these values."""
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
