"""Promotion of operands, operators and methods of tensors, and what is refused."""
from __future__ import annotations

import copy

import numpy as np
import pytest

import mindspore as ms
from mindspore import Parameter, Tensor, mint, nn, ops

# `+` of tensors of two dtypes: rows are left, columns right. u16 and wider mix by widening.
NAMES = ["bool_", "int8", "uint8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64", "complex64",
         "complex128"]
TABLE = """
b    i8   u8   i16  i32  i64  f16  bf16 f32  f64  c64  c128
i8   i8   i16  i16  i32  i64  f16  bf16 f32  f64  c64  c128
u8   i16  u8   i16  i32  i64  f16  bf16 f32  f64  c64  c128
i16  i16  i16  i16  i32  i64  f16  bf16 f32  f64  c64  c128
i32  i32  i32  i32  i32  i64  f16  bf16 f32  f64  c64  c128
i64  i64  i64  i64  i64  i64  f16  bf16 f32  f64  c64  c128
f16  f16  f16  f16  f16  f16  f16  f32  f32  f64  c64  c128
bf16 bf16 bf16 bf16 bf16 bf16 f32  bf16 f32  f64  c64  c128
f32  f32  f32  f32  f32  f32  f32  f32  f32  f64  c64  c128
f64  f64  f64  f64  f64  f64  f64  f64  f64  f64  c128 c128
c64  c64  c64  c64  c64  c64  c64  c64  c64  c128 c64  c128
c128 c128 c128 c128 c128 c128 c128 c128 c128 c128 c128 c128
"""
SHORT = {"b": "bool_", "bf16": "bfloat16", **{f"i{n}": f"int{n}" for n in (8, 16, 32, 64)}, "u8": "uint8",
         **{f"f{n}": f"float{n}" for n in (16, 32, 64)}, "c64": "complex64", "c128": "complex128"}
ROWS = [line.split() for line in TABLE.strip().splitlines()]

# A tensor of a dtype and a Python number: x+True, x+1, x+1.5, x*1.5, x/2, x//2, x%2, x**2, x**.5, x>1, x+300
NUMBERS = {
    "bool_": "b i64 f32 f32 f32 i64 i64 i64 f32 b i64", "int8": "i8 i8 f32 f32 f32 i8 i8 i8 f32 b i8",
    "uint8": "u8 u8 f32 f32 f32 u8 u8 u8 f32 b u8", "int16": "i16 i16 f32 f32 f32 i16 i16 i16 f32 b i16",
    "int32": "i32 i32 f32 f32 f32 i32 i32 i32 f32 b i32", "int64": "i64 i64 f32 f32 f32 i64 i64 i64 f32 b i64",
    "float16": "f16 f16 f16 f16 f16 f16 f16 f16 f16 b f16", "float32": "f32 f32 f32 f32 f32 f32 f32 f32 f32 b f32",
    "bfloat16": "bf16 bf16 bf16 bf16 bf16 bf16 bf16 bf16 bf16 b bf16",
    "float64": "f64 f64 f64 f64 f64 f64 f64 f64 f64 b f64",
}


def dtype(name: str):
    return getattr(ms, name)


@pytest.mark.parametrize("left", range(len(NAMES)))
def test_promotion_of_tensors(left):
    for right in range(len(NAMES)):
        x, y = Tensor([1, 1]).astype(dtype(NAMES[left])), Tensor([1, 1]).astype(dtype(NAMES[right]))
        for a, b in ((x, y), (x, y[0]), (x[0], y)):
            assert (a + b).dtype is dtype(SHORT[ROWS[left][right]]), (NAMES[left], NAMES[right])


