"""Features of spectrograms and waveforms: mel bands, cepstral coefficients, differences, means taken off, pitch."""
from __future__ import annotations

import math

import numpy as np

from .._check import check_bool, check_number
from ._banks import create_dct, linear_fbanks, mel_bank
from ._base import AudioTransform, check_band, check_choice, check_positive, check_rate, check_real, check_span
from ._enums import BorderType, MelType, NormMode, NormType, WindowType
from ._levels import AmplitudeToDB
from ._spectra import Spectrogram
from ._stft import pad_time

__all__ = ["ComputeDeltas", "DetectPitchFrequency", "InverseMelScale", "LFCC", "MFCC", "MelScale", "MelSpectrogram",
           "SlidingWindowCmn"]


def _apply(bank: np.ndarray, signal: np.ndarray) -> np.ndarray:
    """The bank (frequencies, bands) on the second last dimension."""
    return (bank.T @ signal).astype(signal.dtype)


def _check_rows(signal: np.ndarray, count: int, what: str, function: str) -> None:
    if signal.shape[-2] != count:
        raise RuntimeError(f"For '{function}', the data must have {count} {what}, but have {signal.shape[-2]}.")


class MelScale(AudioTransform):
    """Mel bands (..., n_mels, time) of a spectrogram (..., n_stft, time).

    Args:
        n_mels: number of bands.
        sample_rate: Hz.
        f_min: Hz of the lowest band, above -700.
        f_max: Hz of the highest, above f_min; None for half of the rate.
        n_stft: number of frequencies.
        norm, mel_type: as for `melscale_fbanks`.
    """

    dimensions, shape = 2, "(..., frequency, time)"

    def __init__(self, n_mels: int = 128, sample_rate: int = 16000, f_min: float = 0.0, f_max: float | None = None,
                 n_stft: int = 201, norm: NormType = NormType.NONE, mel_type: MelType = MelType.HTK):
        name = type(self).__name__
        self.bank = _mel(n_stft, n_mels, sample_rate, f_min, f_max, norm, mel_type, name)

    def audio(self, signal, rng):
        _check_rows(signal, len(self.bank), "frequencies", "MelScale")
        return _apply(self.bank, signal)


def _mel(n_stft, n_mels, sample_rate, f_min, f_max, norm, mel_type, function: str) -> np.ndarray:
    n_mels = check_span(n_mels, "n_mels", function, 1)
    rate = check_span(sample_rate, "sample_rate", function, 1)
    low, high = check_band(f_min, f_max, rate, function)
    return mel_bank(check_span(n_stft, "n_stft", function, 2), low, high, n_mels, rate,
                    check_choice(norm, NormType, "norm", function),
                    check_choice(mel_type, MelType, "mel_type", function))


class InverseMelScale(AudioTransform):
    """A spectrogram (..., n_stft, time), not negative, whose mel bands are close to given ones (..., n_mels, time).

    Gradient descent with momentum from random values on the mean over time of the squared error, clamped to at least 0
    after each step.

    Args:
        n_stft: number of frequencies.
        n_mels, sample_rate, f_min, f_max, norm, mel_type: as for `MelScale`.
        max_iter: the most steps.
        tolerance_loss: stop when the error is below it.
        tolerance_change: stop when the error changes by less.
        sgdargs: {"sgd_lr": 0.1, "sgd_momentum": 0.9}, the length of the steps and the momentum, both at least 0.
    """

    dimensions, shape, random = 2, "(..., mel, time)", True

    def __init__(self, n_stft: int, n_mels: int = 128, sample_rate: int = 16000, f_min: float = 0.0,
                 f_max: float | None = None, max_iter: int = 100000, tolerance_loss: float = 1e-5,
                 tolerance_change: float = 1e-8, sgdargs: dict | None = None, norm: NormType = NormType.NONE,
                 mel_type: MelType = MelType.HTK):
        name = "InverseMelScale"
        self.bank = _mel(n_stft, n_mels, sample_rate, f_min, f_max, norm, mel_type, name)
        self.count = check_span(max_iter, "max_iter", name, 1)
        self.enough = check_positive(tolerance_loss, "tolerance_loss", name)
        self.change = check_positive(tolerance_change, "tolerance_change", name)
        given = {"sgd_lr": 0.1, "sgd_momentum": 0.9} if sgdargs is None else sgdargs
        if not isinstance(given, dict):
            raise TypeError(f"For '{name}', 'sgdargs' must be a dict, but got {sgdargs!r}.")
        self.rate = check_real(given.get("sgd_lr", 0.1), "sgdargs['sgd_lr']", name, 0)
        self.momentum = check_real(given.get("sgd_momentum", 0.9), "sgdargs['sgd_momentum']", name, 0)

    def audio(self, signal, rng):
        _check_rows(signal, self.bank.shape[1], "mel bands", "InverseMelScale")
        wanted = np.swapaxes(signal, -1, -2).astype(np.float64)
        found = rng.random((*wanted.shape[:-1], len(self.bank)))
        speed, loss, places = np.zeros_like(found), math.inf, max(wanted[..., 0].size, 1)
        for _ in range(self.count):
            error = wanted - found @ self.bank
            before, loss = loss, (error ** 2).sum(-1).mean()
            speed = self.momentum * speed - 2 / places * error @ self.bank.T
            found = np.maximum(found - self.rate * speed, 0)
            if loss < self.enough or abs(before - loss) < self.change:
                break
        return np.swapaxes(found, -1, -2).astype(signal.dtype)


