"""Combined, mathematical and image layers and the newer losses against NumPy."""
from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from layer_checks import check_gradients, compare, run

import mindspore as ms
from mindspore import Parameter, Tensor, nn, ops

draw = np.random.default_rng(0)


def normal(*shape):
    return draw.normal(size=shape).astype(np.float32)


def names(cell):
    return [p.name for p in cell.get_parameters()]


def test_linear_is_dense_under_other_names(mode):
    layer = nn.Linear(3, 4)
    x = normal(2, 5, 3)
    np.testing.assert_allclose(run(layer, x), x @ layer.weight.asnumpy().T + layer.bias.asnumpy(), rtol=1e-5, atol=1e-6)
    assert names(layer) == ["weight", "bias"] and names(nn.Linear(3, 4, False)) == ["weight"]
    check_gradients(layer, x)


def test_bidense(mode):
    ms.set_seed(0)
    layer = nn.BiDense(3, 4, 5)
    x, y = normal(2, 6, 3), normal(2, 6, 4)
    expected = np.einsum("abi,kij,abj->abk", x, layer.weight.asnumpy(), y) + layer.bias.asnumpy()
    np.testing.assert_allclose(run(layer, x, y), expected, rtol=1e-4, atol=1e-5)
    assert np.abs(layer.weight.asnumpy()).max() <= 3 ** -0.5
    weights = Tensor(normal(2, 6, 5))
    gradient = ms.grad(lambda v: ops.sum(layer(v, Tensor(y)) * weights))(Tensor(x)).asnumpy()
    np.testing.assert_allclose(gradient, np.einsum("abk,kij,abj->abi", weights.asnumpy(), layer.weight.asnumpy(), y),
                               rtol=1e-4, atol=1e-5)
    with pytest.raises(ValueError, match="expected"):
        layer(Tensor(x), Tensor(x))


def test_convolution_with_normalization_and_activation(mode):
    layer = nn.Conv2dBnAct(2, 3, 3, has_bn=True, activation="relu", has_bias=True)
    assert names(layer)[:2] == ["conv.weight", "conv.bias"]
    assert {n.partition(".")[0] for n in names(layer)} == {"conv", "batchnorm"}
    x = Tensor(normal(2, 2, 5, 5))
    expected = np.maximum(layer.conv(x).asnumpy() / np.sqrt(1 + 1e-5), 0)
    np.testing.assert_allclose(layer(x).asnumpy(), expected, rtol=1e-4, atol=1e-6)
    slope = nn.DenseBnAct(4, 3, activation="leakyrelu", alpha=0.5)
    rows = normal(2, 4)
    dense = rows @ slope.dense.weight.asnumpy().T
    np.testing.assert_allclose(run(slope, rows), np.where(dense > 0, dense, 0.5 * dense), rtol=1e-4, atol=1e-6)
    assert names(slope) == ["dense.weight", "dense.bias"]
    assert names(nn.DenseBnAct(4, 3, has_bn=True))[2:] == [
        f"batchnorm.{n}" for n in ("moving_mean", "moving_variance", "gamma", "beta")]


def test_rows_of_a_table_cut_to_a_length(mode):
    layer = nn.EmbeddingLookup(6, 4, param_init="ones", max_norm=1.0)
    np.testing.assert_allclose(run(layer, np.array([[0, 5]])), np.full((1, 2, 4), 0.5), rtol=1e-6)
    assert names(layer) == ["embedding_table"]
    plain = nn.EmbeddingLookup(6, 4, vocab_cache_size=0)
    np.testing.assert_array_equal(run(plain, np.array([2, 2])), plain.embedding_table.asnumpy()[[2, 2]])
    with pytest.raises(ValueError, match="'target'"):
        nn.EmbeddingLookup(6, 4, target="GPU")
    with pytest.raises(ValueError, match="'vocab_cache_size' must be an int"):
        nn.EmbeddingLookup(6, 4, vocab_cache_size=-1)


def test_parameter_update(mode):
    param = Parameter(Tensor(np.zeros(3, np.float32)), name="p")
    nn.ParameterUpdate(param)(Tensor(np.arange(3, dtype=np.float32)))
    np.testing.assert_array_equal(param.asnumpy(), [0, 1, 2])
    with pytest.raises(TypeError, match="'param' must be a Parameter"):
        nn.ParameterUpdate(Tensor([1]))


