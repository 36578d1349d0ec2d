"""The CI does what a developer's machine does: .ci/run, which is "make test", and nothing that could stand for it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from layout import ROOT, load

WORKFLOW = ".github/workflows/ci.yml"
# What only fetches the sources and the programs to run with.
SETUP = re.compile(r"actions/(checkout|setup-python|setup-java|cache)@v\d+")


def weakened(workflow: dict[str, Any]) -> list[str]:
    """Why a run of this workflow could be green without .ci/run having ended well, on every pull request."""
    found = []
    if not {"pull_request", "push"} <= set(workflow["on"]) or workflow["on"]["pull_request"]:
        found.append("not every pull request is tested")
    if workflow["on"].get("push") != {"branches": ["main"]}:
        found.append("what is on main is not tested")
    if list(workflow["jobs"]) != ["test"]:
        found.append("there are other jobs")
    for job in workflow["jobs"].values():
        if set(job) - {"runs-on", "timeout-minutes", "steps"}:
            found.append("the job has conditions or settings of its own")
        runs = [step for step in job["steps"] if "run" in step]
        if runs != [{"run": ".ci/run"}]:
            found.append("something else than .ci/run is run, or it is run in another way")
        others = [step for step in job["steps"] if "run" not in step]
        if not all(SETUP.fullmatch(step["uses"]) and set(step) <= {"uses", "with"} for step in others):
            found.append("an action does more than to fetch")
    if {"env", "defaults"} & set(workflow):
        found.append("its commands run in another way")
    return found


def test_the_workflow_runs_it_and_nothing_else() -> None:
    assert weakened(load(WORKFLOW)) == []
    assert [path.name for path in (ROOT / ".github" / "workflows").iterdir()] == ["ci.yml"]


STEP = {"run": ".ci/run"}


@pytest.mark.parametrize(
    "steps",
    [
        [],
        [{"run": "make lint"}],
        [STEP, {"run": "true"}],
        [{**STEP, "continue-on-error": True}],
        [{**STEP, "if": "false"}],
        [{"run": ".ci/run || true"}],
        [STEP, {"uses": "someone/tests@v1"}],
        [{**STEP, "env": {"PATH": "/elsewhere"}}],
    ],
)
def test_what_could_stand_for_it_is_found(steps: list[dict[str, Any]]) -> None:
    workflow = load(WORKFLOW)
    workflow["jobs"]["test"]["steps"] = steps
    assert weakened(workflow)


def test_a_job_that_may_fail_is_found() -> None:
    workflow = load(WORKFLOW)
    workflow["jobs"]["test"]["continue-on-error"] = True
    assert weakened(workflow)
    workflow = load(WORKFLOW)
    workflow["on"]["pull_request"] = {"paths": ["plugins/**"]}
    assert weakened(workflow)


def test_it_is_every_session_that_checks() -> None:
    script = [line for line in (ROOT / ".ci" / "run").read_text().splitlines() if not line.startswith("#")]
    assert script == ["set -euo pipefail", 'cd "$(dirname "${BASH_SOURCE[0]}")/.."', "exec make test </dev/null"]
    assert "\ntest:  ## Everything that CI runs\n\t@$(RUN) nox\n\n" in (ROOT / "Makefile").read_text()
    source = (ROOT / "noxfile.py").read_text()
    chosen = re.search(r"^nox\.options\.sessions = \[(.*?)\]", source, re.MULTILINE | re.DOTALL)
    assert chosen is not None
    names = set(re.findall(r'"(\w+)"', chosen[1]))
    every = set(re.findall(r"^@session\ndef (\w+)", source, re.MULTILINE))
    assert every - names == {"matrix"}  # which takes two hours
