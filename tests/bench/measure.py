"""Runs one command and says what it cost.

Wall time is from before its start to after its end. CPU is user and system time of the whole process tree, as the
kernel adds it up for children that were waited for. Memory is the kernel's own high-water mark of resident memory
(VmHWM), which a thread reads every 10 ms of each module process while it lives, and every 50 ms of all others; what a
process grows after its last reading is missed. (ru_maxrss won't do: it begins with what the parent had.) Linux only.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from processes import descendants

EVERY = 0.01
LOOK_AROUND = 5  # a walk over the process tree at every so many of these


class CommandError(RuntimeError):
    """A command that was to be measured did not end well."""


@dataclass(frozen=True)
class Cost:
    wall: float
    cpu: float
    module_mib: float | None
    largest_mib: float
    output: str


def read(path: str) -> str:
    try:
        return Path(path).read_text(errors="replace")
    except OSError:
        return ""


def is_module(pid: int) -> bool:
    """Whether a process is an Ansible module: Python with the file that Ansible made of it."""
    words = read(f"/proc/{pid}/cmdline").split("\0")
    return os.path.basename(words[0]).startswith("python") and any("AnsiballZ_" in word for word in words[1:])


def high_water(pid: int) -> float:
    """In MiB; 0 of a process that has ended."""
    for line in read(f"/proc/{pid}/status").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


class Watch(threading.Thread):
    """Follows the processes below one: modules closely, all others now and then."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid = pid
        self.module: float | None = None
        self.largest = 0.0
        self.over = threading.Event()

    def run(self) -> None:
        modules: set[int] = set()
        beat = 0
        while not self.over.wait(EVERY):
            if beat % LOOK_AROUND == 0:
                for pid in descendants(self.pid):
                    if pid not in modules and is_module(pid):
                        modules.add(pid)
                    self.largest = max(self.largest, high_water(pid))
            beat += 1
            for pid in list(modules):
                mib = high_water(pid)
                if not mib:
                    modules.discard(pid)
                self.module = max(self.module or 0.0, mib)


def end(process: subprocess.Popen[bytes]) -> None:
    """With all that it has started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def run(words: list[str], env: Mapping[str, str], cwd: Path, patience: float = 1800) -> Cost:
    """Raises CommandError for a command that fails, or that is not done after so many seconds."""
    output = cwd / "output.txt"
    with output.open("wb") as handle:
        began = time.monotonic()
        process = subprocess.Popen(
            words,
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=handle,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        watch = Watch(process.pid)
        watch.start()
        alarm = threading.Timer(patience, end, [process])
        alarm.start()
        try:
            _pid, status, usage = os.wait4(process.pid, 0)
            wall = time.monotonic() - began
        except BaseException:
            end(process)
            process.wait()
            raise
        finally:
            alarm.cancel()
            watch.over.set()
            watch.join()
    process.returncode = os.waitstatus_to_exitcode(status)
    text = output.read_text(errors="replace")
    if process.returncode != 0:
        raise CommandError(f"{' '.join(words)}: exit {process.returncode}\n{text[-3000:]}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, watch.module, watch.largest, text)
