# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whose snapshots take space on the datastores before those of a call."""

from __future__ import annotations

DOCUMENTATION = r"""
name: fleet_ahead
short_description: Tell whose snapshots need space before those of a call
version_added: 0.1.0
author:
  - Savepoint for vSphere contributors (@savepoint)
description:
  - Hosts that have their snapshot already, and, where hosts do not wait for each other, those that are about to take
    one. Of two that ask at the same time, the one that comes later in the play counts the other.
  - It is there for the role C(savepoint.vsphere.pre_patch).
positional: _input, hosts, call, run
options:
  _input:
    description: The variables of the hosts, as C(hostvars) gives them.
    type: dict
    required: true
  hosts:
    description: All hosts of the play, in its order.
    type: list
    elements: str
    required: true
  call:
    description: One of those that P(savepoint.vsphere.fleet_calls#filter) gave.
    type: dict
    required: true
  run:
    description: The run of the play, as M(savepoint.vsphere.batch_info) gives it.
    type: str
    required: true
  lockstep:
    description: Whether the hosts of a batch go from task to task together.
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: See who comes first
  ansible.builtin.debug:
    msg: "{{ hostvars | savepoint.vsphere.fleet_ahead(ansible_play_hosts_all, {'hosts': [], 'vcenter': '{}'}, '') }}"
"""

RETURN = r"""
_value:
  description:
    - C(earlier), the managed object IDs of the VMs that have their snapshot, and C(ahead), entries for C(vms) of those
      that are about to take it.
  type: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.savepoint.vsphere.plugins.plugin_utils.crews import before


def fleet_ahead(
    hostvars: Mapping[str, Any],
    hosts: Sequence[str],
    call: Mapping[str, Any],
    run: str,
    lockstep: bool = True,
) -> dict[str, list[Any]]:
    """Those that come first."""
    others = {host: hostvars[host] for host in hosts if host not in call["hosts"]}
    # The hosts of the call stand where the first of them does.
    first = next((place for place, host in enumerate(hosts) if host in call["hosts"]), len(hosts))
    earlier, ahead = before(others, set(hosts[:first]), call["vcenter"], run)
    return {"earlier": earlier, "ahead": [] if lockstep else ahead}


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Its name."""
        return {"fleet_ahead": fleet_ahead}
