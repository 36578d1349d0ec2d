# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Actions of which it is not known what became of them, until that has been read."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http.client import HTTPException
from typing import Any

try:
    from pyVmomi import vim, vmodl
except ImportError:
    pass  # _session.connect says so, before anything of this file is used.

from ansible_collections.savepoint.vsphere.plugins.module_utils._collector import read_objects
from ansible_collections.savepoint.vsphere.plugins.module_utils._convert import changed_vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._faults import fault_name, moid_of
from ansible_collections.savepoint.vsphere.plugins.module_utils._inventory import CHANGING
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan import Revert
from ansible_collections.savepoint.vsphere.plugins.module_utils._recovery import (
    MARGIN,
    Found,
    Seen,
    Sent,
    Step,
    TaskFact,
    decide,
    judge,
    named,
)
from ansible_collections.savepoint.vsphere.plugins.module_utils._run import Run
from ansible_collections.savepoint.vsphere.plugins.module_utils._session import Session
from ansible_collections.savepoint.vsphere.plugins.module_utils._time import format_duration, to_utc
from ansible_collections.savepoint.vsphere.plugins.module_utils._trouble import (
    AWAY,
    ENDED,
    GONE,
    briefly,
    describe,
    late,
    trouble,
)

# Seconds from one look to the next, at first and at most.
PAUSE, LONGEST_PAUSE = 0.5, 10.0
# Tasks of one VM that are looked at.
PAGE = 100

_TASK = ("info.state", "info.descriptionId", "info.queueTime", "info.reason", "info.error")


@dataclass(frozen=True)
class Verdict:
    """What to do about a doubt; ``missed`` says that somebody else has done the action."""

    step: Step
    task: TaskFact | None = None
    note: str | None = None
    failure: str | None = None
    missed: tuple[str, ...] = ()


@dataclass
class Doubt:
    """Why it is not known what became of a run's action.

    ``refused`` says that the server refused the call; ``fault`` is its answer, where sending the action again would be
    answered the same; ``busy`` says that another task is in the way which can't be followed; ``outage`` that vCenter
    did not answer, or not us; ``late`` that it may still do what was asked.
    """

    run: Run
    why: str
    refused: bool = False
    fault: str | None = None
    busy: bool = False
    outage: bool = False
    late: bool = False
    due: float = 0.0

    @property
    def pause(self) -> float:
        """Seconds until the next look: none before the first, unless it is another task that must end."""
        many = self.run.looks + self.run.waits
        return min(LONGEST_PAUSE, PAUSE * 2 ** min(many, 6)) if many or self.busy else 0.0

    def sent(self, user: str) -> Sent:
        """What the judgement needs to know."""
        run, at = self.run, self.run.sent_at
        if at is None:
            raise ValueError("there is no doubt about what was never sent")
        return Sent(run.action, run.vm, at, user, frozenset(run.had), run.login, self.refused, self.fault, self.late)

    def verdict(self, seen: Seen, session: Session, timeout: timedelta) -> Verdict:
        """What to do now that this was seen, and in which words."""
        run = self.run
        run.looks += 1
        sent = self.sent(session.user)
        found, task = judge(sent, seen)
        step = decide(found, sent, run.looks, run.sends)
        what = named(run.action)
        over = f"after {format_duration(timeout)} (timeout)" if session.now() - sent.at > timeout else None
        if self.busy and found is Found.NOTHING:
            if over:
                # Sent before, and of that vCenter knows nothing more, as after a restart: so the task may be its own.
                own = " perhaps its own from before, may still run and" if run.sends > 1 else ""
                text = f"{over} another task on it, which vCenter does not name,{own} is still in the way of {what}"
                return Verdict(Step.FAIL, failure=f"{text}; a rerun tries again")
            run.waits += 1
            return Verdict(Step.SEND, note="it waited for another task on it, which vCenter does not name")
        if step is Step.ADVANCE:
            if self.fault is not None and run.sends == 1:
                others = f"{what} found nothing to do any more: somebody else did it meanwhile"
                return Verdict(step, missed=(others,))
            note = None if run.adopted else f"{what}: {self.why}; reading showed that it had taken effect"
            return Verdict(step, task, note)
        if step is Step.FOLLOW and task is not None and task.moid in run.lost:
            # The machine's list still has it, but to wait for it would fail again and again.
            if over:
                text = f"{over} the task {task.moid}, of which vCenter reports nothing, may still run"
                return Verdict(Step.FAIL, task, failure=f"{text}; a rerun waits for it")
            run.waits += 1
            return Verdict(Step.LOOK)
        if step is Step.FOLLOW and task is not None:
            return Verdict(step, task, f"{what}: {self.why}; reading showed it running as {task.moid}")
        if step is Step.SEND:
            return Verdict(step, note=f"{what}: {self.why}; reading showed that nothing was done, so it was sent again")
        if step is Step.LOOK:
            return Verdict(step)
        return Verdict(step, task, failure=self._failure(found, task, what))

    def unseen(self, error: Exception) -> str:
        """Why the action is given up where a look was refused."""
        what = named(self.run.action)
        return f"{self.why}; what became of {what} could not be read ({describe(error)}), and a rerun finds out"

    def _failure(self, found: Found, task: TaskFact | None, what: str) -> str:
        if task is not None and found is not Found.UNKNOWN:
            return describe(task.error)
        if found is Found.GONE:
            return GONE
        if found is Found.UNKNOWN:
            return f"{self.why}; vCenter does not let it be read what became of {what}, so it was not sent again"
        if self.fault is not None:
            return self.fault
        if self.late:
            return f"{self.why}; nothing was done so far, and {what} may still come, so it is not sent again"
        return f"{self.why}; {what} was sent {self.run.sends} times, and reading shows that nothing was done"


