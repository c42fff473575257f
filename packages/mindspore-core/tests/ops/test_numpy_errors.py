"""What `mindspore.numpy` refuses, what it takes besides NumPy's arguments, and what belongs to tensors."""
from __future__ import annotations

import inspect

import numpy as np
import pytest

import mindspore as ms
import mindspore.numpy as mnp
from mindspore import Tensor
from mindspore.compiler.frontend.errors import GraphCompileError

X = Tensor(np.arange(12, dtype=np.float32).reshape(3, 4))
K = Tensor(np.arange(3, dtype=np.int32))

REFUSED = [
    (lambda: mnp.array("abc"), TypeError, "must hold numbers|must be a Tensor"),
    (lambda: mnp.array(["a", "b"]), TypeError, "must hold numbers"),
    (lambda: mnp.array(None), TypeError, "must be a Tensor"),
    (lambda: mnp.array([[1, 2], [3]]), ValueError, "different lengths"),
    (lambda: mnp.array([1], dtype="no_such"), TypeError, "no dtype is called"),
    (lambda: mnp.array([1], ndmin="2"), TypeError, "ndmin must be an int"),
    (lambda: mnp.array_str([1, 2]), TypeError, "must be a Tensor"),
    (lambda: mnp.zeros((2, -1)), ValueError, "not negative"),
    (lambda: mnp.zeros("3"), TypeError, "shape must be"),
    (lambda: mnp.full((2, 3), [1, 2]), ValueError, "broadcast"),
    (lambda: mnp.eye(-1), ValueError, "not negative"),
    (lambda: mnp.arange(0, 5, 0), ValueError, "step is 0"),
    (lambda: mnp.arange("3"), TypeError, "number"),
    (lambda: mnp.linspace(0, 1, -1), ValueError, "num is -1"),
    (lambda: mnp.linspace(0, 1, 2.5), TypeError, "num must be an int"),
    (lambda: mnp.meshgrid([1], [2], indexing="yx"), ValueError, "indexing"),
    (lambda: mnp.mgrid[3], TypeError, "slices"),
    (lambda: mnp.ix_([[1]]), ValueError, "one axis"),
    (lambda: mnp.rand(2, dtype=mnp.int32), ValueError, "floating"),
    (lambda: mnp.randint(3, 3), ValueError, "no number"),
    (lambda: mnp.randint(3, dtype=mnp.float32), ValueError, "integer"),
    (lambda: mnp.add(X, [1, 2]), ValueError, "broadcast"),
    (lambda: mnp.add(X, "1"), TypeError, "x2 must be"),
    (lambda: mnp.subtract([True], [False]), TypeError, "sub"),
    (lambda: mnp.negative([True]), TypeError, "neg"),
    (lambda: mnp.sin("x"), TypeError, "must be a Tensor"),
    (lambda: mnp.gcd(True, True), TypeError, "expected whole numbers"), (lambda: mnp.lcm(1j, 2), TypeError, "expected"),
    (lambda: mnp.bitwise_and(X, 1), TypeError, "bitwise_and"),
    (lambda: mnp.clip(X, None, None), ValueError, "both None"),
    (lambda: mnp.isclose(X, X, rtol="1"), TypeError, "rtol"),
    (lambda: mnp.sum(X, axis=2), ValueError, "out of range"),
    (lambda: mnp.sum(X, axis="0"), TypeError, "axis must be"),
    (lambda: mnp.sum(X, axis=(0, 0)), ValueError, "twice"),
    (lambda: mnp.sum(X, keepdims=1), TypeError, "keepdims must be a bool"),
    (lambda: mnp.sum(X, initial=X), TypeError, "initial must be a number"),
    (lambda: mnp.max(X, where=[True, False, True, True]), ValueError, "without initial"),
    (lambda: mnp.max([]), ValueError, "max"),
    (lambda: mnp.std(X, ddof=0.5), TypeError, "ddof must be an int"),
    (lambda: mnp.argmax(X, 5), ValueError, "out of range"),
    (lambda: mnp.average(X, 0, [1.0, 2.0]), ValueError, "weights have shape"),
    (lambda: mnp.reshape(X, (5, 2)), ValueError, "reshape"),
    (lambda: mnp.squeeze(X, 0), ValueError, "size 3"),
    (lambda: mnp.transpose(X, (0, 0)), ValueError, "transpose"),
    (lambda: mnp.broadcast_arrays([1, 2], [1, 2, 3]), ValueError, "broadcast"),
    (lambda: mnp.rollaxis(X, 0, 4), ValueError, "start 4"),
    (lambda: mnp.rot90(X, axes=(0, 0)), ValueError, "different axes"),
    (lambda: mnp.concatenate([]), ValueError, "at least one"),
    (lambda: mnp.concatenate(3), TypeError, "list or tuple"),
    (lambda: mnp.append(X, K, 0), ValueError, "equally many axes"),
    (lambda: mnp.stack([X, K]), ValueError, "one shape"),
    (lambda: mnp.split(X, 2), ValueError, "divisor"),
    (lambda: mnp.vsplit(K, 3), ValueError, "at least 2 axes"),
    (lambda: mnp.repeat(X, -1), ValueError, "none negative"),
    (lambda: mnp.tril(1.0), ValueError, "no axes"),
    (lambda: mnp.indices(3), TypeError, "dimensions must be a tuple or a list"),
    (lambda: mnp.tril_indices_from(K), ValueError, "expected a matrix"),
    (lambda: mnp.vander(X), ValueError, "one axis"),
    (lambda: mnp.take(X, [0], mode="raised"), ValueError, "mode is 'raised'"),
    (lambda: mnp.take(X, [12], mode="raise"), IndexError, "index 12"),
    (lambda: mnp.take(X, [0.5]), TypeError, "must hold integers"),
    (lambda: mnp.take(mnp.zeros((0,)), [0]), IndexError, "size is 0"),
    (lambda: mnp.take_along_axis(X, K, 0), ValueError, "equally many axes"),
    (lambda: mnp.take_along_axis(X, [[0, 1]], 0), ValueError, "broadcast"),
    (lambda: mnp.argwhere(3), ValueError, "no axes"),
    (lambda: mnp.where(X, X), ValueError, "one of x and y is None"),
    (lambda: mnp.select([X > 1], []), ValueError, "equally many"),
    (lambda: mnp.choose([3], [K, K], mode="raise"), IndexError, "index 3"),
    (lambda: mnp.ravel_multi_index([K], (3, 3)), ValueError, "one for each axis"),
    (lambda: mnp.unravel_index(3, (2, 2), "A"), ValueError, "order is 'A'"),
    (lambda: mnp.apply_along_axis(mnp.sum, 0, mnp.zeros((2, 0))), ValueError, "no vectors"),
    (lambda: mnp.apply_over_axes(lambda x, a: mnp.sum(x), X, 0), ValueError, "func made shape"),
    (lambda: mnp.apply_over_axes(mnp.sum, X, (0, 0)), ValueError, "twice"),
    (lambda: mnp.piecewise(K, [K > 1], [1, 2, 3]), ValueError, "functions"),
    (lambda: mnp.pad(X, 1, "mirror"), ValueError, "mode is 'mirror'"),
    (lambda: mnp.pad(X, 1, constant_value=3), ValueError, "constant_value"),
    (lambda: mnp.pad(X, (1, 2, 3)), ValueError, "pad_width"),
    (lambda: mnp.pad(X, -1), ValueError, "not negative"),
    (lambda: mnp.pad(X, 1.5), TypeError, "must hold ints"),
    (lambda: mnp.pad(X, 1, "maximum", stat_length=0), ValueError, "no elements to look at"),
    (lambda: mnp.pad(mnp.zeros((0,)), 1, "edge"), ValueError, "no elements"),
    (lambda: mnp.pad(X, 1, "reflect", reflect_type="both"), ValueError, "reflect_type"),
    (lambda: mnp.searchsorted(X, 1), ValueError, "one axis"),
    (lambda: mnp.searchsorted(K, 1, "middle"), ValueError, "side"),
    (lambda: mnp.searchsorted(K, 1, sorter=[0]), ValueError, "sorter has shape"),
    (lambda: mnp.digitize(X, X), ValueError, "one axis"),
    (lambda: mnp.unique(K, return_inverse=1), TypeError, "return_inverse must be a bool"),
    (lambda: mnp.bincount(X), TypeError, "must hold integers"),
    (lambda: mnp.bincount([[1]]), ValueError, "one axis"),
    (lambda: mnp.bincount(K, [1.0]), ValueError, "weights have shape"),
    (lambda: mnp.histogram(X, "auto"), TypeError, "number of bins"),
    (lambda: mnp.histogram(X, 0), ValueError, "positive int"),
    (lambda: mnp.histogram(X, 3, (2, 1)), ValueError, "low <= high"),
    (lambda: mnp.histogramdd(X, [2, 2]), ValueError, "one for each of 4 axes"),
    (lambda: mnp.histogramdd([K, X]), ValueError, "equally many"),
    (lambda: mnp.diff(X, -1), ValueError, "n >= 0"),
    (lambda: mnp.gradient(K, edge_order=3), ValueError, "edge_order"),
    (lambda: mnp.gradient(X, 1.0, 2.0, 3.0), TypeError, "distances"),
    (lambda: mnp.gradient([1.0]), ValueError, "at least 2"),
    (lambda: mnp.interp(1.0, [1, 2], [1.0]), ValueError, "of one size"),
    (lambda: mnp.dot(X, X), ValueError, "dot|matmul"),
    (lambda: mnp.tensordot(X, X, 1), ValueError, "different sizes"),
    (lambda: mnp.cross(X, X), ValueError, "2 or 3 coordinates"),
    (lambda: mnp.multi_dot([X]), ValueError, "at least two"),
    (lambda: mnp.multi_dot([X, K, X]), ValueError, "expected matrices"),
    (lambda: mnp.norm(X, "fro", 0), ValueError, "for vectors"),
    (lambda: mnp.norm(X, 3), ValueError, "ord is 3"),
    (lambda: mnp.norm(mnp.zeros((2, 2, 2)), 1), ValueError, "one or two axes"),
    (lambda: mnp.convolve(K, []), ValueError, "not empty"),
    (lambda: mnp.convolve(K, K, "half"), ValueError, "mode is 'half'"),
    (lambda: mnp.cov(mnp.zeros((2, 2, 2))), ValueError, "at most two axes"),
    (lambda: mnp.cov(X, fweights=[1, 2]), ValueError, "one for each observation"),
    (lambda: mnp.polyadd(X, K), ValueError, "one axis of coefficients"),
    (lambda: mnp.polyder(K, -1), ValueError, "m is -1"),
    (lambda: mnp.polyint(K, 2, [1, 2, 3]), ValueError, "one constant for each"),
    (lambda: mnp.promote_types("int32", None), TypeError, "must be given"),
    (lambda: mnp.result_type(), ValueError, "at least one"),
]


