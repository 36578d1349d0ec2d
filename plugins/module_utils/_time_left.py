# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long a schedule still takes: by what was foretold of it, and by how the real thing has compared with that. Pure.

What is done of the work, that of the running jobs included, is a point of the foretold schedule. Getting there took
some time, and foretold was another; the ratio of the two is the pace, and the rest is expected at that pace. So jobs
may be of different lengths, few may run at once towards the end, and all may be slower than foretold.
"""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable

# A job of which nothing was foretold is taken for one of so many seconds, so that it counts for something.
UNTOLD = 1.0
# Nothing has ended though it is so many times as late as the first job was foretold to end: nothing is known then.
LATE = 1.5
# A better pace than foretold counts in full when this part of the jobs, or of their work, has ended: it may be that of
# jobs that failed at once.
ENOUGH = 1 / 3
# What was measured counts half when so large a part of all work has been done since: storage gets slow, or free.
MEMORY = 0.1
# A shorter rest of the schedule than this comes from rounding.
NOTHING = 1e-6
# By what part of itself the time left may rise in a second, so that one slow job does not make it jump.
RISE = 0.05


def weight(seconds: float) -> float:
    """What a job of so many foretold seconds counts for."""
    return seconds if seconds > 0 else UNTOLD


class TimeLeft:
    """Is told what begins and ends, and when: in seconds since the moment at which the first job could begin."""

    def __init__(self) -> None:
        # Points of the foretold schedule: a time, and the work done by then. Between them it is a straight line.
        self._times = [0.0]
        self._works = [0.0]
        self._first = 0.0
        self._total = 0
        self._ended = 0
        # Work that is done, and the time that the jobs took which did it: all, and with the weight of what is new.
        self._done = 0.0
        self._took = 0.0
        self._lately_done = 0.0
        self._lately_took = 0.0
        self._running: dict[int, tuple[float, float]] = {}
        self._shown: tuple[float, float] | None = None

    def plan(self, spans: Iterable[tuple[float, float]]) -> None:
        """More jobs have come up, to run after those that are known: from when to when each is foretold to."""
        changes: Counter[float] = Counter()
        ends = []
        for begin, end in spans:
            changes[begin] += 1
            changes[end] -= 1
            ends.append(end)
        if not ends:
            return
        if not self._total:
            self._first = min(ends)
        self._total += len(ends)
        at, running = self._times[-1], 0
        for begin, end in itertools.pairwise(sorted(changes)):
            running += changes[begin]
            self._times.append(at + end)
            self._works.append(self._works[-1] + running * (end - begin))

    def started(self, key: int, work: float, now: float) -> None:
        """A job has begun, of so much work."""
        self._running[key] = (work, now)

    def ended(self, key: int, now: float) -> None:
        """A job is done, well or not."""
        work, begun = self._running.pop(key)
        self._ended += 1
        self._done += work
        self._took += now - begun
        keep = 0.5 ** (work / MEMORY / self._works[-1]) if self._total else 0.0
        self._lately_done = self._lately_done * keep + work
        self._lately_took = self._lately_took * keep + now - begun

    def put_back(self, key: int) -> None:
        """A job has come to nothing, and comes up once more."""
        self._running.pop(key)

    def left(self, now: float) -> float | None:
        """Seconds from now to the end; None if that can't be told, since what runs takes longer than expected."""
        found = self._measured(now) if self._ended else self._foretold(now)
        if found is None or not self._ended:
            self._shown = None
            return found
        if self._shown is not None:
            then, before = self._shown
            found = min(found, before + (now - then) * max(1.0, before * RISE))
        self._shown = (now, found)
        return found

    def _foretold(self, now: float) -> float | None:
        """Nothing has ended yet. The first job is not over, so all that comes after it is still ahead."""
        left = self._times[-1] - min(now, self._first)
        return left if left > 0 and now <= self._first * LATE else None

    def _measured(self, now: float) -> float | None:
        if self._ended >= self._total:
            return 0.0
        lately = self._ratio(self._lately_took, self._lately_done, now)
        done = self._done
        for work, begun in self._running.values():
            done += min(work, (now - begun) / lately) if lately > 0 else work
        point = self._time_of(done)
        left = self._times[-1] - point
        if left < NOTHING or point <= 0:
            return None
        # The pace of the whole also tells whether as many run at once as foretold; jobs may have become slower since.
        usual = self._ratio(self._took, self._done, now)
        return left * self._believed(now / point * (lately / usual if usual > 0 else 1.0))

    def _ratio(self, took: float, done: float, now: float) -> float:
        """How long jobs take for each second foretold, those included that run for longer than that already."""
        ratio = took / done
        for work, begun in self._running.values():
            if now - begun > ratio * work:
                took += now - begun
                done += work
        return self._believed(took / done)

    def _believed(self, ratio: float) -> float:
        """Slower than foretold is believed at once, faster the more has ended."""
        if ratio >= 1:
            return ratio
        part = max(self._ended / self._total, self._done / self._works[-1])
        return 1 - (1 - ratio) * min(1.0, part / ENOUGH)

    def _time_of(self, work: float) -> float:
        """When so much work was foretold to be done."""
        after = bisect_left(self._works, work)
        if after == len(self._works):
            return self._times[-1]
        if after == 0:
            return 0.0
        share = (work - self._works[after - 1]) / (self._works[after] - self._works[after - 1])
        return self._times[after - 1] + share * (self._times[after] - self._times[after - 1])
