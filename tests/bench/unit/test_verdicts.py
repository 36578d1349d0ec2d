"""A target is met, missed or not measured, and nothing else."""

from __future__ import annotations

from figures import COMMUNITY, DEEP_INFO, EMPTY, FLOOR, OURS, PLAY, VMWARE, Figures, Sample
from report import text
from unit.made import sample
from verdicts import Makespan, Verdict, all_verdicts

SPAN = Makespan(optimum=10.0, seconds=(11.0, 12.0, 11.5), at_once=4, limit=4)


def samples(factor: float = 1.0) -> list[Sample]:
    """A run that meets every target exactly, or misses by that factor."""
    empties = [sample(EMPTY, 1.0, PLAY, size, latency_ms=ms) for size, ms in [(1000, 0), (1000, 50)]]
    peers = [sample(peer, 250.0 * (peer == COMMUNITY) + 250.0 / factor, size=1000) for peer in (VMWARE, COMMUNITY)]
    return [
        *empties,
        *peers,
        sample(FLOOR, 1.0, size=1000),
        sample(OURS, 2.5 * factor, size=1000),
        sample(FLOOR, 4.0, size=1000, latency_ms=50),
        sample(OURS, 6.0 * factor, size=1000, latency_ms=50),
        sample(VMWARE, 1.0, size=1),
        sample(OURS, 1.0 * factor, size=1),
        sample(OURS, 13.75 * factor * factor, size=5000, module_mib=199.9 * factor),
        sample(FLOOR, 1.0, DEEP_INFO, 1000),
        sample(OURS, 3.0 * factor, DEEP_INFO, 1000, calls=int(29 * factor)),
        sample(OURS, 1.0, DEEP_INFO, 100, calls=20),
    ]


def verdicts(factor: float) -> list[Verdict]:
    return all_verdicts(Figures(samples(factor)), SPAN)


def test_met_to_the_last_digit() -> None:
    assert [verdict.target for verdict in verdicts(1.0) if not verdict.met] == []


def test_missed_by_a_little() -> None:
    missed = {verdict.target for verdict in verdicts(1.1) if verdict.met is False}
    assert missed == {verdict.target for verdict in verdicts(1.1) if not verdict.target.startswith("2 s removals")}


def test_the_makespan_and_the_limit() -> None:
    slow = Makespan(optimum=10.0, seconds=(11.0, 11.6, 12.0), at_once=5, limit=4)
    assert [verdict.met for verdict in all_verdicts(Figures([]), slow)[-2:]] == [False, False]
    assert [verdict.met for verdict in verdicts(1.0)[-2:]] == [True, True]


def test_without_samples_nothing_is_claimed() -> None:
    found = all_verdicts(Figures([]), None, "no such option")
    assert {verdict.met for verdict in found} == {None} and {verdict.measured for verdict in found} == {None}
    assert found[-1].shown == "no such option"


def test_the_tables_say_so() -> None:
    shown = text(Figures(samples(1.1)), verdicts(1.1), ["a note"])
    assert shown.count("NOT MET") == 8 and "note: a note" in shown and "Latency 50 ms" in shown
