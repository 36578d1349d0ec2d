# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from ansible_collections.savepoint.vsphere.plugins.module_utils._argspec import validate_vm
from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import InputError
from ansible_collections.savepoint.vsphere.plugins.module_utils._selection import (
    MAX_LISTED,
    Candidate,
    Resolved,
    Scope,
    Selection,
    Selector,
    parse_scope,
    parse_selection,
    resolve,
    told,
)


def params(**given: Any) -> dict[str, Any]:
    """What a module without scope hands over when only these options are set."""
    unset = dict.fromkeys(("name", "moid", "uuid", "folder", "datacenter", "name_match", "vms"))
    return {**unset, "use_instance_uuid": False, "folder_paths_are_absolute": False, "unresolved": "abort", **given}


def read(**given: Any) -> Selection:
    return parse_selection(params(**given), validate_vm)


# Reading the options


@pytest.mark.parametrize(
    ("given", "selector"),
    [
        ({"name": "web-01"}, Selector("web-01", name="web-01")),
        ({"moid": "vm-42"}, Selector("vm-42", moid="vm-42")),
        ({"uuid": "4210"}, Selector("4210", uuid="4210")),
        ({"uuid": "5033", "use_instance_uuid": True}, Selector("5033", uuid="5033", use_instance_uuid=True)),
        (
            {
                "name": "a",
                "folder": "/DC0/vm",
                "folder_paths_are_absolute": True,
                "datacenter": "DC0",
                "name_match": "last",
            },
            Selector("a", name="a", folder="/DC0/vm", folder_is_absolute=True, datacenter="DC0", name_match="last"),
        ),
        # A folder beside a MoID is what the peers' tasks have; the MoID alone decides.
        ({"moid": "vm-42", "folder": "/DC0/vm"}, Selector("vm-42", moid="vm-42", folder="/DC0/vm")),
    ],
)
def test_one_vm_is_selected_by_the_options_themselves(given: dict[str, Any], selector: Selector) -> None:
    assert read(**given) == Selection((selector,), single=True)


def test_many_are_selected_by_names_and_dictionaries_in_order() -> None:
    entries = ["web-01", {"moid": "vm-2"}, {"name": "web-03", "folder": None, "datacenter": "DC0"}]
    assert read(vms=entries) == Selection(
        (
            Selector("web-01", name="web-01"),
            Selector(entries[1], moid="vm-2"),
            Selector(entries[2], name="web-03", datacenter="DC0"),
        )
    )


def test_what_narrows_one_name_narrows_each_of_many() -> None:
    selection = read(vms=["a", {"name": "b", "folder": "mine"}, {"moid": "vm-1"}], folder="web", datacenter="DC0")
    assert [(one.folder, one.datacenter) for one in selection.selectors] == [
        ("web", "DC0"),
        ("mine", "DC0"),
        (None, None),
    ]


def test_a_folder_beside_a_scope_is_refused() -> None:
    with pytest.raises(InputError, match=r"^folder goes with a name, not with scope"):
        read(scope={"datacenter": "DC0"}, folder="web")


@pytest.mark.parametrize(("unresolved", "abort"), [("abort", True), ("fail", False)])
def test_unresolved_says_whether_one_bad_entry_ends_the_call(unresolved: str, abort: bool) -> None:
    assert read(name="a", unresolved=unresolved).abort_unresolved is abort
    assert read(vms=["a"], unresolved=unresolved).abort_unresolved is abort


