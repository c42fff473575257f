"""Gradients of operators as operators: each is the derivative of the operator that it is named after."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, ops
from mindspore.ops import auto_generate
from mindspore.ops import operations as P
from mindspore.ops.operations import _grad_ops as G

RNG = np.random.default_rng(7)


def drawn(*shape, low=-0.9, high=0.9):
    return Tensor(RNG.uniform(low, high, shape).astype(np.float32))


def weighed(dy, operator, *operands, at=0):
    """The gradient of sum(dy * operator(*operands)) by differences."""
    values = [operand.asnumpy().astype(np.float64) for operand in operands]
    found = np.zeros(values[at].shape)
    for place in np.ndindex(found.shape):
        sides = []
        for step in (1e-4, -1e-4):
            moved = [value.copy() for value in values]
            moved[at][place] += step
            sides.append((operator(*[Tensor(value) for value in moved]).asnumpy() * dy.asnumpy()).sum())
        found[place] = (sides[0] - sides[1]) / 2e-4
    return found


ONE_OPERAND = [  # name, attributes, (dy, x) or (x, dy), bounds of x
    ("ACos", {}, "x dy", -0.8, 0.8), ("Asin", {}, "x dy", -0.8, 0.8), ("Atan", {}, "x dy", -2, 2),
    ("HSigmoid", {}, "dy x", -2, 2), ("HSwish", {}, "dy x", -2, 2), ("ReLU6", {}, "dy x", 0.5, 5),
    ("Softplus", {}, "dy x", -2, 2), ("FastGeLU", {}, "dy x", -2, 2), ("HShrink", {"lambd": 0.2}, "dy x", 0.3, 2),
    ("SoftShrink", {"lambd": 0.2}, "dy x", 0.3, 2), ("Acosh", {}, "y dy", 1.5, 3), ("Asinh", {}, "y dy", -2, 2),
    ("Elu", {}, "dy y", -2, 2), ("GeLU", {}, "dy x y", -2, 2), ("LRN", {"depth_radius": 1}, "dy x y", -2, 2),
    ("L2Normalize", {"axis": 1}, "x y dy", -2, 2)]


@pytest.mark.parametrize("how", [lambda f: f, ms.jit], ids=["eager", "graph"])
@pytest.mark.parametrize("name, attributes, order, low, high", ONE_OPERAND, ids=[row[0] for row in ONE_OPERAND])
def test_of_one_operand(name, attributes, order, low, high, how):
    x, dy = drawn(1, 3, 2, 2, low=low, high=high), drawn(1, 3, 2, 2)
    operator = getattr(P, name)(**attributes)
    known = {"x": x, "dy": dy, "y": operator(x)}
    found = how(getattr(G, f"{name}Grad")(**attributes))(*[known[each] for each in order.split()])
    np.testing.assert_allclose(found.asnumpy(), weighed(dy, operator, x), rtol=2e-3, atol=2e-3)
    assert getattr(auto_generate, f"{name}Grad") is getattr(G, f"{name}Grad")


@pytest.mark.parametrize("name", ["Maximum", "Minimum"])
def test_of_two_operands(name):
    x1, x2, dy = drawn(2, 3), drawn(3), drawn(2, 3)
    operator = getattr(P, name)()
    found = getattr(G, f"{name}Grad")()(x1, x2, dy)
    for at in (0, 1):
        np.testing.assert_allclose(found[at].asnumpy(), weighed(dy, operator, x1, x2, at=at), atol=2e-3)
    assert not getattr(G, f"{name}Grad")(grad_x=False)(x1, x2, dy)[0].asnumpy().any()
    dx1, dx2 = drawn(2, 3), drawn(2, 3)
    zeros, _, along = getattr(G, f"{name}GradGrad")()(x1, x2, dx1, dx2)
    first = x1.asnumpy() > x2.asnumpy() if name == "Maximum" else x1.asnumpy() < x2.asnumpy()
    assert not zeros.asnumpy().any() and (along.asnumpy() == np.where(first, dx1.asnumpy(), dx2.asnumpy())).all()


def test_of_weights():
    x, dy, weight = drawn(2, 3, 4), drawn(2, 3, 4), drawn(3)
    for at, found in enumerate(G.PReLUGrad()(dy, x, weight)):
        np.testing.assert_allclose(found.asnumpy(), weighed(dy, P.PReLU(), x, weight, at=at), atol=2e-3)
    for layout, axes in (("NCHW", (0, 2)), ("NHWC", (0, 1))):
        np.testing.assert_allclose(G.BiasAddGrad(layout)(dy).asnumpy(), dy.asnumpy().sum(axes), rtol=1e-5, atol=1e-6)
    with pytest.raises(ValueError, match="data_format is 'NWHC'"):
        G.BiasAddGrad("NWHC")(dy)
    norm, gamma, beta = P.LayerNorm(1, 1), drawn(3, 4), drawn(3, 4)
    _, mean, variance = norm(x, gamma, beta)
    for at, found in enumerate(G.LayerNormGrad()(x, dy, variance, mean, gamma)):
        expected = weighed(dy, lambda *operands: norm(*operands)[0], x, gamma, beta, at=at)
        np.testing.assert_allclose(found.asnumpy(), expected, rtol=5e-3, atol=5e-3)
    image, kernel = drawn(2, 4, 5, 5), drawn(6, 2, 3, 3)
    conv, dy = P.Conv2D(6, 3, stride=2, group=2), drawn(2, 6, 2, 2)
    found = G.Conv2DBackpropFilter(6, 3, stride=2, group=2)(dy, image, kernel.shape)
    np.testing.assert_allclose(found.asnumpy(), weighed(dy, lambda w: conv(image.astype(w.dtype), w), kernel),
                               rtol=2e-3, atol=2e-3)


def test_of_losses():
    logits, labels = drawn(2, 3, low=0.1), drawn(2, 3, low=0.1)
    for reduction in ("none", "sum", "mean", "batchmean"):
        loss = P.KLDivLoss(reduction)
        dy = drawn(2, 3) if reduction == "none" else drawn()
        expected = weighed(dy, lambda x, loss=loss: loss(x, labels.astype(x.dtype)), logits)
        np.testing.assert_allclose(G.KLDivLossGrad(reduction)(dy, logits, labels).asnumpy(), expected, atol=2e-3)
    with pytest.raises(ValueError, match="reduction is 'all'"):
        G.KLDivLossGrad("all")(drawn(), logits, labels)
    dy = drawn(2, 3)
    cases = ((P.BinaryCrossEntropy("none"), G.BinaryCrossEntropyGrad("none")),
             (P.SigmoidCrossEntropyWithLogits(), G.SigmoidCrossEntropyWithLogitsGrad()))
    for loss, gradient in cases:
        expected = weighed(dy, lambda x, loss=loss: loss(x, labels.astype(x.dtype)), logits)
        np.testing.assert_allclose(gradient(logits, labels, dy).asnumpy(), expected, rtol=5e-3, atol=5e-3)
    classes, weight = Tensor([2, 0], ms.int32), drawn(3, low=0.1)
    loss = P.NLLLoss("mean")
    total = loss(logits, classes, weight)[1]
    expected = weighed(Tensor(2.0), lambda x: loss(x, classes, weight.astype(x.dtype))[0], logits)
    found = G.NLLLossGrad("mean")(logits, Tensor(2.0), classes, weight, total)
    np.testing.assert_allclose(found.asnumpy(), expected, atol=2e-3)


def test_of_places():
    x, mask = drawn(2, 3), Tensor([[1, 0, 1], [0, 0, 1]], ms.float32)
    np.testing.assert_allclose(G.DropoutGrad(0.25)(x, mask).asnumpy(), x.asnumpy() * mask.asnumpy() * 4, rtol=1e-6)
    found = G.SliceGrad()(Tensor([[5.0, 6.0]]), x, (1, 0), (1, 2))
    assert found.asnumpy().tolist() == [[0, 0, 0], [5, 6, 0]]
    dy = Tensor(np.arange(16, dtype=np.float32).reshape(1, 1, 4, 4))
    for gradient in (G.ResizeNearestNeighborGrad(), G.ResizeNearestNeighborV2Grad()):
        assert gradient(dy, (2, 2)).asnumpy().tolist() == [[[[10, 18], [42, 50]]]]
    image = drawn(1, 1, 2, 3)
    expected = weighed(dy, lambda x: ops.ResizeBilinearV2()(x, (4, 4)), image)
    np.testing.assert_allclose(G.ResizeBilinearGrad()(dy, image).asnumpy(), expected, atol=0.01)
    for size in ((2, 3), Tensor([2, 3])):
        np.testing.assert_allclose(G.ResizeBilinearGrad()(dy, size).asnumpy(), expected, atol=0.01)


@pytest.mark.parametrize("how", [lambda f: f, ms.jit], ids=["eager", "graph"])
@pytest.mark.parametrize("made_with, output_size, scales", [
    ({}, (3, 4, 5), None), ({"align_corners": True}, (1, 5, 2), None), ({}, None, (1.5, 2.0, 2.5))], ids=str)
@pytest.mark.parametrize("kind", ["Trilinear", "Nearest"])
def test_of_volumes(kind, made_with, output_size, scales, how):
    made_with = made_with if kind == "Trilinear" else {}
    volume = drawn(1, 2, 2, 3, 2)
    resize = getattr(P, f"Upsample{kind}3D")(**made_with)
    dy = drawn(*resize(volume, output_size, scales).shape)
    operator = getattr(G, f"Upsample{kind}3DGrad")(**made_with)
    found = how(lambda dy: operator(dy, volume.shape, output_size, scales))(dy)
    expected = weighed(dy, lambda x: resize(x, output_size, scales), volume)
    np.testing.assert_allclose(found.asnumpy(), expected, rtol=2e-3, atol=2e-3)
    with pytest.raises(ValueError, match="dy has shape"):
        operator(dy[..., :1], volume.shape, output_size, scales)


def test_of_a_slice_whose_cotangent_lacks_its_axis_of_one():
    dy = drawn(3, 2)
    for given in (dy, dy.reshape(1, 3, 2)):
        found = G.StridedSliceGrad()(given, (2, 3, 2), (1, 0, 0), (2, 3, 2), (1, 1, 1)).asnumpy()
        assert not found[0].any() and (found[1] == dy.asnumpy()).all()
    with pytest.raises(ValueError, match=r"dy has shape \(3, 2\); the slice of \(2, 3, 2\) has \(2, 3, 2\)"):
        G.StridedSliceGrad()(dy, (2, 3, 2), (0, 0, 0), (2, 3, 2), (1, 1, 1))


def test_of_pools():
    image = Tensor(RNG.permutation(32).astype(np.float32).reshape(1, 2, 4, 4))
    pooled, argmax = P.MaxPoolWithArgmax(2, 2)(image)
    dy = drawn(1, 2, 2, 2)
    expected = weighed(dy, P.MaxPool(2, 2), image)
    np.testing.assert_allclose(G.MaxPoolGradWithArgmax(2, 2)(image, dy, argmax).asnumpy(), expected, atol=2e-3)
    in_plane = P.MaxPoolWithArgmaxV2(2, 2)(image)[1]
    np.testing.assert_allclose(G.MaxPoolGradWithArgmaxV2(2, 2)(image, dy, in_plane).asnumpy(), expected, atol=2e-3)
    along = G.MaxPoolGradGrad(2, 2)(image, pooled, image * 10)
    assert (along.asnumpy() == pooled.asnumpy() * 10).all()
    along = G.MaxPoolGradGradWithArgmax(2, 2)(image, image * 10, argmax)
    assert (along.asnumpy() == pooled.asnumpy() * 10).all()
    volume = image.reshape(1, 1, 2, 4, 4)
    along = G.MaxPool3DGradGrad(2, 2)(volume, None, volume * 10)
    assert (along.asnumpy() == P.MaxPool3D(2, 2)(volume).asnumpy() * 10).all()


def test_of_distances():
    points, others = drawn(3, 2), drawn(4, 2)
    for p in (1.0, 2.0, 3.5, float("inf")):
        measure, dy = P.Cdist(p), drawn(3, 4)
        found = G.CdistGrad(p)(dy, points, others, measure(points, others))
        np.testing.assert_allclose(found.asnumpy(), weighed(dy, lambda x, measure=measure: measure(
            x, others.astype(x.dtype)), points), rtol=5e-3, atol=5e-3)
    same = G.CdistGrad()(ops.ones((3, 3)), points, points, P.Cdist()(points, points))
    assert np.isfinite(same.asnumpy()).all()
    assert not G.CdistGrad(0.0)(ops.ones((3, 3)), points, points, points @ points.T).asnumpy().any()


def test_of_samplers():
    image, grid, dy = drawn(1, 2, 3, 3), drawn(1, 2, 2, 2, low=-0.4, high=-0.1), drawn(1, 2, 2, 2)
    sampler = P.GridSampler2D(align_corners=True)
    for at, found in enumerate(G.GridSampler2DGrad(align_corners=True)(dy, image, grid)):
        np.testing.assert_allclose(found.asnumpy(), weighed(dy, sampler, image, grid, at=at), rtol=5e-3, atol=5e-3)


@pytest.mark.parametrize("layout, order", [("NCHW", (0, 1, 2, 3)), ("NHWC", (0, 2, 3, 1))])
def test_of_moved_taps(layout, order):
    made = ((1, 1, 1, 1), (0, 1, 0, 1), (2, 2), (1, 1, 1, 1), layout)
    x, offsets, dy = (ops.transpose(v, order) for v in (
        drawn(1, 2, 3, 3), drawn(1, 12, 3, 3, low=0.1, high=0.9), drawn(1, 2, 6, 6)))
    for at, found in enumerate(G.DeformableOffsetsGrad(*made)(dy, x, offsets)):
        expected = weighed(dy, P.DeformableOffsets(*made), x, offsets, at=at)
        np.testing.assert_allclose(found.asnumpy(), expected, rtol=2e-3, atol=2e-3)


def test_of_the_first_windows_of_moved_taps():
    made, x, dy = ((1, 1, 1, 1), (0, 0, 0, 0), (2, 2)), drawn(1, 2, 4, 3), drawn(1, 2, 4, 2)
    offsets = drawn(1, 12, 2, 1, low=0.1, high=0.9)
    whole = ops.pad(offsets, (0, 1, 0, 1))  # windows whose taps have the mask 0 and the cotangent 0
    wide = ops.pad(dy, (0, 2, 0, 2))
    expected = G.DeformableOffsetsGrad(*made)(wide, x, whole)
    found = G.DeformableOffsetsGrad(*made)(dy, x, offsets)
    np.testing.assert_allclose(found[0].asnumpy(), expected[0].asnumpy(), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found[1].asnumpy(), expected[1].asnumpy()[:, :, :2, :1], rtol=1e-5, atol=1e-6)
    with pytest.raises(ValueError, match="offsets has shape"):
        G.DeformableOffsetsGrad(*made)(dy, x, drawn(1, 12, 4, 1))


def test_a_cotangent_of_another_shape():
    with pytest.raises(ValueError, match=r"dy has shape \(3,\).*\(4,\)"):
        G.HSigmoidGrad()(drawn(3), drawn(4))


@pytest.mark.parametrize("how", [lambda f: f, ms.jit], ids=["eager", "graph"])
@pytest.mark.parametrize("start", [0, 1])
def test_layer_norm_takes_the_statistics_that_it_is_given(how, start):
    x, dy, gamma = (RNG.uniform(-1, 1, (2, 3, 4)).astype(np.float32) for _ in range(3))
    gamma = gamma[0] if start else gamma
    axes = tuple(range(start, 3))
    shape = (2, 1, 1) if start else (1, 1, 1)
    mean, variance = (RNG.uniform(0.2, 1, shape).astype(np.float32) for _ in range(2))
    operands = [Tensor(v) for v in (x, dy, variance, mean, gamma)]
    of_x, of_gamma, of_beta = (v.asnumpy() for v in how(G.LayerNormGrad(start, start, 1e-3))(*operands))
    inverse, centred, count = (variance + 1e-3) ** -0.5, x - mean, x[0].size if start else x.size
    of_variance = (-0.5 * dy * gamma * centred * inverse ** 3).sum(axes, keepdims=True)
    of_mean = (-dy * gamma * inverse).sum(axes, keepdims=True) - 2 * of_variance * centred.mean(axes, keepdims=True)
    expected = dy * gamma * inverse + of_variance * 2 * centred / count + of_mean / count
    np.testing.assert_allclose(of_x, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(of_gamma, (dy * centred * inverse).sum(0) if start else dy * centred * inverse,
                               rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(of_beta, dy.sum(0) if start else dy, rtol=1e-5)
    with pytest.raises(ValueError, match="must be equal"):
        G.LayerNormGrad()(operands[0], Tensor(dy[0]), *operands[2:])


def test_roi_align_gives_its_cotangent_to_the_features():
    rng = np.random.default_rng(0)
    x, dy = (Tensor(rng.random(shape).astype(np.float32)) for shape in ((2, 3, 6, 5), (2, 3, 2, 2)))
    rois = Tensor([[0.0, 1.0, 0.5, 9.0, 11.0], [1.0, -2.0, 3.0, 7.0, 8.0]])
    expected = ms.grad(lambda x: (P.ROIAlign(2, 2, 0.5, 2)(x, rois) * dy).sum())(x)
    found = G.ROIAlignGrad(2, 2, 0.5, 2)(dy, rois, (2, 3, 6, 5))
    np.testing.assert_allclose(found.asnumpy(), expected.asnumpy(), rtol=1e-5, atol=1e-6)
    with pytest.raises(ValueError, match="dy has shape"):
        G.ROIAlignGrad(3, 2, 0.5, 2)(dy, rois, (2, 3, 6, 5))


@pytest.mark.parametrize("how", [lambda f: f, ms.jit], ids=["eager", "graph"])
@pytest.mark.parametrize("overlapping", [False, True])
def test_of_pooling_over_random_windows(overlapping, how):
    x, ratio = drawn(2, 5, 7, 3), (1.0, 1.6, 2.2, 1.0)
    for name in ("Max", "Avg"):
        pool = getattr(P, f"Fractional{name}Pool")(ratio, overlapping=overlapping, deterministic=True, seed=4)
        y, rows, columns = pool(x)
        dy = drawn(*y.shape)
        known = (x, y) if name == "Max" else (x.shape,)
        gradient = getattr(G, f"Fractional{name}PoolGrad")(overlapping)
        found = how(gradient)(*known, dy, rows, columns)
        np.testing.assert_allclose(found.asnumpy(), weighed(dy, lambda v, pool=pool: pool(v)[0], x),
                                   atol=2e-3)


def test_of_pooling_of_integers():
    x = Tensor(np.arange(1, 17).reshape(1, 4, 4, 1), ms.int32)
    y, rows, columns = P.FractionalMaxPool((1.0, 1.5, 1.5, 1.0), overlapping=True)(x)
    found = G.FractionalMaxPoolGrad()(x, y, ops.ones_like(y), rows, columns)
    assert found.dtype == ms.int32 and np.flatnonzero(found.asnumpy()).tolist() == [5, 7, 13, 15]
    with pytest.raises(ValueError, match="dy has shape"):
        G.FractionalMaxPoolGrad()(x, y, ops.ones_like(x), rows, columns)


@pytest.mark.parametrize("how", [lambda f: f, ms.jit], ids=["eager", "graph"])
def test_the_slope_of_an_incomplete_gamma_function_by_its_order(how):
    a = np.array([2.0, 4.0, 6.0, 8.0], np.float32)
    x = np.array([[2.0, 3.0, 4.0, 5.0], [1.0, 1.0, 9.0, 9.0]], np.float32)
    found = how(G.IgammaGradA())(Tensor(a), Tensor(x))
    sides = [ops.igamma(Tensor(a + s, ms.float64), Tensor(x, ms.float64)).asnumpy() for s in (1e-3, -1e-3)]
    assert found.dtype is ms.float32
    np.testing.assert_allclose(found.asnumpy(), (sides[0] - sides[1]) / 2e-3, rtol=1e-3, atol=1e-6)
    many = ms.vmap(lambda order: G.IgammaGradA()(order, Tensor(x[:, 0])))(Tensor(a))
    np.testing.assert_allclose(many.asnumpy()[0, 0], found.asnumpy()[0, 0], rtol=1e-5)
    with pytest.raises(TypeError, match="a is Float32 and x Float64"):
        G.IgammaGradA()(Tensor(a), Tensor(x, ms.float64))
    with pytest.raises(TypeError, match="expected Float32 twice"):
        G.IgammaGradA()(Tensor(a, ms.float16), Tensor(x, ms.float16))
    with pytest.raises(ValueError, match="broadcast"):
        G.IgammaGradA()(Tensor(a), Tensor(x[:, :3]))
