"""Products of arrays, and norms.

Operands are promoted to one dtype. ValueError where inner sizes differ or shapes do not broadcast.
"""
from __future__ import annotations

from typing import Any

from mindspore.common.tensor import Tensor
from mindspore.numpy._arrays import ArrayLike, DTypeLike, as_array, as_floats, given, promoted
from mindspore.numpy._arrays import arrays as _arrays
from mindspore.ops import arithmetic, joining, linalg, reduction, shapes, systems
from mindspore.ops._operands import normalize_axis, static_bool, static_int, static_ints

__all__ = ["cross", "dot", "inner", "kron", "matmul", "multi_dot", "norm", "outer", "tensordot"]


def dot(a: ArrayLike, b: ArrayLike) -> Tensor:
    """The sum of products over the last axis of a and the last but one (or only) axis of b, for all pairs of rows and
    columns; a number multiplies.

    >>> print(np.dot([[1, 2], [3, 4]], [1, 1]))
    [3 7]
    """
    x, y = promoted("dot", a, b)
    return arithmetic.mul(x, y) if x.ndim == 0 or y.ndim == 0 else linalg.dot(x, y)


def inner(a: ArrayLike, b: ArrayLike) -> Tensor:
    """The sums of products over the last axes of both; a number multiplies.

    >>> print(np.inner([1, 2, 3], [0, 1, 0]))
    2
    """
    return linalg.inner(*promoted("inner", a, b))


def outer(a: ArrayLike, b: ArrayLike) -> Tensor:
    """The products of each element of the flattened a with each of the flattened b, (a.size, b.size).

    >>> print(np.outer([1, 2], [3, 4]))
    [[3 4]
     [6 8]]
    """
    x, y = promoted("outer", a, b)
    return linalg.outer(shapes.ravel(x), shapes.ravel(y))


