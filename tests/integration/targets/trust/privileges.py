"""Each operation with exactly the privileges of the guide's table, and without each of them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from harness import Scenario, contains, equal
from single import call, call_all

MODULES: dict[str, tuple[str, dict[str, Any]]] = {
    "read": ("snapshot_info", {}),
    "take": ("snapshot", {"snapshot_set": "NEW", "snapshot_name": "new"}),
    "rename": ("snapshot", {"snapshot_name": "here", "new_snapshot_name": "there"}),
    "hold": ("snapshot", {"snapshot_name": "here", "hold": True}),
    "remove": ("snapshot", {"snapshot_name": "here", "state": "absent"}),
    "remove, with children": (
        "snapshot",
        {"snapshot_name": "memory", "state": "absent", "remove_children": True},
    ),
    "remove all": ("snapshot", {"remove_all": True, "state": "absent"}),
    "prune": ("snapshot_prune", {"policy": {"max_age": "1h", "allow_none": True}}),
    "consolidate": ("snapshot_consolidate", {}),
    "revert": ("snapshot_revert", {"snapshot_name": "here"}),
    "revert, then on": ("snapshot_revert", {"snapshot_name": "here", "power_state": "on"}),
    "revert, then off": ("snapshot_revert", {"snapshot_name": "memory", "power_state": "off"}),
    "revert, noted": ("snapshot_revert", {"snapshot_set": "HERE", "safeguards": {}}),
    "off, reverted before": ("snapshot_revert", {"snapshot_set": "HERE", "safeguards": {}, "power_state": "off"}),
}
# In which phase the marker is.
PHASES = {"revert, noted": "failed", "off, reverted before": "reverted"}
# What only a part of the operation needs, which is not worth a failure: the result says that this part was not done.
WARNED = {("revert, noted", "VirtualMachine.State.RenameSnapshot")}


def privileges(scenario: Scenario) -> None:
    """With the table's privileges it works; without one of them the error names it and the machine."""
    sys.path.insert(0, str(Path(scenario.stage.config["sim_collection_path"]).parents[2]))
    from ansible_collections.savepoint.vsphere.plugins.module_utils._privileges import (  # noqa: PLC0415
        OPERATIONS,
    )

    site = scenario.stage.sites[0]
    equal(set(MODULES), set(OPERATIONS), "operations")
    cases = [(operation, missing) for operation, needed in OPERATIONS.items() for missing in (*needed, "")]
    calls: dict[str, tuple[str, dict[str, Any]]] = {}
    before: dict[str, dict[str, Any]] = {}
    for operation, missing in cases:
        module, options = MODULES[operation]
        short = short_of(operation, missing)
        scenario.machine(short)
        scenario.ask(short, "POST", "/snapshots", {"name": "memory", "memory": True, "age": "2d"})
        phase = PHASES.get(operation, "taken")
        marker = f"[savepoint set=HERE kind=crash_consistent phase={phase}]"
        scenario.ask(short, "POST", "/snapshots", {"name": "here", "description": marker, "age": "1d"})
        scenario.ask(short, "PATCH", "", {"consolidation_needed": operation == "consolidate"})
        before[short] = scenario.vm(short)
        granted = [one for one in OPERATIONS[operation] if one != missing]
        site.request("PUT", "/v1/privileges", {"vm": before[short]["moid"], "grant": granted})
        calls[short] = (module, {"name": scenario.prefix + short, **options})
    results, _output = call_all(scenario, calls)
    for operation, missing in cases:
        short = short_of(operation, missing)
        result = results[short]
        if not missing:
            equal((result.get("failed", False), result["changed"]), (False, operation != "read"), result["msg"])
            equal(result["results"][0]["warnings"], [], operation)
            continue
        if (operation, missing) in WARNED:
            equal((result.get("failed", False), result["changed"]), (False, True), result["msg"])
            contains(str(result["results"][0]["warnings"]), missing, before[short]["moid"])
            continue
        equal(result.get("failed"), True, f"{operation} without {missing}")
        contains(result["msg"], missing, before[short]["moid"], before[short]["name"])
        equal(scenario.vm(short)["snapshots"], before[short]["snapshots"], f"{operation} without {missing}")
    record(scenario)


def record(scenario: Scenario) -> None:
    """Without one of the privileges for custom attributes a prune works, and says what its record lacks."""
    sys.path.insert(0, str(Path(scenario.stage.config["sim_collection_path"]) / "tests" / "simulator"))
    import simctl  # noqa: PLC0415 - the path is known only now

    from ansible_collections.savepoint.vsphere.plugins.module_utils._privileges import RECORD  # noqa: PLC0415

    # One of its own, where no earlier run has made the attribute.
    with simctl.Simulator(vms=1) as sim:
        moid = sim.get("/v1/vms")[0]["moid"]
        options = {"moid": moid, "policy": {"max_age": "1h", "allow_none": True}, "record": True}
        # The first one's call would make the attribute, the second one's writes into it.
        for missing in (*RECORD, ""):
            marker = "[savepoint set=OLD kind=crash_consistent]"
            sim.post(f"/v1/vms/{moid}/snapshots", {"name": "old", "description": marker, "age": "2d"})
            sim.put("/v1/privileges", {"withhold": [missing] if missing else []})
            called = call(scenario, "snapshot_prune", options, environment=sim.env)
            equal((called.result.get("failed", False), called.result["changed"]), (False, True), called.result["msg"])
            said = "could not be recorded on the root folder"
            if missing:
                contains(" ".join(called.output.split()), said, missing)
            else:
                equal(said in " ".join(called.output.split()), False, called.output)


def short_of(operation: str, missing: str) -> str:
    """The name of the machine on which it is tried."""
    return f"{operation}-{missing.rpartition('.')[2] or 'all'}".replace(", ", "-").replace(" ", "-").lower()
