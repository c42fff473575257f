"""Gradients of operators as operators, as `mindspore.ops.operations._grad_ops` has them.

`XGrad` has the cotangent of X's result among its operands, and what X had or gave; its result is the cotangent of X's
operand. Those with a closed form in X's result are written so, the others differentiate X.
"""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from mindspore.common.dtype import float32, float64, int32, int64
from mindspore.common.tensor import Tensor
from mindspore.gradient import vjp
from mindspore.ops._operands import static_ints
from mindspore.ops.complex_numbers import conj
from mindspore.ops.deforming import moved_taps
from mindspore.ops.fractional import pooled_at
from mindspore.ops.primitive import REQUIRED, Primitive, define
from mindspore.ops.score_maps import GRADIENTS
from mindspore.transforms import jvp

CLASSES: dict[str, type[Primitive]] = {}


def _of(name: str, of_result: Callable[[Tensor], Tensor], cotangent_first: bool = False) -> None:
    """An operator (y, dy), or (dy, y), with the gradient dy times `of_result(y)`, conjugated where it is complex."""
    def call(first: Tensor, second: Tensor) -> Tensor:
        y, dy = (second, first) if cotangent_first else (first, second)
        return dy * conj(of_result(y).astype(dy.dtype))

    order = "(dy, y)" if cotangent_first else "(y, dy)"
    call.__doc__ = f"The cotangent of {name.removesuffix('Grad')}'s operand, of {order}, y its result."
    CLASSES[name] = define(name, call)


_of("SigmoidGrad", lambda y: y * (1 - y))
_of("TanhGrad", lambda y: 1 - y * y)
_of("SqrtGrad", lambda y: 0.5 / y)
_of("RsqrtGrad", lambda y: -0.5 * y * y * y)
_of("ReciprocalGrad", lambda y: -y * y)
_of("InvGrad", lambda y: -y * y)
_of("ReluGrad", lambda y: (y > 0), cotangent_first=True)


def strided_slice_grad(dy: Tensor, shapex: Any, begin: Any, end: Any, strides: Any, begin_mask: int = 0,
                       end_mask: int = 0, ellipsis_mask: int = 0, new_axis_mask: int = 0,
                       shrink_axis_mask: int = 0) -> Tensor:
    """Zeros of the shape `shapex` with the cotangent at the elements that the slice takes.

    Raises:
        ValueError: dy has not the slice's shape.
    """
    from mindspore import ops
    shape, begin, end, strides = (tuple(int(v) for v in value) for value in (shapex, begin, end, strides))
    sliced = ops.StridedSlice(begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask)
    result, pull = vjp(lambda x: sliced(x, begin, end, strides), ops.zeros(shape, dy.dtype))
    if result.size != dy.size:
        raise ValueError(f"StridedSliceGrad: dy has shape {dy.shape}; the slice of {shape} has {result.shape}")
    found = pull(dy.reshape(result.shape))
    return found[0] if isinstance(found, tuple) else found


CLASSES["StridedSliceGrad"] = define("StridedSliceGrad", strided_slice_grad, begin_mask=0, end_mask=0, ellipsis_mask=0,
                                     new_axis_mask=0, shrink_axis_mask=0)


def pulled(operator: Callable[..., Any], dy: Any, *operands: Tensor) -> Any:
    """The cotangent of the operand, or a tuple with one for each, for the cotangent `dy` of operator(*operands).

    Raises:
        ValueError: dy has not the result's shape.
    """
    result, pull = vjp(operator, *operands)
    if result.shape != dy.shape:
        raise ValueError(f"the gradient of an operator: dy has shape {dy.shape}, and the operator's result has "
                         f"{result.shape}; these must be equal")
    found = pull(dy.astype(result.dtype))
    return found[0] if isinstance(found, tuple) and len(operands) == 1 else found


