"""Filters with constant coefficients: general ones, and sections of second order.

The sections' coefficients are those of R. Bristow-Johnson's "Cookbook formulae for audio equalizer biquad filter
coefficients", and of SoX for the band, RIAA and de-emphasis filters. With w = 2 pi f / rate and a quality Q,
alpha = sin w / 2Q. All filters start at rest, and what they give is clamped to -1..1.
"""
from __future__ import annotations

import cmath
import math
from collections.abc import Sequence

import numpy as np

from .._check import check_bool, check_int, check_numbers
from ._base import AudioTransform, check_quality, check_rate, check_real
from ._recurrence import recur

__all__ = ["AllpassBiquad", "BandBiquad", "BandpassBiquad", "BandrejectBiquad", "BassBiquad", "Biquad",
           "DeemphBiquad", "EqualizerBiquad", "Filtfilt", "HighpassBiquad", "LFilter", "LowpassBiquad", "RiaaBiquad",
           "TrebleBiquad"]


class _Filter(AudioTransform):
    """The base of filters; a subclass sets `a`, `b` and `clamp`."""

    a: Sequence[float]
    b: Sequence[float]
    clamp = True

    def audio(self, signal, rng):
        result = recur(signal, self.a, self.b)
        return (np.clip(result, -1, 1) if self.clamp else result).astype(signal.dtype)


class LFilter(_Filter):
    """The filter B(z) / A(z) of a waveform (..., time).

    Args:
        a_coeffs: the denominator's coefficients, that of the present sample, not 0, first.
        b_coeffs: the numerator's, as many.
        clamp: clamp the result to -1..1.

    Raises:
        TypeError: an argument is of a wrong type. ValueError: the lengths differ, or a_coeffs[0] is 0.
    """

    def __init__(self, a_coeffs, b_coeffs, clamp: bool = True):
        name = type(self).__name__
        self.a, self.b = check_numbers(a_coeffs, "a_coeffs", name), check_numbers(b_coeffs, "b_coeffs", name)
        for which, values in (("a_coeffs", self.a), ("b_coeffs", self.b)):
            for value in values:
                check_real(value, which, name)
        if len(self.a) != len(self.b):
            raise ValueError(f"For '{name}', 'a_coeffs' and 'b_coeffs' must be equally long, but have {len(self.a)} "
                             f"and {len(self.b)} numbers.")
        if not self.a[0]:
            raise ValueError(f"For '{name}', 'a_coeffs' must not begin with 0.")
        self.clamp = check_bool(clamp, "clamp", name)


class Filtfilt(LFilter):
    """As `LFilter`, forwards and then backwards in time, so that no frequency is delayed; clamped at the end."""

    def audio(self, signal, rng):
        result = recur(recur(signal, self.a, self.b)[..., ::-1], self.a, self.b)[..., ::-1]
        return (np.clip(result, -1, 1) if self.clamp else result).astype(signal.dtype)


class Biquad(_Filter):
    """The filter (b0 + b1/z + b2/z^2) / (a0 + a1/z + a2/z^2) of a waveform (..., time); a0 is not 0."""

    def __init__(self, b0: float, b1: float, b2: float, a0: float, a1: float, a2: float):
        given = {"b0": b0, "b1": b1, "b2": b2, "a0": a0, "a1": a1, "a2": a2}
        values = [check_real(value, which, "Biquad") for which, value in given.items()]
        self.b, self.a = values[:3], values[3:]
        if not self.a[0]:
            raise ValueError("For 'Biquad', 'a0' must not be 0.")


