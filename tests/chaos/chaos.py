"""Random fleets, operations, faults and kills, and invariants that must hold whatever happened.

    nox -s chaos -- --seed 1 --runs 50                 # ansible-playbook
    nox -s chaos -- --level library --seed 1 --runs 5000 --jobs 6

Run N has the seed SEED + N, so that a long series can be cut into ranges and gone on with. What breaks prints its seed
and what was done, and is repeated by --seed with that number and --runs 1 (faults strike by the clock of this machine,
so that a race may need several tries). Jobs are processes, each with a simulator of its own.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "simulator"))

import simctl
from moves import NAMES, Machine, Operation, choose
from runners import Kill, Library, Playbook

METHODS = (
    "CreateSnapshot_Task",
    "RemoveSnapshot_Task",
    "RevertToSnapshot_Task",
    "RenameSnapshot",
    "PowerOnVM_Task",
    "RetrievePropertiesEx",
    "WaitForUpdatesEx",
    "CreateFilter",
    "Login",
    None,
)
# Milliseconds that tasks take where a job is run again at once: longer than what was read is taken for what is.
AGES = (1200, 1500)
FAULTS = ("InsufficientStorageSpace", "SnapshotFault", "InvalidState", "NoPermission", "TooManySnapshotLevels")
ACTIONS = (
    "fail",
    "task_fail",
    "task_fail_late",
    "task_hang",
    "drop_before",
    "drop_after",
    "unavailable",
    "unavailable_after",
    "slow",
    "expire_before",
    "expire_after",
    "restart_before",
    "restart_after",
)
MORE: dict[str, dict[str, Any]] = {
    "slow": {"seconds": 0.3},
    "restart_before": {"seconds": 0.2, "forget": True},
    "restart_after": {"seconds": 0.2, "forget": True},
}


class Run:
    """One fleet and what happens to it."""

    def __init__(self, seed: int, sim: simctl.Simulator, runner: Library | Playbook) -> None:
        self.dice = random.Random(seed)
        self.sim = sim
        self.runner = runner
        self.folder = f"chaos/{seed}"
        self.steps: list[str] = []
        self.sets = [f"CHG{seed}A", f"CHG{seed}B"]

    def __enter__(self) -> Run:
        body = {"name": f"c{self.folder[6:]}-%02d", "count": self.dice.choice((1, 2, 3, 4, 8)), "folder": self.folder}
        made = self.sim.post("/v1/vms", body)
        self.moids = [vm["moid"] for vm in made]
        for moid in self.moids:
            for _number in range(self.dice.randint(0, 3)):
                self.somebodys(moid)
        return self

    def __exit__(self, *_what: Any) -> None:
        self.sim.delete("/v1/faults")
        self.settle()
        for moid in self.moids:
            self.sim.delete(f"/v1/vms/{moid}")

    def somebodys(self, moid: str) -> None:
        """A snapshot that was there before: somebody else's, an older set's, or one on hold."""
        marker = self.dice.choice(
            ("", "[savepoint set=OLD owner=x]", "[savepoint set=HELD hold]", "[savepoint", "text")
        )
        days = self.dice.randint(1, 90)
        body = {"name": self.dice.choice(NAMES), "description": marker, "age": f"{days}d"}
        self.sim.post(f"/v1/vms/{moid}/snapshots", body)

    def look(self) -> dict[str, Machine]:
        return {moid: self.sim.vm(moid) for moid in self.moids}

    def settle(self) -> None:
        """Wait until nothing runs any more, no call of a killed process either, and vCenter is back."""
        end = time.monotonic() + 30
        while self.sim.get("/v1/calls")["altering"] or self.busy() or not self.answers():
            assert time.monotonic() < end, "a task never ends, or vCenter stays away"
            time.sleep(0.02)

    def busy(self) -> bool:
        return any(vm["busy_task"] for vm in self.look().values())

    def answers(self) -> bool:
        """Does vCenter take connections?"""
        try:
            socket.create_connection((self.sim.info["host"], self.sim.info["port"]), 1).close()
        except OSError:
            return False
        return True

    def go(self) -> None:
        for _number in range(self.dice.randint(1, 4)):
            self.step()

    def step(self) -> None:
        kill = self.kill() if self.dice.random() < 0.2 else None
        hasty = kill is not None and self.dice.random() < 0.3
        durations = self.last(self.dice.choice(AGES if hasty else (0, 0, 20, 80)))
        before = self.look()
        operation = choose(self.dice, list(before.values()), self.sets)
        if operation.module == "snapshot_prune":
            self.plan(operation)
        trouble = self.trouble()
        options = operation.options
        if any(fault["action"] == "task_hang" for fault in trouble) and "timeout" in options:
            options = {**options, "timeout": 1}
        self.steps.append(f"{operation}; tasks take {durations}; faults {trouble}; {kill}")
        self.reverted(clear=True)
        result = self.runner.run(operation.module, options, False, kill)
        self.steps.append("was killed" if result is None else f"said {result.get('msg')}")
        hasty_result = self.at_once(operation) if hasty else None
        self.sim.delete("/v1/faults")
        self.settle()
        after = self.look()
        operation.untouched(before, after)
        strange = self.reverted() - (set(operation.chosen) if operation.module == "snapshot_revert" else set())
        assert not strange, f"{strange} were reverted, and nobody asked for it"
        if hasty_result is not None:
            operation.reports(hasty_result, after)
        elif result is not None:
            operation.honest(result, before, after)
            operation.known(result, {task["moid"] for task in self.sim.get("/v1/tasks")})
        self.last(0)
        self.again(operation, after)

    def last(self, milliseconds: int) -> str:
        """From now on tasks take so long."""
        names = ("createSnapshot", "removeSnapshot", "revertToSnapshot", "powerOn", "powerOff")
        durations = f"{milliseconds}ms"
        self.sim.patch("/v1/config", {"durations": dict.fromkeys(names, durations)})
        return durations

    def at_once(self, operation: Operation) -> dict[str, Any]:
        """The same again while what the killed one began still runs, or hangs for a while: its machines queue."""
        limit = self.dice.choice(({}, {"limits": {"vcenter": 1}}, {"limits": {"vcenter": 2}}))
        soon = threading.Timer(self.dice.uniform(0.5, 2.5), self.sim.delete, ["/v1/faults"])
        soon.start()
        try:
            result = self.runner.run(operation.module, {**operation.options, **limit}, False, None)
        finally:
            soon.join()
        assert result is not None
        self.steps.append(f"at once, with {limit}, said {result.get('msg')}")
        return result

    def kill(self) -> Kill:
        """The plug is pulled, or the job is cancelled."""
        return Kill(self.dice.uniform(*self.runner.kills), self.dice.choice(("SIGKILL", "SIGTERM", "SIGINT")))

    def again(self, operation: Operation, before: dict[str, Machine]) -> None:
        """Without trouble, a second call brings what the first could not, and a third has nothing to do."""
        if operation.module == "snapshot_revert":
            # It is done as often as it is asked for, wherever there is something to go back to.
            result, _after = self.quietly(operation, before, "reverting again")
            operation.all_went_back(result, before)
            return
        for number in (2, 3):
            result, after = self.quietly(operation, before, f"call {number}")
            assert not result.get("failed"), f"call {number}: {result['msg']}"
            assert number == 2 or not result["changed"], f"call {number} has changed something"
            if self.runner.name == "playbook":
                return
            before = after

    def quietly(
        self, operation: Operation, before: dict[str, Machine], what: str
    ) -> tuple[dict[str, Any], dict[str, Machine]]:
        """One call without trouble; its result and what the machines are like afterwards."""
        result = self.runner.run(operation.module, operation.options, False, None)
        assert result is not None
        self.steps.append(f"{what} said {result.get('msg')}")
        after = self.look()
        operation.untouched(before, after)
        operation.honest(result, before, after)
        return result, after

    def plan(self, operation: Operation) -> None:
        told = self.runner.run(operation.module, operation.options, True, None)
        assert told is not None and not told.get("failed"), f"check mode: {told}"
        for one in told["results"]:
            operation.may_go[one["vm"]["moid"]] = {gone["moid"] for gone in one["removed"]}

    def trouble(self) -> list[dict[str, Any]]:
        found = []
        for _number in range(self.dice.choice((0, 1, 1, 2))):
            action = self.dice.choice(ACTIONS)
            fault: dict[str, Any] = {"action": action, "times": self.dice.choice((1, 1, 2)), **MORE.get(action, {})}
            method = self.dice.choice(METHODS)
            if fault["action"].startswith("task"):
                method = self.dice.choice(METHODS[:3])
            if fault["action"] in ("fail", "task_fail", "task_fail_late"):
                fault["fault"] = self.dice.choice(FAULTS)
            if method is not None:
                fault["method"] = method
            if method in METHODS[:3] and self.dice.random() < 0.5:
                fault["vm"] = self.dice.choice(self.moids)
            self.sim.post("/v1/faults", fault)
            found.append(fault)
        return found

    def reverted(self, clear: bool = False) -> set[str]:
        """The VMs that were reverted since the log was cleared."""
        if clear:
            self.sim.delete("/v1/calls")
            return set()
        owner = {one["moid"]: moid for moid, vm in self.look().items() for one in vm["snapshots"]}
        log = self.sim.get("/v1/calls")["log"]
        return {owner.get(call["vm"], call["vm"]) for call in log if call["method"].startswith("Revert")}


def series(level: str, seeds: Sequence[int], end: float | None) -> tuple[int, list[int]]:
    """One run after the other against a simulator of their own; how many were done, and which seeds failed."""
    failed: list[int] = []
    done = 0
    with tempfile.TemporaryDirectory(prefix="savepoint-chaos-") as scratch, simctl.Simulator(vms=0) as sim:
        runner = (Library if level == "library" else Playbook)(sim.connection, Path(scratch))
        for seed in seeds:
            if end is not None and time.monotonic() > end:
                break
            with Run(seed, sim, runner) as run:
                try:
                    run.go()
                except (AssertionError, KeyError, ValueError) as error:
                    failed.append(seed)
                    steps = "\n  ".join(run.steps)
                    again = f"again: nox -s chaos -- --level {level} --seed {seed} --runs 1"
                    print(f"FAILED seed {seed}: {error!r}\n  {steps}\n  {again}", flush=True)
            done += 1
            if done % 100 == 0:
                print(f"{done} runs, up to seed {seed}, {len(failed)} failed", flush=True)
    return done, failed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--level", choices=("playbook", "library"), default="playbook")
    parser.add_argument("--jobs", type=int, default=2, help="so many at the same time")
    parser.add_argument("--seconds", type=float, help="end after so long, whatever --runs says")
    wanted = parser.parse_args()
    began = time.monotonic()
    end = None if wanted.seconds is None else began + wanted.seconds
    seeds = range(wanted.seed, wanted.seed + wanted.runs)
    jobs = max(1, min(wanted.jobs, wanted.runs))
    # Spawned: the library's level forks, and must not inherit a thread's locks.
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        parts = [pool.submit(series, wanted.level, seeds[number::jobs], end) for number in range(jobs)]
        answers = [part.result() for part in parts]
    done = sum(answer[0] for answer in answers)
    failed = sorted(seed for answer in answers for seed in answer[1])
    took = time.monotonic() - began
    print(f"{wanted.level}: {done} runs from seed {wanted.seed} in {took:.0f} s, {len(failed)} failed: {failed}")
    return 1 if failed or not done else 0


if __name__ == "__main__":
    sys.exit(main())
