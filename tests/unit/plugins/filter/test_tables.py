# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tables, sizes and expiry: what people use in expressions."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.savepoint.vsphere.plugins.filter.size_bytes import size_bytes
from ansible_collections.savepoint.vsphere.plugins.filter.size_text import size_text
from ansible_collections.savepoint.vsphere.plugins.filter.snapshot_table import snapshot_table
from ansible_collections.savepoint.vsphere.plugins.module_utils._marker import Marker
from ansible_collections.savepoint.vsphere.plugins.module_utils._results import snapshot_dicts, vm_dict
from ansible_collections.savepoint.vsphere.plugins.test.expired import expired
from ansible_collections.savepoint.vsphere.tests.unit.plugins.module_utils.builders import NOW, hours, node, vm


def entry(*, name: str = "web-01", snapshot: str = "CHG1") -> dict[str, Any]:
    marker = Marker(set="CHG1", kind="memory", expires=NOW - hours(1), hold=True)
    child = node(2, snapshot, marker=marker, age=hours(30), state="poweredOn")
    machine = vm(node(1, "golden", child, age=hours(76)), current=2, name=name)
    return {"vm": vm_dict(machine), "status": "ok", "snapshots": snapshot_dicts(machine.snapshots, NOW)}


def test_a_text_table_is_aligned_and_has_no_empty_columns() -> None:
    head, first, second = snapshot_table({"results": [entry()]}).splitlines()
    assert head.split() == ["vm", "snapshot", "id", "created_at", "age", "kind", "set", "expires_at", "notes"]
    assert first.split("  ")[:2] == ["web-01", "golden"] and first.endswith("foreign")
    assert "1d6h" in second and second.endswith("current, hold")
    assert head.index("age") == first.index("3d4h") == second.index("1d6h")


def test_every_form_of_result_will_do() -> None:
    one = entry()
    whole = snapshot_table({"results": [one]})
    flat = [{**snapshot, "vm": one["vm"]} for snapshot in one["snapshots"]]
    assert whole == snapshot_table([one]) == snapshot_table(one) == snapshot_table(flat)
    assert "web-01" not in snapshot_table(one["snapshots"])


def test_machines_without_snapshots_to_show_are_left_out() -> None:
    failed = {"vm": None, "status": "failed", "msg": "no"}
    assert snapshot_table([failed], "rows") == []
    assert snapshot_table([failed]) == "snapshot\n"
    assert snapshot_table([failed], "markdown") == "| snapshot |\n| --- |\n"


def test_rows_have_all_columns() -> None:
    [first, second] = snapshot_table([entry()], "rows")
    assert list(first) == list(second)
    assert (first["vm"], first["size"], first["set"]) == ("web-01", None, None)
    assert (second["kind"], second["set"], second["notes"]) == ("memory", "CHG1", "current, hold")


def test_names_forge_neither_rows_nor_markup() -> None:
    hostile = entry(snapshot="a\nb | c <b> [x](y) `z` \\")
    assert len(snapshot_table([hostile]).splitlines()) == 3
    line = snapshot_table([hostile], "markdown").splitlines()[3]
    assert "a b \\| c &lt;b&gt; \\[x\\](y) \\`z\\` \\\\ |" in line


@pytest.mark.parametrize("wrong", ["text", None, 5, {"no": "snapshots"}, ["x"], [{"created_at": "x"}]])
def test_other_things_are_refused(wrong: Any) -> None:
    with pytest.raises(AnsibleFilterError, match="snapshot_table"):
        snapshot_table(wrong)


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match="format is 'csv'"):
        snapshot_table([], "csv")


def test_sizes_there_and_back() -> None:
    assert size_text(3 * 2**29) == "1.5 GiB"
    assert size_bytes("1.5GiB") == 3 * 2**29
    with pytest.raises(AnsibleFilterError, match="no amount of storage"):
        size_bytes("much")
    for wrong in ("1", True, None):
        with pytest.raises(AnsibleFilterError, match="not a number"):
            size_text(wrong)


@pytest.mark.parametrize(
    ("expires", "at", "result"),
    [
        ("2026-11-23T05:00:00Z", "2026-11-23T05:00:00Z", True),
        ("2026-11-23T05:00:00Z", "2026-11-23T04:59:59Z", False),
        (None, "2026-11-23T05:00:00Z", False),
        ("2001-01-01T00:00:00Z", None, True),
        ("2999-01-01T00:00:00Z", None, False),
    ],
)
def test_expired(expires: str | None, at: str | None, result: bool) -> None:
    assert expired({"expires_at": expires}, at) is result


@pytest.mark.parametrize("wrong", ["text", {}, {"expires_at": "soon"}, {"expires_at": 5}])
def test_expired_refuses_other_things(wrong: Any) -> None:
    with pytest.raises(AnsibleFilterError, match="expired"):
        expired(wrong)


def test_a_row_of_a_foretold_snapshot_has_no_age() -> None:
    [row] = snapshot_table([{**entry()["snapshots"][0], "age_seconds": None, "created_at": None}], "rows")
    assert row["age"] is None
