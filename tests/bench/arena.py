"""A fresh fleet for each turn, its works one after the other, each checked before its figures count."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from cases import Turn
from contenders import Contender, Floor
from figures import DEEP_INFO, EMPTY, PLAY, Sample
from measure import run
from simctl import Simulator

LADDER = {0: (1, 4, 8, 16), 50: (8, 16, 32, 64, 128)}  # numbers of connections that the floor tries
DEPTH = 5


class OutcomeError(RuntimeError):
    """A contender ended well without having done the work."""


def fleet(size: int, latency_ms: int) -> Simulator:
    """About 25 VMs to a host and 50 to a datastore."""
    hosts, datastores = min(64, max(2, -(-size // 25))), min(64, max(1, -(-size // 50)))
    return Simulator(vms=size, hosts=hosts, datastores=datastores, latency=f"{latency_ms}ms")


def take(contender: Contender, simulator: Simulator, work: str, size: int, latency_ms: int) -> Sample:
    """Does one work and says what it cost."""
    simulator.delete("/v1/calls")
    words = contender.command(work, size, latency_ms)
    cost = run(words, contender.environment(simulator.env), contender.cwd)
    calls = simulator.get("/v1/calls")
    check(contender, simulator, work, calls)
    return Sample(
        contender=contender.name,
        work=work,
        size=size,
        latency_ms=latency_ms,
        wall=cost.wall,
        cpu=cost.cpu,
        module_mib=cost.module_mib,
        largest_mib=cost.largest_mib,
        logins=calls["by_method"].get("Login", 0),
        calls=calls["total"],
        bytes_received=calls["bytes_received"],
        bytes_sent=calls["bytes_sent"],
    )


def check(contender: Contender, simulator: Simulator, work: str, calls: dict[str, Any]) -> None:
    if contender.name == EMPTY:
        return
    changes = sum(call["changed"] for call in calls["log"])
    if work not in ("create", "revert", "prune") and changes:
        raise OutcomeError(f"{contender.name}: {work} changed {changes} VMs")
    wanted = {"prune": 0, DEEP_INFO: DEPTH}.get(work, 1)
    for vm in simulator.get("/v1/vms"):
        if len(vm["snapshots"]) != wanted:
            raise OutcomeError(f"{contender.name}: after {work} {vm['name']} has {len(vm['snapshots'])} snapshots")
        if work == "revert" and vm["power_state"] != "poweredOff":
            raise OutcomeError(f"{contender.name}: {vm['name']} was not reverted")


def play(turn: Turn, contender: Contender) -> Iterator[Sample]:
    with fleet(turn.size, turn.latency_ms) as simulator:
        began = time.monotonic()
        for work in turn.works:
            if not contender.can(work):
                continue
            if work == "prune":
                # Our policy asks for snapshots older than a second.
                time.sleep(max(0.0, 2.1 - (time.monotonic() - began)))
            yield take(contender, simulator, work, turn.size, turn.latency_ms)


def warm_up(contender: Contender) -> None:
    """One work with one VM, unmeasured: what is compiled or cached on first use is so for all."""
    with fleet(1, 0) as simulator:
        take(contender, simulator, "create" if contender.can("create") else PLAY, 1, 0)


def tune(floor: Floor, size: int, latency_ms: int) -> dict[int, float]:
    """Finds how many connections are best for the floor, one create with each number; stops when more is slower."""
    tried: dict[int, float] = {}
    for connections in LADDER[latency_ms]:
        floor.connections[latency_ms] = connections
        with fleet(size, latency_ms) as simulator:
            tried[connections] = take(floor, simulator, "create", size, latency_ms).wall
        if tried[connections] > 1.2 * min(tried.values()):
            break
    floor.connections[latency_ms] = min(tried, key=lambda number: tried[number])
    return tried


def deep_info(floor: Floor, other: Contender, size: int, rounds: int) -> Iterator[Sample]:
    """Lists VMs with five snapshots each; nothing changes, so both take turns on one fleet."""
    contenders = [floor, other]
    with fleet(size, 0) as simulator:
        for _level in range(DEPTH):
            run(floor.command("create", size, 0), floor.environment(simulator.env), floor.cwd)
        for number in range(rounds):
            for contender in contenders if number % 2 == 0 else reversed(contenders):
                yield take(contender, simulator, DEEP_INFO, size, 0)