def matmul(x1: ArrayLike, x2: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """The matrix product over the last axis of x1 and the last but one of x2; leading axes broadcast. An operand of one
    axis is a row on the left and a column on the right, and its axis does not appear in the result.

    >>> print(np.matmul([[1, 2], [3, 4]], [[1, 0], [1, 1]]))
    [[3 2]
     [7 4]]
    """
    return given(linalg.matmul(*promoted("matmul", x1, x2)), dtype)


def tensordot(a: ArrayLike, b: ArrayLike, axes: Any = 2) -> Tensor:
    """The sums of products over pairs of axes: `axes` is a pair of axes or of tuples of axes, or the number of the last
    axes of a that meet the first of b.

    >>> print(np.tensordot(np.ones((2, 3)), np.ones((3, 2)), 1))
    [[3. 3.]
     [3. 3.]]
    """
    return linalg.tensor_dot(*promoted("tensordot", a, b), axes)


def kron(a: ArrayLike, b: ArrayLike) -> Tensor:
    """The Kronecker product: each element of a times the whole of b, as blocks.

    >>> print(np.kron([1, 10], [1, 2]))
    [ 1  2 10 20]
    """
    return linalg.kron(*promoted("kron", a, b))


def cross(a: ArrayLike, b: ArrayLike, axisa: int = -1, axisb: int = -1, axisc: int = -1,
          axis: int | None = None) -> Tensor:
    """The vector products of vectors with 3 or 2 coordinates along an axis of each; the other axes broadcast. A missing
    third coordinate is 0, and of two vectors in the plane only the third coordinate of the product is returned.

    axisa, axisb, axisc: the axes of the vectors in a, b and the result; `axis` stands for all three.

    >>> print(np.cross([1, 2, 3], [4, 5, 6]), np.cross([1, 2], [3, 4]))
    [-3  6 -3] -2
    """
    if axis is not None:
        axisa = axisb = axisc = axis
    x, y = promoted("cross", a, b)
    x, y = (shapes.moveaxis(v, normalize_axis("cross", at, v.ndim, what), -1)
            for v, at, what in ((x, axisa, "axisa"), (y, axisb, "axisb")))
    if not x.ndim or not y.ndim or x.shape[-1] not in (2, 3) or y.shape[-1] not in (2, 3):
        raise ValueError(f"cross: vectors along the last axes of {x.shape} and {y.shape}; expected 2 or 3 coordinates")
    p, q = joining.unbind(x, -1), joining.unbind(y, -1)

    def minor(i: int, j: int) -> Tensor:
        """p[i] q[j] - p[j] q[i], where a third coordinate may be missing."""
        left = arithmetic.mul(p[i], q[j]) if i < len(p) and j < len(q) else None
        right = arithmetic.mul(p[j], q[i]) if j < len(p) and i < len(q) else None
        if left is None or right is None:
            assert left is not None or right is not None
            return left if right is None else arithmetic.neg(right)
        return arithmetic.sub(left, right)

    if len(p) == len(q) == 2:
        return minor(0, 1)
    result = joining.stack([minor(1, 2), minor(2, 0), minor(0, 1)], -1)
    return shapes.moveaxis(result, -1, normalize_axis("cross", axisc, result.ndim, "axisc"))


def multi_dot(arrays: Any) -> Tensor:
    """The product of two or more matrices, in the order of parentheses that needs the fewest multiplications; the first
    and the last one may have one axis (a row, a column).

    The order is found by dynamic programming over chains (Cormen et al., Introduction to Algorithms, section 15.2).

    >>> print(np.multi_dot([np.ones((2, 3)), np.ones((3, 4)), np.ones(4)]))
    [12. 12.]
    """
    items = _arrays("multi_dot", arrays)
    if len(items) < 2:
        raise ValueError(f"multi_dot: got {len(items)} arrays; expected at least two")
    wrong = [x.shape for i, x in enumerate(items) if x.ndim != 2 and not (x.ndim == 1 and i in (0, len(items) - 1))]
    if wrong:
        raise ValueError(f"multi_dot: an array has shape {wrong[0]}; expected matrices, the first and the last of "
                         f"which may have one axis")
    row, column = items[0].ndim == 1, items[-1].ndim == 1
    chain = [shapes.reshape(x, (1, x.size) if row and i == 0 else (x.size, 1)) if x.ndim == 1 else x
             for i, x in enumerate(items)]
    result = _product(chain, _splits([chain[0].shape[0], *[x.shape[1] for x in chain]]), 0, len(chain) - 1)
    shape = result.shape[1:] if row else result.shape
    return shapes.reshape(result, shape[:-1] if column else shape) if row or column else result


def _splits(sizes: list[int]) -> dict[tuple[int, int], int]:
    """For each part (i, j) of a chain of matrices sizes[i] by sizes[i + 1] where it is best cut."""
    count = len(sizes) - 1
    cost = {(i, i): 0 for i in range(count)}
    best = {}
    for length in range(1, count):
        for i in range(count - length):
            j = i + length
            work = {k: cost[i, k] + cost[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1] for k in range(i, j)}
            best[i, j] = min(work, key=lambda k: work[k])
            cost[i, j] = work[best[i, j]]
    return best


def _product(chain: list[Tensor], splits: dict[tuple[int, int], int], i: int, j: int) -> Tensor:
    if i == j:
        return chain[i]
    k = splits[i, j]
    return matmul(_product(chain, splits, i, k), _product(chain, splits, k + 1, j))


def matrix_power(a: ArrayLike, n: int) -> Tensor:
    """The n-th power of square matrices in the last two axes; of their inverses for n < 0.

    >>> print(np.matrix_power([[1, 1], [0, 1]], 3))
    [[1 3]
     [0 1]]
    """
    x, power = as_array("matrix_power", a, "a"), static_int("matrix_power", "n", n)
    return linalg.matrix_power(x if power >= 0 else systems.inverse(as_floats("matrix_power", x)), abs(power))


def norm(x: ArrayLike, ord: float | str | None = None, axis: Any = None, keepdims: bool = False) -> Tensor:
    """A norm of vectors along one axis, or of matrices in two.

    ord: for vectors sum(|x| ** ord) ** (1 / ord), by default 2; inf, -inf and 0 are the largest and the smallest |x|
        and the count of what is not 0. For matrices 'fro' (the default, the root of the sum of squares), 'nuc' (the sum
        of singular values), 2 and -2 (the largest and the least one), 1 and -1 (column sums), inf and -inf (row sums).
    axis: an int, a tuple of two, or None for all elements; with an `ord` these have one or two axes.

    >>> print(np.norm([3.0, 4.0]), np.norm([[1.0, -7.0], [2.0, 3.0]], 1))
    5.0 10.0
    """
    value = as_floats("norm", x, "x")
    kept = static_bool("norm", "keepdims", keepdims)
    if axis is None:
        axes = tuple(range(value.ndim))
        if ord is None:
            return reduction.vector_norm(value, 2, axes, kept)
        if len(axes) not in (1, 2):
            raise ValueError(f"norm: ord is {ord!r} for shape {value.shape}; expected one or two axes, or an axis")
    else:
        axes = tuple(normalize_axis("norm", a, value.ndim) for a in static_ints("norm", "axis", axis))
    if len(axes) == 1:
        if isinstance(ord, str):
            raise ValueError(f"norm: ord is {ord!r} for vectors; expected a number, inf or -inf")
        return reduction.vector_norm(value, 2 if ord is None else ord, axes, kept)
    if len(axes) != 2 or axes[0] == axes[1]:
        raise ValueError(f"norm: axis is {axis}; expected an int or two different ones")
    if ord in (None, "fro"):
        return reduction.vector_norm(value, 2, axes, kept)
    return systems.matrix_norm(value, ord, axes, kept)
