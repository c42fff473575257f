"""Names without a leading place in the interface, which much used packages import: each does what it says."""
from __future__ import annotations

import enum

import numpy as np
import pytest

import mindspore as ms
from mindspore import Parameter, Tensor, _checkparam, nn, ops
from mindspore._checkparam import (
    Validator,
    _check_3d_int_or_tuple,
    args_type_check,
    check_and_canonicalize_axes,
    check_float,
    check_type_name,
    check_types_same_and_valid,
    twice,
)
from mindspore.common.api import _cell_graph_executor, _no_grad, _pynative_executor
from mindspore.common.initializer import _INITIALIZER_ALIAS, Initializer, _init_random_uniform, _register, initializer
from mindspore.common.no_grad import enable_grad
from mindspore.dataset import GeneratorDataset
from mindspore.dataset.text.transforms import TextTensorOperation
from mindspore.dataset.transforms.transforms import Implementation, PyTensorOperation, TensorOperation
from mindspore.nn.layer.conv import _Conv, _deconv_output_length
from mindspore.nn.wrap.cell_wrapper import _MicroBatch, _VirtualDatasetCell
from mindspore.nn.wrap.loss_scale import _grad_overflow, grad_scale
from mindspore.ops._grad.grad_base import bprop_getters
from mindspore.ops.function.random_func import _get_seed
from mindspore.ops.op_info_register import DataType, TBERegOp
from mindspore.ops.primitive import PrimitiveWithInfer, _run_op, prim_attr_register

X = Tensor([1.0, 2.0])
GRADS = {"eager": lambda f: ms.grad(f), "function in graph": lambda f: ms.grad(ms.jit(f)),
         "gradient in graph": lambda f: ms.jit(ms.grad(f))}


@pytest.mark.parametrize("how", GRADS)
def test_results_without_gradients(how):
    def f(x):
        with _no_grad():
            y = x * x
            with enable_grad():
                z = x * 3
        return (y * x + z).sum()

    assert np.allclose(GRADS[how](f)(X).asnumpy(), [4, 7])  # y + 3
    assert np.allclose(ms.grad(lambda x: (x * x).sum())(X).asnumpy(), [2, 4])


def test_gradients_are_switched_for_a_cell_with_a_precision():
    net = nn.Dense(2, 1, weight_init="ones").to_float(ms.float16)
    assert _pynative_executor.enable_grad()

    def f(x):
        _pynative_executor.set_enable_grad(False)
        try:
            return net(x).sum() + 0 * x.sum()
        finally:
            _pynative_executor.set_enable_grad(True)

    assert np.allclose(ms.grad(f)(Tensor(np.ones((1, 2), np.float32))).asnumpy(), 0)
    assert _no_grad()(lambda: _pynative_executor.enable_grad())() is False
    assert _pynative_executor.enable_grad()
    with pytest.raises(TypeError, match="expected a bool"):
        _pynative_executor.set_enable_grad(1)


def test_executors():
    seen = []
    assert ms.grad(lambda x: (seen.append(_pynative_executor.grad_flag()), (x * x).sum())[1])(X) is not None
    assert seen == [True] and not _pynative_executor.grad_flag()
    _pynative_executor.sync()
    net = nn.ReLU()
    assert _cell_graph_executor.compile(net, X, phase="train") == ("train", True)
    assert _cell_graph_executor(net, -X).asnumpy().tolist() == [0, 0]


def test_settings_of_the_run_time():
    from mindspore._c_expression import Cell_, MixedPrecisionType, MSContext, ms_ctx_param
    context = MSContext.get_instance()
    assert context is MSContext.get_instance() and context.get_ascend_soc_version() == ""
    assert context.get_param(ms_ctx_param.device_target) == ms.get_context("device_target")
    before = ms.get_context("max_call_depth")
    context.set_param(ms_ctx_param.max_call_depth, 77)
    assert ms.get_context("max_call_depth") == 77
    ms.set_context(max_call_depth=before)
    net = nn.Dense(2, 2)
    Cell_.set_mixed_precision_type(net, MixedPrecisionType.FP16)
    assert net(Tensor(np.ones((1, 2), np.float32))).dtype is ms.float16
    with pytest.raises(AttributeError, match="no_such_setting"):
        _ = ms_ctx_param.no_such_setting
    assert not hasattr(ms_ctx_param, "no_such_setting")


