# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The outcomes of a run of role patch_guard as statistics."""

from __future__ import annotations

DOCUMENTATION = r"""
name: outcome_stats
short_description: Turn outcomes by host into statistics by outcome
version_added: 0.1.0
author:
  - Savepoint for vSphere contributors (@savepoint)
description:
  - Dictionaries of host and reason, not lists, since Ansible joins those of several batches and hosts.
  - It is there for the role C(savepoint.vsphere.patch_guard).
positional: _input
options:
  _input:
    description: What P(savepoint.vsphere.patch_outcomes#filter) gave.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show it
  ansible.builtin.debug:
    msg: "{{ {} | savepoint.vsphere.outcome_stats }}"
"""

RETURN = r"""
_value:
  description:
    - C(patch_guard_outcome), by outcome and host the reason.
  type: dict
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.savepoint.vsphere.plugins.plugin_utils.told import OUTCOMES, harmless


def outcome_stats(outcomes: Mapping[str, Mapping[str, Any]]) -> Any:
    """The statistics."""
    sorted_out = {
        word: {host: told["reason"] for host, told in outcomes.items() if told["outcome"] == word} for word in OUTCOMES
    }
    return harmless({"patch_guard_outcome": sorted_out})


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Its name."""
        return {"outcome_stats": outcome_stats}
