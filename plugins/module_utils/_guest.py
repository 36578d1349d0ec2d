# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Wait until guests answer again, all of them in one wait."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import timedelta

from ansible_collections.savepoint.vsphere.plugins.module_utils._session import Session
from ansible_collections.savepoint.vsphere.plugins.module_utils._watch import Watch


def wait_for_guests(session: Session, moids: Iterable[str], limit: timedelta) -> set[str]:
    """Wait until VMware Tools runs in every one of these VMs, at most so long; give those where it does not yet."""
    missing = set(moids)
    deadline = time.monotonic() + limit.total_seconds()
    with Watch(session, "VirtualMachine", ["guest.toolsRunningStatus"]) as watch:
        watch.add(session.object("VirtualMachine", moid) for moid in missing)
        while missing:
            left = deadline - time.monotonic()
            if left <= 0:
                break
            for moid, values in watch.wait(max(1, min(10, int(left)))):
                if str(values.get("guest.toolsRunningStatus")) == "guestToolsRunning":
                    missing.discard(moid)
                    watch.drop((moid,))
    return missing
