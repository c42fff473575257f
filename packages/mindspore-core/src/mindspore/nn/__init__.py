"""Networks: Cells, layers, losses, optimizers."""
# ruff: noqa: F403
from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from mindspore.common.deferred import no_init_parameters
from mindspore.module_paths import answer_below
from mindspore.nn.cell import Cell
from mindspore.nn.dynamic_lr import (
    cosine_decay_lr,
    exponential_decay_lr,
    inverse_decay_lr,
    natural_exp_decay_lr,
    piecewise_constant_lr,
    polynomial_decay_lr,
    warmup_lr,
)
from mindspore.nn.graph_cell import GraphCell
from mindspore.nn.layer.activation import *
from mindspore.nn.layer.basic import *
from mindspore.nn.layer.combined import *
from mindspore.nn.layer.container import *
from mindspore.nn.layer.conv import *
from mindspore.nn.layer.curvature import *
from mindspore.nn.layer.derivatives import *
from mindspore.nn.layer.fields import *
from mindspore.nn.layer.image import *
from mindspore.nn.layer.image_quality import *
from mindspore.nn.layer.math import *
from mindspore.nn.layer.max_windows import *
from mindspore.nn.layer.normalization import *
from mindspore.nn.layer.pooling import *
from mindspore.nn.layer.regularization import *
from mindspore.nn.layer.resizing import *
from mindspore.nn.layer.rnn_cells import *
from mindspore.nn.layer.rnns import *
from mindspore.nn.layer.sparse import *
from mindspore.nn.layer.time_distributed import *
from mindspore.nn.layer.transformer import *
from mindspore.nn.learning_rate_schedule import (
    CosineDecayLR,
    ExponentialDecayLR,
    InverseDecayLR,
    LearningRateSchedule,
    NaturalExpDecayLR,
    PolynomialDecayLR,
    WarmUpLR,
)
from mindspore.nn.loss import *
from mindspore.nn.loss_scale import (
    DynamicLossScaleUpdateCell,
    FixedLossScaleUpdateCell,
    TrainOneStepWithLossScaleCell,
)
from mindspore.nn.micro_batches import *
from mindspore.nn.optim import *
from mindspore.nn.reducers import *
from mindspore.nn.sampled_loss import *
from mindspore.nn.wrap import ForwardValueAndGrad, TrainOneStepCell, WithEvalCell, WithGradCell, WithLossCell

_METRICS = ("Accuracy", "BleuScore", "ConfusionMatrix", "ConfusionMatrixMetric", "CosineSimilarity", "Dice", "F1",
            "Fbeta", "HausdorffDistance", "Loss", "MAE", "MSE", "MeanSurfaceDistance", "Metric",
            "OcclusionSensitivity", "Perplexity", "Precision", "ROC", "Recall", "RootMeanSquareDistance",
            "Top1CategoricalAccuracy", "Top5CategoricalAccuracy", "TopKCategoricalAccuracy", "auc", "get_metric_fn",
            "get_metrics", "names", "rearrange_inputs")

_CONTAINERS = ("TensorArray", "TensorsQueue")

_MINT = {f"{name}Ext": name for name in (
    "AvgPool1d", "AvgPool2d", "AvgPool3d", "Dropout", "Dropout2d", "Embedding", "L1Loss", "LayerNorm", "LogSoftmax",
    "MaxPool2d", "PReLU")}

if not TYPE_CHECKING:  # a checker would take any name for one of these

    def __getattr__(name: str):
        """Metrics belong to `mindspore.train` and are known here, too; so are containers of tensors, and layers of
        `mint.nn`, with Ext behind their names."""
        if name in _METRICS:
            from mindspore.train import metrics
            return getattr(metrics, name)
        if name in _MINT:
            return getattr(importlib.import_module("mindspore.mint.nn"), _MINT[name])
        if name in ("probability", "reinforcement"):
            return importlib.import_module(f"mindspore.nn.{name}")
        if name in _CONTAINERS:
            return getattr(importlib.import_module("mindspore.nn.reinforcement"), name)
        if name == "metrics":
            return importlib.import_module("mindspore.train.metrics")
        raise AttributeError(f"module 'mindspore.nn' has no attribute {name!r}")

answer_below(__name__)
