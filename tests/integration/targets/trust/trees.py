"""Snapshot trees as deep and as wide as they can get, through real playbooks."""

from __future__ import annotations

import json
from typing import Any

from harness import Scenario, contains, equal

DEEP = 32
WIDE = 200
MARKER = "[savepoint set=S{} kind=crash_consistent]"


def trees(scenario: Scenario) -> None:
    """Chains of 32 and a tree of 200 are read, drawn, reverted, pruned and cut; a chain at its limit gets no more."""
    for short in ("chain", "kept", "cut", "one"):
        chain(scenario, short, DEEP)
    chain(scenario, "full", DEEP - 1)
    wide(scenario, "wide")
    got = scenario.scratch / "trees.json"
    tasks = [
        call("snapshot_info", "info", vms=names(scenario, *scenario.shorts)),
        {
            "name": "Show",
            "ansible.builtin.debug": {"msg": "{{ info.results | map('savepoint.vsphere.snapshot_tree') }}"},
        },
        call("snapshot", "refused", vms=names(scenario, "chain", "full"), snapshot_set="MORE", ignored=True),
        call("snapshot_revert", "deepest", vms=names(scenario, "chain"), snapshot_name=f"s{DEEP}"),
        call("snapshot_revert", "middle", vms=names(scenario, "wide"), snapshot_set=f"S{WIDE // 2}"),
        call("snapshot_prune", "pruned", vms=names(scenario, "kept"), policy={"keep_last": 2}),
        call("snapshot_prune", "thinned", vms=names(scenario, "wide"), policy={"keep_last": WIDE - 5}),
        call("snapshot", "removed", vms=names(scenario, "one"), state="absent", snapshot_set="S2"),
        call("snapshot", "shed", vms=names(scenario, "cut"), state="absent", snapshot_set="S2", remove_children=True),
        call("snapshot_info", "after", vms=names(scenario, *scenario.shorts)),
    ]
    facts = ", ".join(f"'{one['register']}': {one['register']}" for one in tasks if "register" in one)
    drawn = (
        "'table': info | savepoint.vsphere.snapshot_table, 'tree': info.results[0] | savepoint.vsphere.snapshot_tree"
    )
    tasks.append({"ansible.builtin.copy": {"content": f"{{{{ {{{facts}, {drawn}}} | to_json }}}}", "dest": str(got)}})
    ran = scenario.play(keywords={"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks})
    assert got.is_file(), f"no results:\n{ran.output[-3000:]}"
    check(scenario, json.loads(got.read_text()))


def check(scenario: Scenario, found: dict[str, Any]) -> None:
    every = by(scenario, found["info"])
    equal([one["depth"] for one in every["chain"]["snapshots"]], list(range(1, DEEP + 1)), "depths")
    equal(sorted(one["depth"] for one in every["wide"]["snapshots"]), [1] + [2] * (WIDE - 1), "depths of the wide one")
    lines = found["table"].splitlines()
    equal(len(lines), 1 + 4 * DEEP + DEEP - 1 + WIDE, "lines of the table")
    drawn = found["tree"].splitlines()
    equal([line.split()[1] for line in drawn[:DEEP]], [f"s{one}" for one in range(1, DEEP + 1)], "the drawing")

    refused = found["refused"]
    equal((refused["failed"], refused["changed"], refused["summary"]["failed"]), (True, False, 2), "refused")
    for entry in refused["results"]:
        contains(entry["msg"], "31")
    for name in ("deepest", "middle", "pruned", "thinned", "removed", "shed"):
        assert not found[name].get("failed") and found[name]["changed"], f"{name}: {found[name]['msg']}"
    left = {short: scenario.vm(short) for short in scenario.shorts}
    current = {
        short: next(s["name"] for s in vm["snapshots"] if s["moid"] == vm["current"]) for short, vm in left.items()
    }
    equal((current["chain"], current["wide"]), (f"s{DEEP}", f"s{WIDE // 2}"), "reverted to")
    tree = {short: [one["name"] for one in vm["snapshots"]] for short, vm in left.items()}
    whole = [f"s{one}" for one in range(1, DEEP + 1)]
    equal((tree["chain"], tree["full"]), (whole, whole[:-1]), "those that keep all")
    equal((tree["kept"], tree["cut"], tree["one"]), (whole[-2:], whole[:1], [whole[0], *whole[2:]]), "removed")
    equal(sorted(tree["wide"]), sorted(f"s{one}" for one in range(6, WIDE + 1)), "the wide one keeps the newest")
    equal(len(found["pruned"]["results"][0]["removed"]), DEEP - 2, "told as removed")
    told = {short: [one["name"] for one in entry["snapshots"]] for short, entry in by(scenario, found["after"]).items()}
    equal(
        {short: sorted(one) for short, one in told.items()}, {short: sorted(one) for short, one in tree.items()}, "told"
    )


def by(scenario: Scenario, result: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return dict(zip(scenario.shorts, result["results"], strict=True))


def chain(scenario: Scenario, short: str, length: int) -> None:
    scenario.machine(short)
    for number in range(1, length + 1):
        body = {"name": f"s{number}", "description": MARKER.format(number), "age": f"{length + 1 - number}h"}
        scenario.ask(short, "POST", "/snapshots", body)


def wide(scenario: Scenario, short: str) -> None:
    """One root, and all others its children; the root is the oldest."""
    scenario.machine(short)
    parent: dict[str, Any] = {}
    for number in range(1, WIDE + 1):
        body = {"name": f"s{number}", "description": MARKER.format(number), "age": f"{WIDE + 1 - number}h", **parent}
        made = scenario.ask(short, "POST", "/snapshots", body)
        parent = parent or {"parent": made["moid"]}


def names(scenario: Scenario, *shorts: str) -> list[str]:
    return [scenario.prefix + short for short in shorts]


def call(module: str, register: str, *, ignored: bool = False, **options: Any) -> dict[str, Any]:
    return {f"savepoint.vsphere.{module}": options, "register": register, "ignore_errors": ignored}
