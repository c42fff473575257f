"""Fourier transforms with the names and arguments of `numpy.fft`, on array-likes; `mindspore.ops.fourier` has them.

Float32 gives Complex64, where older versions of NumPy compute in double precision.
"""
from __future__ import annotations

from collections.abc import Sequence

from mindspore.common.dtype import DType
from mindspore.common.tensor import Tensor
from mindspore.numpy._arrays import ArrayLike, as_array
from mindspore.ops import fourier

__all__ = [
    "fft", "fft2", "fftfreq", "fftn", "fftshift", "hfft", "hfft2", "hfftn", "ifft", "ifft2", "ifftn", "ifftshift",
    "ihfft", "ihfft2", "ihfftn", "irfft", "irfft2", "irfftn", "rfft", "rfft2", "rfftfreq", "rfftn",
]


def fft(a: ArrayLike, n: int | None = None, axis: int = -1, norm: str | None = None) -> Tensor:
    """The transform along an axis: sums of a[j] exp(-2 pi i j k / n)."""
    return fourier.fft(as_array("fft", a, "a"), n, axis, norm)


def ifft(a: ArrayLike, n: int | None = None, axis: int = -1, norm: str | None = None) -> Tensor:
    """The inverse of `fft`."""
    return fourier.ifft(as_array("ifft", a, "a"), n, axis, norm)


def rfft(a: ArrayLike, n: int | None = None, axis: int = -1, norm: str | None = None) -> Tensor:
    """The first n // 2 + 1 numbers of the transform of real numbers."""
    return fourier.rfft(as_array("rfft", a, "a"), n, axis, norm)


def irfft(a: ArrayLike, n: int | None = None, axis: int = -1, norm: str | None = None) -> Tensor:
    """The inverse of `rfft`: n real numbers, by default 2 * (m - 1) from m."""
    return fourier.irfft(as_array("irfft", a, "a"), n, axis, norm)


def hfft(a: ArrayLike, n: int | None = None, axis: int = -1, norm: str | None = None) -> Tensor:
    """The real transform of numbers of which the conjugate half is left out."""
    return fourier.hfft(as_array("hfft", a, "a"), n, axis, norm)


def ihfft(a: ArrayLike, n: int | None = None, axis: int = -1, norm: str | None = None) -> Tensor:
    """The inverse of `hfft`, of real numbers."""
    return fourier.ihfft(as_array("ihfft", a, "a"), n, axis, norm)


def fft2(a: ArrayLike, s: Sequence[int] | None = None, axes: Sequence[int] = (-2, -1),
         norm: str | None = None) -> Tensor:
    """The transform over two axes."""
    return fourier.fft2(as_array("fft2", a, "a"), s, axes, norm)


def ifft2(a: ArrayLike, s: Sequence[int] | None = None, axes: Sequence[int] = (-2, -1),
          norm: str | None = None) -> Tensor:
    """The inverse of `fft2`."""
    return fourier.ifft2(as_array("ifft2", a, "a"), s, axes, norm)


def rfft2(a: ArrayLike, s: Sequence[int] | None = None, axes: Sequence[int] = (-2, -1),
          norm: str | None = None) -> Tensor:
    """The transform of real numbers over two axes, half of it."""
    return fourier.rfft2(as_array("rfft2", a, "a"), s, axes, norm)


def irfft2(a: ArrayLike, s: Sequence[int] | None = None, axes: Sequence[int] = (-2, -1),
           norm: str | None = None) -> Tensor:
    """The inverse of `rfft2`."""
    return fourier.irfft2(as_array("irfft2", a, "a"), s, axes, norm)


def hfft2(a: ArrayLike, s: Sequence[int] | None = None, axes: Sequence[int] = (-2, -1),
          norm: str | None = None) -> Tensor:
    """`hfft` over the second of two axes and `fft` over the first."""
    return fourier.hfft2(as_array("hfft2", a, "a"), s, axes, norm)


def ihfft2(a: ArrayLike, s: Sequence[int] | None = None, axes: Sequence[int] = (-2, -1),
           norm: str | None = None) -> Tensor:
    """The inverse of `hfft2`."""
    return fourier.ihfft2(as_array("ihfft2", a, "a"), s, axes, norm)


def fftn(a: ArrayLike, s: Sequence[int] | None = None, axes: Sequence[int] | None = None,
         norm: str | None = None) -> Tensor:
    """The transform over several axes: all, or the last len(s)."""
    return fourier.fftn(as_array("fftn", a, "a"), s, axes, norm)


def ifftn(a: ArrayLike, s: Sequence[int] | None = None, axes: Sequence[int] | None = None,
          norm: str | None = None) -> Tensor:
    """The inverse of `fftn`."""
    return fourier.ifftn(as_array("ifftn", a, "a"), s, axes, norm)


def rfftn(a: ArrayLike, s: Sequence[int] | None = None, axes: Sequence[int] | None = None,
          norm: str | None = None) -> Tensor:
    """The transform of real numbers over several axes, half of the last one."""
    return fourier.rfftn(as_array("rfftn", a, "a"), s, axes, norm)


def irfftn(a: ArrayLike, s: Sequence[int] | None = None, axes: Sequence[int] | None = None,
           norm: str | None = None) -> Tensor:
    """The inverse of `rfftn`."""
    return fourier.irfftn(as_array("irfftn", a, "a"), s, axes, norm)


def hfftn(a: ArrayLike, s: Sequence[int] | None = None, axes: Sequence[int] | None = None,
          norm: str | None = None) -> Tensor:
    """`hfft` over the last of several axes and `fft` over the others."""
    return fourier.hfftn(as_array("hfftn", a, "a"), s, axes, norm)


def ihfftn(a: ArrayLike, s: Sequence[int] | None = None, axes: Sequence[int] | None = None,
           norm: str | None = None) -> Tensor:
    """The inverse of `hfftn`."""
    return fourier.ihfftn(as_array("ihfftn", a, "a"), s, axes, norm)


def fftshift(x: ArrayLike, axes: int | Sequence[int] | None = None) -> Tensor:
    """The spectrum with frequency 0 moved to the middle of each axis."""
    return fourier.fftshift(as_array("fftshift", x, "x"), axes)


def ifftshift(x: ArrayLike, axes: int | Sequence[int] | None = None) -> Tensor:
    """The inverse of `fftshift`."""
    return fourier.ifftshift(as_array("ifftshift", x, "x"), axes)


def fftfreq(n: int, d: float = 1.0, dtype: DType | None = None) -> Tensor:
    """The frequencies of the numbers of a spectrum, in cycles per unit of d, the distance of two samples."""
    return fourier.fftfreq(n, d, dtype)


def rfftfreq(n: int, d: float = 1.0, dtype: DType | None = None) -> Tensor:
    """The frequencies of the numbers of half a spectrum."""
    return fourier.rfftfreq(n, d, dtype)
