"""The password, wherever it could come out."""

from __future__ import annotations

import base64
import json
import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

from harness import Scenario, contains, equal
from single import call, call_all

# Wrong on purpose, and distinctive; characters that careless quoting would break.
WRONG = 'w&"<0123mistaken4567+/% e'
CORE = "0123mistaken4567"


def forms(password: str) -> list[str]:
    return [
        password,
        json.dumps(password)[1:-1],
        quote(password, safe=""),
        base64.b64encode(password.encode()).decode(),
    ]


# Raises what modules do not expect: in the login, with the password in its words, as a library would that shows what it
# was given; or after it. Python imports this file at its start.
BROKEN = """
import os
from pyVmomi import SoapAdapter
real = SoapAdapter.SoapStubAdapter.SerializeRequest
def broken(self, mo, info, args):
    if os.environ.get("BROKEN") == info.name or (os.environ.get("BROKEN"), info.name) == ("later", "CurrentTime"):
        raise RuntimeError(f"broken in the middle of {info.name}{args}")
    return real(self, mo, info, args)
SoapAdapter.SoapStubAdapter.SerializeRequest = broken
"""


def calls_of(name: str) -> dict[str, dict[str, Any]]:
    """Every module that logs in, with options that it takes."""
    fleet = {"vms": [name], "progress": True}
    return {
        "snapshot": {**fleet, "snapshot_set": "S", "snapshot_name": "s"},
        "snapshot_info": {"vms": [name]},
        "snapshot_revert": {**fleet, "snapshot_set": "S"},
        "snapshot_consolidate": fleet,
        "snapshot_prune": {"scope": {"name_pattern": name}, "policy": {"honor_expiry": True}},
    }


def watched(scenario: Scenario, remote: Path) -> Any:
    """Whoever looks at every process's command line and at Ansible's temporary files, as often as it can."""
    config = scenario.stage.config
    tools = str(Path(config["sim_collection_path"]) / "tests" / "tools")
    if tools not in sys.path:
        sys.path.insert(0, tools)
    from listed import Listed  # noqa: PLC0415 - its place is known only now

    return Listed([config["sim_password"].encode(), CORE.encode()], remote)


def silent(scenario: Scenario, text: str, eye: Any) -> None:
    """Neither the right password nor the wrong one is in it, nor was it seen meanwhile."""
    for form in [*forms(scenario.stage.config["sim_password"]), *forms(WRONG), CORE]:
        assert form not in text, f"the password came out: {text[max(0, text.index(form) - 300) : text.index(form)]}"
    assert eye.looked > 100, "nobody looked"
    assert not eye.found, f"the password was seen in {eye.found}"


# The pipelined payload of a module is Ansible's own and goes through no file; what is in one is ours.
def quietly(remote: Path, **more: str) -> dict[str, str]:
    return {"ANSIBLE_REMOTE_TMP": str(remote), "ANSIBLE_PIPELINING": "1", **more}


def hidden(scenario: Scenario) -> None:
    """A call that works and calls that fail, at -vvvvv: the password is nowhere."""
    scenario.machine("a")
    config = scenario.stage.config
    every = calls_of(scenario.prefix + "a")
    name = every["snapshot"]
    remote = scenario.scratch / "remote"
    cases: list[tuple[str, dict[str, Any], str]] = [
        *[(module, options, "") for module, options in every.items()],
        *[(module, {**options, "password": WRONG}, "wrong user or password") for module, options in every.items()],
        ("snapshot", {**name, "password": WRONG, "snapshot_name": ["not", {"a": "text"}]}, ""),
        ("snapshot", {**name, "password": WRONG, "port": "none"}, "port"),
        ("snapshot", {**name, "password": WRONG, "no_such_option": WRONG[:2]}, "no_such_option"),
        ("snapshot", {**name, "password": WRONG, "ca_path": "/no/such/file"}, "no file or directory"),
        ("snapshot", {**name, "password": WRONG, "proxy_host": "127.0.0.1", "proxy_port": 1}, "can't reach"),
        ("snapshot", {**name, "password": WRONG, "hostname": "no-such-host.invalid"}, "can't reach"),
        (
            "snapshot",
            {**name, "password": WRONG, "port": int(config["sim_control"].rpartition(":")[2])},
            "no TLS connection",
        ),
    ]
    with watched(scenario, remote) as eye:
        calls = {f"c{number}": (module, options) for number, (module, options, _said) in enumerate(cases)}
        results, output = call_all(scenario, calls, "-vvvvv", environment=quietly(remote))
    for number, (module, options, said) in enumerate(cases):
        result = results[f"c{number}"]
        equal(bool(result.get("failed")), "password" in options, f"failed, {module} {options}")
        contains(result["msg"], said)
    silent(scenario, output + json.dumps(results), eye)


def hidden_tracebacks(scenario: Scenario) -> None:
    """What no module expects, with its traceback, at -vvvvv: the password is nowhere, though it was in the words."""
    scenario.machine("a")
    remote, folder = scenario.scratch / "remote", scenario.scratch / "broken"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(BROKEN)
    calls = {module: (module, options) for module, options in calls_of(scenario.prefix + "a").items()}
    path = os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH")]))
    for where in ("Login", "later"):
        more = {"PYTHONPATH": path, "BROKEN": where, "ANSIBLE_DISPLAY_TRACEBACK": "error"}
        with watched(scenario, remote) as eye:
            results, output = call_all(scenario, calls, "-vvvvv", environment=quietly(remote, **more))
        method = {"later": "CurrentTime"}.get(where, where)
        for module, result in results.items():
            assert result.get("failed"), f"{module} has not failed"
            contains(str(result.get("exception")), "Traceback", f"broken in the middle of {method}")
        contains(output, "Traceback", f"broken in the middle of {method}")
        silent(scenario, output + json.dumps(results), eye)


def hidden_in_a_role(scenario: Scenario) -> None:
    """A role with the right and with a wrong password in its variables, at -vvvvv."""
    scenario.machine("a")
    remote = scenario.scratch / "remote"
    role = {"ansible.builtin.include_role": {"name": "savepoint.vsphere.retention"}}
    wrong = scenario.scratch / "wrong.json"
    wrong.write_text(json.dumps({"retention_password": WRONG, "savepoint_connection": {"password": WRONG}}))
    tasks: list[dict[str, Any]] = [
        {**role, "vars": {"savepoint_connection": "{{ sim_connection }}"}},
        {"ansible.builtin.debug": {"msg": "the right one: {{ retention_outcome | default({}) }}"}},
        {"ansible.builtin.include_vars": {"file": str(wrong)}, "no_log": True},
        {"block": [role], "rescue": [{"ansible.builtin.debug": {"msg": "{{ ansible_failed_result }}"}}]},
    ]
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}
    given = f"@{Path(sys.argv[1]).resolve()}"
    scope = {"name_pattern": scenario.prefix + "a"}
    with watched(scenario, remote) as eye:
        ran = scenario.play("-vvvvv", "-e", given, keywords=play, retention_scope=scope, environment=quietly(remote))
    equal(ran.rc, 0, "how it ended")
    contains(ran.output, "the right one", "wrong user or password")
    silent(scenario, ran.output, eye)


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
