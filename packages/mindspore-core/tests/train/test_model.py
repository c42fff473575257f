"""Model: training, evaluation, prediction, the order of events, and what callbacks are told."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, nn, ops
from mindspore.train import Callback, LossMonitor, Model, TimeMonitor
from mindspore.train.callback.base import EVENTS


def data(steps: int = 3, size: int = 4, seed: int = 0) -> list[tuple[Tensor, Tensor]]:
    draw = np.random.default_rng(seed)
    made = []
    for _ in range(steps):
        x = draw.normal(size=(size, 3)).astype(np.float32)
        made.append((Tensor(x), Tensor((x.sum(1) > 0).astype(np.int32))))
    return made


def model(metrics=None, **kwargs) -> Model:
    ms.set_seed(1)
    net = nn.SequentialCell(nn.Dense(3, 8, activation="tanh"), nn.Dropout(p=0.1), nn.Dense(8, 2))
    loss = nn.SoftmaxCrossEntropyWithLogits(sparse=True, reduction="mean")
    return Model(net, loss, nn.Adam(net.trainable_params(), 0.05), metrics=metrics, **kwargs)


class Recorder(Callback):
    """Notes every event as (name, epoch, step)."""

    def __init__(self):
        self.seen = []

    def note(self, event, run_context):
        args = run_context.original_args()
        self.seen.append((event, args.cur_epoch_num, args.cur_step_num))


for _event in EVENTS:
    setattr(Recorder, _event, lambda self, run_context, event=_event: self.note(event, run_context))


def train_epoch(epoch: int, steps: range) -> list:
    """The events of one epoch up to its last step."""
    found = [("on_train_epoch_begin", epoch, steps.start - 1)]
    for step in steps:
        found += [("on_train_step_begin", epoch, step), ("on_train_step_end", epoch, step)]
    return found


def evaluation(steps: int) -> list:
    found = [("on_eval_begin", 0, 0), ("on_eval_epoch_begin", 0, 0)]
    for step in range(1, steps + 1):
        found += [("on_eval_step_begin", 0, step), ("on_eval_step_end", 0, step)]
    return [*found, ("on_eval_epoch_end", 0, steps), ("on_eval_end", 0, steps)]


def test_events_of_train(mode):
    recorder = Recorder()
    model().train(2, data(2), recorder)
    assert recorder.seen == [("on_train_begin", 0, 0),
                             *train_epoch(1, range(1, 3)), ("on_train_epoch_end", 1, 2),
                             *train_epoch(2, range(3, 5)), ("on_train_epoch_end", 2, 4), ("on_train_end", 2, 4)]


def test_events_of_fit(mode):
    recorder = Recorder()
    model({"accuracy"}).fit(2, data(2), data(1), valid_frequency=2, callbacks=[recorder])
    assert recorder.seen == [("on_train_begin", 0, 0),
                             *train_epoch(1, range(1, 3)), ("on_train_epoch_end", 1, 2),
                             *train_epoch(2, range(3, 5)), *evaluation(1), ("on_train_epoch_end", 2, 4),
                             ("on_train_end", 2, 4)]


def test_events_of_eval(mode):
    recorder = Recorder()
    model({"accuracy"}).eval(data(2), recorder)
    assert recorder.seen == evaluation(2)


def test_training_goes_on_after_the_initial_epoch(mode):
    recorder = Recorder()
    model().train(3, data(2), recorder, initial_epoch=2)
    assert recorder.seen == [("on_train_begin", 0, 4), *train_epoch(3, range(5, 7)), ("on_train_epoch_end", 3, 6),
                             ("on_train_end", 3, 6)]


def test_older_event_names_are_called_with_one_warning(mode):
    class Old(Callback):
        def __init__(self):
            self.seen = []

        def begin(self, run_context):
            self.seen.append("begin")

        def step_end(self, run_context):
            self.seen.append("step_end")

        def epoch_end(self, run_context):
            self.seen.append("epoch_end")

    old = Old()
    with pytest.warns(DeprecationWarning, match="Old defines begin, epoch_end, step_end") as caught:
        model().train(1, data(2), old)
    assert old.seen == ["begin", "step_end", "step_end", "epoch_end"]
    assert len([w for w in caught if w.category is DeprecationWarning]) == 1


@pytest.mark.parametrize("steps_before_stop", [1, 2, 4])
def test_a_callback_stops_the_run(mode, steps_before_stop):
    class Stop(Recorder):
        def on_train_step_end(self, run_context):
            super().on_train_step_end(run_context)
            if run_context.original_args().cur_step_num == steps_before_stop:
                run_context.request_stop()

    stop = Stop()
    model().train(5, data(3), stop)
    names = [name for name, _, _ in stop.seen]
    epochs = (steps_before_stop + 2) // 3
    assert names.count("on_train_step_end") == steps_before_stop
    assert names.count("on_train_epoch_end") == epochs
    assert names[-2:] == ["on_train_epoch_end", "on_train_end"]


def test_what_callbacks_are_told(mode):
    seen = {}

    class Look(Callback):
        def on_train_step_end(self, run_context):
            seen.update(run_context.original_args())

    wanted = {"batch_num", "cur_epoch_num", "cur_step_num", "dataset_sink_mode", "device_number", "epoch_num",
              "initial_step", "last_save_ckpt_step", "latest_ckpt_file", "list_callback", "loss_fn",
              "loss_scale_mananger", "mode", "net_outputs", "network", "optimizer", "parallel_mode", "train_dataset",
              "train_dataset_element", "train_network"}
    learner, batches = model(), data(2)
    learner.train(1, batches, Look())
    assert wanted <= set(seen)
    assert seen["train_dataset"] is batches and seen["batch_num"] == 2 and seen["epoch_num"] == 1
    assert seen["train_network"] is learner.train_network and seen["network"] is learner.predict_network
    assert seen["net_outputs"].shape == () and [c.shape for c in seen["train_dataset_element"]] == [(4, 3), (4,)]
    with pytest.raises(AttributeError, match="no 'batch_size'"):
        seen["list_callback"] and type(seen["list_callback"])  # a manager, not a list
        from mindspore.train.callback.base import InternalCallbackParam
        InternalCallbackParam(a=1).batch_size  # noqa: B018


# -- training and what comes out ---------------------------------------------------------------------------------------


def test_training_learns_and_modes_agree():
    from mindspore.runtime.device import use_backend
    results = []
    with use_backend("reference"):
        for which in (ms.GRAPH_MODE, ms.PYNATIVE_MODE):
            ms.set_context(mode=which)
            learner = model({"accuracy", "loss"})
            before = learner.eval(data(8))
            learner.train(12, data(8))
            results.append(learner.eval(data(8)))
            assert results[-1]["loss"] < 0.5 * before["loss"]
            assert results[-1]["accuracy"] > 0.85
        ms.set_context(mode=ms.PYNATIVE_MODE)
    np.testing.assert_allclose(results[0]["loss"], results[1]["loss"], rtol=1e-4)


def test_without_callbacks_nobody_looks_at_the_loss(mode, monkeypatch):
    def refuse(self):
        raise AssertionError("the loss was looked at")

    learner, batches = model(), data(2)
    monkeypatch.setattr(Tensor, "asnumpy", refuse)
    learner.train(2, batches)


def test_a_network_that_returns_its_loss_takes_all_columns(mode):
    class Distance(nn.Cell):
        def __init__(self):
            super().__init__()
            self.dense = nn.Dense(3, 1)

        def construct(self, a, b, weight):
            return ms.ops.mean(ms.ops.square(self.dense(a) - self.dense(b)) * weight)

    net = Distance()
    columns = [tuple(Tensor(np.random.default_rng(k).normal(size=(4, n)).astype(np.float32))
                     for k, n in enumerate((3, 3, 1)))]
    before = float(net(*columns[0]).asnumpy())
    Model(net, optimizer=nn.SGD(net.trainable_params(), 0.05)).train(5, columns)
    assert float(net(*columns[0]).asnumpy()) != before


def test_prediction_is_in_evaluation_mode_and_leaves_the_mode(mode):
    learner = model()
    x = data(1)[0][0]
    learner.predict_network.set_train()
    first, second = learner.predict(x), learner.predict(x)
    np.testing.assert_array_equal(first.asnumpy(), second.asnumpy())
    assert all(cell.training for _, cell in learner.predict_network.cells_and_names())


def test_cells_are_in_training_mode_while_training_only(mode):
    seen = []

    class Look(Callback):
        def on_train_step_end(self, run_context):
            seen.append(run_context.original_args().network.training)

        def on_eval_step_end(self, run_context):
            seen.append(run_context.original_args().network.training)

    learner = model({"accuracy"})
    learner.fit(1, data(1), data(1), callbacks=Look())
    assert seen == [True, False] and learner.predict_network.training is False


def test_metrics_by_name_by_object_and_of_ones_own_network(mode):
    learner = model({"acc": "accuracy", "top": nn.TopKCategoricalAccuracy(2)})
    assert set(learner.eval(data(2))) == {"acc", "top"}
    assert learner.eval(data(2))["top"] == 1.0

    class Judge(nn.Cell):
        def __init__(self, net):
            super().__init__()
            self.net = net

        def construct(self, x, y):
            out = self.net(x)
            return y, ms.ops.mean(out), out

    net = nn.Dense(3, 2)
    judged = Model(net, eval_network=Judge(net), eval_indexes=[1, 2, 0], metrics={"accuracy", "loss"})
    assert set(judged.eval(data(2))) == {"accuracy", "loss"}


def test_build_compiles_ahead():
    from mindspore.runtime.device import use_backend
    with use_backend("reference"):
        ms.set_context(mode=ms.GRAPH_MODE)
        learner = model({"accuracy"})
        learner.build(data(1), data(1))
        assert learner.train_network._compiled.compile_count == 1
        learner.train(1, data(1))
        learner.eval(data(1))
        assert learner.train_network._compiled.compile_count == learner.eval_network._compiled.compile_count == 1
        ms.set_context(mode=ms.PYNATIVE_MODE)


def test_an_error_in_a_step_leaves_nothing_behind(mode):
    learner = model()
    x, y = data(1)[0]
    with pytest.raises(ValueError, match="Dense"):
        learner.train(1, [(Tensor(np.ones((4, 5), np.float32)), y)])
    learner.train(1, [(x, y)])
    ms.set_context(mode=ms.GRAPH_MODE)
    gradient = ms.grad(lambda v: v * v)(Tensor([3.0]))
    assert gradient.asnumpy().tolist() == [6.0]


def net():
    return nn.Dense(3, 2)


REFUSED = [
    (lambda: Model("net"), TypeError, "'network' must be a Cell"),
    (lambda: Model(net(), loss_fn=3), TypeError, "loss_fn"),
    (lambda: Model(net(), optimizer="adam"), TypeError, "optimizer"),
    (lambda: Model(net(), metrics=["accuracy"]), TypeError, "dict or a set"),
    (lambda: Model(net(), metrics={"acuracy"}), KeyError, "acuracy"),
    (lambda: Model(net(), metrics={"a": 3}), TypeError, "'a' must be a Metric"),
    (lambda: Model(net(), amp_level="O4"), ValueError, "one of O0"),
    (lambda: Model(net(), los_fn=nn.MSELoss()), TypeError, "los_fn"),
    (lambda: model().train(0, data()), ValueError, "positive"),
    (lambda: model().train(2.0, data()), TypeError, "int"),
    (lambda: model().train(1, data(), initial_epoch=1), ValueError, "initial_epoch"),
    (lambda: model().train(1, []), ValueError, "empty"),
    (lambda: model().train(1, 3), TypeError, "iterable"),
    (lambda: model().train(1, [(Tensor([1.0]),)]), ValueError, "two columns"),
    (lambda: model().train(1, data(), callbacks=[print]), TypeError, "Callback"),
    (lambda: model().eval(data()), ValueError, "no metrics"),
    (lambda: model().train(1, data(), dataset_sink_mode=1), TypeError, "'dataset_sink_mode' must be a bool"),
    (lambda: model().train(1, data(), sink_size=0), ValueError, "'sink_size' must be -1 or positive"),
    (lambda: model().fit(1, data(), sink_size="a"), TypeError, "'sink_size' must be an int"),
    (lambda: model().fit(1, data(), valid_dataset_sink_mode="a"), TypeError, "must be a bool"),
    (lambda: model().fit(1, data(), valid_frequency="a"), TypeError, "'valid_frequency' must be an int or a list"),
    (lambda: model({"accuracy"}).eval(data(), dataset_sink_mode=0), TypeError, "must be a bool"),
]


@pytest.mark.parametrize("call, error, text", REFUSED)
def test_refused(call, error, text):
    with pytest.raises(error, match=text):
        call()


# -- what is printed ---------------------------------------------------------------------------------------------------


def test_loss_and_time_lines(mode, capsys):
    losses = []

    class Look(Callback):
        def on_train_step_end(self, run_context):
            losses.append(float(run_context.original_args().net_outputs.asnumpy()))

    model().train(2, data(2), [Look(), LossMonitor(), TimeMonitor()])
    lines = capsys.readouterr().out.splitlines()
    expected = [f"epoch: {epoch} step: {step}, loss is {losses[2 * epoch + step - 3]}"
                for epoch in (1, 2) for step in (1, 2)]
    assert [line for line in lines if "loss" in line] == expected
    times = [line for line in lines if line not in expected]
    assert len(times) == 2
    for line in times:
        total, per_step = (float(part.split()[-2]) for part in line.split(","))
        assert line.startswith("Train epoch time: ") and total == pytest.approx(2 * per_step, abs=2e-3)


@pytest.mark.parametrize("every, expected", [(2, [(1, 2), (2, 1), (2, 3)]), (0, [(1, 3), (2, 3)]), (9, [])])
def test_loss_lines_now_and_then(mode, capsys, every, expected):
    model().train(2, data(3), LossMonitor(every))
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(",")[0] for line in lines] == [f"epoch: {e} step: {s}" for e, s in expected]


def test_the_loss_monitor_stops_at_a_loss_that_is_no_number(mode):
    learner = model()
    x, y = data(1)[0]
    with pytest.raises(ValueError, match="epoch: 1 step: 1.*nan"):
        learner.train(1, [(Tensor(np.full((4, 3), np.nan, np.float32)), y)], LossMonitor())


class OwnStep(nn.Cell):
    """One step of training, as programs write it: the loss, its gradients, and what is done with them."""

    def __init__(self, network, optimizer):
        super().__init__()
        self.network, self.optimizer = network, optimizer
        self.gradient = ms.value_and_grad(network, None, optimizer.parameters)

    def construct(self, x, label):
        loss, grads = self.gradient(x, label)
        return ops.depend(loss, self.optimizer(grads))


def test_a_network_may_be_the_step_of_training_itself(mode):
    network, loss = net(), nn.SoftmaxCrossEntropyWithLogits(sparse=True, reduction="mean")
    before = network.weight.asnumpy().copy()
    step = OwnStep(nn.WithLossCell(network, loss), nn.SGD(network.trainable_params(), 0.1))
    Model(step, eval_network=nn.WithEvalCell(network, loss), metrics={"loss"}).train(2, data())
    assert np.abs(network.weight.asnumpy() - before).max() > 0


def test_without_an_optimizer_the_loss_is_computed_and_nothing_learned():
    network = net()
    before = network.weight.asnumpy().copy()
    seen = []
    loss = nn.SoftmaxCrossEntropyWithLogits(sparse=True, reduction="mean")
    Model(network, loss).train(1, data(), callbacks=ms.train.LambdaCallback(
        on_train_step_end=lambda context: seen.append(float(context.original_args().net_outputs))))
    assert seen and all(loss >= 0 for loss in seen)
    np.testing.assert_array_equal(network.weight.asnumpy(), before)
