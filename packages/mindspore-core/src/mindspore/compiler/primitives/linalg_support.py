"""What the primitives of linear algebra share: stacks of matrices, triangles, and references that never raise.

All of them take stacks of matrices: the last two axes are rows and columns, the axes in front are independent problems.
A kernel cannot raise an error for one matrix of a stack, so a problem without a solution (a singular system, a matrix
that is not positive definite) has NaN as its result and leaves the others alone.
"""
from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mindspore.common.dtype import int32, int64
from mindspore.compiler.ir.graph import Node
from mindspore.compiler.primitives.base import rng
from mindspore.compiler.primitives.support import widen


def check_matrices(name: str, shape: tuple, square: bool = False) -> None:
    """ValueError unless the shape is that of a stack of matrices, square ones where asked."""
    if len(shape) < 2 or (square and shape[-1] != shape[-2]):
        raise ValueError(f"{name}: got shape {shape}, expected (..., {'n, n' if square else 'm, n'}): a "
                         f"{'square ' * square}matrix in the last two axes")


def for_each(fn: Callable, results: int, *arrays: np.ndarray):
    """`fn` of the stacks of matrices; where it raises LinAlgError, of one problem after the other, with NaN as the
    results of those that raise. float16 and bfloat16 are computed in float32. Real results of complex operands stay
    real. results: how many `fn` gives."""
    dtype = arrays[0].dtype
    wide = [widen(a) for a in arrays]
    try:
        found = fn(*wide)
    except np.linalg.LinAlgError:
        found = _one_by_one(fn, results, wide)
    found = found if results > 1 else (found,)
    found = tuple([np.asarray(f).astype(_dtype_of_result(f, dtype)) for f in found])
    return found if results > 1 else found[0]


def _dtype_of_result(found: np.ndarray, dtype: np.dtype) -> np.dtype:
    """The operands' dtype; for real results of complex operands that of their parts."""
    return np.zeros(0, dtype).real.dtype if np.isrealobj(found) else dtype


def _one_by_one(fn: Callable, results: int, arrays: list[np.ndarray]):
    stack = np.broadcast_shapes(*[a.shape[:-2] for a in arrays])
    arrays = [np.broadcast_to(a, (*stack, *a.shape[-2:])) for a in arrays]
    shapes = fn(*[np.broadcast_to(np.eye(*a.shape[-2:], dtype=a.dtype), a.shape) for a in arrays])
    found = [np.full(np.shape(s), np.nan, np.asarray(s).dtype) for s in (shapes if results > 1 else (shapes,))]
    for place in np.ndindex(*stack):
        try:
            one = fn(*[a[place] for a in arrays])
        except np.linalg.LinAlgError:
            continue
        for into, value in zip(found, one if results > 1 else (one,)):
            into[place] = value
    return found if results > 1 else found[0]


def transposed(b, x: Node) -> Node:
    """The matrices with rows and columns exchanged."""
    ndim = x.aval.ndim
    return b.transpose(x, perm=(*range(ndim - 2), ndim - 1, ndim - 2))


def conjugate(b, x: Node | None) -> Node | None:
    """The complex conjugate; x itself where it is real, or None."""
    return b.conj(x) if x is not None and x.dtype.kind == "c" else x


def adjoint(b, x: Node) -> Node:
    """The matrices with rows and columns exchanged, of complex numbers the conjugates."""
    return conjugate(b, transposed(b, x))


def ramps(b, shape: tuple) -> tuple[Node, Node]:
    """The row numbers as a column and the column numbers as a row, for matrices of this shape."""
    return b.iota(shape=(shape[-2], 1), axis=0, dtype=int64), b.iota(shape=(1, shape[-1]), axis=1, dtype=int64)


def triangle(b, x: Node, lower: bool = True, strict: bool = False) -> Node:
    """The matrices with zeros outside of a triangle, which has the diagonal unless it is strict."""
    rows, columns = ramps(b, x.shape)
    if not lower:
        rows, columns = columns, rows
    return b.select(b.gt(rows, columns) if strict else b.ge(rows, columns), x, b.constant(0, x.dtype))


def diagonal_part(b, x: Node) -> Node:
    """The matrices with zeros off the diagonal."""
    rows, columns = ramps(b, x.shape)
    return b.select(b.eq(rows, columns), x, b.constant(0, x.dtype))


