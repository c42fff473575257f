"""How alike images are, and the middle of an image."""
from __future__ import annotations

import numpy as np

from mindspore import ops
from mindspore.common.dtype import float32
from mindspore.common.tensor import Tensor
from mindspore.nn._check import number, positive_float, positive_int
from mindspore.nn.cell import Cell

__all__ = ["PSNR", "SSIM", "MSSSIM", "ImageGradients", "CentralCrop"]


def _pair(name: str, a, b) -> tuple[Tensor, Tensor]:
    """Both images, of integers as Float32, after a check."""
    if a.ndim != 4 or a.shape != b.shape:
        raise ValueError(f"For '{name}', both images must have one shape (N, C, H, W), but have {a.shape} and "
                         f"{b.shape}.")
    if a.dtype is not b.dtype or not (a.dtype.is_floating or a.dtype.is_integer):
        raise TypeError(f"For '{name}', both images must have one floating or integer dtype, but have {a.dtype} and "
                        f"{b.dtype}.")
    return (a, b) if a.dtype.is_floating else (ops.cast(a, float32), ops.cast(b, float32))


class PSNR(Cell):
    """The peak signal-to-noise ratio 10 log10(max_val^2 / mean squared difference), in decibels: (N, C, H, W) twice ->
    (N,). Equal images give infinity."""

    def __init__(self, max_val=1.0):
        super().__init__()
        self.max_val = positive_float("PSNR", "max_val", max_val)

    def construct(self, img1, img2):
        """The ratio of each pair of images."""
        img1, img2 = _pair("PSNR", img1, img2)
        error = ops.mean(ops.square(img1 - img2), (1, 2, 3))
        return ops.log(self.max_val ** 2 / error) * (10 / np.log(10.0).item())


class SSIM(Cell):
    """The structural similarity of images: (N, C, H, W) twice -> (N,), 1 for equal images.

    Args:
        max_val: the range of the images' values. filter_size, filter_sigma: size and deviation of the Gaussian window.
        k1, k2: the constants that keep the quotients from 0, as shares of `max_val`.

    Source: Wang et al., "Image quality assessment" (2004).

    Raises:
        TypeError, ValueError: arguments of wrong types or out of range; images of other shapes, or smaller than the
            window.
    """

    def __init__(self, max_val=1.0, filter_size=11, filter_sigma=1.5, k1=0.01, k2=0.03):
        super().__init__()
        self.max_val = positive_float("SSIM", "max_val", max_val)
        self.filter_size = positive_int("SSIM", "filter_size", filter_size)
        self.filter_sigma = positive_float("SSIM", "filter_sigma", filter_sigma)
        self.k1, self.k2 = positive_float("SSIM", "k1", k1), positive_float("SSIM", "k2", k2)
        self._window = _gaussian(filter_size, filter_sigma)

    def construct(self, img1, img2):
        """The similarity of each pair of images."""
        img1, img2 = _pair("SSIM", img1, img2)
        _check_size("SSIM", img1.shape, self.filter_size)
        return ops.mean(_similarity(img1, img2, self._window, self.k1 * self.max_val, self.k2 * self.max_val)[0], 1)


def _gaussian(size: int, sigma: float) -> Tensor:
    """A window (1, 1, size, size) whose weights add up to 1."""
    places = np.arange(size) - (size - 1) / 2
    row = np.exp(-places ** 2 / (2 * sigma ** 2))
    window = np.outer(row, row)
    return Tensor((window / window.sum())[None, None].astype(np.float32))


def _check_size(name: str, shape: tuple, least: int) -> None:
    if min(shape[2:]) < least:
        raise ValueError(f"For '{name}', the images must not be smaller than the window of {least}, but have shape "
                         f"{shape}.")


def _similarity(img1, img2, window: Tensor, low1: float, low2: float) -> tuple[Tensor, Tensor]:
    """(the structural similarity, its part of contrast and structure) of each channel, (N, C) each."""
    n, c, h, w = img1.shape
    window = window.astype(img1.dtype)

    def smooth(x):
        return ops.conv2d(ops.reshape(x, (n * c, 1, h, w)), window)

    mean1, mean2 = smooth(img1), smooth(img2)
    product, squares = mean1 * mean2, mean1 * mean1 + mean2 * mean2
    c1, c2 = low1 ** 2, low2 ** 2
    light = (2 * product + c1) / (squares + c1)
    form = (2 * (smooth(img1 * img2) - product) + c2) / (smooth(img1 * img1 + img2 * img2) - squares + c2)
    return ops.mean(ops.reshape(light * form, (n, c, -1)), 2), ops.mean(ops.reshape(form, (n, c, -1)), 2)


