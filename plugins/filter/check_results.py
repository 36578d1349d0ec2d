# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the checks of role verify gave."""

from __future__ import annotations

DOCUMENTATION = r"""
name: check_results
short_description: Judge what the checks of role verify gave
version_added: 0.1.0
author:
  - Savepoint for vSphere contributors (@savepoint)
description:
  - It is there for the role C(savepoint.vsphere.verify).
positional: _input, answers, told, baseline
options:
  _input:
    description: The checks that were just run, as P(savepoint.vsphere.verify_plan#filter) gives them.
    type: list
    elements: dict
    required: true
  answers:
    description: The registered results of the tasks that ran them.
    type: list
    elements: dict
    required: true
  told:
    description: What is known from earlier attempts.
    type: dict
    default: {}
  baseline:
    description: What the same checks gave before the patch. What was broken then is not waited for.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: See that nothing was asked
  ansible.builtin.debug:
    msg: "{{ [] | savepoint.vsphere.check_results([]) }}"
"""

RETURN = r"""
_value:
  description:
    - C(told), by the ID of a check whether it C(passed) and a C(text), and C(pending), the IDs of those to try again.
  type: dict
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.savepoint.vsphere.plugins.plugin_utils.told import harmless, one_line

Facts = Mapping[str, Any]
LONGEST = 300


def check_results(
    checks: Sequence[Facts], answers: Sequence[Facts], told: Facts | None = None, baseline: Facts | None = None
) -> Any:
    """What is known now, and what to try again."""
    by_id = {}
    of_all: dict[str, Facts] = {}
    for answer in answers:
        for item in answer.get("results") or []:
            by_id[item["verify__check"]["id"]] = item
        if answer.get("verify__kind"):
            of_all[answer["verify__kind"]] = answer.get("answer") or {}
    units = [check["unit"] for check in checks if check["kind"] == "service"]
    found = {key: _copy(one) for key, one in (told or {}).items()}
    for check in checks:
        if check["kind"] == "service":
            found[check["id"]] = _service(check, of_all.get("service", {}), units)
        elif check["kind"] == "failed_units":
            found[check["id"]] = _failed_units(check, of_all.get("failed_units", {}))
        else:
            found[check["id"]] = JUDGES[check["kind"]](check, by_id.get(check["id"], {}))
    ids = [str(check["id"]) for check in checks]
    pending = [one for one in ids if not accepted(found[one], (baseline or {}).get(one))]
    return harmless({"told": found, "pending": pending})


def accepted(now: Facts, before: Facts | None) -> bool:
    """Whether a check passed, or fails in no other way than before the patch."""
    if now["passed"]:
        return True
    if before is None or before["passed"] or ("units" in now) != ("units" in before):
        return False
    return set(now.get("units") or []) <= set(before.get("units") or [])


def _copy(told: Facts) -> dict[str, Any]:
    """The same as a dictionary of Python's own, which Ansible's can't be mixed with."""
    units = {"units": [str(unit) for unit in told["units"]]} if "units" in told else {}
    return {"passed": bool(told["passed"]), "text": str(told["text"]), **units}


def _told(passed: bool, text: str) -> dict[str, Any]:
    line = one_line(text)
    return {"passed": passed, "text": line if len(line) <= LONGEST else line[: LONGEST - 3] + "..."}


def _service(check: Facts, answer: Facts, units: Sequence[str]) -> dict[str, Any]:
    states = _lines(answer.get("stdout"))
    # One line for each unit, in their order.
    if answer.get("unreachable") or len(states) != len(units):
        return _told(False, _trouble(answer))
    state = states[units.index(check["unit"])]
    return _told(state == "active", f"it is {state}")


def _failed_units(check: Facts, answer: Facts) -> dict[str, Any]:
    if answer.get("unreachable") or answer.get("rc") != 0:
        return _told(False, _trouble(answer))
    # Some versions of systemctl mark the units even where nobody asked for it.
    names = [line.lstrip("\u25cf* ").split()[:1] for line in _lines(answer.get("stdout"))]
    units = sorted({one_line(name[0]) for name in names if name} - set(check["ignore"]))
    return {**_told(not units, f"failed: {', '.join(units)}" if units else "none"), "units": units}


def _port(check: Facts, answer: Facts) -> dict[str, Any]:
    open_now = "state" in answer and not answer.get("unreachable")
    return _told(open_now, "open" if open_now else _trouble(answer))


def _url(check: Facts, answer: Facts) -> dict[str, Any]:
    status = answer.get("status", -1)
    if answer.get("unreachable") or status == -1:
        return _told(False, _trouble(answer))
    if status not in check["status"]:
        return _told(False, f"status {status} instead of {_or(check['status'])}")
    if check["content"] and check["content"] not in str(answer.get("content") or ""):
        return _told(False, f"status {status}, but {check['content']!r} is not in its content")
    return _told(True, f"status {status}")


def _command(check: Facts, answer: Facts) -> dict[str, Any]:
    if answer.get("unreachable") or "rc" not in answer:
        return _told(False, _trouble(answer))
    if answer["rc"] not in check["rc"]:
        said = (_lines(answer.get("stderr")) or _lines(answer.get("stdout")) or [""])[-1]
        return _told(False, f"return code {answer['rc']} instead of {_or(check['rc'])}{': ' if said else ''}{said}")
    if check["stdout_contains"] and check["stdout_contains"] not in str(answer.get("stdout") or ""):
        return _told(False, f"return code {answer['rc']}, but {check['stdout_contains']!r} is not in its output")
    return _told(True, f"return code {answer['rc']}")


JUDGES: dict[str, Callable[[Facts, Facts], dict[str, Any]]] = {"port": _port, "url": _url, "command": _command}


def _trouble(answer: Facts) -> str:
    if answer.get("unreachable"):
        return f"the guest does not answer: {answer.get('msg') or ''}"
    # That a command ended badly is known already; its last words say why.
    words = [*_lines(answer.get("stderr"))[-1:], *_lines(answer.get("stdout"))[-1:]] if answer.get("rc") else []
    return (": ".join(words) or str(answer.get("msg") or "")) or "no answer"


def _lines(text: Any) -> list[str]:
    return [line.strip() for line in str(text or "").splitlines() if line.strip()]


def _or(numbers: Iterable[int]) -> str:
    return " or ".join(map(str, numbers))


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Its name."""
        return {"check_results": check_results}
