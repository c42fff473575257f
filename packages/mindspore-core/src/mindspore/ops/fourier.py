"""Discrete Fourier transforms over one or several axes, of complex and of real numbers, and the short-time transform.

Integers and bools count as Float32; Float32 gives Complex64 and Float64 Complex128. `n` and `s` say to how many numbers
an axis is cut, or extended by zeros, before it is transformed. `norm` says what the sums are divided by: "backward" (or
None) divides inverse transforms by the number n of elements that are summed over, "forward" the others, "ortho" both by
sqrt(n). The h-functions are those of spectra that are real: hfft is the inverse of ihfft, with the norm exchanged.
"""
from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from mindspore.common.dtype import DType, as_dtype, float32, float64
from mindspore.common.tensor import Tensor
from mindspore.ops._operands import (
    Operand,
    Sizes,
    apply,
    as_inexact,
    as_tensor,
    constant,
    convert,
    normalize_axis,
    primitive,
    static_int,
    static_ints,
)
from mindspore.ops.complex_numbers import as_complex, conj, is_complex_tensor, view_as_real
from mindspore.ops.shapes import moveaxis, roll

__all__ = [
    "fft", "fft2", "fftfreq", "fftn", "fftshift", "hfft", "hfft2", "hfftn", "ifft", "ifft2", "ifftn", "ifftshift",
    "ihfft", "ihfft2", "ihfftn", "irfft", "irfft2", "irfftn", "rfft", "rfft2", "rfftfreq", "rfftn", "stft",
]

_FFT, _RFFT, _IRFFT, _PAD, _SLICE, _MUL, _GATHER = map(
    primitive, ("fft", "rfft", "irfft", "pad", "slice", "mul", "gather"))
_OTHER = {"backward": "forward", "forward": "backward", "ortho": "ortho"}


# -- arguments ---------------------------------------------------------------------------------------------------------

def _norm(name: str, norm: str | None) -> str:
    if norm is None:
        return "backward"
    if norm not in _OTHER:
        raise ValueError(f"{name}: norm is {norm!r}; expected 'backward', 'forward', 'ortho' or None")
    return norm


def _real_operand(name: str, value: Operand) -> Tensor:
    """The operand as Float32 or Float64. TypeError for complex numbers."""
    x = as_inexact(name, value)
    if is_complex_tensor(x):
        raise TypeError(f"{name}: the operand is {x.dtype}; expected real numbers (see the transforms of complex ones)")
    return x if x.dtype is float64 else convert(x, float32)


def _one_axis(name: str, x: Tensor, dim: int) -> int:
    if x.ndim == 0:
        raise ValueError(f"{name}: the operand has no axes; expected at least one")
    return normalize_axis(name, dim, x.ndim, "dim")


def _size(name: str, n: int | None, default: int) -> int:
    size = default if n is None else static_int(name, "n", n)
    if size < 1:
        raise ValueError(f"{name}: the length of the transform is {size}; expected at least 1")
    return size


def _axes(name: str, x: Tensor, s: Sizes | None, dim: int | Sequence[int] | None) -> tuple[list[int], list[int | None]]:
    """The axes of a transform, and the lengths that are asked for, None where there are none."""
    sizes = None if s is None else static_ints(name, "s", s)
    if dim is None:
        axes = list(range(x.ndim))[-len(sizes) if sizes else -x.ndim or None:]
    else:
        axes = [normalize_axis(name, a, x.ndim, "dim") for a in static_ints(name, "dim", dim)]
    if len(set(axes)) != len(axes):
        raise ValueError(f"{name}: dim is {dim}, which names an axis twice")
    if sizes is not None and len(sizes) != len(axes):
        raise ValueError(f"{name}: s is {sizes} and the axes are {tuple(axes)}; expected one size for each axis")
    return axes, [None if d == -1 else d for d in sizes] if sizes is not None else [None] * len(axes)


def _resized(x: Tensor, axis: int, size: int) -> Tensor:
    """The axis cut, or extended by zeros, to a size."""
    have = x.shape[axis]
    if have > size:
        ends = tuple(size if k == axis else d for k, d in enumerate(x.shape))
        return apply(_SLICE, (x,), ((0,) * x.ndim, ends, (1,) * x.ndim))
    if have < size:
        none = (0,) * x.ndim
        high = tuple(size - have if k == axis else 0 for k in range(x.ndim))
        return apply(_PAD, (x,), _PAD.pack_attrs({"low": none, "high": high}))
    return x


