"""Seeing and replacing the operators that a program calls; and names of types in files."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, nn, ops, profiler
from mindspore.train import serialization
from mindspore.utils import MsDispatchMode

X = Tensor(np.float32([[1, -2], [3, 4]]))


class Noting(MsDispatchMode):
    def __init__(self):
        self.seen = []

    def __ms_dispatch__(self, func, args=(), kwargs=None):
        self.seen.append((func.name, func.attrs, tuple(x.shape for x in args)))
        return func(*args)


def test_operators_are_seen_in_order():
    with Noting() as noting:
        found = ops.sum(ops.relu(X) * 2, 1)
    assert found.tolist() == [2, 14]
    names = [name for name, _, _ in noting.seen]
    assert names == ["relu", "mul", "sum"]
    assert noting.seen[2][1]["axis"] == (1,) and noting.seen[0][2] == ((2, 2),)
    ops.relu(X)
    assert len(noting.seen) == 3


def test_an_operator_is_replaced_also_in_a_graph():
    """What the method returns takes the place of the result; a graph that is made inside of the block keeps it, one
    from before does not."""
    class Absolute(MsDispatchMode):
        def __ms_dispatch__(self, func, args=(), kwargs=None):
            return ops.abs(*args) if func.name == "relu" else func(*args)

    f = ms.jit(lambda x: ops.relu(x) + 1)
    assert f(X).tolist() == [[2, 1], [4, 5]]
    mode = Absolute()
    with mode:
        assert f(X).tolist() == [[2, 3], [4, 5]] and ops.relu(X).tolist() == [[1, 2], [3, 4]]
    assert f(X).tolist() == [[2, 1], [4, 5]]
    assert mode(lambda: ops.relu(X).tolist())() == [[1, 2], [3, 4]]


def test_blocks_nest():
    """The innermost one sees a call first, and hands it on."""
    with Noting() as outer, Noting() as inner:
        ops.relu(X)
    assert [s[0] for s in inner.seen] == [s[0] for s in outer.seen] == ["relu"]


def test_gradients_go_through():
    layer = nn.Dense(2, 1, weight_init="ones")
    with Noting() as noting:
        found = ms.grad(lambda x: layer(x).sum())(X)
    assert found.tolist() == [[1, 1], [1, 1]] and "matmul" in [s[0] for s in noting.seen]


def test_errors_leave_the_block_in_order():
    class Refusing(MsDispatchMode):
        def __ms_dispatch__(self, func, args=(), kwargs=None):
            raise RuntimeError(f"no {func.name}")
    with pytest.raises(RuntimeError, match="no relu"), Refusing():
        ops.relu(X)
    assert ops.relu(X).tolist() == [[1, 0], [3, 4]]


def test_types_in_files():
    assert serialization.tensor_to_ms_type["Float32"] is ms.float32
    assert serialization.tensor_to_ms_type["str"] is ms.string
    assert serialization.tensor_to_np_type("Int8") is np.int8
    assert serialization.mindir_to_tensor_type[1] is ms.float32 and serialization.mindir_to_tensor_type[7] is ms.int64
    assert serialization.np_type_convert["float16"] is np.float16
    with pytest.raises(ValueError, match="'Int4' names no element type"):
        serialization.tensor_to_np_type("Int4")


def test_settings_of_a_profile(tmp_path):
    config = profiler._ExperimentalConfig(profiler.ProfilerLevel.Level1, profiler.AicoreMetrics.PipeUtilization,
                                          export_type=[profiler.ExportType.Text],
                                          host_sys=[profiler.HostSystem.CPU])
    with profiler.profile(experimental_config=config,
                          on_trace_ready=profiler.tensorboard_trace_handler(str(tmp_path))):
        ops.relu(X).asnumpy()
    assert list(tmp_path.rglob("*"))
    with pytest.raises(ValueError, match=r"no ExportType\.Text"):
        profiler._ExperimentalConfig(export_type=[profiler.ExportType.Db])
    with pytest.raises(TypeError, match="aic_metrics must be of AicoreMetrics"):
        profiler._ExperimentalConfig(aic_metrics=3)