def doubt(run: Run, error: Any) -> Doubt | None:
    """The doubt that an answer leaves about a run's action; None where the answer says all."""
    kind = trouble(error) if isinstance(error, BaseException) else None
    if kind in (AWAY, ENDED):
        return Doubt(run, briefly(error), refused=kind == ENDED, outage=True, late=late(error))
    if error is None:
        return None
    if fault_name(error) == "ManagedObjectNotFound":
        return Doubt(run, briefly(error), refused=True, fault=describe(error))
    if fault_name(error) == "TaskInProgress" and getattr(error, "task", None) is None:
        return Doubt(run, "another task is in the way, and vCenter does not say which", refused=True, busy=True)
    return None


def look(session: Session, doubts: Sequence[Doubt]) -> dict[str, Seen]:
    """What the VMs and their tasks show now, by the VM's MoID. Waits while vCenter is away, and logs in again."""
    return session.persist(lambda: _look(session, doubts))


def _look(session: Session, doubts: Sequence[Doubt]) -> dict[str, Seen]:
    runs = {one.run.vm.moid: one.run for one in doubts}
    # The tasks come first: what one that has ended did is to be seen on the VM.
    recent = {
        row.moid: [moid_of(ref) or "" for ref in row.get("recentTask") or ()]
        for row in read_objects(session, "VirtualMachine", list(runs), {"VirtualMachine": ("recentTask",)})
    }
    facts = _facts(session, [task for tasks in recent.values() for task in tasks])
    reverts = {run.vm.moid: run.sent_at for run in runs.values() if isinstance(run.action, Revert)}
    older = {
        moid: _history(session, moid, sent_at)
        for moid, sent_at in reverts.items()
        if sent_at is not None and moid in recent
    }
    rows = {
        row.moid: row for row in read_objects(session, "VirtualMachine", list(recent), {"VirtualMachine": CHANGING})
    }
    seen: dict[str, Seen] = {}
    for moid, run in runs.items():
        row = rows.get(moid)
        if row is None:
            seen[moid] = Seen(None)
            continue
        tasks = tuple(facts[task] for task in recent[moid] if task in facts)
        seen[moid] = Seen(changed_vm(run.vm, row, None), tasks, login=session.logins)
        past = older.get(moid)
        if past is not None:
            known = {task.moid for task in tasks}
            more = tuple(task for task in past if task.moid not in known)
            seen[moid] = replace(seen[moid], tasks=(*tasks, *more), history=True)
    return seen


