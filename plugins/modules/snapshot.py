#!/usr/bin/python

# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Create, change and remove snapshots on one VM or a whole fleet."""

from __future__ import annotations

DOCUMENTATION = r"""
module: snapshot
short_description: Create, change and remove snapshots of virtual machines
version_added: 0.1.0
author:
  - Savepoint for vSphere contributors (@savepoint)
description:
  - Takes, renames, describes, holds and removes snapshots of one virtual machine or of a whole fleet in one call.
  - Everything is looked up and checked before the first change. Bad input changes nothing anywhere.
  - Every virtual machine has a result of its own. One that fails does not stop the rest; the task fails at the end.
  - A snapshot is a quick way back during a change and grows while it is there. Keep at most 2 to 3 on a virtual
    machine and not longer than 72 hours, and set O(expires_in) so that M(savepoint.vsphere.snapshot_prune) finds what
    was forgotten. It is not a backup.
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
    description: Shows the snapshot tree before and after.
options:
  state:
    description:
      - With V(present) the snapshot is taken unless it is there. If it is, its name, description, hold or expiry are
        brought to what the task says.
      - With V(absent) it is removed if it is there. Disks that need consolidation are consolidated then, also where it
        is gone already, since that may be what an earlier removal left.
    type: str
    choices: [present, absent]
    default: present
  snapshot_name:
    description:
      - Name of the snapshot. Two snapshots of that name on a virtual machine are an error that lists their IDs.
      - With O(snapshot_set) it is only the name for a new snapshot, and defaults to the set.
    type: str
  snapshot_id:
    description:
      - ID of an existing snapshot, which is exact where a name is not. Excludes O(snapshot_name) and O(snapshot_set).
    type: int
  snapshot_set:
    description:
      - ID that joins snapshots taken together for one change, for example a change number.
      - With it, a virtual machine's snapshot is found by the set alone. A same-named one outside of it never counts.
    type: str
  description:
    description:
      - Text for the snapshot. Savepoint adds its marker as the last line.
      - On an existing snapshot, replaces the text. An empty text leaves it as it is.
    type: str
  new_snapshot_name:
    description:
      - Renames the existing snapshot. When the old name is gone and the new one is there, that is done already.
    type: str
  memory_dump:
    description:
      - Keep the running state too, so that a revert brings the machine back running.
      - This writes as much as the machine has memory, and the machine pauses while it does.
      - A virtual machine on which it can't be had fails before anything is taken on it, unless O(fallback=crash).
    type: bool
    default: false
  quiesce:
    description:
      - Have VMware Tools flush file systems and applications in the guest first.
      - A virtual machine on which it can't be had fails before anything is taken on it, unless O(fallback=crash).
        On one that is powered off there is nothing to flush, so the wish is met.
    type: bool
    default: false
  quiesce_timeout:
    description:
      - How long the guest may take to quiesce, from V(5m) to V(240m), rounded up to whole minutes. A snapshot that
        takes
        longer to quiesce fails. When it is left out, vSphere's own limit holds.
    type: str
  fallback:
    description:
      - With V(crash), a virtual machine on which the wished kind can't be had gets a crash-consistent snapshot. Its
        result names the kind and the reason.
    type: str
    choices: [none, crash]
    default: none
  owner:
    description:
      - Who or what the snapshot belongs to, kept in its marker. It acts at creation.
    type: str
  expires_in:
    description:
      - How long the snapshot is meant to live, such as V(72h) or V(3d). The expiry is kept in its marker, and enforced
        by M(savepoint.vsphere.snapshot_prune) with C(honor_expiry). It acts at creation; see O(extend).
    type: str
  extend:
    description:
      - Put the expiry of an existing snapshot to vCenter's present time plus O(expires_in), never earlier than it was.
    type: bool
    default: false
  hold:
    description:
      - With V(true) nothing of this collection removes the snapshot; with V(false) it is released.
      - When it is left out, the hold stays as it is.
    type: bool
  phase:
    description:
      - How far the change has got that the set was taken for, kept in the snapshot's marker. A rerun after an
        interruption knows from it what had begun, and M(savepoint.vsphere.snapshot_revert) with safeguards reads and
        writes it.
      - It needs O(snapshot_set). A new snapshot is V(taken), unless this says otherwise.
      - On an existing snapshot the phase is set, and nothing else about it changes. When it is left out, the phase
        stays as it is.
      - With V(patching), V(failed) and V(reverted), a virtual machine without a snapshot of the set fails alone, and
        nothing is created.
    type: str
    choices: [taken, patching, failed, reverted]
  remove_children:
    description:
      - With O(state=absent), remove everything below the snapshot too.
    type: bool
    default: false
  remove_all:
    description:
      - With O(state=absent), remove all snapshots of the virtual machine.
    type: bool
    default: false
  force:
    description:
      - Remove even what is on hold, belongs to a backup product, or has a marker that does not parse.
    type: bool
    default: false
seealso:
  - module: savepoint.vsphere.snapshot_info
  - module: savepoint.vsphere.snapshot_revert
  - module: savepoint.vsphere.snapshot_prune
"""

