"""Pooling of volumes (N, C, D, H, W), and transposed convolutions of sequences and volumes."""
from __future__ import annotations

from mindspore.common.tensor import Tensor
from mindspore.ops._operands import (
    Operand,
    Sizes,
    apply,
    as_inexact,
    constant,
    primitive,
    static_bool,
    static_int,
)
from mindspore.ops.shapes import expand_dims, squeeze
from mindspore.ops.windows import (
    Sides,
    adaptive_avg,
    adaptive_targets,
    as_images,
    ceil_sides,
    per_axis,
    pool_largest,
    sides,
    with_bias,
)

__all__ = ["adaptive_avg_pool3d", "avg_pool3d", "conv3d_transpose", "conv_transpose1d", "conv_transpose3d",
           "max_pool3d"]

_MAX, _MAX_INDEX, _AVG, _MUL, _PAD, _CONV2D_GRAD, _CONV3D_GRAD = map(primitive, (
    "max_pool3d", "max_pool3d_index", "avg_pool3d", "mul", "pad", "conv2d_input_grad", "conv3d_input_grad"))


def _volumes(name: str, input: Operand) -> tuple[Tensor, bool]:
    """(N, C, D, H, W), and whether the batch axis was missing."""
    x = as_inexact(name, input)
    if x.ndim not in (4, 5):
        raise ValueError(f"{name}: input has shape {x.shape}; expected (N, C, D, H, W) or (C, D, H, W)")
    return (expand_dims(x, 0), True) if x.ndim == 4 else (x, False)


def max_pool3d(x: Operand, kernel_size: Sides, stride: Sides | None = None, padding: Sides = 0, dilation: Sides = 1,
               ceil_mode: bool = False, return_indices: bool = False):
    """The largest element of each window of volumes (N, C, D, H, W) or (C, D, H, W); the arguments are those of
    `max_pool2d`, the places are (d H + h) W + w."""
    return pool_largest("max_pool3d", (_MAX, _MAX_INDEX), _volumes("max_pool3d", x), kernel_size, stride, padding,
                        dilation, ceil_mode, return_indices)


def avg_pool3d(input_x: Operand, kernel_size: Sides = 1, stride: Sides = 1, padding: Sides = 0,
               ceil_mode: bool = False, count_include_pad: bool = True, divisor_override: int = 0) -> Tensor:
    """The mean of each window of volumes (N, C, D, H, W) or (C, D, H, W); the arguments are those of `avg_pool2d`."""
    name = "avg_pool3d"
    x, single = _volumes(name, input_x)
    kernel, steps = per_axis(name, "kernel_size", kernel_size, 3), per_axis(name, "stride", stride, 3)
    around = sides(name, "pad", padding, x.shape[2:], kernel, steps, (1, 1, 1))
    counted = static_bool(name, "count_include_pad", count_include_pad)
    if static_bool(name, "ceil_mode", ceil_mode):
        wider = ceil_sides(around, x.shape[2:], kernel, steps, (1, 1, 1))
        if counted and wider != around and not divisor_override:
            x = apply(_PAD, (x,), ((0, 0, *around[::2]), (0, 0, *around[1::2]), (0,) * 5, 0))
            wider, counted = tuple(w - a for w, a in zip(wider, around)), False
        around = wider
    y = apply(_AVG, (x,), (kernel, steps, around, counted or bool(divisor_override)))
    if divisor_override:
        y = apply(_MUL, (y, constant(kernel[0] * kernel[1] * kernel[2] / divisor_override, y.dtype)))
    return squeeze(y, 0) if single else y


def adaptive_avg_pool3d(input: Operand, output_size: Sizes) -> Tensor:
    """The means of output_size evenly spread windows of volumes (N, C, D, H, W) or (C, D, H, W); None keeps a size.
    The mean over a box is taken axis by axis."""
    x, single = _volumes("adaptive_avg_pool3d", input)
    for axis, count in enumerate(adaptive_targets("adaptive_avg_pool3d", output_size, x.shape[2:]), start=2):
        x = adaptive_avg(x, axis, count)
    return squeeze(x, 0) if single else x


