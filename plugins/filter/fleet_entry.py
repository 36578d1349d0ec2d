# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One host's part of the answer to a call that was made for many."""

from __future__ import annotations

DOCUMENTATION = r"""
name: fleet_entry
short_description: Take one host's own entry out of the answer that its leader has got
version_added: 0.1.0
author:
  - Savepoint for vSphere contributors (@savepoint)
description:
  - Joins the calls of P(savepoint.vsphere.fleet_calls#filter) with what was registered when they were made in a loop.
  - It never fails. A call without results, because vCenter could not be reached or the leader's task broke off, gives
    an entry of status V(failed) with the reason, and with C(no_answer).
  - It is there for the roles of this collection.
positional: _input, host, calls, register
options:
  _input:
    description: The variables of the hosts, as C(hostvars) gives them.
    type: dict
    required: true
  host:
    description: The host whose entry is wanted.
    type: str
    required: true
  calls:
    description: What P(savepoint.vsphere.fleet_calls#filter) gave.
    type: list
    elements: dict
    required: true
  register:
    description: The name of the variable in which the leader registered the answers.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Take this host's own entry
  ansible.builtin.set_fact:
    entry: "{{ hostvars | savepoint.vsphere.fleet_entry(inventory_hostname, calls, 'answers') }}"
  vars:
    calls: []
"""

RETURN = r"""
_value:
  description:
    - The entry of C(results) that is the host's. It has C(vcenter) besides, and C(no_answer), which says whether
      there is
      no answer at all. Empty if no call is for the host.
  type: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.savepoint.vsphere.plugins.plugin_utils.crews import entry_of


def fleet_entry(
    hostvars: Mapping[str, Any], host: str, calls: Sequence[Mapping[str, Any]], register: str
) -> dict[str, Any]:
    """The entry."""
    call = next((one for one in calls if host in one["hosts"]), None)
    if call is None:
        return {}
    return entry_of(hostvars[call["leader"]].get(register), call, host)


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Its name."""
        return {"fleet_entry": fleet_entry}
