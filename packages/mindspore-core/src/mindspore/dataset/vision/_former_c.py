"""What the former module `vision.c_transforms` has: operations on arrays (H, W, C). See `_former_py`."""
from __future__ import annotations

from .. import vision
from .._check import check_bool
from . import _former_py

__all__ = [*vision.__all__, "RgbToBgr"]  # noqa: PLE0604
globals().update({name: getattr(vision, name) for name in vision.__all__})  # those below are other ones


class Decode(vision.Decode):
    """Decodes images: bytes, as uint8 or int8 of one dimension, become RGB of shape (H, W, 3).

    Args:
        rgb: must be True.

    Raises:
        TypeError: `rgb` is no bool.
        RuntimeError: `rgb` is False.
    """

    def __init__(self, rgb: bool = True):
        if not check_bool(rgb, "rgb", "Decode"):
            raise RuntimeError("For 'Decode', 'rgb' must be True; use RgbToBgr to change the order of the channels.")
        super().__init__()


class RgbToBgr(_former_py.RgbToBgr):
    """Changes the order of the three channels of an image (H, W, C) to the opposite one; ValueError for others."""

    def __init__(self):
        super().__init__(is_hwc=True)
