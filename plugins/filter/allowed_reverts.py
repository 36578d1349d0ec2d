# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many of a number of machines a limit allows to be reverted."""

from __future__ import annotations

DOCUMENTATION = r"""
name: allowed_reverts
short_description: Turn a limit of reverts into a count
version_added: 0.1.0
author:
  - Savepoint for vSphere contributors (@savepoint)
description:
  - Reads a limit as O(savepoint.vsphere.snapshot_revert#module:max_reverts) does.
  - The module counts a percentage of the machines that it is given. This filter is for a caller that gives it only
    those that failed, and means a percentage of all of them.
positional: _input, total
options:
  _input:
    description: A count such as V(5), or a percentage such as V(20%), rounded down but at least one.
    type: str
    required: true
  total:
    description: The number of machines that the percentage is of.
    type: int
    required: true
"""

EXAMPLES = r"""
- name: Stop when too many have failed
  ansible.builtin.assert:
    that: failed | length <= '20%' | savepoint.vsphere.allowed_reverts(patched | length)
"""

RETURN = r"""
_value:
  description: The count.
  type: int
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import InputError
from ansible_collections.savepoint.vsphere.plugins.module_utils._quota import parse_quota


def allowed_reverts(limit: Any, total: int) -> int:
    """The count that a limit means."""
    try:
        return parse_quota(str(limit), "max_reverts").allowed(total)
    except InputError as error:
        raise AnsibleFilterError(error.msg) from error


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Its name."""
        return {"allowed_reverts": allowed_reverts}
