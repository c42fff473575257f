"""PyNative mode: what is recorded, when it runs, how it is cached, and what a look inside a gradient does."""
from __future__ import annotations

import threading

import numpy as np
import pytest

import mindspore as ms
from mindspore import Parameter, Tensor, nn, ops
from mindspore.compiler import pipeline
from mindspore.compiler.ir.builder import EMIT_COUNT
from mindspore.eager import segment
from mindspore.gradient import grad, value_and_grad, vjp
from mindspore.runtime.device import use_backend
from mindspore.runtime.record import assign, call, scalar


@pytest.fixture(autouse=True, params=["reference", "discrete"])
def backend(request, discrete):
    with use_backend(request.param):
        segment.clear_cache()
        yield request.param


def total(x):
    return call("sum", x, axis=tuple(range(x.ndim)), keepdims=False)


def array(*shape):
    return np.arange(1, np.prod(shape) + 1, dtype=np.float32).reshape(shape)


def test_nothing_runs_before_somebody_looks():
    x = Tensor(array(3))
    before = pipeline.compile_count
    y = call("add", call("mul", x, x), x)
    assert pipeline.compile_count == before
    np.testing.assert_array_equal(y.asnumpy(), [2, 6, 12])
    assert pipeline.compile_count == before + 1


def test_errors_come_where_the_mistake_is():
    x = Tensor(array(3))
    with pytest.raises(ValueError, match="add: shapes"):
        call("add", x, Tensor(array(4)))
    np.testing.assert_array_equal(call("neg", x).asnumpy(), [-1, -2, -3])


def test_the_same_stream_is_compiled_once_and_numbers_are_inputs():
    x = Tensor(array(4))
    with pipeline.assert_max_compiles(1):
        for rate in (0.5, 0.25, 0.125):
            y = call("mul", x, scalar(rate, ms.float32))
            np.testing.assert_array_equal(y.asnumpy(), array(4) * np.float32(rate))


def test_only_referenced_values_are_outputs():
    x = Tensor(array(2))
    kept = call("exp", x)
    call("add", call("neg", x), x)
    segment.flush()
    entry = next(reversed(segment._cache.values()))
    assert len(entry.executable.plan.program.outputs) == 1
    np.testing.assert_allclose(kept.asnumpy(), np.exp(array(2)), rtol=1e-6)


def test_a_loop_ends_its_segment_at_the_same_place_each_time():
    x = Tensor(array(4))
    with pipeline.assert_max_compiles(3):
        for _ in range(40):
            for _ in range(60):
                x = call("neg", call("neg", x))
    np.testing.assert_array_equal(x.asnumpy(), array(4))


def test_a_training_loop_compiles_two_segments_at_most():
    w = Parameter(np.zeros(3, np.float32), name="w")
    data = [Tensor(np.random.default_rng(k).normal(size=(5, 3)).astype(np.float32)) for k in range(6)]

    def loss(x):
        return total(call("mul", call("sub", x, w), call("sub", x, w)))

    step = value_and_grad(loss, None, [w])
    want = np.zeros(3)
    losses = []
    with pipeline.assert_max_compiles(2):
        for k, x in enumerate(data):
            value, (g,) = step(x)
            assign(w, call("sub", w, call("mul", g, scalar(0.01 / (k + 1), ms.float32))))
            segment.flush()
            losses.append(float(value))
            rows = x.asnumpy().astype(np.float64)
            assert losses[-1] == pytest.approx(((rows - want) ** 2).sum(), rel=1e-5)
            want = want + 0.02 / (k + 1) * (rows - want).sum(0)
            np.testing.assert_allclose(w.asnumpy(), want, rtol=1e-4)


def test_parameters_are_updated_in_place_unless_somebody_holds_the_old_value(backend):
    w = Parameter(array(3), name="w")
    call("neg", w).asnumpy()
    buffer = w._value.buffer
    assign(w, call("exp", call("neg", w)))
    segment.flush()
    assert w._value.buffer is buffer
    old = w.value()
    before = old.asnumpy().copy()
    assign(w, call("add", w, w))
    segment.flush()
    np.testing.assert_array_equal(old.asnumpy(), before)
    np.testing.assert_array_equal(w.asnumpy(), 2 * before)


def test_arrays_handed_out_never_change():
    w = Parameter(array(3), name="w")
    call("neg", w).asnumpy()
    seen = w.asnumpy()
    assign(w, call("neg", w))
    segment.flush()
    np.testing.assert_array_equal(seen, array(3))
    np.testing.assert_array_equal(w.asnumpy(), -array(3))


def test_gradient_of_a_captured_tensor_is_not_taken():
    x = Tensor(array(3))
    np.testing.assert_array_equal(grad(lambda y: total(call("mul", x, y)))(x).asnumpy(), array(3))


def test_control_flow_on_values_inside_a_gradient():
    looks = []

    def f(x):
        y = call("mul", x, x)
        looks.append(y.asnumpy().copy())
        if y.asnumpy().sum() > 5:
            y = call("mul", y, x)
        return total(y)

    x = Tensor(array(3))
    np.testing.assert_array_equal(grad(f)(x).asnumpy(), 3 * array(3) ** 2)
    np.testing.assert_array_equal(looks[0], array(3) ** 2)
    np.testing.assert_array_equal(grad(f)(Tensor(array(1))).asnumpy(), [2])


