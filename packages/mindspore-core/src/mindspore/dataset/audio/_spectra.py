"""Spectrograms, waveforms from spectrograms, and changes of speed, pitch and rate."""
from __future__ import annotations

import math

import numpy as np

from .._check import check_bool, check_optional_int
from ._base import (
    AudioTransform,
    as_complex,
    as_pairs,
    check_choice,
    check_frames,
    check_positive,
    check_rate,
    check_real,
    check_span,
)
from ._enums import BorderType, ResampleMethod, WindowType
from ._stft import istft, pad_time, stft, vocode, window_of

__all__ = ["GriffinLim", "InverseSpectrogram", "PhaseVocoder", "PitchShift", "Resample", "SpectralCentroid",
           "Spectrogram", "TimeStretch"]


class _Framed(AudioTransform):
    """The base of transforms with the arguments of a short-time Fourier transform."""

    def _frames(self, n_fft, win_length, hop_length, window, pad=0, normalized=False, center=True,
                pad_mode=BorderType.REFLECT, onesided=True) -> None:
        name = type(self).__name__
        self.n_fft, size, self.hop = check_frames(n_fft, win_length, hop_length, name)
        self.window = window_of(check_choice(window, WindowType, "window", name), size)
        self.pad = check_span(pad, "pad", name, 0)
        self.scale = math.sqrt((self.window ** 2).sum()) if check_bool(normalized, "normalized", name) else 1.0
        self.center, self.onesided = check_bool(center, "center", name), check_bool(onesided, "onesided", name)
        self.mode = check_choice(pad_mode, BorderType, "pad_mode", name)

    def _spectrum(self, signal: np.ndarray) -> np.ndarray:
        if self.pad:
            signal = pad_time(signal, self.pad, BorderType.CONSTANT, type(self).__name__)
        return stft(signal, self.n_fft, self.hop, self.window, type(self).__name__, self.center, self.mode,
                    self.onesided) / self.scale


class Spectrogram(_Framed):
    """The spectrogram (..., n_fft // 2 + 1, frames) of a waveform (..., time).

    Args:
        n_fft: samples of a frame.
        win_length: samples of the window, at most n_fft; None for n_fft.
        hop_length: samples between frames; None for half of the window.
        pad: zeros added on both sides.
        window: the window.
        power: the exponent of the magnitudes, at least 0; 0 for complex values, with a last dimension of 2.
        normalized: divide by the root of the sum of the squared window.
        center: frame t is centred at t * hop_length; otherwise it begins there.
        pad_mode: what lies outside the waveform where `center`.
        onesided: leave out the negative frequencies; otherwise there are n_fft frequencies.

    Raises:
        TypeError: an argument is of a wrong type. ValueError: one is out of range.
        RuntimeError: the waveform has no samples, or is shorter than a frame where not `center`.
    """

    def __init__(self, n_fft: int = 400, win_length: int | None = None, hop_length: int | None = None, pad: int = 0,
                 window: WindowType = WindowType.HANN, power: float = 2.0, normalized: bool = False,
                 center: bool = True, pad_mode: BorderType = BorderType.REFLECT, onesided: bool = True):
        self._frames(n_fft, win_length, hop_length, window, pad, normalized, center, pad_mode, onesided)
        self.power = check_real(power, "power", "Spectrogram", 0)

    def audio(self, signal, rng):
        spectrum = self._spectrum(signal)
        if not self.power:
            return as_pairs(spectrum, signal.dtype)
        return (np.abs(spectrum) ** self.power).astype(signal.dtype)


