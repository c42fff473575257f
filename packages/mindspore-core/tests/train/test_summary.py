"""Summaries: operators in both modes, event files, the callback."""
from __future__ import annotations

import io
import json

import numpy as np
import pytest
from PIL import Image

import mindspore as ms
from mindspore import SummaryCollector, SummaryRecord, Tensor, nn, ops
from mindspore.dataset import NumpySlicesDataset
from mindspore.ops import operations as P
from mindspore.ops import summaries
from mindspore.train import Model
from mindspore.train.summary.events import read_events

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 255, (2, 3, 4, 5)).astype(np.uint8)


def values_of(folder):
    """(step, tag) -> message, of the only file of a folder; its first event is the version."""
    (path,) = folder.glob("*tfevents*")
    first, *events = read_events(path)
    assert first.file_version == "brain.Event:2" and first.wall_time > 1e9
    return {(event.step, value.tag): value for event in events for value in event.summary.value}


class Net(nn.Cell):
    def __init__(self):
        super().__init__()
        self.scalar, self.histogram, self.tensor = P.ScalarSummary(), P.HistogramSummary(), P.TensorSummary()
        self.image = ops.ImageSummary()

    def construct(self, x, images):
        self.image("image", images)
        for k in range(3):
            self.scalar("last", ops.sum(x) + k)
        if ops.sum(x) > 100:
            self.scalar("large", ops.max(x)[0])
        self.histogram("histogram", x)
        self.tensor("tensor", x * 2)
        return x + 1


def test_operators_hand_over_their_values_in_order(mode, tmp_path):
    net, x = Net(), np.array([[1.0, 2.0], [4.0, 8.0]], np.float32)
    net(Tensor(x), Tensor(IMAGES))
    with SummaryRecord(str(tmp_path)) as record:
        assert (net(Tensor(x), Tensor(IMAGES)).asnumpy() == x + 1).all()
        assert record.record(3)
        net(Tensor(x * 100), Tensor(IMAGES))
        record.record(4)
        record.record(5)
    found = values_of(tmp_path)
    assert [tag for step, tag in found if step == 3] == ["image", "last", "histogram", "tensor"]
    assert found[3, "last"].simple_value == 17 and found[4, "last"].simple_value == 1502
    assert found[4, "large"].simple_value == 800 and not any(step == 5 for step, _ in found)
    tensor = found[3, "tensor"].tensor
    assert tensor.dtype == 1 and [d.size for d in tensor.tensor_shape.dim] == [2, 2]
    assert np.frombuffer(tensor.tensor_content, np.float32).tolist() == [2, 4, 8, 16]
    histogram = found[3, "histogram"].histo
    assert (histogram.min, histogram.max, histogram.num, histogram.sum, histogram.sum_squares) == (1, 8, 4, 15, 85)
    assert sum(histogram.bucket) == 4 and histogram.bucket_limit[-1] == 8
    assert len(histogram.bucket) == len(histogram.bucket_limit)


def test_nothing_is_kept_while_nobody_reads(tmp_path):
    P.ScalarSummary()("x", Tensor(1.0))
    assert not summaries.take()
    record = SummaryRecord(str(tmp_path))
    P.ScalarSummary()("x", Tensor(1.0))
    record.close()
    record.close()
    assert not summaries.take() and not summaries._readers[0]


def test_gradients_pass_summaries_by(mode, tmp_path):
    def f(x):
        y = x * x
        P.ScalarSummary()("inside", ops.sum(y))
        return ops.sum(y)

    with SummaryRecord(str(tmp_path)) as record:
        assert ms.grad(f)(Tensor([3.0])).asnumpy().tolist() == [6]
        record.record(0)
    assert values_of(tmp_path)[0, "inside"].simple_value == 9


