# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads a part of the inventory for those who only look, and are no modules: the event source and the lookup."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPException
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

try:
    from pyVmomi import vmodl
except ImportError:
    FAULTS: tuple[type[Exception], ...] = ()  # _session.connect says that it is missing, before a fault can come.
else:
    FAULTS = (vmodl.MethodFault,)

from ansible_collections.savepoint.vsphere.plugins.module_utils._argspec import (
    check_numbers,
    connection_spec,
    scope_spec,
    selection_spec,
    validate_vm,
)
from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import ConnectError, InputError
from ansible_collections.savepoint.vsphere.plugins.module_utils._faults import fault_text
from ansible_collections.savepoint.vsphere.plugins.module_utils._inventory import Inventory, Needs
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._selection import parse_selection, told
from ansible_collections.savepoint.vsphere.plugins.module_utils._session import connect
from ansible_collections.savepoint.vsphere.plugins.module_utils._target import parse_target
from ansible_collections.savepoint.vsphere.plugins.module_utils._trouble import briefly


@dataclass(frozen=True)
class Reading:
    """What there was at one moment, by vCenter's clock."""

    vcenter: Mapping[str, Any]
    now: datetime
    vms: tuple[Vm, ...]


def reading_spec() -> dict[str, Any]:
    """The options that say where to look: those of snapshot_info."""
    selection = selection_spec()
    del selection["unresolved"]
    return {**connection_spec(), **selection, **scope_spec()}


def checked(given: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """The options as AnsibleModule would give them, VMWARE_* variables included. Raises InputError for a wrong one."""
    spec = {**reading_spec(), **more}
    try:
        result = ArgumentSpecValidator(spec).validate(dict(given))
    except (ArithmeticError, TypeError) as error:  # An infinite number, or keys that can't be sorted for an error.
        raise InputError(f"an option can't be read: {error}") from error
    if result.error_messages:
        raise InputError(result.error_messages[0])
    options: dict[str, Any] = dict(result.validated_parameters)
    check_numbers(options, spec)
    parse_target(options)
    parse_selection(options, validate_vm)
    return options


def read(options: Mapping[str, Any]) -> Reading:
    """The selected VMs with their snapshots and sizes, over one login.

    Raises InputError when an entry of the selection matches nothing or too much, ConnectError when vCenter can't be
    asked.
    """
    target = parse_target(options)
    selection = parse_selection(options, validate_vm)
    needs = Needs(guard=False, places=False, sizes=True)
    try:
        with connect(target) as session:
            inventory = Inventory(session)
            found = inventory.find(selection, needs)
            problems = [(entry, entry.problem) for entry in found if entry.problem is not None]
            if problems:
                raise InputError(told(problems))
            moids = [entry.moid for entry in found if entry.moid is not None]
            now = session.now()
            vms = inventory.read(moids, needs) if moids else {}
            return Reading(session.vcenter, now, tuple(vms.values()))
    except FAULTS as error:
        raise ConnectError(f"vCenter refused a call that all of this needs: {fault_text(error)}") from error
    except (OSError, HTTPException) as error:
        raise ConnectError(f"the connection to {target.hostname} broke: {briefly(error)}") from error
