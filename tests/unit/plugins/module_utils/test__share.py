# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.savepoint.vsphere.plugins.module_utils._share import share

NUMBERS = st.integers(0, 50)


def test_alone_the_whole_limit_is_ours() -> None:
    assert share(8, allowed=1, ours=0, others=0) == 8


@pytest.mark.parametrize(
    ("ours", "others", "expected"),
    [(0, 8, 1), (4, 4, 5), (8, 8, 4), (8, 16, 2), (1, 100, 1), (2, 3, 5)],
)
def test_above_the_limit_it_shrinks_and_below_it_grows(ours: int, others: int, expected: int) -> None:
    wanted = share(8, allowed=max(4, ours), ours=ours, others=others)
    assert wanted == min(expected, max(1, 8 - others)) if ours + others <= 8 else wanted == expected


@given(st.integers(1, 20), NUMBERS, NUMBERS, NUMBERS)
def test_it_is_never_nothing_and_never_more_than_the_limit(limit: int, allowed: int, ours: int, others: int) -> None:
    assert 1 <= share(limit, allowed, ours, others) <= limit


@given(st.integers(2, 16), st.integers(2, 4))
def test_those_who_look_at_each_other_end_up_at_the_limit(limit: int, callers: int) -> None:
    """Everyone has work for all its slots, all begin at once, and all look at the same moments."""
    using = [limit] * callers
    for _look in range(30):
        using = [share(limit, mine, mine, sum(using) - mine) for mine in using]
    # One slot each is there in any case, and each may take a step at the same moment.
    assert sum(using) <= limit + callers
    assert sum(using) >= min(limit, callers)
