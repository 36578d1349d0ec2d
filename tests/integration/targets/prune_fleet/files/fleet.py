"""A fleet of 500 machines with 3,000 snapshots of mixed age, owner and shape; and the proof that a plan was kept.

fleet.py make FOLDER SEED: makes it through the control endpoint (SAVEPOINT_SIM_CONTROL), and prints what there is.
fleet.py trees FOLDER: prints every machine's snapshots as JSON.
fleet.py compare FILES: reads trees before, plan, result, result of a second run, trees after; prints what is wrong.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

MACHINES = 500
SNAPSHOTS = 3000
HOUR = 3600
# What a snapshot is, how often, and whether a policy may touch it; the name begins with it.
SORTS = {"managed": 55, "expired": 12, "foreign": 15, "held": 8, "broken": 2, "golden": 3}
SORTS.update({"VEEAM BACKUP": 3, "NBU_SNAPSHOT": 2})
UNTOUCHABLE = ("foreign", "held", "VEEAM BACKUP", "NBU_SNAPSHOT", "broken", "golden")


class Control:
    """The control endpoint, over one connection."""

    def __init__(self) -> None:
        self.connection = http.client.HTTPConnection(urlsplit(os.environ["SAVEPOINT_SIM_CONTROL"]).netloc, timeout=60)

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body)
        self.connection.request(method, path, data, {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{method} {path}: {answer.status} {text.decode()}")
        return json.loads(text)


def description(sort: str, chance: random.Random) -> str:
    owner, number = chance.choice(["alice", "bob", "awx:job:1"]), chance.randrange(40)
    expires = chance.choice(["", " expires=2099-01-01T00:00:00Z"])
    return {
        "managed": f"text\n[savepoint set=CHG{number} kind=crash_consistent owner={owner}{expires}]",
        "golden": f"[savepoint set=CHG{number} kind=crash_consistent owner={owner}]",
        "expired": f"[savepoint set=CHG{number} owner={owner} expires=2020-01-01T00:00:00Z]",
        "held": f"[savepoint set=CHG{number} owner={owner} expires=2020-01-01T00:00:00Z hold]",
        "broken": f"[savepoint set=CHG{number} owner={owner}",
    }.get(sort, chance.choice(["", "before the upgrade"]))


def make(folder: str, seed: str) -> None:
    chance = random.Random(seed)
    control = Control()
    machines = control("POST", "/v1/vms", {"name": "fleet-%03d", "count": MACHINES, "folder": folder})
    counts = [0] * MACHINES
    for _turn in range(SNAPSHOTS):
        counts[int(MACHINES * chance.random() ** 1.5)] += 1
    for machine, count in zip(machines, counts, strict=True):
        path = f"/v1/vms/{machine['moid']}/snapshots"
        shape = chance.choice(["chain", "chain", "branches", "fan"])
        spans = [chance.choice([3, 30, 400]) * 24 * HOUR for _turn in range(count)]
        ages = sorted((int(span * chance.random()) for span in spans), reverse=True)
        made: list[str] = []
        for number, age in enumerate(ages):
            [sort] = chance.choices(list(SORTS), list(SORTS.values()))
            body = {"name": f"{sort} {number}", "description": description(sort, chance), "age": f"{age}s"}
            if made and shape != "chain":
                body["parent"] = chance.choice(made) if shape == "branches" else made[0]
            made.append(control("POST", path, {**body, "memory": chance.random() < 0.1})["moid"])
            if chance.random() < 0.2:
                control("POST", f"/v1/vms/{machine['moid']}/grow", {"bytes": chance.randrange(1, 2**30)})
    print(json.dumps({"machines": len(machines), "snapshots": sum(counts), "most": max(counts)}))


def trees(folder: str) -> None:
    found = [machine for machine in Control()("GET", "/v1/vms") if machine["folder"] == folder]
    print(json.dumps({machine["moid"]: machine["snapshots"] for machine in found}))


def compare(before: Any, planned: Any, done: Any, again: Any, after: Any) -> Iterator[str]:
    """Everything that is wrong."""
    told, real = verdicts(planned), verdicts(done)
    for moid in told.keys() | real.keys():
        if told.get(moid) != real.get(moid):
            yield f"{moid}: check mode says {told.get(moid)}, the real run {real.get(moid)}"
    names = {one["moid"]: one["name"] for tree in before.values() for one in tree}
    if told.keys() != names.keys():
        yield f"{len(names.keys() ^ told.keys())} snapshots have no verdict, or are not there"
    removed = {moid for moid, (gone, _reasons) in told.items() if gone}
    for moid in removed:
        if names[moid].startswith(UNTOUCHABLE):
            yield f"{moid}: '{names[moid]}' was to be left alone"
    for moid in (moid for moid, (ignored, reasons) in told.items() if not reasons):
        yield f"{moid} has no reason"
    for machine, tree in before.items():
        if predicted(tree, removed) != {one["moid"]: one["parent"] for one in after[machine]}:
            yield f"{machine}: its tree is not the one that the plan predicts"
    # The order: oldest first within a machine.
    for entry in done["results"]:
        times = [one["created_at"] for one in entry["removed"]]
        if times != sorted(times):
            yield f"{entry['vm']['name']}: removed out of order"
    if again["changed"] or any(entry["removed"] for entry in again["results"]):
        yield "the second run found something to remove"
    if {moid for moid, (gone, ignored) in verdicts(again).items() if not gone} != names.keys() - removed:
        yield "the second run does not see exactly what the first has left"


def verdicts(result: Any) -> dict[str, tuple[bool, list[str]]]:
    """By snapshot, whether it goes and why; ages in reasons are left out, since they grow between two runs."""
    found = {}
    for entry in result["results"]:
        for gone in ("removed", "kept"):
            for one in entry[gone]:
                reasons = [re.sub(r"it is \w+ old", "", reason) for reason in one["reasons"]]
                found[one["moid"]] = (gone == "removed", reasons)
    return found


def predicted(tree: list[Any], removed: set[str]) -> dict[str, str | None]:
    """Each snapshot that is left, with its nearest ancestor that is."""
    parents = {one["moid"]: one["parent"] for one in tree}

    def nearest(moid: str | None) -> str | None:
        while moid is not None and moid in removed:
            moid = parents[moid]
        return moid

    return {moid: nearest(parent) for moid, parent in parents.items() if moid not in removed}


def main(command: str, *words: str) -> None:
    if command == "make":
        make(*words)
    elif command == "trees":
        trees(*words)
    else:
        wrong = list(compare(*(json.loads(Path(word).read_text()) for word in words)))
        print("\n".join(wrong[:20]))
        raise SystemExit(len(wrong) > 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
