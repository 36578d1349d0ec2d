"""What a snapshot's name and description say, read without the collection's own code, so that both can't err alike."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

# A VM, or a snapshot, as the simulator tells of it.
Machine = dict[str, Any]
# A backup product's, which nobody else may remove.
BACKUP = "VEEAM BACKUP TEMPORARY SNAPSHOT"
NAMES = (
    "before patch",
    "{{ 7 * 7 }}",
    "a/b\\c 100%",
    "<script>alert(1)</script>",
    "\u202eabc",
    "n" * 80,
    "caf\u00e9",
    "cafe\u0301",
)
_ESCAPES = {"%2f": "/", "%5c": "\\", "%25": "%"}


@dataclass(frozen=True)
class Mark:
    """A description taken apart. ``words`` is what the marker says, None without one; it may be broken, too."""

    text: str
    words: Mapping[str, str] | None = None
    broken: bool = False

    def word(self, key: str) -> str | None:
        """What the marker says of it; an empty text where it only says that."""
        return None if self.words is None else self.words.get(key)


def read(snapshot: Machine) -> Mark:
    """The text, and the marker in its last line."""
    text, _newline, last = snapshot["description"].rpartition("\n")
    if not last.startswith("[savepoint"):
        return Mark(snapshot["description"])
    found = re.fullmatch(r"\[savepoint((?: [a-z]+(?:=[^ \]]+)?)*)\]", last)
    if found is None:
        return Mark(text, broken=True)
    words = (word.partition("=") for word in found[1].split())
    return Mark(text, {key: value for key, _equals, value in words})


def set_of(snapshot: Machine) -> str | None:
    """The set in the marker."""
    return read(snapshot).word("set")


def held(snapshot: Machine) -> bool:
    """Is it on hold?"""
    return read(snapshot).word("hold") is not None


def managed(snapshot: Machine) -> bool:
    """Does it have a marker?"""
    return read(snapshot).words is not None


def protected(snapshot: Machine) -> bool:
    """Is it one that nothing but force removes?"""
    mark = read(snapshot)
    ours = mark.words is not None and set(mark.words) - {"hold"}
    return held(snapshot) or mark.broken or (snapshot["name"] == BACKUP and not ours)


def with_hold(description: str) -> str | None:
    """The description of one that somebody puts on hold by hand; None for one that is, or whose marker is broken."""
    mark = read({"description": description})
    if mark.broken or mark.word("hold") is not None:
        return None
    if mark.words is not None:
        return description[:-1] + " hold]"
    return f"{description}\n[savepoint hold]" if description else "[savepoint hold]"


def plain(name: str) -> str:
    """A name the way a person would write it."""
    return re.sub(r"%(2f|5c|25)", lambda match: _ESCAPES[match[0].lower()], name, flags=re.IGNORECASE)


def by_moid(vm: Machine) -> dict[str, Machine]:
    """Its snapshots."""
    return {one["moid"]: one for one in vm["snapshots"]}


def below(vm: Machine, moid: str) -> set[str]:
    """A snapshot and everything that grew out of it."""
    inside = {moid}
    while more := {one["moid"] for one in vm["snapshots"] if one["parent"] in inside} - inside:
        inside |= more
    return inside


@dataclass(frozen=True)
class Wanted:
    """What may become of a snapshot's name and description; None: nothing. ``notes``: of a revert to it."""

    name: str | None = None
    text: str | None = None
    hold: bool | None = None
    phase: str | None = None
    extends: bool = False
    notes: bool = False

    def met(self, snapshot: Machine) -> str | None:
        """What is not as it is wanted; None if all is."""
        mark = read(snapshot)
        found = {
            "name": plain(snapshot["name"]),
            "text": mark.text,
            "hold": held(snapshot),
            "phase": mark.word("phase"),
        }
        wrong = [key for key, value in found.items() if getattr(self, key) not in (None, value)]
        return f"{wrong} are not as they were to be: {snapshot}" if wrong else None


@dataclass
class Writing:
    """Everything that may have been written, by VM and snapshot."""

    wanted: dict[tuple[str, str], list[Wanted]] = field(default_factory=dict)

    def add(self, vm: str, wishes: Mapping[str, Wanted]) -> None:
        """These too."""
        for moid, one in wishes.items():
            self.wanted.setdefault((vm, moid), []).append(one)

    def check(self, vm: str, was: Machine, now: Machine) -> None:
        """Nothing else is written there; a hold in particular went only where somebody asked for that."""
        wishes = self.wanted.get((vm, was["moid"]), [])
        where = f"{vm}: {was['name']!r} {was['moid']}"
        assert now["name"] == was["name"] or plain(now["name"]) in _of(wishes, "name"), f"{where} is {now['name']!r}"
        old, new = read(was), read(now)
        assert old.broken is new.broken, (
            f"{where}: the marker was and is {was['description']!r}, {now['description']!r}"
        )
        if old.broken:
            assert was["description"] == now["description"], f"{where}: {now['description']!r} in a broken one's place"
            return
        assert new.text == old.text or new.text in _of(wishes, "text"), f"{where}: the text is {new.text!r}"
        if held(was) is not held(now):
            lost = "the hold was lost" if held(was) else "it is on hold, and nobody asked for it"
            assert held(now) in _of(wishes, "hold"), f"{where}: {lost}"
        for key in ((old.words or {}).keys() | (new.words or {}).keys()) - {"hold"}:
            self._word(where, key, old.word(key), new.word(key), wishes)

    def _word(self, where: str, key: str, old: str | None, new: str | None, wishes: list[Wanted]) -> None:
        if old == new:
            return
        what = f"{where}: its {key} was {old}, and is {new}"
        noted = any(one.notes for one in wishes)
        if key == "phase":
            assert new in _of(wishes, "phase") or (noted and new == "reverted"), what
        elif key == "expires":
            assert old and new and new > old and any(one.extends for one in wishes), what
        else:
            assert key == "reverted" and noted, what


def _of(wishes: Iterable[Wanted], key: str) -> set[Any]:
    return {getattr(one, key) for one in wishes} - {None}
