"""Mixed precision: what computes in which dtype at each level, in both modes; loss scales."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Parameter, Tensor, amp, nn, ops
from mindspore.compiler.pipeline import assert_max_compiles
from mindspore.ops import operations as P
from mindspore.train import Model

draw = np.random.default_rng(0)
LOW = [ms.float16, ms.bfloat16]


class Net(nn.Cell):
    """A convolution, a normalization, a weight of its own and products by functions and operators; `seen` keeps the
    dtypes that came by."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, has_bias=True)
        self.bn = nn.BatchNorm2d(4)
        self.fc = nn.Dense(4 * 9, 5)
        self.w = Parameter(Tensor(draw.normal(size=(5, 5)).astype(np.float32)), name="w")
        self.product = P.MatMul()
        self.softmax = nn.Softmax()
        self.dtypes = []

    def construct(self, x):
        a = self.conv(x)
        b = self.bn(a)
        c = self.fc(ops.reshape(ops.relu(b), (x.shape[0], -1)))
        d = self.product(c, self.w)
        e = ops.matmul(d, self.w)
        f = ops.exp(e * 0.1)
        return a, b, c, d, e, f


X = draw.normal(size=(2, 1, 3, 3)).astype(np.float32)
OUTPUTS = "conv norm dense product matmul exp".split()


def dtypes(net, level, dtype):
    """The dtypes within the network at a level, by the name of the layer."""
    amp.auto_mixed_precision(net, level, dtype)
    net._result_dtype, kept = None, net._result_dtype
    net._converts = True
    found = [t.dtype for t in net(Tensor(X))]
    net._result_dtype = kept
    return dict(zip(OUTPUTS, found))


@pytest.mark.parametrize("low", LOW, ids=str)
def test_what_computes_in_which_precision(mode, low):
    wide = ms.float32
    assert set(dtypes(Net(), "O0", low).values()) == {wide}
    assert set(dtypes(Net(), "O1", low).values()) == {wide}
    assert dtypes(Net(), "O2", low) == {"conv": low, "norm": wide, "dense": low, "product": low, "matmul": low,
                                        "exp": low}
    assert set(dtypes(Net(), "O3", low).values()) == {low}
    found = dtypes(Net(), "auto", low)
    assert found == {"conv": wide, "norm": wide, "dense": wide, "product": low, "matmul": low, "exp": wide}


def operators(net):
    """(primitive, dtype of its result) of the network's graph."""
    return [(n.op.name, n.aval.dtype) for n in net.graph(Tensor(X)).nodes if hasattr(n.aval, "dtype")]


@pytest.mark.parametrize("level", ["O1", "auto"])
def test_products_are_low_and_what_is_delicate_is_not(level):
    net = amp.auto_mixed_precision(Net(), level, ms.bfloat16)
    found = operators(net)
    assert {d for name, d in found if name in ("matmul", "conv2d")} == {ms.bfloat16}
    assert {d for name, d in found if name == "exp"} == {ms.float32}
    net = amp.auto_mixed_precision(net, "O0")
    assert {d for _, d in operators(net)} == {ms.float32}


@pytest.mark.parametrize("level", ["O1", "O2", "O3", "auto"])
def test_results_are_float32_and_near_the_exact_ones(mode, level):
    ms.set_seed(0)
    net = Net()
    exact = [t.asnumpy() for t in net(Tensor(X))]
    assert amp.auto_mixed_precision(net, level) is net
    for mine, theirs in zip(net(Tensor(X)), exact):
        assert mine.dtype is (ms.float16 if level == "auto" and mine.dtype is ms.float16 else ms.float32)
        np.testing.assert_allclose(mine.astype(ms.float32).asnumpy(), theirs, rtol=0.05, atol=0.05)
    assert {p.dtype for p in net.get_parameters()} == {ms.float32}
    assert [p.name for p in net.get_parameters()] == [p.name for p in Net().get_parameters()]


@pytest.mark.parametrize("level", ["O1", "O2", "O3", "auto"])
def test_gradients_come_in_the_dtype_of_the_parameters(mode, level):
    ms.set_seed(0)
    net = Net()
    weights = net.trainable_params()

    def total(x):
        return ops.sum(net(x)[5].astype(ms.float32))

    exact = [g.asnumpy() for g in ms.grad(total, None, weights)(Tensor(X))]
    amp.auto_mixed_precision(net, level, ms.float16)
    for mine, theirs in zip(ms.grad(total, None, weights)(Tensor(X)), exact):
        assert mine.dtype is ms.float32
        np.testing.assert_allclose(mine.asnumpy(), theirs, rtol=0.05, atol=0.05 * np.abs(theirs).max() + 1e-3)


