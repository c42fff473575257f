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


def sum_over_a_list_that_a_decision_extended(x):
    rows = [x, x + 1]
    if x.sum() > 0:
        rows.extend([x * 2, x - 3])
    return sum(each * each for each in rows), sum((x for _ in rows), x)


def largest_of_a_list_that_a_decision_rebound(x):
    rows = [x, x - 1]
    if x.sum() > 0:
        rows = [*rows, x + 2]
    return max(each.sum() for each in rows), min((each[0] for each in rows), default=x[0])


def any_of_a_list_that_a_decision_extended(x):
    rows = [x]
    if x.sum() > 0:
        rows.append(x + 10)
    return x * any(each.sum() > 9 for each in rows), x * all(each.sum() > -9 for each in rows)


def pairs_with_a_list_that_a_decision_extended(x):
    rows = [x]
    if x.sum() > 0:
        rows.append(x + 10)
    return sum(a * b * k for k in (1.0, 2.0) for a in rows for b in rows), tuple(k * a for k, a in enumerate(rows))[0]


def generator_expression_of_a_list_that_changes_before_it_is_asked(x):
    rows = [x]
    items = (each * 2 for each in rows)
    if x.sum() > 0:
        rows.append(x + 10)
    return sum(items)


def list_that_grows_while_a_loop_goes_over_it(x):
    rows, total = [x], x * 0
    for row in rows:
        if row.sum() > 100:
            break
        if len(rows) < 4:
            rows.append(row * 0.5)
        total = total + row
    return total


def list_that_grows_in_the_decision_that_leaves(x):
    rows, total = [x, x + 1], x * 0
    for k, row in enumerate(rows):
        if row.sum() > 0:
            rows.append(row - 1)
            break
        total = total + row * k
    return total + len(rows)


def views_of_a_dict_that_decisions_extended(x):
    rows = {"a": x}
    if x.sum() > 0:
        rows["b"] = x + 1
    keys, values, items = rows.keys(), rows.values(), rows.items()
    if x[0] > 0:
        rows["c"] = x * 2
    total = x * 0
    for key, row in items:
        total = total + row * len(key)
    return total * len(keys), sum(values), "c" in keys, sum(row * row for row in values)


def texts_of_a_list_that_a_decision_extended(x):
    names = ["a"]
    if x.sum() > 0:
        names.append("b")
    return x * len(", ".join(names))


def list_chosen_by_one_decision_and_extended_by_another(x):
    first, second = [x], [x + 1, x * 2]
    chosen = first if x.sum() > 0 else second
    if x[0] > 0:
        first.append(x - 1)
        second.append(x * x)
    return sum(each for each in chosen) * len(chosen), sum(chosen)
