"""Fits the polynomials of mindspore_cpu.codegen.vector_math and prints them.

Run by hand when an approximation is changed: python fit_polynomials.py [NAME ...]. Needs NumPy and SciPy.

Method: the exchange algorithm of Remez (see N. Brisebarre et al., "Handbook of floating-point arithmetic", 2018,
chapter 10) for a function f on an interval, a basis of powers of x and a weight: it finds the coefficients with the
least maximum of |weight * (f - sum of c_k x^k)|. Coefficients are then rounded to the type in which they are used,
from the lowest power up, each time fitting the remaining ones again, so that they make up for the rounding.
"""
from __future__ import annotations

import sys

import numpy as np
from scipy import special

LONG = np.longdouble
LN2 = np.log(LONG(2))


def solve(matrix: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Gaussian elimination with pivoting in extended precision."""
    a = np.column_stack([matrix, right]).astype(LONG)
    n = len(a)
    for k in range(n):
        pivot = k + int(np.argmax(np.abs(a[k:, k])))
        a[[k, pivot]] = a[[pivot, k]]
        for row in range(k + 1, n):
            a[row] -= a[k] * (a[row, k] / a[k, k])
    x = np.zeros(n, LONG)
    for k in reversed(range(n)):
        x[k] = (a[k, n] - (a[k, k + 1:n] * x[k + 1:]).sum()) / a[k, k]
    return x


def remez(f, weight, low: float, high: float, powers: list[int]) -> tuple[np.ndarray, float]:
    """Coefficients for the powers, and the largest weighted error."""
    count = len(powers) + 1
    nodes = np.cos(np.pi * np.arange(6001) / LONG(6000))[::-1]
    grid = (LONG(low) + high) / 2 + (LONG(high) - low) / 2 * nodes
    values, scale = f(grid), weight(grid)
    basis = np.stack([grid**p for p in powers], 1)
    chosen = np.linspace(0, len(grid) - 1, count).round().astype(int)
    for _ in range(60):
        signs = np.where(np.arange(count) % 2 == 0, LONG(1), LONG(-1)) / scale[chosen]
        solved = solve(np.column_stack([basis[chosen], signs]), values[chosen])
        error = (values - basis @ solved[:-1]) * scale
        extremes = _extremes(error, count)
        if extremes is None or np.array_equal(extremes, chosen):
            break
        chosen = extremes
    return solved[:-1], float(np.abs(error).max())


def _extremes(error: np.ndarray, count: int):
    """The places of `count` extremes of alternating sign: all local ones, but for the smallest."""
    sign = np.sign(error)
    starts = np.concatenate([[0], np.flatnonzero(np.diff(sign)) + 1, [len(error)]])
    places = [int(a + np.argmax(np.abs(error[a:b]))) for a, b in zip(starts[:-1], starts[1:])]
    while len(places) > count:
        size = np.abs(error[places])
        k = int(np.argmin(size))
        if k in (0, len(places) - 1) or len(places) == count + 1:
            places.pop(0 if size[0] < size[-1] else -1)
        else:
            other = k - 1 if size[k - 1] < size[k + 1] else k + 1
            places = [p for i, p in enumerate(places) if i not in (k, other)]
    return np.array(places) if len(places) == count else None


def fit(f, weight, low, high, powers, dtype) -> tuple[list[float], float]:
    """Rounded coefficients, lowest power first, and the largest weighted error with them."""
    fixed: list = []
    powers = list(powers)
    for k in range(len(powers)):
        def rest(x, done=tuple(fixed)):
            return f(x) - sum(LONG(c) * x**p for c, p in zip(done, powers))
        solved, _ = remez(rest, weight, low, high, powers[k:])
        fixed.append(dtype(solved[0]))
    x = np.linspace(LONG(low), LONG(high), 20001)
    error = (f(x) - sum(LONG(c) * x**p for c, p in zip(fixed, powers))) * weight(x)
    return [float(c) for c in fixed], float(np.abs(error).max())


def show(name: str, fitted: tuple[list[float], float]) -> None:
    coefficients, error = fitted
    print(f"# {name}: largest relative error {error:.2e} = 2**{np.log2(error):.1f}")
    print(f"{name} = ({', '.join(repr(c) for c in coefficients)})")


def erf_exponent(t):
    """-log(1 - erf(t)) / t."""
    t = np.asarray(t, np.float64)
    return np.asarray(-(np.log(special.erfcx(t)) - t * t) / t, LONG)


def erfcx_fold(u):
    """erfcx at x where u = (x - 2) / (x + 2)."""
    u = np.asarray(u, np.float64)
    return np.asarray(special.erfcx(2 * (1 + u) / (1 - u)), LONG)


def series(f, small, x):
    """f, or its series where x is so small that f cancels."""
    with np.errstate(all="ignore"):
        return np.where(np.abs(x) < 1e-3, small(x), f(x))


def _expm1_rest(r):
    """(exp(r) - 1 - r) / r**2."""
    return series(lambda x: (np.expm1(x) - x) / x**2,
                  lambda x: LONG(1) / 2 + x / 6 + x**2 / 24 + x**3 / 120 + x**4 / 720 + x**5 / 5040, r)


def pieces(f, slope, first: float, last: float, degree: int) -> tuple[list[list[float]], float]:
    """An odd function by polynomials around the centres of short intervals, four to an octave from `first` to `last`,
    and one interval below, where the polynomial is that of f(x) - x. Rows: the centres, then the coefficients, lowest
    power first; columns: the intervals by the low five bits of exponent and leading mantissa bits. Centres are chosen
    where f is almost a float."""
    table = np.zeros((degree + 2, 32))
    key = int(np.float32(first).view(np.uint32)) >> 21
    below, worst = fit(lambda z: series(lambda x: f(np.sqrt(x)) / np.sqrt(x), lambda x: slope[0] + slope[1] * x, z) - 1,
                       lambda z: 1 / slope[0] + 0 * z, 1e-9, first**2, range(3), np.float32)
    table[2::2, (key - 1) % 32] = below
    while True:
        low, high = (np.uint32(k << 21).view(np.float32) for k in (key, key + 1))
        if low >= last:
            return table.tolist(), worst
        column, error = _piece(f, float(low), float(high), degree)
        table[:, key % 32] = column
        key, worst = key + 1, max(worst, error)


def _piece(f, low: float, high: float, degree: int) -> tuple[list[float], float]:
    """Centre and coefficients for one interval."""
    centre = _almost_float(f, (low + high) / 2)
    middle = LONG(centre)
    value = np.float32(f(middle))
    found, error = fit(lambda d: (f(middle + d) - LONG(value)) / d, lambda d: np.abs(d / f(middle + d)),
                       low - centre - 1e-12, high - centre, range(degree), np.float32)
    return [centre, float(value), *found], error


def _almost_float(f, middle: float) -> float:
    """A float near `middle` at which f is closest to a float."""
    near = (np.float32(middle) + np.arange(-400, 401) * np.spacing(np.float32(middle)) * 32).astype(np.float32)
    values = f(near.astype(LONG))
    return float(near[np.argmin(np.abs(values - values.astype(np.float32).astype(LONG)))])


def _erf(x):
    return np.asarray(special.erf(np.asarray(x, np.float64)), LONG)


def show_table(name: str, fitted: tuple[list[list[float]], float]) -> None:
    rows, error = fitted
    print(f"# {name}: largest relative error {error:.2e} = 2**{np.log2(error):.1f}")
    print(f"{name} = (")
    for row in rows:
        print(f"    ({', '.join(repr(c) for c in row)}),")
    print(")")


TABLES = {
    "TANH_PIECES": lambda: pieces(np.tanh, (LONG(1), -LONG(1) / 3), 0.125, 10.0, 5),
    "ERF_PIECES": lambda: pieces(_erf, (2 / np.sqrt(LONG(np.pi)), -2 / np.sqrt(LONG(np.pi)) / 3), 0.125, 4.0, 5),
}
FITS = {
    # exp(r) = 1 + r + r**2 P(r) on |r| <= ln(2)/2
    "EXP": lambda: fit(_expm1_rest, lambda r: r * r, -LN2 / 2, LN2 / 2, range(5), np.float32),
    # exp(r) - 1 = r + r**2 P(r) on 0 <= r <= ln(2)
    "EXPM1_ABOVE": lambda: fit(_expm1_rest, lambda r: r * r / np.expm1(r), 1e-9, LN2 * 1.0001,
                               range(6), np.float32),
    # 2**r = 1 + r P(r) on |r| <= 1/2
    "EXP2": lambda: fit(lambda r: series(lambda x: np.expm1(x * LN2) / x,
                                         lambda x: sum(LN2**(k + 1) * x**k / np.prod(np.arange(1, k + 2), dtype=LONG)
                                                       for k in range(6)), r),
                        lambda r: np.abs(r), -0.5, 0.5, range(7), np.float32),
    # log(1 + f) = f - f**2/2 + f**3 P(f) on sqrt(1/2) <= 1 + f <= sqrt(2)
    "LOG": lambda: fit(lambda f: series(lambda x: (np.log1p(x) - x + x * x / 2) / x**3,
                                        lambda x: LONG(1) / 3 - x / 4 + x**2 / 5 - x**3 / 6 + x**4 / 7, f),
                       lambda f: np.abs(f**3 / np.where(f == 0, 1, np.log1p(f))), np.sqrt(0.5) - 1, np.sqrt(2.0) - 1,
                       range(9), np.float32),
    # sin(r) = r + r**3 P(r**2), cos(r) = 1 - r**2/2 + r**4 P(r**2) on |r| <= pi/4, in z = r**2
    "SIN": lambda: fit(lambda z: series(lambda x: (np.sin(np.sqrt(x)) / np.sqrt(x) - 1) / x,
                                        lambda x: -LONG(1) / 6 + x / 120 - x**2 / 5040 + x**3 / 362880, z),
                       lambda z: z, 1e-12, (np.pi / 4)**2 * 1.0001, range(4), np.float32),
    "COS": lambda: fit(lambda z: series(lambda x: (np.cos(np.sqrt(x)) - 1 + x / 2) / x**2,
                                        lambda x: LONG(1) / 24 - x / 720 + x**2 / 40320 - x**3 / 3628800, z),
                       lambda z: z * z, 1e-12, (np.pi / 4)**2 * 1.0001, range(4), np.float32),
    # erf(x) = x + x P(x**2) for |x| < 0.921875, in z = x**2
    "ERF_NEAR": lambda: fit(lambda z: np.asarray(special.erf(np.sqrt(z).astype(float)), LONG) / np.sqrt(z) - 1,
                            lambda z: 1 / (np.asarray(special.erf(np.sqrt(z).astype(float)), LONG) / np.sqrt(z)),
                            1e-10, 0.921875**2, range(7), np.float32),
    # erf(x) = 1 - exp(-x P(x)) for 0.921875 <= x <= 4
    "ERF_FAR": lambda: fit(erf_exponent, lambda t: t * np.asarray(special.erfc(t.astype(float)), LONG), 0.921875, 4.05,
                           range(8), np.float32),
    # erfc(x) = exp(-x**2) P((x - 2) / (x + 2)) for 0 <= x <= 11
    "ERFC": lambda: fit(erfcx_fold, lambda u: 1 / erfcx_fold(u), -1.0, 9 / 13 + 1e-9, range(15), np.float64),
    # in double, for functions that are computed there:
    # exp(r) = 1 + r + r**2 P(r) on |r| <= ln(2)/2
    "EXP_WIDE": lambda: fit(_expm1_rest, lambda r: r * r, -LN2 / 2, LN2 / 2, range(9), np.float64),
    # log(m) = 2 s + s**3 P(s**2) with s = (m - 1) / (m + 1), in z = s**2
    "LOG_WIDE": lambda: fit(lambda z: series(lambda x: (2 * np.arctanh(np.sqrt(x)) / np.sqrt(x) - 2) / x,
                                             lambda x: LONG(2) / 3 + 2 * x / 5 + 2 * x**2 / 7 + 2 * x**3 / 9, z),
                            lambda z: z, 1e-12, ((np.sqrt(2.0) - 1) / (np.sqrt(2.0) + 1))**2, range(6), np.float64),
    # atan(t) = t + t**3 P(t**2) for |t| <= tan(pi/8), in z = t**2
    "ATAN": lambda: fit(lambda z: series(lambda x: (np.arctan(np.sqrt(x)) / np.sqrt(x) - 1) / x,
                                         lambda x: -LONG(1) / 3 + x / 5 - x**2 / 7 + x**3 / 9, z),
                        lambda z: z, 1e-12, np.tan(np.pi / 8)**2 * 1.0001, range(8), np.float64),
    # sin and cos in double
    "SIN_WIDE": lambda: fit(lambda z: series(lambda x: (np.sin(np.sqrt(x)) / np.sqrt(x) - 1) / x,
                                             lambda x: -LONG(1) / 6 + x / 120 - x**2 / 5040 + x**3 / 362880, z),
                            lambda z: z, 1e-12, (np.pi / 4)**2 * 1.0001, range(6), np.float64),
    "COS_WIDE": lambda: fit(lambda z: series(lambda x: (np.cos(np.sqrt(x)) - 1 + x / 2) / x**2,
                                             lambda x: LONG(1) / 24 - x / 720 + x**2 / 40320 - x**3 / 3628800, z),
                            lambda z: z * z, 1e-12, (np.pi / 4)**2 * 1.0001, range(6), np.float64),
}


if __name__ == "__main__":
    for wanted in sys.argv[1:] or [*FITS, *TABLES]:
        show(wanted, FITS[wanted]()) if wanted in FITS else show_table(wanted, TABLES[wanted]())
