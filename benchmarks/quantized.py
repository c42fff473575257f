"""Time dense layers with int8 and half-precision weights beside float32, here and in PyTorch.

    python benchmarks/quantized.py [--rounds N] [--works A,B] [--rows 1,8] [--threads N] [--peer-python PYTHON]

A work is a dense layer with bias, named by its input and output sizes. The forms are float32, bfloat16 and float16
(rows and weights), `weight_only` (int8 weights, `mindspore.quantization.quantize`) and `dynamic` (int8 rows too);
PyTorch's are the same, with `quantize_dynamic`, but for `weight_only`.
Each contender runs in a process of its own, PYTHON for PyTorch (this one by default), and calls its forms in turns, so
that other work on the machine meets all of them; a peer that is not installed is left out. A figure is the median of
all calls of all rounds, with the spread of their middle half, in milliseconds. The error is the largest one of an
output over the largest output, beside float64; where it is more than a form may have, the exit status says so.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable

import numpy as np
from processes import lines_of

CONTENDERS = ("mindspore", "torch")
WORKS = ("768x3072", "4096x4096")
ROWS = (1, 4, 8, 32, 128, 512)
HALVES = ("bfloat16", "float16")
SECONDS, MOST_CALLS = 2.0, 50
BOUNDS = {"float32": 1e-5, "bfloat16": 0.02, "float16": 0.002, "weight_only": 0.02, "dynamic": 0.03}

Call = Callable[[], np.ndarray]


def operands(work: str, rows: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows, weight (out, in), bias."""
    columns, outputs = map(int, work.split("x"))
    rng = np.random.default_rng(rows)
    sizes = (rows, columns), (outputs, columns), (outputs,)
    x, w, b = (rng.standard_normal(size, np.float32) for size in sizes)
    return x, w / np.float32(np.sqrt(columns)), b


def in_mindspore(work: str, rows: int) -> dict[str, Call]:
    import mindspore as ms
    from mindspore import Tensor, nn
    from mindspore.quantization import quantize

    ms.set_device("CPU")
    ms.set_context(mode=ms.GRAPH_MODE)
    x, w, b = operands(work, rows)

    def layer(form: str) -> Call:
        dtype = getattr(ms, form) if form in HALVES else ms.float32
        net = nn.SequentialCell(nn.Dense(w.shape[1], w.shape[0], Tensor(w, dtype), Tensor(b, dtype), dtype=dtype))
        if form not in ("float32", *HALVES):
            quantize(net, form)
        net.set_train(False)
        given = Tensor(x, dtype)
        return lambda: net(given).asnumpy()

    return {form: layer(form) for form in BOUNDS}


def in_torch(work: str, rows: int) -> dict[str, Call]:
    import torch

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    x, w, b = map(torch.tensor, operands(work, rows))

    def plain(dtype: torch.dtype) -> torch.nn.Module:
        net = torch.nn.Sequential(torch.nn.Linear(w.shape[1], w.shape[0])).eval()
        net[0].weight.data, net[0].bias.data = w, b
        return net.to(dtype)

    def run(net: torch.nn.Module, dtype: torch.dtype) -> Call:
        given = x.to(dtype)

        def call() -> np.ndarray:
            with torch.inference_mode():
                return net(given).float().numpy()
        return call

    found = {form: run(plain(getattr(torch, form)), getattr(torch, form)) for form in ("float32", *HALVES)}
    dynamic = torch.ao.quantization.quantize_dynamic(plain(torch.float32), {torch.nn.Linear})
    return {**found, "dynamic": run(dynamic, torch.float32)}


def measure(contender: str, work: str, rows: int) -> list[dict]:
    """The lines of one contender for one workload, one for each form."""
    calls = {"mindspore": in_mindspore, "torch": in_torch}[contender](work, rows)
    x, w, b = (a.astype(np.float64) for a in operands(work, rows))
    want = x @ w.T + b
    errors = {form: float(np.abs(call() - want).max() / np.abs(want).max()) for form, call in calls.items()}
    taken: dict[str, list[float]] = {form: [] for form in calls}
    end = time.perf_counter() + SECONDS
    for number in range(MOST_CALLS):
        for form, call in calls.items():
            start = time.perf_counter()
            call()
            taken[form].append((time.perf_counter() - start) * 1e3)
        if number > 2 and time.perf_counter() > end:
            break
    return [{"contender": contender, "work": work, "rows": rows, "form": form, "error": errors[form],
             "ms": [round(t, 4) for t in times]} for form, times in taken.items()]


def report(lines: list[dict], work: str, rows: int) -> bool:
    """Prints the figures of a workload, and how many times as fast as float32 here each form is; whether the errors are
    within their bounds."""
    chosen = [line for line in lines if (line["work"], line["rows"]) == (work, rows)]
    times: dict[tuple[str, str], list[float]] = {}
    errors: dict[tuple[str, str], float] = {}
    for line in chosen:
        key = (line["contender"], line["form"])
        times.setdefault(key, []).extend(line["ms"])
        errors[key] = line["error"]
    base, good = np.median(times["mindspore", "float32"]), True
    for (contender, form), figures in times.items():
        low, middle, high = np.percentile(figures, (25, 50, 75))
        within = errors[contender, form] <= BOUNDS[form]
        good = good and within
        print(f"{work:10} {rows:4} rows   {contender:9} {form:11} {middle:8.3f} ms ({low:.3f} to {high:.3f})   "
              f"{base / middle:5.2f} times as fast   error {errors[contender, form]:.1e}"
              f"{'' if within else '   TOO LARGE'}", flush=True)
    return good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--works", default=",".join(WORKS), help="sizes of input and output, such as 768x3072")
    parser.add_argument("--rows", default=",".join(map(str, ROWS)))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--peer-python", default=sys.executable, help="the Python that has PyTorch")
    parser.add_argument("--contender", choices=CONTENDERS, help="measure this one here and print its lines")
    options = parser.parse_args()
    works, rows = options.works.split(","), [int(count) for count in options.rows.split(",")]
    if options.contender:
        for work in works:
            for count in rows:
                for line in measure(options.contender, work, count):
                    print(json.dumps(line), flush=True)
        return 0
    lines = [line for _ in range(options.rounds) for peer in CONTENDERS
             for line in lines_of(options.peer_python if peer == "torch" else sys.executable, __file__,
                                  ["--contender", peer, "--works", options.works, "--rows", options.rows],
                                  options.threads)]
    good = [report(lines, work, count) for work in works for count in rows]
    return int(not all(good))


if __name__ == "__main__":
    sys.exit(main())