def _facts(session: Session, tasks: Sequence[str]) -> dict[str, TaskFact]:
    """The tasks by MoID; one that vCenter has forgotten meanwhile is left out."""
    rows = read_objects(session, "Task", tasks, {"Task": _TASK}) if tasks else ()
    return {
        row.moid: _fact(
            row.moid,
            row.get("info.descriptionId"),
            row.get("info.state"),
            row.get("info.reason"),
            row.get("info.queueTime"),
            row.get("info.error"),
        )
        for row in rows
        if row.get("info.queueTime") is not None
    }


def _fact(moid: str, kind: Any, state: Any, reason: Any, queued: datetime, error: Any) -> TaskFact:
    last = str(kind or "").rpartition(".")[2].lower()
    return TaskFact(moid, last, str(state), getattr(reason, "userName", None) or "", to_utc(queued), error)


def _history(session: Session, moid: str, since: datetime) -> list[TaskFact] | None:
    """The VM's tasks since then from vCenter's history, which outlasts a restart; None where there is none."""
    spec: Any = vim.TaskFilterSpec
    wanted = spec(
        entity=spec.ByEntity(entity=session.object("VirtualMachine", moid), recursion="self"),
        time=spec.ByTime(timeType="queuedTime", beginTime=since - MARGIN),
    )
    try:
        collector = session.content.taskManager.CreateCollectorForTasks(wanted)
    except vmodl.MethodFault as error:
        if trouble(error) is not None:
            raise
        return None
    try:
        infos = collector.ReadNextTasks(PAGE)
    finally:
        with suppress(vmodl.MethodFault, OSError, HTTPException):
            collector.DestroyCollector()
    return [
        _fact(moid_of(info.task) or info.key, info.descriptionId, info.state, info.reason, info.queueTime, info.error)
        for info in infos
    ]


class Doubts:
    """The doubts that are to be resolved, several at a time. Belongs to one thread, but for ``_read``."""

    def __init__(
        self, session: Session, tell: Callable[[Sequence[Doubt], Mapping[str, Seen] | Exception], None]
    ) -> None:
        self._session = session
        self._tell = tell
        self._waiting: list[Doubt] = []
        self._looked_at: list[Doubt] = []

    @property
    def looking(self) -> bool:
        """Is a look under way?"""
        return bool(self._looked_at)

    @property
    def outage(self) -> bool:
        """Did vCenter not answer somebody, and was it not asked again with success since?"""
        return any(one.outage and one.run.looks == 0 for one in (*self._looked_at, *self._waiting))

    @property
    def seconds_left(self) -> float:
        """Until the next look is due; a long time when none is."""
        if self.looking or not self._waiting:
            return LONGEST_PAUSE
        return max(0.0, min(one.due for one in self._waiting) - time.monotonic())

    def add(self, one: Doubt) -> None:
        """Resolve this one too."""
        one.due = time.monotonic() + one.pause
        self._waiting.append(one)

    def take_all(self) -> list[Doubt]:
        """Give them up, but for those that are being looked at."""
        all_of_them, self._waiting = self._waiting, []
        return all_of_them

    def work(self) -> Callable[[], None] | None:
        """What to do in another thread now, if it is time for a look."""
        now = time.monotonic()
        if self.looking or not any(one.due <= now for one in self._waiting):
            return None
        self._looked_at = [one for one in self._waiting if one.due <= now]
        self._waiting = [one for one in self._waiting if one.due > now]
        return self._read

    def _read(self) -> None:
        try:
            seen: Mapping[str, Seen] | Exception = look(self._session, self._looked_at)
        except Exception as error:  # noqa: BLE001 - whatever it is, these VMs' results tell it
            seen = error
        self._tell(self._looked_at, seen)

    def looked(self) -> None:
        """The look has been told of."""
        self._looked_at = []
