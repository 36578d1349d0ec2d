# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Has a module run from where this collection is installed, on a machine where it is.

Ansible packs a module with all that it imports, for which it parses every file, and Python compiles them all again when
the module starts: for this collection that takes longer than a call for one virtual machine. So Ansible packs a small
module instead, which imports the one that is meant from the collection's folder. There Python keeps what it compiles.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ansible.plugins.action.normal import ActionModule as NormalAction
from ansible.plugins.loader import module_loader

# By this name Ansible looks for it in the folder added below also where a role or a task names its collections.
LAUNCHER = "ansible.legacy.savepoint_launch"
# The launcher takes this key out before the module sees its options.
KEY = "_savepoint_launch"
# Not resolved: a link is where the collection is installed.
HERE = os.path.dirname(os.path.abspath(__file__))


def launched(module: str, action: str, options: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Name and options of what is to run for this module, which messages call by its ``action``."""
    module_loader.add_directory(os.path.join(HERE, "launch"))
    return LAUNCHER, {**options, KEY: {"module": module, "action": action, "plugins": os.path.dirname(HERE)}}


class InstalledAction(NormalAction):
    """Runs the module of its own name as any module runs; from where it is installed, if it runs on this machine."""

    def _execute_module(
        self, module_name: str | None = None, module_args: dict[str, Any] | None = None, **more: Any
    ) -> dict[str, Any]:
        # Another user may not be allowed to read it there.
        if module_name is None and self._connection.transport == "local" and self._connection.become is None:
            options = self._task.args if module_args is None else module_args
            name = type(self).__module__.rpartition(".")[2]
            module_name, module_args = launched(name, self._task.action, options)
        result: dict[str, Any] = super()._execute_module(module_name=module_name, module_args=module_args, **more)
        return result
