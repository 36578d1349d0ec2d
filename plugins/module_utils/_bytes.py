# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Amounts of storage, read and written. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import InputError, shown

_UNITS = {"b": 1, "kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40}
# One letter alone means the same to Ansible's human_to_bytes, to lvm and to qemu.
_UNITS.update({name[0]: size for name, size in _UNITS.items()})
_DECIMAL = {"kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}
_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,3})?)\s*([a-z]+)?", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class Amount:
    """A share of something in percent, or bytes."""

    percent: int | None = None
    size: int | None = None

    def wanted(self, total: int) -> int:
        """Bytes that this means of that many."""
        return self.size if self.size is not None else total * (self.percent or 0) // 100

    def __str__(self) -> str:
        return format_size(self.size) if self.size is not None else f"{self.percent}%"


def parse_amount(text: str, option: str, most: int) -> Amount:
    """Read ``15%``, at most that many percent, or what parse_size reads. Raises InputError for anything else."""
    match = re.fullmatch(r"\s*(\d{1,3})\s*%\s*", str(text), re.ASCII)
    if not match:
        return Amount(size=parse_size(text, option))
    if not 0 < int(match[1]) <= most:
        raise InputError(f"{option}: {int(match[1])}% is outside of 1% to {most}%")
    return Amount(percent=int(match[1]))


def parse_size(text: str, option: str) -> int:
    """Read an amount such as ``50GiB``, ``1.5TiB``, ``200GB`` or plain bytes. Raises InputError for anything else.

    A few bytes are a forgotten unit.
    """
    match = _SIZE.fullmatch(str(text).strip())
    unit = (match[2] or "b").lower() if match else ""
    size = {**_UNITS, **_DECIMAL}.get(unit)
    amount = int(float(match[1]) * size) if match and size else 0
    if match and not match[2] and 0 < amount < _UNITS["mib"]:
        # A max_size of 50 would be 50 bytes, and take nearly everything.
        raise InputError(f"{option}: {shown(text)} has no unit; write it like 50GiB or 1.5TiB")
    if amount <= 0:
        raise InputError(
            f"{option}: {shown(text)} is no amount of storage; write it like 50GiB or 1.5TiB, more than zero"
        )
    return amount


def format_size(amount: int) -> str:
    """Write an amount for people: ``1.5 GiB``."""
    value = float(amount)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(value) < 1024:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} TiB"
