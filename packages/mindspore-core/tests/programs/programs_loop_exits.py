"""Programs: loops that are left from inside: `return`, `break`, `else`, and conditions that change something."""
# The programs are written as users write, not as a linter likes.
# ruff: noqa


def return_from_while(x, w):
    while x.sum() < 10:
        x = x * 1.5 + 1
        if x.max() > 3:
            return x * w
    return x + w


def return_from_while_in_if(x, w):
    if x.sum() > 0:
        while x.sum() < 10:
            x = x + w * w + 0.5
            if x.max() > 4:
                return x * 2
        x = x * w
    return x - w


def return_of_pair_from_while(x, w):
    def walk(y):
        j = 0
        while y.sum() < 20:
            y = y * 1.4 + 1
            j = j + 1
            if y.min() > 3:
                return y * w, 1.0
        return y, 2.0 * j

    a, b = walk(x)
    return a * b


def return_from_inner_while(x, w):
    while x.sum() < 30:
        y = x
        while y.sum() < 12:
            y = y * 1.3 + 1
            if y.max() > 6:
                return y * w
        x = x + y * 0.5 + 1
    return x


def return_from_for_in_while(x, w):
    while x.sum() < 30:
        for j in range(3):
            x = x + j * w * w + 0.3
            if x.max() > 5:
                return x * (j + 1)
        x = x + 1
    return x - w


def return_from_while_in_for(x, w):
    for j in range(3):
        while x.sum() < 4 * j:
            x = x + 0.7
            if x.max() > 3.1:
                return x * w * j
        x = x * 1.1
    return x


def break_or_return(x, w):
    j = 0
    while j < 12:
        j = j + 1
        if x.sum() > 9:
            return x * j
        if x.max() > 2.5:
            break
        x = x * 1.2 + w * w
    return x * w + j


def break_and_return_on_both_sides(x, w):
    while True:
        if x.sum() > 6:
            break
        else:
            x = x + 1
            if w.sum() > 1:
                return x * w
    return x


def return_on_every_path(x):
    while True:
        if x.sum() > 8:
            return x * x
        elif x.max() > 2.9:
            return -x
        x = x * 1.3 + 0.5


def continue_before_return(x, w):
    j = 0
    while j < 8:
        j += 1
        if x.max() < 1.5:
            x = x + 0.6
            continue
        x = x * w
        if x.sum() < 0:
            return x - j
    return x + j


def else_without_break_taken(x, w):
    while x.sum() < 10:
        x = x + 1
        if x.sum() > 100:
            break
    else:
        x = x * w
    return x


def else_that_depends_on_break(x, w):
    while x.sum() < 6:
        x = x * 1.5 + 1
        if x.max() > 3:
            break
    else:
        x = x * w + 10
    return x - w


def else_that_returns(x, w):
    while x.sum() < 6:
        x = x * 1.5 + 1
        if x.max() > 3:
            break
    else:
        return x * w
    return x + 5


def else_with_return_in_body(x, w):
    while x.sum() < 6:
        x = x * 1.5 + 1
        if x.max() > 3.5:
            return x
        if x.min() > 1.2:
            break
    else:
        x = x + w
    return x * w


def break_in_both_loops(x, w):
    while x.sum() < 40:
        y = x * 0.5
        while True:
            y = y + w * w + 0.4
            if y.max() > 3:
                break
        x = x + y
        if x.max() > 9:
            break
    return x * w


def while_true_with_two_breaks(x, w):
    j = 0
    while True:
        j = j + 1
        if j > 5:
            break
        x = x + w * w
        if x.sum() > 7:
            break
    return x * j


def while_true_continue_break(x):
    j = 0
    while True:
        j = j + 1
        if x.max() < 2:
            x = x + 0.75
            continue
        x = x * 1.1
        if x.sum() > 5:
            break
    return x * j


def tensor_after_some_static_trips(x, w):
    j = 0
    while j < 3 or x.sum() < 12:
        x = x + w * w + 0.2
        j += 1
    return x * j


def static_break_then_tensor_break(x, w):
    j = 0
    while True:
        j += 1
        if j < 3:
            x = x * 1.1
            continue
        if x.sum() + j > 6:
            break
        x = x + w * w
    return x + j


def walrus_in_while_condition(x, w):
    while (y := x.sum()) < 10:
        x = x + w * w + 1
    return x * y


def walrus_counts(x, w):
    j = 0
    while (j := j + 1) < x.sum():
        x = x * w
    return x * j


def walrus_with_break(x, w):
    j = 0
    while (j := j + 1) < 9:
        x = x + w * w
        if x.sum() > 6:
            break
    else:
        x = x * 0.5
    return x * j


def condition_calls_a_closure_with_state(x, w):
    count = 0

    def small():
        nonlocal count
        count = count + 1
        return x.sum() + count < 14

    while small():
        x = x + w * w
    return x * count


def sum_and_count_in_condition(x, w):
    j = 0
    while x.sum() < 10 and j < 4:
        x = x + w * w + 0.5
        j += 1
    return x * (j + 1)


def either_operand_in_condition(x, w):
    j = 0
    while j < 2 or (x.max() < 3 and j < 6):
        x = x * 1.2 + 0.1
        j += 1
    return x * w + j


def not_in_condition(x):
    while not x.sum() > 5:
        x = x + 1
    return x


def chained_condition(x, w):
    while -5 < x.sum() < 9:
        x = x * 1.3 + w * w + 0.1
    return x


def condition_of_a_function(x, w):
    def far(y, limit):
        return (y * y).sum() > limit

    while not far(x, 20.0):
        x = x * 1.4 + 0.3
    return x * w


def return_none_from_while(x, w):
    found = [x]

    def grow(y):
        while y.sum() < 9:
            y = y + w * w + 1
            if y.max() > 4:
                return
        return

    grow(x)
    return found[0] * w


def return_of_a_number(x, w):
    def steps(y):
        j = 0
        while y.sum() < 15:
            y = y * 1.3 + 1
            j += 1
            if j > 3:
                return 10
        return j

    return x * steps(x)


def loop_after_a_loop_with_return(x, w):
    while x.sum() < 5:
        x = x + 0.9
        if x.min() > 1.3:
            return x
    while x.sum() < 15:
        x = x * 1.5 + 0.2
        if x.max() > 8:
            return x * w
    return x + w


def return_through_with_nothing_after(x, w):
    y = x
    while y.max() < 5:
        y = y * 1.2 + 1
        if y.sum() > 9:
            if w.sum() > 0.5:
                return y
            y = y + 1
    else:
        y = y - w
    return y * 3


def early_exit_from_for_over_list(x, w):
    for scale in [0.5, 1.5, 2.0, 3.0]:
        x = x * scale + w * w
        if x.sum() > 4:
            return x + scale
    return x


def loop_in_lambda_call(x, w):
    step = lambda y: y * 1.2 + w * w
    while True:
        x = step(x)
        if x.sum() > 7:
            return step(x)


def collatz(n):
    n = n + 6
    j = 0
    while n > 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        j += 1
        if j > 30:
            return j + 100
    return j
