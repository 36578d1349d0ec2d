"""Datacenters and folders with names that nobody should get through with, or that two of them have."""

from __future__ import annotations

from typing import Any

from harness import Scenario, contains, equal
from hostile import PRODUCT, texts
from single import call_all, fine

MARKER = "[savepoint set=S{} kind=crash_consistent]"
TWIN = "twin"
BOTH = "both"


def places(scenario: Scenario) -> None:
    """VMs in such places are found by the names that people see, and by the paths that results show."""
    site = scenario.stage.sites[0]
    flag = scenario.scratch / "executed"
    hard = {**texts(str(flag)), "newline": "two\nlines"}
    sites = {side: scenario.prefix + side for side in ("emea", "apac")}
    made: dict[str, dict[str, Any]] = {}

    def vm(word: str, side: str, datacenter: str, *folders: str) -> None:
        wish = {"name": scenario.prefix + word, "datacenter": [sites[side], datacenter], "folders": folders}
        [made[word]] = site.request("POST", "/v1/vms", wish)

    try:
        for word, text in hard.items():
            vm(word, "emea", text, below(text))
        # As the client shows it, this one has the same path as that of "slashes" has.
        vm("split", "emea", hard["slashes"], *below(hard["slashes"]).split("/"))
        for side in sites:
            vm(side, side, TWIN, BOTH)
            for number in (1, 2):
                body = {"name": f"s{number}", "description": MARKER.format(number), "age": f"{9 - number}d"}
                site.request("POST", f"/v1/vms/{made[side]['moid']}/snapshots", body)
        ways(scenario, hard, made)
        twins(scenario, sites, made)
    finally:
        for one in made.values():
            site.request("DELETE", f"/v1/vms/{one['moid']}")
        for name in sites.values():
            site.request("DELETE", f"/v1/places/{name}")
    assert not flag.exists(), "a name was executed"
    for path in scenario.scratch.glob("output-*"):
        assert PRODUCT not in path.read_text(), f"{path}: a template was evaluated"


def below(text: str) -> str:
    """The folder's name: not the datacenter's, with which a path may begin too."""
    return f"{text[:79]}."


def ways(scenario: Scenario, hard: dict[str, str], made: dict[str, dict[str, Any]]) -> None:
    """By datacenter and folder, and by the path that this tells."""
    named = [{"name": scenario.prefix + word, "datacenter": text, "folder": below(text)} for word, text in hard.items()]
    calls: dict[str, tuple[str, dict[str, Any]]] = {"named": ("snapshot_info", {"vms": named})}
    for word, text in hard.items():
        if word != "slashes":
            calls[word] = ("snapshot_info", {"scope": {"datacenter": text, "folder": below(text)}})
    slashes = {"datacenter": hard["slashes"], "folder": below(hard["slashes"])}
    calls["slashes"] = ("snapshot_info", {"scope": slashes})
    calls["nowhere"] = ("snapshot_info", {"scope": {"datacenter": hard["newline"], "folder": hard["template"]}})
    results, output = call_all(scenario, calls)
    told = fine(results["named"])["results"]
    equal([one["vm"]["moid"] for one in told], [made[word]["moid"] for word in hard], "by name, folder and datacenter")
    for word in hard:
        if word != "slashes":
            equal(found(results[word]), [made[word]["moid"]], word)
    paths = {word: one["vm"]["folder"] for word, one in zip(hard, told, strict=True)}
    equal(len(set(paths.values())), len(paths), "paths that differ")
    for word, path in paths.items():
        equal((word, path.count("/")), (word, 4), "parts of a path")
    equal(results["slashes"]["failed"], True, "a name or a path")
    contains(results["slashes"]["msg"], paths["slashes"], "2 folders", "full path", "(group-")
    equal(results["nowhere"]["failed"], True, "a folder that is not there")
    contains(results["nowhere"]["msg"], "1234567 * 3", "two\\nlines")
    assert results["nowhere"]["msg"].isprintable(), results["nowhere"]["msg"]
    contains(output, "1234567 * 3")

    listed = [{"name": scenario.prefix + word, "folder": path} for word, path in paths.items()]
    again = {"vms": listed, "folder_paths_are_absolute": True}
    calls = {word: ("snapshot_info", {"scope": {"folder": paths[word]}}) for word in ("slashes", "newline", "composed")}
    results, output = call_all(scenario, {"listed": ("snapshot_info", again), **calls})
    equal([one["vm"]["folder"] for one in fine(results["listed"])["results"]], list(paths.values()), "by their paths")
    for word in calls:
        equal(found(results[word]), [made[word]["moid"]], f"{word} by its path")


def twins(scenario: Scenario, sites: dict[str, str], made: dict[str, dict[str, Any]]) -> None:
    """What two have is refused before anything changes, and the error's advice works."""
    paths = {side: f"/{name}/{TWIN}" for side, name in sites.items()}
    policy = {"keep_last": 1}
    results, _output = call_all(
        scenario,
        {
            "datacenter": ("snapshot_prune", {"scope": {"datacenter": TWIN}, "policy": policy}),
            "folder": ("snapshot_prune", {"scope": {"folder": BOTH}, "policy": policy}),
            "cluster": ("snapshot_info", {"scope": {"cluster": "/DC0/host/DC0_C0", "datacenter": paths["emea"]}}),
            "looked": ("snapshot_info", {"vms": [scenario.prefix + side for side in sites]}),
            "path": ("snapshot_prune", {"scope": {"datacenter": paths["emea"]}, "policy": policy}),
            "narrowed": ("snapshot_info", {"scope": {"folder": BOTH, "datacenter": paths["apac"]}}),
        },
    )
    for word, place in (("datacenter", "(datacenter-"), ("folder", "(group-")):
        equal((results[word]["failed"], results[word].get("changed", False)), (True, False), f"twin {word}s")
        contains(results[word]["msg"], *paths.values(), place, "full path")
    contains(results["cluster"]["msg"], f"no cluster '/DC0/host/DC0_C0' in datacenter '{paths['emea']}'")
    equal([len(one["snapshots"]) for one in fine(results["looked"])["results"]], [2, 2], "nothing is removed")
    equal(found(results["path"]), [made["emea"]["moid"]], "by its path")
    equal(results["path"]["changed"], True, "pruned by its path")
    equal(found(results["narrowed"]), [made["apac"]["moid"]], "a folder of that datacenter")


def found(result: dict[str, Any]) -> list[str]:
    return [one["vm"]["moid"] for one in fine(result)["results"]]
