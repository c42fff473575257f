"""Layers, one file per family; each names in __all__ what it offers."""
# ruff: noqa: F403
from mindspore.module_paths import answer_below
from mindspore.nn.layer.activation import *
from mindspore.nn.layer.basic import *
from mindspore.nn.layer.combined import *
from mindspore.nn.layer.container import *
from mindspore.nn.layer.conv import *
from mindspore.nn.layer.curvature import *
from mindspore.nn.layer.derivatives import *
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

answer_below(__name__)
