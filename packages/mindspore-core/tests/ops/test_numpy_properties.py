"""`mindspore.numpy` agrees with NumPy for arrays, axes and counts that are drawn."""
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import mindspore.numpy as mnp
from mindspore import Tensor

drawn = settings(max_examples=12, deadline=None, derandomize=True, database=None)
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")
WHOLE = st.integers(-4, 4)


def arrays(shape, dtype=np.float32, elements=WHOLE):
    return hnp.arrays(dtype, shape, elements=elements)


SHAPES = hnp.array_shapes(min_dims=1, max_dims=3, max_side=4)
PAIRS = hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3).map(lambda found: found.input_shapes)
TRIPLES = hnp.mutually_broadcastable_shapes(num_shapes=3, max_dims=3, max_side=3).map(lambda found: found.input_shapes)


def agrees(result, expected, rtol=1e-5, atol=1e-5):
    """Tensors, or lists of them, with NumPy's shapes and values."""
    if isinstance(expected, (list, tuple)):
        assert len(result) == len(expected)
        for one, wanted in zip(result, expected):
            agrees(one, wanted, rtol, atol)
        return
    assert result.shape == np.shape(expected)
    np.testing.assert_allclose(result.asnumpy(), expected, rtol=rtol, atol=atol)


def both(name, *args, **kwargs):
    """The call on tensors, and on arrays."""
    def tensors(value):
        if isinstance(value, np.ndarray):
            return Tensor(value)
        return type(value)([tensors(v) for v in value]) if isinstance(value, (list, tuple)) else value
    return getattr(mnp, name)(*[tensors(a) for a in args], **kwargs), getattr(np, name)(*args, **kwargs)


# -- broadcasting ------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("name", ["add", "multiply", "maximum", "arctan2", "less_equal", "logical_xor", "hypot",
                                  "copysign", "floor_divide"])
@drawn
@given(data=st.data())
def test_two_operands(name, data):
    first, second = data.draw(PAIRS)
    kinds = [data.draw(st.sampled_from([np.float32, np.int32])) for _ in range(2)]
    x = data.draw(arrays(first, kinds[0]))
    y = data.draw(arrays(second, kinds[1], st.integers(1, 4)))
    agrees(*both(name, x, y))


@drawn
@given(data=st.data())
def test_where_and_select(data):
    shapes = data.draw(TRIPLES)
    condition = data.draw(arrays(shapes[0], bool, st.booleans()))
    x, y = data.draw(arrays(shapes[1])), data.draw(arrays(shapes[2]))
    agrees(*both("where", condition, x, y))
    if x.ndim and y.ndim and condition.ndim:
        agrees(*both("select", [condition, x > 0], [x, y], 7))


@drawn
@given(data=st.data(), mode=st.sampled_from(["clip", "wrap"]))
def test_choose(data, mode):
    shapes = data.draw(TRIPLES)
    number = data.draw(arrays(shapes[0], np.int32))
    agrees(*both("choose", number, [data.draw(arrays(s)) for s in shapes[1:]], mode=mode))


@drawn
@given(shapes=TRIPLES)
def test_broadcast_arrays(shapes):
    values = [np.arange(np.prod(s), dtype=np.float32).reshape(s) for s in shapes]
    result, expected = both("broadcast_arrays", *values)
    agrees(result, list(expected))


# -- places ------------------------------------------------------------------------------------------------------------

@drawn
@given(data=st.data(), mode=st.sampled_from(["clip", "wrap"]))
def test_take(data, mode):
    shape = data.draw(SHAPES)
    axis = data.draw(st.none() | st.integers(-len(shape), len(shape) - 1))
    index = data.draw(arrays(hnp.array_shapes(min_dims=0, max_dims=2, max_side=3), np.int32, st.integers(-9, 9)))
    agrees(*both("take", data.draw(arrays(shape)), index, axis=axis, mode=mode))


@drawn
@given(data=st.data())
def test_take_along_axis(data):
    x = data.draw(arrays(SHAPES))
    axis = data.draw(st.integers(0, x.ndim - 1))
    count, size = data.draw(st.integers(1, 3)), x.shape[axis]
    shape = tuple(count if i == axis else data.draw(st.sampled_from([1, n])) for i, n in enumerate(x.shape))
    index = data.draw(arrays(shape, np.int32, st.integers(-size, size - 1)))
    agrees(mnp.take_along_axis(Tensor(x), Tensor(index), axis), np.take_along_axis(x, index, axis))