@pytest.mark.parametrize("number", range(len(REFUSED)))
def test_refused(number):
    call, kind, text = REFUSED[number]
    with pytest.raises(kind, match=text):
        call()


@pytest.mark.parametrize("call", [mnp.unique, mnp.argwhere, mnp.where, mnp.bincount,
                                  lambda x: mnp.intersect1d(x, [1]), lambda x: mnp.setdiff1d(x, [1]),
                                  lambda x: mnp.take(x, x, mode="raise")])
def test_results_whose_shape_depends_on_values_are_refused_in_a_graph(call):
    compiled = ms.jit(lambda x: call(x + 1))
    with pytest.raises(GraphCompileError, match="The value of a tensor is needed"):
        compiled(K)


def test_dtypes():
    assert mnp.int_ is ms.int32 and mnp.float_ is ms.float32 and mnp.uint is ms.uint32 and mnp.bool_ is ms.bool_
    names = "bool_ int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64".split()
    for name in names:
        assert getattr(mnp, name) is getattr(ms, name) and mnp.zeros(1, name).dtype is getattr(ms, name)
    assert mnp.array(-2**31).dtype is ms.int32 and mnp.array(2**31).dtype is ms.int64
    assert mnp.array([1, 2]).dtype is ms.int32 and mnp.array([2**40]).dtype is ms.int64
    assert mnp.array(np.array([1, 2])).dtype is ms.int64 and mnp.array(np.array([0.5])).dtype is ms.float64
    for named in ("float16", "Float16", "half", np.float16, np.dtype("float16"), ms.float16, "f2"):
        assert mnp.ones(2, named).dtype is ms.float16
    assert mnp.ones(2, int).dtype is ms.int32 and mnp.ones(2, "float").dtype is ms.float32
    assert mnp.promote_types(ms.int64, "float32") is ms.float32 and mnp.promote_types("uint8", "int8") is ms.int16
    assert mnp.result_type("i2", mnp.float32, True) is ms.float32
    assert mnp.result_type(1, 2.5) is ms.float32 and mnp.result_type(K, 2) is ms.int32
    assert mnp.result_type(np.float32, [1, 2]) is ms.float32 and mnp.result_type(X, np.ones(2)) is ms.float64
    assert mnp.add(1, 2).dtype is ms.int32 and mnp.multiply(2, 2.5).dtype is ms.float32
    assert (mnp.inf, mnp.PINF, mnp.NINF, mnp.pi) == (np.inf, np.inf, -np.inf, np.pi) and mnp.nan != mnp.nan
    assert set(mnp.numeric_types) == {getattr(ms, name) for name in names}


