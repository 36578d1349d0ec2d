"""A job that finds two vCenters by what the credential type of extensions/awx injects, filled in as AWX does it."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness import Scenario, Site, another, equal
from walker import Controller

NAMES = ("east", "west")


def injected(scenario: Scenario, known: Controller) -> dict[str, Any]:
    """The variables that the credential gives to a job; its file is where AWX would put it, on the job's node."""
    import awx_assets  # noqa: PLC0415 - its place is known only to the controller

    [kind] = known.source["controller_credential_types"]
    authorities = scenario.scratch / "authorities.pem"
    given: dict[str, Any] = {"tower": {"filename": {"ca": str(authorities)}}}
    for number, (name, site) in enumerate(zip(NAMES, scenario.stage.sites, strict=True), 1):
        given |= {f"name_{number}": name, f"host_{number}": site.connection["hostname"]}
        given |= {f"{what}_{number}": site.connection[what] for what in ("username", "password")}
    given["ca"] = "\n".join(Path(site.connection["ca_path"]).read_text() for site in scenario.stage.sites)
    [text] = kind["injectors"]["file"].values()
    authorities.write_text(awx_assets.filled_in(text, given))
    variables: dict[str, Any] = awx_assets.filled_in(kind["injectors"]["extra_vars"], given)
    return variables


def held(site: Site, name: str) -> list[str]:
    return [one["name"] for one in site.request("GET", f"/v1/vms/{name}")["snapshots"]]


def walk(scenario: Scenario, known: Controller) -> None:
    """On two vCenters, each with a password of its own."""
    config = scenario.stage.config
    with ExitStack() as stack:
        own = {"SAVEPOINT_SIM_PASSWORD": config["sim_password"] + "west"}
        west = another(stack, config["sim_path"], scenario.scratch / "west", own)
        scenario.stage = replace(scenario.stage, sites=[scenario.stage.sites[0], west])
        try:
            steps(scenario, known)
        finally:
            scenario.remove()
            scenario.homes.clear()


def steps(scenario: Scenario, known: Controller) -> None:
    """Snapshots before a change and their removal, by templates of the source; each VM has a namesake elsewhere."""
    machines = {name: scenario.prefix + name for name in NAMES}
    for number, short in enumerate(NAMES):
        scenario.machine(short, site=number)
    others = dict(zip(NAMES, reversed(scenario.stage.sites), strict=True))
    for name, site in others.items():
        site.request("POST", "/v1/vms", {"name": machines[name], "folder": f"tests/{scenario.set}"})
    try:
        groups: dict[str, Any] = {}
        for name, site in zip(NAMES, scenario.stage.sites, strict=True):
            # The guide's line, and the port that a simulated vCenter has.
            found = f"{{{{ savepoint_vcenters.{name} | combine({{'port': {site.connection['port']}}}) }}}}"
            hosts = {machines[name]: {"savepoint_guest_control": site.control}}
            groups[name] = {"hosts": hosts, "vars": {"savepoint_connection": found}}
        variables = {key: told for key, told in known.inventory["all"]["vars"].items() if key != "savepoint_connection"}
        known.inventory = {"all": {"vars": variables, "children": groups}}
        # Only the credential says where vCenter is.
        known.environment = {key: told for key, told in known.environment.items() if not key.startswith("VMWARE_")}
        given = {**injected(scenario, known), "savepoint_set": scenario.set}
        for title, left in (("Savepoint: get ready", 1), ("Savepoint: commit", 0)):
            template = known.template(title)
            job = known.run(template["playbook"], known.launched(template, given))
            (scenario.scratch / f"output-{template['playbook']}").write_text(job.output)
            equal(job.ok, True, title)
            for number, name in enumerate(NAMES):
                equal(len(held(scenario.stage.sites[number], machines[name])), left, f"snapshots of {name}, {title}")
                equal(held(others[name], machines[name]), [], f"snapshots of the namesake of {name}, {title}")
    finally:
        for name, site in others.items():
            site.request("DELETE", f"/v1/vms/{machines[name]}")
