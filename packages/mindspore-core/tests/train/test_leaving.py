"""Runs that end early, steps that fetch their data, checkpoints in several files."""
from __future__ import annotations

import json
import os
import signal

import numpy as np
import pytest

import mindspore as ms
from mindspore import BackupAndRestore, OnRequestExit, Tensor, nn
from mindspore.dataset import NumpySlicesDataset
from mindspore.train import Callback, DatasetHelper, Model

X = np.arange(16, dtype=np.float32).reshape(8, 2)


def data():
    return NumpySlicesDataset((X, X[:, :1] * 0.5), ["x", "y"], shuffle=False).batch(2)


def model():
    ms.set_seed(0)
    net = nn.Dense(2, 1)
    return Model(net, nn.MSELoss(), nn.Momentum(net.trainable_params(), 0.001, 0.9)), net


class At(Callback):
    """Does something after a step, and counts steps."""

    def __init__(self, step, action):
        self.step, self.action, self.seen = step, action, []

    def on_train_step_end(self, run_context):
        args = run_context.original_args()
        self.seen.append((args.cur_epoch_num, args.cur_step_num))
        if args.cur_step_num == self.step:
            self.action()


def weights(net):
    return [p.asnumpy() for p in net.trainable_params()]


# -- leaving -----------------------------------------------------------------------------------------------------------


def test_a_signal_ends_the_run_after_the_step(tmp_path):
    trained, net = model()
    before = signal.getsignal(signal.SIGUSR1)
    count = At(3, lambda: os.kill(os.getpid(), signal.SIGUSR1))
    trained.train(5, data(), callbacks=[count, OnRequestExit(directory=str(tmp_path / "new"), sig=signal.SIGUSR1)])
    assert count.seen[-1] == (1, 3) and signal.getsignal(signal.SIGUSR1) is before
    folder = tmp_path / "new" / "rank_0"
    assert sorted(path.name for path in folder.iterdir()) == ["Net_train.ckpt", "Net_train.mindir"]
    saved = ms.load_checkpoint(str(folder / "Net_train.ckpt"))
    assert (saved["weight"].asnumpy() == net.weight.asnumpy()).all() and "moments.weight" in saved
    graph = nn.GraphCell(ms.load(str(folder / "Net_train.mindir")))
    assert np.allclose(graph(Tensor(X[:2])).asnumpy(), net(Tensor(X[:2])).asnumpy(), rtol=1e-6)


def test_a_file_ends_the_run(tmp_path):
    config = tmp_path / "exit.json"
    config.write_text("{")
    trained, _ = model()
    count = At(2, lambda: config.write_text(json.dumps({"GracefulExit": 1})))
    leaving = OnRequestExit(False, False, directory=str(tmp_path), config_file=str(config))
    trained.train(5, data(), callbacks=[count, leaving])
    assert count.seen[-1] == (1, 2) and os.listdir(tmp_path) == ["exit.json"]


