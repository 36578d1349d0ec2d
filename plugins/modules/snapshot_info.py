#!/usr/bin/python

# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""List snapshots of one VM, a fleet, or a part of the inventory."""

from __future__ import annotations

DOCUMENTATION = r"""
module: snapshot_info
short_description: List the snapshots of virtual machines
version_added: 0.1.0
author:
  - Savepoint for vSphere contributors (@savepoint)
description:
  - Lists the snapshots of one virtual machine, of many, or of a part of the inventory, with their sizes and ages.
  - With O(readiness) it also says for each virtual machine whether a snapshot for a change can be taken now, and
    whether it may be gone back to.
extends_documentation_fragment:
  - savepoint.vsphere.connection
  - savepoint.vsphere.selection
  - savepoint.vsphere.scope
  - savepoint.vsphere.report
attributes:
  check_mode:
    support: full
    description: The module changes nothing.
  diff_mode:
    support: none
    description: The module changes nothing.
options:
  snapshot_name:
    description:
      - Only snapshots of this name.
    type: str
  snapshot_id:
    description:
      - Only the snapshot with this ID.
    type: int
  snapshot_set:
    description:
      - Only snapshots of this set.
    type: str
  owner:
    description:
      - Only snapshots of this owner.
    type: str
  managed:
    description:
      - Only snapshots with a marker of Savepoint (V(true)), or only foreign ones (V(false)).
    type: bool
  expired:
    description:
      - Only snapshots whose expiry has passed (V(true)), or only those whose has not or that have none (V(false)).
    type: bool
  older_than:
    description:
      - Only snapshots older than this, such as V(72h), by vCenter's clock.
    type: str
  readiness:
    description:
      - Judge whether a snapshot can be taken now on each virtual machine, and give RV(results[].readiness).
      - All is read in bulk, so that the number of calls to the server does not grow with the number of machines.
    type: dict
    suboptions:
      memory_dump:
        description: A memory snapshot is wanted.
        type: bool
        default: false
      quiesce:
        description: A quiesced snapshot is wanted.
        type: bool
        default: false
      fallback:
        description: Whether a weaker kind would do.
        type: str
        choices: [none, crash]
        default: none
      snapshot_set:
        description:
          - The set that is about to be taken. A snapshot of it that is there already does not count as an old one or
            as one too many.
        type: str
      reuse_within:
        description:
          - How old a snapshot of O(readiness.snapshot_set) that is there already may be, such as V(24h). An older one
            blocks the machine (C(set_too_old)), and so does one that is not its current snapshot any more
            (C(set_not_current)). Left out, neither is looked at.
          - It needs O(readiness.snapshot_set).
        type: str
      max_snapshots:
        description: Block a virtual machine that has so many snapshots already.
        type: int
        default: 3
      max_snapshot_age:
        description: Warn of snapshots older than this.
        type: str
        default: 72h
      expected_growth:
        description:
          - How much each snapshot is expected to grow until it is removed, in percent of the disk space that the
            machine has in use, from V(1%) to V(100%), or in bytes, such as V(5GiB) or V(5G). A machine with disks on
            several datastores needs it in proportion of its files there.
          - A memory snapshot needs the size of the machine's memory besides. A snapshot of O(readiness.snapshot_set)
            that is there already needs only what it has yet to grow.
          - Space is granted in the order of the machines. Those for which it is not enough on any of their datastores
            are blocked (C(space)), and leave it to those after them.
          - What is free is what vCenter says, which it refreshes every few minutes.
          - If neither this nor O(readiness.min_free) is set, the datastores are not looked at.
        type: str
      min_free:
        description:
          - How much must stay free on each datastore, in percent of its capacity, from V(1%) to V(90%), or in bytes,
            such as V(200GiB) or V(200G).
        type: str
      earlier:
        description:
          - MoIDs of virtual machines of earlier batches. What the snapshots that they still have are expected to grow,
            less what they have grown already, is kept for them before anything is granted. It needs
            O(readiness.expected_growth) to count.
          - One that does not exist, or has no snapshot of O(readiness.snapshot_set) any more, needs nothing.
        type: list
        elements: str
        default: []
      check_privileges:
        description:
          - Ask whether the account may create, remove, rename and revert to snapshots, and power on, on each machine.
        type: bool
        default: true
      no_revert_attribute:
        description:
          - The custom attribute by which you say that a virtual machine must not be reverted by a play, for instance a
            domain controller, a database or a quorum member. Its value is the reason. An empty value, V(false), V(no)
            and V(0) mean that it may be.
          - A single ESXi host keeps no custom attributes. There, another one than the default gives a warning.
        type: str
        default: savepoint.no_revert
      own_addresses:
        description:
          - Names and addresses of the proxies and jump hosts that the play works through. A virtual machine that has
            one of them is blocked (C(proxy)). O(proxy_host), vCenter itself and the machine where the module runs are
            added by themselves.
        type: list
        elements: str
        default: []
      retention_within:
        description:
          - Warn when no run of retention was recorded for so long (RV(results[].readiness.warnings),
            C(retention_not_recorded)).
        type: str
        default: 48h
seealso:
  - module: savepoint.vsphere.snapshot
"""

