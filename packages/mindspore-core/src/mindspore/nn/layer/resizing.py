"""Layers that resize images."""
from __future__ import annotations

from mindspore import ops
from mindspore.nn.cell import Cell

__all__ = ["ResizeBilinear"]


class ResizeBilinear(Cell):
    """Images resized with linear weights in both directions. A layer of MindSpore 1.x.

    Args:
        half_pixel_centers: whether a pixel's value stands for its centre; not together with align_corners.

    Inputs:
        x: images, (N, C, H, W). size: (height, width) of the result, or None.
        scale_factor: an int that the size is multiplied by, or None; one of the two is given.
        align_corners: whether the corner pixels keep their places.

    Raises:
        ValueError: both or none of size and scale_factor, or no size of two.
    """

    def __init__(self, half_pixel_centers=False):
        super().__init__()
        self.half_pixel_centers = half_pixel_centers

    def construct(self, x, size=None, scale_factor=None, align_corners=False):
        if (size is None) == (scale_factor is None):
            raise ValueError(f"ResizeBilinear: one of size and scale_factor is to be given, but got size={size} and "
                             f"scale_factor={scale_factor}")
        if size is None:
            size = (x.shape[-2] * scale_factor, x.shape[-1] * scale_factor)
        return ops.ResizeBilinearV2(align_corners, self.half_pixel_centers)(x, tuple(size))
