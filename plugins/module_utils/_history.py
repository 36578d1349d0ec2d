# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads vCenter's task history: who reverted what, and when.

It can't tell of tasks that vCenter's retention has dropped, nor of what was done on the ESXi host itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from http.client import HTTPException
from typing import Any

try:
    from pyVmomi import vim, vmodl
except ImportError:
    pass  # _session.connect says so, before anything of this file is used.

from ansible_collections.savepoint.vsphere.plugins.module_utils._faults import moid_of
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._safeguards import PastRevert
from ansible_collections.savepoint.vsphere.plugins.module_utils._session import Session
from ansible_collections.savepoint.vsphere.plugins.module_utils._time import to_utc

# Up to so many VMs are asked for one by one; for more, one look at the tasks of all VMs is cheaper.
FEW = 8
# Tasks in one answer; vCenter allows no more.
PAGE = 1000
# A snapshot's time is its host's, a task's is vCenter's. Which are too old is told by whoever looks at them.
MARGIN = timedelta(minutes=10)


def read_reverts(session: Session, vms: Sequence[Vm], since: datetime) -> dict[str, list[PastRevert]]:
    """The reverts of these VMs that ended well after that time, by MoID, oldest first.

    Raises vSphere's fault where there is no history to be had.
    """
    owners = {snapshot.moid: vm.moid for vm in vms for snapshot in vm.snapshots}
    owners.update({vm.moid: vm.moid for vm in vms})
    found: dict[str, list[PastRevert]] = {vm.moid: [] for vm in vms}
    for info in _tasks(session, vms, since):
        owner = owners.get(moid_of(info.entity) or "")
        if owner is not None and _is_revert(info.descriptionId) and info.completeTime is not None:
            user = getattr(info.reason, "userName", None) or ""
            found[owner].append(PastRevert(moid_of(info.task) or info.key, user, to_utc(info.completeTime)))
    return {moid: sorted(reverts, key=lambda one: one.ended_at) for moid, reverts in found.items()}


def _is_revert(description: str | None) -> bool:
    """vCenter has vm.Snapshot.revert and VirtualMachine.revertToCurrentSnapshot. One it names otherwise counts too.

    A revert that is missed does harm, and a task that is taken for one asks for a second look, no more.
    """
    return (description or "").rpartition(".")[2].lower().startswith("revert")


def current_user(session: Session) -> str:
    """Who is logged in, as vCenter names them in its tasks."""
    current = session.content.sessionManager.currentSession
    return current.userName if current is not None else ""


def _tasks(session: Session, vms: Sequence[Vm], since: datetime) -> Iterator[Any]:
    if len(vms) > FEW:
        yield from _collect(session, session.content.rootFolder, "all", since)
        return
    for vm in vms:
        yield from _collect(session, session.object("VirtualMachine", vm.moid), "self", since)


def _collect(session: Session, entity: Any, recursion: str, since: datetime) -> Iterator[Any]:
    spec: Any = vim.TaskFilterSpec
    wanted = spec(
        entity=spec.ByEntity(entity=entity, recursion=recursion),
        time=spec.ByTime(timeType="completedTime", beginTime=since - MARGIN),
        state=["success"],
    )
    collector = session.content.taskManager.CreateCollectorForTasks(wanted)
    try:
        # A new collector stands before its oldest task. A page may be short without being the last.
        while page := collector.ReadNextTasks(PAGE):
            yield from page
    finally:
        # It ends with the session anyway; an error here must not hide the one that matters.
        with suppress(vmodl.MethodFault, OSError, HTTPException):
            collector.DestroyCollector()
