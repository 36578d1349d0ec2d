"""Samples for tests."""

from __future__ import annotations

from typing import Any

from figures import Sample


def sample(contender: str, wall: float, work: str = "create", size: int = 10, **more: Any) -> Sample:
    rest: dict[str, Any] = {
        "latency_ms": 0,
        "cpu": 1.0,
        "module_mib": None,
        "largest_mib": 1.0,
        "logins": 1,
        "calls": 10,
        "bytes_received": 512,
        "bytes_sent": 512,
    }
    return Sample(contender, work, size, wall=wall, **{**rest, **more})
