"""Networks: Cells, layers, losses, optimizers."""
from mindspore.nn.cell import Cell
from mindspore.nn.layer import *  # noqa: F403
from mindspore.nn.layer import get_activation
from mindspore.nn.loss import (
    BCELoss,
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    L1Loss,
    LossBase,
    MSELoss,
    NLLLoss,
    SmoothL1Loss,
    SoftmaxCrossEntropyWithLogits,
)
from mindspore.nn.optim import SGD, Adam, AdamWeightDecay, Momentum, Optimizer
from mindspore.nn.wrap import ForwardValueAndGrad, TrainOneStepCell, WithEvalCell, WithGradCell, WithLossCell
