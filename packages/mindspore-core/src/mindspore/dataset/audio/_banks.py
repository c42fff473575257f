"""Matrices from linear frequencies to mel bands, linear bands and cepstral coefficients.

A bank of triangles: triangle m rises from point m to point m + 1 and falls to point m + 2, the points being equally far
apart on the mel scale or in Hz. HTK's mel scale is 2595 lg(1 + f / 700); Slaney's is 3 f / 200 below 1000 Hz and
15 + 27 log(f / 1000) / log 6.4 above.
"""
from __future__ import annotations

import math

import numpy as np

from ._base import check_choice, check_positive, check_real, check_span
from ._enums import MelType, NormMode, NormType

__all__ = ["create_dct", "linear_fbanks", "melscale_fbanks"]

_LOGARITHMIC_STEP = math.log(6.4) / 27


def _to_mel(frequency: float, kind: MelType) -> float:
    if kind is MelType.HTK:
        return 2595 * math.log10(1 + frequency / 700)
    return 3 * frequency / 200 if frequency < 1000 else 15 + math.log(frequency / 1000) / _LOGARITHMIC_STEP


def _to_hertz(mels: np.ndarray, kind: MelType) -> np.ndarray:
    if kind is MelType.HTK:
        return 700 * (10 ** (mels / 2595) - 1)
    return np.where(mels < 15, 200 * mels / 3, 1000 * np.exp(_LOGARITHMIC_STEP * (np.maximum(mels, 15) - 15)))


def _triangles(n_freqs: int, sample_rate: int, points: np.ndarray) -> np.ndarray:
    """float64 (n_freqs, len(points) - 2); the frequencies go from 0 to half of the rate."""
    slopes = points - np.linspace(0, sample_rate // 2, n_freqs)[:, None]
    widths = np.diff(points)
    return np.maximum(0, np.minimum(-slopes[:, :-2] / widths[:-1], slopes[:, 2:] / widths[1:]))


def _checked(n_freqs, f_min, f_max, count, sample_rate, which: str, function: str) -> None:
    check_span(n_freqs, "n_freqs", function, 2)
    check_span(count, which, function, 1)
    check_span(sample_rate, "sample_rate", function, 1)
    check_real(f_min, "f_min", function, 0)
    check_positive(f_max, "f_max", function)
    if f_min > f_max:
        raise ValueError(f"For '{function}', 'f_max' must be at least 'f_min', but got {f_max} and {f_min}.")


def mel_bank(n_freqs: int, f_min: float, f_max: float, n_mels: int, sample_rate: int, norm: NormType,
             mel_type: MelType) -> np.ndarray:
    """As `melscale_fbanks`, in float64 and unchecked."""
    points = _to_hertz(np.linspace(_to_mel(f_min, mel_type), _to_mel(f_max, mel_type), n_mels + 2), mel_type)
    bank = _triangles(n_freqs, sample_rate, points)
    return bank * (2 / (points[2:] - points[:-2])) if norm is NormType.SLANEY else bank


def melscale_fbanks(n_freqs: int, f_min: float, f_max: float, n_mels: int, sample_rate: int,
                    norm: NormType = NormType.NONE, mel_type: MelType = MelType.HTK) -> np.ndarray:
    """The matrix from magnitudes at equally spaced frequencies to mel bands: float32 (n_freqs, n_mels).

    Args:
        n_freqs: number of frequencies, from 0 to half of the rate.
        f_min, f_max: Hz, the lowest and the highest of the bands.
        n_mels: number of bands.
        sample_rate: Hz.
        norm: with SLANEY each band is divided by half of its width in Hz.
        mel_type: the scale.

    Raises:
        TypeError: an argument is of a wrong type. ValueError: one is out of range.
    """
    name = "melscale_fbanks"
    _checked(n_freqs, f_min, f_max, n_mels, sample_rate, "n_mels", name)
    check_choice(norm, NormType, "norm", name)
    check_choice(mel_type, MelType, "mel_type", name)
    return mel_bank(n_freqs, f_min, f_max, n_mels, sample_rate, norm, mel_type).astype(np.float32)


def linear_fbanks(n_freqs: int, f_min: float, f_max: float, n_filter: int, sample_rate: int) -> np.ndarray:
    """The matrix from magnitudes to bands equally wide in Hz: float32 (n_freqs, n_filter); as `melscale_fbanks`."""
    _checked(n_freqs, f_min, f_max, n_filter, sample_rate, "n_filter", "linear_fbanks")
    points = np.linspace(f_min, f_max, n_filter + 2)
    return _triangles(n_freqs, sample_rate, points).astype(np.float32)


def create_dct(n_mfcc: int, n_mels: int, norm: NormMode = NormMode.NONE) -> np.ndarray:
    """The matrix of the discrete cosine transform of type II from the right: float32 (n_mels, n_mfcc).

    Args:
        n_mfcc: number of coefficients.
        n_mels: number of bands.
        norm: ORTHO for orthonormal columns, NONE for twice the sum of cosines.

    Raises:
        TypeError: an argument is of a wrong type. ValueError: a number is below 1.
    """
    check_span(n_mfcc, "n_mfcc", "create_dct", 1)
    check_span(n_mels, "n_mels", "create_dct", 1)
    check_choice(norm, NormMode, "norm", "create_dct")
    matrix = np.cos(math.pi / n_mels * (np.arange(n_mels)[:, None] + 0.5) * np.arange(n_mfcc))
    if norm is NormMode.NONE:
        return (2 * matrix).astype(np.float32)
    matrix[:, 0] /= math.sqrt(2)
    return (matrix * math.sqrt(2 / n_mels)).astype(np.float32)
