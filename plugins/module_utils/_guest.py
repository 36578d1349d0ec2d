# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Wait until guests answer again, all of them in one wait."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import timedelta

from ansible_collections.savepoint.vsphere.plugins.module_utils._session import Session
from ansible_collections.savepoint.vsphere.plugins.module_utils._threads import within
from ansible_collections.savepoint.vsphere.plugins.module_utils._watch import Watch

# Seconds for one call.
LONGEST_WAIT = 10


def wait_for_guests(session: Session, moids: Iterable[str], limit: timedelta) -> tuple[set[str], set[str]]:
    """Wait until VMware Tools runs in every one of these VMs, at most so long.

    Gives those where it does not yet, and those that are gone, which nobody waits for.
    """
    missing, gone = set(moids), set[str]()
    deadline = time.monotonic() + limit.total_seconds()

    def wait() -> None:
        while True:
            logins = session.logins
            try:
                return _wait(session, missing, gone, deadline)
            except Exception as error:  # noqa: BLE001 - mend raises what it can't mend
                session.mend(error, logins)

    try:
        within(0.0, wait, session.cancel)
    except TimeoutError:
        if session.cancel.reason is None:
            raise
        # What is known by now is told.
    return missing - gone, set(gone)


def _wait(session: Session, missing: set[str], gone: set[str], deadline: float) -> None:
    """Take out of ``missing`` what does not miss any more, and put those that are gone into ``gone``."""
    watch = Watch(session, "VirtualMachine", ["guest.toolsRunningStatus"])
    there = [session.object("VirtualMachine", moid) for moid in missing]
    gone.clear()
    gone.update(watch.add(there))
    while not missing <= gone:
        left = deadline - time.monotonic()
        if left <= 0 or session.cancel.reason is not None:
            break
        changes = watch.wait(max(1, min(LONGEST_WAIT, int(left))))
        session.worked()
        for moid, values in changes:
            if str(values.get("guest.toolsRunningStatus")) == "guestToolsRunning":
                missing.discard(moid)
                watch.drop((moid,))
        if watch.vanished:
            # It may only be out of sight; to be asked for again tells that.
            gone.update(watch.add(session.object("VirtualMachine", moid) for moid in watch.vanished & missing))
            watch.vanished.clear()
