"""Products of vectors and matrices.

Operands are promoted to one dtype. ValueError where inner sizes differ or shapes do not broadcast.
"""
from __future__ import annotations

from math import prod

from mindspore.common.tensor import Tensor
from mindspore.compiler.ir.dims import same_shape
from mindspore.ops._operands import (
    NUMBERS,
    Operand,
    apply,
    as_tensor,
    normalize_axis,
    primitive,
    promote,
    static_int,
    static_ints,
)
from mindspore.ops.arithmetic import add, mul
from mindspore.ops.complex_numbers import conj
from mindspore.ops.reduction import sum as sum_over

__all__ = [
    "addbmm", "addmm", "addmv", "addr", "baddbmm", "batch_dot", "bias_add", "bmm", "cross", "dense", "dot", "ger",
    "inner", "kron", "matmul", "matrix_power", "mm", "mv", "outer", "tensor_dot", "vecdot",
]

_MATMUL, _RESHAPE, _TRANSPOSE, _ADD, _MUL, _SUM = map(
    primitive, ("matmul", "reshape", "transpose", "add", "mul", "sum"))


def matmul(input: Operand, other: Operand) -> Tensor:
    """The matrix product over the last axis of input and the last but one of other; leading axes broadcast. A tensor of
    one axis is a row on the left and a column on the right, and its axis does not appear in the result."""
    try:
        x, y = input._value.aval, other._value.aval  # type: ignore[union-attr]
        if x.dtype is y.dtype and x.ndim > 1 and y.ndim > 1:
            return apply(_MATMUL, (input, other), (False, False))
    except AttributeError:
        pass
    return _matmul("matmul", input, other)


def _matmul(name: str, left: Operand, right: Operand) -> Tensor:
    x, y = promote(name, left, right)
    if x.ndim == 0 or y.ndim == 0:
        raise ValueError(f"{name}: shapes {x.shape} and {y.shape}; expected at least one axis each (see mul)")
    rows = apply(_RESHAPE, (x,), ((1, x.shape[0]),)) if x.ndim == 1 else x
    columns = apply(_RESHAPE, (y,), ((y.shape[0], 1),)) if y.ndim == 1 else y
    result = apply(_MATMUL, (rows, columns), (False, False))
    shape = result.shape
    if y.ndim == 1:
        shape = shape[:-1]
    if x.ndim == 1:
        shape = shape[:-2] + shape[-1:] if y.ndim > 1 else shape[:-1]
    return result if same_shape(shape, result.shape) else apply(_RESHAPE, (result,), (shape,))


def _of_rank(name: str, what: str, value: Operand, ndim: int) -> Tensor:
    if isinstance(value, NUMBERS):
        raise TypeError(f"{name}: {what} must be a Tensor of {ndim} axes, but got {type(value).__name__}: {value!r}")
    x = as_tensor(name, value, what)
    if x.ndim != ndim:
        raise ValueError(f"{name}: {what} has shape {x.shape}; expected {ndim} axes")
    return x


def mm(input: Operand, mat2: Operand) -> Tensor:
    """The product of two matrices."""
    return matmul(_of_rank("mm", "input", input, 2), _of_rank("mm", "mat2", mat2, 2))


def bmm(input_x: Operand, mat2: Operand) -> Tensor:
    """The products of two stacks of matrices (batch, n, m) and (batch, m, p)."""
    return matmul(as_tensor("bmm", input_x), as_tensor("bmm", mat2))


def mv(mat: Operand, vec: Operand) -> Tensor:
    """A matrix times a vector."""
    return matmul(_of_rank("mv", "mat", mat, 2), _of_rank("mv", "vec", vec, 1))


def dot(input: Operand, other: Operand) -> Tensor:
    """The sum of products over the last axis of input and the last but one (or only) axis of other; of tensors with
    more than two axes every pair of rows and columns is combined, as by `numpy.dot`."""
    x, y = promote("dot", input, other)
    if x.ndim <= 2 and y.ndim <= 2:
        return _matmul("dot", x, y)
    return tensor_dot(x, y, ((x.ndim - 1,), (max(y.ndim - 2, 0),)))


def inner(input: Operand, other: Operand) -> Tensor:
    """The sums of products over the last axes of both; a number multiplies."""
    x, y = promote("inner", input, other)
    if x.ndim == 0 or y.ndim == 0:
        return mul(x, y)
    return tensor_dot(x, y, ((x.ndim - 1,), (y.ndim - 1,)))


