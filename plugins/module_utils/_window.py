# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many calls to have under way at once, learnt from how fast the server answers. Pure; the clock is the caller's.

The way of TCP Vegas: the fastest answer seen tells what a call takes when nothing is in its way. What is under way
beyond that stands in a queue, ours or the server's. As long as the queue is short the window grows, twofold at first
and then by one; when it gets long, the window shrinks by an eighth; a server that refuses or times out halves it.
"""

from __future__ import annotations

from dataclasses import dataclass

# Calls under way at the start: enough for a server nearby, little enough for a busy one.
FIRST = 8
# Connections that one call of a module opens at most; vCenter serves others too.
MOST = 64
# A queue of fewer calls than this is none; with more than that the server has enough to do. Of many calls some are
# always late, so the parts of the window count as well: answers that take a quarter longer, and half as long again.
SHORT_QUEUE, SHORT_PART = 4.0, 1 / 5
LONG_QUEUE, LONG_PART = 10.0, 1 / 3
# Weight of one more answer in the average.
WEIGHT = 0.1


@dataclass
class Window:
    """Feed it every answer; ``size`` is how many calls may be under way."""

    size: int = FIRST
    most: int = MOST
    _fastest: float | None = None
    _average: float = 0.0
    _answers: int = 0
    _doubling: bool = True
    _pause: int = 0

    def answered(self, seconds: float) -> None:
        """A call was answered after so many seconds."""
        seconds = max(seconds, 1e-6)
        first = self._fastest is None
        self._fastest = seconds if self._fastest is None else min(seconds, self._fastest)
        self._average = seconds if first else (1 - WEIGHT) * self._average + WEIGHT * seconds
        self._answers += 1
        if self._answers >= self.size:
            # Once a window: an answer tells of the window that its call was sent in.
            self._answers = 0
            self._judge()

    def refused(self) -> None:
        """The server could not serve a call: 503, or no answer in time."""
        if self._pause == 0:
            # The other calls of this window meet the same trouble; it counts once.
            self._pause = 1
            self.size = max(1, self.size // 2)
            self._answers = 0
        self._doubling = False

    @property
    def queue(self) -> float:
        """About how many of the calls under way only wait."""
        if self._fastest is None or self._average <= 0:
            return 0.0
        return self.size * max(0.0, 1 - self._fastest / self._average)

    def _judge(self) -> None:
        self._pause = 0
        queue = self.queue
        if queue > max(LONG_QUEUE, LONG_PART * self.size):
            self._doubling = False
            self.size = max(1, self.size - max(1, self.size // 8))
        elif queue < max(SHORT_QUEUE, SHORT_PART * self.size):
            self.size = min(self.most, self.size * 2 if self._doubling else self.size + 1)
        else:
            self._doubling = False
