"""Programs: long static loops, whose trips are compiled as one where that is possible, and `for` over tensors."""
# The programs are written as users write, not as a linter likes.
# ruff: noqa
from world import Tensor, ops


def long_range(x, w):
    for j in range(40):
        x = ops.tanh(x * w) + 0.1
        x = x * 0.9 + w * 0.2
    return x


def long_range_uses_index(x, w):
    for j in range(40):
        x = ops.tanh(x * w + j * 0.01) + 0.3 ** j
        x = x * (1.0 / (j + 1)) + w * (j % 3)
    return x


def index_after_a_long_range(x):
    for j in range(3, 60, 2):
        x = ops.sin(x + j) * 0.9 + x * 0.05 - j * 0.001
    return x * j


def long_range_with_target_unused(x):
    n = 0
    for _ in range(30):
        x = ops.sin(x) * 0.9 + ops.cos(x) * 0.1
        n += 2
    return x * n


def counter_used_in_a_long_range(x, w):
    n = 5
    for j in range(25):
        x = ops.tanh(x * n * 0.1 + w) + n
        x = ops.sin(x) - 0.1 * n
        n = n - 3
    return x + n


def previous_index(x, w):
    last = -1
    for j in range(0, 40, 2):
        x = ops.sin(x + last * 0.1) + w * (j - last)
        x = ops.tanh(x)
        last = j
    return x + last


def rows_by_index(m, w):
    big = ops.cat((m, m * 2, m - 1, m * 0.5, m + 1, m * w))
    h = w
    for j in range(big.shape[0]):
        h = ops.tanh(h * 0.7 + big[j] * w)
        h = h + big[j] * 0.1
    return h


def rows_shifted(m, w):
    big = ops.cat((m, m * 2, m - 1, m * 0.5, m + 1, m * w))
    h = w
    for j in range(1, big.shape[0]):
        h = ops.tanh(h + big[j] - big[j - 1]) * w
        h = h - big[-j] * 0.2
    return h


def columns_by_index(m, w):
    wide = ops.cat((m, m * 2, m * 0.3, m + 1), 1)
    h = w[:2] * 1.0
    for j in range(wide.shape[1]):
        h = ops.tanh(h + wide[:, j]) + 0.1
        h = h * wide[0, j] + wide[..., j]
    return h


def for_over_a_long_tensor(m, w):
    big = ops.cat((m, m * 2, m - 1, m * 0.5, m + 1, m * w))
    h = w
    for row in big:
        h = ops.tanh(h * 0.5 + row) + w
        h = h * 0.8 + row * 0.1
    return h * row


def reversed_tensor(m, w):
    big = ops.cat((m, m * 2, m - 1, m * 0.5, m + 1, m * w))
    h = w
    for row in reversed(big):
        h = ops.tanh(h * 0.5 + row) + w
        h = h * 0.8 + row * 0.1
    return h


def enumerate_tensor(m, w):
    big = ops.cat((m, m * 2, m - 1, m * 0.5, m + 1, m * w))
    h = w
    for j, row in enumerate(big, 2):
        h = ops.tanh(h * 0.5 + row) + w * j
        h = h * 0.8 + row / j
    return h * j


def zip_of_tensors(m, w):
    big = ops.cat((m, m * 2, m - 1, m * 0.5, m + 1, m * w))
    h = w
    for a, b in zip(big, big * 0.5):
        h = ops.tanh(h * 0.5 + a) + b
        h = h * b + w
    return h


def zip_with_enumerate(m, w):
    big = ops.cat((m, m * 2, m - 1, m * 0.5, m + 1, m * w))
    h = w
    for j, (a, scale) in enumerate(zip(big, range(10, 100))):
        h = ops.tanh(h * 0.5 + a) + scale * 0.1
        h = h * w + j
    return h


