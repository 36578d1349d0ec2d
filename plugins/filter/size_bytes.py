# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sizes for conditions in playbooks."""

from __future__ import annotations

DOCUMENTATION = r"""
name: size_bytes
short_description: Turn an amount of storage into bytes
version_added: 0.1.0
author:
  - Savepoint for vSphere contributors (@savepoint)
description:
  - Reads an amount as the modules of this collection do, and fails with their message if it is none.
positional: _input
options:
  _input:
    description: An amount such as V(50GiB), V(1.5TiB) or V(200GB). V(G) alone is V(GiB).
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Read the snapshots of a server
  savepoint.vsphere.snapshot_info:
    name: web-01
  register: info

- name: Show those that are bigger than a limit
  ansible.builtin.debug:
    msg: "{{ info.snapshots | selectattr('size_bytes', '>', '50GiB' | savepoint.vsphere.size_bytes) }}"
"""

RETURN = r"""
_value:
  description: The number of bytes.
  type: int
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.savepoint.vsphere.plugins.module_utils._bytes import parse_size
from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import InputError


def size_bytes(text: Any) -> int:
    """Bytes of an amount."""
    try:
        return parse_size(str(text), "size")
    except InputError as error:
        raise AnsibleFilterError(error.msg) from error


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Its name."""
        return {"size_bytes": size_bytes}
