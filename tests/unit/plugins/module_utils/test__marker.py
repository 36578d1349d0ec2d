# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from ansible_collections.savepoint.vsphere.plugins.module_utils._marker import (
    KINDS,
    Described,
    Marker,
    format_marker,
    join,
    looks_like_marker,
    parse,
    split,
    with_expiry,
    with_hold,
    with_kind,
    with_phase,
    with_revert,
)

EXPIRES = datetime(2026, 11, 26, 5, 0, 0, tzinfo=timezone.utc)
FULL = Marker("CHG0031337", "quiesced", "awx:job:812", EXPIRES, "5f2c9a", "taken")
FULL_LINE = (
    "[savepoint set=CHG0031337 kind=quiesced owner=awx:job:812 expires=2026-11-26T05:00:00Z op=5f2c9a phase=taken]"
)


def test_the_line_is_the_one_that_the_contract_shows() -> None:
    assert format_marker(FULL) == FULL_LINE
    assert parse(FULL_LINE) == FULL


def test_hold_stands_alone_at_the_end() -> None:
    assert format_marker(with_hold(FULL, True)) == FULL_LINE[:-1] + " hold]"


@pytest.mark.parametrize(
    ("marker", "line"),
    [
        (Marker(hold=True), "[savepoint hold]"),
        (Marker(set="a b"), "[savepoint set=a%20b]"),
        (Marker(set="100%"), "[savepoint set=100%25]"),
        (Marker(set="[x]=y"), "[savepoint set=%5Bx%5D%3Dy]"),
        (Marker(set="a\nhold"), "[savepoint set=a%0Ahold]"),
        (Marker(owner="Jörg Größe"), "[savepoint owner=J%C3%B6rg%20Gr%C3%B6%C3%9Fe]"),
        (Marker(owner="ops@example.com/team,a+b~c._-:1"), "[savepoint owner=ops@example.com/team,a+b~c._-:1]"),
        (Marker(set="\u2028\u00a0"), "[savepoint set=%E2%80%A8%C2%A0]"),
    ],
)
def test_values_are_percent_encoded_where_they_need_it(marker: Marker, line: str) -> None:
    assert format_marker(marker) == line
    assert parse(line) == marker


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_the_contract_is_known(kind: str) -> None:
    assert parse(f"[savepoint kind={kind}]").kind == kind


