"""The options of a connection by their own names."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.savepoint.vsphere.plugins.filter.connection_options import connection_options
from ansible_collections.savepoint.vsphere.plugins.module_utils._argspec import connection_spec

PASSWORDS = ("password", "pass", "pwd")


def test_every_option_but_the_password() -> None:
    given = {name: name for option, spec in connection_spec().items() for name in [option, *spec.get("aliases", [])]}
    found = connection_options(given)
    assert set(found) == set(connection_spec()) - {"password"}
    assert not set(found.values()) & set(PASSWORDS)


@pytest.mark.parametrize("name", PASSWORDS)
def test_no_spelling_of_the_password_is_told(name: str) -> None:
    assert connection_options({"hostname": "h", name: "secret"}) == {"hostname": "h"}
    assert connection_options({"hostname": "h", name: "secret"}, password=True) == {
        "hostname": "h",
        "password": "secret",
    }


@pytest.mark.parametrize("name", ["username", "user", "admin"])
def test_every_spelling_of_an_option_is_the_same(name: str) -> None:
    assert connection_options({name: "operator"}) == {"username": "operator"}


def test_an_alias_counts_as_in_the_modules() -> None:
    assert connection_options({"username": "a", "user": "b", "admin": None}) == {"username": "b"}


def test_the_order_is_always_the_same() -> None:
    given = {"port": 8443, "user": "u", "hostname": "h"}
    assert list(connection_options(given)) == list(connection_options(dict(reversed(given.items()))))


def test_what_is_no_option_may_be_a_secret_and_is_kept_for_the_module_alone() -> None:
    assert connection_options({"hostname": "h", "passwd": "secret"}) == {"hostname": "h"}
    assert connection_options({"passwd": "secret"}, password=True) == {"passwd": "secret"}


@pytest.mark.parametrize("given", [{}, {"hostname": None}])
def test_nothing_stays_nothing(given: dict[str, Any]) -> None:
    assert connection_options(given) == {}


@pytest.mark.parametrize("given", ["secret", None, ["secret"]])
def test_what_is_no_dictionary_is_refused_and_not_shown(given: Any) -> None:
    with pytest.raises(AnsibleFilterError) as caught:
        connection_options(given)
    assert "secret" not in str(caught.value)
