"""Programs: every operator that graph mode lists, with tensors and without."""
# The programs are written as users write, not as a linter likes.
# ruff: noqa
from table import case
from world import Tensor, ops


def operators_unary(x, mask, i):
    return +x, -x, not mask[0], ~mask, not 0, -(-3), +2.5, ~5


def operators_arithmetic(x, w, n):
    return x + w, x - w, x * w, x / w, x // 0.3, x % 0.77, x ** 2, 2 ** n, 7 // 2, -7 % 3, 2 ** -1, 1 - x


@case(grad=False)
def operators_matrix(a, x, w):
    y = a
    y @= a
    return a @ a, x @ w, y


@case(grad=False)
def operators_bits(i, n, mask):
    return i & 1, i | 4, i ^ 3, mask & ~mask, mask | True, mask ^ mask, 5 & 3, 5 | 3, 5 ^ 3, 1 << 4, 256 >> 3


def operators_strings_and_sequences(x, w):
    return "a" + "b", "ab" * 2, (1,) + (x,), (x, 2) * 2, [1] + [w], [x] * 2, "%s-%d" % ("a", 3), 2 * (w,)


def assignment_chained(x):
    a = b = c = x * 2
    return a + b, c


def assignment_augmented(x, w):
    a = x
    a += w
    a -= 0.5
    a *= 2
    a /= w
    b = 7
    b //= 2
    b %= 2
    b **= 3
    c = x * 1
    c **= 2
    c %= 0.9
    c //= 0.1
    return a, b, c


@case(grad=False)
def assignment_augmented_bits(i):
    a, b, m = 6, i, True
    a &= 3
    a |= 8
    a ^= 1
    a <<= 2
    a >>= 1
    b &= 3
    b |= 4
    b ^= 1
    m &= False
    return a, b, m


def assignment_augmented_sequences(x, w):
    a, t, s = [x], (1,), "a"
    b = a
    a += [w]
    a *= 2
    t += (2,)
    s += "b"
    s *= 2
    return len(b), a is b, b[3], t, s


def assignment_unpacking(x, w):
    a, (b, *c), d = x, (w, 1, 2), 3
    [e, f] = [a, b]
    *g, h = "abc"
    (p), q = x[0], x[1]
    a, b = b, a
    return a, b, c, d, e, f, g, h, p, q


def assignment_to_parts(x, w):
    items, table = [0, 0, 0], {}
    items[0], items[-1] = x, w
    items[1:2] = [1, 2]
    table["a"], table[1, 2] = x, w
    y = x * 1
    y[0], y[1:] = 5.0, w[1:]
    return items, table, y


def logic_returns_operands(x, w, s):
    return (x.sum() if s > 0 else None) or w, 0 or "a", [] and 1, "" or None or 3, 1 and x, (s > 0 and 2) or 3


def logic_short_circuits(x, s):
    log = []
    def note(value):
        log.append(1)
        return value
    a = s > 0 and note(s < 1)
    b = s > 0 or note(s < 1)
    c = note(True) or note(False)
    return a, b, c, len(log), x


@case(grad=False)
def comparisons(x, w, i):
    return x < w, x <= w, x > w, x >= w, i == 1, i != 1, 1 < 2, "a" < "b", (1, 2) < (1, 3), [1] == [1], 1 == 1.0


def comparisons_chained(x, s, t):
    return x * 2 if -1 < s <= 1 else x, 1 < 2 < 3 > 2, 0 < s < t, 1 == 1.0 != 2


def membership(x, n):
    return 1 in [1, 2], "a" not in "bc", 3 in {3: 1}, n in [0, 3], n not in (0, 3), "k" in {"k": x}, None in [x], \
        2 in range(1, 3)


def identity(x, w, s):
    y = x
    z = None if s > 0 else w
    return y is x, x is w, x is not w, z is None, None is None, z is not None, [] is [], True is True


def identity_of_what_tensors_decide(x, w, s, b):
    found = s > 0 and b
    flag = not b
    choice = True if s > 0 else None
    inside = s in [1, 2]
    return found is False, flag is False, choice is True, (x.sum() > 0) is True, inside is False, \
        (bool(b) is True), (any([b, s > 1]) is True)


@case(grad=False)
def operators_on_bools(b, s):
    flag = not b
    return flag + 1, flag & True, flag | (s > 0), True + True, -flag, ~(s > 0)


def indexing(x, m, k):
    items, table = [x, 1, "a"], {"a": [x]}
    return x[0], x[-1], m[1, 2], m[0][1], m[:, 1], m[..., 0], m[None].shape, items[-1], table["a"][0], "abc"[1], \
        (1, (2, 3))[1][0], items[0][k]


def slicing(v, m):
    return v[1:3], v[:2], v[-2:], v[::2], v[::-1], m[:, 1:], m[1:, :2], [1, 2, 3][1:], (1, 2, 3)[::-1], "abcd"[1:3]


def conditional_expressions(x, w, s):
    return x if s > 0 else w, 1 if True else 2, (x if s > 1 else w) if s > 0 else x + w, ("a" if [] else "b")


def walrus(x, s):
    y = (z := x * 2) + z
    if (total := y.sum()) > 1:
        y = y / total
    items = [(e := k * 2), e + 1] if (k := 3) > 2 else []
    return y, total, items, e, [last := j for j in range(3)], last


def stars_in_displays(x, w):
    items, table = [x, 1], {"a": x}
    return [*items, *(2, 3)], (*items, w), {**table, "b": 2, **{"a": w}}, {*(1, 2), 3} == {1, 2, 3}, [*"ab", *range(2)]


def precedence(x, w):
    return -x ** 2, x + w * 2 - 1, (x + w) * 2, not 1 == 2, 2 ** 3 ** 0, 1 if 0 else 2 + 3, -7 // 2, x @ w * 2
