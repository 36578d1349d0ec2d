"""The figures that the bench has to show, each against what was measured. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from figures import CYCLE, DEEP_INFO, FLOOR, OURS, Figures, ratio


@dataclass(frozen=True)
class Verdict:
    """One line of the table; measured is None where the run had no samples for it."""

    target: str
    wanted: str
    measured: float | None
    shown: str
    met: bool | None


@dataclass(frozen=True)
class Makespan:
    """How long tasks of equal length took from the first start to the last end, and how many ran at once."""

    optimum: float
    seconds: tuple[float, ...]
    at_once: int
    limit: int


def at_most(target: str, measured: float | None, limit: float, unit: str = "", note: str = "") -> Verdict:
    return judged(target, "at most", measured, limit, unit, note, measured is not None and measured <= limit)


def judged(target: str, how: str, value: float | None, limit: float, unit: str, note: str, met: bool) -> Verdict:
    wanted = f"{how} {limit:g}{unit}"
    if value is None:
        return Verdict(target, wanted, None, note or "not measured in this run", None)
    return Verdict(target, wanted, value, f"{value:.3g}{unit}" + (f" ({note})" if note else ""), met)


def all_verdicts(figures: Figures, makespan: Makespan | None, why_no_makespan: str = "") -> list[Verdict]:
    return [
        against_floor(figures, "create", 1000, 0, 1.25),
        against_peer(figures),
        against_floor(figures, "create", 1000, 50, 1.2),
        one_vm(figures),
        at_most(
            "create, 5,000 VMs against 1,000",
            ratio(figures.wall(OURS, "create", 5000), figures.wall(OURS, "create", 1000)),
            5.5,
            " times",
        ),
        memory(figures),
        against_floor(figures, DEEP_INFO, 1000, 0, 1.5),
        info_calls(figures),
        *spans(makespan, why_no_makespan),
    ]


def against_floor(figures: Figures, work: str, size: int, latency_ms: int, limit: float) -> Verdict:
    ours, least = figures.wall(OURS, work, size, latency_ms), figures.least(work, size, latency_ms)
    floor = figures.wall(FLOOR, work, size, latency_ms)
    note = ""
    if ours is not None and least is not None and floor is not None:
        note = f"{ours:.2f} s against {floor:.2f} + {least - floor:.2f} s"
    where = f"{size:,} VMs, {latency_ms} ms" if latency_ms else f"{size:,} VMs"
    return at_most(f"{work}, {where}: against floor + empty play", ratio(ours, least), limit, " times", note)


def against_peer(figures: Figures, size: int = 1000) -> Verdict:
    ours, peer = figures.wall(OURS, "create", size), figures.faster_peer("create", size)
    faster = ratio(peer[1], ours) if peer else None
    note = f"{peer[0]} {peer[1]:.1f} s" if peer and faster else ""
    met = faster is not None and faster >= 100
    return judged(f"create, {size:,} VMs: faster than the faster peer", "at least", faster, 100, " times", note, met)


def one_vm(figures: Figures) -> Verdict:
    ours, peer = figures.wall(OURS, "create", 1), figures.faster_peer("create", 1)
    note = f"{ours:.2f} s against {peer[0]} {peer[1]:.2f} s" if peer and ours else ""
    return at_most("create, 1 VM: against the faster peer", ratio(ours, peer[1] if peer else None), 1, " times", note)


def memory(figures: Figures) -> Verdict:
    """The module process, at whichever work it is largest."""
    known = []
    for work in CYCLE:
        found = figures.get(OURS, work, 5000)
        if found and found.module_mib is not None:
            known.append((found.module_mib, work))
    value, work = max(known, default=(None, ""))
    met = value is not None and value < 200
    return judged("peak memory of the module process, 5,000 VMs", "under", value, 200, " MiB", work, met)


def info_calls(figures: Figures) -> Verdict:
    """SOAP calls that 100 more VMs cost."""
    small, large = figures.get(OURS, DEEP_INFO, 100), figures.get(OURS, DEEP_INFO, 1000)
    growth = (large.calls - small.calls) / 9 if small and large else None
    note = f"{small.calls:g} calls for 100, {large.calls:g} for 1,000" if small and large else ""
    return at_most(f"{DEEP_INFO}: more SOAP calls for 100 more VMs", growth, 1, "", note)


def spans(makespan: Makespan | None, why_not: str) -> Iterator[Verdict]:
    target = "2 s removals on 8 datastores, 4 at once on each"
    if makespan is None:
        yield at_most(f"{target}: makespan against the optimum", None, 1.15, " times", why_not)
        return
    middle = sorted(makespan.seconds)[len(makespan.seconds) // 2]
    note = f"{middle:.2f} s against {makespan.optimum:g} s"
    against = ratio(middle, makespan.optimum)
    yield at_most(f"{target}: makespan against the optimum", against, 1.15, " times", note)
    yield at_most(f"{target}: at once on the busiest", makespan.at_once, makespan.limit)
