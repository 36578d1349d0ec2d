"""The tables on the terminal. Pure: text from figures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from figures import CONTENDERS, CYCLE, DEEP_INFO, EMPTY, OURS, PLAY, Figures, ratio
from verdicts import Verdict

HEAD = [
    *("work", "VMs", "contender", "n", "wall s", "from", "to", "CPU s", "module", "largest", "logins", "calls", "KiB"),
    *("/floor+play", "/ours", "growth"),
]
LEFT = {"work", "contender", "target", "wanted", "measured", "verdict"}


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [list(head), *(list(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    found = []
    for line in lines:
        cells = [
            cell.ljust(width) if name in LEFT else cell.rjust(width)
            for name, cell, width in zip(head, line, widths, strict=True)
        ]
        found.append("  ".join(cells).rstrip())
    return [found[0], "-" * max(map(len, found)), *found[1:]]


def number(value: float | None, digits: int = 2) -> str:
    return "-" if value is None else f"{value:,.{digits}f}"


def figure_rows(figures: Figures, latency_ms: int) -> Iterator[list[str]]:
    keys = {(work, size) for _name, work, size, ms in figures.samples if ms == latency_ms}
    order = [PLAY, *CYCLE, DEEP_INFO]
    for work, size in sorted(keys, key=lambda key: (order.index(key[0]), key[1])):
        for name in CONTENDERS:
            found = figures.get(name, work, size, latency_ms)
            if found is None:
                continue
            least = None if name == EMPTY else figures.least(work, size, latency_ms)
            yield [
                work,
                f"{size:,}",
                name,
                str(found.samples),
                number(found.wall),
                number(found.fastest),
                number(found.slowest),
                number(found.cpu),
                number(found.module_mib, 0),
                number(found.largest_mib, 0),
                number(found.logins, 0),
                number(found.calls, 0),
                number(found.kib, 0),
                number(ratio(found.wall, least)),
                number(ratio(found.wall, figures.wall(OURS, work, size, latency_ms))),
                number(figures.growth(name, work, size, latency_ms)),
            ]


def verdict_rows(verdicts: Iterable[Verdict]) -> Iterator[list[str]]:
    words = {True: "met", False: "NOT MET", None: "-"}
    for verdict in verdicts:
        yield [verdict.target, verdict.wanted, verdict.shown, words[verdict.met]]


def text(figures: Figures, verdicts: list[Verdict], notes: Iterable[str]) -> str:
    lines: list[str] = []
    for latency in sorted({ms for _name, _work, _size, ms in figures.samples}):
        lines += ["", f"Latency {latency} ms (wall, CPU, logins, calls, KiB: medians; memory in MiB: the largest)", ""]
        lines += table(HEAD, figure_rows(figures, latency))
    lines += ["", "What it must show", "", *table(("target", "wanted", "measured", "verdict"), verdict_rows(verdicts))]
    lines += ["", *(f"note: {note}" for note in notes)]
    return "\n".join(lines)
