"""Methods that change a tensor in place, and what a tensor is in memory."""
import copy
import pickle

import numpy as np
import pytest

import mindspore as ms
from mindspore import Parameter, Tensor, ops

X = np.arange(12, dtype=np.float32).reshape(3, 4)
ONES = np.ones((3, 4), np.float32)


def _with(array, index, value):
    array = array.copy()
    array[index] = value
    return array


IN_PLACE = {
    "add_": (lambda x: x.add_(Tensor(ONES), alpha=2), X + 2),
    "sub_": (lambda x: x.sub_(1, alpha=3), X - 3),
    "mul_": (lambda x: x.mul_(2), X * 2),
    "div_": (lambda x: x.div_(2), X / 2),
    "remainder_": (lambda x: x.remainder_(3), X % 3),
    "floor_divide_": (lambda x: x.floor_divide_(3), X // 3),
    "exp_": (lambda x: x.exp_(), np.exp(X)),
    "tanh_": (lambda x: x.tanh_(), np.tanh(X)),
    "sigmoid_": (lambda x: x.sigmoid_(), 1 / (1 + np.exp(-X))),
    "clamp_": (lambda x: x.clamp_(2, 7), X.clip(2, 7)),
    "addmm_": (lambda x: x.addmm_(Tensor(ONES[:, :2]), Tensor(ONES[:2]), beta=0.5, alpha=2), X / 2 + 4),
    "zero_": (lambda x: x.zero_(), X * 0),
    "fill_": (lambda x: x.fill_(3), ONES * 3),
    "copy_": (lambda x: x.copy_(Tensor(ONES[0])), ONES),
    "masked_fill_": (lambda x: x.masked_fill_(x > 4, -1.0), np.where(X > 4, -1, X)),
    "masked_scatter_": (lambda x: x.masked_scatter_(Tensor(X > 9), Tensor([5.0, 6.0])), _with(X, X > 9, [5, 6])),
    "index_fill_": (lambda x: x.index_fill_(1, Tensor([0, 2]), 8.0), _with(X, np.s_[:, [0, 2]], 8)),
    "index_add_": (lambda x: x.index_add_(0, Tensor([1]), Tensor(ONES[:1])), _with(X, 1, X[1] + 1)),
    "index_copy_": (lambda x: x.index_copy_(1, Tensor([3, 0]), Tensor(np.float32([[1, 2], [3, 4], [5, 6]]))),
                    _with(X, np.s_[:, [3, 0]], [[1, 2], [3, 4], [5, 6]])),
    "index_put_": (lambda x: x.index_put_((Tensor([0, 2]),), Tensor(7.0)), _with(X, [0, 2], 7)),
    "put_": (lambda x: x.put_(Tensor([1, -1]), Tensor([30.0, 40.0])), _with(X, ([0, 2], [1, 3]), [30, 40])),
    "put_ accumulate": (lambda x: x.put_(Tensor([1, 1]), Tensor([30.0, 40.0]), True), _with(X, (0, 1), 71)),
    "fill_diagonal_": (lambda x: x.fill_diagonal_(9.0), _with(X, (range(3), range(3)), 9)),
    "scatter_": (lambda x: x.scatter_(0, Tensor([[2]]), Tensor([[6.0]])), _with(X, (2, 0), 6)),
}


@pytest.mark.parametrize("name", sorted(IN_PLACE))
def test_methods_that_end_in_an_underscore_change_the_tensor_and_its_views(name):
    change, expected = IN_PLACE[name]

    def changed(x):
        x = x * 1
        turned = x.T
        return x, turned, change(x)

    for function in (changed, ms.jit(changed)):
        for found in function(Tensor(X)):
            found = found.asnumpy()
            np.testing.assert_allclose(found if found.shape == X.shape else found.T, expected, rtol=1e-6)
    x = Tensor(X)
    assert change(x) is x


def test_the_result_of_a_method_in_place_keeps_shape_and_dtype():
    x = Tensor([1, 2, 3])
    assert x.div_(2).dtype is ms.int64 and x.tolist() == [0, 1, 1]
    with pytest.raises(ValueError, match=r"add_: the result has shape \(2, 3\)"):
        x.add_(ops.ones((2, 3)))
    for wrong in (lambda: Tensor(X).index_copy_(0, Tensor([0]), Tensor(X)),
                  lambda: Tensor(X).put_(Tensor([0]), Tensor(X)), lambda: Tensor(X[0]).fill_diagonal_(1.0)):
        with pytest.raises(ValueError):
            wrong()


def test_itemset_gives_a_new_tensor():
    x = Tensor(X)
    np.testing.assert_array_equal(x.itemset((0, 1), 40).asnumpy(), _with(X, (0, 1), 40))
    np.testing.assert_array_equal(x.itemset(5, 40).asnumpy(), _with(X, (1, 1), 40))
    np.testing.assert_array_equal(x.asnumpy(), X)
    assert Tensor([1]).itemset(3).tolist() == [3]
    with pytest.raises(IndexError, match="which element"):
        x.itemset(3)
    with pytest.raises(ValueError, match="1 numbers for a tensor of 2 axes"):
        x.itemset((1,), 3)


def test_strides_offsets_and_contiguity_are_those_of_views():
    x = Tensor(X)
    for part, array in ((x, X), (x.T, X.T), (x[1], X[1]), (x[:, 1::2], X[:, 1::2]), (x[::-1], X[::-1]),
                        (x.expand(2, 3, 4), np.broadcast_to(X, (2, 3, 4))), (x.T.reshape(-1), X.T.reshape(-1))):
        assert part.strides == array.strides and part.stride() == [s // 4 for s in array.strides]
        assert part.is_contiguous() is array.flags.c_contiguous
        assert part.contiguous().is_contiguous() and (part.contiguous() is part) is array.flags.c_contiguous
        np.testing.assert_array_equal(part.contiguous().asnumpy(), array)
    assert x[1, 2:].storage_offset() == 6 and x.stride(-1) == 1 and x.storage_offset() == 0
    own = x.T.contiguous()
    own.zero_()
    np.testing.assert_array_equal(x.asnumpy(), X)


def test_set_makes_a_view_of_another_tensor():
    x, y, z = Tensor(X), Tensor(np.zeros(1, np.float32)), Tensor(np.zeros(1, np.float32))
    assert y.set_(x, 1, (2, 2), (4, 2)) is y
    np.testing.assert_array_equal(y.asnumpy(), [[1, 3], [5, 7]])
    z.set_(y)
    z[0] = -1.0
    np.testing.assert_array_equal(x[0].asnumpy(), [0, -1, 2, -1])
    y.set_(x.storage(), 10)
    assert y.tolist() == [10, 11]
    assert y.set_().shape == (0,)
    with pytest.raises(ValueError, match="ends at element 12, but the source has 12"):
        y.set_(x, 0, (2, 7), (6, 1))
    with pytest.raises(TypeError, match="one dtype"):
        y.set_(Tensor([1]))


def test_storages_are_of_what_a_view_shows():
    x = Tensor(X)
    row = x[1]
    assert row.untyped_storage() == x.untyped_storage() and row.untyped_storage().nbytes() == 48
    assert bytes(x.untyped_storage().tolist()) == X.tobytes()
    storage = row.storage()
    assert (storage.size(), storage.dtype, storage[5]) == (12, ms.float32, 5.0)
    storage[5] = 50.0
    assert row[1] == 50.0
    del x, storage
    with pytest.raises(ValueError, match="is gone"):
        row.storage()


def test_bytes_addresses_and_exchange():
    x = Tensor(X)
    assert x.get_bytes() == X.tobytes()
    again = Tensor.convert_bytes_to_tensor(x.get_bytes(), (3, 4), ms.float32)
    np.testing.assert_array_equal(again.asnumpy(), X)
    with pytest.raises(ValueError, match="has 48"):
        Tensor.convert_bytes_to_tensor(b"1234", (3, 4), ms.float32)
    assert x.data_ptr() == x.asnumpy().__array_interface__["data"][0]
    np.testing.assert_array_equal(Tensor.from_dlpack(x.to_dlpack()).asnumpy(), X)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(x[1])).asnumpy(), X[1])
    made = Tensor.__new__(Tensor)
    made.__setstate__(x.__getstate__())
    np.testing.assert_array_equal(made.asnumpy(), X)
    assert x.device == "CPU" and x.move_to("CPU") is not x and x.to_("CPU:0") is x and x.pin_memory() is x
    for move in (x.move_to, x.to_):
        with pytest.raises(ValueError, match="the device target"):
            move("Ascend")


