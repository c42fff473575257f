"""Layers, one file per family."""
from mindspore.nn.layer.activation import (
    ELU,
    GELU,
    HSigmoid,
    HSwish,
    LeakyReLU,
    LogSigmoid,
    LogSoftmax,
    Mish,
    ReLU,
    ReLU6,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
    get_activation,
)
from mindspore.nn.layer.basic import Dense, Dropout, Embedding, Flatten, Identity, OneHot, Tril, Triu, Unflatten
from mindspore.nn.layer.container import CellDict, CellList, SequentialCell
from mindspore.nn.layer.conv import Conv2d
from mindspore.nn.layer.pooling import AvgPool2d, MaxPool2d
