# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which hosts of a batch are rolled back."""

from __future__ import annotations

DOCUMENTATION = r"""
name: rollback_scope
short_description: Tell which hosts of a batch are rolled back
version_added: 0.1.0
author:
  - Savepoint for vSphere contributors (@savepoint)
description:
  - A group that is rolled back together goes back as a whole when one of its hosts is named.
  - It is there for the role C(savepoint.vsphere.rollback).
positional: _input, play, all_hosts
options:
  _input:
    description: The hosts that failed, as a list, or as a dictionary of host and reason.
    type: raw
    required: true
  play:
    description: What M(savepoint.vsphere.batch_info) gave.
    type: dict
    required: true
  all_hosts:
    description: All hosts of the play.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: See how the play goes through its hosts
  savepoint.vsphere.batch_info:
  register: play

- name: Show who goes back
  ansible.builtin.debug:
    msg: "{{ ansible_play_hosts_all[:1] | savepoint.vsphere.rollback_scope(play, ansible_play_hosts_all) }}"
"""

RETURN = r"""
_value:
  description:
    - C(reasons), by host why it goes back, C(failed), the hosts of the batch that were named, C(wanted), those that go
      back, C(tiers), the same in the order in which they go, and C(unknown), what was named and is not in the play.
  type: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError


def rollback_scope(given: Any, play: Mapping[str, Any], all_hosts: Sequence[str]) -> dict[str, Any]:
    """Who goes back."""
    if isinstance(given, Mapping):
        named = {str(host): str(reason or "") for host, reason in given.items()}
    elif isinstance(given, Sequence) and not isinstance(given, str):
        named = {str(host): "" for host in given}
    else:
        raise AnsibleFilterError(
            f"the hosts to roll back are a list, or a dictionary of host and reason, and not {given!r}"
        )
    batch = list(play["hosts"])
    failed = [host for host in batch if host in named]
    reasons = {host: named[host] for host in failed}
    for group in play["groups"]:
        first = next((host for host in group["hosts"] if host in reasons), None)
        if group["rollback"] == "together" and first is not None and first in batch:
            for host in group["hosts"]:
                reasons.setdefault(host, f"{first}, which is of its group '{group['name']}', failed")
    wanted = [host for host in batch if host in reasons]
    unknown = [host for host in named if host not in all_hosts]
    levels = sorted({play["tiers"].get(host, 0) for host in wanted})
    return {
        "reasons": reasons,
        "failed": failed,
        "wanted": wanted,
        "unknown": unknown,
        "tiers": [[host for host in wanted if play["tiers"].get(host, 0) == level] for level in levels],
    }


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Its name."""
        return {"rollback_scope": rollback_scope}
