# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bulk property reads: paged, with nothing fetched that was not asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

try:
    from pyVmomi import vim, vmodl
except ImportError:
    pass  # _session.connect says so, before anything of this file is used.

from ansible_collections.savepoint.vsphere.plugins.module_utils._faults import fault_name, moid_of
from ansible_collections.savepoint.vsphere.plugins.module_utils._session import Session, vim_type
from ansible_collections.savepoint.vsphere.plugins.module_utils._wire import (
    Form,
    UnfamiliarError,
    blank,
    by_pyvmomi,
    returned,
    rows_of,
    text_of,
)

# Objects in one answer. Large enough that paging costs little, small enough that neither side holds much at once.
PAGE = 1000
# What stands above that many, for the same page.
PLACES = 200


@dataclass(frozen=True)
class Row:
    """One object's properties. A path that is not set is not in ``values``.

    One that can't be read is in ``missing``, with the name of the fault that says why.
    """

    moid: str
    type: str
    values: Mapping[str, Any] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)

    def get(self, path: str, default: Any = None) -> Any:
        """The value at a path."""
        return self.values.get(path, default)


def read_view(session: Session, paths: Mapping[str, Sequence[str]], container: Any = None) -> Iterator[Row]:
    """Every object of the given types below the container (default: the root folder), with these properties."""
    for page in read_pages(session, paths, make_view(session, paths, container)):
        yield from page


def make_view(session: Session, kinds: Iterable[str], container: Any = None) -> Any:
    """A view of every object of the given types below the container (default: the root folder)."""
    types = [getattr(vim, name) for name in kinds]
    view = session.content.viewManager.CreateContainerView(container or session.content.rootFolder, types, True)
    session.at_end(view.DestroyView)
    return view


def read_pages(session: Session, paths: Mapping[str, Sequence[str]], view: Any) -> Iterator[list[Row]]:
    """The objects of a view that was made a moment ago, with these properties, page by page."""
    walk = vmodl.query.PropertyCollector.TraversalSpec(
        name="view", type=vim.view.ContainerView, path="view", skip=False
    )
    start = vmodl.query.PropertyCollector.ObjectSpec(obj=view, skip=True, selectSet=[walk])
    form = _form(session, start, paths)
    try:
        yield from _pages(session, form, form.send())
    except vmodl.fault.ManagedObjectNotFound as gone:
        if moid_of(gone.obj) != moid_of(view):
            raise
        # It ends with its session only.
        raise vim.fault.NotAuthenticated(msg="The session has ended, and the view with it.") from gone


def read_objects(
    session: Session, kind: str, moids: Sequence[str], paths: Mapping[str, Sequence[str]], ancestors: bool = False
) -> Iterator[Row]:
    """These objects, and with ``ancestors`` what they stand in, up to the root. One that is gone is left out."""
    form = _form(session, _object_spec(session.object(kind, blank(0)), ancestors), paths, repeat="objectSet")
    for first in range(0, len(moids), PAGE):
        wanted = list(moids[first : first + PAGE])
        while wanted:
            try:
                # Collected before any is given out: a fault on a later page must not give the earlier ones twice.
                rows = [row for page in _pages(session, form, form.listing(wanted)) for row in page]
            except vmodl.fault.ManagedObjectNotFound as gone:
                # The whole read fails on one object that was deleted meanwhile; go on without it.
                moid = moid_of(gone.obj)
                if moid not in wanted:
                    raise
                wanted.remove(moid)
                continue
            yield from rows
            break


def read_members(
    session: Session, kind: str, moid: str, path: str, paths: Mapping[str, Sequence[str]]
) -> Iterator[Row]:
    """The objects that a property of this one lists, with these properties."""
    walk = vmodl.query.PropertyCollector.TraversalSpec(name="members", type=vim_type(kind), path=path, skip=False)
    start = vmodl.query.PropertyCollector.ObjectSpec(obj=session.object(kind, moid), skip=True, selectSet=[walk])
    form = _form(session, start, paths)
    for page in _pages(session, form, form.send()):
        yield from page


def _object_spec(ref: Any, ancestors: bool) -> Any:
    collector = vmodl.query.PropertyCollector
    if not ancestors:
        return collector.ObjectSpec(obj=ref, skip=False)
    again = [collector.SelectionSpec(name="up"), collector.SelectionSpec(name="vapp")]
    up = collector.TraversalSpec(name="up", type=vim.ManagedEntity, path="parent", skip=False, selectSet=again)
    # A VM in a vApp has no parent folder; the vApp's own folder is where people look for it.
    vapp = collector.TraversalSpec(
        name="vapp",
        type=vim.VirtualMachine,
        path="parentVApp",
        skip=False,
        selectSet=[collector.SelectionSpec(name="up"), collector.SelectionSpec(name="folder")],
    )
    folder = collector.TraversalSpec(
        name="folder",
        type=vim.VirtualApp,
        path="parentFolder",
        skip=False,
        selectSet=[collector.SelectionSpec(name="up")],
    )
    return collector.ObjectSpec(obj=ref, skip=False, selectSet=[up, vapp, folder])


def _form(session: Session, start: Any, paths: Mapping[str, Sequence[str]], repeat: str = "") -> Form:
    spec = vmodl.query.PropertyCollector.FilterSpec(
        objectSet=[start],
        propSet=[
            vmodl.query.PropertyCollector.PropertySpec(type=vim_type(name), pathSet=list(wanted), all=False)
            for name, wanted in paths.items()
        ],
        reportMissingObjectsInResults=None,
    )
    options = vmodl.query.PropertyCollector.RetrieveOptions(maxObjects=PAGE + PLACES)
    return Form(session.content.propertyCollector, "RetrievePropertiesEx", [spec], options, repeat=repeat)


def _pages(session: Session, form: Form, body: bytes) -> Iterator[list[Row]]:
    """The page in this answer to the form, and those that follow it."""
    rows, token = _page(body, form)
    yield rows
    following = Form(session.content.propertyCollector, "ContinueRetrievePropertiesEx", blank(0)) if token else form
    while token:
        rows, token = _page(following.send(token), following)
        yield rows


def _page(body: bytes, form: Form) -> tuple[list[Row], str]:
    """One page, and the token of the next."""
    try:
        page = returned(body)
        if page is None:
            return [], ""
        rows = [Row(moid_of(ref) or "", ref.kind, values, missing) for ref, values, missing in rows_of(page)]
        return _authentic(rows), text_of(page, "token")
    except UnfamiliarError:
        slow = by_pyvmomi(body, form.stub, form.info)
        if slow is None:
            return [], ""
        found = [
            Row(
                moid_of(entry.obj) or "",
                type(entry.obj).__name__.rpartition(".")[2],
                {one.name: one.val for one in entry.propSet},
                {one.path: fault_name(one.fault) for one in entry.missingSet or ()},
            )
            for entry in slow.objects
        ]
        return _authentic(found), slow.token or ""


def _authentic(rows: list[Row]) -> list[Row]:
    """The rows. vCenter answers a read of an ended session as well, with nothing in it; that is an error as any."""
    if any("NotAuthenticated" in row.missing.values() for row in rows):
        raise vim.fault.NotAuthenticated(msg="The session is not authenticated.")
    return rows
