# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""On which hosts of a workflow the change failed."""

from __future__ import annotations

DOCUMENTATION = r"""
name: workflow_verdicts
short_description: Tell on which hosts of a workflow the change failed
version_added: 0.1.0
author:
  - Savepoint for vSphere contributors (@savepoint)
description:
  - It looks at what the nodes with the playbooks C(pre_patch), C(patch) and C(verify) have handed on, from all slices.
  - A host that has a snapshot, but no verdict of both patch and verify, is not known to have failed nor to be healthy.
  - It is there for the playbook C(savepoint.vsphere.rollback).
positional: _input
options:
  _input:
    description: The variables of a host, as an entry of C(hostvars) gives them.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show on which hosts it failed
  ansible.builtin.debug:
    msg: "{{ (hostvars[inventory_hostname] | savepoint.vsphere.workflow_verdicts).failed }}"
"""

RETURN = r"""
_value:
  description:
    - C(failed), by host why, C(healthy), the hosts that passed, and C(unknown), those that have a snapshot and
      no verdict.
  type: dict
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.savepoint.vsphere.plugins.filter.handed_on import handed_on


def workflow_verdicts(variables: Mapping[str, Any]) -> dict[str, Any]:
    """The hosts of the change, sorted."""
    patched = handed_on(variables, "patch_outcome")
    verified = handed_on(variables, "verify_outcome")
    failed: dict[str, str] = {}
    healthy, unknown = [], []
    for host in handed_on(variables, "pre_patch_targets"):
        verdicts = [told[host] for told in (patched, verified) if host in told]
        bad = next((one for one in verdicts if not one.get("passed")), None)
        if bad is not None:
            failed[host] = str(bad.get("reason") or "it did not pass")
        elif len(verdicts) == 2:
            healthy.append(host)
        else:
            unknown.append(host)
    return {"failed": failed, "healthy": healthy, "unknown": unknown}


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Its name."""
        return {"workflow_verdicts": workflow_verdicts}
