# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import signal
import threading
import time
from queue import SimpleQueue

import pytest

from ansible_collections.savepoint.vsphere.plugins.module_utils._cancel import Cancel
from ansible_collections.savepoint.vsphere.plugins.module_utils._pool import Pool
from ansible_collections.savepoint.vsphere.tests.unit.plugins.module_utils.processes import output

LONG = 30.0

# A process whose work never ends: it must end all the same.
HUNG = """
import threading
from ansible_collections.savepoint.vsphere.plugins.module_utils._cancel import Cancel
from ansible_collections.savepoint.vsphere.plugins.module_utils._pool import Pool
cancel, pool, begun = Cancel(), Pool(1), threading.Event()
def hang():
    begun.set()
    threading.Event().wait()
pool.submit(hang)
begun.wait()
cancel.reason = "SIGTERM"
pool.close(cancel)
print("closed", flush=True)
"""


def test_what_is_submitted_is_done_with_its_facts() -> None:
    pool, said = Pool(3), SimpleQueue[int]()
    for number in range(10):
        pool.submit(said.put, number)
    assert sorted(said.get(timeout=LONG) for ignored in range(10)) == list(range(10))
    pool.close(Cancel())


@pytest.mark.parametrize("most", [1, 3])
def test_so_much_is_done_at_once_and_no_more(most: int) -> None:
    pool, begun, go = Pool(most), threading.Semaphore(0), threading.Event()

    def work() -> None:
        begun.release()
        go.wait(2 * LONG)

    for _number in range(most + 2):
        pool.submit(work)
    for _number in range(most):
        assert begun.acquire(timeout=LONG)
    assert not begun.acquire(timeout=0.1)
    go.set()
    for _number in range(2):
        assert begun.acquire(timeout=LONG)
    pool.close(Cancel())


def test_a_thread_that_has_nothing_to_do_is_used_again() -> None:
    pool, used = Pool(5), SimpleQueue[int]()
    first = None
    for _number in range(5):
        pool.submit(lambda: used.put(threading.get_ident()))
        first = first or used.get(timeout=LONG)
        time.sleep(0.05)  # It has told, and ends a moment later.
    pool.close(Cancel())
    assert {used.get_nowait() for ignored in range(4)} == {first}


def test_an_error_ends_no_thread() -> None:
    pool, done = Pool(1), threading.Event()
    pool.submit(lambda: 1 / 0)
    pool.submit(done.set)
    assert done.wait(LONG)
    pool.close(Cancel())


def test_its_threads_take_no_signals() -> None:
    pool, masks = Pool(1), SimpleQueue[set[int]]()
    pool.submit(lambda: masks.put({int(one) for one in signal.pthread_sigmask(signal.SIG_BLOCK, [])}))
    assert masks.get(timeout=LONG) >= {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
    pool.close(Cancel())


def test_closing_waits_for_what_has_begun_and_drops_the_rest() -> None:
    pool, begun, go, done = Pool(1), threading.Event(), threading.Event(), list[str]()

    def work() -> None:
        begun.set()
        go.wait(LONG)
        done.append("begun")

    pool.submit(work)
    pool.submit(done.append, "not begun")
    assert begun.wait(LONG)
    threading.Timer(0.2, go.set).start()
    pool.close(Cancel())
    assert done == ["begun"]


def test_closing_ends_all_threads() -> None:
    before = threading.active_count()
    pool, begun, go = Pool(3), threading.Semaphore(0), threading.Event()

    def work() -> None:
        begun.release()
        go.wait(LONG)

    for _number in range(3):
        pool.submit(work)
    for _number in range(3):
        assert begun.acquire(timeout=LONG)
    go.set()
    pool.close(Cancel())
    assert threading.active_count() == before


def test_a_cancel_ends_the_wait_for_what_hangs() -> None:
    pool, begun, go, done, cancel = Pool(1), threading.Event(), threading.Event(), list[str](), Cancel()
    cancel.defer()

    def work() -> None:
        begun.set()
        go.wait(LONG)
        done.append("waited for")

    with cancel.watched():
        pool.submit(work)
        assert begun.wait(LONG)
        threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGTERM)).start()
        pool.close(cancel)
    assert cancel.reason == "SIGTERM" and not done
    go.set()


def test_the_process_ends_although_work_hangs() -> None:
    assert output(HUNG) == "closed\n"
