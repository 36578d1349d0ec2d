# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Text that is handed on, in which nothing is a template."""

from __future__ import annotations

DOCUMENTATION = r"""
name: literal_text
short_description: Break what would be a template in text that is handed on
version_added: 0.1.0
author:
  - Savepoint for vSphere contributors (@savepoint)
description:
  - Puts a space into each opening brace of a template, also in the values of lists and dictionaries.
  - What C(set_stats) hands to the next node of a workflow comes back as a variable, which Ansible would evaluate.
positional: _input
options:
  _input:
    description: The text, or a list or dictionary with texts.
    type: raw
    required: true
"""

EXAMPLES = r"""
- name: Show the text of a guest
  ansible.builtin.debug:
    msg: "{{ 'no template here' | savepoint.vsphere.literal_text }}"
"""

RETURN = r"""
_value:
  description: The same without a template.
  type: raw
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.savepoint.vsphere.plugins.module_utils._literal import broken
from ansible_collections.savepoint.vsphere.plugins.plugin_utils.told import harmless


def literal_text(value: Any) -> Any:
    """The value without templates."""
    return harmless(broken(value))


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Its name."""
        return {"literal_text": literal_text}
