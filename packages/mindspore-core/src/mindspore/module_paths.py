"""Import paths of the real framework that are other modules here.

Programs import `mindspore.ops.operations.math_ops`, `mindspore.nn.wrap.cell_wrapper` or
`mindspore.dataset.vision.c_transforms`, although what they take from there is public elsewhere. `PATHS` says where. A
finder at the end of `sys.meta_path` answers imports of these names with a module that has the attributes of those that
the table names; what none of them has is an ImportError as usual.

Programs also write `ops.function.silu(x)` without an import of `mindspore.ops.function`: an attribute that a package
does not have itself, but whose path is in the table, is that module, where the package asked for it by `answer_below`.
"""
from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from mindspore.deprecation import MODULES, deprecated

_OPERATORS = ("mindspore.ops.operations", "mindspore.ops")
_FUNCTIONS = ("mindspore.ops", "mindspore.ops.functional")
_GENERATED = ("mindspore.ops._native_classes", "mindspore.ops._gradient_classes", "mindspore.ops.rotary",
              "mindspore.ops._in_place_classes", "mindspore.ops._mint_classes", "mindspore.ops._seeded_classes",
              "mindspore.ops.quantized")

PATHS: dict[str, tuple[str, ...]] = {
    **{f"mindspore.ops.operations.{name}": (*_OPERATORS, "mindspore.ops._native_classes") for name in (
        "_sequence_ops", "linalg_ops")},
    **{f"mindspore.ops.operations.{name}": (*_OPERATORS, "mindspore.ops._inner_classes") for name in (
        "_inner_ops", "inner_ops", "random_ops")},
    "mindspore.ops.operations._infer_ops": ("mindspore.ops._native_classes",),
    "mindspore.ops.operations._csr_ops": ("mindspore.ops._sparse_classes",),
    "mindspore.ops.operations._grad_ops": (*_OPERATORS, "mindspore.ops._gradient_classes"),
    **{f"mindspore.ops.operations.{name}": _OPERATORS for name in (
        "_embedding_cache_ops", "_quant_ops", "_scalar_ops", "_tensor_array",
        "array_ops", "comm_ops", "control_ops", "custom_ops", "debug_ops", "image_ops",
        "manually_defined", "nn_ops", "other_ops", "reshard_ops", "rl_ops", "spectral_ops")},
    **{f"mindspore.ops.operations.{name}": (*_OPERATORS, "mindspore.ops._sparse_classes") for name in (
        "math_ops", "sparse_ops")},
    "mindspore.ops.operations._rl_inner_ops": (
        "mindspore.ops.replay", "mindspore.ops.replay_pools", "mindspore.ops.device_environments", *_OPERATORS),
    "mindspore.ops.composite.base": ("mindspore.ops.composite", *_FUNCTIONS),
    "mindspore.ops.composite.multitype_ops": ("mindspore.ops.composite", *_FUNCTIONS),
    **{f"mindspore.ops.composite.multitype_ops.{name}_impl": _FUNCTIONS for name in (
        "add", "div", "equal", "greater", "less", "mul", "negative", "ones_like", "pow", "sub", "zeros_like")},
    "mindspore.ops.auto_generate": (*_OPERATORS, "mindspore.ops.functional", *_GENERATED),
    "mindspore.ops.auto_generate.gen_ops_def": (*_FUNCTIONS, *_GENERATED),
    "mindspore.ops.auto_generate.gen_ops_prim": (*_OPERATORS, *_GENERATED),
    "mindspore.ops.function": _FUNCTIONS,
    "mindspore.ops.extend": ("mindspore.mint", "mindspore.mint.nn.functional", *_FUNCTIONS),
    "mindspore.ops.function.random_func": (*_FUNCTIONS, "mindspore.ops._random_seeds"),
    **{f"mindspore.ops.function.{name}": _FUNCTIONS for name in (
        "array_func", "clip_func", "debug_func", "grad", "image_func", "linalg_func", "math_func", "nn_func",
        "other_func", "parameter_func", "sparse_func", "spectral_func", "vmap_func")},
    "mindspore.ops.function.grad.grad_func": _FUNCTIONS,
    "mindspore.ops.function.comm_func": ("mindspore.ops.collective",),
    "mindspore.ops._grad": ("mindspore.ops._operator_gradients",),
    "mindspore.ops._grad.grad_base": ("mindspore.ops._operator_gradients",),
    "mindspore.ops._grad_experimental": ("mindspore.ops._operator_gradients",),
    "mindspore.ops._grad_experimental.grad_base": ("mindspore.ops._operator_gradients",),
    "mindspore.ops.op_info_register": ("mindspore.ops._registrations",),
    "mindspore.ops.vm_impl_registry": ("mindspore.ops._registrations",),
    "mindspore.nn.wrap.loss_scale": ("mindspore.nn.wrap", "mindspore.nn", "mindspore.nn.gradient_functions"),
    "mindspore.nn.wrap.cell_wrapper": ("mindspore.nn.wrap", "mindspore.nn", "mindspore.nn.micro_batches"),
    "mindspore.nn.wrap.grad_reducer": ("mindspore.nn.wrap", "mindspore.nn"),
    "mindspore.nn.loss.loss": ("mindspore.nn.loss",),
    "mindspore.nn.metrics.metric": ("mindspore.train",),
    **{f"mindspore.train.metrics.{name}": ("mindspore.train.metrics",) for name in (
        "accuracy", "auc", "bleu_score", "confusion_matrix", "cosine_similarity", "dice", "error", "fbeta",
        "hausdorff_distance", "loss", "mean_surface_distance", "metric", "occlusion_sensitivity", "perplexity",
        "precision", "recall", "roc", "root_mean_square_surface_distance", "topk")},
    **{f"mindspore.nn.reinforcement.{name}": ("mindspore.nn.reinforcement",) for name in (
        "_batch_read_write", "_tensors_queue", "tensor_array")},
    "mindspore.nn.utils": ("mindspore.nn",),
    "mindspore.nn.utils.init": ("mindspore.nn",),
    "mindspore.common.storage": ("mindspore.common.tensor_memory",),
    "mindspore._c_expression": ("mindspore.native_names", "mindspore.common.tensor", "mindspore.common.parameter"),
    "mindspore._c_expression.typing": ("mindspore.common.dtype", "mindspore.common.type_classes"),
    "mindspore._extends": ("mindspore.nn.init_arguments",),
    "mindspore.parallel.shard": ("mindspore.parallel.shard_layout",),
    "mindspore.parallel._auto_parallel_context": ("mindspore.parallel._utils",),
    "mindspore.parallel._cost_model_context": ("mindspore.parallel.algorithm_settings",),
    "mindspore.parallel.algo_parameter_config": ("mindspore.parallel",),
    "mindspore.profiler.profiling": ("mindspore.profiler",),
    "mindspore.train.callback._checkpoint": ("mindspore.train.callback", "mindspore.train.callback.checkpoint_files"),
    **{f"mindspore.train.callback.{name}": ("mindspore.train.callback",) for name in (
        "_callback", "_early_stop", "_history", "_lambda_callback", "_landscape", "_loss_monitor",
        "_lr_scheduler_callback", "_reduce_lr_on_plateau", "_summary_collector", "_time_monitor")},
    **{f"mindspore.nn.optim.{name}": ("mindspore.nn.optim", "mindspore.nn") for name in (
        "ada_grad", "adadelta", "adafactor", "adamax", "asgd", "ftrl", "lamb", "lars", "lazyadam", "proximal_ada_grad",
        "rmsprop", "rprop", "thor")},
    **{f"mindspore.nn.layer.{name}": ("mindspore.nn",) for name in (
        "channel_shuffle", "combined", "dense", "embedding", "math", "padding", "rnns", "thor_layer",
        "timedistributed")},
    **{f"mindspore.nn.probability.distribution.{name}": ("mindspore.nn.probability.distribution",) for name in (
        "bernoulli", "beta", "categorical", "cauchy", "exponential", "gamma", "geometric", "gumbel", "half_normal",
        "laplace", "log_normal", "logistic", "normal", "poisson", "student_t", "uniform")},
    **{f"mindspore.nn.probability.bijector.{name}": ("mindspore.nn.probability.bijector",) for name in (
        "bijector", "exp", "gumbel_cdf", "invert", "power_transform", "scalar_affine", "softplus")},
    **{f"mindspore.nn.probability.bnn_layers.{name}": ("mindspore.nn.probability.bnn_layers",) for name in (
        "bnn_cell_wrapper", "conv_variational", "dense_variational")},
    "mindspore.nn.transformer": ("mindspore.parallel._transformer",),
    **{f"mindspore.nn.transformer.{name}": (f"mindspore.parallel._transformer.{name}",) for name in (
        "layers", "loss", "moe", "op_parallel_config", "transformer")},
    "mindspore.nn.grad": ("mindspore.nn",),
    "mindspore.nn.grad.cell_grad": ("mindspore.nn",),
    "mindspore.nn.metrics": ("mindspore.train", "mindspore.nn"),
    **{f"mindspore.numpy.{name}": ("mindspore.numpy",) for name in (
        "array_creations", "array_ops", "logic_ops", "math_ops")},
    "mindspore.mint.distributed.distributed": ("mindspore.mint.distributed",),
    "mindspore.mint.nn.layer": ("mindspore.mint.nn",),
    **{f"mindspore.mint.nn.layer.{name}": ("mindspore.mint.nn",) for name in (
        "activation", "basic", "conv", "normalization", "padding", "pooling")},
    **{f"mindspore.mint.optim.{name}": ("mindspore.mint.optim",) for name in ("adam", "adamw", "sgd")},
    "mindspore.train.amp": ("mindspore.amp",),
    "mindspore.train.loss_scale_manager": ("mindspore.amp", "mindspore.train"),
    "mindspore.train.dataset_helper": ("mindspore.train",),
    "mindspore.common._decorator": ("mindspore.common",),
    "mindspore.common.mutable": ("mindspore.common.api",),
    "mindspore.common.hook_handle": ("mindspore.nn.hook_handle",),
    "mindspore.common.lazy_inline": ("mindspore",),
    "mindspore.common.no_inline": ("mindspore",),
    **{f"mindspore.dataset.vision.{name}": ("mindspore.dataset.vision", "mindspore.dataset._transform")
       for name in ("transforms", "utils")},
    **{f"mindspore.dataset.vision.{name}_transforms": (
        f"mindspore.dataset.vision._former_{name}", "mindspore.dataset.vision", "mindspore.dataset._transform")
       for name in ("c", "py")},
    **{f"mindspore.dataset.transforms.{name}": ("mindspore.dataset.transforms", "mindspore.dataset._transform")
       for name in ("c_transforms", "transforms")},
    "mindspore.dataset.transforms.py_transforms": (
        "mindspore.dataset.transforms._former_py", "mindspore.dataset.transforms", "mindspore.dataset._transform"),
    "mindspore.dataset.transforms.vision": ("mindspore.dataset.vision",),
    **{f"mindspore.dataset.audio.{name}": ("mindspore.dataset.audio", "mindspore.dataset._transform")
       for name in ("transforms", "utils")},
    "mindspore._c_dataengine": ("mindspore.dataset.native_operations",),
    "mindspore.dataset.core.datatypes": ("mindspore.dataset.native_operations",),
    **{f"mindspore.dataset.text.{name}": ("mindspore.dataset.text", "mindspore.dataset._transform",
                                          "mindspore.dataset.native_operations")
       for name in ("transforms", "utils")},
    **{f"mindspore.dataset.engine.{name}": ("mindspore.dataset",) for name in (
        "datasets", "datasets_audio", "datasets_standard_format", "datasets_text", "datasets_user_defined",
        "datasets_vision", "iterators", "samplers", "serializer_deserializer")},
    "mindspore.mindrecord.config": ("mindspore.mindrecord.encryption",),
    "mindspore.mindrecord.common": ("mindspore.mindrecord.exceptions",),
    "mindspore.mindrecord.common.exceptions": ("mindspore.mindrecord.exceptions",),
    **{f"mindspore.mindrecord.{name}": ("mindspore.mindrecord",) for name in (
        "filereader", "filewriter", "mindpage", "tools")},
    **{f"mindspore.mindrecord.tools.{name}": ("mindspore.mindrecord",) for name in (
        "cifar100_to_mr", "cifar10_to_mr", "csv_to_mr", "imagenet_to_mr", "mnist_to_mr", "tfrecord_to_mr")},
    "mindspore.dataset.callback": ("mindspore.dataset",),
    "mindspore.dataset.engine": ("mindspore.dataset",),
    "mindspore.communication.management": ("mindspore.communication",),
    "mindspore.communication._comm_helper": ("mindspore.communication", "mindspore.communication.groups"),
    "mindspore.dataset.core": ("mindspore.dataset",),
    "mindspore.dataset.core.config": ("mindspore.dataset.config",),
}


