# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.savepoint.vsphere.plugins.module_utils._marker import Marker
from ansible_collections.savepoint.vsphere.plugins.module_utils._results import (
    gather_warnings,
    headline,
    nested,
    shortened,
    snapshot_dict,
    snapshot_dicts,
    summarise,
    vm_dict,
)
from ansible_collections.savepoint.vsphere.plugins.module_utils._tree import with_child
from ansible_collections.savepoint.vsphere.tests.unit.plugins.module_utils.builders import (
    NOW,
    hours,
    node,
    one,
    tree,
    vm,
)

KEYS = [
    "id",
    "moid",
    "name",
    "description",
    "creation_time",
    "created_at",
    "age_seconds",
    "state",
    "kind",
    "quiesced",
    "memory",
    "parent_id",
    "child_ids",
    "depth",
    "path",
    "current",
    "managed",
    "set",
    "expires_at",
    "hold",
    "owner",
    "phase",
    "protected_by",
    "size_bytes",
]


def test_a_vm_is_named_by_what_identifies_it() -> None:
    assert vm_dict(vm()) == {
        "name": "web-01",
        "moid": "vm-1",
        "instance_uuid": "50331f8c-0000-4000-8000-000000000001",
        "folder": "/DC0/vm/web",
    }


def test_a_snapshot_has_the_keys_of_the_contract_and_all_of_them() -> None:
    marker = Marker("CHG1", "quiesced", "ops", NOW + hours(1), phase="taken", hold=True)
    snapshots = tree(
        node(1, "a", node(2, "b", node(3), node(4), text="text", marker=marker, age=timedelta(seconds=90.9))), current=2
    )
    described = snapshot_dict(replace(snapshots[1], size_bytes=7, quiesced=True), snapshots, NOW)
    assert list(described) == KEYS
    assert described == {
        "id": 2,
        "moid": "snapshot-2",
        "name": "b",
        "description": "text",
        "creation_time": "2026-11-23T04:58:29.100000+00:00",
        "created_at": "2026-11-23T04:58:29Z",
        "age_seconds": 90,
        "state": "poweredOff",
        "kind": "quiesced",
        "quiesced": True,
        "memory": False,
        "parent_id": 1,
        "child_ids": [3, 4],
        "depth": 2,
        "path": "a/b",
        "current": True,
        "managed": True,
        "set": "CHG1",
        "expires_at": "2026-11-23T06:00:00Z",
        "hold": True,
        "owner": "ops",
        "phase": "taken",
        "protected_by": ["on hold"],
        "size_bytes": 7,
    }
    json.dumps(described)


def test_a_foreign_snapshot_has_the_same_keys() -> None:
    described = snapshot_dict(one("VEEAM BACKUP TEMPORARY SNAPSHOT"), (), NOW)
    assert list(described) == KEYS
    assert [described[key] for key in ("managed", "set", "expires_at", "hold", "owner")] == [
        False,
        None,
        None,
        False,
        None,
    ]
    assert described["protected_by"] == ["it belongs to a backup or replication product (Veeam)"]


def test_an_age_is_never_negative() -> None:
    assert snapshot_dict(one(age=-hours(1)), (), NOW)["age_seconds"] == 0


def test_a_foretold_snapshot_has_no_id_moid_or_times_and_is_nobodys_child_id() -> None:
    snapshots = with_child(tree(node(1), current=1), replace(one("new"), moid="", id=-1))
    parent, new = snapshot_dicts(snapshots, NOW)
    assert list(new) == KEYS
    assert [new[key] for key in ("id", "moid", "creation_time", "created_at", "age_seconds")] == [None] * 5
    assert (new["parent_id"], new["path"], new["current"]) == (1, "s1/new", True)
    assert parent["child_ids"] == []


def test_the_peers_tree_is_nested_by_ids_as_text() -> None:
    entries = snapshot_dicts(tree(node(1, "a", node(2, "b", node(3, "c")), node(4, "d")), node(5, "e")), NOW)
    drawn = nested(entries)
    assert list(drawn) == ["1", "5"]
    assert list(drawn["1"]["children"]) == ["2", "4"]
    assert drawn["1"]["children"]["2"]["children"]["3"] == {**entries[2], "children": {}}
    assert "children" not in entries[0]


def test_what_has_lost_its_parent_to_a_filter_stands_at_the_top() -> None:
    entries = snapshot_dicts(tree(node(1, "a", node(2, "b", node(3, "c")))), NOW)
    drawn = nested(entries[1:])
    assert list(drawn) == ["2"]
    assert list(drawn["2"]["children"]) == ["3"]
    assert nested([]) == {}


