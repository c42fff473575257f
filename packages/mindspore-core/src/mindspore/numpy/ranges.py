"""Evenly spaced numbers, and grids of coordinates."""
from __future__ import annotations

from typing import Any

from mindspore.common.dtype import DType, float32, int32, promote_types
from mindspore.common.tensor import Tensor
from mindspore.compiler.primitives.base import broadcast_shapes
from mindspore.numpy._arrays import ArrayLike, DTypeLike, arrays, as_array, given, number_dtype, promoted, to_dtype
from mindspore.ops import arithmetic, comparison, creation, elementwise, joining, shapes
from mindspore.ops._operands import Sizes, as_inexact, convert, normalize_axis, static_bool, static_int, static_shape

__all__ = ["arange", "geomspace", "indices", "ix_", "linspace", "logspace", "meshgrid", "mgrid", "ogrid"]


def arange(start: float, stop: float | None = None, step: float | None = None, dtype: DTypeLike = None) -> Tensor:
    """start, start + step, ... up to but without `stop`; 0, 1, ... up to but without `start` if it is given alone.
    Int32, or Float32 where one of the numbers is a float. ValueError for the step 0.

    >>> print(np.arange(3), np.arange(1, 2, 0.25))
    [0 1 2] [1.   1.25 1.5  1.75]
    """
    first, last = (0, start) if stop is None else (start, stop)
    by = 1 if step is None else step
    kind = _number_kind("arange", (first, last, by))
    wanted = kind if dtype is None else to_dtype("arange", dtype)
    kind = wanted if wanted.is_inexact else kind
    if all(type(v) in (int, float) for v in (first, last, by)) and by != 0 and (last - first) / by <= 0:
        return creation.zeros((0,), wanted)
    return convert(creation.arange(first, last, by, dtype=kind), wanted)


def _number_kind(name: str, numbers: Any) -> DType:
    """The dtype of numbers that stand alone: of 32 bits."""
    result = int32
    for number in numbers:
        if type(number) in (bool, int, float, complex):
            result = promote_types(result, number_dtype(number))
        else:
            dtype = as_array(name, number).dtype
            result = result if dtype.is_integer else promote_types(result, float32)
    return result


def linspace(start: ArrayLike, stop: ArrayLike, num: int = 50, endpoint: bool = True, retstep: bool = False,
             dtype: DTypeLike = None, axis: int = 0) -> Any:
    """`num` evenly spaced numbers from start to stop, which is the last one with `endpoint`; floating by default.

    start, stop: numbers or arrays, which broadcast; the new axis is at `axis` of the result.
    retstep: whether to return (numbers, distance).

    >>> print(np.linspace(0, 1, 5))
    [0.   0.25 0.5  0.75 1.  ]
    """
    first, last = _ends("linspace", start, stop)
    count = _count("linspace", num)
    parts = count - 1 if static_bool("linspace", "endpoint", endpoint) else count
    span = arithmetic.sub(last, first)
    step = arithmetic.true_divide(span, parts) if parts > 0 else arithmetic.mul(span, float("nan"))
    ramp = _column(convert(creation.arange(count), first.dtype), first.ndim)
    weight = arithmetic.true_divide(ramp, max(parts, 1))
    values = arithmetic.add(first, arithmetic.mul(weight, span))
    if endpoint and parts > 0:
        values = comparison.where(comparison.eq(ramp, parts), last, values)
    values = given(_floored(values, dtype), dtype)
    values = shapes.moveaxis(values, 0, normalize_axis("linspace", axis, values.ndim))
    return (values, step) if static_bool("linspace", "retstep", retstep) else values


def _ends(name: str, start: ArrayLike, stop: ArrayLike) -> tuple[Tensor, Tensor]:
    """Both ends, floating, of one dtype and shape."""
    first, last = (as_inexact(name, v) for v in promoted(name, start, stop))
    shape = broadcast_shapes(name, first.shape, last.shape)
    return shapes.broadcast_to(first, shape), shapes.broadcast_to(last, shape)


def _count(name: str, num: int) -> int:
    count = static_int(name, "num", num)
    if count < 0:
        raise ValueError(f"{name}: num is {count}; expected an int that is not negative")
    return count


def _column(ramp: Tensor, ndim: int) -> Tensor:
    return shapes.reshape(ramp, (ramp.size,) + (1,) * ndim)


def _floored(values: Tensor, dtype: DTypeLike) -> Tensor:
    """Numbers that are to be integers are rounded down, not towards 0."""
    return elementwise.floor(values) if dtype is not None and to_dtype("dtype", dtype).is_integer else values


def logspace(start: ArrayLike, stop: ArrayLike, num: int = 50, endpoint: bool = True, base: ArrayLike = 10.0,
             dtype: DTypeLike = None, axis: int = 0) -> Tensor:
    """base ** x for `num` evenly spaced x from start to stop; see `linspace`.

    >>> print(np.logspace(0, 3, 4))
    [   1.   10.  100. 1000.]
    """
    exponents = linspace(start, stop, num, endpoint, False, None, axis)
    return given(arithmetic.pow(convert(as_array("logspace", base, "base"), exponents.dtype), exponents), dtype)


def geomspace(start: ArrayLike, stop: ArrayLike, num: int = 50, endpoint: bool = True, dtype: DTypeLike = None,
              axis: int = 0) -> Tensor:
    """`num` numbers from start to stop with equal quotients of neighbours; both ends of one sign and not 0.

    >>> print(np.geomspace(1, 8, 4))
    [1. 2. 4. 8.]
    """
    first, last = _ends("geomspace", start, stop)
    sign = arithmetic.sign(first)
    logs = [elementwise.log2(arithmetic.mul(v, sign)) for v in (first, last)]
    values = linspace(*logs, num, endpoint)
    values = arithmetic.mul(elementwise.exp2(values), sign)
    ramp = _column(creation.arange(values.shape[0]), first.ndim)
    values = comparison.where(comparison.eq(ramp, 0), first, values)
    if endpoint and values.shape[0] > 1:
        values = comparison.where(comparison.eq(ramp, values.shape[0] - 1), last, values)
    return given(shapes.moveaxis(values, 0, normalize_axis("geomspace", axis, values.ndim)), dtype)


