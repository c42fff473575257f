"""Tensors, dtypes, parameters, seeds and initializers."""
from __future__ import annotations

import importlib
from typing import Any

# What programs import from here; loaded when it is asked for, since tensors need dtypes from this package.
_NAMES = {
    **dict.fromkeys(("Tensor", "tensor"), "mindspore.common.tensor"),
    **dict.fromkeys(("Parameter", "ParameterTuple"), "mindspore.common.parameter"),
    **dict.fromkeys(("constexpr", "jit", "jit_class", "ms_class", "ms_function", "mutable", "_no_grad"),
                    "mindspore.common.api"),
    **dict.fromkeys(("get_seed", "set_seed"), "mindspore.common.seed"),
    **dict.fromkeys(("initializer", "Initializer"), "mindspore.common.initializer"),
    **dict.fromkeys(("COOTensor", "CSRTensor", "RowTensor"), "mindspore.common.sparse_tensor"),
    **dict.fromkeys(("JitConfig",), "mindspore.common.jit_config"),
    **dict.fromkeys(("recompute",), "mindspore.recomputation"),
}


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        return getattr(importlib.import_module(_NAMES[name]), name)
    dtypes = importlib.import_module("mindspore.common.dtype")
    if not name.startswith("_") and name in vars(dtypes):
        return vars(dtypes)[name]
    raise AttributeError(f"module 'mindspore.common' has no attribute {name!r}")
