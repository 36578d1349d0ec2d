# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The checks that role verify is asked for."""

from __future__ import annotations

DOCUMENTATION = r"""
name: verify_plan
short_description: Read the checks that role verify is asked for
version_added: 0.1.0
author:
  - Savepoint for vSphere contributors (@savepoint)
description:
  - Gives each check an ID and its defaults, and objects to what is wrong.
  - It is there for the role C(savepoint.vsphere.verify), whose C(verify_checks) says what there is.
positional: _input, baseline
options:
  _input:
    description: The checks.
    type: dict
    required: true
  baseline:
    description: What the same checks gave before, to see whether it is one.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: See whether the checks are well-formed
  ansible.builtin.debug:
    msg: "{{ {'services': ['nginx'], 'ports': [443]} | savepoint.vsphere.verify_plan }}"
"""

RETURN = r"""
_value:
  description: One dictionary for each check, with its C(id), its C(kind), C(what) it checks, and what that needs.
  type: list
  elements: dict
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.savepoint.vsphere.plugins.plugin_utils.told import harmless, one_line

Check = dict[str, Any]
KEYS = ("services", "failed_units", "failed_units_ignore", "ports", "urls", "commands")
PLACES = ("guest", "controller")
TRUE = ("true", "yes", "on", "1")
FALSE = ("false", "no", "off", "0")


def verify_plan(checks: Any, baseline: Any = None) -> Any:
    """The checks, or an error that says what is wrong with them."""
    if not isinstance(checks, Mapping):
        raise AnsibleFilterError(f"verify_checks must be a dictionary with some of {_list(KEYS)}, not {checks!r}")
    _known("verify_checks", checks, KEYS)
    _baseline(baseline or {})
    plan = [_service(one) for one in _entries(checks, "services")]
    ignore = [_text("failed_units_ignore", one) for one in _entries(checks, "failed_units_ignore")]
    if _bool("failed_units", checks.get("failed_units", False)):
        plan.append({"id": "failed_units", "kind": "failed_units", "what": "no systemd unit failed", "ignore": ignore})
    plan += [_port(one) for one in _entries(checks, "ports")]
    plan += [_url(one) for one in _entries(checks, "urls")]
    plan += [_command(one) for one in _entries(checks, "commands")]
    ids = [check["id"] for check in plan]
    twice = sorted({one for one in ids if ids.count(one) > 1})
    if twice:
        raise AnsibleFilterError(f"verify_checks names the same check twice: {', '.join(twice)}")
    return harmless(plan)


def _service(entry: Any) -> Check:
    unit = _text("services", entry)
    if unit.startswith("-") or len(unit.split()) != 1:
        raise AnsibleFilterError(f"verify_checks.services: {unit!r} is not the name of a systemd unit")
    return {"id": f"service:{unit}", "kind": "service", "what": f"service {unit} is active", "unit": unit}


def _port(entry: Any) -> Check:
    given = dict(entry) if isinstance(entry, Mapping) else {"port": entry}
    _known("verify_checks.ports", given, ("host", "port", "timeout", "from"))
    place = _place("ports", given)
    port = _number("ports", "port", given.get("port"), 1, 65535)
    host = _text("ports.host", given.get("host") or "127.0.0.1") if place == "guest" or given.get("host") else ""
    at = f"{host or 'the host'}:{port}"
    return {
        "id": f"port:{'controller:' if place == 'controller' else ''}{host}:{port}",
        "kind": "port",
        "what": f"port {at} is open, seen from the {place}",
        "from": place,
        "host": host,
        "port": port,
        "timeout": _number("ports", "timeout", given.get("timeout", 5), 1, 3600),
    }


def _url(entry: Any) -> Check:
    given = dict(entry) if isinstance(entry, Mapping) else {"url": entry}
    _known("verify_checks.urls", given, ("url", "status", "timeout", "validate_certs", "content", "from"))
    place = _place("urls", given)
    url = _text("urls", given.get("url"))
    if not url.startswith(("http://", "https://")) or len(url.split()) != 1:
        raise AnsibleFilterError(f"verify_checks.urls: {url!r} does not begin with http:// or https://, or has blanks")
    return {
        "id": f"url:{'controller:' if place == 'controller' else ''}{url}",
        "kind": "url",
        "what": f"{url} answers, asked from the {place}",
        "from": place,
        "url": url,
        "status": _numbers("urls", "status", given.get("status", 200), 100, 599),
        "timeout": _number("urls", "timeout", given.get("timeout", 10), 1, 3600),
        "validate_certs": _bool("urls.validate_certs", given.get("validate_certs", True)),
        "content": str(given.get("content") or ""),
    }


def _command(entry: Any) -> Check:
    given = dict(entry) if isinstance(entry, Mapping) else {"cmd": entry}
    _known("verify_checks.commands", given, ("cmd", "rc", "stdout_contains"))
    command = _text("commands", given.get("cmd"))
    return {
        "id": f"command:{one_line(command)}",
        "kind": "command",
        "what": f"command '{one_line(command)}'",
        "cmd": command,
        "rc": _numbers("commands", "rc", given.get("rc", 0), 0, 255),
        "stdout_contains": str(given.get("stdout_contains") or ""),
    }


def _baseline(given: Any) -> None:
    good = isinstance(given, Mapping) and all(
        isinstance(told, Mapping) and isinstance(told.get("passed"), bool) for told in given.values()
    )
    if not good:
        raise AnsibleFilterError(
            "the baseline in verify_baselines must be what role verify gave for this host with verify_when=before: "
            "by the ID of a check a dictionary with passed (true or false) and text"
        )


def _entries(checks: Mapping[str, Any], key: str) -> list[Any]:
    found = checks.get(key)
    if found is None:
        return []
    if not isinstance(found, list | tuple):
        raise AnsibleFilterError(f"verify_checks.{key} must be a list, not {found!r}")
    return list(found)


def _known(where: str, given: Mapping[str, Any], keys: tuple[str, ...]) -> None:
    unknown = sorted(str(key) for key in given if key not in keys)
    if unknown:
        raise AnsibleFilterError(f"{where} does not know {', '.join(unknown)}; there are {_list(keys)}")


def _place(key: str, given: Mapping[str, Any]) -> str:
    place = given.get("from", "guest")
    if place not in PLACES:
        raise AnsibleFilterError(f"verify_checks.{key}: from must be guest or controller, not {place!r}")
    return str(place)


def _text(key: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise AnsibleFilterError(f"verify_checks.{key}: {value!r} is not a text")
    return str(value)


def _bool(key: str, value: Any) -> bool:
    word = str(value).lower()
    if word not in TRUE + FALSE:
        raise AnsibleFilterError(f"verify_checks.{key} must be true or false, not {value!r}")
    return word in TRUE


def _number(key: str, name: str, value: Any, least: int, most: int) -> int:
    number = int(value) if str(value).isascii() and str(value).isdigit() else -1
    if not least <= number <= most:
        raise AnsibleFilterError(
            f"verify_checks.{key}: {name} must be a whole number from {least} to {most}, not {value!r}"
        )
    return number


def _numbers(key: str, name: str, value: Any, least: int, most: int) -> list[int]:
    given = list(value) if isinstance(value, list | tuple) else [value]
    if not given:
        raise AnsibleFilterError(f"verify_checks.{key}: {name} must not be empty")
    return [_number(key, name, one, least, most) for one in given]


def _list(words: tuple[str, ...]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}"


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Its name."""
        return {"verify_plan": verify_plan}
