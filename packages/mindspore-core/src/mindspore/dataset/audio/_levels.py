"""Loudness and values: gains, decibels, fades, companding, dither, magnitudes and phases."""
from __future__ import annotations

import math

import numpy as np

from .._check import check_bool
from ._base import AudioTransform, check_choice, check_positive, check_real, check_span
from ._enums import DensityFunction, FadeShape, GainType, ScaleType

__all__ = ["AmplitudeToDB", "Angle", "ComplexNorm", "Contrast", "DBToAmplitude", "DCShift", "Dither", "Fade", "Gain",
           "Magphase", "MuLawDecoding", "MuLawEncoding", "Vol"]


class AmplitudeToDB(AudioTransform):
    """Decibels of a spectrogram (..., frequency, time): 10 lg(max(x, amin)) - 10 lg(max(amin, ref_value)).

    Args:
        stype: POWER, or MAGNITUDE for 20 instead of 10.
        ref_value: what is 0 dB, above 0.
        amin: the least value, above 0.
        top_db: how far below the loudest value of a spectrogram, over its channels, the result may lie; above 0.
    """

    dimensions, whole, shape = 2, False, "(..., frequency, time)"

    def __init__(self, stype: ScaleType = ScaleType.POWER, ref_value: float = 1.0, amin: float = 1e-10,
                 top_db: float = 80.0):
        name = "AmplitudeToDB"
        self.factor = 10.0 if check_choice(stype, ScaleType, "stype", name) is ScaleType.POWER else 20.0
        self.reference, self.least = check_positive(ref_value, "ref_value", name), check_positive(amin, "amin", name)
        self.top = check_positive(top_db, "top_db", name)

    def audio(self, signal, rng):
        levels = self.factor * (np.log10(np.maximum(signal, self.least).astype(np.float64))
                                - math.log10(max(self.least, self.reference)))
        axes = tuple(range(-min(signal.ndim, 3), 0))
        return np.maximum(levels, levels.max(axes, keepdims=True) - self.top).astype(signal.dtype)


class DBToAmplitude(AudioTransform):
    """ref * (10 ** (x / 10)) ** power: of decibels, magnitudes for power 0.5 and powers for 1."""

    def __init__(self, ref: float, power: float):
        self.reference = check_real(ref, "ref", "DBToAmplitude")
        self.power = check_real(power, "power", "DBToAmplitude")

    def audio(self, signal, rng):
        return (self.reference * np.power(10.0, 0.1 * self.power * signal.astype(np.float64))).astype(signal.dtype)


class Angle(AudioTransform):
    """The phases (...) of complex numbers (..., 2), in radians."""

    pairs, shape = True, "(..., 2)"

    def audio(self, signal, rng):
        return np.arctan2(signal[..., 1], signal[..., 0])


def _norm(signal: np.ndarray, power: float) -> np.ndarray:
    return np.sqrt((signal.astype(np.float64) ** 2).sum(-1)) ** power


class ComplexNorm(AudioTransform):
    """The magnitudes (...) of complex numbers (..., 2), to a power of at least 0."""

    pairs, shape = True, "(..., 2)"

    def __init__(self, power: float = 1.0):
        self.power = check_real(power, "power", "ComplexNorm", 0)

    def audio(self, signal, rng):
        return _norm(signal, self.power).astype(signal.dtype)


class Magphase(AudioTransform):
    """Magnitudes to a power of at least 0, and phases, of complex numbers (..., 2): two arrays (...)."""

    pairs, shape = True, "(..., 2)"

    def __init__(self, power: float = 1.0):
        self.power = check_real(power, "power", "Magphase", 0)

    def audio(self, signal, rng):
        return np.stack([_norm(signal, self.power), np.arctan2(signal[..., 1], signal[..., 0])]).astype(signal.dtype)

    def apply_to_columns(self, columns, rng):
        results = []
        for column in columns:
            both = [self.apply_to_value(value, rng) for value in column]
            results += [[pair[0] for pair in both], [pair[1] for pair in both]]
        return results


class Contrast(AudioTransform):
    """Makes a waveform (..., time) sound louder, as SoX's contrast: sin(x') for x' = pi x / 2 + c sin(2 pi x).

    Args:
        enhancement_amount: 0..100; c is a 750th of it.
    """

    def __init__(self, enhancement_amount: float = 75.0):
        self.amount = check_real(enhancement_amount, "enhancement_amount", "Contrast", 0, 100)

    def audio(self, signal, rng):
        angle = signal.astype(np.float64) * (math.pi / 2)
        return np.sin(angle + self.amount / 750 * np.sin(4 * angle)).astype(signal.dtype)


class DCShift(AudioTransform):
    """Adds a constant to a waveform (..., time) and clamps it to -1..1, as SoX's dcshift.

    Args:
        shift: -2..2.
        limiter_gain: about 0.05: peaks are squeezed by it instead of cut where they come close to the limit; None for
            a plain cut.
    """

    def __init__(self, shift: float, limiter_gain: float | None = None):
        self.shift = check_real(shift, "shift", "DCShift", -2, 2)
        self.limiter = None if limiter_gain is None else check_real(limiter_gain, "limiter_gain", "DCShift")

    def audio(self, signal, rng):
        plain = np.clip(signal + self.shift, -1, 1)
        if not self.limiter or not self.shift:
            return plain.astype(signal.dtype)
        sign, limit = math.copysign(1, self.shift), 1 - (abs(self.shift) - self.limiter)
        height = sign * signal
        squeezed = (height - limit) * self.limiter / (1 - limit) + limit + abs(self.shift)
        return np.where(height > limit, sign * np.minimum(squeezed, limit), plain).astype(signal.dtype)


