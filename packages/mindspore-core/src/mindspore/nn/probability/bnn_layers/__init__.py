"""Layers of Bayesian networks: a distribution for each weight instead of a number."""
from mindspore.nn.probability.bnn_layers.layer_distribution import NormalPosterior, NormalPrior, normal_post_fn
from mindspore.nn.probability.bnn_layers.layers import ConvReparam, DenseLocalReparam, DenseReparam
from mindspore.nn.probability.bnn_layers.loss import WithBNNLossCell

__all__ = ["ConvReparam", "DenseLocalReparam", "DenseReparam", "NormalPosterior", "NormalPrior", "WithBNNLossCell"]
