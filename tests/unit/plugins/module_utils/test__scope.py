# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import InputError
from ansible_collections.savepoint.vsphere.plugins.module_utils._names import part
from ansible_collections.savepoint.vsphere.plugins.module_utils._scope import (
    Bounds,
    Place,
    bounds,
    locate,
    nothing_in,
)
from ansible_collections.savepoint.vsphere.plugins.module_utils._selection import Candidate, Scope


def datacenter(path: str) -> Place:
    return Place("datacenter", f"dc-{path}", path, path)


def folder(path: str, base: str | None = "/DC0") -> Place:
    return Place("folder", f"group-{path}", path, base)


def cluster(path: str, base: str) -> Place:
    return Place("cluster", f"domain-{path}", path, base)


def vm(name: str, where: str, base: str | None = "/DC0") -> Candidate:
    return Candidate(f"vm-{name}", name, where, base)


PLACES = [
    datacenter("/DC0"),
    *(folder(f"/DC0/{one}") for one in ("vm", "host", "network", "host/web", "vm/web", "vm/web/prod", "vm/webshop")),
    *(folder(f"/DC0/vm/{one}") for one in ("old", "old/web", "DC0", "host")),
    folder("/Europe", None),
    datacenter("/Europe/DC9"),
    *(folder(f"/Europe/DC9/{one}", "/Europe/DC9") for one in ("vm", "vm/web", "vm/there")),
    folder("/Asia", None),
    datacenter("/Asia/DC9"),
    folder("/Asia/DC9/vm", "/Asia/DC9"),
    cluster("/DC0/host/C0", "/DC0"),
    cluster("/Europe/DC9/host/C0", "/Europe/DC9"),
    cluster("/Asia/DC9/host/C1", "/Asia/DC9"),
]
VMS = [
    vm("top", "/DC0/vm"),
    vm("web", "/DC0/vm/web"),
    vm("deep", "/DC0/vm/web/prod"),
    vm("alike", "/DC0/vm/webshop"),
    vm("nested", "/DC0/vm/old/web"),
    vm("far", "/Europe/DC9/vm/web", "/Europe/DC9"),
    vm("farther", "/Asia/DC9/vm", "/Asia/DC9"),
    vm("esxi", "", None),
]


def selected(scope: Scope) -> list[str]:
    limits = bounds(scope, PLACES)
    return [one.name for one in VMS if limits.hold(one)]


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/DC0/vm/web", ["web", "deep"]),
        ("DC0/vm/web/", ["web", "deep"]),
        ("//DC0//vm//web", ["web", "deep"]),
        ("web/prod", ["deep"]),
        ("vm/web/prod", ["deep"]),
        ("old/web", ["nested"]),
        ("/DC0", ["top", "web", "deep", "alike", "nested"]),
        ("/DC0/vm", ["top", "web", "deep", "alike", "nested"]),
        ("/Europe/DC9/vm/web", ["far"]),
        ("Europe", ["far"]),
        ("there", []),
        # The folder of hosts is no other meaning of it.
        ("host", []),
    ],
)
def test_a_folder_means_what_is_in_it_and_below_it(path: str, names: list[str]) -> None:
    assert selected(Scope(folder=path)) == names


@pytest.mark.parametrize(
    ("scope", "names"),
    [
        (Scope(everything=True), [one.name for one in VMS]),
        (Scope(datacenter="/Europe/DC9"), ["far"]),
        (Scope(datacenter="Europe/DC9"), ["far"]),
        (Scope(datacenter="DC0", folder="web"), ["web", "deep"]),
        (Scope(datacenter="/Europe/DC9", folder="web"), ["far"]),
        (Scope(datacenter="/Europe/DC9", folder="/Europe"), ["far"]),
        (Scope(datacenter="DC0", folder="/DC0/vm/web", name_pattern="d*"), ["deep"]),
        (Scope(name_pattern="*e*"), ["web", "deep", "alike", "nested", "farther", "esxi"]),
        (Scope(name_pattern="e"), []),
        (Scope(name_pattern="WEB"), []),
        (Scope(name_pattern="[tw]*"), ["top", "web"]),
    ],
)
def test_all_keys_of_a_scope_must_hold(scope: Scope, names: list[str]) -> None:
    assert selected(scope) == names


