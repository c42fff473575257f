"""Precision of operators on Ascend."""
from __future__ import annotations

from mindspore.device_context._options import checked, set_option

__all__ = ["conv_allow_hf32", "matmul_allow_hf32", "op_precision_mode", "precision_mode"]
_MODES = ("force_fp16", "allow_fp32_to_fp16", "allow_mix_precision", "must_keep_origin_dtype", "force_fp32",
          "allow_fp32_to_bf16", "allow_mix_precision_fp16", "allow_mix_precision_bf16")


def precision_mode(mode: str) -> None:
    """How dtypes that an operator does not have are replaced."""
    set_option("Ascend", "precision_mode", checked("precision_mode", mode, str, _MODES))


def op_precision_mode(path: str) -> None:
    """The path of a file with the precision of single operators."""
    set_option("Ascend", "op_precision_mode", checked("op_precision_mode", path, str))


def matmul_allow_hf32(value: bool) -> None:
    """Whether products of float32 matrices may round their operands to HF32."""
    set_option("Ascend", "matmul_allow_hf32", checked("matmul_allow_hf32", value, bool))


def conv_allow_hf32(value: bool) -> None:
    """Whether convolutions of float32 images may round their operands to HF32."""
    set_option("Ascend", "conv_allow_hf32", checked("conv_allow_hf32", value, bool))
