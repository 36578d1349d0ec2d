"""Runs role verify on guests of the simulated vCenter.

python scenarios.py INTEGRATION_CONFIG [NAME]: all scenarios, or those whose name begins with NAME.
"""

from __future__ import annotations

import http.server
import json
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import guests
from guests import Scenario, contains, equal, role

# The state of a unit is in a file of its name. One that holds a number is activating, and active after so many looks.
SYSTEMCTL = """
cd ~/units || exit 4
if [ "$1" = list-units ]; then
    for unit in $(grep -lx failed * 2>/dev/null); do echo "$unit loaded failed failed about $unit"; done
    exit 0
fi
shift 2
code=0
for unit in "$@"; do
    state=$(cat "$unit" 2>/dev/null || echo inactive)
    case $state in
    [1-9]) echo activating; echo $((state - 1)) >"$unit"; code=3 ;;
    0 | active) echo active ;;
    *) echo "$state"; code=3 ;;
    esac
done
exit $code
"""
QUICK = {"verify_timeout": 4, "verify_retries": 1, "verify_delay": 0, "verify_fail": False}
# What the test's tasks do between "before" and "after" to the host of that name.
BREAK = [
    {"name": "Break", "ansible.builtin.copy": {"content": "failed\n", "dest": "units/app", "mode": "0644"}},
    {"name": "Answer 500", "ansible.builtin.copy": {"content": "500", "dest": "status", "mode": "0644"}},
]


