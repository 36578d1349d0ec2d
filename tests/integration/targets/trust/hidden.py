"""Who is told that nobody verifies the certificate."""

from __future__ import annotations

from harness import Scenario, equal
from single import call


def unverified(scenario: Scenario) -> None:
    """VMWARE_VALIDATE_CERTS=False is warned about once; the task's own false is not."""
    scenario.machine("a")
    off = {"VMWARE_VALIDATE_CERTS": "False"}
    info = {"name": scenario.prefix + "a"}
    said = "is not verified, because the environment has"
    warned = call(scenario, "snapshot_info", info, environment=off)
    flat = " ".join(warned.output.split())
    equal(flat.count(said), 1, "times it was said")
    equal(len([one for one in warned.result.get("warnings", []) if said in one]), 1, "warnings")
    for options in (
        {"validate_certs": False},
        {"ca_path": scenario.stage.config["sim_ca_path"], "validate_certs": True},
    ):
        called = call(scenario, "snapshot_info", {**info, **options}, environment=off)
        assert not called.result.get("failed"), called.result["msg"]
        assert said not in " ".join(called.output.split()), f"{options} is warned about"
