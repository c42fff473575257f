"""Resizing, colours and windows of images against loops in NumPy and numbers worked out by hand."""
from __future__ import annotations

import colorsys

import numpy as np
import pytest
from ops_cases import Case, check_eager, check_gradient, check_graph, uniform

import mindspore as ms
from mindspore import Tensor, ops
from mindspore.ops import operations as P

IMAGES, LAST = uniform((2, 3, 4, 5)), uniform((2, 4, 5, 3))
COLORS = np.abs(uniform((2, 3, 3), 0.05, 0.95))
GRAY = np.float32([[0, 0, 0], [0.5, 0.5, 0.5]])


def each(function, *arrays):
    """A function of three numbers at every colour."""
    return np.array([function(*map(float, c)) for c in arrays[0].reshape(-1, 3)], np.float32).reshape(arrays[0].shape)


def turned(x, delta):
    def one(*c):
        h, s, v = colorsys.rgb_to_hsv(*c)
        return colorsys.hsv_to_rgb((h + delta) % 1, s, v)
    return each(one, x)


def saturated(x, scale):
    def one(*c):
        h, s, v = colorsys.rgb_to_hsv(*c)
        return colorsys.hsv_to_rgb(h, min(1, s * scale), v)
    return each(one, x)


def keys(d, a):
    d = abs(d)
    return (a + 2) * d**3 - (a + 3) * d**2 + 1 if d <= 1 else a * d**3 - 5 * a * d**2 + 8 * a * d - 4 * a


def along(x, axis, places, kernel, radius, border, normal):
    """x resized along an axis: at each place the sum of all elements within `radius`, weighted by `kernel`."""
    x = np.moveaxis(x.astype(np.float64), axis, 0)
    rows = []
    for p in places:
        total, weight = np.zeros(x.shape[1:]), 0.0
        for k in range(-9, len(x) + 9):
            if abs(p - k) <= radius and (border or 0 <= k < len(x)):
                total, weight = total + kernel(p - k) * x[min(max(k, 0), len(x) - 1)], weight + kernel(p - k)
        rows.append(total / weight if normal else total)
    return np.moveaxis(np.array(rows), 0, axis).astype(np.float32)


def bicubic(x, sizes, align=False, half=False):
    for axis, new in zip((2, 3), sizes):
        old = x.shape[axis]
        at = [i * (old - 1) / (new - 1) if align else (i + 0.5) * old / new - 0.5 if half else i * old / new
              for i in range(new)]
        x = along(x, axis, at, lambda d: keys(d, -0.5 if half else -0.75), 2, not half, half)
    return x


def area(x, sizes):
    """The integral over each new pixel, by many small steps that the borders of old pixels divide."""
    for axis, new in zip((1, 2), sizes):
        old = x.shape[axis]
        fine = np.repeat(x, new, axis)
        x = fine.reshape(*x.shape[:axis], new, old, *x.shape[axis + 1:]).mean(axis + 1)
    return x


def linear(x, at):
    return along(x, 2, at, lambda d: 1 - abs(d), 1, True, False)


