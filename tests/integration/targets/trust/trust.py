"""What nobody should get through with: hostile text, and certificates that nobody verifies."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "setup_play"))
from harness import Scenario, main
from hidden import unverified
from hostile import hostile, hostile_oldest

SCENARIOS: list[Callable[[Scenario], None]] = [hostile, hostile_oldest, unverified]

if __name__ == "__main__":
    sys.exit(main(SCENARIOS, *sys.argv[1:]))
