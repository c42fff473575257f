"""Programs: variables that get their first value inside of a loop."""
# The programs are written as users write, not as a linter likes.
# ruff: noqa
from table import case
from world import Tensor, ops


def first_bound_in_a_trip_and_read_in_the_next(x, n):
    i = n * 0
    y = x
    while i < n:
        if i > 0:
            y = y + last
        last = y * 0.5
        i = i + 1
    return y


def first_bound_in_a_trip_and_read_after(x, n):
    i = n * 0
    y = x
    while i < n + 1:
        last = y * 0.5
        y = y + last
        i = i + 1
    return y + last


def first_bound_in_a_trip_that_may_not_be(x, n):
    i = n * 0
    while i < n:
        last = x * i
        i = i + 1
    return x + last


def first_bound_when_a_tensor_says(x, n):
    i = n * 0
    y = x
    while i < n:
        if i == 1:
            first = y * 3
        if i > 1:
            y = y + first
        y = ops.sin(y) + i
        i = i + 1
    return y


def first_bound_in_range_of_tensor(x, n):
    for i in range(n):
        if i > 0:
            x = x + before
        before = x * 0.25
        kind = "seen"
    return x


def first_bound_then_deleted(x, n):
    i = n * 0
    y = x
    while i < n:
        if i > 0:
            y = y * 0.5 + held
            del held
        held = ops.cos(y)
        i = i + 1
    return y


def first_bound_number_and_tuple(x, n):
    i = n * 0
    while i < n:
        if i > 0:
            a, (b, c) = pair
            x = x * 0.5 + a * b + c + count
        count = 1
        pair = (x[0], (x[1], i * 2))
        i = i + 1
    return x


def first_bound_shared_with_a_function(x, n):
    def shift(y):
        return y + held
    i = n * 0
    while i < n:
        if i > 0:
            x = shift(x) * 0.5
        held = x * i
        i = i + 1
    return x


def first_bound_by_nonlocal(x, n):
    def step(y, first):
        nonlocal kept
        if not first:
            y = y * 0.5 + kept
        kept = ops.sin(y)
        return y
    i = n * 0
    while i < n:
        x = step(x, i == 0)
        i = i + 1
    return x
    kept = None


def first_bound_attribute(x, n):
    class Box:
        pass
    box = Box()
    i = n * 0
    while i < n:
        if i > 0:
            x = x + box.value
        box.value = x * 0.3
        i = i + 1
    return x


def first_bound_in_an_inner_loop(x, n, k):
    i = n * 0
    while i < n:
        j = k * 0
        while j < k:
            if j > 0:
                x = x + inner
            elif i > 0 and k > 0:
                x = x - inner
            inner = ops.sin(x)
            j = j + 1
        i = i + 1
    return x


def first_bound_before_a_break(x, n):
    i = n * 0
    while True:
        if i >= n:
            break
        if i > 0:
            x = x + last
        last = x * 0.5
        i = i + 1
    return x


def first_bound_in_a_long_loop(x, s):
    for j in range(40):
        if j > 0:
            x = ops.tanh(x) * 0.5 + last
        last = ops.sin(x) * ops.tanh(s) * 0.4
    return x


def first_bound_in_a_long_loop_by_a_tensor(x, s):
    for j in range(40):
        if j > 0 and s > 0:
            x = ops.tanh(x) * 0.5 + last
        last = ops.sin(x) * ops.tanh(s) * 0.4
    return x


def first_bound_or_unbound(x, n, s):
    i = n * 0
    while i < n:
        if s > 0 or i > 1:
            x = x + ops.tanh(last)
        last = x * 0.5
        i = i + 1
    return x


def first_bound_target_of_a_loop(x, n):
    for i in range(n):
        x = x + i
    return x * i


def first_bound_list(x, n):
    i = n * 0
    while i < n:
        if i > 0:
            items[0] = items[0] + 1
            x = x + items[0] * items[1]
        else:
            items = [x * 0.5, i + 2]
        i = i + 1
    return x


def first_bound_function(x, n):
    i = n * 0
    while i < n:
        if i > 0:
            x = f(x)
        f = ops.sin
        i = i + 1
    return x
