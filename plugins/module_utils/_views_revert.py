# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What snapshot_revert adds to the common result. Pure."""

from __future__ import annotations

from dataclasses import asdict

from ansible_collections.savepoint.vsphere.plugins.module_utils._outcome import View
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan_revert import expected_power
from ansible_collections.savepoint.vsphere.plugins.module_utils._results import snapshot_dict
from ansible_collections.savepoint.vsphere.plugins.module_utils._views import Result, task_result


def revert_details(view: View) -> Result:
    """What snapshot_revert adds for each VM."""
    target = next((one for one in view.after if one.moid == view.outcome.plan.target), None)
    foretold = view.check_mode and view.outcome.error is None
    return {
        "kind": view.outcome.plan.kind,
        "snapshot": snapshot_dict(target, view.after, view.now) if target is not None else {},
        "power_state": expected_power(view.vm, view.outcome.plan) if foretold else view.vm.power_state,
        "refusals": [asdict(refusal) for refusal in view.outcome.plan.refusals],
        "reverted_before": view.outcome.plan.reverted_before,
    }


def revert_peers(result: Result, view: View) -> Result:
    """The peers' keys of vm_snapshot_revert."""
    return {"snapshot": result["snapshot"], **task_result(view)}