class MelSpectrogram(AudioTransform):
    """The mel bands (..., n_mels, frames) of a waveform (..., time): `Spectrogram`, then `MelScale`.

    Args:
        sample_rate, f_min, f_max, n_mels, norm: as for `MelScale`; f_max may be below 0 for none.
        mel_scale: `mel_type` there.
        n_fft, win_length, hop_length, pad, window, power, normalized, center, pad_mode, onesided: as for `Spectrogram`.
    """

    def __init__(self, sample_rate: int = 16000, n_fft: int = 400, win_length: int | None = None,
                 hop_length: int | None = None, f_min: float = 0.0, f_max: float | None = None, pad: int = 0,
                 n_mels: int = 128, window: WindowType = WindowType.HANN, power: float = 2.0,
                 normalized: bool = False, center: bool = True, pad_mode: BorderType = BorderType.REFLECT,
                 onesided: bool = True, norm: NormType = NormType.NONE, mel_scale: MelType = MelType.HTK):
        name = "MelSpectrogram"
        check_positive(power, "power", name)
        self.spectrum = Spectrogram(n_fft, win_length, hop_length, pad, window, power, normalized, center, pad_mode,
                                    onesided)
        self.bank = _mel(n_fft // 2 + 1 if onesided else n_fft, n_mels, sample_rate, f_min, f_max, norm, mel_scale,
                         name)

    def audio(self, signal, rng):
        return _apply(self.bank, self.spectrum.audio(signal, rng))


def _arguments(given, name: str, function: str) -> dict:
    if given is not None and not isinstance(given, dict):
        raise TypeError(f"For '{function}', '{name}' must be a dict, but got {given!r}.")
    return dict(given or {})


class _Cepstrum(AudioTransform):
    """The base of cepstral coefficients: a cosine transform of decibels, or of logarithms, of bands, in Float32."""

    def _transform(self, count, bands, which: str, dct_type, norm, logarithm, what: str) -> None:
        name = type(self).__name__
        count = check_span(count, which, name, 1)
        if check_span(dct_type, "dct_type", name, 0) != 2:
            raise ValueError(f"For '{name}', 'dct_type' must be 2, but got {dct_type}.")
        if count > bands:
            raise ValueError(f"For '{name}', '{which}' must be at most the number of bands, {bands}, but got {count}.")
        self.dct = create_dct(count, bands, check_choice(norm, NormMode, "norm", name))
        self.logarithm, self.decibels = check_bool(logarithm, what, name), AmplitudeToDB()

    def bands(self, signal: np.ndarray) -> np.ndarray:
        """The powers (..., band, frames) of a waveform."""
        raise TypeError(f"{type(self).__name__} must define 'bands(signal)'")

    def audio(self, signal, rng):
        bands = self.bands(signal)
        result = _apply(self.dct, np.log(bands + 1e-6) if self.logarithm else self.decibels.audio(bands, rng))
        return result.astype(np.float32, copy=False)


