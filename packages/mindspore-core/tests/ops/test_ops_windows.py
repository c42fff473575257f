"""Convolution, pooling, resizing, normalization, embedding and attention against NumPy."""
from __future__ import annotations

import math

import numpy as np
import pytest
from ops_cases import Case, check_eager, check_gradient, check_graph, uniform

import mindspore as ms
from mindspore import Parameter, Tensor, grad, ops
from mindspore.ops import mixing

IMAGES, KERNELS, BIAS = uniform((2, 4, 5, 6)), uniform((6, 4, 3, 2)), uniform((6,))
LINES, LONG_LINES = uniform((2, 3, 7)), uniform((2, 3, 90))


def padded(x, sides, value=0.0):
    """With (low, high) counts around each of the last axes."""
    pairs = [(0, 0)] * (x.ndim - len(sides) // 2) + [tuple(sides[i:i + 2]) for i in range(0, len(sides), 2)]
    return np.pad(x, pairs, constant_values=value)


def convolve(x, w, b=None, stride=(1, 1), sides=(0, 0, 0, 0), dilation=(1, 1), groups=1):
    """The definition, place by place."""
    x = padded(x, sides)
    n, c = x.shape[:2]
    reach = [d * (k - 1) + 1 for d, k in zip(dilation, w.shape[2:])]
    sizes = [(s - r) // t + 1 for s, r, t in zip(x.shape[2:], reach, stride)]
    y = np.zeros((n, w.shape[0], *sizes), x.dtype)
    per = w.shape[0] // groups
    for o, i, j in np.ndindex(w.shape[0], *sizes):
        top, left = i * stride[0], j * stride[1]
        window = x[:, :, top:top + reach[0]:dilation[0], left:left + reach[1]:dilation[1]]
        first = (o // per) * (c // groups)
        y[:, o, i, j] = (window[:, first:first + c // groups] * w[o]).sum((1, 2, 3))
    return y if b is None else y + b[:, None, None]


def pool(x, kernel, stride, sides, reduce, value=0.0):
    x = padded(x, sides, value)
    sizes = [(s - k) // t + 1 for s, k, t in zip(x.shape[2:], kernel, stride)]
    y = np.zeros((*x.shape[:2], *sizes), x.dtype)
    for i, j in np.ndindex(*sizes):
        rows, columns = (slice(p * s, p * s + k) for p, s, k in zip((i, j), stride, kernel))
        y[:, :, i, j] = reduce(x[:, :, rows, columns], axis=(2, 3))
    return y


def adaptive(x, sizes, reduce):
    y = np.zeros((*x.shape[:2], *sizes), x.dtype)
    h, w = x.shape[2:]
    for i, j in np.ndindex(*sizes):
        y[:, :, i, j] = reduce(x[:, :, i * h // sizes[0]:-(-(i + 1) * h // sizes[0]),
                                 j * w // sizes[1]:-(-(j + 1) * w // sizes[1])], axis=(2, 3))
    return y


def transposed(x, w, sizes, **geometry):
    """The adjoint of convolution, from its matrix."""
    c = w.shape[1] * geometry.get("groups", 1)
    basis = np.eye(c * math.prod(sizes), dtype=x.dtype).reshape(-1, c, *sizes)
    matrix = convolve(basis, w, **geometry).reshape(len(basis), -1)
    return (x.reshape(len(x), -1) @ matrix.T).reshape(len(x), c, *sizes)


def normalized(x, axes, eps=1e-5):
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + eps)


def attention(q, k, v, mask=None, scale=None):
    scores = q @ k.swapaxes(-1, -2) * (q.shape[-1] ** -0.5 if scale is None else scale)
    scores = scores if mask is None else np.where(mask, scores, -np.inf) if mask.dtype == bool else scores + mask
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True) @ v


def cases():
    loose = {"rtol": 1e-4, "atol": 1e-5}
    yield Case("conv2d", ops.conv2d, convolve, (IMAGES, KERNELS, BIAS), **loose)
    yield Case("conv2d same", lambda x, w: ops.conv2d(x, w, None, 2, "same"),
               lambda x, w: convolve(x, w, None, (2, 2), (1, 1, 0, 0)), (IMAGES, KERNELS), **loose)
    yield Case("conv2d padded and dilated", lambda x, w: ops.conv2d(x, w, None, (2, 1), "pad", (1, 2), (1, 2)),
               lambda x, w: convolve(x, w, None, (2, 1), (1, 1, 2, 2), (1, 2)), (IMAGES, KERNELS), **loose)
    yield Case("conv2d with four sides", lambda x, w: ops.conv2d(x, w, None, 1, "pad", (1, 0, 0, 2)),
               lambda x, w: convolve(x, w, None, (1, 1), (1, 0, 0, 2)), (IMAGES, KERNELS), **loose)
    yield Case("conv2d in groups", lambda x, w: ops.conv2d(x, w, groups=2), lambda x, w: convolve(x, w, groups=2),
               (IMAGES, uniform((6, 2, 2, 2))), **loose)
    yield Case("conv1d", lambda x, w, b: ops.conv1d(x, w, b, 2, "pad", 1), lambda x, w, b: convolve(
        x[:, :, None], w[:, :, None], b, (1, 2), (0, 0, 1, 1))[:, :, 0], (LINES, uniform((4, 3, 3)), uniform((4,))),
        **loose)
    yield Case("conv3d of one layer", lambda x, w: ops.conv3d(x, w), lambda x, w: convolve(x[:, :, 0], w[:, :, 0])[
        :, :, None], (IMAGES[:, :, None], KERNELS[:, :, None]), **loose)
    yield Case("conv_transpose2d", lambda x, w: ops.conv_transpose2d(x, w, None, 2, 1, 1),
               lambda x, w: transposed(x, w, (10, 12), stride=(2, 2), sides=(1, 1, 1, 1)),
               (IMAGES, uniform((4, 3, 3, 3))), **loose)
    yield Case("conv_transpose2d in groups", lambda x, w: ops.conv_transpose2d(x, w, groups=2),
               lambda x, w: transposed(x, w, (6, 8), groups=2), (IMAGES, uniform((4, 2, 2, 3))), **loose)
    yield Case("max_pool2d", lambda x: ops.max_pool2d(x, 2), lambda x: pool(x, (2, 2), (2, 2), (0,) * 4, np.max),
               (IMAGES,))
    yield Case("max_pool2d of one image", lambda x: ops.max_pool2d(x, (3, 2), 1, 1),
               lambda x: pool(x[None], (3, 2), (1, 1), (1,) * 4, np.max, -np.inf)[0], (IMAGES[0],))
    yield Case("max_pool2d to the end", lambda x: ops.max_pool2d(x, 2, 2, ceil_mode=True),
               lambda x: pool(x, (2, 2), (2, 2), (0, 1, 0, 0), np.max, -np.inf), (IMAGES,))
    yield Case("max_pool2d with places", lambda x: ops.max_pool2d(x, 2, return_indices=True)[1], lambda x: np.array([
        [[[max((x[n, c, i, j], i * 6 + j) for i in (2 * r, 2 * r + 1) for j in (2 * s, 2 * s + 1))[1]
           for s in range(3)] for r in range(2)] for c in range(4)] for n in range(2)]), (IMAGES,), grad=False)
    yield Case("avg_pool2d", lambda x: ops.avg_pool2d(x, (2, 3), (1, 2), 1),
               lambda x: pool(x, (2, 3), (1, 2), (1,) * 4, np.mean), (IMAGES,))
    yield Case("avg_pool2d of what is inside", lambda x: ops.avg_pool2d(x, 2, 2, 1, False, False),
               lambda x: pool(x, (2, 2), (2, 2), (1,) * 4, np.sum) / pool(np.ones_like(x), (2, 2), (2, 2), (1,) * 4,
                                                                          np.sum), (IMAGES,))
    yield Case("avg_pool2d to the end", lambda x: ops.avg_pool2d(x, 2, 2, 0, True),
               lambda x: pool(x, (2, 2), (2, 2), (0, 1, 0, 0), np.sum) / np.array([4, 4, 2])[:, None].astype(x.dtype),
               (IMAGES,))
    yield Case("avg_pool2d with a divisor", lambda x: ops.avg_pool2d(x, 2, 2, divisor_override=3),
               lambda x: pool(x, (2, 2), (2, 2), (0,) * 4, np.sum) / np.float32(3), (IMAGES,))
    yield Case("avg_pool1d", lambda x: ops.avg_pool1d(x, 3, 2, 1),
               lambda x: pool(x[:, :, None], (1, 3), (1, 2), (0, 0, 1, 1), np.mean)[:, :, 0], (LINES,))
    for sizes in ((3, 4), (1, 1), (5, 3)):
        yield Case(f"adaptive_avg_pool2d {sizes}", lambda x, s=sizes: ops.adaptive_avg_pool2d(x, s),
                   lambda x, s=sizes: adaptive(x, s, np.mean), (IMAGES,))
        yield Case(f"adaptive_max_pool2d {sizes}", lambda x, s=sizes: ops.adaptive_max_pool2d(x, s),
                   lambda x, s=sizes: adaptive(x, s, np.max), (IMAGES,))
    yield Case("adaptive_avg_pool1d", lambda x: ops.adaptive_avg_pool1d(x, 3),
               lambda x: adaptive(x[:, :, None], (1, 3), np.mean)[:, :, 0], (LINES,))
    yield Case("adaptive_max_pool1d", lambda x: ops.adaptive_max_pool1d(x, 3),
               lambda x: adaptive(x[:, :, None], (1, 3), np.max)[:, :, 0], (LINES,))
    yield Case("unfold", lambda x: ops.unfold(x, (2, 3)), lambda x: np.stack(
        [x[:, :, i:i + 2, j:j + 3].reshape(2, -1) for i in range(4) for j in range(4)], -1), (IMAGES,))
    yield Case("fold", lambda x: ops.fold(ops.unfold(x, 2, stride=1), (5, 6), 2), lambda x: x * np.outer(
        [1, 2, 2, 2, 1], [1, 2, 2, 2, 2, 1]).astype(x.dtype), (IMAGES,))
    yield Case("unfold and fold of one image", lambda x: ops.fold(ops.unfold(x[0], 2), (5, 6), 2), lambda x: x[0] *
               np.outer([1, 2, 2, 2, 1], [1, 2, 2, 2, 2, 1]).astype(x.dtype), (IMAGES,))
    yield Case("pixel_shuffle", lambda x: ops.pixel_shuffle(x, 2), lambda x: x.reshape(2, 1, 2, 2, 5, 6).transpose(
        0, 1, 4, 2, 5, 3).reshape(2, 1, 10, 12), (IMAGES,))
    yield Case("pixel_unshuffle", lambda x: ops.pixel_unshuffle(ops.pixel_shuffle(x, 2), 2), lambda x: x, (IMAGES,))
    yield Case("channel_shuffle", lambda x: ops.channel_shuffle(x, 2), lambda x: x[:, [0, 2, 1, 3]], (IMAGES,))
    yield Case("interpolate to twice", lambda x: ops.interpolate(x, scale_factor=2.0),
               lambda x: x.repeat(2, 2).repeat(2, 3), (IMAGES,))
    yield Case("interpolate to less", lambda x: ops.interpolate(x, (2, 3)), lambda x: x[:, :, [0, 2]][..., [0, 2, 4]],
               (IMAGES,))
    yield Case("interpolate between corners", lambda x: ops.interpolate(x, 13, mode="linear", align_corners=True),
               lambda x: np.apply_along_axis(lambda r: np.interp(np.linspace(0, 6, 13), np.arange(7), r), 2, x).astype(
                   x.dtype), (LINES,))
    yield Case("interpolate between edges", lambda x: ops.interpolate(x, 14, mode="linear"),
               lambda x: np.apply_along_axis(lambda r: np.interp((np.arange(14) + 0.5) / 2 - 0.5, np.arange(7), r), 2,
                                             x).astype(x.dtype), (LINES,))
    yield Case("interpolate long lines", lambda x: ops.interpolate(x, 120, mode="linear"),
               lambda x: np.apply_along_axis(lambda r: np.interp((np.arange(120) + 0.5) * 0.75 - 0.5, np.arange(90), r),
                                             2, x).astype(x.dtype), (LONG_LINES,))
    yield Case("interpolate long columns", lambda x: ops.interpolate(x[..., None], (30, 2)),
               lambda x: x[:, :, ::3, None].repeat(2, 3), (LONG_LINES,))
    yield Case("interpolate by areas", lambda x: ops.interpolate(x, (2, 4), mode="area"),
               lambda x: adaptive(x, (2, 4), np.mean), (IMAGES,))
    yield from layer_cases(loose)


def layer_cases(loose):
    yield Case("layer_norm", lambda x, w, b: ops.layer_norm(x, (5, 6), w, b),
               lambda x, w, b: normalized(x, (2, 3)) * w + b, (IMAGES, uniform((5, 6)), uniform((5, 6), seed=1)),
               **loose)
    yield Case("layer_norm without weights", lambda x: ops.layer_norm(x, 6), lambda x: normalized(x, -1), (IMAGES,),
               **loose)
    yield Case("group_norm", lambda x, w, b: ops.group_norm(x, 2, w, b), lambda x, w, b: normalized(
        x.reshape(2, 2, -1), 2).reshape(x.shape) * w[:, None, None] + b[:, None, None],
        (IMAGES, uniform((4,)), uniform((4,), seed=1)), **loose)
    yield Case("rms_norm", lambda x, w: ops.rms_norm(x, w)[0],
               lambda x, w: x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-6) * w, (IMAGES, uniform((6,))), **loose)
    yield Case("batch_norm by given statistics", lambda x, m, v, w, b: ops.batch_norm(x, m, v, w, b),
               lambda x, m, v, w, b: ((x.swapaxes(1, -1) - m) / np.sqrt(v + 1e-5) * w + b).swapaxes(1, -1),
               (IMAGES, uniform((4,)), uniform((4,), 0.5, 2), uniform((4,), seed=1), uniform((4,), seed=2)), **loose)
    yield Case("batch_norm by its own statistics",
               lambda x, m, v, w, b: ops.batch_norm(x, m, v, w, b, training=True),
               lambda x, m, v, w, b: normalized(x, (0, 2, 3)) * w[:, None, None] + b[:, None, None],
               (IMAGES, *[uniform((4,), seed=s) for s in range(4)]), **loose)
    table, places = uniform((5, 3)), np.array([[0, 4], [1, 1]])
    yield Case("embedding", ops.embedding, lambda i, w: w[i], (places, table))
    yield Case("embedding of short rows", lambda i, w: ops.embedding(i, w + 0, max_norm=1.0), lambda i, w: (
        w * np.minimum(1, 1 / np.linalg.norm(w, axis=1, keepdims=True)))[i], (places, table), grad=False)
    q, k, v = uniform((2, 3, 4)), uniform((2, 5, 4)), uniform((2, 5, 6))
    yield Case("attention", ops.scaled_dot_product_attention, attention, (q, k, v), **loose)
    yield Case("attention with a mask", ops.scaled_dot_product_attention, attention,
               (q, k, v, np.tri(3, 5, 1, dtype=bool)), **loose)
    yield Case("attention with a bias", lambda *x: ops.scaled_dot_product_attention(*x, scale=0.3),
               lambda *x: attention(*x, 0.3), (q, k, v, uniform((3, 5))), **loose)
    yield Case("causal attention", lambda *x: ops.scaled_dot_product_attention(*x, is_causal=True),
               lambda *x: attention(*x, np.tri(3, 5, dtype=bool)), (q, k, v), **loose)


CASES = list(cases())


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_values(case):
    check_eager(case)


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_values_in_a_graph(case):
    check_graph(case)


@pytest.mark.parametrize("case", [c for c in CASES if c.grad], ids=repr)
def test_gradients(case):
    check_gradient(case)


def test_batch_norm_moves_parameters():
    mean, var = Parameter(Tensor([1.0, 2.0, 3.0, 4.0])), Parameter(Tensor([1.0, 1.0, 1.0, 1.0]))
    ops.batch_norm(Tensor(IMAGES), mean, var, None, None, training=True, momentum=0.25)
    np.testing.assert_allclose(mean.asnumpy(), 0.75 * np.array([1, 2, 3, 4]) + 0.25 * IMAGES.mean((0, 2, 3)), rtol=1e-5)
    np.testing.assert_allclose(var.asnumpy(), 0.75 + 0.25 * IMAGES.var((0, 2, 3), ddof=1), rtol=1e-5)


def test_embedding_gradients():
    table, places = Tensor(uniform((4, 2))), Tensor([1, 1, 2, 0])

    def total(weight, **options):
        return ops.embedding(places, weight, **options).sum()

    assert grad(total)(table).asnumpy()[:, 0].tolist() == [1, 2, 1, 0]
    assert grad(lambda w: total(w, padding_idx=1))(table).asnumpy()[:, 0].tolist() == [1, 0, 1, 0]
    assert grad(lambda w: total(w, scale_grad_by_freq=True))(table).asnumpy()[:, 0].tolist() == [1, 1, 1, 0]
    weight = Parameter(Tensor([[3.0, 4.0], [6.0, 8.0]]))
    ops.embedding(Tensor([1]), weight, max_norm=5.0)
    np.testing.assert_allclose(weight.asnumpy(), [[3, 4], [3, 4]], rtol=1e-6)


@pytest.mark.parametrize(("call", "error", "word"), [
    (lambda: ops.conv2d(Tensor(IMAGES), Tensor(KERNELS[:, :3])), ValueError, "conv2d: the image has 4 channels"),
    (lambda: ops.conv2d(Tensor(IMAGES), Tensor(KERNELS), pad_mode="full"), ValueError, "pad_mode is 'full'"),
    (lambda: ops.conv2d(Tensor(IMAGES), Tensor(KERNELS), padding=1), ValueError, "must be 0"),
    (lambda: ops.conv2d(Tensor(IMAGES), Tensor(KERNELS), stride=0), ValueError, "stride"),
    (lambda: ops.conv2d(Tensor(IMAGES[0]), Tensor(KERNELS)), ValueError, "expected 4 axes"),
    (lambda: ops.conv2d(Tensor(IMAGES), Tensor(KERNELS), Tensor([1.0])), ValueError, "bias has shape"),
    (lambda: ops.max_pool2d(Tensor(LINES[0]), 2), ValueError, "max_pool2d: input has shape"),
    (lambda: ops.interpolate(Tensor(IMAGES), (2, 2), mode="cubic"), ValueError, "mode is 'cubic'"),
    (lambda: ops.interpolate(Tensor(IMAGES)), ValueError, "either size or scale_factor"),
    (lambda: ops.layer_norm(Tensor(IMAGES), (5,)), ValueError, "normalized_shape"),
    (lambda: ops.group_norm(Tensor(IMAGES), 3), ValueError, "group_norm"),
    (lambda: ops.embedding(Tensor([0.0]), Tensor([[1.0]])), TypeError, "embedding"),
    (lambda: ops.pad(Tensor(LINES), (9, 0), "reflect"), ValueError, "mode 'reflect' has 0 to 6"),
    (lambda: ops.pad(Tensor(LINES), (1,)), ValueError, "a pair for each"),
    (lambda: ops.pixel_shuffle(Tensor(LINES), 2), ValueError, "pixel_shuffle"),
])
def test_errors(call, error, word):
    with pytest.raises(error, match=word):
        call()


def test_half_precision_images():
    x, w = Tensor(IMAGES).astype(ms.float16), Tensor(KERNELS).astype(ms.float16)
    y = ops.conv2d(x, w)
    assert y.dtype is ms.float16
    np.testing.assert_allclose(y.asnumpy(), convolve(IMAGES, KERNELS), rtol=2e-2, atol=2e-2)


@pytest.mark.parametrize("mode, taps", [("nearest", 1), ("linear", 2)])
def test_an_infinite_element_of_a_long_line_reaches_its_neighbours_alone(mode, taps):
    x = LONG_LINES.copy()
    x[0, 0, 40] = np.inf
    y = ops.interpolate(Tensor(x), 270, mode=mode).asnumpy()
    assert (~np.isfinite(y)).sum() <= 3 * taps and np.isinf(y[0, 0, 121])


@pytest.mark.parametrize("mode", ["nearest", "bilinear", "bicubic"])
def test_long_axes_are_resized_as_by_matrices(mode, monkeypatch):
    """Values and gradients, and half precision, whose weighted elements are summed in float32."""
    x = Tensor(uniform((1, 2, 100, 90)))

    def resized(v):
        return ops.interpolate(v, (150, 64), mode=mode)

    def found():
        return [resized(x).asnumpy(), grad(lambda v: (resized(v) ** 2).sum())(x).asnumpy(),
                resized(x.astype(ms.float16)).astype(ms.float32).asnumpy()]

    gathered = found()
    monkeypatch.setattr(mixing, "_SIZE_PER_TAP", 1000)
    for value, other, limit in zip(gathered, found(), (2e-6, 2e-5, 2e-3)):
        np.testing.assert_allclose(value, other, rtol=limit, atol=limit)


@pytest.mark.parametrize("mode, expected", [
    ("nearest", lambda x: x.repeat(2)),
    ("area", lambda x: x.repeat(2)),
    ("linear", lambda x: np.interp((np.arange(2 * len(x)) + 0.5) / 2 - 0.5, np.arange(len(x)), x)),
])
def test_a_sequence_of_any_length_is_resized(mode, expected):
    """A table of all pairs of old and new places would take 640 GB."""
    x = np.random.default_rng(0).normal(size=200_000).astype(np.float32)
    grown = ops.interpolate(Tensor(x[None, None]), 400_000, mode=mode)
    np.testing.assert_allclose(grown.asnumpy()[0, 0], expected(x), rtol=1e-5, atol=1e-5)
