"""Values computed from weights alone are kept between calls, and never beyond a change of the weights."""
from __future__ import annotations

import gc

import numpy as np
import pytest

import mindspore as ms
from mindspore import Parameter, Tensor, nn, ops
from mindspore.compiler.standing import StandingExecutable
from mindspore.runtime import device
from mindspore.runtime.standing import Standing


@pytest.fixture
def prepared(monkeypatch) -> list:
    """An entry for each time that something was prepared."""
    calls = []
    prepare = StandingExecutable.prepare

    def counted(self, inputs):
        calls.append(self.name)
        return prepare(self, inputs)

    monkeypatch.setattr(StandingExecutable, "prepare", counted)
    return calls


class Scaled(nn.Cell):
    """x times exp(w)."""

    def __init__(self):
        super().__init__()
        self.w = Parameter(Tensor(np.zeros(3, np.float32)), name="w")
        self.other = Parameter(Tensor(np.zeros(3, np.float32)), name="other")

    @ms.jit
    def construct(self, x):
        return x * ops.exp(self.w) + self.other


X = Tensor(np.ones(3, np.float32))


def value(net: Scaled) -> float:
    return float(net(X).asnumpy()[0])


def test_the_second_call_keeps_what_it_prepared(prepared):
    net = Scaled()
    assert [value(net) for _ in range(4)] == [1.0] * 4
    assert len(prepared) == 2


def test_another_value_is_prepared_anew(prepared):
    net = Scaled()
    for number in (0.0, 1.0, 1.0, 2.0):
        net.w.set_data(Tensor(np.full(3, number, np.float32)))
        for _ in range(2):
            assert value(net) == pytest.approx(np.exp(number), rel=1e-6)
    before = len(prepared)
    net.other.set_data(Tensor(np.ones(3, np.float32)))  # nothing is prepared from it
    assert value(net) == pytest.approx(np.exp(2.0) + 1, rel=1e-6)
    assert len(prepared) == before


def test_writes_in_place_are_seen(prepared):
    net = Scaled()

    @ms.jit
    def grow(by):
        ops.assign(net.w, net.w + by)
        return net.w.sum()

    expected = 0.0
    for turn in range(4):
        for _ in range(turn + 1):
            assert value(net) == pytest.approx(np.exp(expected), rel=1e-6)
        grow(Tensor(0.5, ms.float32))
        expected += 0.5
    ms.ops.assign_add(net.w, Tensor(np.ones(3, np.float32)))  # an operation by itself
    assert value(net) == pytest.approx(np.exp(expected + 1), rel=1e-6)


def test_a_program_that_trains_and_infers_in_turns_copies_no_weights(prepared):
    net = Scaled()
    update = ms.jit(lambda by: ops.assign_add(net.w, by))
    step = Tensor(np.ones(3, np.float32))
    update(step)
    for _ in range(3):
        value(net)
        before = id(net.w._value)
        update(step)
        assert id(net.w._value) == before  # written in place: nobody else held it
    value(net), value(net)
    update(step)
    assert id(net.w._value) == before  # not held between two calls of inference either
    assert value(net) == pytest.approx(np.exp(5.0), rel=1e-6)


def test_memory_that_numpy_shares_is_read_each_time(prepared):
    net = Scaled()
    value(net), value(net)
    view = net.w._value.to_numpy(share=True)
    value(net), value(net)
    view[:] = 1.0
    assert value(net) == pytest.approx(np.e, rel=1e-6)
    view[:] = 2.0
    assert value(net) == pytest.approx(np.exp(2.0), rel=1e-6)


def test_a_normalised_convolution_follows_its_statistics(prepared):
    rng = np.random.default_rng(0)
    net = nn.SequentialCell(nn.Conv2d(3, 4, 3, has_bias=False), nn.BatchNorm2d(4), nn.ReLU())
    for p in net.get_parameters():
        p.set_data(Tensor((rng.random(p.shape) + 0.5).astype(np.float32)))
    x = Tensor(rng.random((2, 3, 6, 6), np.float32))
    infer = ms.jit(net)
    net.set_train(False)

    def check():
        norm = net[1]
        y = net[0](x).asnumpy()
        stats = [p.asnumpy().reshape(1, 4, 1, 1)
                 for p in (norm.moving_mean, norm.moving_variance, norm.gamma, norm.beta)]
        expected = (y - stats[0]) / np.sqrt(stats[1] + 1e-5) * stats[2] + stats[3]
        np.testing.assert_allclose(infer(x).asnumpy(), np.maximum(expected, 0), rtol=1e-4, atol=1e-4)

    for _ in range(3):
        check()
    assert prepared or device.backend_name() == "reference"  # which normalises by a kernel of its own
    net.set_train(True)
    ms.jit(net)(x)
    net.set_train(False)
    for _ in range(3):
        check()


