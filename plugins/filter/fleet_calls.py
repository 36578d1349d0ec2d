# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which calls to which vCenter a batch of hosts needs, and who makes them."""

from __future__ import annotations

DOCUMENTATION = r"""
name: fleet_calls
short_description: Tell which calls a batch of hosts needs, and which host makes each of them
version_added: 0.1.0
author:
  - Savepoint for vSphere contributors (@savepoint)
description:
  - Where the hosts of a batch go through the tasks together, one host of each vCenter makes one call for all of its
    hosts. Elsewhere each host makes its own, and the first of an application group makes that of the group.
  - It is there for the roles of this collection. They keep what it needs to know of a host in the fact C(<role>__seat),
    a dictionary of C(run), C(vcenter), a text that is the same for hosts of the same vCenter, C(vm), an entry for
    a module's
    C(vms), and where it is known C(expect), the snapshot's managed object ID by that of the VM.
positional: _input, hosts, roles, live, run
options:
  _input:
    description: The variables of the hosts, as C(hostvars) gives them.
    type: dict
    required: true
  hosts:
    description: The hosts for whose VMs something is to be done, also those that are lost.
    type: list
    elements: str
    required: true
  roles:
    description: The roles whose fact is looked at, the first one that there is.
    type: list
    elements: str
    required: true
  live:
    description: The hosts that can still make a call, as C(ansible_play_hosts) gives them.
    type: list
    elements: str
    required: true
  run:
    description:
      - What C(run) must be in the fact, as M(savepoint.vsphere.batch_info) gives it; what else it is, is too
        old.
    type: str
    required: true
  me:
    description: The host that asks, where hosts do not wait for each other; else an empty string.
    type: str
    default: ''
  crews:
    description: The hosts that are worked on together all the same, where hosts do not wait for each other.
    type: list
    elements: list
    default: []
"""

EXAMPLES = r"""
- name: See who would speak for whom
  ansible.builtin.debug:
    msg: "{{ hostvars | savepoint.vsphere.fleet_calls([], ['pre_patch'], ansible_play_hosts, '') }}"
"""

RETURN = r"""
_value:
  description:
    - The calls, each with its C(leader), the host C(via) whose connection options it takes, the C(vcenter), the
      C(hosts)
      it is for, their C(vms), and the snapshots that are known of them as C(expect).
  type: list
  elements: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.savepoint.vsphere.plugins.plugin_utils.crews import Seat, alone, together


def fleet_calls(
    hostvars: Mapping[str, Any],
    hosts: Sequence[str],
    roles: Sequence[str],
    live: Sequence[str],
    run: str,
    me: str = "",
    crews: Sequence[Sequence[str]] = (),
) -> list[dict[str, Any]]:
    """The calls."""
    mine = next((list(one) for one in crews if me in one), [me]) if me else list(hosts)
    seats = {host: _seat(hostvars[host], host, roles, run) for host in hosts if host in mine}
    if me:
        return [call.told() for call in alone(seats, live, me, crews)] if seats else []
    return [call.told() for call in together(seats, live)]


def _seat(variables: Mapping[str, Any], host: str, roles: Sequence[str], run: str) -> Seat:
    for role in roles:
        seat = variables.get(f"{role}__seat")
        if seat and seat.get("run") == run:
            return Seat(str(seat["vcenter"]), seat["vm"], seat.get("expect") or {})
    raise AnsibleFilterError(f"nothing is known of the VM of host '{host}': role {roles[0]} did not begin on it")


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Its name."""
        return {"fleet_calls": fleet_calls}
