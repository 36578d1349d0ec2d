# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What became of each host that was to be rolled back."""

from __future__ import annotations

DOCUMENTATION = r"""
name: rollback_outcomes
short_description: Say what became of each host that role rollback worked on
version_added: 0.1.0
author:
  - Savepoint for vSphere contributors (@savepoint)
description:
  - Joins what vCenter answered to the reverts with what each guest showed after it.
  - It is there for the role C(savepoint.vsphere.rollback).
positional: _input, scope, entries, stopped, verify, check_mode
options:
  _input:
    description: The variables of the hosts, as C(hostvars) gives them, with the facts that the role sets.
    type: dict
    required: true
  scope:
    description: What P(savepoint.vsphere.rollback_scope#filter) gave.
    type: dict
    required: true
  entries:
    description: By host, the entry of M(savepoint.vsphere.snapshot_revert).
    type: dict
    required: true
  stopped:
    description: Why nothing was rolled back; empty if that did not happen.
    type: str
    default: ''
  verify:
    description: Whether the hosts were verified after it.
    type: bool
    default: true
  check_mode:
    description: Whether nothing was really done.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Say what became of each host
  ansible.builtin.debug:
    msg: "{{ hostvars | savepoint.vsphere.rollback_outcomes({'wanted': [], 'reasons': {}}, {}) }}"
"""

RETURN = r"""
_value:
  description:
    - For each host its C(outcome), V(recovered) when it is healthy again, V(reverted) when it was rolled back and
      is not
      seen to be healthy, V(failed) when it was not rolled back, V(untouched) in check mode, and the C(reason) on
      one line.
  type: dict
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.savepoint.vsphere.plugins.plugin_utils.told import harmless, one_line

Facts = Mapping[str, Any]


def rollback_outcomes(
    hostvars: Facts,
    scope: Facts,
    entries: Mapping[str, Facts],
    stopped: str = "",
    verify: bool = True,
    check_mode: bool = False,
) -> Any:
    """The outcome of each host."""
    told = {}
    for host in scope["wanted"]:
        why = str(scope["reasons"].get(host) or "")
        if stopped:
            outcome, text = "failed", stopped
        else:
            healthy = (hostvars[host].get("rollback__healthy") or {}) if verify else {"passed": True, "reason": ""}
            outcome, text = _outcome(entries.get(host) or {}, healthy, verify, check_mode)
        told[host] = {"outcome": outcome, "reason": one_line(f"{why}; {text}" if why else text)}
    return harmless(told)


def _outcome(entry: Facts, healthy: Facts, verify: bool, check_mode: bool) -> tuple[str, str]:
    if entry.get("status", "failed") == "failed":
        return "failed", f"NOT rolled back: {entry.get('msg') or 'vCenter could not be asked'}"
    if check_mode:
        return "untouched", "check mode: it would be rolled back"
    done = "an earlier run had rolled it back" if entry.get("reverted_before") else "rolled back"
    if not healthy:
        return "reverted", f"{done}, and not verified since it is not in the play any more"
    if healthy.get("passed"):
        return "recovered", f"{done}, and healthy again" if verify else done
    return "reverted", f"{done}, but not healthy: {healthy.get('reason')}"


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Its name."""
        return {"rollback_outcomes": rollback_outcomes}
