"""Random numbers: the same bits on every device.

Expected are the words of Philox4x32-10 as its paper defines them, computed here and compared first with the paper's own
vectors, so that a fault which core and a device share would be seen.
"""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, ops
from mindspore.common.dtype import DType, bfloat16, float16, float32, float64
from mindspore.compiler.ir import Builder, tensor_aval
from mindspore.compiler.pipeline import run_graph
from mindspore.compiler.primitives.base import PRIMITIVES
from mindspore.runtime.device import use_backend

STATES = ((0, 0), (42, 7), (-1, 2**40 + 3), (2**33 + 5, 1), (7, 2**32 - 1), (7, 2**32), (-2**63, -1))
SHAPES = ((), (1,), (3,), (4,), (5,), (0,), (2, 3, 3), (1025,), (257, 129))
PRECISION = {float16: 11, bfloat16: 8, float32: 24}


def block(counter: tuple, key: tuple) -> tuple:
    """One block of four words; arrays of uint64 or ints."""
    a, b, c, d = counter
    k, m = key
    for _ in range(10):
        x, y = a * 0xD2511F53, c * 0xCD9E8D57
        a, b, c, d = (y >> 32) ^ b ^ k, y & 0xFFFFFFFF, (x >> 32) ^ d ^ m, x & 0xFFFFFFFF
        k, m = (k + 0x9E3779B9) & 0xFFFFFFFF, (m + 0xBB67AE85) & 0xFFFFFFFF
    return a, b, c, d


def words(seed: int, offset: int, count: int, first: int = 0) -> np.ndarray:
    """Words of a stream from the block `first` on, as uint32."""
    found: list[int] = []
    key, high = (seed & 0xFFFFFFFF, seed >> 32 & 0xFFFFFFFF), (offset & 0xFFFFFFFF, offset >> 32 & 0xFFFFFFFF)
    for number in range(first, first - (-count // 4)):
        found += block((number & 0xFFFFFFFF, number >> 32, *high), key)
    return np.array(found[:count], np.uint32)


@pytest.mark.parametrize(("counter", "key", "expected"), [
    ((0,) * 4, (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    ((0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344), (0xA4093822, 0x299F31D0),
     (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1)),
])
def test_the_expected_words_are_the_papers(counter, key, expected):
    assert block(counter, key) == expected


def draw(device, name: str, states, shapes, **attrs) -> list[np.ndarray]:
    """One graph of an operator for pairs of states and shapes."""
    b, op = Builder(name), PRIMITIVES[name]
    params = [b.parameter(tensor_aval((2,), DType._by_key["int64"])) for _ in states]
    nodes = [b.call(op, p, shape=shape, **attrs) for p, shape in zip(params, shapes)]
    return run_graph(b.finish(nodes), [np.array(s, np.int64) for s in states], device)


@pytest.mark.parametrize("state", STATES, ids=str)
def test_words_of_every_shape(device, tally, state):
    results = draw(device, "random_bits", [state] * len(SHAPES), SHAPES)
    stream = words(*state, max(int(np.prod(s)) for s in SHAPES[:-1]))
    for shape, got in zip(SHAPES[:-1], results):
        want = stream[:int(np.prod(shape))].reshape(shape)
        tally.check(None if np.array_equal(got, want) else f"{shape}: {np.sum(got != want)} words differ, first at "
                    f"{np.argwhere(got != want)[0]}")
    large = results[-1].reshape(-1)
    tally.check(None if np.array_equal(large[:stream.size], stream) else "the words depend on the shape")
    start = large.size // 4 - 16
    want = words(*state, large.size - 4 * start, start)
    tally.check(None if np.array_equal(large[4 * start:], want) else "the last words of a large tensor differ")


def test_offsets_are_streams_of_their_own(device, tally):
    """Several draws of one program, each from its offset, and the same draws in programs of their own."""
    states = [(11, offset) for offset in range(6)]
    together = draw(device, "random_bits", states, [(9,)] * 6)
    for state, got in zip(states, together):
        (alone,) = draw(device, "random_bits", [state], [(9,)])
        for what, found in (("with others", got), ("alone", alone)):
            tally.check(None if np.array_equal(found, words(*state, 9)) else f"state {state} drawn {what}: got {found}")


@pytest.mark.parametrize("dtype", [float16, bfloat16, float32], ids=lambda t: t.key)
def test_uniform_numbers_are_the_leading_bits(device, tally, dtype):
    shape = (31, 33)
    (got,) = draw(device, "random_uniform", [(5, 9)], [shape], dtype=dtype)
    bits = PRECISION[dtype]
    want = ((words(5, 9, 31 * 33) >> (32 - bits)) * 2.0**-bits).astype(dtype.np).reshape(shape)
    tally.check(None if np.array_equal(got, want) else f"{np.sum(got != want)} of {got.size} numbers differ")


def test_uniform_float64_numbers_take_two_words(device, tally):
    (got,) = draw(device, "random_uniform", [(5, 9)], [(101,)], dtype=float64)
    high, low = words(5, 9, 202).reshape(2, 101).astype(np.uint64)
    want = (high >> np.uint64(6)) * 2.0**-26 + (low >> np.uint64(5)) * 2.0**-53
    tally.check(None if np.array_equal(got, want) else f"{np.sum(got != want)} of {got.size} numbers differ")


PROGRAMS = {
    "two draws": lambda x: (ops.rand(5), ops.rand(2, 3)),
    "integers": lambda x: (ops.randint(0, 1000, (50,)),),
    "a mask": lambda x: (ops.dropout(x, 0.3),),
    "an order": lambda x: (ops.randperm(17),),
    "a choice": lambda x: (ops.bernoulli(x, 0.4),),
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_programs_draw_the_same_numbers_everywhere(backend_name, tally, program):
    def drawn(backend: str, calls: int) -> list[np.ndarray]:
        with use_backend(backend):
            ms.set_seed(3)
            x = Tensor(np.ones((6, 7), np.float32))
            return [t.asnumpy() for _ in range(calls) for t in PROGRAMS[program](x)]

    got, want = drawn(backend_name, 3), drawn("reference", 3)
    for number, (first, second) in enumerate(zip(got, want, strict=True)):
        tally.check(None if np.array_equal(first, second) else f"draw {number}: got {first}, the reference {second}")
    again = drawn(backend_name, 1)
    tally.check(None if all(map(np.array_equal, again, got)) else "the same seed gives other numbers")
