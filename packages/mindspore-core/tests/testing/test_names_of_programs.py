"""What programs take from modules that are no part of the interface: imports, checks of arguments, decorators."""
from __future__ import annotations

import importlib
import subprocess
import sys

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, nn, ops, parallel
from mindspore import _checkparam as validator
from mindspore.common.initializer import Initializer, initializer
from mindspore.nn.init_arguments import cell_attr_register, opt_init_args_register
from mindspore.ops import operations as P

IMPORTS = [
    ("mindspore.nn.wrap.grad_reducer", "DistributedGradReducer"), ("mindspore.nn.metrics.metric", "Metric"),
    ("mindspore.parallel._auto_parallel_context", "auto_parallel_context"),
    ("mindspore._extends", "cell_attr_register"),
    ("mindspore.train.model", "ParallelMode"), ("mindspore.train.callback", "_InternalCallbackParam"),
    ("mindspore.profiler.profiling", "Profiler"), ("mindspore.common", "RowTensor"), ("mindspore.common", "JitConfig"),
    ("mindspore.nn.loss.loss", "_Loss"), ("mindspore.nn.optim.optimizer", "opt_init_args_register"),
    ("mindspore.train.summary.summary_record", "SummaryRecord"), ("mindspore.train.callback._callback", "Callback"),
    ("mindspore.train.callback._time_monitor", "TimeMonitor"), ("mindspore._checkparam", "Validator"),
    ("mindspore.nn.wrap", "FixedLossScaleUpdateCell"), ("mindspore.parallel", "set_algo_parameters"),
    ("mindspore.nn.layer.activation", "_activation"), ("mindspore.log", "_LogActionOnce"),
    ("mindspore.train.callback._callback", "_handle_loss"), ("mindspore.dataset.vision", "c_transforms"),
    ("mindspore.dataset.transforms", "py_transforms"), ("mindspore.dataset.text", "utils"),
    ("mindspore.dataset.audio", "transforms"),
]


@pytest.mark.parametrize("module, name", IMPORTS)
def test_a_name_is_where_programs_look_for_it(module, name):
    assert getattr(importlib.import_module(module), name) is not None


def test_settings_of_parallel_training_have_their_functions():
    from mindspore.parallel import _utils
    ms.set_auto_parallel_context(gradients_mean=True)
    assert _utils._get_gradients_mean() and _utils.auto_parallel_context().get_gradients_mean()
    ms.reset_auto_parallel_context()
    assert not _utils._get_gradients_mean() and _utils._get_device_num() == 1 and _utils._get_global_rank() == 0
    assert _utils._get_parallel_mode() == "stand_alone" and not _utils._is_in_auto_parallel_mode()
    assert _utils.auto_parallel_context().get_device_num_is_set()
    with pytest.raises(ValueError, match="unknown key 'shoe_size'"):
        _utils.auto_parallel_context().get_shoe_size()


def test_settings_of_the_search():
    parallel.set_algo_parameters(elementwise_op_strategy_follow=True, algo_approxi_epsilon=0.5)
    assert parallel.get_algo_parameters("elementwise_op_strategy_follow") is True
    parallel.reset_algo_parameters()
    assert parallel.get_algo_parameters("algo_approxi_epsilon") == 0.1
    for given, error in (({"colour": 1}, ValueError), ({"algo_approxi_epsilon": 2.0}, ValueError),
                         ({"fully_use_devices": 1}, TypeError), ({"tensor_slice_align_size": 0}, ValueError)):
        with pytest.raises(error, match="set_algo_parameters"):
            parallel.set_algo_parameters(**given)


def test_settings_of_what_a_split_costs():
    from mindspore.parallel import _cost_model_context as costs
    costs.set_cost_model_context(device_memory_capacity=32 * 1024.0 ** 3, costmodel_gamma=0.001)
    costs._set_multi_subgraphs()
    assert costs.get_cost_model_context("costmodel_gamma") == 0.001
    assert costs.get_cost_model_context("is_multi_subgraphs") is True
    costs.reset_cost_model_context()
    assert costs.get_cost_model_context("is_multi_subgraphs") is None
    for given, error in (({"colour": 1}, ValueError), ({"costmodel_beta": True}, TypeError),
                         ({"is_multi_subgraphs": 1}, TypeError)):
        with pytest.raises(error, match="set_cost_model_context"):
            costs.set_cost_model_context(**given)