class InverseSpectrogram(_Framed):
    """The waveform (..., time) of a complex spectrogram (..., frequency, frames, 2).

    Args:
        length: samples of the result; None for as many as the frames give.
        pad: samples taken off both sides.
        n_fft, win_length, hop_length, window, normalized, center, pad_mode, onesided: those that the spectrogram was
            made with.
    """

    dimensions, pairs, shape = 3, True, "(..., frequency, frames, 2)"

    def __init__(self, length: int | None = None, n_fft: int = 400, win_length: int | None = None,
                 hop_length: int | None = None, pad: int = 0, window: WindowType = WindowType.HANN,
                 normalized: bool = False, center: bool = True, pad_mode: BorderType = BorderType.REFLECT,
                 onesided: bool = True):
        self.length = None if length is None else check_span(length, "length", "InverseSpectrogram", 1)
        self._frames(n_fft, win_length, hop_length, window, pad, normalized, center, pad_mode, onesided)

    def audio(self, signal, rng):
        _check_bins(signal.shape[-3], self.n_fft // 2 + 1 if self.onesided else self.n_fft, "InverseSpectrogram")
        length = None if self.length is None else self.length + 2 * self.pad
        result = istft(as_complex(signal) * self.scale, self.n_fft, self.hop, self.window, length, self.center,
                       self.onesided)
        return result[..., self.pad:result.shape[-1] - self.pad].astype(signal.dtype)


def _check_bins(found: int, wanted: int, function: str) -> None:
    if found != wanted:
        raise RuntimeError(f"For '{function}', the spectrogram must have {wanted} frequencies, but has {found}.")


class GriffinLim(AudioTransform):
    """A waveform (..., time) whose spectrogram is close to a given one (..., n_fft // 2 + 1, frames).

    Phases are those of the spectrogram of the waveform found before, in the fast variant of Griffin and Lim's method
    (Perraudin, Balazs and Sondergaard 2013).

    Args:
        n_fft, win_length, hop_length, window_type: as for `Spectrogram`; 0 counts as None.
        n_iter: iterations.
        power: the exponent that the spectrogram was made with, above 0.
        momentum: at least 0; 0 for the method of 1984.
        length: samples of the result; None for as many as the frames give.
        rand_init: begin with random phases instead of zeros.
    """

    dimensions, shape, random = 2, "(..., frequency, frames)", True

    def __init__(self, n_fft: int = 400, n_iter: int = 32, win_length: int | None = None,
                 hop_length: int | None = None, window_type: WindowType = WindowType.HANN, power: float = 2.0,
                 momentum: float = 0.99, length: int | None = None, rand_init: bool = True):
        name = "GriffinLim"
        self.n_fft, size, self.hop = check_frames(n_fft, win_length or None, hop_length or None, name)
        self.window = window_of(check_choice(window_type, WindowType, "window_type", name), size)
        self.count, self.power = check_span(n_iter, "n_iter", name, 1), check_positive(power, "power", name)
        momentum = check_real(momentum, "momentum", name, 0)
        self.momentum = momentum / (1 + momentum)
        self.length = None if length is None else check_span(length, "length", name, 0)
        self.random = check_bool(rand_init, "rand_init", name)

    def audio(self, signal, rng):
        _check_bins(signal.shape[-2], self.n_fft // 2 + 1, "GriffinLim")
        sizes = signal.astype(np.float64) ** (1 / self.power)
        phases = rng.random(sizes.shape) + 1j * rng.random(sizes.shape) if self.random else \
            np.ones(sizes.shape, np.complex128)
        before = np.zeros_like(phases)
        for _ in range(self.count):
            wave = istft(sizes * phases, self.n_fft, self.hop, self.window, self.length)
            now = stft(wave, self.n_fft, self.hop, self.window, "GriffinLim")[..., :sizes.shape[-1]]
            missing = sizes.shape[-1] - now.shape[-1]
            if missing:
                now = np.pad(now, [(0, 0)] * (now.ndim - 1) + [(0, missing)])
            phases = now - self.momentum * before
            phases = phases / (np.abs(phases) + 1e-16)
            before = now
        return istft(sizes * phases, self.n_fft, self.hop, self.window, self.length).astype(signal.dtype)


class SpectralCentroid(_Framed):
    """The mean frequency in Hz of each frame, weighted by magnitude: (..., 1, frames) of a waveform (..., time).

    Args:
        sample_rate: Hz.
        n_fft, win_length, hop_length, pad, window: as for `Spectrogram`.
    """

    def __init__(self, sample_rate: int, n_fft: int = 400, win_length: int | None = None,
                 hop_length: int | None = None, pad: int = 0, window: WindowType = WindowType.HANN):
        rate = check_span(sample_rate, "sample_rate", "SpectralCentroid", 0)
        self._frames(n_fft, win_length, hop_length, window, pad)
        self.frequencies = np.linspace(0, rate // 2, self.n_fft // 2 + 1)[:, None]

    def audio(self, signal, rng):
        sizes = np.abs(self._spectrum(signal))
        with np.errstate(invalid="ignore"):
            centroid = (sizes * self.frequencies).sum(-2, keepdims=True) / sizes.sum(-2, keepdims=True)
        return centroid.astype(signal.dtype)


class PhaseVocoder(AudioTransform):
    """A complex spectrogram (..., frequency, time, 2) that plays `rate` times as fast, at the same pitch.

    Args:
        rate: above 0.
        phase_advance: array (frequency, 1): by how much the phase of each frequency goes on between two frames.
    """

    dimensions, pairs, shape = 3, True, "(..., frequency, time, 2)"

    def __init__(self, rate: float, phase_advance: np.ndarray):
        self.rate = check_positive(rate, "rate", "PhaseVocoder")
        if not isinstance(phase_advance, np.ndarray):
            raise TypeError(f"For 'PhaseVocoder', 'phase_advance' must be an array, but got {phase_advance!r}.")
        self.advance = phase_advance.astype(np.float64)

    def audio(self, signal, rng):
        if self.advance.shape != (signal.shape[-3], 1):
            raise RuntimeError(f"For '{type(self).__name__}', the spectrogram has {signal.shape[-3]} frequencies, but "
                               f"the phase advance has the shape {self.advance.shape} instead of (frequencies, 1).")
        return signal if self.rate == 1 else as_pairs(vocode(as_complex(signal), self.rate, self.advance),
                                                      signal.dtype)


class TimeStretch(PhaseVocoder):
    """As `PhaseVocoder`, with the advance of a short-time Fourier transform. At the rate 1 the result is the signal in
    the shape (signals, frequency, time, 2), and the number of frequencies may be any.

    Args:
        hop_length: samples between frames; None for n_freq - 1, half of a frame.
        n_freq: number of frequencies.
        fixed_rate: how many times as fast, above 0; None for 1.
    """

    whole = False

    def __init__(self, hop_length: int | None = None, n_freq: int = 201, fixed_rate: float | None = None):
        name = "TimeStretch"
        bins = check_span(n_freq, "n_freq", name, 1)
        hop = bins - 1 if hop_length is None else check_span(hop_length, "hop_length", name, 1)
        self.rate = 1.0 if fixed_rate is None else check_positive(fixed_rate, "fixed_rate", name)
        self.advance = np.linspace(0, math.pi * hop, bins)[:, None]

    def audio(self, signal, rng):
        return signal.reshape(-1, *signal.shape[-3:]) if self.rate == 1 else super().audio(signal, rng)


class Resample(AudioTransform):
    """A waveform (..., time) at another rate: (..., ceil(time * new_freq / orig_freq)).

    Band-limited interpolation (J. O. Smith, "Digital audio resampling"): each new sample is a sum of old ones, weighted
    by a sinc under a window.

    Args:
        orig_freq, new_freq: rates in Hz, ints or floats above 0.
        resample_method: the window.
        lowpass_filter_width: how many zeros the sinc has on each side.
        rolloff: the cut-off as a part of half of the lower rate, in (0, 1].
        beta: of Kaiser's window; None for 14.769656459379492.
    """

    def __init__(self, orig_freq: float = 16000, new_freq: float = 16000,
                 resample_method: ResampleMethod = ResampleMethod.SINC_INTERPOLATION, lowpass_filter_width: int = 6,
                 rolloff: float = 0.99, beta: float | None = None):
        name = "Resample"
        old, new = check_positive(orig_freq, "orig_freq", name), check_positive(new_freq, "new_freq", name)
        method = check_choice(resample_method, ResampleMethod, "resample_method", name)
        width = check_span(lowpass_filter_width, "lowpass_filter_width", name, 1)
        rolloff = check_real(rolloff, "rolloff", name, 0, 1, above=True)
        beta = 14.769656459379492 if beta is None else check_real(beta, "beta", name)
        self.kernels = _Kernels(int(old), int(new), width, rolloff,
                                beta if method is ResampleMethod.KAISER_WINDOW else None)

    def audio(self, signal, rng):
        return self.kernels.resample(signal).astype(signal.dtype)


class _Kernels:
    """The weights of a change of rate: one row for each place that new samples take between old ones.

    Args:
        old, new: rates in Hz, ints above 0. zeros: of the sinc on each side. rolloff: see `Resample`.
        beta: of Kaiser's window; None for Hann's.
    """

    def __init__(self, old: int, new: int, zeros: int = 6, rolloff: float = 0.99, beta: float | None = None):
        old, new = max(old, 1), max(new, 1)
        common = math.gcd(old, new)
        self.old, self.new = old // common, new // common
        cut = min(self.old, self.new) * rolloff
        self.width = math.ceil(zeros * self.old / cut)
        between = (np.arange(self.new) * self.old % self.new / self.new)[:, None]
        time = np.clip((np.arange(-self.width, self.width + 2) - between) * (cut / self.old), -zeros, zeros)
        window = np.cos(time * math.pi / zeros / 2) ** 2 if beta is None else \
            np.i0(beta * np.sqrt(np.maximum(1 - (time / zeros) ** 2, 0))) / np.i0(beta)
        self.weights = np.sinc(time) * window * (cut / self.old)

    def resample(self, signal: np.ndarray) -> np.ndarray:
        """float64 at the new rate."""
        if self.old == self.new:
            return signal.astype(np.float64)
        places = np.arange(math.ceil(self.new * signal.shape[-1] / self.old))
        padded = np.pad(signal.astype(np.float64), [(0, 0)] * (signal.ndim - 1) + [(self.width, self.width + 1)])
        views = np.lib.stride_tricks.sliding_window_view(padded, self.weights.shape[1], -1)
        return np.einsum("...nk,nk->...n", views[..., places * self.old // self.new, :],
                         self.weights[places % self.new])


class PitchShift(AudioTransform):
    """Moves the pitch of a waveform (..., time), whose length stays: stretched, then resampled.

    Args:
        sample_rate: Hz.
        n_steps: how many steps up.
        bins_per_octave: steps of an octave, not 0.
        n_fft, win_length, window: as for `Spectrogram`.
        hop_length: samples between frames; None for a quarter of the window.
    """

    def __init__(self, sample_rate: int, n_steps: int, bins_per_octave: int = 12, n_fft: int = 512,
                 win_length: int | None = None, hop_length: int | None = None,
                 window: WindowType = WindowType.HANN):
        name = "PitchShift"
        rate = check_span(sample_rate, "sample_rate", name, 1)
        octave = check_rate(bins_per_octave, name, "bins_per_octave")
        check_optional_int(n_steps, "n_steps", name, -1 << 31)
        self.speed = 2.0 ** (-check_real(n_steps, "n_steps", name) / octave)
        self.n_fft, size, self.hop = check_frames(n_fft, win_length, hop_length, name, half=False)
        self.window = window_of(check_choice(window, WindowType, "window", name), size)
        self.kernels = _Kernels(int(rate / self.speed), rate)

    def audio(self, signal, rng):
        length = signal.shape[-1]
        spectrum = stft(signal, self.n_fft, self.hop, self.window, "PitchShift")
        advance = np.linspace(0, math.pi * self.hop, self.n_fft // 2 + 1)[:, None]
        slow = istft(vocode(spectrum, self.speed, advance), self.n_fft, self.hop, self.window,
                     round(length / self.speed))
        result = self.kernels.resample(slow)[..., :length]
        missing = length - result.shape[-1]
        return np.pad(result, [(0, 0)] * (result.ndim - 1) + [(0, missing)]).astype(signal.dtype)
