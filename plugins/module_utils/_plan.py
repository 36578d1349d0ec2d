# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan for one VM: what will be done, or why nothing can be. Pure.

Check mode, diff mode and the real run share the plan; they differ only in whether it is carried out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Union

from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import InputError
from ansible_collections.savepoint.vsphere.plugins.module_utils._marker import (
    Marker,
    join,
    looks_like_marker,
    with_revert,
)
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Snapshot, Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._tree import (
    subtree,
    with_child,
    with_current,
    with_text,
    without,
)
from ansible_collections.savepoint.vsphere.plugins.module_utils._verdict import Verdict

# 32 levels are documented, and 31 were observed to be the last that works: docs/docsite/rst/guide_snapshots.rst.
MAX_DEPTH = 31


@dataclass(frozen=True)
class Create:
    """Take a snapshot; the marker becomes the last line of its description.

    ``quiesce_minutes`` is how long the guest may take to quiesce; None leaves it to vSphere.
    """

    name: str
    text: str
    marker: Marker
    memory: bool
    quiesce: bool
    quiesce_minutes: int | None = None

    @property
    def raw_description(self) -> str:
        """What vSphere stores."""
        return join(self.text, self.marker)


@dataclass(frozen=True)
class Rename:
    """Give a snapshot another name or description; None leaves it as it is."""

    snapshot: str
    name: str | None = None
    raw_description: str | None = None


@dataclass(frozen=True)
class Remove:
    """Remove one snapshot, or it and everything below it."""

    snapshot: str
    children: bool = False


@dataclass(frozen=True)
class RemoveAll:
    """Remove every snapshot of the VM."""


@dataclass(frozen=True)
class Revert:
    """Go back to a snapshot; ``memory`` says that it has the running state to load, which takes the storage's time."""

    snapshot: str
    suppress_power_on: bool = False
    memory: bool = False


@dataclass(frozen=True)
class NoteRevert:
    """Write into the snapshot's marker that it was reverted to; comes after the revert, which stands if this fails."""

    snapshot: str
    text: str
    marker: Marker
    ended_at: datetime

    @property
    def raw_description(self) -> str:
        """What vSphere stores."""
        return join(self.text, with_revert(self.marker, self.ended_at))


@dataclass(frozen=True)
class Consolidate:
    """Merge the disks that a removal left behind."""


@dataclass(frozen=True)
class Power:
    """Bring the VM to ``poweredOn`` or ``poweredOff``."""

    state: str


# A union at run time, for the Python versions that ansible-core's own checks still read the file as.
Action = Union[Create, Rename, Remove, RemoveAll, Revert, NoteRevert, Consolidate, Power]  # noqa: UP007


@dataclass(frozen=True)
class Refusal:
    """Why a VM is not reverted. ``code`` is stable, for callers that weigh it; ``remedy`` says what to do."""

    code: str
    message: str
    remedy: str


