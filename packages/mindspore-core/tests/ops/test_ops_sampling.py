"""Reading images at given places against loops in NumPy that read pixel by pixel."""
from __future__ import annotations

from itertools import product

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, ops

draw = np.random.default_rng(0)


def pixel(x, place, padding, align):
    """The element of x (C, spatial ...) at whole places, by the rule for what lies beyond."""
    found = []
    for p, n in zip(place, x.shape[1:]):
        if padding == "border":
            p = min(max(p, 0), n - 1)
        elif padding == "reflection":
            while not 0 <= p <= n - 1:
                p = (-p if align else -1 - p) if p < 0 else (2 * (n - 1) - p if align else 2 * n - 1 - p)
        elif not 0 <= p <= n - 1:
            return np.zeros(x.shape[0])
        found.append(int(p))
    return x[(slice(None), *found)]


def moved(p, n, padding, align):
    """A place between pixels brought inside."""
    if padding == "border":
        return min(max(p, 0), n - 1)
    if padding == "reflection":
        low, high = (0, n - 1) if align else (-0.5, n - 0.5)
        while not low <= p <= high:
            p = 2 * low - p if p < low else 2 * high - p
        return min(max(p, 0), n - 1)
    return p


def cubic(d, a=-0.75):
    d = abs(d)
    return (a + 2) * d ** 3 - (a + 3) * d ** 2 + 1 if d <= 1 else a * d ** 3 - 5 * a * d ** 2 + 8 * a * d - 4 * a


def sampled(x, grid, mode, padding, align):
    out = np.zeros((*x.shape[:2], *grid.shape[1:-1]))
    for n, *at in np.ndindex(*grid.shape[:-1]):
        places = [(g + 1) / 2 * (s - 1) if align else ((g + 1) * s - 1) / 2
                  for g, s in zip(grid[(n, *at)][::-1].astype(np.float64), x.shape[2:])]
        if mode != "bicubic":
            places = [moved(p, s, padding, align) for p, s in zip(places, x.shape[2:])]
        starts = [int(np.floor(p)) for p in places]
        if mode == "nearest":
            out[(n, slice(None), *at)] = pixel(x[n], [np.round(p) for p in places], padding, align)
            continue
        offsets, weight = ((0, 1), lambda d: 1 - abs(d)) if mode == "bilinear" else (range(-1, 3), cubic)
        for steps in product(offsets, repeat=len(places)):
            near = [s + k for s, k in zip(starts, steps)]
            share = np.prod([weight(p - q) for p, q in zip(places, near)])
            if share:
                out[(n, slice(None), *at)] += share * pixel(x[n], near, padding, align)
    return out


@pytest.mark.parametrize("align", [False, True])
@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("kind, shape", [("bilinear", (2, 3, 4, 5)), ("nearest", (2, 3, 4, 5)),
                                         ("bicubic", (1, 2, 4, 5)), ("bilinear", (1, 2, 3, 4, 5)),
                                         ("nearest", (1, 2, 3, 4, 5))])
def test_grid_sample(mode, kind, shape, padding, align):
    x = draw.normal(size=shape).astype(np.float32)
    grid = draw.uniform(-1.7, 1.7, (shape[0], *(3,) * (len(shape) - 2), len(shape) - 2)).astype(np.float32)
    got = ops.grid_sample(Tensor(x), Tensor(grid), kind, padding, align).asnumpy()
    np.testing.assert_allclose(got, sampled(x, grid, kind, padding, align), rtol=1e-3, atol=1e-4)


def test_gradients_of_grid_sample(mode):
    x = draw.normal(size=(1, 2, 4, 5)).astype(np.float32)
    grid = draw.uniform(-0.8, 0.8, (1, 3, 3, 2)).astype(np.float32)
    weights = Tensor(draw.normal(size=(1, 2, 3, 3)).astype(np.float32))

    def total(x, grid):
        return ops.sum(ops.grid_sample(x, grid, "bicubic", "border") * weights)

    for k, gradient in enumerate(ms.grad(total, (0, 1))(Tensor(x), Tensor(grid))):
        direction = draw.normal(size=gradient.shape).astype(np.float32)
        ends = []
        for step in (1e-3, -1e-3):
            given = [x, grid]
            given[k] = given[k] + step * direction
            ends.append(float(total(*map(Tensor, given)).asnumpy()))
        np.testing.assert_allclose((gradient.asnumpy() * direction).sum(), (ends[0] - ends[1]) / 2e-3, rtol=2e-2,
                                   atol=2e-2)


