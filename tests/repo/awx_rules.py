"""What AWX objects to in surveys and workflows, as it was observed on its API. Pure: each gives sentences."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

TYPES = ("text", "textarea", "password", "multiplechoice", "multiselect", "integer", "float")
DEFAULTS: dict[str, type | tuple[type, ...]] = {"integer": int, "float": (int, float)}
VARIABLE = re.compile(r"[A-Za-z_{}][A-Za-z0-9_{}]*")
EDGES = ("success_nodes", "failure_nodes", "always_nodes")


def survey(spec: Mapping[str, Any]) -> list[str]:
    """Objections to a survey."""
    wrong = [f"the survey has no {key}" for key in ("name", "description", "spec") if key not in spec]
    questions = spec.get("spec", [])
    if "spec" in spec and not questions:
        wrong.append("the survey asks nothing")
    wrong += [sentence for one in questions for sentence in question(one)]
    names = [one.get("variable") for one in questions]
    return wrong + [f"{name} is asked twice" for name in sorted({str(n) for n in names if names.count(n) > 1})]


def question(one: Mapping[str, Any]) -> list[str]:
    """Objections to one question."""
    name, kind = one.get("variable", "?"), one.get("type")
    wrong = [f"{name} has no {key}" for key in ("type", "question_name", "variable") if not one.get(key)]
    if not isinstance(one.get("required"), bool):
        wrong.append(f"{name}: required is not a boolean")
    if kind not in TYPES:
        return [*wrong, f"{name} is of the unknown type {kind}"]
    wrong += [f"{name}: {key} is not an integer" for key in ("min", "max") if not isinstance(one.get(key, 0), int)]
    choices = one.get("choices")
    if kind in ("multiplechoice", "multiselect") and not choices:
        wrong.append(f"{name} has no choices")
    if "default" not in one:
        return wrong
    default: Any = one["default"]
    if kind == "password" and default:
        wrong.append(f"{name}: the default of a password cannot be imported again")
    if not isinstance(default, DEFAULTS.get(kind, str)) or isinstance(default, bool):
        wrong.append(f"{name}: the default is not of the type {kind}")
    elif kind in ("multiplechoice", "multiselect") and choices:
        picked = str(default).split("\n") if kind == "multiselect" else [default]
        wrong += [f"{name}: the default {each} is not among the choices" for each in picked if each not in choices]
    elif not wrong and outside(one, default):
        # AWX takes such a survey, and leaves the default out in silence when a job starts.
        wrong.append(f"{name}: the default is outside of min and max")
    return wrong


def outside(one: Mapping[str, Any], answer: Any) -> bool:
    """Whether an answer is outside of the question's limits, which are lengths for texts."""
    size = len(answer) if isinstance(answer, str) else answer
    least, most = one.get("min"), one.get("max")
    return (least is not None and size < least) or (most is not None and size > most)


def schedule(plan: Mapping[str, Any], survey_spec: Mapping[str, Any]) -> list[str]:
    """Objections to a schedule: it must answer what the survey requires, also where there is a default."""
    required = [one["variable"] for one in survey_spec.get("spec", []) if one.get("required")]
    answered = plan.get("extra_data") or {}
    return [f"{plan['name']}: {name} is required, and not answered" for name in required if name not in answered]


def extra_vars(node: Any) -> list[str]:
    """Objections to the variables that a credential type injects: keys are names, or templates without a blank."""
    if isinstance(node, Mapping):
        wrong = [f"{key} is no name of a variable" for key in node if not VARIABLE.fullmatch(key)]
        return wrong + [sentence for value in node.values() for sentence in extra_vars(value)]
    return [] if isinstance(node, (str, list)) else [f"{node!r} is no text"]


def workflow(nodes: Sequence[Mapping[str, Any]], prompts: Mapping[str, bool]) -> list[str]:
    """Objections to a workflow; "prompts" has by job template whether it asks for variables."""
    wrong: list[str] = []
    children: dict[str, list[str]] = {}
    for node in nodes:
        name, related = node["identifier"], node.get("related", {})
        edges = {edge: [child["identifier"] for child in related.get(edge, [])] for edge in EDGES}
        children[name] = [child for found in edges.values() for child in found]
        wrong += [
            f"{name}: {child} is on two of its paths"
            for child in sorted(set(children[name]))
            if children[name].count(child) > 1
        ]
        runs = node["unified_job_template"]
        if runs["type"] == "workflow_approval":
            if not isinstance(runs.get("timeout"), int):
                wrong.append(f"{name}: an approval needs a timeout in seconds")
        elif runs["name"] not in prompts:
            wrong.append(f"{name}: there is no template {runs['name']}")
        elif node.get("extra_data") and not prompts[runs["name"]]:
            wrong.append(f"{name}: {runs['name']} does not prompt for variables")
    if len(children) != len(nodes):
        wrong.append("an identifier is there twice")
    unknown = {child for found in children.values() for child in found} - set(children)
    return wrong + [f"there is no node {child}" for child in sorted(unknown)] + cycles(children)


def cycles(children: Mapping[str, Sequence[str]]) -> list[str]:
    """Nodes that lead back to themselves."""
    found = []
    for start in children:
        seen: set[str] = set()
        ahead = list(children[start])
        while ahead:
            one = ahead.pop()
            if one not in seen:
                seen.add(one)
                ahead += children.get(one, [])
        if start in seen:
            found.append(f"{start} is in a cycle")
    return found