# -- grids -------------------------------------------------------------------------------------------------------------

def meshgrid(*xi: ArrayLike, sparse: bool = False, indexing: str = "xy") -> tuple[Tensor, ...]:
    """The coordinates of a grid from arrays of one axis: with 'ij' axis i of each result runs along array i, with 'xy'
    the first two axes are exchanged. With `sparse` results have size 1 on all axes but their own.

    >>> print(*np.meshgrid([0, 1, 2], [10, 20], sparse=True))
    [[0 1 2]] [[10]
     [20]]
    """
    if indexing not in ("xy", "ij"):
        raise ValueError(f"meshgrid: indexing is {indexing!r}; expected 'xy' or 'ij'")
    items = [shapes.ravel(as_array("meshgrid", x, f"array {i}")) for i, x in enumerate(xi)]
    if not static_bool("meshgrid", "sparse", sparse):
        return joining.meshgrid(*items, indexing=indexing)
    places = list(range(len(items)))
    if indexing == "xy" and len(items) > 1:
        places[:2] = 1, 0
    return tuple(shapes.reshape(x, tuple(x.size if j == places[i] else 1 for j in range(len(items))))
                 for i, x in enumerate(items))


def indices(dimensions: Sizes, dtype: DTypeLike = int32, sparse: bool = False) -> Any:
    """The coordinates of all places of a grid, (axes, *dimensions); with `sparse` a tuple with one array for each
    axis, of size 1 on all other axes.

    >>> print(np.indices((2, 2)))
    [[[0 0]
      [1 1]]
    <BLANKLINE>
     [[0 1]
      [0 1]]]
    """
    if not isinstance(dimensions, (tuple, list)):
        raise TypeError(f"indices: dimensions must be a tuple or a list, but got {dimensions!r}")
    sizes = static_shape("indices", dimensions)
    kind = int32 if dtype is None else to_dtype("indices", dtype)
    ramps = [convert(creation.arange(n), kind) for n in sizes]
    if static_bool("indices", "sparse", sparse):
        return meshgrid(*ramps, sparse=True, indexing="ij")
    return joining.stack(meshgrid(*ramps, indexing="ij")) if ramps else creation.zeros((0,), kind)


def ix_(*args: ArrayLike) -> tuple[Tensor, ...]:
    """Index arrays of one axis as arrays that broadcast, so that x[ix_(a, b)] takes the rows in a and the columns in b.

    >>> print(*[i.shape for i in np.ix_([0, 1], [2, 4, 5])])
    (2, 1) (1, 3)
    """
    items = [as_array("ix_", a, f"array {i}") for i, a in enumerate(args)]
    for x in items:
        if x.ndim != 1:
            raise ValueError(f"ix_: an array has shape {x.shape}; expected one axis each")
    return tuple(shapes.reshape(x, (1,) * i + (x.size,) + (1,) * (len(items) - 1 - i)) for i, x in enumerate(items))


class _Grid:
    """What `mgrid` and `ogrid` are: slices in brackets become ranges, and these a grid."""

    def __init__(self, name: str, sparse: bool):
        self.__name__, self.sparse = name, sparse
        self.__doc__ = _GRID_TEXTS[name]

    def __getitem__(self, keys: slice | tuple[slice, ...]) -> Any:
        if not isinstance(keys, tuple):
            return self._range(keys)
        ranges = [self._range(k) for k in keys]
        kind = int32
        for values in ranges:
            kind = promote_types(kind, values.dtype)
        grid = meshgrid(*[convert(r, kind) for r in ranges], sparse=self.sparse, indexing="ij")
        return list(grid) if self.sparse else joining.stack(arrays(self.__name__, grid))

    def _range(self, key: slice) -> Tensor:
        """start:stop:step as by `arange`; a complex step is the number of points, the stop included."""
        if not isinstance(key, slice):
            raise TypeError(f"{self.__name__}: expected slices such as 0:5 or 0:1:5j, but got {type(key).__name__}")
        start = 0 if key.start is None else key.start
        step = 1 if key.step is None else key.step
        for what, value in (("start", start), ("stop", key.stop)):
            if not isinstance(value, (int, float)):
                raise TypeError(f"{self.__name__}: {what} must be a number, but got {type(value).__name__}: {value!r}")
        if isinstance(step, complex):
            return linspace(start, key.stop, int(abs(step)))
        return arange(start, key.stop, step)

    def __repr__(self) -> str:
        return f"mindspore.numpy.{self.__name__}"


_GRID_TEXTS = {
    "mgrid": """A dense grid from slices: `mgrid[0:2, 0:3]` holds the first and the second coordinates of its places.

    A complex step such as 5j is the number of points, with the stop as the last one. Int32, or Float32 with floats.

    >>> print(np.mgrid[0:2, 0:1:3j])
    [[[0.  0.  0. ]
      [1.  1.  1. ]]
    <BLANKLINE>
     [[0.  0.5 1. ]
      [0.  0.5 1. ]]]
    """,
    "ogrid": """An open grid from slices: a list of one array for each slice, which broadcast to the grid of `mgrid`.

    >>> print(*np.ogrid[0:2, 0:3])
    [[0]
     [1]] [[0 1 2]]
    """,
}
mgrid, ogrid = _Grid("mgrid", False), _Grid("ogrid", True)
