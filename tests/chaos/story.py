"""One fleet, and what happens to it: calls one after the other, alone, disturbed by others, or two at once."""

from __future__ import annotations

import copy
import random
import signal
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import simctl
from invariants import Scene, able, excess, known
from marks import BACKUP, NAMES, Machine
from mishaps import hangs, mishap, pause
from move_look import consolidate, look
from move_remove import Prune, prune, remove
from move_revert import Guarded, revert
from move_take import edit, take
from moves import Move, Result
from others import Others, by_call, by_time
from runners import Call, Runner, Timed, drive

# Milliseconds that tasks take where a job is run again at once: longer than what was read is taken for what is.
AGES = (1200, 1500)
DURATIONS = (0, 0, 20, 80)
KINDS = (take, take, take, edit, edit, remove, remove, revert, revert, prune, look, consolidate)
SIGNALS = ("SIGKILL", "SIGTERM", "SIGINT")
TASKS = (
    "createSnapshot",
    "removeSnapshot",
    "removeAllSnapshots",
    "revertToSnapshot",
    "consolidateDisks",
    "powerOn",
    "powerOff",
)


@dataclass(frozen=True)
class Kill:
    """A signal to all processes of a run, some seconds after its beginning."""

    after: float
    signal: str

    def __str__(self) -> str:
        return f"{self.signal} after {self.after:.2f} s"


