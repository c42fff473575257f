"""Element-wise operators at every place of a vector: special values, sizes around the vector's length, no elements, no
axes, many elements.

A kernel that works on several elements at once has a body and a tail. Special values stand at every place of both, and
what an element gives must not depend on its neighbours.
"""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from mindspore.common.dtype import float32
from mindspore.compiler.ir import Builder, tensor_aval
from mindspore.compiler.pipeline import run_graph
from mindspore.compiler.primitives.base import PRIMITIVES, Elementwise, Primitive, Sample
from mindspore.testing.conformance import cases

SPECIAL = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -3.0])
SIZES = (0, 1, 3, 8, 17, 67)
MANY = 1 << 19


def float_samples() -> Iterator[tuple[str, Sample]]:
    """Element-wise operators with a sample of floating operands only, for its attributes."""
    for name in cases.operators():
        op = PRIMITIVES[name]
        if isinstance(op, Elementwise) and not op.hosted:
            found = [s for _, s in cases.good_samples(op, "float32")
                     if all(np.asarray(a).dtype in (np.float32, np.float64) for a in s.ins)]
            if found:
                yield name, found[0]


SAMPLES = dict(float_samples())


def operands(count: int, size: int) -> list[np.ndarray]:
    """Special values in every pairing, or as many as there is room for."""
    period = len(SPECIAL)
    index = np.arange(size)
    return [SPECIAL[(index // period**k) % period if k else (index + index // period) % period].astype(np.float32)
            for k in range(count)]


def apply(op: Primitive, sample: Sample, given: list[list[np.ndarray]], device) -> list[np.ndarray]:
    """The operator's first result on each list of operands, in one graph."""
    b = Builder(op.name)
    outputs = [b.items(b.emit(op, tuple([b.parameter(tensor_aval(a.shape, float32)) for a in arrays]),
                              op.pack_attrs(sample.attrs)))[0] for arrays in given]
    return run_graph(b.finish(outputs), [a for arrays in given for a in arrays], device)


@pytest.mark.parametrize("name", SAMPLES)
def test_special_values_at_every_place(device, tally, name):
    if "float32" not in device.capabilities.dtypes:
        pytest.skip("the device does not claim float32")
    op, sample = PRIMITIVES[name], SAMPLES[name]
    if cases.is_decomposed(op, device):
        pytest.skip("it is decomposed: its members are tested")
    count = len(sample.ins)
    given = [operands(count, size) for size in (*SIZES, len(SPECIAL)**2 if count == 2 else 40)]
    given.append([a[0] for a in operands(count, 1)])
    graph = cases.sample_graph(op, given[-1], sample.attrs)
    dtype = graph.outputs[0].aval.dtype
    if dtype.key not in device.capabilities.dtypes:
        pytest.skip("the device does not claim the result's dtype")
    signed = cases.keeps_zero_signs(op) and count == 1
    for arrays, got in zip(given, apply(op, sample, given, device)):
        part = cases.Part(0, sample, arrays, 0)
        want = cases.expected_values(op, part)[0]
        problem = cases.disagreement(got, want, dtype, float32, sample, signed)
        tally.check(problem and f"{arrays[0].size} elements: {problem}")


LARGE = {
    "add": lambda b, x, y: b.add(x, y), "exp": lambda b, x, y: b.exp(x), "select": lambda b, x, y: b.select(
        b.gt(x, y), x, y), "sum of all": lambda b, x, y: b.sum(b.mul(x, y), axis=(0, 1)),
    "sum of rows": lambda b, x, y: b.sum(x, axis=(1,)), "sum of columns": lambda b, x, y: b.sum(x, axis=(0,)),
    "transpose": lambda b, x, y: b.add(b.transpose(x, perm=(1, 0)), b.transpose(y, perm=(1, 0))),
    "product": lambda b, x, y: b.matmul(x, b.transpose(y, perm=(1, 0))),
}
MEANING = {
    "add": lambda x, y: x + y, "exp": lambda x, y: np.exp(x), "select": np.maximum,
    "sum of all": lambda x, y: np.sum(x * y), "sum of rows": lambda x, y: x.sum(1), "sum of columns":
    lambda x, y: x.sum(0), "transpose": lambda x, y: x.T + y.T, "product": lambda x, y: x @ y.T,
}


@pytest.mark.parametrize("what", LARGE)
def test_many_elements(device, tally, what):
    """Half a million elements, a number that no vector divides: sums are of positive numbers, so that they are exact to
    a few units in the last place however they are split."""
    shape = (257, MANY // 257)
    draw = np.random.default_rng(0)
    x, y = (draw.uniform(0.5, 1.5, shape).astype(np.float32) for _ in range(2))
    b = Builder("large")
    operands_ = [b.parameter(tensor_aval(shape, float32)) for _ in range(2)]
    (got,) = run_graph(b.finish([LARGE[what](b, *operands_)]), [x, y], device)
    want = np.asarray(MEANING[what](x.astype(np.float64), y.astype(np.float64)))
    good = got.shape == want.shape and np.allclose(got, want, rtol=1e-5)
    tally.check(None if good else f"{what}: got {got.reshape(-1)[:3]}..., expected {want.reshape(-1)[:3]}...")