EXAMPLES = r"""
- name: All snapshots of one virtual machine
  savepoint.vsphere.snapshot_info:
    name: web-01
  register: info

- name: Everything below a folder that is older than three days
  savepoint.vsphere.snapshot_info:
    scope:
      folder: /DC0/vm/web
    older_than: 3d

- name: Can quiesced snapshots be taken now?
  savepoint.vsphere.snapshot_info:
    vms: [web-01, web-02]
    readiness:
      quiesce: true

- name: Is there room for memory snapshots that grow by a tenth, and may they all be reverted?
  savepoint.vsphere.snapshot_info:
    vms: [web-01, web-02]
    readiness:
      memory_dump: true
      snapshot_set: CHG0031337
      reuse_within: 24h
      expected_growth: 10%
      min_free: 15%
      own_addresses: [bastion.example.com]
"""

RETURN = r"""
msg:
  description: One sentence about the whole call.
  returned: always
  type: str
  sample: "2 virtual machines: 0 changed, 2 ok"
summary:
  description: How many virtual machines ended in which way.
  returned: always, unless the call failed before it looked at any
  type: dict
  sample: {total: 2, changed: 0, ok: 2, skipped: 0, failed: 0}
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
datastores:
  description:
    - The datastores of the virtual machines, each with C(name), C(moid), C(capacity_bytes), C(free_bytes), what must
      stay free (C(min_free_bytes)), what is kept for earlier batches (C(reserved_bytes)), what these machines need
      (C(needed_bytes)), and what of that they get (C(granted_bytes)).
  returned: when O(readiness.expected_growth) or O(readiness.min_free) is set
  type: list
  elements: dict
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
      description: V(ok) or V(failed).
      type: str
    changed:
      description: Always V(false).
      type: bool
    msg:
      description: How many snapshots there are, or why it failed.
      type: str
    warnings:
      description: What should be known besides.
      type: list
      elements: str
    power_state:
      description: Its power state.
      type: str
    consolidation_needed:
      description: Whether its disks need consolidation.
      type: bool
    task:
      description: Always null.
      type: dict
    current_snapshot:
      description: The snapshot that the present grew out of, in the form of C(snapshots). Empty if there is none.
      type: dict
    snapshots:
      description: The snapshots that the filters let through, parents before children.
      type: list
      elements: dict
      contains:
        id:
          description: ID, unique within the virtual machine.
          type: int
        moid:
          description: Managed object ID.
          type: str
        name:
          description: Name.
          type: str
        description:
          description: Text without the marker.
          type: str
        creation_time:
          description: Time of creation, in the form that vmware.vmware gives.
          type: str
        created_at:
          description: Time of creation, ISO 8601 in UTC.
          type: str
        age_seconds:
          description: Age in seconds, by vCenter's clock.
          type: int
        state:
          description: Power state that vSphere recorded.
          type: str
        kind:
          description: V(crash_consistent), V(memory), V(quiesced), V(suspended) or V(powered_off).
          type: str
        quiesced:
          description: Whether vSphere recorded it as quiesced.
          type: bool
        memory:
          description: Whether it keeps the running state.
          type: bool
        parent_id:
          description: ID of its parent, null for a root.
          type: int
        child_ids:
          description: IDs of its children.
          type: list
          elements: int
        depth:
          description: Levels from the root, which is 1.
          type: int
        path:
          description: Names from the root, joined by slashes.
          type: str
        current:
          description: Whether the present grew out of it.
          type: bool
        managed:
          description: Whether it has a marker of Savepoint.
          type: bool
        set:
          description: Its set.
          type: str
        expires_at:
          description: Its expiry, ISO 8601 in UTC.
          type: str
        hold:
          description: Whether it is on hold.
          type: bool
        owner:
          description: Its owner.
          type: str
        phase:
          description: How far the change had got for which it was taken, as the marker says it; null if it does not.
          type: str
        protected_by:
          description: Why it must not be removed; empty when nothing objects.
          type: list
          elements: str
        size_bytes:
          description:
            - Bytes of its own files. The delta disk that the machine writes to now belongs to no snapshot yet;
              see C(current_delta_bytes).
          type: int
    current_delta_bytes:
      description: Bytes in the delta disks that the machine writes to now.
      type: int
    readiness:
      description: The verdict, when O(readiness) asks for it.
      type: dict
      contains:
        verdict:
          description: V(ready) or V(blocked).
          type: str
        guest:
          description:
            - What VMware Tools report of the guest, C(host_name) and C(ip_address), each null where they don't, so that
              you can make sure that the machine is the one you mean.
          type: dict
        blockers:
          description:
            - What stands in the way, each with C(code), C(message) and C(remedy). The codes never change.
            - C(unavailable), it is a template or not connected. C(question), it waits for an answer.
            - C(task_running), a snapshot task runs on it.
            - C(set_too_old) and C(set_not_current), its snapshot of the set is no state to go back to any more.
            - C(too_many_snapshots), C(chain_depth), C(consolidation_needed), C(backup_snapshot), the snapshots that it
              has leave no room for another.
            - C(kind), the kind of snapshot can't be had. C(fault_tolerance), C(independent_disk), C(physical_rdm),
              C(multi_writer), C(shared_bus), C(passthrough), its hardware excludes snapshots, or a disk from them.
            - C(privileges), the account lacks some. C(space), a datastore has too little.
            - C(no_revert), you have said that it must not be reverted. C(vcenter_itself), C(controller) and C(proxy),
              the play depends on it.
          type: list
          elements: dict
        warnings:
          description:
            - What does not stand in the way, but should be known, in the same form.
            - C(old_snapshot), it has one that is older than O(readiness.max_snapshot_age). C(kind), a weaker kind will
              be taken. C(retention_not_recorded), nobody may be removing what expires; never on an ESXi host.
            - C(privileges_unknown) and C(space_unknown), the server did not say all that is needed to judge.
          type: list
          elements: dict
vm:
  description: The virtual machine.
  returned: for a single virtual machine
  type: dict
  sample: {name: web-01, moid: vm-42, instance_uuid: 50331f8c-0000-4000-8000-000000000000, folder: /DC0/vm/web}
current_snapshot:
  description: The snapshot that the present grew out of. Empty if there is none.
  returned: for a single virtual machine
  type: dict
  sample: {id: 4, name: CHG0031337}
snapshots:
  description: The snapshots.
  returned: for a single virtual machine
  type: list
  elements: dict
  sample: [{id: 4, name: CHG0031337, parent_id: null, child_ids: []}]
snapshots_tree:
  description: The same as nested dictionaries by ID, each with its C(children).
  returned: for a single virtual machine
  type: dict
  sample: {"4": {id: 4, name: CHG0031337, children: {}}}
"""