def test_the_class_that_tensors_derive_from():
    from mindspore._c_expression import TensorPy
    assert isinstance(Tensor([1.0]), TensorPy) and not isinstance(1.0, TensorPy)
    assert issubclass(Parameter, TensorPy)


def test_what_is_said_of_a_parameter():
    from mindspore._c_expression import ParamInfo
    parameter = Parameter(X, name="w")
    info = parameter.param_info
    assert (info.name, info.requires_grad) == ("w", True)
    info.requires_grad = False
    assert not parameter.requires_grad
    other = ParamInfo()
    other.name, other.comm_fusion = "v", 3
    parameter.param_info = other
    assert (parameter.name, parameter.comm_fusion, parameter.requires_grad) == ("v", 3, True)
    assert other.clone().name == "v"
    with pytest.raises(AttributeError, match="it has name"):
        other.no_such_note = 1


def test_arrays_are_filled_by_a_seed():
    from mindspore._c_expression import _random_normal, random_uniform
    first, again = np.empty((400,), np.float32), np.empty((400,), np.float32)
    _random_normal(7, first, 2.0, 0.5)
    _random_normal(7, again, 2.0, 0.5)
    assert (first == again).all() and abs(first.mean() - 2) < 0.1 and abs(first.std() - 0.5) < 0.1
    random_uniform(7, first, 1.0, 3.0)
    assert first.min() >= 1 and first.max() < 3


def test_blocks_of_caches_are_copied():
    from mindspore._c_expression import swap_cache
    host, device = ops.zeros((3, 2)), Tensor(np.arange(8, dtype=np.float32).reshape(4, 2))
    swap_cache(host, device, Tensor([[3, 0], [1, 2]]), True)
    assert host.asnumpy().tolist() == [[6, 7], [0, 0], [2, 3]]
    with pytest.raises(ValueError, match="the blocks"):
        swap_cache(ops.zeros((3, 1)), device, Tensor([[0, 0]]), True)


@pytest.mark.parametrize("dtype, classes", [
    (ms.float16, "Float Number"), (ms.bfloat16, "BFloat Number"), (ms.int8, "Int Number"), (ms.uint8, "UInt Number"),
    (ms.bool_, "Bool Number"), (ms.complex64, "Complex Number"), (ms.string, "String"), (ms.tuple_, "Tuple")])
def test_classes_of_types(dtype, classes):
    from mindspore._c_expression import typing
    names = "Bool Int UInt Float BFloat Complex Number String Tuple List".split()
    assert {name for name in names if isinstance(dtype, getattr(typing, name))} == set(classes.split())
    assert all(getattr(ms.common.dtype, name) is getattr(typing, name) for name in names)


def test_a_convolution_of_ones_own():
    class Rows(_Conv):
        def __init__(self):
            super().__init__(2, 4, (3,), (1, 1), "pad", 1, (1, 1), 1, True, None, None)
            self.conv2d = ops.Conv2D(4, (1, 3), pad_mode="pad", pad=(0, 0, 1, 1))

        def construct(self, x):
            return ops.bias_add(self.conv2d(x.expand_dims(2), self.weight.expand_dims(2)), self.bias).squeeze(2)

    x = Tensor(np.random.default_rng(0).normal(size=(1, 2, 5)).astype(np.float32))
    net, same = Rows(), nn.Conv1d(2, 4, 3, pad_mode="pad", padding=1, has_bias=True)
    assert isinstance(same, _Conv) and net.weight.shape == (4, 2, 3)
    same.weight.set_data(net.weight.value().reshape(same.weight.shape))
    same.bias.set_data(net.bias.value())
    assert np.allclose(net(x).asnumpy(), same(x).asnumpy(), atol=1e-6)
    transposed = nn.Conv1dTranspose(2, 4, 3, 2, "pad", 1)
    assert transposed(x).shape[2] == _deconv_output_length(False, False, True, 5, 3, 2, 1, 2)
    with pytest.raises(ValueError, match="divisible by 'group'"):
        _Conv(3, 4, (3,), 1, "pad", 0, 1, 2, False, None, None)


