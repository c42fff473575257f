"""Parameters that have the value of another tensor: their gradients are theirs alone, in both modes."""
import copy

import numpy as np
import pytest

import mindspore as ms
from mindspore import Parameter, ParameterTuple, Tensor, linearization, nn, ops


@pytest.fixture(params=[ms.GRAPH_MODE, ms.PYNATIVE_MODE], ids=["graph", "pynative"], autouse=True)
def mode(request):
    ms.set_context(mode=request.param)
    yield request.param
    ms.set_context(mode=ms.PYNATIVE_MODE)


def weight():
    return Parameter(Tensor([1.0, 2.0]), name="a")


def assigned(a):
    b = Parameter(ops.zeros(2), name="b")
    ops.assign(b, a)
    return b


def set_to(a):
    b = Parameter(ops.zeros(2), name="b")
    b.set_data(a)
    return b


SAME = {"clone": lambda a: a.clone(), "deepcopy": copy.deepcopy, "copy": copy.copy, "assign": assigned,
        "set_data": set_to, "tuple": lambda a: ParameterTuple([a]).clone("b")[0], "made of it": lambda a: Parameter(a)}


@pytest.mark.parametrize("how", SAME)
def test_gradients_of_two_with_one_value(how):
    a = weight()
    b = SAME[how](a)
    b.name = "b"
    found = ms.grad(lambda x: (a * x + b * b).sum(), None, [a, b])(Tensor(5.0))
    assert [g.asnumpy().tolist() for g in found] == [[5, 5], [2, 4]]


@pytest.mark.parametrize("how", SAME)
def test_another_tensor_with_the_value_has_no_part_in_the_gradient(how):
    a = weight()
    b = SAME[how](a)
    b.name = "b"
    value, found = ms.value_and_grad(lambda x: (a * b * x).sum(), None, a)(Tensor(3.0))
    assert float(value) == 15 and found.asnumpy().tolist() == [3, 6]


def test_tensors_with_the_value_of_a_weight_are_constants():
    a = weight()
    b = Tensor(a)
    assert ms.grad(lambda x: (a * b * x).sum(), None, a)(Tensor(3.0)).asnumpy().tolist() == [3, 6]


def test_steps_of_one_leave_the_other():
    a = weight()
    b = a.clone()
    b.name = "b"
    optimizer = nn.SGD([a], 0.5)
    for step in range(1, 4):
        grads = ms.grad(lambda: (a * 2 + b * 3).sum(), None, [a])()
        optimizer(grads if isinstance(grads, tuple) else (grads,))
        assert (a.asnumpy().tolist(), b.asnumpy().tolist()) == ([1.0 - step, 2.0 - step], [1, 2])


def test_a_target_network_that_is_fetched_each_step():
    q = nn.Dense(3, 2, weight_init="ones")
    target = copy.deepcopy(q)
    x, y = Tensor(np.eye(3, dtype=np.float32)), Tensor(2.0)
    for _ in range(3):
        ms.load_param_into_net(target, q.parameters_dict())
        found = ms.grad(lambda x: (q(x) * target(x) * y).sum(), None, q.trainable_params())(x)
        np.testing.assert_allclose(found[0].asnumpy(), 2 * target(x).asnumpy().T, rtol=1e-6)
        q.weight.set_data(q.weight * 0.5)


def test_gradients_of_gradients():
    a = weight()
    b = a.clone()
    b.name = "b"
    inner = ms.grad(lambda x: (a * a * b * x).sum(), None, [a, b])
    found = ms.grad(lambda x: sum(g.sum() for g in inner(x)), None, [a, b])(Tensor(1.0))
    np.testing.assert_allclose(found[0].asnumpy(), [2 + 2, 4 + 4])      # of 2ab + aa by a
    np.testing.assert_allclose(found[1].asnumpy(), [2, 4])


def test_copied_layers_of_an_encoder_differ_in_their_gradients():
    ms.set_seed(1)
    layer = nn.TransformerEncoderLayer(d_model=4, nhead=2, dim_feedforward=8, dropout=0.0, activation="gelu",
                                       batch_first=True)
    net = nn.TransformerEncoder(layer, num_layers=2)
    x = Tensor(np.random.default_rng(0).normal(size=(2, 3, 4)), ms.float32)
    w = Tensor(np.random.default_rng(1).normal(size=(2, 3, 4)), ms.float32)

    def loss(x):
        return (net(x) * w).sum()

    chosen = [net.layers[k].dense1.weight for k in (0, 1)]
    found = ms.grad(loss, None, chosen)(x)
    rng = np.random.default_rng(2)
    for parameter, gradient_of in zip(chosen, found):
        before, way = parameter.asnumpy().copy(), rng.normal(size=parameter.shape).astype(np.float32)
        values = []
        for sign in (1, -1):
            parameter.set_data(Tensor(before + sign * np.float32(4e-3) * way))
            values.append(float(loss(x)))
        parameter.set_data(Tensor(before))
        np.testing.assert_allclose((values[0] - values[1]) / 8e-3, (gradient_of.asnumpy() * way).sum(), rtol=2e-2,
                                   atol=2e-3)


def test_a_loop_that_trains_copies_no_weight(mode, monkeypatch):
    """A weight whose value is its own is not copied: not by a step, nor by gradients that are not used."""
    copied = []
    plainly = linearization.apply_plainly
    monkeypatch.setattr(linearization, "apply_plainly", lambda op, *rest: copied.append(op) or plainly(op, *rest))
    net = nn.SequentialCell(nn.Dense(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Dense(4, 2))
    optimizer = nn.Adam(net.trainable_params(), 0.1)
    of = ms.value_and_grad(lambda x: ops.square(net(x)).sum(), None, optimizer.parameters)
    x = Tensor(np.ones((5, 3), np.float32))
    for step in range(4):
        value, grads = of(x)
        if step != 1:
            optimizer(grads)
        if step == 2:
            float(value)
    assert not copied
    shared = net[0].weight.clone()
    of(x)
    assert len(copied) == (mode == ms.PYNATIVE_MODE) and shared.shape == (4, 3)
