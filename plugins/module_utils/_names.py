# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names as people write them, and as vSphere keeps them. Pure.

vSphere escapes ``/``, ``\\`` and ``%`` in the names of inventory objects, and asks for ``%`` to be escaped in the
names of snapshots.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

_ESCAPES = {"%2f": "/", "%5c": "\\", "%25": "%"}


def plain(name: str) -> str:
    """A name as vSphere gives it, the way a person would write it."""
    if "%" not in name:
        return name
    return re.sub(r"%(2f|5c|25)", lambda match: _ESCAPES[match[0].lower()], name, flags=re.IGNORECASE)


def escaped(name: str) -> str:
    """A snapshot's name as it must be sent; the inverse of plain."""
    return name.replace("%", "%25")


def part(name: str) -> str:
    """A name as vSphere gives it, as one part of a path: ``plain`` of it is the name again, whatever is in it.

    Most names stay as people write them. One with a slash would be two parts, and one that looks escaped would be taken
    for another name, so these are escaped as vSphere does it.
    """
    text = plain(name)
    if "/" not in text and plain(text) == text:
        return text
    return text.replace("%", "%25").replace("/", "%2f").replace("\\", "%5c")


def printable(text: str) -> str:
    """A name or path for a message: what would break its line, or turn it around, is written out."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def similar(wanted: str, names: Iterable[str], most: int = 3) -> tuple[str, ...]:
    """Those of the names that may be meant by a mistyped one, the likeliest first; case does not count."""
    spelled: dict[str, str] = {}
    for name in names:
        spelled.setdefault(name.lower(), name)
    return tuple(spelled[match] for match in difflib.get_close_matches(wanted.lower(), spelled, most))
