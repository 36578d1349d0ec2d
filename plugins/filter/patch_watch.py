# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which hosts are still under way, and who stays until they are done."""

from __future__ import annotations

DOCUMENTATION = r"""
name: patch_watch
short_description: Tell which hosts are still under way, and who stays until they are done
version_added: 0.1.0
author:
  - Savepoint for vSphere contributors (@savepoint)
description:
  - Where hosts do not wait for each other, one of those that are done stays, so that somebody is left to roll back
    those that get lost.
  - It is there for the role C(savepoint.vsphere.patch_guard).
positional: _input, members, live, run
options:
  _input:
    description: The variables of the hosts, as C(hostvars) gives them, with the facts that the role sets.
    type: dict
    required: true
  members:
    description: The hosts of the batch.
    type: list
    required: true
    elements: str
  live:
    description: The hosts that are still in the play.
    type: list
    required: true
    elements: str
  run:
    description: The ID of this run of the play; what another one recorded does not count.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Look
  ansible.builtin.debug:
    msg: "{{ hostvars | savepoint.vsphere.patch_watch([], ansible_play_hosts, '') }}"
"""

RETURN = r"""
_value:
  description:
    - C(first), the host that stays, C(under_way), the hosts that are in the middle of it, and C(lost), those that
      have a snapshot,
      are not in the play any more, and were not settled.
  type: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any


def patch_watch(hostvars: Mapping[str, Any], members: Sequence[str], live: Sequence[str], run: str) -> dict[str, Any]:
    """Who is where."""
    present = set(live)
    first = ""
    under_way: list[str] = []
    lost: list[str] = []
    for host in members:
        facts = hostvars[host]
        place = facts.get("patch_guard__at") or {}
        if place.get("run") != run:
            continue
        if place.get("settled"):
            if not first and place.get("waiting") and host in present:
                first = host
        elif host in present:
            under_way.append(host)
        elif (facts.get("pre_patch_result") or {}).get("guarded"):
            lost.append(host)
    return {"first": first, "under_way": under_way, "lost": lost}


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Its name."""
        return {"patch_watch": patch_watch}
