"""Names of MindSpore 1.x that have successors: they work, and the first use of each gives a DeprecationWarning.

The warning stands at the user's line, the innermost one outside of this package.
"""
from __future__ import annotations

import sys
import warnings
from pathlib import Path

__all__ = ["LAYERS", "MODULES", "OPERATORS", "deprecated"]

OPERATORS = {
    "BasicLSTMCell": "nn.LSTMCell", "DepthwiseConv2dNative": "nn.Conv2d with group", "DropoutDoMask": "ops.Dropout",
    "DropoutGenMask": "ops.Dropout", "DynamicShape": "ops.TensorShape", "FusedSparseAdam": "ops.Adam",
    "GatherV2": "ops.Gather", "Pack": "ops.Stack", "ScalarToArray": "ops.ScalarToTensor",
    "SparseGatherV2": "ops.Gather", "TensorAdd": "ops.Add", "Unpack": "ops.Unstack",
}
LAYERS = {
    "DiGamma": "ops.digamma", "IGamma": "ops.igamma", "LGamma": "ops.lgamma", "MatDet": "ops.det",
    "MatInverse": "ops.inverse", "MatMul": "ops.matmul", "MatrixDiag": "ops.diag_embed",
    "MatrixDiagPart": "ops.diagonal", "Moments": "ops.var_mean", "Norm": "ops.norm", "OneHot": "ops.one_hot",
    "Range": "ops.range", "ReduceLogSumExp": "ops.logsumexp", "ResizeBilinear": "ops.interpolate", "Roll": "ops.roll",
    "Tril": "ops.tril", "Triu": "ops.triu",
}
MODULES = {
    "mindspore.dataset.transforms.c_transforms": "mindspore.dataset.transforms",
    "mindspore.dataset.transforms.py_transforms": "mindspore.dataset.transforms",
    "mindspore.dataset.vision.c_transforms": "mindspore.dataset.vision",
    "mindspore.dataset.vision.py_transforms": "mindspore.dataset.vision",
}
_PACKAGE = str(Path(__file__).parent) + "/"
_IMPORTS = "<frozen importlib"
_warned: set[str] = set()


def deprecated(name: str, successor: str) -> None:
    """Warn that the program uses a name that has a successor, once for each name."""
    if name in _warned:
        return
    _warned.add(name)
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_code.co_filename.startswith((_PACKAGE, _IMPORTS)):
        level += not frame.f_code.co_filename.startswith(_IMPORTS)  # `warn` does not count these
        frame = frame.f_back
    warnings.warn(f"{name} is deprecated; use {successor}", DeprecationWarning, stacklevel=level)
