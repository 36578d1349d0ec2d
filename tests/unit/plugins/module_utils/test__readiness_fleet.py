# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.savepoint.vsphere.plugins.module_utils._bytes import Amount
from ansible_collections.savepoint.vsphere.plugins.module_utils._identity import Party
from ansible_collections.savepoint.vsphere.plugins.module_utils._marker import Marker
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Footprint, Guest, Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._readiness import ReadinessWish
from ansible_collections.savepoint.vsphere.plugins.module_utils._readiness_fleet import Surroundings, assess_fleet
from ansible_collections.savepoint.vsphere.plugins.module_utils._verdict import Datastore
from ansible_collections.savepoint.vsphere.tests.unit.plugins.module_utils.builders import NOW, hours, node, vm

GIB = 2**30
CALM = ReadinessWish(max_snapshots=99, max_age=timedelta(days=9999))
STORES = {"ds-1": Datastore("fast", 100 * GIB, 10 * GIB)}
OURS = Marker(set="CHG1")
PROXY = Party("proxy", "a machine that the play works through (bastion)", ("bastion",))


def machine(number: int, *roots: Any, current: int | None = None, **fields: Any) -> Vm:
    fields.setdefault("footprint", Footprint((("fast", 40 * GIB),), (), 8 * GIB, "fast"))
    return vm(*roots, current=current, moid=f"vm-{number}", name=f"web-{number:02}", datastores=("ds-1",), **fields)


def found(one: Vm, around: Surroundings, wish: ReadinessWish = CALM) -> tuple[list[str], list[str]]:
    """The codes of the blockers and of the warnings."""
    verdict = assess_fleet([one], wish, around, NOW)[0][one.moid]
    assert verdict["verdict"] == ("blocked" if verdict["blockers"] else "ready")
    for finding in (*verdict["blockers"], *verdict["warnings"]):
        assert set(finding) == {"code", "message", "remedy"} and all(finding.values())
        assert "\n" not in finding["message"]
    return tuple([finding["code"] for finding in verdict[key]] for key in ("blockers", "warnings"))  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("around", "blockers", "warnings"),
    [
        (Surroundings(), [], []),
        (Surroundings(busy={"vm-1": "task-7"}), ["task_running"], []),
        (Surroundings(busy={"vm-2": "task-7"}), [], []),
        (Surroundings(lacking={"vm-1": ("VirtualMachine.State.RemoveSnapshot",)}), ["privileges"], []),
        (Surroundings(lacking={"vm-2": ("VirtualMachine.State.RemoveSnapshot",)}), [], []),
        (Surroundings(unasked="the server refused to say (NotSupported)"), [], ["privileges_unknown"]),
        (Surroundings(attributes={"vm-1": "domain controller"}), ["no_revert"], []),
        (Surroundings(attributes={"vm-1": "two\nlines " + "x" * 999}), ["no_revert"], []),
        (Surroundings(attributes={"vm-1": " "}), [], []),
        (Surroundings(attributes={"vm-1": "No"}), [], []),
        (Surroundings(attributes={"vm-2": "database"}), [], []),
        (Surroundings(parties=(PROXY,)), ["proxy"], []),
        (Surroundings(parties=(replace(PROXY, names=("other",)),)), [], []),
        (Surroundings(parties=(PROXY, replace(PROXY, code="controller"))), ["proxy", "controller"], []),
        (Surroundings(records=True), [], ["retention_not_recorded"]),
        (Surroundings(records=True, ran_at=NOW - hours(48.01)), [], ["retention_not_recorded"]),
        (Surroundings(records=True, ran_at=NOW - hours(48)), [], []),
        (Surroundings(records=True, ran_at=NOW + hours(1)), [], []),
        (Surroundings(records=False), [], []),
    ],
)
def test_each_has_its_code(around: Surroundings, blockers: list[str], warnings: list[str]) -> None:
    one = machine(1, guest=Guest("bastion.example.com", "192.0.2.1", ("192.0.2.1",)))
    assert found(one, around) == (blockers, warnings)


