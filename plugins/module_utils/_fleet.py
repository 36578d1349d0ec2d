# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs plans on a fleet: carry out, look again, follow up, and say for each VM what became of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from ansible_collections.savepoint.vsphere.plugins.module_utils._concurrency import Limits
from ansible_collections.savepoint.vsphere.plugins.module_utils._engine import Engine
from ansible_collections.savepoint.vsphere.plugins.module_utils._guest import wait_for_guests
from ansible_collections.savepoint.vsphere.plugins.module_utils._inventory import Inventory, Needs
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._outcome import Outcome
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan import Action, FollowUp, VmPlan, unreadable
from ansible_collections.savepoint.vsphere.plugins.module_utils._progress import Progress
from ansible_collections.savepoint.vsphere.plugins.module_utils._recovery import named, took_effect
from ansible_collections.savepoint.vsphere.plugins.module_utils._run import Run
from ansible_collections.savepoint.vsphere.plugins.module_utils._selection import Selection
from ansible_collections.savepoint.vsphere.plugins.module_utils._session import Session
from ansible_collections.savepoint.vsphere.plugins.module_utils._slots import job_of
from ansible_collections.savepoint.vsphere.plugins.module_utils._threads import within
from ansible_collections.savepoint.vsphere.plugins.module_utils._time import format_duration
from ansible_collections.savepoint.vsphere.plugins.module_utils._trouble import GONE, describe

T = TypeVar("T")

# How often a VM is planned anew because somebody else's task was in the way.
ROUNDS = 3
# Seconds from the signal in which a cancelled job still reads the VMs; its calls and tasks come first.
LAST_LOOK = 12.0


def _always_fine(plans: Sequence[VmPlan], now: datetime) -> None:
    """No limits on the whole fleet."""


def _nothing_more(plan: VmPlan, after: Vm) -> FollowUp:
    return FollowUp()


def _in_rounds(work: Callable[[Sequence[Outcome], bool], list[Outcome]], due: Sequence[Outcome]) -> None:
    """Do it, and again for those that it gives; it is told which round is the ``last``."""
    for number in range(1, ROUNDS + 1):
        due = work(due, number == ROUNDS)
        if not due:
            break


def _take_instead(outcome: Outcome, more: FollowUp) -> None:
    if more.instead is not None:
        outcome.first, outcome.plan = outcome.began, more.instead
        outcome.changed = bool(more.instead.actions)


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


