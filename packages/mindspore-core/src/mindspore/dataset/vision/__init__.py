"""Transforms for images: arrays of shape (height, width, channels), or (height, width) where noted."""
from __future__ import annotations

from ._geometry import (
    HWC2CHW,
    CenterCrop,
    Crop,
    HorizontalFlip,
    Normalize,
    Pad,
    RandomCrop,
    RandomHorizontalFlip,
    RandomVerticalFlip,
    Rescale,
    Resize,
    ToTensor,
    VerticalFlip,
)
from ._resize import Inter

__all__ = ["CenterCrop", "Crop", "HWC2CHW", "HorizontalFlip", "Inter", "Normalize", "Pad", "RandomCrop",
           "RandomHorizontalFlip", "RandomVerticalFlip", "Rescale", "Resize", "ToTensor", "VerticalFlip"]
