"""Names of training that no other test asks about: the order of events, settings of checkpoints, scalers of losses."""
from __future__ import annotations

import contextlib
import time

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, amp, nn
from mindspore.experimental import optim
from mindspore.train import (
    Callback,
    CheckpointConfig,
    LossMonitor,
    LossScaleManager,
    Model,
    RunContext,
    TimeMonitor,
    auc,
)
from mindspore.train import metrics as metric

DRAW = np.random.default_rng(0)
DATA = [(Tensor(DRAW.normal(size=(4, 3)).astype(np.float32)), Tensor(DRAW.normal(size=(4, 2)).astype(np.float32)))
        for _ in range(2)]


def model(metrics=None) -> Model:
    net = nn.Dense(3, 2)
    return Model(net, nn.MSELoss(), nn.Momentum(net.trainable_params(), 0.1, 0.9), metrics=metrics)


class Events(Callback):
    """Notes the events by name."""

    def __init__(self):
        self.seen: list[str] = []


def note(name: str):
    def event(self, run_context):
        self.seen.append(name)
    return event


NEW = ("on_train_begin on_train_epoch_begin on_train_step_begin on_train_step_end on_train_epoch_end on_train_end "
       "on_eval_begin on_eval_epoch_begin on_eval_step_begin on_eval_step_end on_eval_epoch_end on_eval_end").split()
OLD = "begin epoch_begin step_begin step_end epoch_end end".split()


@pytest.mark.parametrize("names", [NEW, OLD], ids=["new", "old"])
def test_order_of_events(names):
    """An evaluation stands between the last step and the end of its epoch; old names are called in the same places."""
    events = type("Noting", (Events,), {name: note(name) for name in names})()
    learner = model({"loss"})
    with pytest.warns(DeprecationWarning) if names is OLD else contextlib.nullcontext():
        learner.fit(1, DATA, DATA[:1], callbacks=events, dataset_sink_mode=False)
    found = [name if names is OLD else name.removeprefix("on_") for name in events.seen]
    if names is OLD:
        steps = ["step_begin", "step_end"]
        assert found == ["begin", "epoch_begin", *steps * 2, "begin", "epoch_begin", *steps, "epoch_end", "end",
                         "epoch_end", "end"]
    else:
        steps = ["train_step_begin", "train_step_end"]
        assert found == ["train_begin", "train_epoch_begin", *steps * 2, "eval_begin", "eval_epoch_begin",
                         "eval_step_begin", "eval_step_end", "eval_epoch_end", "eval_end", "train_epoch_end",
                         "train_end"]


def test_events_by_default():
    """An event that a callback does not define does nothing."""
    context = RunContext({"cur_step_num": 1})
    for name in (*NEW, *OLD):
        assert getattr(Callback(), name)(context) is None
    assert not context.get_stop_requested()
    context.request_stop()
    assert context.get_stop_requested()


def test_a_callback_stops_the_run():
    class Stopping(Callback):
        steps = 0

        def on_train_step_end(self, run_context):
            self.steps += 1
            if self.steps == 3:
                run_context.request_stop()
    stopping = Stopping()
    model().train(4, DATA, stopping, dataset_sink_mode=False)
    assert stopping.steps == 3


def test_loss_monitor(capsys):
    """A line for each `per_print_times` steps with epoch, step and loss; NaN stops the run."""
    model().train(2, DATA, LossMonitor(2), dataset_sink_mode=False)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(",")[0] for line in lines] == ["epoch: 1 step: 2", "epoch: 2 step: 2"]
    monitor = LossMonitor()
    args = {"net_outputs": Tensor(float("nan")), "cur_epoch_num": 1, "cur_step_num": 1, "batch_num": 2,
            "dataset_sink_mode": False}
    from mindspore.train.callback.base import InternalCallbackParam
    with pytest.raises(ValueError, match=r"(?i)nan"):
        monitor.step_end(RunContext(InternalCallbackParam(args)))
    assert monitor.on_train_epoch_end(RunContext(InternalCallbackParam(args))) is None
    assert monitor.on_eval_step_end(RunContext(InternalCallbackParam(args))) is None


def test_a_loss_monitor_of_ones_own():
    """A subclass overrides `step_end`, and may call the first one."""
    class Mine(LossMonitor):
        seen = 0

        def step_end(self, run_context):
            self.seen += 1
            super().step_end(run_context)
    mine = Mine(4)
    with pytest.warns(DeprecationWarning, match="Mine defines step_end"):
        model().train(2, DATA, mine, dataset_sink_mode=False)
    assert mine.seen == 4


def test_what_monitors_of_ones_own_read():
    """A subclass with hooks of its own reads the settings and clocks of the base class."""
    class Printed(LossMonitor):
        def __init__(self, every):
            super().__init__(every)
            self.steps = []

        def on_train_step_end(self, run_context):
            step = run_context.original_args().cur_step_num
            if step - self._last_print_time >= self._per_print_times:
                self._last_print_time = step
                self.steps.append(step)

    class Timed(TimeMonitor):
        def on_train_epoch_end(self, run_context):
            self.elapsed = time.time() - self.epoch_time
    printed, timed = Printed(3), Timed()
    model().train(2, DATA, [printed, timed], dataset_sink_mode=False)
    assert printed.steps == [3] and 0 < timed.elapsed < 600


