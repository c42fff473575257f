"""Masks over bands of a spectrogram (..., frequency, time), as SpecAugment makes them (Park et al. 2019)."""
from __future__ import annotations

import numpy as np

from .._check import check_bool
from ._base import AudioTransform, check_real, check_span

__all__ = ["FrequencyMasking", "MaskAlongAxis", "MaskAlongAxisIID", "TimeMasking"]


class _Mask(AudioTransform):
    """The base of masks: one at a given place, or a random one for each spectrogram of the leading dimensions."""

    dimensions, shape = 2, "(..., frequency, time)"

    def _set(self, axis: int, width: int, value: float, start: int | None) -> None:
        self.axis, self.width, self.value, self.start = axis, width, value, start
        self.random = start is None

    def audio(self, signal, rng):
        size = signal.shape[self.axis]
        where = np.arange(size)
        if self.start is not None:
            if self.start + self.width > size:
                raise RuntimeError(f"For '{type(self).__name__}', the mask ends at {self.start + self.width}, but the "
                                   f"spectrogram has only {size} places along its dimension {self.axis}.")
            masked = (where >= self.start) & (where < self.start + self.width)
        else:
            if self.width > size:
                raise RuntimeError(f"For '{type(self).__name__}', masks of up to {self.width} places do not fit into "
                                   f"the {size} of dimension {self.axis}.")
            leading = (*signal.shape[:-2], 1)
            widths = rng.uniform(0, self.width, leading)
            starts = np.floor(rng.uniform(0, 1, leading) * (size - widths))
            masked = (where >= starts) & (where < starts + np.floor(widths))
        masked = masked[..., None] if self.axis == -2 else masked[..., None, :]
        return np.where(masked, np.array(self.value, signal.dtype), signal)


def _axis(axis, function: str) -> int:
    if check_span(axis, "axis", function, 1) > 2:
        raise ValueError(f"For '{function}', 'axis' must be 1 for frequencies or 2 for times, but got {axis}.")
    return axis - 3


class MaskAlongAxis(_Mask):
    """Masks places of a spectrogram (..., frequency, time).

    Args:
        mask_start: the first place, at least 0.
        mask_width: how many, at least 1.
        mask_value: what stands there.
        axis: 1 for frequencies, 2 for times.

    Raises:
        TypeError: an argument is of a wrong type. ValueError: one is out of range.
        RuntimeError: the mask does not fit into the data.
    """

    def __init__(self, mask_start: int, mask_width: int, mask_value: float, axis: int):
        name = "MaskAlongAxis"
        start, width = check_span(mask_start, "mask_start", name, 0), check_span(mask_width, "mask_width", name, 1)
        self._set(_axis(axis, name), width, check_real(mask_value, "mask_value", name), start)


class MaskAlongAxisIID(_Mask):
    """Masks a random band, of a width below `mask_param`, of each spectrogram (frequency, time) by itself.

    Args:
        mask_param: what widths stay below, at least 0.
        mask_value: what stands there.
        axis: 1 for frequencies, 2 for times.
    """

    def __init__(self, mask_param: int, mask_value: float, axis: int):
        name = "MaskAlongAxisIID"
        width = check_span(mask_param, "mask_param", name, 0)
        value = check_real(mask_value, "mask_value", name)
        self._set(_axis(axis, name), width, value, None)


class _BandMask(_Mask):
    def _band(self, axis: int, iid_masks, width, which: str, mask_start, mask_value) -> None:
        name = type(self).__name__
        random = check_bool(iid_masks, "iid_masks", name)
        width, start = check_span(width, which, name, 0), check_span(mask_start, "mask_start", name, 0)
        self._set(axis, width, check_real(mask_value, "mask_value", name), None if random else start)


class FrequencyMasking(_BandMask):
    """Masks a band of frequencies of a spectrogram (..., frequency, time).

    Args:
        iid_masks: a random band, of a width below `freq_mask_param`, for each spectrogram; otherwise the
            `freq_mask_param` frequencies from `mask_start` on.
        freq_mask_param, mask_start: at least 0.
        mask_value: what stands there.
    """

    def __init__(self, iid_masks: bool = False, freq_mask_param: int = 0, mask_start: int = 0,
                 mask_value: float = 0.0):
        self._band(-2, iid_masks, freq_mask_param, "freq_mask_param", mask_start, mask_value)


class TimeMasking(_BandMask):
    """As `FrequencyMasking`, along time."""

    def __init__(self, iid_masks: bool = False, time_mask_param: int = 0, mask_start: int = 0,
                 mask_value: float = 0.0):
        self._band(-1, iid_masks, time_mask_param, "time_mask_param", mask_start, mask_value)
