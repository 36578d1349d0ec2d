"""A simulator with modules that are run against it, and what must hold of every result."""

from __future__ import annotations

import re
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import drive
from breaks import Break
from operation import Operation
from words import plainly, told

DURATIONS = dict.fromkeys(
    (
        "createSnapshot",
        "revertToSnapshot",
        "removeSnapshot",
        "removeAllSnapshots",
        "consolidateDisks",
        "powerOn",
        "powerOff",
    ),
    "60ms",
)
SENDS = 3
GONE = "the VM is gone"
# How Python, its ssl, its http.client and its parser of XML speak of an answer; a user is told in plain words.
PYTHONS = (
    r"(?:Connection\w*|Pipe|SSL\w*|Timeout|OS|gai|Expat|Parse)Error|[a-z]Exception|IncompleteRead|BadStatusLine|"
    r"RemoteDisconnected|Cannot(?:Send|Response)|Errno|_ssl\.c|[Rr]emote end|EOF|timed out|not well-formed|"
    r"mismatched tag|<\w+>"
)
# Orders that name the VM.
OF_ONE = ("delete", "rename", "move", "power_off", "partial", "stop_tools", "busy")
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


def check(fine: bool, text: str) -> None:
    """An assertion that python -O keeps."""
    if not fine:
        raise AssertionError(text)


class Bench:
    """A simulator, and modules that are run against it."""

    def __init__(self, sim: Any) -> None:
        self.sim = sim
        self.connection = sim.connection
        self.expected: dict[str, dict[str, Any]] = {}
        self.uuids: dict[str, str] = {}
        self.reruns: dict[tuple[str, ...], str] = {}
        self.usual: frozenset[str] = frozenset()

    def make(self, operation: Operation) -> str:
        name = f"vm-of-{next(numbers)}"
        made = self.sim.post("/v1/vms", {"name": name, "power": operation.power})[0]
        moid: str = made["moid"]
        self.uuids[moid] = made["instance_uuid"]
        operation.ready(self.sim, moid)
        self.switch(operation.switches)
        self.expected[moid] = operation.expect(self.sim.get(f"/v1/vms/{moid}"))
        return moid

    def switch(self, switches: tuple[tuple[str, str], ...]) -> None:
        if switches:
            self.sim.patch("/v1/config", {"switches": dict(switches)})

    def order(self, moid: str, *orders: dict[str, Any]) -> None:
        for order in orders:
            self.sim.post("/v1/faults", {**order, "vm": moid} if order["action"] in OF_ONE else order)

    def run(
        self, operation: Operation, moid: str, options: dict[str, Any] | None = None, *, by_uuid: bool = False
    ) -> dict[str, Any]:
        which = {"uuid": self.uuids[moid], "use_instance_uuid": True} if by_uuid else {"moid": moid}
        wish = {**self.connection, **operation.options, **self.expected[moid], **(options or {}), **which}
        try:
            return drive.run(operation.module, wish)
        except Exception as error:
            raise AssertionError(f"a traceback: {type(error).__name__}: {error}") from error

    def log(self, operation: Operation) -> list[str]:
        """The calls of a run without any trouble; not of the first one, which may define what vCenter keeps."""
        if not operation.fresh:
            self.run(operation, self.make(operation))
        moid = self.make(operation)
        self.order(moid, *operation.always)
        self.sim.delete("/v1/calls")
        result = self.run(operation, moid)
        fine = operation.fails in result["msg"] if operation.fails else not result.get("failed")
        check(fine and result["retries"] == [], f"{operation.name}: {result}")
        check(self.state(operation, moid) == operation.after, f"{operation.name} did not do it: {result}")
        log = [call["method"] for call in self.sim.get("/v1/calls")["log"]]
        check(log.count("Login") == log.count("Logout") == 1, str(log))
        self.usual = told(result)
        return log

    def state(self, operation: Operation, moid: str) -> str:
        vm = next((vm for vm in self.sim.get("/v1/vms") if vm["moid"] == moid), None)
        if vm is None:
            return GONE
        words = operation.state({**vm, "attributes": self.sim.get("/v1/attributes")})
        check(words is not None, f"{operation.name} left what must not be: {vm}")
        return str(words)

    def power(self, moid: str) -> str:
        return str(self.sim.get(f"/v1/vms/{moid}")["power_state"])

    def done(self, operation: Operation, moid: str) -> int:
        """How many tasks of the operation's kind had their effect."""
        tasks = [task for task in self.sim.get("/v1/tasks") if task["vm"] == moid]
        return sum(task["description"] == operation.task and task["state"] == "success" for task in tasks)

    def settle(self, moid: str) -> None:
        """What runs on the host comes to its end, whoever waits for it."""
        self.sim.delete("/v1/faults")
        for _look in range(500):
            vm = next((vm for vm in self.sim.get("/v1/vms") if vm["moid"] == moid), None)
            if (vm is None or vm["busy_task"] is None) and self._listens():
                return
            time.sleep(0.02)
        check(False, f"{moid} stays busy")

    def _listens(self) -> bool:
        """vCenter may still be restarting."""
        try:
            socket.create_connection((self.sim.info["host"], self.sim.info["port"]), timeout=1).close()
        except OSError:
            return False
        return True


