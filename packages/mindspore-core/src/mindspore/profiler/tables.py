"""What a recording is written as: a trace for viewers, and tables.

The trace is in the Trace Event Format of Chromium's `about:tracing`, which Perfetto reads as well: a JSON object with a
list `traceEvents` of complete events (`ph` "X", microseconds), instant ones ("i") and counters ("C").
"""
from __future__ import annotations

import csv
import json
import os
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mindspore.compiler.recording import Event

_LANES = {"step": 0, "graph": 1, "operator": 2, "range": 3, "mark": 3}
_LANE_NAMES = {0: "steps", 1: "graphs", 2: "operators", 3: "marks"}


def chrome_trace(events: Sequence[Event], metadata: dict[str, Any]) -> dict[str, Any]:
    """The recording as a trace. Each kind of event of a thread has a row of its own."""
    pid = os.getpid()
    origin = min((event.begin for event in events), default=0)
    threads = {thread: number for number, thread in enumerate(dict.fromkeys(event.thread for event in events))}
    rows: list[dict[str, Any]] = [{"ph": "M", "pid": pid, "name": "process_name", "args": {"name": "mindspore"}}]
    for thread, number in threads.items():
        rows += [{"ph": "M", "pid": pid, "tid": number * 4 + lane, "name": "thread_name",
                  "args": {"name": f"{name} of thread {thread}"}} for lane, name in _LANE_NAMES.items()]
    for event in events:
        row: dict[str, Any] = {"name": event.name, "cat": event.kind, "pid": pid, "ts": (event.begin - origin) / 1e3,
                               "tid": threads[event.thread] * 4 + _LANES[event.kind]}
        row |= {"ph": "i", "s": "t"} if event.kind == "mark" else {"ph": "X", "dur": (event.end - event.begin) / 1e3}
        args = {key: value for key, value in event.args.items() if key != "memory"}
        rows.append(row | ({"args": args} if args else {}))
        if "memory" in event.args:
            rows.append({"ph": "C", "pid": pid, "name": "memory", "ts": (event.end - origin) / 1e3,
                         "args": {key: event.args["memory"][key] for key in ("allocated", "reserved")}})
    return {"traceEvents": rows, "displayTimeUnit": "ms", "otherData": metadata}


def statistics(events: Sequence[Event], kind: str) -> list[dict[str, Any]]:
    """Per name: how often, and the total, mean, least and greatest time in microseconds, the greatest total first; its
    share of all time of this kind in percent, where operators inside loops, choices and calls count once."""
    times: dict[str, list[float]] = defaultdict(list)
    own: Counter[str] = Counter()
    for event in events:
        if event.kind == kind:
            times[event.name].append((event.end - event.begin) / 1e3)
            own[event.name] += event.own
    whole = sum(own.values()) or 1
    rows = [{"name": name, "count": len(spent), "total_us": sum(spent), "mean_us": sum(spent) / len(spent),
             "min_us": min(spent), "max_us": max(spent), "percent": 100 * own[name] / whole}
            for name, spent in times.items()]
    return sorted(rows, key=lambda row: (-row["total_us"], row["name"]))


def steps(events: Sequence[Event]) -> list[dict[str, Any]]:
    """Per step: its time in microseconds, what of it compiled programs ran, and how many they were."""
    rows = []
    for step in events:
        if step.kind == "step":
            inside = [e for e in events if e.kind == "graph" and step.begin <= e.begin and e.end <= step.end]
            spent = sum(e.end - e.begin for e in inside) / 1e3
            total = (step.end - step.begin) / 1e3
            rows.append({"step": step.name, "total_us": total, "graphs_us": spent, "host_us": total - spent,
                         "graphs": len(inside)})
    return rows


def write_tables(events: Sequence[Event], folder: Path) -> None:
    """Write `operator_statistic.csv`, `graph_statistic.csv` and `step_trace_time.csv`; a table without rows is left
    out."""
    tables = {"operator_statistic": statistics(events, "operator"), "graph_statistic": statistics(events, "graph"),
              "step_trace_time": steps(events)}
    for name, rows in tables.items():
        if rows:
            with open(folder / f"{name}.csv", "w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, list(rows[0]))
                writer.writeheader()
                writer.writerows({key: round(value, 3) if isinstance(value, float) else value
                                  for key, value in row.items()} for row in rows)


def write_trace(events: Sequence[Event], metadata: dict[str, Any], path: Path) -> None:
    """Write the trace as a JSON file."""
    path.write_text(json.dumps(chrome_trace(events, metadata)), encoding="utf-8")


def read_trace(path: Path) -> list[Event]:
    """The events of a trace that `write_trace` wrote, without their memory."""
    rows = json.loads(path.read_text(encoding="utf-8"))["traceEvents"]
    return [Event(row["cat"], row["name"], round(row["ts"] * 1e3), round((row["ts"] + row.get("dur", 0)) * 1e3),
                  row["tid"] // 4, row.get("args", {})) for row in rows if row["ph"] in "Xi"]
