#!/usr/bin/python

# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Revert one VM or a fleet to a snapshot."""

from __future__ import annotations

DOCUMENTATION = r"""
module: snapshot_revert
short_description: Revert virtual machines to a snapshot
version_added: 0.1.0
author:
  - Savepoint for vSphere contributors (@savepoint)
description:
  - Puts virtual machines back to a snapshot. What they did since is thrown away, memory and disks.
  - It always reverts and always reports a change, since a running machine drifts from its snapshot at once. Only with
    O(safeguards) does it look first whether that was done already, or should not be done at all.
  - A target that is missing or ambiguous on any virtual machine ends the task before the first revert
    (see O(unresolved)).
  - A snapshot without memory leaves the machine powered off; see O(power_state).
extends_documentation_fragment:
  - savepoint.vsphere.connection
  - savepoint.vsphere.selection
  - savepoint.vsphere.report
  - savepoint.vsphere.timeout
  - savepoint.vsphere.fleet
attributes:
  check_mode:
    support: full
    description: Predicts what would be done without doing it.
  diff_mode:
    support: full
    description: Shows the snapshot tree before and after, with the place of the present.
options:
  snapshot_name:
    description:
      - Name of the snapshot. Two of that name on a virtual machine are an error that lists their IDs.
      - One of O(snapshot_name), O(snapshot_id) and O(snapshot_set) is needed.
    type: str
  snapshot_id:
    description:
      - ID of the snapshot.
    type: int
  snapshot_set:
    description:
      - Revert each virtual machine to its snapshot of this set.
    type: str
  suppress_power_on:
    description:
      - Leave the machine off even if the snapshot was taken of a running one.
    type: bool
    default: false
  power_state:
    description:
      - The power state to end in.
      - With V(snapshot) it is whatever the revert gives, which for a snapshot without memory is off.
      - With V(previous) it is what the machine was in before the revert.
    type: str
    choices: [snapshot, previous, 'on', 'off']
    default: snapshot
  wait_for_guest:
    description:
      - Wait until VMware Tools answers in every machine that ends powered on, at most so long, such as V(10m).
    type: str
  max_age:
    description:
      - Stop before the first revert if any target is older than this, such as V(24h).
    type: str
  max_reverts:
    description:
      - Stop before the first revert if more virtual machines than this would be reverted. It is a count such as V(5),
        or a percentage of the selection such as V(20%), rounded down but at least one.
    type: str
  safeguards:
    description:
      - Look at each virtual machine before its revert, and refuse alone the ones on which it would hit the wrong
        snapshot or throw away what nobody meant. An empty dictionary is enough to turn them on.
      - >-
        The codes of the refusals: C(snapshot_replaced), it is not the snapshot that was recorded; C(newer_snapshots),
        snapshots that are not of the same set grew out of it; C(not_current), the present did not grow out of it;
        C(reverted_since), vCenter's task history shows a revert after it was taken; C(disks_added), disks were added
        since, which a revert detaches; C(independent_disk), a disk that a revert would not take back.
      - >-
        The codes of the warnings: C(hardware_changed), processors, memory, network adapters or disks are others than
        in the snapshot; C(trust_limit), the snapshot is older than 25 days, and computer accounts of a domain change
        their password every 30; C(history_unavailable), the task history could not be read, for instance on an ESXi
        host by itself; C(hardware_unavailable), the hardware could not be read.
      - A revert that an earlier call has done is not done again. That is so when the marker's phase is C(reverted);
        and when it is C(patching) or C(failed), the snapshot is current, and the history shows a single revert that
        the marker does not know of, by the same account. The power state is brought to what O(power_state) says, and
        the result has RV(results[].reverted_before).
      - After a revert to a snapshot whose marker has a phase, the phase becomes C(reverted), and C(reverted) is added
        with the time. Where that can't be written, it is a warning.
      - The history does not know of tasks that vCenter's retention has dropped (30 days by default), nor of reverts
        on an ESXi host while it was disconnected from vCenter.
    type: dict
    suboptions:
      snapshots:
        description:
          - The MoID of each virtual machine's snapshot as RV(savepoint.vsphere.snapshot#module:results[].snapshot)
            gave it when it was taken, by the MoID of the virtual machine. One that is not named here is not checked
            for that.
        type: dict
        default: {}
      ignore:
        description:
          - Codes of refusals that become warnings. A code that is not known is an error.
        type: list
        elements: str
        default: []
seealso:
  - module: savepoint.vsphere.snapshot
"""

