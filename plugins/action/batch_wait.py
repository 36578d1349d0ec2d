# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waits a while for other hosts of the play; see plugins/modules/batch_wait.py."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible import constants
from ansible.plugins.action import ActionBase

# Seconds between two looks.
PAUSE = 0.1


class ActionModule(ActionBase):
    """The action."""

    _requires_connection = False
    _VALID_ARGS = frozenset(("place", "hosts", "patience"))

    def run(self, tmp: str | None = None, task_vars: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Leave a mark, and look for those of the others."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _result, given = self.validate_argument_spec(
            argument_spec={
                "place": {"type": "str", "required": True},
                "hosts": {"type": "list", "elements": "str", "required": True},
                "patience": {"type": "float", "default": 5},
            }
        )
        # The forks see nothing of each other but files; this folder is of this run alone, and goes when it ends.
        folder = Path(constants.DEFAULT_LOCAL_TMP) / f"savepoint-{_digest(given['place'])}"
        folder.mkdir(mode=0o700, exist_ok=True)
        (folder / _digest(str((task_vars or {}).get("inventory_hostname")))).touch()
        end = time.monotonic() + given["patience"]
        while True:
            missing = [host for host in given["hosts"] if not (folder / _digest(host)).exists()]
            if not missing or time.monotonic() >= end:
                break
            time.sleep(PAUSE)
        result.update(missing=missing, changed=False)
        return result


def _digest(name: str) -> str:
    # Names of hosts and places may have anything in them.
    return hashlib.sha256(name.encode()).hexdigest()[:32]
