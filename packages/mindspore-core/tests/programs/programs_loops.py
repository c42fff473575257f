"""Programs: `while`, `for`, `break`, `continue`, `else` on loops."""
# The programs are written as users write, not as a linter likes.
# ruff: noqa
from world import Tensor, ops


def while_on_tensor(x):
    while x.sum() < 10:
        x = x * 1.5 + 1
    return x


def while_with_counter(x, n):
    j = 0
    while j < n:
        x = x * 0.5 + j
        j = j + 1
    return x


def while_static(x):
    j = 0
    while j < 4:
        x = x * 1.1 + j
        j += 1
    return x


def while_two_conditions(x, n):
    j = 0
    while x.sum() < 20 and j < n:
        x = x + 2
        j += 1
    return x, j


def while_break(x):
    while x.sum() < 30:
        x = x + 1
        if x.max() > 4:
            break
        x = x * 1.2
    return x


def while_true_break(x, s):
    while True:
        x = x * 2 + 1
        if x.sum() > 12:
            break
    return x * s


def while_continue(x, n):
    j = n * 0
    while j < n:
        j = j + 1
        if j == 2:
            continue
        x = x + j
    return x


def while_else(x, n):
    j = n * 0
    while j < n:
        j = j + 1
        x = x + 1
    else:
        x = x * 2
    return x


def while_else_with_break(x, n):
    j = n * 0
    while j < n:
        j = j + 1
        x = x + 1
        if j > 3:
            break
    else:
        x = x * 2
    return x


def while_return(x):
    while x.sum() < 20:
        x = x + 1
        if x.max() > 3:
            return x * 2
    return x


def while_in_while(x, n):
    j = n * 0
    while j < n:
        k = j * 0
        while k < j:
            x = x + k
            k = k + 1
        x = x * 1.1
        j = j + 1
    return x


def while_never_entered(x):
    while x.sum() > 100:
        x = x / 2
    return x


def while_carries_tuple(x, w):
    pair = (x, w)
    while pair[0].sum() < 8:
        pair = (pair[0] + 1, pair[1] * 0.9)
    return pair[0] * pair[1]


def while_first_bound_inside(x, n):
    j = n * 0
    last = x * 0
    while j < n:
        last = x * j
        j = j + 1
    return last


def while_fibonacci(n):
    a, b = n * 0, n * 0 + 1
    while n > 0:
        a, b = b, a + b
        n = n - 1
    return a


def while_newton(s):
    target = s * s + 1
    guess = target
    while (guess * guess - target) ** 2 > 1e-20:
        guess = (guess + target / guess) / 2
    return guess


def for_range(x):
    for j in range(4):
        x = x * 1.1 + j
    return x


def for_range_three_arguments(x):
    for j in range(7, -2, -3):
        x = x + j * x
    return x, j


def for_range_of_tensor(x, n):
    for j in range(n):
        x = x * 1.1 + j
    return x


def for_range_between_tensors(x, k, n):
    for j in range(k, n):
        x = x + j
    return x


def for_over_tensor(m):
    total = m[0] * 0
    for row in m:
        total = total * 2 + row
    return total


def for_over_vector(v):
    best = v[0]
    for each in v:
        if each > best:
            best = each
    return best


def for_over_list(x, w):
    y = x * 0
    for each in [x, w, x * w]:
        y = y * 0.5 + each
    return y


def for_over_tuple_of_pairs(x, w):
    y = x
    for scale, (a, b) in ((2, (x, w)), (3, (w, x))):
        y = y + scale * a - b
    return y


def for_over_dict(x, w):
    d = {"a": x, "b": w}
    y = x * 0
    for key in d:
        y = y + d[key] * len(key)
    for key, value in d.items():
        y = y * value if key == "a" else y - value
    for value in d.values():
        y = y + value
    return y


def for_over_string(x):
    for letter in "abc":
        x = x * (2 if letter == "b" else 1.5)
    return x


def for_enumerate(x, w):
    for j, each in enumerate([x, w, w], start=1):
        x = x + j * each
    return x


def for_enumerate_tensor(m):
    y = m[0]
    for j, row in enumerate(m):
        y = y + j * row
    return y


def for_zip(x, w, m):
    y = 0
    for a, b, j in zip([x, w], m, range(10)):
        y = y + a * b * j
    return y


