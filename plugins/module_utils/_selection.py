# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which VMs a call works on: the caller's words to exact machines. Pure.

``parse_*`` reads options, ``resolve`` matches them against what the inventory read found; ``_scope`` does so for
a scope. Nothing here guesses: a selector that matches more than one VM is an error that lists them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import InputError
from ansible_collections.savepoint.vsphere.plugins.module_utils._names import printable, similar
from ansible_collections.savepoint.vsphere.plugins.module_utils._places import is_below, is_named

MAX_LISTED = 10
SELECTOR_KEYS = (
    "name",
    "moid",
    "uuid",
    "use_instance_uuid",
    "folder",
    "folder_paths_are_absolute",
    "datacenter",
    "name_match",
)
SCOPE_KEYS = ("datacenter", "cluster", "folder", "name_pattern")


@dataclass(frozen=True)
class Selector:
    """How the caller names one VM. Exactly one of ``moid``, ``uuid`` and ``name`` is set."""

    raw: Any
    moid: str | None = None
    uuid: str | None = None
    use_instance_uuid: bool = False
    name: str | None = None
    folder: str | None = None
    folder_is_absolute: bool = False
    datacenter: str | None = None
    name_match: str | None = None

    @property
    def text(self) -> str:
        """How an error names the entry."""
        if self.moid is not None:
            return f"moid '{self.moid}'"
        if self.uuid is not None:
            return f"{'instance ' if self.use_instance_uuid else ''}uuid '{self.uuid}'"
        where = "".join(
            f" in {word} '{value}'"
            for word, value in (("folder", self.folder), ("datacenter", self.datacenter))
            if value
        )
        return f"name '{self.name}'{where}"


@dataclass(frozen=True)
class Scope:
    """A part of the inventory. All keys given must hold; ``everything`` stands alone."""

    everything: bool = False
    datacenter: str | None = None
    cluster: str | None = None
    folder: str | None = None
    name_pattern: str | None = None


@dataclass(frozen=True)
class Selection:
    """What one call asks for: entries, or a scope. ``single``: the answer also carries the peers' keys."""

    selectors: tuple[Selector, ...] = ()
    scope: Scope | None = None
    single: bool = False
    abort_unresolved: bool = True


@dataclass(frozen=True)
class Candidate:
    """A VM as far as finding it goes. ``folder`` is the path from the root: ``/DC0/vm/web``."""

    moid: str
    name: str
    folder: str = ""
    datacenter_path: str | None = None
    bios_uuid: str | None = None
    instance_uuid: str | None = None

    @property
    def label(self) -> str:
        """How an error lists it."""
        return f"{self.moid} ('{printable(self.name)}' in {printable(self.folder) or '/'})"


@dataclass(frozen=True)
class Resolved:
    """An entry and the VM it means, or why it means none.

    ``missing`` is there where nothing matches it: the entry in short, with a hint, for an error that lists several.
    """

    raw: Any
    moid: str | None = None
    problem: str | None = None
    missing: str | None = None


Validator = Callable[[Mapping[str, Any]], tuple[Mapping[str, Any], Sequence[str]]]