@pytest.mark.parametrize("call, error", [
    (lambda: validator.check_positive_int(0, "size", "Net"), ValueError),
    (lambda: validator.check_positive_int(True, "size", "Net"), TypeError),
    (lambda: validator.check_int_range(9, 0, 9, validator.INC_LEFT, "size"), ValueError),
    (lambda: validator.Validator.check_value_type("size", "3", [int, float], "Net"), TypeError),
    (lambda: validator.check_string("c", ["a", "b"], "name"), ValueError),
    (lambda: validator.check_bool(1, "flag"), TypeError),
    (lambda: validator.check("rank", 3, "limit", 2, validator.Rel.LE, "Net"), ValueError),
    (lambda: validator.check_float_range(1.5, 0.0, 1.0, validator.Rel.INC_NEITHER, "rate"), ValueError),
    (lambda: validator.check_non_negative_float(-0.5, "rate"), ValueError),
    (lambda: validator.check_subclass("dtype", ms.int32, [ms.float32]), TypeError),
])
def test_checks_refuse(call, error):
    with pytest.raises(error, match="the '(size|name|flag|rank|rate|dtype)'"):
        call()


def test_checks_return_what_they_are_given():
    assert validator.check_positive_int(3) == 3 and validator.check_float_range(0.5, 0, 1, validator.INC_BOTH) == 0.5
    assert validator.Validator.check_non_negative_int(0) == 0 and validator.check_string("a", ["a"]) == "a"
    assert validator.check_subclass("cell", nn.Dense, nn.Cell) is nn.Dense
    assert validator.check_number("x", 2.0, 1, validator.GT) == 2.0 and validator.check_equal_int(4, 4) == 4
    assert validator.check_positive_int_sequence((1, 2)) == (1, 2)


def test_constructors_note_their_arguments():
    class Net(nn.Cell):
        @cell_attr_register(attrs=["size"])
        def __init__(self, size, name="net"):
            super().__init__()

    class Slow(nn.Optimizer):
        @opt_init_args_register
        def __init__(self, params, learning_rate=0.1, beta=0.9):
            super().__init__(learning_rate, params)

    assert Net(3).cell_init_args.endswith("(size=3)")
    params = nn.Dense(2, 2).trainable_params()
    found = Slow(params, beta=0.5)
    assert found.init_params == {"params": params} and found.init_learning_rate == 0.1
    assert found.init_args == {"beta": 0.5}


def test_an_initializer_of_a_program():
    from mindspore.common.initializer import _assignment, _calculate_correct_fan, _calculate_gain

    class Ramp(Initializer):
        def _initialize(self, arr):
            _assignment(arr, np.arange(arr.size) / _calculate_correct_fan(arr.shape, "fan_in"))

    np.testing.assert_allclose(initializer(Ramp(), (2, 4)).asnumpy(), np.arange(8).reshape(2, 4) / 4)
    assert _calculate_gain("relu") == pytest.approx(2 ** 0.5)
    with pytest.raises(ValueError, match="'fan_in' or 'fan_out'"):
        _calculate_correct_fan((2, 2), "fan")


def test_gradients_of_one_process_are_what_they_are(mode):
    grads = (Tensor([1.0, 2.0]), Tensor([3.0]))
    reducer = nn.DistributedGradReducer(nn.Dense(2, 1).trainable_params())
    for given, found in zip(grads, reducer(grads)):
        np.testing.assert_array_equal(found.asnumpy(), given.asnumpy())
    halved = nn.DistributedGradReducer([], mean=True, degree=2)(grads)
    np.testing.assert_array_equal(halved[0].asnumpy(), [0.5, 1.0])
    with pytest.raises(ValueError, match="degree must be an int of at least 1"):
        nn.DistributedGradReducer([], degree=0)


@pytest.mark.parametrize("given", [{"size": (4, 6)}, {"scale_factor": 2}])
def test_resizing_by_the_layer_of_old_programs(mode, given):
    x = Tensor(np.arange(6, dtype=np.float32).reshape(1, 1, 2, 3))
    found = nn.ResizeBilinear()(x, align_corners=True, **given).asnumpy()
    expected = ops.interpolate(x, (4, 6), mode="bilinear", align_corners=True).asnumpy()
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    np.testing.assert_allclose(P.ResizeBilinear((4, 6), True)(x).asnumpy(), expected, rtol=1e-6)


def test_resizing_needs_one_size():
    with pytest.raises(ValueError, match="one of size and scale_factor"):
        nn.ResizeBilinear()(Tensor(np.zeros((1, 1, 2, 2), np.float32)))


def test_a_host_has_no_register_of_overflows():
    status = P.NPUAllocFloatStatus()()
    assert P.NPUClearFloatStatus()(status).asnumpy().tolist() == [0.0] * 8
    with pytest.raises(RuntimeError, match="ops.isfinite"):
        P.NPUGetFloatStatus()(status)


def test_a_function_may_share_its_name_with_a_module():
    code = """
import mindspore.common.mutable
from mindspore.common.mutable import mutable as by_module
from mindspore.common import mutable
assert mutable((1, 2)) == by_module((1, 2)) == (1, 2)
"""
    subprocess.run([sys.executable, "-c", code], check=True)
