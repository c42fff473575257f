"""Quotients of many numbers by one: as IEEE 754 has them, to the last bit."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor
from mindspore_cpu.codegen.target import target

BITS = {np.float32: np.uint32, np.float64: np.uint64}
ROWS, COLUMNS = 48, 512


def specials(dtype) -> np.ndarray:
    info = np.finfo(dtype)
    numbers = [0.0, np.inf, np.nan, 1.0, 3.0, 7.0, info.max, info.tiny, info.smallest_subnormal, 2.0**-100, 2.0**100]
    return np.array([*numbers, *[-x for x in numbers]], dtype)


def operands(dtype, seed: int, ordinary: bool) -> tuple[np.ndarray, np.ndarray]:
    """A matrix of dividends and a column of divisors: any bits, or numbers of usual size, and the special ones."""
    rng = np.random.default_rng(seed)
    x = rng.integers(0, np.iinfo(BITS[dtype]).max, (ROWS, COLUMNS), BITS[dtype], endpoint=True).view(dtype)
    s = rng.integers(0, np.iinfo(BITS[dtype]).max, (ROWS, 1), BITS[dtype], endpoint=True).view(dtype)
    known = specials(dtype)
    if ordinary:
        x[:, len(known):] = rng.standard_normal((ROWS, COLUMNS - len(known)))
        s[len(known):] = rng.random((ROWS - len(known), 1)) * 10
    x[:, :len(known)] = known
    s[:len(known), 0] = known
    return x, s


def units_apart(got: np.ndarray, want: np.ndarray, bits) -> np.ndarray:
    """How many numbers lie between two, 0 for two that are not numbers."""
    far = np.maximum(got.view(bits), want.view(bits)) - np.minimum(got.view(bits), want.view(bits))
    return np.where(np.isnan(got) & np.isnan(want), 0, far)


@pytest.mark.parametrize("dtype", BITS)
@pytest.mark.parametrize("ordinary", [False, True])
@pytest.mark.parametrize("along", ["rows", "columns", "number"])
def test_quotients_by_one_divisor(dtype, ordinary, along):
    divide = ms.jit(lambda x, s: x / s)
    for seed in range(4):
        x, s = operands(dtype, seed, ordinary)
        if along == "columns":
            x, s = np.ascontiguousarray(x.T), np.ascontiguousarray(s.T)
        for divisor in [s] if along != "number" else [s[k] for k in range(0, ROWS, 5)]:
            with np.errstate(all="ignore"):
                want = x / divisor
            assert units_apart(divide(Tensor(x), Tensor(divisor)).asnumpy(), want, BITS[dtype]).max() == 0


def test_constants():
    x, _ = operands(np.float32, 0, True)
    for number in (3.0, 7.0, 1e-30, 1e30, -0.1):
        with np.errstate(all="ignore"):
            want = x / np.float32(number)
        assert units_apart(ms.jit(lambda x, n=number: x / n)(Tensor(x)).asnumpy(), want, np.uint32).max() == 0


def test_a_softmax_of_wide_vectors_divides_once_for_each_row(monkeypatch):
    if target().bits < 512:
        pytest.skip("divisions are cheap enough here")
    from mindspore_cpu.codegen import scope
    made = []
    inverse = scope.Inverse

    def counted(*args):
        made.append(args)
        return inverse(*args)

    monkeypatch.setattr(scope, "Inverse", counted)
    monkeypatch.setenv("MS_CPU_CACHE", "0")  # written, and not taken from the disk
    x = np.random.default_rng(0).standard_normal((20, 1031)).astype(np.float32)
    got = ms.jit(lambda x: ms.ops.softmax(x, -1))(Tensor(x)).asnumpy().astype(np.float64)
    powers = np.exp(x.astype(np.float64))
    np.testing.assert_allclose(got, powers / powers.sum(-1, keepdims=True), rtol=1e-6)
    assert len(made) == 1
