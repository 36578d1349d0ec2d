# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filters, as Python functions."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.savepoint.vsphere.plugins.filter.allowed_reverts import allowed_reverts
from ansible_collections.savepoint.vsphere.plugins.filter.duration_seconds import duration_seconds
from ansible_collections.savepoint.vsphere.plugins.filter.failure_text import failure_text
from ansible_collections.savepoint.vsphere.plugins.filter.readiness_verdict import readiness_verdict
from ansible_collections.savepoint.vsphere.plugins.filter.snapshot_tree import snapshot_tree
from ansible_collections.savepoint.vsphere.plugins.module_utils._marker import join, parse
from ansible_collections.savepoint.vsphere.plugins.module_utils._results import snapshot_dicts
from ansible_collections.savepoint.vsphere.plugins.module_utils._tree import Node, flatten, render

NOW = datetime(2026, 11, 23, 2, tzinfo=timezone.utc)
Facts = dict[str, Any]


def test_duration() -> None:
    assert duration_seconds("1h30m") == 5400
    with pytest.raises(AnsibleFilterError, match="'soon' is not a duration"):
        duration_seconds("soon")


@pytest.mark.parametrize(
    ("limit", "total", "count"), [("20%", 12, 2), ("20%", 1, 1), ("20%", 0, 1), ("100%", 7, 7), (5, 3, 5), ("0", 9, 0)]
)
def test_allowed_reverts(limit: Any, total: int, count: int) -> None:
    assert allowed_reverts(limit, total) == count


def test_allowed_reverts_refuses_other_words() -> None:
    with pytest.raises(AnsibleFilterError, match="neither a count"):
        allowed_reverts("many", 3)


def tree() -> Any:
    marker = parse("[savepoint set=CHG1 kind=memory expires=2026-11-26T02:00:00Z hold]")
    child = Node("snapshot-2", 2, "CHG1", join("before", marker), NOW, "poweredOn", False)
    root = Node("snapshot-1", 1, "golden\nimage", "", NOW, "poweredOff", True, (child,))
    return flatten([root], "snapshot-2")


def test_tree_is_the_drawing_of_diff_mode() -> None:
    given = snapshot_dicts(tree(), NOW)
    assert snapshot_tree(given) == snapshot_tree({"snapshots": given}) == render(tree())
    assert "set=CHG1, expires=2026-11-26T02:00:00Z, hold=yes" in snapshot_tree(given)
    assert snapshot_tree([]) == "* you are here\n"


@pytest.mark.parametrize("given", ["text", None, 5, {"no": "snapshots"}, [{"name": "x"}], ["x"]])
def test_tree_refuses_other_things(given: Any) -> None:
    with pytest.raises(AnsibleFilterError, match="snapshot_tree"):
        snapshot_tree(given)


@pytest.mark.parametrize(
    ("result", "task", "text"),
    [
        ({"msg": "no"}, {"name": "Try"}, "task 'Try': no"),
        ({"msg": "no"}, {"action": "command"}, "task 'command': no"),
        ({}, {}, "a task failed"),
        ({"msg": "rc", "stderr": "a\nb\n\n", "stdout": "c"}, {"name": "T"}, "task 'T': rc: b"),
        ({"msg": "rc", "stdout": "x"}, {"name": "T"}, "task 'T': rc: x"),
        ({"msg": "rc b", "stderr": "b"}, {"name": "T"}, "task 'T': rc b"),
        ({"msg": "two\nlines\x1b[1m"}, {"name": "T\n"}, "task 'T': two lines [1m"),
        (
            {"msg": "items", "results": [{"msg": "fine"}, {"msg": "x", "failed": True}, {"msg": "y", "failed": True}]},
            {"name": "T"},
            "task 'T': x (and 1 more items)",
        ),
        ({"msg": "secret"}, {"name": "T", "no_log": True}, "task 'T' failed, and has no_log"),
        ({"msg": "secret", "_ansible_no_log": True}, {"name": "T"}, "task 'T' failed, and has no_log"),
    ],
)
def test_failure_text(result: Facts, task: Facts, text: str) -> None:
    assert failure_text(result, task) == text


def test_failure_text_is_cut() -> None:
    assert len(failure_text({"msg": "x" * 9999})) == 400


def entry(**more: Any) -> Facts:
    return {"status": "ok", "msg": "", "readiness": {"blockers": [], "warnings": []}, "snapshots": [], **more}


BLOCKER = {"code": "rdm", "message": "a disk is an RDM", "remedy": "leave it out"}
OLD = {"set": "CHG1", "created_at": "2026-11-21T02:00:00Z", "age_seconds": 172800}


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (entry(), ""),
        (entry(status="failed", msg="there is no such VM"), "there is no such VM"),
        (entry(readiness=None), "vCenter says nothing of it"),
        (entry(readiness={"blockers": [BLOCKER]}), "a disk is an RDM (blocker rdm: leave it out)"),
        (entry(readiness={"blockers": [{**BLOCKER, "code": "ignored"}]}), ""),
        (entry(snapshots=[{**OLD, "age_seconds": 86400}]), ""),
        (
            entry(snapshots=[OLD]),
            "its snapshot of set 'CHG1' is from 2026-11-21T02:00:00Z, longer ago than 24h; remove it, or use a new set",
        ),
    ],
)
def test_readiness_verdict(given: Facts, reason: str) -> None:
    verdict = readiness_verdict(given, ["ignored"], "24h")
    assert verdict == ({"passed": False, "stage": "readiness", "reason": reason} if reason else {})
