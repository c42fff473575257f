"""Iterators without an end, and items that a bool chooses."""
import itertools


def counts_until_a_number(x):
    for k in itertools.count():
        if k > 5:
            break
        x = x * 0.5 + k
    return x


def counts_until_a_tensor(s):
    for k in itertools.count(1, 2):
        s = s + k
        if s > 20:
            break
    return s * 2


def counts_until_a_return(s):
    for k in itertools.count(3):
        if s * k > 10 or k > 30:
            return s * k
        s = s + 0.25


def cycles(x):
    for k in itertools.cycle([1.0, -0.5, 2.0]):
        x = x * k
        if k == 2.0:
            break
    else:
        x = x * 100
    return x


def repeats_with_counted_pairs(x):
    total = x * 0
    for k, w in zip(itertools.count(10), [1.0, 2.0, 3.0]):
        total = total + x * k * w
    return total


def item_by_a_decided_bool(x):
    return [10.0, 20.0][bool(x.sum() > 0)] * x


def function_by_a_decided_bool(x):
    return (lambda v: v * 2, lambda v: v * v)[bool(x.sum() > 0)](x)
