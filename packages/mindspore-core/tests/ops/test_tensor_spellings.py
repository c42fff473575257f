"""Methods of tensors under each spelling of their arguments that the interface documents, against NumPy; and those that
have no table of their own."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Parameter, Tensor, mint, ops
from mindspore.ops import composite as C
from mindspore.ops import functional as F

X = np.float32([[-0.9, 0.3, 0.7], [0.2, -0.4, 0.9]])
BIG = X + 2
CUBE = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
WHOLE = np.int32([[12, -7, 5], [-5, 3, -30]])
PLACES, V = np.int32([2, 0]), np.float32([[1, 2], [3, 4]])
added = X.copy()
added[:, [2, 0]] += 3 * V
at_places = CUBE.copy()
at_places[[1, 0], [0, 2]] += CUBE[:, 0] + 1
taken = X.ravel()[[5, 1]]
median = np.sort(X, 1)[:, 1]

CASES = [
    ("addr", X, {"vec1": X[:, 0], "vec2": X[0], "beta": 2, "alpha": 3}, 2 * X + 3 * np.outer(X[:, 0], X[0])),
    ("approximate_equal", X, {"other": X + np.float32([0, 1, 1e-7])}, np.array([[True, False, True]] * 2)),
    ("expand_as", X[:1], {"x": X}, np.broadcast_to(X[:1], X.shape)),
    ("float_power", BIG, {"other": 2.0}, BIG.astype(float) ** 2),
    ("index_select", X, {"dim": 1, "index": PLACES}, X[:, PLACES]),
    ("index_select", X, {"axis": 1, "index": PLACES}, X[:, PLACES]),
    ("isclose", X, {"x2": X + 1}, np.zeros_like(X, bool)), ("isclose", X, {"other": X}, np.ones_like(X, bool)),
    ("matmul", X, {"tensor2": X.T.copy()}, X @ X.T), ("multiply", X, {"value": BIG}, X * BIG),
    ("narrow", X, {"dim": 1, "start": 1, "length": 2}, X[:, 1:]), ("remainder", X, {"divisor": 0.5}, np.mod(X, 0.5)),
    ("swapdims", CUBE, {"dim0": 0, "dim1": 2}, CUBE.swapaxes(0, 2)), ("true_divide", X, {"other": 2}, X / 2),
    ("softmax", X, {"axis": 0, "dtype": ms.float64}, np.exp(X) / np.exp(X).sum(0)),
    ("median", X, {"dim": 1, "keepdim": True}, (median[:, None], np.argsort(X, 1)[:, 1:2])),
    ("median", X, {"axis": 1, "keepdims": False}, (median, np.argsort(X, 1)[:, 1])),
    ("index_add", X, {"dim": 1, "index": PLACES, "source": V, "alpha": 3}, added),
    ("index_add", X, {"indices": PLACES, "y": 3 * V, "axis": 1}, added),
    ("scatter_add", CUBE, {"indices": np.int32([[1, 0], [0, 2]]), "updates": CUBE[:, 0] + 1}, at_places),
    ("take", X, {"index": np.int32([5, 1])}, taken), ("take", X, {"indices": np.int32([5, 1])}, taken),
    ("tile", X, {"reps": (2, 1)}, np.tile(X, (2, 1))), ("tile", X, {"dims": (1, 2)}, np.tile(X, (1, 2))),
    ("split", X, {"split_size": 2, "dim": 1}, (X[:, :2], X[:, 2:])),
    ("split", X, {"split_size_or_sections": [1, 2], "axis": 1}, (X[:, :1], X[:, 1:])),
    ("transpose", CUBE, {"dim0": 0, "dim1": 1}, CUBE.swapaxes(0, 1)),
    ("view", CUBE, {"dtype": ms.int32}, CUBE.view(np.int32)),
    ("new_empty", X, {"size": (2, 1), "dtype": ms.int32, "device": "CPU"}, np.zeros((2, 1))),
    ("new_full", X, {"size": (2,), "fill_value": 3}, np.float32([3, 3])),
    ("new_ones", WHOLE, {"size": (2, 2)}, np.ones((2, 2))),
    ("new_zeros", WHOLE, {"size": 3, "dtype": ms.float16}, np.zeros(3)),
    ("absolute", X, {}, abs(X)), ("bitwise_or", WHOLE, {"other": 3}, WHOLE | 3),
    ("bitwise_xor", WHOLE, {"other": 3}, WHOLE ^ 3),
    ("bool", WHOLE, {}, np.ones((2, 3))), ("byte", BIG, {}, BIG.astype(np.uint8)), ("float", WHOLE, {}, WHOLE),
    ("int", BIG, {}, BIG.astype(np.int32)),
    ("argmax_with_value", X, {"axis": 1}, (X.max(1), X.argmax(1))),
    ("argmin_with_value", X, {"axis": 0, "keep_dims": True}, (X.min(0)[None], X.argmin(0)[None])),
    ("fills", X, {"value": 2.5}, np.full_like(X, 2.5)),
    ("soft_shrink", X, {"lambd": 0.3}, np.sign(X) * (abs(X) - 0.3).clip(0)),
    ("reshape_as", X, {"other": BIG.reshape(3, 2)}, X.reshape(3, 2)), ("sum_to_size", CUBE, {}, None),
    ("masked_scatter", X, {"mask": X > 0, "source": np.float32([7, 8, 9, 10])},
     np.float32([[-0.9, 7, 8], [9, -0.4, 10]])),
    ("matrix_determinant", X @ X.T, {}, np.linalg.det(X @ X.T)),
    ("log_matrix_determinant", X @ X.T, {}, tuple(np.linalg.slogdet(X @ X.T))),
    ("scatter_sub", X, {"indices": np.int32([[1], [1]]), "updates": BIG}, np.vstack([X[:1], X[1:] - BIG.sum(0)])),
    ("unsorted_segment_prod", X, {"segment_ids": np.int32([0, 0]), "num_segments": 1}, X.prod(0)[None]),
]


def tensor(value):
    return Tensor(value) if isinstance(value, np.ndarray) else value


def check(found, expected):
    if isinstance(expected, tuple):
        assert len(found) == len(expected)
        for one, other in zip(found, expected):
            check(one, other)
        return
    assert found.shape == np.shape(expected)
    np.testing.assert_allclose(found.asnumpy(), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name, x, arguments, expected", CASES, ids=[f"{c[0]}-{'-'.join(c[2])}" for c in CASES])
def test_method(name, x, arguments, expected):
    arguments = {key: tensor(value) for key, value in arguments.items()}
    if name == "sum_to_size":
        check(Tensor(x).sum_to_size(3, 1), x.sum((0, 2))[:, None])
        return
    check(getattr(Tensor(x), name)(**arguments), expected)


def test_both_spellings_are_refused():
    with pytest.raises(TypeError, match="index_select: give either axis or dim, not both"):
        Tensor(X).index_select(axis=1, dim=1, index=Tensor(PLACES))
    with pytest.raises(TypeError, match="both of its names"):
        Tensor(X).tile(dims=2, reps=2)


def test_positional_overloads():
    """Two ints of `transpose` are axes that change places, also of a matrix; a dtype alone is for `view`."""
    check(Tensor(CUBE).transpose(0, 2), CUBE.swapaxes(0, 2))
    check(Tensor(X).transpose(0, 1), X.T)
    check(Tensor(CUBE).transpose(2, 0, 1), CUBE.transpose(2, 0, 1))
    check(Tensor(CUBE).transpose((2, 0, 1)), CUBE.transpose(2, 0, 1))
    check(Tensor(X).index_add(1, Tensor(PLACES), Tensor(V), alpha=3), added)
    check(Tensor(X).index_add(Tensor(PLACES), Tensor(3 * V), 1), added)
    check(Tensor(X).index_add_(1, Tensor(PLACES), Tensor(V), alpha=3), added)
    q, r = Tensor(X.T.copy()).qr(some=False)
    assert q.shape == (3, 3)
    check(ops.matmul(q, r), X.T)


@pytest.mark.parametrize("dtype, shape", [("int32", (2, 3)), ("int16", (2, 6)), ("uint8", (2, 12))])
def test_view_as_dtype_keeps_the_bytes(mode, dtype, shape):
    @ms.jit
    def f(x):
        return x.view(getattr(ms, dtype))

    x = Tensor(X)
    for found in (f(x), x.view(getattr(ms, dtype))):
        assert found.shape == shape
        np.testing.assert_array_equal(found.asnumpy(), X.view(dtype))


def test_view_as_a_larger_dtype():
    whole = np.int32([[1, 0, 2, 0], [3, 0, -1, -1]])
    np.testing.assert_array_equal(Tensor(whole).view(ms.int64).asnumpy(), [[1, 2], [3, -1]])
    with pytest.raises(ValueError, match="has 12, which is no multiple"):
        Tensor(X).view(ms.float64)
    with pytest.raises(ValueError, match="has none"):
        Tensor(1.0).view(ms.float64)
    with pytest.raises(TypeError, match="either a shape or a dtype"):
        Tensor(X).view(6, dtype=ms.int32)


def test_in_place_methods():
    x = Tensor(BIG)
    assert x.log_() is x
    check(x, np.log(BIG))
    check(x.floor_(), np.floor(np.log(BIG)))
    check(x.sign_(), np.sign(np.floor(np.log(BIG))))
    y = Tensor(X)
    check(y.scatter_add_(1, Tensor(np.int64([[2, 2], [0, 1]])), Tensor(V)), X + [[0, 0, 3], [3, 4, 0]])
    y.flush_from_cache()
    assert y.init_finished and y.nelement() == 6


def test_bernoulli_takes_its_chances_from_the_tensor():
    ms.set_seed(2)
    chances = np.float32([0, 1, 0.25])
    draws = Tensor(np.tile(chances, (2000, 1))).bernoulli().asnumpy()
    assert set(draws.ravel()) == {0, 1}
    np.testing.assert_allclose(draws.mean(0), chances, atol=0.05)
    same = [Tensor(chances).bernoulli(generator=ms.Generator().manual_seed(5)).asnumpy() for _ in range(2)]
    np.testing.assert_array_equal(*same)


FUNCTIONS = [
    (ops.frac, "x", X, X - np.trunc(X)), (mint.frac, "input", X, X - np.trunc(X)), (ops.arcsin, "x", X, np.arcsin(X)),
    (ops.arcsin, "input", X, np.arcsin(X)), (ops.invert, "x", WHOLE, ~WHOLE), (mint.isnan, "tensor", X, np.isnan(X)),
    (ops.isnan_ext, "tensor", X, np.isnan(X)), (mint.linalg.inv, "input", X @ X.T, np.linalg.inv(X @ X.T)),
]


@pytest.mark.parametrize("function, name, x, expected", FUNCTIONS, ids=[str(i) for i in range(len(FUNCTIONS))])
def test_function_by_keyword(function, name, x, expected):
    check(function(**{name: Tensor(x)}), expected)


def test_functions_by_keyword():
    check(ops.row_stack(tensors=(Tensor(X), Tensor(BIG))), np.vstack([X, BIG]))
    check(ops.swapdims(Tensor(CUBE), dim0=0, dim1=1), CUBE.swapaxes(0, 1))
    check(C.matmul(Tensor(X), Tensor(X.T.copy()), ms.float64), X @ X.T)
    assert C.matmul(Tensor(X), Tensor(X.T.copy()), ms.float64).dtype is ms.float64
    z = Tensor(X)
    check(ops.zero_(input=z), 0 * X)
    sparse = F.make_row_tensor(indices=Tensor(np.int32([1])), values=Tensor(X[:1]), dense_shape=(3, 3))
    assert F.row_tensor_get_dense_shape(sparse) == (3, 3)
    np.testing.assert_array_equal(F.row_tensor_get_indices(sparse).asnumpy(), [1])
    assert ms.tensor(X, device="CPU").shape == (2, 3)

    @ops.constexpr(get_instance=False)
    def doubled(n):
        return 2 * n
    assert doubled()(3) == 6


@pytest.mark.parametrize("value_too", [False, True])
def test_gradient_with_a_cotangent(mode, value_too):
    """With sens_param the last argument weighs the elements of the output."""
    def f(x, y):
        return x * y * y
    sens = np.float32([[1, 2, 3], [4, 5, 6]])
    call = (F.value_and_grad if value_too else F.grad)(f, (0, 1), sens_param=True)
    found = call(Tensor(X), Tensor(BIG), Tensor(sens))
    if value_too:
        check(found[0], X * BIG ** 2)
        found = found[1]
    check(found, (sens * BIG ** 2, sens * 2 * X * BIG))


def test_the_gradient_of_a_power_of_integers(mode):
    """By the exponent it is rounded towards 0 before the cotangent weighs it."""
    base, exponent = np.array([8, 3, 0]), np.array([2, 2, 1])
    found = F.grad(ops.pow, (0, 1))(Tensor(base), Tensor(exponent))
    check(found, (exponent * base ** (exponent - 1), np.array([int(64 * np.log(8)), int(9 * np.log(3)), 0])))


def test_a_cotangent_of_another_shape():
    with pytest.raises(ValueError, match=r"cotangents are Float32\[3\]; expected one for each output: Float32\[2, 3\]"):
        F.grad(ops.sin, sens_param=True)(Tensor(X), Tensor(X[0]))
    with pytest.raises(TypeError, match="sens_param is set"):
        F.grad(ops.sin, sens_param=True)()


def test_a_parameter_has_them_too():
    p = Parameter(Tensor(X), name="p")
    check(p.masked_scatter(Tensor(X > 0), Tensor(np.float32([7, 8, 9, 10]))), [[-0.9, 7, 8], [9, -0.4, 10]])
    check(p.new_full((2,), 3), np.float32([3, 3]))
    assert p.cache_shape == () and p.parallel_optimizer_comm_recompute is False
