"""How near operators come to what the machine can do.

An operator that makes F operations on B bytes takes at least max(F / P, B / W) on a device that makes P operations and
moves W bytes in a second. Which of the two is larger says what bounds it, and that time over the measured one is its
*share* of the roofline. Source: Williams, Waterman and Patterson, "Roofline: an insightful visual performance model
for multicore architectures", Communications of the ACM, 2009.

P and W are measured: by a product of matrices, and by a sum of vectors that do not fit into caches.
"""
from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from mindspore.compiler.recording import Event

__all__ = ["Peaks", "measured_peaks", "rows"]

_SIDE = 1024  # of the matrices
_LENGTH = 1 << 24  # of the vectors
_TRIES, _SECONDS = 8, 1.0


class Peaks(NamedTuple):
    """What a device reaches: operations and bytes in a second."""

    flops: float
    bandwidth: float


def measured_peaks() -> Peaks:
    """Those of the present device, in float32; measured once, which takes about a second."""
    from mindspore.runtime import device
    return _measured(device.backend_name())


@lru_cache(maxsize=8)
def _measured(backend: str) -> Peaks:
    matrix, vector = np.ones((_SIDE, _SIDE), np.float32), np.ones(_LENGTH, np.float32)
    product = _shortest("matmul", [matrix, matrix], {"transpose_a": False, "transpose_b": False})
    total = _shortest("add", [vector, vector], {})
    return Peaks(2 * _SIDE**3 / product, 3 * vector.nbytes / total)


def _shortest(name: str, arrays: list[np.ndarray], attrs: dict[str, Any]) -> float:
    """The shortest of several runs of an operator alone, in seconds. A recording under way does not show them."""
    from mindspore.common.dtype import np_dtype_to_dtype
    from mindspore.compiler import recording
    from mindspore.compiler.ir import Builder, tensor_aval
    from mindspore.compiler.pipeline import compile_graph
    from mindspore.compiler.primitives.base import primitive
    from mindspore.runtime import device as runtime
    from mindspore.runtime.transfer import upload
    device, b = runtime.current(), Builder("peak")
    nodes = [b.parameter(tensor_aval(x.shape, np_dtype_to_dtype(x.dtype))) for x in arrays]
    executable = compile_graph(b.finish([b.call(primitive(name), *nodes, **attrs)]), device)
    buffers = [upload(device.allocator, x) for x in arrays]
    recorder = recording.current()
    recorded = 0 if recorder is None else len(recorder.events)
    times: list[float] = []
    end = time.perf_counter() + _SECONDS
    while len(times) < 2 or (len(times) < _TRIES and time.perf_counter() < end):
        begin = time.perf_counter()
        executable.run(buffers)
        device.allocator.synchronize()
        times.append(time.perf_counter() - begin)
    if recorder is not None:
        del recorder.events[recorded:]
    return min(times)


def rows(events: Sequence[Event], peaks: Peaks) -> list[dict[str, Any]]:
    """Per operator and line of the program: name, line, count, total time in microseconds and its percentage, GFLOP/s,
    GB/s, what bounds it ("compute" or "memory") and its share of the roofline in percent; the greatest time first.

    The time of loops, choices and calls is that which the operators inside do not take: these have rows of their own.
    What is not known is None: the work of such, and all work where sizes are known only at run time. An operator whose
    operands lie in a cache may be above the roofline, that of memory."""
    spent: dict[tuple[str, str], list[float]] = defaultdict(list)
    operations: Counter[tuple[str, str]] = Counter()
    moved: Counter[tuple[str, str]] = Counter()
    known: dict[tuple[str, str], bool] = defaultdict(lambda: True)
    for event in events:
        if event.kind == "operator":
            key = event.name, event.args.get("line", "")
            spent[key].append(event.own / 1e9)
            operations[key] += event.args.get("flops", 0)
            moved[key] += event.args.get("bytes", 0)
            known[key] &= "flops" in event.args and "bytes" in event.args
    whole = sum(map(sum, spent.values())) or 1.0
    found = []
    for (name, line), times in spent.items():
        seconds, key = max(sum(times), 1e-9), (name, line)
        compute, memory = operations[key] / peaks.flops, moved[key] / peaks.bandwidth
        row = {"name": name, "line": line, "count": len(times), "total_us": sum(times) * 1e6,
               "percent": 100 * sum(times) / whole, "flops": None, "bytes": None, "gflops": None, "gbytes": None,
               "bound": None, "share": None}
        if known[key]:
            row |= {"flops": operations[key], "bytes": moved[key], "gflops": operations[key] / seconds / 1e9,
                    "gbytes": moved[key] / seconds / 1e9, "bound": "compute" if compute > memory else "memory",
                    "share": 100 * max(compute, memory) / seconds}
        found.append(row)
    return sorted(found, key=lambda row: (-row["total_us"], row["name"], row["line"]))