def test_a_level_is_compiled_once_and_a_new_one_again():
    ms.set_context(mode=ms.GRAPH_MODE)
    try:
        net = Net()
        net(Tensor(X))[0].asnumpy()
        for level in ("O2", "auto", "O0"):
            amp.auto_mixed_precision(net, level)
            net(Tensor(X))
            with assert_max_compiles(0):
                low = net(Tensor(X + 1))[4].dtype
            assert low is {"O2": ms.float32, "auto": ms.float16, "O0": ms.float32}[level]
    finally:
        ms.set_context(mode=ms.PYNATIVE_MODE)


def test_a_function_is_compiled_for_the_precision_around_it():
    @ms.jit
    def product(a, b):
        return ops.matmul(a, b)

    class Caller(nn.Cell):
        def construct(self, x):
            return product(x, x)

    x = Tensor(np.eye(3, dtype=np.float32))
    net = amp.auto_mixed_precision(Caller(), "auto")
    assert net(x).dtype is ms.float16
    assert product(x, x).dtype is ms.float32
    assert net(x).dtype is ms.float16
    gradient = ms.grad(lambda v: ops.sum(net(v).astype(ms.float32)))(x)
    assert gradient.dtype is ms.float32


def test_the_precision_ends_with_the_network(mode):
    net = amp.auto_mixed_precision(Net(), "auto")
    x = Tensor(np.ones((2, 2), np.float32))
    net(Tensor(X))
    assert ops.matmul(x, x).dtype is ms.float32
    with pytest.raises(ValueError):
        net(Tensor(X[0, 0]))
    assert ops.matmul(x, x).dtype is ms.float32


def test_repeated_blocks_of_different_precision(mode):
    class Block(nn.Cell):
        def __init__(self):
            super().__init__()
            self.fc = nn.Dense(3, 3)

        def construct(self, x):
            return ops.matmul(self.fc(x), x)

    class Blocks(nn.Cell):
        def __init__(self):
            super().__init__()
            self.blocks = nn.CellList([Block() for _ in range(6)])

        def construct(self, x):
            return [block(x).dtype for block in self.blocks] and tuple(block(x) for block in self.blocks)

    net = Blocks()
    amp.auto_mixed_precision(net.blocks[3], "auto")
    net.blocks[4].to_float(ms.bfloat16)
    found = [t.dtype for t in net(Tensor(np.eye(3, dtype=np.float32)))]
    assert found == [ms.float32, ms.float32, ms.float32, ms.float16, ms.bfloat16, ms.float32]


def test_recurrent_networks_at_all_levels(mode):
    x = Tensor(draw.normal(size=(5, 2, 3)).astype(np.float32))
    net = nn.LSTM(3, 4, 2, bidirectional=True)
    exact = net(x)[0].asnumpy()
    for level in ("O1", "O2", "O3", "auto", "O0"):
        out = amp.auto_mixed_precision(net, level)(x)[0]
        assert out.dtype is ms.float32
        np.testing.assert_allclose(out.asnumpy(), exact, atol=0.01)
    np.testing.assert_array_equal(net(x)[0].asnumpy(), exact)


def test_lists_of_ones_own(mode):
    net = amp.custom_mixed_precision(Net(), white_list=[nn.Conv2d, ops.MatMul], dtype=ms.bfloat16)
    graph = operators(net)
    assert {d for name, d in graph if name == "conv2d"} == {ms.bfloat16}
    assert {t.dtype for t in net(Tensor(X))} == {ms.float32}
    net = amp.custom_mixed_precision(Net(), black_list=[nn.Dense, nn.BatchNorm2d, ops.Exp])
    graph = operators(net)
    assert {d for name, d in graph if name == "conv2d"} == {ms.float16}
    assert ms.float32 in {d for name, d in graph if name == "matmul"}
    white, black = amp.get_white_list(), amp.get_black_list()
    assert nn.Dense in white and nn.LSTMCell in white and ops.MatMul in white and nn.BatchNorm2d in black
    white.clear()
    assert amp.get_white_list()


