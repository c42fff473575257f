"""Complex numbers: their parts, conjugates, absolute values and angles.

A real operand counts as a complex number whose imaginary part is 0. Complex64 has parts of Float32, Complex128 of
Float64. All arithmetic, the element-wise functions, products of matrices, sums and products take complex tensors, too;
docs/transformations.md says what their derivatives are.
"""
from __future__ import annotations

import math
from collections.abc import Sequence

from mindspore.common.dtype import complex64, complex128, float32, float64
from mindspore.common.tensor import Tensor
from mindspore.ops._operands import (
    Operand,
    apply,
    as_inexact,
    as_tensor,
    constant,
    convert,
    primitive,
    promote,
)
from mindspore.ops.arithmetic import mul
from mindspore.ops.creation import zeros_like
from mindspore.ops.elementwise import atan2, cos, sin
from mindspore.ops.joining import stack
from mindspore.ops.shapes import swapaxes, transpose

__all__ = ["adjoint", "angle", "conj", "imag", "polar", "real", "view_as_real"]

_REAL, _IMAG, _COMPLEX, _CONJ, _ABS, _SELECT, _LT, _ISNAN = map(
    primitive, ("real", "imag", "complex", "conj", "complex_abs", "select", "lt", "isnan"))


def is_complex_tensor(x: Tensor) -> bool:
    """Whether the tensor has complex elements."""
    return x.dtype.kind == "c"


def real(input: Operand) -> Tensor:
    """The real parts; a real tensor is returned as it is."""
    x = as_tensor("real", input)
    return apply(_REAL, (x,)) if is_complex_tensor(x) else x


def imag(input: Operand) -> Tensor:
    """The imaginary parts, zeros for a real tensor."""
    x = as_tensor("imag", input)
    return apply(_IMAG, (x,)) if is_complex_tensor(x) else zeros_like(x)


def conj(input: Operand) -> Tensor:
    """The complex conjugates; a real tensor is returned as it is."""
    x = as_tensor("conj", input)
    return apply(_CONJ, (x,)) if is_complex_tensor(x) else x


def complex_of(real: Operand, imag: Operand) -> Tensor:
    """The complex numbers with these parts (Float32 gives Complex64, Float64 Complex128), which broadcast. TypeError
    for parts that are not of one floating dtype."""
    x, y = as_tensor("Complex", real, "real"), as_tensor("Complex", imag, "imag")
    if x.dtype is not y.dtype or x.dtype not in (float32, float64):
        raise TypeError(f"Complex: the parts are {x.dtype} and {y.dtype}; expected both Float32 or both Float64")
    return apply(_COMPLEX, (x, y))


def as_complex(name: str, value: Operand) -> Tensor:
    """The operand as complex numbers: Float64 becomes Complex128, every other real dtype Complex64."""
    x = as_inexact(name, value)
    if is_complex_tensor(x):
        return x
    return convert(x, complex128 if x.dtype is float64 else complex64)


def complex_abs(x: Operand) -> Tensor:
    """The absolute values of complex numbers, as real ones. TypeError for a real tensor."""
    value = as_tensor("ComplexAbs", x)
    if not is_complex_tensor(value):
        raise TypeError(f"ComplexAbs: x is {value.dtype}; expected Complex64 or Complex128 (see abs)")
    return apply(_ABS, (value,))


def angle(input: Operand) -> Tensor:
    """The angles of complex numbers from the positive real axis, in radians, in [-pi, pi]; of real numbers 0, or pi
    below 0."""
    x = as_inexact("angle", input)
    if is_complex_tensor(x):
        return atan2(imag(x), real(x))
    below = apply(_SELECT, (apply(_LT, (x, constant(0.0, x.dtype))), constant(math.pi, x.dtype), zeros_like(x)))
    return apply(_SELECT, (apply(_ISNAN, (x,)), x, below))


def polar(abs: Operand, angle: Operand) -> Tensor:
    """The complex numbers of absolute values and angles in radians, of one dtype, Float32 or Float64, and one shape or
    shapes that broadcast."""
    size, turn = promote("polar", as_inexact("polar", abs), as_inexact("polar", angle))
    if size.dtype not in (float32, float64):
        raise TypeError(f"polar: abs and angle are {size.dtype}; expected Float32 or Float64")
    return apply(_COMPLEX, (mul(size, cos(turn)), mul(size, sin(turn))))


def view_as_real(input: Operand) -> Tensor:
    """Complex numbers of a shape (...) as pairs (..., 2) of real and imaginary parts. TypeError for real ones."""
    x = as_tensor("view_as_real", input)
    if not is_complex_tensor(x):
        raise TypeError(f"view_as_real: input is {x.dtype}; expected Complex64 or Complex128")
    return stack([apply(_REAL, (x,)), apply(_IMAG, (x,))], -1)


def adjoint(x: Operand) -> Tensor:
    """The conjugates of the matrices in the last two axes, transposed."""
    return conj(swapaxes(as_tensor("adjoint", x), -1, -2))


def conjugate_transpose(x: Operand, perm: Sequence[int]) -> Tensor:
    """The conjugates with the axes in the order `perm`."""
    return conj(transpose(x, perm))
