# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Durations for conditions in playbooks."""

from __future__ import annotations

DOCUMENTATION = r"""
name: duration_seconds
short_description: Turn a duration into seconds
version_added: 0.1.0
author:
  - Savepoint for vSphere contributors (@savepoint)
description:
  - Reads a duration as the modules of this collection do, and fails with their message if it is none.
positional: _input
options:
  _input:
    description: A duration such as V(72h), V(30d) or V(1h30m).
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Read the snapshots of a server
  savepoint.vsphere.snapshot_info:
    name: web-01
  register: info

- name: Find snapshots that are older than a limit
  ansible.builtin.debug:
    msg: "{{ info.snapshots | selectattr('age_seconds', '>', '72h' | savepoint.vsphere.duration_seconds) }}"
"""

RETURN = r"""
_value:
  description: The number of seconds.
  type: int
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import InputError
from ansible_collections.savepoint.vsphere.plugins.module_utils._time import parse_duration


def duration_seconds(text: Any) -> int:
    """Seconds of a duration."""
    try:
        return int(parse_duration(str(text), "duration").total_seconds())
    except InputError as error:
        raise AnsibleFilterError(error.msg) from error


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Its name."""
        return {"duration_seconds": duration_seconds}
