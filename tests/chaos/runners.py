"""Two ways to run a module for real: its main() in a process of its own, and ansible-playbook. Both can be killed."""

from __future__ import annotations

import importlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from processes import descendants

Result = dict[str, Any]
MODULES = "ansible_collections.savepoint.vsphere.plugins.modules"
# A run that takes longer hangs.
PATIENCE = 120.0


@dataclass(frozen=True)
class Kill:
    """A signal to all processes of a run, some seconds after its beginning."""

    after: float
    signal: str

    def __str__(self) -> str:
        return f"{self.signal} after {self.after:.2f} s"


class HangError(AssertionError):
    """A run did not end."""


def ended(over: Callable[[], bool], tell: Callable[[int], None], kill: Kill | None) -> bool:
    """Wait until a run is over, and end it where that is wanted; False if it had to be killed since it hangs."""
    began = time.monotonic()
    told = False
    while not over():
        passed = time.monotonic() - began
        if kill is not None and not told and passed > kill.after:
            told = True
            tell(signal.Signals[kill.signal])
        if passed > PATIENCE:
            tell(signal.SIGKILL)
            while not over():
                time.sleep(0.01)
            return False
        time.sleep(0.002)
    return True


class Library:
    """A module's main(), forked off with everything already imported, over TLS to the simulator."""

    name = "library"
    # Seconds after which it may be killed.
    kills = (0.02, 0.4)

    def __init__(self, connection: dict[str, Any], scratch: Path) -> None:
        self.connection = connection
        self.output = scratch / "result.json"
        for module in ("snapshot", "snapshot_info", "snapshot_revert", "snapshot_prune"):
            importlib.import_module(f"{MODULES}.{module}")

    def run(self, module: str, options: dict[str, Any], check: bool, kill: Kill | None) -> Result | None:
        """The module's result; None if it was ended before it had one."""
        self.output.unlink(missing_ok=True)
        child = os.fork()
        if not child:
            try:
                self._main(module, {**self.connection, **options, "_ansible_check_mode": check})
            finally:
                os._exit(0)
        if not ended(lambda: os.waitpid(child, os.WNOHANG) != (0, 0), lambda number: os.kill(child, number), kill):
            raise HangError(f"{module} did not end in {PATIENCE:.0f} s")
        if kill is not None and not self.output.is_file():
            return None
        found: Result = json.loads(self.output.read_text())
        return found

    def _main(self, module: str, arguments: dict[str, Any]) -> None:
        basic: Any = importlib.import_module("ansible.module_utils.basic")
        basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode()
        basic._ANSIBLE_PROFILE = "legacy"
        said, errors = io.StringIO(), io.StringIO()
        text = json.dumps({"crash": "it returned instead of exiting", "failed": True})
        try:
            with redirect_stdout(said), redirect_stderr(errors):
                importlib.import_module(f"{MODULES}.{module}").main()
        except SystemExit:
            text = said.getvalue()
        except KeyboardInterrupt:
            # Cancelled before it takes signals, or after its work: it dies of that, as it does of SIGTERM.
            os._exit(130)
        except BaseException as error:  # noqa: BLE001 - a traceback is a result too, and a wrong one
            text = json.dumps({"crash": repr(error), "failed": True})
        whole = self.output.with_suffix(".part")
        whole.write_text(text)
        whole.rename(self.output)


class Playbook:
    """ansible-playbook with one task."""

    name = "playbook"
    kills = (0.8, 4.0)

    def __init__(self, connection: dict[str, Any], scratch: Path) -> None:
        self.connection = connection
        self.scratch = scratch

    def run(self, module: str, options: dict[str, Any], check: bool, kill: Kill | None) -> Result | None:
        """The module's result as a playbook registers it; None if it was ended before it had one."""
        output = self.scratch / "result.json"
        output.unlink(missing_ok=True)
        (self.scratch / "options.json").write_text(json.dumps(options))
        call = {f"savepoint.vsphere.{module}": "{{ wanted }}", "register": "got", "ignore_errors": True}
        keep = {"ansible.builtin.copy": {"content": "{{ got | to_json }}", "dest": str(output)}, "check_mode": False}
        variables = {
            "ansible_python_interpreter": sys.executable,
            "wanted": "{{ lookup('ansible.builtin.file', file) | from_json }}",
            "file": str(self.scratch / "options.json"),
        }
        play = {"hosts": "localhost", "gather_facts": False, "vars": variables, "tasks": [call, keep]}
        (self.scratch / "play.yml").write_text(json.dumps([play]))
        names = ("hostname", "port", "username", "password", "ca_path")
        variable = dict(zip(names, ("HOST", "PORT", "USER", "PASSWORD", "CA_PATH"), strict=True))
        environment = {f"VMWARE_{variable[name]}": str(self.connection[name]) for name in names}
        words = ["ansible-playbook", "-i", "localhost,", "-c", "local", str(self.scratch / "play.yml")]
        with (self.scratch / "output").open("w") as sink:
            process = subprocess.Popen(
                [*words, *(["--check"] if check else [])],
                env={
                    **os.environ,
                    **environment,
                    "ANSIBLE_LOCAL_TEMP": str(self.scratch / "tmp"),
                },
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        family: set[int] = set()

        def tell(number: int) -> None:
            family.update(descendants(process.pid))
            if number != signal.SIGKILL:
                os.killpg(process.pid, number)
                return
            # The newest ansible-core gives each worker a session of its own, and passes signals on itself; what pulls
            # the plug does not ask it to.
            for pid in family:
                with suppress(ProcessLookupError):
                    os.kill(pid, number)

        def over() -> bool:
            return process.poll() is not None and not any(Path(f"/proc/{pid}").exists() for pid in family)

        if not ended(over, tell, kill):
            raise HangError(f"the playbook did not end in {PATIENCE:.0f} s")
        if kill is not None and not output.is_file():
            return None
        if not output.is_file():
            raise AssertionError(f"no result:\n{(self.scratch / 'output').read_text()[-2000:]}")
        found: Result = json.loads(output.read_text())
        return found