@pytest.mark.parametrize(
    ("scope", "path"),
    [
        (Scope(cluster="C1"), "/Asia/DC9/host/C1"),
        (Scope(cluster="/DC0/host/C0"), "/DC0/host/C0"),
        (Scope(cluster="C0", datacenter="/Europe/DC9"), "/Europe/DC9/host/C0"),
    ],
)
def test_a_cluster_is_found_in_its_datacenter(scope: Scope, path: str) -> None:
    found = bounds(scope, PLACES).cluster
    assert found is not None
    assert found.path == path


@pytest.mark.parametrize(
    ("scope", "msg"),
    [
        (
            Scope(datacenter="DC9"),
            (
                "scope: 2 datacenters answer to 'DC9': '/Asia/DC9' (dc-/Asia/DC9), '/Europe/DC9' (dc-/Europe/DC9); "
                "give the full path of the one that is meant"
            ),
        ),
        (
            Scope(folder="web"),
            (
                "scope: 2 folders answer to 'web': '/DC0/vm/web' (group-/DC0/vm/web), "
                "'/Europe/DC9/vm/web' (group-/Europe/DC9/vm/web); "
                "give the full path of the one that is meant, or its datacenter beside it"
            ),
        ),
        (
            Scope(folder="DC0"),
            (
                "scope: 2 folders answer to 'DC0': '/DC0' (dc-/DC0), '/DC0/vm/DC0' (group-/DC0/vm/DC0); "
                "give the full path of the one that is meant"
            ),
        ),
        (
            Scope(cluster="C0"),
            (
                "scope: 2 clusters answer to 'C0': '/DC0/host/C0' (domain-/DC0/host/C0), "
                "'/Europe/DC9/host/C0' (domain-/Europe/DC9/host/C0); "
                "give the full path of the one that is meant, or its datacenter beside it"
            ),
        ),
    ],
)
def test_what_several_answer_to_is_an_error_that_lists_them(scope: Scope, msg: str) -> None:
    with pytest.raises(InputError) as caught:
        bounds(scope, PLACES)
    assert caught.value.msg == msg


@pytest.mark.parametrize(
    ("scope", "msg"),
    [
        (Scope(datacenter="dc0"), "scope: there is no datacenter 'dc0'; there are '/Asia/DC9' (dc-/Asia/DC9), '/DC0'"),
        (Scope(datacenter="D*"), "scope: there is no datacenter 'D*'"),
        (Scope(folder="/DC0/vm/we"), "scope: there is no folder '/DC0/vm/we'; there are '/Asia' (group-/Asia)"),
        (Scope(folder="prod"), "scope: there is no folder 'prod'"),
        (Scope(folder="network"), "scope: there is no folder 'network'"),
        (
            Scope(datacenter="DC0", folder="there"),
            (
                "scope: there is no folder 'there' in datacenter '/DC0'; "
                "but there is '/Europe/DC9/vm/there' (group-/Europe/DC9/vm/there)"
            ),
        ),
        (Scope(datacenter="DC0", cluster="C1"), "scope: there is no cluster 'C1' in datacenter '/DC0'; but there is"),
        (Scope(cluster="x\n\u202ey"), "scope: there is no cluster 'x\\n\\u202ey'; there are '/Asia/DC9/host/C1'"),
    ],
)
def test_what_is_not_there_is_an_error_that_lists_what_is(scope: Scope, msg: str) -> None:
    with pytest.raises(InputError) as caught:
        bounds(scope, PLACES)
    assert caught.value.msg.startswith(msg)


