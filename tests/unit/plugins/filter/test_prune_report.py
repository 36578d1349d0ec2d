# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter prune_report."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.savepoint.vsphere.plugins.filter.prune_report import prune_report

MIB = 2**20


def machine(name: str, *sizes: int, kept: int = 0, **more: Any) -> dict[str, Any]:
    gone = [{"name": f"s{size}", "frees_bytes": size * MIB, "reasons": ["old", "large"]} for size in sizes]
    vm = {"name": name, "moid": f"vm-{name[0]}"}
    status = "changed" if sizes else "ok"
    entry: dict[str, Any] = {"vm": vm, "status": status, "msg": "done", "removed": gone, "kept": [{}] * kept}
    return {**entry, **more}


def result(*entries: dict[str, Any]) -> dict[str, Any]:
    store = {"name": "ssd", "capacity_bytes": 100 * MIB, "free_bytes": 10 * MIB, "frees_bytes": 6 * MIB}
    return {"results": list(entries), "datastores": [store], "totals": {"snapshots": 10}}


def test_what_gives_back_most_comes_first() -> None:
    report = prune_report(result(machine("a", 1, kept=2), machine("b", 3, 2), machine("c", kept=1)))
    assert report["lines"] == [
        "datastore ssd: about 6.0 MiB comes back, 10.0 MiB of 100.0 MiB was free",
        "b (vm-b): 2 of 2, about 5.0 MiB: s3 (old, large); s2 (old, large)",
        "a (vm-a): 1 of 3, about 1.0 MiB: s1 (old, large)",
    ]
    assert (report["removed"], report["vms"], report["snapshots"], report["frees"]) == (3, 2, 10, "6.0 MiB")
    assert report["targets"] == [{"moid": "vm-a"}, {"moid": "vm-b"}]


def test_the_rest_is_summed_up() -> None:
    report = prune_report(result(machine("a", 1), machine("b", 3), machine("c", 2, 2)), shown=1)
    assert report["lines"][1:] == [
        "c (vm-c): 2 of 2, about 4.0 MiB: s2 (old, large); s2 (old, large)",
        "and 2 on 2 more, about 4.0 MiB",
    ]


def test_failures_are_told_on_one_line_each() -> None:
    failed = machine("a\nb", status="failed", msg="no\troom\x1b[0m")
    lost = {"vm": None, "selector": "c", "status": "failed", "msg": "gone"}
    report = prune_report(result(failed, lost))
    assert report["failed"] == {"a b (vm-a)": "no room [0m", "c": "gone"}
    assert report["lines"][1:] == ["FAILED a b (vm-a): no room [0m", "FAILED c: gone"]


@pytest.mark.parametrize(
    ("approve", "allowed", "exceeded"),
    [(None, None, False), (3, 3, False), ("2", 2, True), ("20%", 2, True), ("30%", 3, False), ("0", 0, True)],
)
def test_approval_counts_all_snapshots_looked_at(approve: Any, allowed: int | None, exceeded: bool) -> None:
    report = prune_report(result(machine("a", 1, 2, 3)), approve)
    assert (report["allowed"], report["exceeded"]) == (allowed, exceeded)


def test_approval_that_is_no_number_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match="neither a count"):
        prune_report(result(), "most")


def test_a_call_that_broke_off_has_nothing() -> None:
    report = prune_report({"msg": "no connection"})
    assert (report["removed"], report["snapshots"], report["lines"], report["targets"]) == (0, 0, [], [])
