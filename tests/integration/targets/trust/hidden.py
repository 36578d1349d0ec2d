"""The password, wherever it could come out."""

from __future__ import annotations

import base64
import json
import threading
from pathlib import Path
from typing import Any
from urllib.parse import quote

from harness import Scenario, contains, equal
from single import call, call_all

# Wrong on purpose, and distinctive; characters that careless quoting would break.
WRONG = 'w&"<0123mistaken4567+/% e'
CORE = "0123mistaken4567"


class Eye:
    """Looks at every process's command line and at Ansible's temporary files, as often as it can."""

    def __init__(self, words: list[bytes], folder: Path) -> None:
        self.words = words
        self.folder = folder
        self.seen: set[str] = set()
        self.looked = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Eye:
        self._thread.start()
        return self

    def __exit__(self, *_what: Any) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.05):
            files = [path for path in self.folder.rglob("*") if path.is_file()] if self.folder.is_dir() else []
            for path in [*Path("/proc").glob("[0-9]*/cmdline"), *files]:
                try:
                    content = path.read_bytes()
                except OSError:
                    continue
                self.looked += 1
                if any(word in content for word in self.words):
                    self.seen.add(f"{path}: {content[:60]!r}")


def forms(password: str) -> list[str]:
    return [
        password,
        json.dumps(password)[1:-1],
        quote(password, safe=""),
        base64.b64encode(password.encode()).decode(),
    ]


def hidden(scenario: Scenario) -> None:
    """A call that works and calls that fail, at -vvvvv: the password is nowhere."""
    scenario.machine("a")
    config = scenario.stage.config
    real: str = config["sim_password"]
    name = {"name": scenario.prefix + "a", "progress": True, "snapshot_set": "S", "snapshot_name": "s"}
    remote = scenario.scratch / "remote"
    cases: list[tuple[dict[str, Any], str]] = [
        ({}, ""),
        ({"password": WRONG}, "wrong user or password"),
        ({"password": WRONG, "snapshot_name": ["not", {"a": "text"}]}, ""),
        ({"password": WRONG, "port": "none"}, "port"),
        ({"password": WRONG, "no_such_option": WRONG[:2]}, "no_such_option"),
        ({"password": WRONG, "ca_path": "/no/such/file"}, "no file or directory"),
        ({"password": WRONG, "proxy_host": "127.0.0.1", "proxy_port": 1}, "can't reach"),
        ({"password": WRONG, "hostname": "no-such-host.invalid"}, "can't reach"),
        ({"password": WRONG, "port": int(config["sim_control"].rpartition(":")[2])}, "no TLS connection"),
    ]
    # The pipelined payload of a module is Ansible's own and goes through no file; what is in one is ours.
    environment = {"ANSIBLE_REMOTE_TMP": str(remote), "ANSIBLE_PIPELINING": "1"}
    with Eye([real.encode(), CORE.encode()], remote) as eye:
        calls = {f"c{number}": ("snapshot", {**name, **options}) for number, (options, _said) in enumerate(cases)}
        results, output = call_all(scenario, calls, "-vvvvv", environment=environment)
    for number, (options, said) in enumerate(cases):
        result = results[f"c{number}"]
        equal(bool(result.get("failed")), bool(options), f"failed, {options}")
        contains(result["msg"], said)
    text = output + json.dumps(results)
    for form in [*forms(real), *forms(WRONG), CORE]:
        assert form not in text, f"the password came out: {text[text.index(form) - 300 : text.index(form)]}"
    assert eye.looked > 100, "nobody looked"
    assert not eye.seen, f"the password was seen in {eye.seen}"


def unverified(scenario: Scenario) -> None:
    """VMWARE_VALIDATE_CERTS=False is warned about once; the task's own false is not."""
    scenario.machine("a")
    off = {"VMWARE_VALIDATE_CERTS": "False"}
    info = {"name": scenario.prefix + "a"}
    said = "is not verified, because the environment has"
    warned = call(scenario, "snapshot_info", info, environment=off)
    flat = " ".join(warned.output.split())
    equal(flat.count(said), 1, "times it was said")
    equal(len([one for one in warned.result.get("warnings", []) if said in one]), 1, "warnings")
    for options in (
        {"validate_certs": False},
        {"ca_path": scenario.stage.config["sim_ca_path"], "validate_certs": True},
    ):
        called = call(scenario, "snapshot_info", {**info, **options}, environment=off)
        assert not called.result.get("failed"), called.result["msg"]
        assert said not in " ".join(called.output.split()), f"{options} is warned about"
