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
  - Joins what each host recorded with what became of the rollback and the commit.
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
  rollbacks:
    description: What role C(savepoint.vsphere.rollback) left in C(rollback_outcomes).
    type: dict
    default: {}
  commits:
    description: What role C(savepoint.vsphere.commit) left in C(commit_outcomes).
    type: dict
    default: {}
  stopped:
    description: Why nothing was rolled back and nothing removed; empty if that did not happen.
    type: str
    default: ''
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
      whether it ends as C(failed), its C(vm) with C(name) and C(moid), and as C(fallback) why its snapshot was of a
      weaker kind than asked for, empty if it was not.
  type: dict
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ansible_collections.savepoint.vsphere.plugins.plugin_utils.told import LOST, harmless, one_line, why

Facts = Mapping[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What became of one host."""

    outcome: str
    reason: str
    failed: bool = True


@dataclass(frozen=True)
class Settled:
    """What was done about the batch; the options of the filter."""

    rollbacks: Mapping[str, Facts] = field(default_factory=dict)
    commits: Mapping[str, Facts] = field(default_factory=dict)
    stopped: str = ""
    fail_recovered: bool = True
    check_mode: bool = False


def patch_outcomes(hostvars: Facts, members: Sequence[str], **settled: Any) -> Any:
    """The outcome of each host."""
    done = Settled(**settled)
    told = {}
    for host in members:
        facts = hostvars[host]
        outcome = _outcome(host, facts, done)
        ready = facts.get("pre_patch_result") or {}
        vm = ready.get("vm") or {}
        told[host] = {
            **asdict(outcome),
            "reason": one_line(outcome.reason),
            "vm": {"name": vm.get("name"), "moid": vm.get("moid")},
            "fallback": one_line(str(ready.get("fallback") or "")),
        }
    return harmless(told)


def _outcome(host: str, facts: Facts, done: Settled) -> Outcome:
    result = facts.get("pre_patch_result") or {}
    verdict = facts.get("patch_guard_verdict") or {}
    passed = bool(verdict.get("passed"))
    if not result.get("guarded"):
        return Outcome(
            "untouched", why(result) if result.get("reason") else "it left the play before it had a snapshot"
        )
    reason = why(verdict) if verdict else LOST
    if done.check_mode:
        return Outcome("untouched", "check mode: it would be patched" if passed else reason, not passed)
    if done.stopped:
        return Outcome("failed", f"{'it passed' if passed else reason}; {done.stopped}, and nothing was committed")
    back = done.rollbacks.get(host)
    if back is not None:
        return _rolled_back(back, done.commits.get(host), done)
    return _passed(done.commits.get(host)) if passed else Outcome("failed", f"{reason}; NOT rolled back")


def _passed(commit: Facts | None) -> Outcome:
    if commit is None:
        return Outcome("failed", "patched and verified, but nobody tried to commit it")
    if not commit["committed"]:
        return Outcome("failed", f"patched and verified, but {commit['reason']}")
    return Outcome("committed", f"patched and verified; {commit['reason']}", False)


def _rolled_back(back: Facts, commit: Facts | None, done: Settled) -> Outcome:
    if back["outcome"] != "recovered":
        kept = "; its snapshot is kept" if back["outcome"] == "reverted" else ""
        return Outcome(back["outcome"], f"{back['reason']}{kept}")
    left = "" if commit is None or commit["committed"] else f", but {commit['reason']}"
    return Outcome("recovered", f"{back['reason']}{left}", done.fail_recovered or bool(left))


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Its name."""
        return {"patch_outcomes": patch_outcomes}
