# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.savepoint.vsphere.plugins.module_utils._bytes import Amount
from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import InputError
from ansible_collections.savepoint.vsphere.plugins.module_utils._marker import Marker
from ansible_collections.savepoint.vsphere.plugins.module_utils._model import Capabilities, Devices, Disk, Guest, Vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._readiness import (
    ReadinessWish,
    assess,
    parse_readiness,
)
from ansible_collections.savepoint.vsphere.tests.unit.plugins.module_utils.builders import (
    NOW,
    chain,
    hours,
    node,
    vm,
)

GIVEN: dict[str, Any] = {
    "memory_dump": False,
    "quiesce": False,
    "fallback": "none",
    "snapshot_set": None,
    "max_snapshots": 3,
    "max_snapshot_age": "72h",
    "reuse_within": None,
    "expected_growth": None,
    "min_free": None,
    "earlier": [],
    "check_privileges": True,
    "no_revert_attribute": "savepoint.no_revert",
    "own_addresses": [],
    "retention_within": "48h",
}
PATIENT = ReadinessWish(max_snapshots=99, max_age=timedelta(days=9999))


def codes(findings: list[dict[str, str]]) -> list[str]:
    return [finding["code"] for finding in findings]


def disks(**fields: Any) -> Devices:
    return Devices(disks=(Disk("Hard disk 1", **{"mode": "persistent", **fields}),))


def test_the_options_defaults_are_those_of_the_wish() -> None:
    assert parse_readiness(GIVEN) == ReadinessWish()


def test_the_options_are_read() -> None:
    given = {**GIVEN, "quiesce": True, "memory_dump": True, "fallback": "crash", "snapshot_set": "CHG1"}
    given |= {"max_snapshots": 1, "max_snapshot_age": "1d", "reuse_within": "24h", "expected_growth": "10%"}
    given |= {"min_free": "5G", "earlier": ["vm-1", "vm-2", "vm-1"], "check_privileges": False}
    given |= {"no_revert_attribute": " mine ", "own_addresses": [" bastion "], "retention_within": "8h"}
    assert parse_readiness(given) == ReadinessWish(
        memory=True,
        quiesce=True,
        allow_crash=True,
        set_id="CHG1",
        max_snapshots=1,
        max_age=timedelta(days=1),
        reuse_within=hours(24),
        growth=Amount(percent=10),
        min_free=Amount(size=5 * 2**30),
        earlier=("vm-1", "vm-2"),
        check_privileges=False,
        no_revert_attribute="mine",
        own_addresses=("bastion",),
        retention_within=hours(8),
    )