def nearest3d(x, sizes):
    index = np.ix_(*(np.arange(m) * n // m for m, n in zip(sizes, x.shape[2:])))
    return x[(slice(None), slice(None), *index)]


def triangles(x, sizes, scale, shift):
    """Means weighted by 1 - |distance| in new pixels, where those are the larger ones."""
    for axis, new, f, t in zip((1, 2), sizes, scale, shift):
        wide = max(1 / f, 1)
        at = [(i + 0.5 - t) / f - 0.5 for i in range(new)]
        y = along(x, axis, at, lambda d, wide=wide: max(1 - abs(d) / wide, 0.0), wide, False, True)
        out = [i for i, p in enumerate(at) if not -0.5 <= p <= x.shape[axis] - 0.5]
        y[(slice(None),) * axis + (out,)] = 0
        x = y
    return x


def grid_of(theta, sizes, align):
    y = np.zeros((*sizes[:1], *sizes[2:], len(sizes) - 2), np.float32)
    for n, *at in np.ndindex(*y.shape[:-1]):
        place = [(2 * i / (m - 1) - 1 if align else (2 * i + 1) / m - 1) for i, m in zip(at, sizes[2:])]
        y[(n, *at)] = theta[n] @ np.array([*place[::-1], 1])
    return y


def glimpses(x, offsets, size, centered, normalized):
    y = np.zeros((x.shape[0], *size, x.shape[3]), np.float32)
    for n in range(x.shape[0]):
        start = []
        for o, old, new in zip(offsets[n], x.shape[1:3], size):
            o = o * old if normalized else o
            start.append(int((o / 2 + old / 2 if centered else o) - new / 2))
        for i, j in np.ndindex(*size):
            if 0 <= start[0] + i < x.shape[1] and 0 <= start[1] + j < x.shape[2]:
                y[n, i, j] = x[n, start[0] + i, start[1] + j]
    return y


THETA2, THETA3 = uniform((2, 2, 3)), uniform((1, 3, 4))
OFFSETS = np.float32([[0.3, -0.8], [-0.1, 0.4]])
SCALE, SHIFT = np.float32([0.7, 1.6]), np.float32([0.4, -1.3])
VOLUME = uniform((1, 2, 2, 3, 4))
SEQUENCE = uniform((2, 3, 5))

CASES = [
    Case("RGBToHSV", P.RGBToHSV(), lambda x: each(colorsys.rgb_to_hsv, x), (COLORS,)),
    Case("RGBToHSV of grays", P.RGBToHSV(), lambda x: np.float32([[0, 0, 0], [0, 0, 0.5]]), (GRAY,), grad=False),
    Case("HSVToRGB", P.HSVToRGB(), lambda x: each(colorsys.hsv_to_rgb, x), (COLORS,)),
    Case("AdjustHue", lambda x: P.AdjustHue()(x, 0.3), lambda x: turned(x, 0.3), (COLORS,), atol=1e-5),
    Case("AdjustSaturation", lambda x: P.AdjustSaturation()(x, Tensor(1.4, ms.float32)),
         lambda x: saturated(x, 1.4), (COLORS,), atol=1e-5, grad=False),
    Case("ResizeBicubic", lambda x: P.ResizeBicubic()(x, (6, 3)), lambda x: bicubic(x, (6, 3)), (IMAGES,), rtol=1e-4),
    Case("ResizeBicubic align", lambda x: P.ResizeBicubic(True)(x, (6, 3)), lambda x: bicubic(x, (6, 3), True),
         (IMAGES,), rtol=1e-4, atol=1e-5),
    Case("ResizeBicubic half", lambda x: P.ResizeBicubic(False, True)(x, Tensor([7, 2])),
         lambda x: bicubic(x, (7, 2), half=True), (IMAGES,), rtol=1e-4, atol=1e-5),
    Case("interpolate bicubic", lambda x: ops.interpolate(x, (7, 2), mode="bicubic"),
         lambda x: bicubic(x, (7, 2), half=True), (IMAGES,), rtol=1e-4, atol=1e-5),
    Case("ResizeArea", lambda x: P.ResizeArea()(x, Tensor([3, 7])), lambda x: area(x, (3, 7)), (LAST,), grad=False,
         rtol=1e-4, atol=1e-5),
    Case("ResizeLinear1D", lambda x: P.ResizeLinear1D()(x, Tensor([7])),
         lambda x: linear(x, [i * 4 / 6 for i in range(7)]), (SEQUENCE,), rtol=1e-4, atol=1e-5),
    Case("ResizeLinear1D half", lambda x: P.ResizeLinear1D("half_pixel")(x, (3,)),
         lambda x: linear(x, [max((i + 0.5) * 5 / 3 - 0.5, 0) for i in range(3)]), (SEQUENCE,), rtol=1e-4, atol=1e-5),
    Case("UpsampleNearest3D", lambda x: P.UpsampleNearest3D()(x, (3, 6, 5)), lambda x: nearest3d(x, (3, 6, 5)),
         (VOLUME,)),
    Case("UpsampleTrilinear3D", lambda x: P.UpsampleTrilinear3D(True)(x, None, (2.0, 2.0, 1.5)),
         lambda x: trilinear(x),
         (VOLUME,), rtol=1e-4, atol=1e-5),
    Case("ScaleAndTranslate", lambda x, s, t: P.ScaleAndTranslate("triangle")(x, Tensor([3, 6]), s, t),
         lambda x, s, t: triangles(x, (3, 6), s, t), (LAST, SCALE, SHIFT), rtol=1e-4, atol=1e-5, grad=False),
    Case("affine_grid", lambda t: ops.affine_grid(t, (2, 5, 3, 4)), lambda t: grid_of(t, (2, 5, 3, 4), False),
         (THETA2,)),
    Case("AffineGrid", lambda t: P.AffineGrid(True)(t, (1, 1, 2, 3, 4)), lambda t: grid_of(t, (1, 1, 2, 3, 4), True),
         (THETA3,)),
    Case("ExtractGlimpse", lambda x, o: P.ExtractGlimpse(uniform_noise=False, noise="zero")(x, Tensor([3, 2]), o),
         lambda x, o: glimpses(x, o, (3, 2), True, True), (LAST, OFFSETS), grad=False),
    Case("ExtractGlimpse in pixels", lambda x, o: P.ExtractGlimpse(False, False, False, "zero")(x, (2, 3), o),
         lambda x, o: glimpses(x, o, (2, 3), False, False), (LAST, OFFSETS * 3 + 2), grad=False),
    Case("GridSampler2D", lambda x, g: P.GridSampler2D("nearest", "border", True)(x, g),
         lambda x, g: x[:, :, [[0, 3]], [[0, 4]]], (IMAGES, np.float32([[[[-2, -1], [1, 3]]]] * 2)), grad=False),
    Case("GridSampler3D", lambda x, g: P.GridSampler3D(align_corners=True)(x, g),
         lambda x, g: x[:, :, :1, 1:2, 1:3].mean(-1, keepdims=True), (VOLUME, np.float32([[[[[0, 0, -1]]]]])),
         grad=False),
    Case("CropAndResize", lambda x: P.CropAndResize()(x, Tensor([[0, 0, 1.0, 1]]), Tensor([1]), (4, 5)),
         lambda x: x[1:], (LAST,)),
]


def trilinear(x):
    """Corners in place, twice, twice and one and a half times as many places."""
    for axis, (old, new) in zip((2, 3, 4), ((2, 4), (3, 6), (4, 6))):
        x = along(x, axis, [i * (old - 1) / (new - 1) for i in range(new)], lambda d: 1 - abs(d), 1, True, False)
    return x


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_cases(case):
    check_eager(case)
    check_graph(case)
    if case.grad:
        check_gradient(case)


@pytest.mark.parametrize("kernel, expected", [
    ("box", [1, 0]), ("triangle", [1, 0.25]), ("gaussian", [1, np.exp(-2 * 0.75**2)]), ("lanczos1", None),
    ("lanczos3", None), ("lanczos5", None), ("keyscubic", [1, keys(0.75, -0.5)]),
    ("mitchellcubic", [8 / 9, ((7 / 6 * 0.75 - 2) * 0.75**2 + 8 / 9)]),
])
def test_kernels_of_scale_and_translate(kernel, expected):
    """What one bright pixel leaves at its own place and three quarters of a pixel beside it."""
    from mindspore.ops.resizing import KERNELS
    if expected is None:
        radius = int(kernel[-1])
        expected = [1, np.sinc(0.75) * np.sinc(0.75 / radius)]
    np.testing.assert_allclose(KERNELS[kernel][1](Tensor(np.float32([0, -0.75]))).asnumpy(), expected, rtol=1e-5,
                               atol=1e-6)
    image = Tensor(np.float32([0, 0, 0, 1, 0, 0, 0]).reshape(1, 1, 7, 1))
    y = P.ScaleAndTranslate(kernel)(image, (1, 7), Tensor([1.0, 1.0]), Tensor([0.0, 1.0])).asnumpy().ravel()
    assert y.argmax() == 4
    y = P.ScaleAndTranslate(kernel)(Tensor(np.ones((1, 4, 8, 1), np.float32)), (2, 2), Tensor([0.5, 0.25]),
                                    Tensor([0.0, 0.0])).asnumpy()
    np.testing.assert_allclose(y, 1, rtol=1e-5)


@pytest.mark.parametrize("classes, reduce", [(P.FractionalMaxPool, np.max), (P.FractionalAvgPool, np.mean)])
@pytest.mark.parametrize("pseudo", [False, True])
@pytest.mark.parametrize("overlapping", [False, True])
def test_fractional_pooling(classes, reduce, pseudo, overlapping):
    ms.set_seed(3)
    x = uniform((2, 7, 10, 3))
    y, rows, columns = classes((1.0, 1.7, 1.3, 1.0), pseudo, overlapping)(Tensor(x))
    assert y.shape == (2, 4, 7, 3)
    for borders, size, counts in ((rows, 7, {1, 2}), (columns, 10, {1, 2})):
        assert borders[0] == 0 and borders[-1] == size and set(np.diff(borders.asnumpy())) <= counts
    for i, j in np.ndindex(4, 7):
        part = x[:, int(rows[i]):int(rows[i + 1]) + overlapping, int(columns[j]):int(columns[j + 1]) + overlapping]
        np.testing.assert_allclose(y.asnumpy()[:, i, j], reduce(part, (1, 2)), rtol=1e-5, atol=1e-6)


def test_fractional_pooling_draws_or_repeats():
    x = Tensor(uniform((1, 40, 3, 1)))
    pool = P.FractionalMaxPool((1.0, 1.3, 1.0, 1.0), deterministic=True, seed=5)
    assert pool(x)[1].asnumpy().tolist() == pool(x)[1].asnumpy().tolist()
    free = ms.jit(P.FractionalMaxPool((1.0, 1.3, 1.0, 1.0)))
    assert free(x)[1].asnumpy().tolist() != free(x)[1].asnumpy().tolist()
    total = ms.grad(lambda v: P.FractionalAvgPool((1.0, 2.0, 1.0, 1.0))(v)[0].sum())(x)
    np.testing.assert_allclose(total.asnumpy(), 0.5)


def test_noise_around_glimpses():
    x, far = Tensor(np.full((1, 3, 3, 1), 9.0, np.float32)), Tensor([[5.0, 5.0]])
    y = P.ExtractGlimpse()(x, (4, 4), far).asnumpy()
    assert y.min() >= 0 and y.max() < 1 and y.std() > 0
    assert P.ExtractGlimpse(uniform_noise=False, noise="gaussian")(x, (20, 20), far).asnumpy().min() < -1


@pytest.mark.parametrize("call, error, text", [
    (lambda x: P.RGBToHSV()(x), ValueError, "three colours on the last axis"),
    (lambda x: P.AdjustHue()(x[..., :3], x[0, 0]), ValueError, "AdjustHue: delta has shape"),
    (lambda x: P.ResizeBicubic(True, True)(x, (2, 2)), ValueError, "at most one of them"),
    (lambda x: P.ResizeBicubic()(x, (2,)), ValueError, "expected 2 positive ints"),
    (lambda x: P.ResizeArea()(x[0], (2, 2)), ValueError, "expected .N, H, W, C."),
    (lambda x: P.ResizeLinear1D("cubic")(x[0], (2,)), ValueError, "coordinate_transformation_mode is 'cubic'"),
    (lambda x: P.ResizeLinear1D()(x, (2,)), ValueError, "expected .N, C, L."),
    (lambda x: P.UpsampleNearest3D()(x, (1, 1, 1)), ValueError, "either output_size or scales"),
    (lambda x: P.UpsampleTrilinear3D()(ops.expand_dims(x, 0), (1, 1)), ValueError, "expected three numbers"),
    (lambda x: P.ScaleAndTranslate("cubic")(x, (2, 2), x[0, 0, 0], x[0, 0, 0]), ValueError, "kernel_type is 'cubic'"),
    (lambda x: P.ScaleAndTranslate()(x, (2, 2), x[0, 0, 0], x[0, 0, 0]), ValueError, "expected .2,. each"),
    (lambda x: ops.affine_grid(x, (1, 1, 2, 2)), ValueError, "theta has shape"),
    (lambda x: P.ExtractGlimpse(noise="salt")(x, (2, 2), Tensor([[0.0, 0.0]])), ValueError, "noise is 'salt'"),
    (lambda x: P.ExtractGlimpse()(x, (2, 2), Tensor([0.0, 0.0])), ValueError, "offsets"),
    (lambda x: P.GridSampler3D()(x, x), ValueError, "expected 5 axes"),
    (lambda x: P.FractionalMaxPool((1.0, 2.0, 2.0, 2.0))(x), ValueError, "the first and the last of them 1"),
    (lambda x: P.FractionalMaxPool((1.0, 9.0, 1.0, 1.0))(x), ValueError, "no place for a window"),
    (lambda x: P.FractionalMaxPool((1.0, 1.0, 1.0, 1.0), seed=1)(x), ValueError, "deterministic False"),
    (lambda x: ops.interpolate(x[0], (2,), mode="bicubic"), ValueError, "mode is 'bicubic'"),
])
def test_refused(call, error, text):
    with pytest.raises(error, match=text):
        call(Tensor(uniform((1, 3, 4, 4))))
