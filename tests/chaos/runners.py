"""Two ways to run a module for real: its main() in a process of its own, and ansible-playbook. Both can be killed, and
both can run beside others of their kind."""

from __future__ import annotations

import importlib
import io
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from processes import descendants

Result = dict[str, Any]
PACKAGE = "ansible_collections.savepoint.vsphere.plugins.modules"
MODULES = ("snapshot", "snapshot_info", "snapshot_revert", "snapshot_prune", "snapshot_consolidate")
# A run that takes longer hangs.
PATIENCE = 120.0


class HangError(AssertionError):
    """A run did not end."""


class Call:
    """A run that has begun. ``output`` is where its result will be; ``told`` that it got a signal."""

    def __init__(self, what: str, output: Path) -> None:
        self.what = what
        self.output = output
        self.told = False

    def over(self) -> bool:
        """Has it ended?"""
        raise NotImplementedError

    def tell(self, number: int) -> None:
        """Send it a signal."""
        raise NotImplementedError

    def said(self) -> str:
        """What it has printed."""
        return ""

    def result(self) -> Result | None:
        """What it gave; None if it was ended before it had anything to give."""
        if self.output.is_file():
            found: Result = json.loads(self.output.read_text())
            return found
        assert self.told, f"{self.what} has no result:\n{self.said()}"
        return None


@dataclass
class Timed:
    """Something that happens some seconds after the beginning."""

    after: float
    act: Callable[[], None]


def drive(calls: list[Call], timed: Sequence[Timed] = ()) -> None:
    """Wait until all runs are over, and let things happen meanwhile, of which some may begin more runs.

    There are no threads, since the library's level forks, and must not inherit a thread's locks. What was to happen
    after the end does not.
    """
    began = time.monotonic()
    left = sorted(timed, key=lambda one: one.after)
    while not all(call.over() for call in calls):
        passed = time.monotonic() - began
        while left and passed > left[0].after:
            left.pop(0).act()
        if passed > PATIENCE:
            slow = [call for call in calls if not call.over()]
            for call in slow:
                call.tell(signal.SIGKILL)
            while not all(call.over() for call in slow):
                time.sleep(0.01)
            raise HangError(f"{slow[0].what} did not end in {PATIENCE:.0f} s")
        time.sleep(0.002)


class Runner:
    """Begins runs."""

    name: str
    # Seconds after which it may be killed, and in which somebody else may come in between.
    kills: tuple[float, float]
    busy: tuple[float, float]
    # Calls, or pairs of them, of one fleet at most.
    steps: int

    def __init__(self, connection: dict[str, Any], scratch: Path) -> None:
        self.connection = connection
        self.scratch = scratch
        self.numbers = itertools.count()

    def begin(self, module: str, options: dict[str, Any], check: bool = False) -> Call:
        """Begin a run."""
        raise NotImplementedError

    def run(self, module: str, options: dict[str, Any], check: bool = False) -> Result:
        """The result of a run that nobody disturbs."""
        call = self.begin(module, options, check)
        drive([call])
        result = call.result()
        assert result is not None
        return result


class Forked(Call):
    """A process forked off."""

    def __init__(self, what: str, output: Path, pid: int) -> None:
        super().__init__(what, output)
        self.pid = pid
        self.ended = False

    def over(self) -> bool:
        self.ended = self.ended or os.waitpid(self.pid, os.WNOHANG) != (0, 0)
        return self.ended

    def tell(self, number: int) -> None:
        self.told = True
        if not self.over():
            os.kill(self.pid, number)


