"""Guests of the simulated vCenter, and playbook runs on them, for targets that run scenarios. Standard library only."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

# What a role leaves in facts is written here on the controller, host by host.
KEEP = {
    "name": "Keep the facts",
    "ansible.builtin.copy": {
        "content": "{{ {'patch_result': patch_result | default({}), 'verify_result': verify_result | default({}),"
        " 'verify_baseline': verify_baseline | default({})} | to_json }}",
        "dest": "{{ keep_in }}/{{ inventory_hostname }}.json",
        "mode": "0644",
    },
    "delegate_to": "localhost",
    "check_mode": False,
}


class Ran:
    """A playbook run."""

    def __init__(self, rc: int, output: str, facts: dict[str, dict[str, Any]]) -> None:
        self.rc, self.output, self.facts = rc, output, facts
        found = re.search(r"^\s*RUN: (\{.*\})\s*$", output, re.MULTILINE)
        self.stats: dict[str, Any] = json.loads(found[1]) if found else {}

    def recap(self, host: str, what: str) -> int:
        """A number of the recap, such as "failed"."""
        found = re.search(rf"^{re.escape(host)} +:.* {what}=(\d+)", self.output, re.MULTILINE)
        assert found, f"no recap of {host}"
        return int(found[1])


class Scenario:
    """Guests of its own, and the playbook runs on them."""

    def __init__(self, config: dict[str, Any], name: str, scratch: Path) -> None:
        self.config, self.scratch = config, scratch
        self.prefix = f"{name}-"
        self.hosts: dict[str, dict[str, Any]] = {}

    def request(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the control endpoint."""
        request = urllib.request.Request(
            self.config["sim_control"] + path,
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={"Content-Type": "application/json"},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=60) as answer:
            return json.loads(answer.read() or b"null")

    def machines(self, *shorts: str, **variables: Any) -> None:
        """One VM and guest for each, with these host variables."""
        for short in shorts:
            name = self.prefix + short
            self.request("POST", "/v1/vms", {"name": name, "folder": f"tests/{self.prefix}"})
            self.hosts[name] = {"short": short, **variables}
            self.hosts[name]["disk"] = str(self.disk(short))

    def change(self, short: str, **keys: Any) -> None:
        self.request("PATCH", f"/v1/vms/{self.prefix}{short}", keys)

    def disk(self, short: str) -> Path:
        return Path(self.request("GET", f"/v1/vms/{self.prefix}{short}")["guest"]["disk"])

    def program(self, short: str, name: str, text: str) -> None:
        """A program on the guest's PATH."""
        path = self.disk(short) / ".guest" / "bin" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)

    def file(self, name: str, content: Any) -> str:
        """A file on the controller; what is no text is written as JSON, which is YAML."""
        path = self.scratch / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return str(path)

    def play(self, tasks: list[dict[str, Any]] | str, *words: str, keywords: Any = None, **variables: Any) -> Ran:
        """Run these tasks, or the collection's playbook of that name, with extra variables."""
        kept = Path(tempfile.mkdtemp(dir=self.scratch))
        book = tasks
        if not isinstance(tasks, str):
            play = {"name": "Test", "hosts": "all", "gather_facts": False, "tasks": [*tasks, KEEP], **(keywords or {})}
            book = self.file("play.yml", [play])
        common = {"ansible_connection": "savepoint_guest", "ansible_python_interpreter": sys.executable}
        inventory = self.file("inventory.json", {"all": {"hosts": self.hosts, "vars": common}})
        environment = {
            **os.environ,
            **self.config["sim_env"],
            "ANSIBLE_CONNECTION_PLUGINS": str(Path(self.config["sim_path"]) / "connection_plugins"),
            "ANSIBLE_PIPELINING": "1",
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_CALLBACK_RESULT_FORMAT": "json",  # whole lines
            "ANSIBLE_SHOW_CUSTOM_STATS": "1",
            "ANSIBLE_LOCAL_TEMP": str(self.scratch / "tmp"),
        }
        command = [
            "ansible-playbook",
            "-i",
            inventory,
            str(book),
            "-e",
            json.dumps({"keep_in": str(kept), **variables}),
        ]
        done = subprocess.run(
            [*command, *words],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        (self.scratch / f"output-{time.monotonic_ns()}").write_text(done.stdout)
        facts = {path.stem.removeprefix(self.prefix): json.loads(path.read_text()) for path in kept.iterdir()}
        return Ran(done.returncode, done.stdout, facts)

    def remove(self) -> None:
        for name in self.hosts:
            self.request("DELETE", f"/v1/vms/{name}")


def role(name: str, when: str | None = None, **variables: Any) -> dict[str, Any]:
    """A task that runs a role."""
    task: dict[str, Any] = {
        "name": f"Run {name}",
        "ansible.builtin.include_role": {"name": f"savepoint.vsphere.{name}"},
        "vars": variables,
    }
    return {**task, "when": when} if when else task


def equal(real: Any, wanted: Any, what: str) -> None:
    assert real == wanted, f"{what}: {real!r} instead of {wanted!r}"


def contains(text: str, *parts: str) -> None:
    for part in parts:
        assert part in text, f"{part!r} is not in {text[-2000:]!r}"


def main(target: str, scenarios: Sequence[Callable[[Scenario], None]], config: str, wanted: str = "") -> int:
    """Run all, or those whose name begins so, two at a time."""
    chosen = [one for one in scenarios if one.__name__.startswith(wanted)]
    settings = json.loads(Path(config).read_text())

    def run(function: Callable[[Scenario], None]) -> bool:
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix=f"savepoint-{target}-") as scratch:
            scenario = Scenario(settings, f"{target}-{function.__name__.replace('_', '-')}", Path(scratch))
            problem = ""
            try:
                function(scenario)
            except (AssertionError, LookupError, OSError, TypeError, subprocess.SubprocessError) as error:
                outputs = [path.read_text() for path in sorted(Path(scratch).glob("output-*"))]
                problem = f"{''.join(outputs)}\nFAILED {function.__name__}: {type(error).__name__}: {error}\n"
            finally:
                scenario.remove()
        took = time.monotonic() - began
        word = "FAILED" if problem else "passed"
        print(f"{problem}{word} {function.__name__} ({took:.0f} s): {function.__doc__}", flush=True)
        return not problem

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(run, chosen))
    print(f"{len(results)} scenarios, {results.count(False)} failed", flush=True)
    return 0 if results and all(results) else 1
