"""Optimizers that programs write: subclasses of `nn.Optimizer` that override `construct`."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Parameter, Tensor, nn, ops

_momentum = ops.MultitypeFuncGraph("momentum")


@_momentum.register("Tensor", "Tensor", "Tensor", "Tensor", "Tensor", "Tensor", "Bool")
def _step_of(momentum, decay, lr, param, moment, gradient, decays):
    if decays:
        gradient = gradient + decay * param
    moment = ops.depend(moment, ops.assign(moment, moment * momentum + gradient))
    return ops.assign(param, param - lr * moment)


class ByMap(nn.Optimizer):
    """Momentum by a map over the parameters, as optimizers of model zoos are written."""

    def __init__(self, params, learning_rate=0.1, momentum=0.9, weight_decay=0.0, loss_scale=1.0):
        super().__init__(learning_rate, params, weight_decay, loss_scale)
        self.momentum = Tensor(momentum, ms.float32)
        self.moments = self._parameters.clone(prefix="moment", init="zeros")

    def construct(self, gradients):
        gradients = self.flatten_gradients(gradients)
        gradients = self.gradients_centralization(gradients)
        gradients = self.scale_grad(gradients)
        gradients = self._grad_sparse_indices_deduplicate(gradients)
        lr = self.get_lr()
        if self._is_dynamic_lr_or_weight_decay():
            self.assignadd(self.global_step, self.global_step_increase_tensor)
        if self.is_group:
            done = self.hyper_map(ops.partial(_momentum, self.momentum), self.weight_decay,
                                  lr if self.is_group_lr else (lr,) * self.param_length, self.parameters, self.moments,
                                  gradients, self.decay_flags)
        else:
            done = self.hyper_map(ops.partial(_momentum, self.momentum, self.weight_decay, lr), self.parameters,
                                  self.moments, gradients, self.decay_flags)
        if self.use_parallel:
            self.broadcast_params(done)
        return done

    @nn.Optimizer.target.setter
    def target(self, value):
        self._set_base_target(value)


class ByLoop(nn.Optimizer):
    """Momentum by a loop over the parameters, as a tutorial writes it."""

    def __init__(self, params, learning_rate, momentum=0.9):
        super().__init__(learning_rate, params)
        self.momentum = Parameter(Tensor(momentum, ms.float32), name="momentum")
        self.moments = self.parameters.clone(prefix="moments", init="zeros")
        self.assign = ops.Assign()

    def construct(self, gradients):
        lr = self.get_lr()
        params = self.parameters
        for i in range(len(params)):
            self.assign(self.moments[i], self.moments[i] * self.momentum + gradients[i])
            self.assign(params[i], params[i] - self.moments[i] * lr)
        return params


def parameters():
    return [Parameter(Tensor(np.array([1.0, -2.0], np.float32)), name="a"),
            Parameter(Tensor(np.array([[0.5]], np.float32)), name="b")]


def values_after(make, steps=3):
    params = parameters()
    optimizer = make(params)
    for k in range(steps):
        optimizer((Tensor(np.array([0.1, 0.2 * k], np.float32)), Tensor(np.array([[0.3]], np.float32))))
    return [param.asnumpy() for param in params]


RATES = [0.1, [0.1, 0.05, 0.01], nn.ExponentialDecayLR(0.1, 0.5, 1)]


@pytest.mark.parametrize("rate", RATES, ids=["constant", "list", "schedule"])
@pytest.mark.parametrize("decay", [0.0, 0.01])
def test_by_a_map_it_is_the_momentum_of_the_interface(mode, rate, decay):
    for own, built_in in zip(values_after(lambda p: ByMap(p, rate, weight_decay=decay)),
                             values_after(lambda p: nn.Momentum(p, rate, 0.9, decay))):
        np.testing.assert_allclose(own, built_in, rtol=1e-6)


def groups(params):
    return [{"params": params[:1], "lr": 0.2, "weight_decay": 0.05}, {"params": params[1:]}]


def test_groups_have_their_rates_and_decays(mode):
    for own, built_in in zip(values_after(lambda p: ByMap(groups(p), 0.1)),
                             values_after(lambda p: nn.Momentum(groups(p), 0.1, 0.9))):
        np.testing.assert_allclose(own, built_in, rtol=1e-6)


def test_by_a_loop(mode):
    for own, built_in in zip(values_after(lambda p: ByLoop(p, 0.1)),
                             values_after(lambda p: nn.Momentum(p, 0.1, 0.9))):
        np.testing.assert_allclose(own, built_in, rtol=1e-6)


def test_what_an_optimizer_holds():
    params = parameters()
    optimizer = ByMap(groups(params), 0.1, loss_scale=4.0)
    assert optimizer.decay_flags == (True, False) and optimizer.optim_filter == (True, True)
    assert float(optimizer.reciprocal_scale) == 0.25 and optimizer.need_scale and optimizer.exec_weight_decay
    assert [float(rate) for rate in optimizer.learning_rate] == pytest.approx([0.2, 0.1])
    assert [p.name for p in optimizer.get_parameters()].count("learning_rate") == 1
    listed = ByMap(parameters(), [0.1, 0.2])
    assert float(listed.learning_rate(Tensor([7], ms.int32))) == pytest.approx(0.2)
    order: list = []
    listed.hyper_map_reverse(order.append, (1, (2, 3)))
    assert order == [3, 2, 1]
    assert listed.get_lr_parameter(listed.parameters[0]).name == "learning_rate" and listed.dynamic_lr


class Counting(nn.Optimizer):
    """Keeps the number of its steps in a Parameter of its own."""

    def __init__(self, params):
        super().__init__(0.5, params)
        self.step = Parameter(Tensor(0, ms.int32), name="step")

    def construct(self, gradients):
        step = self.step + 1
        for param, gradient in zip(self.parameters, gradients):
            ops.assign(param, param - gradient / step)
        ops.assign(self.step, step)
        return True


def test_a_count_of_ones_own(mode):
    params = [Parameter(Tensor([1.0, 2.0]), name="w")]
    optimizer = Counting(params)
    for _ in range(2):
        optimizer((Tensor([1.0, 1.0]),))
    assert int(optimizer.step) == 2 and params[0].asnumpy().tolist() == [-0.5, 0.5]


def test_a_target_is_a_device():
    optimizer = ByMap(parameters())
    optimizer.target = "CPU"
    optimizer.unique = False
    assert optimizer.target == "CPU" and not optimizer.unique
    for value, error in ((3, TypeError), ("TPU", ValueError)):
        with pytest.raises(error, match="'target' must be"):
            optimizer.target = value
    with pytest.raises(TypeError, match="'unique' must be a bool"):
        optimizer.unique = 1
