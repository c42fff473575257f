"""The callbacks that come with the package: checkpoints, stopping, learning rates, history, progress."""
from __future__ import annotations

import io
import re

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, nn
from mindspore.train import (
    Callback,
    CheckpointConfig,
    EarlyStopping,
    History,
    LambdaCallback,
    LearningRateScheduler,
    Model,
    ModelCheckpoint,
    ProgressBar,
    ReduceLROnPlateau,
    RunContext,
    TimeMonitor,
)


def data(steps: int = 2) -> list[tuple[Tensor, Tensor]]:
    draw = np.random.default_rng(0)
    return [(Tensor(draw.normal(size=(4, 3)).astype(np.float32)), Tensor(draw.normal(size=(4, 2)).astype(np.float32)))
            for _ in range(steps)]


def model(rate=0.1, metrics=None) -> Model:
    ms.set_seed(1)
    net = nn.Dense(3, 2)
    return Model(net, nn.MSELoss(), nn.Momentum(net.trainable_params(), rate, 0.9), metrics=metrics)


class Scripted(Callback):
    """Puts given values into `eval_results`, one per epoch."""

    def __init__(self, *values):
        self.values = values

    def on_train_epoch_end(self, run_context):
        args = run_context.original_args()
        args.eval_results = {"eval_loss": self.values[args.cur_epoch_num - 1]}
        self.epochs = args.cur_epoch_num


# -- checkpoints -------------------------------------------------------------------------------------------------------


def names(folder) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def test_checkpoints_are_named_by_epoch_and_step_and_the_oldest_go(mode, tmp_path):
    saver = ModelCheckpoint("net", str(tmp_path), CheckpointConfig(save_checkpoint_steps=1, keep_checkpoint_max=3))
    learner = model()
    learner.train(2, data(3), saver)
    assert names(tmp_path) == ["net-2_1.ckpt", "net-2_2.ckpt", "net-2_3.ckpt"]
    assert saver.latest_ckpt_file_name.endswith("net-2_3.ckpt")
    saved = ms.load_checkpoint(saver.latest_ckpt_file_name)
    assert list(saved) == ["weight", "bias", "global_step", "learning_rate", "momentum", "moments.weight",
                           "moments.bias"]
    np.testing.assert_array_equal(saved["weight"].asnumpy(), learner.predict_network.weight.asnumpy())
    assert saved["global_step"].asnumpy().tolist() == [6]


def test_the_last_step_is_always_saved_with_what_is_appended(mode, tmp_path):
    config = CheckpointConfig(save_checkpoint_steps=4, append_info=["epoch_num", "step_num", {"note": "first"}])
    model().train(3, data(2), ModelCheckpoint("net", str(tmp_path), config))
    assert names(tmp_path) == ["net-2_2.ckpt", "net-3_2.ckpt"]
    saved = ms.load_checkpoint(str(tmp_path / "net-3_2.ckpt"))
    assert (int(saved["epoch_num"].asnumpy()), int(saved["step_num"].asnumpy()), saved["note"]) == (3, 6, "first")


def test_files_of_an_earlier_run_stay(mode, tmp_path):
    for expected in (["net-1_2.ckpt"], ["net-1_2.ckpt", "net_1-1_2.ckpt"]):
        model().train(1, data(2), ModelCheckpoint("net", str(tmp_path), CheckpointConfig(save_checkpoint_steps=2)))
        assert names(tmp_path) == expected


def test_saving_one_network_only(mode, tmp_path):
    learner = model()
    config = CheckpointConfig(save_checkpoint_steps=2, saved_network=learner.predict_network)
    learner.train(1, data(2), ModelCheckpoint("net", str(tmp_path), config))
    assert list(ms.load_checkpoint(str(tmp_path / "net-1_2.ckpt"))) == ["weight", "bias"]


def test_checkpoints_in_the_other_format(mode, tmp_path):
    config = CheckpointConfig(save_checkpoint_steps=1, keep_checkpoint_max=2, format="safetensors", crc_check=True)
    for _ in range(2):
        model().train(1, data(3), ModelCheckpoint("net", str(tmp_path), config))
    assert names(tmp_path) == ["net-1_2.safetensors", "net-1_3.safetensors", "net_1-1_2.safetensors",
                               "net_1-1_3.safetensors"]
    saved = ms.load_checkpoint(tmp_path / "net-1_3.safetensors", format="safetensors", crc_check=True)
    assert saved["global_step"].asnumpy().tolist() == [3]


