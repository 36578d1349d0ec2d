# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What became of each host whose snapshot was to be removed."""

from __future__ import annotations

DOCUMENTATION = r"""
name: commit_outcomes
short_description: Say what became of each host that role commit worked on
version_added: 0.1.0
author:
  - Savepoint for vSphere contributors (@savepoint)
description:
  - It is there for the role C(savepoint.vsphere.commit).
positional: _input, hosts, calls, mode, check_mode
options:
  _input:
    description: The variables of the hosts, as C(hostvars) gives them, with the facts that the role sets.
    type: dict
    required: true
  hosts:
    description: The hosts to commit.
    type: list
    elements: str
    required: true
  calls:
    description: What P(savepoint.vsphere.fleet_calls#filter) gave.
    type: list
    elements: dict
    required: true
  mode:
    description: Whether the snapshots are removed, or left to their expiry.
    type: str
    choices: [remove, keep]
    default: remove
  check_mode:
    description: Whether nothing was really done.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Say what became of each host
  ansible.builtin.debug:
    msg: "{{ hostvars | savepoint.vsphere.commit_outcomes([], []) }}"
"""

RETURN = r"""
_value:
  description: For each host whether it is C(committed), and the C(reason) on one line.
  type: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.savepoint.vsphere.plugins.plugin_utils.crews import entry_of
from ansible_collections.savepoint.vsphere.plugins.plugin_utils.told import harmless, one_line

Facts = Mapping[str, Any]


def commit_outcomes(
    hostvars: Facts, hosts: Sequence[str], calls: Sequence[Facts], mode: str = "remove", check_mode: bool = False
) -> Any:
    """The outcome of each host."""
    told = {}
    for host in hosts:
        call = next((one for one in calls if host in one["hosts"]), None)
        committed, reason = _outcome(hostvars, host, call, mode, check_mode)
        told[host] = {"committed": committed, "reason": one_line(reason)}
    return harmless(told)


def _outcome(hostvars: Facts, host: str, call: Facts | None, mode: str, check_mode: bool) -> tuple[bool, str]:
    if mode == "keep":
        return True, "its snapshot is kept until it expires"
    if call is None:
        why = hostvars[host].get("commit__unhealthy") or "it is not in the play any more"
        return False, f"its snapshot is still there, because it did not pass after the time to soak: {why}"
    entry = entry_of(hostvars[call["leader"]].get("commit__answer"), call, host)
    if entry.get("status", "failed") == "failed":
        return False, f"its snapshot is still there: {entry['msg']}"
    if check_mode:
        return True, "check mode: its snapshot would be removed" if entry[
            "changed"
        ] else "it has no snapshot of the set"
    return True, "its snapshot was removed" if entry["changed"] else "it has no snapshot of the set any more"


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Its name."""
        return {"commit_outcomes": commit_outcomes}
