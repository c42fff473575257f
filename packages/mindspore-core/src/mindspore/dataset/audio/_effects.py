"""Effects with delay lines and distortion, as SoX has them, of waveforms.

Each sample of a delay line depends on what was put in before, so these loops run over time, for all channels at once.
"""
from __future__ import annotations

import math

import numpy as np

from .._check import check_bool
from ._base import AudioTransform, check_choice, check_rate, check_real
from ._enums import Interpolation, Modulation
from ._recurrence import recur

__all__ = ["Flanger", "Overdrive", "Phaser"]


def wave_table(modulation: Modulation, size: int, low: float, high: float, phase: float) -> np.ndarray:
    """One period of a wave between `low` and `high`, float64 (size,), that starts at a phase in radians."""
    point = (np.arange(size) + int(phase / math.pi / 2 * size + 0.5)) % max(size, 1)
    if modulation is Modulation.SINUSOIDAL:
        wave = (np.sin(point / size * 2 * math.pi) + 1) / 2
    else:
        ramp, quarter = point * 2 / size, 4 * point // size
        wave = np.select([quarter == 0, quarter == 3], [ramp + 0.5, ramp - 1.5], 1.5 - ramp)
    return wave * (high - low) + low


class Overdrive(AudioTransform):
    """Soft distortion of a waveform (..., time), as SoX's overdrive.

    Args:
        gain: dB, 0..100.
        color: 0..100, how many even harmonics there are.
    """

    def __init__(self, gain: float = 20.0, color: float = 20.0):
        self.gain = 10 ** (check_real(gain, "gain", "Overdrive", 0, 100) / 20)
        self.color = check_real(color, "color", "Overdrive", 0, 100) / 200

    def audio(self, signal, rng):
        driven = np.clip(signal.astype(np.float64) * self.gain + self.color, -1, 1)
        shaped = driven - driven ** 3 / 3
        return np.clip(signal * 0.5 + 0.75 * recur(shaped, [1, -0.995], [1, -1]), -1, 1).astype(signal.dtype)


class Phaser(AudioTransform):
    """Adds a delayed copy with a delay that comes and goes to a waveform (..., time), as SoX's phaser.

    Args:
        sample_rate: Hz, an int.
        gain_in: 0..1.
        gain_out: 0..10^9.
        delay_ms: milliseconds, 0..5.
        decay: 0..0.99, how much of the result goes back into the delay line.
        mod_speed: Hz, 0.1..2.
        sinusoidal: a sine instead of a triangle.
    """

    def __init__(self, sample_rate: int, gain_in: float = 0.4, gain_out: float = 0.74, delay_ms: float = 3.0,
                 decay: float = 0.4, mod_speed: float = 0.5, sinusoidal: bool = True):
        name = "Phaser"
        self.rate = check_rate(sample_rate, name)
        self.gain_in, self.gain_out = check_real(gain_in, "gain_in", name, 0, 1), \
            check_real(gain_out, "gain_out", name, 0, 1e9)
        self.delay, self.decay = check_real(delay_ms, "delay_ms", name, 0, 5), \
            check_real(decay, "decay", name, 0, 0.99)
        self.speed = check_real(mod_speed, "mod_speed", name, 0.1, 2)
        self.modulation = Modulation.SINUSOIDAL if check_bool(sinusoidal, "sinusoidal", name) else \
            Modulation.TRIANGULAR

    def audio(self, signal, rng):
        size = max(int(self.delay * 0.001 * self.rate + 0.5), 1)
        period = max(int(self.rate / self.speed + 0.5), 1)
        table = wave_table(self.modulation, period, 1.0, float(size), math.pi / 2)
        table = np.trunc(table + np.where(table < 0, -0.5, 0.5)).astype(np.int64)
        steps = np.arange(signal.shape[-1])
        taken, put = (steps + table[steps % period]) % size, (steps + 1) % size
        line = np.zeros((size, *signal.shape[:-1]))
        waves = np.moveaxis(signal.astype(np.float64), -1, 0) * self.gain_in
        result = np.empty_like(waves)
        for k in range(len(waves)):
            result[k] = waves[k] + line[taken[k]]
            line[put[k]] = result[k] * self.decay
        return np.clip(np.moveaxis(result, 0, -1) * self.gain_out, -1, 1).astype(signal.dtype)


