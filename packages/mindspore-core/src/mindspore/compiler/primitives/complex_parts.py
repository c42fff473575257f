"""Complex numbers and their parts: real and imaginary part, the number of two parts, the conjugate, the absolute value.

Everything else about complex numbers is done by the operators that do it for real ones.

Derivatives. A complex tensor is differentiated as the pair of its parts, and cotangents and tangents are paired by the
real part of the sum of their products: <u, t> = Re sum(u t). So the rule of an analytic function is that of calculus
(a cotangent is multiplied by the derivative, not by its conjugate), and the cotangent of z for a real loss L(x + i y)
is dL/dx - i dL/dy: the direction of steepest descent is minus its conjugate. JAX has the same convention.
"""
from __future__ import annotations

import numpy as np

from mindspore.common.dtype import DType, complex64, complex128, float32, float64
from mindspore.compiler.ir.aval import tensor_aval
from mindspore.compiler.ir.dims import same_shape
from mindspore.compiler.primitives import complex_rules
from mindspore.compiler.primitives.base import Elementwise, Sample, broadcast_shapes, register
from mindspore.compiler.primitives.support import integers, uniform

COMPLEX_OF: dict[DType, DType] = {float32: complex64, float64: complex128}
REAL_OF: dict[DType, DType] = {wide: part for part, wide in COMPLEX_OF.items()}


def _numbers(shape: tuple, seed: int = 0, dtype=np.complex128) -> np.ndarray:
    return (uniform(shape, seed=seed) + 1j * uniform(shape, seed=seed + 1)).astype(dtype)


def _unary_samples(special: np.ndarray) -> list[Sample]:
    return [Sample((_numbers((2, 3)),)), Sample((_numbers((), 2),)), Sample((_numbers((3, 1, 5), 4, np.complex64),)),
            Sample((_numbers((2, 0)),)), Sample((special,), grad=False), Sample((uniform((2,)),), error=TypeError),
            Sample((integers((2,)),), error=TypeError)]


_SPECIAL = np.array([0, -0.0, complex(-1, 0), complex(0, -2), complex(np.inf, 1), complex(3, -4), complex(np.nan, 1)])


class _Part(Elementwise):
    """What the two parts share."""

    kinds = "c"

    def result_dtype(self, dtype: DType) -> DType:
        return REAL_OF[dtype]

    def jvp(self, b, ins, tangents):
        return b.emit(self, (ins[0],)), b.emit(self, (tangents[0],))

    def simplify(self, b, ins, attrs):
        """The part of a number that is repeated is repeated, and views are taken of the part."""
        x = ins[0]
        if x.op.name in ("broadcast_to", "reshape"):
            return b.emit(x.op, (b.emit(self, (x.ins[0],)),), x.attrs)
        return super().simplify(b, ins, attrs)

    def samples(self):
        return _unary_samples(_SPECIAL)


@register
class Real(_Part):
    """The real part. Gradient: the complex number ct + 0i."""

    name = "real"

    def reference(self, x):
        return x.real.copy()

    def grad(self, b, ct, out, x):
        return (b.complex(ct, b.constant(0, ct.dtype)),)

    def simplify(self, b, ins, attrs):
        x = ins[0]
        if x.op.name == "complex" and same_shape(x.ins[0].shape, x.shape):
            return x.ins[0]
        return b.real(x.ins[0]) if x.op.name == "conj" else super().simplify(b, ins, attrs)


@register
class Imag(_Part):
    """The imaginary part. Gradient: the complex number 0 - ct i."""

    name = "imag"

    def reference(self, x):
        return x.imag.copy()

    def grad(self, b, ct, out, x):
        return (b.complex(b.constant(0, ct.dtype), b.neg(ct)),)

    def simplify(self, b, ins, attrs):
        x = ins[0]
        if x.op.name == "complex" and same_shape(x.ins[1].shape, x.shape):
            return x.ins[1]
        return b.neg(b.imag(x.ins[0])) if x.op.name == "conj" else super().simplify(b, ins, attrs)


