"""Precision of operators on GPU."""
from __future__ import annotations

from mindspore.device_context._options import checked, set_option

__all__ = ["conv_allow_tf32", "matmul_allow_tf32"]


def matmul_allow_tf32(value: bool) -> None:
    """Whether products of float32 matrices may round their operands to TF32."""
    set_option("GPU", "matmul_allow_tf32", checked("matmul_allow_tf32", value, bool))


def conv_allow_tf32(value: bool) -> None:
    """Whether convolutions of float32 images may round their operands to TF32."""
    set_option("GPU", "conv_allow_tf32", checked("conv_allow_tf32", value, bool))