def zip_of_unequal_lengths(m, w):
    big = ops.cat((m, m * 2, m - 1, m * 0.5, m + 1, m * w))
    h = w
    for a, b in zip(big[2:], reversed(big)):
        h = ops.tanh(h * 0.5 + a) + b
        h = h * b + w
    return h


def outputs_are_stacked(m, w):
    big = ops.cat((m, m * 2, m - 1, m * 0.5, m + 1, m * w))
    h, outs = w, []
    for j in range(12):
        h = ops.tanh(big[j] + h * w)
        outs.append(h * 2)
    return ops.stack(outs), h


def outputs_are_stacked_elsewhere(m, w):
    big = ops.cat((m, m * 2, m - 1, m * 0.5, m + 1, m * w))
    h, outs = w, []
    for row in big:
        outs.append(h)
        h = ops.tanh(row + h * w)
    return ops.stack(outs, 1) * 2


def outputs_of_two_lists(m, w):
    big = ops.cat((m, m * 2, m - 1, m * 0.5, m + 1, m * w))
    h, outs, pairs = w, [w], []
    for j, row in enumerate(big):
        h = ops.tanh(row + h * w)
        outs.append(h)
        pairs.append((j, row * h))
        pairs.append((j + 0.5, w))
    return outs[0] + outs[-1] * outs[5], len(outs), pairs[3][0] * pairs[4][1], len(pairs)


def outputs_are_read_in_the_loop(x, w):
    outs = [x]
    for j in range(12):
        outs.append(ops.tanh(outs[-1] * w) + len(outs))
    return ops.stack(outs)


def outputs_of_a_helper(x, w):
    outs = []

    def note(h):
        outs.append(h * w)

    for j in range(15):
        x = ops.sin(x * w + 1) + 0.2
        x = ops.tanh(x) * 1.1
        note(x)
    return ops.stack(outs).sum(0)


def some_trips_append(x, w):
    outs = []
    for j in range(15):
        x = ops.sin(x * w + 1) + 0.2
        if j % 2:
            outs.append(x)
    return ops.stack(outs)


def carried_tuple(x, w):
    state = (x, (w, x * w))
    for j in range(20):
        a, (b, c) = state
        state = (ops.tanh(b + c), (a * 0.9, ops.sin(c) + j * 0.1))
    return state[0] + state[1][0] * state[1][1]


def carried_dict_and_list(x, w):
    state = {"h": x, "c": [w, x * w]}
    for j in range(20):
        c, d = state["c"]
        state = {"h": ops.tanh(state["h"] + c), "c": [d * 0.9, ops.sin(c) + j * 0.1]}
    return state["h"] + state["c"][0] * state["c"][1]


def swapped_in_each_trip(x, w):
    for j in range(21):
        x, w = w, ops.tanh(x + w) + 0.1 * j
        x = x * 0.99 + ops.sin(w)
    return x - w


def starts_as_none(x, w):
    h = None
    for j in range(20):
        if h is None:
            h = x * 0.5
        h = ops.tanh(h + w) + ops.sin(h * x)
        h = h * 0.9
    return h


def starts_as_a_number(x, w):
    total = 0
    for j in range(20):
        x = ops.tanh(x + w) * 1.2 + 0.1 * j
        total = total + x * ops.sin(x)
    return total


def first_trip_differs(x, w):
    for j in range(20):
        if j == 0:
            x = x * 3
        else:
            x = ops.tanh(x + w)
        x = ops.sin(x) + j * 0.1
        x = x * 1.01
    return x


def last_trip_differs(x, w):
    for j in range(20):
        x = ops.sin(x) + j * 0.1
        x = ops.tanh(x + w)
        if j == 19:
            x = x * 100
    return x


def halves_differ(x, w):
    for j in range(40):
        x = ops.sin(x) + j * 0.1 if j < 20 else ops.cos(x * w) - j * 0.01
        x = ops.tanh(x + w)
    return x