class MFCC(_Cepstrum):
    """Mel-frequency cepstral coefficients (..., n_mfcc, frames) of a waveform (..., time).

    Args:
        sample_rate: Hz.
        n_mfcc: number of coefficients, at most that of the mel bands.
        dct_type: 2.
        norm: of the cosine transform.
        log_mels: logarithms of the bands, plus 1e-6, instead of decibels.
        melkwargs: arguments of `MelSpectrogram`.
    """

    whole = False

    def __init__(self, sample_rate: int = 16000, n_mfcc: int = 40, dct_type: int = 2,
                 norm: NormMode = NormMode.ORTHO, log_mels: bool = False, melkwargs: dict | None = None):
        self.mel = MelSpectrogram(sample_rate, **_arguments(melkwargs, "melkwargs", "MFCC"))
        self._transform(n_mfcc, self.mel.bank.shape[1], "n_mfcc", dct_type, norm, log_mels, "log_mels")

    def bands(self, signal):
        return self.mel.audio(signal, None)


class LFCC(_Cepstrum):
    """Linear-frequency cepstral coefficients (..., n_lfcc, frames) of a waveform (..., time).

    Args:
        sample_rate: Hz.
        n_filter: number of bands.
        n_lfcc: number of coefficients, at most that of the bands.
        f_min, f_max: Hz; None for half of the rate.
        dct_type, norm: as for `MFCC`.
        log_lf: logarithms of the bands, plus 1e-6, instead of decibels.
        speckwargs: arguments of `Spectrogram`.
    """

    whole = False

    def __init__(self, sample_rate: int = 16000, n_filter: int = 128, n_lfcc: int = 40, f_min: float = 0.0,
                 f_max: float | None = None, dct_type: int = 2, norm: NormMode = NormMode.ORTHO,
                 log_lf: bool = False, speckwargs: dict | None = None):
        rate = check_span(sample_rate, "sample_rate", "LFCC", 1)
        check_real(f_min, "f_min", "LFCC", 0)
        low, high = check_band(f_min, f_max, rate, "LFCC")
        self.spectrum = Spectrogram(**_arguments(speckwargs, "speckwargs", "LFCC"))
        bins = self.spectrum.n_fft // 2 + 1 if self.spectrum.onesided else self.spectrum.n_fft
        self.bank = linear_fbanks(bins, low, high, check_span(n_filter, "n_filter", "LFCC", 1), rate)
        self._transform(n_lfcc, n_filter, "n_lfcc", dct_type, norm, log_lf, "log_lf")

    def bands(self, signal):
        return _apply(self.bank, self.spectrum.audio(signal, None))


class ComputeDeltas(AudioTransform):
    """Slopes over time of a spectrogram (..., frequency, time): sum of n (c[t+n] - c[t-n]) over 2 times sum of n^2.

    Args:
        win_length: how many frames, at least 3.
        pad_mode: what lies outside.
    """

    dimensions, shape = 2, "(..., frequency, time)"

    def __init__(self, win_length: int = 5, pad_mode: BorderType = BorderType.EDGE):
        self.reach = (check_span(win_length, "win_length", "ComputeDeltas", 3) - 1) // 2
        self.mode = check_choice(pad_mode, BorderType, "pad_mode", "ComputeDeltas")

    def audio(self, signal, rng):
        padded = pad_time(signal.astype(np.float64), self.reach, self.mode, "ComputeDeltas")
        time, steps = signal.shape[-1], range(1, self.reach + 1)
        slopes = sum(n * (padded[..., self.reach + n:self.reach + n + time]
                          - padded[..., self.reach - n:self.reach - n + time]) for n in steps)
        return (slopes / (2 * sum(n * n for n in steps))).astype(signal.dtype)


