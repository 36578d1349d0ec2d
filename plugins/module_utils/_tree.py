# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Snapshot trees: build them from nested nodes, walk them, find in them, draw them, foretell them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import InputError
from ansible_collections.savepoint.vsphere.plugins.module_utils._marker import split
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Snapshot, Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._time import format_time


@dataclass(frozen=True)
class Node:
    """A node as vSphere nests it."""

    moid: str
    id: int
    name: str
    description: str
    created_at: datetime
    state: str
    quiesced: bool
    children: Sequence[Node] = field(default=())


def flatten(roots: Iterable[Node], current: str | None) -> tuple[Snapshot, ...]:
    """Nested nodes to a flat tuple, every branch walked, parents before children.

    Iterative on purpose: 32 levels is the documented limit, but a broken chain may be deeper than Python's stack.
    """
    flat: list[Snapshot] = []
    stack: list[tuple[Node, str | None, int, str]] = [(root, None, 1, "") for root in reversed(list(roots))]
    while stack:
        node, parent, depth, prefix = stack.pop()
        described = split(node.description)
        path = f"{prefix}/{node.name}" if prefix else node.name
        flat.append(
            Snapshot(
                moid=node.moid,
                id=node.id,
                name=node.name,
                raw_description=node.description,
                description=described.text,
                created_at=node.created_at,
                state=node.state,
                quiesced=node.quiesced,
                parent=parent,
                children=tuple(child.moid for child in node.children),
                depth=depth,
                path=path,
                current=node.moid == current,
                marker=described.marker,
                marker_problem=described.problem,
            )
        )
        stack.extend((child, node.moid, depth + 1, path) for child in reversed(node.children))
    return tuple(flat)


def subtree(snapshots: Sequence[Snapshot], moid: str) -> tuple[Snapshot, ...]:
    """The snapshot and everything below it, parents first."""
    inside = {moid}
    for snapshot in snapshots:
        if snapshot.parent in inside:
            inside.add(snapshot.moid)
    return tuple(snapshot for snapshot in snapshots if snapshot.moid in inside)


def meant(name: str | None, snapshot_id: int | None, set_id: str | None) -> str:
    """How a message names the snapshot that find looks for."""
    if snapshot_id is not None:
        return f"snapshot with ID {snapshot_id}"
    return f"snapshot of set '{set_id}'" if set_id is not None else f"snapshot '{name}'"


def listed(vm: Vm) -> str:
    """The VM's snapshots for a message that says what there is instead, at most ten."""
    return ", ".join(snapshot.label for snapshot in vm.snapshots[:10]) or "no snapshots"


def find(
    vm: Vm, *, name: str | None = None, snapshot_id: int | None = None, set_id: str | None = None
) -> Snapshot | None:
    """The one snapshot that is meant: by ID, else by set, else by name. None when there is none.

    With a set, the name is not looked at: a snapshot is (VM, set). Raises InputError when more than one matches.
    """
    if snapshot_id is not None:
        found = [snapshot for snapshot in vm.snapshots if snapshot.id == snapshot_id]
        what = f"ID {snapshot_id}"
    elif set_id is not None:
        found = [snapshot for snapshot in vm.snapshots if snapshot.marker and snapshot.marker.set == set_id]
        what = f"set '{set_id}'"
    else:
        found = [snapshot for snapshot in vm.snapshots if snapshot.name == name]
        what = f"name '{name}'"
    if len(found) > 1:
        candidates = ", ".join(snapshot.label for snapshot in found)
        raise InputError(
            f"{vm.label} has {len(found)} snapshots with the {what}: {candidates}; name the one that is meant "
            "with snapshot_id"
        )
    return found[0] if found else None


