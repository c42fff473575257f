"""Arrays from data, and filled arrays.

Whole numbers become Int32 and floats Float32 (`_arrays`); what is made of a shape alone is Float32 by default. Shapes
must be known while the program is recorded.
"""
from __future__ import annotations

from mindspore.common.dtype import DType, float32, int32
from mindspore.common.tensor import Tensor
from mindspore.numpy._arrays import ArrayLike, DTypeLike, as_array, given, to_dtype
from mindspore.ops import creation, random, shapes
from mindspore.ops._operands import Sizes, convert, full_of, static_int, static_shape

__all__ = [
    "array", "array_str", "asarray", "asfarray", "bartlett", "blackman", "empty", "empty_like", "full", "full_like",
    "hamming", "hanning", "ones", "ones_like", "rand", "randint", "randn", "zeros", "zeros_like",
]


# -- from data ---------------------------------------------------------------------------------------------------------

def array(obj: ArrayLike, dtype: DTypeLike = None, copy: bool = True, ndmin: int = 0) -> Tensor:
    """A tensor of numbers, of (nested) lists of numbers and tensors, of a NumPy array or of a tensor.

    dtype: of the result; by default Int32, Float32 or Bool for Python's numbers, the own dtype of arrays and tensors.
    copy: whether a tensor gets a handle of its own, so that assigning to it leaves the old one alone.
    ndmin: the least number of axes; axes of size 1 are added in front.

    Raises:
        TypeError: `obj` holds no numbers.
        ValueError: rows have different lengths.

    >>> print(np.array([[1, 2], [3, 4]]), np.array([1, 2.5], ndmin=2))
    [[1 2]
     [3 4]] [[1.  2.5]]
    """
    x = given(as_array("array", obj, "obj"), dtype)
    missing = static_int("array", "ndmin", ndmin) - x.ndim
    if missing > 0:
        x = shapes.reshape(x, (1,) * missing + x.shape)
    return x.copy() if copy and x is obj else x


