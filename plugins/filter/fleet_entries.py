# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The answers to calls that were made for many hosts, by host."""

from __future__ import annotations

DOCUMENTATION = r"""
name: fleet_entries
short_description: Sort the answers to calls for many hosts by host
version_added: 0.1.0
author:
  - Savepoint for vSphere contributors (@savepoint)
description:
  - Does for all hosts of the calls what P(savepoint.vsphere.fleet_entry#filter) does for one.
  - It is there for the roles of this collection.
positional: _input, calls, register
options:
  _input:
    description: The variables of the hosts, as C(hostvars) gives them.
    type: dict
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
- name: Show what each host was told
  ansible.builtin.debug:
    msg: "{{ hostvars | savepoint.vsphere.fleet_entries([], 'answers') }}"
"""

RETURN = r"""
_value:
  description: For each host of the calls what P(savepoint.vsphere.fleet_entry#filter) gives.
  type: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.savepoint.vsphere.plugins.plugin_utils.crews import entry_of


def fleet_entries(
    hostvars: Mapping[str, Any], calls: Sequence[Mapping[str, Any]], register: str
) -> dict[str, dict[str, Any]]:
    """The entries by host."""
    found: dict[str, dict[str, Any]] = {}
    for call in calls:
        answers = hostvars[call["leader"]].get(register)
        found.update({host: entry_of(answers, call, host) for host in call["hosts"]})
    return found


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Its name."""
        return {"fleet_entries": fleet_entries}
