"""Small functions whose graphs, and whose derivatives' graphs, are kept as text in `text/`.

Each is compiled for the arguments in `ARGUMENTS` that its parameters name.
"""
from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mindspore import Parameter, Tensor, ops
from mindspore.gradient import grad, value_and_grad
from mindspore.nn import Cell

ARGUMENTS = {
    "x": np.zeros(3, np.float32),
    "w": np.zeros(3, np.float32),
    "m": np.zeros((2, 3), np.float32),
    "a": np.zeros((3, 3), np.float32),
    "s": np.zeros((), np.float32),
    "n": np.zeros((), np.int64),
    "i": np.zeros(2, np.int64),
}


def arithmetic(x, w):
    return (x + w) * x / (w * w + 1.0)


def folded_constants(x):
    return x * (2.0 + 3.0) * 1.0 + 0.0


def shared_subexpressions(x, w):
    return (x * w) + (x * w) * ops.sin(x * w)


def broadcast(m, x, s):
    return m * x + s


def matrix_product(m, a):
    return m @ a


def reduction(m):
    return (m * m).sum(axis=1)


def softmax_loss(m, w):
    return (ops.softmax(m, -1) * w).sum()


def indexing(m, i):
    return m[0, 1:] * m[:, i][1]


def index_assignment(x, s):
    x[1] = s
    return x * x


def choice(x, s):
    if s > 0:
        return x * s
    return x - s


def choice_of_two_values(x, w, s):
    a, b = x, w
    if s > 0:
        a, b = b * s, a
    return a * b


def early_return(x, s):
    if s > 1:
        return x
    if s > 0:
        return x * s
    return x * x


def while_loop(x, n):
    j = n * 0
    while j < n:
        x = x * 0.5 + j
        j = j + 1
    return x


def while_with_break(x, s):
    while x.sum() < 10:
        x = x * 2 + 1
        if x[0] > s:
            break
    return x


def scan_of_static_loop(x, w):
    for _ in range(100):
        x = ops.tanh(x * w)
    return x


def loop_over_rows(m, x):
    for row in m:
        x = x * row
    return x


def range_of_tensor(x, n):
    for k in range(n):
        x = x + k
    return x


def recursion(x, n):
    def again(x, n):
        return x if n <= 0 else again(x * 0.5 + 1, n - 1)
    return again(x, n)


def gradient_inside(x):
    return x - 0.1 * grad(lambda a: (a * a * a).sum())(x)


def second_derivative(x):
    first = grad(lambda a: ops.sin(a).sum())
    return grad(lambda a: first(a).sum())(x)


def value_and_gradient(x, w):
    return value_and_grad(lambda a: ((a - w) ** 2).sum())(x)


def function_chosen(x, s):
    f = ops.sin if s > 0 else ops.cos
    return f(x)


def printed(x, s):
    if s > 0:
        print("positive", s)
    return x * s


class Layer(Cell):
    def __init__(self):
        super().__init__()
        self.weight = Parameter(np.ones((3, 3), np.float32), name="weight")
        self.calls = Parameter(np.zeros((), np.float32), name="calls")

    def construct(self, x):
        self.calls = self.calls + 1
        return ops.relu(x @ self.weight)


def layer(x):
    return LAYER(x)


def raised(x, s):
    if s < 0:
        raise ValueError("negative")
    return x * s


LAYER = Layer()
FUNCTIONS: list[Callable] = [
    arithmetic, folded_constants, shared_subexpressions, broadcast, matrix_product, reduction, softmax_loss, indexing,
    index_assignment, choice, choice_of_two_values, early_return, while_loop, while_with_break, scan_of_static_loop,
    loop_over_rows, range_of_tensor, recursion, gradient_inside, second_derivative, value_and_gradient,
    function_chosen, printed, layer, raised,
]


def arguments(function: Callable) -> list[Tensor]:
    """The tensors that a function is compiled for."""
    names = function.__code__.co_varnames[:function.__code__.co_argcount]
    return [Tensor(ARGUMENTS[name]) for name in names]
