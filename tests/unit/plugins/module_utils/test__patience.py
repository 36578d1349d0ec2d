# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.savepoint.vsphere.plugins.module_utils._patience import Patience


def test_waits_grow_up_to_the_longest() -> None:
    patience = Patience(lambda: 0.5)
    assert [patience.failed(0.0) for ignored in range(8)] == [0.5, 1, 2, 4, 8, 15, 15, 15]


@pytest.mark.parametrize(("drawn", "wait"), [(0.0, 0.25), (1.0, 0.75)])
def test_waits_are_spread(drawn: float, wait: float) -> None:
    assert Patience(lambda: drawn).failed(0.0) == wait


def test_it_ends_some_time_after_the_first_failure_of_a_row() -> None:
    patience = Patience(lambda: 0.5, limit=60)
    assert patience.failed(1000.0) is not None
    assert patience.failed(1059.0) is not None
    assert patience.failed(1060.0) is None


def test_success_begins_a_new_row() -> None:
    patience = Patience(lambda: 0.5, limit=60)
    patience.failed(0.0)
    patience.failed(1.0)
    patience.worked()
    assert patience.failed(100.0) == 0.5
    assert patience.failed(159.0) == 1


def test_a_thousand_failures_are_no_trouble() -> None:
    patience = Patience(lambda: 1.0, limit=1e9)
    assert {patience.failed(float(number)) for number in range(2000)} <= {0.75, 1.5, 3, 6, 12, 22.5}
