"""GradOperation, and gradients by arguments that are containers or the same tensor twice, in both modes."""
import numpy as np
import pytest

import mindspore as ms
from mindspore import Parameter, Tensor, jit, mutable, nn, ops
from mindspore.gradient import grad


@pytest.fixture(params=["graph", "pynative"])
def run(request):
    return jit if request.param == "graph" else lambda f: f


def tensor(*values):
    return Tensor(np.array(values, np.float32))


def weighted(pair, named, k):
    return (pair[0][0] * pair[1] * named["scale"] * k).sum()


def test_by_the_first_input(run):
    pair, named = ((tensor(1, 2), tensor(3, 4)), tensor(5, 6)), {"scale": tensor(2, 3)}
    (first, second), third = run(ops.GradOperation()(weighted))(pair, named, 2)
    np.testing.assert_array_equal(first.asnumpy(), [20, 36])
    np.testing.assert_array_equal(second.asnumpy(), [0, 0])
    np.testing.assert_array_equal(third.asnumpy(), [4, 12])


def test_by_all_inputs(run):
    pair, named = mutable([(tensor(1, 2),), tensor(5, 6)]), mutable({"scale": tensor(2, 3)})
    by_pair, by_name = run(ops.GradOperation(get_all=True)(weighted))(pair, named, 2)
    assert type(by_pair) is list and type(by_pair[0]) is tuple and list(by_name) == ["scale"]
    np.testing.assert_array_equal(by_pair[0][0].asnumpy(), [20, 36])
    np.testing.assert_array_equal(by_name["scale"].asnumpy(), [10, 24])


class Mixed(nn.Cell):
    """GradOperation in a Cell, of a function of tensors and containers."""

    def construct(self, x, pair, named, y):
        made = [x * 2, y]
        every = ops.GradOperation(get_all=True)
        return (every(lambda a, p, n, b: (a * p[0] * n["scale"] * b).sum())(x, pair, named, y),
                every(lambda a, p: (a * p[0] * p[1]).sum())(x, made))


@pytest.mark.parametrize("mode", [ms.GRAPH_MODE, ms.PYNATIVE_MODE])
def test_containers_are_constants_unless_mutable_made_them(mode):
    ms.set_context(mode=mode)
    x, y = tensor(1, 2), tensor(3, 4)
    (by_x, by_y), *_ = Mixed()(x, (y, x), {"scale": x}, y)
    assert by_x.asnumpy().tolist() == [9, 32] and by_y.asnumpy().tolist() == [3, 16]
    (by_x, by_pair, by_y), *_ = Mixed()(x, mutable((y, x)), {"scale": x}, y)
    assert by_pair[0].asnumpy().tolist() == [3, 16] and by_pair[1].asnumpy().tolist() == [0, 0]
    by_x, by_y = ops.GradOperation(get_all=True)(lambda a, p, b: (a * p[0] * b).sum())(x, [y], b=y)
    assert by_x.asnumpy().tolist() == [9, 16] and by_y.asnumpy().tolist() == [3, 8]
    assert ops.GradOperation()(lambda p: (p[0] * p[1]).sum())((x, y))[0].asnumpy().tolist() == [3, 4]


def test_a_container_made_in_a_graph_is_no_constant():
    ms.set_context(mode=ms.GRAPH_MODE)
    _, (by_x, by_made) = Mixed()(tensor(1, 2), (tensor(3, 4),), {"scale": tensor(1, 1)}, tensor(3, 4))
    assert by_x.asnumpy().tolist() == [6, 16] and by_made[1].asnumpy().tolist() == [2, 8]


def test_one_tensor_at_two_places_has_two_gradients(run):
    x = tensor(2, 3)
    by_first, by_second = run(grad(lambda a, b: (a * a * b).sum(), (0, 1)))(x, x)
    np.testing.assert_array_equal(by_first.asnumpy(), [8, 18])
    np.testing.assert_array_equal(by_second.asnumpy(), [4, 9])
    by_pair, = run(ops.GradOperation(get_all=True)(lambda pair: (pair[0] * pair[0] * pair[1]).sum()))(mutable((x, x)))
    np.testing.assert_array_equal(by_pair[1].asnumpy(), [4, 9])
    _, pull = ms.vjp(lambda a, b: a * b, x, x)
    by_first, by_second = pull(tensor(1, 10))
    np.testing.assert_array_equal(by_first.asnumpy(), by_second.asnumpy())


@pytest.mark.parametrize("mode", [ms.PYNATIVE_MODE, ms.GRAPH_MODE], ids=["pynative", "graph"])
def test_inputs_given_by_name_and_a_single_parameter(mode):
    class Net(nn.Cell):
        def __init__(self):
            super().__init__()
            self.w = ms.Parameter(Tensor([2.0, 3.0]), name="w")

        def construct(self, x, scale=1.0, y=None):
            return (self.w * x * scale * y).sum()

    before = ms.get_context("mode")
    try:
        ms.set_context(mode=mode)
        net, x, y = Net(), Tensor([4.0, 5.0]), Tensor([1.0, 10.0])
        by_x, by_y = ops.GradOperation(get_all=True)(net)(x, scale=2.0, y=y)
        assert by_x.asnumpy().tolist() == [4.0, 60.0] and by_y.asnumpy().tolist() == [16.0, 30.0]
        by_w = ops.GradOperation(get_by_list=True)(net, net.w)(x, y=y)
        assert by_w.asnumpy().tolist() == [4.0, 50.0]
        by_w, = ops.GradOperation(get_by_list=True)(net, [net.w])(x, y=y)
        assert by_w.asnumpy().tolist() == [4.0, 50.0]
    finally:
        ms.set_context(mode=before)


