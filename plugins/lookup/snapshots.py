# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Snapshots, where an expression needs them."""

from __future__ import annotations

DOCUMENTATION = r"""
name: snapshots
short_description: Read the snapshots of virtual machines
version_added: 0.1.0
author:
  - Savepoint for vSphere contributors (@savepoint)
description:
  - Reads the snapshots of the virtual machines that are named, or of a part of the inventory, on the machine that runs
    the playbook. It needs pyVmomi there.
  - Each evaluation is one login and a few bulk reads. Where a task will do, M(savepoint.vsphere.snapshot_info) tells
    more, and may run elsewhere.
extends_documentation_fragment:
  - savepoint.vsphere.connection.plugins
  - savepoint.vsphere.scope
options:
  _terms:
    description:
      - Names of virtual machines, or dictionaries that select one, as in
        O(savepoint.vsphere.snapshot_info#module:vms). One that matches nothing or too much is an error.
      - Needed unless O(scope) is set, which excludes it.
    type: list
    elements: raw
  folder:
    description: Narrows the names to a folder and what is below it.
    type: str
  datacenter:
    description: Narrows the names to a datacenter.
    type: str
  snapshot_name:
    description: Only snapshots of this name.
    type: str
  snapshot_set:
    description: Only snapshots of this set.
    type: str
  owner:
    description: Only snapshots of this owner.
    type: str
  managed:
    description: Only snapshots with a marker of Savepoint (V(true)), or only foreign ones (V(false)).
    type: bool
  expired:
    description: Only snapshots whose expiry has passed (V(true)), or only the others (V(false)).
    type: bool
  older_than:
    description: Only snapshots older than this, such as V(72h), by vCenter's clock.
    type: str
seealso:
  - module: savepoint.vsphere.snapshot_info
"""

EXAMPLES = r"""
- name: Does a server have snapshots?
  ansible.builtin.debug:
    msg: "{{ query('savepoint.vsphere.snapshots', 'web-01') | length }}"

- name: A table of what is old below a folder
  ansible.builtin.debug:
    msg: "{{ (old | savepoint.vsphere.snapshot_table).splitlines() }}"
  vars:
    old: "{{ query('savepoint.vsphere.snapshots', scope={'folder': '/DC0/vm/web'}, older_than='3d') }}"
"""

RETURN = r"""
_list:
  description:
    - The snapshots, as RV(savepoint.vsphere.snapshot_info#module:results[].snapshots) has them, machine by machine and
      parents before children, each with its C(vm) (C(name), C(moid), C(instance_uuid), C(folder)).
  type: list
  elements: dict
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import SavepointError
from ansible_collections.savepoint.vsphere.plugins.module_utils._reading import checked, read, reading_spec
from ansible_collections.savepoint.vsphere.plugins.module_utils._results import snapshot_dict, vm_dict
from ansible_collections.savepoint.vsphere.plugins.module_utils._time import parse_duration
from ansible_collections.savepoint.vsphere.plugins.module_utils._views import passes

FILTERS: dict[str, Any] = {
    "snapshot_name": {"type": "str"},
    "snapshot_set": {"type": "str"},
    "owner": {"type": "str"},
    "managed": {"type": "bool"},
    "expired": {"type": "bool"},
    "older_than": {"type": "str"},
}


class LookupModule(LookupBase):
    """The lookup."""

    def run(
        self, terms: Sequence[Any], variables: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> list[dict[str, Any]]:
        """Read and filter."""
        self.set_options(var_options=variables, direct=kwargs)
        known = {*reading_spec(), *FILTERS}
        given = {key: value for key, value in self.get_options().items() if key in known and value is not None}
        if terms:
            given["vms"] = list(terms)
        try:
            return snapshots(given)
        except SavepointError as error:
            # The sentence is enough; what pyVmomi raised below it would be printed whole.
            raise AnsibleLookupError(f"savepoint.vsphere.snapshots: {error.msg}") from None


def snapshots(given: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Those that the filters let through. Raises SavepointError."""
    options = {**checked(given, FILTERS), "snapshot_id": None}
    older = parse_duration(options["older_than"], "older_than") if options["older_than"] is not None else None
    reading = read(options)
    return [
        {**snapshot_dict(one, vm.snapshots, reading.now), "vm": vm_dict(vm)}
        for vm in reading.vms
        for one in vm.snapshots
        if passes(one, options, older, reading.now)
    ]
