"""What programs with training steps and files of their own take from the modules of training."""
from __future__ import annotations

import os

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


def test_checkpoint_files_of_a_run(tmp_path):
    from mindspore.train.callback._checkpoint import CheckpointManager
    for age, name in enumerate(("net-1_4.ckpt", "net_1-2_4.ckpt", "net-3_4.ckpt", "other-1_4.ckpt", "net-1_4.txt")):
        (tmp_path / name).write_text("")
        os.utime(tmp_path / name, (1000 + 60 * age,) * 2)
    manager = CheckpointManager()
    manager.update_ckpoint_filelist(str(tmp_path), "net")
    assert [os.path.basename(path) for path in manager.ckpoint_filelist] == [
        "net-1_4.ckpt", "net_1-2_4.ckpt", "net-3_4.ckpt"] and manager.ckpoint_num == 3
    manager.keep_one_ckpoint_per_minutes(1.5, 1130)
    assert manager.ckpoint_num == 2 and not (tmp_path / "net-3_4.ckpt").exists()
    manager.remove_oldest_ckpoint_file()
    assert [os.path.basename(path) for path in manager.ckpoint_filelist] == ["net_1-2_4.ckpt"]
    manager.remove_oldest_ckpoint_file()
    manager.remove_oldest_ckpoint_file()
    assert manager.ckpoint_num == 0 and (tmp_path / "other-1_4.ckpt").exists()


def test_sizes_of_files_and_whole_values():
    from mindspore.train import serialization
    sizes = ("ENCRYPT_BLOCK_SIZE", "SLICE_SIZE", "TOTAL_SAVE", "PARAMETER_SPLIT_SIZE", "PROTO_LIMIT_SIZE")
    assert [getattr(serialization, name) for name in sizes] == [64 << 10, 512 << 10, 1 << 20, 1 << 30, 2 << 20]
    assert serialization.INT_64_MAX == np.iinfo(np.int64).max
    net = nn.Dense(1, 1)
    assert serialization._get_merged_param_data(net, "weight", net.weight, True) is net.weight
    with pytest.raises(KeyError, match="no Parameter 'w'"):
        serialization._get_merged_param_data(net, "w", net.weight, True)


def test_small_names_of_programs():
    from mindspore.common.initializer import _init_truncated_normal
    from mindspore.communication.management import context
    from mindspore.train._utils import check_value_type
    from mindspore.utils import ExitByRequest
    drawn = _init_truncated_normal(-1, 1, 0, 1, (50,))
    assert context is ms.context and abs(drawn).max() <= 1 and drawn.std() > 0.2
    with pytest.raises(TypeError, match="'size'"):
        check_value_type("size", 1.5, int)
    with pytest.raises(RuntimeError, match="asked"):
        raise ExitByRequest("asked to end")
