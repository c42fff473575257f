"""Discrete Fourier transforms along one axis. None of them divides by anything: a norm is a multiplication by a number.

A transform is linear and its matrix symmetric, so the gradient of a full transform is the transform of the cotangent in
the same direction. Transforms over several axes, zeros appended and numbers cut off are compositions.
"""
from __future__ import annotations

import numpy as np

from mindspore.common.dtype import int64
from mindspore.compiler.ir.aval import TensorAval, tensor_aval
from mindspore.compiler.primitives.base import Primitive, Sample, register
from mindspore.compiler.primitives.complex_parts import COMPLEX_OF, REAL_OF
from mindspore.compiler.primitives.support import integers, uniform


def _check(name: str, x: TensorAval, axis: int) -> None:
    if not isinstance(axis, int) or not 0 <= axis < x.ndim:
        raise ValueError(f"{name}: axis is {axis!r}; expected 0 to {x.ndim - 1} for shape {x.shape}")
    if x.shape[axis] == 0:
        raise ValueError(f"{name}: axis {axis} of shape {x.shape} has no elements; expected at least one")


def _with(shape: tuple, axis: int, size) -> tuple:
    return (*shape[:axis], size, *shape[axis + 1:])


def _numbers(shape: tuple, seed: int = 0, dtype=np.complex128) -> np.ndarray:
    return (uniform(shape, seed=seed) + 1j * uniform(shape, seed=seed + 1)).astype(dtype)


LENGTHS = (1, 2, 3, 5, 8, 12)  # what a device must do for others is tested beside its kernels
LONG = (7, 37, 74)


@register
class Fft(Primitive):
    """y[k] = sum over j of x[j] exp(-2 pi i j k / n) along `axis` of n complex numbers; with `inverse` the exponent's
    sign is plus. Gradient: the same transform of ct."""

    name = "fft"
    attrs = ("axis", "inverse")
    defaults = {"inverse": False}
    kinds = "c"

    def infer(self, x, *, axis, inverse):
        self.check_dtypes((x,))
        _check("fft", x, axis)
        return x

    def reference(self, x, *, axis, inverse):
        return (np.fft.ifft(x, axis=axis, norm="forward") if inverse else np.fft.fft(x, axis=axis)).astype(x.dtype)

    def vjp(self, b, ct, out, x, *, axis, inverse):
        return (b.fft(ct, axis=axis, inverse=inverse),)

    def jvp(self, b, ins, tangents, *, axis, inverse):
        return b.fft(ins[0], axis=axis, inverse=inverse), b.fft(tangents[0], axis=axis, inverse=inverse)

    def vmap(self, b, lanes, batched, x, *, axis, inverse):
        return b.fft(x, axis=axis + 1, inverse=inverse)

    def samples(self):
        lengths = [Sample((_numbers((2, n), n),), {"axis": 1, "inverse": n % 2 == 0}) for n in LENGTHS]
        single = [Sample((_numbers((3, n), n, np.complex64),), {"axis": 1}, grad=n < 9, atol=1e-4) for n in LONG]
        return [*lengths, *single, Sample((_numbers((3, 4, 5)),), {"axis": 1, "inverse": True}),
                Sample((_numbers((6, 3), dtype=np.complex64),), {"axis": 0}, atol=1e-5),
                Sample((_numbers((0, 3)),), {"axis": 1}), Sample((_numbers((3, 0)),), {"axis": 1}, error=ValueError),
                Sample((_numbers((3,)),), {"axis": 1}, error=ValueError),
                Sample((uniform((3,)),), {"axis": 0}, TypeError)]


