"""Runs the collection's rulebook with ansible-rulebook, and lets a snapshot age under it. Standard library only."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PATIENCE = 120
POLICY = {"honor_expiry": True, "max_age": "3d", "allow_none": True}
VARIABLES = {
    "retention_scope": {"folder": "web"},
    "retention_interval": "1s",
    "retention_max_age": "3d",
    "retention_policy": POLICY,
}
# As in the guide: the playbook runs in the Python that ansible-rulebook runs in.
INVENTORY = {
    "all": {
        "hosts": {
            "localhost": {
                "ansible_connection": "local",
                "ansible_python_interpreter": "{{ ansible_playbook_python }}",
            }
        }
    }
}
WORDS = ["--rulebook", "savepoint.vsphere.retention", "--vars", "vars.yml", "--inventory", "inventory.yml"]
# Somebody's name for a snapshot, which must stay text all the way through ansible-rulebook and the playbook.
HOSTILE = "{{ lookup('pipe', 'touch %s') }}"
# An event that ansible-rulebook prints: why, and the snapshot's name.
EVENT = re.compile(r"'reason': '(\w+)',\s+'snapshot': \{[^{}]*'name': '(\w+)'")


@contextmanager
def running(folder: Path, config: dict[str, Any], env: dict[str, str], *words: str) -> Iterator[tuple[Any, Path]]:
    """ansible-rulebook under way, and the file with its output; nothing is left of it afterwards."""
    home = str(Path(config["sim_collection_path"]).parents[2])
    tools = config["extra_tools"]
    env = {key: value for key, value in {**os.environ, **env}.items() if not key.startswith(("ANSIBLE_", "PYTHON"))}
    env |= {
        "ANSIBLE_COLLECTIONS_PATH": home,
        "ANSIBLE_HOME": str(folder / "home"),
        "JAVA_HOME": config["java_home"],
        "PATH": f"{tools}{os.pathsep}{env['PATH']}",
        "PYTHONUNBUFFERED": "1",
    }
    (folder / "inventory.yml").write_text(json.dumps(INVENTORY))
    output = folder / "output"
    with output.open("w") as sink:
        process = subprocess.Popen(
            [f"{tools}/ansible-rulebook", *words],
            env=env,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process, output
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def until(true: Callable[[], bool], process: Any, what: str) -> None:
    """Wait for it; it takes as long as it takes, but not for ever."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert process.poll() is None, f"ansible-rulebook ended with {process.returncode} before {what}"
        assert time.monotonic() < end, f"no sign of {what}"
        time.sleep(0.3)


def prunes(simulator: Any, config: dict[str, Any], folder: Path) -> None:
    """What ages and what expires goes, and disks are merged, with no hand on them; everybody else's snapshots stay."""
    trap = folder / "trap"
    expired = "[savepoint set=CHG2 kind=crash_consistent expires=2026-01-01T00:00:00Z op=cafe01 phase=taken]"
    ours = "[savepoint set=CHG1 kind=crash_consistent op=cafe02 phase=taken]"
    hostile = {"name": HOSTILE % trap, "description": ours}
    for name in ("web-1", "web-2", "web-3"):
        simulator.post("/v1/vms", {"name": name, "folder": "web"})
    aging = simulator.post("/v1/vms/web-1/snapshots", hostile)["moid"]
    simulator.post("/v1/vms/web-2/snapshots", {"name": "foreign", "description": "", "age": "2000h"})
    simulator.post("/v1/vms/vm-0001/snapshots", {"name": "outside", "description": ours, "age": "2000h"})

    def left() -> list[str]:
        return [one["name"] for vm in simulator.get("/v1/vms") for one in vm["snapshots"]]

    def needing() -> list[str]:
        return [vm["name"] for vm in simulator.get("/v1/vms") if vm["consolidation_needed"]]

    (folder / "vars.yml").write_text(json.dumps(VARIABLES))
    with running(folder, config, simulator.env, *WORDS, "--print-events") as (process, output):
        until(lambda: "'reason': 'age'" in output.read_text(), process, "the event of the foreign snapshot")
        assert sorted(left()) == sorted([hostile["name"], "foreign", "outside"]), left()
        simulator.request("PATCH", f"/v1/vms/web-1/snapshots/{aging}", {"age": "100h"})
        simulator.post("/v1/vms/web-3/snapshots", {"name": "expired", "description": expired, "age": "1h"})
        until(lambda: sorted(left()) == ["foreign", "outside"], process, "the removal of the two")
        text = output.read_text()
        # A look a second, and each is told of once.
        for what in ("'reason': 'expiry'", "foreign"):
            assert what in text, text
        assert text.count("'reason': 'age'") == 2, text.count("'reason': 'age'")
        assert text.count("'reason': 'expiry'") == 1, text.count("'reason': 'expiry'")
        until(lambda: "failed=0" in output.read_text(), process, "the end of the playbook")
        # That is all done, so nothing but the event of the machine itself can bring about another run.
        simulator.request("PATCH", "/v1/vms/web-2", {"consolidation_needed": True})
        until(lambda: not needing(), process, "the consolidation")
        assert "'reason': 'consolidation'" in output.read_text()
        until(lambda: output.read_text().count("failed=0") == 2, process, "the end of the playbook")
        assert sorted(left()) == ["foreign", "outside"], left()
        simulator.post("/v1/faults", {"method": "Login", "action": "unavailable", "times": -1})
        until(lambda: "'reason': 'failure'" in output.read_text(), process, "the event of a look that failed")
    assert not trap.exists(), "the name of a snapshot was evaluated"


