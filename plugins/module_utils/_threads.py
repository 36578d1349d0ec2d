# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Threads beside one that is to be told of signals."""

from __future__ import annotations

import signal
import threading


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