def even_trips_differ(x, w):
    for j in range(20):
        if j % 2 == 0:
            x = ops.sin(x) + j * 0.1
        else:
            x = ops.cos(x * w) - j * 0.01
        x = ops.tanh(x + w)
    return x


def flag_is_cleared(x, w):
    first = True
    for j in range(20):
        if first:
            x = x + w
            first = False
        x = ops.tanh(x * w) + ops.sin(x)
        x = x + 0.1
    return x


def static_break_in_a_long_range(x, w):
    for j in range(100):
        if j == 25:
            break
        x = ops.tanh(x * w) + ops.sin(x)
        x = x + 0.1 * j
    else:
        x = x * 0
    return x * j


def static_continue_in_a_long_range(x, w):
    for j in range(30):
        x = ops.tanh(x * w) + ops.sin(x)
        if j > 12:
            continue
        x = x + 0.1 * j
    return x


def tensor_break_in_a_long_range(x, w):
    for j in range(100):
        x = x * 1.1 + w * w + 0.01 * j
        if x.sum() > 8:
            break
    return x * j


def tensor_break_and_else(x, w):
    for j in range(12):
        x = x + 0.2 * j
        if x.sum() > 30:
            break
    else:
        x = x * w
    return x


def tensor_return_in_a_long_range(x, w):
    for j in range(30):
        x = x * 1.1 + w * w + 0.01
        if x.sum() > 8:
            return x * j
    return x - 1


def tensor_continue_in_a_long_range(x, w):
    for j in range(30):
        x = ops.tanh(x) * 1.2 + w * 0.1
        if x.sum() > 0.5:
            x = x - 0.3
            continue
        x = x + 0.01 * j
    return x


def tensor_break_over_rows(m, w):
    big = ops.cat((m, m * 2, m - 1, m * 0.5, m + 1, m * w))
    h = w
    for j, row in enumerate(big):
        h = h + row * row
        if h.sum() > 6:
            break
    return h * row + j


def branch_in_a_long_range(x, w):
    for j in range(20):
        if x.sum() > 1:
            x = x * 0.5
        else:
            x = x + w * w + 0.1 * j
        x = ops.sin(x) * 1.5
    return x


def while_in_a_long_range(x, w):
    for j in range(15):
        y = x * 0.9 + 0.3
        while y.sum() < 2:
            y = y + w * w + 0.1
        x = ops.tanh(y) * w + 0.1 * j
    return x


def long_range_in_while(x, w):
    while x.sum() < 8:
        for j in range(12):
            x = x + 0.05 * ops.tanh(x + w) + 0.03
            x = x + 0.001 * j
    return x


def long_range_in_if(x, w):
    if x.sum() > 0:
        for j in range(12):
            x = ops.tanh(x + w) + 0.1 * j
            x = ops.sin(x) + w
    else:
        x = x * w
    return x


def long_range_in_a_long_range(x, w):
    for j in range(10):
        y = x * 0.5
        for k in range(12):
            y = ops.tanh(y * w + 0.1 * k) + 0.01 * j
            y = y + ops.sin(y)
        x = x + y * 0.1
    return x


def closure_in_a_long_range(x, w):
    def step(h, j):
        return ops.tanh(h * w + j * 0.1)

    for j in range(20):
        x = step(x, j) + step(x * 0.5, 2)
        x = x + 0.1
    return x


def nonlocal_in_a_long_range(x, w):
    h = x

    def step(j):
        nonlocal h
        h = ops.tanh(h * w + j * 0.1) + ops.sin(h)

    for j in range(20):
        step(j)
        step(0)
    return h


def list_of_tensors_by_index(x, w):
    weights = [w * 0.1 * (j + 1) for j in range(12)]
    for j in range(12):
        x = ops.tanh(x * weights[j] + weights[11 - j])
        x = x + ops.sin(x)
    return x


def list_of_numbers_by_index(x, w):
    scales = [0.5, 1.5, -0.3, 2.0, 0.1, 0.7, -1.2, 0.9, 1.1, 0.4]
    for j in range(10):
        x = ops.tanh(x * scales[j] + w)
        x = x * scales[-1 - j] + ops.sin(x)
    return x