def test_random_numbers_follow_the_seed():
    draws = []
    for _ in range(2):
        ms.set_seed(5)
        draws.append([mnp.rand(2, 3), mnp.randn((4,), dtype="float64"), mnp.randint(2, 9, (50,)), mnp.randint(3)])
    for one, other in zip(*draws):
        assert one.dtype is other.dtype and np.array_equal(one.asnumpy(), other.asnumpy())
    uniform, normal, whole, single = draws[0]
    assert uniform.shape == (2, 3) and normal.dtype is ms.float64 and whole.dtype is ms.int32 and single.shape == ()
    assert 0 <= uniform.asnumpy().min() and uniform.asnumpy().max() < 1
    assert set(whole.asnumpy()) <= set(range(2, 9)) and 0 <= int(single) < 3


def test_what_is_a_scalar():
    for value in (3, 2.5, True, 1j, np.float32(1), "text", b"bytes"):
        assert mnp.isscalar(value) == np.isscalar(value) == True  # noqa: E712
    for value in ([3], (), np.ones(1), K, None, mnp.array(3)):
        assert not mnp.isscalar(value)


def test_copies_have_handles_of_their_own():
    x = mnp.array([1.0, 2.0])
    shared, copied, made = mnp.asarray(x), mnp.copy(x), mnp.array(x)
    x[0] = 9.0
    assert shared is x and copied.asnumpy()[0] == 1.0 and made.asnumpy()[0] == 1.0


