# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of timeout, the twin of _argspec.timeout_spec."""

from __future__ import annotations


class ModuleDocFragment:
    """The time limit of a VM's task."""

    DOCUMENTATION = r"""
options:
  timeout:
    description:
      - Seconds that a virtual machine's task may run, from its start in vCenter. Waiting in a queue does not count.
      - When it is over the virtual machine fails, with the task's ID. The task itself goes on in vCenter, and a rerun
        waits for it rather than starting it again.
    type: int
    default: 3600
"""
