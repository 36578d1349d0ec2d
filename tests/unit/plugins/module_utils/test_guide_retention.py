# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guide to retention shows what the code does, and tells of every key."""

from __future__ import annotations

from dataclasses import fields

from ansible_collections.savepoint.vsphere.plugins.module_utils._policy import FILTERS, Policy
from ansible_collections.savepoint.vsphere.tests.unit.plugins.module_utils.guide_plans import GUIDE, filled, named
from ansible_collections.savepoint.vsphere.tests.unit.plugins.module_utils.plan_tables import tables


def test_the_plans_in_the_guide_are_those_that_the_code_makes() -> None:
    guide = GUIDE.read_text()
    assert filled(guide) == guide, "run the module guide_plans to write them anew"


def test_every_example_is_shown_once() -> None:
    assert sorted(named(GUIDE.read_text())) == sorted(table.title for table in tables("guide"))


def test_the_guide_tells_of_every_key() -> None:
    guide = GUIDE.read_text()
    keys = [each.name for each in fields(Policy)] + list(FILTERS)
    assert [key for key in keys if f"``{key}" not in guide] == []
