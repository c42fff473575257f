"""Programs: exits through `finally`, matching, walrus, stars and chains, in branches and loops on tensors."""
# The programs are written as users write, not as a linter likes.
# ruff: noqa
import contextlib
import functools
import operator

from table import case
from world import Tensor, ops


def finally_runs_at_each_break(x, n):
    log = x * 0
    i = n * 0
    while i < n + 1:
        try:
            i = i + 1
            if i > 2:
                break
            x = x * 0.5
        finally:
            log = log + i
    return x, log


def finally_runs_at_continue(x, n):
    log = x * 0
    i = n * 0
    while i < n:
        i = i + 1
        try:
            if i % 2 == 0:
                continue
            x = x + i
        finally:
            log = log + 1
    return x, log


def finally_changes_after_return(x, s):
    log = []
    def f(y):
        try:
            if s > 0:
                return y * 2
            log.append("end")
        finally:
            log.append("finally")
        return y
    return f(x), log


def finally_replaces_the_result(x, s):
    def f(y):
        try:
            if s > 0:
                return y * 2
        finally:
            if s > 1:
                return y * 100
        return y
    return f(x)


def except_in_a_tensor_loop(x, n):
    i, errors = n * 0, n * 0
    while i < n:
        try:
            if i == 1:
                raise ValueError
            x = x + i
        except ValueError:
            errors = errors + 1
        i = i + 1
    return x, errors


def nested_try_by_tensors(x, s, t):
    log = []
    try:
        try:
            if s > 0:
                raise KeyError("a")
            log.append(1)
        except IndexError:
            log.append(2)
        finally:
            log.append(3)
            if t > 1:
                log.append(4)
    except KeyError as error:
        log.append(str(error))
    else:
        log.append(5)
    return x, log


def suppressed_by_a_context_manager(x, s):
    y = x
    with contextlib.suppress(ValueError):
        y = y * 2
        if s > 0:
            raise ValueError
        y = y * 3
    return y


def error_text_with_tensors(x, s):
    try:
        if s > 1:
            raise ValueError(f"s = {s:.2f}", x.shape)
        assert s > 0, "not positive"
    except (ValueError, AssertionError) as error:
        return x * 2, type(error).__name__, len(error.args)
    return x, "", 0


def match_on_classes_and_guards(x, s):
    class Circle:
        __match_args__ = ("r",)
        def __init__(self, r):
            self.r = r
    class Square:
        def __init__(self, a):
            self.a = a
    shape = Circle(x) if s > 0 else Square(x * 2)
    match shape:
        case Circle(r) if s > 1:
            return r * 10
        case Circle(r=r):
            return r * 3
        case Square(a=a):
            return a


def match_in_a_tensor_loop(x, n):
    i = n * 0
    while i < n:
        match (int(0), i):
            case (0, 1):
                x = x + 10
            case (0, k) if k > 2:
                x = x * 0.5
            case _:
                x = x + 1
        i = i + 1
    return x


def match_sequences_and_mappings(x, w):
    def f(value):
        match value:
            case []:
                return 0
            case [a]:
                return a
            case [a, b, *_] if isinstance(b, int):
                return a * b
            case {"op": "add", "args": [a, b]}:
                return a + b
            case {"op": ("mul" | "times") as name, "args": [a, *rest]}:
                return a * len(rest), name
            case ("x", [p, [q]]):
                return p - q
            case -1 | 2.5 | "t" | None | True:
                return 7
        return None
    return f([]), f([x]), f((x, 3, 4)), f({"op": "add", "args": [x, w]}), f({"op": "times", "args": [x, 1, 2]}), \
        f(("x", [x, [w]])), f(2.5), f(None), f({1}), f("t")


def walrus_in_conditions_and_comprehensions(x, v):
    if (total := v.sum()) > 1.05:
        x = x * total
    elif (low := v.min()) < -1:
        x = x - low
    items = [y for e in v if (y := e * 2) is not None]
    while (k := len(items)) > 3:
        items.pop()
    return x, items[-1], k


def walrus_in_a_tensor_loop(x, n):
    i = n * 0
    while (half := x * 0.5).sum() < 3 and (i := i + 1) < n:
        x = half + 1
    return x, half, i


def chained_comparisons_stop_early(x, s, t):
    calls = []
    def note(value):
        calls.append(1)
        return value
    inside = 0 < note(s) < note(t)
    other = note(1) < 2 > note(5)
    return x * 2 if inside else x, other, len(calls)


