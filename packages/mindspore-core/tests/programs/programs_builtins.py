"""Programs: numbers, strings, builtin functions, imports, identity."""
# The programs are written as users write, not as a linter likes.
# ruff: noqa
import math

from table import case
from world import Tensor, ops


def any_all_static(x):
    y = x * 2 if any(k > 2 for k in range(4)) else x
    return y + 1 if all([True, 1, "a"]) and not any([]) else y


def any_all_of_tensors(x, s, t):
    y = x * 2 if any([s > 1, t > 1]) else x
    return y + 1 if all(e > 0 for e in (s, t)) else y


def strings(x):
    name = "Mind" + "spore".upper()
    parts = "a,b,c".split(",")
    y = x * len(name) + "-".join(parts).count("-")
    return y if name.startswith("Mind") and name[4:] == "SPORE" else x


def string_formatting(x):
    n, z = 3, 0.51239
    text = f"{n:>4}|{z:.2f}|{'q'!r}|{n + 1}" + "%d-%s" % (n, "k") + "{} {a}".format(1, a=2)
    return x * len(text), text


def fstring_of_shape(x, m):
    return x * 2, f"{x.shape} {m.shape[0]} {m.ndim=}"


def fstring_of_tensor_returned(x):
    return f"x = {x.sum() * 0}"


def integers(x):
    return x * (7 // 2 + 7 % 3 - 2 ** 3 + (5 & 3) + (1 << 4) + (6 ^ 2) + ~1), divmod(7, 2), -7 // 2


def floats(x):
    return x * (0.1 + 0.2) / 3e-1 + math.sqrt(2.0) + math.floor(2.7) + round(2.567, 1) + abs(-1.5) + math.pi


def conversions(x):
    return x * int("12") + float("0.5") + int(3.9) + bool([]) + len(str(12.5)) + int(True)


def number_types(x):
    return (1, 2.0, True, None, "s", 1 + 2, 7 / 2, 2 ** -1), x


def booleans_on_values(x):
    a = [] or 5
    b = 0 and 7
    c = None or "d"
    return x * a + b + len(c), not 0, 1 < 2 < 3 > 2


def comparisons_of_containers(x):
    y = x * 2 if (1, 2) < (1, 3) and [1] != [2] and "a" < "b" else x
    return y + (3 if {1, 2} <= {1, 2, 3} else 0)


def min_max_sum(x):
    return x * max(1, 5, 3) + min([4, 2]) + sum([1, 2], 10) + max("ab", "c", key=len).count("a")


def min_max_of_tensors(s, t):
    return max(s, t) * 2 + min(s, t)


def sum_of_tensors(x, w):
    return sum([x, w, x * w]) + sum((x, w), w)


def abs_round_of_tensors(x):
    return abs(x) * 2 + (-x)


def len_of_tensor(x, m):
    return x * len(m) + len(x)


def range_objects(x):
    r = range(2, 20, 5)
    return x * r[1] + len(r) + (7 in r) + list(reversed(r))[0] + sum(r[1:])


def enumerate_zip_results(x, w):
    pairs = list(zip([1, 2, 3], (x, w)))
    numbered = list(enumerate("ab", 5))
    return pairs[1][1] * pairs[0][0] + numbered[1][0]


def sorted_numbers(x):
    items = sorted([3, 1, 2]) + sorted("ba", reverse=True)
    return x * items[0] + len(items[3])


def slice_objects(v):
    s = slice(1, 4)
    t = slice(None, None, 2)
    return v[s][:2] + v[t][:2] * s.stop


def is_operators(x):
    a = None
    y = x * 2 if a is None else x
    b = y
    return b + 1 if b is y and b is not x else x


def id_and_hash(x):
    a = (1, 2)
    return x * (2 if hash(a) == hash((1, 2)) else 3) + (1 if id(x) == id(x) else 0)


def delete_name(x):
    y = x * 2
    z = y
    del y
    y = z + 1
    return y


def local_imports(x):
    import math as m
    from functools import reduce
    from itertools import chain, product
    total = sum(a * b for a, b in product([1, 2], [3, 4]))
    return x * m.cos(0.0) + reduce(lambda a, b: a + b, chain([1], [2, 3])) + total


def augmented_integers(x):
    n = 17
    n //= 3
    n %= 4
    n <<= 3
    n |= 1
    n ^= 2
    n &= 14
    n >>= 1
    return x * n


def tensor_in_list(s):
    return s in [1.0, 2.0] or s in (0.6,)


@case(grad=False)  # an equality of floats has no differences
def number_in_tensor(x):
    return x * 2 if 0.21 in x else x


def complex_and_bytes_values(x):
    z = (1 + 2j) * 1j
    return x * z.real + z.imag + len(b"abc") + b"abc"[1]


def type_calls(x):
    a = [1]
    return x * 2 if type(a) is list and type(a)((2, 3)) == [2, 3] and type(1.5).__name__ == "float" else x


def callable_checks(x):
    return x * (2 if callable(ops.sin) and not callable(3) else 3)


def iterators(x):
    it = iter([1, 2, 3])
    a = next(it)
    rest = list(it)
    return x * a + sum(rest) + next(it, 10)


def number_added_in_place_is_a_number(x):
    count, kept = 0, 0
    for value in x:
        if value <= 0:
            continue
        kept = count
        count += 1
    return isinstance(count, int), isinstance(kept, int), x * count + kept
