"""Makes the file for "awx import" of the one source of data. "python tests/tools/awx_assets.py" writes it anew.

Its shape is awxkit's: each asset has a natural key, and refers to others by theirs.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jinja2.sandbox
import yaml

AWX = Path(__file__).resolve().parents[2] / "extensions" / "awx"
EDGES = ("success_nodes", "failure_nodes", "always_nodes")
VMWARE = {"type": "credential_type", "name": "VMware vCenter", "kind": "cloud"}


class Loader(yaml.SafeLoader):
    """Reads Ansible's tag of what is not to be templated as plain text."""


def plain_text(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Any:
    return loader.construct_scalar(node)


Loader.add_constructor("!unsafe", plain_text)


def source() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load((AWX / "savepoint.yml").read_text(), Loader)
    return loaded


def named(kind: str, name: str, organization: str) -> dict[str, Any]:
    return {"type": kind, "name": name, "organization": {"type": "organization", "name": organization}}


def assets(given: dict[str, Any]) -> dict[str, Any]:
    return {
        "credential_types": [
            {**one, "natural_key": {"type": "credential_type", "name": one["name"], "kind": one["kind"]}}
            for one in given["controller_credential_types"]
        ],
        "job_templates": [template(one, given) for one in given["controller_templates"]],
        "workflow_job_templates": [workflow(one) for one in given["controller_workflows"]],
    }


def labels(one: dict[str, Any]) -> list[dict[str, Any]]:
    """As awxkit attaches them. It creates none here, and what it finds by its natural key it does not attach."""
    return [named("label", name, one["organization"]) for name in one["labels"]]


def new_labels(one: dict[str, Any]) -> list[dict[str, Any]]:
    """As awxkit creates them: once, where the first object is that it imports, which is a workflow."""
    home = one["organization"]
    key = {"type": "organization", "name": home}
    return [{"name": name, "organization": key, "natural_key": named("label", name, home)} for name in one["labels"]]


def template(one: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    home = one["organization"]
    apart = ("organization", "labels", "credentials", "survey_spec")
    fields = {key: value for key, value in one.items() if key not in apart}
    fields |= {key: named(key, one[key], home) for key in ("project", "inventory")}
    fields |= {"job_type": "run", "extra_vars": json.dumps(one.get("extra_vars", {}))}
    key = named("job_template", one["name"], home)
    schedules = [
        {
            **{name: value for name, value in plan.items() if name != "organization"},
            "unified_job_template": key,
            "natural_key": {"type": "schedule", "name": plan["name"], "unified_job_template": key},
        }
        for plan in given["controller_schedules"]
        if plan["unified_job_template"] == one["name"]
    ]
    credentials = [
        {**named("credential", name, home), "credential_type": VMWARE} for name in one.get("credentials", [])
    ]
    related = {"labels": labels(one), "survey_spec": one["survey_spec"], "credentials": credentials}
    return {**fields, "related": {**related, "schedules": schedules}, "natural_key": key}


def workflow(one: dict[str, Any]) -> dict[str, Any]:
    home = one["organization"]
    key = named("workflow_job_template", one["name"], home)
    apart = ("organization", "labels", "survey_spec", "workflow_nodes")
    fields = {name: value for name, value in one.items() if name not in apart}
    fields |= {"organization": key["organization"], "inventory": named("inventory", one["inventory"], home)}
    nodes = [node(found, key) for found in one["workflow_nodes"]]
    related = {"labels": new_labels(one), "survey_spec": one["survey_spec"], "workflow_nodes": nodes}
    return {**fields, "extra_vars": "{}", "related": related, "natural_key": key}


def node(one: dict[str, Any], parent: dict[str, Any]) -> dict[str, Any]:
    def key(identifier: str) -> dict[str, Any]:
        return {"type": "workflow_job_template_node", "identifier": identifier, "workflow_job_template": parent}

    related: dict[str, Any] = {
        edge: [key(child["identifier"]) for child in one.get("related", {}).get(edge, [])] for edge in EDGES
    }
    runs = one["unified_job_template"]
    made: dict[str, Any] = {"identifier": one["identifier"], "extra_data": one.get("extra_data", {})}
    made |= {"workflow_job_template": parent, "all_parents_must_converge": False}
    if runs["type"] == "workflow_approval":
        related["create_approval_template"] = {word: runs[word] for word in ("name", "description", "timeout")}
    else:
        made["unified_job_template"] = named(runs["type"], runs["name"], runs["organization"]["name"])
    return {**made, "related": related, "natural_key": key(one["identifier"])}


def filled_in(node: Any, namespace: dict[str, Any]) -> Any:
    """An injector as AWX fills it in: keys and values; a field of the credential that is empty is not defined."""
    if isinstance(node, dict):
        return {filled_in(key, namespace): filled_in(value, namespace) for key, value in node.items()}
    sandbox = jinja2.sandbox.ImmutableSandboxedEnvironment(autoescape=False)
    return sandbox.from_string(node).render(**namespace)


def text() -> str:
    return json.dumps(assets(source()), indent=2) + "\n"


if __name__ == "__main__":
    (AWX / "import.json").write_text(text())