class Flanger(AudioTransform):
    """Mixes a waveform (..., channel, time) with a copy delayed by a wave, as SoX's flanger.

    Args:
        sample_rate: Hz, an int.
        delay: milliseconds, 0..30, the least delay.
        depth: milliseconds, 0..10, the width of the wave.
        regen: percent, -95..95, how much of the delayed signal goes back into the line.
        width: percent, 0..100, how much of it is mixed in.
        speed: Hz, 0.1..10.
        phase: percent, 0..100, the shift of the wave from channel to channel.
        modulation: the wave's shape.
        interpolation: how values between samples are read.
    """

    dimensions, shape = 2, "(..., channel, time)"

    def __init__(self, sample_rate: int, delay: float = 0.0, depth: float = 2.0, regen: float = 0.0,
                 width: float = 71.0, speed: float = 0.5, phase: float = 25.0,
                 modulation: Modulation = Modulation.SINUSOIDAL,
                 interpolation: Interpolation = Interpolation.LINEAR):
        name = "Flanger"
        self.rate = check_rate(sample_rate, name)
        self.delay, self.depth = check_real(delay, "delay", name, 0, 30) / 1000, \
            check_real(depth, "depth", name, 0, 10) / 1000
        self.regen, self.width = check_real(regen, "regen", name, -95, 95) / 100, \
            check_real(width, "width", name, 0, 100) / 100
        self.speed, self.phase = check_real(speed, "speed", name, 0.1, 10), \
            check_real(phase, "phase", name, 0, 100) / 100
        self.modulation = check_choice(modulation, Modulation, "modulation", name)
        self.quadratic = check_choice(interpolation, Interpolation, "interpolation", name) is Interpolation.QUADRATIC

    def _delays(self, channels: int, time: int) -> tuple[int, np.ndarray]:
        """(size of the delay line, delays in samples of shape (time, channels))."""
        size = int((self.delay + self.depth) * self.rate + 0.5) + 2
        period = max(int(self.rate / self.speed), 1)
        table = wave_table(self.modulation, period, math.floor(self.delay * self.rate + 0.5), size - 2.0,
                           3 * math.pi / 2)
        shifts = (np.arange(channels) * period * self.phase + 0.5).astype(np.int64)
        return size, table[(np.arange(time)[:, None] + shifts) % period]

    def audio(self, signal, rng):
        channels, time = signal.shape[-2:]
        size, delays = self._delays(channels, time)
        whole, part = np.floor(delays).astype(np.int64), delays % 1
        gain = self.width / (1 + self.width) * (1 - abs(self.regen))
        waves = np.moveaxis(signal.reshape(-1, channels, time).astype(np.float64), -1, 0)
        line, last = np.zeros((size, *waves.shape[1:])), np.zeros(waves.shape[1:])
        delayed, each = np.empty_like(waves), np.arange(channels)
        for k in range(time):
            place = -(k + 1) % size
            line[place] = waves[k] + last * self.regen
            first, second, third = (line[(place + whole[k] + i) % size, :, each].T for i in range(3))
            if self.quadratic:
                bend, slope = (third - first) * 0.5 - (second - first), 2 * (second - first) - (third - first) * 0.5
                last = first + (bend * part[k] + slope) * part[k]
            else:
                last = first + (second - first) * part[k]
            delayed[k] = last
        mixed = waves / (1 + self.width) + delayed * gain
        return np.clip(np.moveaxis(mixed, 0, -1), -1, 1).reshape(signal.shape).astype(signal.dtype)