@drawn
@given(data=st.data(), order=st.sampled_from(["C", "F"]), mode=st.sampled_from(["clip", "wrap"]))
def test_flat_places_and_back(data, order, mode):
    sizes = data.draw(SHAPES)
    flat = data.draw(arrays(st.integers(0, 5), np.int32, st.integers(0, int(np.prod(sizes)) - 1)))
    found = mnp.unravel_index(Tensor(flat), sizes, order)
    agrees(found, list(np.unravel_index(flat, sizes, order)))
    agrees(mnp.ravel_multi_index(found, sizes, mode, order), flat)
    far = [data.draw(arrays(4, np.int32, st.integers(-9, 9))) for _ in sizes]
    agrees(mnp.ravel_multi_index([Tensor(v) for v in far], sizes, mode, order),
           np.ravel_multi_index(far, sizes, mode, order))


# -- borders, repetition, order ----------------------------------------------------------------------------------------

@drawn
@given(data=st.data(), mode=st.sampled_from(["constant", "edge", "reflect", "symmetric", "wrap", "linear_ramp",
                                             "maximum", "minimum", "mean", "median"]))
def test_pad(data, mode):
    x = data.draw(arrays(SHAPES, data.draw(st.sampled_from([np.float32, np.int32]))))
    widths = tuple((data.draw(st.integers(0, 6)), data.draw(st.integers(0, 6))) for _ in x.shape)
    options = {"reflect_type": data.draw(st.sampled_from(["even", "odd"]))} if mode in ("reflect", "symmetric") else {}
    agrees(mnp.pad(Tensor(x), widths, mode, **options), np.pad(x, widths, mode, **options), 1e-4, 1e-4)


@drawn
@given(data=st.data())
def test_tile_repeat_roll_flip(data):
    x = data.draw(arrays(SHAPES))
    agrees(*both("tile", x, tuple(data.draw(st.lists(st.integers(0, 2), max_size=4)))))
    axis = data.draw(st.integers(-x.ndim, x.ndim - 1))
    counts = data.draw(st.lists(st.integers(0, 2), min_size=x.shape[axis], max_size=x.shape[axis]))
    agrees(*both("repeat", x, counts, axis=axis))
    agrees(*both("roll", x, data.draw(st.integers(-9, 9)), axis=data.draw(st.none() | st.just(axis))))
    agrees(*both("flip", x, axis=axis))
    agrees(*both("rollaxis", x, axis, data.draw(st.integers(-x.ndim, x.ndim))))
    agrees(*both("array_split", x, data.draw(st.integers(1, 5)), axis=axis))


@pytest.mark.parametrize("name", ["sum", "max", "mean", "std", "argmin", "cumsum", "cumprod", "count_nonzero", "ptp"])
@drawn
@given(data=st.data())
def test_reductions(name, data):
    numbers = st.integers(-1, 1) if name == "cumprod" else WHOLE
    x = data.draw(arrays(SHAPES, data.draw(st.sampled_from([np.float32, np.int32, np.int8])), numbers))
    axis = data.draw(st.none() | st.integers(-x.ndim, x.ndim - 1))
    result, expected = both(name, x, axis=axis)
    agrees(result, expected if name != "ptp" else expected.astype(x.dtype))


# -- order, counts, lines ----------------------------------------------------------------------------------------------

@drawn
@given(data=st.data(), side=st.sampled_from(["left", "right"]))
def test_sorted_search(data, side):
    ordered = np.sort(data.draw(arrays(st.integers(0, 9))))
    x = data.draw(arrays(SHAPES, elements=st.sampled_from([-5.0, -4.0, -1.0, 0.0, 0.5, 2.0, 4.0, 9.0, np.nan])))
    agrees(*both("searchsorted", ordered, x, side=side))
    bins = np.unique(ordered)
    agrees(*both("digitize", x[~np.isnan(x)], bins, side == "left"))
    if bins.size > 1:
        agrees(*both("digitize", x[~np.isnan(x)], bins[::-1].copy(), side == "left"))


