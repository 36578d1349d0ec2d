# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""vCenter's estimates of merges, asked for many VMs at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible_collections.savepoint.vsphere.plugins.module_utils._engine import Engine
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan import Action, Consolidate
from ansible_collections.savepoint.vsphere.plugins.module_utils._run import Run
from ansible_collections.savepoint.vsphere.plugins.module_utils._schedule import Job
from ansible_collections.savepoint.vsphere.plugins.module_utils._session import Session
from ansible_collections.savepoint.vsphere.plugins.module_utils._slots import VCENTER

# Seconds that an estimate may take; it reads metadata only.
TIMEOUT = 60


class _Estimator(Engine):
    """Asks for estimates, which change nothing, the way an engine carries out actions."""

    results = True

    def _job(self, run: Run) -> Job[Run]:
        return Job(run, 0.0, (VCENTER,))  # Metadata only.

    def _call(self, vm: Vm, action: Action) -> Any:
        return self._sender.estimate(vm)


def estimate_merges(session: Session, vms: Sequence[Vm]) -> dict[str, int]:
    """vCenter's own estimate of the bytes that merging a VM's snapshots needs, for the VMs for which it gives one.

    It is a lower bound for a running VM, and not every server has it, so its absence is no error.
    """
    runs = [Run(vm, (Consolidate(),)) for vm in vms]
    _Estimator(session, TIMEOUT).run(runs)
    return {
        run.vm.moid: run.task.result
        for run in runs
        if run.error is None and run.task is not None and isinstance(run.task.result, int)
    }