def test_containers_of_results():
    """Tuples and lists as in MindSpore."""
    for name in ("split", "array_split", "hsplit", "vsplit"):
        assert type(getattr(mnp, name)(mnp.ones((2, 2)), 2)) is tuple
    assert type(mnp.meshgrid([1], [2])) is tuple and type(mnp.ix_([1])) is tuple and type(mnp.divmod(3, 2)) is tuple
    assert type(mnp.broadcast_arrays([1], [2])) is list and type(mnp.atleast_1d(1, 2)) is list
    assert type(mnp.histogramdd(X, 2)[1]) is list and type(mnp.gradient(X)) is list


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_divisors_and_multiples_of_floats_that_hold_whole_numbers(dtype):
    rng = np.random.default_rng(3)
    x, y = rng.integers(-2**23, 2**23, 200), rng.integers(-2000, 2000, 200)
    x[:5], y[3:8] = 0, 0
    x[8:16] = y[8:16] * 4001
    found = mnp.gcd(Tensor(x.astype(dtype)), Tensor(y.astype(dtype))).asnumpy()
    assert found.dtype == dtype and found.tolist() == np.gcd(x, y).tolist()
    small = x % 4000
    found = mnp.lcm(Tensor(small.astype(dtype)), Tensor(y.astype(dtype))).asnumpy()
    assert found.dtype == dtype and found.tolist() == np.lcm(small, y).tolist()


def test_histograms_with_arrays_of_edges():
    points, edges = np.float32([[0, 1, 5], [1, 2, 3], [2, 0, 4]]), np.float32([[0, 1, 2], [0, 2, 4], [3, 4, 9]])
    counts, found = mnp.histogramdd(mnp.array(points), mnp.array(edges))
    expected, _ = np.histogramdd(points, edges)
    np.testing.assert_array_equal(counts.asnumpy(), expected)
    np.testing.assert_array_equal([e.asnumpy() for e in found], edges)
    counts, found = mnp.histogram([1, 2, 3], [2])
    assert counts.shape == (0,) and found.asnumpy().tolist() == [2]
    with pytest.raises(ValueError, match="an array of edges on one axis"):
        mnp.histogram([1, 2, 3], [])
    assert found.dtype == mnp.array([2]).dtype  # edges keep their dtype
    for bins, kind in ((mnp.arange(5), ms.int32), ([0, 1.5, 9], ms.float32), (np.int64([0, 2]), ms.int64),
                       (3, ms.float32)):
        for density in (False, True):
            counts, found = mnp.histogram(mnp.arange(4), bins, density=density)
            wide = bins.asnumpy() if isinstance(bins, Tensor) else bins
            expected, edges = np.histogram(np.arange(4), wide, density=density)
            assert found.dtype == kind and counts.dtype == ms.float32
            np.testing.assert_allclose(counts.asnumpy(), expected, rtol=1e-6)
            np.testing.assert_allclose(found.asnumpy(), edges, rtol=1e-6)
        assert mnp.histogram_bin_edges(mnp.arange(4), bins).dtype == kind
    assert [e.dtype for e in mnp.histogram2d([1, 2], [1, 2], [[0, 2, 4], [0.5, 2.5]])[1:]] == [ms.int32, ms.float32]


