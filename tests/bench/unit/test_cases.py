"""Everybody gets their turns, and takes them in turn."""

from __future__ import annotations

from collections import Counter

import pytest
from cases import Group, full, quick, smoke
from figures import CONTENDERS, CYCLE, EMPTY, FLOOR, OURS, PEERS, PLAY, VMWARE


def test_another_begins_each_round() -> None:
    turns = list(Group(10, cycles={"a": 2, "b": 2, "c": 2}).turns({"a", "b", "c"}))
    assert [turn.contender for turn in turns] == ["a", "b", "c", "b", "c", "a"]
    assert {turn.works for turn in turns} == {CYCLE}


def test_creates_come_on_top_of_cycles() -> None:
    turns = list(Group(10, 50, cycles={OURS: 1, EMPTY: 3}, creates={OURS: 2}).turns({OURS, EMPTY}))
    works = [turn.works for turn in turns if turn.contender == OURS]
    assert works == [CYCLE, ("create",), ("create",)]
    assert [turn.works for turn in turns if turn.contender == EMPTY] == [(PLAY,)] * 3
    assert {(turn.size, turn.latency_ms) for turn in turns} == {(10, 50)}


def test_who_is_not_there_is_left_out() -> None:
    assert [turn.contender for turn in Group(1, cycles={"a": 1, "b": 1}).turns({"b"})] == ["b"]
    assert list(Group(1, cycles={"a": 1}).turns(set())) == []


def test_the_full_bench_does_what_the_verdicts_need() -> None:
    creates: Counter[tuple[str, int, int]] = Counter()
    for group in full():
        for turn in group.turns(CONTENDERS):
            creates[turn.contender, turn.size, turn.latency_ms] += 1
    for size, latency in [(1, 0), (10, 0), (100, 0), (1000, 0), (5000, 0), (1, 50), (100, 50), (1000, 50)]:
        assert [creates[name, size, latency] for name in (FLOOR, EMPTY, OURS)] == [5, 5, 5]
    assert all(creates[peer, size, 0] == 3 for peer in PEERS for size in (1, 10, 100))
    assert creates[VMWARE, 1000, 0] == 0  # once, on top


@pytest.mark.parametrize("groups", [quick(), smoke()])
def test_the_short_ones_leave_out_what_is_long(groups: list[Group]) -> None:
    turns = [turn for group in groups for turn in group.turns(CONTENDERS)]
    assert max(turn.size for turn in turns) <= 1000
    assert all(turn.size <= 10 for turn in turns if turn.contender in PEERS)