@pytest.mark.parametrize(
    ("given", "msg"),
    [
        ({}, "no virtual machine is selected: set one of name, moid, uuid, vms"),
        ({"scope": None}, "no virtual machine is selected: set one of name, moid, uuid, vms or scope"),
        ({"folder": "/DC0/vm"}, "no virtual machine is selected: set one of name, moid, uuid, vms"),
        ({"name": "a", "moid": "vm-1"}, "name and moid exclude each other"),
        ({"name": "a", "vms": ["b"]}, "name and vms exclude each other"),
        ({"vms": ["a"], "scope": {"all": True}}, "vms and scope exclude each other"),
        ({"vms": []}, "vms is an empty list"),
        ({"name": ""}, "name: name is empty; an empty name must never select"),
        ({"moid": " "}, "moid: moid is empty"),
        ({"uuid": "\n"}, "uuid: uuid is empty"),
        ({"name": "a", "folder": ""}, "name: folder is empty"),
        ({"name": "a", "datacenter": " "}, "name: datacenter is empty"),
        ({"vms": ["a", ""]}, "vms[1]: name is empty"),
        ({"vms": ["a", None]}, "vms[1]: None is neither a name nor a dictionary"),
        ({"vms": [42]}, "vms[0]: 42 is neither a name nor a dictionary; quote a name that is a number"),
        ({"vms": [["a"]]}, "vms[0]: ['a'] is neither"),
        ({"vms": [{}]}, "vms[0]: set one of name, moid and uuid"),
        ({"vms": [{"name": None}]}, "vms[0]: set one of name, moid and uuid"),
        ({"vms": [{"folder": "/DC0/vm"}]}, "vms[0]: set one of name, moid and uuid"),
        ({"vms": [{"name": "a", "moid": "vm-1"}]}, "vms[0]: moid and name exclude each other"),
        ({"vms": [{"name": "a", "folder": " "}]}, "vms[0]: folder is empty"),
        ({"vms": ["a", {"nmae": "b"}]}, "vms[1]: unknown key 'nmae'; an entry can have name, moid, uuid"),
        ({"vms": [{"name": "a", "scope": {}}]}, "vms[0]: unknown key 'scope'"),
        ({"vms": [{"name": "a", "name_match": "any"}]}, "vms[0]: value of name_match must be one of"),
        ({"vms": [{"uuid": "1", "use_instance_uuid": "maybe"}]}, "vms[0]: "),
    ],
)
def test_what_selects_nothing_or_twice_is_an_error_that_says_where(given: dict[str, Any], msg: str) -> None:
    with pytest.raises(InputError) as caught:
        read(**given)
    assert caught.value.msg.startswith(msg)


def test_an_entry_is_validated_with_the_argument_spec_of_one_vm() -> None:
    asked: list[Mapping[str, Any]] = []

    def validate(given: Mapping[str, Any]) -> tuple[Mapping[str, Any], Sequence[str]]:
        asked.append(given)
        return {"name": "checked"}, []

    selection = parse_selection(params(vms=[{"name": "raw", "folder": None}]), validate)
    assert asked == [{"name": "raw"}]
    assert selection.selectors[0].name == "checked"


@pytest.mark.parametrize(
    ("given", "scope"),
    [
        ({"all": True}, Scope(everything=True)),
        ({"datacenter": "DC0", "all": False}, Scope(datacenter="DC0")),
        ({"cluster": "C0", "folder": None}, Scope(cluster="C0")),
        ({"folder": "/DC0/vm", "name_pattern": "web-*"}, Scope(folder="/DC0/vm", name_pattern="web-*")),
    ],
)
def test_a_scope_is_what_its_keys_say(given: dict[str, Any], scope: Scope) -> None:
    assert parse_scope(given) == scope
    assert read(scope=given) == Selection(scope=scope)


