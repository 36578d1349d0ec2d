# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tells how the running play goes through its hosts; see plugins/modules/batch_info.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible import context
from ansible.plugins.action import ActionBase

from ansible_collections.savepoint.vsphere.plugins.plugin_utils.app_groups import GroupError, members
from ansible_collections.savepoint.vsphere.plugins.plugin_utils.batches import cut

LOCKSTEP = ("linear", "debug", "mitogen_linear")
PINNED = ("host_pinned", "mitogen_host_pinned")


class ActionModule(ActionBase):
    """The action."""

    _requires_connection = False
    _VALID_ARGS = frozenset(("application_groups",))

    def run(self, tmp: str | None = None, task_vars: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Read it off the play that the task belongs to."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        variables = task_vars or {}
        play = _play_of(self._task)
        strategy = str(play.strategy)
        word = strategy.rsplit(".", 1)[-1]
        me = str(variables.get("inventory_hostname"))
        batches = cut([str(host) for host in variables.get("ansible_play_hosts_all", ())], play.serial)
        try:
            groups = members(self._task.args.get("application_groups") or [], variables.get("groups", {}), batches)
        except GroupError as error:
            result.update(failed=True, msg=f"{error}. Nothing was touched.")
            return result
        number = next((place for place, batch in enumerate(batches) if me in batch), 0)
        result.update(
            strategy=strategy,
            lockstep=word in LOCKSTEP,
            pinned=word in PINNED,
            forks=int(context.CLIARGS.get("forks") or 5),
            batch=number + 1,
            batches=len(batches),
            hosts=batches[number] if batches else [],
            group=groups.get(me, {}),
            groups=list({group["name"]: _without_tier(group) for group in groups.values()}.values()),
            tiers={host: group["tier"] for host, group in groups.items()},
            run=str(play._uuid),
            changed=False,
        )
        return result


def _without_tier(group: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in group.items() if key != "tier"}


def _play_of(task: Any) -> Any:
    # Only blocks know their play, and a task of a role or an included file has several around it.
    node = task
    while node is not None:
        play = getattr(node, "_play", None)
        if play is not None:
            return play
        node = getattr(node, "_parent", None)
    raise RuntimeError("this task belongs to no play")
