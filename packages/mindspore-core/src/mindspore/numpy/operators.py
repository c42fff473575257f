"""Functions of two operands, element by element: sums, products, quotients, powers, extrema, whole numbers.

Operands are array-likes (`_arrays`); they are promoted to one dtype and broadcast as in NumPy. Quotients and what is
not closed over whole numbers is Float32 for integers. `dtype` is that of the result.
"""
from __future__ import annotations

from mindspore.common.dtype import bool_, float32, promote_types
from mindspore.common.tensor import Tensor
from mindspore.numpy._arrays import ArrayLike, DTypeLike, as_array, given, operand, pair, promoted
from mindspore.ops import arithmetic, comparison, elementwise
from mindspore.ops._operands import as_inexact, constant, convert

__all__ = [
    "add", "arctan2", "clip", "copysign", "divide", "divmod", "float_power", "floor_divide", "fmod", "gcd", "heaviside",
    "hypot", "lcm", "logaddexp", "logaddexp2", "maximum", "minimum", "mod", "multiply", "power", "remainder",
    "signbit", "subtract", "true_divide",
]


# -- the four operations -----------------------------------------------------------------------------------------------

def add(x1: ArrayLike, x2: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """x1 + x2; of two Bool operands their disjunction.

    >>> print(np.add([1, 2], [[10], [20]]))
    [[11 12]
     [21 22]]
    """
    return given(arithmetic.add(*pair("add", x1, x2)), dtype)


def subtract(x1: ArrayLike, x2: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """x1 - x2. TypeError for two Bool operands.

    >>> print(np.subtract([5, 4], 1))
    [4 3]
    """
    return given(arithmetic.sub(*pair("subtract", x1, x2)), dtype)


def multiply(x1: ArrayLike, x2: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """x1 * x2; of two Bool operands their conjunction.

    >>> print(np.multiply([1, 2], [3, 4]))
    [3 8]
    """
    return given(arithmetic.mul(*pair("multiply", x1, x2)), dtype)


def divide(x1: ArrayLike, x2: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """x1 / x2; Float32 for integers.

    >>> print(np.divide([1, 2], 4))
    [0.25 0.5 ]
    """
    return given(arithmetic.true_divide(*pair("divide", x1, x2)), dtype)


def true_divide(x1: ArrayLike, x2: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """x1 / x2; see `divide`.

    >>> print(np.true_divide([1, 2], 4))
    [0.25 0.5 ]
    """
    return divide(x1, x2, dtype)


# -- quotients and remainders ------------------------------------------------------------------------------------------

def floor_divide(x1: ArrayLike, x2: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """The quotient rounded down, Python's `//`; integers stay integers.

    >>> print(np.floor_divide([-7, 7], 2))
    [-4  3]
    """
    return given(arithmetic.floor_divide(*pair("floor_divide", x1, x2)), dtype)


def mod(x1: ArrayLike, x2: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """The remainder with the sign of the divisor, Python's `%`.

    >>> print(np.mod([-7, 7], 3))
    [2 1]
    """
    return given(arithmetic.remainder(*pair("mod", x1, x2)), dtype)


def remainder(x1: ArrayLike, x2: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """The remainder with the sign of the divisor; see `mod`.

    >>> print(np.remainder([-7, 7], 3))
    [2 1]
    """
    return mod(x1, x2, dtype)


def fmod(x1: ArrayLike, x2: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """The remainder with the sign of the dividend, C's `fmod`.

    >>> print(np.fmod([-7, 7], 3))
    [-1  1]
    """
    return given(arithmetic.fmod(*pair("fmod", x1, x2)), dtype)


def divmod(x1: ArrayLike, x2: ArrayLike, dtype: DTypeLike = None) -> tuple[Tensor, Tensor]:
    """(x1 // x2, x1 % x2).

    >>> print(*np.divmod([-7, 7], 3))
    [-3  2] [2 1]
    """
    return floor_divide(x1, x2, dtype), mod(x1, x2, dtype)


def gcd(x1: ArrayLike, x2: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """The greatest common divisor of whole numbers, not negative; 0 of two zeros. They may be floats, up to 2**24 in
    Float32; with fractions the result has no meaning. TypeError for Bool and complex numbers.

    Euclid's algorithm with a fixed number of steps: the numbers of a dtype of n bits need at most 1.4405 n divisions
    (Lamé, 1844: consecutive Fibonacci numbers need the most).

    >>> print(np.gcd([12, 7], 18))
    [6 1]
    """
    return given(_gcd(*_whole("gcd", x1, x2)), dtype)


def _whole(name: str, x1: ArrayLike, x2: ArrayLike) -> tuple[Tensor, Tensor]:
    x, y = promoted(name, x1, x2)
    if x.dtype.kind not in "iuf":
        raise TypeError(f"{name}: operands are {x.dtype}; expected whole numbers")
    return arithmetic.abs(x), arithmetic.abs(y)


def _gcd(x: Tensor, y: Tensor) -> Tensor:
    one, zero = constant(1, x.dtype), constant(0, x.dtype)
    for _ in range(int(1.4405 * 8 * x.dtype.itemsize) + 2):
        done = comparison.eq(y, zero)
        rest = arithmetic.remainder(x, comparison.where(done, one, y))
        x, y = comparison.where(done, x, y), comparison.where(done, zero, rest)
    return x


def lcm(x1: ArrayLike, x2: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """The least common multiple of whole numbers, not negative; 0 if one is 0; see `gcd`.

    >>> print(np.lcm([4, 0], 6))
    [12  0]
    """
    x, y = _whole("lcm", x1, x2)
    divisor = _gcd(x, y)
    divisor = comparison.where(comparison.eq(divisor, 0), constant(1, x.dtype), divisor)
    return given(arithmetic.mul(arithmetic.floor_divide(x, divisor), y), dtype)


# -- powers and logarithms ---------------------------------------------------------------------------------------------

def power(x1: ArrayLike, x2: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """x1 ** x2. Integers stay integers, and a negative power of them is truncated: 2 ** -1 is 0.

    >>> print(np.power([1, 2, 3], 2))
    [1 4 9]
    """
    return given(arithmetic.pow(*pair("power", x1, x2)), dtype)


def float_power(x1: ArrayLike, x2: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """x1 ** x2 in Float32 or, of operands of more bits, in their dtype.

    >>> print(np.float_power([1, 2, 4], -1))
    [1.   0.5  0.25]
    """
    x, y = promoted("float_power", x1, x2)
    wide = promote_types(float32, x.dtype)
    return given(arithmetic.pow(convert(x, wide), convert(y, wide)), dtype)


def hypot(x1: ArrayLike, x2: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """sqrt(x1**2 + x2**2): the length of the hypotenuse.

    >>> print(np.hypot([3, 5], [4, 12]))
    [ 5. 13.]
    """
    return given(arithmetic.hypot(*pair("hypot", x1, x2)), dtype)


def logaddexp(x1: ArrayLike, x2: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """log(e**x1 + e**x2), without overflow.

    >>> print(np.logaddexp([0.0, 1000.0], [0.0, 1000.0]))
    [6.9314718e-01 1.0006932e+03]
    """
    return given(arithmetic.logaddexp(*pair("logaddexp", x1, x2)), dtype)


def logaddexp2(x1: ArrayLike, x2: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """log2(2**x1 + 2**x2), without overflow.

    >>> print(np.logaddexp2([0.0, 1000.0], [0.0, 1000.0]))
    [1.000e+00 1.001e+03]
    """
    return given(arithmetic.logaddexp2(*pair("logaddexp2", x1, x2)), dtype)


def arctan2(x1: ArrayLike, x2: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """The angle in (-pi, pi] of the point with the second coordinate x1 and the first coordinate x2.

    >>> print(np.arctan2([1.0, -1.0], [1.0, -1.0]))
    [ 0.7853982 -2.3561945]
    """
    return given(elementwise.atan2(*pair("arctan2", x1, x2)), dtype)


# -- extrema and signs -------------------------------------------------------------------------------------------------

def maximum(x1: ArrayLike, x2: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """The larger of two elements; NaN if one is NaN. Equal elements share the gradient.

    >>> print(np.maximum([1, 5], [3, 2]))
    [3 5]
    """
    return given(arithmetic.maximum(*pair("maximum", x1, x2)), dtype)


def minimum(x1: ArrayLike, x2: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """The smaller of two elements; NaN if one is NaN. Equal elements share the gradient.

    >>> print(np.minimum([1, 5], [3, 2]))
    [1 2]
    """
    return given(arithmetic.minimum(*pair("minimum", x1, x2)), dtype)


def clip(x: ArrayLike, xmin: ArrayLike | None, xmax: ArrayLike | None, dtype: DTypeLike = None) -> Tensor:
    """x, but not below xmin and not above xmax (xmax where xmin > xmax); None is no limit. ValueError for two Nones.
    Elements on a limit share the gradient with it.

    >>> print(np.clip([1, 5, 9], 2, 8))
    [2 5 8]
    """
    if xmin is None and xmax is None:
        raise ValueError("clip: xmin and xmax are both None; give at least one of them")
    limits = [None if v is None else operand("clip", v, w) for v, w in ((xmin, "xmin"), (xmax, "xmax"))]
    array = as_array("clip", x, "x")
    array = array if limits[0] is None else arithmetic.maximum(array, limits[0])
    return given(array if limits[1] is None else arithmetic.minimum(array, limits[1]), dtype)


def heaviside(x1: ArrayLike, x2: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """0 where x1 < 0, x2 where it is 0, 1 where it is above; floating, NaN stays.

    >>> print(np.heaviside([-1.5, 0.0, 2.0], 0.5))
    [0.  0.5 1. ]
    """
    x, y = promoted("heaviside", x1, x2)
    return given(arithmetic.heaviside(as_inexact("heaviside", x), as_inexact("heaviside", y)), dtype)


def signbit(x: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """Whether the sign is minus (Bool): below 0, or -0.0.

    >>> print(np.signbit([-1.5, -0.0, 0.0, 2.0]))
    [ True  True False False]
    """
    return given(_negative(as_array("signbit", x, "x")), dtype)


def _negative(x: Tensor) -> Tensor:
    """Whether x is below 0 or -0.0, whose reciprocal is -inf."""
    if x.dtype is bool_:
        return comparison.ne(x, x)
    below = comparison.lt(x, 0)
    return comparison.logical_or(below, comparison.lt(arithmetic.reciprocal(x), 0)) if x.dtype.is_floating else below


def copysign(x1: ArrayLike, x2: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """|x1| with the sign of x2, that of -0.0 too; floating.

    >>> print(np.copysign([1.0, -2.0], [-0.0, 3.0]))
    [-1.  2.]
    """
    x, y = promoted("copysign", x1, x2)
    size = arithmetic.abs(as_inexact("copysign", x))
    return given(comparison.where(_negative(y), arithmetic.neg(size), size), dtype)
