"""Removals that take 2 s each, on 8 datastores, 4 at once on each: how near to the optimum the whole gets.

The makespan is what the simulator saw: from the first removal's start to the last one's end. Starting Ansible and
reading the inventory come before it, reporting after it.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from arena import OutcomeError
from contenders import Ours, Stage
from measure import run
from optimum import at_once, makespan, optimum
from simctl import Simulator
from verdicts import Makespan

SECONDS, DATASTORES, LIMIT, VMS = 2.0, 8, 4, 160
UNLIMITED = 1000


class Limited(Ours):
    """Our prune with only the datastores as a limit."""

    name = "savepoint, limited"
    more: Mapping[str, Any] = {"limits": {"datastore": LIMIT, "host": UNLIMITED, "vcenter": UNLIMITED}}


def why_not(ours: Ours) -> str:
    """Why it can't be measured; empty if it can."""
    words = [str(ours.python.parent / "ansible-doc"), "--json", "savepoint.vsphere.snapshot_prune"]
    told = subprocess.run(words, capture_output=True, text=True, env=ours.environment({}), check=False)
    if told.returncode != 0:
        return "ansible-doc can't read snapshot_prune"
    options = json.loads(told.stdout)["savepoint.vsphere.snapshot_prune"]["doc"]["options"]
    if "limits" not in options:
        return "snapshot_prune has no option limits"
    return ""


def measured(ours: Ours, rounds: int, stage: Stage) -> Makespan:
    limited = Limited(stage, ours.python, ours.collections)
    seconds, most, best = [], 0, 0.0
    for _round in range(rounds):
        # VM n is on datastore n modulo 8; 21 hosts, so that no host stands for a datastore.
        with Simulator(vms=VMS, hosts=21, datastores=DATASTORES) as simulator:
            run(ours.command("create", VMS, 0), ours.environment(simulator.env), ours.cwd)
            simulator.patch("/v1/config", {"durations": {"removeSnapshot": f"{SECONDS:g}s"}})
            simulator.delete("/v1/calls")
            run(limited.command("prune", VMS, 0), limited.environment(simulator.env), limited.cwd)
            vms = simulator.get("/v1/vms")
            if any(vm["snapshots"] for vm in vms):
                raise OutcomeError("savepoint: snapshots are left after the limited prune")
            store = {vm["moid"]: f"{int(vm['name'].removeprefix('vm-')) % DATASTORES}" for vm in vms}
            starts: dict[str, list[float]] = {}
            for call in simulator.get("/v1/calls")["log"]:
                if call["method"] == "RemoveSnapshot_Task":
                    starts.setdefault(store[call["vm"]], []).append(when(call["at"]))
        best = optimum({name: len(found) for name, found in starts.items()}, LIMIT, SECONDS)
        seconds.append(makespan([start for found in starts.values() for start in found], SECONDS))
        most = max(most, at_once(starts, SECONDS))
    return Makespan(best, tuple(seconds), most, LIMIT)


def when(text: str) -> float:
    """Seconds of an ISO time; Go writes nanoseconds, which Python 3.10 does not read."""
    date, _dot, rest = text.rstrip("Z").partition(".")
    return datetime.fromisoformat(f"{date}+00:00").timestamp() + (float(f"0.{rest}") if rest else 0.0)
