# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The snapshot tasks that run in vCenter, whoever began them."""

from __future__ import annotations

from dataclasses import dataclass

try:
    from pyVmomi import vmodl
except ImportError:
    pass  # _session.connect says so, before anything of this file is used.

from ansible_collections.savepoint.vsphere.plugins.module_utils._collector import read_members
from ansible_collections.savepoint.vsphere.plugins.module_utils._faults import moid_of
from ansible_collections.savepoint.vsphere.plugins.module_utils._session import Session
from ansible_collections.savepoint.vsphere.plugins.module_utils._trouble import trouble

# Those that take a slot of a host and its datastores. A create tells nobody whether it dumps memory.
_HEAVY = (
    "VirtualMachine.removeAllSnapshots",
    "VirtualMachine.consolidateDisks",
    "vm.Snapshot.remove",
)
_LIGHT = (
    "VirtualMachine.createSnapshot",
    "VirtualMachine.createSnapshotEx",
    "VirtualMachine.revertToCurrentSnapshot",
    "vm.Snapshot.revert",
)
_PATHS = ("info.state", "info.descriptionId", "info.entity")


@dataclass(frozen=True)
class Running:
    """A snapshot task that is queued or runs: its MoID, its VM's, and whether it moves data."""

    task: str
    vm: str
    heavy: bool


def read_running(session: Session) -> list[Running]:
    """Every such task that the account can see, in one call however many VMs there are."""
    manager = moid_of(session.content.taskManager) or ""
    return [
        Running(row.moid, moid_of(row.get("info.entity")) or "", row.get("info.descriptionId") in _HEAVY)
        for row in read_members(session, "TaskManager", manager, "recentTask", {"Task": _PATHS})
        if str(row.get("info.state")) in ("queued", "running") and row.get("info.descriptionId") in (*_HEAVY, *_LIGHT)
    ]


def read_busy(session: Session) -> dict[str, str]:
    """The running snapshot task of each VM that has one."""
    return {one.vm: one.task for one in read_running(session)}


def seen_busy(session: Session) -> dict[str, str]:
    """The same for those who find out as well when vCenter refuses a change: none where tasks can't be read."""
    try:
        return read_busy(session)
    except vmodl.MethodFault as error:
        if trouble(error) is not None:
            raise
        return {}
