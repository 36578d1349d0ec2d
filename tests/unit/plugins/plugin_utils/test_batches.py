"""How serial cuts a play."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.savepoint.vsphere.plugins.plugin_utils.batches import cut

HOSTS = list("abcdefghij")


@pytest.mark.parametrize(
    ("serial", "sizes"),
    [
        (None, [10]),
        ([], [10]),
        (0, [10]),
        (3, [3, 3, 3, 1]),
        ([1, 4], [1, 4, 4, 1]),
        ("25%", [2, 2, 2, 2, 2]),
        ("1%", [1] * 10),
        (["10%", "50%"], [1, 5, 4]),
        ("5", [5, 5]),
        (99, [10]),
    ],
)
def test_sizes(serial: Any, sizes: list[int]) -> None:
    assert [len(batch) for batch in cut(HOSTS, serial)] == sizes


def test_no_hosts() -> None:
    assert cut([], 3) == []


@given(
    st.lists(st.integers(), unique=True, max_size=50), st.lists(st.integers(-2, 9) | st.sampled_from(["10%", "50%"]))
)
def test_nobody_is_lost_or_moved(numbers: list[int], serial: list[Any]) -> None:
    hosts = [str(number) for number in numbers]
    assert [host for batch in cut(hosts, serial) for host in batch] == hosts