@drawn
@given(x=arrays(SHAPES, np.int32), y=arrays(st.integers(0, 6), np.int32))
def test_sets(x, y):
    found, (values, places) = both("unique", x, return_inverse=True)
    agrees(found, (values, places.reshape(x.shape)))
    agrees(*both("isin", x, y))
    agrees(*both("intersect1d", x, y, return_indices=True))
    agrees(*both("setdiff1d", x, y))


@drawn
@given(x=arrays(st.integers(1, 12), elements=st.integers(-8, 8)), bins=st.integers(1, 4), density=st.booleans(),
       weighted=st.booleans())
def test_histograms(x, bins, density, weighted):
    edges = np.linspace(-8, 8, bins + 1).astype(np.float32)
    weights = np.arange(1, x.size + 1, dtype=np.float32) if weighted else None
    tensors = None if weights is None else Tensor(weights)
    found, shown = mnp.histogram(Tensor(x), Tensor(edges), None, tensors, density)
    expected, _ = np.histogram(x, edges, weights=weights, density=density)
    agrees(found, expected)
    agrees(shown, edges)
    y = x[::-1].copy()
    agrees(mnp.histogram2d(Tensor(x), Tensor(y), [Tensor(edges), Tensor(edges)], None, tensors, density),
           np.histogram2d(x, y, [edges, edges], weights=weights, density=density))
    agrees(mnp.histogram_bin_edges(Tensor(x), bins), np.histogram_bin_edges(x, bins))


@drawn
@given(x=arrays(SHAPES, elements=st.integers(-9, 9).map(lambda n: n / 2)), data=st.data())
def test_interp(x, data):
    points = np.unique(data.draw(arrays(st.integers(1, 6))))
    heights = data.draw(arrays(points.shape))
    agrees(*both("interp", x, points, heights))
    agrees(*both("interp", x, points, heights, left=-7.0, right=7.0))


@drawn
@given(a=arrays(st.integers(1, 6)), v=arrays(st.integers(1, 6)), mode=st.sampled_from(["full", "same", "valid"]))
def test_convolutions(a, v, mode):
    for kind in (np.float32, np.int32):
        agrees(*both("convolve", a.astype(kind), v.astype(kind), mode))
        agrees(*both("correlate", a.astype(kind), v.astype(kind), mode))


# -- products ----------------------------------------------------------------------------------------------------------

@drawn
@given(data=st.data())
def test_products(data):
    x, y = data.draw(arrays(SHAPES)), data.draw(arrays(SHAPES))
    agrees(*both("kron", x, y))
    agrees(*both("outer", x, y))
    agrees(*both("tensordot", x, y, axes=0))
    count = data.draw(st.integers(0, x.ndim))
    other = data.draw(arrays(x.shape[x.ndim - count:] + data.draw(SHAPES)))
    agrees(*both("tensordot", x, other, axes=count))
    agrees(*both("dot", x, data.draw(arrays(data.draw(SHAPES)[:1] + (x.shape[-1], 2)))))
    agrees(*both("inner", x, data.draw(arrays((2, x.shape[-1])))))


@drawn
@given(x=arrays(SHAPES, np.int32, st.integers(-999, 999)), y=st.integers(-999, 999))
def test_divisors(x, y):
    agrees(*both("gcd", x, y))
    agrees(*both("lcm", x, y))


@pytest.mark.parametrize("make", [
    lambda: mnp.full((2, 3), 0.5), lambda: mnp.full((2, 3), [1.0, 2, 3]), lambda: mnp.full_like(mnp.ones((2, 3)), 7),
    lambda: mnp.zeros_like(mnp.ones((2, 3))), lambda: mnp.ones_like(mnp.zeros((2, 3))),
    lambda: mnp.empty_like(mnp.zeros((2, 3))), lambda: mnp.full((2, 3), mnp.ones((2, 3)))],
    ids=["full", "full-of-row", "full_like", "zeros_like", "ones_like", "empty_like", "full-of-all"])
def test_what_is_made_has_elements_of_its_own(make):
    made = make()
    expected = made.asnumpy().copy()
    made[:, 1:] = 9
    expected[:, 1:] = 9
    assert made.asnumpy().tolist() == expected.tolist()


def test_a_tensor_filled_with_another_leaves_it_as_it_is():
    value = mnp.ones((2, 3))
    mnp.full((2, 3), value)[0] = 5
    mnp.full_like(value, value)[0] = 5
    assert value.asnumpy().tolist() == [[1] * 3] * 2
