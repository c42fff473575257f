"""Optimizers."""
from mindspore.nn.optim.adam import Adam, AdaMax, AdamOffload, AdamWeightDecay, Lamb, LazyAdam
from mindspore.nn.optim.adaptive import ASGD, FTRL, Adadelta, Adagrad, RMSProp, Rprop
from mindspore.nn.optim.adasum import AdaSumByDeltaWeightWrapCell, AdaSumByGradWrapCell
from mindspore.nn.optim.momentum import Momentum
from mindspore.nn.optim.natural_gradient import thor
from mindspore.nn.optim.norms import LARS, AdaFactor
from mindspore.nn.optim.optimizer import Optimizer
from mindspore.nn.optim.proximal import ProximalAdagrad
from mindspore.nn.optim.sgd import SGD

__all__ = ["AdaSumByDeltaWeightWrapCell", "AdaSumByGradWrapCell",
           "Optimizer", "Momentum", "SGD", "Adam", "LazyAdam", "AdamWeightDecay", "AdaMax", "Lamb", "RMSProp",
           "Adagrad", "Adadelta", "FTRL", "Rprop", "ASGD", "AdaFactor", "AdamOffload", "LARS", "ProximalAdagrad",
           "thor"]
