"""What a bench runs, and in what order. Pure.

Contenders take turns within a group of equal size and latency, and another one begins each round, so that whatever
else the machine does hits them all alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from figures import COMMUNITY, CYCLE, EMPTY, FLOOR, GOVC, OURS, PLAY, VMWARE

CREATE = CYCLE[:1]
BARE = (FLOOR, EMPTY, OURS)


@dataclass(frozen=True)
class Turn:
    """One contender does some works, one after the other, on a fresh fleet."""

    contender: str
    size: int
    latency_ms: int
    works: tuple[str, ...]


@dataclass(frozen=True)
class Group:
    """The turns at one size and latency: how many cycles each contender does, and how many creates on top."""

    size: int
    latency_ms: int = 0
    cycles: dict[str, int] = field(default_factory=dict)
    creates: dict[str, int] = field(default_factory=dict)

    def turns(self, only: Iterable[str]) -> Iterator[Turn]:
        there = [name for name in {**self.cycles, **self.creates} if name in only]
        rounds = {name: self.cycles.get(name, 0) + self.creates.get(name, 0) for name in there}
        for number in range(max(rounds.values(), default=0)):
            start = number % len(there)
            for name in there[start:] + there[:start]:
                if number < rounds[name]:
                    works = CYCLE if number < self.cycles.get(name, 0) else CREATE
                    yield Turn(name, self.size, self.latency_ms, (PLAY,) if name == EMPTY else works)


def each(names: Iterable[str], times: int) -> dict[str, int]:
    return dict.fromkeys(names, times)


def full() -> list[Group]:
    """Under 40 minutes on two cores, most of which are the peers'."""
    bare, peers = each(BARE, 5), each((GOVC, VMWARE, COMMUNITY), 3)
    once = each((VMWARE, COMMUNITY), 1)
    return [
        Group(1, cycles={**bare, **peers}),
        Group(10, cycles={**bare, **peers}),
        # A cycle of a peer takes five minutes here; the one that its makers have deprecated only creates.
        Group(100, cycles={**bare, GOVC: 3, VMWARE: 1}, creates={VMWARE: 2, COMMUNITY: 3}),
        Group(1000, cycles=bare),
        Group(5000, cycles={**each(BARE, 3), EMPTY: 5}, creates=each((FLOOR, OURS), 2)),
        Group(1, 50, cycles=bare, creates=once),
        Group(10, 50, creates=once),
        Group(100, 50, cycles={**each(BARE, 1), EMPTY: 5}, creates=each((FLOOR, OURS), 4)),
        Group(1000, 50, cycles={**each(BARE, 1), EMPTY: 5}, creates=each((FLOOR, OURS), 4)),
    ]


def quick() -> list[Group]:
    """Under 5 minutes: fewer rounds, no 5,000, peers up to 10."""
    bare, once = each(BARE, 3), each((GOVC, VMWARE, COMMUNITY), 1)
    return [
        Group(1, cycles={**bare, **once}),
        Group(10, cycles={**each(BARE, 1), **once}),
        Group(100, cycles={**each(BARE, 1), GOVC: 1}),
        Group(1000, cycles={**each(BARE, 1), EMPTY: 3}, creates=each((FLOOR, OURS), 2)),
        Group(1000, 50, cycles={EMPTY: 3}, creates=each((FLOOR, OURS), 3)),
    ]


def smoke() -> list[Group]:
    """Seconds: only shows that the bench works."""
    return [Group(1, cycles={EMPTY: 1}, creates=each((FLOOR, OURS), 1)), Group(10, cycles=each(BARE, 1))]


def deep_info(mode: str) -> tuple[tuple[int, ...], int]:
    """Sizes at which VMs with five snapshots each are listed, and rounds."""
    return {"full": ((100, 1000), 5), "quick": ((100, 1000), 3)}.get(mode, ((), 0))