def test_initializers_by_further_names():
    @_register("of_the_program")
    class Sevens(Initializer):
        def _initialize(self, array):
            array[...] = 7

    assert initializer("Of_The_Program", (2,)).asnumpy().tolist() == [7, 7]
    assert _INITIALIZER_ALIAS.pop("of_the_program") is _INITIALIZER_ALIAS.pop("sevens") is Sevens
    drawn = _init_random_uniform(2, 3, (50,))
    assert drawn.dtype == np.float32 and drawn.min() >= 2 and drawn.max() < 3


def test_gradients_of_scaled_losses():
    assert grad_scale(Tensor(4.0), X).asnumpy().tolist() == [0.25, 0.5]
    assert [float(v) for v in ops.HyperMap()(_grad_overflow, (X, X / 0))] == [0, 1]


class Scaled(PrimitiveWithInfer):
    """An operator of a program."""

    @prim_attr_register
    def __init__(self, factor):
        self.factor = factor

    def __call__(self, x):
        return x * self.factor


@pytest.mark.parametrize("how", GRADS)
def test_gradients_by_class_of_operator(how):
    @bprop_getters.register(Scaled)
    def get_bprop(self):
        def bprop(x, out, dout):
            return (dout * 10 * self.factor,)
        return bprop

    scaled = Scaled(3.0)
    assert scaled(X).asnumpy().tolist() == [3, 6] and bprop_getters.get(scaled) is get_bprop
    assert GRADS[how](lambda x: scaled(x).sum())(X).asnumpy().tolist() == [30, 30]
    with pytest.raises(ValueError, match="has no 'NoSuchOperator'"):
        bprop_getters.register("NoSuchOperator")
    with pytest.raises(TypeError, match="class of operators"):
        bprop_getters.register(nn.Dense)


def test_operators_that_call_what_they_derive_from():
    class Mine(ops.Add):
        def __call__(self, *args):
            return _run_op(self, self.name, args)

    assert Mine()(X, X).asnumpy().tolist() == [2, 4]
    with pytest.raises(TypeError, match="Scaled"):
        _run_op(Scaled(1.0), "Scaled", (X,))


def test_registrations_of_kernels_elsewhere():
    info = (TBERegOp("Op").async_flag(False).binfile_name("op.so").compute_cost(10).kernel_name("op").input(
        0, "x", False, "required", "all").output(0, "y", False, "required", "all").dtype_format(
        DataType.F16_5HD, DataType.F16_5HD).get_op_info())
    assert info["binfile_name"] == "op.so" and info["inputs"][0] == {
        "index": 0, "name": "x", "paramType": "required", "needCompile": False, "shape": "all"}


def test_parts_of_batches():
    x = Tensor(np.arange(6, dtype=np.float32).reshape(6, 1))
    assert _MicroBatch(3)(1, x, x * 2)[1].asnumpy().tolist() == [[4], [6]]
    assert _VirtualDatasetCell(nn.ReLU())(x).shape == (6, 1)
    assert _get_seed(None, "Dropout") == (0, 0) and _get_seed(5, "Dropout") == (0, 5)


def test_checks_of_arguments():
    assert check_and_canonicalize_axes(-1, 3) == (2,) and check_and_canonicalize_axes(None, 2) == (0, 1)
    assert _checkparam._expand_tuple(3)(2) == (2, 2, 2) and _checkparam._expand_tuple(2)((1, 4)) == (1, 4)
    for wrong in (0.5, True, (1, 2, 3), (1, 2.5), "ab"):
        with pytest.raises(TypeError, match="an int or a tuple of 2 ints"):
            _checkparam._expand_tuple(2)(wrong)
    assert _checkparam.check_input_format("NCHW") == "NCHW"
    with pytest.raises(ValueError, match="must be 'NCHW', but got 'NHWC'"):
        _checkparam.check_input_format("NHWC")
    assert twice(3) == (3, 3) == twice((3, 3)) and check_float(0.5, 1.0, Validator.check_float and "less than") == 0.5
    assert check_type_name("x", ms.int32, (ms.int32, ms.int64)) is ms.int32

    @args_type_check(size=int, mode=(str, dict))
    def made(name, size, mode=None):
        return name, size, mode

    assert made(1, 2, mode="a") == (1, 2, "a") and made(1, 2) == (1, 2, None)
    for wrong in (lambda: made(1, "2"), lambda: made(1, 2, mode=3), lambda: check_type_name("x", ms.int8, ms.int32),
                  lambda: check_types_same_and_valid({"x": ms.int32, "y": ms.int64}, (ms.int32, ms.int64)),
                  lambda: check_float(1, 1.0, "less than")):
        with pytest.raises(TypeError):
            wrong()
    for out in (3, (0, 0)):
        with pytest.raises(ValueError):
            check_and_canonicalize_axes(out, 3)


