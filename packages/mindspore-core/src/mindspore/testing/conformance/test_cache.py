"""Compiled programs: equal ones are compiled once, and nothing serves a program that differs."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, ops
from mindspore.common.dtype import DType
from mindspore.compiler import pipeline
from mindspore.compiler.ir import Builder, tensor_aval
from mindspore.compiler.pipeline import assert_max_compiles, clear_cache, compile_graph, run_graph
from mindspore.plugin import manager
from mindspore.runtime.device import use_backend

INTERPRETED = True  # the programs of this module are compiled as a user's are


def graph(dtype: str = "float32", shape: tuple = (3, 4), axis: tuple = (0,), factor: float = 2.0):
    """sum(x * factor) + sum(x)."""
    b = Builder("program")
    x = b.parameter(tensor_aval(shape, DType._by_key[dtype]))
    return b.finish([b.add(b.sum(b.mul(x, factor), axis=axis), b.sum(x, axis=axis))])


def numbers(dtype: str = "float32", shape: tuple = (3, 4)) -> np.ndarray:
    return np.arange(int(np.prod(shape))).reshape(shape).astype(DType._by_key[dtype].np)


def expected(axis: tuple = (0,), factor: float = 2.0, **given) -> np.ndarray:
    return numbers(**given).astype(np.float64).sum(axis) * (factor + 1)


OTHERS = {
    "another dtype": {"dtype": "int32"}, "another shape": {"shape": (5, 4)}, "another number of axes": {"shape": (12,)},
    "another attribute": {"axis": (1,)}, "another constant": {"factor": 3.0}}


def test_equal_programs_are_compiled_once(device, tally):
    clear_cache()
    first = compile_graph(graph(), device)
    with assert_max_compiles(0):
        tally.check(None if compile_graph(graph(), device) is first else "an equal graph has another executable")
    got = run_graph(graph(), [numbers()], device)[0]
    tally.check(None if np.array_equal(got, expected()) else f"got {got}, expected {expected()}")


@pytest.mark.parametrize("change", OTHERS)
def test_another_program_is_compiled_anew(device, tally, change):
    given = OTHERS[change]
    if given.get("dtype", "float32") not in device.capabilities.dtypes:
        pytest.skip("the device does not claim the dtype")
    clear_cache()
    operand = {k: v for k, v in given.items() if k in ("dtype", "shape")}
    for rounds in range(2):
        got = run_graph(graph(), [numbers()], device)[0]
        other = run_graph(graph(**given), [numbers(**operand)], device)[0]
        before = pipeline.compile_count
        for found, want in ((got, expected()), (other, expected(**given))):
            good = found.shape == want.shape and np.array_equal(found, want)
            tally.check(None if good else f"round {rounds}: got {found}, expected {want}")
        if rounds:
            tally.check(None if pipeline.compile_count == before else "the second round compiled again")


def test_another_device_is_not_served(device, tally):
    reference = manager.device("reference")
    mine, theirs = compile_graph(graph(), device), compile_graph(graph(), reference)
    tally.check(None if (mine is theirs) == (device is reference) else "an executable serves two devices")


def test_functions_of_equal_structure_share(backend_name, tally):
    def first(x):
        return ops.exp(x) * 2 + 1

    def second(y):
        return ops.exp(y) * 2 + 1

    x = Tensor(np.ones((2, 3), np.float32))
    with use_backend(backend_name):
        got = ms.jit(first, fullgraph=True)(x).asnumpy()
        with assert_max_compiles(0):
            again = ms.jit(second, fullgraph=True)(x).asnumpy()
    tally.check(None if np.array_equal(got, again) else f"got {again}, expected {got}")


def test_nothing_is_lost_with_the_cache(device, tally):
    before = run_graph(graph(), [numbers()], device)[0]
    executable = compile_graph(graph(), device)
    clear_cache()
    again = run_graph(graph(), [numbers()], device)[0]
    tally.check(None if np.array_equal(before, again) else f"got {again}, expected {before}")
    tally.check(None if compile_graph(graph(), device) is not executable else "the cache was not cleared")
