"""Programs: all kinds of parameters and arguments, partial application."""
# The programs are written as users write, not as a linter likes.
# ruff: noqa
from functools import partial, reduce

from world import ops


def _helper(x, w, *, k=2):
    return x * w + k


def default_arguments(x, w):
    def f(a, b=2, c=None, *, d=0.5):
        c = a if c is None else c
        return a * b + c * d
    return f(x) + f(x, 3) + f(x, c=w) + f(x, w, d=w)


def default_argument_is_tensor(x, w):
    def f(a, b=w):
        return a * b
    w = w * 100
    return f(x) + f(x, w)


def mutable_default(x):
    def collect(a, seen=[]):
        seen = seen + [a]
        return seen
    return collect(x)[0] + collect(x * 2)[-1]


def mutable_default_shared(x):
    def collect(a, seen=[]):
        seen.append(a)
        return len(seen)
    collect(x)
    return x * collect(x)


def keyword_call(x, w):
    return _helper(w=w, x=x) + _helper(x, w=w, k=7)


def keyword_only(x, w):
    def f(a, *, scale, shift=1):
        return a * scale + shift
    return f(x, scale=w) - f(w, shift=2, scale=x)


def positional_only(x, w):
    def f(a, b, /, c, *, d):
        return a * b + c - d
    return f(x, w, c=2, d=x)


def positional_only_beside_keyword_of_same_name(x, w):
    def f(a, /, **kwargs):
        return a * kwargs["a"]
    return f(x, a=w)


def variadic_positional(x, w):
    def total(first, *rest):
        for each in rest:
            first = first * 0.5 + each
        return first
    return total(x) + total(x, w) + total(x, w, x, w)


def variadic_keywords(x, w):
    def total(**named):
        y = 0
        for name, value in named.items():
            y = y + value * len(name)
        return y
    return total(a=x, bcd=w)


def star_call(x, w):
    args = [x, w]
    named = {"k": 5}
    return _helper(*args) + _helper(*args, **named) + _helper(*(w, x), **{"k": 1})


def star_call_mixed(x, w):
    def f(a, b, c, d):
        return a + 2 * b + 3 * c + 4 * d
    return f(x, *(w, 2.0), d=1.0) + f(*[x], *[w], **{"c": 1.0}, **{"d": x})


def arguments_forwarded(x, w):
    def outer(*args, **kwargs):
        return _helper(*args, **kwargs)
    return outer(x, w) + outer(x, w=w, k=3)


def partial_application(x, w):
    f = partial(_helper, w=w)
    g = partial(f, k=4)
    return f(x) + g(x) + partial(lambda a, b: a - b, x)(w)


def partial_of_partial_with_override(x, w):
    f = partial(_helper, k=1)
    return f(x, w) + f(x, w, k=9)


def map_filter_reduce(x, w):
    doubled = list(map(lambda a: a * 2, [x, w]))
    kept = list(filter(lambda k: k % 2, range(5)))
    return reduce(lambda a, b: a * 0.5 + b, doubled) * sum(kept)


def map_of_two(x, w):
    products = list(map(lambda a, b: a * b, (x, w), (w, 2.0)))
    return products[0] + products[1]


def sorted_with_key(x, w):
    pairs = [(3, x), (1, w), (2, x * w)]
    ordered = sorted(pairs, key=lambda p: p[0], reverse=True)
    return ordered[0][1] * 2 + ordered[-1][1]


def min_max_with_key(x, w):
    table = {"a": 3, "b": 1}
    return x * table[min(table, key=table.get)] + w * max([1, 5, 3], key=lambda k: -k)