def parse_selection(params: Mapping[str, Any], validate: Validator) -> Selection:
    """Read the selection options of a module; ``validate`` applies the argument spec of one VM to a dictionary.

    Raises InputError when nothing, or more than one way of selecting, is given.
    """
    abort = params.get("unresolved", "abort") == "abort"
    ways = [key for key in ("name", "moid", "uuid", "vms", "scope") if params.get(key) is not None]
    if len(ways) > 1:
        raise InputError(f"{' and '.join(ways)} exclude each other: say once which virtual machines are meant")
    if not ways:
        offered = "name, moid, uuid, vms" + (" or scope" if "scope" in params else "")
        raise InputError(f"no virtual machine is selected: set one of {offered}")
    beside = {key: params[key] for key in ("folder", "datacenter", "name_match") if params.get(key) is not None}
    if ways == ["scope"]:
        if beside:
            raise InputError(f"{next(iter(beside))} goes with a name, not with scope, which has keys of its own")
        return Selection(scope=parse_scope(params["scope"]), abort_unresolved=abort)
    if ways != ["vms"]:
        one = {key: params[key] for key in SELECTOR_KEYS if params.get(key) is not None}
        return Selection((parse_selector(one, params[ways[0]], ways[0]),), single=True, abort_unresolved=abort)
    entries = params["vms"]
    if not entries:
        raise InputError("vms is an empty list: name at least one virtual machine, or skip the task")
    # What narrows one name narrows each of many: left out, it would let a VM outside of the folder be acted on.
    narrowed = {**beside, "folder_paths_are_absolute": params.get("folder_paths_are_absolute")}
    selectors = []
    for position, entry in enumerate(entries):
        where = f"vms[{position}]"
        if isinstance(entry, str):
            selectors.append(parse_selector({**narrowed, "name": entry}, entry, where))
        elif isinstance(entry, Mapping):
            given = {str(key): value for key, value in entry.items() if value is not None}
            unknown = sorted(set(given) - set(SELECTOR_KEYS))
            if unknown:
                raise InputError(f"{where}: unknown key '{unknown[0]}'; an entry can have {', '.join(SELECTOR_KEYS)}")
            checked, errors = validate(given)
            if errors:
                raise InputError(f"{where}: {errors[0]}")
            own = {key: checked[key] for key in given}
            selectors.append(parse_selector({**narrowed, **own} if "name" in own else own, entry, where))
        else:
            raise InputError(f"{where}: {entry!r} is neither a name nor a dictionary; quote a name that is a number")
    return Selection(tuple(selectors), abort_unresolved=abort)


def parse_selector(given: Mapping[str, Any], raw: Any, where: str) -> Selector:
    """Read one entry. Raises InputError when it is empty or says more than one thing."""
    ways = [key for key in ("moid", "uuid", "name") if given.get(key) is not None]
    if len(ways) != 1:
        raise InputError(
            f"{where}: {' and '.join(ways)} exclude each other" if ways else f"{where}: set one of name, moid and uuid"
        )
    for key in (*ways, "folder", "datacenter"):
        if given.get(key) is not None and not str(given[key]).strip():
            raise InputError(f"{where}: {key} is empty; an empty name must never select a virtual machine")
    return Selector(
        raw=raw,
        moid=given.get("moid"),
        uuid=given.get("uuid"),
        use_instance_uuid=bool(given.get("use_instance_uuid")),
        name=given.get("name"),
        folder=given.get("folder"),
        folder_is_absolute=bool(given.get("folder_paths_are_absolute")),
        datacenter=given.get("datacenter"),
        name_match=given.get("name_match"),
    )


def parse_scope(given: Mapping[str, Any]) -> Scope:
    """Read a scope. Raises InputError when no key is set: an omitted variable must never mean everything."""
    keys = [key for key in SCOPE_KEYS if given.get(key) is not None]
    for key in keys:
        if not str(given[key]).strip():
            raise InputError(f"scope: {key} is empty; leave it out, or write {{all: true}} for everything")
    if "folder" in keys and not given["folder"].strip(" /"):
        raise InputError(f"scope: folder '{given['folder']}' is the root; write {{all: true}} if everything is meant")
    if given.get("all"):
        if keys:
            raise InputError(f"scope: all excludes {', '.join(keys)}")
        return Scope(everything=True)
    if not keys:
        raise InputError(
            f"scope: no key is set; set one of {', '.join(SCOPE_KEYS)}, or write {{all: true}} if everything is meant"
        )
    return Scope(**{key: given[key] for key in keys})


