# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What snapshot_info does: its options to an Operation."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ansible_collections.savepoint.vsphere.plugins.module_utils._fleet import Operation
from ansible_collections.savepoint.vsphere.plugins.module_utils._inventory import Needs
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan import VmPlan
from ansible_collections.savepoint.vsphere.plugins.module_utils._preflight import Preflight
from ansible_collections.savepoint.vsphere.plugins.module_utils._readiness import parse_readiness
from ansible_collections.savepoint.vsphere.plugins.module_utils._time import parse_duration


def info_operation(params: Mapping[str, Any]) -> Operation:
    """The snapshot_info module, whose plans have nothing to do."""
    wanted = params["readiness"] is not None
    wish = parse_readiness(params["readiness"]) if wanted else None
    if params["older_than"] is not None:
        parse_duration(params["older_than"], "older_than")

    def plan(vm: Vm, now: datetime) -> VmPlan:
        return VmPlan(vm, msg=f"it has {_counted(len(vm.snapshots))}")

    return Operation(
        plan=plan,
        prepare=Preflight(wish, plan, params["proxy_host"]).prepare if wish is not None else None,
        needs=Needs(
            guard=wanted, places=wanted, create=wanted, memory=wanted, quiesce=wanted, sizes=True, readiness=wanted
        ),
    )


def _counted(number: int) -> str:
    return "1 snapshot" if number == 1 else f"{number or 'no'} snapshots"
