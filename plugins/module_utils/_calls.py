# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An action as a call to vCenter."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

try:
    from pyVmomi import vim
except ImportError:
    pass  # _session.connect says so, before anything of this file is used.

from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._names import escaped
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan import (
    Action,
    Consolidate,
    Create,
    Power,
    Remove,
    RemoveAll,
    Rename,
    Revert,
)
from ansible_collections.savepoint.vsphere.plugins.module_utils._session import Session
from ansible_collections.savepoint.vsphere.plugins.module_utils._wire import (
    Form,
    UnfamiliarError,
    blank,
    by_pyvmomi,
    reference_of,
)


class Calls:
    """Sends actions, from any thread. What a fleet does a thousand times is written once."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._forms: dict[Hashable, Form] = {}

    def send(self, vm: Vm, action: Action) -> Any:
        """Send one action; gives the task, or None where vSphere makes none."""
        if isinstance(action, Create) and action.quiesce_minutes is None:
            flags = (action.memory, action.quiesce)
            texts = (vm.moid, escaped(action.name), action.raw_description)
            return self._task("VirtualMachine", "CreateSnapshot", texts, *flags)
        if isinstance(action, Remove):
            return self._task("vm.Snapshot", "Remove", (action.snapshot,), action.children, True)
        if isinstance(action, Revert):
            # The host, which comes first, is left to vCenter.
            flag = action.suppress_power_on
            return self._task("vm.Snapshot", "Revert", (action.snapshot,), None, flag)
        machine = self._session.object("VirtualMachine", vm.moid)
        if isinstance(action, Create):
            return machine.CreateSnapshotEx_Task(
                name=escaped(action.name),
                description=action.raw_description,
                memory=action.memory,
                quiesceSpec=vim.vm.GuestQuiesceSpec(timeout=action.quiesce_minutes),
            )
        if isinstance(action, RemoveAll):
            # Never with a spec: an older vCenter would drop it and remove everything, whatever it said.
            return machine.RemoveAllSnapshots_Task(consolidate=True)
        if isinstance(action, Consolidate):
            return machine.ConsolidateVMDisks_Task()
        if isinstance(action, Power):
            return machine.PowerOn() if action.state == "poweredOn" else machine.PowerOff()
        name = escaped(action.name) if isinstance(action, Rename) and action.name is not None else None
        snapshot = self._session.object("vm.Snapshot", action.snapshot)
        return snapshot.RenameSnapshot(name=name, description=action.raw_description)

    def estimate(self, vm: Vm) -> Any:
        """Ask what merging a VM's snapshots would take; gives the task."""
        return self._task("VirtualMachine", "EstimateStorageRequirementForConsolidate", (vm.moid,))

    def _task(self, kind: str, method: str, texts: tuple[str, ...], *rest: Any) -> Any:
        """Call a method (its name in vmodl) of the object that the first text names, with what else is given."""
        key = (method, rest)
        form = self._forms.get(key)
        if form is None:
            blanks = [blank(number) for number in range(1, len(texts))]
            form = Form(self._session.object(kind, blank(0)), method, *blanks, *rest)
            self._forms[key] = form
        body = form.send(*texts)
        try:
            return reference_of(body)
        except UnfamiliarError:
            return by_pyvmomi(body, form.stub, form.info)
