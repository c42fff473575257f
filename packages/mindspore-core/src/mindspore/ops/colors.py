"""Colours of images whose last axis is (red, green, blue), each from 0 to 1, and their hue, saturation and value.

The value is the largest of the three, the saturation how far the smallest lies below it in proportion, the hue the
place on the circle red - yellow - green - cyan - blue - magenta, from 0 to 1. Source: Smith, "Color gamut transform
pairs" (1978).
"""
from __future__ import annotations

from mindspore.common.tensor import Tensor
from mindspore.ops._operands import Operand, as_dtype_of, as_inexact
from mindspore.ops.arithmetic import abs as absolute
from mindspore.ops.arithmetic import add, clamp, maximum, minimum, mul, remainder, sub, true_divide
from mindspore.ops.comparison import eq, greater, less, where
from mindspore.ops.creation import ones_like, zeros_like
from mindspore.ops.joining import stack

__all__: list[str] = []


def _images(name: str, images: Operand) -> Tensor:
    x = as_inexact(name, images)
    if not x.ndim or x.shape[-1] != 3:
        raise ValueError(f"{name}: images has shape {x.shape}; expected three colours on the last axis")
    return x


def _hsv(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    red, green, blue = x[..., 0], x[..., 1], x[..., 2]
    value = maximum(red, maximum(green, blue))
    span = sub(value, minimum(red, minimum(green, blue)))
    colourful, one = greater(span, 0), ones_like(span)
    saturation = where(colourful, true_divide(span, where(greater(value, 0), value, one)), zeros_like(span))
    unit = mul(where(colourful, span, one), 6)
    hue = where(eq(red, value), true_divide(sub(green, blue), unit),
                where(eq(green, value), add(true_divide(sub(blue, red), unit), 1 / 3),
                      add(true_divide(sub(red, green), unit), 2 / 3)))
    return where(colourful, where(less(hue, 0), add(hue, 1), hue), zeros_like(hue)), saturation, value


def _rgb(hue: Tensor, saturation: Tensor, value: Tensor) -> Tensor:
    """Each colour is there in full up to a sixth of the circle around its own place, not at all from a third on."""
    turn = mul(hue, 6)
    shares = (sub(absolute(sub(turn, 3)), 1), sub(2, absolute(sub(turn, 2))), sub(2, absolute(sub(turn, 4))))
    return stack([mul(value, sub(1, mul(saturation, sub(1, clamp(s, 0, 1))))) for s in shares], -1)


def rgb_to_hsv(images: Operand) -> Tensor:
    """Colours (..., 3) as hue, saturation and value."""
    return stack(_hsv(_images("RGBToHSV", images)), -1)


def hsv_to_rgb(x: Operand) -> Tensor:
    """Hue, saturation and value (..., 3) as colours."""
    given = _images("HSVToRGB", x)
    return _rgb(given[..., 0], given[..., 1], given[..., 2])


def adjust_hue(images: Operand, delta: Operand) -> Tensor:
    """The hue of colours (..., 3) moved by `delta`, a part of the circle."""
    hue, saturation, value = _hsv(_images("AdjustHue", images))
    return _rgb(remainder(add(hue, _number("AdjustHue", delta, "delta", hue)), 1), saturation, value)


def adjust_saturation(images: Operand, scale: Operand) -> Tensor:
    """The saturation of colours (..., 3) multiplied by `scale`, not above 1."""
    hue, saturation, value = _hsv(_images("AdjustSaturation", images))
    return _rgb(hue, clamp(mul(saturation, _number("AdjustSaturation", scale, "scale", hue)), 0, 1), value)


def _number(name: str, value: Operand, what: str, like: Tensor) -> Tensor:
    number = as_dtype_of(name, value, like, what)
    if number.ndim:
        raise ValueError(f"{name}: {what} has shape {number.shape}; expected one number")
    return number
