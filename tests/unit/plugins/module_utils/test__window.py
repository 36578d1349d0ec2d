# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.savepoint.vsphere.plugins.module_utils._window import FIRST, MOST, Window


def serve(window: Window, seconds: float, parallel: float, calls: int) -> int:
    """A server that answers in so many seconds, and serves so many calls at a time; gives the window afterwards."""
    for _call in range(calls):
        window.answered(seconds * max(1.0, window.size / parallel))
    return window.size


def test_a_far_server_soon_gets_as_many_calls_as_it_may() -> None:
    window = Window()
    assert serve(window, 0.05, parallel=1000, calls=FIRST + 2 * FIRST + 4 * FIRST) == MOST


def test_it_never_exceeds_the_most() -> None:
    assert serve(Window(most=12), 0.05, parallel=1000, calls=500) == 12


def test_a_server_that_serves_few_at_a_time_keeps_a_small_window() -> None:
    assert serve(Window(), 0.01, parallel=4, calls=3000) <= 16


def test_it_shrinks_when_the_server_slows_and_grows_again_when_that_is_over() -> None:
    window = Window()
    assert serve(window, 0.02, parallel=1000, calls=300) == MOST
    for _call in range(600):
        window.answered(0.2)
    slow = window.size
    assert slow < MOST / 2
    serve(window, 0.02, parallel=1000, calls=3000)
    assert window.size == MOST


def test_a_refusal_halves_it_once_for_all_calls_of_a_window() -> None:
    window = Window()
    serve(window, 0.05, parallel=1000, calls=100)
    for _call in range(10):
        window.refused()
    assert window.size == MOST // 2


@pytest.mark.parametrize("seconds", [0.0, 1e-9, 3600.0])
def test_any_answer_time_leaves_a_window(seconds: float) -> None:
    window = Window()
    for _call in range(1000):
        window.answered(seconds)
    assert 1 <= window.size <= MOST


@given(st.integers(0, 10**6))
def test_whatever_happens_there_is_a_window_within_bounds(seed: int) -> None:
    chance, window = random.Random(seed), Window()
    for _call in range(300):
        if chance.random() < 0.1:
            window.refused()
        else:
            window.answered(chance.expovariate(20))
        assert 1 <= window.size <= MOST
