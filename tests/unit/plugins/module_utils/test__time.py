# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from ansible_collections.savepoint.vsphere.plugins.module_utils._errors import InputError
from ansible_collections.savepoint.vsphere.plugins.module_utils._time import (
    format_duration,
    format_time,
    parse_duration,
    parse_time,
    to_utc,
)

UTC = timezone.utc


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("45s", 45),
        ("10m", 600),
        ("72h", 72 * 3600),
        ("30d", 30 * 86400),
        ("2w", 14 * 86400),
        ("1h30m", 5400),
        ("1w1d1h1m1s", 604800 + 86400 + 3600 + 60 + 1),
        ("90m", 5400),
        ("007d", 7 * 86400),
        ("0h5m", 300),
        (" 72h\n", 72 * 3600),
        ("36500d", 36500 * 86400),
    ],
)
def test_a_duration_is_read(text: str, seconds: int) -> None:
    assert parse_duration(text, "expires_in") == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "0s",
        "0h0m",
        "72",
        "h",
        "-1h",
        "+1h",
        "1.5h",
        "1h 30m",
        "30m1h",
        "1h1h",
        "72H",
        "1y",
        "None",
        "\uff11h",
        "\u0663h",
    ],
)
def test_what_is_no_duration_is_refused_with_the_option_and_the_text(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_duration(text, "policy: max_age")
    assert caught.value.msg.startswith(f"policy: max_age: '{text}' is not a duration")


@pytest.mark.parametrize("text", ["36501d", "999999999w", "5300w"])
def test_more_than_a_hundred_years_is_refused_and_does_not_overflow(text: str) -> None:
    with pytest.raises(InputError, match="longer than a hundred years"):
        parse_duration(text, "expires_in")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (timedelta(0), "0s"),
        (timedelta(milliseconds=900), "0s"),
        (timedelta(seconds=59), "59s"),
        (timedelta(minutes=12, seconds=30), "12m30s"),
        (timedelta(hours=72), "3d"),
        (timedelta(days=3, hours=4, minutes=5), "3d4h"),
        (timedelta(days=20), "20d"),
        (timedelta(days=1, seconds=9), "1d9s"),
        (-timedelta(hours=2), "2h"),
    ],
)
def test_a_duration_is_written_in_its_two_largest_units(value: timedelta, text: str) -> None:
    assert format_duration(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (datetime(2026, 11, 26, 5, 0, 0, tzinfo=UTC), "2026-11-26T05:00:00Z"),
        (datetime(2026, 11, 26, 5, 0, 0, 999999, tzinfo=UTC), "2026-11-26T05:00:00Z"),
        (datetime(2026, 11, 26, 1, 30, tzinfo=timezone(timedelta(hours=5, minutes=30))), "2026-11-25T20:00:00Z"),
        (datetime(2026, 11, 26, 5, 0, 0), "2026-11-26T05:00:00Z"),  # noqa: DTZ001
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00Z"),
    ],
)
def test_a_time_is_written_in_utc_with_a_z(value: datetime, text: str) -> None:
    assert format_time(value) == text


def test_a_time_without_a_zone_is_utc_already() -> None:
    assert to_utc(datetime(2026, 11, 26, 5)) == datetime(2026, 11, 26, 5, tzinfo=UTC)  # noqa: DTZ001


def test_a_time_is_read_as_it_was_written() -> None:
    assert parse_time("2026-11-26T05:00:00Z") == datetime(2026, 11, 26, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-11-26",
        "2026-11-26T05:00:00",
        "2026-11-26T05:00:00+00:00",
        "2026-11-26t05:00:00z",
        "2026-11-26 05:00:00Z",
        "2026-1-2T3:4:5Z",
        "2026-13-26T05:00:00Z",
        "2026-02-30T05:00:00Z",
        "2026-11-26T05:00:61Z",
        "\uff12\uff10\uff12\uff16-11-26T05:00:00Z",
        "tomorrow",
    ],
)
def test_what_is_no_time_of_ours_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_time(text)
