"""The same groups for older instruction sets; what is asked for and does not exist is refused."""
from __future__ import annotations

import numpy as np
import pytest
from harness import generate, ulps
from test_vector_math import FUNCTIONS, LIMIT, every_float, exact

from mindspore.common.dtype import float16 as FLOAT16
from mindspore.common.dtype import float32 as FLOAT32
from mindspore_cpu.codegen.target import LEVELS, UnsupportedIsaError, target

RNG = np.random.default_rng(0)


@pytest.fixture(params=LEVELS)
def level(request, monkeypatch):
    """Each level that this processor has, in force."""
    monkeypatch.delenv("MS_CPU_ISA", raising=False)
    if LEVELS.index(request.param) > LEVELS.index(target().level):
        pytest.skip(f"this processor has no {request.param}")
    monkeypatch.setenv("MS_CPU_ISA", request.param)
    assert target().level == request.param
    return request.param


@pytest.mark.parametrize("size", [1, 3, 7, 8, 9, 16, 31, 33, 64, 100, 1025])
def test_rows_columns_and_runs_of_every_length(level, size):
    x = RNG.integers(-8, 9, (5, size)).astype(np.float32)

    def rule(b, v):
        top = b.max(v, axis=(1,), keepdims=True)
        return [b.sub(v, top), b.sum(v, axis=(1,)), b.sum(v, axis=(0,)), b.max(b.mul(v, v), axis=(0,)), b.neg(v)]

    expected = [x - x.max(1, keepdims=True), x.sum(1), x.sum(0), (x * x).max(0), -x]
    for found, want in zip(generate(rule, x, pieces=2), expected):
        np.testing.assert_array_equal(found, want)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_are_as_accurate_everywhere(level, name):
    x = every_float(4096 * 17)
    found, = generate(lambda b, v: b.__getattr__(name)(v), x)
    error = ulps(found, exact(name, x))
    worst = int(np.argmax(error))
    assert error[worst] <= LIMIT, f"{name}({x[worst]!r}) = {found[worst]!r}: {error[worst]} ulp"


@pytest.mark.parametrize("dtype", [np.float16, np.float64, np.int8, np.uint8, np.int16, np.int64, np.bool_])
def test_other_element_types(level, dtype):
    x, y = (RNG.integers(0, 2, (3, 37)).astype(dtype) if dtype == np.bool_ else
            RNG.integers(-9 if np.dtype(dtype).kind != "u" else 0, 10, (3, 37)).astype(dtype) for _ in range(2))

    def rule(b, u, v):
        if dtype == np.bool_:
            return [b.logical_and(u, v), b.any(u, axis=(1,)), b.all(v, axis=(0,))]
        return [b.mul(u, v), b.sum(u, axis=(1,)), b.max(v, axis=(0,)), b.lt(u, v)]

    expected = [x & y, x.any(1), y.all(0)] if dtype == np.bool_ else [
        x * y, x.sum(1, dtype=dtype), y.max(0), x < y]
    for found, want in zip(generate(rule, x, y), expected):
        np.testing.assert_array_equal(found, want)


def test_transposes_gathers_and_large_reductions(level):
    x, indices = RNG.integers(-8, 9, (70, 90)).astype(np.float32), RNG.integers(-1, 91, 50).astype(np.int32)
    found = generate(lambda b, v, i: [b.add(b.transpose(v, perm=(1, 0)), 1.0), b.gather(v, i, axis=1)], x, indices)
    np.testing.assert_array_equal(found[0], x.T + 1)
    good = (indices >= 0) & (indices < 90)
    np.testing.assert_array_equal(found[1], np.where(good, x[:, np.where(good, indices, 0)], 0))
    large = RNG.integers(-8, 9, (300, 777)).astype(np.float32)
    found = generate(lambda b, v: [b.sum(v, axis=(0, 1)), b.max(v, axis=(0, 1))], large, pieces=3)
    np.testing.assert_array_equal(found, [large.sum(), large.max()])


def test_half_conversions_are_exact(level):
    every = np.arange(2**16, dtype=np.uint16).view(np.float16)
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(generate(lambda b, v: b.cast(v, dtype=FLOAT32), every)[0],
                                      every.astype(np.float32))
        x = every_float(4096)
        np.testing.assert_array_equal(generate(lambda b, v: b.cast(v, dtype=FLOAT16), x)[0], x.astype(np.float16))
        wide = RNG.normal(size=5000) * 10.0 ** RNG.integers(-9, 6, 5000)
        np.testing.assert_array_equal(generate(lambda b, v: b.cast(v, dtype=FLOAT16), wide)[0],
                                      wide.astype(np.float16))


def test_what_does_not_exist_is_refused(monkeypatch):
    monkeypatch.setenv("MS_CPU_ISA", "mmx")
    with pytest.raises(UnsupportedIsaError, match="expected one of generic, avx2, avx512"):
        target()
