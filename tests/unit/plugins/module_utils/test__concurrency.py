# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.savepoint.vsphere.plugins.module_utils._concurrency import Limits, parse_limits
from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import InputError
from ansible_collections.savepoint.vsphere.plugins.module_utils._slots import VCENTER


def test_each_kind_of_place_has_its_limit() -> None:
    limits = Limits(vcenter=30, host=3, datastore=5)
    assert [limits.of(place) for place in (VCENTER, ("host", "h1"), ("datastore", "h1"))] == [30, 3, 5]


def test_limits_that_are_left_out_are_the_documented_ones() -> None:
    assert parse_limits(None) == Limits()
    assert parse_limits({"host": None, "datastore": 4}) == Limits(datastore=4)


@pytest.mark.parametrize("value", [0, -1])
def test_a_limit_under_which_nothing_starts_is_an_error(value: int) -> None:
    with pytest.raises(InputError, match=f"limits: host is {value}"):
        parse_limits({"host": value})
