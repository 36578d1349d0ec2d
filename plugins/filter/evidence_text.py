# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is kept of a guest before a revert."""

from __future__ import annotations

DOCUMENTATION = r"""
name: evidence_text
short_description: Write down what a guest said before it is reverted
version_added: 0.1.0
author:
  - Savepoint for vSphere contributors (@savepoint)
description:
  - Makes lines for people of the results of commands that were run in a loop.
  - It is there for the role C(savepoint.vsphere.rollback).
positional: _input, reason, told
options:
  _input:
    description: The results of the loop.
    type: list
    elements: dict
    required: true
  reason:
    description: Why the host goes back.
    type: str
    default: ''
  told:
    description: What other roles kept of their failure.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Show it
  ansible.builtin.debug:
    msg: "{{ [] | savepoint.vsphere.evidence_text('the app answers 500') }}"
"""

RETURN = r"""
_value:
  description: Lines of text. Of a command with more than 200 lines the last 200.
  type: list
  elements: str
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.savepoint.vsphere.plugins.plugin_utils.told import harmless, one_line

LONGEST = 200


def evidence_text(results: Sequence[Mapping[str, Any]], reason: str = "", told: Sequence[str] = ()) -> Any:
    """The lines."""
    lines = [f"Why it goes back: {one_line(reason)}"] if reason else []
    for text in told:
        lines += ["", *_lines(text)]
    for result in results:
        output = _lines(result.get("stdout") or "")
        if result.get("unreachable"):
            lines += ["", f"$ {result.get('item')}: the guest did not answer"]
        elif output and result.get("rc") == 0:
            lines += ["", f"$ {result.get('item')}", *output]
    return harmless(lines)


def _lines(text: Any) -> list[str]:
    return [one_line(line.expandtabs()) for line in str(text).splitlines()][-LONGEST:]


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Its name."""
        return {"evidence_text": evidence_text}