def test_operations_of_programs_on_columns():
    class Doubled(TextTensorOperation, PyTensorOperation):
        def execute_py(self, value):
            return value * 2

    class Plain(PyTensorOperation):
        def __call__(self, value):
            return value + 1

    assert isinstance(Implementation.PY, enum.Enum) and isinstance(Doubled(), TensorOperation)
    assert isinstance(ms.dataset.transforms.Fill(1), TensorOperation)
    rows = GeneratorDataset([np.int32(3)], "a").map([Doubled(), Plain()], "a")
    assert [int(row["a"]) for row in rows.create_dict_iterator(1, True)] == [7]
    with pytest.raises(TypeError, match="must define"):
        PyTensorOperation()(1)


def test_three_sizes():
    assert _check_3d_int_or_tuple("size", 2, "Op") == (2, 2, 2)
    assert _check_3d_int_or_tuple("size", (1, 1, 1, 2, 3), "Op", allow_five=True, ret_five=True) == (1, 1, 1, 2, 3)
    assert _check_3d_int_or_tuple("pad", 0, "Op", greater_zero=False) == (0, 0, 0)
    for wrong, options in ((0, {}), ((1, 2), {}), ((2, 1, 1), {"third_one": True})):
        with pytest.raises(ValueError, match="'size'"):
            _check_3d_int_or_tuple("size", wrong, "Op", **options)
    with pytest.raises(TypeError, match="'size'"):
        _check_3d_int_or_tuple("size", 2, "Op", three_input=True)


def test_values_that_are_said_to_be_there():
    parameter = Parameter(X, name="w")
    assert parameter.init_flag and X.init_flag and X.param_info is None
    parameter.set_init_flag(False)
    assert not parameter.init_flag and not parameter.is_init
    parameter.is_init = True
    assert parameter.init_flag
    for noting in (Tensor(1.0), type("Noting", (Tensor,), {})(1.0)):
        noting.set_param_info("note")
        noting.init_flag = False
        assert noting.param_info == "note" and not noting.init_flag


def test_networks_with_a_walk_of_their_own():
    class Net(nn.Cell):
        def __init__(self):
            super().__init__()
            self.dense = nn.Dense(1, 1)

        def cells_and_names(self, name_prefix=""):
            yield name_prefix, self
            for name, cell in self._cells.items():
                yield from ((f"{name_prefix}{name}", each) for _, each in cell.cells_and_names())

    assert [name for name, _ in Net().parameters_and_names()] == ["dense.weight", "dense.bias"]


@pytest.mark.parametrize("cell, layer", [("_rnn_tanh_cell", nn.RNNCell), ("_gru_cell", nn.GRUCell),
                                         ("_lstm_cell", nn.LSTMCell)])
def test_steps_of_recurrent_networks(cell, layer):
    from mindspore.nn.layer import rnn_cells
    net = layer(3, 2)
    x, h = Tensor(np.ones((4, 3), np.float32)), Tensor(np.full((4, 2), 0.5, np.float32))
    state = (h, h) if cell == "_lstm_cell" else h
    found = getattr(rnn_cells, cell)(x, state, net.weight_ih, net.weight_hh, net.bias_ih, net.bias_hh)
    expected = net(x, state)
    for a, b in zip(found, expected) if cell == "_lstm_cell" else [(found, expected)]:
        assert np.allclose(a.asnumpy(), b.asnumpy(), atol=1e-6)