class Run:
    """One fleet and what happens to it."""

    def __init__(self, seed: int, sim: simctl.Simulator, runner: Runner) -> None:
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
            for one_set in self.sets:
                if self.dice.random() < 0.4:
                    self.ours(moid, one_set)
        self.sim.patch("/v1/config", {"switches": {"task_in_progress": self.dice.choice(("call", "call", "task"))}})
        return self

    def __exit__(self, *_what: Any) -> None:
        self.sim.delete("/v1/faults")
        self.settle()
        for moid in self.moids:
            with suppress(simctl.SimulatorError):  # somebody has deleted it
                self.sim.delete(f"/v1/vms/{moid}")

    def somebodys(self, moid: str) -> None:
        """A snapshot that was there before: somebody else's, an older set's, or one on hold."""
        marks = (
            "",
            "[savepoint set=OLD owner=x]",
            "[savepoint set=HELD hold]",
            "[savepoint hold]",
            "[savepoint",
            "text",
        )
        body = {"name": self.dice.choice((*NAMES, BACKUP)), "description": self.dice.choice(marks)}
        self.sim.post(f"/v1/vms/{moid}/snapshots", {**body, "age": f"{self.dice.randint(1, 90)}d"})

    def ours(self, moid: str, one_set: str) -> None:
        """A snapshot that an earlier run has taken."""
        phase = self.dice.choice(("taken", "taken", "patching", "failed"))
        hold = self.dice.choice((" hold", "", ""))
        expires = self.dice.choice(("2026-01-01T00:00:00Z", "2099-01-01T00:00:00Z"))
        mark = f"[savepoint set={one_set} kind=crash_consistent expires={expires} op=0a phase={phase}{hold}]"
        body = {"name": self.dice.choice(NAMES), "description": f"{self.dice.choice(('', 'text' + chr(10)))}{mark}"}
        self.sim.post(f"/v1/vms/{moid}/snapshots", {**body, "age": f"{self.dice.randint(1, 90)}h"})

    def look(self) -> dict[str, Machine]:
        """The VMs that there are."""
        found = {}
        for moid in self.moids:
            with suppress(simctl.SimulatorError):
                found[moid] = self.sim.vm(moid)
        return found

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
        for _number in range(self.dice.randint(1, self.runner.steps)):
            self.prepare()
            if not self.look():
                return
            way = self.dice.random()
            if way < 0.55:
                self.alone()
            elif way < 0.8:
                self.disturbed()
            else:
                self.two()

    def prepare(self) -> None:
        """What has become of the VMs since: disks to be merged, and what somebody did by hand."""
        for moid, vm in self.look().items():
            if self.dice.random() < 0.2:
                self.sim.patch(f"/v1/vms/{moid}", {"consolidation_needed": True})
            if vm["snapshots"] and self.dice.random() < 0.1:
                back = self.dice.choice(vm["snapshots"])["moid"]
                self.sim.post(f"/v1/vms/{moid}/snapshots/{back}/revert", {})

    def choose(self, before: dict[str, Machine]) -> Move:
        """A random move on some of the VMs."""
        machines = list(before.values())
        some = self.dice.sample(machines, self.dice.randint(1, len(machines)))
        move: Move = self.dice.choice(KINDS)(self.dice, some, self.sets)
        past = [task["vm"] for task in self.sim.get("/v1/tasks") if "revert" in task["description"].lower()]
        move.history = {moid: past.count(moid) for moid in before}
        return move

    def of_sets(self, before: dict[str, Machine]) -> Move:
        """One that finds its snapshots by set, since what is named otherwise may come to be another's while it runs."""
        while True:
            move = self.choose(before)
            if move.target is None or move.target.option == "snapshot_set":
                return move

    def order(self, faults: Sequence[dict[str, Any]], moves: Sequence[Move]) -> None:
        """Let these faults strike; what may hang is not waited for long."""
        for fault in faults:
            self.sim.post("/v1/faults", fault)
        for move in moves:
            if "timeout" in move.options:
                move.options["timeout"] = 1 if hangs(list(faults)) else 60

    def trouble(self, many: Sequence[int]) -> list[dict[str, Any]]:
        return [mishap(self.dice, list(self.look())) for _number in range(self.dice.choice(many))]

    def last(self, milliseconds: int) -> str:
        """From now on tasks take so long."""
        durations = f"{milliseconds}ms"
        self.sim.patch("/v1/config", {"durations": dict.fromkeys(TASKS, durations)})
        return durations

    def alone(self) -> None:
        """One call, with faults, and sometimes killed."""
        kill = self.kill() if self.dice.random() < 0.25 else None
        hasty = kill is not None and self.dice.random() < 0.3
        durations = self.last(self.dice.choice(AGES if hasty else DURATIONS))
        before = self.look()
        move = self.choose(before)
        self.plan(move, before)
        faults = self.trouble((0, 1, 1, 2))
        self.steps.append(f"{move}; tasks take {durations}; faults {faults}; {kill}")
        self.begin(faults, [move])
        call = self.runner.begin(move.module, move.options)
        drive([call], [Timed(kill.after, lambda: call.tell(signal.Signals[kill.signal]))] if kill is not None else [])
        result = self.heard(call)
        hasty_result = self.at_once(move) if hasty else None
        scene = self.end([move], Others(), before, [result])
        if hasty_result is not None:
            scene.reports(move, hasty_result, alone=False)
        elif result is not None:
            scene.reports(move, result)
            self.named(result, faults)
        self.again(move, result, scene)

    def disturbed(self) -> None:
        """One call, and somebody else at work on the same VMs."""
        durations = self.last(self.dice.choice((*DURATIONS, 300)))
        before = self.look()
        move = self.choose(before)
        others = Others()
        timed = []
        for _number in range(self.dice.choice((1, 2, 3))):
            deed = by_time(self.dice, list(before.values()), move)
            after = self.dice.uniform(*self.runner.busy)
            if deed is not None:
                others.deeds.append(deed)
                timed.append(Timed(after, lambda deed=deed: deed.do(self.sim)))  # type: ignore[misc]
        faults = self.trouble((0, 0, 0, 1))
        if self.dice.random() < 0.5:
            deed, fault = by_call(self.dice, list(before.values()))
            others.deeds.append(deed)
            faults.append(fault)
        if self.dice.random() < 0.3:
            faults.append(pause(self.dice))
            others.pause = faults[-1]["seconds"]
        latency = self.dice.choice((0, 0, 50, 200))
        late = ", ".join(f"{deed}" for deed in others.deeds)
        slow = f"tasks take {durations}, latency {latency} ms"
        self.steps.append(f"{move}; {slow}; faults {faults}; meanwhile {late}")
        self.begin(faults, [move], latency)
        call = self.runner.begin(move.module, move.options)
        drive([call], timed)
        result = self.heard(call)
        scene = self.end([move], others, before, [result])
        assert result is not None
        scene.reports(move, result)
        self.named(result, faults)
        self.again(move, result, scene)

    def two(self) -> None:
        """Two calls at once."""
        durations = self.last(self.dice.choice((*DURATIONS, 300)))
        latency = self.dice.choice((0, 0, 20, 100))
        before = self.look()
        moves = [self.of_sets(before), self.of_sets(before)]
        if self.dice.random() < 0.4:
            moves[1] = copy.deepcopy(moves[0])  # a job that was launched twice
        faults = self.trouble((0, 0, 1))
        if self.dice.random() < 0.3:
            faults.append(pause(self.dice))
        second = self.dice.uniform(0, self.runner.busy[1])
        self.steps.append(
            f"{moves[0]}; and {second:.2f} s later {moves[1]}; tasks take {durations}, latency {latency} ms; {faults}"
        )
        self.begin(faults, moves, latency)
        calls = [self.runner.begin(moves[0].module, moves[0].options)]
        time.sleep(second)
        calls.append(self.runner.begin(moves[1].module, moves[1].options))
        drive(calls)
        results = [self.heard(call) for call in calls]
        scene = self.end(moves, Others(), before, results)
        for move, result in zip(moves, results, strict=True):
            assert result is not None
            scene.reports(move, result)
            self.named(result, faults)
        self.again(moves[1], None, scene)

    def begin(self, faults: Sequence[dict[str, Any]], moves: Sequence[Move], latency: int = 0) -> None:
        self.sim.delete("/v1/calls")
        self.sim.patch("/v1/config", {"latency": f"{latency}ms"})
        self.order(faults, moves)

    def heard(self, call: Call) -> Result | None:
        """What a call says in the end."""
        result = call.result()
        self.steps.append("was killed" if result is None else f"said {result.get('msg')}")
        return result

    def end(
        self, moves: Sequence[Move], others: Others, before: dict[str, Machine], results: Sequence[Result | None] = ()
    ) -> Scene:
        """Nothing strikes or runs any more; what must hold is looked at."""
        self.sim.delete("/v1/faults")
        self.sim.patch("/v1/config", {"latency": "0s"})
        self.settle()
        scene = Scene(moves, others, before, self.look(), excess(results))
        scene.kept(self.sim.get("/v1/calls")["log"])
        self.last(0)
        self.order((), moves)
        return scene

    def named(self, result: Result, faults: Sequence[dict[str, Any]]) -> None:
        """Tasks in messages are vCenter's, but for the one that was made up."""
        made_up = {"task-0"} if any(fault.get("fault") == "TaskInProgress" for fault in faults) else set()
        known(result, {task["moid"] for task in self.sim.get("/v1/tasks")} | made_up)

    def at_once(self, move: Move) -> Result:
        """The same again while what the killed one began still runs, or hangs for a while: its machines queue."""
        limit = self.dice.choice(({}, {"limits": {"vcenter": 1}}, {"limits": {"vcenter": 2}}))
        options = {**move.options, **({} if move.module == "snapshot_info" else limit)}
        soon = Timed(self.dice.uniform(0.5, 2.5), lambda: self.sim.delete("/v1/faults"))
        call = self.runner.begin(move.module, options)
        drive([call], [soon])
        result = self.heard(call)
        assert result is not None
        return result

    def kill(self) -> Kill:
        """The plug is pulled, or the job is cancelled."""
        return Kill(self.dice.uniform(*self.runner.kills), self.dice.choice(SIGNALS))

    def plan(self, move: Move, before: dict[str, Machine]) -> None:
        """What check mode says that a policy removes."""
        if isinstance(move, Prune):
            move.planned(self.runner.run(move.module, move.options, True))
            move.sane(before)

    def again(self, move: Move, first: Result | None, scene: Scene) -> None:
        """Without trouble, a second call brings what the first could not, and a third has nothing to do."""
        move.without(scene.deleted)
        before = dict(scene.after)
        if not move.chosen or scene.excess:  # Where a set is there twice a rerun refuses to guess.
            return
        self.plan(move, before)
        past = [task["vm"] for task in self.sim.get("/v1/tasks") if "revert" in task["description"].lower()]
        move.history = {moid: past.count(moid) for moid in before}
        done = self.went_back(move, first)
        for number in (2, 3):
            self.sim.delete("/v1/calls")
            result = self.runner.run(move.module, move.options)
            self.steps.append(f"call {number} said {result.get('msg')}")
            self.settle()
            scene = Scene([move], Others(), before, self.look())
            log = self.sim.get("/v1/calls")["log"]
            scene.kept(log)
            scene.reports(move, result)
            able(move, result, before)
            twice = {call["vm"] for call in log if call["method"].startswith("Revert")} & done
            assert not twice, f"{twice} were reverted twice in spite of their safeguards"
            if not move.again(first, before):
                return
            assert number == 2 or not result["changed"], f"call {number} has changed something"
            if self.runner.name == "playbook":
                return
            done |= self.went_back(move, result)
            before = dict(scene.after)

    def went_back(self, move: Move, result: Result | None) -> set[str]:
        """The VMs that a call with safeguards says it has reverted."""
        if not isinstance(move, Guarded) or result is None:
            return set()
        entries = result.get("results") or ()
        return {one["vm"]["moid"] for one in entries if one["status"] == "changed" and not one["reverted_before"]}
