# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans for snapshot_prune. Pure."""

from __future__ import annotations

from datetime import datetime

from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan import Remove, VmPlan, blocked
from ansible_collections.savepoint.vsphere.plugins.module_utils._policy import Policy, judge


def plan_prune(vm: Vm, policy: Policy, now: datetime) -> VmPlan:
    """The plan for one VM: removals oldest first, one at a time, never a child by accident."""
    verdicts = judge(vm, policy, now)
    doomed = [verdict for verdict in verdicts if verdict.remove]
    kept = len(verdicts) - len(doomed)
    if not doomed:
        return VmPlan(vm, msg=f"nothing to remove, {kept} kept" if kept else "it has no snapshots", verdicts=verdicts)
    failure = blocked(vm)
    if failure is not None:
        return VmPlan(vm, failure=failure, verdicts=verdicts)
    return VmPlan(
        vm,
        tuple(Remove(verdict.snapshot.moid) for verdict in doomed),
        f"{len(doomed)} removed, {kept} kept",
        verdicts=verdicts,
    )
