"""What the sessions of noxfile.py have in common: they run commands, count what was checked, and sum it up.

A check is the smallest thing that a tool reports on its own: one linter over the sources, one sanity test, one test
function, one integration target. A session fails if one of its checks failed, was skipped, or if it checked nothing.
"""

from __future__ import annotations

import atexit
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from xml.etree import ElementTree

import leaks
import nox
from listed import Listed
from opened import Opened

GREEN, RED, PLAIN = ("\033[32m", "\033[31m", "\033[0m") if sys.stdout.isatty() else ("", "", "")


@contextmanager
def started(words: Sequence[str], cwd: Path, env: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[str]]:
    """A command in a process group of its own, of which nothing is left at the end, also after Ctrl-C."""
    process = subprocess.Popen(
        words,
        cwd=cwd,
        env={**environment(), **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        yield process
    finally:
        end(process)


def end(process: subprocess.Popen[str]) -> None:
    """Asks first, as Ctrl-C does, so that it can stop what it has started itself."""
    for number, patience in ((signal.SIGINT, 15), (signal.SIGTERM, 5), (signal.SIGKILL, 5)):
        if process.poll() is not None:
            return
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(patience)


@dataclass
class Checks:
    """The checks of one session."""

    name: str
    passed: int = 0
    failed: list[str] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    began: float = field(default_factory=time.monotonic)
    lock: threading.RLock = field(default_factory=threading.RLock)
    running: set[subprocess.Popen[str]] = field(default_factory=set)

    def title(self, text: str) -> None:
        print(f"\n--- {self.name}: {text} ({time.monotonic() - self.began:.0f} s)", flush=True)

    def record(self, what: str, ok: bool) -> bool:
        with self.lock:
            if ok:
                self.passed += 1
            else:
                print(f"{RED}FAILED{PLAIN} {what}", flush=True)
                self.failed.append(what)
        return ok

    def run(
        self,
        what: str,
        command: Sequence[str | Path],
        cwd: Path,
        env: Mapping[str, str] | None = None,
        each_line: Callable[[str], bool] | None = None,
        count: bool = True,
    ) -> bool:
        """Runs one command with its output as it comes; each_line sees every line, and says whether to print it."""
        self.title(what)
        words = [str(word) for word in command]
        print(leaks.masked("$ " + " ".join(words)), flush=True)
        leaked = False
        last: deque[str] = deque(maxlen=LOOK_BACK)
        with started(words, cwd, env) as process:
            for line in process.stdout or ():
                leaked = leaked or leaks.is_in(line)
                last.append(line)
                if each_line is None or each_line(line):
                    print(leaks.masked(line), end="", flush=True)
            ok = process.wait() == 0
        self.quiet(what, leaked)
        if not ok:
            self.reasons[what] = reason(last)
        if count:
            return self.record(what, ok)
        return ok

    def run_aside(
        self, what: str, command: Sequence[str | Path], cwd: Path, env: Mapping[str, str] | None = None
    ) -> bool:
        """Runs one command while others run; its output comes in one piece at its end."""
        began = time.monotonic()
        print(f"{self.name}: {what} started", flush=True)
        with started([str(word) for word in command], cwd, env) as process:
            self.running.add(process)
            output, _nothing = process.communicate()
            self.running.discard(process)
        with self.lock:
            self.title(f"{what}, which took {time.monotonic() - began:.0f} s")
            print(leaks.masked(output), end="", flush=True)
            self.quiet(what, leaks.is_in(output))
            if process.returncode != 0:
                self.reasons[what] = reason(output.splitlines()[-LOOK_BACK:])
            return self.record(what, process.returncode == 0)

    def run_beside(self, *works: tuple[str, Sequence[str | Path], Path, Mapping[str, str] | None]) -> None:
        """Runs commands as run_aside does, as many at a time as there are cores."""
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            try:
                for running in [pool.submit(self.run_aside, *work) for work in works]:
                    running.result()
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                self.stop()
                raise

    def quiet(self, what: str, leaked: bool) -> None:
        """Fails where the output held the password of the simulated vCenters."""
        if leaked:
            self.record(f"{what}: the password is in its output", False)

    def no_file_has_the_password(self, places: Iterable[str | Path]) -> bool:
        """A check of its own: that nothing was written to a file."""
        found = sorted(map(str, places))
        return self.record("; ".join(["the password is in no file", *found]), not found)

    def no_process_shows_the_password(self, listed: Listed) -> bool:
        """A check of its own: that it was in no command line, of which some were looked at."""
        what = "the password is in no list of processes" if listed.looked else "nobody looked at the processes"
        return self.record("; ".join([what, *sorted(listed.found)]), bool(listed.looked) and not listed.found)

    def stop(self) -> None:
        """Ends what run_aside has under way in other threads."""
        for process in list(self.running):
            end(process)

    def junit(self, what: str, reports: Iterable[Path], ok: bool) -> None:
        """Counts the test functions in JUnit reports. A tool that failed without one failed test is a failure too."""
        seen = failed = 0
        for report in reports:
            for case in ElementTree.parse(report).iter("testcase"):
                seen += 1
                bad = next((kind for kind in ("failure", "error", "skipped") if case.find(kind) is not None), None)
                failed += bad is not None
                suffix = " (skipped)" if bad == "skipped" else ""
                self.record(f"{case.get('classname')}::{case.get('name')}{suffix}", bad is None)
        if not seen:
            self.record(f"{what}: no test ran", False)
        elif not ok and not failed:
            self.record(f"{what}: ended with an error", False)


def environment() -> dict[str, str]:
    """The environment of every command: the tools of the Python that nox runs in come first on PATH."""
    bindir = str(Path(sys.executable).parent)
    path = os.environ.get("PATH", os.defpath)
    env = {**os.environ, "PATH": path if path.split(os.pathsep)[0] == bindir else f"{bindir}{os.pathsep}{path}"}
    # Playbook runs must be those of a user with no settings of their own.
    for name in [name for name in env if name.startswith(("ANSIBLE_", "VMWARE_"))]:
        del env[name]
    env.setdefault("LC_ALL", "C.UTF-8")
    env["PYTHONUNBUFFERED"] = "1"
    return env


# How many of a command's last lines may say why it failed, and what such a line looks like.
LOOK_BACK = 200
TELLING = re.compile(r"^fatal: |^\w*(Error|Exception|Expired): |^ERROR: |: error: ")
FINISHED: list[Checks] = []
# Sessions that start simulated vCenters and log in to them.
WITH_PASSWORD = ("simulator", "integration", "oldest", "matrix", "build", "demo", "chaos")

# A session that is told to end stops what it has started first.
signal.signal(signal.SIGTERM, lambda *ignored: sys.exit(143))


@contextmanager
def searched(checks: Checks) -> Iterator[None]:
    """Look for the password in every temporary file that is written meanwhile, and in every list of processes."""
    with Opened(leaks.places(), leaks.must_not_hold) as opened, Listed(leaks.BYTES) as listed:
        yield
    checks.no_file_has_the_password({*leaks.left_behind(), *opened.found})
    checks.no_process_shows_the_password(listed)
    if not opened.works:
        print("Only root sees files that are gone; looked for the password in those that are left.")


def session(function: Callable[[nox.Session, Checks], None]) -> Callable[[nox.Session], None]:
    """A nox session in the present environment that gets a Checks and is summed up at the end."""

    @wraps(function)
    def wrapper(nox_session: nox.Session) -> None:
        checks = Checks(nox_session.name)
        finished = False
        try:
            with searched(checks) if function.__name__ in WITH_PASSWORD else nullcontext():
                function(nox_session, checks)
            finished = True
        finally:
            checks.seconds = time.monotonic() - checks.began
            if not finished:
                checks.failed.append("the session itself was cut short")
            elif not checks.passed and not checks.failed:
                checks.failed.append("nothing was checked")
            FINISHED.append(checks)
        if checks.failed:
            nox_session.error(f"{len(checks.failed)} failed: " + "; ".join(checks.failed[:10]))

    del wrapper.__wrapped__  # nox would ask it for its parameters
    return nox.session(venv_backend="none")(wrapper)


@atexit.register
def summary() -> None:
    """The last thing that is printed: what took how long, then one line with the sum."""
    if not FINISHED:
        return
    sys.stderr.flush()
    print(f"\n{'session':<12} {'seconds':>8} {'passed':>7} {'failed':>7}")
    for checks in FINISHED:
        mark = RED if checks.failed else GREEN
        print(f"{mark}{checks.name:<12} {checks.seconds:8.0f} {checks.passed:7} {len(checks.failed):7}{PLAIN}")
    total = sum(checks.seconds for checks in FINISHED)
    print(f"{'together':<12} {total:8.0f}")
    for checks in FINISHED:
        for what in checks.failed:
            print(f"{RED}FAILED{PLAIN} {checks.name}: {what}")
            if what in checks.reasons:
                print(f"    {checks.reasons[what]}")
    passed, failed = sum(c.passed for c in FINISHED), sum(len(c.failed) for c in FINISHED)
    print(f"{passed} passed, {failed} failed", flush=True)


def reason(lines: Iterable[str]) -> str:
    """The line of an output that most likely says why it failed, for those who see the end of the log only."""
    words = [leaks.masked(plain(line)).strip() for line in lines]
    telling = [place for place, line in enumerate(words) if TELLING.search(line)]
    place = telling[-1] if telling else max(0, len(words) - 3)
    tasks = [line.strip("* ") for line in words[:place] if line.startswith("TASK [")]
    return " | ".join([*tasks[-1:], *filter(None, words[place : place + 4])])[:400]


def plain(line: str) -> str:
    """A line without colours."""
    return re.sub(r"\033\[[0-9;]*m", "", line).rstrip()
