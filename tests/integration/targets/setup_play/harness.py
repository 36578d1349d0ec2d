"""Runs real playbooks on simulated vCenters and their guests, and looks at what they left there.

The scenarios of a target are functions that get a Scenario, each with virtual machines of its own, so that two can run
at a time. It uses the standard library only, besides the simulator's own simctl.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar


@dataclass
class Site:
    """A simulated vCenter."""

    control: str
    connection: dict[str, Any]

    def request(self, method: str, path: str, body: Any = None) -> Any:
        """Ask its control endpoint."""
        request = urllib.request.Request(
            self.control + path,
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={"Content-Type": "application/json"},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=60) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.code} {error.read().decode()}") from error


@dataclass
class Stage:
    """What all scenarios share."""

    config: dict[str, Any]
    scratch: Path
    sites: list[Site]


@dataclass
class Ran:
    """A playbook run."""

    rc: int
    output: str
    stats: dict[str, Any] = field(default_factory=dict)
    outcomes: dict[str, dict[str, str]] = field(default_factory=dict)

    def ended(self, outcome: str) -> list[str]:
        """The hosts with that outcome."""
        return sorted(self.outcomes.get(outcome, {}))

    def why(self, host: str) -> str:
        """The reason of a host's outcome."""
        return next((hosts[host] for hosts in self.outcomes.values() if host in hosts), "")


@dataclass
class Started:
    """A playbook run that is under way."""

    process: subprocess.Popen[str]
    output: Path

    def text(self) -> str:
        return self.output.read_text(errors="replace")

    def kill_when(self, seen: Callable[[str], bool], patience: float = 900) -> str:
        """Kill it and all its children at once, as kill -9 or a power cut would, when its output is as wanted."""
        end = time.monotonic() + patience
        while time.monotonic() < end:
            if seen(self.text()):
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
                return self.text()
            if self.process.poll() is not None:
                raise AssertionError(f"it ended before it could be killed:\n{self.text()[-3000:]}")
            time.sleep(0.05)
        os.killpg(self.process.pid, signal.SIGKILL)
        raise AssertionError(f"it never came that far:\n{self.text()[-3000:]}")