def for_zip_tensors(x, w):
    y = 0
    for a, b in zip(x, w):
        y = y + a * b
    return y


def for_reversed(x, w):
    for each in reversed([x, w]):
        x = x * 0.5 + each
    return x


def for_break_static(x):
    for j in range(10):
        if j == 3:
            break
        x = x + j
    return x, j


def for_break_on_tensor(x):
    for j in range(6):
        x = x + 1
        if x.sum() > 9:
            break
    return x


def for_continue_on_tensor(x):
    for j in range(4):
        if x.sum() > 5:
            continue
        x = x * 1.5 + 1
    return x


def for_else_static(x):
    for j in range(3):
        if j == 5:
            break
    else:
        x = x * 2
    return x


def for_else_on_tensor(x):
    for j in range(4):
        x = x + 1
        if x.sum() > 12:
            break
    else:
        x = x * 2
    return x


def for_return_on_tensor(x):
    for j in range(5):
        if x.sum() > 6:
            return x * j
        x = x + 1
    return x - 1


def for_nested_break(x):
    for j in range(3):
        for k in range(3):
            if k > j:
                break
            x = x + k
            if x.sum() > 8:
                break
        x = x * 1.1
    return x


def for_with_empty_range(x):
    for j in range(0):
        x = x * 100
    return x


def for_changes_loop_variable(x):
    for j in range(3):
        j = j * 2
        x = x + j
    return x, j


def for_in_while(x, n):
    j = n * 0
    while j < n:
        for k in range(2):
            x = x + k * j
        j = j + 1
    return x


def while_in_for(x):
    for j in range(3):
        while x.sum() < 4 * j:
            x = x + 0.7
        x = x * 0.9
    return x


def if_in_while_in_if(x, s, n):
    if s > 0:
        j = n * 0
        while j < n:
            if x.sum() > 5:
                x = x - s
            else:
                x = x + s
            j = j + 1
    return x


def loop_over_range_list(x):
    for j in list(range(3)) + [7]:
        x = x + j
    return x


def loop_with_index_of_tensor(x, w):
    y = 0
    for j in range(3):
        y = y + x[j] * w[2 - j]
    return y


def loop_index_assignment(x):
    y = x * 0
    for j in range(3):
        y[j] = x[j] * (j + 1)
    return y


def loop_with_tensor_index(v, n):
    total = v[0] * 0
    j = n * 0
    while j < n:
        total = total + v[j] * j
        j = j + 1
    return total


def while_index_assignment(v, n):
    j = n * 0
    while j < n:
        v[j] = v[j] * j
        j = j + 1
    return v


def loop_augmented_assignment(x, w):
    for each in (w, x, w):
        x += each
        x *= 0.5
        x -= 1
    return x


def loop_accumulates_list(x):
    found = []
    for j in range(3):
        found.append(x * j)
    return ops.stack(found).sum(axis=0)


def while_true_name_bound_before_break(x, s):
    j = 0
    while True:
        j = j + 1
        if j > 2:
            break
        half = s * 0.5
        if ops.sin(s) > 0.4:
            break
        x = x * 2 + half
    return x


def for_over_vector_that_changes(x):
    for each in x:
        x[1:] = each
    return x * x


def tensor_made_in_each_trip(x, n):
    y, j = 1.0, n * 0
    while j < n:
        y = Tensor(2.5)
        j = j + 1
    return x + y


def tensor_made_in_each_trip_in_place_of_one(x, n):
    y, last, j = Tensor([0.5]), None, n * 0
    while j < n:
        y = Tensor([1.5])
        last = Tensor([1.0, 2.0, 3.0])
        j = j + 1
    return x * y if last is None else x * y + last


def condition_of_unlike_shapes(x, s):
    flag, row = s > 0, ops.stack([s, s])
    while flag:
        x = x + 1
        if x.sum() > 9:
            flag = (row > 9).all()
        else:
            flag = x[:1] > -5
    return x


def condition_of_unlike_kinds(x, s):
    flag = s > 0
    while flag:
        x = x + 1
        if x.sum() > 9:
            flag = []
        elif x.sum() > 5:
            flag = 1
        else:
            flag = x[:1]
    return x
