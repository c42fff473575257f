"""Programs: numbers that depend on tensors, beside operators which refuse some: division, powers, shifts."""
# The programs are written as users write, not as a linter likes.
# ruff: noqa
from table import case


def common_divisor_of_numbers_from_tensors(x, n, k):
    a, b = int(n), 2 + int(k)
    while b:
        a, b = b, a % b
    return x * a, a


def is_prime(x, n):
    number, d = int(n) + 4, 2
    while d * d <= number:
        if number % d == 0:
            return x * d
        d = d + 1
    return x


def division_by_zero_is_caught(x, n):
    k = int(n) - 3
    try:
        y = 1 / k
    except ZeroDivisionError:
        y = 5.0
    else:
        y = y + 1
    finally:
        x = x * 2
    return x * y


def a_loop_goes_on_after_a_division_by_zero(x, n):
    k, total = int(n), 0
    for j in range(6):
        try:
            total = total + 7 // (k - j)
        except ZeroDivisionError:
            total = total + 100
            continue
        total = total + 1
    return x * total, total


def divmod_by_zero_is_an_arithmetic_error(x, n):
    k = int(n)
    try:
        q, r = divmod(17, k)
    except ArithmeticError:
        q, r = 0, -1
    return x + q, r


def remainder_in_place_is_caught(x, n):
    k, m = int(n), 17
    try:
        m %= k
    except ZeroDivisionError as error:
        m = -1
    return x * m


def division_only_where_it_is_right(x, n):
    k = int(n)
    return x * (12 // k if k else -1), 0 if k == 0 else 12 % k


def handlers_read_what_the_error_says(x, n):
    k, texts = int(n), []
    for divided in (lambda: 3 / k, lambda: 3.0 / k, lambda: 3 // (0.5 * k)):
        try:
            x = x * divided()
        except ZeroDivisionError as error:
            texts.append(str(error))
    return x, texts


@case(grad=False)
def floats_divide_where_they_are_not_zero(x, s):
    k = float(s)
    return x * (1.0 / k), k / 2.0


def division_by_the_number_zero(x, n):
    k = int(n)
    try:
        k = k // 0
    except ZeroDivisionError as error:
        return x, str(error)
    return x * 2, ""


def int_to_a_negative_power_is_a_float(x, n):
    k = int(n) + 1
    return x * k ** -1, k ** -2 < 0.5


def float_to_any_power(x, n):
    k = int(n) - 2
    return x * 2.0 ** k


def int_to_a_power(x, n):
    k = int(n)
    return x * 2 ** k, pow(3, k), (-1) ** k


def shifts_by_numbers(x, n):
    k = int(n)
    return x * (1 << k), 40 >> k, k << 2, k >> 1
