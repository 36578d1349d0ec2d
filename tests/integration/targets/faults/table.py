"""Breaks every operation at every point in every way, and writes down what a user sees and what comes of it.

    python table.py ROOT           compares with docs/docsite/rst/table_faults.rst below ROOT, the collection's folder
    python table.py ROOT --write   writes it anew
    python table.py ROOT --only "the call"   runs a part, and prints it
    python table.py ROOT --times   also tells what took how long

The modules' real main() runs against the real simulator. Each break is checked against the simulator's state, its task
history and its list of calls, and so is a rerun without the fault. Besides pyVmomi and ansible-core only the standard
library is used.
"""

from __future__ import annotations

import multiprocessing
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import declared
import drive
from breaks import Break, breaks
from operations import OPERATIONS
from trial import Bench, Row, bench, happen
from words import render

# Processes at a time. Most of what they do is waiting.
AT_ONCE = 12
# Parts into which an operation's breaks are cut, a process for each.
PARTS = 3


def rows(root: Path, name: str, only: str | None, part: int, parts: int) -> tuple[list[Row], list[str], float]:
    """What becomes of an operation, what is wrong with that, and the seconds; runs in a process of its own."""
    begun = time.monotonic()
    drive.prepare(root.parents[2])
    found: list[Row] = []
    wrong = []
    [operation] = [operation for operation in OPERATIONS if operation.name == name]
    with bench(root) as made:
        every = list(breaks(operation, made.log(operation)))
        for one in every[part * len(every) // parts : (part + 1) * len(every) // parts]:
            if only is None or only in (one.point, one.what, operation.name):
                try:
                    found.append(_row(root, made, one, found))
                except AssertionError as error:
                    made.sim.delete("/v1/faults")
                    wrong.append(str(error))
    return found, wrong, time.monotonic() - begun


def _row(root: Path, made: Bench, one: Break, found: list[Row]) -> Row:
    if not one.operation.fresh:
        return happen(made, one, found)
    with bench(root) as anew:
        anew.usual = made.usual
        return happen(anew, one, found)


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
        jobs = list(_jobs(root, only))
        # Each in a fresh process: a module's main() is made for one.
        with multiprocessing.get_context("spawn").Pool(AT_ONCE, maxtasksperchild=1) as pool:
            answers = pool.starmap(rows, jobs, chunksize=1)
    if "--times" in sys.argv:
        for job, answer in zip(jobs, answers, strict=True):
            print(f"{answer[2]:6.1f} s  {len(answer[0]):4}  {job[1]} {job[3] + 1}/{job[4]}")
    found = [row for some, ignored, ignored2 in answers for row in some]
    wrong = [*declared.differences(), *(text for ignored, texts, ignored2 in answers for text in texts)]
    text = render(found)
    path = Path(sys.argv[1]) / "docs" / "docsite" / "rst" / "table_faults.rst"
    print(f"{len(found)} breaks", flush=True)
    if "--write" in sys.argv and only is None:
        path.write_text(text)  # Without what is wrong, which is told of all the same.
    if wrong:
        sys.exit("\n\n".join(wrong))
    if only is not None:
        print(text)
    elif path.read_text() != text:
        lines = list(_difference(path.read_text(), text))
        sys.stdout.writelines(lines)
        # The first of them once more in the last line, which is what a long log's end shows.
        first = " ".join(line.strip() for line in lines if re.match(r"[-+] ", line))[:250]
        sys.exit(f"docs/docsite/rst/table_faults.rst is out of date (table.py . --write): {first}")


def _jobs(root: Path, only: str | None) -> Iterator[tuple[Path, str, str | None, int, int]]:
    for operation in OPERATIONS:
        if only in (None, operation.name) or only not in {one.name for one in OPERATIONS}:
            parts = PARTS if operation.task and not operation.follows else 1
            yield from ((root, operation.name, only, part, parts) for part in range(parts))


def _difference(old: str, new: str) -> Iterator[str]:
    import difflib  # noqa: PLC0415 - needed only when it fails

    return difflib.unified_diff(old.splitlines(keepends=True), new.splitlines(keepends=True), "committed", "found")


if __name__ == "__main__":
    main()
