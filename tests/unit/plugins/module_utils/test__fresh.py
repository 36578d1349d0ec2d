# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.savepoint.vsphere.plugins.module_utils import _fresh
from ansible_collections.savepoint.vsphere.plugins.module_utils._fresh import AHEAD, FEWEST, FRESH, Freshness, Now
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan import Consolidate
from ansible_collections.savepoint.vsphere.plugins.module_utils._run import Run
from ansible_collections.savepoint.vsphere.tests.unit.plugins.module_utils.builders import vm

SOON = FRESH - AHEAD / 2


class Clock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr(_fresh, "time", SimpleNamespace(monotonic=lambda: self.now))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def runs(clock: Clock, count: int) -> list[Run]:
    """They are all read now."""
    return [Run(vm(moid=f"vm-{number}"), (Consolidate(),), read_at=clock.now) for number in range(count)]


def freshness() -> Freshness:
    session: Any = None  # Nothing of what is looked at is asked for.
    return Freshness(session, lambda found: None)


def none(most: int) -> Iterable[Run]:
    return []


def seen(those: Iterable[Run], task: str | None = None) -> dict[str, Now]:
    return {run.vm.moid: Now(run.vm, task, task is not None) for run in those}


def test_what_was_just_read_begins_without_another_look(clock: Clock) -> None:
    fresh, [run] = freshness(), runs(clock, 1)
    assert fresh.begins(run)
    assert fresh.work(none) is None


def test_who_was_read_too_long_ago_waits_for_a_look_and_then_has_its_turn(clock: Clock) -> None:
    fresh, [run] = freshness(), runs(clock, 1)
    clock.now += FRESH
    assert not fresh.begins(run)
    fresh.add(run)
    begun = clock.now
    assert fresh.work(none) is not None
    assert fresh.work(none) is None, "one look at a time"
    clock.now += 0.3
    assert fresh.looked(seen([run])) == [run]
    assert run.read_at == begun


def test_who_comes_next_is_looked_at_with_those_who_wait(clock: Clock) -> None:
    fresh, every = freshness(), runs(clock, 3 * FEWEST)
    clock.now += FRESH
    assert not fresh.begins(every[0])
    fresh.add(every[0])
    assert fresh.work(lambda most: every[1 : 1 + most]) is not None
    assert fresh.looked(seen(every)) == [every[0]]
    assert [run.read_at == clock.now for run in every] == [True] * FEWEST + [False] * 2 * FEWEST


def quick(clock: Clock, fresh: Freshness, every: list[Run]) -> list[Run]:
    """A third have their turn shortly before it is too long; gives the others, that come next."""
    clock.now += SOON
    third = len(every) // 3
    assert all(fresh.begins(run) for run in every[:third])
    return every[third:]


def test_where_turns_come_quickly_the_next_ones_are_looked_at_before_it_is_too_long(clock: Clock) -> None:
    fresh, every = freshness(), runs(clock, 3 * FEWEST)
    rest = quick(clock, fresh, every)
    begun = clock.now
    assert fresh.work(lambda most: rest[:most]) is not None
    clock.now += AHEAD
    assert fresh.looked(seen(rest)) == []
    assert all(fresh.begins(run) for run in rest[:FEWEST])
    assert {run.read_at for run in rest[:FEWEST]} == {begun}


def test_a_look_ahead_does_not_count_for_what_began_meanwhile(clock: Clock) -> None:
    """It may show that one's own task, which would seem to be somebody else's."""
    fresh, every = freshness(), runs(clock, 3 * FEWEST)
    rest = quick(clock, fresh, every)
    assert fresh.work(lambda most: rest[:most]) is not None
    assert fresh.begins(rest[0])
    fresh.looked(seen(rest[:2], task="task-1"))
    assert [run.in_the_way for run in rest[:2]] == [None, "task-1"]


def test_where_somebody_else_was_at_work_its_turn_waits_for_a_look_of_its_own(clock: Clock) -> None:
    fresh, every = freshness(), runs(clock, 3 * FEWEST)
    rest = quick(clock, fresh, every)
    assert fresh.work(lambda most: rest[:most]) is not None
    clock.now += AHEAD
    fresh.looked(seen(rest, task="task-1"))
    assert not fresh.begins(rest[0])


def test_where_turns_come_slowly_nobody_is_looked_at_before_their_turn(clock: Clock) -> None:
    fresh, every = freshness(), runs(clock, 3 * FEWEST)
    clock.now += 60
    for run in every:
        run.read_at = clock.now
    rest = quick(clock, fresh, every)
    assert fresh.work(lambda most: rest[:most]) is None


def test_who_is_given_up_is_not_waited_for(clock: Clock) -> None:
    fresh, [run] = freshness(), runs(clock, 1)
    fresh.add(run)
    assert fresh.take_all() == [run]
    assert fresh.work(none) is None
