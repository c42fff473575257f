"""Linear recurrences over time, in blocks.

y[n] = f[n] - a1 y[n-1] - ... - ak y[n-k] is linear in f and in the k outputs before. Of a block of 64 steps, what f
gives is the product with a triangular Toeplitz matrix of the impulse response, for all blocks at once; what the outputs
before give is a k x 64 matrix, applied block after block. So the loop in Python has one step for 64 samples.
"""
from __future__ import annotations

import numpy as np

__all__ = ["recur"]

_BLOCK = 64


def recur(signal: np.ndarray, a, b) -> np.ndarray:
    """The signal through the filter B(z) / A(z), starting at rest, in float64 and not clamped.

    Args:
        signal: shape (..., time).
        a, b: the coefficients of the denominator and the numerator, that of the present sample first.
    """
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    signal, time = signal.astype(np.float64), signal.shape[-1]
    driven = np.zeros_like(signal)
    for delay, factor in enumerate(b / a[0]):
        if delay < time:
            driven[..., delay:] += factor * signal[..., :time - delay]
    feedback = a[1:] / a[0]
    if not feedback.any() or not signal.size:
        return driven
    order = len(feedback)
    length = max(_BLOCK, order)
    matrix, memory = _responses(feedback, length)
    blocks = np.pad(driven, [(0, 0)] * (signal.ndim - 1) + [(0, -time % length)])
    result = blocks.reshape(*signal.shape[:-1], -1, length) @ matrix.T
    for k in range(1, result.shape[-2]):
        result[..., k, :] += result[..., k - 1, :-order - 1:-1] @ memory
    return result.reshape(*signal.shape[:-1], -1)[..., :time]


def _responses(feedback: np.ndarray, length: int) -> tuple[np.ndarray, np.ndarray]:
    """(matrix, memory): a block is `matrix @ driven` plus `past @ memory`; past is the last outputs, newest first."""
    order = len(feedback)
    impulse = np.zeros(length)
    impulse[0] = 1
    for n in range(1, length):
        reach = min(n, order)
        impulse[n] = -(feedback[:reach] @ impulse[n - reach:n][::-1])
    steps = np.arange(length)
    gap = steps[:, None] - steps
    matrix = np.where(gap >= 0, impulse[np.maximum(gap, 0)], 0)
    past = np.zeros((order, length))
    for k in range(order):
        past[k, :order - k] = -feedback[k:]
    return matrix, past @ matrix.T
