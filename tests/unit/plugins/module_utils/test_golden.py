# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Golden plans, and the proof that they would notice a broken rule."""

from __future__ import annotations

import pytest

from ansible_collections.savepoint.vsphere.tests.unit.plugins.module_utils.golden import Table, tables

TABLES = list(tables("golden"))


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.title)
def test_the_plan_is_the_one_in_the_table(table: Table) -> None:
    assert table.differences() == []
