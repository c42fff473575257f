"""Operator classes that slide windows over images and volumes, or move blocks of them; `operations` takes them from
here.

The classes differ from the functions in the form of their attributes (`pad_mode` in any case, windows with ones for the
batch and the channels before them) and in what they return: poolings give the places of their results, too.
"""
from __future__ import annotations

from mindspore.common import dtype as mstype
from mindspore.common.tensor import Tensor
from mindspore.ops import blocks, choosing, comparison, deforming, layers, random, shapes, volumes, windows
from mindspore.ops._operands import apply, as_inexact, as_tensor, convert, primitive, promote, static_int
from mindspore.ops.arithmetic import add, mul
from mindspore.ops.joining import stack
from mindspore.ops.primitive import REQUIRED, Primitive, define
from mindspore.ops.reduction import amax

CLASSES: dict[str, type[Primitive]] = {}
_MAX_POOL3D, _AVG_POOL3D, _UNFOLD = map(primitive, ("max_pool3d", "avg_pool3d", "unfold2d"))


def _define(name, function, **attributes):
    CLASSES[name] = define(name, function, **attributes)


def _layout(name: str, data_format: str, expected: str) -> None:
    if data_format != expected:
        raise ValueError(f"{name}: data_format is {data_format!r}; expected {expected!r} (transpose the input)")


def _argmax_type(name: str, dtype) -> None:
    if dtype not in (mstype.int32, mstype.int64):
        raise TypeError(f"{name}: argmax_type is {dtype}; expected int32 or int64")


# -- convolution -------------------------------------------------------------------------------------------------------

def conv3d(x, w, out_channel, kernel_size, mode=1, pad_mode="valid", pad=0, stride=1, dilation=1, group=1,
           data_format="NCDHW") -> Tensor:
    """The cross-correlation of volumes (N, C, D, H, W) with `out_channel` kernels (O, C / group, d, h, w)."""
    _layout("Conv3D", data_format, "NCDHW")
    weight = as_tensor("Conv3D", w, "w")
    taps = windows.per_axis("Conv3D", "kernel_size", kernel_size, 3)
    if mode != 1 or weight.shape[:1] + weight.shape[2:] != (out_channel, *taps):
        raise ValueError(f"Conv3D: mode is {mode} and w has shape {weight.shape}; expected mode 1 and a weight of "
                         f"{out_channel} kernels of size {taps}")
    return windows.conv3d(x, weight, None, stride, pad_mode.lower(), pad, dilation, group)