from ansible_collections.savepoint.vsphere.plugins.module_utils._payload import quicken

quicken()

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.savepoint.vsphere.plugins.module_utils._argspec import (
    connection_spec,
    report_spec,
    scope_spec,
    selection_spec,
)
from ansible_collections.savepoint.vsphere.plugins.module_utils._entry import Report, run
from ansible_collections.savepoint.vsphere.plugins.module_utils._operations_info import info_operation
from ansible_collections.savepoint.vsphere.plugins.module_utils._readiness import NO_REVERT_ATTRIBUTE
from ansible_collections.savepoint.vsphere.plugins.module_utils._views import info_peers, info_view


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            **connection_spec(),
            **selection_spec(),
            **scope_spec(),
            **report_spec(),
            "snapshot_name": {"type": "str"},
            "snapshot_id": {"type": "int"},
            "snapshot_set": {"type": "str"},
            "owner": {"type": "str"},
            "managed": {"type": "bool"},
            "expired": {"type": "bool"},
            "older_than": {"type": "str"},
            "readiness": {
                "type": "dict",
                "options": {
                    "memory_dump": {"type": "bool", "default": False},
                    "quiesce": {"type": "bool", "default": False},
                    "fallback": {"type": "str", "choices": ["none", "crash"], "default": "none"},
                    "snapshot_set": {"type": "str"},
                    "max_snapshots": {"type": "int", "default": 3},
                    "max_snapshot_age": {"type": "str", "default": "72h"},
                    "reuse_within": {"type": "str"},
                    "expected_growth": {"type": "str"},
                    "min_free": {"type": "str"},
                    "earlier": {"type": "list", "elements": "str", "default": []},
                    "check_privileges": {"type": "bool", "default": True},
                    "no_revert_attribute": {"type": "str", "default": NO_REVERT_ATTRIBUTE},
                    "own_addresses": {"type": "list", "elements": "str", "default": []},
                    "retention_within": {"type": "str", "default": "48h"},
                },
            },
        },
        mutually_exclusive=[("snapshot_name", "snapshot_id")],
        supports_check_mode=True,
    )
    run(module, info_operation, Report(info_view(module.params), info_peers))


if __name__ == "__main__":
    main()
