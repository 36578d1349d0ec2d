#!/usr/bin/python

# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Remove the snapshots that a policy does not keep."""

from __future__ import annotations

DOCUMENTATION = r"""
module: snapshot_prune
short_description: Remove the snapshots that a policy does not keep
version_added: 0.1.0
author:
  - Savepoint for vSphere contributors (@savepoint)
description:
  - Removes old snapshots by a policy, from one virtual machine, many, or a part of the inventory.
  - It touches only managed snapshots, which carry the marker that M(savepoint.vsphere.snapshot) writes. Foreign ones,
    those of backup and replication products, and any on hold stay.
  - Check mode gives exactly the plan that a real run would carry out.
  - A snapshot goes if a limit (C(max_age), C(honor_expiry)) asks for it and neither C(keep_last) nor a protection
    objects. Without any limit, C(keep_last) removes what it does not select.
extends_documentation_fragment:
  - savepoint.vsphere.connection
  - savepoint.vsphere.selection
  - savepoint.vsphere.scope
  - savepoint.vsphere.report
  - savepoint.vsphere.timeout
attributes:
  check_mode:
    support: full
    description: Gives the plan without carrying it out.
  diff_mode:
    support: full
    description: Shows the snapshot tree before and after.
options:
  policy:
    description:
      - What to keep and what to remove. An empty policy is an error.
    type: dict
    required: true
    suboptions:
      keep_last:
        description: Keep so many of the newest managed snapshots of each virtual machine.
        type: int
      max_age:
        description:
          - Remove what is older than this, such as V(72h), by vCenter's clock.
          - It leaves a virtual machine's last managed snapshot, unless C(keep_last) or C(allow_none) is set too.
        type: str
      honor_expiry:
        description: Remove what is past the expiry in its marker.
        type: bool
        default: false
      allow_none:
        description: Let C(max_age) take a virtual machine's last managed snapshot.
        type: bool
        default: false
seealso:
  - module: savepoint.vsphere.snapshot
"""

EXAMPLES = r"""
- name: See what would go
  savepoint.vsphere.snapshot_prune:
    scope:
      folder: /DC0/vm/web
    policy:
      keep_last: 1
      max_age: 72h
  check_mode: true
  register: plan

- name: Remove what has expired, everywhere
  savepoint.vsphere.snapshot_prune:
    scope:
      all: true
    policy:
      honor_expiry: true
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
      description: Whether a snapshot was removed.
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
    removed:
      description: The snapshots removed, in order, in the form of M(savepoint.vsphere.snapshot_info) with C(reasons).
      type: list
      elements: dict
    kept:
      description: The snapshots kept, in the same form with all the C(reasons).
      type: list
      elements: dict
    consolidation_needed:
      description: Whether its disks need consolidation afterwards.
      type: bool
vm:
  description: The virtual machine.
  returned: for a single virtual machine
  type: dict
  sample: {name: web-01, moid: vm-42, instance_uuid: 50331f8c-0000-4000-8000-000000000000, folder: /DC0/vm/web}
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.savepoint.vsphere.plugins.module_utils._argspec import (
    connection_spec,
    report_spec,
    scope_spec,
    selection_spec,
    timeout_spec,
)
from ansible_collections.savepoint.vsphere.plugins.module_utils._entry import Report, run
from ansible_collections.savepoint.vsphere.plugins.module_utils._operations import prune_operation
from ansible_collections.savepoint.vsphere.plugins.module_utils._views import no_peers, prune_details


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            **connection_spec(),
            **selection_spec(),
            **scope_spec(),
            **report_spec(),
            **timeout_spec(),
            "policy": {
                "type": "dict",
                "required": True,
                "options": {
                    "keep_last": {"type": "int"},
                    "max_age": {"type": "str"},
                    "honor_expiry": {"type": "bool", "default": False},
                    "allow_none": {"type": "bool", "default": False},
                },
            },
        },
        supports_check_mode=True,
    )
    run(module, prune_operation, Report(prune_details, no_peers))


if __name__ == "__main__":
    main()