@register
class Complex(Elementwise):
    """The complex numbers x + y i: complex64 of two float32 tensors, complex128 of two of float64, which broadcast.
    Gradient: Re ct, -Im ct."""

    name = "complex"
    kinds = "f"

    def infer(self, x, y):
        dtype = self.check_dtypes((x, y))
        if dtype not in COMPLEX_OF:
            raise TypeError(f"complex: got {dtype}; expected Float32 or Float64 parts, cast them first")
        return tensor_aval(broadcast_shapes("complex", x.shape, y.shape), COMPLEX_OF[dtype])

    def reference(self, x, y):
        found = np.empty(np.broadcast_shapes(x.shape, y.shape), np.result_type(x.dtype, np.complex64))
        found.real, found.imag = x, y
        return found

    def grad(self, b, ct, out, x, y):
        return b.real(ct), b.neg(b.imag(ct))

    def jvp(self, b, ins, tangents):
        zero = b.constant(0, ins[0].dtype)
        made = b.complex(*[zero if t is None else t for t in tangents])
        out = b.complex(*ins)
        return out, made if made.shape == out.shape else b.broadcast_to(made, shape=out.shape)

    def simplify(self, b, ins, attrs):
        x, y = ins
        if x.op.name == "real" and y.op.name == "imag" and x.ins[0] is y.ins[0]:
            return x.ins[0]
        return super().simplify(b, ins, attrs)

    def samples(self):
        single = [x.astype(np.float32) for x in (uniform((2, 3)), uniform((3,), seed=1))]
        cases = [(uniform((2, 3)), uniform((2, 3), seed=1)), single, (uniform(()), uniform((4,), seed=1)),
                 (uniform((2, 1)), uniform((3,), seed=1)), (np.zeros((0, 2)), uniform(()))]
        special = np.array([np.nan, np.inf, -0.0, 1.0])
        return [*[Sample(tuple(parts), exact_dtypes=True) for parts in cases],
                Sample((special, special[::-1].copy()), grad=False, exact_dtypes=True),
                Sample((np.ones(2, np.float16),) * 2, error=TypeError), Sample((integers((2,)),) * 2, error=TypeError),
                Sample((np.ones(2, np.float32), np.ones(2)), error=TypeError),
                Sample((np.ones(2), np.ones(3)), error=ValueError)]


@register
class Conj(Elementwise):
    """The complex conjugate x - y i of x + y i. Gradient: the conjugate of ct."""

    name = "conj"
    kinds = "c"
    reference = staticmethod(np.conj)

    def grad(self, b, ct, out, x):
        return (b.conj(ct),)

    def simplify(self, b, ins, attrs):
        return ins[0].ins[0] if ins[0].op is self else super().simplify(b, ins, attrs)

    def lower_parts(self, b, x):
        return b.complex(b.real(x), b.neg(b.imag(x)))

    def samples(self):
        return _unary_samples(_SPECIAL)


@register
class ComplexAbs(Elementwise):
    """sqrt(x^2 + y^2) of x + y i, which neither overflows nor underflows on the way. Gradient: ct times the conjugate
    of the number over its absolute value, 0 at 0."""

    name = "complex_abs"
    kinds = "c"

    def result_dtype(self, dtype: DType) -> DType:
        return REAL_OF[dtype]

    def reference(self, x):
        return np.abs(x)

    def grad(self, b, ct, out, x):
        scale = _over(b, ct, out)
        return (b.complex(b.mul(scale, b.real(x)), b.neg(b.mul(scale, b.imag(x)))),)

    def jvp(self, b, ins, tangents):
        x, t = ins[0], tangents[0]
        out = b.complex_abs(x)
        along = b.add(b.mul(b.real(x), b.real(t)), b.mul(b.imag(x), b.imag(t)))
        return out, _over(b, along, out)

    def lower_parts(self, b, x):
        return complex_rules.absolute(b, x)

    def samples(self):
        return [*_unary_samples(_SPECIAL[:-1]), Sample((np.array([1e300 + 1e300j, 3e-300 - 4e-300j]),), grad=False)]


def _over(b, x, size):
    """x / size, 0 where size is 0."""
    zero = b.eq(size, b.constant(0, size.dtype))
    return b.select(zero, b.constant(0, x.dtype), b.div(x, b.select(zero, b.constant(1, size.dtype), size)))