class Library(Runner):
    """A module's main(), forked off with everything already imported, over TLS to the simulator."""

    name = "library"
    kills = (0.02, 0.4)
    busy = (0.02, 0.25)
    steps = 5

    def __init__(self, connection: dict[str, Any], scratch: Path) -> None:
        super().__init__(connection, scratch)
        for module in MODULES:
            importlib.import_module(f"{PACKAGE}.{module}")

    def begin(self, module: str, options: dict[str, Any], check: bool = False) -> Call:
        output = self.scratch / f"result-{next(self.numbers)}.json"
        child = os.fork()
        if not child:
            try:
                self._main(module, {**self.connection, **options, "_ansible_check_mode": check}, output)
            finally:
                os._exit(0)
        return Forked(module, output, child)

    def _main(self, module: str, arguments: dict[str, Any], output: Path) -> None:
        basic: Any = importlib.import_module("ansible.module_utils.basic")
        basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode()
        basic._ANSIBLE_PROFILE = "legacy"
        said, errors = io.StringIO(), io.StringIO()
        text = json.dumps({"crash": "it returned instead of exiting", "failed": True})
        try:
            with redirect_stdout(said), redirect_stderr(errors):
                importlib.import_module(f"{PACKAGE}.{module}").main()
        except SystemExit:
            text = said.getvalue()
        except KeyboardInterrupt:
            # Cancelled before it takes signals, or after its work: it dies of that, as it does of SIGTERM.
            os._exit(130)
        except BaseException as error:  # noqa: BLE001 - a traceback is a result too, and a wrong one
            text = json.dumps({"crash": repr(error), "failed": True})
        whole = output.with_suffix(".part")
        whole.write_text(text)
        whole.rename(output)


class Played(Call):
    """A process of ansible-playbook, with all that descend from it."""

    def __init__(self, what: str, output: Path, process: subprocess.Popen[bytes], printed: Path) -> None:
        super().__init__(what, output)
        self.process = process
        self.printed = printed
        self.family: set[int] = set()

    def over(self) -> bool:
        return self.process.poll() is not None and not any(Path(f"/proc/{pid}").exists() for pid in self.family)

    def tell(self, number: int) -> None:
        self.told = True
        self.family.update(descendants(self.process.pid))
        if number != signal.SIGKILL:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)
            return
        # The newest ansible-core gives each worker a session of its own, and passes signals on itself; what pulls the
        # plug does not ask it to.
        for pid in self.family:
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def said(self) -> str:
        return self.printed.read_text()[-2000:]


class Playbook(Runner):
    """ansible-playbook with one task."""

    name = "playbook"
    kills = (0.8, 4.0)
    busy = (0.8, 2.5)
    steps = 2

    def begin(self, module: str, options: dict[str, Any], check: bool = False) -> Call:
        home = self.scratch / f"play-{next(self.numbers)}"
        home.mkdir()
        output = home / "result.json"
        (home / "options.json").write_text(json.dumps(options))
        call = {f"savepoint.vsphere.{module}": "{{ wanted }}", "register": "got", "ignore_errors": True}
        keep = {"ansible.builtin.copy": {"content": "{{ got | to_json }}", "dest": str(output)}, "check_mode": False}
        variables = {
            "ansible_python_interpreter": sys.executable,
            "wanted": "{{ lookup('ansible.builtin.file', file) | from_json }}",
            "file": str(home / "options.json"),
        }
        play = {"hosts": "localhost", "gather_facts": False, "vars": variables, "tasks": [call, keep]}
        (home / "play.yml").write_text(json.dumps([play]))
        names = ("hostname", "port", "username", "password", "ca_path")
        variable = dict(zip(names, ("HOST", "PORT", "USER", "PASSWORD", "CA_PATH"), strict=True))
        environment = {f"VMWARE_{variable[name]}": str(self.connection[name]) for name in names}
        words = ["ansible-playbook", "-i", "localhost,", "-c", "local", str(home / "play.yml")]
        with (home / "output").open("w") as sink:
            process = subprocess.Popen(
                [*words, *(["--check"] if check else [])],
                env={**os.environ, **environment, "ANSIBLE_LOCAL_TEMP": str(home / "tmp")},
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return Played(module, output, process, home / "output")
