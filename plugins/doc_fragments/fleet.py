# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of limits and progress, the twin of _argspec.fleet_spec."""

from __future__ import annotations


class ModuleDocFragment:
    """How many virtual machines are worked on at once, and whether people are told how far it is."""

    DOCUMENTATION = r"""
options:
  limits:
    description:
      - How many virtual machines are worked on at once. What is expected to take longest begins first.
      - The snapshot tasks of others that vCenter shows as running count in, among them those of other controllers and
        AWX job slices. They are looked at every few seconds, so for a moment a limit may be exceeded.
      - A number below 1 is an error before anything is changed.
    type: dict
    suboptions:
      vcenter:
        description:
          - In the whole vCenter, or ESXi host. vCenter itself begins to queue at some 640 operations; the default
            leaves room for others.
        type: int
        default: 256
      host:
        description:
          - On each ESXi host. Only what moves data counts, which is removals, consolidation, and snapshots of memory
            and reverts to them. Snapshots of disks alone touch a few small files.
        type: int
        default: 8
      datastore:
        description:
          - On each datastore that a virtual machine has files on. The same counts as for a host.
          - VMware publishes no number. The default keeps merges from crowding an array; slow storage may want less.
        type: int
        default: 8
  progress:
    description:
      - Whether a task that lasts longer than 5 seconds says how far it is, in a line every few seconds.
      - The lines appear where the module runs on the controller. They go to standard error, so that what a callback
        writes to standard output stays as it is.
    type: bool
    default: true
"""