def test_gradients_of_operators_as_operators():
    from mindspore.ops.operations import _grad_ops as G
    dy = Tensor([1.0, 3.0])
    for name, function in (("Sigmoid", ops.sigmoid), ("Tanh", ops.tanh), ("Sqrt", ops.sqrt), ("Rsqrt", ops.rsqrt),
                           ("Reciprocal", ops.reciprocal)):
        expected = ms.vjp(function, X)[1](dy)
        expected = expected[0] if isinstance(expected, tuple) else expected
        assert np.allclose(getattr(G, f"{name}Grad")()(function(X), dy).asnumpy(), expected.asnumpy(), atol=1e-6), name
    assert G.ReluGrad()(dy, Tensor([0.0, 2.0])).asnumpy().tolist() == [0, 3]
    found = G.StridedSliceGrad()(ops.ones((1, 2)), (2, 4), (1, 0), (2, 4), (1, 2))
    assert found.asnumpy().tolist() == [[0, 0, 0, 0], [1, 0, 1, 0]]
    with pytest.raises(ValueError, match="has shape"):
        G.StridedSliceGrad()(ops.ones((1, 3)), (2, 4), (1, 0), (2, 4), (1, 2))


def test_tensors_of_ones_by_chance():
    drawn = ops.zeros((400,)).bernoulli(0.25)
    assert set(drawn.asnumpy().tolist()) == {0, 1} and 0.1 < float(drawn.mean()) < 0.4
    assert ops.ones((3,)).bernoulli().asnumpy().tolist() == [1, 1, 1]


class Weight(Tensor):
    """A class of trained tensors of a program's own."""

    def __init__(self, value):
        from mindspore._c_expression import ParamInfo
        super().__init__(value)
        self.param_info = ParamInfo()
        self.param_info.name = "weight"


@pytest.mark.parametrize("make", [Weight, lambda x: Parameter(x, name="w")])
def test_weights_of_a_class_of_ones_own_are_trained(make):
    weight, moments = make(Tensor([1.0, 2.0])), (ops.zeros(2), ops.zeros(2))
    step = ms.value_and_grad(lambda x: (x * weight).sum(), None, (weight,))
    for _ in range(2):
        loss, grads = step(X)
        ops.Adam()(weight, *moments, 0.9, 0.999, 0.1, 0.9, 0.999, 1e-8, grads[0])
    assert np.allclose(grads[0].asnumpy(), [1, 2]) and float(loss) < 5
    assert (weight.asnumpy() < [0.9, 1.9]).all() and (moments[0].asnumpy() > 0).all()
    with pytest.raises(TypeError, match="weights must be Parameters"):
        ms.grad(lambda x: x.sum(), None, [Tensor(1.0)])(X)


def test_running_statistics_that_are_tensors():
    mean, var = ops.zeros(2), ops.ones(2)
    x = Tensor(np.random.default_rng(0).normal(3, 1, (50, 2)).astype(np.float32))
    ops.batch_norm(x, mean, var, ops.ones(2), ops.zeros(2), True, 0.5)
    assert (mean.asnumpy() > 1).all()


def test_tensors_of_the_compiled_part():
    from mindspore._c_expression import Tensor as Native
    made = Native(ms.int32, (2, 3))
    assert made.dtype is ms.int32 and made.asnumpy().tolist() == [[0] * 3] * 2 and Native is Tensor
    assert Native(ms.float16, []).shape == () and X.stub_sync() is X
    assert type("Derived", (Native,), {})(ms.int8, [2]).asnumpy().tolist() == [0, 0]
    with pytest.raises(TypeError):
        Native(ms.int32, 3)


def test_steps_are_marked_in_a_profile(tmp_path):
    from mindspore._c_expression import _framework_profiler_step_end, _framework_profiler_step_start
    from mindspore.profiler import profile
    _framework_profiler_step_end()
    with profile() as recorded:
        _framework_profiler_step_start()
        (X + 1).asnumpy()
        _framework_profiler_step_end()
    recorded.export_chrome_trace(str(tmp_path / "trace.json"))
    assert "framework_step" in (tmp_path / "trace.json").read_text()


def test_whether_processes_communicate():
    from mindspore.communication import init, release
    from mindspore.communication._comm_helper import _is_initialized
    before = _is_initialized()
    init()
    assert _is_initialized()
    if not before:
        release()
        assert not _is_initialized()
