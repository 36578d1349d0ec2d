# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keeps the one wait for all tasks going: what is to be waited for, and beginning anew where the wait broke."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from ansible_collections.savepoint.vsphere.plugins.module_utils._pool import Pool
from ansible_collections.savepoint.vsphere.plugins.module_utils._session import Session
from ansible_collections.savepoint.vsphere.plugins.module_utils._tasks import TaskBoard
from ansible_collections.savepoint.vsphere.plugins.module_utils._trouble import describe

# Seconds in which tasks gather before they are enrolled together.
GATHER = 0.1

Post = Callable[..., None]


class Waiting:
    """Enrols tasks at the board, many at a time, and mends the wait.

    Everything happens in the thread that made it, but for what is asked of vCenter: that runs in the pool, and its
    outcome comes back by ``post``. Each task that vCenter has forgotten goes to ``gone``, and why the wait can't go on
    to ``lost``.
    """

    def __init__(
        self,
        session: Session,
        board: TaskBoard,
        pool: Pool,
        post: Post,
        gone: Callable[[str], None],
        lost: Callable[[str], None],
    ) -> None:
        self._session = session
        self._board = board
        self._pool = pool
        self._post = post
        self._gone = gone
        self._lost = lost
        self._gathering_since = 0.0
        self._over = False
        self.enrolling = 0
        self.mending = False
        self.mended_at = 0.0

    @property
    def seconds_left(self) -> float | None:
        """Until the gathered tasks are to be enrolled; None where there is nothing to enrol now."""
        if not self._board.new or self.mending:
            return None
        return self._gathering_since + GATHER - time.monotonic()

    def follow(self, task: Any, joined_at: datetime | None = None) -> None:
        """Wait for one more task; see TaskBoard.follow."""
        if not self._board.new:
            self._gathering_since = time.monotonic()
        self._board.follow(task, joined_at)

    def enrol(self, *, more_come: bool) -> None:
        """Have vCenter report on the new tasks: those that gather in a moment together, and the last ones at once."""
        left = self.seconds_left
        if left is None or (more_come and left > 0):
            return
        tasks = self._board.take_new()
        self.enrolling += 1

        def send() -> None:
            try:
                self._post(self._enrolled, self._board.enrol(tasks))
            except Exception as error:  # noqa: BLE001 - whatever it is, the wait can't go on like this
                self._post(self._not_enrolled, error)

        self._pool.submit(send)

    def broke(self, error: Exception) -> None:
        """The wait broke, say because the session ended: begin it anew as soon as vCenter answers."""
        if self.mending or self._over:
            return
        self.mending = True
        logins = self._board.logins

        def mend() -> None:
            try:
                self._session.mend(error, logins, any_fault=True)
            except Exception as final:  # noqa: BLE001 - whatever it is, every VM gets a result all the same
                self._post(self._mended, final)
            else:
                self._post(self._mended, None)

        self._pool.submit(mend)

    def end(self) -> None:
        """Enrol and mend nothing more."""
        self._over = True
        self._board.take_new()

    def _enrolled(self, gone: Sequence[str]) -> None:
        self.enrolling -= 1
        for moid in gone:
            self._board.forget(moid)
            self._gone(moid)

    def _not_enrolled(self, error: Exception) -> None:
        self.enrolling -= 1
        self.broke(error)

    def _mended(self, error: Exception | None) -> None:
        self.mending = False
        if error is not None:
            self._lost(f"the wait for the tasks broke ({describe(error)})")
            return
        self.mended_at = time.monotonic()
        self._board.renew()
