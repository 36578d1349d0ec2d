"""What AWX's REST API takes for each kind of object, as its serializers say, as far as an import needs it."""

from __future__ import annotations

from dataclasses import dataclass, field

WORKFLOW_PROMPTS = ("variables", "inventory", "scm_branch", "limit", "labels", "skip_tags", "tags")
PROMPTS = (
    *WORKFLOW_PROMPTS,
    *("diff_mode", "job_type", "verbosity", "credential", "execution_environment", "forks", "job_slice_count"),
    *("timeout", "instance_groups"),
)
EDGES = ("success_nodes", "failure_nodes", "always_nodes")


@dataclass(frozen=True)
class Kind:
    """One list of objects: the type of its fields; those that are required; the lists that hang on an object."""

    type: str
    fields: dict[str, str]
    required: tuple[str, ...] = ("name",)
    # By the name of the list: which objects are in it, and the field of those that says where they belong, if one does.
    lists: dict[str, tuple[str, str]] = field(default_factory=dict)


def strings(words: str) -> dict[str, str]:
    return dict.fromkeys(words.split(), "string")


NAMED = strings("name description")
LAUNCH = {
    **strings("scm_branch job_type job_tags skip_tags limit"),
    **dict.fromkeys(("forks", "job_slice_count", "timeout", "verbosity"), "integer"),
    "extra_data": "json",
    "inventory": "id",
    "execution_environment": "id",
    "diff_mode": "boolean",
}
JOB_TEMPLATE = {
    **NAMED,
    **strings("job_type playbook scm_branch limit extra_vars job_tags skip_tags start_at_task host_config_key"),
    **strings("webhook_service"),
    **dict.fromkeys(("inventory", "project", "execution_environment", "webhook_credential"), "id"),
    **dict.fromkeys(("forks", "verbosity", "timeout", "job_slice_count"), "integer"),
    **dict.fromkeys((f"ask_{one}_on_launch" for one in PROMPTS), "boolean"),
    **dict.fromkeys(("force_handlers", "use_fact_cache", "survey_enabled", "become_enabled", "diff_mode"), "boolean"),
    **dict.fromkeys(("allow_simultaneous", "prevent_instance_group_fallback"), "boolean"),
}
WORKFLOW = {
    **NAMED,
    **strings("extra_vars limit scm_branch skip_tags job_tags webhook_service"),
    **dict.fromkeys(("organization", "inventory", "webhook_credential"), "id"),
    **dict.fromkeys(("survey_enabled", "allow_simultaneous"), "boolean"),
    **dict.fromkeys((f"ask_{one}_on_launch" for one in WORKFLOW_PROMPTS), "boolean"),
}
NODE = {
    **LAUNCH,
    "workflow_job_template": "id",
    "unified_job_template": "id",
    "identifier": "string",
    "all_parents_must_converge": "boolean",
}
OWNED = {**NAMED, "organization": "id"}
NODES = "workflow_job_template_nodes"

# The import looks at all kinds in turn, and asks what they take. None of these is in the file.
ASKED_ONLY = (
    *("user", "team", "notification_template", "inventory_source", "execution_environment", "application"),
    "system_job_template",
)

KINDS = {
    "organizations": Kind("organization", NAMED),
    "projects": Kind("project", OWNED),
    "inventories": Kind("inventory", OWNED),
    "credential_types": Kind(
        "credential_type", {**NAMED, "kind": "string", "inputs": "json", "injectors": "json"}, ("name", "kind")
    ),
    "credentials": Kind("credential", {**OWNED, "credential_type": "id"}, ("name", "credential_type")),
    "labels": Kind("label", OWNED, ("name", "organization")),
    "schedules": Kind(
        "schedule",
        {**NAMED, **LAUNCH, "unified_job_template": "id", "enabled": "boolean", "rrule": "string"},
        ("name", "unified_job_template", "rrule"),
    ),
    "job_templates": Kind(
        "job_template",
        JOB_TEMPLATE,
        ("name", "project", "playbook"),
        {
            "labels": ("labels", ""),
            "credentials": ("credentials", ""),
            "schedules": ("schedules", "unified_job_template"),
        },
    ),
    "workflow_job_templates": Kind(
        "workflow_job_template",
        WORKFLOW,
        ("name",),
        {
            "labels": ("labels", ""),
            "schedules": ("schedules", "unified_job_template"),
            "workflow_nodes": (NODES, "workflow_job_template"),
        },
    ),
    NODES: Kind("workflow_job_template_node", NODE, ("workflow_job_template",), dict.fromkeys(EDGES, (NODES, ""))),
    "workflow_approval_templates": Kind("workflow_approval_template", {**NAMED, "timeout": "integer"}),
    **{f"{one}s": Kind(one, NAMED) for one in ASKED_ONLY},
}
