#!/usr/bin/python

# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Consolidate the disks of virtual machines that need it."""

from __future__ import annotations

DOCUMENTATION = r"""
module: snapshot_consolidate
short_description: Consolidate the disks of virtual machines that need it
version_added: 0.1.0
author:
  - Savepoint for vSphere contributors (@savepoint)
description:
  - Finds the virtual machines whose disks a snapshot removal left unmerged, and merges them.
  - vSphere tells such a machine by its flag C(consolidationNeeded). It has no snapshot to show for the space it takes,
    so nobody finds it by looking at snapshots.
  - Afterwards the flag is read again. A virtual machine that still needs consolidation fails.
extends_documentation_fragment:
  - savepoint.vsphere.connection
  - savepoint.vsphere.selection
  - savepoint.vsphere.scope
  - savepoint.vsphere.report
  - savepoint.vsphere.timeout
  - savepoint.vsphere.fleet
attributes:
  check_mode:
    support: full
    description: Finds them without merging anything.
  diff_mode:
    support: full
    description: The snapshot tree stays as it is, so there is no difference to show.
seealso:
  - module: savepoint.vsphere.snapshot_prune
"""

EXAMPLES = r"""
- name: Which virtual machines need consolidation?
  savepoint.vsphere.snapshot_consolidate:
    scope:
      all: true
    report: changed
  check_mode: true

- name: Mend them
  savepoint.vsphere.snapshot_consolidate:
    scope:
      all: true
    report: changed
"""

RETURN = r"""
msg:
  description: One sentence about the whole call.
  returned: always
  type: str
  sample: "2 virtual machines: 2 changed, 0 ok"
summary:
  description: How many virtual machines ended in which way.
  returned: always, unless the call failed before it looked at any
  type: dict
  sample: {total: 2, changed: 2, ok: 0, skipped: 0, failed: 0}
vcenter:
  description: The server, since managed object IDs repeat across servers.
  returned: when it was reached
  type: dict
  sample: {host: vcenter.example.com, instance_uuid: dbed6e0c-bd88-4ef6-b594-21283e1c677f}
vcenter_time:
  description: The server's clock when the call began, which ages and expiry count from.
  returned: when it was reached
  type: str
  sample: "2026-11-23T02:00:00Z"
timing:
  description:
    - How long the changes take. C(expected_seconds) is foretold from the bytes to move and the limits, with cautious
      figures for the storage. C(elapsed_seconds) is what they really took, and is not there in check mode.
  returned: when the selection was looked up and nothing stopped the call
  type: dict
  sample: {expected_seconds: 12.0, elapsed_seconds: 9.4, limits: {vcenter: 256, host: 8, datastore: 8}}
retries:
  description:
    - What was asked of vCenter again and why, one sentence each, for instance after a lost connection. Each is a
      warning too. What was tried again for one virtual machine is among its C(warnings).
  returned: when the selection was looked up and nothing stopped the call
  type: list
  elements: str
  sample: ["the session had ended, so it was logged in again"]
results:
  description: One entry for each virtual machine, in the order of the selection, also when the task fails.
  returned: when the selection was looked up
  type: list
  elements: dict
  contains:
    selector:
      description: The entry as the task gave it, or the name for one found by O(scope).
      type: raw
    vm:
      description: The virtual machine, with C(name), C(moid), C(instance_uuid) and C(folder); null if there is none.
      type: dict
    status:
      description: One of V(changed), V(ok), V(skipped) and V(failed).
      type: str
    changed:
      description: Whether its disks were consolidated.
      type: bool
    msg:
      description: What happened, or why it failed.
      type: str
    warnings:
      description: What should be known besides.
      type: list
      elements: str
    power_state:
      description: Its power state.
      type: str
    task:
      description: The last vCenter task, with C(moid), C(state), C(started_at) and C(ended_at); null if there was none.
      type: dict
    consolidation_needed:
      description: Whether its disks need consolidation afterwards.
      type: bool
vm:
  description: The virtual machine.
  returned: for a single virtual machine
  type: dict
  sample: {name: web-01, moid: vm-42, instance_uuid: 50331f8c-0000-4000-8000-000000000000, folder: /DC0/vm/web}
"""

from ansible_collections.savepoint.vsphere.plugins.module_utils._payload import quicken

quicken()

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.savepoint.vsphere.plugins.module_utils._argspec import (
    connection_spec,
    fleet_spec,
    report_spec,
    scope_spec,
    selection_spec,
    timeout_spec,
)
from ansible_collections.savepoint.vsphere.plugins.module_utils._entry import Report, run
from ansible_collections.savepoint.vsphere.plugins.module_utils._operations import consolidate_operation
from ansible_collections.savepoint.vsphere.plugins.module_utils._views import consolidate_details, no_peers


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            **connection_spec(),
            **selection_spec(),
            **scope_spec(),
            **report_spec(),
            **timeout_spec(),
            **fleet_spec(),
        },
        supports_check_mode=True,
    )
    run(module, consolidate_operation, Report(consolidate_details, no_peers))


if __name__ == "__main__":
    main()
