# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import heapq
import itertools
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.savepoint.vsphere.plugins.module_utils._schedule import Job, Schedule, foretell
from ansible_collections.savepoint.vsphere.plugins.module_utils._time_left import LATE, RISE, UNTOLD, TimeLeft, weight

PLACE = ("vcenter", "")
FORETOLD = st.lists(st.floats(1, 500), min_size=3, max_size=40)
SLOTS = st.integers(1, 9)
# So many times as long as foretold does each job take.
TIMES = st.floats(0.05, 20)


@dataclass
class Look:
    """What is said at some moment, and what is true."""

    now: float
    done: int
    left: float | None
    truth: float


def ready(foretold: Sequence[float], slots: int) -> TimeLeft:
    estimate = TimeLeft()
    estimate.plan(foretell([Job(None, seconds, (PLACE,)) for seconds in foretold], lambda place: slots))
    return estimate


def watched(foretold: Sequence[float], real: Sequence[float], planned: int, slots: int, looks: int = 60) -> list[Look]:
    """Jobs that were planned for some slots and take as long as they really do in others, looked at now and then."""
    estimate = ready(foretold, planned)
    jobs = [Job(number, seconds, (PLACE,)) for number, seconds in enumerate(foretold)]
    schedule = Schedule(jobs, lambda place: slots)
    moments: list[tuple[float, int, Job[int]]] = []
    begins: list[tuple[float, bool, Job[int]]] = []
    now = 0.0
    while True:
        while (job := schedule.start()) is not None:
            begins.append((now, True, job))
            heapq.heappush(moments, (now + real[job.item], job.item, job))
        if not moments:
            break
        now, _number, job = heapq.heappop(moments)
        begins.append((now, False, job))
        schedule.end(job)
    found, done, events = [], 0, iter([*begins, (math.inf, False, jobs[0])])
    when, begun, job = next(events)
    for number in range(looks):
        moment = now * number / looks
        while when <= moment:
            if begun:
                estimate.started(job.item, job.seconds, when)
            else:
                estimate.ended(job.item, when)
                done += 1
            when, begun, job = next(events)
        found.append(Look(moment, done, estimate.left(moment), now - moment))
    return found


@settings(deadline=None)
@given(FORETOLD, SLOTS, TIMES)
def test_when_all_take_as_many_times_as_long_it_is_right_from_a_third_on(
    foretold: list[float], slots: int, times: float
) -> None:
    looks = watched(foretold, [times * seconds for seconds in foretold], slots, slots)
    known = [look for look in looks if look.done * 3 >= len(foretold)]
    for look in known:
        assert look.left is not None and look.left == pytest.approx(look.truth, rel=0.25, abs=1e-3)
    for look, later in itertools.pairwise(known):
        assert look.left is not None and later.left is not None
        assert later.left - look.left <= later.now - look.now + 1e-6


@settings(deadline=None)
@given(st.integers(1, 4), TIMES)
def test_fewer_slots_than_foretold_are_noticed(slots: int, times: float) -> None:
    alike = [20.0] * 12 * slots
    for look in watched(alike, [20.0 * times] * len(alike), 2 * slots, slots):
        if look.done * 3 >= len(alike) and look.truth > 20 * times:
            assert look.left is not None and look.left == pytest.approx(look.truth, rel=0.25)


@settings(deadline=None)
@given(FORETOLD, SLOTS, TIMES, st.randoms(use_true_random=False))
def test_whatever_the_jobs_take_it_is_no_wild_number(
    foretold: list[float], slots: int, times: float, chance: random.Random
) -> None:
    real = [chance.choice((0.0, 1.0, chance.uniform(0.3, 3))) * times * seconds for seconds in foretold]
    looks = watched(foretold, real, slots, slots)
    assert all(look.left is None or look.left >= 0 for look in looks)
    for look, later in itertools.pairwise(looks):
        if look.done and look.left is not None and later.left is not None:
            assert later.left <= look.left + (later.now - look.now) * max(1, look.left * RISE) + 1e-6


@settings(deadline=None)
@given(FORETOLD, SLOTS)
def test_when_all_has_ended_nothing_is_left(foretold: list[float], slots: int) -> None:
    estimate = ready(foretold, slots)
    for number, seconds in enumerate(foretold):
        estimate.started(number, seconds, 0.0)
    for number, seconds in enumerate(foretold):
        estimate.ended(number, seconds)
    assert estimate.left(max(foretold)) == 0


