# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What others have under way on the same vCenter: other controllers, AWX job slices, people in the vSphere Client."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from http.client import HTTPException
from typing import Any

try:
    from pyVmomi import vmodl
except ImportError:
    pass  # _session.connect says so, before anything of this file is used.

from ansible_collections.savepoint.vsphere.plugins.module_utils._busy import read_running
from ansible_collections.savepoint.vsphere.plugins.module_utils._collector import read_objects
from ansible_collections.savepoint.vsphere.plugins.module_utils._concurrency import Limits
from ansible_collections.savepoint.vsphere.plugins.module_utils._faults import moid_of
from ansible_collections.savepoint.vsphere.plugins.module_utils._schedule import Job, Schedule
from ansible_collections.savepoint.vsphere.plugins.module_utils._session import Session
from ansible_collections.savepoint.vsphere.plugins.module_utils._share import share
from ansible_collections.savepoint.vsphere.plugins.module_utils._slots import VCENTER
from ansible_collections.savepoint.vsphere.plugins.module_utils._trouble import trouble

# Seconds from one look to the next, as long as anything waits.
EVERY = 3.0


class Neighbours:
    """Looks at vCenter's running snapshot tasks, where that can make a difference, and leaves out our own.

    ``crowded`` says that others had some when the VMs were read. Then nothing is to begin while what they take is
    ``unknown``, that is, before the first look has been told of.
    """

    def __init__(self, session: Session, limits: Limits, jobs: Sequence[Job[Any]], crowded: bool) -> None:
        self._session = session
        self._limits = limits
        wanted = Counter(place for job in jobs for place in job.places)
        # One slot of everything is ours in any case, so only who wants more needs to know.
        heavy = any(number > 1 for place, number in wanted.items() if place != VCENTER)
        self._wanted = heavy or wanted[VCENTER] > limits.vcenter
        self.unknown = crowded and self._wanted
        self._known: dict[str, tuple[Hashable, ...]] = {
            job.item.vm.moid: (("host", job.item.vm.host), *(("datastore", one) for one in job.item.vm.datastores))
            for job in jobs
            if job.item.vm.host is not None
        }
        self._next = 0.0

    def due(self, waiting: int) -> bool:
        """Is it time for a look?"""
        if not self._wanted or not waiting or time.monotonic() < self._next:
            return False
        self._next = time.monotonic() + EVERY
        return True

    def make_room(self, schedule: Schedule[Any], others: Mapping[Hashable, int]) -> None:
        """Take our share of what the limits leave, given the slots that others take."""
        self.unknown = False
        used = schedule.used()
        for place in schedule.places():
            allowed = schedule.allowed(place)
            wanted = share(self._limits.of(place), allowed, used.get(place, 0), others.get(place, 0))
            if wanted != allowed:
                schedule.allow(place, wanted)

    def look(self, mine: set[str], tell: Callable[[Mapping[Hashable, int]], None]) -> None:
        """Tell how many slots others take, by place; ``mine`` are the VMs on which the tasks are ours."""
        try:
            others = self._others(mine)
        except (vmodl.MethodFault, OSError, HTTPException) as error:
            self.unknown = False
            if trouble(error) is not None:
                return  # Whoever waits for tasks mends it; then the next look is due.
            # Without the right to see tasks there is nothing to share; the limits then hold for this call alone.
            self._wanted = False
            return
        tell(others)

    def _others(self, mine: set[str]) -> Counter[Hashable]:
        busy = [one for one in read_running(self._session) if one.vm not in mine]
        self._learn({one.vm for one in busy if one.heavy and one.vm not in self._known})
        others: Counter[Hashable] = Counter()
        for one in busy:
            others[VCENTER] += 1
            if one.heavy:
                others.update(self._known.get(one.vm, ()))
        return others

    def _learn(self, vms: set[str]) -> None:
        """Where these VMs are."""
        paths = {"VirtualMachine": ("runtime.host", "datastore")}
        for row in read_objects(self._session, "VirtualMachine", sorted(vms), paths) if vms else ():
            stores = (("datastore", moid_of(ref)) for ref in row.get("datastore") or ())
            self._known[row.moid] = (("host", moid_of(row.get("runtime.host"))), *stores)
