"""Runs the queries of extensions/audit/event_query.yml on real results, and looks at what they count."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import jq
import yaml

# By task: the module's name, and the machines that count.
WANTED = {
    "snapshot": ("snapshot", ["plugins-1", "plugins-2"]),
    "partly": ("snapshot", ["plugins-1"]),
    "snapshot_revert": ("snapshot_revert", ["plugins-1"]),
    "snapshot_prune": ("snapshot_prune", ["plugins-1"]),
    "snapshot_consolidate": ("snapshot_consolidate", []),
}
FACTS = {"infra_type": "private_cloud", "infra_bucket": "compute", "device_type": "virtual_machine"}


def main(config: str, written: str) -> None:
    root = Path(json.loads(Path(config).read_text())["sim_collection_path"])
    queries = yaml.safe_load((root / "extensions" / "audit" / "event_query.yml").read_text())
    results = json.loads(Path(written).read_text())
    modules = {f"savepoint.vsphere.{module}" for module, ignored in WANTED.values()}
    assert set(queries) == modules, set(queries) ^ modules
    moids = {entry["vm"]["name"]: entry["vm"]["moid"] for entry in results["snapshot_info"]["results"]}
    for task, (module, names) in WANTED.items():
        query = jq.compile(queries[f"savepoint.vsphere.{module}"]["query"])
        found = query.input_value(results[task]).all()
        wanted = [{"name": name, "canonical_facts": {"moid": moids[name]}, "facts": FACTS} for name in names]
        assert found == wanted, (task, found)
        # A call that ended before it looked at a machine, and a task in a loop, whose items are counted each.
        for other in ({}, {"results": None}, {"results": [results[task]]}, {"msg": "no", "failed": True}):
            nothing: list[Any] = query.input_value(other).all()
            assert nothing == [], (task, other, nothing)
        print(f"{task}: {names}")


if __name__ == "__main__":
    main(*sys.argv[1:])
