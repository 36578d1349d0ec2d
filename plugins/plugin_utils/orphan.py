# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ends a worker that ansible-playbook has left behind, and with it the module that it runs."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ansible_collections.savepoint.vsphere.plugins.module_utils._threads import start_deaf

# Seconds between two looks.
LOOK = 1.0


@contextmanager
def ends_with_playbook() -> Iterator[None]:
    """While this lasts, the end of ansible-playbook is SIGTERM for the worker that this runs in.

    Newer ansible-cores pass that on to the module. Otherwise the module notices that nobody reads its result any more;
    see module_utils/_reader.py. Where no worker was forked there is nothing to be left behind.
    """
    parent = multiprocessing.parent_process()
    if parent is None or parent.pid is None:
        yield
        return
    over = threading.Event()
    thread = threading.Thread(target=_watch, args=(parent.pid, over), name="savepoint-orphan", daemon=True)
    start_deaf(thread)
    try:
        yield
    finally:
        over.set()
        thread.join()


def _watch(parent: int, over: threading.Event) -> None:
    while not over.wait(LOOK):
        # Whoever is left behind is given to another process. What multiprocessing asks instead stays open as long as
        # any other worker lives.
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)
            return