def test_what_is_found_is_named() -> None:
    around = Surroundings(
        busy={"vm-1": "task-7"},
        lacking={"vm-1": ("VirtualMachine.State.RemoveSnapshot", "VirtualMachine.Interact.PowerOn")},
        attributes={"vm-1": "quorum\nmember"},
        parties=(PROXY,),
        records=True,
        ran_at=NOW - hours(73),
    )
    one = machine(1, guest=Guest("bastion"))
    verdict = assess_fleet([one], CALM, around, NOW)[0]["vm-1"]
    assert [finding["message"] for finding in (*verdict["blockers"], *verdict["warnings"])] == [
        "a snapshot task runs on it (task-7)",
        "the account lacks VirtualMachine.State.RemoveSnapshot, VirtualMachine.Interact.PowerOn on it",
        "it must not be reverted: quorum member (custom attribute savepoint.no_revert)",
        "it is a machine that the play works through (bastion): its guest calls itself bastion",
        "the last recorded retention run was 3d1h ago, so nobody may be removing what has expired",
    ]


def test_a_verdict_of_the_machine_itself_comes_first() -> None:
    one = machine(1, consolidation_needed=True)
    assert found(one, Surroundings(busy={"vm-1": "task-7"}))[0] == ["consolidation_needed", "task_running"]


def space(vms: list[Vm], wish: ReadinessWish, *earlier: Vm) -> tuple[list[str], dict[str, Any]]:
    """Who is blocked, and what became of the datastore."""
    verdicts, datastores = assess_fleet(vms, wish, Surroundings(stores=STORES, earlier=earlier), NOW)
    [told] = datastores
    codes = {moid: [finding["code"] for finding in verdict["blockers"]] for moid, verdict in verdicts.items()}
    assert set(map(tuple, codes.values())) <= {(), ("space",)}
    return [moid for moid, names in codes.items() if names], told


GROWING = replace(CALM, growth=Amount(percent=10), set_id="CHG1")


def test_space_is_judged_over_the_whole_fleet() -> None:
    short, told = space([machine(1), machine(2), machine(3)], GROWING)
    assert short == ["vm-3"]
    assert told == {
        "name": "fast",
        "moid": "ds-1",
        "capacity_bytes": 100 * GIB,
        "free_bytes": 10 * GIB,
        "min_free_bytes": 0,
        "reserved_bytes": 0,
        "needed_bytes": 12 * GIB,
        "granted_bytes": 8 * GIB,
    }


def test_memory_counts_only_where_it_is_saved() -> None:
    memory = replace(GROWING, memory=True)
    assert space([machine(1)], memory)[0] == ["vm-1"]
    assert space([machine(1, power_state="poweredOff")], memory)[0] == []
    assert space([machine(1, node(1, marker=OURS), current=1)], memory)[0] == []


def test_of_earlier_batches_those_count_that_still_have_their_snapshot() -> None:
    there = machine(7, node(1, marker=OURS), current=1, footprint=Footprint((("fast", 41 * GIB),), (("fast", GIB),)))
    gone = machine(8)
    other = machine(9, node(1, marker=Marker(set="CHG2")), current=1)
    assert space([machine(1)], GROWING, there, gone, other)[1]["reserved_bytes"] == 3 * GIB
    assert space([machine(1)], replace(GROWING, set_id=None), there, gone, other)[1]["reserved_bytes"] == 7 * GIB
    # One that is in this call too is not counted twice.
    short, told = space([there], GROWING, there)
    assert (short, told["reserved_bytes"], told["needed_bytes"]) == ([], 0, 3 * GIB)


def test_without_an_amount_the_datastores_are_not_looked_at() -> None:
    verdicts, datastores = assess_fleet([machine(1, footprint=None)], CALM, Surroundings(stores=STORES), NOW)
    assert (verdicts["vm-1"]["warnings"], datastores) == ([], [])


def test_what_could_not_be_judged_is_a_warning() -> None:
    assert found(machine(1, footprint=None), Surroundings(stores=STORES), GROWING) == ([], ["space_unknown"])
    assert found(machine(1), Surroundings(), GROWING) == ([], ["space_unknown"])
