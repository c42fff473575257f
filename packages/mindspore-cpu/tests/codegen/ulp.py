"""How accurate the generated elementary functions of float32 are: the worst error of each, and where.

    python packages/mindspore-cpu/tests/codegen/ulp.py [--all | --step N] [--jobs N] [NAME ...]

A function of one argument is computed for every 256th float by its bits, for every one with --all (2**32, minutes to
half an hour for each function), and compared with float64. pow and atan2 are computed for pairs drawn at random: of any
two floats, of moderate ones, and for pow of bases near 1 with large exponents. The level of instructions is that of
MS_CPU_ISA. The exit status is 1 if an error is above 2 units in the last place.
"""
from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache, partial
from typing import NamedTuple

import numpy as np
from harness import build, run_kernel, ulps
from test_vector_math import FUNCTIONS, LIMIT, exact

from mindspore_cpu.codegen import compile_groups
from mindspore_cpu.codegen.target import target

FLOATS = 1 << 32
CHUNK = 1 << 20  # elements that a kernel computes at a time
USUAL_STEP = 256
PAIRS = {"pow": np.power, "atan2": np.arctan2}


class Worst(NamedTuple):
    """The largest error, the arguments that have it, and the result there."""

    error: float
    arguments: tuple[float, ...]
    result: float

    def __str__(self) -> str:
        given = ", ".join(f"{float(x)!r} (0x{np.float32(x).view(np.uint32):08x})" for x in self.arguments)
        return f"{self.error:.4f} ulp at {given}, where the result is {float(self.result)!r}"


@lru_cache(maxsize=1)
def _kernel(name: str, operands: int):
    body = build(lambda b, *given: getattr(b, name)(*given), *[np.empty(CHUNK, np.float32)] * operands)
    return compile_groups([body])[0], body


def _judge(name: str, arguments: list[np.ndarray], expected: np.ndarray) -> Worst:
    found, = run_kernel(*_kernel(name, len(arguments)), arguments)
    error = ulps(found, expected)
    worst = int(np.argmax(error))
    return Worst(float(error[worst]), tuple([float(a[worst]) for a in arguments]), float(found[worst]))


def worst_of_one(name: str, step: int, number: int) -> Worst:
    """The worst error in the chunk of this number, of all floats or of every `step`-th."""
    bits = (np.arange(CHUNK, dtype=np.uint64) + number * CHUNK) * step
    x = bits.astype(np.uint32).view(np.float32)
    return _judge(name, [x], exact(name, x))


def worst_of_pair(name: str, number: int) -> Worst:
    """The worst error over random pairs."""
    x, y = pairs(number)
    with np.errstate(all="ignore"):
        expected = PAIRS[name](x.astype(np.float64), y.astype(np.float64))
    return _judge(name, [x, y], expected)


def pairs(number: int) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of any two floats, of moderate ones, and of one near 1 and a large one: those of this number."""
    rng = np.random.default_rng(number)
    any_two = rng.integers(0, FLOATS, (2, CHUNK), dtype=np.uint64).astype(np.uint32).view(np.float32)
    moderate = np.stack([rng.uniform(0, 4, CHUNK), rng.uniform(-30, 30, CHUNK)])
    near = np.stack([1 + rng.normal(size=CHUNK) * 10.0 ** rng.uniform(-7, -1, CHUNK),
                     rng.normal(size=CHUNK) * 10.0 ** rng.uniform(0, 8, CHUNK)])
    kind = rng.integers(0, 3, CHUNK)
    x, y = np.where(kind == 0, any_two, np.where(kind == 1, moderate, near)).astype(np.float32)
    return x, y


def sweeps(names: list[str], step: int) -> Iterator[tuple[str, partial, int]]:
    """(name, the function of a chunk's number, how many chunks there are) of what is asked for."""
    chunks = FLOATS // step // CHUNK
    for name in names:
        yield name, partial(worst_of_pair, name) if name in PAIRS else partial(worst_of_one, name, step), chunks


def main() -> int:
    """Compute, and print a line for each function."""
    known = [*FUNCTIONS, *PAIRS]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"all, or some of {', '.join(known)}")
    parser.add_argument("--all", action="store_true", help="every float, instead of every so many-th")
    parser.add_argument("--step", type=int, default=USUAL_STEP, help=f"a power of two; {USUAL_STEP} if not given")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)), help="processes at work")
    options = parser.parse_args()
    unknown = sorted(set(options.names) - set(known))
    step = 1 if options.all else options.step
    if unknown:
        parser.error(f"{unknown[0]}: no function of {', '.join(known)}")
    if step < 1 or step & (step - 1) or step * CHUNK > FLOATS:
        parser.error(f"--step {step}: expected a power of two up to {FLOATS // CHUNK}")
    failed = 0
    print(f"{target().level}: {FLOATS // step} arguments each", flush=True)
    with ProcessPoolExecutor(options.jobs, multiprocessing.get_context("spawn")) as pool:
        for name, judge, chunks in sweeps(options.names or known, step):
            start = time.perf_counter()
            worst = max(pool.map(judge, range(chunks), chunksize=max(1, min(64, chunks // (4 * options.jobs)))))
            failed += worst.error > LIMIT
            print(f"{'FAILED ' if worst.error > LIMIT else ''}{name}: {worst}; {time.perf_counter() - start:.0f} s",
                  flush=True)
    print(f"{failed} above {LIMIT} ulp")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