def resolve(selectors: Iterable[Selector], candidates: Iterable[Candidate]) -> tuple[Resolved, ...]:
    """Match every entry, in order. An entry's problem is on its result, for the caller to weigh.

    Entries that are the same VM have that as their problem, all of them: nobody knows which one is meant.
    """
    by_name: dict[str, list[Candidate]] = {}
    by_uuid: dict[tuple[bool, str], list[Candidate]] = {}
    by_moid: dict[str, Candidate] = {}
    for candidate in candidates:
        by_moid[candidate.moid] = candidate
        by_name.setdefault(candidate.name, []).append(candidate)
        for instance, uuid in ((False, candidate.bios_uuid), (True, candidate.instance_uuid)):
            if uuid:
                by_uuid.setdefault((instance, uuid.lower()), []).append(candidate)
    results: list[Resolved] = []
    same: dict[str, list[int]] = {}
    asked = tuple(selectors)
    hints = 0
    for place, selector in enumerate(asked):
        if selector.moid is not None:
            found = [by_moid[selector.moid]] if selector.moid in by_moid else []
        elif selector.uuid is not None:
            found = by_uuid.get((selector.use_instance_uuid, selector.uuid.lower()), [])
        else:
            found = [one for one in by_name.get(selector.name or "", []) if _is_in(one, selector)]
        result = _judge(selector, found) if found else _missing(selector, by_name, look=hints < MAX_LISTED)
        hints += result.missing is not None
        if result.moid is not None:
            same.setdefault(result.moid, []).append(place)
        results.append(result)
    for moid, places in same.items():
        if len(places) > 1:
            texts = " and ".join(dict.fromkeys(asked[place].text for place in places))
            told = texts if len({asked[place].text for place in places}) > 1 else f"{len(places)} entries, {texts},"
            for place in places:
                problem = f"{told} are the same virtual machine, {moid}"
                results[place] = Resolved(results[place].raw, problem=problem)
    return tuple(results)


def told(problems: Sequence[tuple[Resolved, str]]) -> str:
    """What is wrong with these entries, in one sentence: all that match nothing are named, up to a number of them."""
    missing = [entry.missing for entry, ignored in problems if entry.missing is not None]
    if len(missing) > 1:
        more = f" and {len(missing) - MAX_LISTED} more" if len(missing) > MAX_LISTED else ""
        parts = [f"{len(missing)} entries match no virtual machine: {', '.join(missing[:MAX_LISTED])}{more}"]
    else:
        parts = [text for entry, text in problems if entry.missing is not None]
    others = [text for entry, text in problems if entry.missing is None]
    if others:
        parts.append(others[0] + (f" (and {len(others) - 1} more such entries)" if len(others) > 1 else ""))
    return "; ".join(parts)


def _judge(selector: Selector, found: Sequence[Candidate]) -> Resolved:
    if len(found) > 1:
        if selector.name_match is None or selector.name is None:
            return Resolved(
                selector.raw,
                problem=f"{len(found)} virtual machines have the {selector.text}: {_listed(found)}; "
                "narrow it with folder or datacenter, or use moid",
            )
        ordered = sorted(found, key=lambda one: _natural(one.moid))
        return Resolved(selector.raw, ordered[0 if selector.name_match == "first" else -1].moid)
    return Resolved(selector.raw, found[0].moid)


def _missing(selector: Selector, by_name: Mapping[str, Sequence[Candidate]], *, look: bool) -> Resolved:
    """An entry that nothing matches; ``look`` for names that may be meant, which takes a while in a large inventory."""
    hint = ""
    if selector.name and (elsewhere := by_name.get(selector.name)):
        hint = f"of that name there are {_listed(elsewhere)}"
    elif selector.name and look:
        alike = [name for name in by_name if name.lower() == selector.name.lower()]
        near = similar(selector.name, by_name) if not alike else ()
        if alike:
            hint = f"names are case sensitive, and there is '{printable(alike[0])}'"
        elif near:
            quoted = ", ".join(f"'{printable(name)}'" for name in near)
            hint = f"similar names are {quoted}" if len(near) > 1 else f"a similar name is {quoted}"
    return Resolved(
        selector.raw,
        problem=f"no virtual machine has the {selector.text}" + (f"; {hint}" if hint else ""),
        missing=selector.text + (f" ({hint})" if hint else ""),
    )


def _is_in(candidate: Candidate, selector: Selector) -> bool:
    base = candidate.datacenter_path
    if selector.datacenter is not None and (base is None or not is_named(selector.datacenter, base)):
        return False
    absolute = selector.folder_is_absolute
    return selector.folder is None or is_below(selector.folder, candidate.folder, base, absolute=absolute)


def _listed(candidates: Sequence[Candidate]) -> str:
    ordered = sorted(candidates, key=lambda one: _natural(one.moid))
    more = f" and {len(ordered) - MAX_LISTED} more" if len(ordered) > MAX_LISTED else ""
    return ", ".join(candidate.label for candidate in ordered[:MAX_LISTED]) + more


def _natural(text: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", text)]
