# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sizes for people."""

from __future__ import annotations

DOCUMENTATION = r"""
name: size_text
short_description: Write bytes for people
version_added: 0.1.0
author:
  - Savepoint for vSphere contributors (@savepoint)
description:
  - Writes a number of bytes the way the messages of this collection do, in units of 1024, such as C(1.5 GiB).
  - P(savepoint.vsphere.size_bytes#filter) is the way back.
positional: _input
options:
  _input:
    description: The number of bytes.
    type: int
    required: true
"""

EXAMPLES = r"""
- name: Read the snapshots of a server
  savepoint.vsphere.snapshot_info:
    name: web-01
  register: info

- name: Show what they take together
  ansible.builtin.debug:
    msg: "{{ info.snapshots | map(attribute='size_bytes') | select('number') | sum | savepoint.vsphere.size_text }}"
"""

RETURN = r"""
_value:
  description: The amount with its unit.
  type: str
  sample: 1.5 GiB
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.savepoint.vsphere.plugins.module_utils._bytes import format_size
from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import shown


def size_text(amount: Any) -> str:
    """Bytes in words."""
    if isinstance(amount, bool) or not isinstance(amount, (int, float)):
        raise AnsibleFilterError(f"size_text: {shown(amount)} is not a number of bytes")
    try:
        return format_size(int(amount))
    except (OverflowError, ValueError) as error:  # Infinite, or none at all.
        raise AnsibleFilterError(f"size_text: {shown(amount)} is not a number of bytes") from error


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Its name."""
        return {"size_text": size_text}
