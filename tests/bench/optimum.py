"""The shortest possible run of equally long tasks under limits, and what a log of calls says of a real one. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def optimum(counts: Mapping[str, int], limit: int, seconds: float, together: int | None = None) -> float:
    """Tasks of equal length, so many on each datastore, of which limit run at once there, and together in all.

    Equal tasks run in waves. No datastore is done in fewer than its own tasks need, and all are not in fewer than all
    tasks need; taking the datastores with most left first, that many waves are enough.
    """
    waves = max((-(-count // limit) for count in counts.values()), default=0)
    if together:
        waves = max(waves, -(-sum(counts.values()) // together))
    return waves * seconds


def makespan(starts: Iterable[float], seconds: float) -> float:
    """From the first start to the last end."""
    found = list(starts)
    return max(found) - min(found) + seconds if found else 0.0


def at_once(starts: Mapping[str, Iterable[float]], seconds: float) -> int:
    """The most tasks that one datastore had under way at any time."""
    most = 0
    for found in starts.values():
        # An end comes before a start at the same time.
        steps = sorted([(start, 1) for start in found] + [(start + seconds, -1) for start in found])
        running = 0
        for _when, step in steps:
            running += step
            most = max(most, running)
    return most