def test_callbacks_know_the_latest_checkpoint(mode, tmp_path):
    seen = []

    class Look(Callback):
        def on_train_step_end(self, run_context):
            args = run_context.original_args()
            seen.append((args.last_save_ckpt_step, args.latest_ckpt_file))

    config = CheckpointConfig(save_checkpoint_steps=2)
    model().train(1, data(2), [ModelCheckpoint("net", str(tmp_path), config), Look()])
    assert seen == [(None, None), (2, str(tmp_path / "net-1_2.ckpt"))]


def test_one_file_for_each_span_of_time(mode, tmp_path, monkeypatch):
    clock = iter(range(0, 10_000, 25))
    monkeypatch.setattr("mindspore.train.callback.checkpoint.time.monotonic", lambda: float(next(clock)))
    config = CheckpointConfig(keep_checkpoint_max=0, keep_checkpoint_per_n_minutes=1)
    model().train(1, data(8), ModelCheckpoint("net", str(tmp_path), config))
    assert names(tmp_path) == ["net-1_3.ckpt", "net-1_6.ckpt", "net-1_8.ckpt"]


def test_saving_by_the_clock(mode, tmp_path, monkeypatch):
    clock = iter(range(0, 10_000, 10))
    monkeypatch.setattr("mindspore.train.callback.checkpoint.time.monotonic", lambda: float(next(clock)))
    model().train(1, data(7), ModelCheckpoint("net", str(tmp_path), CheckpointConfig(0, 30)))
    assert names(tmp_path) == ["net-1_3.ckpt", "net-1_6.ckpt", "net-1_7.ckpt"]


def test_a_last_file_when_training_fails(mode, tmp_path):
    class Fail(Callback):
        def on_train_step_end(self, run_context):
            if run_context.original_args().cur_step_num == 2:
                raise KeyboardInterrupt

    config = CheckpointConfig(save_checkpoint_steps=5, exception_save=True)
    with pytest.raises(KeyboardInterrupt):
        model().train(1, data(3), [ModelCheckpoint("net", str(tmp_path), config), Fail()])
    assert names(tmp_path) == ["net-1_2_breakpoint.ckpt"]


# -- stopping and rates ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("losses, patience, epochs", [
    ([3, 2, 1, 0.5, 0.2], 1, 5), ([3, 2, 2.5, 2.4, 1], 2, 4), ([3, 2, 2.5, 1.9, 1.95], 2, 5), ([1, 2, 3, 4, 5], 0, 2)])
def test_early_stopping(mode, losses, patience, epochs):
    script = Scripted(*losses)
    model().train(5, data(1), [script, EarlyStopping(patience=patience)])
    assert script.epochs == epochs


def test_early_stopping_restores_the_best_weights(mode):
    learner, kept = model(), {}

    class Keep(Callback):
        def on_train_epoch_end(self, run_context):
            args = run_context.original_args()
            kept[args.cur_epoch_num] = args.network.weight.asnumpy().copy()

    learner.train(5, data(1), [Scripted(3, 1, 2, 2, 2), Keep(), EarlyStopping(patience=2, restore_best_weights=True)])
    assert max(kept) == 4
    np.testing.assert_array_equal(learner.predict_network.weight.asnumpy(), kept[2])
    assert np.abs(kept[4] - kept[2]).max() > 0


def test_early_stopping_by_a_baseline(mode):
    for losses, epochs in (([3, 2, 1, 1], 2), ([3, 0.4, 1, 1], 4)):
        script = Scripted(*losses)
        model().train(4, data(1), [script, EarlyStopping(baseline=0.5, patience=2)])
        assert script.epochs == epochs


def test_early_stopping_watches_metrics_of_fit(mode):
    learner = model(0.0, {"mse"})
    recorder = History()
    learner.fit(6, data(1), data(1), callbacks=[recorder, EarlyStopping("mse", patience=2)])
    assert len(recorder.epoch["epoch"]) == 3
    with pytest.raises(ValueError, match="'accuracy' is not among mse, eval_loss"):
        model(0.0, {"mse"}).fit(1, data(1), data(1), callbacks=EarlyStopping("accuracy"))


def test_the_rate_falls_on_a_plateau(mode, capsys):
    learner, rates = model(0.5), []

    class Look(Callback):
        def on_train_epoch_end(self, run_context):
            rates.append(float(run_context.original_args().optimizer.learning_rate.asnumpy()))

    callback = ReduceLROnPlateau(factor=0.5, patience=2, cooldown=2, min_lr=0.2, verbose=True)
    learner.train(8, data(1), [Scripted(3, 2, 2, 2, 2, 2, 2, 2), callback, Look()])
    np.testing.assert_allclose(rates, [0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.2, 0.2])
    assert capsys.readouterr().out.splitlines() == [
        "epoch 4: eval_loss has not improved; the learning rate is now 0.25",
        "epoch 7: eval_loss has not improved; the learning rate is now 0.2"]


