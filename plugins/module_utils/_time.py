# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Durations and points in time. Pure: the clock is always an argument."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import InputError, shown

_UNITS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}
_DURATION = re.compile(r"(?:(\d{1,9})w)?(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?", re.ASCII)


def parse_duration(text: str, option: str) -> timedelta:
    """Read a duration such as ``72h``, ``30d`` or ``1h30m``; the units are w, d, h, m and s, largest first.

    ``option`` names the option in the error. Raises InputError for anything else, zero included: a zero age or
    time limit is nearly always a variable that came out empty.
    """
    match = _DURATION.fullmatch(text.strip())
    numbers = match.groups() if match else ()
    seconds = sum(int(number) * size for number, size in zip(numbers, _UNITS.values(), strict=False) if number)
    if not seconds:
        raise InputError(
            f"{option}: {shown(text)} is not a duration; write it like 72h, 30d or 1h30m, longer than zero"
        )
    if seconds > 100 * 365 * 86400:
        raise InputError(f"{option}: {shown(text)} is longer than a hundred years")
    return timedelta(seconds=seconds)


def format_duration(value: timedelta) -> str:
    """Write a duration for people, in its two largest units: ``3d4h``, ``12m30s``."""
    rest = abs(int(value.total_seconds()))
    parts = []
    for unit, size in _UNITS.items():
        if unit == "w":
            continue
        number, rest = divmod(rest, size)
        if number:
            parts.append(f"{number}{unit}")
    return "".join(parts[:2]) or "0s"


def to_utc(value: datetime) -> datetime:
    """The same moment in UTC; a value without a zone is taken to be UTC already."""
    return value.replace(tzinfo=timezone.utc) if value.tzinfo is None else value.astimezone(timezone.utc)


def format_time(value: datetime) -> str:
    """ISO 8601 in UTC with a ``Z``, whole seconds: ``2026-11-26T05:00:00Z``."""
    return to_utc(value).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def parse_time(text: str) -> datetime:
    """Read what format_time writes. Raises ValueError for anything else."""
    value = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    if format_time(value) != text:  # strptime also takes single digits, small letters and other scripts' digits
        raise ValueError(f"'{text}' is not a time such as 2026-11-26T05:00:00Z")
    return value
