# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filters of the roles patch and verify, as Python functions."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.savepoint.vsphere.plugins.filter.check_results import accepted, check_results
from ansible_collections.savepoint.vsphere.plugins.filter.failure_evidence import failure_evidence
from ansible_collections.savepoint.vsphere.plugins.filter.literal_text import literal_text
from ansible_collections.savepoint.vsphere.plugins.filter.patch_look import patch_look
from ansible_collections.savepoint.vsphere.plugins.filter.patch_report import patch_report
from ansible_collections.savepoint.vsphere.plugins.filter.verify_plan import verify_plan
from ansible_collections.savepoint.vsphere.plugins.filter.verify_verdict import verify_verdict

Facts = dict[str, Any]


def plan(**checks: Any) -> Any:
    return verify_plan(checks)


def told(checks: Any, *answers: Facts, **more: Any) -> Any:
    return check_results(checks, list(answers), **more)["told"]


def looped(check: Facts, **result: Any) -> Facts:
    return {"results": [{"verify__check": check, **result}]}


def test_plan_gives_each_check_an_id_and_its_defaults() -> None:
    found = plan(services=["nginx"], failed_units="yes", ports=["443", {"port": 22, "from": "controller"}])
    assert [one["id"] for one in found] == [
        "service:nginx",
        "failed_units",
        "port:127.0.0.1:443",
        "port:controller::22",
    ]
    assert [one["port"] for one in found[2:]] == [443, 22]
    url = plan(urls=[{"url": "https://a.example/", "status": [200, "204"], "validate_certs": "no"}])[0]
    assert (url["status"], url["validate_certs"], url["from"], url["timeout"]) == ([200, 204], False, "guest", 10)
    assert plan(commands=[{"cmd": "a\nb", "rc": 3}])[0]["id"] == "command:a b"
    assert plan(services=None) == plan() == []


@pytest.mark.parametrize(
    ("checks", "said"),
    [
        (["nginx"], "must be a dictionary with some of services,"),
        ({"service": []}, "does not know service; there are services,"),
        ({"services": "nginx"}, "verify_checks.services must be a list, not 'nginx'"),
        ({"services": ["a b"]}, "'a b' is not the name of a systemd unit"),
        ({"services": ["--all"]}, "is not the name of a systemd unit"),
        ({"services": [""]}, "'' is not a text"),
        ({"services": ["a", "b", "a"]}, "names the same check twice: service:a"),
        ({"failed_units": "maybe"}, "failed_units must be true or false, not 'maybe'"),
        ({"ports": [65536]}, "port must be a whole number from 1 to 65535, not 65536"),
        ({"ports": [{"host": "a"}]}, "port must be a whole number from 1 to 65535, not None"),
        ({"ports": [{"port": 1, "timeout": 0}]}, "timeout must be a whole number from 1 to 3600, not 0"),
        ({"ports": [{"port": 1, "from": "moon"}]}, "from must be guest or controller, not 'moon'"),
        ({"urls": ["ftp://a/"]}, "'ftp://a/' does not begin with http:// or https://"),
        ({"urls": [{"url": "http://a/", "status": []}]}, "status must not be empty"),
        ({"urls": [{"url": "http://a/", "method": "PUT"}]}, "urls does not know method"),
        ({"commands": [7]}, "7 is not a text"),
        ({"commands": [{"cmd": "a", "rc": 256}]}, "rc must be a whole number from 0 to 255"),
    ],
)
def test_plan_objects(checks: Any, said: str) -> None:
    with pytest.raises(AnsibleFilterError) as error:
        verify_plan(checks)
    assert said in str(error.value)


@pytest.mark.parametrize("baseline", [["a"], {"a": True}, {"a": {"text": "x"}}, {"a": {"passed": "yes"}}])
def test_plan_objects_to_what_is_no_baseline(baseline: Any) -> None:
    with pytest.raises(AnsibleFilterError, match="the baseline in verify_baselines must be"):
        verify_plan({}, baseline)


def test_services_are_told_apart() -> None:
    checks = plan(services=["a", "b"])
    answer = {"verify__kind": "service", "answer": {"rc": 3, "stdout": "active\nfailed\n"}}
    assert told(checks, answer) == {
        "service:a": {"passed": True, "text": "it is active"},
        "service:b": {"passed": False, "text": "it is failed"},
    }
    # Without an answer for each of them nobody knows whose it is.
    short = {"verify__kind": "service", "answer": {"rc": 1, "stdout": "active\n", "stderr": "no bus"}}
    assert told(checks, short)["service:a"] == {"passed": False, "text": "no bus: active"}
    assert told(checks)["service:a"] == {"passed": False, "text": "no answer"}


