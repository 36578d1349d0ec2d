"""Breaks every operation at every point in every way, and writes down what a user sees and what comes of it.

    python table.py ROOT           compares with docs/docsite/rst/table_faults.rst below ROOT, the collection's folder
    python table.py ROOT --write   writes it anew
    python table.py ROOT --only "the call"   runs a part, and prints it

The modules' real main() runs against the real simulator. Each break is checked against the simulator's state, its task
history and its list of calls, and so is a rerun without the fault. Besides pyVmomi and ansible-core only the standard
library is used.
"""

from __future__ import annotations

import multiprocessing
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import drive
from breaks import Break, breaks
from operations import OPERATIONS, Operation
from words import plainly, render

DURATIONS = dict.fromkeys(
    ("createSnapshot", "revertToSnapshot", "removeSnapshot", "removeAllSnapshots", "consolidateDisks", "powerOn"),
    "60ms",
)
SENDS = 3
GONE = "the VM is gone"
# How Python, its ssl and its http.client speak of a connection; a user is told in plain words.
PYTHONS = (
    r"(?:Connection\w*|Pipe|SSL\w*|Timeout|OS|gai)Error|[a-z]Exception|IncompleteRead|BadStatusLine|RemoteDisconnected|"
    r"Cannot(?:Send|Response)|Errno|_ssl\.c|[Rr]emote end|EOF|timed out"
)
numbers = count(1)


@dataclass(frozen=True)
class Row:
    """One break, and what came of it."""

    operation: str
    point: str
    what: str
    seen: str
    state: str
    rerun: str


class Bench:
    """A simulator, and modules that are run against it."""

    def __init__(self, sim: Any) -> None:
        self.sim = sim
        self.connection = sim.connection
        self.expected: dict[str, dict[str, Any]] = {}

    def make(self, operation: Operation) -> str:
        name = f"vm-of-{next(numbers)}"
        moid: str = self.sim.post("/v1/vms", {"name": name, "power": operation.power})[0]["moid"]
        operation.ready(self.sim, moid)
        self.expected[moid] = operation.expect(self.sim.get(f"/v1/vms/{moid}"))
        return moid

    def run(self, operation: Operation, moid: str, options: dict[str, Any] | None = None) -> dict[str, Any]:
        wish = {**self.connection, **operation.options, **self.expected[moid], **(options or {}), "moid": moid}
        return drive.run(operation.module, wish)

    def state(self, operation: Operation, moid: str) -> str:
        vm = next((vm for vm in self.sim.get("/v1/vms") if vm["moid"] == moid), None)
        if vm is None:
            return GONE
        words = operation.state(vm)
        check(words is not None, f"{operation.name} left what must not be: {vm}")
        return str(words)

    def done(self, operation: Operation, moid: str) -> int:
        """How many tasks of the operation's kind had their effect."""
        tasks = [task for task in self.sim.get("/v1/tasks") if task["vm"] == moid]
        return sum(task["description"] == operation.task and task["state"] == "success" for task in tasks)

    def settle(self, moid: str) -> None:
        """What runs on the host comes to its end, whoever waits for it."""
        self.sim.delete("/v1/faults")
        for _look in range(200):
            vm = next((vm for vm in self.sim.get("/v1/vms") if vm["moid"] == moid), None)
            if vm is None or vm["busy_task"] is None:
                return
            multiprocessing.Event().wait(0.02)
        check(False, f"{moid} stays busy")


def check(fine: bool, text: str) -> None:
    """An assertion that python -O keeps."""
    if not fine:
        raise AssertionError(text)


def reads(bench: Bench, operation: Operation) -> tuple[int, int, int]:
    """Without any fault: how many reads come before the call that is to break, and before the last read.

    And how many waits are begun before the last one.
    """
    moid = bench.make(operation)
    bench.sim.delete("/v1/calls")
    result = bench.run(operation, moid)
    check(not result.get("failed") and result["retries"] == [], f"{operation.name}: {result}")
    check(bench.state(operation, moid) == operation.after, f"{operation.name} did not do it: {result}")
    log = [call["method"] for call in bench.sim.get("/v1/calls")["log"]]
    check(log.count("Login") == log.count("Logout") == 1, str(log))
    places = [place for place, method in enumerate(log) if method == operation.method]
    before = log[: places[operation.skip]] if places else []
    return (
        before.count("RetrievePropertiesEx"),
        log.count("RetrievePropertiesEx") - operation.last_reads,
        log.count("CreateFilter") - 1,
    )


def happen(bench: Bench, one: Break, known: list[Row]) -> Row:
    """Let it break, and look at everything; ``known`` are the rows of this operation so far."""
    operation = one.operation
    moid = bench.make(operation)
    if one.patch:
        bench.sim.patch(f"/v1/vms/{moid}", one.patch)
    for order in one.orders:
        of_one = order["action"] in ("delete", "rename", "move", "power_off", "partial")
        bench.sim.post("/v1/faults", {**order, "vm": moid} if of_one else order)
    bench.sim.delete("/v1/calls")
    result = bench.run(operation, moid, one.options)
    calls = bench.sim.get("/v1/calls")["by_method"]
    bench.settle(moid)
    state = bench.state(operation, moid)
    _check(bench, one, result, calls, moid, state)
    seen = plainly(result, one.fault)
    alike = next(
        (
            row
            for row in known
            if (row.point, row.what, row.seen, row.state) == (one.point, one.what, seen, operation.said(state))
        ),
        None,
    )
    if alike is not None:  # Only the fault's text differs, so a rerun does the same.
        return alike
    if one.patch:
        bench.sim.patch(f"/v1/vms/{moid}", dict.fromkeys(one.patch, "60ms"))
    rerun = bench.run(operation, moid)
    bench.settle(moid)
    then = _check_rerun(bench, one, rerun, moid, state)
    return Row(operation.name, one.point, one.what, seen, operation.said(state), then)


