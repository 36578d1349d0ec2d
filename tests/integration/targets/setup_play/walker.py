"""Walks a workflow the way AWX does, with a real ansible-runner job for each node.

The jobs share nothing but artifacts: each has a private data directory of its own, deleted as soon as it has ended.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# What AWX gives to each job besides, each under both of its names.
FACTS = {"job_id": 812, "job_launch_type": "manual", "user_name": "operator", "inventory_name": "Virtual machines"}


@dataclass
class Job:
    """A job that has ended."""

    ok: bool
    output: str
    artifacts: dict[str, Any]


@dataclass
class Night:
    """A workflow that has ended."""

    status: str = ""
    jobs: dict[str, Job] = field(default_factory=dict)
    walked: list[str] = field(default_factory=list)

    def output(self) -> str:
        return "\n".join(f"== {name}\n{job.output}" for name, job in self.jobs.items())


@dataclass
class Controller:
    """What AWX knows: the templates, the inventory, and the environment that the credentials make."""

    source: dict[str, Any]
    project: Path
    inventory: dict[str, Any]
    environment: dict[str, str]

    def template(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = next(one for one in self.source["controller_templates"] if one["name"] == name)
        return found

    def run(self, playbook: str, variables: dict[str, Any], hosts: list[str] | None = None) -> Job:
        """One job, on all hosts or on those of a slice."""
        inventory = json.loads(json.dumps(self.inventory))
        if hosts is not None:
            inventory["all"]["hosts"] = {host: inventory["all"]["hosts"][host] for host in hosts}
        with tempfile.TemporaryDirectory() as folder:
            for name, content in {
                "inventory/hosts.json": inventory,
                "env/envvars": self.environment,
                "env/extravars": {
                    **variables,
                    **{f"{own}_{key}": told for own in ("awx", "tower") for key, told in FACTS.items()},
                },
            }.items():
                path = Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(json.dumps(content))
            shutil.copytree(self.project, Path(folder, "project"))
            runner = shutil.which("ansible-runner") or str(Path(sys.executable).with_name("ansible-runner"))
            environment = {key: value for key, value in os.environ.items() if not key.startswith("ANSIBLE_")}
            command = [runner, "run", folder, "-p", playbook, "-i", "job"]
            done = subprocess.run(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                check=False,
                timeout=300,
                text=True,
            )
            artifacts: dict[str, Any] = {}
            for path in Path(folder).glob("artifacts/job/job_events/*.json"):
                event = json.loads(path.read_text())
                if event["event"] == "playbook_on_stats":
                    artifacts = event["event_data"].get("artifact_data", {})
            return Job(done.returncode == 0, done.stdout, artifacts)

    def launched(self, template: dict[str, Any], answers: dict[str, Any]) -> dict[str, Any]:
        """The variables of a job: the template's, the survey's defaults, what it is launched with; the last wins."""
        questions = template["survey_spec"]["spec"]
        defaults = {one["variable"]: one["default"] for one in questions if "default" in one}
        return {**template.get("extra_vars", {}), **defaults, **answers}

    def walk(
        self, answers: dict[str, Any], answer: str, slices: dict[str, list[list[str]]], lose: tuple[str, ...] = ()
    ) -> Night:
        """The workflow; "answer" is what the approval gets, "lose" has the jobs whose artifacts never arrive."""
        [workflow] = self.source["controller_workflows"]
        nodes = {node["identifier"]: node for node in workflow["workflow_nodes"]}
        parents: dict[str, list[str]] = {name: [] for name in nodes}
        for name, node in nodes.items():
            for children in node.get("related", {}).values():
                for child in children:
                    parents[child["identifier"]].append(name)
        given = self.launched(workflow, answers)
        artifacts: dict[str, dict[str, Any]] = {}
        night = Night(status="successful")
        ahead = [name for name, found in parents.items() if not found]
        while ahead:
            name = ahead.pop(0)
            node = nodes[name]
            night.walked.append(name)
            inherited: dict[str, Any] = {}
            for parent in parents[name]:
                inherited.update(artifacts.get(parent, {}))
            runs = node["unified_job_template"]
            made: dict[str, Any] = {}
            if runs["type"] == "workflow_approval":
                ok = answer == "approved"
            else:
                template = self.template(runs["name"])
                launched = {**node.get("extra_data", {}), **inherited, **given}
                ok = True
                for number, hosts in enumerate(slices.get(name, [None])):
                    job = self.run(template["playbook"], self.launched(template, launched), hosts)
                    night.jobs[f"{name}-{number}" if hosts else name] = job
                    ok = ok and job.ok
                    made.update({} if name in lose else job.artifacts)
            artifacts[name] = {**inherited, **made}
            related = node.get("related", {})
            taken = [*related.get("success_nodes" if ok else "failure_nodes", []), *related.get("always_nodes", [])]
            if not ok and not taken:
                night.status = "failed"
            ahead += [child["identifier"] for child in taken]
        return night
