# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import SavepointError
from ansible_collections.savepoint.vsphere.plugins.module_utils._left import judge
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan import Remove
from ansible_collections.savepoint.vsphere.plugins.module_utils._run import Run
from ansible_collections.savepoint.vsphere.plugins.module_utils._tasks import TaskState
from ansible_collections.savepoint.vsphere.tests.unit.plugins.module_utils.builders import NOW, node, vm

CAUSE = "the job was cancelled (SIGTERM)"


def left(actions: int = 1, **fields: Any) -> Run:
    machine = vm(node(1, "a"))
    given_up = f"{CAUSE}; task task-1 may still run"
    return Run(machine, (Remove(machine.snapshots[0].moid),) * actions, error=given_up, **fields)


@pytest.mark.parametrize(
    ("state", "text"),
    [
        ("running", "task task-1 still runs, and a rerun waits for it"),
        ("queued", "task task-1 still waits in vCenter's queue, and a rerun waits for it"),
        ("error", "task task-1 has failed since: no room"),
    ],
)
def test_a_task_is_told_of_as_it_is_now(state: str, text: str) -> None:
    run = left()
    now = TaskState("task-1", state, started_at=NOW, error=SavepointError("no room"))
    judge(run, now, CAUSE)
    assert (run.error, run.task, run.changed) == (f"{CAUSE}; {text}", now, False)


def test_what_has_been_done_meanwhile_is_done() -> None:
    run = left()
    judge(run, TaskState("task-1", "success", ended_at=NOW), CAUSE)
    assert (run.error, run.changed, run.ended_well) == (None, True, True)


def test_the_steps_after_it_are_not_gone_on_with() -> None:
    run = left(actions=2)
    judge(run, TaskState("task-1", "success"), CAUSE)
    assert (run.error, run.changed, run.done) == (f"not gone on with: {CAUSE}", True, 1)


@pytest.mark.parametrize("state", ["error", "success"])
def test_the_end_of_anothers_task_is_not_its_own(state: str) -> None:
    own = TaskState("task-0", "success")
    run = left(task=own, joined=True)
    judge(run, TaskState("task-1", state), CAUSE)
    assert run.error == f"{CAUSE}; task task-1 has ended since, and a rerun looks at what is left to do"
    assert (run.task, run.changed) == (own, False)


def test_of_a_task_that_was_found_by_reading_only_the_machine_tells_what_it_did() -> None:
    run = left(adopted=True)
    judge(run, TaskState("task-1", "success"), CAUSE)
    assert (run.error is not None, run.changed) == (True, False)
