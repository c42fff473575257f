"""Images of other sizes: by cubic interpolation, by areas, and by kernels at a scale that tensors say.

Each axis is resized on its own, by weights that say how much each old element counts in each new one.
"""
from __future__ import annotations

import math

import numpy as np

from mindspore.common.dtype import float32
from mindspore.common.tensor import Tensor
from mindspore.ops._operands import Operand, as_dtype_of, as_inexact, as_tensor, convert, static_ints
from mindspore.ops.arithmetic import abs as absolute
from mindspore.ops.arithmetic import add, maximum, mul, sub, true_divide
from mindspore.ops.comparison import greater, greater_equal, less, less_equal, logical_and, where
from mindspore.ops.creation import ones_like, zeros_like
from mindspore.ops.elementwise import exp, sin
from mindspore.ops.linalg import matmul
from mindspore.ops.mixing import Weights, cubic_weights, linear_weights, mix
from mindspore.ops.reduction import sum as sum_over
from mindspore.ops.shapes import expand_dims, swapaxes
from mindspore.ops.windows import interpolate

__all__: list[str] = []


def _targets(name: str, size: Operand, count: int) -> tuple[int, ...]:
    targets = static_ints(name, "size", size)
    if len(targets) != count or min(targets) < 1:
        raise ValueError(f"{name}: size is {size}; expected {count} positive ints")
    return targets


def _four_axes(name: str, image: Operand, layout: str) -> Tensor:
    x = as_inexact(name, image)
    if x.ndim != 4:
        raise ValueError(f"{name}: the images have shape {x.shape}; expected {layout}")
    return x


def resize_bicubic(image: Operand, size: Operand, align_corners: bool = False,
                   half_pixel_centers: bool = False) -> Tensor:
    """Images (N, C, H, W) resized to size (height, width) by cubic interpolation; see `cubic_weights`."""
    name = "ResizeBicubic"
    x = _four_axes(name, image, "(N, C, H, W)")
    if align_corners and half_pixel_centers:
        raise ValueError(f"{name}: align_corners and half_pixel_centers are both True; expected at most one of them")
    for axis, target in enumerate(_targets(name, size, 2), start=2):
        old = x.shape[axis]
        step = (old - 1) / (target - 1) if align_corners and target > 1 else old / target
        x = mix(x, axis, cubic_weights(np.arange(target) * step, old) if not half_pixel_centers
                else cubic_weights((np.arange(target) + 0.5) * step - 0.5, old, True))
    return x


def resize_area(images: Operand, size: Operand, align_corners: bool = False) -> Tensor:
    """Images (N, H, W, C) resized to size (height, width), Float32: each new pixel is the mean of the area that it
    covers. With `align_corners` pixels are (H - 1) / (height - 1) high; what lies beyond the border is the nearest
    pixel."""
    name = "ResizeArea"
    x = convert(_four_axes(name, images, "(N, H, W, C)"), float32)
    for axis, target in enumerate(_targets(name, size, 2), start=1):
        old = x.shape[axis]
        step = (old - 1) / (target - 1) if align_corners and target > 1 else old / target
        weights = np.zeros((target, old))
        for i in range(target):
            low, high = i * step, (i + 1) * step
            for k in range(math.floor(low), math.ceil(high)):
                weights[i, min(k, old - 1)] += (min(k + 1, high) - max(k, low)) / step
        x = mix(x, axis, Weights.of_matrix(weights))
    return x


def resize_linear_1d(x: Operand, size: Operand, coordinate_transformation_mode: str = "align_corners") -> Tensor:
    """Sequences (N, C, L) resized to size (length,). coordinate_transformation_mode: 'align_corners' keeps the first
    and the last element in place, 'half_pixel' the ends of the sequence, 'asymmetric' the first element."""
    name = "ResizeLinear1D"
    value, mode = as_inexact(name, x), coordinate_transformation_mode
    if value.ndim != 3:
        raise ValueError(f"{name}: x has shape {value.shape}; expected (N, C, L)")
    target, old = _targets(name, size, 1)[0], value.shape[2]
    places = np.arange(target)
    if mode == "align_corners":
        at = places * ((old - 1) / max(target - 1, 1))
    elif mode == "half_pixel":
        at = np.maximum((places + 0.5) * (old / target) - 0.5, 0)
    elif mode == "asymmetric":
        at = places * (old / target)
    else:
        raise ValueError(f"{name}: coordinate_transformation_mode is {mode!r}; expected 'align_corners', 'half_pixel' "
                         f"or 'asymmetric'")
    return mix(value, 2, linear_weights(at, old))


def upsample3d(name: str, x: Operand, output_size, scales, mode: str, align_corners: bool | None = None) -> Tensor:
    """Volumes (N, C, D, H, W) resized to `output_size`, or by the factors `scales`; see `interpolate`."""
    value = as_inexact(name, x)
    if value.ndim != 5 or (output_size is None) == (scales is None):
        raise ValueError(f"{name}: x has shape {value.shape}, output_size is {output_size} and scales is {scales}; "
                         f"expected (N, C, D, H, W), and either output_size or scales")
    size = None if output_size is None else static_ints(name, "output_size", output_size)
    factors = None if scales is None else tuple(map(float, scales))
    if len(size or factors or ()) != 3:
        raise ValueError(f"{name}: output_size is {output_size} and scales is {scales}; expected three numbers")
    return interpolate(value, size, factors, mode, align_corners)


