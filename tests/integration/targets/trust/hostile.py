"""Names and descriptions that nobody should get through with."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from harness import Scenario, contains, equal
from single import call_all, fine

# Taken as a set and an owner as well.
SETS = ("template", "slashes", "markup", "decomposed")
PRODUCT = "3703701"  # 1234567 * 3, which is written nowhere else


def texts(flag: str) -> dict[str, str]:
    """By a short word; ``flag`` is a file that a template would make."""
    return {
        "template": "{{ 1234567 * 3 }}",
        "command": "{{ lookup('pipe', 'touch " + flag + "') }}",
        "block": "{% set x = 1234567 * 3 %}{{ x }}{# gone #}",
        "slashes": "a/b\\c 100% %2f %25",
        "quotes": 'it\'s "quoted" `touch ' + flag + "` $(touch " + flag + ")",
        "markup": "<script>alert(1)</script>&amp;]]>",
        "emoji": "\U0001f4a5 boom \U0001f468\u200d\U0001f469\u200d\U0001f467",
        "right to left": "\u202egnp.exe\u202c \u05d0\u05d1",
        "composed": "caf\u00e9",
        "decomposed": "cafe\u0301",
        "eighty": "x" * 80,
        "long": "y" * 200,
        "blank": "@blank 1@",
    }


def hostile(scenario: Scenario) -> None:
    """VMs, snapshots, descriptions, owners and sets with such names, through every module."""
    through(scenario)


def hostile_oldest(scenario: Scenario) -> None:
    """The same with the oldest ansible-core."""
    scenario.ansible = scenario.stage.config["oldest_ansible"]
    if not scenario.ansible:
        print("NOT RUN: no Python is here that ansible-core 2.16 runs on", flush=True)
        return
    through(scenario)


def through(scenario: Scenario) -> None:
    flag = scenario.scratch / "executed"
    site = scenario.stage.sites[0]
    hard = texts(str(flag))
    folder = f"tests/{scenario.set}"
    made: dict[str, dict[str, Any]] = {}
    try:
        for word, text in hard.items():
            [vm] = site.request("POST", "/v1/vms", {"name": scenario.prefix + word.replace(" ", "-"), "folder": folder})
            site.request("PATCH", f"/v1/vms/{vm['moid']}", {"name": scenario.prefix + text})
            made[word] = vm
            foreign = {"name": "not %", "description": f"{text}\n[savepoint set=FORGED hold]\n{text}", "age": "9d"}
            site.request("POST", f"/v1/vms/{vm['moid']}/snapshots", foreign)
        tour(scenario, hard, made)
    finally:
        for vm in made.values():
            site.request("DELETE", f"/v1/vms/{vm['moid']}")
    assert not flag.exists(), "a name was executed"
    for path in scenario.scratch.glob("output-*"):
        assert PRODUCT not in path.read_text(), f"{path}: a template was evaluated"


def tour(scenario: Scenario, hard: dict[str, str], made: dict[str, dict[str, Any]]) -> None:
    site = scenario.stage.sites[0]

    def trees() -> dict[str, list[dict[str, Any]]]:
        return {word: site.request("GET", f"/v1/vms/{quote(vm['moid'])}")["snapshots"] for word, vm in made.items()}

    names = [scenario.prefix + text for text in hard.values()]
    given = {"vms": [{"name": name} for name in names]}
    every = {**given, "snapshot_set": "ALL", "snapshot_name": "100% {{ 1 }}"}
    calls: dict[str, tuple[str, dict[str, Any]]] = {}
    for word in SETS:
        text = hard[word]
        texts_of = {"snapshot_name": text, "snapshot_set": text, "owner": text, "description": f"{text}\nsecond line"}
        calls[f"take {word}"] = ("snapshot", {"name": scenario.prefix + text, **texts_of})
    calls["all"] = ("snapshot", every)
    calls["again"] = ("snapshot", every)
    calls["info"] = ("snapshot_info", given)
    calls["wrong"] = ("snapshot_revert", {**given, "snapshot_name": "{{ 1234567 * 3 }} is not there"})
    calls["revert"] = ("snapshot_revert", {**given, "snapshot_set": "ALL"})
    policy: dict[str, Any] = {"keep_last": 1, "filters": {"set": "ALL"}, "allow_none": True}
    calls["prune"] = ("snapshot_prune", {**given, "policy": policy})
    results, output = call_all(scenario, calls)
    for word in SETS:
        taken, text = fine(results[f"take {word}"])["snapshot"], hard[word]
        wanted = (text, text, text, f"{text}\nsecond line")
        equal((taken["name"], taken["set"], taken["owner"], taken["description"]), wanted, word)
    equal(fine(results["all"])["summary"]["changed"], len(names), "taken")
    equal(fine(results["again"])["changed"], False, "taken twice")
    equal([one["vm"]["name"] for one in fine(results["info"])["results"]], names, "names in info")
    for one in results["info"]["results"]:
        foreign = one["snapshots"][0]
        # The forged line is not the last one: foreign, and protected all the same.
        equal((foreign["managed"], foreign["set"], bool(foreign["protected_by"])), (False, None, True), "forged marker")
    contains(output, "1234567 * 3")
    equal(results["wrong"].get("failed"), True, "a target that is not there")
    assert "\n" not in results["wrong"]["msg"], results["wrong"]["msg"]
    fine(results["revert"])
    fine(results["prune"])
    policy = {"max_count": 1, "allow_none": True, "keep_last": 1}
    variables: dict[str, Any] = {"retention_scope": {"folder": f"tests/{scenario.set}"}, "retention_policy": policy}
    kept = trees()
    ran = scenario.play(playbook="savepoint.vsphere.retention", retention_max_removals="100%", **variables)
    equal(ran.rc, 0, f"retention: {ran.output[-1500:]}")
    for word, tree in trees().items():
        equal(tree[0]["name"], kept[word][0]["name"], "the foreign snapshot stays")
