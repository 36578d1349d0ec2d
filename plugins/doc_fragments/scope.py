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
      - A O(scope.datacenter), O(scope.cluster) or O(scope.folder) that is not there, or that several answer to, is an
        error that lists them by path and managed object ID.
      - A scope that holds no virtual machine is no error, and the result has a warning that says so.
    type: dict
    suboptions:
      datacenter:
        description:
          - Name of a datacenter, as the vSphere Client shows it, or its path from the root, for example V(/emea/DC0).
        type: str
      cluster:
        description:
          - Name of a cluster, or its path from the root, for example V(/DC0/host/C0).
          - With O(scope.datacenter) it is looked for there only.
        type: str
      folder:
        description:
          - Path of a folder, or of a datacenter; what is below it counts too.
          - The path may begin at the root (V(/DC0/vm/web)), at the datacenter, or below its vm folder (V(web)). With
            O(scope.datacenter) it is looked for there only.
          - Beginning with a slash and written as results show it, a path from the root has no other meaning. A slash
            inside of a name is then C(%2f), and a name that looks escaped has C(%25) for each percent sign.
        type: str
      name_pattern:
        description: Shell pattern that the whole name must match, for example V(web-*). Case matters.
        type: str
      all:
        description: Everything that the account can see. Excludes the other keys.
        type: bool
"""
