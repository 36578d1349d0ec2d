# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Wait for changes of properties on any number of objects, with one collector and one call at a time."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from http.client import HTTPException
from typing import Any

try:
    from pyVmomi import vmodl
except ImportError:
    pass  # _session.connect says so, before anything of this file is used.

from ansible_collections.savepoint.vsphere.plugins.module_utils._faults import moid_of
from ansible_collections.savepoint.vsphere.plugins.module_utils._session import Session, vim_type
from ansible_collections.savepoint.vsphere.plugins.module_utils._wire import (
    Form,
    UnfamiliarError,
    blank,
    by_pyvmomi,
    call,
    changes_of,
    reference_of,
    returned,
    text_of,
)

# Filters of which every object is done, before they are taken away.
SPENT = 32

Change = tuple[str, dict[str, Any]]


class Watch:
    """Reports property changes of the objects added to it, each once.

    What is added together gets a filter of its own, which tells of these objects only: a list that grows would be sent
    again by some servers at every addition. Objects may be added while another thread waits.
    ``vanished`` are those that vCenter has stopped to report on, since they are no more or can't be seen any more.
    The collector is given back at the end of the session (a client may have 32).
    """

    def __init__(self, session: Session, kind: str, paths: Sequence[str]) -> None:
        self._session = session
        self._kind = kind
        self._paths = tuple(paths)
        self.vanished: set[str] = set()
        self._lock = threading.Lock()
        self._number = itertools.count()
        self._home: dict[str, int] = {}
        self._filters: dict[int, tuple[Any, set[str]]] = {}
        self._spent: list[Any] = []
        self._collector: Any = None
        self._form: Form | None = None
        self._version = ""

    def __len__(self) -> int:
        return len(self._home)

    def add(self, refs: Iterable[Any]) -> list[str]:
        """Watch these objects; gives the MoIDs of those that are gone."""
        wanted = list(dict.fromkeys(moid_of(ref) or "" for ref in refs))
        gone: list[str] = []
        collector = self._open()
        while wanted:
            with self._lock:
                # Before the call: a change may be told before its answer is here.
                number = next(self._number)
                self._home.update(dict.fromkeys(wanted, number))
            try:
                made = self._filter(collector, wanted)
            except vmodl.fault.ManagedObjectNotFound as error:
                moid = moid_of(error.obj) or ""
                self.drop(wanted)
                if moid not in wanted:
                    raise
                gone.append(moid)
                wanted.remove(moid)
                continue
            with self._lock:
                self._filters[number] = (made, {moid for moid in wanted if self._home.get(moid) == number})
                self._retire(number)
                spent = self._spent if len(self._spent) >= SPENT else []
                if spent:
                    self._spent = []
            for old in spent:
                with suppress(vmodl.MethodFault):
                    old.DestroyPropertyFilter()
            break
        return gone

    def drop(self, moids: Iterable[str]) -> None:
        """Stop watching these."""
        with self._lock:
            for moid in moids:
                number = self._home.pop(moid, None)
                if number in self._filters:
                    self._filters[number][1].discard(moid)
                    self._retire(number)

    def wait(self, seconds: int) -> list[Change]:
        """Wait until something changes, at most so long; give each changed object's new values."""
        changes, more = self._wait(seconds)
        while more:
            # vCenter cuts a long report into parts; the rest is there already.
            rest, more = self._wait(0)
            changes += rest
        return changes

    def cancel(self) -> None:
        """Make another thread's wait return now."""
        with suppress(vmodl.MethodFault, OSError, HTTPException):
            self._collector.CancelWaitForUpdates()

    def _retire(self, number: int) -> None:
        if not self._filters[number][1]:
            self._spent.append(self._filters.pop(number)[0])

    def _open(self) -> Any:
        with self._lock:
            if self._collector is None:
                self._collector = self._session.content.propertyCollector.CreatePropertyCollector()
                self._session.at_end(self._collector.DestroyPropertyCollector)
            return self._collector

    def _wait(self, seconds: int) -> tuple[list[Change], bool]:
        options = vmodl.query.PropertyCollector.WaitOptions(maxWaitSeconds=seconds)
        body, info = call(self._collector, "WaitForUpdatesEx", self._version, options)
        try:
            update = returned(body)
            if update is None:
                return [], False
            found = changes_of(update)
            self._version = text_of(update, "version")
            more = text_of(update, "truncated") in ("true", "1")
        except UnfamiliarError:
            slow = by_pyvmomi(body, self._collector._stub, info)  # pylint: disable=protected-access
            found = [
                (moid_of(change.obj) or "", str(change.kind), {one.name: one.val for one in change.changeSet or ()})
                for part in slow.filterSet or ()
                for change in part.objectSet or ()
            ]
            self._version, more = slow.version, bool(slow.truncated)
        self.vanished.update(moid for moid, kind, ignored in found if kind == "leave" and moid in self._home)
        return [(moid, values) for moid, kind, values in found if kind != "leave" and moid in self._home], more

    def _filter(self, collector: Any, moids: Sequence[str]) -> Any:
        """Have these reported on; gives the filter."""
        if self._form is None:
            query = vmodl.query.PropertyCollector
            spec = query.FilterSpec(
                objectSet=[query.ObjectSpec(obj=self._session.object(self._kind, blank(0)), skip=False)],
                propSet=[query.PropertySpec(type=vim_type(self._kind), pathSet=list(self._paths), all=False)],
            )
            self._form = Form(collector, "CreateFilter", spec, True, repeat="objectSet")
        body = self._form.listing(moids)
        try:
            made = reference_of(body)
        except UnfamiliarError:
            made = by_pyvmomi(body, self._form.stub, self._form.info)
        return vmodl.query.PropertyCollector.Filter(moid_of(made), self._session.stub)
