"""Shapes, joining, splitting, slicing, padding, triangles and creation against NumPy."""
from __future__ import annotations

import numpy as np
import pytest
from ops_cases import Case, check_eager, check_gradient, check_graph, ints, uniform

import mindspore as ms
from mindspore import Tensor, mint, ops

X, CUBE, V = uniform((3, 4)), uniform((2, 3, 4)), uniform((5,))


def blocks(x, sizes, axis):
    return np.split(x, np.cumsum(sizes)[:-1], axis)


def cases():
    yield Case("reshape", lambda x: ops.reshape(x, (2, 6)), lambda x: x.reshape(2, 6), (X,))
    yield Case("reshape with -1", lambda x: ops.reshape(x, (-1, 2)), lambda x: x.reshape(-1, 2), (X,))
    yield Case("reshape to one number", lambda x: ops.reshape(x, -1), lambda x: x.reshape(-1), (X,))
    yield Case("reshape of nothing", lambda x: ops.reshape(x, (0, 5)), lambda x: x.reshape(0, 5), (X[:0],), grad=False)
    yield Case("view_as", ops.view_as, lambda x, y: x.reshape(y.shape), (X, uniform((6, 2))))
    yield Case("flatten", ops.flatten, lambda x: x.reshape(2, 12), (CUBE,))
    yield Case("flatten all", lambda x: ops.flatten(x, start_dim=0), lambda x: x.reshape(-1), (CUBE,))
    yield Case("flatten some", lambda x: ops.flatten(x, start_dim=0, end_dim=1), lambda x: x.reshape(6, 4), (CUBE,))
    yield Case("flatten by columns", lambda x: ops.flatten(x, "F", start_dim=0), lambda x: x.reshape(-1, order="F"),
               (X,))
    yield Case("flatten a vector", ops.flatten, lambda x: x, (V,))
    yield Case("flatten a number", ops.flatten, lambda x: x.reshape(1), (np.array(2.0, np.float32),))
    yield Case("ravel", ops.ravel, np.ravel, (CUBE,))
    yield Case("expand_dims", lambda x: ops.expand_dims(x, 1), lambda x: x[:, None], (X,))
    yield Case("expand_dims from behind", lambda x: ops.expand_dims(x, -1), lambda x: x[..., None], (X,))
    yield Case("unsqueeze", lambda x: ops.unsqueeze(x, 0), lambda x: x[None], (X,))
    yield Case("squeeze", ops.squeeze, np.squeeze, (X[:, None, :1],))
    yield Case("squeeze one axis", lambda x: ops.squeeze(x, 1), lambda x: np.squeeze(x, 1), (X[:, None, :1],))
    yield Case("squeeze axes", lambda x: ops.squeeze(x, (1, -1)), lambda x: np.squeeze(x, (1, 2)), (X[:, None, :1],))
    yield Case("broadcast_to", lambda x: ops.broadcast_to(x, (2, 3, 4)), lambda x: np.broadcast_to(x, (2, 3, 4)), (X,))
    yield Case("broadcast_to with -1", lambda x: ops.broadcast_to(x, (2, -1, 4)),
               lambda x: np.broadcast_to(x, (2, 3, 4)), (X,))
    yield Case("expand", lambda x: ops.expand(x, (3, 5)), lambda x: np.broadcast_to(x, (3, 5)), (X[:, :1],))
    yield Case("expand_as", ops.expand_as, lambda x, y: np.broadcast_to(x, y.shape), (X[:1], X), grad=False)
    for name in ("atleast_1d", "atleast_2d", "atleast_3d"):
        for x in (np.array(1.5, np.float32), V, X, CUBE):
            yield Case(f"{name} of {x.ndim} axes", getattr(ops, name), getattr(np, name), (x,))
    yield Case("transpose", lambda x: ops.transpose(x, (2, 0, 1)), lambda x: x.transpose(2, 0, 1), (CUBE,))
    yield Case("transpose from behind", lambda x: ops.transpose(x, (0, -1, -2)), lambda x: x.transpose(0, 2, 1),
               (CUBE,))
    yield Case("permute", lambda x: ops.permute(x, (1, 0)), np.transpose, (X,))
    yield Case("swapaxes", lambda x: ops.swapaxes(x, 0, -1), lambda x: x.swapaxes(0, -1), (CUBE,))
    yield Case("t", ops.t, np.transpose, (X,))
    yield Case("t of a vector", ops.t, np.transpose, (V,))
    yield Case("moveaxis", lambda x: ops.moveaxis(x, 0, -1), lambda x: np.moveaxis(x, 0, -1), (CUBE,))
    yield Case("movedim of several", lambda x: ops.movedim(x, (0, 1), (2, 0)), lambda x: np.moveaxis(x, (0, 1), (2, 0)),
               (CUBE,))
    yield Case("flip", lambda x: ops.flip(x, (0, 2)), lambda x: np.flip(x, (0, 2)), (CUBE,))
    yield Case("reverse", lambda x: ops.reverse(x, [-1]), lambda x: np.flip(x, -1), (CUBE,))
    yield Case("fliplr", ops.fliplr, np.fliplr, (X,))
    yield Case("flipud", ops.flipud, np.flipud, (X,))
    for shifts, dims in ((1, 0), (-2, 1), (7, 1), (0, 0)):
        yield Case(f"roll {shifts} {dims}", lambda x, s=shifts, d=dims: ops.roll(x, s, d),
                   lambda x, s=shifts, d=dims: np.roll(x, s, d), (X,))
    yield Case("roll of all", lambda x: ops.roll(x, 5), lambda x: np.roll(x, 5), (X,))
    yield Case("roll of two axes", lambda x: ops.roll(x, (1, 2), (0, 1)), lambda x: np.roll(x, (1, 2), (0, 1)), (X,))
    for k in range(-1, 4):
        yield Case(f"rot90 {k}", lambda x, k=k: ops.rot90(x, k, (0, 1)), lambda x, k=k: np.rot90(x, k, (0, 1)), (X,))
        yield Case(f"rot90 {k} back", lambda x, k=k: ops.rot90(x, k, (2, 0)), lambda x, k=k: np.rot90(x, k, (2, 0)),
                   (CUBE,))
    yield Case("cast", lambda x: ops.cast(x, ms.int32), lambda x: x.astype(np.int32), (X,), grad=False)
    yield Case("cast to half and back", lambda x: ops.cast(ops.cast(x, ms.float16), ms.float32),
               lambda x: x.astype(np.float16).astype(np.float32), (X,), grad=False)
    yield Case("type_as", ops.type_as, lambda x, y: x.astype(y.dtype), (ints((3,)), V))
    yield from joining_cases()
    yield from cutting_cases()


