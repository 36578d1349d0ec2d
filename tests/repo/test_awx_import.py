"""The file to import is imported: by the real "awx import", into a stand-in for AWX's REST API (awx_api.py)."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from typing import Any

import awx_rules
import pytest
from awx_api import TOKEN, Controller, serving
from awx_kinds import EDGES, KINDS, NODES
from layout import ROOT

sys.path.insert(0, str(ROOT / "tests" / "tools"))
import extra

FILE: dict[str, Any] = json.loads((ROOT / "extensions" / "awx" / "import.json").read_text())
APPROVALS = "workflow_approval_templates"


def imported(controller: Controller, assets: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    tools = extra.environment()
    assert tools is not None, "awxkit needs Python 3.12 or 3.13"
    with serving(controller) as address:
        command = [str(tools / "awx"), "import", "--conf.host", address, "--conf.token", TOKEN]
        return subprocess.run(command, input=json.dumps(assets), capture_output=True, text=True, check=False)


def prepared() -> Controller:
    """What extensions/awx/README.md asks for beforehand, and nothing else."""
    controller = Controller()
    home = controller.add("organizations", {"name": "Default"})
    controller.add("projects", {"name": "Savepoint", "organization": home})
    controller.add("inventories", {"name": "Virtual machines", "organization": home})
    builtin = controller.add("credential_types", {"name": "VMware vCenter", "kind": "cloud"})
    controller.add("credentials", {"name": "vCenter", "organization": home, "credential_type": builtin})
    return controller


@pytest.fixture(scope="module")
def once() -> Controller:
    controller = prepared()
    done = imported(controller, FILE)
    assert done.returncode == 0, done.stderr
    return controller


def key(controller: Controller, number: int) -> dict[str, Any]:
    """An object's natural key, in the form that the file has."""
    kind = controller.kind_of(number)
    assert kind is not None
    fields = controller.shown(kind, number)
    names: tuple[str, ...]
    if kind == NODES:
        names = ("workflow_job_template", "identifier")
    elif kind == "credential_types":
        names = ("name", "kind")
    else:
        names = ("name", *(name for name in ("organization", "credential_type") if name in fields))
    found: dict[str, Any] = {"type": fields["type"]}
    for name in names:
        found[name] = key(controller, fields[name]) if name in fields["related"] else fields[name]
    return found


def differences(controller: Controller, kind: str, number: int, asset: dict[str, Any]) -> list[str]:
    """What of an asset has not arrived in the object."""
    kept, wrong = controller.objects[kind][number], []
    for name, value in asset.items():
        if name in ("related", "natural_key"):
            continue
        there: Any = kept.get(name, "nothing")
        if KINDS[kind].fields.get(name) == "id" and isinstance(there, int):
            there = key(controller, there)
        if there != value:
            wrong.append(f"{asset.get('name') or asset.get('identifier')}: {name} is {there}, not {value}")
    for name, value in asset.get("related", {}).items():
        wrong += [f"{asset.get('name')}: {one}" for one in related(controller, number, name, value)]
    return wrong


def related(controller: Controller, number: int, name: str, told: Any) -> list[str]:
    if name == "survey_spec":
        return [] if controller.surveys.get(number) == told else [f"the survey is {controller.surveys.get(number)}"]
    if name == "create_approval_template":
        made = controller.objects[NODES][number].get("unified_job_template")
        return differences(controller, APPROVALS, made, told) if made else ["there is no approval"]
    there = controller.lists.get((number, name), [])
    if len(there) != len(told):
        return [f"{name} has {len(there)} objects, not {len(told)}"]
    wrong = []
    for one, asset in zip(there, told, strict=True):
        kind = controller.kind_of(one)
        assert kind is not None
        if "natural_key" in asset:
            wrong += differences(controller, kind, one, asset)
        elif key(controller, one) != asset:
            wrong.append(f"{name} has {key(controller, one)}, not {asset}")
    return wrong


def all_differences(controller: Controller, assets: dict[str, Any]) -> list[str]:
    wrong = []
    for kind, found in assets.items():
        for asset in found:
            numbers = [one for one, has in controller.objects[kind].items() if has["name"] == asset["name"]]
            wrong += [] if len(numbers) == 1 else [f"{asset['name']} is there {len(numbers)} times"]
            wrong += [text for one in numbers for text in differences(controller, kind, one, asset)]
    return wrong


def test_all_of_it_arrives(once: Controller) -> None:
    assert all_differences(once, FILE) == []
    counts = {kind: len(found) for kind, found in once.objects.items() if found}
    nodes = FILE["workflow_job_templates"][0]["related"]["workflow_nodes"]
    own = {"organizations": 1, "projects": 1, "inventories": 1, "credentials": 1, "labels": 1, "schedules": 1}
    own |= {"credential_types": 2, "job_templates": len(FILE["job_templates"]), "workflow_job_templates": 1}
    assert counts == {**own, NODES: len(nodes), APPROVALS: 1}


def test_the_workflow_is_one_that_awx_takes(once: Controller) -> None:
    nodes = []
    for number, fields in once.objects[NODES].items():
        kind = once.kind_of(fields["unified_job_template"])
        assert kind is not None
        runs = once.shown(kind, fields["unified_job_template"])
        runs = {**runs, "type": "workflow_approval"} if kind == APPROVALS else runs
        edges = {edge: [once.objects[NODES][one] for one in once.lists.get((number, edge), [])] for edge in EDGES}
        nodes.append({**fields, "unified_job_template": runs, "related": edges})
    prompts = {one["name"]: one["ask_variables_on_launch"] for one in once.objects["job_templates"].values()}
    assert awx_rules.workflow(nodes, prompts) == []
    assert sum(len(found) for node in nodes for found in node["related"].values()) == len(nodes) - 1


def test_again_changes_nothing(once: Controller) -> None:
    """But for the approval, for which AWX makes a new template each time."""
    before = copy.deepcopy((once.objects["job_templates"], once.surveys, once.lists))
    assert imported(once, FILE).returncode == 0
    assert (once.objects["job_templates"], once.surveys, once.lists) == before
    assert all_differences(once, FILE) == []


def spoiled(what: str) -> dict[str, Any]:
    assets = copy.deepcopy(FILE)
    if what == "survey":
        assets["job_templates"][0]["related"]["survey_spec"]["spec"][0]["required"] = "yes"
    elif what == "playbook":
        del assets["job_templates"][0]["playbook"]
    elif what == "labels":
        assets["job_templates"][0]["related"]["labels"] = []
    else:
        first, second = assets["workflow_job_templates"][0]["related"]["workflow_nodes"][:2]
        second["related"]["success_nodes"] = [first["natural_key"]]
    return assets


@pytest.mark.parametrize("what", ["survey", "playbook", "cycle"])
def test_what_awx_refuses_ends_the_import_as_failed(what: str) -> None:
    assert imported(prepared(), spoiled(what)).returncode != 0


@pytest.mark.parametrize("what", ["survey", "labels", "cycle"])
def test_what_has_not_arrived_is_found(once: Controller, what: str) -> None:
    assert all_differences(once, spoiled(what)) != []
