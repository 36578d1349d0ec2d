"""The bench: the same work side by side, a table, a plot and the raw samples. README.md tells more.

nox -s bench -- [--quick] [--no-peers] [--peers-1000 | --no-peers-1000] [--output FOLDER]
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT / "tests" / "simulator"), str(ROOT / "tests" / "tools")]

import arena  # noqa: E402
import cases  # noqa: E402
import environments  # noqa: E402
import machine  # noqa: E402
import report  # noqa: E402
import simctl  # noqa: E402
import spans  # noqa: E402
import tree  # noqa: E402
from contenders import Community, Contender, Empty, Floor, Govc, Ours, Stage, Vmware  # noqa: E402
from environments import say  # noqa: E402
from figures import COMMUNITY, FLOOR, OURS, PEERS, VMWARE, Figures, Sample  # noqa: E402
from measure import CommandError  # noqa: E402
from verdicts import Makespan, all_verdicts  # noqa: E402

PROBLEMS = (CommandError, arena.OutcomeError, simctl.SimulatorError)


@dataclass
class Run:
    """What has been measured so far, and what could not be."""

    samples: list[Sample] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    connections: dict[int, dict[int, float]] = field(default_factory=dict)
    makespan: Makespan | None = None
    why_no_makespan: str = ""
    began: float = field(default_factory=time.monotonic)

    def add(self, samples: Iterable[Sample], what: str) -> None:
        """Keeps what comes; one that fails does not stop the others."""
        try:
            for sample in samples:
                self.samples.append(sample)
                self.tell(f"{sample.contender}, {sample.work}, {what}: {sample.wall:.2f} s")
        except PROBLEMS as error:
            self.failures.append(f"{what}: {error}")
            self.tell(f"FAILED {what}: {error}")

    def tell(self, text: str) -> None:
        print(f"{time.monotonic() - self.began:6.0f} s  {text}", flush=True)


def contenders(stage: Stage, copy: Path, run: Run, with_peers: bool) -> tuple[dict[str, Contender], Path | None]:
    """Those that can be had here; why another can't is noted, not hidden."""
    python = Path(sys.executable)
    found: list[Contender] = [Floor(stage), Empty(stage, python, copy), Ours(stage, python, copy)]
    peer_python = None
    if not with_peers:
        run.notes.append("peers and govc left out, as asked")
        return {one.name: one for one in found}, None
    try:
        found.append(Govc(stage, environments.govc()))
    except (simctl.SimulatorError, subprocess.CalledProcessError, OSError) as error:
        run.notes.append(f"govc left out: it could not be built ({error})")
    try:
        peer_python = environments.peers()
        found += [Vmware(stage, peer_python), Community(stage, peer_python)]
    except (subprocess.CalledProcessError, OSError) as error:
        run.notes.append(f"the peers left out: their environment could not be made ({error})")
    return {one.name: one for one in found}, peer_python


def measure(run: Run, there: dict[str, Contender], mode: str, peers_1000: bool, stage: Stage) -> None:
    groups = {"full": cases.full, "quick": cases.quick, "smoke": cases.smoke}[mode]()
    floor, ours = there[FLOOR], there[OURS]
    assert isinstance(floor, Floor) and isinstance(ours, Ours)
    warm_up(run, there)
    for latency in sorted({group.latency_ms for group in groups}):
        size = min(1000, max(group.size for group in groups if group.latency_ms == latency))
        run.connections[latency] = arena.tune(floor, size, latency)
        run.tell(f"the floor's connections at {latency} ms: {floor.connections[latency]} of {run.connections[latency]}")
    for group in groups:
        for turn in group.turns(there):
            what = f"{turn.size} VMs, {turn.latency_ms} ms"
            run.add(arena.play(turn, there[turn.contender]), what)
    sizes, rounds = cases.deep_info(mode)
    for size in sizes:
        run.add(arena.deep_info(floor, ours, size, rounds), f"{size} VMs")
    if mode != "smoke":
        span(run, ours, 3 if mode == "full" else 1, stage)
    if peers_1000:
        thousand(run, there)


def warm_up(run: Run, there: dict[str, Contender]) -> None:
    """Shows early who does not work here; without the bare three there is nothing to measure."""
    for name, contender in list(there.items()):
        try:
            arena.warm_up(contender)
        except PROBLEMS as error:
            if name in cases.BARE:
                raise
            run.failures.append(f"{name} left out: {error}")
            run.tell(f"FAILED {name}: {error}")
            del there[name]