def for_over_long_list_of_numbers(x, w):
    for scale in [0.5, 1.5, -0.3, 2.0, 0.1, 0.7, -1.2, 0.9, 1.1, 0.4]:
        x = ops.tanh(x * scale + w)
        x = x + ops.sin(x) * scale
    return x * scale


def for_over_long_dict(x, w):
    table = {j * 0.1: j + 1 for j in range(12)}
    for key, value in table.items():
        x = ops.tanh(x * key + w) + value
        x = ops.sin(x) * value
    return x


def shape_from_the_index(x, w):
    for j in range(1, 12):
        x = x + ops.ones((j, 3)).sum(0) * w
    return x


def index_as_a_type(x, w):
    for j in range(20):
        x = ops.sin(x * (2 if isinstance(j, int) else 0)) + w * (1 if type(j) is int else 5)
        x = x + 0.1
    return x


def text_of_the_index(x, w):
    for j in range(12):
        x = ops.sin(x + len(f"{j}")) + w
        x = x * 1.1
    return x


def index_assignment_in_a_long_range(x, w):
    out = ops.zeros((12, 3)) * x
    for j in range(12):
        x = ops.sin(x * w) + 0.1
        x = ops.tanh(x)
        out[j] = x
    return out


def integers_keep_their_dtype(i, n):
    for j in range(20):
        i = (i * 3 + j) % 7
        i = i + n * j - (i // 2)
        i = i % 11
    return i


def halved_numbers(x, w):
    for j in range(20):
        x = ops.tanh(x + w) * (j / 4) + (j // 3) * 0.1
        x = ops.sin(x) ** 2 + (-j) * 0.01
    return x


def set_and_list_of_indices(x):
    seen = set()
    for j in range(12):
        x = ops.sin(x + 0.1 * j)
        seen.add(j % 5)
    return x * len(seen)


def variable_changes_shape_in_the_first_trip(m, w):
    h = w
    for j in range(14):
        h = ops.tanh(h + m * 0.1 * j)
        h = h * w + 0.1
    return h


def worklist_grows(x):
    work = [0, 1, 2, 3, 4, 5, 6, 7, 8]
    for j in work:
        x = ops.sin(x + j)
        if j < 3:
            work.append(j + 10)
    return x * len(work)


def range_of_a_tensor(x, w, n):
    for j in range(n):
        x = x * 1.1 + w * j
    return x


def range_between_numbers_and_tensors(x, n, k):
    for j in range(k, n + 4, 2):
        x = x * 0.9 + j
    for j in range(n + 2, k, -1):
        x = x + 0.1 * j
    return x


def range_of_a_tensor_with_break(x, w, n):
    for j in range(n + 3):
        x = x + w * w
        if x.sum() > 4:
            break
    else:
        x = x * 10
    return x


def range_of_a_tensor_with_return(x, w, n):
    for j in range(n + 3):
        x = x + w * w
        if x.sum() > 4:
            return x * j
        if x.max() > 2.9:
            continue
        x = x + 0.1
    return x


def rows_by_range_of_a_tensor(m, w, k):
    h = w
    for j in range(k):
        h = h * 0.5 + m[j]
    return h


def enumerate_range_of_a_tensor(x, n):
    for j, value in enumerate(range(2, n + 4)):
        x = x + j * value
    return x


def zip_range_of_a_tensor(v, x, n):
    for a, j in zip(v, range(n)):
        x = x * 0.9 + a * j
    return x


def reversed_range_of_a_tensor(x, n):
    for j in reversed(range(1, n + 3)):
        x = x * 0.9 + j
    return x


def ranges_of_tensors_nest(x, n, k):
    for j in range(n):
        for l in range(k):
            x = x * 0.9 + j * l
        x = x + 0.1
    return x
