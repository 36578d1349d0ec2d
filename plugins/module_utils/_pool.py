# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Threads for calls that wait for their answers, and that nobody waits for at the end of the process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any

from ansible_collections.savepoint.vsphere.plugins.module_utils._cancel import Cancel
from ansible_collections.savepoint.vsphere.plugins.module_utils._threads import start_deaf, within


class Pool:
    """Does work in at most so many threads; belongs to one thread.

    The standard library's pools have every thread waited for when the process ends. A call to a server that hangs would
    hold a cancelled job until its connection gives up, so the threads are daemons here.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._work: SimpleQueue[Callable[[], Any] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._unfinished = 0

    def submit(self, work: Callable[..., Any], *facts: Any) -> None:
        """Have it done in a thread. What it gives, or an error, nobody hears of: it must tell itself."""
        with self._lock:
            self._unfinished += 1
            all_busy = self._unfinished > len(self._threads)
        self._work.put(partial(work, *facts))
        if all_busy and len(self._threads) < self._most:
            thread = threading.Thread(target=self._serve, name="savepoint-pool", daemon=True)
            start_deaf(thread)
            self._threads.append(thread)

    def close(self, cancel: Cancel) -> None:
        """Drop what has not begun, and wait for what has; not once the job is cancelled."""
        with suppress(Empty):
            while True:
                self._work.get_nowait()
        self._work.put(None)
        with suppress(TimeoutError):
            within(0.0, self._join, cancel)

    def _join(self) -> None:
        for thread in self._threads:
            thread.join()

    def _serve(self) -> None:
        while (work := self._work.get()) is not None:
            with suppress(Exception):
                work()
            del work  # What it holds is not kept while there is nothing to do.
            with self._lock:
                self._unfinished -= 1
        self._work.put(None)  # For the next one.
