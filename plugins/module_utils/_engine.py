# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carries out actions on many VMs: calls over several connections, one wait for all their tasks."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from http.client import HTTPException
from queue import Empty, SimpleQueue
from typing import Any

from ansible_collections.savepoint.vsphere.plugins.module_utils._calls import Calls
from ansible_collections.savepoint.vsphere.plugins.module_utils._concurrency import Limits
from ansible_collections.savepoint.vsphere.plugins.module_utils._doubts import Doubt, Doubts, doubt
from ansible_collections.savepoint.vsphere.plugins.module_utils._faults import fault_name, moid_of
from ansible_collections.savepoint.vsphere.plugins.module_utils._fresh import Freshness, Now
from ansible_collections.savepoint.vsphere.plugins.module_utils._left import LeftBehind
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._neighbours import Neighbours
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan import Action, NoteRevert
from ansible_collections.savepoint.vsphere.plugins.module_utils._pool import Pool
from ansible_collections.savepoint.vsphere.plugins.module_utils._progress import Progress
from ansible_collections.savepoint.vsphere.plugins.module_utils._recovery import Seen, Step, differs, named
from ansible_collections.savepoint.vsphere.plugins.module_utils._run import Run
from ansible_collections.savepoint.vsphere.plugins.module_utils._schedule import Job, Schedule
from ansible_collections.savepoint.vsphere.plugins.module_utils._session import Session
from ansible_collections.savepoint.vsphere.plugins.module_utils._slots import job_of
from ansible_collections.savepoint.vsphere.plugins.module_utils._tasks import TaskBoard, TaskState
from ansible_collections.savepoint.vsphere.plugins.module_utils._time import format_duration
from ansible_collections.savepoint.vsphere.plugins.module_utils._trouble import describe, stays_away
from ansible_collections.savepoint.vsphere.plugins.module_utils._waiting import Waiting
from ansible_collections.savepoint.vsphere.plugins.module_utils._watch import Change
from ansible_collections.savepoint.vsphere.plugins.module_utils._window import Window
from ansible_collections.savepoint.vsphere.plugins.module_utils._wire import Reference

# Seconds after which time limits are looked at, progress is told and new tasks are enrolled at the latest.
TICK = 1.0
# Seconds in which calls that are under way may still be answered once the job was cancelled.
GRACE = 3.0