def test_values_and_flags():
    x = Tensor(X)
    before, shared = x.value(), x.data
    x.assign_value(Tensor(ONES))
    np.testing.assert_array_equal(before.asnumpy(), X)
    np.testing.assert_array_equal(shared.asnumpy(), ONES)
    x.data = Tensor([1, 2])
    assert x.tolist() == [1, 2] and shared.shape == (3, 4)
    assert x.set_dtype(ms.float16).dtype is ms.float16
    assert x.init is None and not x.has_init and x.is_init and x.init_data() is x
    y = x
    assert x.assign_value(Tensor(X)) is y and x.shape == (3, 4)
    x.assign_value(Tensor([1, 2]))
    y = x
    y += 1
    y -= 1
    y *= 2
    y /= 2
    y //= 1
    y %= 4
    assert y is not x and y.tolist() == x.tolist() and x.__isub__(x).tolist() == [0, 0]


def test_parameters_have_what_programs_ask_of_them():
    p = Parameter(X, name="p", requires_grad=False, layerwise_parallel=True)
    assert (p.key, p.cache_enable, p.inited_param, p.comm_fusion, p.sliced) == (-1, False, None, 1, False)
    assert (p.layerwise_parallel, p.parallel_optimizer, p.requires_grad, p.data is p) == (True, True, False, True)
    p.key, p.comm_fusion, p.sliced = 3, 2, True
    assert (p.key, p.comm_fusion, p.sliced, Parameter(X).key) == (3, 2, True, -1)
    part = p[0]
    p.data = Tensor(ONES)
    np.testing.assert_array_equal(part.asnumpy(), ONES[0])
    assert p.set_dtype(ms.float16).dtype is ms.float16 and part.dtype is ms.float32
    assert p.requires_grad_().requires_grad


def test_notes_on_a_tensor():
    """Programs write attributes of their own to tensors; they are neither copied nor seen by operators."""
    x = Tensor([1.0, -2.0])
    x.requires_grad = False
    x.source = "file 3"

    def total(x):
        return ops.sum(x * x)
    assert x.source == "file 3" and x.requires_grad is False and not hasattr(x * 1, "source")
    assert not hasattr(copy.deepcopy(x), "source") and not hasattr(Tensor(x), "source")
    assert float(total(x)) == 5.0 and ms.grad(total)(x).asnumpy().tolist() == [2.0, -4.0]
    with pytest.raises(AttributeError):
        x.shape = (2, 1)
