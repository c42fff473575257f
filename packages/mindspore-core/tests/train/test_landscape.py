"""Loss landscapes: what the collector saves, the planes, the losses on them, what is written and refused."""
from __future__ import annotations

import json

import numpy as np
import pytest

import mindspore as ms
from mindspore import nn
from mindspore.dataset import NumpySlicesDataset
from mindspore.train import Loss, Model, SummaryCollector, SummaryLandscape
from mindspore.train.summary.events import read_events

X = np.random.default_rng(2).normal(size=(16, 2)).astype(np.float32)
Y = (X @ np.float32([[1.0], [-2.0]])).astype(np.float32)


def network() -> nn.Cell:
    return nn.SequentialCell(nn.Dense(2, 1, weight_init="ones", has_bias=False))


def data():
    return NumpySlicesDataset((X, Y), ["x", "y"], shuffle=False).batch(8)


def made():
    net = network()
    metrics = {"Loss": Loss()}
    return Model(net, nn.MSELoss(), metrics=metrics), net, data(), metrics


def trained(folder, settings, epochs=3):
    net = network()
    model = Model(net, nn.MSELoss(), nn.SGD(net.trainable_params(), 0.1))
    model.train(epochs, data(), callbacks=SummaryCollector(str(folder), collect_specified_data={
        "collect_landscape": settings}, keep_default_action=False))
    return net


def tensors(folder) -> list[dict]:
    """name -> value of each step in the newest file of a folder."""
    path = sorted(folder.glob("*tfevents*"), key=lambda p: p.stat().st_mtime_ns)[-1]
    found = []
    for event in list(read_events(path))[1:]:
        values = {}
        for value in event.summary.value:
            name = value.tag.rsplit("/", 1)[1]
            if name == "described":
                values[name] = json.loads(value.tensor.string_val[0])
            elif name != "heights":
                shape = [dim.size for dim in value.tensor.tensor_shape.dim]
                values[name] = np.frombuffer(value.tensor.tensor_content, np.float64).reshape(shape)
            else:
                values[name] = (value.image.height, value.image.width)
        found.append(values)
    return found


def loss_of(w) -> float:
    return float(np.mean((X @ np.reshape(w, (2, 1)) - Y) ** 2))