def vecdot(x: Operand, y: Operand, *, axis: int = -1) -> Tensor:
    """The sums of products of vectors along one axis, of complex ones with the conjugates of x."""
    return sum_over(mul(conj(x), y), axis)


def outer(input: Operand, vec2: Operand) -> Tensor:
    """The products of each element of one vector with each of the other."""
    x, y = promote("outer", _of_rank("outer", "input", input, 1), _of_rank("outer", "vec2", vec2, 1))
    return apply(_MUL, (apply(_RESHAPE, (x,), ((x.size, 1),)), y))


def ger(input: Operand, vec2: Operand) -> Tensor:
    """The outer product; see `outer`."""
    return outer(input, vec2)


def kron(input: Operand, other: Operand) -> Tensor:
    """The Kronecker product: every element of input times the whole of other, as blocks."""
    x, y = promote("kron", input, other)
    ndim = max(x.ndim, y.ndim)
    a, b = (1,) * (ndim - x.ndim) + x.shape, (1,) * (ndim - y.ndim) + y.shape
    left = apply(_RESHAPE, (x,), (tuple(v for d in a for v in (d, 1)),))
    right = apply(_RESHAPE, (y,), (tuple(v for d in b for v in (1, d)),))
    return apply(_RESHAPE, (apply(_MUL, (left, right)),), (tuple(p * q for p, q in zip(a, b)),))


def tensor_dot(x1: Operand, x2: Operand, axes) -> Tensor:
    """The sums of products over pairs of axes: `axes` is a pair of axes or of tuples of axes, or the number n of the
    last axes of x1 that meet the first of x2."""
    x, y = promote("tensor_dot", x1, x2)
    if isinstance(axes, (tuple, list)):
        if len(axes) != 2:
            raise ValueError(f"tensor_dot: axes is {axes}; expected a number, or the axes of x1 and of x2")
        left, right = (static_ints("tensor_dot", "axes", a) for a in axes)
    else:
        count = static_int("tensor_dot", "axes", axes)
        left, right = tuple(range(x.ndim - count, x.ndim)), tuple(range(count))
    left = tuple([normalize_axis("tensor_dot", a, x.ndim) for a in left])
    right = tuple([normalize_axis("tensor_dot", a, y.ndim) for a in right])
    if [x.shape[a] for a in left] != [y.shape[a] for a in right]:
        raise ValueError(f"tensor_dot: the axes {left} of shape {x.shape} and {right} of shape {y.shape} have "
                         f"different sizes")
    free_x, free_y = ([a for a in range(v.ndim) if a not in taken] for v, taken in ((x, left), (y, right)))
    inner_size = prod(x.shape[a] for a in left)
    kept = tuple(x.shape[a] for a in free_x) + tuple(y.shape[a] for a in free_y)
    rows, columns = prod(x.shape[a] for a in free_x), prod(y.shape[a] for a in free_y)
    x = apply(_RESHAPE, (apply(_TRANSPOSE, (x,), ((*free_x, *left),)),), ((rows, inner_size),))
    y = apply(_RESHAPE, (apply(_TRANSPOSE, (y,), ((*right, *free_y),)),), ((inner_size, columns),))
    return apply(_RESHAPE, (apply(_MATMUL, (x, y), (False, False)),), (kept,))


def batch_dot(x1: Operand, x2: Operand, axes=None) -> Tensor:
    """For each row of the first axes the sums of products over one axis of each, by default the last of x1 and the last
    but one of x2 (the last where it has two axes)."""
    x, y = promote("batch_dot", x1, x2)
    if x.ndim < 2 or y.ndim < 2 or x.shape[0] != y.shape[0]:
        raise ValueError(f"batch_dot: shapes {x.shape} and {y.shape}; expected at least 2 axes and one batch size")
    if axes is None:
        axes = (x.ndim - 1, 1 if y.ndim == 2 else y.ndim - 2)
    pair = (axes, axes) if isinstance(axes, int) else axes
    left = normalize_axis("batch_dot", pair[0], x.ndim, "axes")
    right = normalize_axis("batch_dot", pair[1], y.ndim, "axes")
    if left == 0 or right == 0:
        raise ValueError(f"batch_dot: axes is {axes}; axis 0 is the batch, which is not summed over")
    free_x, free_y = ([a for a in range(1, v.ndim) if a != taken] for v, taken in ((x, left), (y, right)))
    batch, size = x.shape[0], x.shape[left]
    kept = (batch, *[x.shape[a] for a in free_x], *[y.shape[a] for a in free_y])
    rows = apply(_RESHAPE, (apply(_TRANSPOSE, (x,), ((0, *free_x, left),)),),
                 ((batch, prod(x.shape[a] for a in free_x), size),))
    columns = apply(_RESHAPE, (apply(_TRANSPOSE, (y,), ((0, right, *free_y),)),),
                    ((batch, y.shape[right], prod(y.shape[a] for a in free_y)),))
    return apply(_RESHAPE, (apply(_MATMUL, (rows, columns), (False, False)),), (kept if len(kept) > 1 else (batch, 1),))