def joining_cases():
    for dims in ((2, 3), 2, (2, 1, 2), (1, 1)):
        yield Case(f"tile {dims}", lambda x, d=dims: ops.tile(x, d), lambda x, d=dims: np.tile(x, d), (X,))
    yield Case("repeat_interleave", lambda x: ops.repeat_interleave(x, 3), lambda x: np.repeat(x, 3), (X,))
    yield Case("repeat_interleave rows", lambda x: ops.repeat_interleave(x, 2, 0), lambda x: np.repeat(x, 2, 0), (X,))
    yield Case("repeat_interleave unequally", lambda x: ops.repeat_interleave(x, [0, 2, 1], 0),
               lambda x: np.repeat(x, [0, 2, 1], 0), (X,))
    yield Case("repeat_elements", lambda x: ops.repeat_elements(x, 2, 1), lambda x: np.repeat(x, 2, 1), (X,))
    pair = (X, uniform((2, 4)))
    yield Case("concat", lambda *x: ops.concat(x), lambda *x: np.concatenate(x), pair)
    yield Case("cat along the last axis", lambda *x: ops.cat(x, -1), lambda *x: np.concatenate(x, -1),
               (X, uniform((3, 1))))
    yield Case("concat of two dtypes", lambda *x: ops.concat(x), lambda *x: np.concatenate(x).astype(np.float32),
               (ints((2,)), V))
    for axis in (0, 1, -1):
        yield Case(f"stack {axis}", lambda *x, a=axis: ops.stack(x, a), lambda *x, a=axis: np.stack(x, a), (X, X + 1))
    for name in ("hstack", "vstack", "dstack", "column_stack"):
        for parts in ((X, X + 1), (V, V + 1)):
            yield Case(f"{name} of {parts[0].ndim} axes", lambda *x, n=name: getattr(ops, n)(list(x)),
                       lambda *x, n=name: getattr(np, n)(x), parts)
    for word in ("xy", "ij"):
        yield Case(f"meshgrid {word}", lambda *x, w=word: ops.meshgrid(*x, indexing=w),
                   lambda *x, w=word: np.meshgrid(*x, indexing=w), (V, V[:3]))


