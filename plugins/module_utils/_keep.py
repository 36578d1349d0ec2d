# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which snapshots the keep rules select. Pure.

The rules mean what restic's ``forget`` documents for the same names. Time is cut into natural hours, days, ISO weeks
and months in UTC, so that no time zone and no change of the clocks matters. A rule keeps the newest snapshot of each
of the last N periods that have any. If there are fewer than N, the oldest snapshot is kept too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Snapshot
from ansible_collections.savepoint.vsphere.plugins.module_utils._policy import Policy
from ansible_collections.savepoint.vsphere.plugins.module_utils._time import format_duration, to_utc

Period = Callable[[datetime], tuple[int, ...]]

_PERIODS: dict[str, tuple[str, Period]] = {
    "keep_hourly": ("hour", lambda at: (at.year, at.month, at.day, at.hour)),
    "keep_daily": ("day", lambda at: (at.year, at.month, at.day)),
    "keep_weekly": ("week", lambda at: tuple(at.isocalendar())[:2]),
    "keep_monthly": ("month", lambda at: (at.year, at.month)),
}


def keep_reasons(candidates: Sequence[Snapshot], policy: Policy) -> dict[str, tuple[str, ...]]:
    """By MoID, every reason to keep it; a snapshot that no rule selects is not in the answer.

    ``candidates`` are one VM's, in any order.
    """
    newest_first = sorted(candidates, key=lambda one: (one.created_at, one.id), reverse=True)
    reasons: dict[str, list[str]] = {}
    for one in newest_first[: policy.keep_last]:
        reasons.setdefault(one.moid, []).append(f"among the last {policy.keep_last} (keep_last)")
    for rule, (word, period) in _PERIODS.items():
        left = getattr(policy, rule)
        last: tuple[int, ...] | None = None
        for position, one in enumerate(newest_first):
            if not left:
                break
            here = period(to_utc(one.created_at))
            if here != last:
                reasons.setdefault(one.moid, []).append(f"the newest of its {word} ({rule})")
            elif position == len(newest_first) - 1:
                reasons.setdefault(one.moid, []).append(f"the oldest, with fewer {word}s than {rule} asks for")
            else:
                continue
            last = here
            left -= 1
    if policy.keep_within is not None and newest_first:
        newest = newest_first[0].created_at
        for one in newest_first:
            if newest - one.created_at <= policy.keep_within:
                told = f"within {format_duration(policy.keep_within)} of the newest (keep_within)"
                reasons.setdefault(one.moid, []).append(told)
    return {moid: tuple(texts) for moid, texts in reasons.items()}
