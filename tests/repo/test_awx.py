"""AWX as code: a template for every playbook, by AWX's own rules, and the file to import."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import awx_rules
import pytest
import yaml
from layout import ROOT, load

sys.path.insert(0, str(ROOT / "tests" / "tools"))
import awx_assets

SOURCE = awx_assets.source()
TEMPLATES = SOURCE["controller_templates"]
[WORKFLOW] = SOURCE["controller_workflows"]
NODES = WORKFLOW["workflow_nodes"]
# The lists, by the module that takes an entry, and the options of those modules as awx.awx documents them.
LISTS = {
    "label": "controller_labels",
    "credential_type": "controller_credential_types",
    "job_template": "controller_templates",
    "workflow_job_template": "controller_workflows",
    "schedule": "controller_schedules",
}
OPTIONS = json.loads(Path(__file__).with_name("awx_modules.json").read_text())["options"]
PLAYBOOKS = sorted(path.name for path in (ROOT / "playbooks").glob("*.yml"))
# What only a person can know.
NO_DEFAULT = {"savepoint_set", "rollback_names"}


def test_every_playbook_has_a_template() -> None:
    assert sorted(one["playbook"] for one in TEMPLATES) == PLAYBOOKS


@pytest.mark.parametrize("one", [*TEMPLATES, WORKFLOW], ids=lambda one: str(one["name"]))
def test_surveys(one: dict[str, Any]) -> None:
    assert one["survey_enabled"] is True
    assert awx_rules.survey(one["survey_spec"]) == []
    asked = {question["variable"] for question in one["survey_spec"]["spec"] if "default" not in question}
    assert asked <= NO_DEFAULT
    assert "savepoint" in one["labels"]


def test_each_question_is_an_option_of_a_role_or_a_variable_of_a_playbook() -> None:
    options: set[str] = set()
    for path in ROOT.glob("roles/*/meta/argument_specs.yml"):
        options |= set(load(str(path.relative_to(ROOT)))["argument_specs"]["main"]["options"])
    for one in TEMPLATES:
        text = (ROOT / "playbooks" / one["playbook"]).read_text()
        for question in one["survey_spec"]["spec"]:
            assert question["variable"] in options or question["variable"] in text


def test_the_workflow() -> None:
    prompts = {one["name"]: one.get("ask_variables_on_launch", False) for one in TEMPLATES}
    assert awx_rules.workflow(NODES, prompts) == []
    # Nothing after a rollback, which ends as failed, so the workflow does too.
    for node in NODES:
        if node["unified_job_template"]["name"] == "Savepoint: roll back":
            assert not node.get("related")
    [approval] = [node for node in NODES if node["unified_job_template"]["type"] == "workflow_approval"]
    assert approval["unified_job_template"]["timeout"] < 24 * 3600  # rollback_max_revert_age


def test_schedules() -> None:
    surveys = {one["name"]: one["survey_spec"] for one in TEMPLATES}
    for plan in SOURCE["controller_schedules"]:
        assert awx_rules.schedule(plan, surveys[plan["unified_job_template"]]) == []


def test_the_file_to_import_is_made_of_the_source() -> None:
    assert (ROOT / "extensions" / "awx" / "import.json").read_text() == awx_assets.text()


def test_the_file_to_import_gives_the_source_back() -> None:
    """What AWX would make of it has the same surveys and the same graph, and nothing refers to what is not there."""
    found = json.loads((ROOT / "extensions" / "awx" / "import.json").read_text())
    surveys = {one["natural_key"]["name"]: one["related"]["survey_spec"] for one in found["job_templates"]}
    assert surveys == {one["name"]: one["survey_spec"] for one in TEMPLATES}
    assert all(awx_rules.survey(one) == [] for one in surveys.values())
    [workflow] = found["workflow_job_templates"]
    nodes = []
    for one in workflow["related"]["workflow_nodes"]:
        approval = one["related"].get("create_approval_template")
        runs = {**approval, "type": "workflow_approval"} if approval else one["unified_job_template"]
        edges = {edge: one["related"][edge] for edge in awx_rules.EDGES}
        nodes.append({**one, "unified_job_template": runs, "related": edges})
    prompts = {one["name"]: one["ask_variables_on_launch"] for one in found["job_templates"]}
    assert awx_rules.workflow(nodes, prompts) == []
    assert [one["identifier"] for one in nodes] == [one["identifier"] for one in NODES]
    assert [one["related"]["schedules"] for one in found["job_templates"] if one["related"]["schedules"]]


def test_the_credential_type_gives_what_savepoint_connection_takes() -> None:
    [kind] = SOURCE["controller_credential_types"]
    fields = {field["id"] for field in kind["inputs"]["fields"]}
    assert set(kind["inputs"]["required"]) <= fields
    secret = {field["id"] for field in kind["inputs"]["fields"] if field.get("secret")}
    assert secret == {"password_1", "password_2", "password_3"}
    assert awx_rules.extra_vars(kind["injectors"]["extra_vars"]) == []
    given: dict[str, Any] = {f"{what}_{n}": f"{what}{n}" for n in (1, 2) for what in ("host", "username", "password")}
    given |= {"name_1": "east", "name_2": "west", "tower": {"filename": {"ca": "/runner/env/ca"}}}
    vcenters = awx_assets.filled_in(kind["injectors"]["extra_vars"], given)["savepoint_vcenters"]
    assert set(vcenters) == {"east", "west", ""}
    assert vcenters[""]["hostname"] == ""
    east = {"hostname": "host1", "username": "username1", "password": "password1"}
    assert vcenters["east"] == {**east, "validate_certs": "true", "ca_path": "/runner/env/ca"}
    fragment = (ROOT / "plugins" / "module_utils" / "_argspec.py").read_text()
    assert all(f'"{key}": {{' in fragment for key in vcenters["west"])


def test_both_collections_are_told_the_same_and_all_of_it() -> None:
    folder = ROOT / "extensions" / "awx"
    one, other = ((folder / f"apply_{name}.yml").read_text() for name in ("awx_awx", "ansible_controller"))
    assert one.replace("awx.awx", "ansible.controller").replace("awx_awx", "ansible_controller") == other
    [play] = yaml.safe_load(one)
    told = {kind.removeprefix("awx.awx."): task[kind] for task in play["tasks"] for kind in task if "awx.awx." in kind}
    assert set(told) == set(LISTS)
    for module, name in LISTS.items():
        assert set().union(*SOURCE[name]) <= set(told[module]), name
        assert set(told[module]) <= set(OPTIONS[module]), module
    # Notifications are an option: an empty list would take away what somebody has attached.
    for module in ("job_template", "workflow_job_template"):
        notified = {key: value for key, value in told[module].items() if key.startswith("notification_templates_")}
        assert notified and all("default(omit, true)" in value for value in notified.values())
    assert all(value == [] for value in play["vars"].values())


def test_no_secret_is_in_any_file() -> None:
    for path in (ROOT / "extensions" / "awx").rglob("*.*"):
        for line in path.read_text().splitlines():
            if "password" in line and ":" in line:
                told = line.split(":", 1)[1]
                assert "{{" in told or "password_" in told or "vCenter: password" in line, f"{path.name}: {line}"


GOOD = {"type": "text", "question_name": "Q", "variable": "q", "required": True, "default": ""}
PICK = {**GOOD, "type": "multiplechoice", "choices": ["a"], "default": "a"}


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ({**GOOD, "required": "true"}, "not a boolean"),
        ({**GOOD, "type": "bool"}, "unknown type"),
        ({**GOOD, "variable": ""}, "no variable"),
        ({**GOOD, "default": 1}, "not of the type"),
        ({**GOOD, "min": "1"}, "min is not an integer"),
        ({**GOOD, "min": 1}, "outside of min and max"),
        ({**GOOD, "max": 2, "default": "100"}, "outside of min and max"),
        ({**GOOD, "type": "integer", "max": 2, "default": 3}, "outside of min and max"),
        ({**GOOD, "type": "integer", "default": "1"}, "not of the type"),
        ({**GOOD, "type": "password", "default": "x"}, "imported again"),
        ({**PICK, "choices": []}, "no choices"),
        ({**PICK, "default": "b"}, "not among"),
        ({**PICK, "type": "multiselect", "default": ["a"]}, "not of the type"),
        ({**PICK, "type": "multiselect", "default": "a\nb"}, "not among"),
    ],
)
def test_wrong_questions_are_found(question: dict[str, Any], said: str) -> None:
    [sentence] = awx_rules.question(question)
    assert said in sentence
    assert awx_rules.question(GOOD) == awx_rules.question(PICK) == []


def test_wrong_surveys_are_found() -> None:
    assert awx_rules.survey({"name": "n", "spec": [GOOD, GOOD]}) == [
        "the survey has no description",
        "q is asked twice",
    ]
    assert awx_rules.survey({"name": "n", "description": "", "spec": []}) == ["the survey asks nothing"]


def test_wrong_schedules_are_found() -> None:
    plan = {"name": "n", "extra_data": {"other": ""}}
    assert awx_rules.schedule(plan, {"spec": [GOOD]}) == ["n: q is required, and not answered"]
    assert awx_rules.schedule({**plan, "extra_data": {"q": ""}}, {"spec": [GOOD]}) == []
    assert awx_rules.schedule(plan, {"spec": [{**GOOD, "required": False}]}) == []


def test_wrong_injectors_are_found() -> None:
    assert awx_rules.extra_vars({"a": {"{{b}}": "{{ c }}", "d_1": []}}) == []
    wrong = {"a": {"{{ b }}": "x"}, "c d": "x", "1": True}
    assert awx_rules.extra_vars(wrong) == [
        "c d is no name of a variable",
        "1 is no name of a variable",
        "{{ b }} is no name of a variable",
        "True is no text",
    ]


def test_wrong_workflows_are_found() -> None:
    def node(name: str, **more: Any) -> dict[str, Any]:
        return {"identifier": name, "unified_job_template": {"type": "job_template", "name": "t"}, **more}

    to = {name: [{"identifier": name}] for name in "abx"}
    both = node("a", related={"success_nodes": to["b"], "failure_nodes": to["b"]})
    assert awx_rules.workflow([both, node("b")], {"t": True}) == ["a: b is on two of its paths"]
    loop = [node("a", related={"success_nodes": to["b"]}), node("b", related={"always_nodes": to["a"]})]
    assert awx_rules.workflow(loop, {"t": True}) == ["a is in a cycle", "b is in a cycle"]
    said = awx_rules.workflow([node("a", extra_data={"x": 1}, related={"success_nodes": to["x"]})], {"t": False})
    assert said == ["a: t does not prompt for variables", "there is no node x"]
    assert awx_rules.workflow([node("a")], {}) == ["a: there is no template t"]
    approval = {"identifier": "a", "unified_job_template": {"type": "workflow_approval"}}
    assert awx_rules.workflow([approval], {}) == ["a: an approval needs a timeout in seconds"]
