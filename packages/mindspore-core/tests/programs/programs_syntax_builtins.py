"""Programs: every builtin function that graph mode lists, with tensors and without."""
# The programs are written as users write, not as a linter likes.
# ruff: noqa
from table import case
from world import Tensor, ops


@case(grad=False)
def builtin_int(x, n):
    return int(3.6), int("12", 16), int("0xa", 16), int("10", 8), int(x[0] * 10), int(n) + 1, int(True)


@case(grad=False)
def builtin_float(x, n):
    return float(3), float("1.5"), float("inf"), float(n), float(x[0]), float()


def builtin_bool(x, s):
    return bool(0), bool("a"), bool([]), bool({1: 2}), bool(s > 0), bool(None), x if bool(s > 0) else -x


@case(grad=False)
def builtin_str(x, n):
    return str(3), str(1.5), str((1, "a")), str(n), str(b"ab", "utf-8"), "n is " + str(n)


def builtin_tuple(x, w):
    return tuple([x, 1]), tuple(), tuple(e * 2 for e in (x, w)), tuple("ab"), tuple({"k": x}), len(tuple(x))


def builtin_list(x, w):
    return list((x, 1)), list(), list("ab"), list({"k": x}), list(range(3)), [e * 2 for e in list(x)]


def builtin_dict(x, w):
    a = dict()
    a["x"] = x
    b = dict([("u", x), ("v", w)])
    c = dict(u=x * 2, v=1)
    return a, b, c, dict(b, v=3), dict(zip("pq", (x, w))), dict.fromkeys("ab", x[0])


def builtin_getattr(x):
    class Box:
        size = 2
        def __init__(self, value):
            self.value = value
        def twice(self):
            return self.value * 2
    box = Box(x)
    return getattr(box, "value"), getattr(box, "twice")(), getattr(box, "size"), getattr(box, "no", x * 3), \
        getattr(x, "shape"), getattr(x, "sum")()


def builtin_hasattr(x):
    class Box:
        size = 2
    box = Box()
    before = hasattr(box, "value")
    setattr(box, "value", x)
    return before, hasattr(box, "value"), hasattr(box, "size"), hasattr(x, "shape"), hasattr(x, "nothing"), box.value


def builtin_len(x, m):
    return x * len(m), len([1, 2]), len("abc"), len({1: 2}), len((x, x, x)), len({1, 2, 2}), len(range(5))


def builtin_isinstance(x, s):
    number = 1 if s > 0 else 2
    return isinstance(x, Tensor), isinstance(1, int), isinstance(True, int), isinstance("a", (int, str)), \
        isinstance([x], list), isinstance(x, (list, tuple)), isinstance(number, int), isinstance(s > 0, bool)


def builtin_all_any(x, mask):
    return all([]), any([]), all([1, "a"]), any([0, None]), all(mask), any(mask), all([x[0] > 0, True]), \
        any(e > 0.8 for e in x)


@case(grad=False)
def builtin_round(x, s):
    return round(2.5), round(3.14159, 2), round(-1.5), round(7)


def builtin_max_min(x, w, v):
    return max(1, 2), min([3, 1]), max(x[0], w[0]), min(v), max("ab", "b"), max([1, 2], key=lambda e: -e), \
        min((), default=x), max(x[0], 0.1)


def builtin_sum(x, w):
    return sum([1, 2]), sum((x, w)), sum([x, w], 1), sum(x), sum(e * e for e in x), sum([], x)


def builtin_abs(x, s):
    return abs(-3), abs(1 - 2.5), abs(x), abs(s), abs(3 + 4j)


def builtin_map(x, w):
    return list(map(lambda a, b: a * b, x, w)), tuple(map(abs, [-1, 2])), list(map(str, (1, 2))), \
        sum(map(lambda e: e * 2, x))


def builtin_zip(x, w):
    pairs = list(zip(x, w, range(3)))
    a, b = zip(*[(x, 1), (w, 2)])
    return [p * q + r for p, q, r in pairs], a, b, list(zip()), len(list(zip(x, [1])))


def builtin_range(x):
    return [x * i for i in range(3)], list(range(5, 0, -2)), range(2, 8)[1], 3 in range(5), len(range(0)), \
        sum(range(4))


def builtin_enumerate(x):
    return [e * i for i, e in enumerate(x)], list(enumerate("ab", 1)), [(i, a) for i, (a, b) in enumerate([(1, 2)])]


@case(grad=False)
def builtin_super(x):
    class Base:
        def __init__(self, scale):
            self.scale = scale
        def apply(self, x):
            return x * self.scale
    class Child(Base):
        def __init__(self, scale):
            super().__init__(scale + 1)
        def apply(self, x):
            return super().apply(x) + 1
    class GrandChild(Child):
        def apply(self, x):
            return super(GrandChild, self).apply(x) * 2
    return GrandChild(2).apply(x)


def builtin_pow(x, s):
    return pow(2, 3), pow(2, -1), pow(2, 10, 7), pow(ops.abs(x), 2), pow(x, 3)


def builtin_print(x, s):
    print("x is", x, s, sep=", ", end=";\n")
    print()
    if s > 0:
        print(f"positive {s:.2f}")
    return x


def builtin_filter(x):
    return list(filter(None, [0, 1, "", "a"])), list(filter(lambda e: e % 2, range(6))), \
        [e * 2 for e in filter(lambda e: True, x)]


def builtin_filter_by_tensors(v, x):
    return x * sum(filter(lambda e: e > 0.25, v), v[0] * 0)


def builtin_type(x, s):
    number = 1 if s > 0 else 2
    return type(1) is int, type(x) is Tensor, type("a").__name__, type([x]) == list, type(number) is int, \
        type((1,)) in (tuple, list)


def builtin_reversed_sorted(x, v):
    return list(reversed([1, 2, 3])), list(reversed("ab")), [e * i for i, e in enumerate(reversed(x))], \
        sorted([3, 1, 2], reverse=True), sorted(v)[0], sorted("bca", key=lambda c: -ord(c))


def builtin_iter_next(x):
    items = iter(x)
    first = next(items)
    rest = [e for e in items]
    return first, rest, next(items, None), next(iter([1]), 5)


def builtin_divmod_bin_hex(x):
    return divmod(7, 3), bin(5), hex(255), oct(8), chr(97), ord("b"), x


def builtin_slice_object(x, v):
    part = slice(1, 3)
    return v[part], [1, 2, 3][part], v[slice(None, None, 2)], part.stop


def builtin_set_frozenset(x):
    a, b = set([1, 2, 2]), frozenset((2, 3))
    return sorted(a | b), sorted(a & b), sorted(a - b), sorted(a ^ b), 2 in a, a.issubset({1, 2, 3}), x * len(a)


def builtin_callable_id_hash(x):
    f = lambda: 1
    return callable(f), callable(x.sum), callable(3), hash("a") == hash("a"), id(f) == id(f), x


def builtin_vars_dir(x):
    class Box:
        pass
    box = Box()
    box.a, box.b = x, 2
    return sorted(vars(box)), "a" in dir(box), vars(box)["b"], x


def builtin_complex_numbers(x):
    z = complex(1, 2) * 2j
    return z.real, z.imag, abs(complex(3, 4)), x * z.imag


def builtin_format_repr_ascii(x, n):
    return format(3.14159, ".2f"), repr("a"), ascii("\u00e9"), "{:>5}|{!r}".format(n, "b"), x
