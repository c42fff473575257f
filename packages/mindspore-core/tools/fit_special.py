"""Computes the tables of `mindspore.compiler.primitives.special_tables` and prints them as that module.

Run by hand when an approximation is changed: python fit_special.py > .../special_tables.py. Needs mpmath.

Polynomials: f is taken at the zeros of a Chebyshev polynomial in 40 digits, the discrete cosine transform gives the
Chebyshev coefficients (Clenshaw and Curtis, 1960), those below 2**-56 of the largest are left out, and the sum is
written in powers of t, which goes from -1 to 1 over the interval; that loses nothing, since each coefficient is some
1 + sqrt(2) times less than the one before, or smaller. Where f is a
function with zeros, or one that grows exponentially, what is expanded is what remains when these are divided out, so
that the relative error is small everywhere. `temme` follows the recurrence of DLMF 8.12.11 with rational numbers.
"""
from __future__ import annotations

from fractions import Fraction
from math import comb

from mpmath import (
    besseli,
    besselj,
    besseljzero,
    besselk,
    bessely,
    cos,
    erfinv,
    euler,
    exp,
    expm1,
    log,
    mp,
    mpf,
    pi,
    sin,
    sqrt,
    zeta,
)

mp.dps = 45
NODES = 72


def polynomial(f, low, high) -> list[float]:
    """The coefficients of f on [low, high] for the powers of t."""
    values = [f((mpf(high) + low) / 2 + (mpf(high) - low) / 2 * cos(pi * (k + mpf(1) / 2) / NODES))
              for k in range(NODES)]
    found = [2 * sum(v * cos(pi * j * (k + mpf(1) / 2) / NODES) for k, v in enumerate(values)) / NODES
             for j in range(NODES // 2)]
    found[0] /= 2
    largest = max(abs(c) for c in found)
    while abs(found[-1]) < largest * mpf(2) ** -56:
        found.pop()
    return [float(c) for c in powers(found)]


def powers(coefficients: list) -> list:
    """The coefficients for powers of t from those for T_0, T_1, ..., by T_n = 2 t T_(n-1) - T_(n-2)."""
    total = [mpf(0)] * len(coefficients)
    last, current = [], [mpf(1)]
    for n, c in enumerate(coefficients):
        for k, value in enumerate(current):
            total[k] += c * value
        following = [mpf(0)] * (n + 2)
        for k, value in enumerate(current):
            following[k + 1] += (2 if n else 1) * value
        for k, value in enumerate(last):
            following[k] -= value
        last, current = current, following
    return total


def temme(orders: int, terms: int) -> list[list[float]]:
    """The coefficients of eta**n in c_k(eta), DLMF 8.12.9 to 8.12.11."""
    size = terms + 2 * orders + 4
    lam = [Fraction(1), Fraction(1), Fraction(1, 3)]  # lambda(eta): eta lambda = (lambda - 1) lambda'
    for n in range(3, size + 2):
        known = sum(Fraction(lam[j]) * (n + 1 - j) * lam[n + 1 - j] for j in range(2, n))
        lam.append((lam[n - 1] - known) / (n + 1))
    shifted = lam[1:]  # (lambda - 1) / eta
    inverse = [Fraction(1)]  # eta / (lambda - 1)
    for n in range(1, size):
        inverse.append(-sum(shifted[j] * inverse[n - j] for j in range(1, n + 1)))
    stirling = _stirling(orders)
    row = inverse[1:]  # c_0
    rows = [row]
    for k in range(1, orders):
        slope = [(n + 1) * c for n, c in enumerate(row[1:])]
        scaled = [(-1) ** k * stirling[k] * c for c in inverse]
        joined = [a + c for a, c in zip(scaled, slope)]
        assert joined[0] == 0, "the singular parts cancel"
        row = joined[1:]
        rows.append(row)
    return [[float(c) for c in r[:terms]] for r in rows]


def _stirling(count: int) -> list[Fraction]:
    """g_0, g_1, ... of gamma(z) ~ exp(-z) z**z sqrt(2 pi / z) sum of g_k / z**k: the exponential of the series of
    log gamma."""
    bernoulli = _bernoulli(2 * count + 2)
    exponent = [Fraction(0)] * (count + 1)
    for k in range(1, count + 1):
        if 2 * k - 1 <= count:
            exponent[2 * k - 1] = bernoulli[2 * k] / (2 * k * (2 * k - 1))
    found = [Fraction(1)]
    for n in range(1, count + 1):
        found.append(sum(j * exponent[j] * found[n - j] for j in range(1, n + 1)) / n)
    return found


def _bernoulli(count: int) -> list[Fraction]:
    found = [Fraction(1)]
    for n in range(1, count + 1):
        found.append(-sum(comb(n + 1, k) * found[k] for k in range(n)) / (n + 1))
    return found


def hankel(order: int, large):
    """(P, Q): J = sqrt(2 / (pi x)) (P cos chi - (8 / x) Q sin chi), as functions of z = 64 / x**2."""
    def parts(z):
        x = 8 / sqrt(z)
        chi = x - (2 * order + 1) * pi / 4
        j, y = besselj(order, x), bessely(order, x)
        scale = sqrt(pi * x / 2)
        return (scale * (j * cos(chi) + y * sin(chi)), scale * (y * cos(chi) - j * sin(chi)) * x / 8)
    return lambda z: parts(z)[large]


def j_rest(order: int):
    first, second = besseljzero(order, 1), besseljzero(order, 2)

    def rest(z):
        x = sqrt(z)
        value = besselj(order, x) / (x if order else 1)
        return value / ((z - first**2) * (z - second**2))
    return rest


def y_rest(order: int):
    def rest(z):
        x = sqrt(z)
        value = bessely(order, x) - 2 / pi * log(x) * besselj(order, x)
        return (value + 2 / (pi * x)) / x if order else value
    return rest


def k_rest(order: int):
    def rest(z):
        x = sqrt(z)
        if order:
            return x * (besselk(1, x) - log(x / 2) * besseli(1, x))
        return besselk(0, x) + log(x / 2) * besseli(0, x)
    return rest


def erfinv_rest(w):
    if w > 40:
        raise ValueError("x rounds to 1")
    x = sqrt(-expm1(-w))
    return erfinv(x) / x


def tables():
    yield "LGAMMA_NEAR_TWO", "lgamma(2 + z) / z, powers of z, |z| <= 1/2", [
        float(1 - euler), *[float((-1) ** k * (zeta(k) - 1) / k) for k in range(2, 29)]]
    yield "ERFINV_CENTER", "erfinv(x) / x, in w = -log(1 - x^2) from 0 to 6.25", polynomial(erfinv_rest, 0, 6.25)
    yield "ERFINV_MIDDLE", "the same, in sqrt(w) from 2.5 to 4", polynomial(lambda s: erfinv_rest(s * s), 2.5, 4)
    yield "ERFINV_TAIL", "the same, in sqrt(w) from 4 to 6.25", polynomial(lambda s: erfinv_rest(s * s), 4, 6.25)
    for n in (0, 1):
        yield from bessel_tables(n)


def bessel_tables(n: int):
    def small_i(x):
        return exp(-x) * (besseli(1, x) / x if n else besseli(0, x))

    def large_i(t):
        return sqrt(8 / t) * exp(-8 / t) * besseli(n, 8 / t)

    def large_k(t):
        return sqrt(2 / t) * exp(2 / t) * besselk(n, 2 / t)

    yield f"I{n}_SMALL", "exp(-x) I(x)" + " / x" * n + ", in x from 0 to 8", polynomial(small_i, 0, 8)
    yield f"I{n}_LARGE", "sqrt(x) exp(-x) I(x), in 8 / x from 0 to 1", polynomial(large_i, 0, 1)
    yield f"K{n}_SMALL", ("x (K(x) - log(x / 2) I(x))" if n else "K(x) + log(x / 2) I(x)") + \
        ", in x^2 from 0 to 4", polynomial(k_rest(n), 0, 4)
    yield f"K{n}_LARGE", "sqrt(x) exp(x) K(x), in 2 / x from 0 to 1", polynomial(large_k, 0, 1)
    yield f"J{n}_SMALL", "J(x)" + " / x" * n + " over (x^2 - a^2) (x^2 - b^2) for its zeros a and b, in x^2 " \
        "from 0 to 64", polynomial(j_rest(n), 0, 64)
    yield f"Y{n}_SMALL", ("(Y(x) - 2/pi (log(x) J(x) - 1/x)) / x" if n else "Y(x) - 2/pi log(x) J(x)") + \
        ", in x^2 from 0 to 64", polynomial(y_rest(n), 0, 64)
    yield f"P{n}", "Hankel's P, in 64 / x^2 from 0 to 1", polynomial(hankel(n, 0), 0, 1)
    yield f"Q{n}", "x/8 times Hankel's Q, in 64 / x^2 from 0 to 1", polynomial(hankel(n, 1), 0, 1)


def show(values: list[float]) -> str:
    lines, line = [], "   "
    for text in (f" {v!r}," for v in values):
        if len(line) + len(text) > 118:
            lines.append(line)
            line = "   "
        line += text
    return "\n".join([*lines, line])


def main() -> None:
    print('"""Numbers of the approximations in `special_gamma` and `special_bessel`; made by tools/fit_special.py.\n\n'
          'Coefficients stand for the powers of t, which goes from -1 to 1 over the interval that the comment names.\n'
          '"""\n')
    for name, meaning, values in tables():
        print(f"# {meaning}\n{name} = (\n{show(values)}\n)")
    print("# Zeros of J0 and J1, each as a float and what it lacks")
    for n in (0, 1):
        zeros = [besseljzero(n, k) for k in (1, 2)]
        print(f"J{n}_ZEROS = ({', '.join(f'({float(z)!r}, {float(z - float(z))!r})' for z in zeros)})")
    print("# c_k(eta) of the uniform expansion of the incomplete gamma function: row k, powers of eta")
    print("TEMME = (\n" + "\n".join(f"    (\n{show(r)}\n    )," for r in temme(9, 20)) + "\n)")


if __name__ == "__main__":
    main()