def asarray(a: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """The array-like as a tensor; a tensor that has the dtype is returned itself. See `array`.

    >>> print(np.asarray([1, 2, 3]))
    [1 2 3]
    """
    return given(as_array("asarray", a, "a"), dtype)


def asfarray(a: ArrayLike, dtype: DTypeLike = float32) -> Tensor:
    """The array-like as a floating tensor; an integer dtype stands for Float32.

    >>> print(np.asfarray([1, 2, 3]))
    [1. 2. 3.]
    """
    wanted = float32 if dtype is None else to_dtype("asfarray", dtype)
    return convert(as_array("asfarray", a, "a"), wanted if wanted.is_inexact else float32)


def copy(a: ArrayLike) -> Tensor:
    """A copy of the array-like: assigning to it leaves `a` alone.

    >>> print(np.copy([1, 2]))
    [1 2]
    """
    return array(a)


def array_str(a: Tensor) -> str:
    """The text that `print` shows. The value must be known. TypeError for what is no tensor.

    >>> np.array_str(np.array([1, 2, 3]))
    '[1 2 3]'
    """
    if not isinstance(a, Tensor):
        raise TypeError(f"array_str: a must be a Tensor, but got {type(a).__name__}: {a!r}")
    return str(a)


# -- filled ------------------------------------------------------------------------------------------------------------

def zeros(shape: Sizes, dtype: DTypeLike = float32) -> Tensor:
    """Zeros of a shape (an int or a tuple of ints).

    >>> print(np.zeros((2, 2)))
    [[0. 0.]
     [0. 0.]]
    """
    return creation.zeros(static_shape("zeros", shape), _or_float32("zeros", dtype))


def ones(shape: Sizes, dtype: DTypeLike = float32) -> Tensor:
    """Ones of a shape (an int or a tuple of ints).

    >>> print(np.ones(3, np.int32))
    [1 1 1]
    """
    return creation.ones(static_shape("ones", shape), _or_float32("ones", dtype))


def empty(shape: Sizes, dtype: DTypeLike = float32) -> Tensor:
    """A tensor of a shape whose elements are of no account; they are zeros.

    >>> print(np.empty((2, 3)).shape)
    (2, 3)
    """
    return zeros(shape, dtype)


def _or_float32(name: str, dtype: DTypeLike) -> DType:
    return float32 if dtype is None else to_dtype(name, dtype)


def full(shape: Sizes, fill_value: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """`fill_value`, which is broadcast, at every place of a tensor of a shape.

    >>> print(np.full((2, 2), [1, 2]))
    [[1 2]
     [1 2]]
    """
    value = given(as_array("full", fill_value, "fill_value"), dtype)
    return full_of(static_shape("full", shape), value)


def zeros_like(a: ArrayLike, dtype: DTypeLike = None, shape: Sizes | None = None) -> Tensor:
    """Zeros of the shape and dtype of `a`, where `shape` and `dtype` do not say otherwise.

    >>> print(np.zeros_like([1, 2, 3]))
    [0 0 0]
    """
    return _like("zeros_like", a, 0, dtype, shape)


def ones_like(a: ArrayLike, dtype: DTypeLike = None, shape: Sizes | None = None) -> Tensor:
    """Ones of the shape and dtype of `a`, where `shape` and `dtype` do not say otherwise.

    >>> print(np.ones_like([1.5, 2.5]))
    [1. 1.]
    """
    return _like("ones_like", a, 1, dtype, shape)


def empty_like(prototype: ArrayLike, dtype: DTypeLike = None, shape: Sizes | None = None) -> Tensor:
    """A tensor like `prototype` whose elements are of no account; they are zeros.

    >>> print(np.empty_like([[1, 2]]).shape)
    (1, 2)
    """
    return _like("empty_like", prototype, 0, dtype, shape)


def full_like(a: ArrayLike, fill_value: ArrayLike, dtype: DTypeLike = None, shape: Sizes | None = None) -> Tensor:
    """`fill_value`, cast and broadcast, at every place of a tensor of the shape and dtype of `a`, where `shape` and
    `dtype` do not say otherwise.

    >>> print(np.full_like([1, 2, 3], 7))
    [7 7 7]
    """
    return _like("full_like", a, fill_value, dtype, shape)


def _like(name: str, a: ArrayLike, value: ArrayLike, dtype: DTypeLike, shape: Sizes | None) -> Tensor:
    x = as_array(name, a, "a")
    wanted = x.dtype if dtype is None else to_dtype(name, dtype)
    sizes = x.shape if shape is None else static_shape(name, shape)
    return full_of(sizes, convert(as_array(name, value, "fill_value"), wanted))


# -- windows -----------------------------------------------------------------------------------------------------------

def bartlett(M: int) -> Tensor:
    """The Bartlett (triangular) window of M places: 1 - |2 n / (M - 1) - 1|.

    >>> print(np.bartlett(5))
    [0.  0.5 1.  0.5 0. ]
    """
    return creation.bartlett_window(_places("bartlett", M), False)


def blackman(M: int) -> Tensor:
    """The Blackman window of M places: 0.42 - 0.5 cos(2 pi n / (M - 1)) + 0.08 cos(4 pi n / (M - 1)).

    >>> print(np.blackman(3).round(decimals=2))
    [-0.  1. -0.]
    """
    return creation.blackman_window(_places("blackman", M), False)


def hamming(M: int) -> Tensor:
    """The Hamming window of M places: 0.54 - 0.46 cos(2 pi n / (M - 1)).

    >>> print(np.hamming(3))
    [0.08 1.   0.08]
    """
    return creation.hamming_window(_places("hamming", M), False)


def hanning(M: int) -> Tensor:
    """The Hann window of M places: 0.5 - 0.5 cos(2 pi n / (M - 1)).

    >>> print(np.hanning(5))
    [0.  0.5 1.  0.5 0. ]
    """
    return creation.hann_window(_places("hanning", M), False)


def _places(name: str, count: int) -> int:
    return max(static_int(name, "M", count), 0)


# -- random ------------------------------------------------------------------------------------------------------------

def rand(*shape: int, dtype: DTypeLike = float32) -> Tensor:
    """Numbers evenly distributed over [0, 1), of a shape given as ints or as one tuple. They follow
    `mindspore.set_seed`. ValueError for a dtype that is not floating.

    >>> print(np.rand(2, 3).shape)
    (2, 3)
    """
    return random.rand(*_sizes(shape), dtype=_floating("rand", dtype))


def randn(*shape: int, dtype: DTypeLike = float32) -> Tensor:
    """Numbers of the normal distribution with mean 0 and variance 1, of a shape given as ints or as one tuple.
    ValueError for a dtype that is not floating.

    >>> print(np.randn((2, 3)).shape)
    (2, 3)
    """
    return random.randn(*_sizes(shape), dtype=_floating("randn", dtype))


def randint(minval: int, maxval: int | None = None, shape: Sizes | None = None, dtype: DTypeLike = int32) -> Tensor:
    """Whole numbers evenly distributed over [minval, maxval), or [0, minval) without maxval; one number without a
    shape. ValueError for an empty range, and for a dtype that is not an integer one.

    >>> print(np.randint(3, shape=(2, 2)).shape)
    (2, 2)
    """
    low, high = (0, minval) if maxval is None else (minval, maxval)
    wanted = int32 if dtype is None else to_dtype("randint", dtype)
    if not wanted.is_integer:
        raise ValueError(f"randint: dtype is {wanted}; expected an integer dtype")
    return random.randint(low, high, () if shape is None else static_shape("randint", shape), dtype=wanted)


def _sizes(shape: tuple) -> tuple[int, ...]:
    return static_shape("rand", shape[0] if len(shape) == 1 and not isinstance(shape[0], int) else shape)


def _floating(name: str, dtype: DTypeLike) -> DType:
    wanted = _or_float32(name, dtype)
    if not wanted.is_floating:
        raise ValueError(f"{name}: dtype is {wanted}; expected a floating dtype")
    return wanted