def real_diagonal_part(b, x: Node) -> Node:
    """As `diagonal_part`, without the imaginary parts of complex numbers."""
    found = diagonal_part(b, x)
    return b.cast(b.real(found), dtype=x.dtype) if x.dtype.kind == "c" else found


def identity_like(b, x: Node) -> Node:
    """The identity as a square matrix of the size of those of x, in its dtype; one for the whole stack."""
    rows, columns = ramps(b, x.shape)
    return b.cast(b.eq(rows, columns), dtype=x.dtype)


def as_columns(b, x: Node) -> Node:
    """Vectors (..., n) as rows (..., 1, n), which scale the columns of matrices."""
    return b.reshape(x, shape=(*x.shape[:-1], 1, x.shape[-1]))


def as_rows(b, x: Node) -> Node:
    """Vectors (..., n) as columns (..., n, 1), which scale the rows of matrices."""
    return b.reshape(x, shape=(*x.shape, 1))


def of_lower_triangle(b, gradient: Node) -> Node:
    """The gradient for the lower triangle of a symmetric or Hermitian matrix of which only that is read, from the
    gradient for all of its elements: what belongs to the upper triangle is added to its mirror image, and of the
    diagonal only the real part counts."""
    both = b.add(gradient, adjoint(b, gradient))
    return b.add(triangle(b, both, strict=True), real_diagonal_part(b, gradient))


# -- signs and phases of vectors ---------------------------------------------------------------------------------------
#
# Eigenvectors and singular vectors are determined up to a sign, complex ones up to a phase. So that every
# implementation gives the same ones, and that complex ones have a derivative, the first large element of each vector is
# made real and positive. Large is what is not below LARGE times the largest: a bound that no two elements of a vector
# have as their ratio by design, while two of the same size, with other rounding errors, are common.

LARGE = float(np.exp(-0.5))


def in_phase(vectors: np.ndarray, *others: np.ndarray) -> tuple[np.ndarray, ...]:
    """The columns of matrices (..., m, k) with their first large element real and positive; columns of `others` are
    multiplied by the same sign or phase."""
    if not vectors.size:
        return (vectors, *others)
    sizes = np.abs(vectors)
    place = (sizes >= LARGE * sizes.max(axis=-2, keepdims=True)).argmax(axis=-2)[..., None, :]
    lead, size = (np.take_along_axis(x, place, -2) for x in (vectors, sizes))
    regular = (size > 0) & np.isfinite(size)
    phase = np.where(regular, np.conj(lead) / np.where(regular, size, 1), 1).astype(vectors.dtype)
    return tuple([x * phase for x in (vectors, *others)])


def phase_undone(b, vectors: Node, along: Node, large: float = LARGE) -> Node:
    """What is added to the cotangent of complex vectors (..., m, k) because a common change of phase is undone: by the
    element of each that `large` chooses, and which is real. along: (..., 1, k), the sums of the products of cotangents
    and all vectors that have the phase."""
    rows = vectors.aval.ndim - 2
    sizes = b.complex_abs(vectors)
    most = b.max(sizes, axis=(rows,), keepdims=True)
    place = b.argmax(b.cast(b.ge(sizes, b.mul(most, large)), dtype=int32), axis=rows, dtype=int64)
    mark = b.eq(as_columns(b, place), ramps(b, vectors.shape)[0])
    zero = b.constant(0, sizes.dtype)
    lead = b.sum(b.select(mark, b.real(vectors), zero), axis=(rows,), keepdims=True)
    return b.complex(zero, b.neg(b.select(mark, b.div(b.imag(along), lead), zero)))


# -- sample inputs -----------------------------------------------------------------------------------------------------


def well_conditioned(shape: tuple, seed: int = 0) -> np.ndarray:
    """Square matrices far from singular ones, with unlike singular values and eigenvalues."""
    size = shape[-1]
    return rng(seed).uniform(-0.5, 0.5, shape) + np.diag(1.5 + np.arange(size))


def positive_definite(shape: tuple, seed: int = 0, dtype=np.float64) -> np.ndarray:
    """Symmetric or Hermitian positive definite matrices with eigenvalues that lie apart."""
    x = rng(seed).uniform(-0.4, 0.4, shape).astype(dtype)
    if x.dtype.kind == "c":
        x += 1j * rng(seed + 1).uniform(-0.4, 0.4, shape)
    return x @ np.swapaxes(x, -1, -2).conj() + np.diag(1.0 + np.arange(shape[-1]))