def _check(bench: Bench, one: Break, result: dict[str, Any], calls: dict[str, int], moid: str, state: str) -> None:
    """The result is equal to reality, and nothing was done twice."""
    operation = one.operation
    where = f"{operation.name}, {one.point}, {one.what}: {state}; {result}"
    text = str(result).lower()
    check("traceback" not in text and "unexpected" not in text and "unknown" not in text, where)
    told = " ".join([str(result["msg"]), *map(str, result.get("retries", ())), str(result.get("warnings", ""))])
    told += " ".join(f"{entry['msg']} {entry.get('warnings')}" for entry in result.get("results", ()))
    check(not re.search(PYTHONS, told), f"Python's words: {where}")
    check(calls.get(operation.method or "", 0) <= operation.skip + SENDS + one.polls, f"{calls}; {where}")
    check(calls.get("Login", 0) <= 6, f"{calls}; {where}")
    if one.point != "the login":
        check(calls.get("Logout", 0) == 1, f"{calls}; {where}")
    check(bench.done(operation, moid) <= operation.most, f"done twice: {where}")
    for entry in result.get("results", ()):
        check(entry["status"] in ("changed", "ok", "failed") and entry["msg"], where)
    if state == GONE:
        check(bool(result.get("failed")), where)
        return
    if not result.get("failed"):
        check(state == operation.after, f"it says that it is done: {where}")
    hung = "timeout" in (one.options or {}) or "may still run" in text or "rerun finds out" in text
    if not hung:  # else what runs on was still to come when the result was written
        check(result["changed"] == (state != operation.before), f"changed is wrong: {where}")


def _check_rerun(bench: Bench, one: Break, result: dict[str, Any], moid: str, before: str) -> str:
    """A rerun converges; gives what it did."""
    operation = one.operation
    where = f"rerun of {operation.name}, {one.point}, {one.what}: {before}; {result}"
    state = bench.state(operation, moid)
    if state == GONE:
        check(bool(result.get("failed")), where)
        return "says so"
    check(not result.get("failed") and state == operation.after, f"{state}; {where}")
    if operation.module != "snapshot_revert":  # which reverts every time, unless safeguards keep it from that
        check(result["changed"] == (before != operation.after), where)
        check(bench.done(operation, moid) <= operation.most, f"done twice: {where}")
    elif bench.expected[moid]:  # the safeguards
        check(bench.done(operation, moid) <= operation.most, f"reverted twice: {where}")
    if before != operation.after:
        return "does it"
    return "finds it done" if operation.method is not None else "is the same"


@contextmanager
def bench(root: Path) -> Iterator[Bench]:
    sys.path.insert(0, str(root / "tests" / "simulator"))
    import simctl  # noqa: PLC0415 - the path is known only now

    with simctl.Simulator(vms=1, duration=DURATIONS) as simulator:
        yield Bench(simulator)


def rows(root: Path, name: str, only: str | None) -> tuple[list[Row], list[str]]:
    """What becomes of an operation, and what is wrong with that; runs in a process of its own."""
    drive.prepare(root.parents[2])
    found: list[Row] = []
    wrong = []
    [operation] = [operation for operation in OPERATIONS if operation.name == name]
    with bench(root) as made:
        for one in breaks(operation, *reads(made, operation)):
            if only is None or only in (one.point, one.what, operation.name):
                try:
                    found.append(happen(made, one, found))
                except AssertionError as error:
                    made.sim.delete("/v1/faults")
                    wrong.append(str(error))
    return found, wrong


def main() -> None:
    root, only = Path(sys.argv[1]).resolve(), None
    if "--only" in sys.argv:
        only = sys.argv[sys.argv.index("--only") + 1]
    with tempfile.TemporaryDirectory() as folder:
        if root.parent.parent.name != "ansible_collections":
            # A checkout of another name: Python has to find it by the collection's.
            place = Path(folder) / "ansible_collections" / "savepoint"
            place.mkdir(parents=True)
            (place / "vsphere").symlink_to(root)
            root = place / "vsphere"
        jobs = [(root, operation.name, only) for operation in OPERATIONS]
        # Each in a fresh process: a module's main() is made for one.
        with multiprocessing.get_context("spawn").Pool(4, maxtasksperchild=1) as pool:
            answers = pool.starmap(rows, jobs, chunksize=1)
    found = [row for some, ignored in answers for row in some]
    wrong = [text for ignored, texts in answers for text in texts]
    text = render(found)
    path = Path(sys.argv[1]) / "docs" / "docsite" / "rst" / "table_faults.rst"
    print(f"{len(found)} breaks", flush=True)
    if wrong:
        sys.exit("\n\n".join(wrong))
    if only is not None:
        print(text)
    elif "--write" in sys.argv:
        path.write_text(text)
    elif path.read_text() != text:
        lines = list(_difference(path.read_text(), text))
        sys.stdout.writelines(lines)
        # The first of them once more in the last line, which is what a long log's end shows.
        first = " ".join(line.strip() for line in lines if re.match(r"[-+] ", line))[:250]
        sys.exit(f"docs/docsite/rst/table_faults.rst is out of date (table.py . --write): {first}")


def _difference(old: str, new: str) -> Iterator[str]:
    import difflib  # noqa: PLC0415 - needed only when it fails

    return difflib.unified_diff(old.splitlines(keepends=True), new.splitlines(keepends=True), "committed", "found")


if __name__ == "__main__":
    main()
