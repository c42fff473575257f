"""Numbers that depend on tensors, beside operators of which Python's refuse some: one error, with the line."""
import inspect

import numpy as np
import pytest

from mindspore import Tensor, grad, jit, vmap
from mindspore.runtime.device import use_backend


@pytest.fixture(autouse=True, params=["reference", "cpu"])
def backend(request):
    pytest.importorskip("mindspore_cpu" if request.param == "cpu" else "mindspore")
    with use_backend(request.param):
        yield request.param


def quotient(x, n):
    return x * (12 // int(n))


def true_quotient(x, n):
    return x * (1 / int(n))


def remainder(x, n):
    return x * (12 % int(n))


def both(x, n):
    return x * divmod(12, int(n))[0]


def float_quotient(x, n):
    return x * (1.5 / (0.5 * int(n)))


def in_place(x, n):
    k = 12
    k //= int(n)
    return x * k


def in_a_loop(x, n):
    k = int(n)
    total = 0
    while total < 3:
        total = total + 1 + 3 // k
    return x * total


@pytest.mark.parametrize("program", [quotient, true_quotient, remainder, both, float_quotient, in_place, in_a_loop],
                         ids=lambda program: program.__name__)
def test_a_division_by_zero_is_pythons_error(program):
    compiled = jit(program, fullgraph=True)
    lines = inspect.getsourcelines(program)
    first, last = lines[1], lines[1] + len(lines[0]) - 1
    for function in (program, compiled):
        np.testing.assert_allclose(function(Tensor(2.0), Tensor(3)).asnumpy(), program(2.0, 3), rtol=1e-6)
        with pytest.raises(ZeroDivisionError, match="division|modulo") as caught:
            function(Tensor(2.0), Tensor(0)).asnumpy()
        np.testing.assert_allclose(function(Tensor(2.0), Tensor(4)).asnumpy(), program(2.0, 4), rtol=1e-6)
    line = int(str(caught.value).split("in line ")[1].split()[0])
    assert first <= line <= last and __file__ in str(caught.value)


@pytest.mark.parametrize("program, text", [
    (lambda x, k: x * 2 ** int(k), r"to the power -1, which is a float; write float\(x\) \*\* k"),
    (lambda x, k: x * pow(2, int(k)), "to the power -1"),
    (lambda x, k: x * (8 << int(k)), "negative shift count"),
    (lambda x, k: x * (8 >> int(k)), "negative shift count"),
], ids=["**", "pow", "<<", ">>"])
def test_negative_operands_are_refused_where_the_graph_runs(program, text):
    compiled = jit(program, fullgraph=True)
    assert compiled(Tensor(3.0), Tensor(2)).asnumpy() == program(3.0, 2)
    with pytest.raises(ValueError, match=text):
        compiled(Tensor(3.0), Tensor(-1)).asnumpy()


def test_a_branch_that_is_not_taken_divides_by_nothing():
    @jit(fullgraph=True)
    def program(x, n):
        k = int(n)
        return x * (12 // k if k != 0 else -1)
    assert program(Tensor(2.0), Tensor(0)).asnumpy() == -2
    assert program(Tensor(2.0), Tensor(5)).asnumpy() == 4


def test_gradients_and_lanes_pass_checks_by():
    def program(x, n):
        k = 0
        while n > 0:
            n = n - 1
            k = k + 1
        return x * x * (12 // k)
    assert jit(grad(program))(Tensor(3.0), Tensor(4)).asnumpy() == 18
    with pytest.raises(ZeroDivisionError):
        jit(grad(program))(Tensor(3.0), Tensor(0)).asnumpy()
    lanes = jit(vmap(program, (0, 0)))
    np.testing.assert_array_equal(lanes(Tensor([1.0, 2.0]), Tensor([3, 12])).asnumpy(), [4, 4])
    with pytest.raises(ZeroDivisionError):
        lanes(Tensor([1.0, 2.0]), Tensor([3, 0])).asnumpy()


def test_an_error_inside_of_a_try_reaches_its_handler():
    @jit(fullgraph=True)
    def program(x, n):
        total = 0
        for j in range(4):
            try:
                total += 6 // (int(n) - j)
            except ZeroDivisionError:
                total += 100
        return x * total
    assert program(Tensor(1.0), Tensor(2)).asnumpy() == 3 + 6 + 100 - 6
    assert program(Tensor(1.0), Tensor(9)).asnumpy() == sum(6 // (9 - j) for j in range(4))