class _Elsewhere(ModuleType):
    """A module whose attributes are those of other modules."""

    def __init__(self, name: str, targets: Sequence[str]):
        super().__init__(name, f"What programs import from here is in {' and '.join(targets)}.")
        self.__dict__["targets"] = targets

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("__"):
            for target in self.__dict__["targets"]:
                found = getattr(importlib.import_module(target), name, self)
                if found is not self:
                    return found
        if f"{self.__name__}.{name}" in PATHS:
            return importlib.import_module(f"{self.__name__}.{name}")
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}: neither "
                             f"{' nor '.join(self.__dict__['targets'])} has it")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Importing the module makes it an attribute of its package; a function of that name is still called."""
        return getattr(self, self.__name__.rpartition(".")[2])(*args, **kwargs)

    @property
    def __all__(self) -> list[str]:
        first = importlib.import_module(self.__dict__["targets"][0])
        return list(getattr(first, "__all__", [name for name in vars(first) if not name.startswith("_")]))


class _Keeping(ModuleType):
    """A package whose functions keep their names when a module of the same name below it is imported."""

    def __setattr__(self, name: str, value: Any) -> None:
        if type(value) is not _Elsewhere or isinstance(vars(self).get(name, value), ModuleType):
            super().__setattr__(name, value)


class _Finder(MetaPathFinder, Loader):
    """Finds the modules of `PATHS` that have no file."""

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:
        if fullname not in PATHS:
            return None
        return ModuleSpec(fullname, self, is_package=any(name.startswith(f"{fullname}.") for name in PATHS))

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        if spec.name in MODULES:
            deprecated(spec.name, MODULES[spec.name])
        return _Elsewhere(spec.name, PATHS[spec.name])

    def exec_module(self, module: ModuleType) -> None:
        """The import system makes the module an attribute of the package next, though not in place of what the package
        has under this name, or would look up when it is asked for the first time."""
        path, name = module.__name__.rpartition(".")[::2]
        package = sys.modules[path]
        found = getattr(importlib.import_module(PATHS[module.__name__][0]), name, module)
        if not isinstance(found, ModuleType):
            vars(package).setdefault(name, found)
        if name in vars(package) and type(package) is ModuleType:
            package.__class__ = _Keeping


def answer_below(name: str) -> None:
    """Let attributes that the module `name` does not have itself be the modules of `PATHS` below it. Called by the
    module at its end."""
    module = sys.modules[name]
    own = vars(module).get("__getattr__")

    def attribute(name: str) -> Any:
        path = f"{module.__name__}.{name}"
        try:
            if own is not None:
                return own(name)
        except AttributeError:
            if path not in PATHS:
                raise
        if path not in PATHS:
            raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
        return importlib.import_module(path)

    vars(module)["__getattr__"] = attribute


def install() -> None:
    """Let imports of these names succeed. Once; called by the package."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.append(_Finder())
