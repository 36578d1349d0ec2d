# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From module parameters to the module's result: the only place that touches AnsibleModule besides main()."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from http.client import HTTPException
from typing import Any, NoReturn

from ansible.module_utils.basic import AnsibleModule

try:
    from pyVmomi import vmodl
except ImportError:
    FAULTS: tuple[type[Exception], ...] = ()  # _session.connect says that it is missing, before a fault can come.
else:
    FAULTS = (vmodl.MethodFault,)

from ansible_collections.savepoint.vsphere.plugins.module_utils._argspec import check_numbers, unverified, validate_vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._cancel import Cancel
from ansible_collections.savepoint.vsphere.plugins.module_utils._concurrency import Limits, parse_limits
from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import (
    InputError,
    LimitError,
    SavepointError,
)
from ansible_collections.savepoint.vsphere.plugins.module_utils._faults import fault_text
from ansible_collections.savepoint.vsphere.plugins.module_utils._fleet import Fleet, Operation, make_plans
from ansible_collections.savepoint.vsphere.plugins.module_utils._inventory import Inventory
from ansible_collections.savepoint.vsphere.plugins.module_utils._outcome import Outcome, View
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan import VmPlan, predict
from ansible_collections.savepoint.vsphere.plugins.module_utils._progress import Progress
from ansible_collections.savepoint.vsphere.plugins.module_utils._progress_file import FILE
from ansible_collections.savepoint.vsphere.plugins.module_utils._reader import told_when_unread
from ansible_collections.savepoint.vsphere.plugins.module_utils._results import (
    gather_warnings,
    headline,
    shortened,
    summarise,
    vm_dict,
)
from ansible_collections.savepoint.vsphere.plugins.module_utils._scope import nothing_in
from ansible_collections.savepoint.vsphere.plugins.module_utils._selection import (
    Resolved,
    Selection,
    parse_selection,
    told,
)
from ansible_collections.savepoint.vsphere.plugins.module_utils._session import Session, connect
from ansible_collections.savepoint.vsphere.plugins.module_utils._slots import job_of
from ansible_collections.savepoint.vsphere.plugins.module_utils._target import parse_target
from ansible_collections.savepoint.vsphere.plugins.module_utils._time import format_time
from ansible_collections.savepoint.vsphere.plugins.module_utils._tree import render
from ansible_collections.savepoint.vsphere.plugins.module_utils._trouble import briefly

Result = dict[str, Any]


@dataclass(frozen=True)
class Report:
    """What a module adds to the common result: keys for each VM, and the peers' keys for a call on a single VM."""

    details: Callable[[View], Result]
    peers: Callable[[Result, View], Result]


def run(module: AnsibleModule, operation: Callable[[Mapping[str, Any]], Operation], report: Report) -> None:
    """Run the module: options to operation, plan, do it unless in check mode, and exit with the result."""
    cancel = Cancel()
    try:
        check_numbers(module.params, module.argument_spec)
        with cancel.watched(), told_when_unread(cancel.unread):
            result = _execute(module, operation(module.params), report, cancel)
    except SavepointError as error:
        facts = {"changed": False, **error.facts}
        if "results" in facts:
            facts["results"] = shortened(facts["results"], module.params["report"])
        module.fail_json(msg=error.msg, **facts)
    except FAULTS as error:
        module.fail_json(msg=f"vCenter refused a call that the whole task needs: {fault_text(error)}", changed=False)
    except (OSError, HTTPException) as error:
        module.fail_json(msg=f"the connection to {module.params['hostname']} broke: {briefly(error)}", changed=False)
    if result["summary"]["failed"]:
        module.fail_json(**result)
    module.exit_json(**result)


def _execute(module: AnsibleModule, operation: Operation, report: Report, cancel: Cancel) -> Result:
    selection = operation.selection or parse_selection(module.params, validate_vm)
    if operation.timeout <= 0:
        raise InputError(f"timeout: {operation.timeout} is not a number of seconds greater than zero")
    limits = parse_limits(module.params.get("limits"))
    target = parse_target(module.params)
    warning = unverified(module.params)
    if warning is not None:
        module.warn(warning)
    with connect(target, cancel) as session:
        inventory = Inventory(session)
        session.ask_now()  # It is answered while the machines are read.
        found = session.persist(lambda: inventory.find(selection, operation.needs))
        if selection.scope is not None and not found:
            module.warn(nothing_in(selection.scope))
        now = session.now()
        facts = {"vcenter": session.vcenter, "vcenter_time": format_time(now)}
        plans, more = _plans(session, inventory, operation, found, now)
        facts.update(more)
        ready = _checked(selection, found, plans, operation, now, facts)
        progress = _progress(module, ready, limits)
        if module.check_mode:
            outcomes = [Outcome(plan, error=plan.failure or plan.problem, warnings=plan.warnings) for plan in ready]
        else:
            cancel.defer()
            outcomes = Fleet(session, inventory, operation, limits, progress).carry_out(ready)
        if "limits" in module.params:
            facts["timing"] = _timing(progress, limits, module.check_mode)
        facts["retries"] = session.retried
        for text in facts["retries"]:
            module.warn(text)
        now = session.now()
        if operation.finish is None or module.check_mode:
            session.leave()
        result = _result(module, selection, found, plans, outcomes, report, now, facts)
        if operation.finish is not None and not module.check_mode and cancel.reason is None:
            warning = operation.finish(session, result["summary"])
            if warning is not None:
                module.warn(warning)
        return result


