# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tells people on the controller how far a module is, while it runs."""

from __future__ import annotations

import json
import os
import threading
from contextlib import nullcontext
from datetime import timedelta
from typing import Any

from ansible.module_utils.parsing.convert_bool import boolean
from ansible.utils.display import Display

from ansible_collections.savepoint.vsphere.plugins.module_utils._progress_file import FILE
from ansible_collections.savepoint.vsphere.plugins.module_utils._threads import start_deaf
from ansible_collections.savepoint.vsphere.plugins.module_utils._time import format_duration
from ansible_collections.savepoint.vsphere.plugins.plugin_utils.installed import InstalledAction
from ansible_collections.savepoint.vsphere.plugins.plugin_utils.orphan import ends_with_playbook

# Seconds between two looks at what the module has written.
LOOK = 1.0
# A file on the controller to which each line's facts are added as JSON, for callbacks and monitoring.
EVENTS = "SAVEPOINT_PROGRESS_EVENTS"

display = Display()


def sentence(host: str, action: str, facts: dict[str, Any]) -> str:
    """One line for people."""
    failed = f", {facts['failed']} failed" if facts["failed"] else ""
    seconds = facts["seconds_left"]
    left = "longer than expected" if seconds is None else f"{format_duration(timedelta(seconds=max(1, seconds)))} left"
    return f"{host}: {action}: {facts['done']} of {facts['total']} done{failed}, {facts['running']} running, {left}"


class Watcher:
    """A thread that passes on what the module writes, until it is told to stop or the file's folder is gone."""

    def __init__(self, folder: str, host: str, action: str, task: str) -> None:
        self._folder = folder
        self._host = host
        self._action = action
        self._task = task
        self._stop = threading.Event()
        self._read = 0
        self._thread = threading.Thread(target=self._follow, name="savepoint-progress", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        start_deaf(self._thread)

    def stop(self) -> None:
        """End it; no line comes after that."""
        self._stop.set()
        self._thread.join()

    def _follow(self) -> None:
        while not self._stop.wait(LOOK) and os.path.isdir(self._folder):
            facts = self._news()
            if facts is not None:
                # On standard error, so that a callback's JSON on standard output stays JSON.
                display.display(sentence(self._host, self._action, facts), stderr=True)
                self._record(facts)

    def _news(self) -> dict[str, Any] | None:
        """The latest facts, if there are new ones. Another user's file can't be read, and nothing is said then."""
        try:
            with open(os.path.join(self._folder, FILE), encoding="utf-8") as file:
                lines = file.read().splitlines(keepends=True)
            whole = [line for line in lines if line.endswith("\n")]
            if len(whole) <= self._read:
                return None
            self._read = len(whole)
            facts: dict[str, Any] = json.loads(whole[-1])
        except (OSError, ValueError):
            return None
        return facts

    def _record(self, facts: dict[str, Any]) -> None:
        path = os.environ.get(EVENTS)
        if not path:
            return
        event = {"host": self._host, "action": self._action, "task": self._task, **facts}
        try:
            # A line this short is appended in one piece, whoever else appends.
            with open(path, "a", encoding="utf-8") as file:
                file.write(json.dumps(event) + "\n")
        except OSError:
            return


class ProgressAction(InstalledAction):
    """Runs the module of its own name, and watches it where it runs on this machine."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the module; it ends with ansible-playbook, however that ends."""
        self._supports_async = True
        # With async the module is meant to go on by itself.
        with nullcontext() if self._task.async_val else ends_with_playbook():
            return self._run_watched(tmp, task_vars)

    def _run_watched(self, tmp: str | None, task_vars: dict[str, Any] | None) -> dict[str, Any]:
        watcher = self._watcher(str((task_vars or {}).get("inventory_hostname", "")))
        if watcher is None:
            result: dict[str, Any] = super().run(tmp, task_vars)
            return result
        watcher.start()
        try:
            result = super().run(tmp, task_vars)
        finally:
            # With async the module has only begun; the thread ends with its folder, or with this process.
            if not self._task.async_val:
                watcher.stop()
        return result

    def _watcher(self, host: str) -> Watcher | None:
        wanted = boolean(self._task.args.get("progress", True), strict=False)
        waits = not self._task.async_val or self._task.poll > 0
        if not wanted or not waits or self._task.check_mode or self._connection.transport != "local":
            return None
        if self._connection._shell.tmpdir is None:  # pylint: disable=protected-access
            self._make_tmp_path()
        folder = self._connection._shell.tmpdir  # pylint: disable=protected-access
        return Watcher(folder, host, self._task.action.rpartition(".")[2], self._task.get_name())
