"""Optimizers whose groups of parameters are dictionaries, and schedulers that change their learning rates."""
from mindspore.experimental.optim import lr_scheduler
from mindspore.experimental.optim.adam import Adam, Adamax, AdamW, NAdam, RAdam
from mindspore.experimental.optim.adaptive import ASGD, SGD, Adadelta, Adagrad, RMSprop, Rprop
from mindspore.experimental.optim.optimizer import Optimizer

__all__ = ["Optimizer", "AdamW", "SGD", "Adam", "Adadelta", "Adagrad", "ASGD", "Adamax", "RMSprop", "Rprop", "RAdam",
           "NAdam", "lr_scheduler"]
