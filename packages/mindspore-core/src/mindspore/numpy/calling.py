"""Functions that call the user's functions on parts of arrays. In graph mode these are compiled with what is around."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from mindspore.common.dtype import bool_
from mindspore.common.tensor import Tensor
from mindspore.numpy._arrays import ArrayLike, arrays, as_array, call
from mindspore.ops import comparison, creation, joining, shapes
from mindspore.ops._operands import as_bool, as_dtype_of, normalize_axis, static_ints

__all__ = ["apply_along_axis", "apply_over_axes", "piecewise"]


def apply_along_axis(func1d: Callable, axis: int, arr: ArrayLike, *args: Any, **kwargs: Any) -> Tensor:
    """What func1d(vector, *args, **kwargs) gives for each vector along `axis`, in the place of that axis. All results
    have one shape. ValueError where there are no vectors.

    >>> print(np.apply_along_axis(lambda v: v[0] + v[-1], 0, [[1, 2, 3], [4, 5, 6]]))
    [5 7 9]
    """
    x = as_array("apply_along_axis", arr, "arr")
    place = normalize_axis("apply_along_axis", axis, x.ndim)
    x = shapes.moveaxis(shapes.atleast_1d(x), place, -1)
    lead = x.shape[:-1]
    vectors = shapes.reshape(x, (_count(lead), x.shape[-1]))
    if not vectors.shape[0]:
        raise ValueError(f"apply_along_axis: arr of shape {x.shape} has no vectors along axis {axis}")
    results = [as_array("apply_along_axis", call(func1d, v, *args, **kwargs), "a result")
               for v in joining.unbind(vectors)]
    joined = joining.stack(results)
    own = joined.shape[1:]
    joined = shapes.reshape(joined, lead + own)
    return shapes.moveaxis(joined, tuple(range(len(lead), joined.ndim)), tuple(range(place, place + len(own))))


def _count(sizes: tuple[int, ...]) -> int:
    result = 1
    for n in sizes:
        result *= n
    return result


def apply_over_axes(func: Callable, a: ArrayLike, axes: int | Sequence[int]) -> Tensor:
    """func(a, axis) for the first axis, func of that result for the second one, and so on. A result that has lost the
    axis gets one of size 1. ValueError where it has lost more.

    >>> print(np.apply_over_axes(np.sum, [[1, 2], [3, 4]], (0, 1)))
    [[10]]
    """
    x = as_array("apply_over_axes", a, "a")
    places = [normalize_axis("apply_over_axes", n, x.ndim) for n in static_ints("apply_over_axes", "axes", axes)]
    if len(set(places)) != len(places):
        raise ValueError(f"apply_over_axes: axes are {axes}, which names an axis twice")
    for place in places:
        result = as_array("apply_over_axes", call(func, x, place), "the result of func")
        if result.ndim == x.ndim - 1:
            result = shapes.expand_dims(result, place)
        if result.ndim != x.ndim:
            raise ValueError(f"apply_over_axes: func made shape {result.shape} of {x.shape}; expected as many axes, or "
                             f"one less")
        x = result
    return x


def piecewise(x: ArrayLike, condlist: Any, funclist: Sequence[Any], *args: Any, **kw: Any) -> Tensor:
    """A function that is defined in pieces: funclist[i](x, *args, **kw), or the number funclist[i], where condlist[i]
    holds; 0, or the one function more, elsewhere. Of several conditions the last one counts. In the dtype of x.

    Each function is called with the whole of x, since how many elements a condition has depends on values.
    ValueError for more or fewer functions.

    >>> print(np.piecewise([-2.0, -1.0, 3.0], [np.array([True, True, False])], [lambda v: -v, 10]))
    [ 2.  1. 10.]
    """
    value = as_array("piecewise", x, "x")
    conditions = _conditions(condlist, value.ndim)
    if len(funclist) not in (len(conditions), len(conditions) + 1):
        raise ValueError(f"piecewise: {len(conditions)} conditions and {len(funclist)} functions; expected as many, or "
                         f"one more for the rest")

    def piece(fn: Any) -> Tensor:
        result = call(fn, value, *args, **kw) if callable(fn) else fn
        return as_dtype_of("piecewise", as_array("piecewise", result, "a result"), value)

    rest = funclist[len(conditions)] if len(funclist) > len(conditions) else None
    result = creation.zeros_like(value) if rest is None else shapes.broadcast_to(piece(rest), value.shape)
    for condition, fn in zip(conditions, funclist):
        result = comparison.where(condition, piece(fn), result)
    return result


def _conditions(condlist: Any, ndim: int) -> list[Tensor]:
    """The conditions, of which one may be given without a list: a bool, a Bool tensor of one axis, or a list of bools
    where the operand has axes."""
    if isinstance(condlist, Tensor):
        single = condlist.ndim < 2 and condlist.dtype is bool_ and ndim
    else:
        single = isinstance(condlist, bool) or (ndim and isinstance(condlist, (list, tuple)) and condlist
                                                and all(isinstance(c, bool) for c in condlist))
    given = [condlist] if single else arrays("piecewise", condlist, "condlist")
    return [as_bool("piecewise", as_array("piecewise", c, "a condition")) for c in given]
