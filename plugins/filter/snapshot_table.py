# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Snapshots of many machines as a table."""

from __future__ import annotations

DOCUMENTATION = r"""
name: snapshot_table
short_description: Make a table of snapshots
version_added: 0.1.0
author:
  - Savepoint for vSphere contributors (@savepoint)
description:
  - Makes a table of the snapshots of one virtual machine or many, with a heading, for a log, a mail or a ticket.
  - The columns are C(vm), C(snapshot), C(id), C(created_at), C(age), C(size), C(kind), C(set), C(expires_at) and
    C(notes), which says C(current), C(hold) and C(foreign). A column in which nothing stands is left out.
  - Names and other text from vCenter stay on their line, and have no meaning as markup.
positional: _input
options:
  _input:
    description:
      - A result of M(savepoint.vsphere.snapshot_info), entries of its
        RV(savepoint.vsphere.snapshot_info#module:results), a list of snapshots, or what the lookup
        P(savepoint.vsphere.snapshots#lookup) gives.
    type: raw
    required: true
  format:
    description:
      - V(text) aligns the columns, V(markdown) makes a table of Markdown.
      - V(rows) gives a list of dictionaries instead, each with all columns, which are null where there is nothing.
    type: str
    choices: [text, markdown, rows]
    default: text
"""

EXAMPLES = r"""
- name: Read the snapshots of two servers
  savepoint.vsphere.snapshot_info:
    vms: [web-01, web-02]
  register: info

- name: Show them
  ansible.builtin.debug:
    msg: "{{ (info | savepoint.vsphere.snapshot_table).splitlines() }}"

- name: Show the names of those that are not ours
  ansible.builtin.debug:
    msg: "{{ info | savepoint.vsphere.snapshot_table(format='rows') | selectattr('notes', 'search', 'foreign') }}"
"""

RETURN = r"""
_value:
  description: The table, or the rows.
  type: raw
  sample: |
    vm      snapshot    id  age   size     kind              set
    web-01  CHG0031337  4   3d4h  1.5 GiB  crash_consistent  CHG0031337
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.savepoint.vsphere.plugins.module_utils._table import markdown_table, rows, text_table

FORMATS: dict[str, Callable[[list[dict[str, Any]]], Any]] = {
    "text": text_table,
    "markdown": markdown_table,
    "rows": list,
}


def snapshot_table(given: Any, format: str = "text") -> Any:  # noqa: A002 - what users write
    """Make the table."""
    if format not in FORMATS:
        raise AnsibleFilterError(f"snapshot_table: format is '{format}'; there are {', '.join(FORMATS)}")
    try:
        return FORMATS[format](rows(given))
    except KeyError as error:
        raise AnsibleFilterError(
            f"snapshot_table: this is not a snapshot of snapshot_info: {error} is missing"
        ) from error
    except (OverflowError, TypeError, ValueError) as error:
        raise AnsibleFilterError(f"snapshot_table: {error}") from error


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Its name."""
        return {"snapshot_table": snapshot_table}
