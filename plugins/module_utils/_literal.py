# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Text in which nothing is a template. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_OPENING = re.compile(r"\{(?=[{%#])")


def broken(value: Any) -> Any:
    """The value with a space in each opening brace of a template, also in the values of lists and dictionaries."""
    if isinstance(value, str):
        return _OPENING.sub("{ ", value)
    if isinstance(value, Mapping):
        return {broken(key): broken(one) for key, one in value.items()}
    return [broken(one) for one in value] if isinstance(value, list) else value
