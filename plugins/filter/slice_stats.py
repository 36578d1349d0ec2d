# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The statistics of a job, under names that those of another slice do not have."""

from __future__ import annotations

DOCUMENTATION = r"""
name: slice_stats
short_description: Give statistics names that another slice of the job does not overwrite
version_added: 0.1.0
author:
  - Savepoint for vSphere contributors (@savepoint)
description:
  - AWX joins the artifacts of a job's slices by name, and the last one wins. So each statistic is there twice, under
    its own name, and under one that has a digest of the hosts of the play besides, since no other slice has these.
  - P(savepoint.vsphere.handed_on#filter) joins them again. Both are there for the roles of this collection.
positional: _input, hosts
options:
  _input:
    description: The statistics, dictionaries by name.
    type: dict
    required: true
  hosts:
    description: All hosts of the play.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Hand something on
  ansible.builtin.set_stats:
    data: "{{ {'seen': {inventory_hostname: true}} | savepoint.vsphere.slice_stats(ansible_play_hosts_all) }}"
"""

RETURN = r"""
_value:
  description: The statistics, each also under its name followed by C(__) and the digest.
  type: dict
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any


def slice_stats(stats: Mapping[str, Any], hosts: Sequence[str]) -> dict[str, Any]:
    """Each statistic twice."""
    digest = hashlib.sha256("\n".join(sorted(hosts)).encode()).hexdigest()[:12]
    return {**stats, **{f"{name}__{digest}": value for name, value in stats.items()}}


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Its name."""
        return {"slice_stats": slice_stats}
