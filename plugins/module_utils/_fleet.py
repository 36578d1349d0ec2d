# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs plans on a fleet: carry out, look again, follow up, and say for each VM what became of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.client import HTTPException
from typing import Any

try:
    from pyVmomi import vmodl
except ImportError:
    pass  # _session.connect says so, before anything of this file is used.

from ansible_collections.savepoint.vsphere.plugins.module_utils._engine import Engine, Run, describe
from ansible_collections.savepoint.vsphere.plugins.module_utils._guest import wait_for_guests
from ansible_collections.savepoint.vsphere.plugins.module_utils._inventory import Inventory, Needs
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._outcome import Outcome
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan import FollowUp, VmPlan
from ansible_collections.savepoint.vsphere.plugins.module_utils._progress import Progress
from ansible_collections.savepoint.vsphere.plugins.module_utils._selection import Selection
from ansible_collections.savepoint.vsphere.plugins.module_utils._session import Session
from ansible_collections.savepoint.vsphere.plugins.module_utils._slots import Limits, job_of
from ansible_collections.savepoint.vsphere.plugins.module_utils._time import format_duration

# How often a VM is planned anew because somebody else's task was in the way.
ROUNDS = 3


def _always_fine(plans: Sequence[VmPlan], now: datetime) -> None:
    """No limits on the whole fleet."""


def _nothing_more(plan: VmPlan, after: Vm) -> FollowUp:
    return FollowUp()


def _all_well(plan: VmPlan, after: Vm) -> str | None:
    return None


@dataclass(frozen=True)
class Operation:
    """What one module call does to each VM of its fleet. The functions are pure; see _plan.

    ``prepare`` replaces ``plan`` where the VMs can't be planned one by one; it also gives facts for the result.
    With ``prepare_again`` it also plans anew the VMs on which another task was in the way; otherwise ``plan`` does.
    ``check`` looks at all plans before the first change and raises LimitError; ``follow_up`` looks at a VM that was
    changed; ``confirm`` looks once more after that, and says what is still wrong. ``finish`` acts once at the end of a
    real run, with the summary; it gives a warning or None. ``selection`` replaces the caller's options.
    """

    plan: Callable[[Vm, datetime], VmPlan]
    needs: Needs = field(default_factory=Needs)
    check: Callable[[Sequence[VmPlan], datetime], None] = _always_fine
    follow_up: Callable[[VmPlan, Vm], FollowUp] = _nothing_more
    prepare: Callable[[Session, Sequence[Vm], datetime], tuple[dict[str, VmPlan], dict[str, Any]]] | None = None
    prepare_again: bool = False
    confirm: Callable[[VmPlan, Vm], str | None] = _all_well
    finish: Callable[[Session, dict[str, int]], str | None] | None = None
    selection: Selection | None = None
    timeout: int = 3600
    wait_for_guest: timedelta | None = None


