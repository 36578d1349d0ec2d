# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What snapshot_revert does: its options to an Operation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ansible_collections.savepoint.vsphere.plugins.module_utils import _plan_revert
from ansible_collections.savepoint.vsphere.plugins.module_utils._evidence import read_evidence
from ansible_collections.savepoint.vsphere.plugins.module_utils._fleet import Operation
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan import VmPlan
from ansible_collections.savepoint.vsphere.plugins.module_utils._session import Session


def revert_operation(params: Mapping[str, Any]) -> Operation:
    """The snapshot_revert module."""
    wish = _plan_revert.parse_wish(params)

    def prepare(session: Session, vms: Sequence[Vm], now: datetime) -> tuple[dict[str, VmPlan], dict[str, Any]]:
        targets = {vm.moid: target for vm in vms if (target := _plan_revert.target_of(vm, wish)) is not None}
        evidence = read_evidence(session, vms, targets)
        return {vm.moid: _plan_revert.plan_revert(vm, wish, now, evidence.get(vm.moid)) for vm in vms}, {}

    return Operation(
        plan=lambda vm, now: _plan_revert.plan_revert(vm, wish, now),
        prepare=prepare if wish.safeguards is not None else None,
        prepare_again=True,
        check=lambda plans, now: _plan_revert.check_limits(plans, wish, now),
        follow_up=_plan_revert.follow_up,
        timeout=params["timeout"],
        wait_for_guest=wish.wait_for_guest,
    )