def happen(bench: Bench, one: Break, known: list[Row]) -> Row:
    """Let it break, and look at everything; ``known`` are the rows of this operation so far."""
    operation = one.operation
    moid = bench.make(operation)
    if one.patch:
        bench.sim.patch(f"/v1/vms/{moid}", one.patch)
    bench.switch(one.switches)
    bench.order(moid, *operation.always, *one.orders)
    bench.sim.delete("/v1/calls")
    try:
        result = bench.run(operation, moid, one.options, by_uuid=one.by_uuid)
    except AssertionError as error:
        raise AssertionError(f"{operation.name}, {one.point}, {one.what}: {error}") from error
    then = bench.state(operation, moid)
    calls = bench.sim.get("/v1/calls")["by_method"]
    idle = [order for order in bench.sim.get("/v1/faults") if order["struck"] == 0]
    check(idle == [], f"{operation.name}, {one.point}, {one.what}: this never struck: {idle}")
    in_vain = bench.run(operation, moid, {"timeout": 1}) if one.hangs else None
    bench.settle(moid)
    state = bench.state(operation, moid)
    _check(bench, one, result, calls, moid, then, state)
    if in_vain is not None:
        _check_in_vain(one, in_vain)
    seen = plainly(result, one.fault, bench.usual)
    words = operation.said(state) if then == state else f"{operation.said(then)}, and later {operation.said(state)}"
    alike = next(
        (row for row in known if (row.point, row.what, row.seen, row.state) == (one.point, one.what, seen, words)), None
    )
    if alike is not None:  # Only the fault's text differs, so a rerun does the same.
        return alike
    # At one point every rerun on a VM in the same state is the same; only vCenter may have forgotten something.
    case = (one.point, words, str("forget" in str(one.orders)))
    if in_vain is None and state == operation.after and case in bench.reruns:
        return Row(operation.name, one.point, one.what, seen, words, bench.reruns[case])
    if one.patch:
        bench.sim.patch(f"/v1/vms/{moid}", dict.fromkeys(one.patch, "60ms"))
    if operation.always:  # What a run always meets, a rerun does not.
        bench.sim.patch(f"/v1/vms/{moid}", {"tools": "running"}) if state != GONE else None
    bench.switch((("task_in_progress", "call"),) if one.switches else ())
    done = bench.done(operation, moid)
    rerun = bench.run(operation, moid)
    bench.settle(moid)
    what = bench.reruns[case] = _check_rerun(bench, one, rerun, moid, state, done)
    if in_vain is not None:
        waits = "waits in vain" if in_vain.get("failed") else "leaves it alone"
        what = f"{waits} while it runs, says so, and after that {what}"
    return Row(operation.name, one.point, one.what, seen, words, what)


def _brief(result: dict[str, Any]) -> dict[str, Any]:
    """What an assertion tells of a result."""
    kept = {key: result[key] for key in ("changed", "failed", "msg", "retries", "warnings") if result.get(key)}
    found = [
        {key: one[key] for key in ("status", "msg", "warnings") if one.get(key)} for one in result.get("results", ())
    ]
    return {**kept, "results": found}


