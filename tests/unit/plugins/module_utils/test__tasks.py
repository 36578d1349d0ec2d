# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import datetime

import pytest

from ansible_collections.savepoint.vsphere.plugins.module_utils._tasks import TaskState
from ansible_collections.savepoint.vsphere.tests.unit.plugins.module_utils.builders import NOW, hours


@pytest.mark.parametrize(
    ("state", "began"),
    [
        (TaskState("task-1", "running", started_at=NOW), NOW),
        # Somebody else's: what it took before we came is not our wait.
        (TaskState("task-1", "running", started_at=NOW, joined_at=NOW + hours(2)), NOW + hours(2)),
        # It was queued when we came.
        (TaskState("task-1", "running", started_at=NOW + hours(1), joined_at=NOW), NOW + hours(1)),
        (TaskState("task-1", "queued"), None),
        (TaskState("task-1", "queued", joined_at=NOW), None),
        (TaskState("task-1", "success", started_at=NOW), None),
    ],
)
def test_when_the_time_limit_of_a_task_begins(state: TaskState, began: datetime | None) -> None:
    assert state.counts_from == began