def test_before_anything_has_ended_the_plan_counts_and_what_comes_after_the_first_is_all_ahead() -> None:
    estimate = ready([4.0] * 10, 2)
    assert estimate.left(0) == 20
    assert estimate.left(3) == 17
    assert estimate.left(4) == estimate.left(4 * LATE) == 16


def test_when_even_the_first_is_late_nothing_is_known() -> None:
    estimate = ready([4.0] * 10, 2)
    estimate.started(0, 4.0, 0)
    assert estimate.left(4 * LATE + 0.1) is None
    estimate.ended(0, 32)
    estimate.started(1, 4.0, 32)
    # Now it is: the one that runs beside it is as far as this one.
    left = estimate.left(32)
    assert left is not None and left > 100
    # A single one that is over its time has nothing after it.
    assert ready([4.0], 2).left(3) == 1
    assert ready([4.0], 2).left(4) is None


def test_jobs_of_eight_times_the_length_do_not_make_it_rise() -> None:
    lefts = [look.left for look in watched([4.0] * 8, [32.0] * 8, 2, 2, looks=128)]
    known = [left for left in lefts[32:] if left is not None]
    assert lefts[7:32] == [None] * 25 and len(known) == 96
    assert known[0] == 96 and known == sorted(known, reverse=True)


def test_that_something_fails_at_once_does_not_mean_that_all_is_done_at_once() -> None:
    estimate = ready([10.0] * 100, 10)
    for number in range(13):
        estimate.started(number, 10.0, 0)
    for number in range(3):
        estimate.ended(number, 0.2)
    # Nor that those that run are soon over.
    for now in (1, 5):
        left = estimate.left(now)
        assert left is not None and 90 - now <= left <= 100


def test_jobs_that_run_on_and_on_count_before_they_end() -> None:
    estimate = ready([10.0] * 20, 10)
    for number in range(10):
        estimate.started(number, 10.0, 0)
    for number in range(2):
        estimate.ended(number, 10)
        estimate.started(10 + number, 10.0, 35)
    # By the two that have ended these would be half done; by the eight that have not, a seventh.
    assert estimate.left(40) == pytest.approx(38, abs=1)


def test_that_jobs_have_become_slower_is_seen_before_long() -> None:
    real = [10.0] * 100 + [40.0] * 100
    known = [look for look in watched([10.0] * 200, real, 8, 8) if 140 <= look.done < 184]
    for look in known:
        assert look.left is not None and look.left == pytest.approx(look.truth, rel=0.3)
    assert len(known) > 10


def test_long_work_counts_for_more_than_short_work() -> None:
    estimate = ready([90.0, 10.0], 1)
    estimate.started(0, 90.0, 0)
    estimate.ended(0, 180)
    estimate.started(1, 10.0, 180)
    assert estimate.left(180) == 20


def test_one_that_takes_far_longer_than_the_others_at_the_end_is_told_of() -> None:
    estimate = ready([10.0] * 4, 2)
    for number in range(4):
        estimate.started(number, 10.0, number // 2 * 10)
    for number in range(3):
        estimate.ended(number, number // 2 * 10 + 10)
    assert estimate.left(25) is None


def test_work_that_comes_up_later_is_added() -> None:
    estimate = ready([10.0] * 2, 1)
    for number in range(2):
        estimate.started(number, 10.0, 20 * number)
        estimate.ended(number, 20 * number + 20)
    assert estimate.left(40) == 0
    estimate.plan([(0.0, 5.0), (0.0, 5.0)])
    assert estimate.left(40) is not None
    estimate.started(2, 5.0, 40)
    estimate.started(3, 5.0, 40)
    assert estimate.left(45) == pytest.approx(5)


def test_work_that_comes_to_nothing_is_not_done() -> None:
    estimate = ready([10.0] * 2, 1)
    estimate.started(0, 10.0, 0)
    estimate.put_back(0)
    estimate.started(1, 10.0, 0)
    estimate.ended(1, 10)
    assert estimate.left(10) == 10


def test_what_is_foretold_to_take_no_time_counts_all_the_same() -> None:
    assert weight(0.0) == UNTOLD and weight(0.5) == 0.5


def test_without_a_plan_there_is_nothing_to_tell() -> None:
    estimate = TimeLeft()
    estimate.started(0, 1.0, 0)
    assert estimate.left(0) is None
    estimate.ended(0, 1)
    assert estimate.left(1) == 0
