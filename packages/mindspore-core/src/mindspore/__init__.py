"""MindSpore's programming interface on a modular, pluggable compiler.

The names here are the public interface. Heavy parts (`dataset`, `train`, `amp`, ...) are loaded when they are first
used, so that importing the package is quick.
"""
from __future__ import annotations

import importlib
import os

import mindspore.common.tensor_methods  # attaches the operators and methods of tensors
import mindspore.compiler.primitives  # registers the operators
from mindspore import context, module_paths
from mindspore._version import __version__
from mindspore.batching import vmap
from mindspore.common import dtype
from mindspore.common.api import constexpr, jit, jit_class, ms_class, ms_function, mutable
from mindspore.common.dtype import (
    bfloat16,
    bool_,
    byte,
    cdouble,
    complex64,
    complex128,
    double,
    dtype_to_nptype,
    float16,
    float32,
    float64,
    half,
    int8,
    int16,
    int32,
    int64,
    intc,
    intp,
    long,
    pytype_to_dtype,
    short,
    single,
    string,
    ubyte,
    uint8,
    uint16,
    uint32,
    uint64,
    uintc,
    uintp,
    ushort,
)
from mindspore.common.parameter import Parameter, ParameterTuple
from mindspore.common.seed import get_seed, set_seed
from mindspore.common.tensor import Tensor, tensor
from mindspore.context import (
    COMPATIBLE,
    GRAPH_MODE,
    LAX,
    PYNATIVE_MODE,
    STRICT,
    ParallelMode,
    get_context,
    get_current_device,
    set_context,
    set_device,
)
from mindspore.gradient import get_grad, grad, value_and_grad, vjp
from mindspore.graph.dynamic import Symbol, enable_dynamic
from mindspore.recomputation import recompute
from mindspore.transforms import hessian, jacfwd, jacrev, jvp

_LAZY_MODULES = {"nn", "ops", "train", "dataset", "numpy", "mint", "amp", "plugin", "testing", "log", "scipy", "hal",
                 "runtime", "common", "compiler", "run_check_module", "mindrecord", "experimental", "onnx"}
_LAZY_NAMES = {
    "save_checkpoint": "train.serialization", "load_checkpoint": "train.serialization",
    "load_param_into_net": "train.serialization", "async_ckpt_thread_status": "train.serialization",
    "load_checkpoint_async": "train.serialization", "ckpt_to_safetensors": "train.serialization",
    "safetensors_to_ckpt": "train.serialization", "export": "train.serialization", "load": "train.serialization",
    "Model": "train.model", "run_check": "run_check_module",
    "build_train_network": "train.amp", **dict.fromkeys(("DynamicLossScaleManager", "FixedLossScaleManager",
    "LossScaleManager"), "train.loss_scale_manager"), "from_numpy": "common.tensor_methods", "ops": "ops", "nn": "nn",
    **dict.fromkeys((
        "Accuracy", "BleuScore", "Callback", "CheckpointConfig", "ConfusionMatrix", "ConfusionMatrixMetric",
        "CosineSimilarity", "DatasetHelper", "Dice", "EarlyStopping", "F1", "Fbeta", "HausdorffDistance", "History",
        "LambdaCallback", "LearningRateScheduler", "Loss", "LossMonitor", "MAE", "MSE", "MeanSurfaceDistance", "Metric",
        "ModelCheckpoint", "OcclusionSensitivity", "Perplexity", "Precision", "ROC", "Recall", "ReduceLROnPlateau",
        "RootMeanSquareDistance", "RunContext", "TimeMonitor", "Top1CategoricalAccuracy", "Top5CategoricalAccuracy",
        "TopKCategoricalAccuracy", "auc", "get_metric_fn", "names", "rearrange_inputs"), "train"),
}
module_paths.install()
pynative = PYNATIVE_MODE
bool = bool_
int = int64
float = float32


def get_include() -> str:
    """The folder of the C++ headers that ship with the package: the executor that C++ backends compile."""
    return os.path.join(os.path.dirname(os.path.abspath(__file__)), "include")


def __getattr__(name: str):
    if name in _LAZY_NAMES and name not in _LAZY_MODULES:
        value = getattr(importlib.import_module(f"mindspore.{_LAZY_NAMES[name]}"), name)
        globals()[name] = value
        return value
    if name in _LAZY_MODULES:
        return importlib.import_module(f"mindspore.{name}")
    raise AttributeError(f"module 'mindspore' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY_MODULES, *_LAZY_NAMES} - {"run_check_module"})