@register
class Rfft(Primitive):
    """The first n // 2 + 1 numbers of the transform of n real numbers along `axis`; the others are their conjugates.
    float32 and float64. Gradient: the real part of the transform of ct, by `irfft`."""

    name = "rfft"
    attrs = ("axis",)
    kinds = "f"

    def infer(self, x, *, axis):
        dtype = self.check_dtypes((x,))
        if dtype not in COMPLEX_OF:
            raise TypeError(f"rfft: got {dtype}; expected Float32 or Float64, cast it first")
        _check("rfft", x, axis)
        return tensor_aval(_with(x.shape, axis, x.shape[axis] // 2 + 1), COMPLEX_OF[dtype])

    def reference(self, x, *, axis):
        return np.fft.rfft(x, axis=axis).astype(np.result_type(x.dtype, np.complex64))

    def vjp(self, b, ct, out, x, *, axis):
        n = x.shape[axis]
        return (b.irfft(_weighted(b, b.conj(ct), axis, n, 0.5), axis=axis, n=n),)

    def jvp(self, b, ins, tangents, *, axis):
        return b.rfft(ins[0], axis=axis), b.rfft(tangents[0], axis=axis)

    def vmap(self, b, lanes, batched, x, *, axis):
        return b.rfft(x, axis=axis + 1)

    def samples(self):
        exact = {"exact_dtypes": True}
        lengths = [Sample((uniform((2, n), seed=n),), {"axis": 1}, **exact) for n in LENGTHS]
        single = [Sample((uniform((3, n), seed=n).astype(np.float32),), {"axis": 1}, grad=n < 9, atol=1e-4, **exact)
                  for n in LONG]
        return [*lengths, *single, Sample((uniform((3, 4, 5)),), {"axis": 1}, **exact),
                Sample((uniform((6, 3)),), {"axis": 0}, **exact), Sample((uniform((0, 3)),), {"axis": 1}, **exact),
                Sample((uniform((3, 0)),), {"axis": 1}, ValueError), Sample((uniform((3,)),), {"axis": -1}, ValueError),
                Sample((integers((3,)),), {"axis": 0}, TypeError),
                Sample((np.ones(3, np.float16),), {"axis": 0}, TypeError)]


@register
class Irfft(Primitive):
    """The n real numbers along `axis` that have a spectrum of which the first n // 2 + 1 numbers are given, times n;
    the imaginary parts of numbers 0 and, for even n, n / 2 do not count. Gradient: by `rfft`."""

    name = "irfft"
    attrs = ("axis", "n")
    kinds = "c"

    def infer(self, x, *, axis, n):
        dtype = self.check_dtypes((x,))
        _check("irfft", x, axis)
        if n < 1 or x.shape[axis] != n // 2 + 1:
            raise ValueError(f"irfft: axis {axis} of shape {x.shape} has {x.shape[axis]} numbers; expected n // 2 + 1 "
                             f"for n = {n}")
        return tensor_aval(_with(x.shape, axis, n), REAL_OF[dtype])

    def reference(self, x, *, axis, n):
        return np.fft.irfft(x, n, axis=axis, norm="forward").astype(x.real.dtype)

    def vjp(self, b, ct, out, x, *, axis, n):
        return (b.conj(_weighted(b, b.rfft(ct, axis=axis), axis, n, 2.0)),)

    def jvp(self, b, ins, tangents, *, axis, n):
        return b.irfft(ins[0], axis=axis, n=n), b.irfft(tangents[0], axis=axis, n=n)

    def vmap(self, b, lanes, batched, x, *, axis, n):
        return b.irfft(x, axis=axis + 1, n=n)

    def samples(self):
        lengths = [Sample((_numbers((2, n // 2 + 1), n),), {"axis": 1, "n": n}) for n in LENGTHS]
        single = [Sample((_numbers((3, n // 2 + 1), n, np.complex64),), {"axis": 1, "n": n}, grad=n < 9, atol=1e-4)
                  for n in LONG]
        return [*lengths, *single, Sample((_numbers((3, 4, 5)),), {"axis": 1, "n": 7}),
                Sample((_numbers((4, 3)),), {"axis": 0, "n": 6}), Sample((_numbers((0, 3)),), {"axis": 1, "n": 4}),
                Sample((_numbers((3,)),), {"axis": 0, "n": 6}, error=ValueError),
                Sample((_numbers((3,)),), {"axis": 1, "n": 4}, error=ValueError),
                Sample((uniform((3,)),), {"axis": 0, "n": 4}, TypeError)]


def _weighted(b, spectrum, axis: int, n, weight: float):
    """Half a spectrum with the numbers that stand for two, themselves and their conjugates, times `weight`."""
    shape = tuple(d if k == axis else 1 for k, d in enumerate(spectrum.shape))
    places = b.iota(shape=shape, axis=axis, dtype=int64)
    alone = b.logical_or(b.eq(places, b.constant(0, int64)),
                         b.eq(b.mul(places, b.constant(2, int64)), b.constant(n, int64)))
    one = b.constant(1, spectrum.dtype)
    return b.mul(spectrum, b.select(alone, one, b.constant(weight, spectrum.dtype)))