def _divided(x: Tensor, count: int, norm: str, inverse: bool) -> Tensor:
    """The sums divided as the norm says."""
    if norm == "ortho":
        return apply(_MUL, (x, constant(1 / math.sqrt(count), x.dtype)))
    if (norm == "backward") != inverse or count == 1:
        return x
    return apply(_MUL, (x, constant(1 / count, x.dtype)))


# -- transforms of complex numbers -------------------------------------------------------------------------------------

def _full(name: str, input: Operand, axes: list[int], sizes: list, norm: str | None, inverse: bool) -> Tensor:
    x, norm, count = as_complex(name, input), _norm(name, norm), 1
    for axis, size in zip(axes, sizes, strict=True):
        size = _size(name, size, x.shape[axis])
        x = apply(_FFT, (_resized(x, axis, size),), (axis, inverse))
        count *= size
    return _divided(x, count, norm, inverse)


def fft(input: Operand, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
    """The transform along an axis: sums of input[j] exp(-2 pi i j k / n)."""
    x = as_tensor("fft", input)
    return _full("fft", x, [_one_axis("fft", x, dim)], [n], norm, False)


def ifft(input: Operand, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
    """The inverse of `fft`: sums of input[j] exp(2 pi i j k / n), divided by n."""
    x = as_tensor("ifft", input)
    return _full("ifft", x, [_one_axis("ifft", x, dim)], [n], norm, True)


def fftn(input: Operand, s: Sizes | None = None, dim: int | Sequence[int] | None = None,
         norm: str | None = None) -> Tensor:
    """The transform over several axes: all, or the last len(s)."""
    x = as_tensor("fftn", input)
    return _full("fftn", x, *_axes("fftn", x, s, dim), norm, False)


def ifftn(input: Operand, s: Sizes | None = None, dim: int | Sequence[int] | None = None,
          norm: str | None = None) -> Tensor:
    """The inverse of `fftn`."""
    x = as_tensor("ifftn", input)
    return _full("ifftn", x, *_axes("ifftn", x, s, dim), norm, True)


def fft2(input: Operand, s: Sizes | None = None, dim: int | Sequence[int] = (-2, -1),
         norm: str | None = None) -> Tensor:
    """The transform over two axes."""
    x = as_tensor("fft2", input)
    return _full("fft2", x, *_axes("fft2", x, s, dim), norm, False)


def ifft2(input: Operand, s: Sizes | None = None, dim: int | Sequence[int] = (-2, -1),
          norm: str | None = None) -> Tensor:
    """The inverse of `fft2`."""
    x = as_tensor("ifft2", input)
    return _full("ifft2", x, *_axes("ifft2", x, s, dim), norm, True)


# -- transforms of real numbers ----------------------------------------------------------------------------------------

def _half(name: str, x: Tensor, axes: list[int], sizes: list, norm: str | None, inverse: bool = False) -> Tensor:
    """Half the spectrum of real numbers: the last axis has the first n // 2 + 1 numbers. With `inverse` the exponents'
    signs are plus, which conjugates it."""
    x, norm = _real_operand(name, x), _norm(name, norm)
    if not axes:
        raise ValueError(f"{name}: no axes to transform; expected at least one")
    size = count = _size(name, sizes[-1], x.shape[axes[-1]])
    y = apply(_RFFT, (_resized(x, axes[-1], size),), (axes[-1],))
    y = conj(y) if inverse else y
    for axis, given in zip(axes[:-1], sizes[:-1]):
        size = _size(name, given, y.shape[axis])
        y = apply(_FFT, (_resized(y, axis, size),), (axis, inverse))
        count *= size
    return _divided(y, count, norm, inverse)


def _from_half(name: str, x: Tensor, axes: list[int], sizes: list, norm: str | None, inverse: bool = True) -> Tensor:
    """Real numbers from half of their spectrum; without `inverse` the exponents' signs are minus."""
    y, norm, count = as_complex(name, x), _norm(name, norm), 1
    if not axes:
        raise ValueError(f"{name}: no axes to transform; expected at least one")
    for axis, given in zip(axes[:-1], sizes[:-1]):
        size = _size(name, given, y.shape[axis])
        y = apply(_FFT, (_resized(y, axis, size),), (axis, inverse))
        count *= size
    last = axes[-1]
    size = _size(name, sizes[-1], 2 * (y.shape[last] - 1))
    y = _resized(y, last, size // 2 + 1)
    y = apply(_IRFFT, (y if inverse else conj(y),), (last, size))
    return _divided(y, count * size, norm, inverse)


def rfft(input: Operand, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
    """The first n // 2 + 1 numbers of the transform of real numbers. TypeError for complex ones."""
    x = as_tensor("rfft", input)
    return _half("rfft", x, [_one_axis("rfft", x, dim)], [n], norm)


def irfft(input: Operand, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
    """The inverse of `rfft`: n real numbers, by default 2 * (m - 1) from m."""
    x = as_tensor("irfft", input)
    return _from_half("irfft", x, [_one_axis("irfft", x, dim)], [n], norm)


def rfftn(input: Operand, s: Sizes | None = None, dim: int | Sequence[int] | None = None,
          norm: str | None = None) -> Tensor:
    """The transform of real numbers over several axes; the last one has half of its spectrum."""
    x = as_tensor("rfftn", input)
    return _half("rfftn", x, *_axes("rfftn", x, s, dim), norm)


def irfftn(input: Operand, s: Sizes | None = None, dim: int | Sequence[int] | None = None,
           norm: str | None = None) -> Tensor:
    """The inverse of `rfftn`: the last axis has 2 * (m - 1) real numbers by default."""
    x = as_tensor("irfftn", input)
    return _from_half("irfftn", x, *_axes("irfftn", x, s, dim), norm)


def rfft2(input: Operand, s: Sizes | None = None, dim: int | Sequence[int] = (-2, -1),
          norm: str | None = None) -> Tensor:
    """The transform of real numbers over two axes; see `rfftn`."""
    x = as_tensor("rfft2", input)
    return _half("rfft2", x, *_axes("rfft2", x, s, dim), norm)


def irfft2(input: Operand, s: Sizes | None = None, dim: int | Sequence[int] = (-2, -1),
           norm: str | None = None) -> Tensor:
    """The inverse of `rfft2`."""
    x = as_tensor("irfft2", input)
    return _from_half("irfft2", x, *_axes("irfft2", x, s, dim), norm)


def hfft(input: Operand, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
    """The transform, which is real, of numbers of which the second half, the conjugates of the first, is left out; n
    is by default 2 * (m - 1) for m numbers."""
    x = as_tensor("hfft", input)
    return _from_half("hfft", x, [_one_axis("hfft", x, dim)], [n], norm, False)


def ihfft(input: Operand, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
    """The inverse of `hfft`: the first n // 2 + 1 numbers of the inverse transform of real numbers."""
    x = as_tensor("ihfft", input)
    return _half("ihfft", x, [_one_axis("ihfft", x, dim)], [n], norm, True)


def hfftn(input: Operand, s: Sizes | None = None, dim: int | Sequence[int] | None = None,
          norm: str | None = None) -> Tensor:
    """`hfft` over the last of several axes and `fft` over the others."""
    x = as_tensor("hfftn", input)
    return _from_half("hfftn", x, *_axes("hfftn", x, s, dim), norm, False)


def ihfftn(input: Operand, s: Sizes | None = None, dim: int | Sequence[int] | None = None,
           norm: str | None = None) -> Tensor:
    """The inverse of `hfftn`, of real numbers."""
    x = as_tensor("ihfftn", input)
    return _half("ihfftn", x, *_axes("ihfftn", x, s, dim), norm, True)


def hfft2(input: Operand, s: Sizes | None = None, dim: int | Sequence[int] = (-2, -1),
          norm: str | None = None) -> Tensor:
    """`hfftn` over two axes."""
    x = as_tensor("hfft2", input)
    return _from_half("hfft2", x, *_axes("hfft2", x, s, dim), norm, False)


def ihfft2(input: Operand, s: Sizes | None = None, dim: int | Sequence[int] = (-2, -1),
           norm: str | None = None) -> Tensor:
    """`ihfftn` over two axes."""
    x = as_tensor("ihfft2", input)
    return _half("ihfft2", x, *_axes("ihfft2", x, s, dim), norm, True)


# -- frequencies -------------------------------------------------------------------------------------------------------

def _frequencies(name: str, n: int, d: float, dtype: DType | None, half: bool) -> Tensor:
    count = _size(name, n, 1)
    if isinstance(d, Tensor):
        d = float(d.asnumpy())
    if d == 0:
        raise ValueError(f"{name}: d is 0; expected the distance of two samples")
    values = (np.fft.rfftfreq if half else np.fft.fftfreq)(count, d)
    return Tensor(values, float32 if dtype is None else as_dtype(dtype))


def fftfreq(n: int, d: float = 1.0, dtype: DType | None = None) -> Tensor:
    """The frequencies of the numbers of a spectrum, in cycles per unit of d, the distance of two samples: 0, 1, ...,
    then the negative ones, divided by n d. Float32 by default."""
    return _frequencies("fftfreq", n, d, dtype, False)


def rfftfreq(n: int, d: float = 1.0, dtype: DType | None = None) -> Tensor:
    """The frequencies of the numbers of half a spectrum: 0, 1, ..., n // 2, divided by n d. Float32 by default."""
    return _frequencies("rfftfreq", n, d, dtype, True)


def _shifted(name: str, input: Operand, dim: int | Sequence[int] | None, back: bool) -> Tensor:
    x = as_tensor(name, input)
    axes = range(x.ndim) if dim is None else [normalize_axis(name, a, x.ndim, "dim")
                                              for a in static_ints(name, "dim", dim)]
    halves = [x.shape[a] // 2 for a in axes]
    return roll(x, [-h if back else h for h in halves], list(axes)) if halves else x


def fftshift(input: Operand, dim: int | Sequence[int] | None = None) -> Tensor:
    """The spectrum with frequency 0 moved to the middle of each axis."""
    return _shifted("fftshift", input, dim, False)


def ifftshift(input: Operand, dim: int | Sequence[int] | None = None) -> Tensor:
    """The inverse of `fftshift`."""
    return _shifted("ifftshift", input, dim, True)


# -- other forms -------------------------------------------------------------------------------------------------------

def fft_with_size(x: Operand, signal_ndim: int, inverse: bool, real: bool, norm: str | None = "backward",
                  onesided: bool = True, signal_sizes: Sizes = ()) -> Tensor:
    """The transform over the last `signal_ndim` axes, 1 to 3: of complex numbers, or with `real` of real ones to half a
    spectrum (a whole one without `onesided`), and the inverses; signal_sizes: the sizes of what irfftn gives."""
    value = as_tensor("FFTWithSize", x)
    count = static_int("FFTWithSize", "signal_ndim", signal_ndim)
    if not 1 <= count <= 3 or count > value.ndim:
        raise ValueError(f"FFTWithSize: signal_ndim is {count} for shape {value.shape}; expected 1 to 3, and no more "
                         f"than there are axes")
    axes, sizes = list(range(value.ndim - count, value.ndim)), static_ints("FFTWithSize", "signal_sizes", signal_sizes)
    if not real:
        return _full("FFTWithSize", value, axes, [None] * count, norm, inverse)
    if not inverse and onesided:
        return _half("FFTWithSize", value, axes, [None] * count, norm)
    if not inverse:
        return _full("FFTWithSize", _real_operand("FFTWithSize", value), axes, [None] * count, norm, False)
    if sizes and len(sizes) != count:
        raise ValueError(f"FFTWithSize: signal_sizes is {sizes}; expected {count} sizes or none")
    if onesided:
        return _from_half("FFTWithSize", value, axes, list(sizes) if sizes else [None] * count, norm)
    whole = _full("FFTWithSize", value, axes, list(sizes) if sizes else [None] * count, norm, True)
    return apply(primitive("real"), (whole,))


def stft(x: Operand, n_fft: int, hop_length: int | None = None, win_length: int | None = None,
         window: Operand | None = None, center: bool = True, pad_mode: str = "REFLECT", normalized: bool = False,
         onesided: bool | None = None, return_complex: bool | None = None) -> Tensor:
    """The transforms of windows of n_fft numbers of signals x (length,) or (batch, length), one every `hop_length`.

    Args:
        hop_length: n_fft // 4 by default.
        win_length: n_fft by default.
        window: (win_length,) numbers that each piece is multiplied by, ones by default; zeros on both sides extend it
            to n_fft.
        center: whether x is extended by n_fft // 2 numbers on both sides, as `pad_mode` says ("CONSTANT", "REFLECT" or
            "SYMMETRIC"), so that window k is about number k * hop_length.
        normalized: whether the result is divided by sqrt(n_fft).
        onesided: whether only n_fft // 2 + 1 frequencies are wanted: by default where nothing is complex.
        return_complex: whether the result is complex; by default where something is.

    Returns:
        ([batch,] frequencies, windows), complex or with a last axis of real and imaginary parts.
    """
    value = as_inexact("stft", x)
    if value.ndim not in (1, 2):
        raise ValueError(f"stft: x has shape {value.shape}; expected (length,) or (batch, length)")
    n_fft = _size("stft", n_fft, 1)
    hop = n_fft // 4 if hop_length is None else static_int("stft", "hop_length", hop_length)
    width = n_fft if win_length is None else static_int("stft", "win_length", win_length)
    if hop < 1 or not 1 <= width <= n_fft:
        raise ValueError(f"stft: hop_length is {hop} and win_length {width}; expected hop_length above 0 and "
                         f"win_length from 1 to n_fft, {n_fft}")
    if center:
        value = _centred(value, n_fft // 2, pad_mode)
    if value.shape[-1] < n_fft:
        raise ValueError(f"stft: the signal has {value.shape[-1]} numbers; expected at least n_fft, {n_fft}")
    shape = None if window is None else _window(window, width, n_fft)
    is_complex = is_complex_tensor(value) or (shape is not None and is_complex_tensor(shape))
    onesided = not is_complex if onesided is None else onesided
    if onesided and is_complex:
        raise ValueError("stft: onesided is True, but x or the window is complex; all frequencies are needed then")
    places = np.arange(0, value.shape[-1] - n_fft + 1, hop)[:, None] + np.arange(n_fft)
    pieces = apply(_GATHER, (value, Tensor(places)), _GATHER.pack_attrs({"axis": value.ndim - 1}))
    if shape is None and width < n_fft:
        shape = _window(np.ones(width, value.dtype.np), width, n_fft)
    pieces = pieces if shape is None else pieces * shape
    norm = "ortho" if normalized else None
    found = moveaxis((rfft if onesided else fft)(pieces, norm=norm), -1, -2)
    return found if (is_complex if return_complex is None else return_complex) else view_as_real(found)


def _centred(x: Tensor, count: int, mode: str) -> Tensor:
    kind = str(mode).upper()
    if kind not in ("CONSTANT", "REFLECT", "SYMMETRIC"):
        raise ValueError(f"stft: pad_mode is {mode!r}; expected 'CONSTANT', 'REFLECT' or 'SYMMETRIC'")
    size = x.shape[-1]
    if kind == "REFLECT" and count >= size or kind == "SYMMETRIC" and count > size:
        raise ValueError(f"stft: a signal of {size} numbers cannot be extended by {count} on both sides; pass "
                         f"center=False or a smaller n_fft")
    if kind == "CONSTANT":
        none = (0,) * (x.ndim - 1)
        return apply(_PAD, (x,), _PAD.pack_attrs({"low": (*none, count), "high": (*none, count)}))
    places = np.pad(np.arange(size), count, mode=kind.lower())  # type: ignore[call-overload]
    return apply(_GATHER, (x, Tensor(places)), _GATHER.pack_attrs({"axis": x.ndim - 1}))


def _window(window: Operand, width: int, n_fft: int) -> Tensor:
    """The window with zeros on both sides."""
    shape = as_inexact("stft", window)
    if shape.shape != (width,):
        raise ValueError(f"stft: the window has shape {shape.shape}; expected ({width},), the win_length")
    before = (n_fft - width) // 2
    attrs = {"low": (before,), "high": (n_fft - width - before,)}
    return apply(_PAD, (shape,), _PAD.pack_attrs(attrs)) if width < n_fft else shape


def stft_of(x: Operand, window: Operand, n_fft: int, hop_length: int, win_length: int, normalized: bool,
            onesided: bool, return_complex: bool) -> Tensor:
    """`stft` without extending the signal."""
    return stft(x, n_fft, hop_length, win_length, window, False, "REFLECT", normalized, onesided, return_complex)