def test_unknown_keys_survive_an_edit_as_they_were_written() -> None:
    line = "[savepoint set=A tier=gold%20plus frozen]"
    marker = parse(line)
    assert marker.extra == (("tier", "gold%20plus"), ("frozen", ""))
    assert format_marker(with_hold(marker, True)) == "[savepoint set=A tier=gold%20plus frozen hold]"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("[savepoint", "does not have the form"),
        ("[savepoint set=A", "does not have the form"),
        ("[savepoint set=A] ok", "does not have the form"),
        ("[SAVEPOINT set=A]", "does not have the form"),
        ("[savepointer set=A]", "does not have the form"),
        ("[savepoint:set=A]", "does not have the form"),
        ("[savepoint set]", "'set' has no value"),
        ("[savepoint set=]", "'set=' is not key=value"),
        ("[savepoint =A]", "'=A' is not key=value"),
        ("[savepoint Set=A]", "'Set=A' is not key=value"),
        ("[savepoint 9=A]", "'9=A' is not key=value"),
        ("[savepoint please keep this!]", "'this!' is not key=value"),
        ("[savepoint set=A set=B]", "'set' is there twice"),
        ("[savepoint hold hold]", "'hold' is there twice"),
        ("[savepoint new=1 new=2]", "'new' is there twice"),
        ("[savepoint hold=true]", "'hold' takes no value"),
        ("[savepoint kind=weaker]", "'weaker' is no kind of snapshot"),
        ("[savepoint expires=tomorrow]", "does not match format"),
        ("[savepoint expires=2026-1-2T3:4:5Z]", "is not a time"),
        ("[savepoint set=%ff]", "codec can't decode"),
    ],
)
def test_a_malformed_line_is_a_problem_and_never_a_marker(line: str, reason: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        parse(line)
    assert reason in str(caught.value)
    assert split(f"text\n{line}") == Described("text", None, str(caught.value))


@pytest.mark.parametrize("text", ["", "before the change", "two\nlines", "ends with a break\n", "\n\n", "  spaces  "])
def test_text_and_marker_come_apart_as_they_were_put_together(text: str) -> None:
    assert split(join(text, FULL)) == Described(text, FULL)


@pytest.mark.parametrize(
    ("raw", "text", "managed"),
    [
        (None, "", False),
        ("", "", False),
        ("plain", "plain", False),
        ("plain \n", "plain \n", False),
        (f"text\n{FULL_LINE}\n \n", "text", True),
        (f"text\n  {FULL_LINE}\t", "text", True),
        (f"text\r\n{FULL_LINE}\r\n", "text", True),
        (f"a\r\nb\r\n{FULL_LINE}", "a\r\nb", True),
        (FULL_LINE, "", True),
    ],
)
def test_line_ends_and_blanks_around_the_marker_do_not_matter(raw: str | None, text: str, managed: bool) -> None:
    assert split(raw) == Described(text, FULL if managed else None)


@pytest.mark.parametrize(
    "raw",
    [
        "see [savepoint set=FORGED hold]",
        "(savepoint set=FORGED)",
        "savepoint set=FORGED",
    ],
)
def test_an_imitation_that_is_not_the_last_line_is_text(raw: str) -> None:
    assert split(raw) == Described(raw)


@pytest.mark.parametrize("raw", ["[savepoint set=CHG1 hold]\nand more text", "a\n[savepoint set=CHG1\nhold]"])
def test_a_marker_with_text_below_it_protects_the_snapshot(raw: str) -> None:
    # Somebody wrote below it in the vSphere Client: the hold that it may have carried must not get lost.
    described = split(raw)
    assert described == Described(raw, problem="it is not the last line of the description")


def test_only_the_last_of_two_markers_counts() -> None:
    assert split(f"[savepoint set=FORGED]\n{FULL_LINE}") == Described("[savepoint set=FORGED]", FULL)


@pytest.mark.parametrize(
    ("line", "claims"),
    [
        ("[savepoint]", True),
        ("  [Savepoint set=x", True),
        ("[savepoints are great]", True),
        ("text [savepoint]", False),
        ("[ savepoint]", False),
        ("", False),
    ],
)
def test_whatever_begins_like_a_marker_claims_to_be_one(line: str, claims: bool) -> None:
    assert looks_like_marker(line) is claims


@pytest.mark.parametrize("marker", [None, Marker()])
def test_a_marker_with_nothing_to_say_is_not_written(marker: Marker | None) -> None:
    assert join("text", marker) == "text"


def test_hold_starts_a_marker_and_release_changes_nothing_else() -> None:
    assert with_hold(None, True) == Marker(hold=True)
    assert with_hold(with_hold(FULL, True), False) == FULL


def test_the_kind_really_taken_replaces_the_promised_one() -> None:
    assert with_kind(FULL, "crash_consistent") == Marker(
        "CHG0031337", "crash_consistent", "awx:job:812", EXPIRES, "5f2c9a", "taken"
    )


@pytest.mark.parametrize(
    ("before", "asked", "after"),
    [
        (EXPIRES, EXPIRES + timedelta(hours=1), EXPIRES + timedelta(hours=1)),
        (EXPIRES, EXPIRES - timedelta(hours=1), EXPIRES),
        (EXPIRES, EXPIRES, EXPIRES),
        (None, EXPIRES, EXPIRES),
    ],
)
def test_an_expiry_is_never_put_earlier(before: datetime | None, asked: datetime, after: datetime) -> None:
    assert with_expiry(Marker(expires=before), asked).expires == after


def test_a_phase_changes_nothing_else() -> None:
    line = FULL_LINE[:-1] + " reverted=2026-11-23T05:00:00Z ticket=OPS-7 flag hold]"
    assert format_marker(with_phase(parse(line), "failed")) == line.replace("phase=taken", "phase=failed")


@pytest.mark.parametrize(
    ("ended", "noted"),
    [(0, "2026-11-23T05:00:00Z"), (1, "2026-11-23T05:00:01Z"), (999_999, "2026-11-23T05:00:01Z")],
)
def test_a_revert_is_noted_with_a_time_that_is_not_before_it(ended: int, noted: str) -> None:
    marker = with_revert(FULL, datetime(2026, 11, 23, 5, 0, 0, ended, tzinfo=timezone.utc))
    assert format_marker(marker) == FULL_LINE.replace("phase=taken", f"phase=reverted reverted={noted}")
    assert parse(format_marker(marker)) == marker


@pytest.mark.parametrize("word", ["reverted", "reverted=", "reverted=yes", "reverted=2026-11-23"])
def test_a_time_of_a_revert_that_can_not_be_read_spoils_the_marker(word: str) -> None:
    assert split(f"[savepoint set=CHG1 {word}]").problem is not None