class Engine:
    """Runs many VMs' actions; within a VM one after the other, the first error ends that VM's.

    Everything happens in the thread that calls ``run``, but for the calls to vCenter: those wait for their answers in
    threads of their own, and each answer comes back as an event.
    """

    results = False

    def __init__(
        self, session: Session, timeout: int, limits: Limits | None = None, progress: Progress | None = None
    ) -> None:
        self._session = session
        self._sender = Calls(session)
        self._timeout = timedelta(seconds=timeout)
        self._limits = limits or Limits()
        self._progress = progress or Progress()
        self._events: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._due: deque[Run] = deque()
        self._jobs: dict[int, Job[Run]] = {}
        self._running: dict[str, list[Run]] = {}
        self._window = Window()
        self._calls = 0
        self._ticked = 0.0
        self._stopped: str | None = None
        self._cancelled_at: float | None = None
        self._moved = time.monotonic()
        self._doubts = Doubts(session, partial(self._post, self._seen))
        self._freshness = Freshness(session, partial(self._post, self._fresh))
        self._left = LeftBehind(session)

    def run(self, runs: Iterable[Run], crowded: bool = False) -> None:
        """Carry out everything; afterwards every run has ended, well or not. For ``crowded`` see Neighbours."""
        jobs = [job_of(run.vm, run.actions, run) for run in runs]
        self._schedule = Schedule(jobs, self._limits.of)
        self._neighbours = Neighbours(self._session, self._limits, jobs, crowded)
        self._moved = time.monotonic()
        self._pool = Pool(self._window.most + 4)
        try:
            with (
                self._session.cancel.told_to(partial(self._post, lambda: None)),
                TaskBoard(self._session, partial(self._post, self._changed), self.results) as self._board,
            ):
                self._waiting = Waiting(self._session, self._board, self._pool, self._post, self._forgotten, self._stop)
                self._work()
            if self._session.cancel.reason is not None:
                self._left.look()
        finally:
            self._pool.close(self._session.cancel)

    def _work(self) -> None:
        self._look_around()
        while self._schedule.waiting or self._jobs:
            if self._session.cancel.reason is not None:
                self._cancel()
            if not (self._doubts.outage or self._waiting.mending or self._neighbours.unknown):
                # While something is wrong with vCenter, more calls would only meet the same.
                self._start()
            self._waiting.enrol(more_come=self._calls > 0)
            if (look := self._doubts.work()) is not None:
                self._pool.submit(look)
            self._board.more_to_come = bool(self._schedule.waiting or self._calls or self._waiting.enrolling)
            self._handle_events()
            if time.monotonic() - self._ticked > TICK:
                self._ticked = time.monotonic()
                if not (self._waiting.mending or self._doubts.looking):
                    self._enforce_timeout()
                self._look_around()
                self._progress.tick()

    def _post(self, handle: Callable[..., None], *facts: Any) -> None:
        self._events.put(partial(handle, *facts))

    def _handle_events(self) -> None:
        """Wait for the next event, and handle all that are there."""
        gathering = self._waiting.seconds_left
        left = min(TICK, self._doubts.seconds_left, TICK if gathering is None else gathering)
        try:
            handle = self._events.get(timeout=max(0.0, left))
            while True:
                handle()
                handle = self._events.get_nowait()
        except Empty:
            pass

    def _start(self) -> None:
        while self._calls < self._window.size:
            if self._due:
                self._submit(self._due.popleft())
            elif (job := self._schedule.start()) is not None:
                self._jobs[id(job.item)] = job
                self._progress.began(job)
                if not self._freshness.begins(job.item):
                    self._freshness.add(job.item)
                elif not self._waits_for_another(job.item):
                    self._submit(job.item)
            else:
                break
        if (look := self._freshness.work(self._schedule.upcoming)) is not None:
            self._pool.submit(look)

    def _waits_for_another(self, run: Run) -> bool:
        """Does somebody's task run on the VM, perhaps an earlier run's? It is waited for, and then planned anew."""
        if run.in_the_way is None:
            return False
        run.joined = True
        self._follow(run, Reference("Task", run.in_the_way))
        return True

    def _fresh(self, found: Mapping[str, Now] | Exception) -> None:
        """Those whose turn it is were looked at again."""
        unseen = None
        if isinstance(found, Exception):
            if stays_away(found):
                self._stop(f"vCenter stayed away ({describe(found)})")  # After that nobody waits any more.
            unseen, found = f"how it is now could not be read, so nothing was done: {describe(found)}", {}
        for run in self._freshness.looked(found):
            if unseen is not None:
                self._give_up_on(run, unseen)
            elif run.done:
                self._due.append(run)  # A note of what was done, which goes by what was seen.
            elif self._waits_for_another(run):
                continue
            elif run.vm.moid in found and found[run.vm.moid].changed:
                self._anew(run)  # What was planned may be done, or must not be done any more.
            else:
                self._due.append(run)

    def _submit(self, run: Run) -> None:
        self._calls += 1
        run.sent_at = run.sent_at or self._session.now()
        run.sends += 1
        run.looks = 0
        run.login = self._session.logins

        def send() -> None:
            begun = time.monotonic()
            try:
                task, error = self._call(run.vm, run.to_send(self._session.now)), None
            except Exception as caught:  # noqa: BLE001 - whatever it is, it is this VM's result
                task, error = None, caught
            self._post(self._answered, run, task, error, time.monotonic() - begun)

        self._pool.submit(send)

    def _answered(self, run: Run, task: Any, error: Exception | None, seconds: float) -> None:
        self._calls -= 1
        if isinstance(error, (OSError, HTTPException)):
            self._window.refused()
        else:
            self._window.answered(seconds)
        if id(run) not in self._jobs:
            return  # Its result is written already.
        unsure = doubt(run, error)
        if unsure is not None:
            self._unsure(unsure)
        elif error is not None:
            self._failed(run, error)
        elif task is None:
            self._advance(run)
        else:
            self._follow(run, task)

    def _unsure(self, one: Doubt) -> None:
        if self._stopped is not None:
            self._give_up_on(one.run, self._in_doubt(one.run))
        else:
            self._doubts.add(one)

    def _in_doubt(self, run: Run) -> str:
        return f"{self._stopped}; {named(run.action)} was under way, and a rerun finds out what became of it"

    def _seen(self, batch: Sequence[Doubt], seen: Mapping[str, Seen] | Exception) -> None:
        self._doubts.looked()
        if isinstance(seen, Exception) and stays_away(seen):
            self._stop(f"vCenter stayed away ({describe(seen)})")
        for one in (each for each in batch if id(each.run) in self._jobs):
            if self._stopped is not None:
                self._give_up_on(one.run, self._in_doubt(one.run))
            elif isinstance(seen, Exception):
                self._give_up_on(one.run, one.unseen(seen))
            else:
                self._resolve(one, seen[one.run.vm.moid])

    def _resolve(self, one: Doubt, seen: Seen) -> None:
        """Go on with a run as what was read asks for."""
        run = one.run
        verdict = one.verdict(seen, self._session, self._timeout)
        if verdict.note is not None:
            run.note(verdict.note)
        if verdict.task is not None:
            run.task = TaskState(verdict.task.moid, verdict.task.state, error=verdict.task.error)
        if verdict.step is Step.ADVANCE:
            run.missed = (*run.missed, *verdict.missed)
            self._advance(run)
        elif verdict.step is Step.FOLLOW and verdict.task is not None:
            run.adopted = True
            self._follow(run, Reference("Task", verdict.task.moid))
        elif verdict.step is Step.LOOK:
            self._doubts.add(one)
        elif verdict.step is Step.SEND and not run.done and seen.vm is not None and differs(run.vm, seen.vm):
            self._anew(run)  # Somebody else was at work on it, and may have done the same.
        elif verdict.step is Step.SEND:
            run.sends -= one.busy  # It can't do harm, and the time limit ends it.
            self._next(run)
        else:
            self._give_up_on(run, verdict.failure or "")

    def _follow(self, run: Run, task: Any) -> None:
        moid = moid_of(task) or ""
        if not run.joined:
            run.task = TaskState(moid)
        if self._stopped is not None:
            self._left.add(run, TaskState(moid), self._stopped)
            self._release(run)
            return
        self._running.setdefault(moid, []).append(run)
        self._waiting.follow(task, self._session.now() if run.joined else None)

    def _forgotten(self, moid: str) -> None:
        """vCenter knows a task no more, as it does when it restarts; the VM still tells."""
        for run in self._running.pop(moid, ()):
            if run.sent_at is None:
                self._anew(run)  # Another's task, which was found by reading; whether it goes on, reading tells.
                continue
            busy, run.joined = run.joined, False
            run.lost.add(moid)
            self._unsure(Doubt(run, f"vCenter no longer knows {moid}", refused=busy, busy=busy))

    def _changed(self, changes: list[Change] | Exception) -> None:
        if isinstance(changes, Exception):
            self._waiting.broke(changes)
            return
        self._session.worked()
        if changes:
            self._moved = time.monotonic()
        for state in self._board.update(changes):
            self._task_ended(state)

    def _task_ended(self, state: TaskState) -> None:
        for run in self._running.pop(state.moid, ()):
            if run.joined:
                self._anew(run)
                continue
            run.task = state
            if run.adopted:
                # It was ours by all that can be read; the VM tells whether it did what we wanted.
                self._unsure(Doubt(run, f"{state.moid} has ended", refused=True))
                continue
            run.had.add(state.moid)
            if state.error is not None or state.state == "error":
                self._failed(run, state.error)
            else:
                self._advance(run)

    def _advance(self, run: Run) -> None:
        run.advance()
        if run.ended:
            self._release(run)
        elif self._stopped is not None:
            run.error = f"not gone on with: {self._stopped}"
            self._release(run)
        else:
            self._next(run)

    def _next(self, run: Run) -> None:
        """Send the action at hand as soon as it can be; a note of what was done needs the newest text to go into."""
        if run.done and isinstance(run.action, NoteRevert):
            self._freshness.add(run)
        else:
            self._due.append(run)

    def _failed(self, run: Run, error: Any) -> None:
        other = getattr(error, "task", None)
        if error is not None and fault_name(error) == "TaskInProgress" and other is not None:
            # Somebody's task, perhaps an earlier run's of ours: wait for it, then look again instead of doing it twice.
            run.joined = True
            self._follow(run, other)
            return
        self._give_up_on(run, describe(error))

    def _give_up_on(self, run: Run, why: str) -> None:
        if isinstance(run.action, NoteRevert):
            # The revert stands, and the next call finds it in vCenter's task history.
            run.missed = (*run.missed, f"phase=reverted could not be written into its marker: {why}")
            self._advance(run)
            return
        run.error = why
        self._release(run)

    def _anew(self, run: Run) -> None:
        run.retry = True
        self._release(run)

    def _release(self, run: Run) -> None:
        job = self._jobs.pop(id(run))
        self._schedule.end(job)
        if run.retry:
            self._progress.put_back(job)
        else:
            self._progress.ended(job, failed=run.error is not None)

    def _look_around(self) -> None:
        """Ask what others have under way where our VMs wait, and take our share of what the limits leave."""
        if self._neighbours.due(self._schedule.waiting):
            mine = {job.item.vm.moid for job in self._jobs.values()}
            looked = partial(self._neighbours.make_room, self._schedule)
            self._pool.submit(self._neighbours.look, mine, partial(self._post, looked))

    def _enforce_timeout(self) -> None:
        idle = time.monotonic() - max(self._moved, self._waiting.mended_at)
        for moid, why in self._board.overdue(self._session.now(), self._timeout, idle):
            self._give_up(moid, why)

    def _stop(self, cause: str) -> None:
        """Nothing goes on: every VM gets a result all the same, which says what was under way."""
        self._stopped = cause
        for moid, runs in self._running.items():
            state = self._board.forget(moid) or TaskState(moid)
            for run in runs:
                self._left.add(run, state, cause)
                self._release(run)
        self._running.clear()
        for job in self._schedule.drain():
            job.item.error = f"not begun: {cause}"
        for run in (*self._due, *self._freshness.take_all()):
            run.error = f"{'not gone on with' if run.done else 'not done'}: {cause}"
            self._release(run)
        self._due.clear()
        for one in self._doubts.take_all():
            self._give_up_on(one.run, self._in_doubt(one.run))
        self._waiting.end()

    def _cancel(self) -> None:
        """Somebody ends the job. Calls that are under way may be answered yet, so that tasks have names."""
        if self._cancelled_at is None:
            self._cancelled_at = time.monotonic()
            self._stop(f"the job was cancelled ({self._session.cancel.reason})")
        elif time.monotonic() - self._cancelled_at > GRACE:
            for job in list(self._jobs.values()):
                job.item.error = self._in_doubt(job.item)
                self._release(job.item)

    def _give_up(self, moid: str, why: str) -> None:
        state = self._board.forget(moid) or TaskState(moid)
        for run in self._running.pop(moid, ()):
            whose = "another's task" if run.joined else "the task"
            run.show(state)
            run.error = f"after {format_duration(self._timeout)} (timeout) {whose} {moid} {why}; a rerun waits for it"
            self._release(run)

    def _call(self, vm: Vm, action: Action) -> Any:
        return self._sender.send(vm, action)