def test_units_that_failed() -> None:
    checks = plan(failed_units=True, failed_units_ignore=["c.service"])
    lines = (
        "\u25cf b.service loaded failed failed B\na.service loaded failed failed A\nc.service loaded failed failed C"
    )
    found = told(checks, {"verify__kind": "failed_units", "answer": {"rc": 0, "stdout": lines}})["failed_units"]
    assert found == {"passed": False, "text": "failed: a.service, b.service", "units": ["a.service", "b.service"]}
    none = told(checks, {"verify__kind": "failed_units", "answer": {"rc": 0, "stdout": ""}})["failed_units"]
    assert none == {"passed": True, "text": "none", "units": []}


def test_what_is_accepted() -> None:
    good, bad = {"passed": True}, {"passed": False}
    assert accepted(good, None) and accepted(good, bad) and accepted(bad, bad)
    assert not accepted(bad, None) and not accepted(bad, good)
    one, two = {"passed": False, "units": ["a"]}, {"passed": False, "units": ["a", "b"]}
    assert accepted(one, two) and not accepted(two, one)
    # That systemd can't be asked is something else than a failed unit.
    assert not accepted(bad, one) and not accepted(one, bad)


@pytest.mark.parametrize(
    ("wish", "result", "passed", "text"),
    [
        ({"ports": [1]}, {"state": "started"}, True, "open"),
        ({"ports": [1]}, {"msg": "Timeout"}, False, "Timeout"),
        ({"ports": [1]}, {"unreachable": True, "msg": "no route"}, False, "the guest does not answer: no route"),
        ({"urls": ["http://a/"]}, {"status": 200}, True, "status 200"),
        ({"urls": ["http://a/"]}, {"status": 503, "msg": "x"}, False, "status 503 instead of 200"),
        ({"urls": [{"url": "http://a/", "status": [200, 404]}]}, {"status": 404}, True, "status 404"),
        ({"urls": ["http://a/"]}, {"status": -1, "msg": "refused"}, False, "refused"),
        ({"urls": [{"url": "http://a/", "content": "ok"}]}, {"status": 200, "content": "is ok"}, True, "status 200"),
        (
            {"urls": [{"url": "http://a/", "content": "ok"}]},
            {"status": 200, "content": "no"},
            False,
            "status 200, but 'ok' is not in its content",
        ),
        ({"commands": ["x"]}, {"rc": 0}, True, "return code 0"),
        (
            {"commands": ["x"]},
            {"rc": 3, "stderr": "a\nother: healthy\x1b[1A\n"},
            False,
            "return code 3 instead of 0: other: healthy [1A",
        ),
        ({"commands": ["x"]}, {"msg": "no such file"}, False, "no such file"),
        (
            {"commands": [{"cmd": "x", "stdout_contains": "ok"}]},
            {"rc": 0, "stdout": "no"},
            False,
            "return code 0, but 'ok' is not in its output",
        ),
    ],
)
def test_judgement(wish: Any, result: Facts, passed: bool, text: str) -> None:
    checks = verify_plan(wish)
    [found] = told(checks, looped(checks[0], **result)).values()
    assert found == {"passed": passed, "text": text}


def test_what_is_tried_again() -> None:
    checks = plan(ports=[1, 2, 3])
    answers = [looped(checks[0], state="started"), looped(checks[1], msg="x"), looped(checks[2], msg="x")]
    baseline = {checks[1]["id"]: {"passed": False, "text": "x"}}
    found = check_results(checks, answers, {"reachable": {"passed": True, "text": "it answers"}}, baseline)
    assert found["pending"] == [checks[2]["id"]]
    assert found["told"]["reachable"] == {"passed": True, "text": "it answers"}


