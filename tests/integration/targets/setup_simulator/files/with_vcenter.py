"""Becomes the command that is named, with the variables in its environment by which the simulated vCenter is found.

A task's own "environment" will not do: Ansible puts it into a command line, which everybody on the machine can read.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

CONFIG = Path(__file__).resolve().parents[3] / "integration_config.yml"

if __name__ == "__main__":
    os.execvpe(sys.argv[1], sys.argv[1:], {**os.environ, **json.loads(CONFIG.read_text())["sim_env"]})