EXAMPLES = r"""
- name: Snapshot two servers before a change, in one call
  savepoint.vsphere.snapshot:
    vms:
      - web-01
      - name: web-02
        folder: /DC0/vm/web
    snapshot_set: CHG0031337
    description: before the kernel update
    expires_in: 72h
    owner: patch-team

- name: Take a quiesced snapshot, and accept a crash-consistent one where Tools is not running
  savepoint.vsphere.snapshot:
    name: web-01
    snapshot_name: before-migration
    quiesce: true
    quiesce_timeout: 10m
    fallback: crash

- name: Rename it
  savepoint.vsphere.snapshot:
    name: web-01
    snapshot_name: before-migration
    new_snapshot_name: known-good

- name: Keep it from being removed until somebody releases it
  savepoint.vsphere.snapshot:
    name: web-01
    snapshot_name: known-good
    hold: true

- name: Release it
  savepoint.vsphere.snapshot:
    name: web-01
    snapshot_name: known-good
    hold: false

- name: Remove it
  savepoint.vsphere.snapshot:
    name: web-01
    state: absent
    snapshot_name: known-good

- name: Note that the change has begun on one of them
  savepoint.vsphere.snapshot:
    name: web-01
    snapshot_set: CHG0031337
    phase: patching

- name: The change worked, so remove its snapshots everywhere
  savepoint.vsphere.snapshot:
    vms: [web-01, web-02]
    state: absent
    snapshot_set: CHG0031337
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
      description: Whether something changed on it.
      type: bool
    msg:
      description: What happened, or why it failed.
      type: str
    warnings:
      description: What should be known besides.
      type: list
      elements: str
    power_state:
      description: Its power state at the end.
      type: str
    task:
      description: The last vCenter task, with C(moid), C(state), C(started_at) and C(ended_at); null if there was none.
      type: dict
    kind:
      description:
        - The kind of snapshot really taken or found, V(crash_consistent), V(memory), V(quiesced), V(suspended)
          or V(powered_off).
      type: str
    snapshot:
      description: The snapshot, in the form that M(savepoint.vsphere.snapshot_info) gives. Empty when it is absent.
      type: dict
    removed:
      description: The snapshots that were removed.
      type: list
      elements: dict
vm:
  description: The virtual machine.
  returned: for a single virtual machine
  type: dict
  sample: {name: web-01, moid: vm-42, instance_uuid: 50331f8c-0000-4000-8000-000000000000, folder: /DC0/vm/web}
snapshot:
  description: The snapshot.
  returned: for a single virtual machine, when O(state=present)
  type: dict
  sample: {id: 4, name: CHG0031337, kind: crash_consistent, current: true}
renamed:
  description: Whether the snapshot got another name.
  returned: for a single virtual machine
  type: bool
  sample: false
result:
  description: The vCenter task.
  returned: for a single virtual machine, when a task ran
  type: dict
  sample: {completion_time: "2026-11-23T02:00:03+00:00", entity_name: web-01, error: null, state: success}
"""

import os

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
from ansible_collections.savepoint.vsphere.plugins.module_utils._operations import snapshot_operation
from ansible_collections.savepoint.vsphere.plugins.module_utils._views import snapshot_details, snapshot_peers


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            **connection_spec(),
            **selection_spec(),
            **report_spec(),
            **timeout_spec(),
            **fleet_spec(),
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "snapshot_name": {"type": "str"},
            "snapshot_id": {"type": "int"},
            "snapshot_set": {"type": "str"},
            "description": {"type": "str"},
            "new_snapshot_name": {"type": "str"},
            "memory_dump": {"type": "bool", "default": False},
            "quiesce": {"type": "bool", "default": False},
            "quiesce_timeout": {"type": "str"},
            "fallback": {"type": "str", "choices": ["none", "crash"], "default": "none"},
            "owner": {"type": "str"},
            "expires_in": {"type": "str"},
            "extend": {"type": "bool", "default": False},
            "hold": {"type": "bool"},
            "phase": {"type": "str", "choices": ["taken", "patching", "failed", "reverted"]},
            "remove_children": {"type": "bool", "default": False},
            "remove_all": {"type": "bool", "default": False},
            "force": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    # Recognises the snapshots of this very call, should vCenter's answer to a create get lost.
    token = os.urandom(4).hex()
    run(module, lambda params: snapshot_operation(params, token), Report(snapshot_details, snapshot_peers))


if __name__ == "__main__":
    main()
