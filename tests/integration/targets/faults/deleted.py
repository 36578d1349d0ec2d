"""Of several machines whose guests are waited for, two are deleted: that is told, and the others are waited for.

python deleted.py ROOT, the collection's folder. What happens to a single machine stands in the table.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from cancel import counted, logged_out, result_of, simulator, start, until


def waits_for_guests(sim: Any) -> bool:
    """Is that the wait that is under way? It is the one begun after the last look at the machines."""
    log = [call["method"] for call in sim.get("/v1/calls")["log"]]
    if log.count("PowerOnVM_Task") < len(sim.get("/v1/vms")):
        return False
    rest = log[len(log) - log[::-1].index("PowerOnVM_Task") :]
    return "RetrievePropertiesEx" in rest and "CreateFilter" in rest[rest.index("RetrievePropertiesEx") :]


def main() -> None:
    root = Path(sys.argv[1]).absolute()
    with simulator(root, vms=4) as sim:
        vms = sim.get("/v1/vms")
        early, slow, late, quick = (vm["moid"] for vm in vms)
        for vm in vms:
            sim.post(f"/v1/vms/{vm['moid']}/snapshots", {"name": "s"})
        for moid in (early, slow, late):
            sim.patch(f"/v1/vms/{moid}", {"boot_after_revert": "never"})
        wish = {"snapshot_name": "s", "power_state": "on", "wait_for_guest": "1h", "vms": [vm["name"] for vm in vms]}
        process = start("snapshot_revert", {**sim.connection, **wish}, root)
        until(lambda: waits_for_guests(sim), "it waits for the guests")
        begun = counted(sim, "CreateFilter")
        sim.delete(f"/v1/vms/{early}")
        until(lambda: counted(sim, "CreateFilter") > begun, "it asks whether that one is really gone")
        # A reset, after which this one comes up.
        for patch in ({"boot": "10ms"}, {"power_state": "poweredOff"}, {"power_state": "poweredOn"}):
            sim.patch(f"/v1/vms/{slow}", patch)
        # Nobody is left to wait for then, and the hour is not waited out.
        sim.delete(f"/v1/vms/{late}")
        result = result_of(process)
        assert result["summary"]["changed"] == 2 and result["summary"]["failed"] == 2, result
        entries = {entry["vm"]["moid"]: entry for entry in result["results"]}
        assert all(entries[moid]["status"] == "changed" for moid in (slow, quick)), result
        for moid in (early, late):
            assert entries[moid]["status"] == "failed" and entries[moid]["changed"], entries[moid]
            assert entries[moid]["msg"].startswith("the virtual machine is gone"), entries[moid]
        assert logged_out(sim), sim.get("/v1/calls")["by_method"]


if __name__ == "__main__":
    main()
