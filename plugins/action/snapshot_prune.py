# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's part of snapshot_prune: live progress, and a hint for what stands beside the policy."""

from __future__ import annotations

from typing import Any

from ansible_collections.savepoint.vsphere.plugins.module_utils._policy import policy_spec
from ansible_collections.savepoint.vsphere.plugins.plugin_utils.progress import ProgressAction


class ActionModule(ProgressAction):
    """Runs the module and tells how far it is."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Refuse keys of the policy that are given as options. Ansible would, too, but not say where they belong."""
        keys = [key for key in policy_spec() if key in self._task.args]
        if keys:
            msg = f"this belongs below policy, not beside it: {', '.join(keys)}; nothing was changed"
            return {"failed": True, "changed": False, "msg": msg}
        return super().run(tmp, task_vars)
