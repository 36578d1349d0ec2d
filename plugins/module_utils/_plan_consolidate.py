# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans of consolidations, and the look after a removal that may need one. Pure."""

from __future__ import annotations

from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan import Consolidate, FollowUp, VmPlan, blocked


def follow_up(plan: VmPlan, after: Vm) -> FollowUp:
    """A removal may end with the disks still to be consolidated; ask for it."""
    return FollowUp((Consolidate(),)) if after.consolidation_needed else FollowUp()


def confirm(plan: VmPlan, after: Vm) -> str | None:
    """Success of a removal is not proof of the merge: only the flag, read again, is."""
    if not after.consolidation_needed:
        return None
    return "its disks still need consolidation; see its tasks and the space on its datastores in the vSphere Client"


def plan_consolidation(vm: Vm) -> VmPlan:
    """The plan of snapshot_consolidate for one VM."""
    if not vm.consolidation_needed:
        return VmPlan(vm, msg="its disks need no consolidation")
    failure = blocked(vm)
    if failure is not None:
        return VmPlan(vm, failure=failure)
    return VmPlan(vm, (Consolidate(),), "its disks were consolidated")
