# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The snapshot tree as text."""

from __future__ import annotations

DOCUMENTATION = r"""
name: snapshot_tree
short_description: Draw a snapshot tree as text
version_added: 0.1.0
author:
  - Savepoint for vSphere contributors (@savepoint)
description:
  - Draws the snapshots of one virtual machine as an indented tree, with the place of the present marked.
  - It is the drawing that the modules give in diff mode.
positional: _input
options:
  _input:
    description:
      - One entry of the RV(savepoint.vsphere.snapshot_info#module:results), or its list of snapshots.
    type: raw
    required: true
"""

EXAMPLES = r"""
- name: Read the snapshots of a server
  savepoint.vsphere.snapshot_info:
    name: web-01
  register: info

- name: Draw them
  ansible.builtin.debug:
    msg: "{{ info.snapshots | savepoint.vsphere.snapshot_tree | split('\n') }}"
"""

RETURN = r"""
_value:
  description: The drawing, one snapshot on a line.
  type: str
  sample: |
    - CHG0031337 #1 [crash_consistent, set=CHG0031337, expires=2026-11-26T02:00:00Z]
        * you are here
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError


def snapshot_tree(given: Any) -> str:
    """Draw an entry of snapshot_info, or a list of snapshots."""
    # Ansible loads all filters in each process that uses one of them, and this needs much.
    from ansible_collections.savepoint.vsphere.plugins.module_utils._drawing import drawn  # noqa: PLC0415

    snapshots = given.get("snapshots") if isinstance(given, Mapping) else given
    if isinstance(snapshots, str) or not isinstance(snapshots, Sequence):
        raise AnsibleFilterError("snapshot_tree: this is neither a list of snapshots nor a result of snapshot_info")
    try:
        return drawn(snapshots)
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
        raise AnsibleFilterError(f"snapshot_tree: this is not a snapshot of snapshot_info: {error!r}") from error


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Its name."""
        return {"snapshot_tree": snapshot_tree}
