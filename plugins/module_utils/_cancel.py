# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What happens when somebody ends the job: AWX and systemd send SIGTERM, a terminal SIGINT or SIGHUP."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from queue import Empty, SimpleQueue
from types import FrameType

from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import SavepointError

SIGNALS = ("SIGTERM", "SIGINT", "SIGHUP")


class CancelledError(SavepointError):
    """The job was ended before anything was changed."""


class Cancel:
    """Knows whether the job was ended. Where changes are under way nothing is torn: they are told, and finish up."""

    def __init__(self) -> None:
        self.reason: str | None = None
        self._told_at: float | None = None
        self._deferred = False
        self._unread = False
        self._raised: CancelledError | None = None
        # A handler may come in between another one's steps.
        self._lock = threading.RLock()
        self._listeners: list[Callable[[], None]] = []

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Take the signals while this lasts. The second one ends the process at once, as it would without this."""
        numbers = [number for name in SIGNALS if (number := getattr(signal, name, None)) is not None]
        # What the caller has ignored stays so: nohup does that. None is a handler that Python can't put back.
        before = {
            number: handler for number in numbers if (handler := signal.getsignal(number)) not in (signal.SIG_IGN, None)
        }

        def come(number: int, frame: FrameType | None) -> None:
            with self._lock:
                second = self.reason is not None
                # Where it was unread that came first, the next signal is still the caller's first.
                if second or not self._unread:
                    for one, handler in before.items():
                        signal.signal(one, handler)
                if second:
                    return
                self._told_at = time.monotonic()
                self.reason = signal.Signals(number).name
            # A copy: other threads come and go.
            for listener in tuple(self._listeners):
                listener()
            if not self._deferred:
                self._raised = CancelledError(f"the job was cancelled ({self.reason}) before anything was changed")
                raise self._raised

        for number in before:
            signal.signal(number, come)
        try:
            yield
        except Exception as error:
            # Whatever the signal came into may have made another error of it, as enum does.
            if self._raised is not None and error is not self._raised:
                raise self._raised from error
            raise
        finally:
            if self.reason is None:
                for number, handler in before.items():
                    signal.signal(number, handler)

    def unread(self) -> None:
        """Nobody reads the result any more. As good as a signal, but does not make the next one the second."""
        with self._lock:
            if self.reason is None:
                self._unread = True
                os.kill(os.getpid(), signal.SIGTERM)

    def defer(self) -> None:
        """From now on a signal raises nothing; whoever works looks at ``reason``."""
        self._deferred = True

    @contextmanager
    def told_to(self, listener: Callable[[], None]) -> Iterator[None]:
        """While this lasts the listener is called when the signal comes, between any two steps of the main thread."""
        self._listeners.append(listener)
        try:
            yield
        finally:
            self._listeners.remove(listener)

    def sleep(self, seconds: float) -> bool:
        """Wait so long, or until the job is ended; says whether it was."""
        # Not an Event: the handler could come while this very thread holds its lock.
        woken: SimpleQueue[None] = SimpleQueue()
        with self.told_to(partial(woken.put, None)):
            if self.reason is None:
                with suppress(Empty):
                    woken.get(timeout=seconds)
        return self.reason is not None

    def left(self, seconds: float) -> float:
        """What is left of so many seconds that begin with the signal: all of them as long as it has not come."""
        return seconds if self._told_at is None else max(0.0, self._told_at + seconds - time.monotonic())
