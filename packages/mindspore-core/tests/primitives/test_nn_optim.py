"""Optimizer updates: steps computed by hand, state machines, and agreement with each other."""
from __future__ import annotations

import numpy as np
import pytest
from nn_checks import run, run_decomposed

from mindspore.compiler.primitives import PRIMITIVES, nn_optim

EVALUATORS = pytest.mark.parametrize("evaluate", [run, run_decomposed])
UPDATES = [name for name, op in PRIMITIVES.items() if isinstance(op, nn_optim.Update)]


@EVALUATORS
def test_momentum_by_hand(evaluate):
    p, accum = evaluate("apply_momentum", [1.0], [2.0], 0.1, [3.0], 0.5)
    assert (p.item(), accum.item()) == pytest.approx((1 - 0.1 * 4, 4))
    p, accum = evaluate("apply_momentum", [1.0], [2.0], 0.1, [3.0], 0.5, use_nesterov=True)
    assert (p.item(), accum.item()) == pytest.approx((1 - 0.1 * (3 + 0.5 * 4), 4))


@EVALUATORS
def test_sgd_takes_the_gradient_in_its_first_step_and_dampens_later(evaluate):
    attrs = {"dampening": 0.25, "weight_decay": 0.5}
    p, accum, stat = evaluate("apply_sgd", [1.0], [2.0], 0.1, [9.0], 0.5, [1.0], **attrs)
    h = 2 + 0.5 * 1
    assert (p.item(), accum.item(), stat.item()) == pytest.approx((1 - 0.1 * h, h, 0))
    p2, accum2, stat2 = evaluate("apply_sgd", p, [2.0], 0.1, accum, 0.5, stat, **attrs)
    h2 = 2 + 0.5 * p.item()
    expected = 0.5 * h + 0.75 * h2
    assert (p2.item(), accum2.item(), stat2.item()) == pytest.approx((p.item() - 0.1 * expected, expected, 0))


@EVALUATORS
def test_sgd_with_nesterov_looks_ahead(evaluate):
    p, accum, _ = evaluate("apply_sgd", [1.0], [2.0], 0.1, [3.0], 0.5, [0.0], nesterov=True)
    assert (p.item(), accum.item()) == pytest.approx((1 - 0.1 * (2 + 0.5 * 3.5), 3.5))


@EVALUATORS
def test_sgd_without_momentum_leaves_its_state(evaluate):
    p, accum, stat = evaluate("apply_sgd", [1.0], [2.0], 0.1, [3.0], 0.0, [1.0], dampening=0.5)
    assert (p.item(), accum.item(), stat.item()) == pytest.approx((0.8, 3, 1))


@EVALUATORS
def test_adam_first_step_moves_by_the_learning_rate(evaluate):
    """Bias correction makes the first step lr in the direction of the gradient's sign, whatever its size."""
    g = np.array([1e-3, -5.0, 200.0])
    zero = np.zeros(3)
    p, m, v = evaluate("apply_adam", zero, zero, zero, 0.9, 0.999, 0.01, 0.9, 0.999, 0.0, g)
    np.testing.assert_allclose(p, -0.01 * np.sign(g), rtol=1e-12)
    np.testing.assert_allclose(m, 0.1 * g)
    np.testing.assert_allclose(v, 0.001 * g**2)


@EVALUATORS
def test_adam_without_bias_correction_or_decay_is_adam_weight_decay(evaluate):
    draw = np.random.default_rng(0)
    p, m, v, g = draw.normal(size=5), draw.normal(size=5), draw.uniform(0.1, 1, 5), draw.normal(size=5)
    plain = evaluate("apply_adam", p, m, v, 0.0, 0.0, 0.01, 0.9, 0.99, 1e-6, g)
    decoupled = evaluate("apply_adam_weight_decay", p, m, v, 0.01, 0.9, 0.99, 1e-6, 0.0, g)
    for a, b in zip(plain, decoupled, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)
    decayed = evaluate("apply_adam_weight_decay", p, m, v, 0.01, 0.9, 0.99, 1e-6, 0.5, g)[0]
    np.testing.assert_allclose(decayed, plain[0] - 0.01 * 0.5 * p, rtol=1e-12)