def tells(simulator: Any, config: dict[str, Any], folder: Path) -> None:
    """A snapshot that takes too much and one that is too deep are told of: once, and again after it was below."""
    source = {
        "scope": {"folder": "web"},
        "interval": "1s",
        "max_size": "1GiB",
        "max_chain_depth": 2,
        "consolidation_needed": False,
    }
    rule = {"name": "Any", "condition": "event.reason is defined", "action": {"debug": {"msg": "told"}}}
    rulebook = {
        "name": "Tell",
        "hosts": "localhost",
        "sources": [{"savepoint.vsphere.snapshot_thresholds": source}],
        "rules": [rule],
    }
    (folder / "rulebook.yml").write_text(json.dumps([rulebook]))
    for name in ("web-1", "web-2", "web-3"):
        simulator.post("/v1/vms", {"name": name, "folder": "web"})
    for name in ("first", "second"):
        simulator.post("/v1/vms/web-1/snapshots", {"name": name, "description": ""})
    large = simulator.post("/v1/vms/web-2/snapshots", {"name": "large", "description": ""})["moid"]
    simulator.request("PATCH", "/v1/vms/web-3", {"consolidation_needed": True})

    def sized(size: int) -> None:
        simulator.request("PATCH", f"/v1/vms/web-2/snapshots/{large}", {"size_bytes": size})

    def look() -> None:
        """Wait until it has looked, at all that is so now."""
        seen = simulator.get("/v1/calls")["by_method"].get("Logout", 0)
        until(lambda: simulator.get("/v1/calls")["by_method"].get("Logout", 0) >= seen + 2, process, "two looks")

    words = ["--rulebook", "rulebook.yml", "--inventory", "inventory.yml", "--print-events"]
    with running(folder, config, simulator.env, *words) as (process, output):
        look()
        assert "'reason'" not in output.read_text(), output.read_text()
        sized(2 * 2**30)
        until(lambda: "'reason': 'size'" in output.read_text(), process, "the event of the size")
        simulator.post("/v1/vms/web-1/snapshots", {"name": "third", "description": ""})
        until(lambda: "'reason': 'depth'" in output.read_text(), process, "the event of the depth")
        look()
        sized(2**20)
        look()
        sized(3 * 2**30)
        until(lambda: output.read_text().count("'reason': 'size'") == 2, process, "the second event of the size")
        look()
        text = output.read_text()
    assert EVENT.findall(text) == [("size", "large"), ("depth", "third"), ("size", "large")], EVENT.findall(text)
    assert text.count("'reason': ") == 3, text


def refuses(simulator: Any, config: dict[str, Any], folder: Path) -> None:
    """Wrong options end it with a sentence; so does a scope that was left empty."""
    (folder / "vars.yml").write_text(json.dumps({**VARIABLES, "retention_scope": {"folder": None}}))
    with running(folder, config, simulator.env, *WORDS) as (process, output):
        process.wait(PATIENCE)
        assert "scope: no key is set" in output.read_text(), output.read_text()
    assert "Login" not in simulator.get("/v1/calls")["by_method"]


def main() -> int:
    config = json.loads(Path(sys.argv[1]).read_text())
    if not (config["extra_tools"] and config["java_home"]):
        print("not run: it needs Python 3.12 or 3.13, and Java 17 or newer (JAVA_HOME, or java on PATH)")
        return 1
    sys.path.insert(0, config["sim_path"])
    import simctl  # noqa: PLC0415 - the path is known only now

    for number, case in enumerate((prunes, tells, refuses)):
        with tempfile.TemporaryDirectory() as scratch, simctl.Simulator(vms=1) as simulator:
            try:
                case(simulator, config, Path(scratch))
            except BaseException:
                output = Path(scratch, "output")
                print(output.read_text() if output.exists() else "no output")
                raise
            print(f"ok {number}: {case.__doc__}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