@dataclass(frozen=True)
class VmPlan:
    """The plan for one VM.

    ``problem`` is bad input that ends the whole call before any change (unless the caller chose otherwise);
    ``failure`` is a condition of this VM that fails it alone. With neither, ``actions`` are carried out in order.
    ``readiness`` is the verdict before a change, where one was asked for.
    ``target`` is the MoID of the snapshot that the plan is about, where it exists already. ``kind`` is the kind of
    snapshot that the plan takes or has found. ``power_state`` is the state that the caller wants in the end.
    ``refusals`` are the reasons behind a ``failure``, where safeguards gave it; ``reverted_before`` says that an
    earlier call has reverted it already.
    """

    vm: Vm
    actions: tuple[Action, ...] = ()
    msg: str = ""
    problem: str | None = None
    failure: str | None = None
    warnings: tuple[str, ...] = ()
    target: str | None = None
    kind: str | None = None
    power_state: str | None = None
    verdicts: tuple[Verdict, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    reverted_before: bool = False
    readiness: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class FollowUp:
    """What a look at the VM afterwards asks for: more actions, and perhaps the verdict that the VM failed.

    With ``instead`` the actions undo what the call did, and this is the plan that it would have had after the others';
    ``undone`` is what to say of the VM where they fail.
    """

    actions: tuple[Action, ...] = ()
    failure: str | None = None
    warnings: tuple[str, ...] = ()
    instead: VmPlan | None = None
    undone: str | None = None


def predict(vm: Vm, actions: tuple[Action, ...], now: datetime) -> tuple[Snapshot, ...]:
    """The snapshot tree after the actions, for check mode and diff mode. A new snapshot has the ID -1."""
    tree = vm.snapshots
    for action in actions:
        if isinstance(action, Create):
            tree = with_child(tree, _foretold(vm, action, now))
        elif isinstance(action, Rename):
            tree = with_text(tree, action.snapshot, action.name, action.raw_description)
        elif isinstance(action, NoteRevert):
            tree = with_text(tree, action.snapshot, None, action.raw_description)
        elif isinstance(action, Remove):
            gone = [one.moid for one in subtree(tree, action.snapshot)] if action.children else [action.snapshot]
            tree = without(tree, gone)
        elif isinstance(action, RemoveAll):
            tree = ()
        elif isinstance(action, Revert):
            tree = with_current(tree, action.snapshot)
    return tree


def noted_anew(note: NoteRevert, newer: Vm | None, ended_at: datetime) -> NoteRevert:
    """The note of a revert that ended then, on what the snapshot's description is by now, where that is known.

    What somebody has written meanwhile, a hold above all, must not be lost. Raises InputError where there is no marker
    any more to write it into.
    """
    snapshot = next((one for one in newer.snapshots if one.moid == note.snapshot), None) if newer is not None else None
    if snapshot is None:
        return replace(note, ended_at=ended_at)
    if snapshot.marker is None and (snapshot.marker_problem is not None or not note.marker.empty):
        raise InputError("somebody has changed its description, which has no marker any more that could be read")
    return replace(note, text=snapshot.description, marker=snapshot.marker or Marker(), ended_at=ended_at)


def blocked(vm: Vm) -> str | None:
    """A condition in which vSphere can't work on the VM's snapshots at all; None when there is none."""
    if vm.connection_state not in (None, "connected"):
        return f"the virtual machine is {vm.connection_state}: bring its host back before its snapshots are touched"
    if vm.template:
        return "it is a template, and a template has no snapshots to work with"
    if vm.question:
        return "it waits for the answer to a question; answer it in the vSphere Client first"
    return None


def unreadable(vm: Vm) -> VmPlan | None:
    """The plan for a VM of which too much can't be read; None for any other. What is not known is not assumed."""
    if not vm.unreadable:
        return None
    what = ", ".join(vm.unreadable)
    return VmPlan(
        vm,
        failure=f"vCenter does not let its {what} be read, so nothing was done: the account lacks the privilege "
        "System.Read on it, or its host is away",
    )


def check_text(value: str | None, option: str, *, may_be_empty: bool = False) -> str | None:
    """A name or description as given, with line ends made alike. Raises InputError for what vSphere can't keep."""
    if value is None:
        return None
    text = value.replace("\r\n", "\n")
    if not may_be_empty and not text.strip():
        raise InputError(f"{option} is empty; leave it out, or give a name")
    allowed = "\n\t" if may_be_empty else ""
    # XML can't carry control characters and the last two of these; lone surrogates are no text at all.
    never = "\x7f\ufffe\uffff"
    bad = next((c for c in text if (ord(c) < 32 and c not in allowed) or 0xD800 <= ord(c) < 0xE000 or c in never), "")
    if bad:
        raise InputError(f"{option} contains the control character {bad!r}, which vSphere can't store")
    if any(looks_like_marker(line) for line in text.split("\n")):
        raise InputError(f"{option} has a line that begins with [savepoint; such lines are kept for Savepoint's marker")
    return text


def _foretold(vm: Vm, action: Create, now: datetime) -> Snapshot:
    state = "suspended" if action.marker.kind == "suspended" else "poweredOn" if action.memory else "poweredOff"
    return Snapshot(
        moid="",
        id=-1,
        name=action.name,
        raw_description=action.raw_description,
        description=action.text,
        created_at=now,
        state=state,
        quiesced=action.quiesce,
        parent=None,
        children=(),
        depth=1,
        path=action.name,
        current=True,
        marker=action.marker,
    )
