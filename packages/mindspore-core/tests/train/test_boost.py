"""mindspore.boost: frozen gradients, optimizers made again, scales by groups, steps in a small space, AutoBoost."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, boost, nn
from mindspore.boost.less_batch_normalization import CommonHeadLastFN
from mindspore.compiler.pipeline import assert_max_compiles
from mindspore.runtime.parallel_settings import ParallelPackageMissingError
from mindspore.train import Model

DRAW = np.random.default_rng(4)
LOSS = nn.SoftmaxCrossEntropyWithLogits(sparse=True, reduction="mean")


@pytest.fixture(autouse=True)
def nothing_chosen():
    yield
    boost.AutoBoost("O0")


def network() -> nn.Cell:
    ms.set_seed(3)
    return nn.SequentialCell(nn.Dense(3, 6, activation="tanh"), nn.Dense(6, 6, activation="tanh"), nn.Dense(6, 2))


def batches(count=6) -> list:
    draw = np.random.default_rng(7)
    made = []
    for _ in range(count):
        x = draw.normal(size=(8, 3)).astype(np.float32)
        made.append((Tensor(x), Tensor((x.sum(1) > 0).astype(np.int32))))
    return made


def values(net) -> list[np.ndarray]:
    return [p.asnumpy() for p in net.trainable_params()]


def same(first, second) -> list[bool]:
    return [bool(np.array_equal(a, b)) for a, b in zip(first, second)]


# -- frozen gradients --------------------------------------------------------------------------------------------------


def test_a_step_changes_its_group_only(mode):
    net = network()
    params = net.trainable_params()
    optimizer = boost.FreezeOpt(nn.Momentum(params, 0.1, 0.9), [params, params[4:]], [1, 0, 1])
    step = boost.BoostTrainOneStepCell(nn.WithLossCell(net, LOSS), optimizer)
    data = batches(4)
    seen = []
    for x, y in data:
        before = values(net)
        step(x, y)
        seen.append(same(before, values(net)))
    assert seen == [[True] * 4 + [False] * 2, [False] * 6, [True] * 4 + [False] * 2, [True] * 4 + [False] * 2]
    for _ in range(5):
        step(*data[0])
    with assert_max_compiles(0):
        for _ in range(3):
            step(*data[0])
    states = [p.name for opt in optimizer.opts for p in opt.moments]
    assert states[0] == "boost_0.moments.0.weight" and states[-1] == "boost_1.moments.2.bias"
    assert len(set(states)) == 8


def test_learning_rates_go_to_the_groups_that_steps_train():
    params = network().trainable_params()
    optimizer = boost.FreezeOpt(nn.SGD(params, [0.4, 0.3, 0.2, 0.1]), [params, params[4:]], [0, 1, 1, 0])
    assert [opt.learning_rate.learning_rate.asnumpy().tolist() for opt in optimizer.opts] == [
        pytest.approx([0.4, 0.1]), pytest.approx([0.3, 0.2])]


def test_groups_and_order_of_steps():
    net = network()
    freeze = boost.GradientFreeze(2, 1, 0.7, 300)
    groups = freeze.split_parameters_groups(net, 2)
    assert [len(g) for g in groups] == [6, 2]
    np.random.seed(0)
    order = freeze.generate_freeze_index_sequence(4, 1, 0.7, 1000)
    assert len(order) == 1010 and order[0] == 0 and abs(order.count(0) / 1010 - 0.7) < 0.01
    assert order.count(1) > order.count(2) > order.count(3) > 0
    assert freeze.generate_freeze_index_sequence(3, 0, 0.5, 7)[:7] == [0, 0, 1, 2, 0, 0, 1]
    assert freeze.generate_freeze_index_sequence(1, 0, 0.5, 3) == [0, 0, 0]
    _, optimizer = freeze.freeze_generate(net, nn.Adam(net.trainable_params(), 0.01, beta1=0.8))
    assert len(optimizer.opts) == 2 and all(type(o) is nn.Adam and o.init_args["beta1"] == 0.8 for o in optimizer.opts)
    with pytest.raises(ValueError, match="too few for 5 groups"):
        freeze.split_parameters_groups(net, 5)


@pytest.mark.parametrize("make, error, text", [
    (lambda p: boost.FreezeOpt(3), TypeError, "must be an Optimizer"),
    (lambda p: boost.FreezeOpt(nn.SGD(p), None, [0]), ValueError, "needs the 'train_parameter_groups'"),
    (lambda p: boost.FreezeOpt(nn.SGD(p), [p], [1]), ValueError, "groups from 0 to 0"),
    (lambda p: boost.FreezeOpt(nn.SGD(p), [p], [0.5]), ValueError, "must be ints"),
    (lambda p: boost.FreezeOpt(nn.SGD(p), [p], "0"), TypeError, "a tuple, a list or a Tensor"),
    (lambda p: boost.FreezeOpt(nn.SGD(p), p), TypeError, "tuples or lists"),
    (lambda p: boost.GradientFreeze(2, 3, 0.5, 10), ValueError, "must be 0 or 1"),
    (lambda p: boost.GradientFreeze(2, 0, 1.0, 10), ValueError, "between 0 and 1"),
    (lambda p: boost.freeze_cell(True, network(), boost.FreezeOpt(nn.SGD(p)), 1.0, None, False),
     ParallelPackageMissingError, "several processes"),
    (lambda p: boost.freeze_cell(False, network(), nn.SGD(p), 1.0, None, False), TypeError, "must be a FreezeOpt"),
    (lambda p: boost.AdaSum(0, 8, 2, p), ParallelPackageMissingError, "several processes"),
    (lambda p: boost.OptimizerProcess(3), TypeError, "must be an Optimizer"),
    (lambda p: boost.LessBN(3), TypeError, "must be a Cell"),
    (lambda p: network().set_boost("more"), ValueError, "'less_bn', 'grad_freeze' or 'adasum'"),
    (lambda p: boost.AutoBoost("O3"), ValueError, "'level' must be one of O0, O1, O2"),
    (lambda p: boost.AutoBoost("O1", {"boost": {"mode": "some"}}), ValueError, "'mode' must be one of"),
    (lambda p: boost.AutoBoost("O1", {"boost": {"less": True}}), ValueError, "no algorithm 'less'"),
    (lambda p: boost.AutoBoost("O1", {"less_bn": {"fn": 1}}), ValueError, "no setting 'fn'"),
    (lambda p: boost.AutoBoost("O1", {"lessbn": {}}), ValueError, "there is no 'lessbn'"),
    (lambda p: boost.GroupLossScaleManager(0.0, []), ValueError, "init_loss_scale")])
def test_arguments_are_checked(make, error, text):
    with pytest.raises(error, match=text):
        make(network().trainable_params())


# -- optimizers made again ---------------------------------------------------------------------------------------------


def test_optimizer_is_made_again():
    net = nn.SequentialCell(nn.Conv2d(2, 4, 3, has_bias=True), nn.Conv2d(4, 4, 3, group=2), nn.BatchNorm2d(4),
                            nn.Flatten(), nn.Dense(16, 2))
    process = boost.OptimizerProcess(nn.Momentum(net.trainable_params(), 0.2, 0.8, weight_decay=0.01))
    process.add_grad_centralization(net)
    made = process.generate_new_optimizer()
    flags = {p.name: central for p, central in zip(made.parameters, made._centralize)}
    assert [name for name, central in flags.items() if central] == ["0.weight", "4.weight"] and len(flags) == 7
    assert made.init_args == {"momentum": 0.8, "weight_decay": 0.01, "loss_scale": 1.0, "use_nesterov": False}
    assert made.init_learning_rate == 0.2
    lars = boost.OptimizerProcess(nn.LARS(nn.SGD(net.trainable_params(), 0.3), coefficient=0.02))
    again = lars.generate_new_optimizer()
    assert type(again) is nn.LARS and again.coefficient == 0.02 and again.opt.init_learning_rate == 0.3


def test_arguments_of_optimizers_are_known():
    net = network()
    generated = nn.Adam((p for p in net.trainable_params()), learning_rate=0.1, eps=1e-3)
    assert generated.init_params["params"] == list(generated.parameters) and generated.init_args["eps"] == 1e-3
    groups = [{"params": net.trainable_params()[:2], "lr": 0.1}, {"params": net.trainable_params()[2:]}]
    assert nn.SGD(groups).init_params == {"params": groups}


def test_groups_take_other_parameters():
    first, second = network().trainable_params(), network().trainable_params()
    extra = ms.Parameter(Tensor(1.0), name="multiplier")
    given = [{"params": first[:2], "lr": 0.1}, {"params": first[2:], "weight_decay": 0.2}, {"order_params": first}]
    made = boost.ParameterProcess.generate_group_params([*second[1:], extra], given)
    assert [g.get("lr") for g in made] == [0.1, None, None, None] and made[0]["params"][0] is second[1]
    assert made[1]["weight_decay"] == 0.2 and made[1]["params"] == second[2:]
    assert made[2]["order_params"] == [*second[1:], extra] and made[3] == {"params": [extra]}
    assert boost.ParameterProcess.generate_group_params(second, first) == [{"params": second}]
    assert [p.comm_fusion for p in boost.ParameterProcess().assign_parameter_group(second, [2, 4])] == [
        1, 1, 2, 2, 3, 3]
    with pytest.raises(ValueError, match="no parameters"):
        boost.ParameterProcess.generate_group_params(second, [])


# -- the last layer ----------------------------------------------------------------------------------------------------


def test_last_layer_has_normalized_rows(mode):
    net = network()
    weight, hidden = net[2].weight, nn.SequentialCell(net[0], net[1])
    less = boost.LessBN(net, fn_flag=True)
    assert type(net[2]) is CommonHeadLastFN and net[2].weight is weight and not net[2].has_bias
    assert [p.name for p in less.get_parameters()] == ["0.weight", "0.bias", "1.weight", "1.bias", "2.weight",
                                                       "2.multiplier"]
    x = Tensor(DRAW.normal(size=(4, 3)).astype(np.float32))
    net[2].multiplier.set_data(Tensor([3.0]))
    h, w = hidden(x).asnumpy(), weight.asnumpy()
    unit = [v / np.linalg.norm(v, axis=1, keepdims=True) for v in (h, w)]
    np.testing.assert_allclose(less(x).asnumpy(), 3 * unit[0] @ unit[1].T, rtol=1e-4, atol=1e-5)
    assert net.get_flags()["less_bn"] and type(boost.LessBN(network()).network[2]) is nn.Dense


# -- scales by groups --------------------------------------------------------------------------------------------------


class Scaled(nn.Cell):
    def __init__(self, scale):
        super().__init__()
        self.first, self.last, self.scale = nn.Dense(3, 6, activation="tanh"), nn.Dense(6, 2), scale

    def construct(self, x):
        x = self.scale(x, 0, 1)
        x = self.first(x)
        x = self.scale(x, 1, 2)
        x = self.last(x)
        return self.scale(x, 2, 3)


def test_groups_have_scales_of_their_own(mode):
    x, y = batches(1)[0]
    ms.set_seed(5)
    scale = boost.GroupLossScaleManager(64.0, [])
    net = Scaled(scale)
    plain = boost.BoostTrainOneStepCell(nn.WithLossCell(net, LOSS), nn.SGD(net.trainable_params(), 0.1))
    start = values(net)
    plain(x, y)
    want = values(net)
    for param, first in zip(net.trainable_params(), start):
        param.set_data(Tensor(first))
    scale.loss_scale_groups = [net.first.trainable_params(), net.last.trainable_params()]
    step = boost.BoostTrainOneStepWithLossScaleCell(nn.WithLossCell(net, LOSS), nn.SGD(net.trainable_params(), 0.1),
                                                    scale)
    scale.dynamic_loss_scale[2].set_data(Tensor(8.0))
    _, overflow, used = step(x, y)
    assert not bool(overflow) and float(used) == 64.0
    for got, expected in zip(values(net), want):
        np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)
    grown = [float(s) for s in scale.dynamic_loss_scale]
    np.testing.assert_allclose(grown, [1, 64 * 2 ** 0.001, 8 * 2 ** 0.001, 1], rtol=1e-6)
    scale.dynamic_loss_scale[1].set_data(Tensor(3e38))
    net.last.weight.set_data(net.last.weight * 1e4)
    before = values(net)
    _, overflow, _ = step(x, y)
    assert bool(overflow) and all(same(before, values(net)))
    np.testing.assert_allclose(float(scale.dynamic_loss_scale[1]), 3e38 * 2 ** -0.5, rtol=1e-5)
    assert float(scale.dynamic_loss_scale[2]) > grown[2]


def test_groups_have_all_parameters():
    scale = boost.GroupLossScaleManager(64.0, [])
    net = Scaled(scale)
    scale.loss_scale_groups = [net.first.trainable_params(), net.last.trainable_params()[:1]]
    with pytest.raises(ValueError, match="'last.bias' is in no group"):
        boost.BoostTrainOneStepWithLossScaleCell(net, nn.SGD(net.trainable_params()), scale)
    scale.loss_scale_groups = [net.trainable_params(), net.last.trainable_params()]
    with pytest.raises(ValueError, match="in two groups"):
        boost.BoostTrainOneStepWithLossScaleCell(net, nn.SGD(net.trainable_params()), scale)
    with pytest.raises(TypeError, match="must not be frozen"):
        boost.BoostTrainOneStepWithLossScaleCell(net, boost.FreezeOpt(nn.SGD(net.trainable_params())), Tensor(1.0))


# -- steps in a small space --------------------------------------------------------------------------------------------


class Bowl(nn.Cell):
    """A quadratic loss: w^T H w / 2."""

    def __init__(self, h, start):
        super().__init__()
        self.h, self.w = Tensor(h), ms.Parameter(Tensor(start), name="w")

    def construct(self, shift):
        return 0.5 * (self.w * (self.h * self.w)).sum() + shift


def test_step_in_a_small_space(mode):
    h, start = np.float32([1, 4, 9]), np.float32([3, 2, 1])
    matrix = np.eye(3, dtype=np.float32)[:2]
    net = Bowl(h, start)
    weights = net.trainable_params()
    clone = ms.ParameterTuple(weights).clone("clone")
    cell = boost.DimReduce(net, nn.SGD(weights, 1.0), weights, matrix, 2, 0.5, 0.9, 0.01, 0.4, 0, 1)
    w, b, last, s, rest = start.astype(float), np.eye(2), None, None, np.zeros(3)
    for _ in range(4):
        grad = h * w
        loss = (w * grad).sum() / 2
        assert float(cell(Tensor(loss, ms.float32), (Tensor(grad * 8, ms.float32),), 8.0, weights, clone,
                          Tensor(0.0))) == pytest.approx(loss)
        g = matrix @ grad
        if last is not None and (g - last) @ s > 1e-20:
            y = g - last
            left = np.eye(2) - np.outer(y, s) / (y @ s)
            b = left.T @ b @ left + np.outer(s, s) / (y @ s)
        last, d = g, -b @ g
        found = [r for r in (1, 0.5) if (h * (w + matrix.T @ d * r) ** 2).sum() / 2 < loss + r * 0.4 * g @ d]
        rho = (found or [0.25])[0]
        s = rho * d
        rest = 0.9 * rest + grad - matrix.T @ g
        w = w - (0.01 * rest - matrix.T @ s)
        np.testing.assert_allclose(net.w.asnumpy(), w, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(clone[0].asnumpy(), net.w.asnumpy())
    with pytest.raises(ValueError, match=r"must have the shape \(2, 3\), but got \(2, 2\)"):
        boost.DimReduce(net, nn.SGD(weights), weights, matrix[:, :2], 2, 0.5, 0.9, 0.01, 0.4, 0, 1)
    with pytest.raises(ParallelPackageMissingError):
        boost.DimReduce(net, nn.SGD(weights), weights, matrix, 2, 0.5, 0.9, 0.01, 0.4, 0, 2)


def test_adasum_of_one_group_is_its_own_step():
    param, old = ms.Parameter(Tensor([1.0, 2.0])), Tensor([5.0, 6.0])
    (found,) = boost.AdaSum(0, 1, 1, (param,))((Tensor([0.5, 1.0]),), (param,), (old,))
    assert found.asnumpy().tolist() == param.asnumpy().tolist() == [4.5, 5.0]


# -- Model -------------------------------------------------------------------------------------------------------------


def losses_of(model, epochs=6) -> list[float]:
    found = []

    class Noting(ms.Callback):
        def on_train_step_end(self, run_context):
            found.append(float(run_context.original_args().net_outputs))

    model.train(epochs, batches(), callbacks=Noting())
    return found


def test_model_trains_as_its_level_says(mode):
    net = network()
    config = {"grad_freeze": {"param_groups": 2, "total_steps": 40}}
    model = Model(net, LOSS, nn.Momentum(net.trainable_params(), 0.05, 0.9), metrics={"acc"}, boost_level="O1",
                  boost_config_dict=config)
    assert type(model.train_network) is boost.BoostTrainOneStepCell and model.train_network.freeze
    assert type(net[2]) is CommonHeadLastFN
    found = losses_of(model, 15)
    assert np.mean(found[-6:]) < 0.6 * np.mean(found[:6])
    assert model.eval(batches())["acc"] > 0.8


def test_model_sums_gradients():
    net = network()
    config = {"boost": {"mode": "manual", "less_bn": False, "grad_freeze": False, "grad_accumulation": True},
              "grad_accumulation": {"grad_accumulation_step": 2}}
    model = Model(net, LOSS, nn.SGD(net.trainable_params(), 0.1), boost_level="O1", boost_config_dict=config)
    start = values(net)
    model.train(1, batches(1))
    assert all(same(start, values(net)))
    model.train(1, batches(1))
    assert not any(same(start, values(net)))


def test_model_steps_in_the_space_of_its_checkpoints(tmp_path):
    net = network()
    plain = Model(net, LOSS, nn.SGD(net.trainable_params(), 0.3))
    for k in range(5):
        plain.train(1, batches())
        ms.save_checkpoint(net, str(tmp_path / f"net-{k}.ckpt"))
    config = {"boost": {"mode": "manual", "less_bn": False, "grad_freeze": False, "dim_reduce": True},
              "dim_reduce": {"n_components": 3, "weight_load_dir": str(tmp_path)}}
    fresh = network()
    model = Model(fresh, LOSS, nn.SGD(fresh.trainable_params(), 0.3), boost_level="O1", boost_config_dict=config)
    matrix = np.load(tmp_path / "pca_mat_temp.npy")
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-5)
    found = losses_of(model)
    assert np.mean(found[-6:]) < 0.8 * np.mean(found[:6])
    config["dim_reduce"]["n_components"] = 9
    with pytest.raises(ValueError, match="at least n_components"):
        Model(fresh, LOSS, nn.SGD(fresh.trainable_params(), 0.3), boost_level="O1", boost_config_dict=config)


def test_one_choice_for_the_process():
    chosen = boost.AutoBoost("O2", {"common": {"device_number": 4}})
    assert boost.AutoBoost() is chosen and chosen.level == "O2" and chosen.device_number == 4
    assert [name for name, on in chosen.boost_config.items() if on] == ["less_bn", "grad_freeze", "adasum"]
    assert all(boost.AutoBoost("O0", {"boost": {"mode": "enable_all"}}).boost_config.values())
    assert not any(boost.AutoBoost("O2", {"boost": {"mode": "disable_all"}}).boost_config.values())
    assert chosen.device_number == 8