def _progress(module: AnsibleModule, plans: Sequence[VmPlan], limits: Limits) -> Progress:
    """What is ahead. It is written down, for the action plugin to read, only if people are to be told."""
    due = [plan for plan in plans if plan.actions and plan.problem is None and plan.failure is None]
    jobs = [job_of(plan.vm, plan.actions, None) for plan in due]
    told = bool(module.params.get("progress")) and not module.check_mode
    path = (lambda: os.path.join(module.tmpdir, FILE)) if told else None
    progress = Progress(limits, path=path)
    progress.expect(jobs)
    return progress


def _timing(progress: Progress, limits: Limits, check_mode: bool) -> Result:
    took = {} if check_mode else {"elapsed_seconds": round(progress.elapsed, 1)}
    return {"expected_seconds": round(progress.expected, 1), **took, "limits": asdict(limits)}


def _plans(
    session: Session, inventory: Inventory, operation: Operation, found: Sequence[Resolved], now: datetime
) -> tuple[dict[str, VmPlan], Result]:
    moids = [entry.moid for entry in found if entry.moid is not None]
    vms = session.persist(lambda: inventory.read(moids, operation.needs)) if moids else {}
    return make_plans(session, operation, list(vms.values()), now)


def _checked(
    selection: Selection,
    found: Sequence[Resolved],
    plans: Mapping[str, VmPlan],
    operation: Operation,
    now: datetime,
    facts: Result,
) -> list[VmPlan]:
    """The plans to carry out. Raises InputError, before any change, when bad input must end the call."""
    problems = [(entry, problem) for entry in found if (problem := _problem(entry, plans)) is not None]
    ready = [plan for entry in found if (plan := plans.get(entry.moid or "")) is not None]
    limit: SavepointError | None = None
    try:
        operation.check(ready, now)
    except LimitError as error:
        limit = error
    if problems and selection.abort_unresolved:
        _abort(InputError(f"{told(problems)}; nothing was changed"), found, plans, facts)
    if limit is not None:
        _abort(limit, found, plans, facts)
    return ready


def _abort(error: SavepointError, found: Sequence[Resolved], plans: Mapping[str, VmPlan], facts: Result) -> NoReturn:
    results = []
    for entry in found:
        problem = _problem(entry, plans)
        plan = plans.get(entry.moid or "")
        results.append(
            {
                "selector": entry.raw,
                "vm": vm_dict(plan.vm) if plan is not None else None,
                "status": "failed" if problem else "skipped",
                "changed": False,
                "msg": problem or "nothing was done, because the call was stopped before its first change",
            }
        )
    raise type(error)(error.msg, results=results, summary=summarise(results), **facts) from error


def _problem(entry: Resolved, plans: Mapping[str, VmPlan]) -> str | None:
    if entry.problem is not None:
        return entry.problem
    plan = plans.get(entry.moid or "")
    if plan is None:
        return f"the virtual machine {entry.moid} was deleted while it was looked up"
    return plan.problem


def _result(
    module: AnsibleModule,
    selection: Selection,
    found: Sequence[Resolved],
    plans: Mapping[str, VmPlan],
    outcomes: Sequence[Outcome],
    report: Report,
    now: datetime,
    facts: Result,
) -> Result:
    by_moid = {outcome.plan.vm.moid: outcome for outcome in outcomes}
    results: list[Result] = []
    views: list[View | None] = []
    for entry in found:
        outcome = by_moid.get(entry.moid or "")
        view = _view(outcome, module.check_mode, now) if outcome is not None else None
        views.append(view)
        results.append(_vm_result(entry, view, _problem(entry, plans), report))
    for text in gather_warnings(
        (view.vm.name, text) for view in views if view is not None for text in view.outcome.warnings
    ):
        module.warn(text)
    result: Result = {
        "changed": any(entry["changed"] for entry in results),
        "msg": headline(results, module.check_mode, selection.single),
        "summary": summarise(results),
        **facts,
        "results": shortened(results, module.params["report"]),
    }
    if module._diff:  # pylint: disable=protected-access
        result["diff"] = [_diff(view) for view in views if view is not None and view.before != view.after]
    if selection.single and views[0] is not None:
        result.update({"vm": results[0]["vm"], **report.peers(results[0], views[0])})
    return result


def _view(outcome: Outcome, check_mode: bool, now: datetime) -> View:
    before = outcome.began.vm.snapshots
    if check_mode and outcome.error is None:
        after = predict(outcome.plan.vm, outcome.plan.actions, now)
    else:
        after = outcome.after.snapshots if outcome.after is not None else before
    return View(outcome, before, after, now, check_mode)


def _vm_result(entry: Resolved, view: View | None, problem: str | None, report: Report) -> Result:
    if view is None:
        return {"selector": entry.raw, "vm": None, "status": "failed", "changed": False, "msg": problem}
    outcome = view.outcome
    changed = bool(outcome.plan.actions and outcome.error is None) if view.check_mode else outcome.changed
    status = "failed" if outcome.error is not None else "changed" if changed else "ok"
    task = outcome.task
    return {
        "selector": entry.raw,
        "vm": vm_dict(view.vm),
        "status": status,
        "changed": changed,
        "msg": outcome.error
        or (f"check mode: {outcome.plan.msg}" if view.check_mode and changed else outcome.plan.msg),
        "warnings": list(outcome.warnings),
        "power_state": view.vm.power_state,
        "task": None
        if task is None
        else {
            "moid": task.moid,
            "state": task.state,
            "started_at": format_time(task.started_at) if task.started_at else None,
            "ended_at": format_time(task.ended_at) if task.ended_at else None,
        },
        **report.details(view),
    }


def _diff(view: View) -> Result:
    name = f"{view.vm.name} ({view.vm.moid}) snapshots"
    return {
        "before_header": name,
        "after_header": name,
        "before": render(view.before),
        "after": render(view.after),
    }