class MSSSIM(Cell):
    """The structural similarity of images at several scales: (N, C, H, W) twice -> (N,), 1 for equal images.

    Args:
        power_factors: the exponent of each scale; from scale to scale height and width are halved by means.
        max_val, filter_size, filter_sigma, k1, k2: those of `SSIM`.

    The contrast and structure of all scales but the last, and the similarity of the last one, each not below 0, are
    raised to their exponents and multiplied; the result is the mean over the channels. Source: Wang, Simoncelli and
    Bovik, "Multi-scale structural similarity for image quality assessment" (2003).

    Raises:
        TypeError, ValueError: arguments of wrong types or out of range; images of other shapes, or smaller than the
            window at the last scale.
    """

    def __init__(self, max_val=1.0, power_factors=(0.0448, 0.2856, 0.3001, 0.2363, 0.1333), filter_size=11,
                 filter_sigma=1.5, k1=0.01, k2=0.03):
        super().__init__()
        if not isinstance(power_factors, (tuple, list)) or not power_factors:
            raise TypeError(f"For 'MSSSIM', the 'power_factors' must be a tuple or a list of numbers, but got "
                            f"{power_factors!r}.")
        self.max_val = positive_float("MSSSIM", "max_val", max_val)
        self.power_factors = tuple(float(number("MSSSIM", "power_factors", p)) for p in power_factors)
        self.filter_size = positive_int("MSSSIM", "filter_size", filter_size)
        self.filter_sigma = positive_float("MSSSIM", "filter_sigma", filter_sigma)
        self.k1, self.k2 = positive_float("MSSSIM", "k1", k1), positive_float("MSSSIM", "k2", k2)
        self._window = _gaussian(filter_size, filter_sigma)

    def construct(self, img1, img2):
        """The similarity of each pair of images."""
        img1, img2 = _pair("MSSSIM", img1, img2)
        last, found = len(self.power_factors) - 1, None
        for scale, power in enumerate(self.power_factors):
            _check_size("MSSSIM", img1.shape, self.filter_size)
            both = _similarity(img1, img2, self._window, self.k1 * self.max_val, self.k2 * self.max_val)
            part = ops.pow(ops.relu(both[0] if scale == last else both[1]), power)
            found = part if found is None else found * part
            if scale < last:
                img1, img2 = ops.avg_pool2d(img1, 2, 2), ops.avg_pool2d(img2, 2, 2)
        return ops.mean(found, 1)


class ImageGradients(Cell):
    """The differences of neighbouring pixels of images (N, C, H, W): (down, to the right), in the images' shape with
    zeros in the last row and the last column."""

    def __init__(self):
        super().__init__()

    def construct(self, images):
        """(differences of rows, differences of columns)."""
        if images.ndim != 4:
            raise ValueError(f"For 'ImageGradients', the images must have shape (N, C, H, W), but have {images.shape}.")
        down = ops.pad(images[:, :, 1:, :] - images[:, :, :-1, :], (0, 0, 0, 1))
        return down, ops.pad(images[:, :, :, 1:] - images[:, :, :, :-1], (0, 1))


class CentralCrop(Cell):
    """The middle of images (C, H, W) or (N, C, H, W), with a share `central_fraction` of height and width."""

    def __init__(self, central_fraction):
        super().__init__()
        self.central_fraction = number("CentralCrop", "central_fraction", central_fraction)
        if not 0 < self.central_fraction <= 1:
            raise ValueError(f"For 'CentralCrop', the 'central_fraction' must be above 0 and at most 1, but got "
                             f"{central_fraction}.")

    def construct(self, image):
        """The cropped images."""
        if image.ndim not in (3, 4):
            raise ValueError(f"For 'CentralCrop', the image must have 3 or 4 axes, but has shape {image.shape}.")
        for axis in (image.ndim - 2, image.ndim - 1):
            size = image.shape[axis]
            start = int((size - size * self.central_fraction) / 2)
            image = ops.narrow(image, axis, start, size - 2 * start)
        return image
