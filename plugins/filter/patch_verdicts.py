# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which hosts of a batch passed, and which failed."""

from __future__ import annotations

DOCUMENTATION = r"""
name: patch_verdicts
short_description: Sort hosts by what role patch_guard recorded of them
version_added: 0.1.0
author:
  - Savepoint for vSphere contributors (@savepoint)
description:
  - A host that has a snapshot and is not in the play any more, without a record that it passed, failed.
  - Where the hosts do not go from task to task together, one that is still under way is neither.
  - It is there for the role C(savepoint.vsphere.patch_guard).
positional: _input, members, live, run
options:
  _input:
    description: The variables of the hosts, as C(hostvars) gives them, with the facts that the role sets.
    type: dict
    required: true
  members:
    description: The hosts that the role began on.
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
- name: Sort them
  ansible.builtin.debug:
    msg: "{{ hostvars | savepoint.vsphere.patch_verdicts([], ansible_play_hosts, '') }}"
"""

RETURN = r"""
_value:
  description:
    - C(passed), a list, C(failed), by host the reason, C(reverted), those of them that an earlier run rolled back, and
      C(guarded), how many have a snapshot or may still get one.
  type: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.savepoint.vsphere.plugins.plugin_utils.told import LOST, harmless, why


def patch_verdicts(hostvars: Mapping[str, Any], members: Sequence[str], live: Sequence[str], run: str) -> Any:
    """The hosts, sorted."""
    passed: list[str] = []
    failed: dict[str, str] = {}
    reverted: list[str] = []
    guarded = 0
    present = set(live)
    for host in members:
        facts = hostvars[host]
        if (facts.get("patch_guard__at") or {}).get("run") != run:
            continue
        result = facts.get("pre_patch_result") or {}
        verdict = facts.get("patch_guard_verdict") or {}
        has = bool(result.get("guarded"))
        # One that is still in the play and has no reason against it may yet get its snapshot.
        guarded += has or (host in present and not result.get("reason"))
        if not has:
            continue
        if verdict.get("passed"):
            passed.append(host)
        elif verdict or host not in present:
            failed[host] = why(verdict) if verdict else LOST
            if result.get("phase") == "reverted":
                reverted.append(host)
    return harmless({"passed": passed, "failed": failed, "reverted": reverted, "guarded": guarded})


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Its name."""
        return {"patch_verdicts": patch_verdicts}