class SlidingWindowCmn(AudioTransform):
    """Takes off the mean over a window of time from features (..., time, feature), as Kaldi does.

    Args:
        cmn_window: frames of the window.
        min_cmn_window: the fewest frames at the start, where not `center`.
        center: the window is centred at its frame instead of ending there.
        norm_vars: divide by the standard deviation too.
    """

    dimensions, shape = 2, "(..., time, feature)"

    def __init__(self, cmn_window: int = 600, min_cmn_window: int = 100, center: bool = False,
                 norm_vars: bool = False):
        name = "SlidingWindowCmn"
        self.size = check_span(cmn_window, "cmn_window", name, 0)
        self.least = check_span(min_cmn_window, "min_cmn_window", name, 0)
        self.center, self.variance = check_bool(center, "center", name), check_bool(norm_vars, "norm_vars", name)

    def _windows(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """First frame and end of the window of each frame."""
        frame = np.arange(count)
        start = frame - self.size // 2 if self.center else frame - self.size
        end = start + self.size if self.center else frame + 1
        end, start = np.where(start < 0, end - start, end), np.maximum(start, 0)
        if not self.center:
            end = np.where(end > frame, np.maximum(frame + 1, self.least), end)
        start = np.where(end > count, np.maximum(start - (end - count), 0), start)
        return start, np.minimum(end, count)

    def audio(self, signal, rng):
        x = signal.astype(np.float64)
        start, end = self._windows(x.shape[-2])
        sizes = np.maximum(end - start, 1)[:, None]

        def mean(values):
            sums = np.cumsum(np.pad(values, [(0, 0)] * (x.ndim - 2) + [(1, 0), (0, 0)]), -2)
            return (sums[..., end, :] - sums[..., start, :]) / sizes
        result, centre = x - mean(x), mean(x)
        if self.variance:
            spread = np.maximum(mean(x * x) - centre ** 2, 0)
            with np.errstate(divide="ignore", invalid="ignore"):
                result = np.where(sizes == 1, 0, result / np.sqrt(spread))
        return result.astype(signal.dtype)


class DetectPitchFrequency(AudioTransform):
    """The pitch in Hz (..., frame), Float32, of a waveform (..., time), by normalised cross-correlation.

    The lag at which a frame resembles itself most, a shorter one if it is as good within a hundredth; then the median
    of the frames before.

    Args:
        sample_rate: Hz.
        frame_time: seconds of a frame, above 0.
        win_length: frames of the median.
        freq_low, freq_high: Hz, the range of pitches, above 0.
    """

    def __init__(self, sample_rate: int, frame_time: float = 0.01, win_length: int = 30, freq_low: float = 85,
                 freq_high: float = 3400):
        name = "DetectPitchFrequency"
        self.rate = check_rate(sample_rate, name)
        self.frame = math.ceil(self.rate * check_positive(frame_time, "frame_time", name))
        self.count = check_span(win_length, "win_length", name, 1)
        self.longest = math.ceil(self.rate / check_positive(freq_low, "freq_low", name))
        self.least = math.ceil(self.rate / check_positive(freq_high, "freq_high", name))
        if check_number(freq_low, "freq_low", name) > freq_high:
            raise ValueError(f"For '{name}', 'freq_high' must be at least 'freq_low', but got {freq_high} and "
                             f"{freq_low}.")

    def audio(self, signal, rng):
        lags = self._lags(self._correlations(signal.astype(np.float64)))
        reach = (self.count - 1) // 2
        if lags.shape[-1] + reach >= self.count:
            lags = np.concatenate([np.repeat(lags[..., :1], reach, -1), lags], -1)
            views = np.lib.stride_tricks.sliding_window_view(lags, self.count, -1)
            lags = np.sort(views, -1)[..., (self.count - 1) // 2]
        else:
            raise RuntimeError(f"For 'DetectPitchFrequency', the waveform has {lags.shape[-1]} frames of {self.frame} "
                               f"samples, too few for a median of {self.count}: give a smaller 'win_length'.")
        return (self.rate / (1e-9 + lags)).astype(np.float32)

    def _correlations(self, signal: np.ndarray) -> np.ndarray:
        """(..., frame, lag - 1)."""
        frames = math.ceil(signal.shape[-1] / self.frame)
        missing = frames * self.frame + self.longest - signal.shape[-1]
        padded = np.pad(signal, [(0, 0)] * (signal.ndim - 1) + [(0, missing)])

        def framed(lag):
            return padded[..., lag:lag + frames * self.frame].reshape(*signal.shape[:-1], frames, self.frame)
        still = framed(0)
        power = 1e-9 + (still ** 2).sum(-1)
        moved = (framed(lag) for lag in range(1, self.longest + 1))
        return np.stack([(still * other).sum(-1) / power / (1e-9 + (other ** 2).sum(-1)) for other in moved], -1)

    def _lags(self, correlations: np.ndarray) -> np.ndarray:
        """The lag of each frame, in samples."""
        least, half = self.least, correlations.shape[-1] // 2
        late = correlations[..., least:]
        if not late.shape[-1]:
            raise RuntimeError("For 'DetectPitchFrequency', 'freq_low' and 'freq_high' are too close to each other at "
                               "this rate.")
        best = late.argmax(-1)
        if half > least:
            early = correlations[..., least:half]
            best = np.where(early.max(-1) > 0.99 * late.max(-1), early.argmax(-1), best)
        return best + least + 1