def test_what_cannot_be_written_does_not_keep_the_run(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise ValueError("no place for it")
    monkeypatch.setattr("mindspore.train.serialization.export", fail)
    trained, _ = model()
    leaving = OnRequestExit(save_ckpt=False, directory=str(tmp_path))
    count = At(1, lambda: setattr(leaving, "requested", True))
    with pytest.warns(UserWarning, match="Net_train.mindir was not written: no place for it"):
        trained.train(2, data(), callbacks=[count, leaving])
    assert len(count.seen) == 1


@pytest.mark.parametrize("arguments, message", [
    ({"save_ckpt": 1}, "'save_ckpt' must be a bool"), ({"file_name": "a/b"}, "'file_name' must be a name without"),
    ({"config_file": "x.txt"}, "'config_file' must be the path of a .json file"), ({"sig": 12345}, "must be a signal"),
    ({"sig": signal.SIGKILL}, "SIGKILL cannot be handled")])
def test_arguments_of_leaving(arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        OnRequestExit(**arguments)


# -- going on ----------------------------------------------------------------------------------------------------------


class Cut(Exception):
    pass


def cut():
    raise Cut


@pytest.mark.parametrize("frequency, step, first", [("epoch", 6, (2, 5)), (3, 7, (2, 5)), (1, 3, (1, 1))])
def test_a_run_goes_on_where_it_was_cut_off(tmp_path, frequency, step, first):
    whole, net = model()
    whole.train(3, data())
    trained, _ = model()
    with pytest.raises(Cut):
        trained.train(3, data(), callbacks=[BackupAndRestore(str(tmp_path), frequency), At(step, cut)])
    assert (tmp_path / "backup.ckpt").is_file()
    again, resumed = model()
    count = At(0, cut)
    again.train(3, data(), callbacks=[BackupAndRestore(str(tmp_path), frequency), count])
    assert count.seen[0] == first and count.seen[-1] == (3, 12) and not (tmp_path / "backup.ckpt").exists()
    if frequency == "epoch":
        assert all((a == b).all() for a, b in zip(weights(net), weights(resumed)))


def test_a_run_that_is_done_runs_no_step(tmp_path):
    trained, net = model()
    trained.train(2, data(), callbacks=[BackupAndRestore(str(tmp_path), delete_checkpoint=False)])
    again, resumed = model()
    count = At(0, cut)
    again.train(2, data(), callbacks=[BackupAndRestore(str(tmp_path)), count])
    assert count.seen == [] and (net.weight.asnumpy() == resumed.weight.asnumpy()).all()


@pytest.mark.parametrize("arguments, message", [
    (("",), "'backup_dir' must be a path"), (("x", 0), "'save_freq' must be"), (("x", "step"), "'save_freq' must be"),
    (("x", 1, 1), "'delete_checkpoint' must be a bool")])
def test_arguments_of_backups(arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        BackupAndRestore(*arguments)


# -- data that is fetched ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("config", [None, {}])
def test_steps_fetch_their_data(config):
    step = ms.data_sink(lambda x, y: ms.ops.sum(x), data(), sink_size=3, jit_config=config)
    sums = [float(X[k:k + 2].sum()) for k in range(0, 8, 2)]
    assert [float(step().asnumpy()) for _ in range(4)] == [sums[2], sums[1], sums[0], sums[3]]
    for arguments, message in (((3, data()), "'fn' must be callable"), ((len, data(), 0), "'sink_size' must be above"),
                               ((len, data(), 1.0), "'sink_size' must be an int")):
        with pytest.raises((TypeError, ValueError), match=message):
            ms.data_sink(*arguments)
    with pytest.raises(ValueError, match="the data set is empty"):
        ms.data_sink(len, [])()


def test_a_network_is_called_with_what_the_helper_gives():
    net = nn.Dense(2, 1)
    helper = DatasetHelper(data(), dataset_sink_mode=True)
    connected = ms.connect_network_with_dataset(net, helper)
    assert [connected(x).shape for x, _ in helper] == [(2, 1)] * 4
    with pytest.raises(TypeError, match="'dataset_helper' must be a DatasetHelper"):
        ms.connect_network_with_dataset(net, data())


# -- files -------------------------------------------------------------------------------------------------------------


def test_checkpoints_in_several_files(tmp_path):
    net = nn.SequentialCell(nn.Dense(2, 3), nn.Dense(3, 1))
    ms.save_checkpoint(net[0], str(tmp_path / "a.ckpt"))
    ms.save_checkpoint(net[1], str(tmp_path / "b.ckpt"))
    fresh = nn.SequentialCell(nn.Dense(2, 3), nn.Dense(3, 1))
    loaded = ms.load_segmented_checkpoints(str(tmp_path), fresh)
    assert list(loaded) == ["0.weight", "0.bias", "1.weight", "1.bias"]
    assert all((a == b).all() for a, b in zip(weights(net), weights(fresh)))
    assert list(ms.load_segmented_checkpoints(str(tmp_path), specify_prefix=["0.", "1.b"])) == ["0.weight", "0.bias",
                                                                                               "1.bias"]
    ms.save_checkpoint(net[1], str(tmp_path / "c.ckpt"))
    with pytest.raises(ValueError, match="c.ckpt' and a file before it have the parameter '1.bias'"):
        ms.load_segmented_checkpoints(str(tmp_path))
    with pytest.raises(ValueError, match="has no .ckpt file"):
        ms.load_segmented_checkpoints(str(tmp_path / "none"))


def test_mindir_files_as_messages(tmp_path):
    net, x = nn.Dense(2, 1), Tensor(X[:2])
    ms.export(net, x, file_name=str(tmp_path / "a"), file_format="MINDIR")
    message = ms.load_mindir(str(tmp_path / "a.mindir"))
    message.producer_name = "changed"
    ms.save_mindir(message, str(tmp_path / "b.mindir"))
    assert ms.load_mindir(tmp_path / "b.mindir").producer_name == "changed"
    graph = nn.GraphCell(ms.load(str(tmp_path / "b.mindir")))
    assert (graph(x).asnumpy() == net(x).asnumpy()).all()
    (tmp_path / "c.mindir").write_bytes(b"\xff\xff\xff")
    with pytest.raises(ValueError, match="is no MINDIR file"):
        ms.load_mindir(str(tmp_path / "c.mindir"))
    with pytest.raises(TypeError, match="'model' must be what load_mindir returned"):
        ms.save_mindir(3, "x.mindir")
    with pytest.raises(TypeError, match="must be the path of a .mindir file"):
        ms.load_mindir("x.onnx")