def render(snapshots: Sequence[Snapshot], current: str | None = None) -> str:
    """Draw the tree as text, one snapshot a line, with the place of the present marked.

    ``current`` overrides the snapshots' own flag; '' means that no snapshot is current.
    """
    # A snapshot that check mode foretells has the MoID '', so that only None can say that there is no current one.
    here = (current or None) if current is not None else next((s.moid for s in snapshots if s.current), None)
    lines = []
    for snapshot in snapshots:
        notes = [snapshot.kind]
        if snapshot.marker is not None:
            notes += [f"{key}={value}" for key, value in _notes(snapshot)]
        identity = f"#{snapshot.id}" if snapshot.id >= 0 else "#new"
        lines.append(f"{'    ' * (snapshot.depth - 1)}- {_one_line(snapshot.name)} {identity} [{', '.join(notes)}]")
        first_line = _one_line(snapshot.description)
        if first_line:
            lines[-1] += f" {first_line}"
        if snapshot.moid == here:
            lines.append(f"{'    ' * snapshot.depth}* you are here")
    if here is None:
        lines.append("* you are here")
    return "\n".join(lines) + "\n"


def _notes(snapshot: Snapshot) -> Iterable[tuple[str, str]]:
    marker = snapshot.marker
    if marker is None:
        return
    if marker.set is not None:
        yield "set", _one_line(marker.set)
    if marker.expires is not None:
        yield "expires", format_time(marker.expires)
    if marker.phase is not None:
        yield "phase", _one_line(marker.phase)
    if marker.hold:
        yield "hold", "yes"


def _one_line(text: str) -> str:
    # Names and descriptions are anybody's text: a line break or a control character would forge lines of the drawing.
    return "".join(char if char.isprintable() else " " for char in text).strip()


def without(snapshots: Sequence[Snapshot], gone: Iterable[str]) -> tuple[Snapshot, ...]:
    """The tree after these snapshots are removed: children move up, a removed current hands over to its parent."""
    by_moid = {snapshot.moid: snapshot for snapshot in snapshots}
    removed = set(gone) & set(by_moid)

    def survivor(moid: str | None) -> str | None:
        while moid in removed:
            moid = by_moid[moid].parent
        return moid

    here = survivor(next((s.moid for s in snapshots if s.current), None))
    rest = [
        replace(snapshot, parent=survivor(snapshot.parent), current=snapshot.moid == here)
        for snapshot in snapshots
        if snapshot.moid not in removed
    ]
    return _relinked(rest)


def with_child(snapshots: Sequence[Snapshot], new: Snapshot) -> tuple[Snapshot, ...]:
    """The tree after a create: the new snapshot below the current one, and current itself."""
    parent = next((s.moid for s in snapshots if s.current), None)
    rest = [replace(snapshot, current=False) for snapshot in snapshots]
    return _relinked([*rest, replace(new, parent=parent, current=True)])


def with_current(snapshots: Sequence[Snapshot], moid: str) -> tuple[Snapshot, ...]:
    """The tree after a revert."""
    return tuple(replace(snapshot, current=snapshot.moid == moid) for snapshot in snapshots)


def with_text(
    snapshots: Sequence[Snapshot], moid: str, name: str | None, raw_description: str | None
) -> tuple[Snapshot, ...]:
    """The tree after a rename or a new description; None leaves a text as it is."""
    changed = []
    for one in snapshots:
        snapshot = one
        if one.moid == moid:
            raw = snapshot.raw_description if raw_description is None else raw_description
            described = split(raw)
            snapshot = replace(
                snapshot,
                name=snapshot.name if name is None else name,
                raw_description=raw,
                description=described.text,
                marker=described.marker,
                marker_problem=described.problem,
            )
        changed.append(snapshot)
    return _relinked(changed)


def _relinked(snapshots: Sequence[Snapshot]) -> tuple[Snapshot, ...]:
    """Children, depth, path and order computed anew from the parents."""
    below: dict[str | None, list[Snapshot]] = {}
    for snapshot in snapshots:
        below.setdefault(snapshot.parent, []).append(snapshot)
    flat: list[Snapshot] = []
    stack = [(root, 1, "") for root in reversed(below.get(None, []))]
    while stack:
        snapshot, depth, prefix = stack.pop()
        path = f"{prefix}/{snapshot.name}" if prefix else snapshot.name
        children = below.get(snapshot.moid, [])
        flat.append(replace(snapshot, depth=depth, path=path, children=tuple(child.moid for child in children)))
        stack.extend((child, depth + 1, path) for child in reversed(children))
    return tuple(flat)