@pytest.mark.parametrize("pixels, expected", [
    (IMAGES, np.concatenate(list(IMAGES.transpose(0, 2, 3, 1)), axis=1)),
    (np.array([[[[0.0, 1.0], [0.2, 0.6]]]], np.float32), np.array([[0, 255], [51, 153]])),
    (np.array([[[[-1.0, 1.0], [0.0, 3.0]]]], np.float32), np.array([[0, 128], [64, 255]])),
], ids=["bytes", "floats from 0 to 1", "other floats"])
def test_images_are_png_files(tmp_path, pixels, expected):
    with SummaryRecord(str(tmp_path)) as record:
        record.add_value("image", "x", Tensor(pixels))
        record.record(1)
    image = values_of(tmp_path)[1, "x"].image
    shown = np.asarray(Image.open(io.BytesIO(image.encoded_image_string)))
    assert (shown == expected).all() and (image.height, image.width) == expected.shape[:2]
    assert image.colorspace == (1 if expected.ndim == 2 else 3)


def test_values_of_all_kinds_and_modes(tmp_path):
    with SummaryRecord(str(tmp_path), network=nn.Dense(2, 3)) as record:
        record.add_value("scalar", "number", 2.5)
        record.add_value("custom_lineage_data", "note", "hello")
        record.add_value("histogram", "with nan", np.array([np.nan, 1.0, np.inf, 1.0]))
        record.record(0, plugin_filter=lambda kind: kind != "scalar")
        record.set_mode("eval")
        record.add_value("scalar", "accuracy", Tensor([0.5]))
        record.record(1)
        record.flush()
        assert record.log_dir.startswith(str(tmp_path)) and record.log_dir.endswith("_MS")
    found = values_of(tmp_path)
    assert set(found) == {(0, "note"), (0, "with nan"), (0, "network"), (1, "eval/accuracy")}
    assert found[0, "note"].tensor.string_val == [b"hello"]
    assert found[0, "note"].metadata.plugin_data.plugin_name == "text"
    assert b"Dense" in found[0, "network"].tensor.string_val[0] and found[0, "with nan"].histo.num == 2


def test_tensors_are_exported(tmp_path):
    with SummaryRecord(str(tmp_path), export_options={"tensor_format": "npy"}) as record:
        record.add_value("tensor", "a/b", np.arange(3))
        record.record(7)
    (path,) = tmp_path.glob("export_*/tensor/a_b_7.npy")
    assert np.load(path).tolist() == [0, 1, 2]


def test_a_file_has_a_limit(tmp_path):
    large = np.zeros(400_000, np.float32)
    with SummaryRecord(str(tmp_path), max_file_size=0.001) as record:
        record.add_value("tensor", "x", large[:1000])
        assert record.record(0)
        record.add_value("tensor", "x", large)
        with pytest.warns(UserWarning, match="would be larger than max_file_size"):
            assert not record.record(1)
    assert set(values_of(tmp_path)) == {(0, "x")}
    with SummaryRecord(str(tmp_path / "b"), max_file_size=0.001, raise_exception=True) as record:
        record.add_value("tensor", "x", large)
        with pytest.raises(ValueError, match="would be larger"):
            record.record(1)


