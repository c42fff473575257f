"""Mistakes that a compiler may make, to be put into this one: does the fuzzer find them?

Each is a context manager that replaces one function of the compiler for a block. `python tests/fuzz/bugs.py [SEED]`
prints after how many programs each is found; `most` is the greatest number that counts as found.
"""
from __future__ import annotations

import contextlib
import multiprocessing
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from typing import Any

import lots
from checking import Mismatch, check
from fuzz import Statistics, run

from mindspore import Tensor, float64
from mindspore.compiler import pipeline
from mindspore.compiler.autodiff import partition
from mindspore.compiler.frontend import loops
from mindspore.compiler.frontend.variants import Variant
from mindspore.compiler.ir import builder
from mindspore.compiler.ir.builder import Builder
from mindspore.compiler.passes import recursion
from mindspore.compiler.primitives import regions, scan
from mindspore.eager import segment
from mindspore.graph import joins
from mindspore.graph.trace import tracing
from mindspore.ops import where

MOST = 2000


@contextlib.contextmanager
def replaced(owner: Any, name: str, make: Callable[[Callable], Callable]) -> Iterator[None]:
    """Within the block `owner.name` is what `make` gives for it. What was compiled before and within is forgotten."""
    original = getattr(owner, name)
    setattr(owner, name, make(original))
    pipeline.clear_cache()
    segment.clear_cache()
    try:
        yield
    finally:
        setattr(owner, name, original)
        pipeline.clear_cache()
        segment.clear_cache()


def swapped_branches():
    """The derivative of a choice takes the other branch."""
    def make(choice):
        def swapped(then, orelse, *rest):
            plan = choice(then, orelse, *rest)
            return replace(plan, backward=plan.backward[::-1])
        return swapped
    return replaced(regions, "choice_halves", make)


def lost_variable():
    """The last variable that a loop changes keeps its first value."""
    def make(emit):
        def lossy(self, op, ins, attrs=()):
            if op.name == "while_":
                named = dict(zip(op.attrs, attrs))
                attrs = tuple([_without_last(named["body"], named["carried"]) if name == "body" else value
                               for name, value in named.items()])
            return emit(self, op, ins, attrs)
        return lossy
    return replaced(Builder, "emit", make)


def _without_last(body: Any, carried: int) -> Any:
    floats = [k for k in range(carried) if body.out_avals[k].dtype.kind == "f"]
    if len(floats) < 2:
        return body
    b = Builder(body.name)
    params = [b.parameter(p.aval) for p in body.params]
    outputs = b.inline(body, params)
    outputs[floats[-1]] = params[floats[-1]]
    return b.finish(outputs)


def wrong_broadcast_sum():
    """The cotangent of a broadcast operand is a mean instead of a sum."""
    def make(sum_to):
        def averaged(self, node, shape):
            found = sum_to(self, node, shape)
            return found if found is node or not found.aval.size else self.mul(found, found.aval.size / node.aval.size)
        return averaged
    return replaced(Builder, "sum_to", make)


def wrong_constant():
    """The product of two constants is folded to their sum."""
    def make(fold):
        def wrong(op, ins, attrs):
            if op.name == "mul":
                return ins[0].attrs[0].array + ins[1].attrs[0].array
            return fold(op, ins, attrs)
        return wrong
    return replaced(builder, "_fold", make)


def stale_after_break():
    """What the trip that leaves a loop has assigned is lost."""
    def make(initialise):
        def stale(self, loop):
            initialise(self, loop)
            code = self.after[loop.code]
            if not isinstance(code, Tensor):
                return
            with tracing(self.regions[1]):
                for place, (x, y) in enumerate(zip(self.before, self.after)):
                    if place < loop.code and isinstance(x, Tensor) and isinstance(y, Tensor) and x is not y \
                            and (x.shape, x.dtype) == (y.shape, y.dtype):
                        self.after[place] = where(code == 0, y, x)
        return stale
    return replaced(loops._Trip, "__init__", make)