@pytest.mark.parametrize(
    ("given", "msg"),
    [
        ({}, "scope: no key is set"),
        ({"folder": None, "cluster": None, "datacenter": None, "name_pattern": None}, "scope: no key is set"),
        ({"all": False}, "scope: no key is set"),
        ({"all": None}, "scope: no key is set"),
        ({"folder": ""}, "scope: folder is empty"),
        ({"datacenter": " ", "all": True}, "scope: datacenter is empty"),
        ({"name_pattern": "", "folder": "/DC0/vm"}, "scope: name_pattern is empty"),
        ({"folder": "/"}, "scope: folder '/' is the root"),
        ({"folder": " // "}, "scope: folder ' // ' is the root"),
        ({"all": True, "folder": "/DC0/vm"}, "scope: all excludes folder"),
    ],
)
def test_an_omitted_variable_never_means_everything(given: dict[str, Any], msg: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_scope(given)
    assert caught.value.msg.startswith(msg)


# Matching


def candidate(number: int, name: str, folder: str = "/DC0/vm", **fields: Any) -> Candidate:
    return Candidate(
        f"vm-{number}",
        name,
        folder,
        **{
            "datacenter_path": "/DC0",
            "bios_uuid": f"4210-{number:04}-AB",
            "instance_uuid": f"5033-{number:04}-CD",
            **fields,
        },
    )


WEB = candidate(1, "web-01", "/DC0/vm/web")
DB = candidate(2, "db", "/DC0/vm/db")
DB_TOO = candidate(10, "db", "/DC0/vm/test/db")
DB_FAR = candidate(9, "db", "/DC1/vm", datacenter_path="/DC1")
CLONE = candidate(20, "clone", bios_uuid=WEB.bios_uuid)
NAMELESS = candidate(30, "", "", datacenter_path=None, bios_uuid=None, instance_uuid=None)
ALL = (WEB, DB, DB_TOO, DB_FAR, CLONE, NAMELESS)


@pytest.mark.parametrize(
    ("selector", "moid"),
    [
        (Selector("", name="web-01"), "vm-1"),
        (Selector("", moid="vm-10"), "vm-10"),
        (Selector("", uuid="4210-0002-AB"), "vm-2"),
        (Selector("", uuid="4210-0002-ab"), "vm-2"),
        (Selector("", uuid="5033-0001-CD", use_instance_uuid=True), "vm-1"),
        (Selector("", name="db", datacenter="DC1"), "vm-9"),
        (Selector("", name="db", folder="/DC0/vm/db"), "vm-2"),
        (Selector("", name="db", folder="test"), "vm-10"),
        (Selector("", name="db", name_match="first"), "vm-2"),
        # By number, not by letter: vm-10 comes after vm-9.
        (Selector("", name="db", name_match="last"), "vm-10"),
        (Selector("", name="db", datacenter="DC0", name_match="last"), "vm-10"),
        (Selector("", name="web-01", name_match="last"), "vm-1"),
    ],
)
def test_a_selector_finds_exactly_its_vm(selector: Selector, moid: str) -> None:
    assert resolve([selector], ALL) == (Resolved("", moid),)


@pytest.mark.parametrize(
    ("selector", "problem"),
    [
        (Selector("", name="nothing-like-it"), "no virtual machine has the name 'nothing-like-it'"),
        (Selector("", name="web"), "no virtual machine has the name 'web'; a similar name is 'web-01'"),
        (Selector("", name="web-.*"), "no virtual machine has the name 'web-.*'; a similar name is 'web-01'"),
        (Selector("", name="web-*"), "no virtual machine has the name 'web-*'; a similar name is 'web-01'"),
        (Selector("", name=" web-01"), "no virtual machine has the name ' web-01'; a similar name is 'web-01'"),
        (
            Selector("", name="WEB-01"),
            "no virtual machine has the name 'WEB-01'; names are case sensitive, and there is 'web-01'",
        ),
        (
            Selector("", name="web-01", folder="db", datacenter="DC0"),
            (
                "no virtual machine has the name 'web-01' in folder 'db' in datacenter 'DC0'; "
                "of that name there are vm-1 ('web-01' in /DC0/vm/web)"
            ),
        ),
        # A MoID has no namesakes, though an unreadable VM has the name ''.
        (Selector("", moid="vm-99"), "no virtual machine has the moid 'vm-99'"),
        (Selector("", moid="web-01"), "no virtual machine has the moid 'web-01'"),
        (Selector("", uuid="5033-0001-CD"), "no virtual machine has the uuid '5033-0001-CD'"),
        (
            Selector("", uuid="4210-0001-AB", use_instance_uuid=True),
            "no virtual machine has the instance uuid '4210-0001-AB'",
        ),
        (
            Selector("", name="db"),
            (
                "3 virtual machines have the name 'db': vm-2 ('db' in /DC0/vm/db), vm-9 ('db' in /DC1/vm), "
                "vm-10 ('db' in /DC0/vm/test/db); narrow it with folder or datacenter, or use moid"
            ),
        ),
        (
            Selector("", uuid="4210-0001-ab", name_match="first"),
            (
                "2 virtual machines have the uuid '4210-0001-ab': vm-1 ('web-01' in /DC0/vm/web), "
                "vm-20 ('clone' in /DC0/vm); narrow it with folder or datacenter, or use moid"
            ),
        ),
    ],
)
def test_nothing_is_guessed_and_the_candidates_are_listed(selector: Selector, problem: str) -> None:
    [result] = resolve([selector], ALL)
    assert (result.raw, result.moid, result.problem) == ("", None, problem)


def problems(*selectors: Selector, among: Sequence[Candidate] = ALL) -> list[tuple[Resolved, str]]:
    return [(one, one.problem) for one in resolve(selectors, among) if one.problem is not None]


def test_all_that_is_missing_is_named_each_with_what_may_be_meant() -> None:
    names = ("web01", "DB", "nothing-like-it", "db")
    among = (WEB, candidate(3, "web-1"), candidate(4, "WEB-02"), candidate(5, "x"), DB)
    assert told(problems(*(Selector("", name=name) for name in names), among=among)) == (
        "3 entries match no virtual machine: name 'web01' (similar names are 'web-01', 'web-1', 'WEB-02'), "
        "name 'DB' (names are case sensitive, and there is 'db'), name 'nothing-like-it'"
    )


def test_one_that_is_missing_is_told_in_full_before_what_else_is_wrong() -> None:
    wrong = problems(Selector("", name="db"), Selector("", name="db", datacenter="DC0"), Selector("", moid="vm-99"))
    assert told(wrong).startswith("no virtual machine has the moid 'vm-99'; 3 virtual machines have the name 'db': ")
    assert told(wrong).endswith("or use moid (and 1 more such entries)")
    assert told(wrong[:1]) == wrong[0][1]


def test_of_many_that_are_missing_the_first_are_named_and_only_those_cost_a_search() -> None:
    wrong = problems(*(Selector("", name=f"web-{number}1x") for number in range(MAX_LISTED + 4)))
    text = told(wrong)
    assert text.startswith("14 entries match no virtual machine: name 'web-01x' (a similar name is 'web-01'), ")
    assert text.count("similar") == sum("similar" in problem for ignored, problem in wrong) == MAX_LISTED
    assert text.endswith("(a similar name is 'web-01') and 4 more")


def test_a_long_list_of_candidates_is_cut_and_says_so() -> None:
    twins = [candidate(number, "twin") for number in range(1, MAX_LISTED + 4)]
    [result] = resolve([Selector("", name="twin")], twins)
    assert result.problem is not None
    assert "13 virtual machines have" in result.problem
    assert "vm-10 ('twin' in /DC0/vm) and 3 more;" in result.problem
    assert "vm-11" not in result.problem


def test_every_entry_has_a_result_in_order_with_the_entry_as_given() -> None:
    selectors = [Selector("a", name="nothing"), Selector({"moid": "vm-2"}, moid="vm-2"), Selector("c", name="web-01")]
    results = resolve(selectors, ALL)
    assert [result.raw for result in results] == ["a", {"moid": "vm-2"}, "c"]
    assert [result.moid for result in results] == [None, "vm-2", "vm-1"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Selector("", name="web-01"), Selector("", name="web-01")),
        (Selector("", name="web-01"), Selector("", moid="vm-1")),
        (Selector("", uuid="5033-0001-cd", use_instance_uuid=True), Selector("", name="web-01", folder="web")),
    ],
)
def test_entries_that_are_the_same_vm_are_all_wrong_and_no_others(one: Selector, other: Selector) -> None:
    first, between, last = resolve([one, Selector("", moid="vm-2"), other], ALL)
    assert (first.moid, between.moid, last.moid) == (None, "vm-2", None)
    told = f"{one.text} and {other.text}" if one.text != other.text else f"2 entries, {one.text},"
    assert first.problem == last.problem == f"{told} are the same virtual machine, vm-1"


