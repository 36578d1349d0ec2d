# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans for snapshot_prune. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ansible_collections.savepoint.vsphere.plugins.module_utils._bytes import format_size
from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import LimitError
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan import (
    Remove,
    VmPlan,
    blocked,
)
from ansible_collections.savepoint.vsphere.plugins.module_utils._quota import Quota
from ansible_collections.savepoint.vsphere.plugins.module_utils._verdict import TASK_RUNS, Datastore, Verdict

# Room is scarce where less than this part of a datastore is free, or where what is merged fits in less often than this.
SCARCE = 0.2
MANY_TIMES = 10


def plan_removals(vm: Vm, verdicts: tuple[Verdict, ...]) -> VmPlan:
    """The plan for one VM: removals oldest first, one at a time, never a child by accident."""
    doomed = [verdict for verdict in verdicts if verdict.remove]
    kept = len(verdicts) - len(doomed)
    if not doomed and any(reason.startswith(TASK_RUNS) for verdict in verdicts for reason in verdict.reasons):
        # It may be an earlier call's own, which was cancelled; without a word this would look as if all were done.
        why = "a snapshot task runs on it, so all its snapshots stay for now; run again when it has ended"
        return VmPlan(
            vm, msg=f"nothing removed, {kept} kept: a snapshot task runs on it", verdicts=verdicts, warnings=(why,)
        )
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


def freed(verdicts: Sequence[Verdict]) -> dict[str, int]:
    """By datastore, about how many bytes these removals give back."""
    total: dict[str, int] = {}
    for verdict in verdicts:
        if verdict.remove:
            for store, amount in verdict.snapshot.frees:
                total[store] = total.get(store, 0) + amount
    return total


def in_doubt(verdicts: Sequence[Verdict], stores: Mapping[str, Datastore]) -> bool:
    """Is room so scarce on one of the datastores that vCenter's own estimate of the merge is worth a call?

    Sizes may be out of date, and a running VM goes on writing, so ours must fit in many times over.
    """
    return any(
        store not in stores or stores[store].free < max(MANY_TIMES * amount, stores[store].capacity * SCARCE)
        for store, amount in _largest(verdicts).items()
    )


def _largest(verdicts: Sequence[Verdict]) -> dict[str, int]:
    """By datastore, the most bytes that one of these removals moves."""
    largest: dict[str, int] = {}
    for verdict in verdicts:
        if verdict.remove:
            for store, amount in verdict.snapshot.frees:
                largest[store] = max(largest.get(store, 0), amount)
    return largest


def no_room(vm: Vm, verdicts: Sequence[Verdict], stores: Mapping[str, Datastore], estimate: int | None) -> str | None:
    """Why a merge has no room, or None. While it runs, a merge may need as much again as it moves.

    ``estimate`` is vCenter's own figure for the VM, where it gave one; it counts beside ours, and the larger decides.
    """
    for store, amount in _largest(verdicts).items():
        need = max(amount, estimate or 0)
        if store in stores and stores[store].free < need:
            return (
                f"the merge may need {format_size(need)} on datastore {store}, which has "
                f"{format_size(stores[store].free)} free; make room on it first"
            )
    return None


def check_quota(plans: Sequence[VmPlan], quota: Quota | None) -> None:
    """Stop the call before the first removal when it would remove more than the caller allows. Raises LimitError."""
    if quota is None:
        return
    removals = sum(len(plan.actions) for plan in plans)
    there = sum(len(plan.verdicts) for plan in plans)
    if removals > quota.allowed(there):
        raise LimitError(
            f"{removals} of {there} snapshots would be removed, and max_removals ({quota}) allows "
            f"{quota.allowed(there)}; nothing was removed"
        )
