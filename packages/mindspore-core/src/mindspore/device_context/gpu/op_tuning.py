"""Algorithms of convolutions on GPU."""
from __future__ import annotations

from mindspore.device_context._options import checked, set_option

__all__ = ["conv_dgrad_algo", "conv_fprop_algo", "conv_wgrad_algo"]
_COMMON = ("normal", "performance", "fft", "fft_tiling", "winograd_nonfused")
_FORWARD = (*_COMMON, "implicit_gemm", "precomp_gemm", "gemm", "direct", "winograd")
_DATA = (*_COMMON, "algo_0", "algo_1", "winograd")
_WEIGHT = (*_COMMON, "algo_0", "algo_1", "algo_3")


def conv_fprop_algo(mode: str) -> None:
    """The algorithm of convolutions: "normal", "performance" (measure and take the fastest), or a name of cuDNN's."""
    set_option("GPU", "conv_fprop_algo", checked("conv_fprop_algo", mode, str, _FORWARD))


def conv_dgrad_algo(mode: str) -> None:
    """The algorithm of convolutions' gradients by the data."""
    set_option("GPU", "conv_dgrad_algo", checked("conv_dgrad_algo", mode, str, _DATA))


def conv_wgrad_algo(mode: str) -> None:
    """The algorithm of convolutions' gradients by the weight."""
    set_option("GPU", "conv_wgrad_algo", checked("conv_wgrad_algo", mode, str, _WEIGHT))
