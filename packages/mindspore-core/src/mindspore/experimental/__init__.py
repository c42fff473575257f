"""Interfaces that MindSpore keeps under this name: optimizers with parameter groups as dictionaries."""
from mindspore.experimental import optim

__all__ = ["optim"]
