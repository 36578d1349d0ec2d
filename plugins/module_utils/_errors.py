# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one error tree of the collection.

Library code raises these; only ``_entry`` turns them into ``fail_json``.
"""

from __future__ import annotations

import reprlib
from typing import Any

# Characters of a value that an error quotes.
LONGEST_QUOTE = 100


class SavepointError(Exception):
    """Something that ends the call, in one sentence that a person can act on.

    ``facts`` go into the module's result beside ``msg`` (for instance the partial ``results``).
    """

    def __init__(self, msg: str, **facts: Any) -> None:
        super().__init__(msg)
        self.msg = msg
        self.facts = facts


class InputError(SavepointError):
    """What the caller asked for is malformed, ambiguous or not there. Nothing was changed."""


class LimitError(SavepointError):
    """A limit that the caller set would be exceeded. Nothing was changed."""


class ConnectError(SavepointError):
    """vCenter could not be reached, was not trusted, or refused the login."""


def shown(value: Any) -> str:
    """Any value as an error quotes it: on one line, printable, and short."""
    quoting = reprlib.Repr()
    quoting.maxstring = quoting.maxother = quoting.maxlong = LONGEST_QUOTE
    try:
        text = quoting.repr(value)
    except ValueError:  # Python refuses to write out a number of thousands of digits.
        text = "a number too long to show"
    return text if len(text) <= LONGEST_QUOTE else f"{text[: LONGEST_QUOTE - 3]}..."
