"""NaN, infinities and zeros of both signs where operators have a choice, and norms of matrices."""
import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, mint, ops

NAN, INF = float("nan"), float("inf")


def numbers(*values):
    return Tensor(np.array(values, np.float32))


def test_minus_zero_has_a_sign():
    x = numbers(-0.0, 0.0, -1.0, 2.0, -INF)
    assert ops.signbit(x).asnumpy().tolist() == [True, False, True, False, True]
    assert ops.signbit(Tensor([-1, 0, 1])).asnumpy().tolist() == [True, False, False]
    copied = ops.copysign(numbers(3.0, -3.0, 0.0, 1.0), numbers(-0.0, 0.0, -0.0, -2.0)).asnumpy()
    np.testing.assert_array_equal(copied, [-3.0, 3.0, -0.0, -1.0])
    assert np.signbit(copied).tolist() == [True, False, True, True]


def test_hypot_is_infinite_beside_nan_and_neither_overflows_nor_vanishes():
    x, y = numbers(NAN, -INF, NAN, 3e30, 3e-30, 0.0), numbers(INF, NAN, 1.0, 4e30, 4e-30, 0.0)
    np.testing.assert_allclose(ops.hypot(x, y).asnumpy(), [INF, INF, NAN, 5e30, 5e-30, 0.0], rtol=1e-6)
    first, second = ms.grad(lambda x, y: ops.hypot(x, y).sum(), (0, 1))(numbers(3.0, -5.0), numbers(4.0, 12.0))
    np.testing.assert_allclose(first.asnumpy(), [0.6, -5 / 13], rtol=1e-6)
    np.testing.assert_allclose(second.asnumpy(), [0.8, 12 / 13], rtol=1e-6)


def test_hardshrink_keeps_nan():
    shrunk = ops.hardshrink(numbers(NAN, 0.5, -0.75, INF)).asnumpy()
    np.testing.assert_array_equal(shrunk, [NAN, 0.0, -0.75, INF])


def test_the_median_is_unknown_where_an_element_is():
    x = Tensor(np.array([[1, NAN, 3], [5, 4, 6], [NAN, 1, NAN]], np.float32))
    values, places = ops.median(x, 1)
    np.testing.assert_array_equal(values.asnumpy(), [NAN, 5.0, NAN])
    np.testing.assert_array_equal(places.asnumpy(), [1, 0, 0])
    assert np.isnan(mint.median(x).asnumpy())
    gradient = ms.grad(lambda x: ops.median(x, 1)[0].sum())(Tensor(np.array([[3, 1, 2]], np.float32)))
    np.testing.assert_array_equal(gradient.asnumpy(), [[0, 0, 1]])


def test_a_quantile_beside_an_infinity_is_the_element_at_its_place():
    x = numbers(INF, 2.0, -INF)
    assert ops.quantile(x, 0.5).asnumpy() == 2.0
    assert ops.quantile(x, 0.0).asnumpy() == -INF
    assert ops.quantile(x, 0.75).asnumpy() == INF


def test_norms_with_an_order_are_norms_of_matrices():
    a = np.array([[1, -2, 3], [-4, 5, 6]], np.float32)
    for order in (1, -1, 2, -2, INF, -INF, "nuc", "fro", None):
        expected = np.linalg.norm(a, order)
        np.testing.assert_allclose(ops.norm(Tensor(a), order).asnumpy(), expected, rtol=1e-5)
        np.testing.assert_allclose(mint.linalg.norm(Tensor(a), order).asnumpy(), expected, rtol=1e-5)
    assert ops.norm(Tensor(a), 1, (0, 1), True).shape == (1, 1)
    np.testing.assert_allclose(ops.norm(Tensor(a), 1, 1).asnumpy(), [6, 15])
    np.testing.assert_allclose(mint.norm(Tensor(a), 1).asnumpy(), 21)  # one vector of all elements
    np.testing.assert_allclose(mint.norm(Tensor(a), 3, (0, 1)).asnumpy(), np.linalg.norm(a.ravel(), 3), rtol=1e-6)
    with pytest.raises(ValueError, match="norm: ord is 'nuc' for dim None of a tensor of 3 axes"):
        ops.norm(Tensor(np.ones((2, 2, 2), np.float32)), "nuc")


