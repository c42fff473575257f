"""The limit of recursion while graphs are made, tensors written into files, hints, and AdaSum of one process."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, nn, ops, runtime
from mindspore.compiler.frontend import recursion
from mindspore.ops import operations as P

X = Tensor(np.float32([1, 2]))


@pytest.fixture
def limit(monkeypatch):
    monkeypatch.setattr(recursion, "_limit_of_graphs", None)


def test_recursion_limit(limit):
    """Deeper than it is an error, whatever Python's own limit is; up to it the graph is made."""
    def down(x, n):
        return x if n == 0 else down(x + 1, n - 1)

    ms.set_recursion_limit(30)
    np.testing.assert_array_equal(ms.jit(down)(X, 20).asnumpy(), [21, 22])
    with pytest.raises(RecursionError):
        ms.jit(down)(X, 60)
    ms.set_recursion_limit(200)
    np.testing.assert_array_equal(ms.jit(down)(X, 60).asnumpy(), [61, 62])
    assert ms.get_context("max_call_depth") == 200
    ms.set_context(max_call_depth=40)  # its former name
    with pytest.raises(RecursionError):
        ms.jit(down)(X, 61)
    with pytest.raises(ValueError, match="at least 1, got 0"):
        ms.set_recursion_limit(0)
    with pytest.raises(ValueError, match="at least 1, got -1"):
        ms.set_context(max_call_depth=-1)
    assert ms.get_context("max_call_depth") == 40
    with pytest.raises(TypeError, match="must be an int, got str"):
        ms.set_recursion_limit("9")


def test_dumps(mode, tmp_path):
    """A file for each run, by dtype and number; a branch that is not taken writes none."""
    def f(x):
        y = x * 2
        ops.tensordump(str(tmp_path / mode / "twice.npy"), y)
        if x.sum() > 100:
            P.TensorDump()(str(tmp_path / mode / "large"), x)
        return y + 1
    f = ms.jit(f) if mode == "graph" else f
    for k in (1, 2, 100):
        f(X * k)
    written = sorted(path.name for path in (tmp_path / mode).iterdir())
    assert written == ["large_float32_0.npy", *(f"twice_float32_{k}.npy" for k in range(3))]
    np.testing.assert_array_equal(np.load(tmp_path / mode / "twice_float32_1.npy"), [4, 8])
    np.testing.assert_array_equal(np.load(tmp_path / mode / "large_float32_0.npy"), [100, 200])
    ops.tensordump(str(tmp_path / "low"), X.astype(ms.bfloat16))
    assert np.load(tmp_path / "low_bfloat16_0.npy").dtype == np.float32
    with pytest.raises(ValueError, match="expected a path, and 'out', 'in' or 'all'"):
        ops.tensordump("x", X, "both")
    with pytest.raises(TypeError, match="file_name must be a str"):
        ops.tensordump(3, X)


def test_hints():
    ms.dispatch_threads_num(4)
    runtime.set_kernel_launch_group(2, 4)
    assert ms.set_kernel_launch_group is runtime.set_kernel_launch_group
    for wrong, error in ((lambda: runtime.dispatch_threads_num("4"), TypeError),
                         (lambda: runtime.set_kernel_launch_group(0), ValueError)):
        with pytest.raises(error, match="must be"):
            wrong()


@pytest.mark.parametrize("cls", [nn.AdaSumByGradWrapCell, nn.AdaSumByDeltaWeightWrapCell])
def test_adasum_of_one_process_is_the_optimizer(cls):
    layer = nn.Dense(2, 1, weight_init="ones", has_bias=False)
    wrapped = cls(nn.SGD(layer.trainable_params(), 0.5))
    wrapped((Tensor(np.float32([[1, 2]])),))
    np.testing.assert_allclose(layer.weight.asnumpy(), [[0.5, 0]])
    step = nn.TrainOneStepCell(nn.WithLossCell(layer, nn.MSELoss()), wrapped)
    step(Tensor(np.float32([[1, 1]])), Tensor(np.float32([[0]])))
    np.testing.assert_allclose(layer.weight.asnumpy(), [[0, -0.5]])
    with pytest.raises(TypeError, match="must be an Optimizer"):
        cls(layer)


def test_identity_is_an_operator():
    assert P.identity()(X) is X
