"""Tensors that are constants of compiled functions, networks without initial values, and types that are no dtypes."""
from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import mindspore as ms
from mindspore import Parameter, Tensor, nn, ops
from mindspore.common import dtype as mstype
from mindspore.common.initializer import Identity, Normal, Uniform, XavierNormal, Zero, initializer
from mindspore.ops import operations as P

# -- constants ---------------------------------------------------------------------------------------------------------


def test_a_constant_argument_has_a_graph_for_each_value():
    """A decision on it is taken while the graph is made, and the graph has no parameter for it."""
    @ms.jit
    def f(x, n):
        return x * 2 if n > 3 else x + 1

    x = Tensor(np.float32([1, 2]))
    for number, expected in ((5, [2, 4]), (1, [2, 3]), (5, [2, 4])):
        n = Tensor(number, const_arg=True)
        assert n.const_arg
        np.testing.assert_array_equal(f(x, n).asnumpy(), expected)
    assert f.compiled.compile_count == 2
    graph = f.compiled.graph(x, n)
    assert len(graph.params) == 1
    assert n.set_const_arg(False) is n and not n.const_arg
    assert len(f.compiled.graph(x, n).params) == 2


def test_a_large_constant_is_read_from_where_it_is():
    @ms.jit
    def f(x, table):
        return x + table

    table = Tensor(np.arange(600, dtype=np.float32)).set_const_arg()
    found = f(Tensor(np.ones(600, np.float32)), table)
    np.testing.assert_array_equal(found.asnumpy(), np.arange(600) + 1)


def test_const_arg_is_for_plain_tensors():
    with pytest.raises(TypeError, match="a Parameter cannot be a constant"):
        Parameter(Tensor(1.0)).set_const_arg()
    with pytest.raises(TypeError, match="const_arg must be a bool"):
        Tensor(1.0).set_const_arg(1)
    constant = Tensor([1.0, 2.0], const_arg=True)
    np.testing.assert_array_equal((constant + 1).asnumpy(), [2, 3])
    assert not (constant + 1).const_arg and not copy.copy(constant).const_arg
    assert pickle.loads(pickle.dumps(constant)).tolist() == [1, 2]


# -- without initial values --------------------------------------------------------------------------------------------


def test_no_init_parameters(tmp_path):
    """Nothing is drawn inside of the block; a checkpoint gives values, and the others are drawn when asked for."""
    ms.set_seed(3)
    source = nn.Dense(3, 4)
    ms.save_checkpoint([{"name": "weight", "data": source.weight}], str(tmp_path / "w.ckpt"))
    with nn.no_init_parameters():
        net = nn.Dense(3, 4, weight_init="normal", bias_init="ones")
    assert net.weight.has_init and not net.weight.is_init
    np.testing.assert_array_equal(net.weight.asnumpy(), np.zeros((4, 3)))
    with pytest.warns(UserWarning, match="not in the checkpoint: bias"):
        ms.load_param_into_net(net, ms.load_checkpoint(str(tmp_path / "w.ckpt")))
    assert net.weight.is_init and not net.bias.is_init
    twin = copy.deepcopy(net.bias)
    assert net.init_parameters_data() == {p: p for p in net.get_parameters()}
    np.testing.assert_array_equal(net.weight.asnumpy(), source.weight.asnumpy())
    np.testing.assert_array_equal(net.bias.asnumpy(), np.ones(4))
    np.testing.assert_array_equal(twin.init_data().asnumpy(), np.ones(4))
    assert nn.Dense(3, 4).weight.is_init


# -- initializers ------------------------------------------------------------------------------------------------------


def test_an_initializer_with_a_seed_of_its_own():
    for cls in (Normal, Uniform, XavierNormal):
        one = cls()
        assert one.seed is None
        one.seed = 7
        first, second = initializer(one, (3, 4)).asnumpy(), initializer(one, (3, 4)).asnumpy()
        np.testing.assert_array_equal(first, second)
        one.seed = 8
        assert (initializer(one, (3, 4)).asnumpy() != first).all()
    with pytest.raises(TypeError, match="seed must be None or an int"):
        one.seed = "7"


