# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looks again at the VMs that had to wait for their turn: somebody else may have been at work on them meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from ansible_collections.savepoint.vsphere.plugins.module_utils._busy import seen_busy
from ansible_collections.savepoint.vsphere.plugins.module_utils._inventory import Inventory, Needs
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan import NoteRevert, Rename
from ansible_collections.savepoint.vsphere.plugins.module_utils._recovery import differs
from ansible_collections.savepoint.vsphere.plugins.module_utils._run import Run
from ansible_collections.savepoint.vsphere.plugins.module_utils._session import Session

# Seconds for which a VM is taken to be as it was read: what somebody else's task does to it in less is missed.
FRESH = 1.0
# The same where a description is written, which goes over what somebody else has written into it meanwhile.
FRESH_TEXT = 0.2
# Seconds before that in which the next look is begun, so that a quick queue need not stop for it.
AHEAD = 0.25
# VMs of one look, those whose turn it is and the ones that come next: as many as come within the time for which they
# then count as read, so that a long queue needs few looks; at least and at most so many.
FEWEST, MOST = 100, 1000


@dataclass(frozen=True)
class Now:
    """A VM as it is now, None where it is gone; the snapshot task that runs there; and whether anything is new."""

    vm: Vm | None
    task: str | None
    changed: bool


# Gets what was seen, by MoID; or why that is not known.
Tell = Callable[["Mapping[str, Now] | Exception"], None]


class Freshness:
    """Who waits for another look. Belongs to one thread, but for ``_look``."""

    def __init__(self, session: Session, tell: Tell) -> None:
        self._session = session
        self._tell = tell
        self._waiting: list[Run] = []
        self._looked_at: dict[int, Run] = {}
        self._begun = time.monotonic()
        self._looking = False
        # How many had their turn since the last look was begun, and whether the latest was almost read too long ago.
        self._turns = 0
        self._soon = False

    def begins(self, run: Run) -> bool:
        """It is this one's turn: it can begin, or has it been too long since the VM was read? Then ``add`` it."""
        self._turns += 1
        left = self._left(run)
        if left <= 0:
            return False
        # A look that is under way may show what this one does itself.
        self._looked_at.pop(id(run), None)
        self._soon = left < AHEAD
        return True

    def add(self, run: Run) -> None:
        """It is this one's turn, once it was looked at again."""
        self._waiting.append(run)

    def take_all(self) -> list[Run]:
        """Give up those whose turn it is."""
        waiting, self._waiting = self._waiting, []
        return waiting

    def work(self, upcoming: Callable[[int], Iterable[Run]]) -> Callable[[], None] | None:
        """What to do in another thread now, if somebody waits or soon would; ``upcoming`` gives so many that come next.

        As long as turns come quickly the next ones are looked at before it is too long; where they come slowly a look
        is made for those who wait.
        """
        if self._looking or not (self._waiting or self._soon):
            return None
        now = time.monotonic()
        come = round(self._turns * FRESH / max(0.001, now - self._begun))
        if not self._waiting and come < FEWEST:
            return None
        more = upcoming(max(0, min(MOST, max(FEWEST, come)) - len(self._waiting)))
        due = [*self._waiting, *(run for run in more if self._left(run) < 2 * AHEAD)]
        self._turns, self._soon, self._begun = 0, False, now
        if not due:
            return None
        self._looked_at = {id(run): run for run in due}
        self._looking = True
        return partial(self._look, [run.vm for run in due])

    def looked(self, seen: Mapping[str, Now]) -> list[Run]:
        """The look has been told of, with what was seen; gives those whose turn waited for it."""
        known, self._looked_at = self._looked_at, {}
        self._looking = self._soon = False
        for run in known.values():
            now = seen.get(run.vm.moid)
            run.in_the_way = now.task if now is not None else None
            run.newer = now.vm if now is not None else None
            if now is not None and not now.changed:
                run.read_at = self._begun
        ready = [run for run in self._waiting if id(run) in known]
        self._waiting = [run for run in self._waiting if id(run) not in known]
        return ready

    def _left(self, run: Run) -> float:
        """Seconds for which the VM still counts as it was read."""
        limit = FRESH_TEXT if isinstance(run.action, (Rename, NoteRevert)) else FRESH
        return run.read_at + limit - time.monotonic()

    def _look(self, vms: Sequence[Vm]) -> None:
        try:
            found: Mapping[str, Now] | Exception = self._session.persist(lambda: look(self._session, vms))
        except Exception as error:  # noqa: BLE001 - whatever it is, these VMs' results tell it
            found = error
        self._tell(found)


def look(session: Session, vms: Sequence[Vm]) -> dict[str, Now]:
    """How these VMs are now."""
    busy = seen_busy(session)  # Before the trees: what a task that has ended meanwhile did is in them.
    read = Inventory(session).read_again(vms, Needs())
    seen = {}
    for vm in vms:
        now, task = read.get(vm.moid), busy.get(vm.moid)
        seen[vm.moid] = Now(now, task, task is not None or now is None or differs(vm, now))
    return seen