def test_a_function_sets_the_rate_of_each_step(mode):
    learner, rates = model(0.5), []

    class Look(Callback):
        def on_train_step_begin(self, run_context):
            rates.append(float(run_context.original_args().optimizer.learning_rate.asnumpy()))

    learner.train(1, data(4), [LearningRateScheduler(lambda rate, step: rate / 2 if step == 2 else rate), Look()])
    np.testing.assert_allclose(rates, [0.5, 0.5, 0.25, 0.25])
    with pytest.raises(ValueError, match="schedule"):
        model([0.1, 0.2]).train(1, data(1), LearningRateScheduler(lambda rate, step: rate))


def test_functions_as_callbacks(mode):
    steps = []
    model().train(1, data(3), LambdaCallback(on_train_step_end=lambda c: steps.append(c.original_args().cur_step_num),
                                             on_train_end=lambda c: steps.append("end")))
    assert steps == [1, 2, 3, "end"]


def test_history_keeps_losses_and_metrics(mode):
    history = History()
    model(metrics={"mse"}).fit(2, data(2), data(1), callbacks=history)
    assert history.epoch == {"epoch": [1, 2]}
    assert set(history.history) == {"net_output", "mse", "eval_loss"}
    assert all(len(values) == 2 for values in history.history.values())
    assert all(isinstance(loss, np.floating) for loss in history.history["net_output"])
    assert history.history["eval_loss"][1] < history.history["eval_loss"][0]


FORMER = ("begin", "epoch_begin", "step_begin", "step_end", "epoch_end", "end")


def counted(kind):
    """A program's subclass that overrides the events by their former names."""
    def event(name):
        def called(self, run_context):
            self.calls = [*vars(self).get("calls", ()), name]
            getattr(kind, name)(self, run_context)
        return called

    return type(kind.__name__, (kind,), {name: event(name) for name in FORMER})


@pytest.mark.filterwarnings("ignore:.*the names are now:DeprecationWarning")
def test_the_former_names_of_events_extend_callbacks_of_the_framework(mode, tmp_path, capsys):
    """ModelCheckpoint.step_end saves, History.epoch_end notes: a subclass calls them, and is called by them."""
    saver = counted(ModelCheckpoint)("net", str(tmp_path))
    history, rates = counted(History)(), counted(LearningRateScheduler)(lambda rate, step: rate / 2)
    learner = model(0.5)
    learner.train(2, data(2), [saver, history, counted(TimeMonitor)(), rates])
    assert len(saver.saved) == 4 and len(history.history["net_output"]) == 2
    assert float(learner.train_network.optimizer.learning_rate.asnumpy()) == 0.5 / 2**4
    assert capsys.readouterr().out.count("Train epoch time") == 2
    epoch = ["epoch_begin", *["step_begin", "step_end"] * 2, "epoch_end"]
    assert saver.calls == history.calls == rates.calls == ["begin", *epoch, *epoch, "end"]


def test_events_sent_by_hand_save_files(tmp_path):
    """As a loop of a program's own does, without a Model."""
    from mindspore.train.callback import _CallbackManager, _InternalCallbackParam
    args = _InternalCallbackParam(train_network=nn.Dense(1, 1), cur_epoch_num=4, cur_step_num=128, batch_num=32)
    saver = ModelCheckpoint("net", str(tmp_path / "new"), CheckpointConfig(save_checkpoint_steps=16))
    with _CallbackManager([saver]) as manager:
        for args.cur_step_num in (128, 130, 144):
            manager.step_end(RunContext(args))
        manager.end(RunContext(args))
    assert [path.name for path in saver.saved] == ["net-4_32.ckpt", "net-4_16.ckpt"]


def test_functions_name_files_and_folders(mode, tmp_path):
    config = CheckpointConfig(keep_checkpoint_max=2)
    saver = ModelCheckpoint(lambda args: f"step {args.cur_step_num}", lambda args: tmp_path / f"{args.cur_epoch_num}",
                            config)
    model().train(2, data(2), saver)
    assert sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*.ckpt")) == ["2/step 3.ckpt", "2/step 4.ckpt"]
    saver = ModelCheckpoint(lambda args: "newest", str(tmp_path / "one"), config)
    model().train(2, data(2), saver)
    assert [p.name for p in (tmp_path / "one").iterdir()] == ["newest.ckpt"] and len(saver.saved) == 1
    for make in (lambda args: "a/b", lambda args: 3):
        with pytest.raises(ValueError, match="'prefix' must be a file name"):
            model().train(1, data(1), ModelCheckpoint(make, str(tmp_path)))