def clobbered_registers():
    """What a function needs after a recursive call is overwritten by the call's argument."""
    def make(call):
        def clobbered(self, place, node, arguments):
            back = self.machine.returns.get((place, node.idx))
            for key in back.live if back is not None else ():
                same = [a for a in arguments if a.aval is place.aval(key) and a.dtype.kind == "f"]
                if same:
                    self.env[key] = same[0]
            return call(self, place, node, arguments)
        return clobbered
    return replaced(recursion._Run, "call", make)


def other_member():
    """A value that is one of several, of different kinds, is another one of them."""
    def make(variant):
        def other(self, values):
            made = variant(self, values)
            return replace_members(made) if type(made) is Variant else made
        return other

    def replace_members(made: Variant) -> Variant:
        return Variant(made.tag, made.members[::-1])
    return replaced(joins.Joiner, "_variant", make)


class _OtherWay:
    """A builder that lets the backward half of a scan run in the order of the loop."""

    def __init__(self, b: Builder) -> None:
        self.b = b

    def __getattr__(self, name: str) -> Any:
        return getattr(self.b, name)

    def scan(self, *operands: Any, body: Any, reverse: bool, **attrs: Any) -> Any:
        return self.b.scan(*operands, body=body, reverse=reverse != body.name.startswith("backward_"), **attrs)


def scan_in_order():
    """The derivative of a loop whose trips are compiled as one takes the trips in the order of the loop."""
    return replaced(scan.Scan, "record", lambda record: lambda self, b, *rest, **attrs: record(
        self, _OtherWay(b), *rest, **attrs))


def swapped_on_the_tape():
    """Two values of one type, from which a trip starts, change places when they are put on a tape."""
    def make(recording):
        def swapping(body, split, before, *rest):
            places = _with_two_swapped([body.params[k] for k in before])
            return recording(body, split, [body.params.index(p) for p in places], *rest)
        return swapping
    return replaced(regions, "_recording", make)


def swapped_residuals():
    """Two values of one type change places on their way from the forward to the backward half."""
    return replaced(partition._Partition, "_forward",
                    lambda forward: lambda self, extra: forward(self, _with_two_swapped(extra)))


def _with_two_swapped(nodes: Any) -> list:
    """The first two floats of one type among nodes change places."""
    nodes = list(nodes)
    pairs = [(j, k) for k in range(len(nodes)) for j in range(k) if nodes[j].aval is nodes[k].aval
             and getattr(nodes[k].aval, "dtype", None) is float64]
    for j, k in pairs[:1]:
        nodes[j], nodes[k] = nodes[k], nodes[j]
    return nodes


BUGS = [swapped_branches, lost_variable, wrong_broadcast_sum, wrong_constant, stale_after_break, clobbered_registers,
        other_member, scan_in_order, swapped_on_the_tape, swapped_residuals]


def found_after(bug: Callable, start: int, most: int = MOST) -> int | None:
    """The number of programs after which a bug is found; None if it is not.

    Raises Mismatch where what was found is wrong without the bug, too."""
    statistics = Statistics()
    with bug():
        try:
            run(most, start, ["reference"], statistics, shrink=False)
        except Mismatch as mismatch:
            program = mismatch.program
        else:
            return None
    check(program)  # without the bug it agrees
    return statistics.count + 1


def main() -> int:
    """The exit status is 1 if one is not found."""
    start, missed = int(sys.argv[1]) if len(sys.argv) > 1 else 0, 0
    with ProcessPoolExecutor(lots.jobs(), multiprocessing.get_context("spawn")) as pool:
        numbers = pool.map(found_after, BUGS, [start] * len(BUGS))
        for bug, number in zip(BUGS, numbers, strict=True):
            missed += number is None
            print(f"{bug.__name__}: {'not found' if number is None else f'found after {number} programs'}", flush=True)
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
