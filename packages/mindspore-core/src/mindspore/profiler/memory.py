"""The memory that compiled programs need, and what of it is in use at the peak."""
from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any

from mindspore.compiler.live import Peak

__all__ = ["rows", "table"]

_MIB = 1 << 20
_COLUMNS = ("MiB", "what", "type", "written by", "line")


def rows(peaks: Iterable[tuple[str, Peak]]) -> list[dict[str, Any]]:
    """Per compiled program: its name, `bytes` in all and of each kind, the operator and line of its peak, and its
    buffers; the largest first. Programs that agree in all of these are one."""
    found: dict[tuple[str, Peak], dict[str, Any]] = {}
    for name, peak in peaks:
        found[name, peak] = {
            "name": name, "bytes": peak.nbytes, "inputs": peak.of("input"), "constants": peak.of("constant"),
            "outputs": peak.of("output"), "temporaries": peak.of("temporary"), "arena": peak.arena,
            "operator": peak.operator, "line": peak.line,
            "buffers": [{"bytes": b.nbytes, "kind": b.kind, "type": b.type, "operator": b.operator, "line": b.line}
                        for b in peak.buffers]}
    return sorted(found.values(), key=lambda row: -row["bytes"])


def table(found: Sequence[dict[str, Any]], most: int = 15) -> str:
    """The largest program's peak, and its largest buffers, at most so many, as text."""
    if not found:
        return "no compiled program whose sizes are known has run"
    row = found[0]
    parts = ", ".join(f"{row[key] / _MIB:.1f} {key}" for key in ("inputs", "constants", "outputs", "temporaries"))
    where = f" (line {_from_here(row['line'])})" if row["line"] else ""
    lines = [f"{row['name']} needs most memory, {row['bytes'] / _MIB:.1f} MiB: {parts} at {row['operator']}{where}, "
             f"{(row['arena'] - row['temporaries']) / _MIB:.1f} between temporaries"]
    texts = [list(_COLUMNS)] + [[f"{b['bytes'] / _MIB:.2f}", b["kind"], _short(b["type"]), _short(b["operator"]),
                                 _from_here(b["line"])] for b in row["buffers"][:most]]
    widths = [max(len(line[k]) for line in texts) for k in range(len(_COLUMNS))]
    lines += ["  ".join([line[0].rjust(widths[0]), *[c.ljust(w) for c, w in zip(line[1:], widths[1:])]]).rstrip()
              for line in texts]
    rest = row["buffers"][most:]
    if rest:
        lines.append(f"... and {len(rest)} more, {sum(b['bytes'] for b in rest) / _MIB:.2f} MiB")
    return "\n".join(lines)


def _short(text: str) -> str:
    return text if len(text) <= 44 else text[:41] + "..."


def _from_here(line: str) -> str:
    """FILE:LINE, seen from the current folder where the file lies in it."""
    return line.removeprefix(os.path.join(os.getcwd(), ""))
