# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the earlier nodes of a workflow hand on, those of all slices."""

from __future__ import annotations

DOCUMENTATION = r"""
name: handed_on
short_description: Join what all slices of an earlier node of a workflow hand on
version_added: 0.1.0
author:
  - Savepoint for vSphere contributors (@savepoint)
description:
  - The counterpart of P(savepoint.vsphere.slice_stats#filter).
  - It is there for the playbooks of this collection.
positional: _input, name
options:
  _input:
    description: The variables of a host, as an entry of C(hostvars) gives them.
    type: dict
    required: true
  name:
    description: The name of the statistic.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show the snapshots that the nodes before have taken
  ansible.builtin.debug:
    msg: "{{ hostvars[inventory_hostname] | savepoint.vsphere.handed_on('pre_patch_targets') }}"
"""

RETURN = r"""
_value:
  description: The statistic, by host. Empty if nothing is handed on.
  type: dict
"""

import re
from collections.abc import Callable, Mapping
from typing import Any


def handed_on(variables: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The statistic of all slices."""
    joined: dict[str, Any] = {}
    slices = [key for key in variables if re.fullmatch(re.escape(name) + "__[0-9a-f]{12}", str(key))]
    # Under the plain name the last slice alone is there, so those of the slices count.
    for key in slices or [name]:
        value = variables.get(key)
        if isinstance(value, Mapping):
            joined.update(value)
    return joined


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Its name."""
        return {"handed_on": handed_on}
