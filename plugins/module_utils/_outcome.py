# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What became of one VM, and how a result looks at it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Snapshot, Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan import VmPlan
from ansible_collections.savepoint.vsphere.plugins.module_utils._tasks import TaskState


@dataclass
class Outcome:
    """What became of one VM.

    ``plan`` is the newest plan; ``first`` is the one before, where another task on the VM made a new one due.
    ``after`` is None where the VM was not read again, because nothing was done.
    """

    plan: VmPlan
    after: Vm | None = None
    task: TaskState | None = None
    error: str | None = None
    changed: bool = False
    warnings: tuple[str, ...] = ()
    first: VmPlan | None = None

    def warn(self, *texts: str) -> None:
        """Say something, once."""
        self.warnings = tuple(dict.fromkeys((*self.warnings, *texts)))

    @property
    def began(self) -> VmPlan:
        """The plan that the call began with."""
        return self.first or self.plan


@dataclass(frozen=True)
class View:
    """One VM as a module's own result keys see it: the outcome, and the tree before and after (foretold or real)."""

    outcome: Outcome
    before: tuple[Snapshot, ...]
    after: tuple[Snapshot, ...]
    now: datetime
    check_mode: bool

    @property
    def vm(self) -> Vm:
        """The VM as it is now."""
        return self.outcome.after or self.outcome.plan.vm