@pytest.mark.parametrize("method", ["bilinear", "nearest"])
def test_crop_and_resize(mode, method):
    image = draw.normal(size=(2, 5, 6, 3)).astype(np.float32)
    boxes = np.array([[0.1, 0.2, 0.7, 0.9], [0.9, 0.0, 0.1, 1.0], [-0.3, 0.5, 0.5, 1.4]], np.float32)
    owner = np.array([1, 0, 1], np.int32)
    f = np.float32
    for size in ((3, 4), (1, 2)):
        expected = np.zeros((3, *size, 3))
        for b, i, j in np.ndindex(3, *size):
            y, x = ((lo * f(n - 1) + f(k) * (hi - lo) * f(n - 1) / f(c - 1)) if c > 1 else (lo + hi) / f(2) * f(n - 1)
                    for lo, hi, n, k, c in zip(boxes[b, :2], boxes[b, 2:], (5, 6), (i, j), size))
            if not (0 <= y <= 4 and 0 <= x <= 5):
                expected[b, i, j] = 7
            elif method == "nearest":
                expected[b, i, j] = image[owner[b], int(y + 0.5), int(x + 0.5)]
            else:
                for p, q in product({int(y), min(int(y) + 1, 4)}, {int(x), min(int(x) + 1, 5)}):
                    expected[b, i, j] += (1 - abs(y - p)) * (1 - abs(x - q)) * image[owner[b], p, q]
        got = ops.crop_and_resize(Tensor(image), Tensor(boxes), Tensor(owner), size, method, 7.0).asnumpy()
        inside = np.abs(expected) < 6.9
        np.testing.assert_array_equal(got == 7, ~inside)
        np.testing.assert_allclose(got[inside], expected[inside], rtol=1e-3, atol=1e-4)


def test_crop_of_whole_pixels(mode):
    image = draw.normal(size=(2, 5, 6, 3)).astype(np.float32)
    boxes = np.array([[0.1, 0.2, 0.7, 0.9], [0.0, 0.0, 0.99, 0.99]], np.float32)
    expected = np.zeros((2, 3, 4, 3))
    for b, i, j in np.ndindex(2, 3, 4):
        near = []
        for k, (n, at, count) in enumerate(((5, i, 3), (6, j, 4))):
            first, last = (int(v * n) for v in (boxes[b, k], boxes[b, k + 2]))
            place = min(max((at + 0.5) * (last - first + 1) / count - 0.5, 0), last - first)
            near.append([(first + int(place), 1 - place % 1), (first + int(np.ceil(place)), place % 1)])
        for (p, u), (q, v) in product(*near):
            expected[b, i, j] += u * v * image[1 - b, p, q]
    got = ops.crop_and_resize(Tensor(image), Tensor(boxes), Tensor([1, 0]), (3, 4), "bilinear_v2", 7.0).asnumpy()
    np.testing.assert_allclose(got, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("call, error, text", [
    (lambda x: ops.grid_sample(x, Tensor(np.zeros((1, 2, 2, 3), np.float32))), ValueError, "expected"),
    (lambda x: ops.grid_sample(x, Tensor(np.zeros((1, 2, 2, 2), np.float32)), "linear"), ValueError,
     "mode is 'linear'"),
    (lambda x: ops.grid_sample(x, Tensor(np.zeros((1, 2, 2, 2), np.float32)), padding_mode="wrap"), ValueError,
     "padding_mode is 'wrap'"),
    (lambda x: ops.grid_sample(x, Tensor(np.zeros((1, 2, 2, 2), np.float64))), TypeError,
     "input is Float32 and grid Float64"),
    (lambda x: ops.crop_and_resize(x, Tensor([[0, 0, 1, 1.0]]), Tensor([0.0]), (2, 2)), TypeError, "expected integers"),
    (lambda x: ops.crop_and_resize(x, Tensor([[0, 0, 1, 1.0]]), Tensor([0]), (2, 0)), ValueError, "crop_size"),
    (lambda x: ops.crop_and_resize(x, Tensor([[0, 0, 1, 1.0]]), Tensor([0]), (2, 2), "bicubic"), ValueError,
     "method is"),
])
def test_refused(call, error, text):
    with pytest.raises(error, match=text):
        call(Tensor(np.zeros((1, 2, 3, 3), np.float32)))
