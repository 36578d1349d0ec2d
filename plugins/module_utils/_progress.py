# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How far a call is: counted as it goes on, and written down now and then for whoever watches."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.savepoint.vsphere.plugins.module_utils._schedule import Job

# The file in the module's temporary directory. The action plugin reads it where both are on one machine.
FILE = "savepoint_progress.json"
# Seconds before the first word, and from one to the next.
FIRST, EVERY = 5.0, 5.0


@dataclass
class Progress:
    """Counts VMs. ``work`` is what they all are expected to take, in seconds, one after the other."""

    total: int = 0
    work: float = 0.0
    expected: float = 0.0
    path: Callable[[], str] | None = None
    running: int = 0
    done: int = 0
    failed: int = 0
    clock: Callable[[], float] = time.monotonic
    _worked: float = 0.0
    _begun: float = field(init=False)
    _told: float = field(init=False)

    def __post_init__(self) -> None:
        self._begun = self.clock()
        self._told = self._begun + FIRST - EVERY

    def expect(self, jobs: Iterable[Job[Any]]) -> None:
        """So much work has come up."""
        for job in jobs:
            self.total += 1
            self.work += job.seconds

    def ended(self, seconds: float, *, failed: bool) -> None:
        """A VM's work is over, which was expected to take so long."""
        self._worked += seconds
        self.done += 1
        self.failed += failed

    @property
    def elapsed(self) -> float:
        """Seconds since the work began."""
        return self.clock() - self._begun

    @property
    def seconds_left(self) -> int:
        """About how long it still takes: by what is done so far, else by what was expected."""
        if self.done == 0 or self._worked <= 0:
            return max(0, round(self.expected - self.elapsed))
        return round(self.elapsed * max(0.0, self.work - self._worked) / self._worked)

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
