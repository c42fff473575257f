"""MindSpore's programming interface on a modular, pluggable compiler.

The names here are the public interface. Heavy parts (`dataset`, `train`, `amp`, ...) are loaded when they are first
used, so that importing the package is quick.
"""
from __future__ import annotations

import importlib
import os

import mindspore._distribution  # refuses another distribution of this name
import mindspore.common.tensor_attached  # attaches the operators and methods of tensors
import mindspore.compiler.primitives  # registers the operators
from mindspore import context, module_paths
from mindspore._version import __version__
from mindspore.batching import vmap
from mindspore.common import dtype
from mindspore.common.api import constexpr, jit, jit_class, ms_class, ms_function, mutable
from mindspore.common.dtype import (
    Int,
    QuantDtype,
    TensorType,
    Type,
    bfloat16,
    bool_,
    byte,
    cdouble,
    cfloat,
    complex64,
    complex128,
    double,
    dtype_to_nptype,
    dtype_to_pytype,
    float16,
    float32,
    float64,
    float_,
    get_py_obj_dtype,
    half,
    int8,
    int16,
    int32,
    int64,
    int_,
    intc,
    intp,
    list_,
    long,
    number,
    pytype_to_dtype,
    short,
    single,
    string,
    tensor_type,
    tuple_,
    type_none,
    ubyte,
    uint,
    uint8,
    uint16,
    uint32,
    uint64,
    uintc,
    uintp,
    ushort,
)
from mindspore.common.jit_config import JitConfig, lazy_inline, no_inline
from mindspore.common.parameter import Parameter, ParameterTuple
from mindspore.common.seed import get_seed, set_seed
from mindspore.common.sparse_tensor import COOTensor, CSRTensor, RowTensor, SparseTensor
from mindspore.common.tensor import Tensor, tensor
from mindspore.compiler.frontend.recursion import set_recursion_limit
from mindspore.context import (
    COMPATIBLE,
    GRAPH_MODE,
    LAX,
    PYNATIVE_MODE,
    STRICT,
    DeviceCtx,
    ParallelMode,
    get_auto_parallel_context,
    get_context,
    get_current_device,
    get_ps_context,
    ms_memory_recycle,
    reset_auto_parallel_context,
    set_auto_parallel_context,
    set_context,
    set_deterministic,
    set_device,
    set_ps_context,
)
from mindspore.gradient import get_grad, grad, value_and_grad, vjp
from mindspore.graph.dynamic import Symbol, enable_dynamic
from mindspore.recomputation import recompute
from mindspore.saved_tensors import register_saved_tensors_hooks, saved_tensors_hooks
from mindspore.transforms import hessian, jacfwd, jacrev, jvp

_LAZY_MODULES = {"nn", "ops", "train", "dataset", "numpy", "mint", "amp", "plugin", "testing", "log", "scipy", "hal",
                 "runtime", "common", "compiler", "run_check_module", "mindrecord", "experimental", "onnx",
                 "device_context", "utils", "multiprocessing", "profiler", "safeguard", "communication", "boost",
                 "version", "rewrite", "parallel"}
_LAZY_NAMES = {
    "save_checkpoint": "train.serialization", "load_checkpoint": "train.serialization",
    "load_param_into_net": "train.serialization", "async_ckpt_thread_status": "train.serialization",
    "load_checkpoint_async": "train.serialization", "ckpt_to_safetensors": "train.serialization",
    **dict.fromkeys(("build_searched_strategy", "load_distributed_checkpoint", "merge_sliced_parameter",
                     "restore_group_info_list"), "train.serialization"),
    **dict.fromkeys(("Layout", "get_algo_parameters", "reset_algo_parameters", "set_algo_parameters", "shard"),
                    "parallel"),
    "safetensors_to_ckpt": "train.serialization", "export": "train.serialization", "load": "train.serialization",
    "_no_grad": "common.api", "Model": "train.model", "run_check": "run_check_module",
    **dict.fromkeys((
        "Event", "Stream", "StreamCtx", "communication_stream", "current_stream", "default_stream", "launch_blocking",
        "set_cur_stream", "synchronize", "empty_cache", "max_memory_allocated", "max_memory_reserved",
        "memory_allocated", "memory_reserved", "memory_stats", "memory_summary", "reset_max_memory_allocated",
        "reset_max_memory_reserved", "reset_peak_memory_stats", "set_memory", "set_cpu_affinity",
        "dispatch_threads_num", "set_kernel_launch_group"), "runtime"),
    **dict.fromkeys(("Generator", "default_generator", "get_rng_state", "initial_seed", "manual_seed", "seed",
                     "set_rng_state"), "common.generator"),
    **dict.fromkeys(("frombuffer", "swap_tensors"), "common.handles"), "is_tensor": "ops",
    "UntypedStorage": "common.tensor_memory",
    **dict.fromkeys(("load_mindir", "load_segmented_checkpoints", "save_mindir"), "train._segments"),
    **dict.fromkeys(("connect_network_with_dataset", "data_sink"), "train.sinking"),
    **dict.fromkeys(("load_obf_params_into_net", "obfuscate_ckpt"), "safeguard"),
    **dict.fromkeys(("Node", "NodeType", "ScopedValue", "SymbolTree"), "rewrite"),
    "Profiler": "profiler", "get_level": "log", "get_log_config": "log",
    "build_train_network": "train.amp", **dict.fromkeys(("DynamicLossScaleManager", "FixedLossScaleManager",
    "LossScaleManager"), "train.loss_scale_manager"), "from_numpy": "common.tensor_methods", "ops": "ops", "nn": "nn",
    **dict.fromkeys((
        "Accuracy", "BackupAndRestore", "BleuScore", "Callback", "CheckpointConfig", "ConfusionMatrix",
        "ConfusionMatrixMetric", "ConvertModelUtils", "ConvertNetUtils",
        "CosineSimilarity", "DatasetHelper", "Dice", "EarlyStopping", "F1", "Fbeta",
        "FlopsUtilizationCollector", "HausdorffDistance", "History", "LambdaCallback", "LearningRateScheduler",
        "Loss", "LossMonitor", "MAE", "MSE", "MeanSurfaceDistance", "Metric", "ModelCheckpoint",
        "OcclusionSensitivity", "OnRequestExit", "Perplexity", "Precision", "ROC", "Recall",
        "ReduceLROnPlateau", "RootMeanSquareDistance", "RunContext", "SummaryCollector", "SummaryLandscape",
        "SummaryRecord", "TimeMonitor", "Top1CategoricalAccuracy", "Top5CategoricalAccuracy", "TopKCategoricalAccuracy",
        "auc", "get_metric_fn", "names", "rearrange_inputs"), "train"),
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
