# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.savepoint.vsphere.plugins.module_utils._names import (
    escaped,
    part,
    plain,
    printable,
    similar,
)


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("web-01", "web-01"),
        ("a%2fb", "a/b"),
        ("a%2Fb%5Cc%5cd", "a/b\\c\\d"),
        ("100%25", "100%"),
        ("%252f", "%2f"),
        ("50% off", "50% off"),
        ("%41%zz%", "%41%zz%"),
        ("", ""),
    ],
)
def test_vspheres_escapes_and_no_others_are_undone_once(given: str, read: str) -> None:
    assert plain(given) == read


@pytest.mark.parametrize(
    ("name", "sent"), [("before 100%", "before 100%25"), ("a/b", "a/b"), ("%2f", "%252f"), ("ü", "ü")]
)
def test_percent_signs_of_a_snapshots_name_are_escaped(name: str, sent: str) -> None:
    assert escaped(name) == sent
    assert plain(sent) == name


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("web", "web"),
        ("100%25 off", "100% off"),
        ("a%5Cb", "a\\b"),
        ("a%2Fb%5cc 100%25", "a%2fb%5cc 100%25"),
        # The name that is really a%2fb must not look like the one that is a/b.
        ("a%252fb", "a%252fb"),
        ("%2525", "%2525"),
    ],
)
def test_a_part_of_a_path_means_one_name_only(given: str, written: str) -> None:
    assert part(given) == written
    assert plain(written) == plain(given)
    assert part(written) == written


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("caf\u00e9 \u05d0 'x'", "caf\u00e9 \u05d0 'x'"),
        ("a\nb", "a\\nb"),
        ("\u202egnp.exe\u200f", "\\u202egnp.exe\\u200f"),
    ],
)
def test_what_would_break_or_turn_a_line_is_written_out(text: str, message: str) -> None:
    assert printable(text) == message


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("web01", ("WEB-01", "web-1", "web-10")),
        ("WEB01", ("WEB-01", "web-1", "web-10")),
        ("db-master", ()),
    ],
)
def test_at_most_three_names_are_similar_whatever_their_case(wanted: str, found: tuple[str, ...]) -> None:
    assert similar(wanted, ["", "mail", "web-10", "web-1", "WEB-01", "wb-0-1"]) == found