def span(run: Run, ours: Ours, rounds: int, stage: Stage) -> None:
    run.why_no_makespan = spans.why_not(ours)
    if run.why_no_makespan:
        return
    try:
        run.makespan = spans.measured(ours, rounds, stage)
    except PROBLEMS as error:
        run.why_no_makespan = "the run failed"
        run.failures.append(f"makespan: {error}")


def thousand(run: Run, there: dict[str, Contender]) -> None:
    """One create with 1,000 VMs by the peer that was faster at the largest size that both did."""
    figures = Figures(run.samples)
    common = [size for size in figures.sizes(VMWARE, "create") if size in figures.sizes(COMMUNITY, "create")]
    peer = figures.faster_peer("create", common[-1]) if common else None
    if peer is None:
        run.notes.append("no peer at 1,000 VMs: none was measured at a smaller size")
        return
    run.tell(f"{peer[0]}, create, 1000 VMs: this takes ten minutes")
    run.add(arena.play(cases.Turn(peer[0], 1000, 0, cases.CREATE), there[peer[0]]), "1000 VMs, 0 ms")


def save(run: Run, folder: Path, mode: str, facts: dict[str, Any], versions: dict[str, str]) -> Path:
    verdicts = all_verdicts(Figures(run.samples), run.makespan, run.why_no_makespan)
    found = {
        **facts,
        "mode": mode,
        "seconds": round(time.monotonic() - run.began),
        "versions": versions,
        "floor_connections": run.connections,
        "verdicts": [asdict(verdict) for verdict in verdicts],
        "makespan": asdict(run.makespan) if run.makespan else None,
        "notes": run.notes,
        "failures": run.failures,
        "samples": [asdict(sample) for sample in run.samples],
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{mode}-{facts['date'].replace(':', '').replace('-', '')}.json"
    path.write_text(json.dumps(found, indent=1) + "\n")
    shown = report.text(Figures(run.samples), verdicts, [*run.notes, *(f"FAILED {text}" for text in run.failures)])
    path.with_suffix(".txt").write_text(shown + "\n")
    print(shown, flush=True)
    return path


def plot(path: Path, peer_python: Path | None) -> None:
    if peer_python is None:
        say("no plot: matplotlib is in the peers' environment, which was left out")
        return
    words = [str(peer_python), str(HERE / "plot.py"), str(path), str(path.with_suffix(""))]
    if subprocess.run(words, check=False).returncode == 0:
        say(f"drew {path.with_suffix('.png')} and .svg")


def arguments(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="nox -s bench --", description="The same work side by side.")
    modes = parser.add_mutually_exclusive_group()
    modes.add_argument("--quick", dest="mode", action="store_const", const="quick", help="under 5 minutes")
    modes.add_argument("--smoke", dest="mode", action="store_const", const="smoke", help="1 and 10 VMs, no peers")
    parser.set_defaults(mode="full")
    parser.add_argument("--no-peers", action="store_true", help="without govc and the two collections")
    thousand = "the faster peer's create at 1,000 VMs, ten minutes; in a full run unless told otherwise"
    parser.add_argument("--peers-1000", action=argparse.BooleanOptionalAction, help=thousand)
    parser.add_argument("--output", type=Path, default=HERE / "results", help="folder of the results")
    told = parser.parse_args(words)
    told.no_peers = told.no_peers or told.mode == "smoke"
    if told.peers_1000 is None:
        told.peers_1000 = told.mode == "full"
    told.peers_1000 = told.peers_1000 and not told.no_peers
    return told


def main(words: list[str]) -> int:
    told = arguments(words)
    signal.signal(signal.SIGTERM, lambda *_ignored: sys.exit(143))  # so that nothing is left behind
    facts = machine.facts()
    simctl.build()
    run = Run()
    with tree.scratch("bench") as scratch:
        tree.copy(scratch / "collections")
        stage = Stage(scratch)
        there, peer_python = contenders(stage, scratch / "collections", run, not told.no_peers)
        run.began = time.monotonic()
        try:
            measure(run, there, told.mode, told.peers_1000, stage)
        except (KeyboardInterrupt, SystemExit):
            run.failures.append("cut short")  # what was measured until then is kept
        versions = environments.versions(peer_python)
        path = save(run, told.output, told.mode, facts, versions)
    plot(path, peer_python)
    say(f"wrote {os.path.relpath(path)} and .txt")
    missing = [name for name in PEERS if name not in there and not told.no_peers]
    return 1 if run.failures or missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