def conv3d_transposed(x, filter, in_channel, out_channel, kernel_size, mode=1, pad_mode="valid", pad=0, stride=1,
                      dilation=1, group=1, output_padding=0, data_format="NCDHW") -> Tensor:
    """The transpose of a convolution of volumes; see `conv3d_transpose`."""
    name = "Conv3DTranspose"
    _layout(name, data_format, "NCDHW")
    weight = as_tensor(name, filter, "filter")
    expected = (in_channel, out_channel // group, *windows.per_axis(name, "kernel_size", kernel_size, 3))
    if mode != 1 or weight.shape != expected:
        raise ValueError(f"{name}: mode is {mode} and filter has shape {weight.shape}; expected mode 1 and the shape "
                         f"{expected}")
    return volumes.conv3d_transpose(x, weight, pad_mode.lower(), pad, stride, dilation, group, output_padding)


def depthwise_conv2d(x, w, channel_multiplier, kernel_size, mode=3, pad_mode="valid", pad=0, stride=1, dilation=1,
                     group=1) -> Tensor:
    """Each channel of images (N, C, H, W) with `channel_multiplier` kernels of its own, w (multiplier, C, h, w), to
    (N, C multiplier, H', W'); the results of channel c are c multiplier ... (c + 1) multiplier - 1."""
    name = "DepthwiseConv2dNative"
    weight, images = as_tensor(name, w, "w"), as_inexact(name, x)
    taps = windows.per_axis(name, "kernel_size", kernel_size, 2)
    if mode != 3 or group != 1 or images.ndim != 4 or weight.shape != (channel_multiplier, images.shape[1], *taps):
        raise ValueError(f"{name}: mode is {mode}, group is {group} and w has shape {weight.shape} for x of shape "
                         f"{images.shape}; expected mode 3, group 1 and (channel_multiplier, C, *kernel_size)")
    channels = images.shape[1]
    kernels = shapes.reshape(shapes.swapaxes(weight, 0, 1), (channels * channel_multiplier, 1, *taps))
    return windows.conv2d(images, kernels, None, stride, pad_mode.lower(), pad, dilation, channels)


def dilation2d(x, filter, stride, dilation, pad_mode="SAME", data_format="NCHW") -> Tensor:
    """The largest x + filter over each window of images (N, C, H, W), filter (C, h, w): grayscale dilation. Nothing
    outside of the image counts. stride and dilation: an int, (h, w) or (1, 1, h, w)."""
    name = "Dilation2D"
    _layout(name, data_format, "NCHW")
    images, weight = promote(name, as_inexact(name, x), as_tensor(name, filter, "filter"))
    if images.ndim != 4 or weight.ndim != 3 or weight.shape[0] != images.shape[1]:
        raise ValueError(f"{name}: x has shape {images.shape} and filter {weight.shape}; expected (N, C, H, W) and "
                         f"(C, h, w)")
    kernel = weight.shape[1:]
    steps, apart = (windows.per_axis(name, w, v, 2) for w, v in (("stride", stride), ("dilation", dilation)))
    around = windows.sides(name, pad_mode.lower(), 0, images.shape[2:], kernel, steps, apart)
    sizes = tuple((n + around[2 * k] + around[2 * k + 1] - apart[k] * (kernel[k] - 1) - 1) // steps[k] + 1
                  for k, n in enumerate(images.shape[2:]))
    padded = layers.pad(images, (*around[2:], *around[:2]), "constant", float("-inf"))
    columns = apply(_UNFOLD, (padded,), (kernel, steps, (0,) * 4, apart))
    n, c = images.shape[:2]
    columns = shapes.reshape(columns, (n, c, kernel[0] * kernel[1], sizes[0] * sizes[1]))
    largest = amax(add(columns, shapes.reshape(weight, (c, kernel[0] * kernel[1], 1))), 2)
    return shapes.reshape(largest, (n, c, *sizes))


_conv3d = {"kernel_size": REQUIRED, "mode": 1, "pad_mode": "valid", "pad": 0, "stride": 1, "dilation": 1, "group": 1}
_define("Conv3D", conv3d, out_channel=REQUIRED, **_conv3d, data_format="NCDHW")
_define("Conv3DTranspose", conv3d_transposed, in_channel=REQUIRED, out_channel=REQUIRED, **_conv3d,
        output_padding=0, data_format="NCDHW")
_define("DeformableOffsets", deforming.deformable_offsets, strides=REQUIRED, pads=REQUIRED,
        ksize=REQUIRED, dilations=(1, 1, 1, 1), data_format="NCHW", deformable_groups=1,
        modulated=True)
_define("DepthwiseConv2dNative", depthwise_conv2d, channel_multiplier=REQUIRED,
        **{**_conv3d, "mode": 3})
_define("Dilation2D", dilation2d, stride=REQUIRED, dilation=REQUIRED, pad_mode="SAME", data_format="NCHW")

# -- pooling -----------------------------------------------------------------------------------------------------------


def _geometry3d(name, x, kernel_size, strides, pad_mode, pad, ceil_mode):
    """(volumes, kernel, strides, padding) of a pooling of volumes; with `ceil_mode` the padding is enlarged."""
    value = as_inexact(name, x)
    if value.ndim != 5:
        raise ValueError(f"{name}: the input has shape {value.shape}; expected (N, C, D, H, W)")
    kernel, steps = (windows.per_axis(name, w, v, 3) for w, v in (("kernel_size", kernel_size), ("strides", strides)))
    around = windows.sides(name, pad_mode.lower(), pad, value.shape[2:], kernel, steps, (1, 1, 1))
    wider = windows.ceil_sides(around, value.shape[2:], kernel, steps, (1, 1, 1)) if ceil_mode else around
    return value, kernel, steps, around, wider


def avg_pool3d(input, kernel_size=1, strides=1, pad_mode="valid", pad=0, ceil_mode=False, count_include_pad=True,
               divisor_override=0, data_format="NCDHW") -> Tensor:
    """The mean of each window of volumes (N, C, D, H, W); see `avg_pool3d`. With pad_mode 'same' only what lies inside
    of the volume counts."""
    name = "AvgPool3D"
    _layout(name, data_format, "NCDHW")
    value, kernel, steps, around, _ = _geometry3d(name, input, kernel_size, strides, pad_mode, pad, ceil_mode)
    return volumes.avg_pool3d(value, kernel, steps, around, ceil_mode, count_include_pad and pad_mode.lower() == "pad",
                              divisor_override)


def max_pool3d(x, kernel_size=1, strides=1, pad_mode="VALID", pad_list=0, ceil_mode=None,
               data_format="NCDHW") -> Tensor:
    """The largest element of each window of volumes (N, C, D, H, W)."""
    _layout("MaxPool3D", data_format, "NCDHW")
    if ceil_mode and pad_mode.lower() != "pad":
        raise ValueError(f"MaxPool3D: ceil_mode is True with pad_mode {pad_mode!r}; it belongs to 'pad'")
    value, kernel, steps, _, wider = _geometry3d("MaxPool3D", x, kernel_size, strides, pad_mode, pad_list,
                                                 bool(ceil_mode))
    return apply(_MAX_POOL3D, (value,), (kernel, steps, wider, (1, 1, 1)))


def max_pool3d_with_argmax(x, ksize, strides, pads, dilation=(1, 1, 1), ceil_mode=False, data_format="NCDHW",
                           argmax_type=mstype.int64):
    """(maxima, places): the largest element of each window of volumes, and its place (d H + h) W + w."""
    _layout("MaxPool3DWithArgmax", data_format, "NCDHW")
    _argmax_type("MaxPool3DWithArgmax", argmax_type)
    y, places = volumes.max_pool3d(x, ksize, strides, pads, dilation, ceil_mode, True)
    return y, convert(places, argmax_type)


def max_pool_with_argmax(x, kernel_size, strides=None, pads=0, dilation=(1, 1), ceil_mode=False,
                         argmax_type=mstype.int64):
    """(maxima, places): the largest element of each window of images (N, C, H, W), and its place h W + w."""
    _argmax_type("MaxPoolWithArgmaxV2", argmax_type)
    y, places = windows.max_pool2d(x, kernel_size, strides, pads, dilation, True, ceil_mode)
    return y, convert(places, argmax_type)


def adaptive_max_pool3d(x, output_size):
    """(maxima, places): see `adaptive_max_pool3d`; the places are Int32."""
    sizes = output_size.tolist() if isinstance(output_size, Tensor) else output_size
    y, places = choosing.adaptive_max_pool3d(x, sizes, True)
    return y, convert(places, mstype.int32)


def fractional_max_pool2d(input_x, random_samples, ksize, output_shape, data_format="NCHW"):
    """(maxima, places): see `fractional_max_pool2d`."""
    _layout("FractionalMaxPoolWithFixedKsize", data_format, "NCHW")
    return choosing.fractional_max_pool2d(input_x, ksize, output_shape, None, True, random_samples)


def fractional_max_pool3d(x, random_samples, ksize, output_shape, data_format="NCDHW"):
    """(maxima, places): see `fractional_max_pool3d`."""
    _layout("FractionalMaxPool3DWithFixedKsize", data_format, "NCDHW")
    return choosing.fractional_max_pool3d(x, ksize, output_shape, None, True, random_samples)


def _unpool(function, name, layout):
    def unpool(x, argmax, ksize, strides=0, pads=0, output_shape=(), data_format=layout):
        _layout(name, data_format, layout)
        return function(x, argmax, ksize, strides, pads, output_shape)
    unpool.__doc__ = function.__doc__
    return unpool


def _dropped_channels(name, rank):
    def dropped(x, keep_prob=0.5):
        value = as_inexact(name, x)
        if value.ndim != rank:
            raise ValueError(f"{name}: x has shape {value.shape}; expected {rank} axes")
        if not 0 <= keep_prob <= 1:
            raise ValueError(f"{name}: keep_prob is {keep_prob}; expected a number from 0 to 1")
        drawn = random.rand(*value.shape[:2], *(1,) * (rank - 2), dtype=mstype.float32)
        mask = shapes.broadcast_to(comparison.less(drawn, keep_prob), value.shape)
        return comparison.where(mask, mul(value, 1 / keep_prob if keep_prob else 0.0), 0), mask
    dropped.__doc__ = ("(x / keep_prob in the channels that are kept, 0 in the others; whether an element is kept). "
                       "Each channel of each sample is kept with the probability keep_prob.")
    return dropped


_define("Dropout2D", _dropped_channels("Dropout2D", 4), keep_prob=0.5)
_define("Dropout3D", _dropped_channels("Dropout3D", 5), keep_prob=0.5)
_define("AdaptiveAvgPool3D", volumes.adaptive_avg_pool3d, output_size=REQUIRED)
_define("AdaptiveMaxPool3D", adaptive_max_pool3d)
_define("AvgPool3D", avg_pool3d, kernel_size=1, strides=1, pad_mode="valid", pad=0, ceil_mode=False,
        count_include_pad=True, divisor_override=0, data_format="NCDHW")
_define("FractionalMaxPool3DWithFixedKsize", fractional_max_pool3d,
        ksize=REQUIRED, output_shape=REQUIRED, data_format="NCDHW")
_define("FractionalMaxPoolWithFixedKsize", fractional_max_pool2d, ksize=REQUIRED,
        output_shape=REQUIRED, data_format="NCHW")
_define("MaxPool3D", max_pool3d, kernel_size=1, strides=1, pad_mode="VALID", pad_list=0, ceil_mode=None,
        data_format="NCDHW")
_define("MaxPool3DWithArgmax", max_pool3d_with_argmax, ksize=REQUIRED, strides=REQUIRED,
        pads=REQUIRED, dilation=(1, 1, 1), ceil_mode=False, data_format="NCDHW",
        argmax_type=mstype.int64)
_define("MaxPoolWithArgmaxV2", max_pool_with_argmax, kernel_size=REQUIRED, strides=None, pads=0,
        dilation=(1, 1), ceil_mode=False, argmax_type=mstype.int64)
_define("MaxUnpool2D", _unpool(choosing.max_unpool2d, "MaxUnpool2D", "NCHW"), ksize=REQUIRED, strides=0,
        pads=0, output_shape=(), data_format="NCHW")
_define("MaxUnpool3D", _unpool(choosing.max_unpool3d, "MaxUnpool3D", "NCDHW"), ksize=REQUIRED,
        strides=0, pads=0, output_shape=(), data_format="NCDHW")

# -- windows as columns, blocks ----------------------------------------------------------------------------------------


def im2col(x, ksizes, strides=1, dilations=1, pads=0) -> Tensor:
    """The windows of images (N, C, H, W) as columns (N, C, h w, windows)."""
    images = as_inexact("Im2Col", x)
    kernel = windows.per_axis("Im2Col", "ksizes", ksizes, 2)
    columns = windows.unfold(images, kernel, dilations, pads, strides)
    n, rows, count = columns.shape
    return shapes.reshape(columns, (n, images.shape[1], rows // images.shape[1], count))


def extract_image_patches(input_x, ksizes, strides, rates, padding="VALID") -> Tensor:
    """The windows of images (N, C, H, W) as channels: (N, h w C, H', W'), the element of channel c at tap (i, j) of a
    window in channel (i w + j) C + c. ksizes, strides and rates (the distance of the taps): an int, (h, w) or
    (1, 1, h, w). padding: 'VALID' or 'SAME'."""
    name = "ExtractImagePatches"
    images = as_inexact(name, input_x)
    kernel, steps, apart = (windows.per_axis(name, w, v, 2) for w, v in (
        ("ksizes", ksizes), ("strides", strides), ("rates", rates)))
    around = windows.sides(name, padding.lower(), 0, images.shape[2:], kernel, steps, apart)
    columns = apply(_UNFOLD, (images,), (kernel, steps, around, apart))
    n, c, h, w = images.shape
    sizes = tuple((size + around[2 * k] + around[2 * k + 1] - apart[k] * (kernel[k] - 1) - 1) // steps[k] + 1
                  for k, size in enumerate((h, w)))
    columns = shapes.swapaxes(shapes.reshape(columns, (n, c, kernel[0] * kernel[1], *sizes)), 1, 2)
    return shapes.reshape(columns, (n, kernel[0] * kernel[1] * c, *sizes))


def extract_volume_patches(x, kernel_size, strides, padding) -> Tensor:
    """The windows of volumes (N, C, D, H, W) as channels: (N, d h w C, D', H', W'), the element of channel c at tap
    (i, j, k) in channel ((i h + j) w + k) C + c. kernel_size and strides: an int, (d, h, w) or (1, 1, d, h, w)."""
    name = "ExtractVolumePatches"
    value = as_inexact(name, x)
    kernel, steps = (windows.per_axis(name, w, v, 3) for w, v in (("kernel_size", kernel_size), ("strides", strides)))
    if value.ndim != 5:
        raise ValueError(f"{name}: x has shape {value.shape}; expected (N, C, D, H, W)")
    around = windows.sides(name, padding.lower(), 0, value.shape[2:], kernel, steps, (1, 1, 1))
    parts = value
    for k in reversed(range(3)):
        parts = _taps(parts, 2 + k, kernel[k], steps[k], around[2 * k:2 * k + 2])
    n, c = value.shape[:2]
    sizes = parts.shape[2:5]
    parts = shapes.transpose(parts, (0, 7, 6, 5, 1, 2, 3, 4))
    return shapes.reshape(parts, (n, kernel[0] * kernel[1] * kernel[2] * c, *sizes))


def _taps(x: Tensor, axis: int, taps: int, step: int, around: tuple) -> Tensor:
    """The windows along one axis, of which the taps become a new last axis."""
    low, high = ([0] * x.ndim for _ in range(2))
    low[axis], high[axis] = around
    padded = apply(primitive("pad"), (x,), (tuple(low), tuple(high), (0,) * x.ndim, 0))
    count = (padded.shape[axis] - taps) // step + 1
    if count < 1:
        raise ValueError(f"ExtractVolumePatches: a window of {taps} does not fit on axis {axis} of the padded shape "
                         f"{padded.shape}")
    begin, end, strides = [0] * x.ndim, list(padded.shape), [1] * x.ndim
    strides[axis] = step
    found = []
    for tap in range(taps):
        begin[axis], end[axis] = tap, tap + (count - 1) * step + 1
        found.append(apply(primitive("slice"), (padded,), (tuple(begin), tuple(end), tuple(strides))))
    return stack(found, -1)


def batch_to_space(input_x, block_size, crops) -> Tensor:
    """Images (N b b, C, H, W) to (N, C, H b, W b), of which `crops` are cut off; see `batch_to_space_nd`."""
    side = static_int("BatchToSpace", "block_size", block_size)
    return blocks.batch_to_space_nd(_images("BatchToSpace", input_x), (side, side), crops)


def space_to_batch(input_x, block_size, paddings) -> Tensor:
    """Images (N, C, H, W) to (N b b, C, H / b, W / b) after padding with zeros; see `space_to_batch_nd`."""
    side = static_int("SpaceToBatch", "block_size", block_size)
    return blocks.space_to_batch_nd(_images("SpaceToBatch", input_x), (side, side), paddings)


def _images(name: str, x) -> Tensor:
    images = as_tensor(name, x)
    if images.ndim != 4:
        raise ValueError(f"{name}: input_x has shape {images.shape}; expected (N, C, H, W)")
    return images


def space_to_batch_nd(input_x, block_shape, paddings) -> Tensor:
    """See `space_to_batch_nd`."""
    return blocks.space_to_batch_nd(input_x, block_shape, paddings)


_define("BatchToSpace", batch_to_space, block_size=REQUIRED, crops=REQUIRED)
_define("BatchToSpaceND", blocks.batch_to_space_nd, block_shape=REQUIRED, crops=REQUIRED)
_define("BatchToSpaceNDV2", blocks.batch_to_space_nd)
_define("Col2Im", lambda x, output_size, kernel_size, dilation, padding, stride: blocks.col2im(
    x, output_size, kernel_size, dilation, padding, stride), kernel_size=REQUIRED, dilation=1, padding=0, stride=1)
_define("ExtractImagePatches", extract_image_patches, ksizes=REQUIRED, strides=REQUIRED,
        rates=REQUIRED, padding="VALID")
_define("ExtractVolumePatches", extract_volume_patches, kernel_size=REQUIRED, strides=REQUIRED,
        padding=REQUIRED)
_define("Im2Col", im2col, ksizes=REQUIRED, strides=1, dilations=1, pads=0)
_define("LRN", layers.lrn, depth_radius=5, bias=1.0, alpha=1.0, beta=0.5, norm_region="ACROSS_CHANNELS")
_define("SpaceToBatch", space_to_batch, block_size=REQUIRED, paddings=REQUIRED)
_define("SpaceToBatchND", space_to_batch_nd, block_shape=REQUIRED, paddings=REQUIRED)