def _of_operand(name: str, operand_first: bool = False, **attributes: Any) -> None:
    """An operator (dy, x), or (x, dy), that differentiates the operator of the name without "Grad", made with the same
    attributes, at x."""
    from mindspore.ops import operations
    forward = getattr(operations, name.removesuffix("Grad"))

    def call(first: Tensor, second: Tensor, **made_with: Any) -> Any:
        x, dy = (first, second) if operand_first else (second, first)
        return pulled(forward(**made_with), dy, x)

    order = "(x, dy)" if operand_first else "(dy, x)"
    call.__doc__ = f"The cotangent of {name.removesuffix('Grad')}'s operand, of {order}, x the operand."
    CLASSES[name] = define(name, call, **attributes)


for _name in ("ACosGrad", "AsinGrad", "AtanGrad"):
    _of_operand(_name, operand_first=True)
for _name in ("FastGeLUGrad", "HSigmoidGrad", "HSwishGrad", "ReLU6Grad", "SoftplusGrad"):
    _of_operand(_name)
_of_operand("HShrinkGrad", lambd=0.5)
_of_operand("SoftShrinkGrad", lambd=0.5)
_of("EluGrad", lambda y: (y > 0) + (y <= 0) * (y + 1), cotangent_first=True)


def _hyperbolic(name: str, function: str) -> None:
    """An operator (y, dy) for the inverse of a hyperbolic function: dy divided by that function's derivative at y,
    conjugated where it is complex."""
    def call(y: Tensor, dy: Tensor) -> Tensor:
        from mindspore import ops
        return dy / conj(getattr(ops, function)(y))

    call.__doc__ = f"The cotangent of {name.removesuffix('Grad')}'s operand, of (y, dy), y its result."
    CLASSES[name] = define(name, call)


_hyperbolic("AcoshGrad", "sinh")
_hyperbolic("AsinhGrad", "cosh")