def test_places_whose_paths_are_not_all_visible_are_told_apart_by_nobody() -> None:
    twins = [Place("datacenter", "dc-1", "/DC0", "/DC0"), Place("datacenter", "dc-2", "/DC0", "/DC0")]
    with pytest.raises(InputError, match=r"'/DC0' \(dc-1\), '/DC0' \(dc-2\); .* name the virtual machines by moid"):
        bounds(Scope(datacenter="/DC0"), twins)


SLASH = folder("/DC0/vm/web%2fprod")
ESCAPED = folder("/DC0/vm/web%252fprod")


@pytest.mark.parametrize(
    ("wanted", "places", "found"),
    [
        ("web/prod", [SLASH], SLASH),
        ("web%2fprod", [SLASH], SLASH),
        ("/DC0/vm/web/prod", [SLASH], SLASH),
        ("web%2fprod", [ESCAPED], ESCAPED),
        # Both can be read into it.
        ("web%2fprod", [SLASH, ESCAPED], None),
        ("web/prod", [SLASH, folder("/DC0/vm/web/prod")], None),
        # As results show it, a path has one meaning.
        ("/DC0/vm/web/prod", [SLASH, folder("/DC0/vm/web/prod")], folder("/DC0/vm/web/prod")),
        ("/DC0/vm/web%2fprod", [SLASH, ESCAPED], SLASH),
        ("/DC0/vm/web%252fprod", [SLASH, ESCAPED], ESCAPED),
        # A name that is a slash is not nothing.
        ("web", [folder("/DC0/vm/web"), folder("/DC0/vm/web/%2f")], folder("/DC0/vm/web")),
    ],
)
def test_a_slash_in_a_name_is_told_from_one_between_names(
    wanted: str, places: list[Place], found: Place | None
) -> None:
    if found is None:
        with pytest.raises(InputError, match=r"^scope: 2 folders answer to"):
            locate("folder", wanted, places)
    else:
        assert locate("folder", wanted, places) == found


def test_letters_that_look_the_same_are_the_same_unless_both_are_there() -> None:
    composed, decomposed = (folder(unicodedata.normalize(form, "/DC0/vm/caf\u00e9")) for form in ("NFC", "NFD"))
    assert locate("folder", "caf\u00e9", [decomposed]) == decomposed
    assert locate("folder", "cafe\u0301", [composed]) == composed
    assert locate("folder", "caf\u00e9", [composed, decomposed]) == composed
    assert locate("folder", "cafe\u0301", [composed, decomposed]) == decomposed


NAME = st.text(st.sampled_from("ab/\\%2f5c \n'{\u0301\u202e\u00e9"), min_size=1, max_size=6).filter(str.strip)


@given(st.lists(NAME, min_size=1, max_size=6, unique=True))
def test_every_path_that_an_error_lists_means_its_place(names: list[str]) -> None:
    places = [folder(f"/DC0/vm/{part(one.replace('%', '%25'))}") for one in names]
    for place in places:
        assert locate("folder", place.path, places) == place
        assert Bounds(folder=place).hold(vm("x", f"{place.path}/more"))


@given(NAME)
def test_a_name_by_itself_means_its_place(name: str) -> None:
    place = datacenter("/" + part(name.replace("%", "%25")))
    assert locate("datacenter", name, [datacenter("/other"), place]) == place


@pytest.mark.parametrize(
    ("scope", "text"),
    [
        (Scope(everything=True), "no virtual machine was looked at: this account sees none"),
        (
            Scope(datacenter="DC0", cluster="C0", folder="web"),
            "no virtual machine was looked at: the scope (datacenter 'DC0', cluster 'C0', folder 'web') has none in it",
        ),
        (
            Scope(name_pattern="web-*\n"),
            (
                "no virtual machine was looked at: the scope (name_pattern 'web-*\\n') has none in it; a name_pattern "
                "must match the whole name, and case matters"
            ),
        ),
    ],
)
def test_a_scope_without_machines_is_told_in_the_callers_words(scope: Scope, text: str) -> None:
    assert nothing_in(scope) == text
