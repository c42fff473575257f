"""Random compositions of the primitives' samples: are their transformations right together?

`MS_FUZZ_COUNT=5000 python tests/fuzz/compositions.py [SEED]`

A composition is a graph of two to five operators, each with the attributes and operands of one of its samples. Some of
its float operands are fed: the sample's array plus a small multiple of tanh of an earlier result, brought to its shape
by an adapter. So every operator stays near the point at which its sample says that it is smooth. Of the graph are
compared

* the vjp with central differences, to second order where the samples allow it;
* the jvp with the vjp;
* the graph, and its vjp, on many lanes at once with one run for each lane;
* <u, H v> with <v, H u> for random directions u, v, where H is the second derivative of a random sum of the results,
  taken forward over reverse;
* every tenth: what the backends compute for the graph and its vjp with what the evaluator says.

An operator may have a kink between the points of a difference. So a difference counts if it is found again nearby.
"""
from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

sys.path.append(str(Path(__file__).parents[1] / "backends"))

import lots
import register_discrete  # noqa: F401

from mindspore.compiler.autodiff.jvp import jvp_graph
from mindspore.compiler.autodiff.vjp import is_differentiable, vjp_graph
from mindspore.compiler.ir import Builder, Graph, Node
from mindspore.compiler.ir.evaluate import evaluate
from mindspore.compiler.ir.verify import verify
from mindspore.compiler.pipeline import run_graph
from mindspore.compiler.primitives.base import PRIMITIVES, Primitive, Sample
from mindspore.plugin import manager
from mindspore.runtime.device import current, use_backend
from mindspore.testing.conformance import cases

FLOAT = "float64"
SMALL = (0.01, 0.05)
LARGEST = 200  # elements of an operand
ADAPTERS = ("reshape", "tile", "reverse", "transpose")


class Point(NamedTuple):
    """An operator with one of its samples."""

    name: str
    number: int
    sample: Sample


def points() -> list[Point]:
    """All smooth samples of operators that compute and are differentiable, small ones."""
    found = []
    for name in cases.operators():
        op = PRIMITIVES[name]
        if op.differentiable and not (op.draws or op.effect or op.hosted):
            found += [Point(name, number, sample) for number, sample in cases.good_samples(op, FLOAT)
                      if sample.grad and all(np.size(a) <= LARGEST for a in sample.ins) and _is_exact(op, sample)]
    return found


def _is_exact(op: Primitive, sample: Sample) -> bool:
    """Whether no result is rounded to fewer digits, which a difference would see."""
    outputs = cases.sample_graph(op, cases.cast_operands(sample, FLOAT), sample.attrs).outputs
    return all(o.aval.dtype.key == FLOAT or not o.aval.dtype.is_inexact for o in outputs)


POINTS = points()
NAMES = sorted({point.name for point in POINTS})


class Composition(NamedTuple):
    """A graph, the values of its parameters, the points it is made of, and how often it can be differentiated."""

    graph: Graph
    arrays: list[np.ndarray]
    parts: list[Point]
    order: int

    def __repr__(self) -> str:
        named = ", ".join(f"{p.name} {p.number}" for p in self.parts)
        return f"\n{named}\n{self.graph}"


class Wrong(AssertionError):
    """The transformations of a composition do not agree."""

    def __init__(self, composition: Composition, message: str) -> None:
        super().__init__(f"{message}{composition!r}")
        self.composition = composition


# -- making ------------------------------------------------------------------------------------------------------------


@st.composite
def compositions(draw: Callable[[Any], Any]) -> Composition:
    """Random compositions."""
    b, arrays, parts, results = Builder("composition"), [], [], []
    for _ in range(draw(st.integers(2, 5))):
        name = draw(st.sampled_from(NAMES))
        point = draw(st.sampled_from([p for p in POINTS if p.name == name]))
        operands = cases.cast_operands(point.sample, FLOAT)
        ins = []
        for array in operands:
            node = b.parameter(cases.tensor_aval(array.shape, cases.np_dtype_to_dtype(array.dtype)))
            arrays.append(array)
            if results and array.dtype == np.float64 and array.size and draw(st.booleans()):
                source = results[draw(st.integers(0, len(results) - 1))]
                factor, adapter = draw(st.sampled_from(SMALL)), draw(st.sampled_from(ADAPTERS))
                node = b.add(node, b.mul(b.tanh(adapted(b, source, array.shape, adapter)), factor))
            ins.append(node)
        made = b.items(b.emit(PRIMITIVES[name], tuple(ins), PRIMITIVES[name].pack_attrs(point.sample.attrs)))
        results += [node for node in made if node.aval.dtype.key == FLOAT and node.aval.size]
        parts.append(point)
        outputs = list(made)
    if draw(st.booleans()):
        outputs += results[:-1]
    return Composition(verify(b.finish(outputs)), arrays, parts, min(p.sample.order for p in parts))


