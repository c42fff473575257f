"""Programs: builtin functions, `match` and filters that decide by tensors."""
# The programs are written as users write, not as a linter likes.
# ruff: noqa
from table import case
import numpy as np
from table import case
from world import Cell, CellList, Parameter, Tensor, ops


def any_of_generator(v, x):
    return x * 2 if any(e > 1 for e in v) else x * 3


def all_of_generator_and_known(v, x):
    return x * 2 if all(e > -1.35 for e in v) and not any([False, None, v[0] > 1]) else x


def any_of_filtered(v, x):
    y = x * 2 if any(e > 1 for e in v if e > 0) else x
    return y + 1 if all(e < 1 for e in v if e > 0.5) else y


def largest_and_smallest(x, v):
    return max(x[0], x[1]) * v + min(x[1], x[2]) + abs(x[0]) * max(v)


def smallest_by_key(v, x):
    return min(v, key=lambda e: e * e) * x + max((e for e in v), key=lambda e: -e)


def largest_beside_a_number(x):
    return max(x[0], 0.45) * x + min(1.0, x[1], x[2])


def largest_of_filtered_or_default(x):
    return max((e * e for e in x if e > 0.5), default=x[0] * 0.1)


def running_maximum(v, x):
    best = v[0]
    for e in v:
        best = max(best, e * 0.9)
    return best * x


def sorted_tensors(x):
    a, b, c = sorted([x[2], x[0], x[1]])
    return a + 2 * b + 3 * c


def sorted_by_key_in_reverse(v):
    a, b, *rest = sorted(v, key=lambda e: -e * e, reverse=True)
    return a * 3 + b * 2 + rest[0] - rest[2] * 0.5


def sorted_is_stable(x):
    pairs = [(x[0] * 0, 1), (x[1] * 0, 2), (x[2] * 0 - 1, 3), (x[1] * 0, 4)]
    return x, [number for _, number in sorted(pairs, key=lambda pair: pair[0])]


def list_sorted_in_place(x, w):
    pairs = [(x[0], w[0]), (x[1], w[1]), (x[2], w[2])]
    pairs.sort(key=lambda pair: pair[0], reverse=True)
    return pairs[0][1] * 3 + pairs[1][1]


def sum_of_filtered(v, x):
    return sum(e * x for e in v if e > 0.25)


def sum_of_filtered_list(v):
    return sum([e * e for e in v if e > 0])


def sum_of_two_filtered_loops(x, w):
    return sum(a * b for a in x if a > 0 for b in w if b < a)


def length_of_filtered(v, x):
    return x * len([e for e in v if e > 0.5]), len(tuple(e for e in v if e < 0.5))


def first_of_filtered(v, x):
    found = [e for e in v if e > 1]
    return found[0] * x if found else x


@case(grad=False)
def numbers_of_tensors(x, s):
    return x * float(s) + int(x[0] * 3) + bool(x[1] > 0.3) + float(2)


def range_by_int_of_tensor(x, s):
    y = x
    for j in range(int(ops.abs(s) * 4)):
        y = y * 0.9 + j
    return y


def match_tensor_with_guards(x, s):
    match s:
        case z if z > 1:
            y = x * z
        case z if z < 0:
            y = x - z
        case _:
            y = x * 5
    return y


def match_items_of_tensors(k, n, x):
    match [k, n]:
        case [1, 3]:
            return x * 2
        case [2, b] if b < 1:
            return x * 3 + b
        case [a, _]:
            return x * 5 - a


def match_alternatives(k, x):
    match k:
        case 1 | 2:
            return x * 2
        case 0:
            return x * 3
    return x


def match_none_or_tensor(x, s):
    y = None
    if s > 0:
        y = x * s
    match y:
        case None:
            return x * 7
        case _:
            return y * 2


def match_kind_of_index(x, w):
    for j in range(40):
        match j:
            case int():
                x = ops.tanh(x * w + 0.01 * j) + ops.sin(x)
            case _:
                x = x * 0
    return x


def match_value_of_index(x):
    for j in range(40):
        match j:
            case 0:
                x = x * 2 + ops.sin(x)
            case _ if j < 5:
                x = ops.sin(x) * 0.01 + j * 0.1 + x
            case _:
                x = ops.cos(x) * 0.01 + j * 0.001 + x
    return x


def identity_of_flag_of_index(x):
    for j in range(40):
        is_first = j == 0
        if is_first is True:
            x = x * 2 + ops.sin(x)
        else:
            x = ops.sin(x) * 0.001 + j * 0.001 + x
    return x


def kind_of_index(x):
    for j in range(40):
        x = ops.tanh(x) + ops.sin(x) * (2 if isinstance(j, int) else 3) * (1 if type(j) is int else 6)
    return x


def best_of_a_loop(v, x):
    best = None
    for e in ops.cat((v, v * 2, v - 1)):
        if e > 4:
            break
        if best is None or e > best:
            best = e
    return best * x if best is not None else x


def function_of_a_long_list(x, w, i):
    def scaled(k):
        return lambda y: y * (k + 1)

    functions = [scaled(k) for k in range(60)]
    return functions[i[0] * 20](x) + functions[-1 - i[1]](w)


def function_of_a_dict(x, w, n):
    functions = {0: lambda y: y + 1, 3: lambda y: y * w, 5: lambda y: y * y}
    return functions[int(n)](x)


@case(factory=True)
def cell_of_a_long_list():
    class Scale(Cell):
        def __init__(self, k):
            super().__init__()
            self.weight = Parameter(Tensor(np.array(k * 0.1 + 1.0)), name=f"weight{k}")

        def construct(self, y):
            return y * self.weight

    class Net(Cell):
        def __init__(self):
            super().__init__()
            self.experts = CellList([Scale(k) for k in range(70)])

        def construct(self, x, w, i):
            return self.experts[i[0] * 23](x) + self.experts[-1 - i[2]](w)

    return Net()


def index_out_of_a_list(x, w, n):
    values = [x, w, x * w, x + w]
    try:
        return values[n]
    except IndexError:
        return -x


def constant_index_out_of_range(x, w):
    values = [x, w]
    try:
        if x.sum() > 0:
            return values[2]
    except IndexError as error:
        print(error)
    return values[-2]
