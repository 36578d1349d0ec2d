# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Our share of a limit, when others work on the same vCenter. Pure."""

from __future__ import annotations


def share(limit: int, allowed: int, ours: int, others: int) -> int:
    """How many slots to use from now on, of a place where ``ours`` and ``others`` are under way.

    Whoever looks at the same place by this rule ends up with a like part of it: above the limit each shrinks in
    proportion, below it each grows by a step. One slot always remains, so that nobody waits for ever.
    """
    if others <= 0:
        return limit
    if ours + others > limit:
        return max(1, min(allowed, limit * ours // (ours + others)))
    room = limit - others
    return max(1, min(room, max(allowed, ours) + 1))
