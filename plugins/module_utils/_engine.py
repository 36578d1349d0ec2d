# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carries out actions on many VMs: calls over several connections, one wait for all their tasks."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from http.client import HTTPException
from queue import Empty, SimpleQueue
from typing import Any

try:
    from pyVmomi import vim, vmodl
except ImportError:
    pass  # _session.connect says so, before anything of this file is used.

from ansible_collections.savepoint.vsphere.plugins.module_utils._faults import fault_name, fault_text, moid_of
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._names import escaped
from ansible_collections.savepoint.vsphere.plugins.module_utils._neighbours import Neighbours
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
from ansible_collections.savepoint.vsphere.plugins.module_utils._progress import Progress
from ansible_collections.savepoint.vsphere.plugins.module_utils._schedule import Job, Schedule
from ansible_collections.savepoint.vsphere.plugins.module_utils._session import Session
from ansible_collections.savepoint.vsphere.plugins.module_utils._share import share
from ansible_collections.savepoint.vsphere.plugins.module_utils._slots import VCENTER, Limits, job_of
from ansible_collections.savepoint.vsphere.plugins.module_utils._tasks import TaskBoard, TaskState
from ansible_collections.savepoint.vsphere.plugins.module_utils._time import format_duration
from ansible_collections.savepoint.vsphere.plugins.module_utils._watch import Change
from ansible_collections.savepoint.vsphere.plugins.module_utils._window import Window

# Seconds after which time limits are looked at, progress is told and new tasks are enrolled at the latest.
TICK = 1.0
# Seconds in which tasks gather before they are enrolled together.
GATHER = 0.1
# Seconds that an estimate may take; it reads metadata only.
ESTIMATE_TIMEOUT = 60


