"""Processes that have started others.  python -m pytest tests/simulator"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import processes

# A thread starts a shell, which starts cat; that waits until its input ends.
TREE = (
    "import subprocess, threading\n"
    "one = threading.Thread(target=subprocess.run, args=(['sh', '-c', 'cat; true'],))\n"
    "one.start()\n"
    "one.join()"
)


def test_a_process_and_all_that_it_has_started_are_found_and_none_that_has_ended() -> None:
    with subprocess.Popen([sys.executable, "-c", TREE], stdin=subprocess.PIPE) as process:
        for _look in range(200):
            found = processes.descendants(process.pid)
            if len(found) == 3:
                break
            time.sleep(0.05)
        names = sorted(Path(f"/proc/{pid}/comm").read_text().strip() for pid in found - {process.pid})
        assert process.pid in found and names == ["cat", "sh"]
    assert processes.descendants(process.pid) == {process.pid}
