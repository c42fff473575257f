"""Time programs whose control flow depends on data, here and in PyTorch and JAX.

    python benchmarks/control_flow.py [--rounds N] [--works A,B] [--peer-python PYTHON]

`while_gradient`: the gradient of a loop that ends when a sum passes a bound, after 100 trips over a vector of 64.
`lstm`: the loss of a 200-step LSTM of 32 units, written as a Python loop over time, and its gradients.
`tree_sum`: the sum of f over the leaves of a tree of depth 10 by recursion, and its gradient.

Each contender runs in a process of its own, PYTHON for the peers (this one by default); a peer that is not installed is
left out. JAX cannot differentiate a loop whose number of trips is not known, nor recurse: its loop has a fixed number
of trips, and the tree is unrolled. A figure is the smallest of many calls, in microseconds: what the program takes when
nothing else runs. The results are compared, so that no figure belongs to work that was not done.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable

import numpy as np
from processes import lines_of, smallest

TRIPS, SIZE, STEPS, UNITS, DEPTH = 100, 64, 200, 32, 10
BOUND = 200.0
CONTENDERS = ("mindspore", "torch", "jax")
WORKS = ("while_gradient", "lstm", "tree_sum")
SECONDS, MOST_CALLS = 3.0, 3000

Prepared = tuple[Callable[[], object], Callable[[object], np.ndarray]]


def vectors() -> tuple[np.ndarray, np.ndarray]:
    """Where the loop begins, and the step that brings the sum over BOUND in 100 trips."""
    start = np.linspace(0.1, 1.0, SIZE, dtype=np.float32)
    return start, np.full(SIZE, (BOUND - start.sum()) / (SIZE * (TRIPS - 0.5)), np.float32)


def sequence() -> tuple[np.ndarray, np.ndarray]:
    """The inputs of the LSTM, and the weights of its four gates."""
    rng = np.random.default_rng(0)
    return (rng.standard_normal((STEPS, 1, UNITS)).astype(np.float32),
            (0.3 * rng.standard_normal((2 * UNITS, 4 * UNITS))).astype(np.float32))


def in_mindspore(work: str) -> Prepared:
    import mindspore as ms
    from mindspore import Tensor, jit, ops

    ms.set_device("CPU")

    def loop(y: Tensor, step: Tensor) -> Tensor:
        while y.sum() < BOUND:
            y = y + step + 1e-6 * ops.sin(y)
        return (y * y).sum()

    def lstm(x: Tensor, w: Tensor) -> Tensor:
        h, c = ops.zeros((1, UNITS)), ops.zeros((1, UNITS))
        for k in range(STEPS):
            i, f, g, o = ops.split(ops.matmul(ops.cat((x[k], h), 1), w), UNITS, 1)
            c = ops.sigmoid(f) * c + ops.sigmoid(i) * ops.tanh(g)
            h = ops.sigmoid(o) * ops.tanh(c)
        return h.sum()

    def below(x: Tensor, depth: Tensor) -> Tensor:
        if depth == 0:
            return ops.sin(x)
        return below(x * 0.5, depth - 1) + below(x * 0.75, depth - 1)

    def tree(x: Tensor, depth: Tensor) -> Tensor:
        return below(x, depth).sum()

    if work == "while_gradient":
        function, operands = jit(ms.grad(loop, (0, 1))), [Tensor(v) for v in vectors()]
    elif work == "lstm":
        function, operands = jit(ms.grad(lstm, 1)), [Tensor(v) for v in sequence()]
    else:
        function, operands = jit(ms.grad(tree)), [Tensor(vectors()[0]), Tensor(DEPTH, ms.int32)]

    def call() -> object:
        result = function(*operands)
        (result[0] if isinstance(result, tuple) else result).flush_from_cache()
        return result

    return call, lambda result: (result[0] if isinstance(result, tuple) else result).asnumpy()


def in_torch(work: str) -> Prepared:
    import torch

    torch.set_num_threads(1)

    def loop(y, step):
        while y.sum() < BOUND:
            y = y + step + 1e-6 * torch.sin(y)
        return (y * y).sum()

    def lstm(w, x):
        h, c = torch.zeros(1, UNITS), torch.zeros(1, UNITS)
        for k in range(STEPS):
            i, f, g, o = torch.split(torch.cat((x[k], h), 1) @ w, UNITS, 1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
        return h.sum()

    def below(x, depth):
        return torch.sin(x) if depth == 0 else below(x * 0.5, depth - 1) + below(x * 0.75, depth - 1)

    x, w = sequence()
    start, step = vectors()
    function, operands = {"while_gradient": (loop, (start, step)), "lstm": (lstm, (w, x)),
                          "tree_sum": (lambda x: below(x, DEPTH).sum(), (start,))}[work]
    tensors = [torch.tensor(v) for v in operands]
    wanted = tensors[:1] if work == "lstm" else tensors
    for tensor in wanted:
        tensor.requires_grad_()
    return lambda: torch.autograd.grad(function(*tensors), wanted), lambda result: result[0].numpy()


def in_jax(work: str) -> Prepared:
    import jax
    import jax.numpy as jnp

    def loop(y, step):
        return (jax.lax.fori_loop(0, TRIPS, lambda _, y: y + step + 1e-6 * jnp.sin(y), y) ** 2).sum()

    def lstm(w, x):
        def trip(state, x):
            h, c = state
            i, f, g, o = jnp.split(jnp.concatenate((x, h), 1) @ w, 4, 1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            return (jax.nn.sigmoid(o) * jnp.tanh(c), c), None
        zeros = jnp.zeros((1, UNITS))
        return jax.lax.scan(trip, (zeros, zeros), x)[0][0].sum()

    def below(x, depth):
        return jnp.sin(x) if depth == 0 else below(x * 0.5, depth - 1) + below(x * 0.75, depth - 1)

    x, w = sequence()
    start, step = vectors()
    function, operands, places = {
        "while_gradient": (loop, (start, step), (0, 1)), "lstm": (lstm, (w, x), (0,)),
        "tree_sum": (lambda x: below(x, DEPTH).sum(), (start,), (0,))}[work]
    compiled, arrays = jax.jit(jax.grad(function, places)), [jnp.asarray(v) for v in operands]
    return lambda: jax.block_until_ready(compiled(*arrays)), lambda result: np.asarray(result[0])


def measure(contender: str, work: str) -> dict:
    """The line of one contender for one workload."""
    start = time.perf_counter()
    call, value = {"mindspore": in_mindspore, "torch": in_torch, "jax": in_jax}[contender](work)
    found = value(call())
    first = time.perf_counter() - start
    best = smallest(call, SECONDS, MOST_CALLS)
    return {"contender": contender, "work": work, "us": round(best * 1e6, 2), "first_s": round(first, 3),
            "checksum": float(np.abs(found).sum())}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--works", default=",".join(WORKS), help="some of " + ", ".join(WORKS))
    parser.add_argument("--peer-python", default=sys.executable, help="the Python that has PyTorch and JAX")
    parser.add_argument("--contender", choices=CONTENDERS, help="measure this one here and print its line")
    options = parser.parse_args()
    works = options.works.split(",")
    if unknown := set(works) - set(WORKS):
        parser.error(f"{unknown.pop()!r} is none of {', '.join(WORKS)}")
    if options.contender:
        for work in works:
            print(json.dumps(measure(options.contender, work)))
        return 0
    wrong = 0
    for work in works:
        found = [line for _ in range(options.rounds) for peer in CONTENDERS
                 for line in lines_of(sys.executable if peer == "mindspore" else options.peer_python, __file__,
                                      ["--contender", peer, "--works", work])]
        expected = next(line["checksum"] for line in found if line["contender"] == "mindspore")
        for peer in CONTENDERS:
            own = [line for line in found if line["contender"] == peer]
            if own:
                agrees = all(abs(line["checksum"] / expected - 1) < 1e-2 for line in own)
                wrong += not agrees
                print(f"{work:15} {peer:10} {min(x['us'] for x in own):12.1f} us   first "
                      f"{min(x['first_s'] for x in own):7.3f} s{'' if agrees else '   RESULTS DIFFER'}", flush=True)
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
