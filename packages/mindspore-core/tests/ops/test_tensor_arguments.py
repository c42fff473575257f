"""Arguments that tensors and functions take in more than one form, and those that they refuse."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, nn, ops
from mindspore.ops import operations as P

X = np.arange(1, 7, dtype=np.float32).reshape(2, 3)
PIXELS = np.arange(12, dtype=np.float32).reshape(1, 1, 3, 4)


def pixels():
    return ops.reshape(ops.arange(12.0), (1, 1, 3, 4))


FORMS = [
    ("sum(dim, keepdim, dtype)", lambda x: x.sum(0, True, dtype=None), X.sum(0, keepdims=True)),
    ("sum(axis, dtype, keepdims, initial)", lambda x: x.sum(1, ms.float64, True, 3),
     X.sum(1, keepdims=True, dtype=float) + 3),
    ("sum as Bool", lambda x: x.sum(0, dtype=ms.bool_), np.array([True] * 3)),
    ("sum as Bool from a number", lambda x: ops.mul(x, 0).sum(dtype=ms.bool_, initial=12), np.bool_(True)),
    ("prod as Bool", lambda x: ops.prod(x - 1, 1, dtype=ms.bool_), np.array([False, True])),
    ("cumsum as Bool", lambda x: ops.cumsum(x - 1, 0, ms.bool_), np.array([[False, True, True], [True] * 3])),
    ("flatten(start_dim, end_dim)", lambda x: x.flatten(0, -1), X.ravel()),
    ("flatten(start_dim, end_dim=)", lambda x: x.flatten(0, end_dim=0), X),
    ("flatten(order)", lambda x: x.flatten("F"), X.ravel("F")),
    ("flatten(order=)", lambda x: x.flatten(order="F"), X.ravel("F")),
    ("flatten(start_dim)", lambda x: x.flatten(1), X),
    ("resize to fewer", lambda x: x.resize(2, 2), np.resize(X, (2, 2))),
    ("resize to more", lambda x: x.resize((2, 4)), np.float32([[1, 2, 3, 4], [5, 6, 0, 0]])),
    ("a list on the right", lambda x: x + [1, 2, 3], X + [1, 2, 3]),
    ("a tuple on the left", lambda x: (1, 2, 3) / x, np.float32([1, 2, 3]) / X),
    ("add of a list", lambda x: x.add([1.0, 2.0, 3.0], alpha=2), X + 2 * np.float32([1, 2, 3])),
    ("sub of a tuple", lambda x: x.sub((1, 2, 3)), X - [1, 2, 3]),
    ("inv of integers", lambda x: P.Inv()(x.astype(ms.int32)), np.int32([[1, 0, 0], [0, 0, 0]])),
    ("a softmax along a tuple of one axis", lambda x: P.Softmax((0,))(x), np.exp(X) / np.exp(X).sum(0)),
    ("a softmax over two axes", lambda x: P.Softmax((0, 1))(x), np.exp(X) / np.exp(X).sum()),
    ("the third result of LayerNorm", lambda x: P.LayerNorm()(x, ops.ones(3), x[0] * 0)[2], X.var(1, keepdims=True)),
    ("DataFormatDimMap", lambda x: P.DataFormatDimMap()(ops.arange(-4, 4)), np.array([0, 3, 1, 2] * 2)),
    ("a border around any axes", lambda x: nn.ConstantPad1d((1, 0), 7)(x.reshape(1, 2, 1, 3)),
     np.pad(X.reshape(1, 2, 1, 3), ((0, 0), (0, 0), (0, 0), (1, 0)), constant_values=7)),
    ("a mirrored border, cut", lambda x: ops.pad(pixels(), (-1, 2, 0, -1), "reflect"),
     np.pad(PIXELS, ((0, 0), (0, 0), (0, 0), (0, 2)), "reflect")[:, :, :2, 1:]),
    ("a repeated border, cut", lambda x: ops.pad(pixels(), (2, -1), "replicate"),
     np.pad(PIXELS, ((0, 0), (0, 0), (0, 0), (2, 0)), "edge")[..., :-1]),
    ("places of maxima count channels",
     lambda x: P.MaxPoolWithArgmax(2, 1)(ops.stack([x, -x]).expand_dims(0))[1], np.int32([[[[4, 5]], [[6, 7]]]])),
    ("a circular border, cut", lambda x: ops.pad(pixels(), (1, -1), "circular"),
     PIXELS[..., [2, 0, 1, 2]]),
    ("scatter_nd of Bool", lambda x: ops.scatter_nd(Tensor([[2], [0], [2]]), Tensor([True, False, False]), (3,)),
     np.array([False, False, True])),
    ("a segment with an infinite element only",
     lambda x: ops.unsorted_segment_max(ops.log(ops.mul(x[0], 0)), Tensor([2, 2, 0]), 3),
     np.float32([-np.inf, np.finfo(np.float32).min, -np.inf])),
    ("means of integers", lambda x: P.FractionalAvgPool([1.0, 2.0, 1.5, 1.0])(
        x.astype(ms.int32).reshape(1, 2, 3, 1))[0].sum(dtype=ms.int32).reshape(1) >= 0, np.array([True])),
]


@pytest.mark.parametrize("mode", ["pynative", "graph"])
@pytest.mark.parametrize(("call", "expected"), [form[1:] for form in FORMS], ids=[form[0] for form in FORMS])
def test_forms(call, expected, mode):
    result = (call if mode == "pynative" else ms.jit(call))(Tensor(X)).asnumpy()
    assert result.dtype == expected.dtype or expected.dtype.kind == "f", result.dtype
    np.testing.assert_allclose(result, expected, rtol=1e-6)


@pytest.mark.parametrize(("call", "error", "text"), [
    (lambda x: x.sum(0, keepdims=3), TypeError, "keepdims must be a bool, but got int: 3"),
    (lambda x: ops.mean(x, 0, 1), TypeError, "keepdims must be a bool"),
    (lambda x: x.select(7, x), TypeError, r"index is Float32 of shape \(2, 3\); expected one integer"),
    (lambda x: ops.shuffle(2, seed=3), TypeError, "x is 2 of type int; expected a Tensor"),
    (lambda x: ops.sum(x, 0, Tensor([True, False])), TypeError, "keepdims must be a bool"),
    (lambda x: x.sum(0, None, False, 0, 1), TypeError, "expected axis, dtype, keepdims and initial"),
    (lambda x: x.flatten("C", 1), TypeError, "expected an order, or start_dim and end_dim"),
    (lambda x: x.flatten(0, 1, 2), TypeError, "expected an order, or start_dim and end_dim"),
    (lambda x: x.flatten(order=1), TypeError, "order"),
    (lambda x: x.mm(3), TypeError, "mat2 must be a Tensor of 2 axes, but got int: 3"),
    (lambda x: ops.select_scatter(x, Tensor(X[0, :2]), 0, 0), ValueError, r"src has shape \(2,\); expected \(3,\)"),
    (lambda x: ops.select_scatter(x, Tensor(X[:1, :1]), 0, 0), ValueError, r"shape \(1, 1\); expected \(3,\)"),
    (lambda x: ops.slice_scatter(x, x, 0, 0, 1), ValueError, r"src has shape \(2, 3\); expected \(1, 3\)"),
    (lambda x: ops.gaussian_nll_loss(x, x, x, full=1), TypeError, "full must be a bool"),
    (lambda x: nn.L1Loss("batchmean"), ValueError, "must be one of mean, sum, none"),
    (lambda x: Tensor(2**64, ms.int64), RuntimeError, "18446744073709551616 does not fit in 64 bits"),
    (lambda x: Tensor([1, 2**64]), RuntimeError, r"\[1, 18446744073709551616\] does not fit in 64 bits"),
    (lambda x: Tensor([1, "a"]), TypeError, "something that is not a number"),
])
def test_refused(call, error, text):
    with pytest.raises(error, match=text):
        call(Tensor(X))


def test_a_flag_as_a_tensor():
    for flag in (True, False):
        expected = X.sum(1, keepdims=flag)
        for found in (Tensor(X).sum(1, Tensor(flag)), ops.sum(Tensor(X), Tensor(1), keepdim=Tensor(flag))):
            np.testing.assert_array_equal(found.asnumpy(), expected, strict=True)


def test_numpy_functions_of_tensors():
    """The functions that NumPy hands on to methods of the same name compute with arrays."""
    x = Tensor(X)
    for name in ("sum", "prod", "max", "min", "amax", "amin", "all", "any", "mean", "std", "var"):
        function = getattr(np, name)
        np.testing.assert_allclose(function(x), function(X), rtol=1e-6)
        np.testing.assert_allclose(function(a=x, axis=1, keepdims=True), function(X, axis=1, keepdims=True), rtol=1e-6)
    assert isinstance(np.sum(x), np.float32)
    np.testing.assert_array_equal(np.concatenate([x, X]), np.concatenate([X, X]))


def test_a_tensor_as_offset():
    """A whole number in a tensor that is not computed yet, which the shape depends on."""
    x, one = Tensor(X), ops.add(Tensor(0), 1)
    np.testing.assert_allclose(x.trace(one).asnumpy(), X.trace(1))
    np.testing.assert_allclose(ops.diagonal(x, ms.mutable(1)).asnumpy(), X.diagonal(1))


def test_a_list_with_an_index_for_each_axis():
    x, rows = Tensor(X), Tensor([False, True])
    np.testing.assert_array_equal(x[[rows, 0]].asnumpy(), X[1:, 0])
    np.testing.assert_array_equal(x[[slice(1, None), [2, 0]]].asnumpy(), X[1:, [2, 0]])
    np.testing.assert_array_equal(x[[1, 0]].asnumpy(), X[[1, 0]])
    x[[rows, 1]] = -1
    np.testing.assert_array_equal(x.asnumpy()[:, 1], [2, -1])


def test_the_median_of_nothing():
    values, places = P.Median(global_median=True)(Tensor(np.zeros((2, 0), np.float32)))
    assert np.isnan(values.asnumpy()) and places.item() == 0
    for ignore_nan in (False, True):
        nothing = P.Median(global_median=True, ignore_nan=ignore_nan)(Tensor(np.zeros(0, np.int32)))[0]
        assert nothing.item() == 0 and nothing.dtype == ms.int32


@pytest.mark.parametrize("dtype", [np.int16, np.int64, np.float32])
def test_the_median_that_ignores_nan_keeps_the_dtype(dtype):
    values, places = P.Median(axis=1, ignore_nan=True)(Tensor(np.array([[5, 2, 2**14 + 1], [4, 9, 1]], dtype)))
    assert values.asnumpy().dtype == dtype
    assert values.tolist() == [5, 4] and places.tolist() == [0, 0]


def test_cumsum_of_numpy_as_bool():
    numbers = ms.numpy.cumsum(Tensor([[0, 2], [0, 0]]), dtype=ms.bool_)
    assert numbers.dtype == ms.bool_ and numbers.tolist() == [False, True, True, True]


def test_batchmean_of_a_layer():
    log, share = np.log(np.float32([[0.25, 0.75]] * 3)), np.float32([[0.5, 0.5]] * 3)
    loss = nn.KLDivLoss("batchmean")(Tensor(log), Tensor(share))
    np.testing.assert_allclose(loss.asnumpy(), (share * (np.log(share) - log)).sum() / 3, rtol=1e-6)


def test_unique_in_order_of_occurrence():
    values, places = P.Unique()(Tensor([8, -3, 0, 0, 8]))
    assert values.tolist() == [8, -3, 0] and places.tolist() == [0, 1, 2, 2, 0]
    assert Tensor([8, -3, 0, 8]).unique().tolist() == [-3, 0, 8]


@pytest.mark.parametrize("kind, dtype", [(bool, ms.bool_), (int, ms.int64), (float, ms.float32)])
def test_to_a_type_of_python(kind, dtype):
    for how in (lambda f: f, ms.jit):
        found = how(lambda x: x.to(kind))(Tensor([0.0, 2.5]))
        assert found.dtype is dtype and found.asnumpy().tolist() == [kind(0.0), kind(2.5)]
    with pytest.raises(TypeError):
        Tensor([1]).to(dict)
