"""Draws wall time by size, one line a contender, as PNG and SVG.

It needs matplotlib, so it runs in the peers' environment.

plot.py RESULTS.json OUTPUT-WITHOUT-SUFFIX
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from figures import COMMUNITY, CONTENDERS, CYCLE, EMPTY, FLOOR, GOVC, OURS, PLAY, VMWARE, Figures, Sample
from matplotlib import pyplot as plt
from matplotlib.ticker import FuncFormatter

# Told apart by shape as well as by colour.
STYLES: dict[str, dict[str, Any]] = {
    OURS: {"color": "#0072b2", "marker": "o", "linewidth": 2.5, "zorder": 5},
    FLOOR: {"color": "#555555", "marker": "", "linestyle": "--"},
    EMPTY: {"color": "#999999", "marker": "", "linestyle": ":"},
    GOVC: {"color": "#009e73", "marker": "^"},
    VMWARE: {"color": "#d55e00", "marker": "s"},
    COMMUNITY: {"color": "#cc79a7", "marker": "D"},
}


def seconds(value: float, _position: int | None = None) -> str:
    return f"{value:g} s" if value < 60 else f"{value / 60:g} min"


def draw(axes: Any, figures: Figures, work: str, latency_ms: int) -> None:
    axes.set_title(f"{work}, {latency_ms} ms latency" if latency_ms else work, fontsize=10, loc="left")
    axes.set_xscale("log")
    axes.set_yscale("log")
    for name in CONTENDERS:
        its = PLAY if name == EMPTY else work
        sizes = figures.sizes(name, its, latency_ms)
        walls = [figures.wall(name, its, size, latency_ms) for size in sizes]
        if sizes:
            axes.plot(sizes, walls, label=name, markersize=5, **STYLES[name])
    axes.grid(True, which="major", color="#dddddd", linewidth=0.6)
    axes.set_xticks([1, 10, 100, 1000, 5000])
    axes.set_yticks([0.1, 1, 10, 60, 600])
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _position: f"{value:,.0f}"))
    axes.yaxis.set_major_formatter(FuncFormatter(seconds))
    axes.minorticks_off()
    axes.tick_params(labelsize=8)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def main(source: str, target: str) -> None:
    plt.switch_backend("Agg")
    plt.rcParams["svg.fonttype"] = "none"  # text stays text
    plt.rcParams["svg.hashsalt"] = "bench"  # the same picture is the same file
    told = json.loads(Path(source).read_text())
    figures = Figures(Sample(**sample) for sample in told["samples"])
    panels = [(work, 0) for work in CYCLE]
    if figures.sizes(OURS, "create", 50):
        panels.append(("create", 50))
    chart, grid = plt.subplots(2, 3, figsize=(10.5, 6.2), sharex=True, sharey=True)
    for axes, (work, latency) in zip(grid.flat, panels, strict=False):
        draw(axes, figures, work, latency)
    for axes in grid.flat[len(panels) :]:
        axes.set_visible(False)
    for axes in grid[1]:
        axes.set_xlabel("virtual machines", fontsize=9)
    for axes in grid[:, 0]:
        axes.set_ylabel("wall time", fontsize=9)
    handles, labels = grid.flat[0].get_legend_handles_labels()
    chart.legend(handles, labels, loc="upper center", ncols=len(labels), frameon=False, fontsize=9)
    machine = told["machine"]
    foot = f"{told['date'][:10]}, commit {told['commit'][:10]}, {machine['cores']} cores; medians; simulated vCenter"
    chart.text(0.995, 0.005, foot, ha="right", va="bottom", fontsize=7, color="#666666")
    chart.tight_layout(rect=(0, 0.01, 1, 0.95))
    for suffix in ("png", "svg"):
        chart.savefig(f"{target}.{suffix}", dpi=110)


if __name__ == "__main__":
    main(*sys.argv[1:])
