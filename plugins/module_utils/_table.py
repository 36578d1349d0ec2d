# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Snapshots of many machines as rows and tables, from results. Pure."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from ansible_collections.savepoint.vsphere.plugins.module_utils._bytes import format_size
from ansible_collections.savepoint.vsphere.plugins.module_utils._time import format_duration

COLUMNS = ("vm", "snapshot", "id", "created_at", "age", "size", "kind", "set", "expires_at", "notes")
# What would be markup in a table of Markdown.
_MARKUP = re.compile(r"([\\|`*_\[\]~])")


def rows(given: Any) -> list[dict[str, Any]]:
    """One row for each snapshot in a result of snapshot_info, in entries of its results, or in a list of snapshots.

    Raises TypeError for anything else.
    """
    return [_row(machine, snapshot) for machine, snapshot in _snapshots(given)]


def text_table(table: Sequence[Mapping[str, Any]]) -> str:
    """Aligned columns with a heading; a column in which nothing stands is left out."""
    lines = [[_cell(cell) for cell in line] for line in _lines(table)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    padded = ("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines)
    return "".join(f"{line}\n" for line in padded)


def markdown_table(table: Sequence[Mapping[str, Any]]) -> str:
    """The same in Markdown, in which every text stays text."""
    head, *body = [[_escaped(_cell(cell)) for cell in line] for line in _lines(table)]
    return "".join(f"| {' | '.join(line)} |\n" for line in (head, ["---"] * len(head), *body))


def _snapshots(given: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(given, Mapping) and "results" in given:
        given = given["results"]
    for entry in [given] if isinstance(given, Mapping) else given if _is_list(given) else [given]:
        if not isinstance(entry, Mapping):
            raise TypeError("this is neither a result of snapshot_info nor a list of snapshots")
        if "created_at" in entry:
            yield _name(entry), entry
        elif _is_list(entry.get("snapshots")):
            for snapshot in entry["snapshots"]:
                yield _name(entry), snapshot
        elif "status" not in entry:  # A machine that failed, or whose result is shortened, has no snapshots to show.
            raise TypeError("this is neither a result of snapshot_info nor a list of snapshots")


def _is_list(given: Any) -> bool:
    return isinstance(given, Sequence) and not isinstance(given, (str, bytes))


def _name(entry: Mapping[str, Any]) -> str:
    machine = entry.get("vm")
    return str(machine["name"]) if isinstance(machine, Mapping) else ""


def _row(machine: str, snapshot: Mapping[str, Any]) -> dict[str, Any]:
    age, size = snapshot["age_seconds"], snapshot["size_bytes"]
    notes = [word for word in ("current", "hold") if snapshot[word]]
    notes += [] if snapshot["managed"] else ["foreign"]
    return {
        "vm": machine,
        "snapshot": snapshot["name"],
        "id": snapshot["id"],
        "created_at": snapshot["created_at"],
        "age": format_duration(timedelta(seconds=age)) if age is not None else None,
        "size": format_size(size) if size is not None else None,
        "kind": snapshot["kind"],
        "set": snapshot["set"],
        "expires_at": snapshot["expires_at"],
        "notes": ", ".join(notes),
    }


def _lines(table: Sequence[Mapping[str, Any]]) -> list[list[Any]]:
    shown = [key for key in COLUMNS if any(row[key] not in (None, "") for row in table)] if table else ["snapshot"]
    return [[*shown], *([row[key] for key in shown] for row in table)]


def _cell(value: Any) -> str:
    # Names are anybody's text: a line break would forge a row.
    text = "" if value is None else str(value)
    return "".join(char if char.isprintable() else " " for char in text).strip()


def _escaped(text: str) -> str:
    return _MARKUP.sub(r"\\\1", html.escape(text, quote=False))