class Dither(AudioTransform):
    """Rounds a waveform (..., time) to 16 bits after adding noise of the size of a step, as SoX's dither.

    Args:
        density_function: TPDF, RPDF or GPDF. TPDF adds a triangle over the length of the signal; RPDF adds one value,
            a random sample of the signal less 0.5; GPDF that plus five more random samples.
        noise_shaping: add each sample's error to the next sample.
    """

    random, whole = True, False

    def __init__(self, density_function: DensityFunction = DensityFunction.TPDF, noise_shaping: bool = False):
        self.density = check_choice(density_function, DensityFunction, "density_function", "Dither")
        self.shaping = check_bool(noise_shaping, "noise_shaping", "Dither")

    def audio(self, signal, rng):
        scaled = signal.astype(np.float64) * ((1 << 15) - 2)
        if self.density is DensityFunction.TPDF:
            scaled += np.bartlett(signal.shape[-1] + 1)[:-1] if signal.shape[-1] > 1 else 1
        else:
            count = 1 if self.density is DensityFunction.RPDF else 6
            scaled += rng.choice(signal.reshape(-1), count).sum() - 0.5
        result = np.round(scaled) / (1 << 15)
        if self.shaping:
            error = result - signal
            result[..., 1:] += error[..., :-1]
        return result.astype(signal.dtype)


_FADES = {
    FadeShape.LINEAR: lambda x: x,
    FadeShape.EXPONENTIAL: lambda x: 2 ** (x - 1) * x,
    FadeShape.LOGARITHMIC: lambda x: np.log10(0.1 + x) + 1,
    FadeShape.QUARTER_SINE: lambda x: np.sin(x * math.pi / 2),
    FadeShape.HALF_SINE: lambda x: np.sin(x * math.pi - math.pi / 2) / 2 + 0.5,
}


class Fade(AudioTransform):
    """Fades a waveform (..., time) in and out.

    Args:
        fade_in_len, fade_out_len: samples, at least 0 and at most as many as the waveform has.
        fade_shape: the curve from 0 to 1.
    """

    def __init__(self, fade_in_len: int = 0, fade_out_len: int = 0, fade_shape: FadeShape = FadeShape.LINEAR):
        self.start = check_span(fade_in_len, "fade_in_len", "Fade", 0)
        self.end = check_span(fade_out_len, "fade_out_len", "Fade", 0)
        self.kind = check_choice(fade_shape, FadeShape, "fade_shape", "Fade")

    def audio(self, signal, rng):
        length = signal.shape[-1]
        if max(self.start, self.end) > length:
            raise RuntimeError(f"For 'Fade', the fades of {self.start} and {self.end} samples are longer than the "
                               f"waveform of {length}.")
        gains, curve = np.ones(length), _FADES[self.kind]
        gains[:self.start] *= np.clip(curve(np.linspace(0, 1, self.start)), 0, 1)
        gains[length - self.end:] *= np.clip(curve(np.linspace(1, 0, self.end)), 0, 1)
        return (signal * gains).astype(signal.dtype)


class Gain(AudioTransform):
    """Multiplies a waveform (..., time) by 10 ** (gain_db / 20)."""

    def __init__(self, gain_db: float = 1.0):
        self.factor = 10 ** (check_real(gain_db, "gain_db", "Gain") / 20)

    def audio(self, signal, rng):
        return (signal * self.factor).astype(signal.dtype)


class Vol(AudioTransform):
    """Multiplies a waveform (..., time) and clamps it to -1..1.

    Args:
        gain: a factor for AMPLITUDE, at least 0; a factor of the power for POWER, above 0; decibels for DB.
        gain_type: the unit.
    """

    def __init__(self, gain: float, gain_type: GainType = GainType.AMPLITUDE):
        kind = check_choice(gain_type, GainType, "gain_type", "Vol")
        low = -float(1 << 24) if kind is GainType.DB else 0.0
        gain = check_real(gain, "gain", "Vol", low, above=kind is GainType.POWER)
        self.factor = {GainType.AMPLITUDE: lambda: gain, GainType.POWER: lambda: math.sqrt(gain),
                       GainType.DB: lambda: 10 ** (gain / 20)}[kind]()

    def audio(self, signal, rng):
        return np.clip(signal * self.factor, -1, 1).astype(signal.dtype)


class MuLawEncoding(AudioTransform):
    """int32 codes 0..channels - 1 of a waveform (..., time) in -1..1 by the mu law of ITU-T G.711, without steps.

    Args:
        quantization_channels: number of codes, mu + 1.
    """

    def __init__(self, quantization_channels: int = 256):
        self.mu = check_span(quantization_channels, "quantization_channels", type(self).__name__, 1) - 1

    def audio(self, signal, rng):
        x = signal.astype(np.float64)
        squeezed = np.sign(x) * np.log1p(self.mu * np.abs(x)) / math.log1p(self.mu) if self.mu else x
        return ((squeezed + 1) / 2 * self.mu + 0.5).astype(np.int32)


class MuLawDecoding(MuLawEncoding):
    """The waveform (..., time) in -1..1 of codes 0..channels - 1; the inverse of `MuLawEncoding`."""

    def audio(self, signal, rng):
        if not self.mu:
            return np.zeros_like(signal)
        x = signal.astype(np.float64) / self.mu * 2 - 1
        return (np.sign(x) * np.expm1(np.abs(x) * math.log1p(self.mu)) / self.mu).astype(signal.dtype)