def test_places_of_mint_are_int64():
    x = numbers(2.0, 3.0, 1.0)
    assert mint.sort(x)[1].dtype == mint.argsort(x).dtype == mint.topk(x, 2)[1].dtype == ms.int64
    assert ops.argsort(x).dtype == ops.topk(x, 2)[1].dtype == ms.int32


def test_no_elements_and_no_axes():
    empty = Tensor(np.zeros((0, 2), np.float32))
    np.testing.assert_array_equal(ops.logsumexp(empty, 0).asnumpy(), [-INF, -INF])
    assert ops.logsumexp(empty, 1).shape == (0,) and ops.logsumexp(empty, 0, True).shape == (1, 2)
    with pytest.raises(ValueError, match="nonzero: input has no axes"):
        ops.nonzero(Tensor(1.0))
    with pytest.raises(ValueError, match="gather_elements: input has no axes"):
        ops.gather_elements(Tensor(1.0), 0, Tensor(0))


LIMITED = numbers(0, 1, 2, 3, 4, NAN)
SHARED, PASSED = [0, 0.5, 1, 0.5, 0, 1], [0, 1, 1, 1, 0, 0]


@pytest.mark.parametrize("mode", [ms.GRAPH_MODE, ms.PYNATIVE_MODE])
@pytest.mark.parametrize(("limited", "want"), [
    (lambda x: ops.clamp(x, 1.0, 3.0), PASSED), (lambda x: ops.clip(x, 1, 3), PASSED),
    (lambda x: mint.clamp(x, 1.0, 3.0), PASSED), (lambda x: x.clamp(Tensor(1.0), Tensor(3.0)), PASSED),
    (lambda x: ops.clamp(x, min=1.0), [0, 1, 1, 1, 1, 0]), (lambda x: ops.clamp(x, max=3.0), [1, 1, 1, 1, 0, 0]),
    (lambda x: ops.clamp(x, 3.0, 1.0), [0, 0, 0, 0, 0, 0]),
    (lambda x: ops.clip_by_value(x, 1.0, 3.0), SHARED), (lambda x: ms.numpy.clip(x, 1, 3), SHARED),
    (lambda x: ops.minimum(ops.maximum(x, 1.0), 3.0), SHARED),
])
def test_gradients_on_the_bounds(limited, want, mode):
    """What `clamp` lets through on a bound it lets through whole; equal operands of an extremum share."""
    ms.set_context(mode=mode)
    assert ms.grad(limited)(LIMITED).asnumpy().tolist() == want


def test_gradients_of_the_bounds():
    low, high = ms.grad(ops.clamp, (1, 2))(LIMITED, Tensor(1.0), Tensor(3.0))
    assert (float(low), float(high)) == (1, 1)
    columns = numbers(0, 1.5, 2, 5, 4, 1)
    gradient = ms.grad(ops.clamp, 1)(LIMITED, columns, Tensor(3.0))
    assert gradient.asnumpy().tolist() == [0, 1, 0, 0, 0, 0]


def test_clip_by_value_has_the_dtype_of_its_operand():
    x = Tensor([1, 5, 9], ms.int32)
    clipped = ops.clip_by_value((x, x), 2.7, Tensor(8.0))
    assert [(part.asnumpy().tolist(), part.dtype) for part in clipped] == [([2, 5, 8], ms.int32)] * 2
    with pytest.raises(ValueError, match="both None"):
        ops.clip_by_value(x)


@pytest.mark.parametrize("how", [lambda f: f, ms.jit], ids=["eager", "graph"])
@pytest.mark.parametrize(("name", "of_first", "of_second"), [("fmax", [1, 0, 1, 0], [0, 1, 0, 1]),
                                                             ("fmin", [1, 0, 1, 1], [0, 1, 0, 0])])
def test_the_gradient_of_an_extremum_without_nan(name, of_first, of_second, how):
    """Of equal elements the first one has all of it, of integers too; half of it is none of an integer."""
    grad = how(ms.grad(getattr(ops, name), (0, 1)))
    first, second = grad(numbers(1, NAN, 3, 2), numbers(1, 2, NAN, 5))
    assert first.asnumpy().tolist() == of_first and second.asnumpy().tolist() == of_second
    first, second = grad(Tensor([4, 7]), Tensor([4]))
    assert first.asnumpy().tolist() == ([1, 1] if name == "fmax" else [1, 0])
    assert second.asnumpy().tolist() == ([0] if name == "fmax" else [1])
