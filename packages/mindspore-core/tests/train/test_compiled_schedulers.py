"""A scheduler that a compiled function steps goes on at each call, and what needs a value at run time is refused."""
from __future__ import annotations

import pytest

import mindspore as ms
from mindspore import Parameter, Tensor
from mindspore.compiler.frontend.errors import GraphCompileError
from mindspore.experimental.optim import SGD, lr_scheduler

MAKERS = {
    "steps": lambda optimizer: lr_scheduler.StepLR(optimizer, 2, 0.5),
    "function": lambda optimizer: lr_scheduler.MultiplicativeLR(optimizer, lambda epoch: 0.5),
    "sequence": lambda optimizer: lr_scheduler.SequentialLR(
        optimizer, [lr_scheduler.ConstantLR(optimizer), lr_scheduler.ExponentialLR(optimizer, 0.5)], [2]),
}


def optimizer_of_one_weight():
    return SGD([Parameter(Tensor([1.0]), name="w")], lr=0.1)


@pytest.mark.parametrize("name", MAKERS)
def test_a_step_in_a_compiled_function_counts_at_each_call(name):
    rates = []
    for compiles in (False, True):
        optimizer = optimizer_of_one_weight()
        scheduler = MAKERS[name](optimizer)

        def train(x, scheduler=scheduler):
            scheduler.step()
            return x * 2

        step = ms.jit(train) if compiles else train
        rates.append([])
        for _ in range(4):
            step(Tensor([1.0]))
            rates[-1].append(float(optimizer.param_groups[0]["lr"].asnumpy()))
    assert rates[0] == rates[1] and len(set(rates[0])) > 1


def test_a_step_that_needs_the_value_of_a_loss_is_refused():
    scheduler = lr_scheduler.ReduceLROnPlateau(optimizer_of_one_weight(), patience=0)

    @ms.jit
    def train(x):
        scheduler.step(x.sum())
        return x * 2

    with pytest.raises(GraphCompileError, match="needed while its function is being compiled"):
        train(Tensor([1.0]))