@pytest.mark.parametrize(
    ("given", "msg"),
    [
        ({"max_snapshots": 0}, "readiness: max_snapshots is 0"),
        ({"max_snapshots": -2}, "readiness: max_snapshots is -2"),
        ({"max_snapshot_age": "3"}, "readiness: max_snapshot_age: '3' is not a duration"),
        ({"reuse_within": "24h"}, "readiness: reuse_within needs snapshot_set"),
        ({"reuse_within": "a day", "snapshot_set": "CHG1"}, "readiness: reuse_within: 'a day' is not a duration"),
        ({"expected_growth": "0%"}, "readiness: expected_growth: 0% is outside of 1% to 100%"),
        ({"expected_growth": "101%"}, "readiness: expected_growth: 101% is outside of 1% to 100%"),
        ({"expected_growth": "some"}, "readiness: expected_growth: 'some' is no amount of storage"),
        ({"expected_growth": "10"}, "readiness: expected_growth: '10' has no unit"),
        ({"expected_growth": ""}, "readiness: expected_growth: '' is no amount of storage"),
        ({"min_free": "95%"}, "readiness: min_free: 95% is outside of 1% to 90%"),
        ({"earlier": ["vm-1", " "]}, "readiness: earlier has an empty entry"),
        ({"own_addresses": [""]}, "readiness: own_addresses has an empty entry"),
        ({"no_revert_attribute": " "}, "readiness: no_revert_attribute is empty"),
        ({"retention_within": "0h"}, "readiness: retention_within: '0h' is not a duration"),
    ],
)
def test_values_that_make_no_sense_are_refused(given: dict[str, Any], msg: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_readiness({**GIVEN, **given})
    assert caught.value.msg.startswith(msg)


@pytest.mark.parametrize(
    "machine",
    [
        vm(),
        vm(power_state="poweredOff"),
        vm(devices=disks()),
        vm(devices=disks(mode="nonpersistent")),
        vm(fault_tolerance="notConfigured"),
        vm(connection_state=None),
        vm(node(1, age=hours(71))),
    ],
)
def test_a_healthy_vm_is_ready(machine: Vm) -> None:
    nobody = {"host_name": None, "ip_address": None}
    assert assess(machine, ReadinessWish(), NOW) == {
        "verdict": "ready",
        "guest": nobody,
        "blockers": [],
        "warnings": [],
    }


@pytest.mark.parametrize(
    ("machine", "wish", "code"),
    [
        (vm(connection_state="disconnected"), PATIENT, "unavailable"),
        (vm(template=True), PATIENT, "unavailable"),
        (vm(question=True), PATIENT, "question"),
        (vm(node(1), node(2), node(3)), replace(PATIENT, max_snapshots=3), "too_many_snapshots"),
        (vm(chain(31), current=31), PATIENT, "chain_depth"),
        (vm(tools_running=False), replace(PATIENT, quiesce=True), "kind"),
        (vm(capabilities=Capabilities(memory_snapshots=False)), replace(PATIENT, memory=True), "kind"),
        (vm(consolidation_needed=True), PATIENT, "consolidation_needed"),
        (vm(node(1, "VEEAM BACKUP TEMPORARY SNAPSHOT")), PATIENT, "backup_snapshot"),
        (vm(node(1, None, node(2, "x", node(3, "NBU_SNAPSHOT")))), PATIENT, "backup_snapshot"),
        (vm(fault_tolerance="running"), PATIENT, "fault_tolerance"),
        (vm(devices=disks(mode="independent_persistent")), PATIENT, "independent_disk"),
        (vm(devices=disks(mode="independent_nonpersistent")), PATIENT, "independent_disk"),
        (vm(devices=disks(physical_rdm=True)), PATIENT, "physical_rdm"),
        (vm(devices=disks(multi_writer=True)), PATIENT, "multi_writer"),
        (vm(devices=Devices(shared_bus=("SCSI controller 1",))), PATIENT, "shared_bus"),
        (vm(devices=Devices(passthrough=("PCI device 0",))), PATIENT, "passthrough"),
    ],
)
def test_what_stands_in_the_way_is_one_blocker_with_a_remedy(machine: Vm, wish: ReadinessWish, code: str) -> None:
    found = assess(machine, wish, NOW)
    assert (found["verdict"], codes(found["blockers"])) == ("blocked", [code])
    [blocker] = found["blockers"]
    assert set(blocker) == {"code", "message", "remedy"}
    assert blocker["message"] and blocker["remedy"]


@pytest.mark.parametrize(
    ("machine", "wish"),
    [
        (vm(node(1), node(2)), replace(PATIENT, max_snapshots=3)),
        (vm(chain(31), current=30), PATIENT),
        (vm(power_state="poweredOff", tools_running=False), replace(PATIENT, quiesce=True)),
    ],
)
def test_one_less_is_ready(machine: Vm, wish: ReadinessWish) -> None:
    assert assess(machine, wish, NOW)["verdict"] == "ready"


def test_every_blocker_is_named_not_only_the_first() -> None:
    machine = vm(connection_state="orphaned", consolidation_needed=True, devices=disks(physical_rdm=True))
    assert codes(assess(machine, PATIENT, NOW)["blockers"]) == ["unavailable", "consolidation_needed", "physical_rdm"]


def test_the_snapshot_that_an_interrupted_run_left_does_not_count() -> None:
    machine = vm(node(1, age=hours(99), marker=Marker(set="CHG1")), node(2, age=hours(99), marker=Marker(set="CHG2")))
    wish = ReadinessWish(set_id="CHG1", max_snapshots=2)
    found = assess(machine, wish, NOW)
    assert found["verdict"] == "ready"
    assert ["(id 2," in warning["message"] for warning in found["warnings"]] == [True]
    assert assess(machine, replace(wish, set_id="CHG3"), NOW)["verdict"] == "blocked"


OURS = Marker(set="CHG1")
REUSE = replace(PATIENT, set_id="CHG1", reuse_within=hours(24))


@pytest.mark.parametrize(
    ("machine", "wish", "expected"),
    [
        (vm(), REUSE, []),
        (vm(node(1, age=hours(24), marker=OURS), current=1), REUSE, []),
        (vm(node(1, age=hours(24.01), marker=OURS), current=1), REUSE, ["set_too_old"]),
        (vm(node(1, age=hours(1), marker=OURS)), REUSE, ["set_not_current"]),
        (vm(node(1, None, node(2), age=hours(1), marker=OURS), current=2), REUSE, ["set_not_current"]),
        (vm(node(1, None, node(2), age=hours(99), marker=OURS), current=2), REUSE, ["set_too_old", "set_not_current"]),
        (vm(node(1, None, node(2, age=hours(1), marker=OURS)), current=2), REUSE, []),
        (vm(node(1, age=hours(99), marker=Marker(set="CHG2"))), REUSE, []),
        (vm(node(1, age=hours(99))), REUSE, []),
        (vm(node(1, age=hours(99), marker=OURS)), replace(REUSE, reuse_within=None), []),
    ],
)
def test_a_snapshot_of_the_set_must_be_one_to_go_back_to(machine: Vm, wish: ReadinessWish, expected: list[str]) -> None:
    found = assess(machine, wish, NOW)["blockers"]
    assert codes(found) == expected
    assert {finding["remedy"] for finding in found} <= {"remove it, or use a new set ID"}


def test_what_takes_its_place_is_named() -> None:
    [blocker] = assess(vm(node(1, None, node(2, "theirs"), marker=OURS, age=hours(1)), current=2), REUSE, NOW)[
        "blockers"
    ]
    assert "'s1' (id 1, " in blocker["message"] and "it is on 'theirs' (id 2, " in blocker["message"]


def test_one_cause_is_one_finding() -> None:
    machine = vm(question=True, template=True)
    assert codes(assess(machine, PATIENT, NOW)["blockers"]) == ["unavailable", "question"]
    assert "question" not in assess(machine, PATIENT, NOW)["blockers"][0]["message"]


def test_it_tells_what_the_guest_calls_itself() -> None:
    guest = Guest("web-01.example.com", "192.0.2.1", ("192.0.2.1",))
    found = assess(vm(guest=guest), PATIENT, NOW)
    assert found["guest"] == {"host_name": "web-01.example.com", "ip_address": "192.0.2.1"}


@pytest.mark.parametrize(("age", "warned"), [(72, []), (72.01, ["old_snapshot"])])
def test_an_old_snapshot_is_a_warning(age: float, warned: list[str]) -> None:
    found = assess(vm(node(1, age=hours(age))), ReadinessWish(), NOW)
    assert (found["verdict"], codes(found["warnings"])) == ("ready", warned)


@pytest.mark.parametrize(
    ("machine", "wish"),
    [
        (vm(tools_running=False), ReadinessWish(quiesce=True, allow_crash=True)),
        (vm(), ReadinessWish(quiesce=True, memory=True)),
    ],
)
def test_a_weaker_kind_with_leave_is_a_warning(machine: Vm, wish: ReadinessWish) -> None:
    found = assess(machine, wish, NOW)
    assert (found["verdict"], codes(found["warnings"])) == ("ready", ["kind"])
