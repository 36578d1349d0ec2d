# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from pathlib import Path

from ansible_collections.savepoint.vsphere.plugins.module_utils._progress import EVERY, FIRST, Progress
from ansible_collections.savepoint.vsphere.plugins.module_utils._schedule import Job


class Clock:
    """A clock that a test moves."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def begun(path: Path | None = None, jobs: int = 10, seconds: float = 4.0) -> tuple[Progress, Clock]:
    clock = Clock()
    progress = Progress(expected=20.0, path=(lambda: str(path)) if path else None, clock=clock)
    progress.expect(Job(None, seconds, ()) for _number in range(jobs))
    return progress, clock


def test_before_anything_has_ended_the_expectation_counts() -> None:
    progress, clock = begun()
    assert progress.seconds_left == 20
    clock.now += 15
    assert progress.seconds_left == 5
    clock.now += 15
    assert progress.seconds_left == 0


def test_then_what_is_done_tells_how_long_the_rest_takes() -> None:
    progress, clock = begun()
    clock.now += 30
    for number in range(5):
        progress.ended(4.0, failed=number == 0)
    assert progress.seconds_left == 30
    assert (progress.done, progress.failed, progress.total) == (5, 1, 10)


def test_long_work_counts_for_more_than_short_work() -> None:
    progress, clock = begun(jobs=1, seconds=90.0)
    progress.expect([Job(None, 10.0, ())])
    clock.now += 10
    progress.ended(10.0, failed=False)
    assert progress.seconds_left == 90


def test_work_without_a_length_is_no_division_by_zero() -> None:
    progress, clock = begun(jobs=3, seconds=0.0)
    clock.now += 5
    progress.ended(0.0, failed=False)
    assert progress.seconds_left == 15


def test_a_short_call_writes_nothing_and_a_long_one_now_and_then(tmp_path: Path) -> None:
    file = tmp_path / "progress"
    progress, clock = begun(file)
    clock.now += FIRST - 0.1
    progress.tick()
    assert not file.exists()
    clock.now += 0.2
    for _turn in range(3):
        progress.tick()
    clock.now += EVERY
    progress.ended(4.0, failed=True)
    progress.tick()
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line["done"] for line in lines] == [0, 1]
    assert lines[1] == {**progress.facts, "failed": 1, "total": 10}


def test_a_place_that_cannot_be_written_is_given_up(tmp_path: Path) -> None:
    progress, clock = begun(tmp_path / "missing" / "progress")
    clock.now += 60
    progress.tick()
    assert progress.path is None
