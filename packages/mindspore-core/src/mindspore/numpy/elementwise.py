"""Functions of one operand, element by element: exponentials, trigonometry, rounding, signs.

The operand is an array-like (`_arrays`); integers and bools are computed as Float32 where the function is not one of
whole numbers. `dtype` is that of the result, by default that of the computation.
"""
from __future__ import annotations

from mindspore.common.tensor import Tensor
from mindspore.numpy._arrays import ArrayLike, DTypeLike, as_array, as_floats, given
from mindspore.ops import arithmetic, elementwise
from mindspore.ops._operands import static_int

__all__ = [
    "abs", "absolute", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctanh", "cbrt", "ceil", "cos", "cosh",
    "deg2rad", "exp", "exp2", "expm1", "fabs", "fix", "floor", "log", "log10", "log1p", "log2", "negative", "positive",
    "rad2deg", "radians", "reciprocal", "rint", "sign", "sin", "sinh", "sqrt", "square", "tan", "tanh", "trunc",
]

# -- exponentials, logarithms, roots -----------------------------------------------------------------------------------

def exp(x: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """e ** x.

    >>> print(np.exp([0.0, 1.0]))
    [1.        2.7182817]
    """
    return given(elementwise.exp(as_floats("exp", x, "x")), dtype)

def expm1(x: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """e ** x - 1, exact near 0.

    >>> print(np.expm1([0.0, 1e-3]))
    [0.        0.0010005]
    """
    return given(elementwise.expm1(as_floats("expm1", x, "x")), dtype)

def exp2(x: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """2 ** x.

    >>> print(np.exp2([2, 3]))
    [4. 8.]
    """
    return given(elementwise.exp2(as_floats("exp2", x, "x")), dtype)

def log(x: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """The natural logarithm: -inf at 0, NaN below.

    >>> print(np.log([1.0, 2.0]))
    [0.        0.6931472]
    """
    return given(elementwise.log(as_floats("log", x, "x")), dtype)

def log1p(x: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """log(1 + x), exact near 0.

    >>> print(np.log1p([0.0, 1e-3]))
    [0.        0.0009995]
    """
    return given(elementwise.log1p(as_floats("log1p", x, "x")), dtype)

def log2(x: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """The logarithm to base 2.

    >>> print(np.log2([4, 8]))
    [2. 3.]
    """
    return given(elementwise.log2(as_floats("log2", x, "x")), dtype)

def log10(x: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """The logarithm to base 10.

    >>> print(np.log10([10, 1000]))
    [1. 3.]
    """
    return given(elementwise.log10(as_floats("log10", x, "x")), dtype)

def sqrt(x: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """The square root; NaN below 0.

    >>> print(np.sqrt([4, 9]))
    [2. 3.]
    """
    return given(elementwise.sqrt(as_floats("sqrt", x, "x")), dtype)

def cbrt(x: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """The cube root, with the sign of x. Its derivative at 0 is not finite.

    >>> print(np.cbrt([-8, 27]))
    [-2.  3.]
    """
    value = as_floats("cbrt", x, "x")
    size = arithmetic.pow(arithmetic.abs(value), 1 / 3)
    return given(arithmetic.mul(arithmetic.sign(value), size), dtype)

def square(x: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """x * x.

    >>> print(np.square([-2, 3]))
    [4 9]
    """
    return given(arithmetic.square(as_array("square", x, "x")), dtype)

def reciprocal(x: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """1 / x; of integers too a floating number.

    >>> print(np.reciprocal([2, 4]))
    [0.5  0.25]
    """
    return given(arithmetic.reciprocal(as_floats("reciprocal", x, "x")), dtype)

# -- trigonometric and hyperbolic functions ----------------------------------------------------------------------------

def sin(x: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """The sine of angles in radians.

    >>> print(np.sin([0.0, 1.0]))
    [0.       0.841471]
    """
    return given(elementwise.sin(as_floats("sin", x, "x")), dtype)

def cos(x: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """The cosine of angles in radians.

    >>> print(np.cos([0.0, 1.0]))
    [1.        0.5403023]
    """
    return given(elementwise.cos(as_floats("cos", x, "x")), dtype)

def tan(x: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """The tangent of angles in radians.

    >>> print(np.tan([0.0, 1.0]))
    [0.        1.5574077]
    """
    return given(elementwise.tan(as_floats("tan", x, "x")), dtype)

def arcsin(x: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """The angles in [-pi/2, pi/2] of sines; NaN outside of [-1, 1].

    >>> print(np.arcsin([0.0, 1.0]))
    [0.        1.5707964]
    """
    return given(elementwise.asin(as_floats("arcsin", x, "x")), dtype)

def arccos(input: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """The angles in [0, pi] of cosines; NaN outside of [-1, 1].

    >>> print(np.arccos([1.0, 0.0]))
    [0.        1.5707964]
    """
    return given(elementwise.acos(as_floats("arccos", input, "input")), dtype)

def arctan(x: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """The angles in (-pi/2, pi/2) of tangents.

    >>> print(np.arctan([0.0, 1.0]))
    [0.        0.7853982]
    """
    return given(elementwise.atan(as_floats("arctan", x, "x")), dtype)

def sinh(x: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """The hyperbolic sine.

    >>> print(np.sinh([0.0, 1.0]))
    [0.        1.1752012]
    """
    return given(elementwise.sinh(as_floats("sinh", x, "x")), dtype)

def cosh(x: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """The hyperbolic cosine.

    >>> print(np.cosh([0.0, 1.0]))
    [1.        1.5430807]
    """
    return given(elementwise.cosh(as_floats("cosh", x, "x")), dtype)

def tanh(x: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """The hyperbolic tangent.

    >>> print(np.tanh([0.0, 1.0]))
    [0.        0.7615942]
    """
    return given(elementwise.tanh(as_floats("tanh", x, "x")), dtype)

def arcsinh(x: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """The inverse of sinh.

    >>> print(np.arcsinh([0.0, 1.0]))
    [0.        0.8813736]
    """
    return given(elementwise.asinh(as_floats("arcsinh", x, "x")), dtype)

def arccosh(x: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """The inverse of cosh, not negative; NaN below 1.

    >>> print(np.arccosh([1.0, 2.0]))
    [0.       1.316958]
    """
    return given(elementwise.acosh(as_floats("arccosh", x, "x")), dtype)

def arctanh(x: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """The inverse of tanh; NaN outside of [-1, 1].

    >>> print(np.arctanh([0.0, 0.5]))
    [0.         0.54930615]
    """
    return given(elementwise.atanh(as_floats("arctanh", x, "x")), dtype)

def deg2rad(x: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """Degrees to radians.

    >>> print(np.deg2rad([0, 180]))
    [0.        3.1415927]
    """
    return given(arithmetic.deg2rad(as_floats("deg2rad", x, "x")), dtype)

def radians(x: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """Degrees to radians; see `deg2rad`.

    >>> print(np.radians([0, 90]))
    [0.        1.5707964]
    """
    return given(arithmetic.deg2rad(as_floats("radians", x, "x")), dtype)

def rad2deg(x: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """Radians to degrees.

    >>> print(np.rad2deg([0.0, np.pi]))
    [  0. 180.]
    """
    return given(arithmetic.rad2deg(as_floats("rad2deg", x, "x")), dtype)

# -- rounding ----------------------------------------------------------------------------------------------------------

def floor(x: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """The largest whole number that is not above x; integers stay as they are.

    >>> print(np.floor([-1.5, 1.5]))
    [-2.  1.]
    """
    return given(elementwise.floor(as_array("floor", x, "x")), dtype)

def ceil(x: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """The smallest whole number that is not below x; integers stay as they are.

    >>> print(np.ceil([-1.5, 1.5]))
    [-1.  2.]
    """
    return given(elementwise.ceil(as_array("ceil", x, "x")), dtype)

def trunc(x: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """x without its fractional part; integers stay as they are.

    >>> print(np.trunc([-1.5, 1.5]))
    [-1.  1.]
    """
    return given(elementwise.trunc(as_array("trunc", x, "x")), dtype)

def rint(x: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """The nearest whole number, halves to the even one; floating.

    >>> print(np.rint([-1.5, 0.5, 1.2]))
    [-2.  0.  1.]
    """
    return given(elementwise.round(as_floats("rint", x, "x")), dtype)

def around(a: ArrayLike, decimals: int = 0) -> Tensor:
    """a rounded to `decimals` places, halves to the even number; integers stay as they are.

    >>> print(np.around([1.25, 1.75], 1))
    [1.2 1.8]
    """
    return elementwise.round(as_array("around", a, "a"), decimals=static_int("around", "decimals", decimals))


def round(a: ArrayLike, decimals: int = 0) -> Tensor:
    """a rounded to `decimals` places; see `around`.

    >>> print(np.round([1.5, 2.5]))
    [2. 2.]
    """
    return around(a, decimals)


def fix(x: ArrayLike) -> Tensor:
    """x rounded towards 0; integers stay as they are.

    >>> print(np.fix([-1.5, 1.5]))
    [-1.  1.]
    """
    return elementwise.trunc(as_array("fix", x, "x"))

# -- signs -------------------------------------------------------------------------------------------------------------

def abs(x: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """|x|. The derivative at 0 is 0.

    >>> print(np.abs([-2, 3]))
    [2 3]
    """
    return given(arithmetic.abs(as_array("abs", x, "x")), dtype)

def absolute(x: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """|x|; see `abs`.

    >>> print(np.absolute([-2, 3]))
    [2 3]
    """
    return given(arithmetic.abs(as_array("absolute", x, "x")), dtype)

def fabs(x: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """|x| as a floating number.

    >>> print(np.fabs([-2, 3]))
    [2. 3.]
    """
    return given(arithmetic.abs(as_floats("fabs", x, "x")), dtype)

def sign(x: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """-1, 0 or 1 by the sign of each element; NaN stays NaN.

    >>> print(np.sign([-2.5, 0.0, 3.0]))
    [-1.  0.  1.]
    """
    return given(arithmetic.sign(as_array("sign", x, "x")), dtype)

def negative(a: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """-a. TypeError for Bool.

    >>> print(np.negative([-2, 3]))
    [ 2 -3]
    """
    return given(arithmetic.neg(as_array("negative", a, "a")), dtype)

def positive(a: ArrayLike, dtype: DTypeLike = None) -> Tensor:
    """+a, which is a.

    >>> print(np.positive([-2, 3]))
    [-2  3]
    """
    return given(as_array("positive", a, "a"), dtype)