def test_an_operator_object_on_a_list(mode):
    class Roots(nn.Cell):
        def __init__(self):
            super().__init__()
            self.sqrt = P.Sqrt()

        def construct(self, x):
            return self.sqrt(x), ops.square(x)

    net = amp.custom_mixed_precision(Roots(), black_list=[P.Sqrt])
    net._result_dtype = None
    x = Tensor(np.ones(3, np.float32))
    assert [t.dtype for t in net(x)] == [ms.float32, ms.float16]


def test_to_float_casts_the_parameters_of_ones_own(mode):
    class Scale(nn.Cell):
        def __init__(self):
            super().__init__()
            self.w = Parameter(Tensor(np.ones(3, np.float32)), name="w")
            self.count = Parameter(Tensor(np.zeros((), np.float32)), name="count", requires_grad=False)

        def construct(self, x):
            ops.assign_add(self.count, 1.0)
            return x * self.w

    net = Scale().to_float(ms.float16)
    for _ in range(2):
        assert net(Tensor(np.ones(3, np.float32))).dtype is ms.float16
    assert net.w.dtype is ms.float32 and float(net.count.asnumpy()) == 2
    with pytest.raises(AttributeError):
        net.nothing  # noqa: B018


def test_a_function_in_mixed_precision(mode):
    def products(x, factor=1.0):
        square = ops.matmul(x, x)
        if ops.sum(square) > 1e6:
            square = square * 2
        return square, ops.exp(square) * factor

    mixed = amp.auto_mixed_precision(products, "auto")
    x = Tensor(np.ones((2, 2), np.float32))

    class Whole(nn.Cell):
        def construct(self, x):
            return mixed(x, factor=2.0), ops.matmul(x, x)

    (square, raised), plain = Whole()(x)
    assert (square.dtype, raised.dtype, plain.dtype) == (ms.float16, ms.float32, ms.float32)
    np.testing.assert_allclose(raised.asnumpy(), 2 * np.exp(np.full((2, 2), 2.0)), rtol=1e-3)
    assert mixed(x)[0].dtype is ms.float16 and products(x)[0].dtype is ms.float32


def test_level_auto_keeps_a_precision_of_a_layers_own(mode):
    net = nn.SequentialCell(nn.Dense(3, 3, has_bias=False), nn.Dense(3, 3, has_bias=False).to_float(ms.float32))
    seen = []
    net[0].register_forward_hook(lambda cell, args, out: seen.append(out.dtype))
    amp.auto_mixed_precision(net, "auto")
    for _ in range(2):
        assert net(Tensor(np.ones((2, 3), np.float32))).dtype is ms.float32
        amp.auto_mixed_precision(net, "auto")
    assert seen[0] is ms.float16
    amp.auto_mixed_precision(amp.auto_mixed_precision(net, "O3"), "auto")
    assert net(Tensor(np.ones((2, 3), np.float32))).dtype is ms.float16


@pytest.mark.parametrize("call, error, text", [
    (lambda: amp.auto_mixed_precision("net"), TypeError, "network must be a Cell"),
    (lambda: amp.auto_mixed_precision(ops.relu, "O2"), TypeError, "network must be a Cell"),
    (lambda: amp.auto_mixed_precision(ops.relu, "auto", ms.float32), ValueError, "float16 or bfloat16"),
    (lambda: amp.auto_mixed_precision(Net(), "O4"), ValueError, "one of O0, O1, O2, O3, auto"),
    (lambda: amp.auto_mixed_precision(Net(), "O1", ms.float32), ValueError, "float16 or bfloat16"),
    (lambda: amp.custom_mixed_precision(Net()), ValueError, "either white_list or black_list"),
    (lambda: amp.custom_mixed_precision(Net(), white_list=[1]), TypeError, "classes of Cells or Primitives"),
    (lambda: amp.build_train_network(Net(), 1), TypeError, "optimizer must be an Optimizer"),
    (lambda: amp.all_finite(3), TypeError, "all_finite"),
    (lambda: amp.DynamicLossScaler(0, 2, 3), ValueError, "'scale_value' must be a positive number"),
    (lambda: amp.StaticLossScaler("a"), TypeError, "'scale_value' must be a number"),
    (lambda: amp.FixedLossScaleManager(0.5), ValueError, "at least 1"),
    (lambda: amp.DynamicLossScaleManager(8, 1.5), ValueError, "int of at least 2"),
    (lambda: Model(Net(), amp_level="O9"), ValueError, "one of O0, O1, O2, O3, auto"),
    (lambda: Model(Net(), amp_lvl="O2"), TypeError, "no argument 'amp_lvl'"),
    (lambda: Model(Net(), loss_scale_manager=3), TypeError, "must be a LossScaleManager"),
])
def test_errors(call, error, text):
    with pytest.raises(error) as caught:
        call()
    assert text in str(caught.value)