def cutting_cases():
    yield Case("split", lambda x: ops.split(x, 2, 1), lambda x: blocks(x, (2, 2), 1), (X,))
    yield Case("split with a rest", lambda x: ops.split(x, 3, 1), lambda x: blocks(x, (3, 1), 1), (X,))
    yield Case("split to a number", lambda x: ops.split(input_x=x, axis=1, output_num=2),
               lambda x: blocks(x, (2, 2), 1), (X,))
    yield Case("split of a tensor to a number", lambda x: x.split(axis=0, output_num=3),
               lambda x: blocks(x, (1, 1, 1), 0), (X,))
    yield Case("split by sizes", lambda x: ops.split(x, [1, 3], -1), lambda x: blocks(x, (1, 3), 1), (X,))
    yield Case("chunk", lambda x: ops.chunk(x, 3, 1), lambda x: blocks(x, (2, 2), 1), (X,))
    yield Case("tensor_split", lambda x: ops.tensor_split(x, 3, 1), lambda x: np.array_split(x, 3, 1), (X,))
    yield Case("tensor_split at", lambda x: ops.tensor_split(x, (1, 2), 0), lambda x: np.array_split(x, (1, 2), 0),
               (X,))
    yield Case("hsplit", lambda x: ops.hsplit(x, 2), lambda x: np.hsplit(x, 2), (X,))
    yield Case("vsplit", lambda x: ops.vsplit(x, 3), lambda x: np.vsplit(x, 3), (X,))
    yield Case("dsplit", lambda x: ops.dsplit(x, 2), lambda x: np.dsplit(x, 2), (CUBE,))
    yield Case("unbind", ops.unbind, list, (X,))
    yield Case("unstack", lambda x: ops.unstack(x, 1), lambda x: list(x.T), (X,))
    yield Case("narrow", lambda x: ops.narrow(x, 1, 1, 2), lambda x: x[:, 1:3], (X,))
    yield Case("slice", lambda x: ops.slice(x, (0, 1, 2), (1, -1, 2)), lambda x: x[0:1, 1:, 2:4], (CUBE,))
    yield Case("strided_slice", lambda x: ops.strided_slice(x, (0, 2), (3, 0), (2, -1)), lambda x: x[0:3:2, 2:0:-1],
               (X,))
    yield Case("strided_slice with masks", lambda x: ops.strided_slice(
        x, (1, 0, 1), (9, 9, 9), (1, 1, 1), begin_mask=0, end_mask=4, ellipsis_mask=2, shrink_axis_mask=1),
        lambda x: x[1, ..., 1:], (CUBE,))
    yield Case("tril", ops.tril, np.tril, (CUBE,))
    yield Case("triu", lambda x: ops.triu(x, 1), lambda x: np.triu(x, 1), (X,))
    yield Case("tril below", lambda x: ops.tril(x, -1), lambda x: np.tril(x, -1), (X,))
    for offset in (-5, -1, 0, 1, 3, 6):
        yield Case(f"diagonal {offset}", lambda x, o=offset: ops.diagonal(x, o), lambda x, o=offset: x.diagonal(o),
                   (X,))
        yield Case(f"diag {offset}", lambda x, o=offset: mint.diag(x, o), lambda x, o=offset: np.diag(x, o), (V,))
    yield Case("diagonal of a stack", lambda x: ops.diagonal(x, 1, 1, 2), lambda x: x.diagonal(1, 1, 2), (CUBE,))
    yield Case("diag of a matrix", mint.diag, np.diag, (X,))
    yield Case("diag of several axes", ops.diag, lambda x: np.diag(x.reshape(-1)).reshape(x.shape * 2), (X,))
    yield Case("trace", ops.trace, np.trace, (X,))
    yield Case("pad", lambda x: ops.pad(x, (1, 2)), lambda x: np.pad(x, ((0, 0), (1, 2))), (X,))
    yield Case("pad with a value", lambda x: ops.pad(x, (0, 1, 2, 0), value=3.5),
               lambda x: np.pad(x, ((2, 0), (0, 1)), constant_values=3.5), (X,))
    yield Case("pad by less than nothing", lambda x: ops.pad(x, (-1, 2)), lambda x: np.pad(x[:, 1:], ((0, 0), (0, 2))),
               (X,))
    for mode, word in (("reflect", "reflect"), ("replicate", "edge"), ("circular", "wrap")):
        yield Case(f"pad {mode}", lambda x, m=mode: ops.pad(x, (2, 3, 1, 0), m),
                   lambda x, w=word: np.pad(x, ((1, 0), (2, 3)), w), (X,))


