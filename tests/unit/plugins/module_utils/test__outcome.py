# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.savepoint.vsphere.plugins.module_utils._outcome import Outcome, View
from ansible_collections.savepoint.vsphere.plugins.module_utils._plan import VmPlan
from ansible_collections.savepoint.vsphere.tests.unit.plugins.module_utils.builders import NOW, vm

BEFORE, AFTER = vm(power_state="poweredOn"), vm(power_state="poweredOff")


def test_a_view_shows_the_vm_as_it_was_last_seen() -> None:
    assert View(Outcome(VmPlan(BEFORE), AFTER), (), (), NOW, check_mode=False).vm is AFTER
    assert View(Outcome(VmPlan(BEFORE)), (), (), NOW, check_mode=False).vm is BEFORE


def test_an_outcome_is_unchanged_and_fine_until_something_happens() -> None:
    outcome = Outcome(VmPlan(BEFORE))
    assert (outcome.changed, outcome.error, outcome.task, outcome.warnings) == (False, None, None, ())