# -- at a scale that tensors say ---------------------------------------------------------------------------------------

def _lanczos(radius: float):
    def kernel(d: Tensor) -> Tensor:
        near = less(absolute(d), 1e-3)
        angle = mul(where(near, ones_like(d), d), math.pi)
        value = true_divide(mul(mul(sin(angle), sin(true_divide(angle, radius))), radius), mul(angle, angle))
        return where(near, ones_like(d), value)
    return radius, kernel


def _gaussian(d: Tensor) -> Tensor:
    return exp(mul(mul(d, d), -2.0))


def _box(d: Tensor) -> Tensor:
    edge = absolute(d)
    return where(less(edge, 0.5), ones_like(d), where(greater(edge, 0.5), zeros_like(d), mul(ones_like(d), 0.5)))


def _triangle(d: Tensor) -> Tensor:
    return sub(1, absolute(d))


def _cubic(near: tuple[float, float, float, float], far: tuple[float, float, float, float]):
    """A kernel of two cubic polynomials of the distance, up to 1 and up to 2; the highest power first."""
    def kernel(d: Tensor) -> Tensor:
        x = absolute(d)
        values = []
        for a, b, c, e in (near, far):
            values.append(add(mul(add(mul(add(mul(x, a), b), x), c), x), e))
        return where(greater_equal(x, 1), values[1], values[0])
    return 2.0, kernel


# name: (radius, value at a distance within it). A Gaussian of standard deviation 1/2 ends after three of them.
KERNELS = {
    "lanczos1": _lanczos(1.0), "lanczos3": _lanczos(3.0), "lanczos5": _lanczos(5.0), "gaussian": (1.5, _gaussian),
    "box": (1.0, _box), "triangle": (1.0, _triangle),
    "keyscubic": _cubic((1.5, -2.5, 0.0, 1.0), (-0.5, 2.5, -4.0, 2.0)),
    "mitchellcubic": _cubic((7 / 6, -2.0, 0.0, 8 / 9), (-7 / 18, 2.0, -10 / 3, 16 / 9)),
}


def scale_and_translate(images: Operand, size: Operand, scale: Operand, translation: Operand,
                        kernel_type: str = "lanczos3", antialias: bool = True) -> Tensor:
    """Images (N, H, W, C) scaled and then moved, seen through a window of size (height, width): Float32.

    Args:
        scale, translation: (2,), for rows and columns: a point p comes to scale * p + translation.
        kernel_type: 'lanczos1', 'lanczos3', 'lanczos5', 'gaussian', 'box', 'triangle', 'keyscubic' or 'mitchellcubic'.
        antialias: kernels are as wide as an old pixel is in the new image, where that is less than one new pixel.

    A new pixel is the mean of the old ones within the kernel's radius, weighted by the kernel; 0 where its middle lies
    outside of the image. ValueError for other words and shapes.
    """
    name = "ScaleAndTranslate"
    x = convert(_four_axes(name, images, "(N, H, W, C)"), float32)
    if kernel_type not in KERNELS:
        raise ValueError(f"{name}: kernel_type is {kernel_type!r}; expected one of {', '.join(KERNELS)}")
    factors, shift = (as_dtype_of(name, as_tensor(name, v, w), x) for v, w in (
        (scale, "scale"), (translation, "translation")))
    if factors.shape != (2,) or shift.shape != (2,):
        raise ValueError(f"{name}: scale has shape {factors.shape} and translation {shift.shape}; expected (2,) each")
    for k, target in enumerate(_targets(name, size, 2)):
        weights = _kernel_weights(x.shape[1 + k], target, factors[k], shift[k], *KERNELS[kernel_type], antialias)
        x = swapaxes(matmul(weights, swapaxes(x, 1 + k, -2)), 1 + k, -2)
    return x


def _kernel_weights(old: int, target: int, scale: Tensor, shift: Tensor, radius: float, kernel, antialias: bool):
    """(target, old): how much each old element counts in each new one."""
    new = Tensor((np.arange(target) + 0.5).astype(np.float32))
    sample = true_divide(sub(new, shift), scale)
    width = maximum(true_divide(1.0, scale), 1) if antialias else ones_like(scale)
    distance = true_divide(sub(Tensor((np.arange(old) + 0.5).astype(np.float32)), expand_dims(sample, 1)), width)
    weights = where(less_equal(absolute(distance), radius), kernel(distance), zeros_like(distance))
    total = sum_over(weights, 1, True)
    some = greater(absolute(total), 1e-35)
    inside = expand_dims(logical_and(greater_equal(sample, 0), less_equal(sample, old)), 1)
    return where(logical_and(inside, some), true_divide(weights, where(some, total, ones_like(total))),
                 zeros_like(weights))
