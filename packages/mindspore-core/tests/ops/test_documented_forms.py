"""Forms of operators as the documents of the real framework use them: names with an ending, lists of axes, results."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Parameter, Tensor, mint, nn, ops

X = np.arange(12, dtype=np.float32).reshape(3, 4)


@pytest.mark.parametrize("name, plain", [
    ("mean_ext", mint.mean), ("softmax_ext", mint.softmax), ("vector_norm_ext", mint.linalg.vector_norm),
    ("log_softmax_ext", mint.special.log_softmax), ("matrix_inverse_ext", mint.inverse),
    ("threshold_", mint.nn.functional.threshold_),
])
def test_names_with_an_ending_are_functions_of_mint(name, plain):
    assert getattr(ops, name) is plain
    assert getattr(ops.function.math_func, name) is plain


@pytest.mark.parametrize("name", ["nothing_ext", "_ext", "nothing_"])
def test_other_names_are_unknown(name):
    with pytest.raises(AttributeError, match=f"no operator '{name}'"):
        getattr(ops, name)


def test_functions_that_mint_has_not():
    values, places, counts = ops.unique_ext(Tensor([3, 1, 3]), return_inverse=True, return_counts=True)
    assert (values.tolist(), places.tolist(), counts.tolist()) == ([1, 3], [1, 0, 1], [1, 2])
    assert ops.index_fill_ext(Tensor(X), 1, Tensor([0]), 7.0).asnumpy()[:, 0].tolist() == [7, 7, 7]
    zeros = Tensor(np.zeros(100, np.float32))
    drawn = ops.uniform_ext(zeros, 1.0, 2.0).asnumpy()
    assert drawn.min() >= 1 and drawn.max() < 2 and len(set(drawn)) > 50 and not zeros.asnumpy().any()


@pytest.mark.parametrize("dim", [0, 1, -1])
def test_unique_slices(dim):
    x = np.array([[2, 1, 2], [2, 1, 2], [0, 1, 0]])
    found = Tensor(x).unique(return_inverse=True, return_counts=True, dim=dim)
    expected = np.unique(x, return_inverse=True, return_counts=True, axis=dim)
    for one, other in zip(found, expected):
        assert one.tolist() == other.reshape(one.shape).tolist()
    assert Tensor(x).unique(dim=dim).tolist() == expected[0].tolist()


@pytest.mark.parametrize("operands, axes, equation", [
    ((X, X), ([0, 1], [2, 1], [0, 2]), "ab,cb->ac"), ((X, X), ([0, 1], [0, 1]), "ab,ab"), ((X,), ([1, 0],), "ba"),
    ((X, X), ([..., 51], [..., 51], [...]), "...z,...z->..."), ((X,), ([40, 3],), "ba"),
])
def test_einsum_takes_lists_of_axes(mode, operands, axes, equation):
    given = [each for operand, own in zip(operands, axes) for each in (Tensor(operand), own)] + list(
        axes[len(operands):])
    np.testing.assert_allclose(ops.einsum(*given).asnumpy(), np.einsum(equation, *operands), rtol=1e-6)


@pytest.mark.parametrize("axes", [[60], [-1], "ab", 3])
def test_einsum_says_what_a_list_of_axes_is(axes):
    with pytest.raises(ValueError, match="the list of an operand's axes is expected"):
        ops.einsum(Tensor([1.0]), axes, Tensor([1.0]), [0])


@pytest.mark.parametrize("name, value", [("scatter_add", 3), ("scatter_mul", 2), ("scatter_update", 2)])
def test_scatter_returns_the_value_and_leaves_the_parameter(mode, name, value):
    weight = Parameter(Tensor(np.ones((2, 2), np.float32)), name="weight")
    result = getattr(ops, name)(weight, Tensor([1]), Tensor([[2.0, 2.0]]))
    assert type(result) is Tensor and result.tolist() == [[1, 1], [value, value]] == weight.asnumpy().tolist()


@pytest.mark.parametrize("name", [f"scatter_{nd}{join}" for nd in ("", "nd_") for join in
                                  ("add", "sub", "mul", "div", "max", "min", "update")])
@pytest.mark.parametrize("kept, given", [(ms.int8, ms.float32), (ms.float16, ms.float32), (ms.int32, ms.int64),
                                         (ms.int8, ms.uint8)], ids=str)
def test_a_scatter_keeps_the_dtype_of_what_it_writes(mode, name, kept, given):
    class Net(nn.Cell):
        def __init__(self, dtype):
            super().__init__()
            self.weight = Parameter(Tensor(np.full((3, 2), 4), dtype), name="weight")

        def construct(self, places, updates):
            return getattr(ops, name)(self.weight, places, updates)

    places = Tensor([[1]] if "nd" in name else [1], ms.int32)
    for error in (TypeError, RuntimeError):
        with pytest.raises(error, match=f"{name}: input_x, which is written in place, keeps its dtype {kept}"):
            Net(kept)(places, Tensor([[2, 2]], given))
    value = {"add": 6, "sub": 2, "mul": 8, "div": 2, "max": 4, "min": 2, "update": 2}[name.rpartition("_")[2]]
    assert Net(given)(places, Tensor([[2, 2]], kept if kept is not ms.int8 or given is ms.float32 else given)
                      ).tolist() == [[4, 4], [value, value], [4, 4]]


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("reduce, expected", [
    ("add", [[10, 1], [1, 12]]), ("multiply", [[14, 1], [1, 24]]), (None, [[7, 1], [1, 8]]),
])
def test_scatter_reduces(compiled, reduce, expected):
    def call(x, source):
        return x.scatter(0, Tensor([[0, 1], [0, 1]]), source, reduce=reduce)
    source = Tensor([[2.0, 3.0], [7.0, 8.0]])
    x = Tensor(np.ones((2, 2), np.float32))
    assert (ms.jit(call) if compiled else call)(x, source).tolist() == expected
    assert x.scatter_(0, Tensor([[0, 1], [0, 1]]), source, reduce=reduce) is x and x.tolist() == expected


def test_scatter_refuses_another_reduction():
    with pytest.raises(ValueError, match="expected 'add' or 'multiply'"):
        Tensor(X).scatter(0, Tensor([[0]]), 1.0, reduce="mean")


def test_places_of_extrema():
    for function in (ops.max, ops.min):
        assert function(Tensor(X))[1].dtype is ms.int64 and function(Tensor(X), 1)[1].dtype is ms.int64
    values, places = Tensor(X).argmax_with_value(1)
    assert values.tolist() == X.max(1).tolist() and places.tolist() == [3, 3, 3]
    assert ops.unique(Tensor([2, 1], ms.int32))[1].dtype is ms.int32
    assert ops.unique(Tensor([2, 1], ms.int64))[1].dtype is ms.int64


def test_places_of_extrema_among_chosen_elements(mode):
    x, where = Tensor([[9, 3, 4, 5], [5, 2, 7, 4]]), Tensor([[False, False, True, False], [True, True, True, True]])
    values, places = ops.max(x, 1, initial=0, where=where)
    assert values.tolist() == [4, 7] and places.tolist() == [2, 2]
    values, places = ops.min(x, axis=1, keepdims=True, initial=3, where=where)
    assert values.tolist() == [[3], [2]] and places.tolist() == [[0], [1]]
    with pytest.raises(ValueError, match="where is given without initial"):
        ops.max(x, 1, where=where)


def test_choose_from_a_nested_list():
    assert Tensor([2, 0, 1]).choose([[0, 1, 2], [10, 11, 12], [20, 21, 22]]).tolist() == [20, 1, 12]


def test_a_tensor_that_describes_others_is_shown():
    assert str(Tensor(shape=[3, None], dtype=ms.float32)) == "Tensor(shape=[3, -1], dtype=Float32, value= )"