def gelu_grad(dy: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """The cotangent of GeLU's operand x, whose result was y."""
    from mindspore.ops import operations
    return pulled(operations.GeLU(), dy, x)


def prelu_grad(dy: Tensor, x: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """The cotangents of PReLU's operands x and weight."""
    from mindspore.ops import operations
    return pulled(operations.PReLU(), dy, x, weight)


def dropout_grad(dy: Tensor, mask: Tensor, keep_prob: float = 0.5) -> Tensor:
    """The cotangent of Dropout's operand, whose elements were kept where `mask` is true."""
    return dy * mask.astype(dy.dtype) / keep_prob


def bias_add_grad(dy: Tensor, data_format: str = "NCHW") -> Tensor:
    """The cotangent of BiasAdd's bias: the sum over all axes but the channels'.

    Raises:
        ValueError: data_format is none of "NCHW", "NHWC", "NCDHW".
    """
    if data_format not in ("NCHW", "NHWC", "NCDHW"):
        raise ValueError(f"BiasAddGrad: data_format is {data_format!r}; expected 'NCHW', 'NHWC' or 'NCDHW'")
    channels = dy.ndim - 1 if data_format == "NHWC" else 1
    return dy.sum(tuple([axis for axis in range(dy.ndim) if axis != channels]), dtype=dy.dtype)


def _of_pair(name: str) -> None:
    """MaximumGrad or MinimumGrad: (x1, x2, dy) -> the cotangents of x1 and x2; those not wanted are zeros."""
    def call(x1: Tensor, x2: Tensor, dy: Tensor, grad_x: bool = True, grad_y: bool = True) -> tuple[Tensor, Tensor]:
        from mindspore import ops
        from mindspore.ops import operations
        dx1, dx2 = pulled(getattr(operations, name.removesuffix("Grad"))(), dy, x1, x2)
        return dx1 if grad_x else ops.zeros_like(x1), dx2 if grad_y else ops.zeros_like(x2)

    call.__doc__ = f"The cotangents of {name.removesuffix('Grad')}'s operands, of (x1, x2, dy)."
    CLASSES[name] = define(name, call, grad_x=True, grad_y=True)


def _of_pairs_gradient(name: str, later: str) -> None:
    """MaximumGradGrad or MinimumGradGrad: (x1, x2, dx1, dx2) -> zeros for x1 and x2, and for dy the derivative along
    (dx1, dx2): dx1 where x1 gave the result, else dx2."""
    def call(x1: Tensor, x2: Tensor, dx1: Tensor, dx2: Tensor, grad_x: bool = True,
             grad_y: bool = True) -> tuple[Tensor, Tensor, Tensor]:
        from mindspore import ops
        return ops.zeros_like(x1), ops.zeros_like(x2), ops.select(getattr(ops, later)(x1, x2), dx1, dx2)

    call.__doc__ = f"The cotangents of {name.removesuffix('Grad')}'s operands, of (x1, x2, dx1, dx2)."
    CLASSES[name] = define(name, call, grad_x=True, grad_y=True)


_of_pairs_gradient("MaximumGradGrad", "ge")
_of_pairs_gradient("MinimumGradGrad", "le")
_of_pair("MaximumGrad")
_of_pair("MinimumGrad")


def kl_div_loss_grad(dy: Tensor, x: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """The cotangent of KLDivLoss's operand x: minus the target, as the reduction weighs it.

    Raises:
        ValueError: reduction is none of "none", "sum", "mean", "batchmean".
    """
    weights = {"none": 1, "sum": 1, "mean": x.size, "batchmean": x.shape[0] if x.ndim else 1}
    if reduction not in weights:
        raise ValueError(f"KLDivLossGrad: reduction is {reduction!r}; expected one of {list(weights)}")
    return -target * dy / weights[reduction]


def binary_cross_entropy_grad(x: Tensor, y: Tensor, dy: Tensor, weight: Tensor | None = None,
                              reduction: str = "mean") -> Tensor:
    """The cotangent of BinaryCrossEntropy's operand x, y the labels."""
    from mindspore.ops import operations
    return pulled(lambda logits: operations.BinaryCrossEntropy(reduction)(logits, y, weight), dy, x)


def sigmoid_cross_entropy_grad(x: Tensor, label: Tensor, dy: Tensor) -> Tensor:
    """The cotangent of SigmoidCrossEntropyWithLogits's operand x."""
    from mindspore.ops import operations
    return pulled(lambda logits: operations.SigmoidCrossEntropyWithLogits()(logits, label), dy, x)


def nll_loss_grad(x: Tensor, dy: Tensor, target: Tensor, weight: Tensor, total_weight: Tensor,
                  reduction: str = "mean", ignore_index: int = -100) -> Tensor:
    """The cotangent of NLLLoss's operand x. `total_weight` is NLLLoss's second result."""
    from mindspore.ops import operations
    loss = operations.NLLLoss(reduction, ignore_index)
    return pulled(lambda logits: loss(logits, target, weight)[0], dy, x)


def layer_norm_grad(x: Tensor, dy: Tensor, variance: Tensor, mean: Tensor, gamma: Tensor, begin_norm_axis: int = 1,
                    begin_params_axis: int = 1, epsilon: float = 1e-7) -> tuple[Tensor, Tensor, Tensor]:
    """The cotangents of LayerNorm's operands x, gamma and beta, for these values of its other results, `mean` and
    `variance`."""
    from mindspore import ops
    if x.shape != dy.shape:
        raise ValueError(f"LayerNormGrad: dy has shape {dy.shape} and x {x.shape}; these must be equal")
    wide = [v.astype(float32) if v.dtype.itemsize < 4 else v for v in (x, dy, variance, mean, gamma)]
    value, cotangent, variance, mean, scale = wide
    start, rank = begin_params_axis % value.ndim, value.ndim
    axes = tuple(range(begin_norm_axis % rank, rank))
    count = math.prod(value.shape[axis] for axis in axes)
    inverse, centred = ops.rsqrt(variance + epsilon), value - mean
    inner = cotangent * scale

    def total(v: Tensor) -> Tensor:
        return ops.sum(v, axes, True)

    of_variance = total(inner * centred) * inverse * inverse * inverse * -0.5
    of_mean = -(total(inner) * inverse) - total(centred) * of_variance * (2 / count)
    of_x = inner * inverse + centred * of_variance * (2 / count) + of_mean / count
    of_scale, of_shift = cotangent * centred * inverse, cotangent
    if start:
        of_scale, of_shift = (ops.sum(v, tuple(range(start))) for v in (of_scale, of_shift))
    return of_x.astype(x.dtype), of_scale.astype(gamma.dtype), of_shift.astype(gamma.dtype)


def lrn_grad(dy: Tensor, x: Tensor, y: Tensor, depth_radius: int = 5, bias: float = 1.0, alpha: float = 1.0,
             beta: float = 0.5) -> Tensor:
    """The cotangent of LRN's operand x, whose result was y."""
    from mindspore.ops import operations
    return pulled(operations.LRN(depth_radius, bias, alpha, beta), dy, x)


def l2_normalize_grad(x: Tensor, y: Tensor, dy: Tensor, axis: Any = 0, epsilon: float = 1e-4) -> Tensor:
    """The cotangent of L2Normalize's operand x, whose result was y."""
    from mindspore.ops import operations
    return pulled(operations.L2Normalize(axis, epsilon), dy, x)


def slice_grad(dy: Tensor, x: Tensor, begin: Any, size: Any) -> Tensor:
    """The cotangent of Slice's operand x: zeros with dy at the elements that were taken."""
    from mindspore.ops import operations
    return pulled(lambda whole: operations.Slice()(whole, begin, size), dy, x)


def resize_nearest_grad(dy: Tensor, size: Any, align_corners: bool = False, half_pixel_centers: bool = False) -> Tensor:
    """The cotangent of the images, of the height and width `size`, that ResizeNearestNeighborV2 resized to dy's."""
    from mindspore import ops
    from mindspore.ops import operations
    resize = operations.ResizeNearestNeighborV2(align_corners, half_pixel_centers)
    images = ops.zeros((*dy.shape[:2], *[int(length) for length in size]), dy.dtype)
    return pulled(lambda x: resize(x, Tensor(dy.shape[2:], int32)), dy, images)


def resize_bilinear_grad(dy: Tensor, x: Any, align_corners: bool = False, half_pixel_centers: bool = False) -> Tensor:
    """The cotangent of the images x, or of those of the height and width x, that ResizeBilinearV2 resized to dy's."""
    from mindspore import ops
    from mindspore.ops import operations
    resize = operations.ResizeBilinearV2(align_corners, half_pixel_centers)
    if not isinstance(x, Tensor) or x.ndim == 1:
        x = ops.zeros((*dy.shape[:2], *[int(length) for length in x]), dy.dtype)
    return pulled(lambda images: resize(images, dy.shape[2:]), dy, x)


def _of_volume(name: str, **attributes: Any) -> None:
    """UpsampleNearest3DGrad or UpsampleTrilinear3DGrad: (dy, input_size, output_size, scales) -> the cotangent of the
    volumes of the shape `input_size`."""
    def call(dy: Tensor, input_size: Any, output_size: Any = None, scales: Any = None, **made_with: Any) -> Tensor:
        from mindspore import ops
        from mindspore.ops import operations
        resize = getattr(operations, name.removesuffix("Grad"))(**made_with)
        volume = ops.zeros(tuple([int(length) for length in input_size]), dy.dtype)
        return pulled(lambda x: resize(x, output_size, scales), dy, volume)

    call.__doc__ = f"The cotangent of {name.removesuffix('Grad')}'s operand, which has the shape `input_size`."
    CLASSES[name] = define(name, call, **attributes)


_of_volume("UpsampleNearest3DGrad")
_of_volume("UpsampleTrilinear3DGrad", align_corners=False)


def gru_grad(x: Tensor, h: Tensor, w: Tensor, seq_lengths: Tensor, output: Tensor, h_n: Tensor, dy: Tensor,
             dh_n: Tensor, reserve: Tensor, **made_with: Any) -> tuple[Tensor, Tensor, Tensor]:
    """The cotangents of GRUV2's operands x, h and w; `output` and `h_n` are its results, dy and dh_n the cotangents."""
    from mindspore.ops import operations
    units = operations.GRUV2(**made_with)
    found, pull = vjp(lambda *operands: units(*operands, seq_lengths)[:2], x, h, w)
    if found[0].shape != dy.shape or found[1].shape != dh_n.shape:
        raise ValueError(f"GRUV2Grad: dy has shape {dy.shape} and dh_n {dh_n.shape}; expected {found[0].shape} and "
                         f"{found[1].shape}, those of the results")
    return pull((dy, dh_n))


def roi_align_grad(dy: Tensor, rois: Tensor, shape: Any, pooled_height: int, pooled_width: int, spatial_scale: float,
                   sample_num: int = 2) -> Tensor:
    """The cotangent of ROIAlign's features, which have this shape (N, C, H, W)."""
    from mindspore import ops
    from mindspore.ops import operations
    align = operations.ROIAlign(pooled_height, pooled_width, spatial_scale, sample_num)
    wide = float32 if dy.dtype.itemsize < 4 else dy.dtype  # many points may fall on one element
    features = ops.zeros(tuple([int(length) for length in shape]), wide)
    return pulled(lambda x: align(x, rois.astype(wide)), dy, features).astype(dy.dtype)


def deformable_offsets_grad(dy: Tensor, x: Tensor, offsets: Tensor, strides: Any, pads: Any,
                            kernel_size: Any, dilations: Any = (1, 1, 1, 1), data_format: str = "NCHW",
                            deformable_groups: int = 1, modulated: bool = True) -> tuple[Tensor, Tensor]:
    """The cotangents of DeformableOffsets's operands x and offsets, which may be those of the first windows only."""
    def moved(images: Tensor, moves: Tensor) -> Tensor:
        return moved_taps(images, moves, strides, pads, kernel_size, dilations, data_format, deformable_groups,
                          modulated, fewer=True)
    return pulled(moved, dy, x, offsets)


def conv2d_filter_grad(dy: Tensor, x: Tensor, w_size: Any, out_channel: int, kernel_size: Any, pad_mode: str = "valid",
                       pad: Any = 0, pad_list: Any = (0, 0, 0, 0), mode: int = 1, stride: Any = 1,
                       dilation: Any = (1, 1, 1, 1), group: int = 1, data_format: str = "NCHW") -> Tensor:
    """The cotangent of Conv2D's weight, of the shape `w_size`; x is the image."""
    from mindspore import ops
    from mindspore.ops import operations
    dilation = tuple(dilation[2:]) if isinstance(dilation, tuple) and len(dilation) == 4 else dilation
    shape = tuple([int(length) for length in w_size])
    conv = operations.Conv2D(shape[0], shape[2:], mode=mode, pad_mode=pad_mode, pad=pad, stride=stride,
                             dilation=dilation, group=group, data_format=data_format)
    return pulled(lambda weight: conv(x, weight), dy, ops.zeros(shape, x.dtype))


def cdist_grad(dy: Tensor, x1: Tensor, x2: Tensor, distance: Tensor, p: float = 2.0) -> Tensor:
    """The cotangent of Cdist's operand x1, whose result was `distance`: 0 where two points are equal."""
    from mindspore import ops
    apart = ops.expand_dims(x1, -2) - ops.expand_dims(x2, -3)
    length, dy = ops.expand_dims(distance, -1), ops.expand_dims(dy, -1)
    if p == 0:
        return ops.zeros_like(x1)
    if math.isinf(p):
        along = ops.sign(apart) * (ops.abs(apart) == length).astype(dy.dtype)
    else:
        along = ops.sign(apart) * (ops.abs(apart) / ops.select(length == 0, ops.ones_like(length), length)) ** (p - 1)
    return ops.select(ops.broadcast_to(length == 0, apart.shape), ops.zeros_like(apart), dy * along).sum(-2)


def _of_window(name: str, forward: str) -> None:
    """MaxPoolGradGrad or MaxPool3DGradGrad: (x, y, dx) -> the elements of dx that lie where the maxima of x lay."""
    def call(x: Tensor, y: Tensor, dx: Tensor, **made_with: Any) -> Tensor:
        from mindspore.ops import operations
        return jvp(getattr(operations, forward)(**made_with), x, dx)[1]

    call.__doc__ = f"What {forward} takes of dx where it takes x: of (x, y, dx), y its result."
    layout = "NCHW" if forward == "MaxPool" else "NCDHW"
    CLASSES[name] = define(name, call, kernel_size=1, strides=1, pad_mode="valid", data_format=layout)


_of_window("MaxPoolGradGrad", "MaxPool")
_of_window("MaxPool3DGradGrad", "MaxPool3D")


def _of_sampler(name: str) -> None:
    """GridSampler2DGrad or GridSampler3DGrad: (dy, x, grid) -> the cotangents of x and grid."""
    def call(dy: Tensor, x: Tensor, grid: Tensor, **made_with: Any) -> tuple[Tensor, Tensor]:
        from mindspore.ops import operations
        return pulled(getattr(operations, name.removesuffix("Grad"))(**made_with), dy, x, grid)

    call.__doc__ = f"The cotangents of {name.removesuffix('Grad')}'s operands, of (dy, x, grid)."
    CLASSES[name] = define(name, call, interpolation_mode="bilinear", padding_mode="zeros", align_corners=False)


_of_sampler("GridSampler2DGrad")
_of_sampler("GridSampler3DGrad")


def _scattered(dy: Tensor, places: Tensor, shape: tuple[int, ...], axes: int) -> Tensor:
    """Zeros of `shape` to which dy is added: at `places` counted in what lies behind the first `axes` axes."""
    from mindspore import ops
    zeros = ops.zeros(shape, dy.dtype).reshape((*shape[:axes], -1))
    places, values = (operand.reshape((*shape[:axes], -1)) for operand in (places.astype(int64), dy))
    return ops.tensor_scatter_elements(zeros, places, values, axes, "add").reshape(shape)


def max_pool_grad_with_argmax(x: Tensor, dy: Tensor, argmax: Tensor, kernel_size: Any = 1, strides: Any = 1,
                              pad_mode: str = "valid", data_format: str = "NCHW") -> Tensor:
    """The cotangent of MaxPoolWithArgmax's operand x: dy summed at the places `argmax` of each image."""
    return _scattered(dy, argmax, x.shape, 1)


def max_pool_grad_with_argmax_v2(x: Tensor, dy: Tensor, argmax: Tensor, kernel_size: Any, strides: Any = None,
                                 pads: Any = 0, dilation: Any = (1, 1), ceil_mode: bool = False,
                                 argmax_type: Any = int64) -> Tensor:
    """The cotangent of MaxPoolWithArgmaxV2's operand x: dy summed at the places `argmax` of each channel's plane."""
    return _scattered(dy, argmax, x.shape, 2)


def max_pool_grad_grad_with_argmax(x: Tensor, dx: Tensor, argmax: Tensor, kernel_size: Any = 1, strides: Any = 1,
                                   pad_mode: str = "valid", data_format: str = "NCHW") -> Tensor:
    """What MaxPoolWithArgmax takes of dx where it takes x: the elements at the places `argmax` of each image."""
    from mindspore import ops
    places = argmax.astype(int64).reshape((x.shape[0], -1))
    return ops.gather_elements(dx.reshape((x.shape[0], -1)), 1, places).reshape(argmax.shape)


def fractional_max_pool_grad(x: Tensor, y: Tensor, dy: Tensor, rows: Tensor, columns: Tensor,
                             overlapping: bool = False) -> Tensor:
    """The cotangent of FractionalMaxPool's operand x, whose results were y and the borders `rows` and `columns`."""
    wide = x if x.dtype.is_floating else x.astype(float64)
    found = pulled(lambda images: pooled_at(images, rows, columns, overlapping, True), dy.astype(wide.dtype), wide)
    return found.astype(x.dtype)


def fractional_avg_pool_grad(shape: Any, dy: Tensor, rows: Tensor, columns: Tensor,
                             overlapping: bool = False) -> Tensor:
    """The cotangent of FractionalAvgPool's operand, of this shape; `rows` and `columns` are its borders."""
    from mindspore import ops
    images = ops.zeros(tuple(static_ints("FractionalAvgPoolGrad", "orig_input_tensor_shape", shape)),
                       dy.dtype if dy.dtype.is_floating else float64)
    found = pulled(lambda x: pooled_at(x, rows, columns, overlapping, False), dy.astype(images.dtype), images)
    return found.astype(dy.dtype)


def igamma_grad_a(a: Tensor, x: Tensor) -> Tensor:
    """The derivative of the regularised lower incomplete gamma function P(a, x) by a.

    Raises:
        TypeError: a and x are not both Float32, or both Float64. ValueError: shapes that cannot be broadcast together.
    """
    from mindspore import ops
    if a.dtype is not x.dtype or a.dtype not in (float32, float64):
        raise TypeError(f"IgammaGradA: a is {a.dtype} and x {x.dtype}; expected Float32 twice, or Float64")
    shape = ops.igamma(a, x).shape
    return pulled(lambda order: ops.igamma(order, x), ops.ones(shape, a.dtype), ops.broadcast_to(a, shape))


def _add(name: str, function: Callable[..., Any], **attributes: Any) -> None:
    CLASSES[name] = define(name, function, **attributes)


_add("IgammaGradA", igamma_grad_a)
_add("GeLUGrad", gelu_grad)
_add("PReLUGrad", prelu_grad)
_add("DropoutGrad", dropout_grad, keep_prob=0.5)
_add("BiasAddGrad", bias_add_grad, data_format="NCHW")
_add("KLDivLossGrad", kl_div_loss_grad, reduction="mean")
_add("BinaryCrossEntropyGrad", binary_cross_entropy_grad, reduction="mean")
_add("SigmoidCrossEntropyWithLogitsGrad", sigmoid_cross_entropy_grad)
_add("NLLLossGrad", nll_loss_grad, reduction="mean", ignore_index=-100)
_add("LayerNormGrad", layer_norm_grad, begin_norm_axis=1, begin_params_axis=1, epsilon=1e-7)
_add("LRNGrad", lrn_grad, depth_radius=5, bias=1.0, alpha=1.0, beta=0.5)
_add("L2NormalizeGrad", l2_normalize_grad, axis=0, epsilon=1e-4)
_add("SliceGrad", slice_grad)
_add("ResizeBilinearGrad", resize_bilinear_grad, align_corners=False, half_pixel_centers=False)
_add("ResizeNearestNeighborGrad", resize_nearest_grad, align_corners=False)
_add("ResizeNearestNeighborV2Grad", resize_nearest_grad, align_corners=False, half_pixel_centers=False)
_add("ROIAlignGrad", roi_align_grad, pooled_height=REQUIRED, pooled_width=REQUIRED, spatial_scale=REQUIRED,
     sample_num=2)
_add("DeformableOffsetsGrad", deformable_offsets_grad, strides=REQUIRED, pads=REQUIRED, kernel_size=REQUIRED,
     dilations=(1, 1, 1, 1), data_format="NCHW", deformable_groups=1, modulated=True)
_add("FractionalMaxPoolGrad", fractional_max_pool_grad, overlapping=False)
_add("FractionalAvgPoolGrad", fractional_avg_pool_grad, overlapping=False)
_add("Conv2DBackpropFilter", conv2d_filter_grad, out_channel=REQUIRED, kernel_size=REQUIRED, pad_mode="valid", pad=0,
     pad_list=(0, 0, 0, 0), mode=1, stride=1, dilation=(1, 1, 1, 1), group=1, data_format="NCHW")
_add("CdistGrad", cdist_grad, p=2.0)
_add("MaxPoolGradWithArgmax", max_pool_grad_with_argmax, kernel_size=1, strides=1, pad_mode="valid",
     data_format="NCHW")
_add("MaxPoolGradGradWithArgmax", max_pool_grad_grad_with_argmax, kernel_size=1, strides=1, pad_mode="valid",
     data_format="NCHW")
_add("MaxPoolGradWithArgmaxV2", max_pool_grad_with_argmax_v2, kernel_size=REQUIRED, strides=None, pads=0,
     dilation=(1, 1), ceil_mode=False, argmax_type=int64)
_add("GRUV2Grad", gru_grad, input_size=REQUIRED, hidden_size=REQUIRED, num_layers=REQUIRED, has_bias=REQUIRED,
     bidirectional=REQUIRED, dropout=REQUIRED)
CLASSES.update(GRADIENTS)
__all__ = list(CLASSES)
globals().update(CLASSES)
