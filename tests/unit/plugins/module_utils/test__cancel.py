# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import signal
import sys
import threading
import time

import pytest

from ansible_collections.savepoint.vsphere.plugins.module_utils._cancel import Cancel, CancelledError
from ansible_collections.savepoint.vsphere.tests.unit.plugins.module_utils.processes import output

LONG = 30.0

# A sleep that is ended while it waits shows how many steps come before that. Then the signal comes at each of them.
EVERYWHERE = """
import os, signal, sys, threading
from ansible_collections.savepoint.vsphere.plugins.module_utils import _cancel
FILES = (_cancel.__file__, threading.__file__)
HANDLER = ("come", "watched", "set", "notify_all")
def sleep(at=None):
    cancel, steps = _cancel.Cancel(), 0
    cancel.defer()
    def trace(frame, event, argument):
        nonlocal steps
        if frame.f_code.co_filename in FILES and frame.f_code.co_name not in HANDLER and cancel.reason is None:
            frame.f_trace_opcodes = True
            steps += 1
            if steps == at:
                os.kill(os.getpid(), signal.SIGTERM)
            return trace
    with cancel.watched():
        if at is None:
            threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGTERM)).start()
        sys.settrace(trace)
        told = cancel.sleep(60)
        sys.settrace(None)
    assert told
    return steps
many = sleep()
for step in range(1, many + 1):
    sleep(step)
print(many)
"""


def test_a_signal_ends_a_sleep() -> None:
    cancel = Cancel()
    cancel.defer()
    with cancel.watched():
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGTERM)).start()
        assert cancel.sleep(LONG)
    assert cancel.reason == "SIGTERM"
    assert cancel.sleep(LONG)


def test_without_one_it_is_slept_out() -> None:
    begun = time.monotonic()
    assert not Cancel().sleep(0.1)
    assert time.monotonic() - begun >= 0.1


def test_a_sleep_in_another_thread_ends_as_well() -> None:
    cancel, told = Cancel(), list[bool]()
    cancel.defer()
    thread = threading.Thread(target=lambda: told.append(cancel.sleep(LONG)))
    with cancel.watched():
        thread.start()
        os.kill(os.getpid(), signal.SIGTERM)
        thread.join(LONG / 2)
    assert told == [True]


def test_wherever_in_a_sleep_the_signal_comes_it_does_not_wait_for_itself() -> None:
    # Python 3.12 tells the tracer of fewer steps (11 where the others tell of over 20).
    fewest = 10 if sys.version_info[:2] == (3, 12) else 20
    assert int(output(EVERYWHERE)) > fewest


def test_what_the_signal_comes_into_can_make_no_other_error_of_it() -> None:
    def create() -> None:
        try:
            signal.raise_signal(signal.SIGTERM)
        except CancelledError as error:  # As enum does, and other libraries.
            raise TypeError("it can't be created") from error

    with pytest.raises(CancelledError, match=r"SIGTERM.*before anything was changed"), Cancel().watched():
        create()


def test_an_error_after_the_changes_have_begun_stays_itself() -> None:
    def change() -> None:
        cancel.defer()
        signal.raise_signal(signal.SIGTERM)
        raise TypeError("it is broken")

    cancel = Cancel()
    with pytest.raises(TypeError, match="it is broken"), cancel.watched():
        change()


def test_what_is_left_counts_from_the_signal() -> None:
    cancel = Cancel()
    cancel.defer()
    assert cancel.left(5.0) == 5.0
    with cancel.watched():
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.05)
    assert 0 < cancel.left(5.0) <= 4.95
    assert cancel.left(0.01) == 0.0
