"""Programs that cannot be compiled. Each function takes a tensor of shape (3,); `faulty_programs.txt` has the error
that each of them gives, in full."""
# ruff: noqa: E731
import asyncio
import copy
import json
import math
import threading

import numpy as np

import mindspore as ms
from mindspore import Tensor, ops

SETTINGS = {"mode": 1}


class Box:
    def __init__(self, value):
        self.value = value

    def __bool__(self):
        return self.value.sum() > 0


def helper(x):
    return inner_helper(x) + 1


def inner_helper(x):
    return x.sum().tolist()


def list_of_tensor(x):
    return x * x.sum().tolist()


def array_of_tensor(x):
    return x + x.asnumpy()[0]


def complex_of_tensor(x):
    return complex(x[0])


def tolist_of_tensor(x):
    return sum(x.tolist())


def asnumpy_of_tensor(x):
    return Tensor(x.asnumpy() * 2)


def numpy_function(x):
    return Tensor(np.sin(x))


def math_function(x):
    return math.sqrt(x.sum())


def tensor_from_traced_list(x):
    return Tensor([x[0], x[1]])


def called_two_deep(x):
    y = x + 1
    return helper(y)


def in_a_lambda(x):
    scale = lambda y: y * y[0].tolist()
    return scale(x)


def in_a_comprehension(x):
    return [v.tolist() for v in x]


def in_a_generator_expression(x):
    return sum(v.tolist() for v in x)


def in_a_default_argument(x):
    def inner(y, factor=x[0].tolist()):  # noqa: B008
        return y * factor

    return inner(x)


def in_a_class_body(x):
    class Inner:
        attribute = x[0].tolist()

    return Inner.attribute


def in_a_method(x):
    class Inner:
        def run(self, y):
            return y[0].tolist()

    return Inner().run(x)


def in_a_loop_on_a_tensor(x):
    while x.sum() < 10:
        x = x + x[0].tolist()
    return x


def in_a_branch(x):
    if x.sum() > 0:
        x = x * x.asnumpy()
    return x


def in_a_gradient(x):
    return ms.grad(lambda y: y.sum() * y[0].tolist())(x)


def slice_bound(x):
    return x[: x[0].astype(ms.int32)]


def shape_from_tensor(x):
    return ops.zeros((x[0].astype(ms.int32), 2), ms.float32)


def reshape_by_tensor(x):
    return x.reshape((x[0].astype(ms.int32), -1))


def many_elements_if(x):
    if x > 0:
        return x
    return -x


def many_elements_while(x):
    while x < 10:
        x = x + 1
    return x


def many_elements_conditional(x):
    return x if x > 0 else -x


def many_elements_assert(x):
    assert x > 0
    return x


def many_elements_and(x):
    return x > 0 and x < 1


def many_elements_not(x):
    return not x


def loop_changes_shape(x):
    while x.sum() < 10:
        x = ops.concat((x, x))
    return x


def name_of_a_loop(x):
    while x.sum() < 10:
        y = {x.sum(): x}
        x = x + 1
    return y


def object_of_each_trip(x):
    class Box:
        def __init__(self, value):
            self.value = value

    box = Box(x)
    while box.value.sum() < 10:
        box = Box(box.value + 1)
    return box.value


def generator_as_target(x):
    yield x


def generator_asked_for_the_next(x):
    def positive():
        for v in x:
            if v > 0:
                yield v

    return next(positive())


def yield_in_an_expression(x):
    def numbers():
        y = x + (yield x)
        yield y

    return list(numbers())


def generator_advanced_in_a_branch(x):
    def numbers():
        yield x
        yield x + 1

    found = numbers()
    if x.sum() > 0:
        x = x * next(found)
    return x


def coroutine_function(x):
    async def wait():
        return x

    return asyncio.run(wait())


def thread(x):
    worker = threading.Thread(target=print, name="worker")
    worker.start()
    return x


def length_of_text(x):
    return x * len(f"{x}")


def comparison_of_text(x):
    return x if str(x) == "1" else -x


def upper_case_of_text(x):
    return f"{x}".upper()


def subscript_of_text(x):
    return f"{x.sum()}"[0]


def text_as_key(x):
    return {f"{x}": 1}


def number_from_text(x):
    return "a" in f"{x.max():.2f}"


def format_of_text(x):
    return f"{f'{x}':>10}" * 2


def eval_of_a_decision(x):
    return eval("x if x.sum() > 0 else -x")


def exec_of_a_decision(x):
    found = {"x": x}
    exec("y = x\nif x.sum() > 0:\n    y = -x", found)
    return found["y"]


def made_without_source(x):
    namespace = {}
    exec("def made(x):\n    return x if x.sum() > 0 else -x", namespace)
    return namespace["made"](x)


def pickled(x):
    return copy.copy(json.dumps(x.tolist()))


def truth_of_an_object(x):
    found = []
    for _ in range(2):
        found.append(1.0 if Box(x) else x.item(0))
    return found[0]


def iterator_in_a_branch(x):
    numbers = iter([1, 2, 3])
    if x.sum() > 0:
        x = x * next(numbers)
    return x + next(numbers)


def unique_elements(x):
    return ops.unique(x)


def places_of_elements(x):
    return ops.nonzero(x)


def masked_elements(x):
    return x[x > 0]


def elements_by_mask(x):
    return ops.masked_select(x, x > 0)


def index_of_a_list(x):
    return list(range(3))[x.sum().astype(ms.int32):]


def bytes_of_tensor(x):
    return bytes(x[0].astype(ms.int32))


def divided_numbers(x):
    return divmod(7, x[0].tolist())


def formatted_by_hand(x):
    return x * round(x.sum().tolist(), 2)


def repeated_list(x):
    return [x] * x[0].tolist()


def array_in_a_loop_on_a_tensor(x):
    while x.sum() < 10:
        x = x + x.asnumpy().max()
    return x


def list_in_a_branch(x):
    if x.sum() > 0:
        return x * x.tolist()[0]
    return x


def array_in_a_closure(x):
    def inner():
        return x.asnumpy()

    return inner()


def range_of_a_list(x):
    return x * sum(range(len(x.tolist())))


def named_by_a_tensor(x):
    return getattr(x, f"item{x.tolist()[0]}")


def continuation_in_a_recursion(x):
    def go(y, then):
        if y.sum() > 100:
            return then(y)
        return go(y * 2, lambda z: then(z) + 1)

    return go(x, lambda z: z)


def stacked_by_numpy(x):
    return np.stack([x, x])


def concatenated_by_numpy_in_a_branch(x):
    if x.sum() > 0:
        return Tensor(np.concatenate([x, x]))
    return x