def _transposed(name: str, op, spatial: int, lead: int, input, weight, bias, stride, padding, output_padding, groups,
                dilation) -> Tensor:
    x, w = as_images(name, input, weight, spatial)
    steps, apart = per_axis(name, "stride", stride, spatial), per_axis(name, "dilation", dilation, spatial)
    extra = per_axis(name, "output_padding", output_padding, spatial, 0)
    around = sides(name, "pad", padding, x.shape[2:], w.shape[2:], steps, apart)
    sizes = tuple((n - 1) * s - around[2 * i] - around[2 * i + 1] + d * (k - 1) + 1 + e
                  for i, (n, s, d, k, e) in enumerate(zip(x.shape[2:], steps, apart, w.shape[2:], extra)))
    if lead:
        x, w = expand_dims(x, 2), expand_dims(w, 2)
        sizes, steps, around, apart = (1, *sizes), (1, *steps), (0, 0, *around), (1, *apart)
    y = apply(op, (x, w), (sizes, steps, around, apart, static_int(name, "groups", groups)))
    return with_bias(name, squeeze(y, 2) if lead else y, bias)


def conv_transpose1d(input: Operand, weight: Operand, bias: Operand | None = None, stride: Sides = 1,
                     padding: Sides = 0, output_padding: Sides = 0, groups: int = 1, dilation: Sides = 1) -> Tensor:
    """The transpose of a convolution of sequences: input (N, C, L), weight (C, O / groups, l); see
    `conv_transpose2d`."""
    return _transposed("conv_transpose1d", _CONV2D_GRAD, 1, 1, input, weight, bias, stride, padding, output_padding,
                       groups, dilation)


def conv_transpose3d(input: Operand, weight: Operand, bias: Operand | None = None, stride: Sides = 1,
                     padding: Sides = 0, output_padding: Sides = 0, groups: int = 1, dilation: Sides = 1) -> Tensor:
    """The transpose of a convolution of volumes: input (N, C, D, H, W), weight (C, O / groups, d, h, w); see
    `conv_transpose2d`."""
    return _transposed("conv_transpose3d", _CONV3D_GRAD, 3, 0, input, weight, bias, stride, padding, output_padding,
                       groups, dilation)


def conv3d_transpose(inputs: Operand, weight: Operand, pad_mode: str = "valid", padding: Sides = 0, stride: Sides = 1,
                     dilation: Sides = 1, group: int = 1, output_padding: Sides = 0) -> Tensor:
    """The transpose of a convolution of volumes: inputs (N, C, D, H, W), weight (C, O / group, d, h, w).

    pad_mode: 'valid' (padding 0), 'same' (D' = D stride), or 'pad' with `padding` as in `conv3d`; `output_padding`
    belongs to 'pad' and gives D' = (D - 1) stride - front - back + dilation (d - 1) + 1 + output_padding. ValueError
    for other words and shapes that do not fit.
    """
    name = "conv3d_transpose"
    x, w = as_images(name, inputs, weight, 3)
    steps, apart = per_axis(name, "stride", stride, 3), per_axis(name, "dilation", dilation, 3)
    extra = per_axis(name, "output_padding", output_padding, 3, 0)
    if any(extra) and pad_mode != "pad":
        raise ValueError(f"{name}: output_padding is {output_padding} with pad_mode {pad_mode!r}; it must be 0 there")
    reach = tuple(d * (k - 1) + 1 for d, k in zip(apart, w.shape[2:]))
    if pad_mode == "same":
        sizes = tuple(n * s for n, s in zip(x.shape[2:], steps))
        around = sides(name, "same", padding, sizes, w.shape[2:], steps, apart)
    else:
        around = sides(name, pad_mode, padding, x.shape[2:], w.shape[2:], steps, apart)
        sizes = tuple((n - 1) * s + r - around[2 * i] - around[2 * i + 1] + e
                      for i, (n, s, r, e) in enumerate(zip(x.shape[2:], steps, reach, extra)))
    return apply(_CONV3D_GRAD, (x, w), (sizes, steps, around, apart, static_int(name, "group", group)))
