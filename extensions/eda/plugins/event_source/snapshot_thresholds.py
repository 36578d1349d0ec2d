# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An event source for ansible-rulebook: snapshots that pass a threshold."""

from __future__ import annotations

DOCUMENTATION = r"""
name: snapshot_thresholds
short_description: Events for snapshots that pass a threshold
version_added: 0.1.0
author:
  - Savepoint for vSphere contributors (@savepoint)
description:
  - Looks at the snapshots of one virtual machine, of many, or of a part of the inventory every O(interval), each time
    over one login and with bulk reads. It gives an event when a snapshot passes a threshold, or when a virtual machine
    needs consolidation.
  - A snapshot that stays past a threshold gives one event for it, and another one only if it was below in between.
    After a restart it is told of again.
  - It ends with an error if its options are wrong or its first look fails. If a later look fails, one event with the
    reason V(failure) says so, and it waits longer before each further try, up to an hour or O(interval) if that is
    longer.
extends_documentation_fragment:
  - savepoint.vsphere.connection
  - savepoint.vsphere.selection
  - savepoint.vsphere.scope
options:
  interval:
    description: The time from the end of a look to the next, such as V(5m).
    type: str
    default: 5m
  max_age:
    description: Tell of snapshots older than this, such as V(72h), by vCenter's clock.
    type: str
  max_size:
    description:
      - Tell of snapshots that take more than this, such as V(50GiB). What was written since then counts, as it does for
        the policy of M(savepoint.vsphere.snapshot_prune).
    type: str
  max_chain_depth:
    description: Tell of snapshots that are more levels from the root than this. A root has level 1.
    type: int
  expired:
    description: Tell of snapshots whose expiry has passed.
    type: bool
    default: true
  consolidation_needed:
    description: Tell of virtual machines whose disks need consolidation.
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: Look for snapshots that nobody removed
  hosts: localhost
  sources:
    - name: Snapshots of the web servers
      savepoint.vsphere.snapshot_thresholds:
        scope:
          folder: /DC0/vm/web
        interval: 10m
        max_age: 7d
  rules:
    - name: Tell of them
      condition: event.reason is defined
      action:
        print_event:
"""

RETURN = r"""
reason:
  description: V(age), V(size), V(depth), V(expiry), V(consolidation), or V(failure) when a look failed.
  returned: always
  type: str
msg:
  description: What was found, in a sentence.
  returned: always
  type: str
vcenter:
  description: The server, with C(host) and C(instance_uuid).
  returned: always, but for V(failure) only C(host)
  type: dict
vcenter_time:
  description: The server's clock when it looked.
  returned: unless the look failed
  type: str
vm:
  description: The virtual machine, with C(name), C(moid), C(instance_uuid) and C(folder).
  returned: unless the look failed
  type: dict
snapshot:
  description:
    - The snapshot as RV(savepoint.vsphere.snapshot_info#module:results[].snapshots) gives it, and about how many bytes
      its removal gives back (C(frees_bytes)).
    - A brace that would open a template is followed by a space in every text of an event, because events become
      variables of playbooks.
  returned: for a snapshot
  type: dict
"""

import asyncio
import logging
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

try:
    import ansible_collections.savepoint.vsphere.plugins.module_utils._reading  # noqa: F401 pylint: disable=unused-import
except ImportError:
    # ansible-rulebook runs this file by its path, and has no importer for collections.
    sys.path.append(str(Path(__file__).resolve().parents[7]))

from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import SavepointError
from ansible_collections.savepoint.vsphere.plugins.module_utils._literal import broken
from ansible_collections.savepoint.vsphere.plugins.module_utils._reading import Reading, checked, read
from ansible_collections.savepoint.vsphere.plugins.module_utils._results import snapshot_dict, vm_dict
from ansible_collections.savepoint.vsphere.plugins.module_utils._thresholds import (
    Finding,
    news,
    parse_thresholds,
    passed,
    threshold_spec,
)
from ansible_collections.savepoint.vsphere.plugins.module_utils._time import format_time, parse_duration

LOGGER = logging.getLogger(__name__)
# Seconds between tries at most, when looks fail: many refused logins in a row would lock the account.
LONGEST_WAIT = 3600.0
# What ansible-rulebook itself adds to a source's arguments.
FEEDBACK = "eda_feedback_queue"


class Queue(Protocol):
    """Where events go."""

    async def put(self, data: Any) -> None:
        """Hand over an event."""


def source_spec() -> dict[str, Any]:
    """The options besides those that say where to look."""
    return {"interval": {"type": "str", "default": "5m"}, **threshold_spec()}


def event(finding: Finding, reading: Reading) -> dict[str, Any]:
    """What rules and playbooks get."""
    told: dict[str, Any] = {
        "reason": finding.reason,
        "msg": finding.msg,
        "vcenter": dict(reading.vcenter),
        "vcenter_time": format_time(reading.now),
        "vm": vm_dict(finding.vm),
    }
    if finding.snapshot is not None:
        shown = snapshot_dict(finding.snapshot, finding.vm.snapshots, reading.now)
        told["snapshot"] = {**shown, "frees_bytes": finding.snapshot.frees_bytes}
    harmless: dict[str, Any] = broken(told)
    return harmless


async def main(queue: Queue, args: Mapping[str, Any]) -> None:
    """Look, tell, wait, and so on until ansible-rulebook ends it."""
    options = checked({key: value for key, value in args.items() if key != FEEDBACK}, source_spec())
    wanted = parse_thresholds(options)
    interval = parse_duration(options["interval"], "interval").total_seconds()
    told: frozenset[Any] = frozenset()
    looked, failures = False, 0
    while True:
        try:
            reading = await asyncio.to_thread(read, options)
        except SavepointError as error:
            if not looked:
                raise
            LOGGER.warning("%s", error.msg)
            if not failures:
                host = {"host": options["hostname"]}
                await queue.put(broken({"reason": "failure", "msg": error.msg, "vcenter": host}))
            failures += 1
        else:
            looked, failures = True, 0
            found = [finding for vm in reading.vms for finding in passed(vm, wanted, reading.now)]
            fresh, told = news(found, told)
            for finding in fresh:
                await queue.put(event(finding, reading))
        longer = interval * 2 ** min(failures, 12)
        await asyncio.sleep(min(longer, max(interval, LONGEST_WAIT)))