def test_what_comes_from_frozen_weights_is_kept_while_others_are_trained(prepared):
    net = Scaled()
    net.w.requires_grad = False
    train = nn.TrainOneStepCell(nn.WithLossCell(net, nn.MSELoss()), nn.SGD(net.trainable_params(), 0.1)).set_train()
    ms.set_context(mode=ms.GRAPH_MODE)
    try:
        label = Tensor(np.full(3, 2.0, np.float32))
        losses = [float(train(X, label).asnumpy()) for _ in range(5)]
    finally:
        ms.set_context(mode=ms.PYNATIVE_MODE)
    assert losses == sorted(losses, reverse=True) and len(set(losses)) == 5
    assert len(prepared) == 2


class Deep(nn.Cell):
    """Blocks that are compiled once for all of their calls."""

    def __init__(self):
        super().__init__()
        self.blocks = nn.SequentialCell(*[nn.TransformerEncoderLayer(8, 2, 16, 0.0) for _ in range(6)])

    def construct(self, x):
        return self.blocks(x)


class Plain(Scaled):
    """The same, operation by operation."""

    def construct(self, x):
        return x * ops.exp(self.w) + self.other


def test_operations_one_by_one_keep_what_they_prepared(prepared):
    net = Plain()
    assert [value(net) for _ in range(4)] == [1.0] * 4
    assert prepared == ["eager"] * 2  # in the first run, and in the second, which keeps it
    for number in (1.0, 2.0):
        net.w.set_data(Tensor(np.full(3, number, np.float32)))
        for _ in range(3):
            assert value(net) == pytest.approx(np.exp(number), rel=1e-6)
    assert len(prepared) == 6
    net.w.asnumpy()
    view = net.w._value.to_numpy(share=True)
    view[:] = 3.0
    assert value(net) == pytest.approx(np.exp(3.0), rel=1e-6)


def test_what_is_no_weight_is_computed_each_time(prepared):
    data = Tensor(np.zeros(3, np.float32))
    for _ in range(3):
        assert float((X * ops.exp(data)).asnumpy()[0]) == 1.0
    assert not prepared


def test_a_compiled_update_in_place_is_seen_by_operations():
    net = Plain()
    update = ms.jit(lambda by: ops.assign_add(net.w, by))
    step = Tensor(np.ones(3, np.float32))
    update(step)
    for number in range(1, 4):
        for _ in range(3):
            assert value(net) == pytest.approx(np.exp(float(number)), rel=1e-6)
        update(step)


@pytest.mark.parametrize("kind", [Scaled, Plain])
def test_what_was_prepared_goes_with_its_weights(kind, monkeypatch):
    held = []
    hold = Standing._hold

    def noted(self, values, made):
        hold(self, values, made)
        held.append(self)

    monkeypatch.setattr(Standing, "_hold", noted)
    net = kind()
    for _ in range(3):
        value(net)
    standing, = held
    assert standing._held is not None
    del net
    gc.collect()
    assert standing._held is None


def test_blocks_take_their_weights_in_half_precision_prepared(prepared):
    net = Deep().to_float(ms.bfloat16).set_train(False)
    x = Tensor(np.random.default_rng(0).standard_normal((2, 5, 8)).astype(np.float32))

    def values(cell):
        return cell(x).asnumpy().astype(np.float64)

    expected = values(net)
    whole = ms.jit(net)
    for _ in range(3):
        np.testing.assert_allclose(values(whole), expected, rtol=0.05, atol=0.05)
    assert len(prepared) == 3  # one of them when operations ran one by one
    for p in net.get_parameters():
        p.set_data(Tensor(p.asnumpy() * 0.5))
    changed = values(net)
    assert np.abs(changed - expected).max() > 0.1
    for _ in range(3):
        np.testing.assert_allclose(values(whole), changed, rtol=0.05, atol=0.05)
    assert len(prepared) == 6