class _Section(_Filter):
    """The base of sections given by a frequency and a quality."""

    def _set(self, sample_rate, frequency, quality, which: str) -> tuple[float, float]:
        """(cos w, alpha)."""
        name = type(self).__name__
        rate, quality = check_rate(sample_rate, name), check_quality(quality, name)
        turn = 2 * math.pi * check_real(frequency, which, name) / rate
        return math.cos(turn), math.sin(turn) / 2 / quality

    def _flat(self, cos: float, alpha: float, b: Sequence[float]) -> None:
        """The denominator that most sections have."""
        self.a, self.b = [1 + alpha, -2 * cos, 1 - alpha], b

    def _shelf(self, cos: float, alpha: float, gain: float, sign: int) -> None:
        """A shelf above the frequency for sign 1, below it for -1; gain in dB."""
        root = 10 ** (gain / 40)
        tilt, wide, narrow = sign * 2 * math.sqrt(root) * alpha, (root + 1) * cos, (root - 1) * cos
        self.b = [root * (root + 1 + sign * (narrow + tilt)), -2 * sign * root * (root - 1 + sign * wide),
                  root * (root + 1 + sign * (narrow - tilt))]
        self.a = [root + 1 - sign * (narrow - tilt), 2 * sign * (root - 1 - sign * wide),
                  root + 1 - sign * (narrow + tilt)]


class LowpassBiquad(_Section):
    """Keeps what is below a frequency of a waveform (..., time).

    Args:
        sample_rate: Hz, an int.
        cutoff_freq: Hz.
        Q: the quality, in (0, 1].
    """

    def __init__(self, sample_rate: int, cutoff_freq: float, Q: float = 0.707):
        cos, alpha = self._set(sample_rate, cutoff_freq, Q, "cutoff_freq")
        self._flat(cos, alpha, [(1 - cos) / 2, 1 - cos, (1 - cos) / 2])


class HighpassBiquad(_Section):
    """Keeps what is above a frequency of a waveform (..., time); arguments as for `LowpassBiquad`."""

    def __init__(self, sample_rate: int, cutoff_freq: float, Q: float = 0.707):
        cos, alpha = self._set(sample_rate, cutoff_freq, Q, "cutoff_freq")
        self._flat(cos, alpha, [(1 + cos) / 2, -1 - cos, (1 + cos) / 2])


class AllpassBiquad(_Section):
    """Turns phases about a frequency, and keeps magnitudes, of a waveform (..., time).

    Args:
        sample_rate: Hz, an int.
        central_freq: Hz.
        Q: the quality, in (0, 1].
    """

    def __init__(self, sample_rate: int, central_freq: float, Q: float = 0.707):
        cos, alpha = self._set(sample_rate, central_freq, Q, "central_freq")
        self._flat(cos, alpha, [1 - alpha, -2 * cos, 1 + alpha])


class BandpassBiquad(_Section):
    """Keeps what is about a frequency of a waveform (..., time).

    Args:
        sample_rate, central_freq, Q: as for `AllpassBiquad`.
        const_skirt_gain: the peak's gain is Q instead of 1.
    """

    def __init__(self, sample_rate: int, central_freq: float, Q: float = 0.707, const_skirt_gain: bool = False):
        cos, alpha = self._set(sample_rate, central_freq, Q, "central_freq")
        top = alpha * Q if check_bool(const_skirt_gain, "const_skirt_gain", "BandpassBiquad") else alpha
        self._flat(cos, alpha, [top, 0, -top])


class BandrejectBiquad(_Section):
    """Drops what is about a frequency of a waveform (..., time); arguments as for `AllpassBiquad`."""

    def __init__(self, sample_rate: int, central_freq: float, Q: float = 0.707):
        cos, alpha = self._set(sample_rate, central_freq, Q, "central_freq")
        self._flat(cos, alpha, [1, -2 * cos, 1])


class BandBiquad(_Section):
    """SoX's resonant band filter of a waveform (..., time).

    Args:
        sample_rate, central_freq, Q: as for `AllpassBiquad`.
        noise: the gain for unpitched sound instead of that for pitched sound.
    """

    def __init__(self, sample_rate: int, central_freq: float, Q: float = 0.707, noise: bool = False):
        cos, _ = self._set(sample_rate, central_freq, Q, "central_freq")
        a2 = math.exp(-2 * math.pi * central_freq / Q / sample_rate)
        a1 = -4 * a2 / (1 + a2) * cos
        b0 = math.sqrt(max(1 - a1 * a1 / (4 * a2), 0)) * (1 - a2)
        if check_bool(noise, "noise", "BandBiquad"):
            b0 = math.sqrt(max(((1 + a2) ** 2 - a1 * a1) * (1 - a2) / (1 + a2), 0))
        self.a, self.b = [1, a1, a2], [b0, 0, 0]


