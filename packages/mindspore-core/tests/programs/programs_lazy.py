"""Programs: builtins that stop at the item that decides."""
# The programs are written as users write, not as a linter likes.
# ruff: noqa
from table import case
from world import Tensor, ops


def any_stops_at_the_first(v, x):
    seen = []
    def over(e):
        seen.append(e)
        return e > 1
    found = any(over(e) for e in v)
    return x * len(seen) if found else x - len(seen)


def all_stops_at_the_first(v, x):
    seen = []
    def small(e):
        seen.append(e * 2)
        return e < 0.5
    return (x * 3 if all(small(e) for e in v) else x) + seen[-1], len(seen)


def any_prints_until_found(v, x):
    def over(e):
        print("asked", e)
        return e > 1
    return x * 2 if any(over(e) for e in v) else x


def any_does_not_reach_an_error(v, x):
    limits = [0.2, 1.0]
    return x * 2 if any(v[j] > limits[j] for j in range(3)) else x


def all_does_not_reach_an_error(v, x):
    def check(e):
        if e < -1:
            raise ValueError("too small")
        return e < 1
    return x * 2 if all(check(e) for e in v) else x


def any_of_map(v, x):
    count = 0
    def over(e):
        nonlocal count
        count += 1
        return e > 1
    found = any(map(over, v))
    return x * count if found else x


def any_of_two_loops(x, w):
    count = 0
    def test(a, b):
        nonlocal count
        count = count + 1
        return a + b > 1.55
    found = any(test(a, b) for a in x for b in w)
    return x * count, found


def any_with_filter_and_effect(v, x):
    seen = []
    def over(e):
        seen.append(e)
        return e > 1
    found = any(over(e) for e in v if e > 0)
    return (x if found else x * 2) * len(seen)


def any_changes_a_parameterless_object(v, x):
    class Counter:
        def __init__(self):
            self.count = 0
        def over(self, e, limit):
            self.count += 1
            return e > limit
    counter = Counter()
    return x * 2 if any(counter.over(e, 0.7) for e in v) else x, counter.count


def any_with_known_items(v, x):
    seen = []
    def test(e):
        seen.append(1)
        return e
    found = any(test(e) for e in (False, v[0] > 1, 0, True, v[1] > 1))
    return x * len(seen), found


def next_of_filtered(v, x):
    return x * next(e for e in v if e > 0.7)


def next_with_default(v, x):
    return x * next((e for e in v if e > 1.15), 0.5)


def next_without_any(v, x):
    return x * next(e for e in v if e > 1.15)


def next_stops(v, x):
    seen = []
    def over(e):
        seen.append(e)
        return e > 0.7
    found = next((e for e in v if over(e)), None)
    return x * len(seen) if found is None else x * found * len(seen)


def next_with_place(v, x):
    place, value = next((j, e) for j, e in enumerate(v) if e > 0.25)
    return x * value + place


def any_short_circuit_in_a_loop(x, n):
    seen = []
    i = n * 0
    while i < n:
        if any(e > 2 for e in x):
            x = x * 0.5
        x = x + 0.3
        i = i + 1
    return x


def all_of_nested_any(m, x):
    return x * 2 if all(any(e > 1 for e in row) for row in m) else x


def any_of_long(x, s):
    values = [ops.sin(x[0] * j) for j in range(60)]
    return x * 2 if any(value > 0.9 for value in values) else x * s


def any_of_objects(x, w):
    class Over:
        def __init__(self, value, log):
            self.value, self.log = value, log
        def __bool__(self):
            self.log.append(self.value)
            return bool(self.value > 0.5)
    log = []
    found = any([Over(x[0], log), Over(x[1], log), Over(w[0], log)])
    return x * len(log), found


def largest_asks_keys_in_order(v, x):
    order = []
    def item(j):
        order.append(j)
        return v[j]
    def key(e):
        order.append(10)
        return -e
    best = max((item(j) for j in range(3)), key=key)
    return best * x, order


def any_in_try(v, x):
    try:
        if any(1 / 0 > e if e < -1 else e > 1 for e in v):
            return x * 2
    except ZeroDivisionError:
        return x * 3
    return x


def sum_of_started_generator(v, x):
    items = (e * 2 for e in v)
    first = next(items)
    return first * x + sum(items)


def any_then_the_rest(x):
    items = (j for j in range(5))
    found = any(j > 1 for j in items)
    return x * sum(items), found


def undone_write_is_undone(x, s):
    y = x * 1
    try:
        y[0] = y[0] + 1
        if s > 0:
            raise ValueError
    except ValueError:
        y[1] = y[1] + 10
    return y