@EVALUATORS
def test_amsgrad_never_shrinks_its_divisor(evaluate):
    *_, vhat = evaluate("apply_adam_with_amsgrad", [0.0, 0.0], [0.0, 0.0], [1.0, 1.0], [0.9, 2.0], 0.5, 0.5, 0.1, 0.9,
                        0.5, 1e-8, [1.0, 1.0])
    np.testing.assert_allclose(vhat, [1.0, 2.0])


@EVALUATORS
def test_ada_max_by_hand(evaluate):
    p, m, v = evaluate("apply_ada_max", [1.0], [2.0], [4.0], 0.75, 0.1, 0.5, 0.5, 1.0, [-3.0])
    assert (p.item(), m.item(), v.item()) == pytest.approx((1 - 0.1 / 0.25 * -0.5 / 4, -0.5, 3))


@EVALUATORS
def test_rms_prop_by_hand(evaluate):
    p, s, mom = evaluate("apply_rms_prop", [1.0], [3.0], [0.5], 0.1, [2.0], 0.5, 0.25, 0.5)
    assert (p.item(), s.item(), mom.item()) == pytest.approx((1 - (0.125 + 0.2 / 2), 3.5, 0.225))
    p, a, s, mom = evaluate("apply_centered_rms_prop", [1.0], [1.0], [3.0], [0.5], [2.0], 0.1, 0.5, 0.25, 1.0)
    assert (a.item(), s.item(), mom.item()) == pytest.approx((1.5, 3.5, 0.125 + 0.2 / 1.5))


@EVALUATORS
def test_adagrad_by_hand(evaluate):
    p, accum = evaluate("apply_adagrad", [1.0], [5.0], 0.1, [2.0])
    assert (p.item(), accum.item()) == pytest.approx((1 - 0.2 / 3, 9))
    p, accum = evaluate("apply_adagrad", [1.0], [4.0], 0.1, [2.0], update_slots=False, epsilon=2.0)
    assert (p.item(), accum.item()) == pytest.approx((1 - 0.2 / 4, 4))


@EVALUATORS
def test_adadelta_by_hand(evaluate):
    p, accum, delta = evaluate("apply_adadelta", [1.0], [6.5], [1.5], 0.1, 0.5, 0.5, [1.0])
    u = np.sqrt(2) / np.sqrt(4.25)
    assert (p.item(), accum.item(), delta.item()) == pytest.approx((1 - 0.1 * u, 3.75, 0.75 + 0.5 * u**2))


@EVALUATORS
def test_ftrl_sets_small_coordinates_to_zero(evaluate):
    p, accum, linear = evaluate("apply_ftrl", [0.0, 0.0], [1.0, 1.0], [0.5, 3.0], [0.0, 0.0], 0.5, 1.0, 0.25, -0.5)
    np.testing.assert_allclose(p, [0, (1 - 3) / (1 / 0.5 + 2 * 0.25)])
    np.testing.assert_allclose(linear, [0.5, 3.0])


@pytest.mark.parametrize("name", UPDATES)
def test_every_update_descends_on_a_quadratic(name):
    """A hundred steps on |p|^2 / 2 from 1, each fed with the state that the step before returned."""
    op = PRIMITIVES[name]
    state = dict.fromkeys(op.operands, np.float64(0))
    state |= {"lr": 0.1, "momentum": 0.5, "beta1": 0.5, "beta2": 0.9, "rho": 0.9, "epsilon": 1e-2, "lr_power": -0.5,
              "decay": 0.0 if "adam" in name else 0.9, "p": np.ones(3), "g": np.ones(3)}
    tensors = [n for n in op.operands if n not in op.scalars and n not in ("p", "g")]
    state |= dict.fromkeys(tensors, np.full(3, 0.1))
    if name == "apply_ftrl":
        state["linear"] = -np.ones(3) * 0.1**0.5 / 0.1
    for step in range(1, 101):
        state |= {"g": state["p"], "beta1_power": 0.5**step, "beta2_power": 0.9**step}
        state |= dict(zip(op.updated, run_decomposed(name, *[state[n] for n in op.operands], **op.defaults),
                          strict=True))
    assert np.all(np.abs(state["p"]) < 0.35), state["p"]
