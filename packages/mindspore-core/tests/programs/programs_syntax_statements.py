"""Programs: every statement that graph mode lists, with tensors and without."""
# The programs are written as users write, not as a linter likes.
# ruff: noqa
from table import case
from world import Cell, Parameter, Tensor, ops


def statement_raise(x, s):
    if s > 1:
        raise ValueError("too large", 3)
    if s < 0:
        raise KeyError
    return x


def statement_raise_from(x, s):
    try:
        if s > 0:
            raise ValueError("first")
    except ValueError as error:
        if s > 1:
            raise RuntimeError(f"second after {error}") from error
        return x * 2
    return x


def statement_raise_again(x, s):
    try:
        try:
            if s > 1:
                raise IndexError("inner")
        except IndexError:
            raise
    except LookupError as error:
        return x * 3
    return x


def statement_raise_own_class(x, s):
    class TooLarge(Exception):
        def __init__(self, limit):
            super().__init__(f"above {limit}")
            self.limit = limit
    try:
        if s > 1:
            raise TooLarge(1.0)
    except TooLarge as error:
        return x * error.limit + 5
    return x


def statement_assert(x, s):
    assert True, "never"
    assert len(x) == 3
    assert s < 2, f"s is {s:.1f}"
    return x


def statement_pass_and_docstring(x):
    """A text that means nothing."""
    pass
    ...
    1
    "another"
    if False:
        pass
    return x


def statement_return_nothing(x, s):
    def f(y):
        if s > 0:
            return
        return y
    found = f(x)
    return x if found is None else found * 2


def statement_return_many(x, w):
    def f(a, b=2, *rest, c, **more):
        return a, b, rest, c, more
    return f(x, c=w), f(1, 2, 3, c=4, d=5)


def statement_break_continue(x):
    y = x
    for j in range(10):
        if j == 1:
            continue
        if j == 5:
            break
        y = y + j
    else:
        y = y * 0
    return y


def statement_if_elif_else(x, s):
    if s > 2:
        y = x * 2
    elif s > 0:
        y = x * 3
    elif s > -0.5:
        y = x * 4
    else:
        y = x * 5
    return y


def statement_for_forms(x, m):
    y = x * 0
    for j in range(1, 6, 2):
        y = y + j
    for e in [x, x * 2]:
        y = y + e
    for e in x:
        y = y + e
    for j, e in enumerate(x):
        y = y + j * e
    for a, (b, c) in [(1, (2, 3)), (4, (5, 6))]:
        y = y + a * b - c
    for key, value in {"a": x, "b": 2}.items():
        y = y + value * len(key)
    for row, col in zip(m, m[::-1]):
        y = y + row * col
    for letter in "abc":
        y = y + ord(letter) * 0.01
    for y[0] in range(3):
        pass
    return y


def statement_for_else(x, v):
    for e in v:
        if e > 2:
            y = x * e
            break
    else:
        y = x * 7
    return y


def statement_while(x, n):
    i, y = 0, x
    while i < 3:
        y = y * 0.9 + i
        i += 1
    j = n * 0
    while j < n and y.sum() < 10:
        y = y + 0.5
        j += 1
    else:
        y = y * 2
    return y


def statement_with(x, s):
    log = []
    class Scope:
        def __init__(self, name):
            self.name = name
        def __enter__(self):
            log.append("+" + self.name)
            return self
        def __exit__(self, kind, error, trace):
            log.append("-" + self.name)
            return kind is ValueError
    with Scope("a") as a, Scope("b"):
        y = x * len(a.name)
    with Scope("c"):
        if s > 1:
            raise ValueError
        y = y + 1
    return y, log


def statement_try_forms(x, s):
    log = []
    for j in range(3):
        try:
            log.append("try")
            y = [x, x * 2][j]
        except (IndexError, KeyError) as error:
            log.append(type(error).__name__)
        else:
            log.append("else")
        finally:
            log.append("finally")
    return y, log


def statement_del(x):
    a, items, table = x, [1, 2, 3], {"a": 1, "b": 2}
    class Box:
        pass
    box = Box()
    box.value = 1
    del a, items[0], table["a"], box.value
    try:
        a
    except UnboundLocalError:
        return x, items, table, hasattr(box, "value")


def statement_global_nonlocal(x):
    count = 0
    def f(y):
        nonlocal count
        count += 1
        return y * count
    return f(f(x)), count


def statement_import(x):
    import math
    from functools import reduce as fold
    import os.path as path
    return x * math.pi, fold(lambda a, b: a + b, [1, 2, 3]), path.basename("a/b")


def statement_def_forms(x, w):
    def plain(a, /, b, *, c=1):
        return a + b * c
    def annotated(a: int, b: "float" = 2) -> list:
        return [a, b]
    def maker(k):
        def inner(y):
            return y * k
        return inner
    double = lambda y, k=2: y * k
    return plain(x, w), plain(x, b=w, c=2), annotated(1), maker(3)(x), double(x), (lambda *a, **k: (a, k))(1, z=2)


def statement_def_default_is_evaluated_once(x):
    def f(y, seen=[]):
        seen.append(1)
        return y * len(seen)
    return f(x), f(x), f(x, [])


def statement_class(x):
    class Point:
        """A point."""
        origin = 0
        names: list = ["a"]
        def __init__(self, value):
            self.value = value
        def moved(self, by=1):
            return Point(self.value + by)
        @property
        def twice(self):
            return self.value * 2
        @staticmethod
        def zero():
            return Point(0)
        @classmethod
        def of(cls, value):
            return cls(value)
    p = Point(x).moved().moved(by=x)
    return p.value, p.twice, Point.zero().value, Point.of(x).twice, Point.origin, p.names, Point.__doc__


def statement_match(x, n):
    def describe(value):
        match value:
            case 0 | 1:
                return "few"
            case int() as k if k > 10:
                return "many"
            case [a, *rest]:
                return a, rest
            case {"k": v, **others}:
                return v, others
            case (a, b):
                return a
            case str():
                return "text"
            case None:
                return "none"
            case _:
                return "other"
    return describe(0), describe(11), describe([x, 1]), describe({"k": x, "z": 1}), describe("a"), describe(None), \
        describe(5)


def comprehension_list(x, w):
    return [e * 2 for e in x], [a * b for a in (1, 2) for b in (3, 4) if a != b], [[j * e for j in range(2)] for e in w]


def comprehension_dict_set(x):
    return {k: v * 2 for k, v in zip("ab", x)}, sorted({j % 3 for j in range(7)}), {k: x for k in "aba"}


def comprehension_generator(x, w):
    pairs = (a * b for a, b in zip(x, w))
    first = next(pairs)
    return first, sum(pairs), max(e for e in x), tuple(e for e in w if True), dict((k, x) for k in "ab")


def comprehension_filters_by_tensors(v, x):
    found = [e * 2 for e in v if e > 0.5]
    return len(found), x * len(found), {k: e for k, e in enumerate(x) if e > 0.5}.get(2, x[0])


@case(factory=True)
def statement_in_a_cell():
    class Net(Cell):
        def __init__(self):
            super().__init__()
            self.weight = Parameter(Tensor([1.0, 2.0, 3.0]), name="weight")
            self.calls = 0
        def construct(self, x, s):
            self.weight = self.weight + x
            y = self._scaled(x)
            for j in range(2):
                if s > 0:
                    y = y + j
                else:
                    y = y - self.weight
            return y
        def _scaled(self, y):
            return y * self.weight
    net = Net()
    return net, lambda: net.weight
