"""The derivative by an integer input: in integers, where it is asked for, in both modes, through control flow."""
import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, jit, nn, ops
from mindspore.gradient import grad, value_and_grad


def integer(value):
    return Tensor(np.array(value, np.int32))


@pytest.fixture(params=["graph", "pynative"])
def run(request):
    return jit if request.param == "graph" else lambda f: f


def test_polynomial(run):
    slope = run(grad(lambda x: x * x * 3 - x + 2))(integer(5))
    assert slope.dtype is ms.int32 and slope.item() == 29
    np.testing.assert_array_equal(run(grad(lambda x: (x * x).sum()))(integer([1, -2, 3])).asnumpy(), [2, -4, 6])


def test_by_several_inputs_of_unlike_dtypes(run):
    f = run(grad(lambda n, x, y: n * x + y, (0, 1, 2)))
    by_n, by_x, by_y = f(integer(3), Tensor(2.0), integer(4))
    assert by_n.dtype is ms.int32 and by_x.dtype is ms.float32
    assert (by_n.item(), by_x.item(), by_y.item()) == (2, 3.0, 1)


def while_loop(x, y):
    while x < 100:
        x = x * 2 + y
    return x


def branch(x, y):
    if x > y:
        return x * y
    return x - 3 * y


def static_loop(x, y):
    for k in range(12):
        x = x + y * k
    return x


def recursion(x, y):
    if y <= 0:
        return x
    return recursion(x * 2, y - 1)


@pytest.mark.parametrize(("f", "point", "expected"), [
    (while_loop, (3, 1), (32, 31)), (branch, (5, 2), (2, 5)), (branch, (1, 2), (1, -3)), (static_loop, (1, 1), (1, 66)),
    (recursion, (3, 4), (16, 0))], ids=["while", "then", "else", "scan", "recursion"])
def test_control_flow(run, f, point, expected):
    found = run(grad(f, (0, 1)))(*map(integer, point))
    assert tuple(g.item() for g in found) == expected


def test_second_order(run):
    assert run(grad(grad(lambda x: x * x * x)))(integer(4)).item() == 24


def test_a_float_that_is_cut_off_has_no_derivative(run):
    assert run(grad(lambda x: x.astype(ms.int32) * 2.0))(Tensor(1.5)).item() == 0.0
    assert run(grad(lambda n, x: n * 2 + x.astype(ms.int32), (0, 1)))(integer(1), Tensor(1.5))[1].item() == 0.0


def test_an_index_has_no_derivative(run):
    found = run(grad(lambda table, k: table[k] * 2, (0, 1)))(Tensor(np.ones(3, np.float32)), integer(1))
    np.testing.assert_array_equal(found[0].asnumpy(), [0, 2, 0])
    assert found[1].item() == 0


def test_floats_alone_are_as_before(run):
    value, slope = run(value_and_grad(lambda x, n: ops.relu(x) * n))(Tensor(2.0), integer(3))
    assert value.item() == 6.0 and slope.item() == 3.0


class Weighted(nn.Cell):
    """A Cell whose derivative is not what would be derived."""

    def construct(self, x, y):
        return 2 * x * x + y * y

    def bprop(self, x, y, out, dout):
        return dout * 7, dout * y


def hooked(x, y):
    z = x * y
    z.register_hook(lambda gradient: gradient * 10)
    return z * y


@pytest.mark.parametrize(("f", "expected"), [
    (Weighted(), ([7, 7], [3, -4])), (lambda x, y: Weighted()(x * y, y) * y, ([63, 112], [132, 692])),
    (hooked, ([90, 160], [66, -220]))], ids=["bprop", "bprop inside", "hook"])
def test_bprop_and_hooks(run, f, expected):
    for first in (integer([2, 5]), Tensor([2.0, 5.0])):
        found = run(grad(lambda x, y: f(x, y).sum(), (0, 1)))(first, integer([3, -4]))
        for slope, value, dtype in zip(found, expected, (first.dtype, ms.int32)):
            assert slope.dtype is dtype
            np.testing.assert_array_equal(slope.asnumpy(), value)
