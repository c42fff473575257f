"""Layers whose weights have distributions: moments of what they compute, divergences by their formula, and training."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, nn, ops
from mindspore.nn.probability import bnn_layers as bnn
from mindspore.nn.probability.bnn_layers import layer_distribution

X = np.random.default_rng(1).normal(size=(2, 3)).astype(np.float32)
IMAGE = np.random.default_rng(2).normal(size=(1, 2, 4, 4)).astype(np.float32)


def wide(name, shape):
    """A posterior with deviations of about 0.7."""
    return bnn.NormalPosterior(name, shape, untransformed_scale_mean=0.0)


def softplus(x):
    return np.log1p(np.exp(x))


def parts(posterior):
    return posterior.mean.asnumpy(), 1e-6 + softplus(posterior.untransformed_std.asnumpy())


def divergence(posterior, mean=0.0, std=0.1):
    """The sum of KL(N(m, s) || N(mean, std))."""
    m, s = parts(posterior)
    return (np.log(std / s) + (s ** 2 + (m - mean) ** 2) / (2 * std ** 2) - 0.5).sum()


@pytest.mark.parametrize("cls", [bnn.DenseReparam, bnn.DenseLocalReparam])
def test_moments_of_a_dense_layer(cls):
    """Over many calls the outputs have the mean and variance that follow from the weights' distributions."""
    ms.set_seed(7)
    layer = cls(3, 2, weight_posterior_fn=wide, bias_posterior_fn=wide)
    many = ms.jit(lambda x: ops.stack([layer(x) for _ in range(40)]))
    samples = np.concatenate([many(Tensor(X)).asnumpy() for _ in range(15)])
    (w, s), (b, t) = parts(layer.weight_posterior), parts(layer.bias_posterior)
    variance = X ** 2 @ (s ** 2).T + t ** 2
    np.testing.assert_allclose(samples.mean(0), X @ w.T + b, atol=5 * np.sqrt(variance.max() / 600))
    np.testing.assert_allclose(samples.var(0), variance, rtol=0.3)
    assert layer(Tensor(X[0])).shape == (2,)
    assert [p.name for p in layer.trainable_params()] == [
        "weight_posterior.mean", "weight_posterior.untransformed_std", "bias_posterior.mean",
        "bias_posterior.untransformed_std"]


def test_one_draw_is_shared_by_the_batch_or_not():
    """DenseReparam draws weights, so equal rows have equal outputs; DenseLocalReparam draws outputs."""
    ms.set_seed(8)
    rows = Tensor(np.ones((2, 3), np.float32))
    one = bnn.DenseReparam(3, 4, weight_posterior_fn=wide)(rows).asnumpy()
    np.testing.assert_array_equal(one[0], one[1])
    other = bnn.DenseLocalReparam(3, 4, weight_posterior_fn=wide)(rows).asnumpy()
    assert (other[0] != other[1]).all()


def test_a_convolution():
    """Without spread it is the convolution with the means."""
    ms.set_seed(9)
    certain = lambda name, shape: bnn.NormalPosterior(name, shape, untransformed_scale_mean=-60)  # noqa: E731
    layer = bnn.ConvReparam(2, 4, 3, stride=2, has_bias=True, weight_posterior_fn=certain, bias_posterior_fn=certain)
    plain = nn.Conv2d(2, 4, 3, stride=2, has_bias=True)
    plain.weight.set_data(layer.weight_posterior.mean)
    plain.bias.set_data(layer.bias_posterior.mean)
    np.testing.assert_allclose(layer(Tensor(IMAGE)).asnumpy(), plain(Tensor(IMAGE)).asnumpy(), atol=2e-4)
    np.testing.assert_allclose(layer.compute_kl_loss().asnumpy(), divergence(layer.weight_posterior)
                               + divergence(layer.bias_posterior), rtol=1e-4)
    assert len(layer.trainable_params()) == 4


def test_divergence_from_another_prior():
    layer = bnn.DenseReparam(3, 2, has_bias=False, weight_prior_fn=bnn.NormalPrior(mean=1, std=0.5))
    expected = divergence(layer.weight_posterior, 1.0, 0.5)
    np.testing.assert_allclose(layer.compute_kl_loss().asnumpy(), expected, rtol=1e-5)
    prior = bnn.NormalPrior(mean=1, std=2)
    np.testing.assert_allclose(prior("log_prob", Tensor(1.0)).asnumpy(), -np.log(2 * np.sqrt(2 * np.pi)), rtol=1e-6)
    assert layer_distribution.normal_post_fn("w", (2, 3))("sample").shape == (2, 3)


def test_training(mode):
    """The loss falls, means approach the data's weights, and the divergence has gradients by means and deviations."""
    ms.set_seed(10)
    rng = np.random.default_rng(3)
    x = rng.normal(size=(64, 3)).astype(np.float32)
    y = x @ np.float32([[1], [-2], [0.5]])
    net = nn.SequentialCell(bnn.DenseReparam(3, 1, has_bias=False))
    with_loss = bnn.WithBNNLossCell(net, nn.MSELoss(), dnn_factor=1.0, bnn_factor=1e-4)
    assert with_loss.backbone_network is net
    step = nn.TrainOneStepCell(with_loss, nn.Adam(net.trainable_params(), 0.1))
    losses = [float(step(Tensor(x), Tensor(y)).asnumpy()) for _ in range(60)]
    assert losses[-1] < 0.1 * losses[0]
    np.testing.assert_allclose(net[0].weight_posterior.mean.asnumpy(), [[1, -2, 0.5]], atol=0.1)
    posterior = net[0].weight_posterior
    found = ms.grad(net[0].compute_kl_loss, None, ms.ParameterTuple([posterior.mean, posterior.untransformed_std]))()
    m, s = parts(posterior)
    np.testing.assert_allclose(found[0].asnumpy(), m / 0.01, rtol=1e-4)
    np.testing.assert_allclose(found[1].asnumpy(), (s / 0.01 - 1 / s) * (1 - np.exp(-s)), rtol=1e-3)


def test_mistakes():
    for wrong, error, text in (
            (lambda: bnn.DenseReparam(0, 2), ValueError, "in_channels"),
            (lambda: bnn.DenseReparam(3, 2, weight_prior_fn=3), TypeError, "a prior must be a Cell"),
            (lambda: bnn.DenseReparam(3, 2, weight_posterior_fn=3), TypeError, "a posterior must be a function"),
            (lambda: bnn.NormalPosterior(3, (2,)), TypeError, "'name' must be a str"),
            (lambda: bnn.WithBNNLossCell(nn.ReLU(), ops.sum, dnn_factor=-1), ValueError, "must not be negative"),
            (lambda: bnn.DenseReparam(3, 2)(Tensor(X.T.copy())), ValueError, "last axis must be in_channels")):
        with pytest.raises(error, match=text):
            wrong()