def test_the_cotangent_by_name(run):
    """It need not be the last argument; gradients of other named arguments follow those of the positional ones."""
    def net(x, *more, **named):
        return 2 * x + 4 * more[0] + 5 * named["v"]

    both = ops.GradOperation(get_all=True, sens_param=True)
    gradient = run(lambda x, z, u, v, s: both(net)(x, z, u=u, v=v, sens=s))
    found = gradient(tensor(1), tensor(2), tensor(3), Tensor([1]), tensor(10))
    assert [f.asnumpy().tolist() for f in found] == [[20], [40], [0], [50]]
    found = run(lambda s: ops.GradOperation(sens_param=True)(lambda v: v * v)(v=tensor(3), sens=s))(tensor(10))
    assert found.asnumpy().tolist() == [60]
    with pytest.raises(TypeError, match="the last argument must be the cotangent of the output"):
        run(lambda: ops.GradOperation(sens_param=True)(lambda: tensor(1))())()


@pytest.mark.parametrize("sens", [
    tensor(1, 2), Tensor([1]), (tensor(1), tensor(1)), (), 1j], ids=[
    "longer", "whole numbers", "one too many", "none", "a complex number"])
def test_a_cotangent_that_does_not_match_the_output_is_refused(run, sens):
    """It would be broadcast to a gradient of another shape, or left out."""
    gradient = run(lambda x, s: ops.GradOperation(sens_param=True)(lambda v: v * 2)(x, s))
    with pytest.raises(ValueError, match=r"the cotangents are .*; expected one for each output: Float32\[1\]"):
        gradient(tensor(5), sens)


@pytest.mark.parametrize("axes", [(), (1,), (1, 1)], ids=str)
@pytest.mark.parametrize("out", [(), (1,), (1, 1)], ids=str)
def test_one_number_is_the_cotangent_of_an_output_of_one_element(run, axes, out):
    """The network of GPT has a loss of shape (1,), and its training step a scale without axes."""
    gradient = run(lambda x, s: ops.GradOperation(sens_param=True)(lambda v: (v * v).sum().reshape(out))(x, s))
    found = gradient(tensor(1, 2, 3), Tensor(np.full(axes, 4, np.float32)))
    assert found.asnumpy().tolist() == [8, 16, 24]


@pytest.mark.parametrize("sens", [4, 4.0, np.float32(4), np.float64(4), np.array([4], np.float32), [4], True, None],
                         ids=repr)
@pytest.mark.parametrize("out", [(), (1,)], ids=str)
def test_a_plain_number_is_a_cotangent(run, sens, out):
    """Of the output's dtype; None stands for ones."""
    gradient = run(lambda x: ops.GradOperation(sens_param=True)(lambda v: (v * v).sum().reshape(out))(x, sens))
    weight = 4 if sens not in (True, None) else 1
    assert gradient(tensor(1, 2, 3)).asnumpy().tolist() == [2 * weight, 4 * weight, 6 * weight]
    found, = run(lambda x: ops.vjp(lambda v: (v * v).sum().reshape(out), x)[1](sens))(tensor(1, 2, 3))
    assert found.asnumpy().tolist() == [2 * weight, 4 * weight, 6 * weight]


def test_what_is_no_cotangent_is_refused(run):
    with pytest.raises(TypeError, match="GradOperation: a cotangent must be a tensor or a number, .* got str: 'one'"):
        run(lambda x: ops.GradOperation(sens_param=True)(lambda v: v * 2)(x, "one"))(tensor(5))


class Frozen(nn.Cell):
    """Two weights, of which the second is frozen before the first call, or within it."""

    def __init__(self, before):
        super().__init__()
        self.first, self.second = Parameter(tensor(2), name="first"), Parameter(tensor(3), name="second")
        self.before = before
        self.second.requires_grad = not before

    def construct(self, x):
        y = x * self.first * self.second
        if not self.before:
            self.second.requires_grad = False
        return y


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("gradients", [
    lambda net, weights: ops.GradOperation(get_by_list=True)(net, weights)(tensor(2)),
    lambda net, weights: ops.grad(net, None, weights)(tensor(2)),
    lambda net, weights: ops.vjp(net, tensor(2), weights=weights)[1](tensor(1))[1]], ids=["operation", "grad", "vjp"])
def test_a_frozen_weight_has_a_gradient_of_zeros_in_pynative_mode(gradients, before):
    net, mode = Frozen(before), ms.get_context("mode")
    ms.set_context(mode=ms.PYNATIVE_MODE)
    try:
        found = gradients(net, [net.first, net.second])
    finally:
        ms.set_context(mode=mode)
    assert [g.asnumpy().tolist() for g in found] == [[6.0], [0.0]]


def test_a_number_among_the_cotangents_stands_for_a_constant():
    class Named(nn.Cell):
        @ms.jit
        def construct(self, x):
            return {"a": x * 3, "b": 2}

    net = Named()
    assert ops.GradOperation(sens_param=True)(net)(tensor(2), net(tensor(2))).asnumpy().tolist() == [18.0]
    with pytest.raises(ValueError, match="expected one for each output"):
        ops.GradOperation(sens_param=True)(net)(tensor(2), (2, 3, 2))
