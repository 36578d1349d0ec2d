# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A limit that is a count or a percentage. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import InputError, shown


@dataclass(frozen=True)
class Quota:
    """A count, or a percentage (rounded down, at least 1). Zero is none at all, also as a percentage."""

    number: int
    percent: bool = False

    def allowed(self, total: int) -> int:
        """The count that this means of that many."""
        return max(1, total * self.number // 100) if self.percent and self.number else self.number

    def __str__(self) -> str:
        return f"{self.number}%" if self.percent else str(self.number)


def parse_quota(text: str, option: str) -> Quota:
    """Read ``5`` or ``20%``. Raises InputError for anything else."""
    match = re.fullmatch(r"\s*(\d{1,7})\s*(%|percent)?\s*", str(text), re.ASCII)
    if not match or (match[2] and int(match[1]) > 100):
        raise InputError(f"{option}: {shown(text)} is neither a count such as 5 nor a percentage such as 20%")
    return Quota(int(match[1]), bool(match[2]))
