"""Medians, ratios and growth."""

from __future__ import annotations

import pytest
from figures import COMMUNITY, EMPTY, FLOOR, OURS, PLAY, VMWARE, Figures, ratio
from unit.made import sample


def test_of_walls_the_median_counts_and_of_memory_the_largest() -> None:
    walls = [(3.0, 30.0), (1.0, 50.0), (2.0, 40.0)]
    found = Figures(sample(OURS, wall, module_mib=mib) for wall, mib in walls).get(OURS, "create", 10)
    assert found is not None
    assert (found.samples, found.wall, found.fastest, found.slowest, found.module_mib) == (3, 2.0, 1.0, 3.0, 50.0)
    assert found.kib == 1


def test_what_was_not_measured_is_none_everywhere() -> None:
    figures = Figures([sample(FLOOR, 1.0)])
    assert figures.get(OURS, "create", 10) is None and figures.wall(FLOOR, "create", 10, 50) is None
    assert figures.least("create", 10) is None and figures.faster_peer("create", 10) is None
    assert figures.growth(FLOOR, "create", 10) is None


def test_the_least_is_the_floor_and_the_empty_play_of_the_same_size_and_latency() -> None:
    figures = Figures(
        [
            sample(FLOOR, 1.0),
            sample(EMPTY, 0.5, PLAY),
            sample(EMPTY, 9.0, PLAY, size=100),
            sample(FLOOR, 9.0, latency_ms=50),
        ]
    )
    assert figures.least("create", 10) == 1.5


def test_the_faster_peer() -> None:
    assert Figures([sample(VMWARE, 5.0), sample(COMMUNITY, 4.0)]).faster_peer("create", 10) == (COMMUNITY, 4.0)
    assert Figures([sample(VMWARE, 5.0)]).faster_peer("create", 10) == (VMWARE, 5.0)


def test_growth_is_against_the_next_smaller_size() -> None:
    figures = Figures([sample(OURS, 1.0, size=1), sample(OURS, 2.0, size=10), sample(OURS, 8.0, size=100)])
    assert figures.growth(OURS, "create", 100) == 4 and figures.growth(OURS, "create", 1) is None


@pytest.mark.parametrize(("one", "other"), [(None, 1.0), (1.0, None), (1.0, 0.0)])
def test_no_ratio_without_both(one: float | None, other: float | None) -> None:
    assert ratio(one, other) is None