class EqualizerBiquad(_Section):
    """Lifts or lowers what is about a frequency of a waveform (..., time).

    Args:
        sample_rate: Hz, an int.
        center_freq: Hz.
        gain: dB at the frequency.
        Q: the quality, in (0, 1].
    """

    def __init__(self, sample_rate: int, center_freq: float, gain: float, Q: float = 0.707):
        cos, alpha = self._set(sample_rate, center_freq, Q, "center_freq")
        root = 10 ** (check_real(gain, "gain", "EqualizerBiquad") / 40)
        self.a, self.b = ([1 + alpha * f, -2 * cos, 1 - alpha * f] for f in (1 / root, root))


class BassBiquad(_Section):
    """Lifts or lowers what is below a frequency of a waveform (..., time).

    Args:
        sample_rate: Hz, an int.
        gain: dB of the lowest frequencies.
        central_freq: Hz, where half of the gain is reached.
        Q: the quality, in (0, 1].
    """

    def __init__(self, sample_rate: int, gain: float, central_freq: float = 100.0, Q: float = 0.707):
        cos, alpha = self._set(sample_rate, central_freq, Q, "central_freq")
        self._shelf(cos, alpha, check_real(gain, "gain", "BassBiquad"), -1)


class TrebleBiquad(_Section):
    """Lifts or lowers what is above a frequency of a waveform (..., time); arguments as for `BassBiquad`."""

    def __init__(self, sample_rate: int, gain: float, central_freq: float = 3000, Q: float = 0.707):
        cos, alpha = self._set(sample_rate, central_freq, Q, "central_freq")
        self._shelf(cos, alpha, check_real(gain, "gain", "TrebleBiquad"), 1)


class DeemphBiquad(_Section):
    """Undoes the emphasis of high frequencies on compact discs (IEC 60908) of a waveform (..., time).

    Args:
        sample_rate: 44100 or 48000.
    """

    def __init__(self, sample_rate: int):
        shelves = {44100: (5283, 0.4845, -9.477), 48000: (5356, 0.479, -9.62)}
        frequency, slope, gain = shelves[_known_rate(sample_rate, shelves, "DeemphBiquad")]
        turn, root = 2 * math.pi * frequency / sample_rate, 10 ** (gain / 40)
        alpha = math.sin(turn) / 2 * math.sqrt((root + 1 / root) * (1 / slope - 1) + 2)
        self._shelf(math.cos(turn), alpha, gain, 1)


class RiaaBiquad(_Filter):
    """The equalisation of vinyl records (RIAA) of a waveform (..., time), with gain 1 at 1000 Hz.

    Args:
        sample_rate: 44100, 48000, 88200 or 96000. The zeros and poles are SoX's.
    """

    def __init__(self, sample_rate: int):
        known = {44100: ((-0.2014898, 0.9233820), (0.7083149, 0.9924091)),
                 48000: ((-0.1766069, 0.9321590), (0.7396325, 0.9931330)),
                 88200: ((-0.1168735, 0.9648312), (0.8590646, 0.9964002)),
                 96000: ((-0.1141486, 0.9676817), (0.8699137, 0.9966946))}
        zeros, poles = known[_known_rate(sample_rate, known, "RiaaBiquad")]
        delay = cmath.exp(-2j * math.pi * 1000 / sample_rate)
        numerator, denominator = ([1, -(p + q), p * q] for p, q in (zeros, poles))
        gain = abs(np.polyval(denominator[::-1], delay) / np.polyval(numerator[::-1], delay))
        self.a, self.b = denominator, [value * float(gain) for value in numerator]


def _known_rate(sample_rate, known, function: str) -> int:
    rate = check_int(sample_rate, "sample_rate", function, -1 << 31)
    if rate not in known:
        raise ValueError(f"For '{function}', 'sample_rate' must be one of {list(known)}, but got {rate}.")
    return rate
