# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from pathlib import Path

from ansible_collections.savepoint.vsphere.plugins.module_utils._concurrency import Limits
from ansible_collections.savepoint.vsphere.plugins.module_utils._progress import EVERY, FIRST, Progress
from ansible_collections.savepoint.vsphere.plugins.module_utils._schedule import Job
from ansible_collections.savepoint.vsphere.plugins.module_utils._slots import VCENTER


class Clock:
    """A clock that a test moves."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def begun(path: Path | None = None, jobs: int = 10, seconds: float = 4.0) -> tuple[Progress, Clock, list[Job[int]]]:
    """Work on two VMs at a time is ahead."""
    clock = Clock()
    progress = Progress(Limits(vcenter=2), path=(lambda: str(path)) if path else None, clock=clock)
    work = [Job(number, seconds, (VCENTER,)) for number in range(jobs)]
    progress.expect(work)
    return progress, clock, work


def test_before_anything_has_ended_the_expectation_counts() -> None:
    progress, clock, _work = begun()
    assert progress.expected == progress.seconds_left == 20
    clock.now += 3
    assert progress.seconds_left == 17
    clock.now += 4
    assert progress.seconds_left is None


def test_then_what_is_done_tells_how_long_the_rest_takes() -> None:
    progress, clock, work = begun()
    for turn in range(2):
        for job in work[turn * 2 : turn * 2 + 2]:
            progress.began(job)
        assert progress.running == 2
        clock.now += 12
        for job in work[turn * 2 : turn * 2 + 2]:
            progress.ended(job, failed=job.item == 0)
    assert progress.seconds_left == 36 and progress.expected == 20
    assert (progress.done, progress.failed, progress.running, progress.total) == (4, 1, 0, 10)


def test_what_comes_up_once_more_is_not_done() -> None:
    progress, clock, work = begun(jobs=2)
    for job in work:
        progress.began(job)
    clock.now += 4
    progress.ended(work[0], failed=False)
    progress.put_back(work[1])
    assert (progress.done, progress.running) == (1, 0)
    progress.began(work[1])
    clock.now += 3.9
    assert progress.seconds_left == 1
    clock.now += 0.1
    progress.ended(work[1], failed=False)
    assert (progress.done, progress.running, progress.seconds_left) == (2, 0, 0)


def test_follow_ups_are_more_work_and_change_nothing_of_what_was_expected() -> None:
    progress, clock, work = begun(jobs=1)
    progress.began(work[0])
    clock.now += 4
    progress.ended(work[0], failed=False)
    assert progress.seconds_left == 0
    progress.expect([Job(0, 2.0, (VCENTER,))])
    assert (progress.total, progress.expected, progress.seconds_left) == (2, 4, 2)


def test_work_without_a_length_is_counted() -> None:
    progress, clock, work = begun(jobs=4, seconds=0.0)
    assert progress.expected == 0
    for job in work[:2]:
        progress.began(job)
    clock.now += 5
    for job in work[:2]:
        progress.ended(job, failed=False)
    assert progress.seconds_left == 5


def test_a_short_call_writes_nothing_and_a_long_one_now_and_then(tmp_path: Path) -> None:
    file = tmp_path / "progress"
    progress, clock, work = begun(file)
    progress.began(work[0])
    clock.now += FIRST - 0.1
    progress.tick()
    assert not file.exists()
    clock.now += 0.2
    for _turn in range(3):
        progress.tick()
    clock.now += EVERY
    progress.ended(work[0], failed=True)
    progress.tick()
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line["done"] for line in lines] == [0, 1]
    assert lines[1] == {**progress.facts, "failed": 1, "total": 10}


def test_a_place_that_cannot_be_written_is_given_up(tmp_path: Path) -> None:
    progress, clock, _work = begun(tmp_path / "missing" / "progress")
    clock.now += 60
    progress.tick()
    assert progress.path is None
