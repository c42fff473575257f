"""Counter-based random numbers: Philox4x32-10.

An element of a random tensor is a pure function of a pair (seed, offset) of int64 numbers and of the element's logical
row-major index, whatever the layout, the sharding or the number of threads. With i the index, word i % 4 of the block

    philox4x32_10(counter = (lo(i // 4), hi(i // 4), lo(offset), hi(offset)), key = (lo(seed), hi(seed)))

give the bits, so every offset is a stream of its own of 2**66 words: whoever draws several tensors counts the offset up
by one for each.

Source: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, Parallel random numbers: as easy as 1, 2, 3, SC 2011.
"""
from __future__ import annotations

import math

import numpy as np

from mindspore.common.dtype import DType, bfloat16, float16, float32, float64, int64, uint32
from mindspore.compiler.ir.aval import tensor_aval
from mindspore.compiler.ir.builder import Builder
from mindspore.compiler.primitives.base import Primitive, Sample, register
from mindspore.compiler.primitives.shape import check_sizes

_MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_WEYL = (0x9E3779B9, 0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)
_HIGH = np.uint64(32)


def philox4x32(counter: tuple, key: tuple) -> tuple:
    """Ten rounds of Philox4x32 on a counter of four words (uint64 arrays that hold 32 bits) with a key of two Python
    ints of 32 bits; four words."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        left, right = c0 * _MULTIPLIERS[0], c2 * _MULTIPLIERS[1]
        c0, c1, c2, c3 = ((right >> _HIGH) ^ c1 ^ np.uint64(k0), right & _LOW,
                          (left >> _HIGH) ^ c3 ^ np.uint64(k1), left & _LOW)
        k0, k1 = (k0 + _WEYL[0]) & 0xFFFFFFFF, (k1 + _WEYL[1]) & 0xFFFFFFFF
    return c0, c1, c2, c3


class _Random(Primitive):
    differentiable = False
    draws = True

    def vmap(self, b, lanes, batched, state, **attrs):
        """One draw over all lanes gives each its own numbers, unless each lane brings its own state."""
        if not batched[0]:
            return b.call(self, state, **{**attrs, "shape": (lanes.size, *attrs["shape"])})
        from mindspore.compiler.autodiff.region_rules import lane_after_lane
        one = Builder("one_lane")
        graph = one.finish([one.call(self, one.parameter(tensor_aval((2,), int64)), **attrs)])
        return lane_after_lane(b, lanes, graph, (state,))[0]


def check_state(name: str, state) -> None:
    """TypeError unless the operand `state` is a seed and an offset."""
    if state.dtype is not int64 or state.shape != (2,):
        raise TypeError(f"{name}: the state is {state}, expected int64[2]: the seed and the offset")


@register
class RandomBits(_Random):
    """Uniform 32-bit words of `shape` (uint32) from state = (seed, offset), int64[2], by Philox4x32-10 as the module
    says. Gradient: none."""

    name = "random_bits"
    attrs = ("shape",)

    def infer(self, state, *, shape):
        check_state(self.name, state)
        return tensor_aval(check_sizes("random_bits", shape), uint32)

    def reference(self, state, *, shape):
        seed, offset = (int(v) & 0xFFFFFFFFFFFFFFFF for v in state)
        size = math.prod(shape)
        block = np.arange(-(-size // 4), dtype=np.uint64)
        counter = (block & _LOW, block >> _HIGH, np.full_like(block, offset & 0xFFFFFFFF),
                   np.full_like(block, offset >> 32))
        words = philox4x32(counter, (seed & 0xFFFFFFFF, seed >> 32))
        return np.stack(words, axis=-1).astype(np.uint32).reshape(-1)[:size].reshape(shape)

    def samples(self):
        return [Sample((state,), {"shape": shape}) for state in _STATES for shape in ((5,), (2, 3, 3))] + [
            Sample((_STATES[0],), {"shape": ()}), Sample((_STATES[0],), {"shape": (3, 0)}),
            Sample((np.zeros(2),), {"shape": (2,)}, error=TypeError),
            Sample((np.zeros(4, np.int64),), {"shape": (2,)}, error=TypeError),
            Sample((_STATES[0],), {"shape": (-1,)}, error=ValueError)]


_STATES = (np.array([0, 0], np.int64), np.array([42, 7], np.int64), np.array([-1, 2**40 + 3], np.int64))
_MANTISSA = {float16: 11, bfloat16: 8, float32: 24}


class _RandomFloat(_Random):
    attrs = ("shape", "dtype")
    defaults = {"dtype": float32}

    def infer(self, state, *, shape, dtype):
        check_state(self.name, state)
        check_sizes(self.name, shape)
        if not isinstance(dtype, DType) or not dtype.is_floating:
            raise TypeError(f"{self.name}: dtype is {dtype}, expected a floating dtype such as mindspore.float32")
        return tensor_aval(shape, dtype)

    def samples(self):
        return [Sample((_STATES[1],), {"shape": (3, 5)}), Sample((_STATES[2],), {"shape": (7,), "dtype": float64}),
                Sample((_STATES[0],), {"shape": (), "dtype": float32}),
                Sample((_STATES[0],), {"shape": (4, 0), "dtype": float32}),
                Sample((_STATES[1],), {"shape": (9,), "dtype": float16}),
                Sample((_STATES[1],), {"shape": (9,), "dtype": bfloat16}),
                Sample((np.zeros(3, np.int64),), {"shape": (2,)}, error=TypeError),
                Sample((_STATES[0],), {"shape": (2,), "dtype": int64}, error=TypeError)]


@register
class RandomUniform(_RandomFloat):
    """Uniform numbers in [0, 1): multiples of 2**-p, where p is the precision of the dtype (24 bits for float32), made
    of the leading p bits of a random word, of two words for float64. Gradient: none."""

    name = "random_uniform"

    def lower(self, b, state, *, shape, dtype):
        if dtype is float64:
            words = b.cast(b.random_bits(state, shape=(2, *shape)), dtype=float64)
            high, low = (b.reshape(w, shape=shape) for w in _first_and_second(b, words))
            high = b.floor(b.mul(high, 2.0**-6))
            return b.add(b.mul(high, 2.0**-26), b.mul(b.floor(b.mul(low, 2.0**-5)), 2.0**-53))
        bits = _MANTISSA[dtype]
        word = b.shift_right(b.random_bits(state, shape=shape), 32 - bits)
        return b.mul(b.cast(word, dtype=dtype), 2.0**-bits)


@register
class RandomNormal(_RandomFloat):
    """Standard normal numbers by the transformation of Box and Muller (A note on the generation of random normal
    deviates, 1958): sqrt(-2 ln(1 - u)) cos(2 pi v), from two uniform numbers each; computed in float32, in float64 for
    float64. Gradient: none."""

    name = "random_normal"

    def lower(self, b, state, *, shape, dtype):
        wide = float64 if dtype is float64 else float32
        draws = b.random_uniform(state, shape=(2, *shape), dtype=wide)
        u, v = (b.reshape(w, shape=shape) for w in _first_and_second(b, draws))
        radius = b.sqrt(b.mul(b.log1p(b.neg(u)), -2.0))
        return b.cast(b.mul(radius, b.cos(b.mul(v, 2 * math.pi))), dtype=dtype)


def _first_and_second(b, pair):
    """The two halves of a tensor along its leading axis of size 2."""
    rest, ones = pair.shape[1:], (1,) * pair.aval.ndim
    zeros = (0,) * len(rest)
    return (b.slice(pair, begin=(0, *zeros), end=(1, *rest), strides=ones),
            b.slice(pair, begin=(1, *zeros), end=(2, *rest), strides=ones))
