"""Runs a module's real main() in this process, against a simulator; what it would print is the answer.

As a program: python drive.py COLLECTIONS MODULE SECONDS < options, which runs it in a process of its own. An answer is
waited for so many seconds.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import sys
from pathlib import Path
from typing import Any

PREFIX = "ansible_collections.savepoint.vsphere.plugins"


def prepare(collections: Path, *, fresh: float = 60.0, answer: float = 2.0) -> None:
    """Find the collection below this folder, and wait more shortly than for people.

    What was read is ``fresh`` for so many seconds: a busy machine must not read once more where reads are counted.
    An ``answer`` is waited for so many seconds.
    """
    sys.path.insert(0, str(collections))
    shorter: dict[str, dict[str, float]] = {
        "_patience": {"FIRST": 0.05, "LONGEST": 0.4},
        "_session": {"HTTP_TIMEOUT": answer, "LIMIT": 2.5},
        "_doubts": {"PAUSE": 0.05},
        "_tasks": {"LONGEST_WAIT": 1},
        "_guest": {"LONGEST_WAIT": 1},
        "_fresh": {"FRESH": fresh, "FRESH_TEXT": fresh / 5},
    }
    for name, values in shorter.items():
        library = importlib.import_module(f"{PREFIX}.module_utils.{name}")
        for key, value in values.items():
            if not hasattr(library, key):
                raise AttributeError(f"{name} has no {key} any more")
            setattr(library, key, value)


def run(module: str, options: dict[str, Any], *, check_mode: bool = False) -> dict[str, Any]:
    """Run the module with these options; gives its result, with ``failed`` where it ended so."""
    from ansible.module_utils import basic  # noqa: PLC0415 - after the path is set

    given = {
        **options,
        "_ansible_check_mode": check_mode,
        "_ansible_remote_tmp": "/tmp",
        "_ansible_keep_remote_files": False,
    }
    # What AnsiballZ does before it calls main().
    basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": given}).encode()
    if hasattr(basic, "_ANSIBLE_PROFILE"):
        basic._ANSIBLE_PROFILE = "legacy"
    basic._load_params.cache_clear() if hasattr(basic._load_params, "cache_clear") else None
    said = io.StringIO()
    main = importlib.import_module(f"{PREFIX}.modules.{module}").main
    _forget_warnings()
    with contextlib.redirect_stdout(said), contextlib.suppress(SystemExit):
        main()
    result: dict[str, Any] = json.loads(said.getvalue().splitlines()[-1])
    return result


def _forget_warnings() -> None:
    """ansible-core gathers them in the process, which for it is a module's own."""
    from ansible.module_utils.common import warnings  # noqa: PLC0415 - after the path is set

    for name in ("_global_warnings", "_global_deprecations"):
        gathered = getattr(warnings, name, None)
        if gathered is not None:
            gathered.clear()


if __name__ == "__main__":
    prepare(Path(sys.argv[1]), fresh=1.0, answer=float(sys.argv[3]))
    print(json.dumps(run(sys.argv[2], json.load(sys.stdin))), flush=True)