def result(status: str, name: str | None = "web-01", msg: str = "done", selector: Any = "web-01") -> dict[str, Any]:
    return {
        "selector": selector,
        "vm": None if name is None else {"name": name, "moid": "vm-1", "instance_uuid": "u", "folder": "/"},
        "status": status,
        "changed": status == "changed",
        "msg": msg,
        "snapshot": {"id": 1},
    }


ENDS = ["changed", "ok", "ok", "failed", "skipped"]


@pytest.mark.parametrize(
    ("statuses", "counts"),
    [
        ([], {"total": 0, "changed": 0, "ok": 0, "skipped": 0, "failed": 0}),
        (ENDS, {"total": 5, "changed": 1, "ok": 2, "skipped": 1, "failed": 1}),
    ],
)
def test_the_summary_counts_every_vm_once(statuses: list[str], counts: dict[str, int]) -> None:
    assert summarise([result(status) for status in statuses]) == counts


@pytest.mark.parametrize(
    ("results", "check_mode", "single", "sentence"),
    [
        ([], False, False, "no virtual machine matched, so there was nothing to do"),
        ([result("changed")], False, True, "web-01: done"),
        (
            [result("failed", None, "no virtual machine has the name 'x'")],
            False,
            True,
            "no virtual machine has the name 'x'",
        ),
        ([result("changed"), result("ok")], False, False, "2 virtual machines: 1 changed, 1 ok"),
        ([result("changed"), result("ok")], True, False, "2 virtual machines: 1 would be changed, 1 ok"),
        ([result("ok"), result("skipped")], False, False, "2 virtual machines: 0 changed, 1 ok, 1 skipped"),
        (
            [result("ok"), result("failed", "db", "it broke"), result("failed")],
            False,
            False,
            "3 virtual machines: 0 changed, 1 ok, 2 failed: db: it broke (and 1 more, see results)",
        ),
        (
            [result("failed", None, "no such", selector={"moid": "vm-9"})],
            False,
            False,
            "1 virtual machines: 0 changed, 0 ok, 1 failed: {'moid': 'vm-9'}: no such",
        ),
    ],
)
def test_the_headline_is_one_sentence_for_people(
    results: list[dict[str, Any]], check_mode: bool, single: bool, sentence: str
) -> None:
    assert headline(results, check_mode, single) == sentence


@pytest.mark.parametrize(
    ("report", "full"),
    [("all", {"changed", "ok", "skipped", "failed"}), ("changed", {"changed", "failed"}), ("failed", {"failed"})],
)
def test_a_report_gives_in_full_what_it_asks_for_and_keeps_the_order(report: str, full: set[str]) -> None:
    results = [result(status, f"web-{number}") for number, status in enumerate(ENDS)]
    given = shortened(results, report)
    assert [entry["status"] for entry in given] == ENDS
    for number, (entry, whole) in enumerate(zip(given, results, strict=True)):
        if whole["status"] in full:
            assert entry == whole
        else:
            assert entry == {
                "selector": "web-01",
                "vm": {"name": f"web-{number}", "moid": "vm-1"},
                "status": whole["status"],
                "changed": whole["changed"],
            }


def test_an_entry_without_a_vm_can_be_shortened() -> None:
    assert shortened([result("skipped", None)], "failed")[0]["vm"] is None


def test_a_fleet_of_thousands_stays_below_what_awx_keeps() -> None:
    whole = {
        **result("ok", "virtual-machine-0001.example.com"),
        "snapshots": snapshot_dicts(tree(node(1), node(2)), NOW),
    }
    assert len(json.dumps([whole] * 3000)) > 700_000
    assert len(json.dumps(shortened([whole] * 3000, "failed"))) < 700_000


@pytest.mark.parametrize(
    ("warnings", "said"),
    [
        ([], []),
        ([("a", "x")], ["a: x"]),
        ([("a", "x"), ("b", "y"), ("c", "x")], ["a, c: x", "b: y"]),
        ([(name, "x") for name in "abc"], ["a, b, c: x"]),
        ([(name, "x") for name in "abcde"], ["a, b, c and 2 more: x"]),
    ],
)
def test_the_same_warning_is_said_once(warnings: list[tuple[str, str]], said: list[str]) -> None:
    assert gather_warnings(warnings) == said
