# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The outcomes that each host of a batch keeps of itself."""

from __future__ import annotations

DOCUMENTATION = r"""
name: patch_gathered
short_description: Gather the outcomes that each host of a batch keeps of itself
version_added: 0.1.0
author:
  - Savepoint for vSphere contributors (@savepoint)
description:
  - It is there for the role C(savepoint.vsphere.patch_guard), where hosts do not wait for each other.
positional: _input, members, run
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
  run:
    description: The ID of this run of the play; what another one recorded does not count.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show them
  ansible.builtin.debug:
    msg: "{{ hostvars | savepoint.vsphere.patch_gathered([], '') }}"
"""

RETURN = r"""
_value:
  description:
    - What P(savepoint.vsphere.patch_outcomes#filter) gives, for all of them.
  type: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.savepoint.vsphere.plugins.plugin_utils.told import harmless


def patch_gathered(hostvars: Mapping[str, Any], members: Sequence[str], run: str) -> Any:
    """The outcomes by host."""
    found: dict[str, Any] = {}
    for host in members:
        facts = hostvars[host]
        if (facts.get("patch_guard__at") or {}).get("run") == run:
            found.update(facts.get("patch_guard_outcomes") or {})
    return harmless(found)


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Its name."""
        return {"patch_gathered": patch_gathered}
