# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Talk to the simulated vCenter's control endpoint (tests/simulator/README.md), at variable sim_control.

One call: ``post: /v1/vms`` with ``body``; many: ``steps``, a list of those; ``remove``: deletes the VMs below a folder.
The answer is in ``json``. In a path and in ``parent``, ``@name`` stands for the MoID of the VM's snapshot of that name.
An action rather than ansible.builtin.uri, because it needs no process of its own.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase

METHODS = ("get", "post", "patch", "put", "delete")


class ActionModule(ActionBase):
    """The action."""

    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Send the calls in order; the first that is refused fails the task."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        unknown = set(arguments) - {*METHODS, "body", "steps", "remove", "control"}
        if unknown:
            raise AnsibleError(f"sim does not know {', '.join(sorted(unknown))}")
        self.control = arguments.get("control") or self._templar.template((task_vars or {})["sim_control"])
        if "remove" in arguments:
            return {**result, "changed": True, "json": self.remove(arguments["remove"])}
        steps = arguments.get("steps", [arguments])
        answers = [self.step(step) for step in steps]
        return {**result, "changed": True, "json": answers if "steps" in arguments else answers[0]}

    def step(self, step: Mapping[str, Any]) -> Any:
        """One call."""
        method, path = next((method, step[method]) for method in METHODS if method in step)
        start, found, name = path.partition("/snapshots/@")
        if found:
            name, *rest = (name.removesuffix("/revert"), "/revert") if name.endswith("/revert") else (name,)
            path = f"{start}/snapshots/{self.moid(start, name)}{''.join(rest)}"
        body = step.get("body")
        if body and path.startswith("/v1/datastores/"):
            body = {key: int(value) for key, value in body.items()}  # before 2.19 a template gives text
        if body and str(body.get("parent", "")).startswith("@"):
            body = {**body, "parent": self.moid(path.removesuffix("/snapshots"), body["parent"][1:])}
        return self.request(method.upper(), path, body)

    def moid(self, vm: str, name: str) -> str:
        """The MoID of a snapshot, by its name."""
        [found] = [one["moid"] for one in self.request("GET", vm)["snapshots"] if one["name"] == name]
        return str(found)

    def remove(self, folder: str) -> list[str]:
        """Delete every VM in a folder and below it."""
        found = [vm for vm in self.request("GET", "/v1/vms") if f"{vm['folder']}/".startswith(f"{folder}/")]
        for vm in found:
            self.request("DELETE", f"/v1/vms/{vm['moid']}")
        return [vm["name"] for vm in found]

    def request(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request and read its answer."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.control + path, data=data, method=method, headers={"Content-Type": "application/json"}
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=60) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            raise AnsibleError(f"{method} {path}: {error.code} {error.read().decode(errors='replace')}") from error
