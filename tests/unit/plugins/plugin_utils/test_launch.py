"""The launcher finds the secrets of a result as Ansible does, without going through it value by value."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.savepoint.vsphere.plugins.plugin_utils.launch import savepoint_launch

MASK = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
SECRET = st.text(min_size=1, max_size=4)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=6))
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=3), inner))


def found(value: Any, *secrets: str) -> Any:
    mine = savepoint_launch.remove_values(value, set(secrets))
    assert mine == savepoint_launch.slow_remove_values(value, set(secrets))
    return mine


@given(value=VALUES, secrets=st.lists(SECRET, max_size=3))
def test_gives_what_ansible_gives(value: Any, secrets: list[str]) -> None:
    found({"results": value}, *secrets)


@given(before=st.text(max_size=3), secret=SECRET, after=st.text(max_size=3))
def test_no_secret_stays_wherever_it_is(before: str, secret: str, after: str) -> None:
    text = before + secret + after
    hidden = found({"results": [{"msg": text, secret: secret}]}, secret)["results"][0]
    assert hidden[secret] == MASK
    # What is left on both sides of a mask may make the secret when put together, so each piece counts.
    assert hidden["msg"] == MASK or all(secret not in piece for piece in hidden["msg"].split("********"))


@pytest.mark.parametrize("secret", ['p"w', "p\\w", "pä", "\N{SNOWMAN}", "\U0001f600", "a/b", "a\nb", "\x7f", "12"])
def test_a_secret_that_json_writes_otherwise_is_found(secret: str) -> None:
    assert found({"results": [{"msg": f"x{secret}y", "number": 3124}]}, secret)["results"][0]["msg"] == "x********y"


def test_a_number_that_json_has_another_word_for_is_looked_at() -> None:
    assert found({"much": float("inf")}, "inf") == {"much": MASK}


def test_what_json_can_not_hold_is_left_to_ansible() -> None:
    moment = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
    result = found({"at": moment, "msg": "my secret"}, "secret")
    # ansible-core 2.16 makes a text of it.
    assert result.pop("at") in (moment, moment.isoformat())
    assert result == {"msg": "my ********"}
