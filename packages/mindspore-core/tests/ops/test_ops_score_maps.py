"""Regions pooled from score maps, against loops in Python."""
from __future__ import annotations

import numpy as np
import pytest
from ops_cases import Case, check_eager, check_gradient, check_graph, uniform

import mindspore as ms
from mindspore import Tensor, mint
from mindspore.ops.operations import _grad_ops as G
from mindspore.ops.operations import nn_ops as P


def nearest(v):
    return int(np.floor(v + 0.5))


def pooled(x, rois, scale, grid, depth):
    """The means over the pixels of each cell, pixel by pixel."""
    batch, _, count = rois.shape
    y = np.zeros((batch * count, depth, grid, grid), x.dtype)
    for r, d, i, j in np.ndindex(*y.shape):
        n, x0, y0, x1, y1 = rois[r // count, :, r % count]
        left, top, right, bottom = (nearest(np.float32(v) * np.float32(scale)) for v in (x0, y0, x1, y1))
        high, wide = (np.float32(max(b - a, 0.1)) / np.float32(grid) for a, b in ((top, bottom), (left, right)))
        rows, columns = (slice(*(max(int(end(np.float32(k + more) * step + np.float32(start))), 0)
                                 for more, end in ((0, np.floor), (1, np.ceil))))
                         for k, step, start in ((i, high, top), (j, wide, left)))
        cell = x[nearest(n), (d * grid + i) * grid + j, rows, columns]
        y[r, d, i, j] = cell.mean() if cell.size else 0
    return y


SETTINGS = [(0.5, 2, 3), (0.25, 3, 1), (1.0, 1, 2)]
ROIS = np.array([[[0, 1, 0], [2, 0, 40], [4, 0, 3], [13, 7.2, 55], [11, 30, 3]],
                 [[1, 0, 1], [0, 5, 6.6], [1, 5, 2], [0, 5.5, 9.8], [2, 16, 8]]], np.float32)


def cases():
    for scale, grid, depth in SETTINGS:
        operator = P.PSROIPooling(scale, grid, depth)
        yield Case(f"maps of {grid} * {grid} cells", lambda x, r, f=operator: f(x, r),
                   lambda x, r, s=(scale, grid, depth): pooled(x, r, *s),
                   (uniform((2, depth * grid * grid, 6, 7)), ROIS))


CASES = list(cases())


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_values(case):
    check_eager(case)
    check_graph(case)


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_gradients(case):
    """By the maps; the regions' coordinates are rounded."""
    x, rois = case.ins
    check_gradient(Case(case.name, lambda x: case.call(x, Tensor(rois)), case.meaning, (x,)))
    assert not ms.grad(lambda r: case.call(Tensor(x), r).sum())(Tensor(rois)).asnumpy().any()


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("how", [lambda f: f, ms.jit], ids=["eager", "graph"])
def test_gradient_as_an_operator(settings, how):
    scale, grid, depth = settings
    dy, x = Tensor(uniform((6, depth, grid, grid))), Tensor(uniform((2, depth * grid * grid, 6, 7)))
    found = how(G.PSROIPoolingGrad((6, 7), *settings))(dy, Tensor(ROIS))
    expected = ms.grad(lambda x: (P.PSROIPooling(*settings)(x, Tensor(ROIS)) * dy).sum())(x)
    assert found.shape == x.shape
    np.testing.assert_allclose(found.asnumpy(), expected.asnumpy(), rtol=1e-6, atol=1e-7)
    square = G.PSROIPoolingGrad(7, *settings)(dy, Tensor(ROIS))
    assert square.shape == (2, depth * grid * grid, 7, 7)


def test_lanes_and_half_precision():
    x, operator = uniform((3, 2, 4, 6, 7)), P.PSROIPooling(0.5, 2, 1)
    lanes = ms.vmap(operator, in_axes=(0, None))(Tensor(x), Tensor(ROIS))
    for lane, part in zip(lanes, x):
        np.testing.assert_allclose(lane.asnumpy(), pooled(part, ROIS, 0.5, 2, 1), rtol=1e-5, atol=1e-6)
    lanes = ms.vmap(operator, in_axes=(None, 0))(Tensor(x[0]), mint.stack([Tensor(ROIS), Tensor(ROIS[::-1])]))
    np.testing.assert_allclose(lanes[1].asnumpy(), pooled(x[0], ROIS[::-1], 0.5, 2, 1), rtol=1e-5, atol=1e-6)
    half = operator(Tensor(x[0].astype(np.float16)), Tensor(ROIS.astype(np.float16)))
    assert half.dtype is ms.float16
    np.testing.assert_allclose(half.asnumpy(), pooled(x[0], ROIS, 0.5, 2, 1), rtol=1e-2, atol=1e-3)


X = Tensor(uniform((2, 4, 6, 7)))


@pytest.mark.parametrize("call, error, message", [
    (lambda: P.PSROIPooling(-0.5, 2, 1), ValueError, "spatial_scale"),
    (lambda: P.PSROIPooling(object(), 2, 1), TypeError, "spatial_scale"),
    (lambda: P.PSROIPooling(0.5, 7.1, 1), TypeError, "group_size"),
    (lambda: P.PSROIPooling(0.5, 2, 0), ValueError, "output_dim"),
    (lambda: G.PSROIPoolingGrad((5, 0), 0.5, 2, 1), ValueError, "input_size"),
    (lambda: G.PSROIPoolingGrad([5, 5], 0.5, 2, 1), TypeError, "input_size"),
    (lambda: P.PSROIPooling(0.5, 2, 1)(1.0, Tensor(ROIS)), TypeError, "features must be a floating tensor"),
    (lambda: P.PSROIPooling(0.5, 2, 1)(X, Tensor(ROIS).astype(ms.int32)), TypeError, "rois must be a"),
    (lambda: P.PSROIPooling(0.5, 2, 2)(X, Tensor(ROIS)), ValueError, r"expected \(N, 8, H, W\)"),
    (lambda: P.PSROIPooling(0.5, 2, 1)(X, Tensor(ROIS)[:, :4]), ValueError, "rois"),
    (lambda: P.PSROIPooling(0.5, 2, 1)(X[:1], Tensor(ROIS)).asnumpy(), IndexError, "index 1 is out of range"),
    (lambda: G.PSROIPoolingGrad(5, 0.5, 2, 1)(X, Tensor(ROIS)), ValueError, "dy has shape"),
    (lambda: G.PSROIPoolingGrad(5, 0.5, 2, 1)(1.0, Tensor(ROIS)), TypeError, "expected tensors")])
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()
