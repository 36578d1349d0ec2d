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
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "simulator"))

import simctl
from runners import Library, Playbook
from story import Run


def series(level: str, seeds: Sequence[int], end: float | None) -> tuple[int, list[int]]:
    """One run after the other against a simulator of their own; how many were done, and which seeds failed."""
    # A shell's jobs in the background ignore it, and so would every call of such a job.
    signal.signal(signal.SIGINT, signal.default_int_handler)
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