@pytest.mark.parametrize("name", NUMBERS)
def test_promotion_of_numbers(name):
    x = Tensor([1, 0]).astype(dtype(name))
    results = (x + True, x + 1, x + 1.5, x * 1.5, x / 2, x // 2, x % 2, x**2, x**0.5, x > 1, x + 300)
    assert [r.dtype for r in results] == [dtype(SHORT[w]) for w in NUMBERS[name].split()]
    assert (1 + x).dtype is (x + 1).dtype and (1.5 - x).dtype is (x - 1.5).dtype


def test_numpy_operands():
    x = Tensor([1.0, 2.0]).astype(ms.float16)
    assert (x * np.float64(2)).dtype is (x * np.float32(2)).dtype is (np.float32(2) * x).dtype is ms.float16
    for y in (x + np.ones(2, np.float32), np.ones(2, np.float32) + x):
        assert isinstance(y, Tensor) and y.dtype is ms.float32 and y.asnumpy().tolist() == [2, 3]
    assert (np.arange(2) > x).asnumpy().tolist() == [False, False]
    assert ops.add(np.ones(2), 1).dtype is ms.float64
    assert ops.add(1, 2).asnumpy() == 3 and ops.add(1, 2.5).dtype is ms.float32


def test_complex_numbers():
    assert (Tensor([1.0]) + 1j).dtype is ms.complex64 and (Tensor([1.0], ms.float64) * 2j).dtype is ms.complex128
    assert (Tensor([1 + 2j]) * (1 - 1j)).asnumpy().tolist() == [3 + 1j]


@pytest.mark.parametrize(("call", "expected"), [
    (lambda x, y: x + y, [4, 6]), (lambda x, y: x - y, [-2, -2]), (lambda x, y: x * y, [3, 8]),
    (lambda x, y: x / y, [1 / 3, 0.5]), (lambda x, y: y // x, [3, 2]), (lambda x, y: y % x, [0, 0]),
    (lambda x, y: x**y, [1, 16]), (lambda x, y: -x, [-1, -2]), (lambda x, y: +x, [1, 2]),
    (lambda x, y: abs(-x), [1, 2]),
    (lambda x, y: 5 - x, [4, 3]), (lambda x, y: 6 / y, [2, 1.5]), (lambda x, y: 7 // y, [2, 1]),
    (lambda x, y: 7 % y, [1, 3]), (lambda x, y: 2**y, [8, 16]), (lambda x, y: x @ y, 11), (lambda x, y: x == y, [0, 0]),
    (lambda x, y: x != y, [1, 1]), (lambda x, y: x < 2, [1, 0]), (lambda x, y: 2 >= x, [1, 1]),
    (lambda x, y: (x > 1) & (y > 1), [0, 1]), (lambda x, y: (x > 1) | (y > 9), [0, 1]),
    (lambda x, y: (x > 1) ^ True, [1, 0]), (lambda x, y: ~(x > 1), [1, 0]), (lambda x, y: round(x * 1.4), [1, 3]),
])
def test_operators(call, expected):
    for kind in (ms.float32, ms.float64):
        result = call(Tensor([1, 2], kind), Tensor([3, 4], kind)).asnumpy()
        np.testing.assert_allclose(result.astype(float), expected, rtol=1e-6)


def test_operators_of_integers():
    x = Tensor([6, 3], ms.int32)
    assert [t.asnumpy().tolist() for t in (x & 2, x | 1, x ^ 5)] == [[2, 2], [7, 3], [3, 6]]
    assert (x << 1).asnumpy().tolist() == [12, 6] and (x >> 1).asnumpy().tolist() == [3, 1]
    assert (~Tensor([0, 5])).asnumpy().tolist() == [True, False]
    assert (2 ** Tensor([-1, 3])).asnumpy().tolist() == [0, 8]


def test_equality_with_other_things():
    x = Tensor([1, 2])
    assert (x == None) is False and (x != None) is True and (x == "a") is False  # noqa: E711
    assert {x: 1}[x] == 1


@pytest.mark.parametrize("call", [
    lambda x: x + "a", lambda x: x + ["a"], lambda x: None * x, lambda x: x < "a", lambda x: x @ "a",
    lambda x: ops.add(x, "a"), lambda x: ops.add(x, [1, 2]), lambda x: ops.relu("a"), lambda x: ops.matmul(x, None),
    lambda x: ops.neg(x > 1), lambda x: (x > 1) - (x > 1), lambda x: ops.bitwise_and(x, 1), lambda x: ops.sum(x, 1.0),
    lambda x: ops.sum(x, True), lambda x: ops.reshape(x, (2.0,)), lambda x: ops.concat(1), lambda x: ops.cast(x, "f4"),
    lambda x: ops.select(x, x, x), lambda x: ops.assign(1, x), lambda x: ops.addn(3),
])
def test_wrong_types(call):
    with pytest.raises(TypeError):
        call(Tensor([1.0, 2.0]))


@pytest.mark.parametrize(("call", "word"), [
    (lambda x: x + Tensor([1.0, 2.0, 3.0]), r"add: shapes \(2,\) and \(3,\) cannot be broadcast"),
    (lambda x: ops.matmul(ops.ones((2, 3)), ops.ones((2, 3))), "matmul"),
    (lambda x: x @ Tensor([1.0, 2.0, 3.0]), "matmul"), (lambda x: ops.matmul(x, 2.0), "at least one axis"),
    (lambda x: ops.sum(x, 1), "sum: axis 1 is out of range for a tensor of 1 dimensions"),
    (lambda x: ops.mean(x, (0, 0)), "names an axis twice"), (lambda x: ops.softmax(x, 2), "softmax: axis 2"),
    (lambda x: ops.reshape(x, (3,)), "reshape"), (lambda x: ops.reshape(x, (-1, -1)), "does not fill"),
    (lambda x: ops.transpose(x, (0, 0)), "transpose"), (lambda x: ops.squeeze(x, 0), "only axes of size 1"),
    (lambda x: ops.broadcast_to(x, (3,)), "broadcast_to"), (lambda x: ops.tile(x, -1), "not negative"),
    (lambda x: ops.concat([]), "got no tensors"), (lambda x: ops.stack([x, x[:1]]), "expected one shape"),
    (lambda x: ops.concat([x, x[None]]), "concat"), (lambda x: ops.split(x, [1, 2]), "must add up to 2"),
    (lambda x: ops.split(x, output_num=3), "3 equal pieces"), (lambda x: x.split(output_num=0), "0 equal pieces"),
    (lambda x: ops.chunk(x, 0), "positive"), (lambda x: ops.narrow(x, 0, 1, 3), "do not lie in axis 0"),
    (lambda x: ops.zeros((-1,)), "zeros: shape is"), (lambda x: ops.arange(0, 3, 0), "step is 0"),
    (lambda x: ops.arange(3, 0), "cannot be reached"), (lambda x: ops.tril(x), "holds no matrices"),
    (lambda x: ops.amax(x[:0]), "amax|max"), (lambda x: ops.clamp(x), "at least one"),
    (lambda x: ops.div(x, x, rounding_mode="up"), "rounding_mode"), (lambda x: ops.gelu(x, "erf"), "approximate"),
    (lambda x: ops.flatten(x, "K"), "order is 'K'"), (lambda x: ops.moveaxis(x, (0, 0), (0, 0)), "different"),
    (lambda x: ops.assign(Parameter(x), Tensor([1.0])), "one shape"),
    (lambda x: ops.repeat_interleave(x, -1), "negative"),
    (lambda x: mint.diag(ops.ones((1, 1, 1))), "one or two axes"), (lambda x: ops.cross(x, x), "size 3"),
])
def test_wrong_shapes_and_values(call, word):
    with pytest.raises(ValueError, match=word):
        call(Tensor([1.0, 2.0]))


X = np.array([[3.0, -1.0, 2.0], [0.5, 4.0, -2.0]], np.float32)
METHODS = [
    ("abs", (), {}, np.abs(X)), ("add", (2,), {"alpha": 3}, X + 6), ("sub", (2,), {}, X - 2),
    ("astype", (ms.int32,), {}, X.astype(np.int32)), ("float", (), {}, X), ("int", (), {}, X.astype(np.int32)),
    ("long", (), {}, X.astype(np.int64)), ("half", (), {}, X.astype(np.float16)), ("double", (), {}, X.astype(float)),
    ("bool", (), {}, X != 0), ("to", (ms.float64,), {}, X.astype(float)), ("copy", (), {}, X), ("clone", (), {}, X),
    ("reshape", (3, 2), {}, X.reshape(3, 2)), ("reshape", ((-1,),), {}, X.reshape(-1)),
    ("view", (6,), {}, X.reshape(6)),
    ("transpose", (), {}, X.T), ("transpose", (1, 0), {}, X.T), ("permute", ((1, 0),), {}, X.T),
    ("swapaxes", (0, 1), {}, X.T), ("flatten", (), {}, X.reshape(-1)), ("expand_dims", (0,), {}, X[None]),
    ("unsqueeze", (-1,), {}, X[..., None]), ("squeeze", (), {}, X), ("broadcast_to", (2, 2, 3), {}, np.stack([X, X])),
    ("expand", ((2, 2, 3),), {}, np.stack([X, X])), ("tile", ((1, 2),), {}, np.tile(X, (1, 2))),
    ("repeat", (2, 1), {}, np.tile(X, (2, 1))), ("repeat", (2,), {"axis": 1}, np.repeat(X, 2, 1)),
    ("repeat_interleave", (2,), {"dim": 0}, np.repeat(X, 2, 0)),
    ("sum", (), {}, X.sum()), ("sum", (0,), {}, X.sum(0)), ("sum", (1, True), {}, X.sum(1, keepdims=True)),
    ("sum", (), {"axis": 0, "keepdims": True}, X.sum(0, keepdims=True)), ("sum", (), {"dim": 1}, X.sum(1)),
    ("sum", (), {"initial": 2}, X.sum() + 2), ("mean", (1,), {}, X.mean(1)), ("mean", (), {"dim": 0}, X.mean(0)),
    ("mean", (0, True), {}, X.mean(0, keepdims=True)), ("prod", (1,), {}, X.prod(1)),
    ("max", (), {}, X.max()), ("max", (0,), {}, X.max(0)), ("max", (), {"dim": 1}, (X.max(1), X.argmax(1))),
    ("max", (1,), {"return_indices": True}, (X.max(1), X.argmax(1))), ("min", (1, True), {}, X.min(1, keepdims=True)),
    ("argmax", (), {}, X.argmax()), ("argmax", (1,), {}, X.argmax(1)), ("argmin", (), {"axis": 0}, X.argmin(0)),
    ("argmax_with_value", (1,), {}, (X.max(1), X.argmax(1))), ("var", (1,), {}, X.var(1)),
    ("var", (), {"dim": 1}, X.var(1, ddof=1)), ("std", (), {"axis": 0, "ddof": 1}, X.std(0, ddof=1)),
    ("all", (), {}, X.all()), ("any", (1,), {}, X.any(1)), ("cumsum", (1,), {}, X.cumsum(1)),
    ("cumsum", (), {}, X.cumsum()), ("norm", (), {}, np.linalg.norm(X)), ("clip", (0, 1), {}, X.clip(0, 1)),
    ("clamp", (), {"min": 0}, X.clip(0)), ("pow", (2,), {}, X**2), ("square", (), {}, X**2), ("exp", (), {}, np.exp(X)),
    ("round", (), {}, X.round()), ("where", (X > 0, 0.0), {}, np.where(X > 0, X, 0)), ("relu", (), {}, X.clip(0)),
    ("softmax", (1,), {}, np.exp(X) / np.exp(X).sum(1, keepdims=True)), ("equal", (X,), {}, X == X),
    ("eq", (0.5,), {}, X == 0.5), ("ge", (0,), {}, X >= 0), ("isnan", (), {}, np.isnan(X)),
    ("masked_fill", (X > 0, 7), {}, np.where(X > 0, np.float32(7), X)), ("matmul", (X.T,), {}, X @ X.T),
    ("gather", ([1, 0], 1), {}, X[:, [1, 0]]), ("gather", (1, [[2], [0]]), {}, np.array([[2], [0.5]], np.float32)),
    ("index_select", (1, [2, 0]), {}, X[:, [2, 0]]), ("take", ([5, 0],), {}, X.take([5, 0])),
    ("take", ([2, 9], 1), {}, X[:, [2, 2]]), ("sort", (), {}, (np.sort(X), np.argsort(X))),
    ("argsort", (), {"dim": 0}, np.argsort(X, 0)), ("topk", (1,), {}, (X.max(1)[:, None], X.argmax(1)[:, None])),
    ("split", (2,), {"axis": 1}, (X[:, :2], X[:, 2:])), ("chunk", (2,), {"dim": 1}, (X[:, :2], X[:, 2:])),
    ("unbind", (), {}, (X[0], X[1])), ("tril", (), {}, np.tril(X)), ("triu", (1,), {}, np.triu(X, 1)),
    ("diagonal", (), {}, X.diagonal()), ("trace", (), {}, X.trace()), ("nonzero", (), {}, np.argwhere(X)),
    ("new_zeros", ((2,),), {}, np.zeros(2, np.float32)), ("new_ones", (2,), {"dtype": ms.int32}, np.ones(2, np.int32)),
    ("new_full", ((2,), 3.5), {}, np.full(2, 3.5, np.float32)), ("fill", (2.0,), {}, np.full_like(X, 2)),
    ("count_nonzero", (), {}, np.int32(6)), ("roll", (1, 1), {}, np.roll(X, 1, 1)), ("flip", (1,), {}, np.flip(X, 1)),
    ("unique", (), {}, np.unique(X)), ("sum_to_size", (1, 3), {}, X.sum(0, keepdims=True)),
    ("select", (1, 2), {}, X[:, 2]), ("select", (X > 0, 0.0), {}, np.where(X > 0, X, 0)), ("diff", (), {}, np.diff(X)),
    ("masked_scatter", (X > 1, X[::-1] * 10), {}, np.float32([[5, -1, 40], [0.5, -20, -2]])),
    ("quantile", (0.5, 1), {}, np.median(X, 1)), ("view_as", (X.T,), {}, X.reshape(3, 2)),
    ("reshape_as", (X.T,), {}, X.reshape(3, 2)), ("adjoint", (), {}, X.T), ("diagflat", (), {}, np.diagflat(X)),
    ("scatter_add", (1, [[0], [2]], [[1.0], [2.0]]), {}, X + np.array([[1, 0, 0], [0, 0, 2]], np.float32)),
    ("index_add", (0, [1], X[:1]), {}, np.stack([X[0], X[0] + X[1]])), ("nansum", (1,), {}, X.sum(1)),
]


def as_argument(value):
    if isinstance(value, list) or isinstance(value, np.ndarray):
        array = np.asarray(value)
        return Tensor(array.astype(np.float32) if array.dtype.kind == "f" else array)
    return value


@pytest.mark.parametrize("entry", METHODS, ids=lambda e: e[0])
def test_methods(entry):
    name, args, options, expected = entry
    result = getattr(Tensor(X), name)(*[as_argument(a) for a in args], **options)
    results, wanted = ((result, expected) if isinstance(expected, tuple) else ((result,), (expected,)))
    assert len(results) == len(wanted)
    for got, want in zip(results, wanted):
        want = np.asarray(want)
        assert got.shape == want.shape and got.asnumpy().dtype.kind == want.dtype.kind
        np.testing.assert_allclose(got.asnumpy(), want, rtol=1e-5, atol=1e-6)


def test_properties_and_small_methods():
    x = Tensor(X)
    assert x.T.shape == (3, 2) and Tensor(np.ones((2, 3, 4))).mT.shape == (2, 4, 3)
    assert x.dim() == x.ndimension() == x.ndim == 2 and x.numel() == 6 and x.is_floating_point() and x.is_signed()
    assert x.type() == "Float32" and x.type(ms.int8).dtype is ms.int8 and x.contiguous() is x and x.is_contiguous()
    p = Parameter(x)
    assert p.requires_grad_(False) is p and p.requires_grad is False and x.requires_grad_() is x
    assert Tensor.abs.__doc__ and Tensor.reshape.__doc__ and Tensor.add_.__doc__.startswith("In place")


def test_copies_do_not_follow_later_assignments():
    p = Parameter(Tensor([1.0]))
    copies = [p.copy(), p.clone(), copy.copy(p.value()), copy.deepcopy(p.value()), ops.deepcopy(p)]
    ops.assign(p, Tensor([2.0]))
    assert [c.asnumpy().tolist() for c in copies] == [[1.0]] * 5


@pytest.mark.parametrize(("name", "args", "expected"), [
    ("add_", (1,), X + 1), ("sub_", (X,), X * 0), ("mul_", (2,), X * 2), ("div_", (2,), X / 2), ("zero_", (), X * 0),
    ("fill_", (3,), X * 0 + 3), ("copy_", ([1.0, 2.0, 3.0],), np.tile([1, 2, 3], (2, 1))),
    ("clamp_", (0, 1), X.clip(0, 1)),
    ("exp_", (), np.exp(X)), ("masked_fill_", (X > 0, 0.0), np.where(X > 0, 0, X)),
])
def test_in_place_methods(name, args, expected):
    x = Tensor(X)
    before = x + 0
    assert getattr(x, name)(*[as_argument(a) for a in args]) is x
    np.testing.assert_allclose(x.asnumpy(), expected, rtol=1e-6)
    np.testing.assert_array_equal(before.asnumpy(), X)
    with pytest.raises(ValueError, match="differs from the"):
        Tensor([1.0]).add_(Tensor([1.0, 2.0]))


def test_index_put():
    x, places = Tensor(X), (Tensor([0, 1, 0]), Tensor([2, 0, 2]))
    put, added = x.index_put(places, Tensor([1.0, 2.0, 3.0])), x.index_put(places, Tensor([1.0, 2.0, 3.0]), True)
    assert put.asnumpy()[[0, 1], [2, 0]].tolist() == [3, 2]
    assert added.asnumpy()[[0, 1], [2, 0]].tolist() == [X[0, 2] + 4, X[1, 0] + 2]
    assert x.index_put_(places, Tensor(9.0)) is x and x.asnumpy()[0, 2] == 9
    assert Tensor([1, 4, 9]).searchsorted(Tensor([4, 10])).asnumpy().tolist() == [1, 3]


def test_assignment():
    p = Parameter(Tensor([1.0, 2.0]), name="p")
    assert ops.assign(p, Tensor([3, 4])) is p and p.dtype is ms.float32
    assert ops.assign_add(p, 1).asnumpy().tolist() == [4, 5] and ops.assign_sub(p, p).asnumpy().tolist() == [0, 0]
    count = Parameter(Tensor(0), name="count")
    ops.assign_add(count, Tensor([2]))
    assert count.shape == () and int(count) == 2


def test_where_gradients_stop():
    def f(x):
        return (x * ops.stop_gradient(x)).sum() + ops.stop_gradient((x, x))[0].sum()
    assert ms.grad(f)(Tensor([2.0, 3.0])).asnumpy().tolist() == [2, 3]


def test_relu_in_place():
    x = Tensor([-1.0, 2.0])
    assert ops.relu(x, inplace=True) is x and x.asnumpy().tolist() == [0, 2]
    assert ops.relu(Tensor([-1, 2])).dtype is ms.int64


def test_astype_takes_names():
    x = Tensor([1, 2])
    assert x.astype("float64").dtype is ms.float64
    assert x.astype("Float16").dtype is ms.float16
    assert x.astype("bool").dtype is ms.bool_
    with pytest.raises(TypeError, match="no mindspore dtype is called 'float'"):
        x.astype("float")


def test_a_tensor_of_nothing():
    with pytest.raises(TypeError, match="Tensor: input_data must be"):
        Tensor(None)
    with pytest.raises(ValueError, match="both shape and dtype"):
        Tensor(shape=(2,))
    assert Tensor(None, dtype=ms.float32).shape == Tensor(shape=None, dtype=ms.float32).shape == (-2,)


@pytest.mark.parametrize("compiled", [False, True])
def test_what_a_tensor_contains(compiled):
    def members(x):
        return (1 in x, 2.0 in x, 3 in x, True in x, Tensor(2) in x, Tensor([[3]]) in x, np.float32(2) in x,
                "a" in x, [1] in x, (1, 2) in x, None in x, {1: 2} in x, "a" not in x, 3.5 not in x)

    found = (ms.jit(members) if compiled else members)(Tensor([1, 2]))
    assert tuple(map(bool, found)) == (True, True, False, True, True, False, True, *[False] * 5, True, True)


@pytest.mark.parametrize("value", [nn.ReLU, type("Net", (nn.Cell,), {}), 3, len])
def test_jit_class_takes_classes_that_are_no_cells(value):
    with pytest.raises(TypeError, match="jit_class: "):
        ms.jit_class(value)
