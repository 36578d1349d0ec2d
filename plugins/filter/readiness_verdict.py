# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a host may be touched, from what vCenter says of its VM."""

from __future__ import annotations

DOCUMENTATION = r"""
name: readiness_verdict
short_description: Say why a host is not ready to be patched
version_added: 0.1.0
author:
  - Savepoint for vSphere contributors (@savepoint)
description:
  - Weighs what M(savepoint.vsphere.snapshot_info) found with C(readiness) and a filter on C(snapshot_set).
  - It is there for the role C(savepoint.vsphere.patch_guard).
positional: _input
options:
  _input:
    description: One entry of the RV(savepoint.vsphere.snapshot_info#module:results).
    type: dict
    required: true
  ignore:
    description: Codes of blockers that do not count.
    type: list
    elements: str
    default: []
  max_age:
    description:
      - A snapshot of the set that is there already must not be older than this, such as V(24h). It is the one that a
        failure would be rolled back to.
    type: str
"""

EXAMPLES = r"""
- name: Ask vCenter
  savepoint.vsphere.snapshot_info:
    vms: [web-01]
    readiness: {}
  register: info

- name: Say why it is not ready
  ansible.builtin.debug:
    msg: "{{ info.results[0] | savepoint.vsphere.readiness_verdict(ignore=['independent_disk']) }}"
"""

RETURN = r"""
_value:
  description: Empty if the host is ready; else C(passed) (false), C(stage) (V(readiness)) and the C(reason).
  type: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import InputError
from ansible_collections.savepoint.vsphere.plugins.module_utils._time import parse_duration


def readiness_verdict(entry: Mapping[str, Any], ignore: Sequence[str] = (), max_age: Any = None) -> dict[str, Any]:
    """Empty for a host that is ready."""
    reason = _reason(entry, ignore, max_age)
    return {"passed": False, "stage": "readiness", "reason": reason} if reason else {}


def _reason(entry: Mapping[str, Any], ignore: Sequence[str], max_age: Any) -> str:
    readiness = entry.get("readiness")
    if entry.get("status") == "failed" or not readiness:
        return str(entry.get("msg") or "vCenter says nothing of it")
    found = [one for one in readiness["blockers"] if one["code"] not in ignore]
    if found:
        return "; ".join(f"{one['message']} (blocker {one['code']}: {one['remedy']})" for one in found)
    try:
        limit = parse_duration(str(max_age), "max_age").total_seconds() if max_age is not None else None
    except InputError as error:
        raise AnsibleFilterError(error.msg) from error
    for snapshot in entry["snapshots"]:
        if limit is not None and snapshot["age_seconds"] > limit:
            return (
                f"its snapshot of set '{snapshot['set']}' is from {snapshot['created_at']}, longer ago than {max_age}; "
                "remove it, or use a new set"
            )
    return ""


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Its name."""
        return {"readiness_verdict": readiness_verdict}
