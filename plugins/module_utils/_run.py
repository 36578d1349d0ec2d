# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One VM's actions on their way, and what became of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan import Action, NoteRevert, noted_anew
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
    that ran then. ``newer`` is the VM as a look showed it that was made for the action at hand.
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
    newer: Vm | None = None

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
        """The action at hand as it is to be sent; ``now`` is vCenter's clock, which its task history goes by too.

        Raises SavepointError for a note that can't be written any more.
        """
        if isinstance(self.action, NoteRevert) and self.done:
            ended = (self.task.ended_at if self.task is not None else None) or now()
            note = noted_anew(self.action, self.newer, ended)
            self.actions = (*self.actions[: self.done], note, *self.actions[self.done + 1 :])
        return self.action

    def show(self, task: TaskState) -> None:
        """The result is to name this task; not somebody else's, which is only waited for, in the place of its own."""
        if self.task is None or self.task.moid == task.moid or not self.joined:
            self.task = task

    def note(self, text: str) -> None:
        """Say something, once."""
        if text not in self.notes:
            self.notes = (*self.notes, text)

    def advance(self) -> None:
        """The action at hand is done."""
        self.done += 1
        self.sent_at, self.sends, self.looks, self.waits, self.adopted = None, 0, 0, 0, False
        self.newer = None
