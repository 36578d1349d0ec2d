# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a host is healthy."""

from __future__ import annotations

DOCUMENTATION = r"""
name: verify_verdict
short_description: Say whether a host is healthy
version_added: 0.1.0
author:
  - Savepoint for vSphere contributors (@savepoint)
description:
  - Compares what the checks gave with what they gave before the patch. What was broken already does not count.
  - It is there for the role C(savepoint.vsphere.verify).
positional: _input, told, baseline, skipped, evidence
options:
  _input:
    description: The checks, as P(savepoint.vsphere.verify_plan#filter) gives them, with those that are always there.
    type: list
    elements: dict
    required: true
  told:
    description: What they gave, by their ID.
    type: dict
    required: true
  baseline:
    description: What they gave before.
    type: dict
    default: {}
  skipped:
    description: IDs of the checks that check mode leaves out.
    type: list
    elements: str
    default: []
  evidence:
    description: What to keep besides of the caller's own tasks if they failed.
    type: str
    default: ''
"""

EXAMPLES = r"""
- name: See that a host without checks is healthy
  ansible.builtin.debug:
    msg: "{{ [] | savepoint.vsphere.verify_verdict({}) }}"
"""

RETURN = r"""
_value:
  description:
    - Whether it C(passed), the C(stage), the C(reason) on one line and the C(evidence) on several, the C(checks), each
      with C(id), C(what), C(passed), C(before) and C(text), and the IDs of those that were C(already_broken) and of
      those that were C(skipped).
  type: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.savepoint.vsphere.plugins.filter.check_results import accepted
from ansible_collections.savepoint.vsphere.plugins.plugin_utils.told import harmless, one_line

Facts = Mapping[str, Any]
LONGEST = 400
# A guest that does not answer can't be looked at, whatever it was like before.
NEVER_EXCUSED = ("reachable",)


def verify_verdict(
    checks: Sequence[Facts],
    told: Facts,
    baseline: Facts | None = None,
    skipped: Sequence[str] = (),
    evidence: str = "",
) -> Any:
    """The verdict."""
    before = baseline or {}
    results: list[dict[str, Any]] = []
    bad: list[dict[str, Any]] = []
    old: list[dict[str, Any]] = []
    for check in checks:
        now = told.get(check["id"])
        if now is None:
            continue
        then = before.get(check["id"])
        results.append(
            {
                "id": check["id"],
                "what": check["what"],
                "passed": bool(now["passed"]),
                "before": bool(then["passed"]) if then is not None else None,
                "text": one_line(str(now["text"])),
            }
        )
        if not now["passed"]:
            excused = check["id"] not in NEVER_EXCUSED and accepted(now, then)
            (old if excused else bad).append(results[-1])
    lines = [f"{one['what']}: {one['text']}" for one in bad]
    kept = [f"check failed: {line}" for line in lines]
    kept += [f"already broken before: {one['what']}: {one['text']}" for one in old]
    verdict = {
        "passed": not bad,
        "stage": "verify",
        "reason": _cut("; ".join(lines) or _excuse(old)),
        "evidence": "\n".join([*kept, *([evidence] if evidence else [])]),
        "checks": results,
        "already_broken": [one["id"] for one in old],
        "skipped": list(skipped),
    }
    return harmless(verdict)


def _excuse(old: Sequence[Facts]) -> str:
    return f"already broken before: {', '.join(one['what'] for one in old)}" if old else ""


def _cut(text: str) -> str:
    line = one_line(text)
    return line if len(line) <= LONGEST else line[: LONGEST - 3] + "..."


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Its name."""
        return {"verify_verdict": verify_verdict}