def test_each_look_adds_the_same_number_of_entries():
    sizes = []

    def looks(x):
        for limit in range(8):
            if total(x).item() > limit:
                x = call("mul", x, x)
            sizes.append(len(segment.current().entries))
        return total(x)

    grad(looks)(Tensor(array(3) + 1))
    steps = np.diff(sizes)
    assert sizes[-1] < 100 and set(steps[1:]) == {steps[-1]}


def test_second_order_through_looks():
    def f(x):
        y = call("mul", call("mul", x, x), x)
        float(total(y))
        return total(call("mul", y, x))

    def gradient(x):
        g = grad(f)(x)
        g.asnumpy()
        return total(g)

    x = Tensor(array(3))
    np.testing.assert_allclose(grad(gradient)(x).asnumpy(), 12 * array(3) ** 2, rtol=1e-6)


def test_a_look_does_not_compute_known_values_again(backend):
    if backend != "discrete":
        pytest.skip("kernel launches are counted on the discrete backend")
    from mindspore.plugin import manager
    device = manager.device("discrete")
    a, b = Tensor(array(4, 4)), Tensor(array(4, 4))

    def f(x):
        y = call("matmul", x, b)
        y.asnumpy()
        return total(call("mul", y, y))

    grad(f)(a).asnumpy()
    launches = device.commands.kernel_launches
    grad(f)(a).asnumpy()
    assert device.commands.kernel_launches - launches <= 5  # matmul, its gradient, and element-wise work


def test_vjp_can_be_called_later_and_often():
    out, back = vjp(lambda x: call("mul", x, x), Tensor(array(3)))
    np.testing.assert_array_equal(out.asnumpy(), array(3) ** 2)
    for seed in (1, 2):
        np.testing.assert_array_equal(back(Tensor(np.full(3, seed, np.float32)))[0].asnumpy(), 2 * seed * array(3))


def test_an_exception_inside_a_gradient_leaves_nothing_behind():
    x = Tensor(array(3))

    def broken(x):
        call("mul", x, x)
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        grad(broken)(x)
    assert not segment.current().regions
    np.testing.assert_array_equal(grad(lambda x: total(call("mul", x, x)))(x).asnumpy(), 2 * array(3))


def test_another_thread_may_look():
    y = call("neg", Tensor(array(3)))
    seen = []
    thread = threading.Thread(target=lambda: seen.append(y.asnumpy()))
    thread.start()
    thread.join()
    np.testing.assert_array_equal(seen[0], -array(3))


def test_synchronous_mode_runs_each_operation():
    ms.set_context(pynative_synchronize=True)
    try:
        y = call("neg", Tensor(array(3)))
        assert y._value.pending is None
    finally:
        ms.set_context(pynative_synchronize=False)


def test_every_look_inside_a_gradient_keeps_the_derivative():
    def looked_at_each(x):
        total = Tensor(0.0)
        for value in x:
            if value > 0:
                total = total + value * value
        return total

    x = Tensor(np.array([1.0, -2.0, 3.0, 4.0], np.float32))
    np.testing.assert_allclose(grad(looked_at_each)(x).asnumpy(), [2, 0, 6, 8])
    np.testing.assert_allclose(grad(lambda x: grad(looked_at_each)(x).sum())(x).asnumpy(), [2, 0, 2, 2])


def test_what_was_looked_at_is_not_recorded_again_at_each_look():
    def settled(x, limit):
        y, n = x, 0
        while ops.abs(y - 1) > 1e-3 and n < limit:
            y = ops.sqrt(y)
            n += 1
        return y

    counts = []
    for limit in (10, 20, 40):
        before = EMIT_COUNT[0]
        grad(settled)(Tensor(1e30), limit).asnumpy()
        counts.append(EMIT_COUNT[0] - before)
    assert counts[2] < 6 * counts[0]


def test_a_training_step_computes_no_gradient_for_its_own_sake(monkeypatch):
    """The step ends what is recorded; by the time it runs nobody holds a gradient any more, every parameter and moment
    is written in its place, from the first step on, and all steps are one program."""
    made = []

    def replay(entries, inputs, live, donated, device, stable=(), lines=None):
        made.append((len(live), len(donated)))
        return original(entries, inputs, live, donated, device, stable)

    original = segment.replay
    monkeypatch.setattr(segment, "replay", replay)
    net = nn.Dense(7, 5)
    loss = nn.WithLossCell(net, nn.MSELoss())
    step = nn.TrainOneStepCell(loss, nn.Momentum(net.trainable_params(), 0.1, 0.9)).set_train()
    x, y = Tensor(np.ones((3, 7), np.float32)), Tensor(np.zeros((3, 5), np.float32))
    losses = [float(step(x, y).asnumpy()) for _ in range(3)]
    assert losses[2] < losses[1] < losses[0]
    results = 1 + 2 * 2 + 1  # the loss; weight, bias and their moments; the number of the step
    assert made == [(results, results - 1)]


def test_what_was_ended_runs_before_anything_else_is_recorded():
    w = ms.Parameter(Tensor(np.ones(3, np.float32)))
    ms.ops.assign(w, w * 2)
    first = segment.current()
    segment.close()
    assert not first.done
    later = w + 1
    assert first.done and segment.current() is not first
    np.testing.assert_array_equal(later.asnumpy(), np.full(3, 3, np.float32))
    segment.close()  # nothing is recorded
    np.testing.assert_array_equal((w * 2).asnumpy(), np.full(3, 4, np.float32))