def test_grids():
    assert np.array_equal(mnp.mgrid[0:5, 0:5].asnumpy(), np.mgrid[0:5, 0:5])
    assert mnp.mgrid[0:3].dtype is ms.int32 and mnp.mgrid[0:1:3j].dtype is ms.float32
    np.testing.assert_allclose(mnp.mgrid[-1:1:5j, 1:2:0.5].asnumpy(), np.mgrid[-1:1:5j, 1:2:0.5])
    for found, wanted in zip(mnp.ogrid[0:4, 1:3], np.ogrid[0:4, 1:3], strict=True):
        assert np.array_equal(found.asnumpy(), wanted)
    assert repr(mnp.mgrid) == "mindspore.numpy.mgrid"


@ms.jit
def _program(x):
    """Lists of tensors, grids, pieces and functions of the user within a compiled function."""
    rows = mnp.array([x[0], x[1] * 2])
    steps = mnp.piecewise(x, [x < 0, x > 2], [lambda v: v * v, 7.0])

    def clipped(v):
        return v if v.sum() > 3 else mnp.zeros_like(v)

    return rows, steps, mnp.apply_along_axis(clipped, 1, rows), mnp.mgrid[0:2, 0:3], mnp.linspace(0, x[0], 3)


def test_a_program():
    x = np.array([[-1.0, 1.0], [3.0, 0.5]], np.float32)
    rows, steps, kept, grid, line = (v.asnumpy() for v in _program(Tensor(x)))
    doubled = np.array([x[0], x[1] * 2])
    np.testing.assert_allclose(rows, doubled)
    np.testing.assert_allclose(steps, [[1.0, 0.0], [7.0, 0.0]])
    np.testing.assert_allclose(kept, [[0, 0], doubled[1]])
    assert np.array_equal(grid, np.mgrid[0:2, 0:3])
    np.testing.assert_allclose(line, np.linspace(0, x[0], 3))


def test_one_graph_serves_all_sizes():
    from mindspore.compiler.pipeline import assert_max_compiles

    @ms.enable_dynamic(x=Tensor(shape=[None, 4], dtype=ms.float32))
    @ms.jit
    def table(x):
        padded = mnp.pad(mnp.concatenate([x, mnp.zeros_like(x)]), ((1, 1), (0, 0)), "edge")
        return mnp.std(padded, 0), mnp.diff(padded, axis=0), mnp.take(padded, [0, 1], 0)

    table(Tensor(np.ones((2, 4), np.float32)))
    with assert_max_compiles(0):
        for rows in (3, 5, 8):
            x = np.arange(rows * 4, dtype=np.float32).reshape(rows, 4)
            padded = np.pad(np.concatenate([x, np.zeros_like(x)]), ((1, 1), (0, 0)), "edge")
            for found, wanted in zip(table(Tensor(x)), (padded.std(0), np.diff(padded, axis=0), padded[:2])):
                np.testing.assert_allclose(found.asnumpy(), wanted, rtol=1e-5, atol=1e-5)


def test_signatures_are_those_of_the_interface():
    """A sample of names, orders and defaults that programs rely on."""
    assert str(inspect.signature(mnp.histogram)).startswith("(a: 'ArrayLike', bins: 'Any' = 10, range")
    assert list(inspect.signature(mnp.mean).parameters) == ["a", "axis", "keepdims", "dtype"]
    assert list(inspect.signature(mnp.nanmean).parameters) == ["a", "axis", "dtype", "keepdims"]
    assert inspect.signature(mnp.take).parameters["mode"].default == "clip"