def make_plans(
    session: Session, operation: Operation, vms: Sequence[Vm], now: datetime, *, again: bool = False
) -> tuple[dict[str, VmPlan], dict[str, Any]]:
    """Each VM's plan by its MoID, and facts for the result. Only reads, and asks again where an answer is lost."""
    plans = {vm.moid: plan for vm in vms if (plan := unreadable(vm)) is not None}
    facts: dict[str, Any] = {}
    rest = [vm for vm in vms if vm.moid not in plans]
    if operation.prepare is not None and (operation.prepare_again or not again):
        prepare = operation.prepare
        more, facts = session.persist(lambda: prepare(session, rest, now)) if rest or not again else ({}, {})
        plans.update(more)
    else:
        plans.update({vm.moid: operation.plan(vm, now) for vm in rest})
    return plans, facts


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
        """Do it; the outcomes are in the order of the plans.

        Once the job is cancelled nothing more is begun, and each VM is told of as it is then.
        """
        outcomes = {
            plan.vm.moid: Outcome(plan, error=plan.problem or plan.failure, warnings=plan.warnings) for plan in plans
        }
        due = [outcome for outcome in outcomes.values() if outcome.error is None and outcome.plan.actions]
        _in_rounds(self._round, due)
        touched = [outcome for outcome in outcomes.values() if outcome.after is not None]
        _in_rounds(self._follow_up, touched)
        self._confirm(touched)
        self._await_guests(list(outcomes.values()))
        return list(outcomes.values())

    def _round(self, due: Sequence[Outcome], last: bool) -> list[Outcome]:
        """Run these plans and look again; gives the VMs that must be planned anew and tried once more."""
        busy = self._inventory.busy
        planned = [outcome.plan for outcome in due]
        runs = {plan.vm.moid: self._planned(plan.vm, plan.actions, busy.get(plan.vm.moid)) for plan in planned}
        self._run(runs.values())
        self._look_again(due, {moid for moid, run in runs.items() if run.retry})
        again = []
        for outcome in due:
            run = runs[outcome.plan.vm.moid]
            self._settle(outcome, run)
            if not run.retry or outcome.after is None:
                continue
            if last:
                outcome.error = f"others were at work on it {ROUNDS} times; run again when they are done"
                continue
            again.append(outcome)
        plans = self._plan_anew([outcome.after for outcome in again if outcome.after is not None])
        for outcome in again:
            outcome.first = outcome.began
            outcome.plan = plans[outcome.plan.vm.moid]
            outcome.error = outcome.plan.problem or outcome.plan.failure
            why = "it waited for another task on it to end"
            if runs[outcome.plan.vm.moid].outdated:
                why = "it was changed by somebody else while it waited for its turn, so it was planned anew"
            outcome.warn(*outcome.plan.warnings, why)
        again = [outcome for outcome in again if outcome.error is None and outcome.plan.actions]
        if again:
            self._session.cancel.sleep(1)
        return again

    def _plan_anew(self, vms: Sequence[Vm]) -> dict[str, VmPlan]:
        try:
            now = self._session.now()
            return self._soon(lambda: make_plans(self._session, self._operation, vms, now, again=True))[0]
        except Exception as error:  # noqa: BLE001 - whatever it is, the others' results must not get lost
            why = f"another task on it has ended, and what it did could not be read: {self._why(error)}"
            return {vm.moid: VmPlan(vm, failure=why) for vm in vms}

    def _planned(self, vm: Vm, actions: tuple[Action, ...], in_the_way: str | None = None) -> Run:
        return Run(vm, actions, read_at=self._inventory.read_at, in_the_way=in_the_way)

    def _run(self, runs: Iterable[Run]) -> None:
        wanted = list(runs)
        if wanted:
            crowded = bool(self._inventory.busy)
            Engine(self._session, self._operation.timeout, self._limits, self._progress).run(wanted, crowded)

    def _look_again(self, outcomes: Sequence[Outcome], anew: Collection[str] = ()) -> None:
        """Read the VMs after a change: those to be planned ``anew`` in full."""
        needs = self._operation.needs
        known = [outcome.plan.vm for outcome in outcomes if outcome.plan.vm.moid not in anew]
        persist, self._blind = self._session.persist, None

        def read() -> dict[str, Vm]:
            found = persist(lambda: self._inventory.read_again(known, needs)) if known else {}
            return {**found, **(persist(lambda: self._inventory.read(list(anew), needs)) if anew else {})}

        try:
            found = self._soon(read)
        except Exception as error:  # noqa: BLE001 - whatever it is, the results must not get lost
            # What was done stands, and its results with it; only the last look at it is missing.
            self._blind = self._why(error)
            found = {}
        for outcome in outcomes:
            outcome.after = found.get(outcome.plan.vm.moid)

    def _soon(self, read: Callable[[], T]) -> T:
        """What it gives; TimeoutError where a cancelled job has no time for it."""
        cancel = self._session.cancel
        return within(cancel.left(LAST_LOOK), read, cancel)

    def _why(self, error: Exception) -> str:
        reason = self._session.cancel.reason
        return describe(error) if reason is None else f"{describe(error)}, and the job was cancelled ({reason})"

    def _settle(self, outcome: Outcome, run: Run) -> None:
        outcome.task = run.task or outcome.task
        outcome.error = run.error
        outcome.changed = outcome.changed or run.changed
        outcome.warn(*run.notes, *run.missed)
        if self._lost_sight(outcome) or run.error is None or run.ended_well or outcome.after is None:
            return
        if outcome.after.snapshots != outcome.plan.vm.snapshots:
            # The answer may have been lost, but the tree says that something happened.
            outcome.changed = True
        if took_effect(run.action, run.vm, outcome.after):
            outcome.changed = True
            outcome.error = f"{run.error}; even so {named(run.action)} took effect"

    def _lost_sight(self, outcome: Outcome) -> bool:
        """Is there nothing to tell of the VM as it is now? Then that is an error."""
        blind = self._blind
        if outcome.after is not None and outcome.after.unreadable:
            blind = f"vCenter does not give its {', '.join(outcome.after.unreadable)}"
            outcome.after = None
        if outcome.after is not None:
            return False
        unseen = f"its state afterwards could not be read: {blind}"
        outcome.error = (outcome.error or unseen) if blind is not None else GONE
        return True

    def _follow_up(self, outcomes: Sequence[Outcome], last: bool) -> list[Outcome]:
        """Do what a look at these VMs asks for; gives those that somebody else changed before it could be done."""
        runs: list[tuple[Outcome, Run, FollowUp]] = []
        for outcome in outcomes:
            if outcome.error is not None or outcome.after is None:
                continue
            more = self._operation.follow_up(outcome.plan, outcome.after)
            outcome.warn(*more.warnings)
            if more.actions:
                runs.append((outcome, self._planned(outcome.after, more.actions), more))
            else:
                outcome.error = more.failure
                _take_instead(outcome, more)
        self._progress.expect(job_of(run.vm, run.actions, None) for ignored, run, ignored2 in runs)
        self._run(run for ignored, run, ignored2 in runs)
        if runs:
            self._look_again([outcome for outcome, ignored, ignored2 in runs])
        again = []
        for outcome, run, more in runs:
            outcome.warn(*run.notes, *run.missed)
            outcome.task = run.task if run.error is not None else outcome.task
            if run.retry and not last and not self._lost_sight(outcome):
                again.append(outcome)
                continue
            in_the_way = "another task on it was in the way of the last step" if run.retry else None
            broken = run.error or in_the_way
            outcome.error = f"{more.undone}: {broken}" if broken and more.undone else broken or more.failure
            self._lost_sight(outcome)
            if more.instead is not None and not broken:
                _take_instead(outcome, more)
            elif more.instead is None and more.failure is not None:
                # Taken back: then the VM is as it was before the call.
                before = outcome.plan.vm.snapshots
                outcome.changed = not run.ended_well if outcome.after is None else outcome.after.snapshots != before
        return again

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
        why = f"VMware Tools did not answer within {format_duration(limit)} (wait_for_guest)"
        moids = [outcome.plan.vm.moid for outcome in on]
        try:
            missing, gone = wait_for_guests(self._session, moids, limit) if on else (set(), set())
        except Exception as error:  # noqa: BLE001 - whatever it is, the results must not get lost
            missing, gone, why = set(moids), set(), f"it could not be waited for VMware Tools: {describe(error)}"
        if self._session.cancel.reason is not None:
            why = f"the job was cancelled ({self._session.cancel.reason}) before VMware Tools answered"
        for outcome in on:
            if outcome.plan.vm.moid in gone:
                outcome.error, outcome.after = GONE, None
            elif outcome.plan.vm.moid in missing:
                outcome.error = f"reverted and powered on, but {why}"
