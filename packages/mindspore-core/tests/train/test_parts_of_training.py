"""What programs with training steps and files of their own take from the modules of training."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, nn, ops
from mindspore.ops import summaries
from mindspore.train.amp import (
    _add_loss_network,
    _config_level,
    _do_keep_batchnorm_fp32,
    _OutputTo16,
    _OutputTo32,
)
from mindspore.train.checkpoint_pb2 import Checkpoint
from mindspore.train.serialization import _exec_save, _parse_ckpt_proto, tensor_to_np_type


class Normalized(nn.Cell):
    """A layer below which there is a normalization."""

    def __init__(self):
        super().__init__()
        self.dense, self.norm = nn.Dense(3, 4), nn.BatchNorm1d(4)

    def construct(self, x):
        return self.norm(self.dense(x))


def test_levels_put_together():
    config = _config_level["O2"]
    assert config["keep_batchnorm_fp32"] and config["cast_model_type"] is ms.float16
    assert config["loss_scale_manager"].get_loss_scale() > 1 and _config_level["O0"]["loss_scale_manager"] is None
    net = Normalized()
    names = [p.name for p in net.get_parameters()]
    net.to_float(ms.float16)
    _do_keep_batchnorm_fp32(net)
    assert isinstance(net.norm, _OutputTo16) and [p.name for p in net.get_parameters()] == names
    x, y = Tensor(np.ones((2, 3), np.float32)), Tensor(np.ones((2, 4), np.float32))
    assert net(x).dtype is ms.float16 and _OutputTo32(net)(x).dtype is ms.float32
    whole = _add_loss_network(net, nn.MSELoss(), ms.float16)
    assert isinstance(whole.backbone_network, _OutputTo32) and whole(x, y).dtype is ms.float32
    assert _add_loss_network(net, nn.MSELoss(), ms.float32).backbone_network is net


def test_stored_values(tmp_path):
    path = tmp_path / "values.ckpt"
    values = {"w": [[2, 1], "Float32", np.array([1.5, 2.5], np.float32)], "step": [[0], "Int64", np.array([3])],
              "half": [[1], "Float16", np.ones(1, np.float16)]}
    _exec_save(str(path), values)
    found = ms.load_checkpoint(str(path))
    assert found["w"].asnumpy().tolist() == [[1.5], [2.5]] and int(found["step"]) == 3
    message = _parse_ckpt_proto(str(path), None, None)
    assert [element.tag for element in message.value] == ["w", "step", "half"]
    tensor = message.value[0].tensor
    kind = tensor_to_np_type.get(tensor.tensor_type)
    assert kind is np.float32 is tensor_to_np_type(tensor.tensor_type)
    assert np.frombuffer(tensor.tensor_content, kind).tolist() == [1.5, 2.5] and list(tensor.dims) == [2, 1]
    assert Checkpoint.FromString(path.read_bytes()) == message
    with pytest.raises(ValueError, match="must be \\[dims, type, data\\]"):
        _exec_save(str(path), {"w": [1]})
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(ValueError):
        _parse_ckpt_proto(str(path))


@pytest.mark.parametrize("mode", [ms.PYNATIVE_MODE, ms.GRAPH_MODE], ids=["pynative", "graph"])
def test_values_of_summary_operators(mode):
    from mindspore.train.summary import summary_record
    from mindspore.train.summary.summary_record import SummaryRecord, _get_summary_tensor_data

    class Watched(nn.Cell):
        def __init__(self):
            super().__init__()
            self.summary = ops.TensorSummary()

        def construct(self, x):
            y = x * 2
            self.summary("doubled", y)
            return y

    assert SummaryRecord is ms.SummaryRecord
    before = ms.get_context("mode")
    ms.set_context(mode=mode)
    try:
        Watched()(Tensor([1.0, 2.0])).asnumpy()
        assert {name: v.asnumpy().tolist() for name, v in _get_summary_tensor_data().items()} == {
            "doubled[:Tensor]": [2, 4]}
        assert _get_summary_tensor_data() == {}
    finally:
        ms.set_context(mode=before)
        del summary_record._get_summary_tensor_data
        summaries.close_reader()