def test_mathematical_layers(mode):
    x = normal(3, 4, 5)
    np.testing.assert_allclose(run(nn.ReduceLogSumExp(1, True), x), np.log(np.exp(x).sum(1, keepdims=True)), rtol=1e-5)
    np.testing.assert_allclose(run(nn.ReduceLogSumExp((0, 2)), x), np.log(np.exp(x).sum((0, 2))), rtol=1e-5)
    mean, variance = nn.Moments((0, 2), True)(Tensor(x))
    np.testing.assert_allclose(mean.asnumpy(), x.mean((0, 2), keepdims=True), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(variance.asnumpy(), x.var((0, 2), keepdims=True), rtol=1e-4)
    assert nn.Moments()(Tensor(x))[1].shape == ()
    np.testing.assert_allclose(run(nn.Norm(2), x), np.linalg.norm(x, axis=2), rtol=1e-5)
    np.testing.assert_array_equal(run(nn.Roll(2, 1), x), np.roll(x, 2, 1))
    np.testing.assert_array_equal(run(nn.MatrixDiagPart(), x), x[:, np.arange(4), np.arange(4)])
    np.testing.assert_array_equal(run(nn.MatrixDiag(), x[0])[2], np.diag(x[0, 2]))
    assert nn.Range(1, 8, 2)().asnumpy().tolist() == [1, 3, 5, 7] and nn.Range(3)().dtype is ms.int32


def test_local_response_normalization(mode):
    x = normal(2, 6, 3, 3)
    expected = np.zeros_like(x)
    for c in range(6):
        near = x[:, max(c - 2, 0):c + 3]
        expected[:, c] = x[:, c] / (1.5 + 0.3 * (near ** 2).sum(1)) ** 0.75
    layer = nn.LRN(2, 1.5, 0.3, 0.75)
    np.testing.assert_allclose(run(layer, x), expected, rtol=1e-4, atol=1e-6)
    check_gradients(layer, x)


def test_the_middle_of_an_image(mode):
    x = normal(2, 3, 9, 8)
    np.testing.assert_array_equal(run(nn.CentralCrop(0.5), x), x[:, :, 2:7, 2:6])
    np.testing.assert_array_equal(run(nn.CentralCrop(1.0), x[0]), x[0])
    with pytest.raises(ValueError, match="central_fraction"):
        nn.CentralCrop(0.0)


def test_how_alike_images_are(mode):
    a = draw.random((2, 3, 13, 14)).astype(np.float32)
    b = np.clip(a + 0.1 * normal(2, 3, 13, 14), 0, 1).astype(np.float32)
    np.testing.assert_allclose(run(nn.PSNR(), a, b), 10 * np.log10(1 / ((a - b) ** 2).mean((1, 2, 3))), rtol=1e-4)
    row = np.exp(-(np.arange(11) - 5) ** 2 / (2 * 1.5 ** 2))
    window = np.outer(row, row) / row.sum() ** 2
    values = []
    for n in range(2):
        each = []
        for c, i, j in product(range(3), range(3), range(4)):
            x, y = (v[n, c, i:i + 11, j:j + 11].astype(np.float64) for v in (a, b))
            mx, my = (x * window).sum(), (y * window).sum()
            vx, vy = (x * x * window).sum() - mx ** 2, (y * y * window).sum() - my ** 2
            vxy = (x * y * window).sum() - mx * my
            each.append((2 * mx * my + 1e-4) * (2 * vxy + 9e-4) / ((mx ** 2 + my ** 2 + 1e-4) * (vx + vy + 9e-4)))
        values.append(np.mean(each))
    np.testing.assert_allclose(run(nn.SSIM(), a, b), values, rtol=1e-3)
    np.testing.assert_allclose(run(nn.SSIM(), a, a), [1, 1], rtol=1e-5)
    with pytest.raises(ValueError, match="smaller than the window"):
        nn.SSIM()(Tensor(a[:, :, :5]), Tensor(a[:, :, :5]))


@pytest.mark.parametrize("p, weighted", [(1, False), (2, True)])
def test_multi_margin_loss(mode, p, weighted):
    x, target, weight = normal(4, 5), np.array([0, 4, 2, 2]), draw.random(5).astype(np.float32)
    expected = []
    for row, y in zip(x, target):
        terms = [max(0, 1.5 - row[y] + row[k]) ** p for k in range(5) if k != y]
        expected.append(sum(terms) / 5 * (weight[y] if weighted else 1))
    layer = nn.MultiMarginLoss(p, 1.5, "none", Tensor(weight) if weighted else None)
    np.testing.assert_allclose(run(layer, x, target), expected, rtol=1e-5)
    with pytest.raises(ValueError, match="'p' must be 1 or 2"):
        nn.MultiMarginLoss(3)


def test_triplets_with_a_distance_of_ones_own(mode):
    a, p, n = normal(4, 3), normal(4, 3), normal(4, 3)

    def far(x, y):
        return ops.sum(ops.abs(x - y), -1)

    def numpy_far(x, y):
        return np.abs(x - y).sum(-1)

    expected = np.maximum(numpy_far(a, p) - np.minimum(numpy_far(a, n), numpy_far(p, n)) + 0.5, 0).mean()
    np.testing.assert_allclose(run(nn.TripletMarginWithDistanceLoss(far, True, margin=0.5), a, p, n), expected,
                               rtol=1e-5)
    expected = np.maximum(np.linalg.norm(a - p, axis=1) - np.linalg.norm(a - n, axis=1) + 1, 0)
    np.testing.assert_allclose(run(nn.TripletMarginWithDistanceLoss(reduction="none"), a, p, n), expected, rtol=1e-4,
                               atol=1e-5)


def paths_probability(probabilities, labels, blank):
    """The sum over all paths that collapse to the labels."""
    total = 0.0
    for path in product(range(probabilities.shape[1]), repeat=len(probabilities)):
        merged = [c for k, c in enumerate(path) if k == 0 or c != path[k - 1]]
        if [c for c in merged if c != blank] == list(labels):
            total += np.prod([probabilities[t, c] for t, c in enumerate(path)])
    return total


@pytest.mark.parametrize("blank", [0, 2])
def test_ctc_loss_counts_all_paths(mode, blank):
    logits = normal(5, 3, 4)
    logs = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    labels = np.array([[1, 1], [3, 1], [1, 0 if blank else 3]])
    steps, counts = np.array([5, 4, 3]), np.array([2, 2, 1])
    each = [-np.log(paths_probability(np.exp(logs[:steps[n], n].astype(np.float64)), labels[n, :counts[n]], blank))
            for n in range(3)]
    got = run(nn.CTCLoss(blank, "none"), logs, labels, steps, counts)
    np.testing.assert_allclose(got, each, rtol=1e-5)
    mean = run(nn.CTCLoss(blank), logs, labels, steps, counts)
    np.testing.assert_allclose(mean, np.mean(np.array(each) / counts), rtol=1e-5)
    joined = np.concatenate([row[:count] for row, count in zip(labels, counts)])
    if mode == "pynative":
        loss, alphas = ops.ctc_loss(Tensor(logs), Tensor(joined), Tensor(steps), Tensor(counts), blank)
        np.testing.assert_allclose(loss.asnumpy(), mean, rtol=1e-5)
        ends = np.exp(alphas.asnumpy()[np.arange(3), -1][np.arange(3)[:, None], counts[:, None] * 2 - [0, 1]])
        np.testing.assert_allclose(-np.log(ends.sum(1)), each, rtol=1e-4)
        assert alphas.shape == (3, 5, 5) and alphas.asnumpy()[0, 0, 2] == -np.inf

    def total(x):
        return nn.CTCLoss(blank, "sum")(ops.log_softmax(x, -1), Tensor(labels), Tensor(steps), Tensor(counts))

    gradient = ms.grad(total)(Tensor(logits)).asnumpy()
    assert np.isfinite(gradient).all() and not gradient[4, 1].any()
    compare(lambda a: float(total(Tensor(a)).asnumpy()), logits, gradient, np.random.default_rng(0))


def test_ctc_loss_of_labels_that_do_not_fit(mode):
    logs = np.full((2, 1, 3), -np.log(3), np.float32)
    arguments = (np.array([[1, 1]]), np.array([2]), np.array([2]))
    assert run(nn.CTCLoss(reduction="none"), logs, *arguments)[0] == np.inf
    assert run(nn.CTCLoss(reduction="none", zero_infinity=True), logs, *arguments)[0] == 0
    loss = nn.CTCLoss(reduction="sum", zero_infinity=True)
    gradient = ms.grad(lambda x: loss(x, *[Tensor(a) for a in arguments]))(Tensor(logs)).asnumpy()
    assert not gradient.any()
    with pytest.raises(ValueError, match="blank is 3"):
        ops.ctc_loss(Tensor(logs), *[Tensor(a) for a in arguments], blank=3)