@contextmanager
def server(root: Path) -> Iterator[int]:
    """Answers /GUEST with the status in that guest's file. It is a part of the guests' state."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            where = Path((root / self.path.strip("/")).read_text())
            self.send_response(int((where / "status").read_text()))
            self.end_headers()
            self.wfile.write(b"the app is here")

        def log_message(self, *words: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        try:
            yield running.server_port
        finally:
            running.shutdown()
            thread.join()


def closed_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
    return port


def equip(scenario: Scenario, short: str, **units: str) -> None:
    """Give a guest its systemd, with these units, and a status for the server."""
    disk = scenario.disk(short)
    (disk / "units").mkdir()
    for unit, state in units.items():
        (disk / "units" / unit).write_text(state + "\n")
    (disk / "status").write_text("200")
    scenario.program(short, "systemctl", SYSTEMCTL)
    scenario.file(short, str(disk))


def checks(result: dict[str, Any]) -> dict[str, bool]:
    return {check["id"]: check["passed"] for check in result["checks"]}


def before_and_after(scenario: Scenario) -> None:
    """What was broken before does not count, what broke since does; under each strategy."""
    for number, strategy in enumerate(("linear", "free")):
        shorts = [f"{word}{number}" for word in ("good", "old", "broken", "mended")]
        good, old, broken, mended = shorts
        scenario.machines(*shorts)
        for short in shorts:
            equip(scenario, short, app="active", db="active")
        (scenario.disk(old) / "units" / "app").write_text("failed\n")
        (scenario.disk(mended) / "units" / "app").write_text("inactive\n")
        closed = closed_port()
        with server(scenario.scratch) as port:
            wish = {
                "services": ["app", "db"],
                "failed_units": True,
                "ports": [
                    port,
                    {"port": port, "host": "127.0.0.1", "from": "controller"},
                    {"port": closed, "timeout": 1},
                ],
                "urls": [
                    f"http://127.0.0.1:{port}/{{{{ short }}}}",
                    {"url": f"http://127.0.0.1:{port}/{{{{ short }}}}", "from": "controller", "content": "app is here"},
                ],
                "commands": ["cat status", {"cmd": "sh -c 'echo fine; exit 2'", "rc": [2], "stdout_contains": "fine"}],
            }
            mend = {"ansible.builtin.copy": {"content": "active\n", "dest": "units/app", "mode": "0644"}}
            ran = scenario.play(
                [
                    role("verify", verify_when="before"),
                    *[{**task, "when": "short == broken"} for task in BREAK],
                    {"name": "Mend", **mend, "when": "short == mended"},
                    role("verify"),
                ],
                keywords={"strategy": strategy},
                verify_checks=wish,
                broken=broken,
                mended=mended,
                **QUICK,
            )
        equal(ran.rc, 0, f"rc under {strategy}")
        facts = {short: ran.facts[short]["verify_result"] for short in shorts}
        passed = {short for short, result in facts.items() if result["passed"]}
        equal(passed, {good, old, mended}, f"healthy under {strategy}")
        shut = f"port:127.0.0.1:{closed}"
        equal(facts[good]["already_broken"], [shut], "broken already on good")
        equal(facts[old]["already_broken"], ["service:app", "failed_units", shut], "broken already on old")
        equal(facts[mended]["already_broken"], [shut], "broken already on mended")
        own = f"http://127.0.0.1:{port}/{broken}"
        bad = {name for name, good_now in checks(facts[broken]).items() if not good_now} - {shut}
        equal(bad, {"service:app", "failed_units", f"url:{own}", f"url:controller:{own}"}, "broken since")
        contains(
            facts[broken]["reason"], "service app is active: it is failed", "status 500 instead of 200", "failed: app"
        )
        before = {check["id"]: check["before"] for check in facts[old]["checks"]}
        equal((before["service:app"], before["service:db"], before["reachable"]), (False, True, True), "before")
        contains(ran.output, f"{scenario.prefix}{old}: healthy: already broken before: service app is active")


def counts_without_baseline(scenario: Scenario) -> None:
    """Without a baseline each failure counts, and ends the host as failed unless told otherwise."""
    scenario.machines("good", "bad")
    equip(scenario, "good", app="active")
    equip(scenario, "bad", app="inactive")
    wish = {"services": ["app"]}
    quick = {**QUICK, "verify_fail": True}
    ran = scenario.play([role("verify")], verify_checks=wish, keywords={"max_fail_percentage": 80}, **quick)
    equal((ran.rc, sorted(ran.facts)), (2, ["good"]), "rc, and who goes on")
    contains(ran.output, f"{scenario.prefix}bad: NOT healthy: service app is active: it is inactive")
    ran = scenario.play([role("verify")], keywords={"any_errors_fatal": True}, verify_checks=wish, **QUICK)
    equal((ran.rc, ran.facts["bad"]["verify_result"]["passed"]), (0, False), "recorded only")
    # A unit that had failed before does not excuse another one.
    (scenario.disk("bad") / "units" / "old").write_text("failed\n")
    more = [role("verify", verify_when="before"), {**BREAK[0], "when": "short == 'bad'"}, role("verify")]
    ran = scenario.play(more, verify_checks={"failed_units": True, "failed_units_ignore": ["none"]}, **QUICK)
    contains(ran.facts["bad"]["verify_result"]["reason"], "failed: app, old")
    ran = scenario.play(
        [role("verify")], verify_checks={"failed_units": True, "failed_units_ignore": ["app", "old"]}, **QUICK
    )
    equal(ran.facts["bad"]["verify_result"]["passed"], True, "ignored units")


def patience(scenario: Scenario) -> None:
    """A service that needs a while is waited for, but before the change only once more."""
    scenario.machines("slow", "slower")
    equip(scenario, "slow", app="3")
    equip(scenario, "slower", app="9")
    wish = {"verify_checks": {"services": ["app"]}}
    ran = scenario.play([role("verify")], **{**QUICK, **wish, "verify_retries": 4})
    equal(
        {short: told["verify_result"]["passed"] for short, told in ran.facts.items()},
        {"slow": True, "slower": False},
        "",
    )
    equal((scenario.disk("slower") / "units" / "app").read_text(), "4\n", "looks")
    scenario.play([role("verify", verify_when="before")], **{**QUICK, **wish, "verify_retries": 4})
    equal((scenario.disk("slower") / "units" / "app").read_text(), "2\n", "looks before")


def own_tasks(scenario: Scenario) -> None:
    """The caller's own tasks, with files of the names that the role's have; their text is data."""
    scenario.machines("good", "bad", "secret")
    for short in ("good", "bad", "secret"):
        equip(scenario, short)
        scenario.program(short, "ask", "echo one; echo '{{ 6 * 7 }}'; echo 'other: healthy' >&2; exit 3")
    tasks = [
        {"name": "Include one beside this", "ansible.builtin.include_tasks": "begin.yml"},
        {"name": "Ask", "ansible.builtin.command": "ask", "when": "short == 'bad'", "changed_when": False},
        {"name": "Log in", "ansible.builtin.command": "cat hunter2", "when": "short == 'secret'", "no_log": True},
    ]
    scenario.file("begin.yml", [{"name": "Mine", "ansible.builtin.debug": {"msg": "the caller's begin.yml"}}])
    own = scenario.file("health.yml", tasks)
    ran = scenario.play([role("verify", verify_when="before"), role("verify")], verify_tasks=own, **QUICK)
    facts = {short: told["verify_result"] for short, told in ran.facts.items()}
    equal([short for short, told in facts.items() if told["passed"]], ["good"], "healthy")
    equal(ran.facts["bad"]["verify_baseline"], {"reachable": {"passed": True, "text": "it answers"}}, "not run before")
    contains(ran.output, "the caller's begin.yml")
    contains(facts["bad"]["reason"], "the tasks of health.yml: task 'Ask'", "other: healthy")
    contains(facts["bad"]["evidence"], "task 'Ask' failed", "{{ 6 * 7 }}", "one")
    contains(facts["secret"]["reason"], "has no_log")
    assert "hunter2" not in ran.output + json.dumps(facts["secret"])

    ran = scenario.play(
        [role("verify", verify_when="before"), role("verify")], verify_tasks=own, verify_tasks_before=True, **QUICK
    )
    facts = {short: told["verify_result"] for short, told in ran.facts.items()}
    equal({told["passed"] for told in facts.values()}, {True}, "broken already")
    equal(facts["bad"]["already_broken"], ["own_tasks"], "what was")


def lost(scenario: Scenario) -> None:
    """A guest that does not answer has a result as well, and is never excused."""
    scenario.machines("good", "mute", "leaves")
    scenario.change("mute", boot="never")
    scenario.request("POST", f"/v1/guests/{scenario.prefix}mute/reboot")
    scenario.change("leaves", boot="never")
    wish = {
        "commands": ["true", "sh -c 'test {{ short }} != leaves || guest-reboot'", "echo x"],
    }
    ran = scenario.play([role("verify", verify_when="before"), role("verify")], verify_checks={}, **QUICK)
    equal(ran.rc, 0, "rc")
    equal(ran.facts["mute"]["verify_baseline"]["reachable"]["passed"], False, "baseline")
    equal(
        (ran.facts["mute"]["verify_result"]["passed"], ran.facts["good"]["verify_result"]["passed"]), (False, True), ""
    )
    ran = scenario.play([role("verify")], verify_checks=wish, **QUICK)
    equal(ran.rc, 0, "rc")
    told = checks(ran.facts["leaves"]["verify_result"])
    equal((told["command:true"], told["command:echo x"]), (True, False), "leaves")
    contains(ran.facts["leaves"]["verify_result"]["reason"], "does not answer")
    equal(list(checks(ran.facts["mute"]["verify_result"])), ["reachable"], "checks of a guest that does not answer")


def handed_on(scenario: Scenario) -> None:
    """The playbook, as two nodes of a workflow; what a guest said is no template in the second."""
    scenario.machines("old", "broken", "new")
    for short in ("old", "broken"):
        equip(scenario, short, app="active")
    equip(scenario, "new", app="failed")
    (scenario.disk("broken") / "fine").touch()
    wish = {"services": ["app"], "commands": ["ask"]}
    for short in ("old", "broken", "new"):
        scenario.program(short, "ask", "echo '{{ 6 * 7 }}{% if %}' >&2; test -e ~/fine")
    words = {"verify_checks": wish, **QUICK}
    ran = scenario.play("savepoint.vsphere.verify", "--limit", f"{scenario.prefix}old,{scenario.prefix}broken",
                        verify_when="before", verify_serial=1, **words)  # fmt: skip
    equal(
        (ran.rc, sorted(ran.stats["verify_baselines"])),
        (0, sorted(scenario.prefix + one for one in ("old", "broken"))),
        "",
    )
    contains(json.dumps(ran.stats), "{ { 6 * 7 }}{ % if %}")
    (scenario.disk("broken") / "fine").unlink()
    ran = scenario.play("savepoint.vsphere.verify", **words, **ran.stats, verify_strategy="free")
    outcome = {host.removeprefix(scenario.prefix): told for host, told in ran.stats["verify_outcome"].items()}
    equal({host: told["passed"] for host, told in outcome.items()}, {"old": True, "broken": False, "new": False}, "")
    equal([one.split(":")[0] for one in outcome["old"]["already_broken"]], ["command"], "what was broken already")
    contains(outcome["broken"]["reason"], "return code 1 instead of 0: { { 6 * 7 }}")
    contains(ran.output, "{{ 6 * 7 }}{% if %}")


def from_controller(scenario: Scenario) -> None:
    """From the controller a port means the host's address, not the controller's."""
    scenario.machines("a", ansible_host="127.0.0.2")
    with socket.create_server(("127.0.0.2", 0)) as listening:
        port = listening.getsockname()[1]
        wish = {"ports": [{"port": port, "from": "controller", "timeout": 1}, {"port": port, "timeout": 1}]}
        ran = scenario.play([role("verify")], verify_checks=wish, **QUICK)
    told = checks(ran.facts["a"]["verify_result"])
    equal((told[f"port:controller::{port}"], told[f"port:127.0.0.1:{port}"]), (True, False), "ports")


def check_mode(scenario: Scenario) -> None:
    """Check mode looks, but runs nothing of which nobody knows what it changes, and says so."""
    scenario.machines("a", "b")
    for short, state in (("a", "active"), ("b", "failed")):
        equip(scenario, short, app=state)
    own = scenario.file("own.yml", [{"name": "Touch", "ansible.builtin.command": "touch touched", "check_mode": False}])
    wish = {"services": ["app"], "commands": ["touch touched"]}
    ran = scenario.play([role("verify")], "--check", verify_checks=wish, verify_tasks=own, **QUICK)
    equal(ran.rc, 0, "rc")
    contains(ran.output, f"{scenario.prefix}a: healthy; not run in check mode: command:touch touched, own_tasks")
    equal(ran.facts["a"]["verify_result"]["skipped"], ["command:touch touched", "own_tasks"], "skipped")
    equal(checks(ran.facts["b"]["verify_result"]), {"reachable": True, "service:app": False}, "what was run")
    assert not (scenario.disk("a") / "touched").exists()


def wrong_input(scenario: Scenario) -> None:
    """Each of these is one clear sentence, and nothing is run."""
    scenario.machines("a")
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"verify_checks": {"service": ["app"]}}, "service"),
        ({"verify_checks": {"ports": [0]}}, "port must be a whole number from 1 to 65535"),
        ({"verify_checks": {"ports": [{"port": 1, "from": "moon"}]}}, "from must be guest or controller"),
        ({"verify_checks": {"urls": ["example.com"]}}, "does not begin with http"),
        ({"verify_checks": {"commands": [{"command": "x"}]}}, "does not know command"),
        ({"verify_checks": {"services": ["a", "a"]}}, "the same check twice"),
        ({"verify_tasks": "missing.yml"}, "There is no missing.yml"),
        ({"verify_retries": 61}, "from 0 to 60"),
        ({"verify_when": "later"}, "value of verify_when must be one of"),
        ({"verify_baselines": {scenario.prefix + "a": {"x": True}}}, "the baseline in verify_baselines must be"),
    ]
    for variables, said in wrong:
        ran = scenario.play([role("verify")], **variables)
        equal((ran.rc, ran.facts), (2, {}), f"with {variables}")
        contains(" ".join(ran.output.split()), said)


SCENARIOS = [
    before_and_after,
    lost,
    handed_on,
    own_tasks,
    counts_without_baseline,
    patience,
    wrong_input,
    check_mode,
    from_controller,
]

if __name__ == "__main__":
    sys.exit(guests.main("verify", SCENARIOS, *sys.argv[1:]))