@pytest.mark.parametrize("call, message", [
    (lambda r: P.ScalarSummary()("x", Tensor([1.0, 2.0])), "must be a scalar of shape .* but has shape .2,."),
    (lambda r: P.ImageSummary()("x", Tensor(np.zeros((2, 2)))), "must be images of shape .N, C, H, W."),
    (lambda r: P.HistogramSummary()("x", Tensor(1.0)), "HistogramSummary: the value of 'x' must have at least one"),
    (lambda r: P.TensorSummary()("", Tensor([1.0])), "the name must not be empty"),
    (lambda r: P.TensorSummary()(3, Tensor([1.0])), "the name must be a str, but got int: 3"),
    (lambda r: P.TensorSummary()("x", 3), "the value must be a Tensor, but got int"),
    (lambda r: P.TensorSummary()("x"), "expected a name and a Tensor, but got 1 arguments"),
    (lambda r: r.add_value("sound", "x", 1), "plugin must be one of scalar, image"),
    (lambda r: r.add_value("scalar", "x", "1"), "must be a Tensor, an array or a number, got str"),
    (lambda r: r.record(1.0), "step must be an int, got float"),
    (lambda r: r.set_mode("test"), "mode must be 'train' or 'eval'"),
    (lambda r: SummaryRecord(3), "log_dir must be a str, got 3"),
    (lambda r: SummaryRecord("x", file_prefix="a/b"), "file_prefix must be a str without /"),
    (lambda r: SummaryRecord("x", network=3), "network must be a Cell"),
    (lambda r: SummaryRecord("x", max_file_size="1"), "max_file_size must be a number or None"),
    (lambda r: SummaryRecord("x", export_options={"tensor_format": "txt"}), "export_options must be None or"),
])
def test_misuse(tmp_path, call, message):
    with SummaryRecord(str(tmp_path)) as record:
        with pytest.raises((TypeError, ValueError), match=message):
            call(record)
    with pytest.raises(RuntimeError, match="the record is closed"):
        record.record(1)


def test_a_run_is_collected(tmp_path):
    images = RNG.random((8, 1, 4, 4)).astype(np.float32)
    data = NumpySlicesDataset((images, np.zeros(8, np.int32)), ["image", "label"], shuffle=False).batch(2)
    net = nn.SequentialCell(nn.Flatten(), nn.Dense(16, 3))
    model = Model(net, nn.CrossEntropyLoss(), nn.SGD(net.trainable_params(), 0.1), metrics={"accuracy"})
    collector = SummaryCollector(str(tmp_path), collect_freq=3, custom_lineage_data={"who": "test"})
    model.fit(2, data, data, callbacks=[collector])
    found = values_of(tmp_path)
    assert [step for step, tag in found if tag == "loss"] == [1, 4, 7]
    assert [step for step, tag in found if tag == "input_data"] == [1, 4, 7]
    assert {tag for step, tag in found if step == 4} == {"loss", "input_data", "1.weight", "1.bias", "eval/accuracy",
                                                         "eval/eval_loss"}
    known = json.loads(found[8, "train_lineage"].tensor.string_val[0])
    assert known["optimizer"] == "SGD" and known["epoch"] == 2 and known["learning_rate"] == pytest.approx(0.1)
    assert found[0, "dataset"].tensor.string_val[0].startswith(b"Batch <- ") and b"Dense" in found[
        0, "network"].tensor.string_val[0]
    assert json.loads(found[0, "custom_lineage_data"].tensor.string_val[0]) == {"who": "test"}


def test_what_is_collected_can_be_chosen(tmp_path):
    net = nn.Dense(2, 1)
    data = NumpySlicesDataset((np.ones((4, 2), np.float32), np.ones((4, 1), np.float32)), shuffle=False).batch(2)
    model = Model(net, nn.MSELoss(), nn.SGD(net.trainable_params(), 0.1))
    collector = SummaryCollector(str(tmp_path), 1, collect_specified_data={"histogram_regular": "bi.*"},
                                 keep_default_action=False)
    model.train(1, data, callbacks=[collector])
    assert set(values_of(tmp_path)) == {(1, "bias"), (2, "bias")}


@pytest.mark.parametrize("arguments, message", [
    ({"summary_dir": ""}, "summary_dir must be the path"), ({"collect_freq": 0}, "collect_freq must be above 0"),
    ({"collect_freq": 1.5}, "collect_freq must be an int"), ({"keep_default_action": 1}, "must be a bool"),
    ({"collect_specified_data": {"speed": True}}, "unknown key 'speed'; known are collect_metric"),
    ({"collect_specified_data": {"collect_metric": 1}}, "must be a bool, got 1"),
    ({"collect_specified_data": []}, "must be a dict"), ({"custom_lineage_data": 3}, "must be a dict"),
])
def test_arguments_of_the_collector(arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        SummaryCollector(**{"summary_dir": "x", **arguments})
