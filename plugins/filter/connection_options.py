# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of a connection by their own names, with or without its password."""

from __future__ import annotations

DOCUMENTATION = r"""
name: connection_options
short_description: Tell which vCenter a connection leads to, without its password
version_added: 0.1.0
author:
  - Savepoint for vSphere contributors (@savepoint)
description:
  - Takes a dictionary of the connection options of the modules, and gives them by their own names, whatever aliases
    were used. Of an option and its alias the alias counts, as in the modules.
  - The password, by whatever name, is left out unless it is asked for, and so is every key that is no option.
  - It is there for the roles of this collection.
positional: _input
options:
  _input:
    description: The connection options, such as the variable C(savepoint_connection).
    type: dict
    required: true
  password:
    description: Whether to give the password as well, and keys that are no options, which the modules then refuse.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Show where the machines of this host are
  ansible.builtin.debug:
    msg: "{{ savepoint_connection | savepoint.vsphere.connection_options }}"
"""

RETURN = r"""
_value:
  description: The options that are set, always in the same order.
  type: dict
  sample: {hostname: vcenter.example.com, username: operator, port: 443}
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.savepoint.vsphere.plugins.module_utils._argspec import connection_spec


def connection_options(given: Any, password: bool = False) -> dict[str, Any]:
    """The options, without those that are null."""
    if not isinstance(given, Mapping):
        raise AnsibleFilterError("a connection is a dictionary of options such as hostname and username")
    found: dict[str, Any] = {}
    names: set[str] = set()
    for option, spec in connection_spec().items():
        spellings = [option, *spec.get("aliases", [])]
        names.update(spellings)
        told = [given[name] for name in spellings if given.get(name) is not None]
        if told and (password or not spec.get("no_log")):
            found[option] = told[-1]
    others = {name: value for name, value in given.items() if name not in names} if password else {}
    return {**found, **others}


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Its name."""
        return {"connection_options": connection_options}