def stars_everywhere(x, w):
    first, *middle, last = [x, 1, 2, w]
    (a, *b), c = (x, 1), 2
    [*d] = range(3)
    f = lambda *p, **q: (len(p), sorted(q))
    *e, = "ab"
    for g, *h in [(1, 2, 3), (4,)]:
        pass
    return first, middle, last, b, d, e, g, h, f(*d, *b, **{"k": 1}, z=2)


def star_unpacking_of_variants(x, w, s):
    items = [x, w] if s > 0 else [x, w, 1]
    first, *rest = items
    return first, len(rest), [*items, 0][-2]


def zip_enumerate_reversed_sorted(x, v):
    names = sorted(["bb", "a", "ccc"], key=len, reverse=True)
    order = sorted(enumerate(v[:3]), key=lambda p: p[1])
    pairs = list(zip(reversed([1, 2, 3]), enumerate(x), strict=True))
    return names, [j * e for j, e in order][0], [a * b * e for a, (b, e) in pairs], dict(zip("ab", x))["b"]


def nested_loops_with_flags(x, n, k):
    done = False
    i = n * 0
    while not done:
        j = k * 0
        while True:
            if j >= k:
                break
            x = x + 0.1
            j = j + 1
        i = i + 1
        done = i >= n
    return x, done


def variable_of_two_types_in_a_loop(x, n):
    last = None
    i = n * 0
    while i < n:
        if last is not None and i > 1:
            x = x + last
        last = x * 0.5 if i != 1 else None
        i = i + 1
    return x if last is None else x * last


def strings_built_in_a_loop(x):
    text = ""
    for j, e in enumerate(x):
        text += f"{j}:{e:.1f};"
        if j == 1:
            text = text + "!"
    print(text)
    return x, text


def text_chosen_by_tensors_as_key(x, s):
    table = {"up": x * 2, "down": x * 3}
    word = "up" if s > 0 else "down"
    return table[word], word.upper(), f"{word}!", len(word), word in table, table.get(word + "x", x)


def conditions_on_shapes_and_types(x, m, s):
    def f(y):
        if isinstance(y, Tensor):
            if y.ndim == 2:
                return y.sum(0)
            return y * 2
        if isinstance(y, (int, float)):
            return y + 1
        return [f(e) for e in y]
    return f(x), f(m), f(2), f([x, 1, (2,)]), f(x if s > 0 else m)


def ternaries_nested_with_side_effects(x, s, t):
    log = []
    def note(name, value):
        log.append(name)
        return value
    y = note("a", x) if s > 0 else note("b", x * 2) if t > 0 else note("c", x * 3)
    return y, log


def boolean_arithmetic(x, s, t):
    count = (s > 0) + (t > 0) + True
    flags = [s > 0, t > 1]
    flag = not s > 1
    return x * (flag + 1), x * flag, [not f for f in flags], flag == True, flag + flag


def booleans_as_numbers(x, s):
    flag = not s > 0
    total = 0
    for k in range(3):
        total += flag
    return total, flag * 2, x * flag, -flag, flag // 1


def while_true_with_several_exits(x, n, s):
    i = n * 0
    while True:
        i = i + 1
        if i > n:
            return x, "end"
        if (x > 5).any():
            break
        x = x + s * s
    return x * 2, "big"


def loop_over_dict_while_changing_values(x, s):
    d = {"a": x, "b": x * 2}
    for key in d:
        d[key] = d[key] + (1 if s > 0 else 2)
    for key in list(d):
        if key == "a":
            del d[key]
    return d, sum(d.values())


def sorting_by_tensors_then_pairing(x, w):
    pairs = sorted(zip(x, w), key=lambda p: p[1])
    keys, values = zip(*pairs)
    return keys[0] * 10 + keys[1] + values[2]


def exponent_and_modulo_by_numbers_of_tensors(x, n):
    k = int(n)
    return x ** 2 * k, k % 2, k // 2, k * 0.5, (k > 2) and x or x * 2 if False else x


def assertion_in_a_function_of_a_loop(x, n):
    def check(y):
        assert y.sum() < 100, "too large"
        return y
    i = n * 0
    while i < n:
        x = check(x * 1.5)
        i = i + 1
    return x
