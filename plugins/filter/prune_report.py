# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What snapshot_prune would do or has done, short enough to be read."""

from __future__ import annotations

DOCUMENTATION = r"""
name: prune_report
short_description: Sum up what snapshot_prune would do or has done
version_added: 0.1.0
author:
  - Savepoint for vSphere contributors (@savepoint)
description:
  - Makes figures, and lines by datastore and by virtual machine, of a result of M(savepoint.vsphere.snapshot_prune).
positional: _input
options:
  _input:
    description:
      - The result. With O(savepoint.vsphere.snapshot_prune#module:report) V(changed) it has all that is needed.
    type: dict
    required: true
  approve:
    description: Removals that are allowed, a count such as V(50), or a percentage of the snapshots such as V(20%).
    type: str
  shown:
    description: How many virtual machines get a line of their own; those that give back most.
    type: int
    default: 20
"""

EXAMPLES = r"""
- name: Show what would go
  ansible.builtin.debug:
    msg: "{{ (planned | savepoint.vsphere.prune_report).lines }}"
"""

RETURN = r"""
_value:
  description:
    - C(snapshots) that were looked at; C(removed) of them, on C(vms) virtual machines, which gives back about
      C(frees_bytes), or C(frees) for people; C(failed), the reason for each virtual machine that failed;
      C(targets), those that lose snapshots or failed, as the modules take them in C(vms).
    - C(allowed), the count that O(approve) means, and C(exceeded), whether there are more removals than that.
    - C(lines) for people.
  type: dict
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.savepoint.vsphere.plugins.module_utils._bytes import format_size
from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import InputError
from ansible_collections.savepoint.vsphere.plugins.module_utils._quota import parse_quota


def prune_report(result: Mapping[str, Any], approve: Any = None, shown: int = 20) -> dict[str, Any]:
    """Figures and lines."""
    entries = list(result.get("results") or ())
    pruned = [entry for entry in entries if entry.get("removed")]
    pruned.sort(key=lambda entry: (-_frees(entry), entry["vm"]["name"]))
    removed = sum(len(entry["removed"]) for entry in pruned)
    snapshots = (result.get("totals") or {}).get("snapshots", 0)
    failed = [entry for entry in entries if entry["status"] == "failed"]
    allowed = _allowed(approve, snapshots)
    frees = sum(_frees(entry) for entry in pruned)
    return {
        "snapshots": snapshots,
        "removed": removed,
        "vms": len(pruned),
        "frees_bytes": frees,
        "frees": format_size(frees),
        "targets": [{"moid": entry["vm"]["moid"]} for entry in entries if entry.get("vm") and entry["status"] != "ok"],
        "failed": {_who(entry): _line(entry["msg"]) for entry in failed},
        "allowed": allowed,
        "exceeded": allowed is not None and removed > allowed,
        "lines": [
            *map(_datastore, result.get("datastores") or ()),
            *map(_machine, pruned[:shown]),
            *_rest(pruned[shown:]),
            *(f"FAILED {_who(entry)}: {_line(entry['msg'])}" for entry in failed),
        ],
    }


def _allowed(approve: Any, snapshots: int) -> int | None:
    if approve is None:
        return None
    try:
        return parse_quota(str(approve), "approve").allowed(snapshots)
    except InputError as error:
        raise AnsibleFilterError(error.msg) from error


def _datastore(store: Mapping[str, Any]) -> str:
    gain = f"datastore {_line(store['name'])}: about {format_size(store['frees_bytes'])} comes back"
    if store["free_bytes"] is None:
        return gain
    return f"{gain}, {format_size(store['free_bytes'])} of {format_size(store['capacity_bytes'])} was free"


def _machine(entry: Mapping[str, Any]) -> str:
    gone = "; ".join(f"{_line(one['name'])} ({_line(', '.join(one['reasons']))})" for one in entry["removed"])
    there = len(entry["removed"]) + len(entry["kept"])
    return f"{_who(entry)}: {len(entry['removed'])} of {there}, about {format_size(_frees(entry))}: {gone}"


def _rest(entries: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if entries:
        count = sum(len(entry["removed"]) for entry in entries)
        yield f"and {count} on {len(entries)} more, about {format_size(sum(map(_frees, entries)))}"


def _frees(entry: Mapping[str, Any]) -> int:
    return sum(one["frees_bytes"] for one in entry["removed"])


def _who(entry: Mapping[str, Any]) -> str:
    vm = entry["vm"]
    return f"{_line(vm['name'])} ({vm['moid']})" if vm else _line(entry["selector"])


def _line(text: Any) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in str(text)).split())


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Any]:
        """Its name."""
        return {"prune_report": prune_report}
