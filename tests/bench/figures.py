"""Samples, and what is computed from them. Pure: no I/O, no clock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

OURS, FLOOR, EMPTY = "savepoint", "floor", "empty play"
VMWARE, COMMUNITY, GOVC = "vmware.vmware", "community.vmware", "govc"
PEERS = (VMWARE, COMMUNITY)
CONTENDERS = (FLOOR, EMPTY, OURS, GOVC, VMWARE, COMMUNITY)

# The works of one cycle, in their order; the last leaves the fleet as it was.
CYCLE = ("create", "second create", "info", "revert", "prune")
PLAY, DEEP_INFO = "play", "info, 5 snapshots each"


@dataclass(frozen=True)
class Sample:
    """One command, measured once."""

    contender: str
    work: str
    size: int
    latency_ms: int
    wall: float
    cpu: float
    module_mib: float | None
    largest_mib: float
    logins: int
    calls: int
    bytes_received: int
    bytes_sent: int


@dataclass(frozen=True)
class Figure:
    """The medians of the samples of one contender at one work; of memory the largest."""

    samples: int
    wall: float
    fastest: float
    slowest: float
    cpu: float
    module_mib: float | None
    largest_mib: float
    logins: float
    calls: float
    kib: float


def figure(samples: Iterable[Sample]) -> Figure | None:
    found = list(samples)
    if not found:
        return None
    walls = [sample.wall for sample in found]
    modules = [sample.module_mib for sample in found if sample.module_mib is not None]
    return Figure(
        samples=len(found),
        wall=median(walls),
        fastest=min(walls),
        slowest=max(walls),
        cpu=median(sample.cpu for sample in found),
        module_mib=max(modules, default=None),
        largest_mib=max(sample.largest_mib for sample in found),
        logins=median(sample.logins for sample in found),
        calls=median(sample.calls for sample in found),
        kib=median(sample.bytes_received + sample.bytes_sent for sample in found) / 1024,
    )


class Figures:
    """All samples of a run, by what they are of."""

    def __init__(self, samples: Iterable[Sample]) -> None:
        self.samples: dict[tuple[str, str, int, int], list[Sample]] = {}
        for sample in samples:
            key = (sample.contender, sample.work, sample.size, sample.latency_ms)
            self.samples.setdefault(key, []).append(sample)

    def get(self, contender: str, work: str, size: int, latency_ms: int = 0) -> Figure | None:
        return figure(self.samples.get((contender, work, size, latency_ms), []))

    def wall(self, contender: str, work: str, size: int, latency_ms: int = 0) -> float | None:
        found = self.get(contender, work, size, latency_ms)
        return found.wall if found else None

    def least(self, work: str, size: int, latency_ms: int = 0) -> float | None:
        """What a playbook can't go below: the floor and an empty play, one after the other."""
        floor = self.wall(FLOOR, work, size, latency_ms)
        empty = self.wall(EMPTY, PLAY, size, latency_ms)
        return None if floor is None or empty is None else floor + empty

    def faster_peer(self, work: str, size: int, latency_ms: int = 0) -> tuple[str, float] | None:
        walls = [(self.wall(peer, work, size, latency_ms), peer) for peer in PEERS]
        known = [(wall, peer) for wall, peer in walls if wall is not None]
        if not known:
            return None
        wall, peer = min(known)
        return peer, wall

    def sizes(self, contender: str, work: str, latency_ms: int = 0) -> list[int]:
        return sorted({s for c, w, s, ms in self.samples if (c, w, ms) == (contender, work, latency_ms)})

    def growth(self, contender: str, work: str, size: int, latency_ms: int = 0) -> float | None:
        """How many times longer than at the size before."""
        smaller = [s for s in self.sizes(contender, work, latency_ms) if s < size]
        if not smaller:
            return None
        return ratio(self.wall(contender, work, size, latency_ms), self.wall(contender, work, smaller[-1], latency_ms))


def ratio(one: float | None, other: float | None) -> float | None:
    return None if one is None or not other else one / other
