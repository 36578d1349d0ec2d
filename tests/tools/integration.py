"""Starts what the integration targets talk to, and tells them where it is.

Two simulated vCenters run side by side: the full one (sim_*) and stock vcsim (stock_*). Targets find both in variables,
written to tests/integration/integration_config.yml of the copied tree; CONTRIBUTING.md lists them.
"""

from __future__ import annotations

import configparser
import json
import os
import queue
import secrets
import subprocess
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cores
import extra
import leaks
import tree
from checks import Checks, environment
from simctl import Simulator

# Targets that take longer than their size tells.
LONGEST = ("patch_guard", "patch_workflow", "verify", "awx")


def connection(simulator: Simulator) -> dict[str, Any]:
    """The modules' connection options, for module_defaults of the action group."""
    return {**simulator.connection, "validate_certs": True}


def variables(prefix: str, simulator: Simulator) -> dict[str, Any]:
    found: dict[str, Any] = {f"{prefix}_{key}": value for key, value in connection(simulator).items()}
    found[f"{prefix}_connection"] = connection(simulator)
    found[f"{prefix}_env"] = simulator.env
    found[f"{prefix}_control"] = simulator.info["control"]
    found[f"{prefix}_instance_uuid"] = simulator.info["instance_uuid"]
    return found


def targets(copy: Path) -> list[str]:
    """Those that run by themselves; the longest first, so that none of them is left over at the end."""
    folder = copy / "tests" / "integration" / "targets"
    sizes = {
        path: sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
        for path in folder.glob("*")
        if path.is_dir() and not is_hidden(path)
    }
    # Most take as long as they are big.
    return [path.name for path in sorted(sizes, key=lambda path: (path.name not in LONGEST, -sizes[path], path.name))]


def is_hidden(target: Path) -> bool:
    aliases = target / "aliases"
    return aliases.is_file() and "hidden" in aliases.read_text().split()


def write_config(copy: Path, guests: Path, full: Simulator, stock: Simulator) -> None:
    """The variables, and the absolute path of the test-only connection plugin."""
    simulator = copy / "tests" / "simulator"
    paths = {"sim_guests": str(guests), "sim_path": str(simulator), "sim_collection_path": str(copy)}
    folder = copy / "tests" / "integration"
    programs = cores.oldest_programs()
    paths["oldest_ansible"] = str(programs) if programs else ""
    tools, java = extra.environment(), extra.java_home()
    paths["extra_tools"], paths["java_home"] = str(tools or ""), str(java or "")
    # What takes too long for every run: SAVEPOINT_LONG=1 nox -s integration -- patch_workflow
    paths["long"] = os.environ.get("SAVEPOINT_LONG", "")
    found = {**paths, **variables("sim", full), **variables("stock", stock)}
    (folder / "integration_config.yml").write_text(json.dumps(found, indent=2) + "\n")

    settings = configparser.ConfigParser()
    settings.read(folder / "integration.cfg")
    if not settings.has_section("defaults"):
        settings.add_section("defaults")
    settings.set("defaults", "connection_plugins", str(simulator / "connection_plugins"))
    with (folder / "integration.cfg").open("w") as handle:
        settings.write(handle)


def seed_key() -> None:
    """Makes the key that every ansible-test wants to find, as it would: two that begin together get into each other's
    way on a new machine."""
    key = Path.home() / ".ansible" / "test" / "id_rsa"
    if not key.exists():
        key.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["ssh-keygen", "-m", "PEM", "-q", "-t", "rsa", "-N", "", "-f", key], check=True)


def compile_plugins(copy: Path, env: Mapping[str, str] | None = None) -> None:
    """As it is where somebody uses the collection; Python does not do it under PYTHONDONTWRITEBYTECODE, which
    ansible-test sets, and each module would be compiled at each of its starts."""
    command: list[str | Path] = ["python", "-m", "compileall", "-q", copy / "plugins"]
    subprocess.run(command, check=True, env={**environment(), **(env or {})})


def run_all(checks: Checks, wanted: list[str], command: list[str], env: Mapping[str, str] | None = None) -> None:
    """Runs the targets, as many at a time as there are cores; each worker has its own tree.

    Each target has simulators of its own, so that none finds what another has left, whichever came before it.
    """
    seed_key()
    waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
    for target in wanted:
        waiting.put(target)

    def work(stop: threading.Event) -> None:
        with tree.scratch("integration") as scratch:
            copy = tree.copy(scratch)
            compile_plugins(copy, env)
            while not stop.is_set():
                try:
                    target = waiting.get_nowait()
                except queue.Empty:
                    break
                with running(copy, scratch / target):
                    if len(wanted) == 1:
                        checks.run(target, [*command, target], copy, env)
                    else:
                        checks.run_aside(target, [*command, target], copy, env)
            # While it is there.
            checks.no_file_has_the_password(leaks.files(scratch))

    stop = threading.Event()
    with ThreadPoolExecutor() as pool:
        try:
            workers = [pool.submit(work, stop) for ignored in range(min(len(wanted), os.cpu_count() or 1))]
            for worker in workers:
                worker.result()
        except BaseException:
            stop.set()
            checks.stop()
            raise


@contextmanager
def running(copy: Path, guests: Path) -> Iterator[None]:
    """Both simulators up and described in the copied tree; down again at the end, whatever happened."""
    guests.mkdir()
    # One target's password is the run's and some more: who looks for it does not see what targets beside it do.
    own = {leaks.VARIABLE: f"{leaks.PASSWORD}{secrets.token_hex(4)}"}
    with (
        Simulator(vms=4, guests=guests, environ=own) as full,
        Simulator(vms=4, stock=True, environ=own) as stock,
    ):
        write_config(copy, guests, full, stock)
        yield
