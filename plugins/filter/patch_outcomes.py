# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What became of each host of a batch."""

from __future__ import annotations

DOCUMENTATION = r"""
name: patch_outcomes
short_description: Say what became of each host that role patch_guard worked on
version_added: 0.1.0
author:
  - Savepoint for vSphere contributors (@savepoint)
description:
  - Joins what each host recorded with what vCenter answered to the reverts and the removals.
  - It is there for the role C(savepoint.vsphere.patch_guard).
positional: _input
options:
  _input:
    description: The variables of the hosts, as C(hostvars) gives them, with the facts that the role sets.
    type: dict
    required: true
  members:
    description: The hosts of the batch.
    type: list
    elements: str
    required: true
  reverts:
    description: For each host that was to be rolled back, the entry of M(savepoint.vsphere.snapshot_revert).
    type: dict
    default: {}
  revert_msg:
    description: What the whole call said, for hosts without an entry of their own.
    type: str
    default: ''
  removals:
    description: For each host whose snapshot was to be removed, the entry of M(savepoint.vsphere.snapshot).
    type: dict
    default: {}
  removal_msg:
    description: What the whole call said, for hosts without an entry of their own.
    type: str
    default: ''
  stopped:
    description: Why nothing was rolled back and nothing removed; empty if that did not happen.
    type: str
    default: ''
  keep:
    description: Whether the snapshots of hosts that passed are left to their expiry.
    type: bool
    default: false
  fail_recovered:
    description: Whether a host that was rolled back and is healthy again ends as failed.
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
    msg: "{{ hostvars | savepoint.vsphere.patch_outcomes(members=ansible_play_batch) }}"
"""

RETURN = r"""
_value:
  description:
    - For each host its C(outcome) (V(committed), V(recovered), V(reverted), V(failed) or V(untouched)), the C(reason),
      whether it ends as C(failed), and its C(vm) with C(name) and C(moid).
  type: dict
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

try:
    from ansible.utils.unsafe_proxy import wrap_var
except ImportError:  # Gone from an ansible-core that trusts no text of a plugin as a template anyway.

    def wrap_var(v: Any) -> Any:
        """Nothing to do."""
        return v


Facts = Mapping[str, Any]
STAGES = {"readiness": "not ready", "snapshot": "no snapshot", "patch": "patching failed", "verify": "unhealthy"}


@dataclass(frozen=True)
class Outcome:
    """What became of one host."""

    outcome: str
    reason: str
    failed: bool = True


@dataclass(frozen=True)
class Settled:
    """What was done about the batch; the options of the filter."""

    reverts: Facts = field(default_factory=dict)
    revert_msg: str = ""
    removals: Facts = field(default_factory=dict)
    removal_msg: str = ""
    stopped: str = ""
    keep: bool = False
    fail_recovered: bool = True
    check_mode: bool = False


def patch_outcomes(hostvars: Facts, members: Sequence[str], **settled: Any) -> dict[str, Any]:
    """The outcome of each host."""
    done = Settled(**settled)
    told = {}
    for host in members:
        facts = hostvars[host]
        vm = facts.get("patch_guard__vm") or {}
        told[host] = {
            **asdict(_one_line(_outcome(host, facts, done))),
            "vm": {"name": vm.get("name"), "moid": vm.get("moid")},
        }
    # The reasons hold text from vCenter and the guests, which must never be taken for a template.
    marked: dict[str, Any] = wrap_var(told)
    return marked


def _outcome(host: str, facts: Facts, done: Settled) -> Outcome:
    verdict = facts.get("patch_guard_verdict") or {}
    passed = bool(verdict.get("passed"))
    why = _why(verdict)
    if not facts.get("patch_guard__guarded"):
        return Outcome("untouched", why)
    if done.check_mode:
        return Outcome("untouched", "check mode: it would be patched", False) if passed else Outcome("untouched", why)
    if done.stopped:
        return Outcome("failed", f"{'it passed' if passed else why}; {done.stopped}")
    return _passed(host, done) if passed else _rolled_back(host, facts, done, why)


def _one_line(outcome: Outcome) -> Outcome:
    # A line break in foreign text would make a line of the summary that looks like another host's.
    plain = "".join(char if char.isprintable() else " " for char in outcome.reason)
    return replace(outcome, reason=" ".join(plain.split()))


def _why(verdict: Facts) -> str:
    if not verdict:
        return "lost: it became unreachable, or left the play, while it was patched or verified"
    return f"{STAGES.get(verdict['stage'], verdict['stage'])}: {verdict.get('reason', '')}"


def _passed(host: str, done: Settled) -> Outcome:
    if done.keep:
        return Outcome("committed", "patched and verified; its snapshot stays until it expires", False)
    problem = _not_removed(host, done)
    if problem:
        return Outcome("failed", f"patched and verified, but its snapshot is still there: {problem}")
    return Outcome("committed", "patched and verified; its snapshot is removed", False)


def _rolled_back(host: str, facts: Facts, done: Settled, why: str) -> Outcome:
    entry = done.reverts.get(host) or {}
    if not entry.get("changed"):
        said = entry.get("msg", "") if entry.get("status") == "failed" else done.revert_msg
        return Outcome("failed", f"{why}; NOT rolled back: {said or 'vCenter could not be asked'}")
    health = facts.get("patch_guard__health") or {}
    if not health.get("passed"):
        still = health.get("reason") or "it could not be verified again, since it had left the play"
        problem = f" ({entry['msg']})" if entry.get("status") == "failed" else ""
        return Outcome("reverted", f"{why}; rolled back{problem}, but {still}; its snapshot is kept")
    problem = "" if done.keep else _not_removed(host, done)
    left = f", but its snapshot is still there: {problem}" if problem else ""
    return Outcome("recovered", f"{why}; rolled back and healthy again{left}", done.fail_recovered or bool(left))


def _not_removed(host: str, done: Settled) -> str:
    entry = done.removals.get(host) or {}
    if entry.get("status") in ("changed", "ok"):
        return ""
    said = entry.get("msg", "") if entry.get("status") == "failed" else done.removal_msg
    return said or "vCenter could not be asked"


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Its name."""
        return {"patch_outcomes": patch_outcomes}
