"""Philox against its published vectors, and the definitions that are built on it."""
from __future__ import annotations

import numpy as np
import pytest

from mindspore.common.dtype import bfloat16, float16, float32, float64, int64
from mindspore.compiler.ir import Builder, tensor_aval
from mindspore.compiler.ir.evaluate import evaluate
from mindspore.compiler.primitives.random import philox4x32


def draw(name: str, seed: int, offset: int, shape: tuple, **attrs) -> np.ndarray:
    b = Builder()
    state = b.parameter(tensor_aval((2,), int64))
    graph = b.finish([getattr(b, name)(state, shape=shape, **attrs)])
    return evaluate(graph, [np.array([seed, offset], np.int64)])[0]


# The known answers for philox4x32 with 10 rounds that come with the authors' Random123 library.
KNOWN_ANSWERS = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    ((0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344), (0xA4093822, 0x299F31D0),
     (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1)),
]


@pytest.mark.parametrize(("counter", "key", "words"), KNOWN_ANSWERS)
def test_known_answers(counter, key, words):
    got = philox4x32(tuple(np.array([c], np.uint64) for c in counter), key)
    assert tuple(int(w[0]) for w in got) == words


def test_bits_are_the_blocks_in_row_major_order():
    seed, offset = 0x299F31D0A4093822, 0x0370734413198A2E
    counter = tuple(np.array([c], np.uint64) for c in (1, 0, 0x13198A2E, 0x03707344))
    block = philox4x32(counter, (0xA4093822, 0x299F31D0))
    bits = draw("random_bits", seed, offset, (3, 5))
    assert bits.dtype == np.uint32
    assert bits.reshape(-1)[4:8].tolist() == [int(w[0]) for w in block]


def test_an_element_depends_on_its_index_only():
    flat = draw("random_bits", 7, 3, (24,))
    np.testing.assert_array_equal(draw("random_bits", 7, 3, (2, 3, 4)).reshape(-1), flat)
    np.testing.assert_array_equal(draw("random_bits", 7, 3, (10,)), flat[:10])


def test_seeds_and_offsets_give_other_streams():
    streams = [tuple(draw("random_bits", s, o, (8,))) for s in (0, 1, 2**32, -1) for o in (0, 1, 2**32, -1)]
    assert len(set(streams)) == 16


@pytest.mark.parametrize(("dtype", "bits"), [(float16, 11), (bfloat16, 8), (float32, 24), (float64, 53)])
def test_uniform_numbers_fill_the_unit_interval(dtype, bits):
    u = draw("random_uniform", 11, 0, (40000,), dtype=dtype)
    assert u.dtype == dtype.np
    u = u.astype(np.float64)
    assert 0 <= u.min() and u.max() < 1
    assert np.all(u * 2.0**bits == np.floor(u * 2.0**bits))
    assert abs(u.mean() - (0.5 - 2.0**-bits / 2)) < 0.006 and abs(u.var() - 1 / 12) < 0.002
    counts = np.histogram(u, 16, (0, 1))[0]
    assert ((counts - 2500) ** 2 / 2500).sum() < 50  # chi-squared with 15 degrees of freedom


@pytest.mark.parametrize("dtype", [float16, float32, float64])
def test_normal_numbers_have_the_moments_of_a_normal_distribution(dtype):
    z = draw("random_normal", 5, 9, (200, 200), dtype=dtype)
    assert z.dtype == dtype.np and np.isfinite(z).all()
    z = z.astype(np.float64)
    assert abs(z.mean()) < 0.02 and abs(z.std() - 1) < 0.02
    assert abs((z**3).mean()) < 0.05 and abs((z**4).mean() - 3) < 0.15
    assert abs(np.corrcoef(z[:, ::2].ravel(), z[:, 1::2].ravel())[0, 1]) < 0.03
