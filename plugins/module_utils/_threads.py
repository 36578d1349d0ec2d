# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Threads beside one that is to be told of signals."""

from __future__ import annotations

import errno
import signal
import threading
import time
from collections.abc import Callable
from functools import partial
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

from ansible_collections.savepoint.vsphere.plugins.module_utils._cancel import Cancel

T = TypeVar("T")

# Made once: Python looks up a name for each of them, and for many in vain.
EVERY = frozenset(map(int, signal.valid_signals()))


def deaf() -> set[int]:
    """Have this thread, and those that it starts, take no signal; gives those that it took none of before.

    Python handles signals in the main thread alone. A signal that Linux has given to another thread, as it does when a
    second one follows before the main thread has run, does not wake the main one: a cancelled job would never end.
    """
    return {int(number) for number in signal.pthread_sigmask(signal.SIG_BLOCK, EVERY)}


def start_deaf(thread: threading.Thread) -> None:
    """Start a thread that takes no signal, not even before its first step."""
    before = deaf()
    try:
        thread.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Begun(Generic[T]):
    """Work that goes on in a thread of its own."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self._answers: list[T] = []
        self._errors: list[Exception] = []
        # Tells that the work is done, or else that the job is cancelled. A handler of signals may put something into a
        # SimpleQueue wherever the thread that waits for it stands; with an Event it could wait for itself.
        self._news: SimpleQueue[bool] = SimpleQueue()
        # A daemon, so that the process can end while it still waits for a server.
        start_deaf(threading.Thread(target=self._do, name="savepoint-within", daemon=True))

    def _do(self) -> None:
        try:
            self._answers.append(self._work())
        except Exception as error:  # noqa: BLE001 - it is that of who asks for the result
            self._errors.append(error)
        self._news.put(True)

    def result(self, seconds: float, cancel: Cancel) -> T:
        """What the work gives, or its error, however long it takes; but only so many seconds once the job is cancelled.

        After that it is a TimeoutError, and nobody waits for the work any more. To be asked for once.
        """
        with cancel.told_to(partial(self._news.put, False)):
            done = cancel.reason is None and self._news.get()
            deadline = time.monotonic() + seconds
            while not done:
                try:
                    done = self._news.get(timeout=max(0.0, deadline - time.monotonic()))
                except Empty:
                    raise _late() from None
        if self._errors:
            raise self._errors[0]
        return self._answers[0]


def within(seconds: float, work: Callable[[], T], cancel: Cancel) -> T:
    """What the work gives, or its error; see ``Begun.result``."""
    if cancel.reason is not None and seconds <= 0:
        raise _late()  # It is not even begun.
    return Begun(work).result(seconds, cancel)


def _late() -> TimeoutError:
    return TimeoutError(errno.ETIMEDOUT, "it took too long")
