"""What audio transforms share: their base, and checks of arguments.

A waveform has the shape (..., time), a spectrogram (..., frequency, time), a complex one (..., frequency, time, 2) with
real and imaginary parts last. Integers, bools and float16 count as float32; float32 and float64 stay what they are, and
float64 is what is computed with.
"""
from __future__ import annotations

import numpy as np

from .._check import check_int, check_number
from .._transform import Transform, packed

__all__ = ["AudioTransform", "check_choice", "check_positive", "check_quality", "check_rate", "check_real",
           "check_span", "check_frames", "check_band", "as_complex", "as_pairs"]

_LARGEST = float(1 << 24)
_LARGEST_INT = (1 << 31) - 1


class AudioTransform(Transform):
    """A transform of signals: a subclass defines `audio`, and says how many dimensions a signal must have at least.

    `whole` says that `audio` treats all dimensions before those alike, so that a stack of rows is one call.

    Raises:
        RuntimeError: the data have too few dimensions, are no numbers, or lack the last dimension of a complex signal.
    """

    dimensions = 1
    pairs = False
    whole = True
    shape = "(..., time)"

    def audio(self, signal: np.ndarray, rng: np.random.Generator | None) -> np.ndarray:
        """The transformed signal of float32 or float64."""
        raise TypeError(f"{type(self).__name__} must define 'audio(signal, rng)'")

    def _checked(self, signal: np.ndarray, leading: int) -> np.ndarray:
        name = type(self).__name__
        if signal.dtype.kind not in "fiub":
            raise RuntimeError(f"For '{name}', the data must be real numbers, but their dtype is {signal.dtype}.")
        shape = signal.shape[leading:]
        if len(shape) < self.dimensions or (self.pairs and shape[-1] != 2):
            raise RuntimeError(f"For '{name}', the data must have the shape {self.shape}, but have {shape}.")
        return signal if signal.dtype in (np.float32, np.float64) else signal.astype(np.float32)

    def apply(self, rows, rng):
        signals = self._checked(rows, 1)
        if self.whole:
            return self.audio(signals, rng)
        return np.stack([self.audio(signal, rng) for signal in signals])

    def apply_to_value(self, value, rng):
        return self.audio(self._checked(np.asarray(value), 0), rng)

    def _apply_to_column(self, column, rng):
        if isinstance(column, list) or not self.whole:
            return packed([self.apply_to_value(value, rng) for value in column])
        return self.apply(column, rng)


def as_complex(signal: np.ndarray) -> np.ndarray:
    """complex128 of pairs in the last dimension."""
    return signal[..., 0] + 1j * signal[..., 1].astype(np.float64)


def as_pairs(signal: np.ndarray, dtype) -> np.ndarray:
    """Real and imaginary parts in a new last dimension."""
    return np.stack([signal.real, signal.imag], -1).astype(dtype)


def check_real(value, name: str, function: str, low: float = -_LARGEST, high: float = _LARGEST,
               above: bool = False) -> float:
    """A number in low..high, above low itself where `above`. TypeError for other types, ValueError out of range."""
    number = check_number(value, name, function)
    if not low <= number <= high or (above and number == low):
        raise ValueError(f"For '{function}', '{name}' must be {'above' if above else 'at least'} {low:g} and at most "
                         f"{high:g}, but got {value}.")
    return number


def check_positive(value, name: str, function: str) -> float:
    """A number above 0."""
    return check_real(value, name, function, 0, above=True)


def check_quality(value, function: str) -> float:
    """The quality factor Q of a filter, above 0 and at most 1."""
    return check_real(value, "Q", function, 0, 1, above=True)


def check_rate(value, function: str, name: str = "sample_rate") -> int:
    """A rate in Hz: an int of 32 bits that is not 0. Negative ones are taken as the real package takes them."""
    rate = check_int(value, name, function, -_LARGEST_INT - 1, _LARGEST_INT)
    if not rate:
        raise ValueError(f"For '{function}', '{name}' must not be 0.")
    return rate


def check_choice(value, kind: type, name: str, function: str):
    """TypeError unless a value belongs to an enumeration."""
    if not isinstance(value, kind):
        raise TypeError(f"For '{function}', '{name}' must be one of {kind.__name__}, but got {value!r}.")
    return value


def check_span(value, name: str, function: str, low: int) -> int:
    """An int of 32 bits, at least `low`."""
    return check_int(value, name, function, low, _LARGEST_INT)


def check_frames(n_fft, win_length, hop_length, function: str, half: bool = True) -> tuple[int, int, int]:
    """The sizes of a short-time transform: n_fft, its window and its hop, filled in where None.

    The window is as long as the transform, the hop half of the window, or a quarter where not `half`.
    """
    n_fft = check_span(n_fft, "n_fft", function, 1)
    window = n_fft if win_length is None else check_span(win_length, "win_length", function, 1)
    if window > n_fft:
        raise ValueError(f"For '{function}', 'win_length' must be at most 'n_fft', but got {window} and {n_fft}.")
    hop = max(window // (2 if half else 4), 1) if hop_length is None else \
        check_span(hop_length, "hop_length", function, 1)
    return n_fft, window, hop


def check_band(low, high, sample_rate: int, function: str) -> tuple[float, float]:
    """The frequencies f_min and f_max in Hz; half of the rate for None."""
    low = check_real(low, "f_min", function, -700, above=True)
    top = float(sample_rate // 2) if high is None else check_real(high, "f_max", function, 0, above=True)
    if low >= top:
        raise ValueError(f"For '{function}', 'f_max' must be above 'f_min', but got {top:g} and {low:g}.")
    return low, top
