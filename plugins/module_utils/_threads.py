# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Threads beside one that is to be told of signals."""

from __future__ import annotations

import errno
import signal
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def deaf() -> set[int]:
    """Have this thread, and those that it starts, take no signal; gives those that it took none of before.

    Python handles signals in the main thread alone. A signal that Linux has given to another thread, as it does when a
    second one follows before the main thread has run, does not wake the main one: a cancelled job would never end.
    """
    return {int(number) for number in signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())}


def start_deaf(thread: threading.Thread) -> None:
    """Start a thread that takes no signal, not even before its first step."""
    before = deaf()
    try:
        thread.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def within(seconds: float, work: Callable[[], T]) -> T:
    """What the work gives, or its error; TimeoutError where it takes longer, and then nobody waits for it any more."""
    answers: list[T] = []
    errors: list[Exception] = []

    def do() -> None:
        try:
            answers.append(work())
        except Exception as error:  # noqa: BLE001 - it is the caller's
            errors.append(error)

    # A daemon, so that the process can end while it still waits for a server.
    thread = threading.Thread(target=do, name="savepoint-within", daemon=True)
    start_deaf(thread)
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not answers:
        raise TimeoutError(errno.ETIMEDOUT, "it took too long")
    return answers[0]