def dense(input: Operand, weight: Operand, bias: Operand | None = None) -> Tensor:
    """input @ weight.T + bias: input (..., in), weight (out, in) or (in,), bias (out,)."""
    x, w = promote("dense", input, weight)
    if x.ndim == 0:
        raise ValueError("dense: input has no axes; its last axis must have the size of the weight's last axis")
    if w.ndim == 1 or x.ndim == 1:
        product = _matmul("dense", x, apply(_TRANSPOSE, (w,), ((1, 0),)) if w.ndim == 2 else w)
    else:
        product = apply(_MATMUL, (x, w), (False, True))
    return product if bias is None else add(product, bias)


def bias_add(input_x: Operand, bias: Operand) -> Tensor:
    """input_x with bias[c] added to channel c, the second axis. ValueError where the sizes differ."""
    x, b = as_tensor("bias_add", input_x), _of_rank("bias_add", "bias", bias, 1)
    if x.ndim < 2 or x.shape[1] != b.shape[0]:
        raise ValueError(f"bias_add: input_x has shape {x.shape} and bias {b.shape}; axis 1 of input_x must have the "
                         f"size of bias")
    return add(x, apply(_RESHAPE, (b,), ((b.shape[0],) + (1,) * (x.ndim - 2),)))


def addmm(input: Operand, mat1: Operand, mat2: Operand, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """beta * input + alpha * (mat1 @ mat2)."""
    return _combined(input, matmul(mat1, mat2), beta, alpha)


def addmv(input: Operand, mat: Operand, vec: Operand, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """beta * input + alpha * (mat @ vec)."""
    return _combined(input, mv(mat, vec), beta, alpha)


def addr(x: Operand, vec1: Operand, vec2: Operand, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """beta * x + alpha * outer(vec1, vec2)."""
    return _combined(x, outer(vec1, vec2), beta, alpha)


def baddbmm(input: Operand, batch1: Operand, batch2: Operand, beta: float = 1, alpha: float = 1) -> Tensor:
    """beta * input + alpha * (batch1 @ batch2)."""
    return _combined(input, bmm(batch1, batch2), beta, alpha)


def addbmm(input: Operand, batch1: Operand, batch2: Operand, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """beta * input + alpha * the sum over the batch of batch1 @ batch2."""
    return _combined(input, sum_over(bmm(batch1, batch2), 0), beta, alpha)


def _combined(x: Operand, product: Tensor, beta: float, alpha: float) -> Tensor:
    scaled = product if alpha == 1 else mul(product, alpha)
    return add(x if beta == 1 else mul(x, beta), scaled)


def matrix_power(input: Operand, n: int) -> Tensor:
    """The n-th power of square matrices, n >= 0, by repeated squaring."""
    from mindspore.ops.creation import eye
    x = as_tensor("matrix_power", input)
    n = static_int("matrix_power", "n", n)
    if x.ndim < 2 or x.shape[-1] != x.shape[-2] or n < 0:
        raise ValueError(f"matrix_power: shape {x.shape} and n {n}; expected square matrices and n >= 0")
    result = None
    while n:
        if n & 1:
            result = x if result is None else matmul(result, x)
        n >>= 1
        x = matmul(x, x) if n else x
    if result is None:
        return apply(primitive("broadcast_to"), (eye(x.shape[-1], dtype=x.dtype),), (x.shape,))
    return result


def cross(input: Operand, other: Operand, dim: int | None = None) -> Tensor:
    """The vector product along an axis of size 3, by default the first such axis."""
    from mindspore.ops.arithmetic import sub
    from mindspore.ops.shapes import roll
    x, y = promote("cross", input, other)
    axis = next((i for i, d in enumerate(x.shape) if d == 3), None) if dim is None else normalize_axis(
        "cross", dim, x.ndim, "dim")
    if axis is None or x.shape[axis] != 3 or x.shape != y.shape:
        raise ValueError(f"cross: shapes {x.shape} and {y.shape}, dim {dim}; expected one shape and an axis of size 3")
    return sub(mul(roll(x, -1, axis), roll(y, -2, axis)), mul(roll(x, -2, axis), roll(y, -1, axis)))
