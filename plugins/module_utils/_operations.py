# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What snapshot and snapshot_consolidate do: their options to an Operation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.savepoint.vsphere.plugins.module_utils import (
    _plan_consolidate,
    _plan_snapshot,
    _snapshot_after,
)
from ansible_collections.savepoint.vsphere.plugins.module_utils._fleet import Operation
from ansible_collections.savepoint.vsphere.plugins.module_utils._inventory import Needs


def snapshot_operation(params: Mapping[str, Any], token: str) -> Operation:
    """The snapshot module."""
    wish = _plan_snapshot.parse_wish(params, token)
    if not wish.present:
        return Operation(
            plan=lambda vm, now: _plan_snapshot.plan_snapshot(vm, wish, now),
            follow_up=_plan_consolidate.follow_up,
            confirm=_plan_consolidate.confirm,
            timeout=params["timeout"],
        )
    return Operation(
        plan=lambda vm, now: _plan_snapshot.plan_snapshot(vm, wish, now),
        needs=Needs(
            # A snapshot of disks moves no data.
            places=params["memory_dump"],
            create=True,
            memory=params["memory_dump"],
            quiesce=params["quiesce"],
        ),
        follow_up=lambda plan, after: _snapshot_after.follow_up(plan, after, wish),
        confirm=lambda plan, after: _snapshot_after.confirm(plan, after, wish),
        timeout=params["timeout"],
    )


def consolidate_operation(params: Mapping[str, Any]) -> Operation:
    """The snapshot_consolidate module."""
    return Operation(
        plan=lambda vm, now: _plan_consolidate.plan_consolidation(vm),
        confirm=_plan_consolidate.confirm,
        timeout=params["timeout"],
    )
