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
from typing import TypeVar

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


def within(seconds: float, work: Callable[[], T], cancel: Cancel) -> T:
    """What the work gives, or its error, however long it takes; but only so many seconds once the job is cancelled.

    After that it is a TimeoutError, and nobody waits for the work any more.
    """
    late = TimeoutError(errno.ETIMEDOUT, "it took too long")
    if cancel.reason is not None and seconds <= 0:
        raise late  # It is not even begun.
    answers: list[T] = []
    errors: list[Exception] = []
    # Tells that the work is done, or else that the job is cancelled. A handler of signals may put something into a
    # SimpleQueue wherever the thread that waits for it stands; with an Event it could wait for itself.
    news: SimpleQueue[bool] = SimpleQueue()

    def do() -> None:
        try:
            answers.append(work())
        except Exception as error:  # noqa: BLE001 - it is the caller's
            errors.append(error)
        news.put(True)

    # A daemon, so that the process can end while it still waits for a server.
    thread = threading.Thread(target=do, name="savepoint-within", daemon=True)
    with cancel.told_to(partial(news.put, False)):
        start_deaf(thread)
        done = cancel.reason is None and news.get()
        deadline = time.monotonic() + seconds
        while not done:
            try:
                done = news.get(timeout=max(0.0, deadline - time.monotonic()))
            except Empty:
                raise late from None
    if errors:
        raise errors[0]
    return answers[0]
