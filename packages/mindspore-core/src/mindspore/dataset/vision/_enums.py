"""The choices that image transforms offer."""
from __future__ import annotations

import enum

from ._resize import Inter

__all__ = ["AutoAugmentPolicy", "Border", "ConvertMode", "ImageBatchFormat", "ImageReadMode", "Inter", "SliceMode"]


class Border(str, enum.Enum):
    """What pixels outside an image are."""

    CONSTANT = "constant"       # a given value
    EDGE = "edge"               # the nearest pixel
    REFLECT = "reflect"         # mirrored without repeating the outermost pixel
    SYMMETRIC = "symmetric"     # mirrored with it


class AutoAugmentPolicy(str, enum.Enum):
    """The data sets that the policies of `AutoAugment` were found on."""

    IMAGENET = "imagenet"
    CIFAR10 = "cifar10"
    SVHN = "svhn"


class ImageBatchFormat(enum.IntEnum):
    """The layout of a batch of images."""

    NHWC = 0
    NCHW = 1


class ImageReadMode(enum.IntEnum):
    """What `read_image` converts to."""

    UNCHANGED = 0
    GRAYSCALE = 1
    COLOR = 2


class SliceMode(enum.IntEnum):
    """What `SlicePatches` does with an image that its patches do not divide."""

    PAD = 0
    DROP = 1


class ConvertMode(enum.IntEnum):
    """Conversions of colours, with the numbers of OpenCV."""

    COLOR_BGR2BGRA = 0
    COLOR_RGB2RGBA = 0
    COLOR_BGRA2BGR = 1
    COLOR_RGBA2RGB = 1
    COLOR_BGR2RGBA = 2
    COLOR_RGB2BGRA = 2
    COLOR_RGBA2BGR = 3
    COLOR_BGRA2RGB = 3
    COLOR_BGR2RGB = 4
    COLOR_RGB2BGR = 4
    COLOR_BGRA2RGBA = 5
    COLOR_RGBA2BGRA = 5
    COLOR_BGR2GRAY = 6
    COLOR_RGB2GRAY = 7
    COLOR_GRAY2BGR = 8
    COLOR_GRAY2RGB = 8
    COLOR_GRAY2BGRA = 9
    COLOR_GRAY2RGBA = 9
    COLOR_BGRA2GRAY = 10
    COLOR_RGBA2GRAY = 11