def test_losses_on_the_planes(tmp_path):
    net = trained(tmp_path, {"intervals": [[1, 3, 4], [4, 5, 6]], "landscape_size": 5, "num_samples": 16})
    notes = json.loads((tmp_path / "ckpt_dir" / "train_metadata.json").read_text())
    assert notes["epoch_group"] == {"0": [1, 3, 4], "1": [4, 5, 6]} and notes["step_per_epoch"] == 2
    assert sorted(notes["model_params_file_map"]) == ["1", "3", "4", "5", "6"]
    np.random.seed(1)
    SummaryLandscape(str(tmp_path)).gen_landscapes_with_multi_process(made, device_target="CPU",
                                                                      output=str(tmp_path / "out"))
    first, second, random = tensors(tmp_path / "out")
    assert [v["described"]["intervals"] for v in (first, second, random)] == [[1, 4], [4, 6], [6]]
    assert [v["described"]["decomposition"] for v in (first, second, random)] == ["PCA", "PCA", "Random"]
    assert first["z"].shape == (5, 5) and first["heights"] == (5, 5) and first["described"]["unit"] == "step"
    points = [ms.load_checkpoint(notes["model_params_file_map"][str(n)])["0.weight"].asnumpy().ravel()
              for n in (4, 5, 6)]
    np.testing.assert_allclose(points[-1], net[0].weight.asnumpy().ravel())
    # two weights: the plane is the whole space, so that the way is on it
    np.testing.assert_allclose(second["path"][2], [loss_of(w) for w in points], rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(second["path"][:2, -1], 0, atol=1e-9)
    np.testing.assert_allclose(np.hypot(*second["path"][:2]), [np.linalg.norm(w - points[-1]) for w in points],
                               atol=1e-6)
    np.testing.assert_allclose(second["convergence"], [0, 0, loss_of(points[-1])], rtol=1e-4, atol=1e-7)
    for along, axis in zip(second["path"], (second["x"], second["y"])):
        wide = np.ptp(along)
        np.testing.assert_allclose([axis[0], axis[-1]], [along.min() - 0.2 * wide, along.max() + 0.2 * wide])
    assert second["z"].min() >= 0 and random["z"][2, 2] == pytest.approx(random["convergence"][2])
    assert "path" not in random and random["x"].tolist() == [-1, -0.5, 0, 0.5, 1]


def test_settings_may_change_later(tmp_path):
    trained(tmp_path, {"intervals": [[1, 2, 3]], "unit": "epoch", "create_landscape": {"train": False,
                                                                                      "result": True}})
    landscape = SummaryLandscape(str(tmp_path))
    landscape.gen_landscapes_with_multi_process(made, {"landscape_size": 3, "create_landscape": {
        "train": True, "result": False}}, [0], "CPU", str(tmp_path / "out"))
    (only,) = tensors(tmp_path / "out")
    assert only["z"].shape == (3, 3) and only["described"]["unit"] == "epoch" and only["path"].shape == (3, 3)
    with pytest.raises(ValueError, match="no checkpoint of epoch 7"):
        landscape.gen_landscapes_with_multi_process(made, {"intervals": [[1, 2, 7]]}, None, "CPU")
    landscape.clean_ckpt()
    assert not (tmp_path / "ckpt_dir").exists()
    with pytest.raises(FileNotFoundError, match="SummaryCollector"):
        landscape.gen_landscapes_with_multi_process(made, device_target="CPU")


class WithStatistics(nn.Cell):
    def __init__(self):
        super().__init__()
        self.norm, self.drop, self.dense = nn.BatchNorm1d(2), nn.Dropout(p=0.5), nn.Dense(2, 1)

    def construct(self, x):
        return self.dense(self.drop(self.norm(x)))


def test_statistics_are_those_of_the_center_and_nothing_is_dropped(tmp_path):
    net, fresh, metrics = WithStatistics(), WithStatistics(), {"Loss": Loss()}
    Model(net, nn.MSELoss(), nn.SGD(net.trainable_params(), 0.1)).train(2, data(), callbacks=SummaryCollector(
        str(tmp_path), collect_specified_data={"collect_landscape": {"intervals": [[2, 3, 4]], "landscape_size": 3}}))
    SummaryLandscape(str(tmp_path)).gen_landscapes_with_multi_process(
        lambda: (Model(fresh, nn.MSELoss(), metrics=metrics), fresh, data(), metrics), None, None, "CPU",
        str(tmp_path / "out"))
    np.testing.assert_array_equal(fresh.norm.moving_variance.asnumpy(), net.norm.moving_variance.asnumpy())
    want = float(Model(net, nn.MSELoss(), metrics={"loss"}).eval(data())["loss"])
    for values in tensors(tmp_path / "out"):
        np.testing.assert_allclose(values["convergence"][2], want, rtol=1e-5)


@pytest.mark.parametrize("settings, text", [
    ({"landscape_size": 2}, "from 3 to 256"), ({"landscape_size": 3.0}, "an int"), ({"unit": "day"}, "'step' or"),
    ({"num_samples": 0}, "positive int"), ({"create_landscape": {"train": True}}, "'result': bool"),
    ({"intervals": [[1, 2]]}, "three ints or more"), ({"interval": []}, "unknown key 'interval'")])
def test_settings_are_checked(tmp_path, settings, text):
    with pytest.raises(ValueError, match=text):
        SummaryCollector(str(tmp_path), collect_specified_data={"collect_landscape": settings})


def test_what_cannot_be_computed_is_refused(tmp_path):
    trained(tmp_path, {"intervals": [[1, 2, 3]], "landscape_size": 3})
    landscape = SummaryLandscape(str(tmp_path))

    def trains():
        net = network()
        return Model(net, nn.MSELoss(), nn.SGD(net.trainable_params())), net, data(), {"Loss": Loss()}

    for given, error, text in (((made,), ValueError, "must be a target that an installed backend serves"),
                               ((made, None, 0, "CPU"), TypeError, "a list of ints"),
                               ((trains, None, None, "CPU"), ValueError, "without an optimizer"),
                               ((lambda: (*made()[:3], {}), None, None, "CPU"), ValueError, "a 'Loss', but got none")):
        with pytest.raises(error, match=text):
            landscape.gen_landscapes_with_multi_process(*given)
    with pytest.raises(TypeError, match="path of a folder"):
        SummaryLandscape(3)
