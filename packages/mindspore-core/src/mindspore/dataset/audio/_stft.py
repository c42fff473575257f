"""Short-time Fourier transforms, their inverse, and what is computed from their phases.

Frame t of a signal is its samples [t hop, t hop + n_fft) times the window, which is padded with zeros on both sides to
n_fft; its discrete Fourier transform is column t of the spectrogram. The inverse adds up the frames' inverse transforms
times the window and divides by the sum of squared windows (Griffin and Lim 1984, least squares).
"""
from __future__ import annotations

import math

import numpy as np

from ._enums import BorderType, WindowType

__all__ = ["istft", "pad_time", "stft", "vocode", "window_of"]

_PADDING = {BorderType.CONSTANT: "constant", BorderType.EDGE: "edge", BorderType.REFLECT: "reflect",
            BorderType.SYMMETRIC: "symmetric"}


def window_of(kind: WindowType, length: int) -> np.ndarray:
    """A periodic window: one of length + 1 samples without its last. Kaiser's has beta 12."""
    if length == 1:
        return np.ones(1)
    make = {WindowType.BARTLETT: np.bartlett, WindowType.BLACKMAN: np.blackman, WindowType.HAMMING: np.hamming,
            WindowType.HANN: np.hanning, WindowType.KAISER: lambda n: np.kaiser(n, 12.0)}[kind]
    return make(length + 1)[:-1]


def pad_time(signal: np.ndarray, count: int, mode: BorderType, function: str) -> np.ndarray:
    """`count` samples more on both sides of the last dimension; mirrored ones go to and fro where that is needed."""
    if mode is not BorderType.CONSTANT and not signal.shape[-1]:
        raise RuntimeError(f"For '{function}', a signal without samples cannot be continued at its borders.")
    return np.pad(signal, [(0, 0)] * (signal.ndim - 1) + [(count, count)], _PADDING[mode])  # type: ignore[call-overload]


def _framed_window(window: np.ndarray, n_fft: int) -> np.ndarray:
    left = (n_fft - len(window)) // 2
    return np.pad(window, (left, n_fft - len(window) - left))


def stft(signal: np.ndarray, n_fft: int, hop: int, window: np.ndarray, function: str, center: bool = True,
         mode: BorderType = BorderType.REFLECT, onesided: bool = True) -> np.ndarray:
    """complex128 (..., n_fft // 2 + 1 or n_fft, frames) of a signal (..., time)."""
    if center:
        signal = pad_time(signal, n_fft // 2, mode, function)
    if signal.shape[-1] < n_fft:
        raise RuntimeError(f"For '{function}', the signal has {signal.shape[-1]} samples, fewer than the {n_fft} of a "
                           f"frame.")
    frames = np.lib.stride_tricks.sliding_window_view(signal, n_fft, -1)[..., ::hop, :]
    transform = np.fft.rfft if onesided else np.fft.fft
    return np.swapaxes(transform(frames * _framed_window(window, n_fft)), -1, -2)


def istft(spectrum: np.ndarray, n_fft: int, hop: int, window: np.ndarray, length: int | None = None,
          center: bool = True, onesided: bool = True) -> np.ndarray:
    """float64 (..., time) of a complex spectrogram (..., frequency, frames).

    Args:
        length: cut or filled with zeros to so many samples; None for what the frames give.
    """
    frames = np.swapaxes(spectrum, -1, -2)
    parts = np.fft.irfft(frames, n_fft) if onesided else np.fft.ifft(frames).real
    taper = _framed_window(window, n_fft)
    count = frames.shape[-2]
    total = np.zeros((*frames.shape[:-2], n_fft + hop * (count - 1)))
    weight = np.zeros(total.shape[-1])
    for k in range(count):
        total[..., k * hop:k * hop + n_fft] += parts[..., k, :] * taper
        weight[k * hop:k * hop + n_fft] += taper ** 2
    start = n_fft // 2 if center else 0
    stop = start + length if length is not None else len(weight) - start
    total, weight = total[..., start:stop], weight[start:stop]
    result = np.where(weight > 1e-11, total / np.maximum(weight, 1e-11), 0)
    missing = (length or 0) - result.shape[-1]
    return np.pad(result, [(0, 0)] * (result.ndim - 1) + [(0, missing)]) if missing > 0 else result


def vocode(spectrum: np.ndarray, rate: float, advance: np.ndarray) -> np.ndarray:
    """A complex spectrogram (..., frequency, time) that plays `rate` times as fast at the same pitch.

    The phase vocoder of Flanagan and Golden (1966): magnitudes are interpolated between frames, phases go on by what
    they go on between two frames, unwrapped about the `advance`, shape (frequency, 1), that each bin's frequency makes.
    """
    steps = np.arange(0, spectrum.shape[-1], rate)
    first, part = steps.astype(np.int64), steps % 1
    padded = np.concatenate([spectrum, np.zeros((*spectrum.shape[:-1], 2))], -1)
    before, after = padded[..., first], padded[..., first + 1]
    turn = np.angle(after) - np.angle(before) - advance
    turn = turn - 2 * math.pi * np.round(turn / (2 * math.pi)) + advance
    phases = np.cumsum(np.concatenate([np.angle(spectrum[..., :1]), turn[..., :-1]], -1), -1)
    return (part * np.abs(after) + (1 - part) * np.abs(before)) * np.exp(1j * phases)
