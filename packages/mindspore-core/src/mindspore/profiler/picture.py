"""A recording for people: a table in the terminal, and a page with a picture of the roofline."""
from __future__ import annotations

import html
import math
import os
from collections.abc import Sequence
from typing import Any

from mindspore.profiler.roofline import Peaks

__all__ = ["page", "table"]

_COLUMNS = ("operator", "calls", "ms", "%", "GFLOP/s", "GB/s", "bound by", "of roof", "line")
_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _MARGIN = 760, 420, 60, 44, 16  # of the picture
_LOW, _HIGH = 2.0**-6, 2.0**10  # operations per byte that are shown
_STYLE = """body{font:14px system-ui,sans-serif;margin:2em;color:#1c2733}table{border-collapse:collapse}
td,th{padding:2px 10px;text-align:right;border-bottom:1px solid #d7dee6}td:first-child,th:first-child,
td:last-child,th:last-child{text-align:left}svg text{font:12px system-ui,sans-serif;fill:#1c2733}
.roof{fill:none;stroke:#1c2733;stroke-width:2}.grid{stroke:#d7dee6}circle{fill:#4a6785;fill-opacity:.55}"""


def cells(row: dict[str, Any]) -> list[str]:
    """A row of `roofline.rows` as texts."""
    def number(value: float | None, form: str) -> str:
        return "-" if value is None else format(value, form)

    return [row["name"], str(row["count"]), f"{row['total_us'] / 1e3:.3f}", f"{row['percent']:.1f}",
            number(row["gflops"], ".1f"), number(row["gbytes"], ".1f"), row["bound"] or "-",
            "-" if row["share"] is None else f"{row['share']:.0f} %", _from_here(row["line"])]


def _from_here(line: str) -> str:
    """FILE:LINE, seen from the current folder where the file lies in it."""
    here = os.path.join(os.getcwd(), "")
    return line.removeprefix(here)


def summary(steps: Sequence[dict[str, Any]], peaks: Peaks) -> list[str]:
    """Sentences above the table: steps, and what the machine reaches."""
    times = sorted(row["total_us"] for row in steps)
    host = sum(row["host_us"] for row in steps) / max(sum(times), 1e-9)
    lines = [f"the device reaches {peaks.flops / 1e9:.0f} GFLOP/s in a matrix product and {peaks.bandwidth / 1e9:.1f} "
             "GB/s in a sum of vectors"]
    if times:
        lines.insert(0, f"{len(times)} steps, median {times[len(times) // 2] / 1e3:.3f} ms; {host:.0%} of the time is "
                        "outside of compiled programs")
    return lines


def table(rows: Sequence[dict[str, Any]], steps: Sequence[dict[str, Any]], peaks: Peaks, most: int = 30) -> str:
    """The operators that take longest, at most so many."""
    texts = [list(_COLUMNS), *[cells(row) for row in rows[:most]]]
    texts[1:] = [[line[0] if len(line[0]) <= 44 else line[0][:41] + "...", *line[1:]] for line in texts[1:]]
    widths = [max(len(line[k]) for line in texts) for k in range(len(_COLUMNS))]
    lines = ["  ".join([line[0].ljust(widths[0]), *[c.rjust(w) for c, w in zip(line[1:-1], widths[1:])], line[-1]])
             for line in texts]
    rest = rows[most:]
    if rest:
        lines.append(f"... and {len(rest)} more, {sum(row['total_us'] for row in rest) / 1e3:.3f} ms")
    return "\n".join([*summary(steps, peaks), "", *[line.rstrip() for line in lines]])


def page(rows: Sequence[dict[str, Any]], steps: Sequence[dict[str, Any]], peaks: Peaks, title: str,
         memory: str = "") -> str:
    """The same as HTML, with the picture: one circle for each operator, its area the time that it takes. memory: a
    text about memory, which is shown below."""
    head = "".join(f"<th>{name}</th>" for name in _COLUMNS)
    body = "\n".join("<tr>" + "".join(f"<td>{html.escape(text)}</td>" for text in cells(row)) + "</tr>" for row in rows)
    said = "".join(f"<p>{html.escape(line)}</p>" for line in summary(steps, peaks))
    return (f"<!doctype html><html><head><meta charset='utf-8'><title>{html.escape(title)}</title>"
            f"<style>{_STYLE}</style></head><body><h1>{html.escape(title)}</h1>{said}\n{roofline(rows, peaks)}\n"
            f"<table><tr>{head}</tr>\n{body}</table>\n<pre>{html.escape(memory)}</pre></body></html>\n")


def roofline(rows: Sequence[dict[str, Any]], peaks: Peaks) -> str:
    """The picture as SVG: operations per byte to the right, GFLOP/s upwards, both on logarithmic scales."""
    shown = [row for row in rows if row["gflops"] and row["bytes"]]
    top = max([peaks.flops / 1e9, *[row["gflops"] for row in shown]]) * 2
    low = min([peaks.bandwidth * _LOW / 1e9, *[row["gflops"] for row in shown]]) / 2

    def x(intensity: float) -> float:
        part = math.log(min(max(intensity, _LOW), _HIGH) / _LOW) / math.log(_HIGH / _LOW)
        return _LEFT + part * (_WIDTH - _LEFT - _MARGIN)

    def y(rate: float) -> float:
        part = math.log(max(rate, low) / low) / math.log(top / low)
        return _HEIGHT - _BOTTOM - part * (_HEIGHT - _BOTTOM - _MARGIN)

    parts = [f"<svg width='{_WIDTH}' height='{_HEIGHT}' viewBox='0 0 {_WIDTH} {_HEIGHT}' role='img' "
             "aria-label='roofline'>"]
    for power in range(-6, 11, 2):
        parts.append(f"<line class='grid' x1='{x(2.0**power):.1f}' x2='{x(2.0**power):.1f}' y1='{_MARGIN}' "
                     f"y2='{_HEIGHT - _BOTTOM}'/><text x='{x(2.0**power):.1f}' y='{_HEIGHT - _BOTTOM + 16}' "
                     f"text-anchor='middle'>{2.0**power:g}</text>")
    for power in range(math.ceil(math.log10(low)), math.floor(math.log10(top)) + 1):
        parts.append(f"<line class='grid' x1='{_LEFT}' x2='{_WIDTH - _MARGIN}' y1='{y(10.0**power):.1f}' "
                     f"y2='{y(10.0**power):.1f}'/><text x='{_LEFT - 6}' y='{y(10.0**power) + 4:.1f}' "
                     f"text-anchor='end'>{10.0**power:g}</text>")
    ridge = peaks.flops / peaks.bandwidth
    corners = [(_LOW, peaks.bandwidth * _LOW / 1e9), (ridge, peaks.flops / 1e9), (_HIGH, peaks.flops / 1e9)]
    parts.append("<polyline class='roof' points='" + " ".join(f"{x(a):.1f},{y(r):.1f}" for a, r in corners) + "'/>")
    whole = sum(row["total_us"] for row in shown) or 1.0
    for row in shown:
        radius = 3 + 30 * math.sqrt(row["total_us"] / whole)
        parts.append(f"<circle cx='{x(row['flops'] / row['bytes']):.1f}' cy='{y(row['gflops']):.1f}' r='{radius:.1f}'>"
                     f"<title>{html.escape(', '.join(cells(row)))}</title></circle>")
    parts.append(f"<text x='{(_LEFT + _WIDTH) / 2}' y='{_HEIGHT - 8}' text-anchor='middle'>operations per byte</text>"
                 f"<text x='{_LEFT}' y='12'>GFLOP/s</text></svg>")
    return "".join(parts)
