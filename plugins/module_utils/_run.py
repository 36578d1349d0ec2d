# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One VM's actions on their way, and what became of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan import Action, NoteRevert
from ansible_collections.savepoint.vsphere.plugins.module_utils._tasks import TaskState


@dataclass
class Run:
    """One VM's actions on their way, and what became of them.

    ``joined`` says that it waits for a task that was in the way; ``retry`` that this one has ended, so that a new
    look and a new plan are due. ``missed`` says which steps could not be done that the rest does not depend on;
    ``notes`` what was tried again and why. ``sent_at``, ``sends``, ``login``, ``looks`` and ``waits`` are those of the
    action at hand; ``adopted`` says that its task was found by reading, and not named by an answer; ``had`` are the
    tasks that have ended so far, and ``lost`` those that vCenter could not report on any more. ``read_at`` is when the
    VM was last seen to be as it is here, by this machine's clock (time.monotonic); ``in_the_way`` is somebody's task
    that ran then.
    """

    vm: Vm
    actions: tuple[Action, ...]
    done: int = 0
    task: TaskState | None = None
    error: str | None = None
    retry: bool = False
    joined: bool = False
    missed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    sent_at: datetime | None = None
    sends: int = 0
    login: int = 0
    looks: int = 0
    waits: int = 0
    adopted: bool = False
    had: set[str] = field(default_factory=set)
    lost: set[str] = field(default_factory=set)
    read_at: float = field(default_factory=time.monotonic)
    in_the_way: str | None = None

    @property
    def changed(self) -> bool:
        """Has anything been done?"""
        return self.done > len(self.missed)

    @property
    def outdated(self) -> bool:
        """Is a new plan due because the VM has changed since this was planned?"""
        return self.retry and not self.joined

    @property
    def ended(self) -> bool:
        """Is there nothing left to do for it?"""
        return self.error is not None or self.retry or self.done == len(self.actions)

    @property
    def ended_well(self) -> bool:
        """Is everything done?"""
        return self.done == len(self.actions)

    @property
    def action(self) -> Action:
        """The action at hand."""
        return self.actions[self.done]

    def to_send(self, now: Callable[[], datetime]) -> Action:
        """The action at hand as it is to be sent; ``now`` is vCenter's clock, which its task history goes by too."""
        if isinstance(self.action, NoteRevert) and self.done and self.task is not None:
            return replace(self.action, ended_at=self.task.ended_at or now())
        return self.action

    def note(self, text: str) -> None:
        """Say something, once."""
        if text not in self.notes:
            self.notes = (*self.notes, text)

    def advance(self) -> None:
        """The action at hand is done."""
        self.done += 1
        self.sent_at, self.sends, self.looks, self.waits, self.adopted = None, 0, 0, 0, False
