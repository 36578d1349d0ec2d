# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tasks that a call leaves behind, since it is told to end or vCenter stays away, and what is said of them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from ansible_collections.savepoint.vsphere.plugins.module_utils._collector import read_objects
from ansible_collections.savepoint.vsphere.plugins.module_utils._run import Run
from ansible_collections.savepoint.vsphere.plugins.module_utils._session import Session
from ansible_collections.savepoint.vsphere.plugins.module_utils._tasks import PATHS, TaskState, updated
from ansible_collections.savepoint.vsphere.plugins.module_utils._threads import within
from ansible_collections.savepoint.vsphere.plugins.module_utils._trouble import describe

# Seconds that a look at the tasks may take; whoever is told to end has no time to wait for a server.
LOOK = 2.0


class LeftBehind:
    """Runs whose task may still go on, each with a result that says so."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._left: list[tuple[Run, TaskState, str]] = []

    def add(self, run: Run, state: TaskState, cause: str) -> None:
        """Give up on a run whose task was in this state when last heard of."""
        run.error = f"{cause}; task {state.moid} may still run (its state is the last known), and a rerun waits for it"
        run.show(state)
        self._left.append((run, state, cause))

    def look(self, seconds: float = LOOK) -> None:
        """Read the tasks once more, and tell what they do now. Where that takes too long or fails, nothing changes."""
        states = self._read(list(dict.fromkeys(state.moid for ignored, state, ignored2 in self._left)), seconds)
        for run, known, cause in self._left:
            if known.moid in states:
                judge(run, states[known.moid], cause)

    def _read(self, moids: Sequence[str], seconds: float) -> dict[str, TaskState]:
        # Whatever goes wrong, the last known states stand.
        with suppress(Exception):
            return within(seconds, lambda: self._states(moids), self._session.cancel) if moids else {}
        return {}

    def _states(self, moids: Sequence[str]) -> dict[str, TaskState]:
        rows = read_objects(self._session, "Task", moids, {"Task": PATHS})
        return {row.moid: updated(TaskState(row.moid), row.values) for row in rows}


def judge(run: Run, state: TaskState, cause: str) -> None:
    """Say of a run that was given up on what its task was doing a moment ago."""
    run.show(state)
    if state.state == "success" and not (run.joined or run.adopted):
        run.advance()
        run.error = None if run.ended_well else f"not gone on with: {cause}"
    elif state.state == "error" and not run.joined:
        run.error = f"{cause}; task {state.moid} has failed since: {describe(state.error)}"
    elif state.ended:
        run.error = f"{cause}; task {state.moid} has ended since, and a rerun looks at what is left to do"
    elif state.state == "queued":
        run.error = f"{cause}; task {state.moid} still waits in vCenter's queue, and a rerun waits for it"
    else:
        run.error = f"{cause}; task {state.moid} still runs, and a rerun waits for it"
