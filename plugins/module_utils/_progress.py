# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How far a call is: counted as it goes on, and written down now and then for whoever watches."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.savepoint.vsphere.plugins.module_utils._concurrency import Limits
from ansible_collections.savepoint.vsphere.plugins.module_utils._schedule import Job, foretell, makespan
from ansible_collections.savepoint.vsphere.plugins.module_utils._time_left import TimeLeft, weight

# Seconds before the first word, and from one to the next.
FIRST, EVERY = 5.0, 5.0


@dataclass
class Progress:
    """Counts VMs. ``expected`` is how long those of the beginning are foretold to take under the limits, in seconds."""

    limits: Limits = field(default_factory=Limits)
    total: int = 0
    expected: float = 0.0
    path: Callable[[], str] | None = None
    running: int = 0
    done: int = 0
    failed: int = 0
    clock: Callable[[], float] = time.monotonic
    _left: TimeLeft = field(default_factory=TimeLeft)
    _begun: float = field(init=False)
    _told: float = field(init=False)

    def __post_init__(self) -> None:
        self._begun = self.clock()
        self._told = self._begun + FIRST - EVERY

    def expect(self, jobs: Iterable[Job[Any]]) -> None:
        """So much work has come up."""
        more = list(jobs)
        spans = foretell(more, self.limits.of)
        if not self.total:
            self.expected = makespan(spans)
        if any(job.seconds != weight(job.seconds) for job in more):
            spans = foretell([replace(job, seconds=weight(job.seconds)) for job in more], self.limits.of)
        self.total += len(more)
        self._left.plan(spans)

    def began(self, job: Job[Any]) -> None:
        """A VM's work is under way."""
        self.running += 1
        self._left.started(id(job), weight(job.seconds), self.elapsed)

    def ended(self, job: Job[Any], *, failed: bool) -> None:
        """A VM's work is over."""
        self.running -= 1
        self.done += 1
        self.failed += failed
        self._left.ended(id(job), self.elapsed)

    def put_back(self, job: Job[Any]) -> None:
        """A VM's work has come to nothing, and comes up once more."""
        self.running -= 1
        self._left.put_back(id(job))

    @property
    def elapsed(self) -> float:
        """Seconds since the work began."""
        return self.clock() - self._begun

    @property
    def seconds_left(self) -> int | None:
        """About how long it still takes; None where that can't be told, which is never so when all is done."""
        if self.done >= self.total:
            return 0
        left = self._left.left(self.elapsed)
        return None if left is None else max(1, round(left))

    @property
    def facts(self) -> dict[str, Any]:
        """What people and callbacks are told."""
        return {
            "total": self.total,
            "done": self.done,
            "failed": self.failed,
            "running": self.running,
            "elapsed_seconds": round(self.elapsed, 1),
            "seconds_left": self.seconds_left,
        }

    def tick(self) -> None:
        """Write the facts down, if it is time."""
        if self.path is None or self.clock() - self._told < EVERY:
            return
        self._told = self.clock()
        try:
            with open(self.path(), "a", encoding="utf-8") as file:
                file.write(json.dumps(self.facts) + "\n")
        except OSError:
            self.path = None  # The work matters more than the talk.
