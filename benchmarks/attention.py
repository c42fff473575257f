"""Time attention and its derivative, here and in PyTorch.

    python benchmarks/attention.py [--rounds N] [--works A,B] [--lengths 128,512] [--threads N] [--peer-python PYTHON]

`forward` is `scaled_dot_product_attention` of 12 heads of 64 features, `causal` the same where queries see the keys
before them, `backward` the first and its derivative by queries, keys and values. A length is that of queries and keys.
Each contender runs in a process of its own, PYTHON for PyTorch (this one by default); a peer that is not installed is
left out. A figure is the smallest of many calls, in milliseconds: what the operator takes when nothing else runs. The
results are compared, so that no figure belongs to work that was not done.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable

import numpy as np
from processes import lines_of, smallest

HEADS, FEATURES = 12, 64
CONTENDERS = ("mindspore", "torch")
WORKS = ("forward", "causal", "backward")
LENGTHS = (128, 256, 512, 1024, 2048)
SECONDS, MOST_CALLS = 1.0, 200


def operands(length: int) -> list[np.ndarray]:
    """Queries, keys, values, and the result's cotangent."""
    rng = np.random.default_rng(length)
    return [rng.standard_normal((1, HEADS, length, FEATURES), np.float32) for _ in range(4)]


def in_mindspore(work: str, length: int) -> Callable[[], np.ndarray]:
    import mindspore as ms
    from mindspore import Tensor, ops

    ms.set_device("CPU")
    q, k, v, seed = map(Tensor, operands(length))

    def attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return ops.scaled_dot_product_attention(q, k, v, is_causal=work == "causal")

    if work == "backward":
        derivative = ms.jit(lambda q, k, v, seed: ms.vjp(attention, q, k, v)[1](seed))
        return lambda: derivative(q, k, v, seed)[0].asnumpy()
    forward = ms.jit(attention)
    return lambda: forward(q, k, v).asnumpy()


def in_torch(work: str, length: int) -> Callable[[], np.ndarray]:
    import torch

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    q, k, v, seed = map(torch.tensor, operands(length))
    attention = torch.nn.functional.scaled_dot_product_attention
    if work != "backward":
        return lambda: attention(q, k, v, is_causal=work == "causal").numpy()

    def derivative() -> np.ndarray:
        points = [x.detach().requires_grad_() for x in (q, k, v)]
        attention(*points).backward(seed)
        return points[0].grad.numpy()

    return derivative


def measure(contender: str, work: str, length: int) -> dict:
    """The line of one contender for one workload."""
    call = {"mindspore": in_mindspore, "torch": in_torch}[contender](work, length)
    found = call()
    return {"contender": contender, "work": work, "length": length, "checksum": float(np.abs(found).sum()),
            "ms": round(smallest(call, SECONDS, MOST_CALLS) * 1e3, 3)}


def report(lines: list[dict], work: str, length: int) -> bool:
    """Prints the contenders' best figures for a workload, and their ratio; whether their results agree."""
    best: dict[str, dict] = {}
    for line in lines:
        if (line["work"], line["length"]) == (work, length):
            best[line["contender"]] = min(best.get(line["contender"], line), line, key=lambda x: x["ms"])
    ours = best["mindspore"]
    agree = all(abs(line["checksum"] / ours["checksum"] - 1) < 1e-3 for line in best.values())
    figures = "".join(f"   {peer} {line['ms']:9.3f} ms" for peer, line in best.items())
    ratio = f"   {best['torch']['ms'] / ours['ms']:5.2f} times as fast" if "torch" in best else ""
    print(f"{work:10} {length:5}{figures}{ratio}{'' if agree else '   RESULTS DIFFER'}", flush=True)
    return agree


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--works", default=",".join(WORKS), help="some of " + ", ".join(WORKS))
    parser.add_argument("--lengths", default=",".join(map(str, LENGTHS)))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--peer-python", default=sys.executable, help="the Python that has PyTorch")
    parser.add_argument("--contender", choices=CONTENDERS, help="measure this one here and print its lines")
    options = parser.parse_args()
    works, lengths = options.works.split(","), [int(length) for length in options.lengths.split(",")]
    if unknown := set(works) - set(WORKS):
        parser.error(f"{unknown.pop()!r} is none of {', '.join(WORKS)}")
    if options.contender:
        for work in works:
            for length in lengths:
                print(json.dumps(measure(options.contender, work, length)), flush=True)
        return 0
    lines = [line for _ in range(options.rounds) for peer in CONTENDERS
             for line in lines_of(options.peer_python if peer == "torch" else sys.executable, __file__,
                                  ["--contender", peer, "--works", options.works, "--lengths", options.lengths],
                                  options.threads)]
    agree = [report(lines, work, length) for work in works for length in lengths]
    return int(not all(agree))


if __name__ == "__main__":
    sys.exit(main())