def test_checkpoint_config():
    """What it was made with, by name; steps go before seconds, a number of files before minutes."""
    net = nn.Dense(2, 2)
    config = CheckpointConfig(5, 0, 3, 0, True, True, net, ["epoch_num", {"a": 1}], crc_check=True)
    assert (config.save_checkpoint_steps, config.keep_checkpoint_max) == (5, 3) and not config.save_checkpoint_seconds
    assert config.integrated_save and config.async_save and config.crc_check and config.saved_network is net
    assert config.enc_key is None and config.enc_mode == "AES-GCM" and config.map_param_inc is False
    assert not config.keep_checkpoint_per_n_minutes and config.append_dict == {"a": 1}
    assert CheckpointConfig(5, 60).save_checkpoint_steps == 5 and not CheckpointConfig(5, 60).save_checkpoint_seconds
    config = CheckpointConfig(0, 60, 0, 10)
    assert not config.save_checkpoint_steps and config.save_checkpoint_seconds == 60
    assert config.keep_checkpoint_per_n_minutes == 10
    assert {name: value for name, value in config.get_checkpoint_policy().items() if value} == {
        "save_checkpoint_seconds": 60, "keep_checkpoint_per_n_minutes": 10}


def test_model_prepares():
    learner = model({"loss"})
    assert learner.infer_train_layout(DATA) is None
    assert learner.infer_predict_layout(DATA[0][0], skip_backend_compile=True) is None
    with pytest.raises(ValueError, match="'backend' must be None or 'lite', but got 'gpu'"):
        learner.predict(Tensor(DATA[0][0]), backend="gpu")
    learner.build(DATA, DATA, sink_mode=False)
    before = learner.eval(DATA, dataset_sink_mode=False)["loss"]
    learner.train(3, DATA, dataset_sink_mode=False)
    assert learner.eval(DATA, dataset_sink_mode=False)["loss"] < before


def test_scalers_of_losses_are_two_families():
    """Those of `amp` scale tensors, those of `train` steps."""
    for cls in (amp.StaticLossScaler, amp.DynamicLossScaler):
        assert issubclass(cls, amp.LossScaler)
    with pytest.raises(TypeError):
        amp.LossScaler()
    scaler = amp.StaticLossScaler(8.0)
    assert scaler.scale(Tensor(2.0)).item() == 16 and scaler.unscale(Tensor(16.0)).item() == 2
    for cls in (ms.FixedLossScaleManager, ms.DynamicLossScaleManager):
        assert issubclass(cls, LossScaleManager)
    assert LossScaleManager is amp.LossScaleManager is ms.LossScaleManager


def test_metric_indexes():
    found = metric.Accuracy().set_indexes([2, 1])
    assert found.indexes == [2, 1]
    found.update(Tensor([0]), Tensor([1, 0]), Tensor([[0.1, 0.9], [0.2, 0.8]]))
    assert found.eval() == 0.5
    assert metric.MAE().indexes is None


def test_area_under_a_curve():
    x, y = np.float64([0, 0.5, 1]), np.float64([0, 0.75, 1])
    assert auc(x, y) == pytest.approx(0.625)
    assert auc(x[[2, 0, 1]], y[[2, 0, 1]], reorder=True) == pytest.approx(0.625)


def test_group_is_added_to_an_optimizer():
    one, two = nn.SequentialCell(nn.Dense(2, 2), nn.Dense(2, 2))
    made = optim.SGD(one.trainable_params(), lr=0.1)
    made.add_param_group({"params": two.trainable_params(), "lr": 0.01})
    assert isinstance(made, optim.Optimizer) and len(made.param_groups) == 2
    before = [p.asnumpy().copy() for p in two.trainable_params()]
    made(tuple(Tensor(np.ones(p.shape, np.float32)) for p in [*one.trainable_params(), *two.trainable_params()]))
    for p, b in zip(two.trainable_params(), before):
        np.testing.assert_allclose(p.asnumpy(), b - 0.01, rtol=1e-5)


def test_weight_decay_is_apart_from_the_gradient():
    """AdamW shrinks weights by lr * weight_decay, whatever the gradient's moments are."""
    layer = nn.Dense(2, 2, has_bias=False)
    before = layer.weight.asnumpy().copy()
    optim.AdamW(layer.trainable_params(), lr=0.1, weight_decay=0.5)((Tensor(np.ones((2, 2), np.float32)),))
    np.testing.assert_allclose(layer.weight.asnumpy(), before * (1 - 0.05) - 0.1, rtol=1e-4, atol=1e-6)


def test_a_schedule_of_ones_own():
    class Halving(optim.lr_scheduler.LRScheduler):
        def get_lr(self):
            return [float(lr) / 2 ** self.last_epoch for lr in self.base_lrs]
    made = optim.SGD(nn.Dense(2, 2).trainable_params(), lr=0.4)
    schedule = Halving(made)
    for expected in (0.2, 0.1):
        schedule.step()
        assert float(made.param_groups[0]["lr"]) == pytest.approx(expected)


def test_small_members_of_cells():
    net = nn.SequentialCell(nn.Dense(3, 2), nn.CellList([nn.ReLU()]))
    assert net.set_grad(flag=True) is net and net[1].set_grad(False) is net[1]
    net.update_cell_type("second-order")
    assert net.cell_type == "second-order"
    net.update_parameters_name("net.")
    assert [p.name for p in net.trainable_params()] == ["net.0.weight", "net.0.bias"]
    assert nn.Dense(3, 2).extend_repr().startswith("input_channels=3, output_channels=2")
    with pytest.raises(RuntimeError, match="has no extra state"):
        net.get_extra_state()
    assert list(nn.get_metrics({"mae": metric.MAE()})) == ["mae"]


def test_names_of_operators():
    from mindspore.ops import operations as P
    found = P.Add()
    found.init_prim_io_names(["x", "y"], ["sum"])
    assert found.input_names == ["x", "y"] and found.output_names == ["sum"]
    assert found.set_prim_instance_name("mine") is found and found.instance_name == "mine"
    assert found.set_stage(2).stage == 2 and found.check_elim(Tensor(1.0)) == (False, None)
    assert found(Tensor(1.0), Tensor(2.0)).item() == 3