@dataclass
class Run:
    """One VM's actions on their way, and what became of them.

    ``joined`` says that it waits for a task that was in the way; ``retry`` that this one has ended, so that a new
    look and a new plan are due. ``missed`` says which steps could not be done that the rest does not depend on.
    """

    vm: Vm
    actions: tuple[Action, ...]
    done: int = 0
    task: TaskState | None = None
    error: str | None = None
    retry: bool = False
    joined: bool = False
    missed: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Has anything been done?"""
        return self.done > len(self.missed)

    @property
    def ended(self) -> bool:
        """Is there nothing left to do for it?"""
        return self.error is not None or self.retry or self.done == len(self.actions)


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
        self._timeout = timedelta(seconds=timeout)
        self._limits = limits or Limits()
        self._progress = progress or Progress()
        self._events: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._due: deque[Run] = deque()
        self._jobs: dict[int, Job[Run]] = {}
        self._running: dict[str, list[Run]] = {}
        self._window = Window()
        self._calls = 0
        self._enrolling = 0
        self._gathering_since = 0.0
        self._ticked = 0.0
        self._broken: str | None = None
        self._moved = time.monotonic()

    def run(self, runs: Iterable[Run]) -> None:
        """Carry out everything; afterwards every run has ended, well or not."""
        jobs = [self._job(run) for run in runs]
        self._schedule = Schedule(jobs, self._limits.of)
        self._neighbours = Neighbours(self._session, self._limits, jobs)
        self._moved = time.monotonic()
        changed = partial(self._post, self._changed)
        with (
            ThreadPoolExecutor(self._window.most + 2) as self._pool,
            TaskBoard(self._session, changed, self.results) as self._board,
        ):
            self._look_around()
            while self._schedule.waiting or self._jobs:
                self._start()
                self._enrol()
                self._board.more_to_come = bool(self._schedule.waiting or self._calls or self._enrolling)
                self._handle_events()
                if time.monotonic() - self._ticked > TICK:
                    self._ticked = time.monotonic()
                    self._enforce_timeout()
                    self._look_around()
                    self._progress.running = len(self._jobs)
                    self._progress.tick()

    def _job(self, run: Run) -> Job[Run]:
        return job_of(run.vm, run.actions, run)

    def _post(self, handle: Callable[..., None], *facts: Any) -> None:
        self._events.put(partial(handle, *facts))

    def _handle_events(self) -> None:
        """Wait for the next event, and handle all that are there."""
        left = self._gathering_since + GATHER - time.monotonic() if self._board.new else TICK
        try:
            handle = self._events.get(timeout=max(0.0, min(TICK, left)))
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
                self._submit(job.item)
            else:
                return

    def _submit(self, run: Run) -> None:
        self._calls += 1
        action = self._next(run)

        def send() -> None:
            begun = time.monotonic()
            try:
                task, error = self._call(run.vm, action), None
            except Exception as caught:  # noqa: BLE001 - whatever it is, it is this VM's result
                task, error = None, caught
            self._post(self._answered, run, task, error, time.monotonic() - begun)

        self._pool.submit(send)

    def _next(self, run: Run) -> Action:
        action = run.actions[run.done]
        if isinstance(action, NoteRevert) and run.done and run.task is not None:
            # By vCenter's clock, which the tasks in its history go by as well.
            return replace(action, ended_at=run.task.ended_at or self._session.now())
        return action

    def _answered(self, run: Run, task: Any, error: Exception | None, seconds: float) -> None:
        self._calls -= 1
        if isinstance(error, (OSError, HTTPException)):
            self._window.refused()
        else:
            self._window.answered(seconds)
        if error is not None and isinstance(run.actions[run.done], NoteRevert):
            # The revert stands, and the next call finds it in vCenter's task history.
            run.missed = (*run.missed, f"phase=reverted could not be written into its marker: {describe(error)}")
            self._advance(run)
        elif error is not None:
            self._failed(run, error)
        elif task is None:
            self._advance(run)
        else:
            self._follow(run, task)

    def _follow(self, run: Run, task: Any) -> None:
        moid = moid_of(task) or ""
        if not run.joined:
            run.task = TaskState(moid)
        if self._broken is not None:
            run.error = f"the wait for task {moid} broke, and the task may still run: {self._broken}"
            self._release(run)
            return
        self._running.setdefault(moid, []).append(run)
        if not self._board.new:
            self._gathering_since = time.monotonic()
        self._board.follow(task)

    def _enrol(self) -> None:
        """Have vCenter report on the new tasks: those that gather in a moment together, and the last ones at once."""
        if not self._board.new or (self._calls and time.monotonic() - self._gathering_since < GATHER):
            return
        tasks = self._board.take_new()
        self._enrolling += 1

        def send() -> None:
            try:
                self._post(self._enrolled, self._board.enrol(tasks))
            except (vmodl.MethodFault, OSError, HTTPException) as error:
                self._post(self._not_enrolled, error)

        self._pool.submit(send)

    def _enrolled(self, gone: Sequence[str]) -> None:
        self._enrolling -= 1
        for moid in gone:
            self._board.forget(moid)
            self._task_ended(TaskState(moid, "error"))

    def _not_enrolled(self, error: Exception) -> None:
        self._enrolling -= 1
        self._abandon(error)

    def _changed(self, changes: list[Change] | Exception) -> None:
        if isinstance(changes, Exception):
            self._abandon(changes)
            return
        if changes:
            self._moved = time.monotonic()
        for state in self._board.update(changes):
            self._task_ended(state)

    def _task_ended(self, state: TaskState) -> None:
        for run in self._running.pop(state.moid, ()):
            if run.joined:
                run.retry = True
                self._release(run)
                continue
            run.task = state
            if state.error is not None or state.state == "error":
                self._failed(run, state.error)
            else:
                self._advance(run)

    def _advance(self, run: Run) -> None:
        run.done += 1
        if run.ended:
            self._release(run)
        else:
            self._due.append(run)

    def _failed(self, run: Run, error: Any) -> None:
        other = getattr(error, "task", None)
        if error is not None and fault_name(error) == "TaskInProgress" and other is not None:
            # Somebody's task, perhaps an earlier run's of ours: wait for it, then look again instead of doing it twice.
            run.joined = True
            self._follow(run, other)
            return
        run.error = describe(error)
        self._release(run)

    def _release(self, run: Run) -> None:
        job = self._jobs.pop(id(run))
        self._schedule.end(job)
        if not run.retry:
            self._progress.ended(job.seconds, failed=run.error is not None)

    def _look_around(self) -> None:
        """Ask what others have under way where our VMs wait, and take our share of what the limits leave."""
        if self._neighbours.due(self._schedule.waiting):
            mine = {job.item.vm.moid for job in self._jobs.values()}
            self._pool.submit(self._neighbours.look, mine, partial(self._post, self._looked))

    def _looked(self, others: Mapping[Hashable, int]) -> None:
        used = self._schedule.used()
        for place in self._schedule.places():
            allowed = self._schedule.allowed(place)
            wanted = share(self._limits.of(place), allowed, used.get(place, 0), others.get(place, 0))
            if wanted != allowed:
                self._schedule.allow(place, wanted)

    def _enforce_timeout(self) -> None:
        now = self._session.now()
        for state in self._board.watched:
            if state.started_at is not None and state.state == "running":
                if now - state.started_at > self._timeout:
                    self._give_up(state, "still runs in vCenter")
            # Time in vCenter's queue does not count, as long as any of our tasks gets on; else the wait had no end.
            elif time.monotonic() - self._moved > self._timeout.total_seconds():
                self._give_up(state, "still waits in vCenter's queue, and no other task got on meanwhile")

    def _abandon(self, error: Exception) -> None:
        """The shared wait itself broke, say because the session ended: every VM gets a result all the same."""
        why = describe(error)
        for moid, runs in self._running.items():
            self._board.forget(moid)
            for run in runs:
                run.error = f"the wait for task {moid} broke, and the task may still run: {why}"
                self._release(run)
        self._running.clear()
        for job in self._schedule.drain():
            job.item.error = f"not begun, because the wait for the others broke: {why}"
        for run in self._due:
            run.error = f"not gone on with, because the wait for the others broke: {why}"
            self._release(run)
        self._due.clear()
        self._board.take_new()
        self._broken = why

    def _give_up(self, state: TaskState, why: str) -> None:
        self._board.forget(state.moid)
        for run in self._running.pop(state.moid, ()):
            whose = "another's task" if run.joined else "the task"
            run.task = state
            run.error = (
                f"after {format_duration(self._timeout)} (timeout) {whose} {state.moid} {why}; a rerun waits for it"
            )
            self._release(run)

    def _call(self, vm: Vm, action: Action) -> Any:
        """Send one action; gives the task, or None where vSphere makes none."""
        machine = self._session.object("VirtualMachine", vm.moid)
        if isinstance(action, Create):
            what = {"name": escaped(action.name), "description": action.raw_description, "memory": action.memory}
            if action.quiesce_minutes is None:
                return machine.CreateSnapshot_Task(**what, quiesce=action.quiesce)
            spec = vim.vm.GuestQuiesceSpec(timeout=action.quiesce_minutes)
            return machine.CreateSnapshotEx_Task(**what, quiesceSpec=spec)
        if isinstance(action, RemoveAll):
            # Never with a spec: an older vCenter would drop it and remove everything, whatever it said.
            return machine.RemoveAllSnapshots_Task(consolidate=True)
        if isinstance(action, Consolidate):
            return machine.ConsolidateVMDisks_Task()
        if isinstance(action, Power):
            return machine.PowerOn() if action.state == "poweredOn" else machine.PowerOff()
        snapshot = self._session.object("vm.Snapshot", action.snapshot)
        if isinstance(action, Remove):
            return snapshot.RemoveSnapshot_Task(removeChildren=action.children, consolidate=True)
        if isinstance(action, Revert):
            return snapshot.RevertToSnapshot_Task(suppressPowerOn=action.suppress_power_on)
        name = escaped(action.name) if isinstance(action, Rename) and action.name is not None else None
        return snapshot.RenameSnapshot(name=name, description=action.raw_description)


class _Estimator(Engine):
    """Asks for estimates, which change nothing, the way an engine carries out actions."""

    results = True

    def _job(self, run: Run) -> Job[Run]:
        return Job(run, 0.0, (VCENTER,))  # Metadata only.

    def _call(self, vm: Vm, action: Action) -> Any:
        return self._session.object("VirtualMachine", vm.moid).EstimateStorageForConsolidateSnapshots_Task()


def estimate_merges(session: Session, vms: Sequence[Vm]) -> dict[str, int]:
    """vCenter's own estimate of the bytes that merging a VM's snapshots needs, for the VMs for which it gives one.

    It is a lower bound for a running VM, and not every server has it, so its absence is no error.
    """
    runs = [Run(vm, (Consolidate(),)) for vm in vms]
    _Estimator(session, ESTIMATE_TIMEOUT).run(runs)
    return {
        run.vm.moid: run.task.result
        for run in runs
        if run.error is None and run.task is not None and isinstance(run.task.result, int)
    }


def describe(error: Any) -> str:
    """Why an action failed, for people."""
    if error is None:
        return "vCenter reports that the task failed, without a reason"
    if isinstance(error, vmodl.MethodFault):
        return fault_text(error)
    if isinstance(error, (OSError, HTTPException)):
        return f"the connection broke before vCenter's answer came ({error}); see the state given here"
    return f"unexpected {type(error).__name__}: {error}"
