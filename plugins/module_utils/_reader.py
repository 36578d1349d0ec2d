# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Notices when nobody reads the result any more: ansible-playbook, or the connection to it, has ended."""

from __future__ import annotations

import select
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ansible_collections.savepoint.vsphere.plugins.module_utils._threads import start_deaf

STDOUT = 1
# Seconds between two looks at whether the work has ended. The reader's end is noticed at once.
LOOK = 1.0


@contextmanager
def told_when_unread(tell: Callable[[], None]) -> Iterator[None]:
    """While this lasts, the end of whoever reads our standard output is told, from a thread.

    Not every ansible-core passes a signal on to its modules, and none can that is killed. What had no reader to begin
    with, or writes to a file, goes on.
    """
    if _unread(0):
        yield
        return
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            if _unread(LOOK) and not over.is_set():
                tell()
                return

    thread = threading.Thread(target=look, name="savepoint-reader", daemon=True)
    start_deaf(thread)
    try:
        yield
    finally:
        over.set()


def _unread(seconds: float) -> bool:
    """Is standard output a pipe or the like that nobody reads? Waits so long for that to come."""
    waiter = select.poll()
    # Without any event: the ends of both sides are told in any case.
    waiter.register(STDOUT, 0)
    return any(what & (select.POLLERR | select.POLLHUP) for ignored, what in waiter.poll(seconds * 1000))
