# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from ansible_collections.savepoint.vsphere.plugins.module_utils._cancel import Cancel, CancelledError
from ansible_collections.savepoint.vsphere.plugins.module_utils._threads import start_deaf, within
from ansible_collections.savepoint.vsphere.tests.unit.plugins.module_utils.processes import output

LONG = 30.0
ENDS_A_JOB = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}

# A process whose work never ends: it must end all the same.
HUNG = """
import threading
from ansible_collections.savepoint.vsphere.plugins.module_utils._cancel import Cancel
from ansible_collections.savepoint.vsphere.plugins.module_utils._threads import within
cancel = Cancel()
cancel.reason = "SIGTERM"
try:
    within(0.1, threading.Event().wait, cancel)
except TimeoutError:
    print("given up", flush=True)
"""


def blocked() -> set[int]:
    return {int(number) for number in signal.pthread_sigmask(signal.SIG_BLOCK, [])}


def test_the_thread_takes_no_signal_and_who_started_it_takes_them_as_before() -> None:
    seen: list[set[int]] = []
    before = blocked()
    thread = threading.Thread(target=lambda: seen.append(blocked()))
    start_deaf(thread)
    thread.join()
    assert seen[0] >= ENDS_A_JOB | {signal.SIGALRM}
    assert blocked() == before
    assert not before & ENDS_A_JOB


def test_the_main_thread_gets_them_while_the_other_sleeps() -> None:
    came: list[int] = []
    handlers = {number: signal.signal(number, lambda got, frame: came.append(got)) for number in ENDS_A_JOB}
    done = threading.Event()
    thread = threading.Thread(target=done.wait, args=(30,))
    try:
        start_deaf(thread)
        for number in ENDS_A_JOB:
            os.kill(os.getpid(), number)
        time.sleep(0)  # Python runs handlers between two steps.
        assert set(came) == ENDS_A_JOB
    finally:
        done.set()
        thread.join()
        for number, handler in handlers.items():
            signal.signal(number, handler)


def deferred(reason: str | None = None) -> Cancel:
    """A job under way, or cancelled already."""
    cancel = Cancel()
    cancel.defer()
    cancel.reason = reason
    return cancel


def cancelled_after(seconds: float) -> None:
    threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGTERM)).start()


@pytest.mark.parametrize("reason", [None, "SIGTERM"])
def test_the_answer_and_the_error_are_the_works_own(reason: str | None) -> None:
    assert within(LONG, lambda: "answer", deferred(reason)) == "answer"
    with pytest.raises(ZeroDivisionError):
        within(LONG, lambda: 1 / 0, deferred(reason))


def test_an_own_time_out_is_told_apart_by_its_text() -> None:
    def work() -> None:
        raise TimeoutError("its own")

    with pytest.raises(TimeoutError, match="its own"):
        within(0.0, work, deferred())


def test_without_a_cancel_the_work_may_take_its_time() -> None:
    go = threading.Event()
    threading.Timer(0.2, go.set).start()
    assert within(0.0, lambda: go.wait(LONG), deferred())


@pytest.mark.parametrize("seconds", [0.0, 0.2])
def test_a_cancelled_job_waits_so_long(seconds: float) -> None:
    go = threading.Event()
    begun = time.monotonic()
    with pytest.raises(TimeoutError):
        within(seconds, lambda: go.wait(LONG), deferred("SIGTERM"))
    assert time.monotonic() - begun >= seconds
    assert not go.is_set()
    go.set()


def test_a_cancelled_job_without_time_begins_nothing() -> None:
    begun: list[bool] = []
    with pytest.raises(TimeoutError):
        within(0.0, lambda: begun.append(True), deferred("SIGTERM"))
    time.sleep(0.1)
    assert not begun


def test_a_cancel_that_comes_later_is_noticed() -> None:
    go, cancel = threading.Event(), deferred()
    begun = time.monotonic()
    with cancel.watched():
        cancelled_after(0.3)
        with pytest.raises(TimeoutError):
            within(0.2, lambda: go.wait(LONG), cancel)
    assert 0.45 <= time.monotonic() - begun < LONG / 2
    go.set()


def test_what_is_done_in_time_counts_after_a_cancel() -> None:
    go, cancel = threading.Event(), deferred()
    with cancel.watched():
        cancelled_after(0.1)
        threading.Timer(0.3, go.set).start()
        assert within(LONG, lambda: go.wait(LONG), cancel)
    assert cancel.reason == "SIGTERM"


def test_before_the_first_change_a_cancel_is_an_error_at_once() -> None:
    go, cancel = threading.Event(), Cancel()
    with cancel.watched():
        cancelled_after(0.1)
        with pytest.raises(CancelledError):
            within(LONG, lambda: go.wait(LONG), cancel)
    assert not go.is_set()
    go.set()


def test_its_thread_takes_no_signals() -> None:
    assert within(0.0, blocked, deferred()) >= ENDS_A_JOB


def test_the_process_ends_although_the_work_hangs() -> None:
    assert output(HUNG) == "given up\n"


def test_nobody_is_told_of_a_cancel_after_the_work() -> None:
    cancel = deferred()
    within(0.0, lambda: None, cancel)
    assert not cancel._listeners
