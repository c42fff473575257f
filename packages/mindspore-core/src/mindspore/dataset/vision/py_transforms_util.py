"""Questions about images, and the order of their axes, for transforms that programs write themselves."""
from __future__ import annotations

import sys
from typing import Any

import numpy as np

__all__ = ["hwc_to_chw", "is_numpy", "is_pil"]


def is_pil(img: Any) -> bool:
    """Whether a value is an image of Pillow."""
    pillow = sys.modules.get("PIL.Image")      # what was never imported made no image
    return pillow is not None and isinstance(img, pillow.Image)


def is_numpy(img: Any) -> bool:
    """Whether a value is a NumPy array."""
    return isinstance(img, np.ndarray)


def hwc_to_chw(img: np.ndarray) -> np.ndarray:
    """An image (H, W, C) with its channels first, (C, H, W): a view of the same dtype.

    Raises:
        TypeError: `img` is no NumPy array.
        ValueError: it has not 3 axes.
    """
    if not is_numpy(img):
        raise TypeError(f"For 'hwc_to_chw', 'img' must be a NumPy array, but got {type(img).__name__}.")
    if img.ndim != 3:
        raise ValueError(f"For 'hwc_to_chw', 'img' must have the shape (H, W, C), but has {img.shape}.")
    return img.transpose(2, 0, 1)
