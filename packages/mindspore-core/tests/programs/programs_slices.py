"""Programs: slices between tensors, of a known length."""
# The programs are written as users write, not as a linter likes.
# ruff: noqa
from table import case
from world import Tensor, ops


def window_of_vector(v, k):
    return v[k:k + 2] * 2


def window_from_before(v, k):
    return v[k + 1 - 1:3 + k] - v[1 + k:k + 3][0]


def window_of_rows_and_columns(a, m, k):
    big = ops.cat([a, a * 2, a - 1])
    return big[k:k + 3] @ m


def window_on_both_axes(v, w, k):
    table = v.reshape(5, 1) * ops.cat([w, w])
    return table[k:k + 2, k + 1:k + 4]


def window_with_other_parts(v, w, k):
    table = v.reshape(5, 1) * w
    return table[k:k + 2, 1], table[..., None][1:, k:k + 1], table[-1, 0] * v[k:k + 1]


def window_with_step(v, k, i):
    v = ops.cat([v, v * 3])
    return v[k:k + 6:2] + v[k:k + 5:3][0], v[k + 5:k + 1:-2]


def window_from_the_end(v, k):
    j = k - 5
    return v[j:j + 2], v[j - 0:j + 1]


def window_that_is_empty(v, k, x):
    return v[k:k], x


def window_written(v, x, k):
    v[k:k + 3] = x
    return v


def window_of_rows_written(v, w, x, k):
    table = v.reshape(5, 1) * w
    table[k:k + 2] = x
    table[k + 1:k + 3, 1] = x[:2] * 10
    table[0, k:k + 1] += x[0]
    return table


def window_written_with_step(v, x, k):
    big = ops.cat([v, v])
    big[k + 6:k:-2] = x
    big[k:k + 4:3] *= 2
    return big


def window_in_a_branch(v, k, s):
    if s > 0:
        return v[k:k + 2]
    return v[k + 1:k + 3] * s


def window_in_a_loop(v, n, x):
    total = x[:2] * 0
    i = n * 0
    while i < 4:
        total = total + v[i:i + 2] * x[0]
        i = i + 1
    return total


def window_in_a_long_loop(x, v):
    data = ops.cat([v] * 10)
    total = x[0] * 0
    for j in range(40):
        total = ops.tanh(total) + (data[j:j + 4] * data[j + 1:j + 5]).sum()
    return total


def window_of_list(x, w, k):
    items = [x, w, x * 2, w * 2, x * 3]
    a, b = items[k:k + 2]
    return a - b, len(items[k + 1:k + 3])


def window_in_a_function(v, k):
    def part(data, start, count):
        return data[start:start + count]
    return part(v, k, 2) + part(v, k + 1, 2)


def window_by_variables(v, k):
    start = k
    stop = start + 1
    stop += 1
    return v[start:stop]


def moving_average(v, x):
    return ops.stack([v[j:j + 3].sum() for j in range(3)]) * x
