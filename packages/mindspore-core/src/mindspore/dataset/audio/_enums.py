"""The choices that audio transforms offer."""
from __future__ import annotations

import enum

__all__ = ["BorderType", "DensityFunction", "FadeShape", "GainType", "Interpolation", "MelType", "Modulation",
           "NormMode", "NormType", "ResampleMethod", "ScaleType", "WindowType"]


class BorderType(str, enum.Enum):
    """What samples outside a signal are."""

    CONSTANT = "constant"       # zeros
    EDGE = "edge"               # the nearest sample
    REFLECT = "reflect"         # mirrored without repeating the outermost sample
    SYMMETRIC = "symmetric"     # mirrored with it


class DensityFunction(str, enum.Enum):
    """The distributions of the noise of `Dither`: triangular, uniform, close to normal."""

    TPDF = "TPDF"
    RPDF = "RPDF"
    GPDF = "GPDF"


class FadeShape(str, enum.Enum):
    """The curves of `Fade`."""

    QUARTER_SINE = "quarter_sine"
    HALF_SINE = "half_sine"
    LINEAR = "linear"
    LOGARITHMIC = "logarithmic"
    EXPONENTIAL = "exponential"


class GainType(str, enum.Enum):
    """The units of the gain of `Vol`: a factor, a factor of the power, decibels."""

    AMPLITUDE = "amplitude"
    POWER = "power"
    DB = "db"


class Interpolation(str, enum.Enum):
    """How `Flanger` reads its delay line between two samples."""

    LINEAR = "linear"
    QUADRATIC = "quadratic"


class MelType(str, enum.Enum):
    """The formulas of the mel scale: that of HTK (O'Shaughnessy), and Slaney's, linear below 1000 Hz."""

    HTK = "htk"
    SLANEY = "slaney"


class Modulation(str, enum.Enum):
    """The shapes of the wave that modulates a delay."""

    SINUSOIDAL = "sinusoidal"
    TRIANGULAR = "triangular"


class NormMode(str, enum.Enum):
    """Whether a cosine transform is orthonormal."""

    ORTHO = "ortho"
    NONE = "none"


class NormType(str, enum.Enum):
    """Whether the triangles of a mel bank have equal areas (SLANEY) or equal heights."""

    NONE = "none"
    SLANEY = "slaney"


class ResampleMethod(str, enum.Enum):
    """The windows of the sinc kernels of `Resample`: Hann's and Kaiser's."""

    SINC_INTERPOLATION = "sinc_interpolation"
    KAISER_WINDOW = "kaiser_window"


class ScaleType(str, enum.Enum):
    """What `AmplitudeToDB` gets: magnitudes or their squares."""

    MAGNITUDE = "magnitude"
    POWER = "power"


class WindowType(str, enum.Enum):
    """The windows of short-time Fourier transforms."""

    BARTLETT = "bartlett"
    BLACKMAN = "blackman"
    HAMMING = "hamming"
    HANN = "hann"
    KAISER = "kaiser"