def test_verdict() -> None:
    checks = [{"id": "reachable", "what": "the guest answers"}, {"id": "a", "what": "A"}, {"id": "b", "what": "B"}]
    good, bad = {"passed": True, "text": "fine"}, {"passed": False, "text": "broken\nx: healthy"}
    both = {"a": bad, "b": good}
    verdict = verify_verdict(checks, both, {"a": bad, "b": bad}, ["c"])
    assert verdict["passed"] and verdict["already_broken"] == ["a"] and verdict["skipped"] == ["c"]
    assert [(one["id"], one["before"]) for one in verdict["checks"]] == [("a", False), ("b", False)]
    assert verdict["reason"] == "already broken before: A"
    verdict = verify_verdict(checks, both, {"a": good}, evidence="task 'x' failed")
    assert not verdict["passed"] and verdict["reason"] == "A: broken x: healthy"
    assert verdict["evidence"] == "check failed: A: broken x: healthy\ntask 'x' failed"
    # Whether a guest that does not answer is healthy nobody knows.
    assert not verify_verdict(checks, {"reachable": bad}, {"reachable": bad})["passed"]
    assert len(verify_verdict([{"id": "a", "what": "x" * 999}], {"a": bad})["reason"]) == 400


def test_look() -> None:
    lines = "boot\tabc\nlisted\npackage\tapp:amd64\t1\tinstall\tinstalled\npackage\ttool\t2\thold\tinstalled\n"
    lines += "package\tkernel\t5\npackage\tkernel\t4\nnoise\n"
    found = patch_look(lines, ["a*", "tool"], ["kernel", "other"])
    assert found["packages"] == {"app:amd64": ["1"], "tool": ["2"], "kernel": ["4", "5"]}
    assert (found["boot"], found["hold"], found["wanted"]) == ("abc", ["app:amd64"], ["kernel", "kernel"])
    assert patch_look("") == {"boot": None, "packages": None, "hold": [], "wanted": []}
    assert patch_look("boot\t\nlisted\n")["packages"] == {}


def look(boot: str | None = "a", **packages: list[str]) -> Facts:
    return {"boot": boot, "packages": packages}


def test_report() -> None:
    before = look(app=["1"], kernel=["4", "5"], old=["1"], same=["1"])
    report = patch_report(before, look("b", app=["2"], kernel=["5", "6"], new=["1"], same=["1"]))
    assert report["updated"] == [
        {"name": "app", "from": "1", "to": "2"},
        {"name": "kernel", "from": "4", "to": "6"},
        {"name": "new", "from": None, "to": "1"},
        {"name": "old", "from": "1", "to": None},
    ]
    assert report["rebooted"] and report["kernel"]
    assert report["text"].startswith(
        "4 packages changed: app 1 -> 2, kernel 4 -> 6, new (new) -> 1, old 1 -> (removed)"
    )
    report = patch_report(before, before)
    assert (report["updated"], report["rebooted"], report["text"]) == ([], False, "no package changed")
    report = patch_report(before, {"boot": None, "packages": None})
    assert (report["updated"], report["rebooted"], report["kernel"]) == (None, False, False)


@pytest.mark.parametrize(
    ("name", "kernel"),
    [("linux-image-6.1.0-9-amd64", True), ("kernel-core", True), ("kernel-headers", False), ("linux-libc-dev", False)],
)
def test_kernel(name: str, kernel: bool) -> None:
    assert patch_report(look(), {"boot": "a", "packages": {name: ["1"]}})["kernel"] is kernel


def test_evidence() -> None:
    result = {
        "msg": "bad",
        "stdout": "a\x1b[2J\n\nb",
        "results": [{"failed": True, "stderr": "in\nloop"}, {"msg": "ok"}],
    }
    assert failure_evidence(result, {"name": "Up\ndate"}).splitlines() == [
        "task 'Up date' failed",
        "msg: bad",
        "stdout:",
        "  a [2J",
        "  b",
        "stderr:",
        "  in",
        "  loop",
    ]
    many = failure_evidence({"stdout": "\n".join(map(str, range(100)))}).splitlines()
    assert (len(many), many[-1]) == (42, "  99")
    for hidden in ({"_ansible_no_log": True}, {"censored": "x"}):
        assert failure_evidence({"msg": "hunter2", **hidden}) == "a task failed, and has no_log"
        assert "hunter2" not in failure_evidence({"results": [{"failed": True, "msg": "hunter2", **hidden}]})
    assert failure_evidence({"msg": "hunter2"}, {"name": "x", "no_log": True}) == "task 'x' failed, and has no_log"


def test_literal_text() -> None:
    given = {"{{ a": ["{% b %}", {"c": "{#{{{"}, 7, None, True], "d": "{}"}
    found = literal_text(given)
    assert found == {"{ { a": ["{ % b %}", {"c": "{ #{ { {"}, 7, None, True], "d": "{}"}
    assert not [word for word in ("{{", "{%", "{#") if word in str(found)]