CASES = list(cases())


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_values(case):
    check_eager(case)


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_values_in_a_graph(case):
    check_graph(case)


@pytest.mark.parametrize("case", [c for c in CASES if c.grad and any(a.dtype.kind == "f" for a in c.ins)], ids=repr)
def test_gradients(case):
    check_gradient(case)


CREATED = [
    (lambda: ops.zeros((2, 3)), np.zeros((2, 3), np.float32)), (lambda: ops.zeros(3, ms.int32), np.zeros(3, np.int32)),
    (lambda: ops.ones((2, 0)), np.ones((2, 0), np.float32)), (lambda: ops.ones((), ms.bool_), np.ones((), bool)),
    (lambda: ops.full((2, 2), 3), np.full((2, 2), 3)), (lambda: ops.full((2,), 1.5), np.full(2, 1.5, np.float32)),
    (lambda: ops.full((2,), 1.5, dtype=ms.float64), np.full(2, 1.5)),
    (lambda: ops.fill(ms.int8, (2, 1), 7), np.full((2, 1), 7, np.int8)),
    (lambda: ops.zeros_like(Tensor([1, 2])), np.zeros(2, np.int64)),
    (lambda: ops.ones_like(Tensor([1.0, 2.0]), dtype=ms.int32), np.ones(2, np.int32)),
    (lambda: ops.full_like(Tensor([1, 2]), 2.7), np.array([2, 2])),
    (lambda: ops.full_like(Tensor([1, 2]), 2.5, dtype=ms.float32), np.array([2.5, 2.5], np.float32)),
    (lambda: ops.arange(3), np.arange(3)), (lambda: ops.arange(3.0), np.arange(3, dtype=np.float32)),
    (lambda: ops.arange(2, 9, 3), np.arange(2, 9, 3)), (lambda: ops.arange(5, 0, -2), np.arange(5, 0, -2)),
    (lambda: ops.arange(0, 1, 0.25), np.arange(0, 1, 0.25, np.float32)),
    (lambda: ops.arange(3, dtype=ms.float16), np.arange(3, dtype=np.float16)), (lambda: ops.arange(0), np.arange(0)),
    (lambda: ops.range(1, 7, 2), np.arange(1, 7, 2)),
    (lambda: ops.linspace(0, 1, 5), np.linspace(0, 1, 5, dtype=np.float32)),
    (lambda: ops.linspace(2.0, -1.0, 4), np.linspace(2, -1, 4, dtype=np.float32)),
    (lambda: ops.linspace(3, 5, 1), np.array([3], np.float32)),
    (lambda: ops.logspace(0, 2, 3), np.logspace(0, 2, 3, dtype=np.float32)),
    (lambda: ops.eye(3), np.eye(3, dtype=np.float32)), (lambda: ops.eye(2, 4, ms.int32), np.eye(2, 4, dtype=np.int32)),
    (lambda: ops.tril_indices(3, 4), np.stack(np.tril_indices(3, 0, 4))),
    (lambda: ops.triu_indices(3, 4, 1), np.stack(np.triu_indices(3, 1, 4))),
    (lambda: ops.scalar_to_tensor(2), np.array(2, np.float32)), (lambda: ops.tuple_to_array((1, 2)), np.array([1, 2])),
    (lambda: ops.TupleToArray()(range(1, 7, 2)), np.array([1, 3, 5])),
    (lambda: ops.hann_window(6, False), np.hanning(6).astype(np.float32)),
    (lambda: ops.hamming_window(6, False), np.hamming(6).astype(np.float32)),
    (lambda: ops.blackman_window(7, False), np.blackman(7).astype(np.float32)),
    (lambda: ops.bartlett_window(7, False), np.bartlett(7).astype(np.float32)),
    (lambda: ops.hann_window(4), np.array([0, 0.5, 1, 0.5], np.float32)),
]


@pytest.mark.parametrize("index", range(len(CREATED)))
def test_creation(index):
    call, expected = CREATED[index]
    result = call().asnumpy()
    assert result.dtype == expected.dtype and result.shape == expected.shape
    np.testing.assert_allclose(result, expected, rtol=1e-6, atol=1e-6)


def test_what_tensors_are():
    x = Tensor(X)
    assert ops.shape(x) == (3, 4) and ops.rank(x) == 2 and ops.size(x) == ops.numel(x) == 12
    assert ops.dtype(x) is ms.float32 and ops.is_floating_point(x) and not ops.is_complex(x)
    assert ops.is_tensor(x) and not ops.is_tensor(1)
