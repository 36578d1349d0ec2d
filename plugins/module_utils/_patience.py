# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long to go on trying while vCenter is away, and how long to wait before each try. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

# Seconds from the first failure in a row to the last try: a vCenter that restarts is back before that.
LIMIT = 600.0
# Seconds before the second try; each later wait is twice as long, up to the longest.
FIRST, LONGEST = 0.5, 15.0
# Logins again in one call. More means that something ends our sessions, and another login will not mend that.
LOGINS = 5


@dataclass
class Patience:
    """Tell it of every failure and every success. ``draw`` gives a random number from 0 to 1.

    The waits are spread by half, so that many calls that meet the same outage don't come back at the same moment.
    """

    draw: Callable[[], float]
    limit: float = LIMIT
    _since: float | None = None
    _failures: int = 0

    def failed(self, now: float) -> float | None:
        """Something failed at this time; gives the seconds to wait before the next try, None when it is enough."""
        if self._since is None:
            self._since = now
        if now - self._since >= self.limit:
            return None
        # The power is bounded as well: a number of failures is no limit for a float.
        wait: float = min(LONGEST, FIRST * 2 ** min(self._failures, 10))
        self._failures += 1
        return wait * (0.5 + self.draw())

    @property
    def tries(self) -> int:
        """The failures of this row so far."""
        return self._failures

    def worked(self) -> None:
        """Something went well: the next failure is the first of its row."""
        self._since, self._failures = None, 0
