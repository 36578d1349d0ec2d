"""What the slices of a job hand on."""

from __future__ import annotations

from typing import Any

from ansible_collections.savepoint.vsphere.plugins.filter.handed_on import handed_on
from ansible_collections.savepoint.vsphere.plugins.filter.slice_stats import slice_stats
from ansible_collections.savepoint.vsphere.plugins.filter.workflow_verdicts import workflow_verdicts

GOOD = {"passed": True, "reason": ""}
BAD = {"passed": False, "reason": "500"}


def merged(*slices: dict[str, Any]) -> dict[str, Any]:
    """As AWX does: by name, and the last one wins."""
    found: dict[str, Any] = {}
    for one in slices:
        found.update(one)
    return found


def test_slices_do_not_overwrite_each_other() -> None:
    first = slice_stats({"patch_outcome": {"a": GOOD}}, ["a"])
    second = slice_stats({"patch_outcome": {"b": BAD}}, ["b", "c"])
    assert handed_on(merged(first, second), "patch_outcome") == {"a": GOOD, "b": BAD}
    assert slice_stats({"x": {}}, ["c", "b"]).keys() == slice_stats({"x": {}}, ["b", "c"]).keys()


def test_names_that_only_begin_alike_are_not_joined() -> None:
    assert handed_on({"x": {"a": 1}, "x__other": {"b": 2}, "x_y": {"c": 3}}, "x") == {"a": 1}
    assert handed_on({}, "x") == handed_on({"x": ""}, "x") == {}


def test_verdicts() -> None:
    targets = {host: {"vm": "vm-1"} for host in "abcd"}
    patched = {"a": GOOD, "b": BAD, "c": GOOD, "d": GOOD}
    given = {"pre_patch_targets": targets, "patch_outcome": patched, "verify_outcome": {"a": GOOD, "c": BAD}}
    assert workflow_verdicts(given) == {"failed": {"b": "500", "c": "500"}, "healthy": ["a"], "unknown": ["d"]}
    assert workflow_verdicts({"pre_patch_targets": targets})["unknown"] == list("abcd")
    assert workflow_verdicts({}) == {"failed": {}, "healthy": [], "unknown": []}
