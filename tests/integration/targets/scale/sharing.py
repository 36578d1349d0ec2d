"""Two playbooks remove snapshots on the same datastore at the same time, as two AWX job slices or controllers would.

Run by runme.sh inside "simctl.py exec", whose variables say where the simulator is. It has one datastore, removals
take a few seconds, and each playbook may have 4 of them under way. The simulator's list of calls tells how many tasks
there were at once: each call of RemoveSnapshot_Task begins one, of a known length. Standard library only.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

LIMIT = 4
SECONDS = 2.0
EACH = 40
FEWER = 12


def ask(path: str, body: Any = None, method: str = "GET") -> Any:
    """Ask the simulator's control endpoint."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(os.environ["SAVEPOINT_SIM_CONTROL"] + path, data=data, method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=60) as answer:
        return json.loads(answer.read() or b"null")


def moment(text: str) -> float:
    """Seconds of a time in the log, which has nanoseconds."""
    whole, _dot, fraction = text.rstrip("Z").partition(".")
    return datetime.fromisoformat(whole + "+00:00").timestamp() + float(f"0.{fraction or 0}")


def play(names: list[str], scratch: Path) -> subprocess.Popen[bytes]:
    """Begin to remove the snapshots of these machines."""
    task = {
        "savepoint.vsphere.snapshot": {
            "vms": names,
            "state": "absent",
            "snapshot_name": "s",
            "limits": {"datastore": LIMIT, "host": 100},
            "report": "failed",
        }
    }
    host = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    (scratch / "hosts.json").write_text(json.dumps({"all": {"hosts": {"vcenter": host}}}))
    (scratch / f"{names[0]}.json").write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": [task]}]))
    return subprocess.Popen(["ansible-playbook", "-i", scratch / "hosts.json", scratch / f"{names[0]}.json"])


def removals() -> list[dict[str, Any]]:
    return [call for call in ask("/v1/calls")["log"] if call["method"] == "RemoveSnapshot_Task"]


def removed(each: int, wait: Callable[[], None]) -> tuple[dict[str, list[float]], list[float], list[int]]:
    """Remove the snapshots of twice as many machines, by two playbooks; the second one begins after ``wait``.

    Gives when each one's removals began, when all did, and how many there were at once at each of these moments.
    """
    names = [machine["name"] for machine in ask("/v1/vms")][: 2 * each]
    for name in names:
        ask(f"/v1/vms/{name}/snapshots", {"name": "s", "description": ""}, "POST")
    ask("/v1/calls", method="DELETE")
    with tempfile.TemporaryDirectory() as scratch:
        plays = [play(names[:each], Path(scratch))]
        wait()
        plays.append(play(names[each:], Path(scratch)))
        assert [one.wait() for one in plays] == [0, 0]
    assert not any(machine["snapshots"] for machine in ask("/v1/vms"))
    log = removals()
    begun = {session: [moment(call["at"]) for call in log if call["session"] == session] for session in
             {call["session"] for call in log}}  # fmt: skip
    assert sorted(map(len, begun.values())) == [each, each]
    starts = sorted(moment(call["at"]) for call in log)
    return begun, starts, [sum(start - SECONDS < other <= start for other in starts) for start in starts]


def together() -> None:
    begun, starts, at_once = removed(EACH, lambda: None)
    # Both begin without knowing of each other. Later, while both are at work, the limit holds but for a step each.
    both = [number for number, start in zip(at_once, starts, strict=True)
            if start - starts[0] > 5 * SECONDS and all(start <= times[-1] for times in begun.values())]  # fmt: skip
    print(f"at once: {at_once}; settled: {both}", flush=True)
    assert max(at_once) <= 2 * LIMIT, at_once
    assert both and sum(both) / len(both) <= LIMIT + 1 and max(both) <= LIMIT + 3, both
    # And neither is shut out.
    assert max(times[0] for times in begun.values()) < min(times[-1] for times in begun.values())


def later() -> None:
    """The second one takes its one slot at first, of a datastore on which the first one is at work."""

    def wait() -> None:
        while len(removals()) < LIMIT:
            time.sleep(0.1)

    begun, starts, at_once = removed(FEWER, wait)
    second = max(times[0] for times in begun.values())
    first_steps = [number for number, start in zip(at_once, starts, strict=True) if second <= start < second + SECONDS]
    print(f"at once after the second one began: {first_steps}", flush=True)
    assert max(first_steps) <= LIMIT + 1, (first_steps, at_once)


if __name__ == "__main__":
    together()
    later()
