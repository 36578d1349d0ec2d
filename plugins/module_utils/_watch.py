# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Wait for changes of properties on any number of objects, with one list view, one filter and one call at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from http.client import HTTPException
from types import TracebackType
from typing import Any

try:
    from pyVmomi import vim, vmodl
except ImportError:
    pass  # _session.connect says so, before anything of this file is used.

from ansible_collections.savepoint.vsphere.plugins.module_utils._faults import moid_of
from ansible_collections.savepoint.vsphere.plugins.module_utils._session import Session


class Watch:
    """Reports property changes of the objects added to it, each once.

    Use it as a context manager: the view and the collector are given back at the end (a client may have 32).
    """

    def __init__(self, session: Session, kind: str, paths: Sequence[str]) -> None:
        self._session = session
        self._kind = kind
        self._paths = tuple(paths)
        self._refs: dict[str, Any] = {}
        self._new: list[Any] = []
        self._gone: list[Any] = []
        self._view: Any = None
        self._collector: Any = None
        self._version = ""

    def __enter__(self) -> Watch:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for thing, method in ((self._collector, "DestroyPropertyCollector"), (self._view, "DestroyView")):
            if thing is not None:
                # They end with the session anyway; an error here must not hide the one that matters.
                with suppress(vmodl.MethodFault, OSError, HTTPException):
                    getattr(thing, method)()

    def __len__(self) -> int:
        return len(self._refs)

    def __contains__(self, moid: str) -> bool:
        return moid in self._refs

    def add(self, ref: Any) -> None:
        """Watch this object from the next poll on."""
        moid = moid_of(ref) or ""
        if moid not in self._refs:
            self._refs[moid] = ref
            self._new.append(ref)

    def drop(self, moid: str) -> None:
        """Stop watching it. Objects that are done must leave, or every poll would carry them along."""
        if moid in self._refs:
            self._gone.append(self._refs.pop(moid))

    def poll(self, seconds: int) -> Iterator[tuple[str, dict[str, Any]]]:
        """Wait until something changes, at most so long; give each changed object's new values."""
        self._synchronise()
        update = self._wait(seconds)
        while update is not None:
            self._version = update.version
            for part in update.filterSet or ():
                for change in part.objectSet or ():
                    moid = moid_of(change.obj) or ""
                    if change.kind != "leave" and moid in self._refs:
                        yield moid, {entry.name: entry.val for entry in change.changeSet or ()}
            # vCenter cuts a long report into parts; the rest is there already.
            update = self._wait(0) if update.truncated else None

    def _wait(self, seconds: int) -> Any:
        return self._collector.WaitForUpdatesEx(
            self._version, vmodl.query.PropertyCollector.WaitOptions(maxWaitSeconds=seconds)
        )

    def _synchronise(self) -> None:
        if self._view is None:
            content = self._session.content
            self._view = content.viewManager.CreateListView(self._new)
            self._collector = content.propertyCollector.CreatePropertyCollector()
            self._collector.CreateFilter(self._filter(), True)
        elif self._new or self._gone:
            self._view.ModifyListView(self._new, self._gone)
        self._new, self._gone = [], []

    def _filter(self) -> Any:
        collector = vmodl.query.PropertyCollector
        walk = collector.TraversalSpec(name="view", type=vim.view.ListView, path="view", skip=False)
        return collector.FilterSpec(
            objectSet=[collector.ObjectSpec(obj=self._view, skip=True, selectSet=[walk])],
            propSet=[collector.PropertySpec(type=getattr(vim, self._kind), pathSet=list(self._paths), all=False)],
        )
