# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What vSphere's faults say, as text that a person can act on.

Faults are recognised by name and attributes, so that this file needs no pyVmomi and can be tested without it.
"""

from __future__ import annotations

from typing import Any

# A remedy for the faults that people meet most; the rest speak for themselves.
_REMEDIES = {
    "NoPermission": "grant the privilege on that object, or log in as somebody who has it",
    "NotAuthenticated": "the session has ended; run the task again",
    "TooManySnapshotLevels": "remove snapshots from the chain first",
    "FilesystemQuiesceFault": "the guest's file systems could not be frozen in time; see the guest's VSS or Tools log",
    "ApplicationQuiesceFault": "a pre-freeze script or VSS writer in the guest failed; see the guest's log",
    "NoDiskSpace": "free space on the datastore first",
    "InsufficientStorageSpace": "free space on the datastore first",
    "SnapshotIncompatibleDeviceInVm": "a device such as a physical RDM or a shared bus keeps snapshots from working",
    "MemorySnapshotOnIndependentDisk": "an independent disk keeps memory snapshots from working",
    "MethodDisabled": "something, often a backup product, has disabled the operation on this object for now",
    "RestrictedVersion": "the host's free license does not allow changes through the API",
}


def fault_name(fault: Any) -> str:
    """The fault's type without its namespace: ``TaskInProgress``."""
    return type(fault).__name__.rpartition(".")[2]


def fault_text(fault: Any) -> str:
    """One sentence: the fault's type, what vCenter said, the object and privilege concerned, and a remedy."""
    name = fault_name(fault)
    text = name
    said = (getattr(fault, "localizedMessage", None) or getattr(fault, "msg", None) or "").strip()
    if said and said != name:
        text += f" ({' '.join(said.split())})"
    privilege = getattr(fault, "privilegeId", None)
    if privilege:
        text += f": the privilege {privilege} is missing"
        moid = moid_of(getattr(fault, "object", None))
        text += f" on {moid}" if moid else ""
    inner = getattr(fault, "fault", None)
    if inner is not None and getattr(inner, "fault", inner) is not None and name == "SnapshotIncompatibleDeviceInVm":
        text += f": {fault_name(getattr(inner, 'fault', inner))}"
    remedy = _REMEDIES.get(name)
    return f"{text}; {remedy}" if remedy else text


def moid_of(reference: Any) -> str | None:
    """The MoID of a managed object reference, or None."""
    return getattr(reference, "_moId", None)
