# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Has a snapshot expired?"""

from __future__ import annotations

DOCUMENTATION = r"""
name: expired
short_description: Has a snapshot expired?
version_added: 0.1.0
author:
  - Savepoint for vSphere contributors (@savepoint)
description:
  - Whether the expiry that a snapshot was taken with has passed. One without an expiry never expires.
  - A snapshot that is on hold or protected may have expired too, and is kept all the same.
positional: _input, at
options:
  _input:
    description: A snapshot as M(savepoint.vsphere.snapshot_info) gives it.
    type: dict
    required: true
  at:
    description:
      - The time to compare with, ISO 8601 in UTC, such as V(2026-11-26T05:00:00Z). It is best to give
        RV(savepoint.vsphere.snapshot_info#module:vcenter_time), since expiry counts by vCenter's clock.
      - Left out, it is the clock of the machine that runs the playbook.
    type: str
"""

EXAMPLES = r"""
- name: Read the snapshots of a server
  savepoint.vsphere.snapshot_info:
    name: web-01
  register: info

- name: Show those that have expired
  ansible.builtin.debug:
    msg: "{{ info.snapshots | select('savepoint.vsphere.expired', info.vcenter_time) | map(attribute='name') }}"

- name: None may have expired
  ansible.builtin.assert:
    that: item is not savepoint.vsphere.expired
  loop: "{{ info.snapshots }}"
"""

RETURN = r"""
_value:
  description: Whether it has expired.
  type: bool
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.savepoint.vsphere.plugins.module_utils._time import parse_time


def expired(snapshot: Any, at: str | None = None) -> bool:
    """Whether its expiry has passed."""
    if not isinstance(snapshot, Mapping) or "expires_at" not in snapshot:
        raise AnsibleFilterError("expired: this is not a snapshot of snapshot_info")
    if snapshot["expires_at"] is None:
        return False
    try:
        now = parse_time(at) if at is not None else datetime.now(timezone.utc)
        return parse_time(snapshot["expires_at"]) <= now
    except (TypeError, ValueError) as error:
        raise AnsibleFilterError(f"expired: {error}") from error


class TestModule:
    """The test."""

    def tests(self) -> dict[str, Callable[..., bool]]:
        """Its name."""
        return {"expired": expired}
