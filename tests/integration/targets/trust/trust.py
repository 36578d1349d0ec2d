"""What nobody should get through with: hostile text, leaks, missing privileges and runs at the same time."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "setup_play"))
from concurrent_runs import at_once
from harness import Scenario, main
from hidden import hidden, hidden_in_a_role, hidden_tracebacks, unverified
from hostile import hostile, hostile_oldest
from places import places
from privileges import privileges
from reports import reports, reports_oldest
from trees import trees

SCENARIOS: list[Callable[[Scenario], None]] = [
    hostile,
    hostile_oldest,
    places,
    reports,
    reports_oldest,
    hidden,
    hidden_tracebacks,
    hidden_in_a_role,
    unverified,
    privileges,
    at_once,
    trees,
]

if __name__ == "__main__":
    sys.exit(main(SCENARIOS, *sys.argv[1:]))
