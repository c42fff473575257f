"""Time systems, factorisations and Fourier transforms, here, in NumPy and in PyTorch.

    python benchmarks/linear_algebra.py [--rounds N] [--works A,B] [--sizes 4,64] [--dtype T] [--peer-python PYTHON]

A work is an operator on a stack of square matrices, of as many as have about 16,000 elements together, one at least;
`fft` transforms their rows. NumPy has no triangular systems and solves general ones. Each contender runs in a process
of its own, on one thread, PYTHON for PyTorch (this one by default); a peer that is not installed is left out. A figure
is the smallest of many calls, in microseconds for one matrix: what the operator takes when nothing else runs. What does
not depend on signs is compared, so that no figure belongs to work that was not done.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable

import numpy as np
from processes import lines_of, smallest

CONTENDERS = ("mindspore", "numpy", "torch")
WORKS = ("cholesky", "solve", "inverse", "det", "triangular_solve", "qr", "eigh", "svd", "fft")
SIZES = (4, 8, 16, 32, 64, 128, 256, 512)
DTYPES = ("float32", "float64", "complex64", "complex128")
SECONDS, MOST_CALLS, ELEMENTS = 0.5, 2000, 16384

Prepared = tuple[Callable[[], object], Callable[[object], np.ndarray]]


def matrices(work: str, size: int, dtype: str) -> list[np.ndarray]:
    """The operands: positive definite matrices, and right sides where there are any."""
    rng, count = np.random.default_rng(size), max(1, ELEMENTS // size**2)
    x = rng.standard_normal((count, size, size))
    if dtype.startswith("complex"):
        x = x + 1j * rng.standard_normal(x.shape)
    a = x @ x.conj().swapaxes(-1, -2) / size + np.eye(size)
    return [v.astype(dtype) for v in ((a, x[..., :1]) if work in ("solve", "triangular_solve") else (a,))]


def compared(work: str, result: object) -> np.ndarray:
    """The part of a result that does not depend on signs and phases: of several the first, and of QR the triangle."""
    part = result[work == "qr"] if isinstance(result, tuple) else result
    return np.abs(np.asarray(part))


def in_mindspore(work: str, size: int, dtype: str) -> Prepared:
    import mindspore as ms
    from mindspore import Tensor, jit, ops
    from mindspore.scipy import linalg

    ms.set_device("CPU")
    operands = [Tensor(v) for v in matrices(work, size, dtype)]
    function = jit({"cholesky": ops.cholesky, "solve": ops.matrix_solve, "inverse": ops.inverse, "det": ops.det,
                    "triangular_solve": lambda a, y: ops.MatrixTriangularSolve()(a, y), "qr": ops.qr,
                    "eigh": linalg.eigh, "svd": ops.svd, "fft": ops.fft}[work])

    def call() -> object:
        result = function(*operands)
        (result[0] if isinstance(result, tuple) else result).flush_from_cache()
        return result

    return call, lambda result: compared(work, tuple(r.asnumpy() for r in result) if isinstance(result, tuple)
                                         else result.asnumpy())


def in_numpy(work: str, size: int, dtype: str) -> Prepared:
    operands = matrices(work, size, dtype)
    t = np.linalg
    function = {"cholesky": t.cholesky, "solve": t.solve, "inverse": t.inv, "det": t.det,
                "triangular_solve": lambda a, y: t.solve(np.tril(a), y), "qr": t.qr, "eigh": t.eigh,
                "svd": lambda a: t.svd(a, full_matrices=False)[1::-1], "fft": np.fft.fft}[work]
    return lambda: function(*operands), lambda result: compared(work, result)


def in_torch(work: str, size: int, dtype: str) -> Prepared:
    import torch

    torch.set_num_threads(1)
    operands = [torch.tensor(v) for v in matrices(work, size, dtype)]
    t = torch.linalg
    function = {"cholesky": t.cholesky, "solve": t.solve, "inverse": t.inv, "det": t.det,
                "triangular_solve": lambda a, y: t.solve_triangular(a, y, upper=False), "qr": t.qr, "eigh": t.eigh,
                "svd": lambda a: t.svd(a, full_matrices=False)[1::-1], "fft": torch.fft.fft}[work]
    return lambda: function(*operands), lambda result: compared(work, result)


def measure(contender: str, work: str, size: int, dtype: str) -> dict:
    """The line of one contender for one workload."""
    prepare = {"mindspore": in_mindspore, "numpy": in_numpy, "torch": in_torch}[contender]
    call, value = prepare(work, size, dtype)
    found = value(call())
    best = smallest(call, SECONDS, MOST_CALLS)
    return {"contender": contender, "work": work, "size": size, "checksum": float(found.sum()),
            "us": round(best * 1e6 / max(1, ELEMENTS // size**2), 3)}


def report(lines: list[dict], work: str, size: int) -> bool:
    """Prints the contenders' best figures for a workload; whether their results agree."""
    best: dict[str, dict] = {}
    for line in lines:
        if (line["work"], line["size"]) == (work, size):
            best[line["contender"]] = min(best.get(line["contender"], line), line, key=lambda x: x["us"])
    expected = best["mindspore"]["checksum"]
    agree = all(abs(line["checksum"] - expected) <= 1e-3 * abs(expected) for line in best.values())
    figures = "".join(f"   {peer} {line['us']:12.2f}" for peer, line in best.items())
    print(f"{work:17} {size:4}{figures}{'' if agree else '   RESULTS DIFFER'}", flush=True)
    return agree


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--works", default=",".join(WORKS), help="some of " + ", ".join(WORKS))
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)))
    parser.add_argument("--dtype", default="float32", choices=DTYPES)
    parser.add_argument("--peer-python", default=sys.executable, help="the Python that has PyTorch")
    parser.add_argument("--contender", choices=CONTENDERS, help="measure this one here and print its lines")
    options = parser.parse_args()
    works, sizes = options.works.split(","), [int(size) for size in options.sizes.split(",")]
    if unknown := set(works) - set(WORKS):
        parser.error(f"{unknown.pop()!r} is none of {', '.join(WORKS)}")
    if options.contender:
        for work in works:
            for size in sizes:
                print(json.dumps(measure(options.contender, work, size, options.dtype)), flush=True)
        return 0
    lines = [line for _ in range(options.rounds) for peer in CONTENDERS
             for line in lines_of(options.peer_python if peer == "torch" else sys.executable, __file__,
                                  ["--contender", peer, "--works", options.works, "--sizes", options.sizes,
                                   "--dtype", options.dtype])]
    agree = [report(lines, work, size) for work in works for size in sizes]
    return int(not all(agree))


if __name__ == "__main__":
    sys.exit(main())
