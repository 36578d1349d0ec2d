# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import heapq
import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.savepoint.vsphere.plugins.module_utils._schedule import Job, Schedule, foretell, makespan

LIMITS = {"vcenter": 3, "host": 2, "datastore": 2}
Places = tuple[tuple[str, int], ...]


def kind(place: object) -> str:
    assert isinstance(place, tuple)
    return str(place[0])


def limit(place: object) -> int:
    return LIMITS[kind(place)]


PLACES = st.builds(
    lambda host, stores: (("vcenter", 0), ("host", host), *(("datastore", store) for store in sorted(stores))),
    st.integers(0, 2),
    st.sets(st.integers(0, 2), max_size=2),
)
JOBS = st.lists(st.builds(Job, st.integers(), st.integers(1, 9).map(float), PLACES), max_size=25)


def replay(jobs: list[Job[int]], limits: dict[object, int]) -> float:
    """Run them as expected, watching every limit; gives the end of the last."""
    schedule = Schedule(jobs, lambda place: limits.get(place, limit(place)))
    used: dict[object, int] = {}
    running: list[tuple[float, int, Job[int]]] = []
    clock, number, started = 0.0, itertools.count(), 0
    while True:
        while (job := schedule.start()) is not None:
            started += 1
            heapq.heappush(running, (clock + job.seconds, next(number), job))
            for place in job.places:
                used[place] = used.get(place, 0) + 1
                assert used[place] <= limits.get(place, limit(place))
        # Nothing that fits is left standing.
        assert running or not schedule.waiting
        if not running:
            assert started == len(jobs)
            return clock
        clock, _number, job = heapq.heappop(running)
        for place in job.places:
            used[place] -= 1
        schedule.end(job)


@given(JOBS)
def test_no_limit_is_exceeded_and_everything_gets_done(jobs: list[Job[int]]) -> None:
    assert replay(jobs, {}) <= sum(job.seconds for job in jobs)


@given(JOBS)
def test_it_never_waits_while_something_fits(jobs: list[Job[int]]) -> None:
    schedule = Schedule(jobs, limit)
    running: list[Job[int]] = []
    while schedule.waiting or running:
        while (job := schedule.start()) is not None:
            running.append(job)
        used = schedule.used()
        left = list(jobs)
        for done in running:
            left.remove(done)
        assert running
        if len(running) + schedule.waiting == len(jobs):  # nothing has ended yet, so what is left is known
            assert not [job for job in left if all(used.get(place, 0) < limit(place) for place in job.places)]
        schedule.end(running.pop(random.randrange(len(running))))
    assert schedule.used() == {}


def best(jobs: list[Job[int]]) -> float:
    """The shortest makespan of any order, by trying all: an optimum starts each job as early as its order allows."""
    least = float("inf")
    for order in set(itertools.permutations(range(len(jobs)))):
        ends: list[tuple[float, Job[int]]] = []
        start = 0.0
        for index in order:
            job = jobs[index]
            while True:
                busy = [other for end, other in ends if end > start]
                if all(sum(place in other.places for other in busy) < limit(place) for place in job.places):
                    break
                start = min(end for end, other in ends if end > start)
            ends.append((start + job.seconds, job))
        least = min(least, max((end for end, job in ends), default=0.0))
    return least


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(1, 9).map(float), max_size=6))
def test_at_one_place_longest_first_is_near_the_optimum(lengths: list[float]) -> None:
    jobs = [Job(number, seconds, (("host", 0),)) for number, seconds in enumerate(lengths)]
    # Graham's bound for m machines: 4/3 - 1/(3m).
    assert makespan(foretell(jobs, limit)) <= best(jobs) * (4 / 3 - 1 / (3 * LIMITS["host"])) + 1e-9


@settings(deadline=None, max_examples=60)
@given(JOBS.filter(lambda jobs: len(jobs) <= 5))
def test_over_several_places_it_stays_within_the_bound_of_list_scheduling(jobs: list[Job[int]]) -> None:
    # Garey and Graham's bound: the optimum times the kinds of places and one.
    assert makespan(foretell(jobs, limit)) <= best(jobs) * (len(LIMITS) + 1) + 1e-9


def test_eight_datastores_of_uneven_load_take_what_the_fullest_needs() -> None:
    limits = {"vcenter": 256, "host": 8, "datastore": 4}
    sizes = [40, 10, 25, 8, 31, 12, 17, 21]
    jobs = [
        Job(number, 2.0, (("vcenter", 0), ("host", number % 16), ("datastore", store)))
        for store, size in enumerate(sizes)
        for number in range(size)
    ]
    random.Random(5).shuffle(jobs)
    floor = max(sizes) / 4 * 2.0
    assert floor <= makespan(foretell(jobs, lambda place: limits[kind(place)])) <= 1.15 * floor


def test_the_longest_of_unlike_lengths_begin_first() -> None:
    jobs = [Job(number, float(number), (("host", 0),)) for number in range(1, 8)]
    schedule = Schedule(jobs, limit)
    first, second = schedule.start(), schedule.start()
    assert first is not None and second is not None and [first.item, second.item] == [7, 6]
    assert schedule.start() is None


def test_a_long_queue_at_one_place_does_not_begin_late() -> None:
    one, many = ("datastore", 1), ("datastore", 2)
    everywhere = ("vcenter", 0)
    jobs = [Job(0, 3.0, (everywhere, one)), *(Job(number, 2.0, (everywhere, many)) for number in range(1, 9))]
    schedule = Schedule(jobs, lambda place: 2)
    assert [job.item for job in (schedule.start(), schedule.start()) if job] == [1, 2]


def test_a_place_may_get_more_or_fewer_slots_meanwhile() -> None:
    place = ("datastore", 1)
    schedule = Schedule([Job(number, 1.0, (place,)) for number in range(6)], lambda ignored: 2)
    running = [job for job in (schedule.start(), schedule.start(), schedule.start()) if job]
    assert len(running) == 2
    schedule.allow(place, 1)
    schedule.end(running.pop())
    assert schedule.start() is None
    schedule.allow(place, 3)
    assert schedule.start() and schedule.start() and schedule.start() is None
    assert len(schedule.drain()) == 2 == 6 - 4
    assert schedule.waiting == 0


def test_what_comes_next_is_known_and_stays_where_it_is() -> None:
    jobs = [Job(number, 1.0 + number, (("datastore", number % 2),)) for number in range(6)]
    schedule = Schedule(jobs, lambda place: 1)
    assert sorted(schedule.upcoming(4)) == [2, 3, 4, 5]  # the two longest of each datastore
    assert len(schedule.upcoming(1)) == 1 and sorted(schedule.upcoming(99)) == list(range(6))
    first, second = schedule.start(), schedule.start()
    assert first and second and {first.item, second.item} == {4, 5}
    assert sorted(schedule.upcoming(9)) == [0, 1, 2, 3] and schedule.waiting == 4
    assert schedule.start() is None  # All are parked, and still known.
    assert sorted(schedule.upcoming(9)) == [0, 1, 2, 3]


@pytest.mark.parametrize("number", [5000])
def test_many_jobs_at_many_places_are_quick_to_order(number: int) -> None:
    jobs = [
        Job(index, float(index % 97), (("vcenter", 0), ("host", index % 500), ("datastore", index % 211)))
        for index in range(number)
    ]
    looks = itertools.count()

    def counted(place: object) -> int:
        next(looks)
        return 256 if kind(place) == "vcenter" else 8

    foretell(jobs, counted)
    assert next(looks) < 100 * number
