# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is kept of a failed task, in lines."""

from __future__ import annotations

DOCUMENTATION = r"""
name: failure_evidence
short_description: Keep what a failed task said
version_added: 0.1.0
author:
  - Savepoint for vSphere contributors (@savepoint)
description:
  - Makes lines for people of what Ansible keeps of a failed task for C(rescue), the task's name, its message and the
    ends of its outputs.
  - Of a task with C(no_log) it says nothing but the name.
positional: _input, task
options:
  _input:
    description: The result of the failed task, such as C(ansible_failed_result).
    type: dict
    required: true
  task:
    description: The failed task, such as C(ansible_failed_task).
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Update
  block:
    - name: Update the packages
      ansible.builtin.package:
        name: "*"
        state: latest
  rescue:
    - name: Say what it said
      ansible.builtin.debug:
        msg: "{{ (ansible_failed_result | savepoint.vsphere.failure_evidence(ansible_failed_task)).splitlines() }}"
"""

RETURN = r"""
_value:
  description: The lines. Of an output with more than 40 lines the last 40, of a line the first 400 characters.
  type: str
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.savepoint.vsphere.plugins.plugin_utils.told import harmless, one_line

LINES = 40
LONGEST = 400
ITEMS = 5
OUTPUTS = ("msg", "stderr", "stdout", "module_stderr", "module_stdout", "exception")


def failure_evidence(result: Mapping[str, Any], task: Mapping[str, Any] | None = None) -> Any:
    """The lines about a failed task."""
    about = task or {}
    name = one_line(str(about.get("name") or about.get("action") or ""))
    head = f"task '{name}' failed" if name else "a task failed"
    # Ansible hides such a result from its own output, but not from rescue.
    if about.get("no_log") or result.get("_ansible_no_log") or result.get("censored"):
        return harmless(f"{head}, and has no_log")
    items = result.get("results")
    parts = [result]
    if isinstance(items, list):
        parts += [item for item in items if isinstance(item, Mapping) and item.get("failed")][:ITEMS]
    lines = [head]
    for part in parts:
        # The items of a loop say it better than the loop, and one of them may have hidden its result.
        if not part.get("_ansible_no_log") and not part.get("censored"):
            lines += _said(part)
    return harmless("\n".join(lines))


def _said(result: Mapping[str, Any]) -> list[str]:
    lines: list[str] = []
    for key in OUTPUTS:
        told = [one_line(line.expandtabs())[:LONGEST] for line in str(result.get(key) or "").splitlines()]
        told = [line for line in told if line][-LINES:]
        if told:
            lines += [f"{key}: {told[0]}"] if len(told) == 1 else [f"{key}:", *(f"  {line}" for line in told)]
    return lines


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Its name."""
        return {"failure_evidence": failure_evidence}
