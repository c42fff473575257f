"""The figures as a picture: for each workload how many times as fast as PyTorch eager each contender is."""

from __future__ import annotations

from pathlib import Path

from report import CONTENDERS, GRAPH, TORCH, Report
from workloads import WORKLOADS

COLOURS = ("#b4432f", "#e0a08f", "#4a6785", "#8fa9c4", "#8a7340")


def draw(report: Report, path: Path) -> str:
    """Write the picture, if matplotlib is installed and there is something to compare; what was written, or why not."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return "no picture: matplotlib is not installed"
    base = TORCH if any(report.figure(TORCH, work) for work in WORKLOADS) else GRAPH
    works = [work for work in WORKLOADS if report.figure(base, work)]
    if not works:
        return "no picture: nothing was measured"
    figure = Figure((12, 1.5 + 0.55 * len(works)), layout="constrained")
    axes = figure.subplots()
    height = 0.8 / len(CONTENDERS)
    for number, (contender, colour) in enumerate(zip(CONTENDERS, COLOURS)):
        rows = [(k, ratio) for k, work in enumerate(works) if (ratio := _speed(report, contender, base, work))]
        axes.barh([k + (number - 2) * height for k, _ in rows], [ratio for _, ratio in rows], height, color=colour,
                  label=contender)
    axes.axvline(1, color="#1c2733", linewidth=0.8)
    axes.set_xscale("log")
    axes.set_yticks(range(len(works)), works)
    axes.invert_yaxis()
    axes.set_xlabel(f"times as fast as {base} (longer is faster)")
    axes.legend(loc="lower right")
    figure.savefig(path, dpi=110)
    return f"the picture: {path.absolute()}"


def _speed(report: Report, contender: str, base: str, work: str) -> float | None:
    ratio = report.ratio(base, work, contender)
    return ratio.median if ratio else None
