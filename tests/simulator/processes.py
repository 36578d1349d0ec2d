"""What a process has started, as Linux tells it. For the tests; standard library only."""

from __future__ import annotations

import os
from pathlib import Path


def descendants(pid: int) -> set[int]:
    """The process and all that it has started, from whichever of its threads."""
    found, left = set(), [pid]
    while left:
        one = left.pop()
        found.add(one)
        left += _children(one)
    return found


def _children(pid: int) -> list[int]:
    """None of a process that has ended; those of a thread that ends meanwhile are missed."""
    children: list[int] = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            children += map(int, Path(f"/proc/{pid}/task/{thread}/children").read_text().split())
    except OSError:
        pass
    return children