EXAMPLES = r"""
- name: Snapshot a server
  savepoint.vsphere.snapshot:
    name: web-01
    snapshot_set: CHG0031337

- name: Put it back, running as it is now
  savepoint.vsphere.snapshot_revert:
    name: web-01
    snapshot_set: CHG0031337
    power_state: previous
    wait_for_guest: 10m
    max_age: 24h

- name: Snapshot it for the next change
  savepoint.vsphere.snapshot:
    name: web-01
    snapshot_set: CHG0031338

- name: Put it back only if that is what everybody expects
  savepoint.vsphere.snapshot_revert:
    name: web-01
    snapshot_set: CHG0031338
    power_state: 'on'
    safeguards:
      ignore:
        - independent_disk
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
      description: The entry as the task gave it.
      type: raw
    vm:
      description: The virtual machine, with C(name), C(moid), C(instance_uuid) and C(folder); null if there is none.
      type: dict
    status:
      description: One of V(changed), V(ok), V(skipped) and V(failed).
      type: str
    changed:
      description: Whether it was reverted, or with O(safeguards) whether something else was done to it.
      type: bool
    msg:
      description: What happened, or why it failed.
      type: str
    warnings:
      description: What should be known besides.
      type: list
      elements: str
    power_state:
      description: The power state it ended in.
      type: str
    task:
      description: The last vCenter task, with C(moid), C(state), C(started_at) and C(ended_at); null if there was none.
      type: dict
    kind:
      description: The kind of the snapshot.
      type: str
    snapshot:
      description: The snapshot, in the form that M(savepoint.vsphere.snapshot_info) gives.
      type: dict
    refusals:
      description:
        - Why O(safeguards) refused it, each with its C(code), the C(message) for people, and the C(remedy).
      type: list
      elements: dict
    reverted_before:
      description: Whether an earlier call had reverted it already, so that this one did not. Only with O(safeguards).
      type: bool
vm:
  description: The virtual machine.
  returned: for a single virtual machine
  type: dict
  sample: {name: web-01, moid: vm-42, instance_uuid: 50331f8c-0000-4000-8000-000000000000, folder: /DC0/vm/web}
snapshot:
  description: The snapshot.
  returned: for a single virtual machine
  type: dict
  sample: {id: 4, name: CHG0031337}
result:
  description: The vCenter task.
  returned: for a single virtual machine, when a task ran
  type: dict
  sample: {completion_time: "2026-11-23T02:00:03+00:00", entity_name: web-01, error: null, state: success}
"""

from ansible_collections.savepoint.vsphere.plugins.module_utils._payload import quicken

quicken()

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.savepoint.vsphere.plugins.module_utils._argspec import (
    connection_spec,
    fleet_spec,
    report_spec,
    selection_spec,
    timeout_spec,
)
from ansible_collections.savepoint.vsphere.plugins.module_utils._entry import Report, run
from ansible_collections.savepoint.vsphere.plugins.module_utils._operations_revert import revert_operation
from ansible_collections.savepoint.vsphere.plugins.module_utils._views_revert import revert_details, revert_peers


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            **connection_spec(),
            **selection_spec(),
            **report_spec(),
            **timeout_spec(),
            **fleet_spec(),
            "snapshot_name": {"type": "str"},
            "snapshot_id": {"type": "int"},
            "snapshot_set": {"type": "str"},
            "suppress_power_on": {"type": "bool", "default": False},
            "power_state": {"type": "str", "choices": ["snapshot", "previous", "on", "off"], "default": "snapshot"},
            "wait_for_guest": {"type": "str"},
            "max_age": {"type": "str"},
            "max_reverts": {"type": "str"},
            "safeguards": {
                "type": "dict",
                "options": {
                    "snapshots": {"type": "dict", "default": {}},
                    "ignore": {"type": "list", "elements": "str", "default": []},
                },
            },
        },
        supports_check_mode=True,
    )
    run(module, revert_operation, Report(revert_details, revert_peers))


if __name__ == "__main__":
    main()
