"""Branches, loops and recursion that depend on values, with their derivatives.

Each program is compiled for the device as a graph (`jit`), runs for several inputs of one structure, and is compared
with plain Python on NumPy numbers; its derivative with central differences of the same in float64.
"""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, ops
from mindspore.runtime.device import use_backend

INTERPRETED = True  # the programs of this module are compiled as a user's are


def branch(x):
    if x.sum() > 1:
        return x * x
    return x * -3


def power_until(x):
    y = x
    while y.sum() < 20:
        y = y * (x + 1) + x
    return y


def rows(x):
    total = x[0] * 0
    for k in range(3):
        total = total * 0.5 + x[k] * x[k]
    return total


def left_early(x):
    total = x * 0
    for k in range(8):
        if total.sum() > 6:
            break
        if k == 2:
            continue
        total = total + x * (k + 1)
    return total


def nested(x):
    i = 0
    while i < 3:
        y = x + 0.1
        while y.sum() < 9:
            y = y * 1.5 + x * x
        x = x * 0.5 + y * 0.1
        i = i + 1
    return x


def branch_in_loop(x):
    y = x
    while y.sum() < 12:
        if y.sum() > 5:
            y = y + x * x
        else:
            y = y * 2
    return y


def rising(x):
    """A recursion whose depth depends on the values."""
    if x.sum() > 10:
        return x
    return rising(x * 2) + x


PROGRAMS = (branch, power_until, rows, left_early, nested, branch_in_loop, rising)
INPUTS = tuple(np.random.default_rng(seed).uniform(0.2, scale, (3, 2)).astype(np.float32)
               for seed, scale in enumerate((0.3, 1.0, 2.0, 3.0)))


def slope(program, x: np.ndarray, direction: np.ndarray, step: float = 1e-6) -> float:
    """The derivative of the sum of results along a direction, by central differences."""
    wide = x.astype(np.float64)
    return float((program(wide + step * direction).sum() - program(wide - step * direction).sum()) / (2 * step))


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
def test_values(backend_name, tally, program):
    with use_backend(backend_name):
        compiled = ms.jit(program, fullgraph=True)
        for x in INPUTS:
            got, want = compiled(Tensor(x)).asnumpy(), program(x.astype(np.float64))
            good = got.shape == want.shape and np.allclose(got, want, rtol=1e-5)
            tally.check(None if good else f"{program.__name__} of {x}: got {got}, expected {want}")


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
def test_derivatives(backend_name, tally, program):
    direction = np.random.default_rng(9).standard_normal((3, 2))
    with use_backend(backend_name):
        gradient = ms.jit(ms.grad(lambda x: program(x).sum()), fullgraph=True)
        for x in INPUTS:
            got = float((gradient(Tensor(x)).asnumpy() * direction).sum())
            want = slope(program, x, direction)
            tally.check(None if np.isclose(got, want, rtol=1e-3, atol=1e-4) else
                        f"the derivative of {program.__name__} at {x}: got {got}, differences give {want}")


def test_second_derivatives(backend_name, tally):
    def cube(x):
        y = x
        while y.sum() < 30:
            y = y * x
        return y.sum()

    with use_backend(backend_name):
        second = ms.jit(ms.grad(lambda x: ms.grad(cube)(x).sum()), fullgraph=True)
        x = np.float32(2.1)
        got, want = float(second(Tensor(x))), 5 * 4 * 2.1**3
        tally.check(None if np.isclose(got, want, rtol=1e-4) else f"got {got}, expected {want}")


def test_lanes_with_trip_counts_of_their_own(backend_name, tally):
    def doubled(x):
        while x < 20:
            x = x * 2
        return x

    lanes = np.array([1.5, 25.0, 3.0, 19.0], np.float32)
    with use_backend(backend_name):
        got = ms.vmap(doubled)(Tensor(lanes)).asnumpy()
        slopes = ms.vmap(ms.grad(doubled))(Tensor(lanes)).asnumpy()
    want, factors = np.array([24, 25, 24, 38]), np.array([16, 1, 8, 2])
    tally.check(None if np.array_equal(got, want) else f"values: got {got}, expected {want}")
    tally.check(None if np.array_equal(slopes, factors) else f"derivatives: got {slopes}, expected {factors}")


def test_eager_programs_take_the_same_branches(backend_name, tally):
    with use_backend(backend_name):
        for x in INPUTS:
            got, want = branch_in_loop(ops.add(Tensor(x), 0)).asnumpy(), branch_in_loop(x.astype(np.float64))
            tally.check(None if np.allclose(got, want, rtol=1e-5) else f"got {got}, expected {want}")