def _check(
    bench: Bench, one: Break, result: dict[str, Any], calls: dict[str, int], moid: str, then: str, state: str
) -> None:
    """The result is equal to reality as it was then, and nothing was done twice."""
    operation = one.operation
    where = f"{operation.name}, {one.point}, {one.what}: {then}, {state}; {_brief(result)}"
    text = str(result).lower()
    check("traceback" not in text and "unexpected" not in text, where)
    # A warning's code may say so of something besides.
    check(not re.search(r"(?<!_)unknown", text), where)
    said = " ".join([str(result["msg"]), *map(str, result.get("retries", ())), str(result.get("warnings", ""))])
    said += " ".join(f"{entry['msg']} {entry.get('warnings')}" for entry in result.get("results", ()))
    check(not re.search(PYTHONS, said), f"Python's words: {where}")
    check(calls.get(operation.method or "", 0) <= operation.skip + SENDS + one.polls, f"{calls}; {where}")
    check(calls.get("Login", 0) <= 6, f"{calls}; {where}")
    if one.point not in ("the login", "the logout"):
        # A vCenter that restarts in the end may not be back to hear it, and no session outlasts that.
        least = 0 if "restart" in str(one.orders) else 1
        check(least <= calls.get("Logout", 0) <= 1, f"{calls}; {where}")
    check(bench.done(operation, moid) <= operation.most, f"done twice: {where}")
    for entry in result.get("results", ()):
        check(entry["status"] in ("changed", "ok", "failed") and entry["msg"], where)
    if GONE in (then, state):
        # One that goes after the last look at it is not missed.
        check(bool(result.get("failed")) or one.point == "the logout", where)
        return
    if operation.fails:
        check(bool(result.get("failed")), f"it says that it is done: {where}")
    elif not result.get("failed"):
        power = result["results"][0].get("power_state")
        switched = "power_off" in str(one.orders) and power == bench.power(moid) == "poweredOff"
        lesser = then == operation.lesser != "" and bool(result["results"][0].get("warnings") or result.get("warnings"))
        check(then == operation.after or lesser or switched, f"it says that it is done: {where}")
    if "what became of" not in result["msg"]:  # else it says that nobody can tell
        check(result["changed"] == operation.changed(then), f"changed is wrong: {where}")


def _check_in_vain(one: Break, result: dict[str, Any]) -> None:
    """A rerun waits for what still runs, does nothing beside it, and says so."""
    where = f"rerun of {one.operation.name}, {one.point}, {one.what}, while that still runs: {_brief(result)}"
    check(not result["changed"], where)
    # prune does not wait: it leaves such a VM alone.
    if "a snapshot task runs on it" not in result["msg"]:
        check(bool(result.get("failed")), where)
        # Of one that vCenter has forgotten it does not know either whether it runs or waits.
        check(bool(re.search("still (?:runs|waits|in the way)", result["msg"])), where)


def _check_rerun(bench: Bench, one: Break, result: dict[str, Any], moid: str, before: str, done: int) -> str:
    """A rerun converges; gives what it did. ``done`` tasks had had their effect before."""
    operation = one.operation
    where = f"rerun of {operation.name}, {one.point}, {one.what}: {before}; {_brief(result)}"
    state = bench.state(operation, moid)
    if state == GONE:
        check(bool(result.get("failed")), where)
        return "says so"
    wanted = operation.rerun or operation.after
    check(not result.get("failed") and state == wanted, f"{state}; {where}")
    if not operation.repeats:
        differs = before != wanted and not (operation.unseen and before == operation.lesser)
        # A task that failed after it took effect is done again where nothing but tasks tells that it was done.
        differs = differs or bench.done(operation, moid) > done
        check(result["changed"] == differs, f"changed is wrong: {where}")
        check(bench.done(operation, moid) <= operation.most, f"done twice: {where}")
    if before != wanted:
        return "does it"
    return "finds it done" if operation.method is not None else "is the same"


@contextmanager
def bench(root: Path) -> Iterator[Bench]:
    sys.path.insert(0, str(root / "tests" / "simulator"))
    import simctl  # noqa: PLC0415 - the path is known only now

    with simctl.Simulator(vms=1, duration=DURATIONS) as simulator:
        yield Bench(simulator)
