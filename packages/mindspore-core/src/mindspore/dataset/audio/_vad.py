"""Voice activity detection: the method of SoX's `vad`, which trims silence and noise before speech.

Of overlapping stretches the spectrum is smoothed over time, an estimate of the noise is taken off, and the power of a
band of the cepstrum is measured, which is high where a voice makes harmonics. The mean of the measures over time
triggers; then the measures before are searched backwards for the start of the speech.
"""
from __future__ import annotations

import math

import numpy as np

from ._base import AudioTransform, check_positive, check_rate, check_real

__all__ = ["Vad"]


class Vad(AudioTransform):
    """The end of a waveform (..., time), from where a voice begins.

    Where there is none, the stretch that would be searched at the end stays: the last `search_time`,
    `pre_trigger_time` and `measure_duration`. As in torchaudio and MindSpore, a place before the start of the waveform
    counts from its end, so that of a waveform that is shorter than what is searched the end stays.

    All leading dimensions count as channels, which are cut at the same place.

    Args:
        sample_rate: Hz.
        trigger_level: the measure at which speech is detected.
        trigger_time: seconds over which measures are averaged.
        search_time: seconds that are searched for quieter or shorter bursts before the trigger.
        allowed_gap: seconds that may lie between such bursts.
        pre_trigger_time: seconds that are kept before the place found.
        boot_time: seconds at the start during which the noise is estimated.
        noise_up_time, noise_down_time: seconds over which the estimate rises and falls.
        noise_reduction_amount: how many times the noise is taken off.
        measure_freq: measures per second.
        measure_duration: seconds of a measure; None for twice the time between them.
        measure_smooth_time: seconds over which spectra are smoothed.
        hp_filter_freq, lp_filter_freq: Hz, the band of the spectrum.
        hp_lifter_freq, lp_lifter_freq: Hz, the band of the cepstrum.

    Raises:
        TypeError: an argument is of a wrong type. ValueError: one is out of range, or a band is empty.
    """

    whole = False

    def __init__(self, sample_rate: int, trigger_level: float = 7.0, trigger_time: float = 0.25,
                 search_time: float = 1.0, allowed_gap: float = 0.25, pre_trigger_time: float = 0.0,
                 boot_time: float = 0.35, noise_up_time: float = 0.1, noise_down_time: float = 0.01,
                 noise_reduction_amount: float = 1.35, measure_freq: float = 20.0,
                 measure_duration: float | None = None, measure_smooth_time: float = 0.4,
                 hp_filter_freq: float = 50.0, lp_filter_freq: float = 6000.0, hp_lifter_freq: float = 150.0,
                 lp_lifter_freq: float = 2000.0):
        def real(value, which, low=0.0):
            return check_real(value, which, "Vad", low)

        def positive(value, which):
            return check_positive(value, which, "Vad")
        self.rate = check_rate(sample_rate, "Vad")
        frequency = positive(measure_freq, "measure_freq")
        duration = 2 / frequency if measure_duration is None else real(measure_duration, "measure_duration")
        self.level = real(trigger_level, "trigger_level", -float(1 << 24))
        self.size, self.period = int(self.rate * duration + 0.5), int(self.rate / frequency + 0.5)
        self.count = math.ceil(real(search_time, "search_time") * frequency)
        self.gap = int(real(allowed_gap, "allowed_gap") * frequency + 0.5)
        self.kept = int(real(pre_trigger_time, "pre_trigger_time") * self.rate + 0.5)
        self.boot = int(real(boot_time, "boot_time") * frequency - 0.5)
        decay = {which: math.exp(-1 / (positive(value, which) * frequency)) for which, value in (
            ("noise_up_time", noise_up_time), ("noise_down_time", noise_down_time),
            ("measure_smooth_time", measure_smooth_time), ("trigger_time", trigger_time))}
        if noise_up_time < noise_down_time:
            raise ValueError(f"For 'Vad', 'noise_up_time' must be at least 'noise_down_time', but got {noise_up_time} "
                             f"and {noise_down_time}.")
        self.up, self.down, self.smooth, self.average = decay.values()
        self.reduction = real(noise_reduction_amount, "noise_reduction_amount")
        self._bands(positive(hp_filter_freq, "hp_filter_freq"), positive(lp_filter_freq, "lp_filter_freq"),
                    positive(hp_lifter_freq, "hp_lifter_freq"), positive(lp_lifter_freq, "lp_lifter_freq"))

    def _bands(self, low: float, high: float, low_lifter: float, high_lifter: float) -> None:
        self.n_fft = 1 << max(4, math.ceil(math.log2(max(self.size, 1))))
        self.band = slice(max(int(low / self.rate * self.n_fft + 0.5), 1),
                          min(int(high / self.rate * self.n_fft + 0.5), self.n_fft // 2))
        self.cepstrum = slice(math.ceil(self.rate * 0.5 / high_lifter),
                              min(math.floor(self.rate * 0.5 / low_lifter), self.n_fft // 4))
        for what, band in (("filter", self.band), ("lifter", self.cepstrum)):
            if band.stop <= band.start:
                raise ValueError(f"For 'Vad', the band of 'hp_{what}_freq' and 'lp_{what}_freq' is empty at this rate "
                                 f"and 'measure_duration'.")
        self.window, self.cepstral_window = (2 / math.sqrt(n) * np.hanning(n + 1)[:-1] for n in (
            max(self.size, 1), self.band.stop - self.band.start))

    def audio(self, signal, rng):
        waves = signal.reshape(-1, signal.shape[-1]).astype(np.float64)
        return signal[..., self._start(waves):]

    def _start(self, waves: np.ndarray) -> int:
        """The sample from which on the waveform is kept; below 0 it counts from the end, as in Python."""
        bins = self.band.stop - self.band.start
        spectrum, noise = np.zeros((len(waves), bins)), np.zeros((len(waves), bins))
        measures, means = np.zeros((len(waves), max(self.count, 1))), np.zeros(len(waves))
        boot, before = 0, self.kept + self.count * self.period + self.size
        for turn, end in enumerate(range(self.size, waves.shape[1], max(self.period, 1))):
            index = turn % measures.shape[1]
            power = self._smoothed(waves[:, end - self.size:end], spectrum, noise, boot)
            measures[:, index] = self._measure(power, noise)
            means = means * self.average + measures[:, index] * (1 - self.average)
            if (means >= self.level).any():
                flushed = self._flushed(measures[means >= self.level], index)
                return end - before + (self.count - flushed) * self.period
            boot = -1 if boot in (-1, self.boot) else boot + 1
        return waves.shape[1] - before

    def _smoothed(self, part: np.ndarray, spectrum: np.ndarray, noise: np.ndarray, boot: int) -> np.ndarray:
        """The smoothed power; `spectrum` and `noise` are updated."""
        sizes = np.abs(np.fft.rfft(part * self.window, self.n_fft))[:, self.band]
        weight = boot / (1 + boot) if boot >= 0 else self.smooth
        spectrum[:] = spectrum * weight + sizes * (1 - weight)
        power = spectrum ** 2
        decay = 0 if boot >= 0 else np.where(power > noise, self.up, self.down)
        noise[:] = noise * decay + power * (1 - decay)
        return power

    def _measure(self, power: np.ndarray, noise: np.ndarray) -> np.ndarray:
        """The power of the cepstrum's band, as a level of at least 0."""
        clean = np.zeros((len(power), self.n_fft // 2))
        clean[:, self.band] = np.sqrt(np.maximum(power - self.reduction * noise, 0)) * self.cepstral_window
        cepstrum = np.abs(np.fft.rfft(clean)[:, self.cepstrum]) ** 2
        with np.errstate(divide="ignore"):
            return np.maximum(0, 21 + np.log(cepstrum.mean(-1)))

    def _flushed(self, measures: np.ndarray, index: int) -> int:
        """How many measures before the trigger belong to the speech, of those channels that triggered."""
        longest, count = 0, measures.shape[1]
        for row in measures:
            trigger = zero = count
            last = 0
            for last, value in enumerate(row[(index - np.arange(count)) % count]):
                if value >= self.level and last <= trigger + self.gap:
                    zero = trigger = last
                elif value == 0 and trigger >= zero:
                    zero = last
            longest = max(longest, min(last, zero))
        return min(longest, self.count)