def test_initializers_by_their_values():
    ms.set_seed(1)
    np.testing.assert_array_equal(initializer(Identity(), (2, 3)).asnumpy(), np.eye(2, 3))
    np.testing.assert_array_equal(initializer(Zero(), (2, 3)).asnumpy(), np.zeros((2, 3)))
    drawn = initializer(XavierNormal(gain=2.0), (200, 300)).asnumpy()
    assert abs(drawn.std() / (2 * np.sqrt(2 / 500)) - 1) < 0.02


# -- types -------------------------------------------------------------------------------------------------------------

FAMILIES = [
    (ms.int_, [ms.int8, ms.int64], [ms.uint8, ms.float32]), (ms.uint, [ms.uint8, ms.uint64], [ms.int8]),
    (ms.float_, [ms.float16, ms.bfloat16], [ms.int8]),
    (ms.number, [ms.bool_, ms.complex64, ms.int_], [ms.string, ms.list_]),
    (ms.tensor_type, [ms.TensorType(ms.float32)], [ms.float32]),
]


@pytest.mark.parametrize("family, members, others", FAMILIES, ids=[str(f[0]) for f in FAMILIES])
def test_kinds(family, members, others):
    assert all(mstype.issubclass_(member, family) for member in members)
    assert not any(mstype.issubclass_(other, family) for other in others)
    assert pickle.loads(pickle.dumps(family)) == family


def test_types_of_objects():
    assert isinstance(ms.int32, ms.Int) and not isinstance(ms.uint8, ms.Int)
    assert ms.TensorType(ms.float32).element_type() is ms.float32 and str(ms.TensorType(ms.int8)) == "Tensor[Int8]"
    for value, expected in (([1], ms.list_), ((1,), ms.tuple_), (None, ms.type_none), ("a", ms.string)):
        assert mstype.get_py_obj_dtype(value) is expected
    assert ms.QuantDtype.INT8.num_bits == 8 and ms.QuantDtype.UINT16.num_bits == 16
    assert ms.QuantDtype.switch_signed(ms.QuantDtype.INT4) is ms.QuantDtype.UINT4
    assert ms.QuantDtype.is_signed(ms.QuantDtype.INT1) and not ms.QuantDtype.is_signed(ms.QuantDtype.UINT1)


NAMES = {"byte": "int8", "short": "int16", "intc": "int32", "long": "int64", "intp": "int64", "ubyte": "uint8",
         "ushort": "uint16", "uintc": "uint32", "uintp": "uint64", "half": "float16", "single": "float32",
         "double": "float64", "cfloat": "complex64", "cdouble": "complex128"}


@pytest.mark.parametrize("name", NAMES)
def test_other_names_of_dtypes(name):
    dtype = getattr(mstype, NAMES[name])
    assert getattr(mstype, name) is dtype and getattr(ms, name) is dtype
    assert mstype.dtype_to_nptype(dtype) is getattr(np, NAMES[name])
    assert mstype.pytype_to_dtype(getattr(np, NAMES[name])) is dtype


# -- small ones --------------------------------------------------------------------------------------------------------


def test_operators_that_write():
    assert P.Assign().update_parameter and P.ScatterAdd().update_parameter and P.ApplyMomentum().update_parameter
    assert not P.Add().update_parameter and not P.ScatterNd().update_parameter


def test_stop_gradient_in_place(mode):
    def f(x):
        y = x * x
        ops.stop_gradient_(y)
        return x * y
    np.testing.assert_allclose(ms.grad(f)(Tensor(np.float32([2, 3]))).asnumpy(), [4, 9])


def test_copies_on_the_host():
    x = Tensor(np.float32([1, 2]))
    for copied in (ops.move_to(x, "CPU"), P.MoveTo()(x, "CPU", True)):
        assert copied is not x and copied.tolist() == [1, 2]
    x.data_sync()
    x.wait_pipeline()
    assert not x.is_meta
    image = Tensor(np.arange(16, dtype=np.float32).reshape(1, 1, 4, 4))
    columns = Tensor(np.ones((1, 1, 4, 4), np.float32))
    found = columns.col2im(Tensor(np.int32([4, 4])), (2, 2), (1, 1), (0, 0), (2, 2))
    np.testing.assert_array_equal(found.asnumpy(), ops.col2im(columns, Tensor(np.int32([4, 4])), [2, 2], [1, 1], [0, 0],
                                                              [2, 2]).asnumpy())
    assert found.shape == image.shape and found.asnumpy().all()


def test_version():
    assert ms.version.__version__ == ms.__version__
