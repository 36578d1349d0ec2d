# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A scope's words to exact places, and which VMs are there. Pure.

A place that does not exist is an error, and so is one whose name or path several have: nobody knows which is meant.
"""

from __future__ import annotations

import fnmatch
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import InputError, shown
from ansible_collections.savepoint.vsphere.plugins.module_utils._names import printable
from ansible_collections.savepoint.vsphere.plugins.module_utils._places import is_folder, is_named, tidy
from ansible_collections.savepoint.vsphere.plugins.module_utils._selection import MAX_LISTED, Candidate, Scope

DATACENTER = "datacenter"
CLUSTER = "cluster"
FOLDER = "folder"


@dataclass(frozen=True)
class Place:
    """A datacenter, a cluster or a folder of the inventory; ``path`` is from the root, as results show it."""

    kind: str
    moid: str
    path: str
    datacenter_path: str | None = None

    @property
    def label(self) -> str:
        """How an error lists it."""
        return f"'{printable(self.path)}' ({self.moid})"


@dataclass(frozen=True)
class Bounds:
    """A scope whose places are known. What is None does not bound."""

    datacenter: Place | None = None
    cluster: Place | None = None
    folder: Place | None = None
    name_pattern: str | None = None

    def hold(self, candidate: Candidate) -> bool:
        """Is the VM inside? The cluster is not looked at here: only the inventory read can tell it."""
        if self.datacenter is not None and candidate.datacenter_path != self.datacenter.path:
            return False
        if self.folder is not None and not _contains(self.folder.path, candidate.folder):
            return False
        return self.name_pattern is None or fnmatch.fnmatchcase(candidate.name, self.name_pattern)


def nothing_in(scope: Scope) -> str:
    """The warning where no VM is inside: nobody should take a mistyped scope for a clean one."""
    if scope.everything:
        return "no virtual machine was looked at: this account sees none"
    keys = (DATACENTER, CLUSTER, FOLDER, "name_pattern")
    given = [f"{key} {shown(value)}" for key in keys if (value := getattr(scope, key)) is not None]
    hint = "; a name_pattern must match the whole name, and case matters" if scope.name_pattern is not None else ""
    return f"no virtual machine was looked at: the scope ({', '.join(given)}) has none in it{hint}"


def bounds(scope: Scope, places: Sequence[Place]) -> Bounds:
    """The places that a scope means. Raises InputError for one that is not there, or that may be several."""
    datacenter = locate(DATACENTER, scope.datacenter, places) if scope.datacenter is not None else None
    cluster = locate(CLUSTER, scope.cluster, places, datacenter) if scope.cluster is not None else None
    folder = locate(FOLDER, scope.folder, places, datacenter) if scope.folder is not None else None
    return Bounds(datacenter, cluster, folder, scope.name_pattern)


def locate(kind: str, wanted: str, places: Sequence[Place], within: Place | None = None) -> Place:
    """The one place that is meant; ``within`` is the datacenter that the scope names beside it."""
    # A folder path may end at a datacenter, and then means all that is in it.
    kinds = (FOLDER, DATACENTER) if kind == FOLDER else (kind,)
    every = sorted((place for place in places if place.kind in kinds and _may_hold_vms(place)), key=_order)
    inside = [place for place in every if within is None or _meets(place, within)]
    found = _found(wanted, inside)
    if len(found) == 1:
        return found[0]
    where = f" in datacenter '{printable(within.path)}'" if within is not None else ""
    if not found:
        elsewhere = _found(wanted, every)
        there = f"but there is {_listed(elsewhere)}" if elsewhere else f"there are {_listed(inside)}"
        raise InputError(f"scope: there is no {kind} '{printable(wanted)}'{where}; {there}")
    remedy = "give the full path of the one that is meant"
    if len({place.path for place in found}) < len(found):
        remedy = "what this account may see does not tell them apart, so name the virtual machines by moid"
    elif within is None and kind != DATACENTER and len({place.datacenter_path for place in found}) == len(found):
        remedy += ", or its datacenter beside it"
    raise InputError(f"scope: {len(found)} {kind}s{where} answer to '{printable(wanted)}': {_listed(found)}; {remedy}")


def _found(wanted: str, places: Sequence[Place]) -> list[Place]:
    """A path that is written as results show it has no other meaning; anything else is what can be read into it."""
    if wanted.startswith("/"):
        exact = [place for place in places if place.path == tidy(wanted)]
        if exact:
            return exact
    found = [place for place in places if _answers(place, wanted, place.path, place.datacenter_path)]
    if found:
        return found
    # The same letters may be made of other characters, and nobody can see that.
    same = _composed(wanted)
    return [
        place
        for place in places
        if _answers(place, same, _composed(place.path), _composed(place.datacenter_path or "") or None)
    ]


def _answers(place: Place, wanted: str, path: str, datacenter_path: str | None) -> bool:
    if place.kind == CLUSTER:
        return is_named(wanted, path)
    return is_folder(wanted, path, datacenter_path) or (place.kind == DATACENTER and is_named(wanted, path))


def _may_hold_vms(place: Place) -> bool:
    """The folders for hosts, networks and datastores are no places for VMs, whatever they are called."""
    base = place.datacenter_path
    return place.kind != FOLDER or base is None or _contains(f"{base}/vm", place.path)


def _meets(place: Place, datacenter: Place) -> bool:
    return _contains(datacenter.path, place.path) or (place.kind == FOLDER and _contains(place.path, datacenter.path))


def _contains(above: str, path: str) -> bool:
    return path == above or path.startswith(f"{above}/")


def _listed(places: Sequence[Place]) -> str:
    if not places:
        return "none"
    more = f" and {len(places) - MAX_LISTED} more" if len(places) > MAX_LISTED else ""
    return ", ".join(place.label for place in places[:MAX_LISTED]) + more


def _order(place: Place) -> tuple[str, str]:
    return place.path, place.moid


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)
