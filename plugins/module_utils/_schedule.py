# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which job starts next, when each takes a slot of several places at once: longest first, no limit exceeded. Pure.

Jobs that take slots of the same places form a group. Only a group's longest job is ever looked at, and a group that
does not fit waits at the place that is full, so that starting and ending n jobs takes O(n log n) steps.
"""

from __future__ import annotations

import heapq
import itertools
from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Job(Generic[T]):
    """Something to do: how long it is expected to take, and the places of which it takes one slot each."""

    item: T
    seconds: float
    places: tuple[Hashable, ...]


class _Group(Generic[T]):
    """The jobs of the same places that have not been started, longest first."""

    def __init__(self, places: tuple[Hashable, ...]) -> None:
        self.places = places
        self.telling = places
        # The place whose free slot this group was woken for.
        self.woken_for: Hashable = None
        self.jobs: deque[Job[T]] = deque()


# Urgency and length, both negative; a number that keeps the order; and the group.
_Entry = tuple[float, float, int, "_Group[T]"]


class Schedule(Generic[T]):
    """List scheduling. The group that stands before the longest work goes first: its own longest job, or the work
    that is left for the busiest of its places; a long queue at one place must not begin late."""

    def __init__(self, jobs: Iterable[Job[T]], capacity: Callable[[Hashable], int]) -> None:
        self._capacity = capacity
        self._changed: dict[Hashable, int] = {}
        self._used: Counter[Hashable] = Counter()
        self._left: dict[Hashable, float] = {}
        self._parked: dict[Hashable, list[_Entry[T]]] = {}
        self._ready: list[_Entry[T]] = []
        self._number = itertools.count()
        self.waiting = 0
        groups: dict[tuple[Hashable, ...], list[Job[T]]] = {}
        for job in jobs:
            groups.setdefault(job.places, []).append(job)
            self.waiting += 1
            for place in job.places:
                self._left[place] = self._left.get(place, 0.0) + job.seconds
        # The work at a place that all need tells none of them from the others.
        common = set.intersection(*map(set, groups)) if groups else set()
        for places, members in groups.items():
            group: _Group[T] = _Group(places)
            group.telling = tuple(place for place in places if place not in common)
            # A stable sort: what is alike stays in the order of the selection.
            group.jobs.extend(sorted(members, key=lambda job: -job.seconds))
            self._push(self._ready, group)

    def start(self) -> Job[T] | None:
        """The next job, with its slots taken; None when nothing fits now."""
        while self._ready:
            entry = heapq.heappop(self._ready)
            group = entry[3]
            if self._urgency(group) > entry[0]:
                # Work was started since, so others may come first now. (Both numbers are negative.)
                self._push(self._ready, group)
                continue
            full = next((place for place in group.places if self._used[place] >= self.allowed(place)), None)
            if full is not None:
                self._push(self._parked.setdefault(full, []), group)
                # The slot that it was woken for is the next one's.
                if group.woken_for is not None and self._used[group.woken_for] < self.allowed(group.woken_for):
                    self._wake(group.woken_for)
                group.woken_for = None
                continue
            group.woken_for = None
            job = group.jobs.popleft()
            self.waiting -= 1
            for place in job.places:
                self._used[place] += 1
                self._left[place] -= job.seconds
            if group.jobs:
                self._push(self._ready, group)
            return job
        return None

    def end(self, job: Job[T]) -> None:
        """Give the job's slots back."""
        for place in job.places:
            self._used[place] -= 1
            self._wake(place)

    def drain(self) -> list[Job[T]]:
        """Take out everything that has not been started."""
        groups = self._groups()
        self._ready, self._parked, self.waiting = [], {}, 0
        return [job for group in groups for job in group.jobs]

    def upcoming(self, most: int) -> list[T]:
        """At most so many of those that have not been started; of each group what is next in it."""
        turns = itertools.zip_longest(*(itertools.islice(group.jobs, most) for group in self._groups()[:most]))
        jobs = (job for turn in turns for job in turn if job is not None)
        return [job.item for job in itertools.islice(jobs, most)]

    def _groups(self) -> list[_Group[T]]:
        every = {id(entry[3]): entry[3] for heap in (self._ready, *self._parked.values()) for entry in heap}
        return list(every.values())

    def allowed(self, place: Hashable) -> int:
        """How many slots the place has now."""
        changed = self._changed.get(place)
        return self._capacity(place) if changed is None else changed

    def allow(self, place: Hashable, slots: int) -> None:
        """From now on the place has so many slots. What runs goes on, even if that is more."""
        self._changed[place] = slots
        for _slot in range(slots - self._used[place]):
            self._wake(place)

    def used(self) -> dict[Hashable, int]:
        """How many slots are taken, by place."""
        return {place: number for place, number in self._used.items() if number}

    def places(self) -> set[Hashable]:
        """Every place that a job has or had to do with."""
        return set(self._left)

    def _wake(self, place: Hashable) -> None:
        parked = self._parked.get(place)
        if parked:
            group = heapq.heappop(parked)[3]
            group.woken_for = place
            self._push(self._ready, group)

    def _urgency(self, group: _Group[T]) -> float:
        queue = max((self._left[place] / max(1, self.allowed(place)) for place in group.telling), default=0.0)
        return -max(queue, group.jobs[0].seconds)

    def _push(self, heap: list[_Entry[T]], group: _Group[T]) -> None:
        heapq.heappush(heap, (self._urgency(group), -group.jobs[0].seconds, next(self._number), group))


def foretell(jobs: Iterable[Job[T]], capacity: Callable[[Hashable], int]) -> list[tuple[float, float]]:
    """From when to when each job runs, in the order in which they begin, if each takes as long as expected."""
    schedule = Schedule(jobs, capacity)
    clock = 0.0
    spans: list[tuple[float, float]] = []
    running: list[tuple[float, int, Job[T]]] = []
    while True:
        while (job := schedule.start()) is not None:
            heapq.heappush(running, (clock + job.seconds, len(spans), job))
            spans.append((clock, clock + job.seconds))
        if not running:
            return spans
        clock = running[0][0]
        while running and running[0][0] <= clock:
            schedule.end(heapq.heappop(running)[2])


def makespan(spans: Iterable[tuple[float, float]]) -> float:
    """How long all that takes."""
    return max((span[1] for span in spans), default=0.0)