# -- progress ----------------------------------------------------------------------------------------------------------


def test_progress_without_a_terminal_is_one_line_per_epoch(mode, capsys):
    losses = []

    class Look(Callback):
        def on_train_step_end(self, run_context):
            losses.append(float(run_context.original_args().net_outputs.asnumpy()))

    model(metrics={"mse"}).fit(2, data(3), data(1), callbacks=[ProgressBar(), Look()])
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert err == "" and len(lines) == 2
    for epoch, line in enumerate(lines, 1):
        mean = np.mean(losses[3 * epoch - 3:3 * epoch])
        assert re.fullmatch(rf"epoch {epoch}/2: 3 steps in \d+\.\d\d s, loss {mean:.4f}, mse \d+\.\d{{4}}, "
                            rf"eval_loss \d+\.\d{{4}}", line), line


def test_many_steps_are_folded(mode, capsys, monkeypatch):
    monkeypatch.setattr(ProgressBar, "FOLD", 2)
    model(0.0).train(1, data(1) * 5, ProgressBar())
    expected = model(0.0, {"loss"}).eval(data(1))["loss"]
    assert re.fullmatch(rf"epoch 1/1: 5 steps in .* s, loss {expected:.4f}\n", capsys.readouterr().out)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_on_a_terminal_draws_a_bar(mode, capsys, monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    model().train(1, data(3), ProgressBar())
    assert "epoch 1/1" in terminal.getvalue() and "/3" in terminal.getvalue()
    assert re.match(r"epoch 1/1: 3 steps in .*loss", capsys.readouterr().out)


def test_the_bar_is_closed_when_training_fails(mode, monkeypatch):
    monkeypatch.setattr("sys.stderr", Terminal())
    bar = ProgressBar()

    class Fail(Callback):
        def on_train_step_end(self, run_context):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        model().train(1, data(1), [bar, Fail()])
    assert bar._bar is None


@pytest.mark.parametrize("call, error, text", [
    (lambda: CheckpointConfig(save_checkpoint_steps=-1), ValueError, "save_checkpoint_steps"),
    (lambda: CheckpointConfig(save_checkpoint_steps=0), ValueError, "both are 0"),
    (lambda: CheckpointConfig(enc_key=b"key"), ValueError, "16, 24, 32 bytes"),
    (lambda: CheckpointConfig(format="onnx"), ValueError, "format"),
    (lambda: CheckpointConfig(save_steps=3), TypeError, "save_steps"),
    (lambda: ModelCheckpoint("a/b"), ValueError, "prefix"),
    (lambda: ModelCheckpoint(directory=3), ValueError, "directory"),
    (lambda: ModelCheckpoint(config={}), TypeError, "CheckpointConfig"),
    (lambda: LambdaCallback(on_step=print), TypeError, "on_step"),
    (lambda: LambdaCallback(on_train_end=3), TypeError, "callable"),
    (lambda: LearningRateScheduler(0.1), TypeError, "function"),
    (lambda: EarlyStopping(mode="least"), ValueError, "mode"),
    (lambda: ReduceLROnPlateau(factor=1.5), ValueError, "factor"),
    (lambda: ms.train.LossMonitor(-1), ValueError, "per_print_times"),
    (lambda: ms.train.RunContext([]), TypeError, "dict")])
def test_refused(call, error, text):
    with pytest.raises(error, match=text):
        call()


def test_the_loss_monitor_shows_the_metrics_of_an_evaluation(capsys):
    model(metrics={"mse"}).fit(2, data(1), data(1), valid_frequency=2, callbacks=[ms.train.LossMonitor()])
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["epoch", "epoch", "Eval result"]
    assert re.match(r"Eval result: epoch 2, metrics: {'mse': [\d.]+, 'eval_loss': [\d.]+}", lines[2])


def test_policy_of_checkpoints():
    config = CheckpointConfig(3, keep_checkpoint_max=2, append_info=["epoch_num", {"a": 1}])
    assert config.get_checkpoint_policy() == {"save_checkpoint_steps": 3, "save_checkpoint_seconds": None,
                                              "keep_checkpoint_max": 2, "keep_checkpoint_per_n_minutes": None,
                                              "saved_network": None}
    assert config.append_dict == {"a": 1}
    assert CheckpointConfig(1, 5).save_checkpoint_seconds is None
    with pytest.raises(TypeError, match="'keep_checkpoint_max' must be an int"):
        CheckpointConfig(keep_checkpoint_max="abc")
    with pytest.raises(AttributeError):
        config.keep_checkpoint_maximum = 3
