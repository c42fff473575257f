"""Learning rates as lists and as Cells."""
from __future__ import annotations

import math

import numpy as np
import pytest

from mindspore import Tensor, nn


def test_lists_by_epoch():
    assert nn.piecewise_constant_lr([2, 5], [0.1, 0.05]) == [0.1, 0.1, 0.05, 0.05, 0.05]
    cases = [
        (nn.exponential_decay_lr(0.1, 0.9, 6, 2, 2), lambda e: 0.1 * 0.9 ** (e / 2)),
        (nn.exponential_decay_lr(0.1, 0.9, 6, 2, 2, True), lambda e: 0.1 * 0.9 ** (e // 2)),
        (nn.natural_exp_decay_lr(0.1, 0.9, 6, 2, 2), lambda e: 0.1 * math.exp(-0.9 * e)),
        (nn.natural_exp_decay_lr(0.1, 0.9, 6, 2, 2, True), lambda e: 0.1 * math.exp(-0.9 * (e // 2 * 2))),
        (nn.inverse_decay_lr(0.1, 0.5, 6, 2, 1), lambda e: 0.1 / (1 + 0.5 * e)),
        (nn.inverse_decay_lr(0.1, 0.5, 6, 2, 2, True), lambda e: 0.1 / (1 + 0.5 * (e // 2))),
        (nn.cosine_decay_lr(0.01, 0.1, 6, 2, 2), lambda e: 0.01 + 0.045 * (1 + math.cos(math.pi * min(e, 2) / 2))),
        (nn.polynomial_decay_lr(0.1, 0.01, 6, 2, 2, 0.5), lambda e: 0.09 * (1 - min(e, 2) / 2) ** 0.5 + 0.01),
        (nn.warmup_lr(0.1, 6, 2, 2), lambda e: 0.1 * min(e, 2) / 2),
    ]
    for rates, expected in cases:
        np.testing.assert_allclose(rates, [expected(step // 2) for step in range(6)])
    longer = nn.polynomial_decay_lr(0.1, 0.01, 5, 1, 2, 1.0, True)
    np.testing.assert_allclose(longer, [0.1, 0.055, 0.01, 0.09 * 0.25 + 0.01, 0.01])


SCHEDULES = [
    (nn.ExponentialDecayLR(0.1, 0.9, 4), lambda s: 0.1 * 0.9 ** (s / 4)),
    (nn.ExponentialDecayLR(0.1, 0.9, 4, True), lambda s: 0.1 * 0.9 ** (s // 4)),
    (nn.NaturalExpDecayLR(0.1, 0.3, 4), lambda s: 0.1 * math.exp(-0.3 * s)),
    (nn.NaturalExpDecayLR(0.1, 0.3, 4, True), lambda s: 0.1 * math.exp(-0.3 * (s // 4 * 4))),
    (nn.InverseDecayLR(0.1, 0.5, 4), lambda s: 0.1 / (1 + 0.5 * s / 4)),
    (nn.InverseDecayLR(0.1, 0.5, 4, True), lambda s: 0.1 / (1 + 0.5 * (s // 4))),
    (nn.CosineDecayLR(0.01, 0.1, 4), lambda s: 0.01 + 0.045 * (1 + math.cos(math.pi * min(s, 4) / 4))),
    (nn.PolynomialDecayLR(0.1, 0.01, 4, 0.5), lambda s: 0.09 * (1 - min(s, 4) / 4) ** 0.5 + 0.01),
    (nn.PolynomialDecayLR(0.1, 0.01, 4, 2.0, True),
     lambda s: 0.09 * (1 - s / (4 * max(math.ceil(s / 4), 1))) ** 2 + 0.01),
    (nn.WarmUpLR(0.1, 4), lambda s: 0.1 * min(s / 4, 1)),
]


@pytest.mark.parametrize("schedule, expected", SCHEDULES, ids=lambda v: type(v).__name__)
def test_schedules_by_step(mode, schedule, expected):
    got = [float(schedule(Tensor(np.int32(step))).asnumpy()) for step in range(11)]
    np.testing.assert_allclose(got, [expected(step) for step in range(11)], rtol=1e-5, atol=1e-7)


class Warm(nn.LearningRateSchedule):
    """Two schedules in one, as users combine them."""

    def __init__(self):
        super().__init__()
        self.up, self.down = nn.WarmUpLR(1.0, 2), nn.PolynomialDecayLR(1.0, 0.5, 2, 1.0)

    def construct(self, global_step):
        return self.up(global_step) * self.down(global_step)


def test_a_schedule_of_ones_own_in_an_optimizer(mode):
    from mindspore import Parameter
    param = Parameter(np.zeros(2, np.float32), name="p")
    optimizer = nn.SGD([param], Warm())
    moved = []
    for _ in range(4):
        before = param.asnumpy().copy()
        optimizer((Tensor(np.ones(2, np.float32)),))
        moved.append(float((before - param.asnumpy())[0]))
    np.testing.assert_allclose(moved, [0, 0.375, 0.5, 0.5], rtol=1e-5, atol=1e-7)
    assert optimizer.dynamic_lr


@pytest.mark.parametrize("call, error", [
    (lambda: nn.piecewise_constant_lr([2, 1], [0.1, 0.2]), ValueError),
    (lambda: nn.piecewise_constant_lr([2], [0.1, 0.2]), ValueError),
    (lambda: nn.piecewise_constant_lr(2, 0.1), TypeError),
    (lambda: nn.piecewise_constant_lr([2], ["a"]), TypeError),
    (lambda: nn.exponential_decay_lr(0.0, 0.9, 6, 2, 2), ValueError),
    (lambda: nn.exponential_decay_lr(0.1, 0.9, 6.0, 2, 2), TypeError),
    (lambda: nn.exponential_decay_lr(0.1, 0.9, 6, 2, 2, 1), TypeError),
    (lambda: nn.cosine_decay_lr(0.1, 0.05, 6, 2, 2), ValueError),
    (lambda: nn.warmup_lr(0.1, 6, 2, 0), ValueError),
    (lambda: nn.ExponentialDecayLR(0.1, 0.9, 0), ValueError), (lambda: nn.InverseDecayLR(0.1, 0.9, 4, 1), TypeError),
    (lambda: nn.CosineDecayLR(-0.1, 0.05, 2), ValueError), (lambda: nn.PolynomialDecayLR(0.1, 0.01, 4, 0), ValueError),
    (lambda: nn.polynomial_decay_lr(0.1, -1.0, 6, 2, 2, 0.5), ValueError),
    (lambda: nn.PolynomialDecayLR(0.1, -1.0, 4, 0.5), ValueError),
    (lambda: nn.WarmUpLR("0.1", 4), TypeError)])
def test_refused(call, error):
    with pytest.raises(error, match="For '"):
        call()
