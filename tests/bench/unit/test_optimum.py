"""The optimum against brute force, and what is read from a log."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from optimum import at_once, makespan, optimum


@cache
def waves(left: tuple[int, ...], limit: int, together: int) -> int:
    """The fewest waves, by trying every way to fill the next one."""
    if not any(left):
        return 0
    ways: list[tuple[int, ...]] = [()]
    for count in left:
        ways = [(*way, taken) for way in ways for taken in range(min(count, limit) + 1) if sum(way) + taken <= together]
    return 1 + min(
        waves(tuple(sorted(count - taken for count, taken in zip(left, way, strict=True))), limit, together)
        for way in ways
        if any(way)
    )


@given(st.lists(st.integers(0, 4), min_size=1, max_size=3), st.integers(1, 3), st.integers(1, 6))
def test_no_way_is_shorter_and_one_is_as_short(counts: list[int], limit: int, together: int) -> None:
    told = optimum({str(number): count for number, count in enumerate(counts)}, limit, 2.0, together)
    assert told == 2.0 * waves(tuple(sorted(counts)), limit, together)


@pytest.mark.parametrize(
    ("counts", "expected"), [({}, 0.0), ({"a": 1}, 2.0), ({"a": 4, "b": 5}, 4.0), ({"a": 20, "b": 1}, 10.0)]
)
def test_the_fullest_datastore_decides(counts: dict[str, int], expected: float) -> None:
    assert optimum(counts, 4, 2.0) == expected


def test_a_makespan_is_from_the_first_start_to_the_last_end() -> None:
    assert makespan([12.0, 10.0, 11.0], 2.0) == 4.0 and makespan([], 2.0) == 0.0


def test_what_ends_when_another_starts_does_not_run_beside_it() -> None:
    assert at_once({"a": [0.0, 0.5, 2.0]}, 2.0) == 2
    assert at_once({"a": [0.0, 1.9], "b": [0.0, 1.0, 1.5]}, 2.0) == 3
    assert at_once({}, 2.0) == 0
