# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from ansible_collections.savepoint.vsphere.plugins.module_utils._threads import deaf, start_deaf

ENDS_A_JOB = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}


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


def test_the_threads_of_a_pool_take_none_either() -> None:
    before = blocked()
    with ThreadPoolExecutor(1, initializer=deaf) as pool:
        assert pool.submit(blocked).result() >= ENDS_A_JOB
    assert blocked() == before


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