class Scenario:
    """Virtual machines of its own, and the playbook runs on them."""

    # Given to every run; a target sets them.
    settings: ClassVar[dict[str, Any]] = {}
    play_keywords: ClassVar[dict[str, Any]] = {}
    set_variable = "patch_guard_set"

    def __init__(self, stage: Stage, name: str) -> None:
        self.stage = stage
        self.prefix = f"{name}-"
        self.set = f"SET-{name}"
        self.scratch = stage.scratch / name
        self.scratch.mkdir()
        self.hosts: dict[str, dict[str, Any]] = {}
        self.groups: dict[str, list[str]] = {}
        self.homes: dict[str, Site] = {}
        self.ansible = ""

    def machine(self, short: str, site: int = 0, **variables: Any) -> None:
        """A VM and its guest, with version 1 on it."""
        name = self.prefix + short
        home = self.stage.sites[site]
        home.request("POST", "/v1/vms", {"name": name, "folder": f"tests/{self.set}"})
        self.homes[name] = home
        self.hosts[name] = variables
        if site:
            self.hosts[name] |= {"savepoint_connection": home.connection, "savepoint_guest_control": home.control}
        (self.disk(short) / "version").write_text("1\n")

    def machines(self, **trouble: str) -> None:
        """One VM and guest for each keyword; the value says what goes wrong there."""
        for short, what in trouble.items():
            self.machine(short, trouble=what)

    def remove(self) -> None:
        for name, home in self.homes.items():
            home.request("DELETE", f"/v1/vms/{name}")

    def ask(self, short: str, method: str, path: str, body: Any = None) -> Any:
        """Ask the control endpoint about one VM; the path begins below it."""
        name = self.prefix + short
        kind = "guests" if path == "/reboot" else "vms"
        return self.homes[name].request(method, f"/v1/{kind}/{name}{path}", body)

    def vm(self, short: str) -> dict[str, Any]:
        found: dict[str, Any] = self.ask(short, "GET", "")
        return found

    def disk(self, short: str) -> Path:
        return Path(self.vm(short)["guest"]["disk"])

    def version(self, short: str) -> str:
        return (self.disk(short) / "version").read_text().strip()

    @property
    def shorts(self) -> list[str]:
        return [name.removeprefix(self.prefix) for name in self.homes]

    def versions(self) -> dict[str, str]:
        return {short: self.version(short) for short in self.shorts}

    def snapshots(self) -> dict[str, list[str]]:
        """Names of the snapshots by VM, those that have any."""
        every = {short: self.vm(short) for short in self.shorts}
        return {short: [one["name"] for one in vm["snapshots"]] for short, vm in every.items() if vm["snapshots"]}

    def phases(self) -> dict[str, str]:
        """The phase in the marker of each VM's newest snapshot."""
        found = {}
        for short in self.shorts:
            for snapshot in self.vm(short)["snapshots"]:
                phase = re.search(r"phase=(\w+)", snapshot["description"])
                found[short] = phase[1] if phase else ""
        return found

    def fault(self, short: str, method: str, **more: Any) -> None:
        name = self.prefix + short
        self.homes[name].request("POST", "/v1/faults", {"vm": name, "method": method, "times": 1, **more})

    def reverts(self) -> dict[str, int]:
        """How often each VM of the scenario was reverted, from the simulators' logs."""
        counts = dict.fromkeys(self.shorts, 0)
        by_snapshot_or_vm = {}
        for short in self.shorts:
            vm = self.vm(short)
            by_snapshot_or_vm[vm["moid"]] = short
            by_snapshot_or_vm |= {snapshot["moid"]: short for snapshot in vm["snapshots"]}
        for site in {id(home): home for home in self.homes.values()}.values():
            for call in site.request("GET", "/v1/calls")["log"]:
                if call["method"] == "RevertToSnapshot_Task" and call["vm"] in by_snapshot_or_vm:
                    counts[by_snapshot_or_vm[call["vm"]]] += 1
        return counts

    def play(self, *words: str, playbook: Any = "", keywords: Any = None, **variables: Any) -> Ran:
        """Run a playbook; "keywords" are those of the play, the others are extra variables."""
        started = self.start(*words, playbook=playbook, keywords=keywords, **variables)
        started.process.wait()
        output = started.text()
        stats = self._stats(output)
        outcomes = {
            word: {host.removeprefix(self.prefix): why for host, why in hosts.items()}
            for word, hosts in stats.get("patch_guard_outcome", {}).items()
        }
        return Ran(started.process.returncode, output, stats, outcomes)

    def start(self, *words: str, playbook: Any = "", keywords: Any = None, **variables: Any) -> Started:
        """Begin to run a playbook."""
        if not playbook:
            path = self.scratch / "play.yml"  # written out, since not every ansible-core takes a template for them
            path.write_text(json.dumps([{**self.play_keywords, **(keywords or {})}]))
            playbook = str(path)
        environment = {**os.environ, **self.stage.config["sim_env"]}
        environment.update(variables.pop("environment", {}))
        environment |= {
            "ANSIBLE_CONNECTION_PLUGINS": str(Path(self.stage.config["sim_path"]) / "connection_plugins"),
            "ANSIBLE_PIPELINING": "1",
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_SHOW_CUSTOM_STATS": "1",
            "ANSIBLE_CALLBACK_RESULT_FORMAT": "json",
            "ANSIBLE_LOCAL_TEMP": str(self.scratch / "tmp"),
            "ANSIBLE_HOST_PATTERN_MISMATCH": "ignore",
            "PYTHONUNBUFFERED": "1",
        }
        python = sys.executable
        if self.ansible:
            environment["PATH"] = f"{self.ansible}{os.pathsep}{environment['PATH']}"
            environment.pop("PYTHONPATH", None)  # ansible-test's way to its own ansible-core
            environment["ANSIBLE_COLLECTIONS_PATH"] = str(Path(self.stage.config["sim_collection_path"]).parents[2])
            environment.pop("ANSIBLE_CONFIG", None)
            python = str(Path(self.ansible) / "python")
        common = {"ansible_connection": "savepoint_guest", "ansible_python_interpreter": python}
        children: dict[str, Any] = {
            group: {"hosts": {self.prefix + one: {} for one in hosts}} for group, hosts in self.groups.items()
        }
        inventory = self.scratch / "inventory.json"
        inventory.write_text(json.dumps({"all": {"hosts": self.hosts, "vars": common, "children": children}}))
        extra = {self.set_variable: self.set, **self.settings, **variables}
        output = self.scratch / f"output-{time.monotonic_ns()}"
        with output.open("w") as sink:
            process = subprocess.Popen(
                ["ansible-playbook", "-i", str(inventory), playbook, *words, "-e", json.dumps(extra)],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
        return Started(process, output)

    def _stats(self, output: str) -> dict[str, Any]:
        found = re.search(r"^\s*RUN: (\{.*\})\s*$", output, re.MULTILINE)
        stats: dict[str, Any] = json.loads(found[1]) if found else {}
        return stats


def equal(real: Any, wanted: Any, what: str) -> None:
    assert real == wanted, f"{what}: {real!r} instead of {wanted!r}"


def contains(text: str, *parts: str) -> None:
    for part in parts:
        assert part in text, f"{part!r} is not in {text!r}"


def run(stage: Stage, function: Callable[[Scenario], None]) -> str | None:
    """Run one; gives what went wrong."""
    name = function.__name__.replace("_", "-")
    scenario = Scenario(stage, name)
    began = time.monotonic()
    problem = None
    try:
        function(scenario)
    except (AssertionError, OSError, subprocess.SubprocessError, KeyError) as error:
        outputs = "\n".join(path.read_text() for path in sorted(scenario.scratch.glob("output-*")))
        problem = f"{name}: {type(error).__name__} {error}"
        print(f"{outputs}\nFAILED {problem}", flush=True)
    finally:
        scenario.remove()
    took = time.monotonic() - began
    print(f"{'FAILED' if problem else 'passed'} {name} ({took:.0f} s): {function.__doc__}", flush=True)
    return problem


def skipped(scenario: Scenario) -> bool:
    """Leave out what takes too long for every run?"""
    if not scenario.stage.config["long"]:
        print("NOT RUN: SAVEPOINT_LONG=1 is not set", flush=True)
    return not scenario.stage.config["long"]


def main(scenarios: Sequence[Callable[[Scenario], None]], *words: str, vcenters: int = 1) -> int:
    """The words are the configuration of the integration tests, and how the wanted scenarios' names begin."""
    config, wanted = words[0], "".join(words[1:2])
    chosen = [one for one in scenarios if one.__name__.replace("_", "-").startswith(wanted)]
    found = json.loads(Path(config).read_text())
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="savepoint-play-")))
        sites = [Site(found["sim_control"], found["sim_connection"])]
        sites += [another(stack, found["sim_path"], scratch / f"guests-{one}") for one in range(1, vcenters)]
        stage = Stage(found, scratch, sites)
        with ThreadPoolExecutor(2) as pool:
            problems = [problem for problem in pool.map(lambda one: run(stage, one), chosen) if problem]
    print(f"{len(chosen)} scenarios, {len(problems)} failed", flush=True)
    return 1 if problems or not chosen else 0


def another(stack: ExitStack, simulator: str, guests: Path, environ: dict[str, str] | None = None) -> Site:
    """One more simulated vCenter, beside the one that all targets share."""
    sys.path.insert(0, simulator)
    import simctl  # noqa: PLC0415 - its place is known only now

    guests.mkdir()
    made = stack.enter_context(simctl.Simulator(vms=0, guests=guests, environ=environ))
    return Site(made.info["control"], {**made.connection, "validate_certs": True})
