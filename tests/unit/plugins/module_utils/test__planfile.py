# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a plan keeps of the policy it was made by; test__judge_properties.py has the round trip of the removals."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.savepoint.vsphere.plugins.module_utils._judge import FleetFacts, protected_now
from ansible_collections.savepoint.vsphere.plugins.module_utils._marker import Marker
from ansible_collections.savepoint.vsphere.plugins.module_utils._planfile import read_plan, write_plan
from ansible_collections.savepoint.vsphere.plugins.module_utils._verdict import Verdict
from ansible_collections.savepoint.vsphere.tests.unit.plugins.module_utils.builders import NOW, node, vm

MACHINE = vm(node(1, marker=Marker(set="CHG1")))
VERDICTS = {MACHINE.moid: [Verdict(MACHINE.snapshots[0], True, ("old",))]}


def kept(attribute: str) -> dict[str, Any]:
    plan: dict[str, Any] = json.loads(json.dumps(write_plan([MACHINE], VERDICTS, "vc", NOW, attribute)))
    return plan


def test_the_protecting_attribute_of_the_policy_stays_with_the_plan() -> None:
    assert read_plan(kept("team.keep")).protect_attribute == "team.keep"


def test_a_plan_without_one_falls_back_to_the_default() -> None:
    plan = kept("team.keep")
    del plan["protect_attribute"]
    assert read_plan(plan).protect_attribute == "savepoint.protect"


@pytest.mark.parametrize("attribute", ["team.keep", "savepoint.protect"])
def test_the_refusal_names_the_attribute_that_protects(attribute: str) -> None:
    facts = FleetFacts(attributes={MACHINE.moid: "yes"})
    said = protected_now(MACHINE, VERDICTS[MACHINE.moid], facts, attribute)
    assert said is not None
    assert said.endswith(f"its VM is protected by the custom attribute {attribute}")
