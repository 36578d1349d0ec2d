# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How ``serial`` cuts the hosts of a play into batches. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible.utils.helpers import pct_to_int


def cut(hosts: Sequence[str], serial: Any) -> list[list[str]]:
    """The batches, as ansible-core makes them.

    ``serial`` is a play's: a count, a percentage of all hosts, or a list of these, of which the last one holds for all
    that remain. What is below one means all hosts.
    """
    sizes = list(serial) if isinstance(serial, (list, tuple)) else [serial]
    left = list(hosts)
    batches: list[list[str]] = []
    turn = 0
    while left:
        size = _size(sizes[min(turn, len(sizes) - 1)] if sizes else 0, len(hosts))
        if size <= 0:
            batches.append(left)
            break
        batches.append(left[:size])
        left = left[size:]
        turn += 1
    return batches


def _size(entry: Any, total: int) -> int:
    size: int = pct_to_int(entry if entry is not None else 0, total)
    return size
