# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the node of a workflow that takes snapshots hands on."""

from __future__ import annotations

DOCUMENTATION = r"""
name: pre_patch_stats
short_description: Gather what role pre_patch hands on to the next nodes of a workflow
version_added: 0.1.0
author:
  - Savepoint for vSphere contributors (@savepoint)
description:
  - It is there for the role C(savepoint.vsphere.pre_patch).
positional: _input, hosts
options:
  _input:
    description: The variables of the hosts, as C(hostvars) gives them, with the fact C(pre_patch_result).
    type: dict
    required: true
  hosts:
    description: The hosts to gather from.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Show what would be handed on
  ansible.builtin.debug:
    msg: "{{ hostvars | savepoint.vsphere.pre_patch_stats(ansible_play_batch) }}"
"""

RETURN = r"""
_value:
  description:
    - C(pre_patch_targets), by host the managed object IDs of the C(vm) and the C(snapshot), and
      C(pre_patch_outcome), by
      outcome (V(guarded), V(untouched)) and host the reason. Dictionaries, since those join those of other batches.
  type: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any


def pre_patch_stats(hostvars: Mapping[str, Any], hosts: Sequence[str]) -> dict[str, Any]:
    """The statistics."""
    targets: dict[str, dict[str, str]] = {}
    outcome: dict[str, dict[str, str]] = {"guarded": {}, "untouched": {}}
    for host in hosts:
        result = hostvars[host].get("pre_patch_result") or {}
        if not result.get("guarded"):
            outcome["untouched"][host] = str(result.get("reason") or "role pre_patch did not come to its end on it")
            continue
        snapshot = result.get("snapshot") or {}
        outcome["guarded"][host] = str(snapshot.get("kind") or "check mode: a snapshot would be taken")
        if snapshot.get("moid"):
            targets[host] = {"vm": str(result["vm"]["moid"]), "snapshot": str(snapshot["moid"])}
    return {"pre_patch_targets": targets, "pre_patch_outcome": outcome}


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Its name."""
        return {"pre_patch_stats": pre_patch_stats}
