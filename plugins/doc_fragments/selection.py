# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of how VMs are selected, the twin of _argspec.selection_spec."""

from __future__ import annotations


class ModuleDocFragment:
    """One VM, or many."""

    DOCUMENTATION = r"""
options:
  name:
    description:
      - Name of the virtual machine. A name that more than one has is an error that lists them.
      - One of O(name), O(moid), O(uuid) and O(vms) is needed, unless the module has another way to select.
    type: str
  moid:
    description:
      - Managed object ID of the virtual machine, for example V(vm-42).
    type: str
  uuid:
    description:
      - BIOS UUID of the virtual machine, or its instance UUID with O(use_instance_uuid).
    type: str
  use_instance_uuid:
    description:
      - Whether O(uuid) is the instance UUID, which vCenter keeps unique, rather than the BIOS UUID.
    type: bool
    default: false
  folder:
    description:
      - Narrows O(name), and each name in O(vms) that has no folder of its own, to a folder and what is below it.
      - The path may begin at the root (V(/DC0/vm/web)) or below the datacenter's vm folder (V(web)).
    type: str
  folder_paths_are_absolute:
    description:
      - Whether O(folder) always begins at the root.
    type: bool
    default: false
  datacenter:
    description:
      - Narrows O(name), and each name in O(vms) that has no datacenter of its own, to a datacenter, by its name or its
        path from the root.
    type: str
  name_match:
    description:
      - Take the first or last, by managed object ID, where several virtual machines have the O(name).
      - Without it, that is an error.
    type: str
    choices: [first, last]
  vms:
    description:
      - The virtual machines to work on, in one call over one login.
      - Each entry is a name, or a dictionary of the options that select one virtual machine
        (O(name), O(moid), O(uuid), O(use_instance_uuid), O(folder), O(folder_paths_are_absolute), O(datacenter),
        O(name_match)).
      - Two entries that are the same virtual machine are an error, and so is an empty list.
    type: list
    elements: raw
  unresolved:
    description:
      - What happens when an entry, or the snapshot that is named on it, matches nothing or too much, or when entries
        are the same virtual machine.
      - With V(abort) nothing is changed anywhere.
      - With V(fail) that entry fails alone and the rest goes on.
    type: str
    choices: [abort, fail]
    default: abort
"""
