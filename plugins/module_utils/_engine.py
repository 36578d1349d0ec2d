# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carries out actions on many VMs: calls over several connections, one wait for all their tasks."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import timedelta
from http.client import HTTPException
from typing import Any

try:
    from pyVmomi import vmodl
except ImportError:
    pass  # _session.connect says so, before anything of this file is used.

from ansible_collections.savepoint.vsphere.plugins.module_utils._faults import fault_name, fault_text, moid_of
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._names import escaped
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
from ansible_collections.savepoint.vsphere.plugins.module_utils._session import CONNECTIONS, Session
from ansible_collections.savepoint.vsphere.plugins.module_utils._slots import Slots, moves_data
from ansible_collections.savepoint.vsphere.plugins.module_utils._tasks import TaskBoard, TaskState
from ansible_collections.savepoint.vsphere.plugins.module_utils._time import format_duration

# Seconds between two looks at the tasks: a server that answers at once would else be asked once a VM.
PAUSE = 0.1
# Seconds that one wait may last; also how late a time limit may be noticed.
LONGEST_WAIT = 10
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
    """Runs many VMs' actions; within a VM one after the other, the first error ends that VM's."""

    def __init__(self, session: Session, timeout: int, slots: Slots | None = None) -> None:
        self._session = session
        self._timeout = timedelta(seconds=timeout)
        self._slots = slots or Slots()
        self._waiting: deque[Run] = deque()
        self._submitting: dict[Future[Any], Run] = {}
        self._running: dict[str, list[Run]] = {}
        self._last_look = 0.0
        self._progress = time.monotonic()

    def run(self, runs: Iterable[Run]) -> None:
        """Carry out everything; afterwards every run has ended, well or not."""
        self._waiting.extend(runs)
        self._progress = time.monotonic()
        with ThreadPoolExecutor(CONNECTIONS) as pool, TaskBoard(self._session) as board:
            while self._waiting or self._submitting or self._running:
                self._start(pool)
                if self._submitting:
                    self._collect(pool, board)
                elif self._running:
                    try:
                        self._look(pool, board)
                    except (vmodl.MethodFault, OSError, HTTPException) as error:
                        self._abandon(error)

    def _start(self, pool: ThreadPoolExecutor) -> None:
        for _turn in range(len(self._waiting)):
            run = self._waiting.popleft()
            if self._slots.take(run.vm, moves_data(run.actions)):
                self._submit(pool, run)
            else:
                self._waiting.append(run)

    def _submit(self, pool: ThreadPoolExecutor, run: Run) -> None:
        self._submitting[pool.submit(self._call, run.vm, self._next(run))] = run

    def _next(self, run: Run) -> Action:
        action = run.actions[run.done]
        if isinstance(action, NoteRevert) and run.done and run.task is not None:
            # By vCenter's clock, which the tasks in its history go by as well.
            return replace(action, ended_at=run.task.ended_at or self._session.now())
        return action

    def _collect(self, pool: ThreadPoolExecutor, board: TaskBoard) -> None:
        # All calls under way are awaited, so that their tasks join the wait in one go.
        for future in wait(self._submitting).done:
            run = self._submitting.pop(future)
            error = future.exception()
            if error is not None and isinstance(run.actions[run.done], NoteRevert):
                # The revert stands, and the next call finds it in vCenter's task history.
                run.missed = (*run.missed, f"phase=reverted could not be written into its marker: {describe(error)}")
                self._advance(pool, run)
            elif error is not None:
                self._failed(run, error, board)
            elif future.result() is None:
                self._advance(pool, run)
            else:
                self._follow(run, future.result(), board)

    def _follow(self, run: Run, task: Any, board: TaskBoard) -> None:
        moid = moid_of(task) or ""
        if not run.joined:
            run.task = TaskState(moid)
        self._running.setdefault(moid, []).append(run)
        board.watch(task)

    def _look(self, pool: ThreadPoolExecutor, board: TaskBoard) -> None:
        time.sleep(max(0.0, self._last_look + PAUSE - time.monotonic()))
        before = board.watched
        ended = board.poll(self._patience(board))
        if ended or board.watched != before:
            self._progress = time.monotonic()
        self._last_look = time.monotonic()
        for state in ended:
            for run in self._running.pop(state.moid, ()):
                self._task_ended(pool, run, state, board)
        self._enforce_timeout(board)

    def _task_ended(self, pool: ThreadPoolExecutor, run: Run, state: TaskState, board: TaskBoard) -> None:
        if run.joined:
            run.retry = True
            self._release(run)
            return
        run.task = state
        if state.error is not None or state.state == "error":
            self._failed(run, state.error, board)
        else:
            self._advance(pool, run)

    def _advance(self, pool: ThreadPoolExecutor, run: Run) -> None:
        run.done += 1
        if run.ended:
            self._release(run)
        else:
            self._submit(pool, run)

    def _failed(self, run: Run, error: Any, board: TaskBoard) -> None:
        other = getattr(error, "task", None)
        if error is not None and fault_name(error) == "TaskInProgress" and other is not None:
            # Somebody's task, perhaps an earlier run's of ours: wait for it, then look again instead of doing it twice.
            run.joined = True
            self._follow(run, other, board)
            return
        run.error = describe(error)
        self._release(run)

    def _release(self, run: Run) -> None:
        self._slots.give(run.vm, moves_data(run.actions))

    def _patience(self, board: TaskBoard) -> int:
        now = self._session.now()
        left = [(state.started_at + self._timeout - now).total_seconds() for state in board.watched if state.started_at]
        return int(max(1, min([LONGEST_WAIT, *left])))

    def _enforce_timeout(self, board: TaskBoard) -> None:
        now = self._session.now()
        for state in board.watched:
            if state.started_at is not None and state.state == "running":
                if now - state.started_at > self._timeout:
                    self._give_up(board, state, "still runs in vCenter")
            # Time in vCenter's queue does not count, as long as any of our tasks gets on; else the wait had no end.
            elif time.monotonic() - self._progress > self._timeout.total_seconds():
                self._give_up(board, state, "still waits in vCenter's queue, and no other task got on meanwhile")

    def _abandon(self, error: Exception) -> None:
        """The shared wait itself broke, say because the session ended: every VM gets a result all the same."""
        why = describe(error)
        for moid, runs in self._running.items():
            for run in runs:
                run.error = f"the wait for task {moid} broke, and the task may still run: {why}"
        for run in self._waiting:
            run.error = f"not begun, because the wait for the others broke: {why}"
        self._running.clear()
        self._waiting.clear()

    def _give_up(self, board: TaskBoard, state: TaskState, why: str) -> None:
        board.forget(state.moid)
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
            return machine.CreateSnapshot_Task(
                name=escaped(action.name),
                description=action.raw_description,
                memory=action.memory,
                quiesce=action.quiesce,
            )
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