# -- loss scales -------------------------------------------------------------------------------------------------------

def test_all_finite(mode):
    good, bad = Tensor([1.0, 2.0]), Tensor([1.0, np.inf])
    assert bool(amp.all_finite(good)) and bool(amp.all_finite((good, Tensor([3]))))
    assert not bool(amp.all_finite((good, bad))) and not bool(amp.all_finite([Tensor([np.nan])]))
    assert bool(amp.all_finite(Tensor([3])))


def test_scalers(mode):
    scaler = amp.DynamicLossScaler(8, 2, 2)
    x = (Tensor([1.0]), Tensor([2.0]).astype(ms.float16))
    scaled = scaler.scale(x)
    assert [float(t.asnumpy()[0]) for t in scaled] == [8, 16] and scaled[1].dtype is ms.float16
    assert [float(t.asnumpy()[0]) for t in scaler.unscale(scaled)] == [1, 2]
    values = []
    for good in (True, True, False, True, True, True, True):
        assert scaler.adjust(Tensor(good))
        values.append(float(scaler.scale_value.asnumpy()))
    assert values == [8, 16, 8, 8, 16, 16, 32]
    small = amp.DynamicLossScaler(1, 2, 2)
    small.adjust(Tensor(False))
    assert float(small.scale_value.asnumpy()) == 1
    static = amp.StaticLossScaler(4)
    assert float(static.scale(Tensor([3.0])).asnumpy()[0]) == 12 and static.adjust(Tensor(False)) is False


def test_a_loop_of_ones_own_with_a_scaler():
    ms.set_seed(0)
    net = amp.auto_mixed_precision(nn.Dense(3, 1), "O2")
    optimizer = nn.Momentum(net.trainable_params(), 0.05, 0.9)
    scaler = amp.DynamicLossScaler(1024, 2, 50)
    x = Tensor(draw.normal(size=(64, 3)).astype(np.float32))
    y = Tensor((x.asnumpy() @ np.array([[1.0], [2.0], [-1.0]])).astype(np.float32))

    def forward(x, y):
        return scaler.scale(ops.mse_loss(net(x), y))

    step = ms.value_and_grad(forward, None, optimizer.parameters)

    @ms.jit
    def train(x, y):
        loss, grads = step(x, y)
        loss, grads = scaler.unscale(loss), scaler.unscale(grads)
        good = amp.all_finite(grads)
        if good:
            optimizer(grads)
        scaler.adjust(good)
        return loss

    losses = [float(train(x, y).asnumpy()) for _ in range(60)]
    assert losses[-1] < 0.01 * losses[0]
    assert float(scaler.scale_value.asnumpy()) >= 2048


class Product(nn.Cell):
    """A loss that is w x."""

    def __init__(self):
        super().__init__()
        self.w = Parameter(Tensor(np.ones((), np.float32)), name="w")

    def construct(self, x):
        return self.w * x


