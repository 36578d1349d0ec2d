# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The privileges that each operation needs on a virtual machine, besides those that every login has to see it. Pure.

The guide to privileges has the same table, and the integration tests run each operation with exactly these.
"""

from __future__ import annotations

CREATE = "VirtualMachine.State.CreateSnapshot"
REMOVE = "VirtualMachine.State.RemoveSnapshot"
REVERT = "VirtualMachine.State.RevertToSnapshot"
RENAME = "VirtualMachine.State.RenameSnapshot"
POWER_ON = "VirtualMachine.Interact.PowerOn"
POWER_OFF = "VirtualMachine.Interact.PowerOff"

OPERATIONS: dict[str, tuple[str, ...]] = {
    "read": (),
    "take": (CREATE,),
    "rename": (RENAME,),
    "hold": (RENAME,),
    "remove": (REMOVE,),
    "remove, with children": (REMOVE,),
    "remove all": (REMOVE,),
    "prune": (REMOVE,),
    "consolidate": (REMOVE,),
    "revert": (REVERT,),
    "revert, then on": (REVERT, POWER_ON),
    # Without PowerOff: a revert can be told to leave the machine off.
    "revert, then off": (REVERT,),
    "revert, noted": (REVERT, RENAME),
    "off, reverted before": (POWER_OFF,),
}
# What writing the record of a prune needs on the root folder.
RECORD = ("Global.ManageCustomFields", "Global.SetCustomField")

# What taking, keeping and going back to a snapshot needs on each VM: readiness asks for these.
PRIVILEGES = (CREATE, REMOVE, REVERT, RENAME, POWER_ON)
