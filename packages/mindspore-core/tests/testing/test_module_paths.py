"""Import paths of the real framework that are other modules here."""
import importlib
import subprocess
import sys

import pytest

import mindspore as ms
from mindspore import ops
from mindspore.module_paths import PATHS
from mindspore.ops._primitive_cache import _get_cache_prim


@pytest.mark.parametrize("name", [name for name in sorted(PATHS) if not name.startswith("mindspore.dataset.text")])
def test_path_gives_what_its_targets_have(name):
    module = importlib.import_module(name)
    assert module.__name__ == name
    target = importlib.import_module(PATHS[name][0]) if module.__dict__.get("targets") else module
    public = [each for each in getattr(target, "__all__", ()) if not each.startswith("_")][:5]
    for each in public:
        assert getattr(module, each) is getattr(target, each)


def test_names_of_programs():
    text = """
from mindspore.ops.operations.math_ops import MatMul
from mindspore.ops.operations import math_ops as math
import mindspore.ops.operations.nn_ops as nn_ops
from mindspore.nn.wrap.cell_wrapper import TrainOneStepCell
from mindspore.nn.loss.loss import LossBase
from mindspore.ops.function.array_func import reshape
from mindspore.ops.auto_generate import ReLU
from mindspore.dataset.vision import c_transforms
from mindspore.mint.nn.layer import SyncBatchNorm
from mindspore.mint.nn.layer.normalization import BatchNorm2d
from mindspore.mint.distributed.distributed import all_gather, init_process_group
from mindspore.mint.optim.adamw import AdamW
from mindspore.common import Tensor, Parameter, jit, float32, dtype as mstype
import mindspore as ms
assert MatMul is ms.ops.MatMul is math.MatMul and nn_ops.ReLU is ReLU and reshape is ms.ops.reshape
assert Tensor is ms.Tensor and float32 is ms.float32 and mstype.float32 is float32
"""
    subprocess.run([sys.executable, "-c", text], check=True)


def test_paths_are_attributes_without_an_import():
    text = """
import mindspore as ms
from mindspore import mint, nn, ops, train
assert mint.nn.layer.basic.Dropout2d is mint.nn.Dropout2d and mint.distributed.distributed.barrier
assert ops.function.silu is ops.silu and ops.function.nn_func.relu is ops.relu
assert ops.operations.nn_ops.ReLU is ops.ReLU and nn.wrap.cell_wrapper.WithLossCell is nn.WithLossCell
assert nn.layer.padding.Pad is nn.Pad and train.amp and train.dataset_helper.DatasetHelper is train.DatasetHelper
for module in mint.nn, mint.distributed, ops, nn, nn.wrap, nn.layer, train:
    try:
        module.no_such_name
    except AttributeError as error:
        assert "no_such_name" in str(error)
    else:
        raise AssertionError(module)
"""
    subprocess.run([sys.executable, "-c", text], check=True)


def test_what_is_nowhere_is_an_import_error():
    with pytest.raises(ImportError, match="cannot import name 'NoSuchOperator'"):
        from mindspore.ops.operations.math_ops import NoSuchOperator  # noqa: F401
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        importlib.import_module("mindspore.ops.operations.no_such_module")


def test_libraries_reach_the_tensor_under_all_its_paths():
    text = """
import mindspore as ms
from mindspore._c_expression import Tensor, typing
from mindspore.common._stub_tensor import StubTensor
from mindspore.common.parameter import PARAMETER_NAME_DEFAULT
assert Tensor is StubTensor is ms.Tensor and isinstance(ms.float32, typing.Type)
StubTensor.twice = lambda self: self * 2
assert ms.Tensor([3]).twice().asnumpy() == [6]
assert ms.Parameter(ms.Tensor([1])).name.startswith(PARAMETER_NAME_DEFAULT)
"""
    subprocess.run([sys.executable, "-c", text], check=True)


def test_an_operator_is_made_once_for_the_same_arguments():
    made = _get_cache_prim(ops.MatMul)
    assert made(False, True) is made(False, True) is _get_cache_prim(ops.MatMul)(False, True)
    assert made(False, True) is not made(False, transpose_b=True) is made(False, transpose_b=True)
    assert made(False, False) is not made(0, 0) and made() is not _get_cache_prim(ops.BatchMatMul)()
    assert _get_cache_prim(ops.Concat)(1)((ms.Tensor([[1]]), ms.Tensor([[2]]))).asnumpy().tolist() == [[1, 2]]
    values = [1, 2]
    assert _get_cache_prim(dict)(a=values) is not _get_cache_prim(dict)(a=values)
