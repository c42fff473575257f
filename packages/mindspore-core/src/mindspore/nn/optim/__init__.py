"""Optimizers."""
from mindspore.nn.optim.adam import Adam, AdaMax, AdamWeightDecay, Lamb, LazyAdam
from mindspore.nn.optim.adaptive import ASGD, FTRL, Adadelta, Adagrad, RMSProp, Rprop
from mindspore.nn.optim.momentum import Momentum
from mindspore.nn.optim.optimizer import Optimizer
from mindspore.nn.optim.sgd import SGD

__all__ = ["Optimizer", "Momentum", "SGD", "Adam", "LazyAdam", "AdamWeightDecay", "AdaMax", "Lamb", "RMSProp",
           "Adagrad", "Adadelta", "FTRL", "Rprop", "ASGD"]
