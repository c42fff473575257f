"""Programs: generator functions, and who goes over their items."""
# The programs are written as users write, not as a linter likes.
# ruff: noqa
import contextlib

import numpy as np
from table import case
from world import Cell, Parameter, Tensor, ops


def _scaled(x, count):
    print("start")
    for k in range(count):
        print("give", k)
        yield x * (k + 1)
    print("end")


def _positive(x):
    for v in x:
        if v > 0:
            yield v
        print("seen")


def _grown(x, limit):
    try:
        while x.sum() < limit:
            yield x
            x = x * 1.5 + 1
    finally:
        print("closed")


def effects_interleave(x, w):
    total = x
    for v in _scaled(x, 3):
        print("take")
        total = total * w + v
    return total


def break_by_tensor(x, w):
    total = x
    for v in _scaled(x, 4):
        if v.max() > 2:
            print("enough")
            break
        total = total + v * w
    else:
        total = -total
    return total


def items_by_tensor(x, w):
    t = x.sum()
    for v in _positive(x):
        print("got")
        t = t * 2 + v
    return t * w


def sum_and_list_of_items(x, w):
    a = sum(_positive(x))
    b = list(_scaled(w, 2))
    return a + b[1]


def sum_of_expression_over_items(x, w):
    return sum(v * v for v in _positive(x)) + w


def loop_in_a_generator(x, w):
    t = x
    for v in _grown(x, 9):
        t = t + v * w
    return t


def break_out_of_a_loop_in_a_generator(x, w):
    t = x
    for v in _grown(x, 9):
        t = t + v * w
        if t.max() > 4:
            break
    return t


def return_out_of_a_loop_in_a_generator(x, w):
    for v in _grown(x, 9):
        if v.max() > 3:
            return v * w
    return x - w


def yield_from_generators(x, w):
    def inner(y):
        yield y
        yield y * 2
        return y * 3

    def outer(y):
        yield y + 1
        last = yield from inner(y * w)
        yield last
        yield from [y, w]

    t = x
    for v in outer(x):
        t = t * 0.5 + v
        if v.sum() > 8:
            break
    return t


def next_of_a_generator(x, w):
    items = _scaled(x, 3)
    a = next(items)
    print("between")
    b = next(items)
    rest = list(items)
    return a + b * w + rest[0], next(items, 5.0)


def zip_of_generators(x, w):
    t = x
    for k, (a, b) in enumerate(zip(_scaled(x, 3), _scaled(w, 2))):
        t = t + a * b * (k + 1)
    return t


def send_to_a_generator(x, w):
    def mean():
        total, count = x, 1
        while True:
            value = yield total / count
            total = total + value
            count += 1

    means = mean()
    next(means)
    means.send(w)
    return means.send(x * w)


def endless_generator(x, w):
    def count():
        k = 0
        while True:
            yield k
            k += 1

    for k in count():
        if k > 3:
            break
        x = x + k * w
    for k in count():
        if x.sum() > 9 or k > 5:
            break
        x = x * 1.2 + 0.1
    return x


def tree_of_generators(x, w):
    def walk(y, depth):
        if depth > 0:
            yield from walk(y * w, depth - 1)
            yield y
            yield from walk(y + 1, depth - 1)

    t = x
    for v in walk(x, 3):
        t = t * 0.9 + v
    return t


def generator_changes_closure(x, w):
    seen = []
    count = 0

    def numbers():
        nonlocal count
        for k in range(3):
            count += 1
            seen.append(x * count)
            yield w * count

    t = x
    for v in numbers():
        t = t + v * len(seen)
        if t.sum() > 4:
            count += 10
    return t, count, len(seen)


def comprehension_over_a_generator(x, w):
    found = [v * w for v in _scaled(x, 3)]
    return found[0] + found[2], len(found)


def exception_of_the_consumer(x, w):
    def guarded():
        try:
            yield x
            yield x + 1
        except ValueError:
            print("never here")
        finally:
            print("finally")

    try:
        for v in guarded():
            if v.sum() > 1.2:
                raise ValueError("large")
    except ValueError:
        return x * w
    return x


def exception_of_the_generator(x, w):
    def checked():
        yield x
        if x.sum() > 1:
            raise KeyError("generator")
        yield w

    t = x
    try:
        for v in checked():
            t = t + v
    except KeyError:
        t = t * w
    return t


@contextlib.contextmanager
def _scope(x, name):
    print("in", name)
    try:
        yield x * 2
    finally:
        print("out", name)


@contextlib.contextmanager
def _quiet(x):
    try:
        yield
    except ValueError as error:
        print("handled", error)


def context_manager_function(x, w):
    with _scope(x, "a") as y:
        with _scope(w, "b") as z:
            if y.sum() > 2:
                return y * z
        y = y + z
    return y


def context_manager_and_exception(x, w):
    try:
        with _scope(x, "b") as y:
            if y.sum() > 2:
                raise ValueError("large")
            x = x + y
    except ValueError:
        x = x * w
    return x


def context_manager_that_handles(x, w):
    with _quiet(x):
        if x.sum() > 1:
            raise ValueError("large")
        x = x * w
    return x


def any_and_all_of_generators(x, w):
    if any(v > 1 for v in _scaled(x.sum(), 3)):
        x = x * 2
    if all(_scaled(w.max(), 2)):
        x = x + w
    return x


@case(factory=True)
def generator_method_of_a_cell():
    class Net(Cell):
        def __init__(self):
            super().__init__()
            self.scale = Parameter(Tensor(np.array(1.5)), name="scale")
            self.calls = Parameter(Tensor(np.array(0.0)), name="calls")

        def steps(self, x):
            for k in range(3):
                self.calls = self.calls + 1
                yield x * self.scale * k

        def construct(self, x, w):
            t = x
            for v in self.steps(x):
                t = t + v
                if t.max() > 3:
                    break
            return t * w

    net = Net()
    return net, lambda: net.calls


def yields_from_a_list_that_a_decision_extended(x):
    def items(rows):
        yield from rows
        yield rows[-1] * 2

    rows = [x]
    if x.sum() > 0:
        rows.append(x + 1)
    total = x * 0
    for row in items(rows):
        if row.sum() > 50:
            break
        total = total + row
    return total, sum(items(rows)), list(items(rows))[-1]
