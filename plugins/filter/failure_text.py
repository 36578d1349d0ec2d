# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why a task failed, in one line."""

from __future__ import annotations

DOCUMENTATION = r"""
name: failure_text
short_description: Say in one line why a task failed
version_added: 0.1.0
author:
  - Savepoint for vSphere contributors (@savepoint)
description:
  - Makes one line for a report of what Ansible keeps of a failed task for C(rescue).
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
    - name: Say why that failed
      ansible.builtin.debug:
        msg: "{{ ansible_failed_result | savepoint.vsphere.failure_text(ansible_failed_task) }}"
"""

RETURN = r"""
_value:
  description: The line, cut at 400 characters.
  type: str
  sample: "task 'Check the service': non-zero return code: nginx is not running"
"""

from collections.abc import Callable, Mapping
from typing import Any

LONGEST = 400


def failure_text(result: Mapping[str, Any], task: Mapping[str, Any] | None = None) -> str:
    """One line about a failed task."""
    about = task or {}
    name = _line(about.get("name") or about.get("action") or "")
    head = f"task '{name}'" if name else "a task"
    # Ansible hides such a result from its own output, but not from rescue.
    if about.get("no_log") or result.get("_ansible_no_log") or result.get("censored"):
        return f"{head} failed, and has no_log"
    said = _said(result)
    text = f"{head}: {said}" if said else f"{head} failed"
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."


def _said(result: Mapping[str, Any]) -> str:
    """The result's own words; for a loop those of the first item that failed."""
    items = result.get("results")
    if isinstance(items, list):
        bad = [item for item in items if isinstance(item, Mapping) and item.get("failed")]
        if bad:
            more = f" (and {len(bad) - 1} more items)" if len(bad) > 1 else ""
            return _said(bad[0]) + more
    parts = [_line(result.get("msg") or "")]
    # "non-zero return code" alone helps nobody at night; the end of the output says what happened.
    output = next((result[key] for key in ("stderr", "module_stderr", "stdout") if result.get(key)), "")
    lines = [line for line in str(output).splitlines() if line.strip()]
    if lines and _line(lines[-1]) not in parts[0]:
        parts.append(_line(lines[-1]))
    return ": ".join(part for part in parts if part)


def _line(text: Any) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in str(text)).split())


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Its name."""
        return {"failure_text": failure_text}