def test_two_entries_that_match_nothing_are_not_the_same_vm() -> None:
    assert len(resolve([Selector("", name="x"), Selector("", name="x")], ALL)) == 2


# Folders and datacenters


@pytest.mark.parametrize(
    ("folder", "absolute", "moid"),
    [("/DC0/vm/web", True, "vm-1"), ("web", False, "vm-1"), ("web", True, None), ("vm/web", True, None)],
)
def test_an_absolute_folder_begins_at_the_root(folder: str, absolute: bool, moid: str | None) -> None:
    [result] = resolve([Selector("", name="web-01", folder=folder, folder_is_absolute=absolute)], ALL)
    assert result.moid == moid


@pytest.mark.parametrize("datacenter", ["DC1", "/DC1", "/DC1/"])
def test_a_datacenter_is_named_or_given_by_its_path(datacenter: str) -> None:
    assert resolve([Selector("", name="db", datacenter=datacenter)], ALL) == (Resolved("", "vm-9"),)


def test_a_name_is_one_line_of_an_error_and_can_not_turn_it_around() -> None:
    [result] = resolve([Selector("", name="a", folder="x")], [candidate(1, "a", "/DC0/vm/b\nc\u202e")])
    assert result.problem is not None
    assert result.problem.endswith("of that name there are vm-1 ('a' in /DC0/vm/b\\nc\\u202e)")
