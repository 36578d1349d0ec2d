# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The marker: the last line of a managed snapshot's description. Pure.

It is one line that a person can read in the vSphere Client::

    [savepoint set=CHG0031337 kind=quiesced owner=awx:job:812 expires=2026-11-26T05:00:00Z op=5f2c9a phase=taken]

``hold`` stands alone, without a value. ``reverted`` is when Savepoint last reverted to it with safeguards. Values
are percent-encoded where they need it. Keys that this version does not know are kept as they are, so that a newer
version's markers survive an older one's edits.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import quote, unquote

from ansible_collections.savepoint.vsphere.plugins.module_utils._time import format_time, parse_time

PREFIX = "[savepoint"
PHASES = ("taken", "patching", "failed", "reverted")
KINDS = ("crash_consistent", "memory", "quiesced", "suspended", "powered_off")
_KEY = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
# Everything else is percent-encoded: spaces and brackets would end a value, '%' would start an escape.
_SAFE = ":@/,+-._~"


@dataclass(frozen=True)
class Marker:
    """What Savepoint knows of a snapshot that vSphere's own tree does not say."""

    set: str | None = None
    kind: str | None = None
    owner: str | None = None
    expires: datetime | None = None
    op: str | None = None
    phase: str | None = None
    reverted: datetime | None = None
    hold: bool = False
    extra: tuple[tuple[str, str], ...] = ()

    @property
    def empty(self) -> bool:
        """Nothing left to say, so that no marker need be written."""
        return self == Marker()


@dataclass(frozen=True)
class Described:
    """A description taken apart: the person's text, and the marker or why it does not parse."""

    text: str
    marker: Marker | None = None
    problem: str | None = None


def split(description: str | None) -> Described:
    """Take a raw description apart. Only its last line can be a marker.

    A last line that begins like a marker but does not parse gives ``problem``, and so does a marker below which
    somebody has written: such a snapshot is protected, since nobody can know any more whether it was on hold.
    """
    raw = description or ""
    body, newline, last = raw.rstrip().rpartition("\n")
    if not looks_like_marker(last):
        displaced = any(looks_like_marker(line) for line in body.split("\n"))
        return Described(raw, problem="it is not the last line of the description" if displaced else None)
    text = body.removesuffix("\r") if newline else ""
    try:
        return Described(text, parse(last.strip()))
    except ValueError as error:
        return Described(text, problem=str(error))


def looks_like_marker(line: str) -> bool:
    """Does this line claim to be a marker?"""
    return line.strip().lower().startswith(PREFIX)


def join(text: str, marker: Marker | None) -> str:
    """Put a description together again; the inverse of split."""
    if marker is None or marker.empty:
        return text
    return f"{text}\n{format_marker(marker)}" if text else format_marker(marker)


def format_marker(marker: Marker) -> str:
    """Write the marker's line."""
    words = [PREFIX]
    for key in ("set", "kind", "owner"):
        value = getattr(marker, key)
        if value is not None:
            words.append(f"{key}={quote(value, safe=_SAFE)}")
    if marker.expires is not None:
        words.append(f"expires={format_time(marker.expires)}")
    for key in ("op", "phase"):
        value = getattr(marker, key)
        if value is not None:
            words.append(f"{key}={quote(value, safe=_SAFE)}")
    if marker.reverted is not None:
        words.append(f"reverted={format_time(marker.reverted)}")
    words += [f"{key}={value}" if value else key for key, value in marker.extra]
    if marker.hold:
        words.append("hold")
    return " ".join(words) + "]"


def parse(line: str) -> Marker:
    """Read a marker's line. Raises ValueError with the reason when it is not one."""
    if not line.startswith(PREFIX) or not line.endswith("]") or line[len(PREFIX)] not in " ]":
        raise ValueError("it does not have the form [savepoint key=value ...]")
    fields: dict[str, str] = {}
    extra: list[tuple[str, str]] = []
    for word in line[len(PREFIX) : -1].split():
        key, equals, value = word.partition("=")
        if not _KEY.fullmatch(key) or (equals and not value):
            raise ValueError(f"'{word}' is not key=value")
        if key in fields or any(key == known for known, ignored in extra):
            raise ValueError(f"'{key}' is there twice")
        if key in ("set", "kind", "owner", "expires", "op", "phase", "reverted"):
            if not equals:
                raise ValueError(f"'{key}' has no value")
            fields[key] = unquote(value, errors="strict")
        elif key == "hold":
            if equals:
                raise ValueError("'hold' takes no value")
            fields[key] = ""
        else:
            extra.append((key, value))
    if fields.get("kind", KINDS[0]) not in KINDS:
        raise ValueError(f"'{fields['kind']}' is no kind of snapshot")
    return Marker(
        set=fields.get("set"),
        kind=fields.get("kind"),
        owner=fields.get("owner"),
        expires=parse_time(fields["expires"]) if "expires" in fields else None,
        op=fields.get("op"),
        phase=fields.get("phase"),
        reverted=parse_time(fields["reverted"]) if "reverted" in fields else None,
        hold="hold" in fields,
        extra=tuple(extra),
    )


def with_hold(marker: Marker | None, hold: bool) -> Marker:
    """The same marker, held or released; everything else stays."""
    return replace(marker or Marker(), hold=hold)


def with_kind(marker: Marker, kind: str) -> Marker:
    """The same marker, with the kind of snapshot that was really taken."""
    return replace(marker, kind=kind)


def with_expiry(marker: Marker, expires: datetime) -> Marker:
    """The same marker with an expiry that is never earlier than it was."""
    return replace(marker, expires=max(expires, marker.expires or expires))


def with_phase(marker: Marker, phase: str) -> Marker:
    """The same marker in another phase of the change; everything else stays."""
    return replace(marker, phase=phase)


def with_revert(marker: Marker, ended_at: datetime) -> Marker:
    """The same marker, reverted to at that time, which is rounded up: what is not later is that revert itself."""
    whole = ended_at.replace(microsecond=0)
    return replace(marker, phase="reverted", reverted=whole if whole == ended_at else whole + timedelta(seconds=1))
