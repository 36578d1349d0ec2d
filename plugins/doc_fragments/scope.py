# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of scope, the twin of _argspec.scope_spec."""

from __future__ import annotations


class ModuleDocFragment:
    """A part of the inventory."""

    DOCUMENTATION = r"""
options:
  scope:
    description:
      - Selects the virtual machines of a part of the inventory, in place of naming each.
      - All keys that are set must hold.
      - A scope in which no key is set is an error, since an omitted variable must never mean everything.
    type: dict
    suboptions:
      datacenter:
        description: Name of a datacenter.
        type: str
      cluster:
        description: Name of a cluster.
        type: str
      folder:
        description: Path of a folder; what is below it counts too.
        type: str
      name_pattern:
        description: Shell pattern that the whole name must match, for example V(web-*). Case matters.
        type: str
      all:
        description: Everything that the account can see. Excludes the other keys.
        type: bool
"""
