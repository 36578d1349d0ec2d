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
  - A snapshot goes if a limit (C(max_*), C(min_free), C(honor_expiry)) asks for it and no C(keep_*), C(min_age), hold
    or protection objects. Without any limit, the C(keep_*) rules remove what they do not select.
  - The snapshots of a virtual machine on which a snapshot task runs stay, and those that a linked clone depends on.
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
    description: Gives the plan without carrying it out.
  diff_mode:
    support: full
    description: Shows the snapshot tree before and after.
options:
  policy:
    description:
      - What to keep and what to remove. One of O(policy) and O(plan) is needed. An empty policy is an error.
      - Hours, days, weeks and months are natural ones in UTC, and the C(keep_*) rules mean what restic documents.
    type: dict
    suboptions:
      keep_last:
        description: Keep so many of the newest snapshots of each virtual machine.
        type: int
      keep_hourly:
        description: Keep the newest snapshot of each of the last so many hours that have any.
        type: int
      keep_daily:
        description: Keep the newest snapshot of each of the last so many days that have any.
        type: int
      keep_weekly:
        description: Keep the newest snapshot of each of the last so many ISO weeks that have any.
        type: int
      keep_monthly:
        description: Keep the newest snapshot of each of the last so many months that have any.
        type: int
      keep_within:
        description: Keep what is at most this much older than the newest, such as V(3d).
        type: str
      min_age:
        description: Remove nothing that is younger than this, such as V(1h), whatever else asks for it.
        type: str
      max_age:
        description: Remove what is older than this, such as V(72h), by vCenter's clock.
        type: str
      max_count:
        description: Remove all but so many of the newest snapshots of each virtual machine.
        type: int
      max_chain_depth:
        description: Remove from the root of a chain what makes it longer than this.
        type: int
      max_size:
        description:
          - Remove the oldest while a virtual machine's snapshots hold more than this together, say V(50GiB).
            A snapshot holds what its removal would give back, so what was written since it was taken counts.
        type: str
      min_free:
        description:
          - Remove until each datastore has so much free, in percent of its capacity (V(15%)) or in bytes (V(200GiB)).
            What frees most goes first, and of equals the oldest.
        type: str
      honor_expiry:
        description: Remove what is past the expiry in its marker.
        type: bool
        default: false
      allow_none:
        description:
          - Let limits take a virtual machine's last managed snapshot. Without it, only C(honor_expiry) may, or a policy
            with a C(keep_*) rule.
        type: bool
        default: false
      include_foreign:
        description:
          - Look at snapshots without a marker too. It needs C(filters) that say which, and do not match everything.
        type: bool
        default: false
      filters:
        description: Which snapshots the policy is about. All keys that are set must hold. The rest is kept.
        type: dict
        suboptions:
          name_pattern:
            description: Shell pattern that the whole name must match. Case matters.
            type: str
          description_pattern:
            description: Shell pattern that the whole description, without the marker, must match.
            type: str
          set:
            description: The snapshot's set.
            type: str
          owner:
            description: The snapshot's owner.
            type: str
          larger_than:
            description: What its removal would give back, such as V(10GiB).
            type: str
          older_than:
            description: An age, such as V(7d).
            type: str
      protect:
        description: Shell patterns of snapshot names that are never removed. Each must be a text.
        type: list
        elements: raw
        default: []
      protect_vms:
        description: Shell patterns of virtual machine names whose snapshots are never removed. Each must be a text.
        type: list
        elements: raw
        default: []
      protect_attribute:
        description:
          - Custom attribute that protects a virtual machine's snapshots where it is set to anything but V(false),
            V(no), V(0) or nothing.
          - A single ESXi host keeps no custom attributes. There, another one than the default gives a warning.
        type: str
        default: savepoint.protect
  plan:
    description:
      - A plan that an earlier call gave as RV(plan), to carry out exactly.
      - It names its virtual machines, so nothing else may select any. If the snapshots of one of them have changed
        since, or the plan is of another vCenter, nothing is removed anywhere.
    type: dict
  max_removals:
    description:
      - Stop before the first removal if more snapshots than this would be removed. It is a count such as V(50), or a
        percentage such as V(20%) of all snapshots looked at, rounded down but at least one.
    type: str
  max_clock_difference:
    description:
      - Stop if vCenter's clock and that of the machine on which the module runs are further apart. Ages count from
        vCenter's.
    type: str
    default: 10m
  check_space:
    description:
      - Fail a virtual machine before its first removal if a datastore seems to have no room for the merge, by the sizes
        of the files, and by vCenter's own estimate where it gives one. The estimate is asked for where less than a
        fifth of the datastore is free, or less than ten times what one removal moves.
    type: bool
    default: true
  record:
    description:
      - Note on vCenter's root folder, as the custom attribute C(savepoint.retention), that the run took place, so that
        others can see whether expiry is enforced. Not in check mode.
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
      description:
        - The snapshots removed, in order, in the form of M(savepoint.vsphere.snapshot_info) with C(reasons), and with
          C(frees_bytes), about how much space that gives back.
      type: list
      elements: dict
    kept:
      description: The snapshots kept, in the same form with all the C(reasons).
      type: list
      elements: dict
    consolidation_needed:
      description: Whether its disks need consolidation afterwards.
      type: bool
clock:
  description: vCenter's clock and ours, and the difference in seconds.
  returned: when it was reached
  type: dict
  sample: {vcenter: "2026-11-23T02:00:00Z", controller: "2026-11-23T02:00:01Z", difference_seconds: -1}
datastores:
  description: By datastore, what is free, and about how much the removals give back.
  returned: when the selection was looked up
  type: list
  elements: dict
  sample: [{name: LocalDS_0, capacity_bytes: 1099511627776, free_bytes: 219902325555, frees_bytes: 16777728}]
totals:
  description:
    - How many snapshots were looked at, how many of them the plan removes and keeps, and about how many bytes that
      gives back. It is whole whatever O(report) leaves out.
  returned: when the selection was looked up
  type: dict
  sample: {snapshots: 240, remove: 12, keep: 228, frees_bytes: 16777728}
plan:
  description: The plan, to keep and to carry out later with O(plan).
  returned: when the selection was looked up
  type: dict
  sample: {version: 1, vcenter: dbed6e0c-bd88-4ef6-b594-21283e1c677f, made_at: "2026-11-23T02:00:00Z", vms: []}
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
from ansible_collections.savepoint.vsphere.plugins.module_utils._operations_prune import prune_operation
from ansible_collections.savepoint.vsphere.plugins.module_utils._policy import policy_spec
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
            **fleet_spec(),
            "policy": {"type": "dict", "options": policy_spec()},
            "plan": {"type": "dict"},
            "max_removals": {"type": "str"},
            "max_clock_difference": {"type": "str", "default": "10m"},
            "check_space": {"type": "bool", "default": True},
            "record": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    run(module, prune_operation, Report(prune_details, no_peers))


if __name__ == "__main__":
    main()