class Fleet:
    """Carries out one operation through one session."""

    def __init__(
        self, session: Session, inventory: Inventory, operation: Operation, limits: Limits, progress: Progress
    ) -> None:
        self._session = session
        self._inventory = inventory
        self._operation = operation
        self._limits = limits
        self._progress = progress
        self._blind: str | None = None

    def carry_out(self, plans: Sequence[VmPlan]) -> list[Outcome]:
        """Do it; the outcomes are in the order of the plans."""
        outcomes = {
            plan.vm.moid: Outcome(plan, error=plan.problem or plan.failure, warnings=plan.warnings) for plan in plans
        }
        due = [outcome for outcome in outcomes.values() if outcome.error is None and outcome.plan.actions]
        for attempt in range(ROUNDS):
            due = self._round(due, last=attempt == ROUNDS - 1)
            if not due:
                break
        touched = [outcome for outcome in outcomes.values() if outcome.after is not None]
        self._follow_up(touched)
        self._confirm(touched)
        self._await_guests(list(outcomes.values()))
        return list(outcomes.values())

    def _round(self, due: Sequence[Outcome], last: bool) -> list[Outcome]:
        """Run these plans and look again; gives the VMs that must be planned anew and tried once more."""
        runs = {outcome.plan.vm.moid: Run(outcome.plan.vm, outcome.plan.actions) for outcome in due}
        self._run(runs.values())
        self._look_again(due, {moid for moid, run in runs.items() if run.retry})
        again = []
        for outcome in due:
            run = runs[outcome.plan.vm.moid]
            self._settle(outcome, run)
            if not run.retry or outcome.after is None:
                continue
            if last:
                outcome.error = f"other tasks on it were in the way {ROUNDS} times; run again when they are done"
                continue
            again.append(outcome)
        plans = self._plan_anew([outcome.after for outcome in again if outcome.after is not None])
        for outcome in again:
            outcome.first = outcome.began
            outcome.plan = plans[outcome.plan.vm.moid]
            outcome.error = outcome.plan.problem or outcome.plan.failure
            outcome.warnings = (*outcome.warnings, *outcome.plan.warnings, "it waited for another task on it to end")
        again = [outcome for outcome in again if outcome.error is None and outcome.plan.actions]
        if again:
            time.sleep(1)
        return again

    def _plan_anew(self, vms: Sequence[Vm]) -> dict[str, VmPlan]:
        now = self._session.now()
        if vms and self._operation.prepare is not None and self._operation.prepare_again:
            try:
                return self._operation.prepare(self._session, vms, now)[0]
            except (vmodl.MethodFault, OSError, HTTPException) as error:
                # The others' results must not get lost.
                why = f"another task on it has ended, and what it did could not be read: {describe(error)}"
                return {vm.moid: VmPlan(vm, failure=why) for vm in vms}
        return {vm.moid: self._operation.plan(vm, now) for vm in vms}

    def _run(self, runs: Iterable[Run]) -> None:
        wanted = list(runs)
        if wanted:
            Engine(self._session, self._operation.timeout, self._limits, self._progress).run(wanted)

    def _look_again(self, outcomes: Sequence[Outcome], anew: Collection[str] = ()) -> None:
        """Read the VMs after a change: those to be planned ``anew`` in full."""
        needs = self._operation.needs
        known = [outcome.plan.vm for outcome in outcomes if outcome.plan.vm.moid not in anew]
        try:
            found = self._inventory.read_again(known, needs) if known else {}
            found.update(self._inventory.read(list(anew), needs) if anew else {})
        except (vmodl.MethodFault, OSError, HTTPException) as error:
            # What was done stands, and its results with it; only the last look at it is missing.
            self._blind = describe(error)
            found = {}
        for outcome in outcomes:
            outcome.after = found.get(outcome.plan.vm.moid)

    def _settle(self, outcome: Outcome, run: Run) -> None:
        outcome.task = run.task or outcome.task
        outcome.error = run.error
        outcome.changed = outcome.changed or run.changed
        outcome.warnings = (*outcome.warnings, *run.missed)
        if outcome.after is None:
            gone = "the virtual machine is gone: somebody deleted or unregistered it meanwhile"
            blind = f"its state afterwards could not be read: {self._blind}"
            outcome.error = outcome.error or (blind if self._blind is not None else gone)
        elif outcome.after.snapshots != outcome.plan.vm.snapshots and run.error is not None:
            # The answer may have been lost, but the tree says that something happened.
            outcome.changed = True

    def _follow_up(self, outcomes: Sequence[Outcome]) -> None:
        runs: list[tuple[Outcome, Run, FollowUp]] = []
        for outcome in outcomes:
            if outcome.error is not None or outcome.after is None:
                continue
            more = self._operation.follow_up(outcome.plan, outcome.after)
            outcome.warnings = (*outcome.warnings, *more.warnings)
            if more.actions:
                runs.append((outcome, Run(outcome.after, more.actions), more))
            elif more.failure is not None:
                outcome.error = more.failure
        self._progress.expect(job_of(run.vm, run.actions, None) for ignored, run, ignored2 in runs)
        self._run(run for ignored, run, ignored2 in runs)
        if runs:
            self._look_again([outcome for outcome, ignored, ignored2 in runs])
        for outcome, run, more in runs:
            in_the_way = "another task on it was in the way of the last step" if run.retry else None
            outcome.error = run.error or in_the_way or more.failure
            outcome.task = run.task if run.error is not None else outcome.task
            if outcome.after is not None and more.failure is not None and outcome.error is more.failure:
                # Taken back: the VM is as it was before the call.
                outcome.changed = outcome.after.snapshots != outcome.plan.vm.snapshots

    def _confirm(self, outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            if outcome.error is None and outcome.after is not None:
                outcome.error = self._operation.confirm(outcome.plan, outcome.after)

    def _await_guests(self, outcomes: Sequence[Outcome]) -> None:
        limit = self._operation.wait_for_guest
        if limit is None:
            return
        on = [
            outcome
            for outcome in outcomes
            if outcome.error is None
            and (outcome.after is not None or outcome.plan.reverted_before)
            and (outcome.after or outcome.plan.vm).power_state == "poweredOn"
        ]
        missing = wait_for_guests(self._session, [outcome.plan.vm.moid for outcome in on], limit) if on else set()
        for outcome in on:
            if outcome.plan.vm.moid in missing:
                outcome.error = (
                    "reverted and powered on, but VMware Tools did not answer within "
                    f"{format_duration(limit)} (wait_for_guest)"
                )
