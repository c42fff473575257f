"""What the former module `vision.py_transforms` has: operations on Pillow images, and on arrays (C, H, W).

`vision` has one class where this module and `c_transforms` had one each, with an argument that says which.
"""
from __future__ import annotations

from .. import vision
from .._check import check_bool
from .._transform import Transform

__all__ = [*vision.__all__, "Cutout", "RgbToBgr"]  # noqa: PLE0604
globals().update({name: getattr(vision, name) for name in vision.__all__})  # those below are other ones


class Decode(vision.Decode):
    """Decodes images: bytes become Pillow images in RGB mode, for the operations that follow."""

    def __init__(self):
        super().__init__(to_pil=True)


class RgbToBgr(Transform):
    """Changes the order of three channels to the opposite one.

    Args:
        is_hwc: whether images are (H, W, C) or (N, H, W, C), otherwise (C, H, W) or (N, C, H, W).

    Raises:
        TypeError: `is_hwc` is no bool.
        ValueError: an image has another number of dimensions or channels.
    """

    keeps_images = False

    def __init__(self, is_hwc: bool = False):
        self.is_hwc = check_bool(is_hwc, "is_hwc", "RgbToBgr")

    def apply(self, rows, rng):
        if rows.ndim not in (4, 5) or rows.shape[-1 if self.is_hwc else -3] != 3:
            raise ValueError(f"For 'RgbToBgr', an image must have three or four dimensions and 3 channels, but got the "
                             f"shape {rows.shape[1:]} with is_hwc={self.is_hwc}.")
        return rows[..., ::-1] if self.is_hwc else rows[..., ::-1, :, :]


class Normalize(vision.Normalize):
    """`vision.Normalize` of images (C, H, W)."""

    def __init__(self, mean, std):
        super().__init__(mean, std, is_hwc=False)


class NormalizePad(vision.NormalizePad):
    """`vision.NormalizePad` of images (C, H, W)."""

    def __init__(self, mean, std, dtype: str = "float32"):
        super().__init__(mean, std, dtype, is_hwc=False)


class Cutout(vision.CutOut):
    """`vision.CutOut` of images (C, H, W)."""

    def __init__(self, length: int, num_patches: int = 1):
        super().__init__(length, num_patches, is_hwc=False)


class ToType(vision.ToType):
    """`vision.ToType`, whose argument has another name."""

    def __init__(self, output_type):
        super().__init__(output_type)