def test_a_step_with_an_overflow_changes_nothing(mode):
    net = Product()
    optimizer = nn.Momentum(net.trainable_params(), 0.5, 0.9)
    step = nn.TrainOneStepWithLossScaleCell(net, optimizer, nn.DynamicLossScaleUpdateCell(4.0, 2, 2))
    seen = []
    for value in (1.0, np.inf, 1.0, np.nan, 1.0):
        loss, overflow, scale = step(Tensor(np.float32(value)))
        seen.append((bool(overflow.asnumpy()), float(scale.asnumpy()), float(net.w.asnumpy()),
                     int(optimizer.global_step.asnumpy()[0])))
    moment, w, expected = 0.0, 1.0, []
    for k, (good, scale) in enumerate(((True, 4), (False, 4), (True, 2), (False, 2), (True, 1))):
        if good:
            moment = 0.9 * moment + 1.0
            w -= 0.5 * moment
        expected.append((not good, scale, pytest.approx(w), k // 2 + 1))
    assert seen == expected
    assert float(optimizer.moments[0].asnumpy()) == pytest.approx(moment)
    step.set_sense_scale(Tensor(np.float32(64)))
    assert float(step(Tensor(np.float32(0)))[2].asnumpy()) == 64


def test_the_scale_grows_after_good_steps(mode):
    net = Product()
    step = nn.TrainOneStepWithLossScaleCell(net, nn.SGD(net.trainable_params(), 0.0),
                                            nn.DynamicLossScaleUpdateCell(4.0, 2, 2))
    assert [float(step(Tensor(np.float32(1)))[2].asnumpy()) for _ in range(6)] == [4, 4, 8, 8, 16, 16]
    fixed = nn.TrainOneStepWithLossScaleCell(net, nn.SGD(net.trainable_params(), 0.0), Tensor(np.float32(8)))
    assert [float(fixed(Tensor(np.float32(1)))[2].asnumpy()) for _ in range(3)] == [8, 8, 8]


@pytest.mark.parametrize("make, error, text", [
    (lambda net, opt: nn.TrainOneStepWithLossScaleCell(net, opt, 8.0), TypeError, "must be a Cell or a Tensor"),
    (lambda net, opt: nn.TrainOneStepWithLossScaleCell(net, opt, Tensor([1.0, 2.0])), ValueError, "of one element"),
    (lambda net, opt: nn.TrainOneStepWithLossScaleCell(net, opt, nn.ReLU()), TypeError, "a method get_loss_scale"),
    (lambda net, opt: nn.DynamicLossScaleUpdateCell(2, 1, 3), ValueError, "at least 2"),
])
def test_errors_of_steps(make, error, text):
    net = Product()
    with pytest.raises(error) as caught:
        make(net, nn.SGD(net.trainable_params(), 0.1))
    assert text in str(caught.value)


def test_managers():
    manager = amp.DynamicLossScaleManager(16, 2, 2)
    values = []
    for overflow in (False, False, True, False, False):
        manager.update_loss_scale(overflow)
        values.append(manager.get_loss_scale())
    assert values == [16, 32, 16.0, 16.0, 32.0]
    assert type(manager.get_update_cell()) is nn.DynamicLossScaleUpdateCell and manager.get_drop_overflow_update()
    assert amp.DynamicLossScaleManager().get_loss_scale() == 2 ** 24
    fixed = amp.FixedLossScaleManager()
    assert fixed.get_loss_scale() == 128 and type(fixed.get_update_cell()) is nn.FixedLossScaleUpdateCell
    assert amp.FixedLossScaleManager(8.0, False).get_update_cell() is None


def data(steps=20):
    generator = np.random.default_rng(1)
    for _ in range(steps):
        x = generator.normal(size=(32, 4)).astype(np.float32)
        yield Tensor(x), Tensor((x[:, 0] > x[:, 1]).astype(np.int32))


class Steps:
    """A data set that is the same for each epoch."""

    def __iter__(self):
        return data()


@pytest.mark.parametrize("level, given", [
    ("O0", {}), ("O1", {}), ("O2", {}), ("O3", {}), ("auto", {}), ("O2", {"loss_scale_manager": None}),
    ("O3", {"keep_batchnorm_fp32": True}), ("O0", {"loss_scale_manager": ms.DynamicLossScaleManager(1024)}),
    ("O2", {"loss_scale_manager": ms.FixedLossScaleManager(64.0)})],
    ids=lambda given: given if isinstance(given, str) else ",".join(f"{k}={type(given[k]).__name__}" for k in given))
def test_a_model_learns_at_each_level(mode, level, given):
    ms.set_seed(0)
    net = nn.SequentialCell(nn.Dense(4, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dense(16, 2))
    loss = nn.SoftmaxCrossEntropyWithLogits(sparse=True, reduction="mean")
    model = Model(net, loss, nn.Adam(net.trainable_params(), 0.05), {"accuracy"}, amp_level=level, **given)
    step = model.train_network
    scaled = given.get("loss_scale_manager", level == "O2" or None) is not None
    assert (type(step) is nn.TrainOneStepWithLossScaleCell) == scaled
    model.train(2, Steps())
    assert model.eval(Steps())["accuracy"] > 0.9
    assert model.predict(next(data())[0]).dtype is ms.float32
    assert [p.name for p in net.get_parameters()][:2] == ["0.weight", "0.bias"]


def test_a_loss_scale_without_dropped_updates_belongs_to_the_optimizer(mode):
    net = Product()
    optimizer = nn.SGD(net.trainable_params(), 0.5, loss_scale=16.0)
    step = amp.build_train_network(net, optimizer, loss_scale_manager=amp.FixedLossScaleManager(16.0, False))
    assert type(step) is nn.TrainOneStepCell
    step(Tensor(np.float32(1)))
    assert float(net.w.asnumpy()) == pytest.approx(0.5)