def adapted(b: Builder, node: Node, shape: tuple, adapter: str) -> Node:
    """A value in another shape: its elements from the first on, repeated where there are too few."""
    size = int(np.prod(shape))
    if adapter == "transpose":
        node = b.transpose(node, perm=tuple(range(node.aval.ndim))[::-1])
    flat = b.reshape(node, shape=(node.aval.size,))
    if adapter == "reverse":
        flat = b.reverse(flat, axes=(0,))
    times = -(-size // flat.aval.size)
    if adapter == "tile":
        times += 1
    if times > 1:
        flat = b.concat(*[flat] * times, axis=0)
    if flat.aval.size > size:
        flat = b.slice(flat, begin=(flat.aval.size - size,), end=(flat.aval.size,), strides=(1,))
    return b.reshape(flat, shape=shape)


# -- checking ----------------------------------------------------------------------------------------------------------


def errors(graph: Graph, arrays: list[np.ndarray], order: int) -> Iterator[str]:
    """What is wrong with the transformations of a graph at a point."""
    wanted, seeds = cases.wanted_parameters(graph), cases.cotangents(graph, 3)
    yield from cases.forward_errors(graph, arrays)
    yield from cases.batching_errors(graph, arrays)
    yield from cases.derivative_errors(graph, arrays, order)
    if wanted and seeds:
        joint = vjp_graph(graph, wanted)
        yield from (f"of the vjp: {e}" for e in cases.batching_errors(joint, arrays + seeds))
        yield from symmetry_errors(joint, arrays, seeds, wanted)


def symmetry_errors(joint: Graph, arrays: list, seeds: list, wanted: tuple[int, ...]) -> Iterator[str]:
    """Whether the second derivative is symmetric."""
    rng = np.random.default_rng(8)
    directions = [[rng.standard_normal(arrays[k].shape) for k in wanted] for _ in range(2)]
    forward = verify(jvp_graph(joint, wanted))
    places = [k for k, o in enumerate(joint.outputs) if is_differentiable(o.aval)]
    slopes = range(len(joint.outputs) - len(wanted), len(joint.outputs))
    products = []
    for direction in directions:
        tangents = evaluate(forward, [*arrays, *seeds, *direction])[len(joint.outputs):]
        found = dict(zip(places, tangents, strict=True))
        products.append([found[k] for k in slopes])
    ahead, behind = [sum(float(np.sum(x * y)) for x, y in zip(product, other))
                     for product, other in zip(products, directions[::-1])]
    if not abs(ahead - behind) <= 1e-8 * max(1.0, abs(ahead), abs(behind)):
        yield f"the second derivative is not symmetric: {ahead:.9g} and {behind:.9g}"


def device_errors(graph: Graph, arrays: list[np.ndarray]) -> Iterator[str]:
    """Compare what the current backend computes with the evaluator."""
    for place, (got, want) in enumerate(zip(run_graph(graph, arrays, current()), evaluate(graph, arrays))):
        if not np.allclose(got, want, rtol=1e-7, atol=1e-9, equal_nan=True):
            yield f"output {place} is {got}, the evaluator says {want}"


def check(composition: Composition, on: list[str]) -> None:
    """Raises Wrong if transformations do not agree, here and nearby, or a backend does not."""
    graph, arrays, _, order = composition
    found = next(errors(graph, arrays, order), None)
    if found is not None:
        rng = np.random.default_rng(9)
        near = [[a + 1e-3 * rng.standard_normal(a.shape) if a.dtype == np.float64 else a for a in arrays]
                for _ in range(3)]
        if all(next(errors(graph, moved, order), None) for moved in near):
            raise Wrong(composition, found)
    wanted, seeds = cases.wanted_parameters(graph), cases.cotangents(graph, 3)
    for backend in on:
        with use_backend(backend):
            both = [(graph, arrays), *[(vjp_graph(graph, wanted), arrays + seeds)] * bool(wanted and seeds)]
            for each, values in both:
                for error in device_errors(each, values):
                    raise Wrong(composition, f"on {backend}: {error}")


@dataclass
class Statistics:
    """How many compositions were checked, and how often each operator stood in one."""

    count: int = 0
    used: Counter = field(default_factory=Counter)

    def add(self, used: frozenset[str]) -> None:
        self.count += 1
        self.used.update(used)

    def show(self) -> str:
        name, number = min(((name, self.used[name]) for name in NAMES), key=lambda pair: pair[1])
        return f"{self.count} compositions of {len(NAMES)} operators; the rarest, {name}, is in {number}"


def check_lot(start: int, lot: int, found: list[frozenset[str]], on: list[str] | None = None) -> None:
    """Check the compositions of a lot, one of them on backends too; `found` gets the names in each. Raises Wrong."""
    on = sorted(manager.backends()) if on is None else on

    def judge(composition: Composition) -> None:
        check(composition, on if len(found) == lots.LOT // 2 else [])
        found.append(frozenset(p.name for p in composition.parts))

    lots.draw(compositions(), judge, start, lot)


def run(count: int, start: int, on: list[str] | None = None) -> Statistics:
    """Check `count` compositions from a seed on; the first that is wrong is raised, as small as it shrinks."""
    statistics, lot = Statistics(), 0
    while statistics.count < count:
        found: list[frozenset[str]] = []
        check_lot(start, lot, found, on)
        for used in found[:count - statistics.count]:
            statistics.add(used)
        lot += 1
    return statistics


def main() -> int:
    """The exit status is 0 if none is wrong."""
    count, start = int(os.environ.get("MS_FUZZ_COUNT", "2000")), int(sys.argv[1]) if len(sys.argv) > 1 else 0
    print(f"seed {start}, {count} compositions", flush=True)
    statistics, wrong = Statistics(), 0
    for lot in lots.side_by_side(check_lot, start):
        if lot.wrong:
            wrong += 1
            print(lot.wrong, flush=True)
            continue
        for used in lot.found[:count - statistics.count]:
            statistics.add(used)
        if statistics.count >= count:
            break
    print(f"{wrong} lots with a wrong one, {statistics.show()}")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
