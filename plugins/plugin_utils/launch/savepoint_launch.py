# Copyright: (c) 2026, Savepoint for vSphere contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Ansible packs and runs for a module of this collection; see plugin_utils/installed.py."""

from __future__ import annotations

import gc
import importlib
import json
import sys
from collections.abc import Iterable
from types import ModuleType
from typing import Any

from ansible_collections.savepoint.vsphere.plugins.module_utils._payload import quicken

quicken()

# What this collection's modules use of Ansible must be named here, so that Ansible packs it.
from ansible.module_utils import basic
from ansible.module_utils.common import arg_spec  # noqa: F401 # pylint: disable=unused-import

PACKAGE = "ansible_collections.savepoint.vsphere.plugins"
# New objects after which Python looks for cycles. A module lives for seconds and makes hardly any.
GARBAGE = 20_000

slow_remove_values = basic.remove_values


def remove_values(value: Any, secrets: Iterable[Any]) -> Any:
    """A result as Ansible gives it, with its secrets made unreadable.

    Ansible goes through it value by value, which for a thousand virtual machines takes as long as reading them. Mostly
    there is no secret in it, and a search in the whole, written as JSON, shows that.
    """
    hidden = list(secrets)
    try:
        text = json.dumps(value, allow_nan=False)  # JSON has other words for these than Ansible looks at.
    except (TypeError, ValueError):
        return slow_remove_values(value, hidden)
    if any(not isinstance(one, str) or json.dumps(one)[1:-1] in text for one in hidden):
        return slow_remove_values(value, hidden)
    return value


def main() -> None:
    """Run the module that was meant, of the collection that its action plugin belongs to."""
    gc.set_threshold(GARBAGE)
    basic.remove_values = remove_values
    given = json.loads(basic._ANSIBLE_ARGS)  # pylint: disable=protected-access
    options = given["ANSIBLE_MODULE_ARGS"]
    launch = options.pop("_savepoint_launch")
    options["_ansible_module_name"] = launch["action"]
    basic._ANSIBLE_ARGS = json.dumps(given).encode()  # pylint: disable=protected-access
    # What was packed makes way. Packages are made here rather than found, since there may be other ansible_collections
    # on sys.path, with another version of this one.
    for name in [name for name in sys.modules if name.split(".")[0] == "ansible_collections"]:
        del sys.modules[name]
    above = PACKAGE.split(".")
    for depth in range(1, len(above) + 1):
        package = ModuleType(".".join(above[:depth]))
        package.__path__ = [launch["plugins"]] if depth == len(above) else []
        sys.modules[package.__name__] = package
    module = importlib.import_module(f"{PACKAGE}.modules.{launch['module']}")
    gc.freeze()  # All that was imported stays, and need not be looked through again.
    module.main()


if __name__ == "__main__":
    main()
