"""What operator classes compute, where this differs from the function of the same kind: several results, attributes in
another order, or assignment to parameters."""
from __future__ import annotations

import builtins
from math import prod

import numpy as np

from mindspore.common.dtype import bool_, float32, int32, int64
from mindspore.common.tensor import Tensor
from mindspore.compiler.primitives import Primitive, primitive
from mindspore.ops import (
    activation,
    arithmetic,
    comparison,
    creation,
    elementwise,
    indexing,
    joining,
    layers,
    loss,
    mixing,
    reduction,
    shapes,
    sorting,
    state,
    windows,
)
from mindspore.ops import random as random_
from mindspore.ops._operands import (
    apply,
    as_dtype_of,
    as_inexact,
    as_tensor,
    constant,
    convert,
    full_of,
    normalize_axis,
    promote,
    static_ints,
)

# -- products and windows ----------------------------------------------------------------------------------------------


def mat_mul(input, mat2, transpose_a=False, transpose_b=False):
    """The product of two matrices, each transposed first where its flag says so."""
    x, y = promote("MatMul", input, mat2)
    return apply(primitive("matmul"), (x, y), (builtins.bool(transpose_a), builtins.bool(transpose_b)))


def convolution(x, weight, out_channel, kernel_size, mode=1, pad_mode="valid", pad=0, stride=1, dilation=1, group=1,
                data_format="NCHW"):
    """The cross-correlation of images with kernels; see `conv2d`."""
    w = as_tensor("Conv2D", weight, "weight")
    check_layout("Conv2D", data_format)
    taps = windows.per_axis("Conv2D", "kernel_size", kernel_size, 2)
    if mode != 1 or w.ndim != 4 or w.shape[0] != out_channel or w.shape[2:] != taps:
        raise ValueError(f"Conv2D: mode is {mode} and weight has shape {w.shape}; expected mode 1 and a weight of "
                         f"{out_channel} kernels of size {taps}")
    return windows.conv2d(x, w, None, stride, pad_mode.lower(), pad, dilation, group)


def convolution_transposed(dout, weight, input_size, out_channel, kernel_size, pad_mode="valid", pad=0, pad_list=None,
                           mode=1, stride=1, dilation=1, group=1, data_format="NCHW"):
    """The transpose of `Conv2D` for images of shape `input_size`: its derivative by the images."""
    check_layout("Conv2DTranspose", data_format)
    dy, w = as_tensor("Conv2DTranspose", dout, "dout"), as_tensor("Conv2DTranspose", weight, "weight")
    sizes = static_ints("Conv2DTranspose", "input_size", input_size)[2:]
    steps = windows.per_axis("Conv2DTranspose", "stride", stride, 2)
    apart = windows.per_axis("Conv2DTranspose", "dilation", dilation, 2)
    around = windows.sides("Conv2DTranspose", pad_mode.lower(), pad if pad_list is None else pad_list, sizes,
                           w.shape[2:], steps, apart)
    return apply(primitive("conv2d_input_grad"), (dy, w), (sizes, steps, around, apart, group))


def check_layout(name, data_format):
    """ValueError unless images are (batch, channels, ...)."""
    if data_format not in ("NCHW", "NCDHW"):
        raise ValueError(f"{name}: data_format is {data_format!r}; expected 'NCHW' (transpose the images)")


def pool_geometry(name, x, kernel_size, strides, pad_mode, data_format):
    """The attributes of a pooling primitive from those of the operator class."""
    check_layout(name, data_format)
    kernel, steps = (windows.per_axis(name, w, v, 2) for w, v in (("kernel_size", kernel_size), ("strides", strides)))
    around = windows.sides(name, pad_mode.lower(), 0, x.shape[2:], kernel, steps, (1, 1))
    return kernel, steps, around


def max_pool(x, kernel_size=1, strides=1, pad_mode="valid", data_format="NCHW"):
    """The largest element of each window of images (N, C, H, W)."""
    x = as_inexact("MaxPool", x)
    return apply(primitive("max_pool2d"), (x,), (*pool_geometry("MaxPool", x, kernel_size, strides, pad_mode,
                                                                data_format), (1, 1)))


def max_pool_with_argmax(x, kernel_size=1, strides=1, pad_mode="valid", data_format="NCHW"):
    """(maxima, places): the largest element of each window, and its place (c * H + h) * W + w in its image (Int32)."""
    x = as_inexact("MaxPoolWithArgmax", x)
    attrs = (*pool_geometry("MaxPoolWithArgmax", x, kernel_size, strides, pad_mode, data_format), (1, 1))
    y = apply(primitive("max_pool2d"), (x,), attrs)
    places = convert(apply(primitive("max_pool2d_index"), (x, y), attrs), int32)
    channels = shapes.reshape(creation.arange(x.shape[1], dtype=int32), (-1, 1, 1))
    return y, places + channels * (x.shape[2] * x.shape[3])


def avg_pool(x, kernel_size=1, strides=1, pad_mode="valid", data_format="NCHW"):
    """The mean of each window of images (N, C, H, W), of the elements inside of the image."""
    x = as_inexact("AvgPool", x)
    return apply(primitive("avg_pool2d"), (x,), (*pool_geometry("AvgPool", x, kernel_size, strides, pad_mode,
                                                                data_format), False))


def npu_alloc_float_status():
    """Room for the float status of an Ascend device: eight zeros."""
    return creation.zeros((8,), float32)


def npu_clear_float_status(x):
    """The float status before a computation: zeros."""
    return creation.zeros_like(x)


def npu_get_float_status(x):
    """RuntimeError: only an Ascend device has such a register."""
    raise RuntimeError("NPUGetFloatStatus: this device has no register that notes overflows; look at the results "
                       "themselves with ops.isfinite, as nn.TrainOneStepWithLossScaleCell does")


def resize(weights_of):
    """Resizing of images to a size, by weights for the positions of the new places."""
    def resized(image, size, align_corners=False, half_pixel_centers=False):
        nearest = weights_of is mixing.nearest_weights
        x = as_tensor("Resize", image) if nearest else as_inexact("Resize", image)
        for axis, target in zip((2, 3), static_ints("Resize", "size", size), strict=True):
            places, old = np.arange(target), x.shape[axis]
            if half_pixel_centers:
                at = np.maximum((places + 0.5) * (old / target) - 0.5 * (weights_of is mixing.linear_weights), 0)
            elif align_corners:
                at = places * ((old - 1) / max(target - 1, 1))
                at = np.floor(at + 0.5) if nearest else at  # halves go up
            else:
                at = places * (old / target)
            if nearest:
                x = indexing.gather(x, np.clip(np.floor(at).astype(np.int32), 0, old - 1), axis)
            else:
                x = mixing.mix(x, axis, weights_of(at, old))
        return x
    resized.__doc__ = ("Images (N, C, H, W) resized to (height, width): corner elements keep their places with "
                       "align_corners, the corners of the image with half_pixel_centers, else the first element.")
    return resized


def space_to_depth(x, block_size):
    """(N, C, H, W) to (N, C b b, H / b, W / b): the pixels of each block become channels, blocks in front."""
    n, c, h, w = x.shape
    x = shapes.reshape(x, (n, c, h // block_size, block_size, w // block_size, block_size))
    x = shapes.transpose(x, (0, 3, 5, 1, 2, 4))
    return shapes.reshape(x, (n, c * block_size**2, h // block_size, w // block_size))


def depth_to_space(x, block_size):
    """(N, C b b, H, W) to (N, C, H b, W b): the inverse of `SpaceToDepth`."""
    n, c, h, w = x.shape
    x = shapes.reshape(x, (n, block_size, block_size, c // block_size**2, h, w))
    x = shapes.transpose(x, (0, 3, 4, 1, 5, 2))
    return shapes.reshape(x, (n, c // block_size**2, h * block_size, w * block_size))


def gelu(x):
    """x times the normal distribution function of x, by the tanh formula; see `ops.gelu`."""
    return activation.gelu(x, "tanh")


def softmax(logits, axis=-1):
    """exp(logits) / sum(exp(logits)) along an axis, or over a tuple of axes; see `ops.softmax`."""
    if not isinstance(axis, tuple) or len(axis) == 1:
        return activation.softmax(logits, axis[0] if isinstance(axis, tuple) else axis)
    x = as_inexact("Softmax", logits)
    powers = elementwise.exp(x - apply(primitive("stop_gradient"), (reduction.amax(x, axis, True),)))
    return powers / reduction.sum(powers, axis, True)


# -- normalization and losses ------------------------------------------------------------------------------------------

def batch_norm(input_x, scale, bias, mean, variance, is_training=False, epsilon=1e-5, momentum=0.1,
               data_format="NCHW"):
    """(y, mean, variance, mean, variance): each channel normalised by the statistics of this batch while training,
    which also move `mean` and `variance` where these are parameters, otherwise by the ones given."""
    check_layout("BatchNorm", data_format)
    x = as_inexact("BatchNorm", input_x)
    if not is_training:
        return (layers.batch_norm(x, mean, variance, scale, bias, False, momentum, epsilon), mean, variance, mean,
                variance)
    y = layers.batch_norm(x, mean, variance, scale, bias, True, momentum, epsilon)
    axes = (0, *range(2, x.ndim))
    batch_var, batch_mean = reduction.var_mean(x, axes)
    return y, batch_mean, batch_var, batch_mean, batch_var


def layer_norm(input_x, gamma, beta, begin_norm_axis=1, begin_params_axis=1, epsilon=1e-7):
    """(y, mean, variance): input_x normalised over the axes from `begin_norm_axis` on, times gamma plus beta, which
    have the shape of the axes from `begin_params_axis` on."""
    x = as_inexact("LayerNorm", input_x)
    axis = normalize_axis("LayerNorm", begin_norm_axis, x.ndim, "begin_norm_axis")
    scale, shift = as_dtype_of("LayerNorm", gamma, x), as_dtype_of("LayerNorm", beta, x)
    y, mean, _ = apply(primitive("layer_norm"), (x, scale, shift), (axis, float(epsilon)))
    return y, mean, convert(reduction.var(x, tuple(range(axis, x.ndim)), 0, True), mean.dtype)


def l2_normalize(x, axis=0, epsilon=1e-4):
    """x / sqrt(max(sum(x**2), epsilon)) along an axis."""
    value = as_inexact("L2Normalize", x)
    total = reduction.sum(arithmetic.square(value), axis, True)
    return arithmetic.true_divide(value, arithmetic.maximum(total, epsilon) ** 0.5)


def dropout(x, keep_prob=0.5, Seed0=0, Seed1=0):
    """(y, mask): x / keep_prob where the mask, drawn with probability keep_prob, is 1, else 0."""
    value = as_inexact("Dropout", x)
    state = random_.state_of(random_.pair_of(Seed0, Seed1))
    y, mask = apply(primitive("dropout"), (value, state), (float(keep_prob),))
    return y, convert(mask, value.dtype)


def softmax_cross_entropy(logits, labels):
    """(loss, gradient): -sum(labels * log_softmax(logits)) for each row, and its derivative by the logits."""
    x, y = promote("SoftmaxCrossEntropyWithLogits", as_inexact("SoftmaxCrossEntropyWithLogits", logits), labels)
    rows = apply(primitive("softmax_cross_entropy"), (x, y))
    return rows, arithmetic.sub(activation.softmax(x, 1), y)


def sparse_softmax_cross_entropy(logits, labels, is_grad=False):
    """The mean over the rows of -log_softmax(logits)[label]; with `is_grad` its derivative by the logits."""
    x, y = as_inexact("SparseSoftmaxCrossEntropyWithLogits", logits), as_tensor("SparseSoftmax", labels, "labels")
    if not is_grad:
        return reduction.mean(apply(primitive("sparse_softmax_cross_entropy"), (x, y)))
    hot = convert(apply(primitive("one_hot"), (y,), (x.shape[1], 1, bool_)), x.dtype)
    return arithmetic.true_divide(arithmetic.sub(activation.softmax(x, 1), hot), x.shape[0])


def sparse_softmax_cross_entropy_v2(logits, labels):
    """(losses (N,), gradient (N, C)): -log_softmax(logits)[label] for each row, and its derivative by the logits."""
    name = "SparseSoftmaxCrossEntropyWithLogitsV2"
    x, y = as_inexact(name, logits), as_tensor(name, labels, "labels")
    if x.ndim != 2 or y.shape != x.shape[:1]:
        raise ValueError(f"{name}: logits has shape {x.shape} and labels {y.shape}; expected (N, C) and (N,)")
    if not y.dtype.is_integer:
        raise TypeError(f"{name}: labels is {y.dtype}; expected an integer dtype")
    hot = convert(apply(primitive("one_hot"), (y,), (x.shape[1], 1, bool_)), x.dtype)
    return apply(primitive("sparse_softmax_cross_entropy"), (x, y)), arithmetic.sub(activation.softmax(x, 1), hot)


def sigmoid_cross_entropy(logits, label):
    """The binary cross-entropy of each element, from logits."""
    return loss.binary_cross_entropy_with_logits(logits, label, reduction="none")


def l2_loss(x):
    """sum(x**2) / 2."""
    return arithmetic.mul(reduction.sum(arithmetic.square(as_inexact("L2Loss", x))), 0.5)


def nll_loss(logits, labels, weight, reduction="mean", ignore_index=-100):
    """(loss, total weight): the negative log-likelihood of classes with weights, from log-probabilities."""
    value = loss.nll_loss(logits, labels, weight, ignore_index, reduction)
    w = as_tensor("NLLLoss", weight, "weight")
    index = as_tensor("NLLLoss", labels, "labels")
    counted = convert(comparison.ne(index, ignore_index), w.dtype)
    used = arithmetic.mul(apply(primitive("gather"), (w, index), (0,)), counted)
    return value, apply(primitive("sum"), (used,), ((0,), False))


def smooth_l1_loss(prediction, target, beta=1.0, reduction="none"):
    """0.5 d**2 / beta where d = |prediction - target| is below beta, else d - 0.5 beta."""
    return loss.smooth_l1_loss(prediction, target, beta, reduction)


# -- arithmetic --------------------------------------------------------------------------------------------------------

def div_no_nan(x, y):
    """x / y, and 0 where y is 0."""
    zero = comparison.eq(y, 0)
    return comparison.where(zero, 0.0, arithmetic.true_divide(x, comparison.where(zero, 1, y)))


def mul_no_nan(x, y):
    """x * y, and 0 where y is 0, whatever x is there."""
    zero = comparison.eq(y, 0)
    return comparison.where(zero, 0, arithmetic.mul(comparison.where(zero, 0, x), y))


def squared_difference(x, y):
    """(x - y)**2."""
    return arithmetic.square(arithmetic.sub(x, y))


def square_sum_all(x, y):
    """(sum(x**2), sum(y**2)) of two tensors of one shape and dtype; TypeError and ValueError where these differ."""
    x, y = as_tensor("SquareSumAll", x), as_tensor("SquareSumAll", y)
    if x.dtype != y.dtype:
        raise TypeError(f"SquareSumAll: the operands are {x.dtype} and {y.dtype}; expected one dtype: cast one of them")
    if x.shape != y.shape:
        raise ValueError(f"SquareSumAll: the operands have shapes {x.shape} and {y.shape}; expected one shape")
    return tuple(reduction.sum(arithmetic.square(v)) for v in (x, y))


def equal_count(x, y):
    """How many elements are equal, as a tensor of one element in the dtype of x."""
    return shapes.reshape(convert(reduction.sum(comparison.eq(x, y)), x.dtype), (1,))


def float_status(x):
    """1 where an element is infinite or NaN, else 0, as a Float32 tensor of one element."""
    finite = reduction.all(apply(primitive("isfinite"), (as_inexact("FloatStatus", x),)))
    return shapes.reshape(convert(comparison.logical_not(finite), float32), (1,))


def reduce_sum(x, axis=(), keep_dims=False, skip_mode=False):
    """The sum over `axis`, in the dtype of x; with `skip_mode` x itself where no axis is named."""
    value = as_tensor("ReduceSum", x)
    if skip_mode and axis in ((), None, []):
        return value
    return reduction.sum(value, axis, keep_dims, dtype=None if value.dtype is bool_ else value.dtype)


def reduce_prod(x, axis=(), keep_dims=False):
    """The product over `axis`, in the dtype of x."""
    value = as_tensor("ReduceProd", x)
    return reduction.prod(value, axis, keep_dims, None if value.dtype is bool_ else value.dtype)


def reduce_std(x, axis=(), unbiased=True, keep_dims=False):
    """(standard deviation, mean) over `axis`."""
    return reduction.std_mean(x, axis, 1 if unbiased else 0, keep_dims)


def arg(function):
    """The place of an extremum along an axis."""
    def place(input_x, axis=-1, output_type=int32):
        return convert(function(input_x, axis), output_type)
    place.__doc__ = function.__doc__
    return place


def self_adjoint_eig(x, compute_v=True):
    """(eigenvalues (..., n), ascending, eigenvectors (..., n, n)) of symmetric or Hermitian matrices, of which the
    lower triangles are read; without `compute_v` no numbers take the eigenvectors' place."""
    from mindspore.scipy.linalg import eigh
    if not isinstance(compute_v, bool):
        raise TypeError(f"SelfAdjointEig: compute_v is {compute_v!r}; expected a bool")
    if compute_v:
        return eigh(x)
    return eigh(x, eigvals_only=True), full_of((0,), constant(0, as_tensor("SelfAdjointEig", x).dtype))


def arg_with_value(function):
    """(place, value) of an extremum along an axis."""
    def both(input, axis=0, keep_dims=False):
        values, places = function(input, axis, keep_dims)
        return convert(places, int32), values
    both.__doc__ = "(place, value): an extremum along an axis, and where (Int32) it first stands."
    return both


def cumsum(input, axis, exclusive=False, reverse=False):
    """Running sums along an axis; `exclusive` leaves the element itself out, `reverse` runs from the end."""
    x = as_tensor("CumSum", input)
    return apply(primitive("cumsum"), (x,), (normalize_axis("CumSum", axis, x.ndim), reverse, exclusive))


def cumprod(x, axis, exclusive=False, reverse=False):
    """Running products along an axis; `exclusive` leaves the element itself out, `reverse` runs from the end."""
    value = as_tensor("CumProd", x)
    axis = normalize_axis("CumProd", axis, value.ndim)
    value = shapes.flip(value, axis) if reverse else value
    result = reduction.cumprod(value, axis)
    if exclusive:
        low = tuple(int(i == axis) for i in range(value.ndim))
        kept = shapes.cut(result, axis, 0, max(value.shape[axis] - 1, 0))
        result = apply(primitive("pad"), (kept,), (low, (0,) * value.ndim, (0,) * value.ndim, 1))
    return shapes.flip(result, axis) if reverse else result


def lp_norm(input, axis, p=2, keep_dims=False, epsilon=1e-12):
    """The p-norm over `axis`."""
    return reduction.vector_norm(input, p, axis, keep_dims)


# -- shapes ------------------------------------------------------------------------------------------------------------

def flatten(input_x):
    """The axes after the first as one: (N, ...) to (N, M)."""
    x = as_tensor("Flatten", input_x)
    return shapes.reshape(x, (x.shape[0], prod(x.shape[1:])) if x.ndim else (1,))


def split_evenly(input_x, axis=0, output_num=1):
    """`output_num` pieces of equal size along an axis."""
    x = as_tensor("Split", input_x)
    axis = normalize_axis("Split", axis, x.ndim)
    if output_num < 1 or x.shape[axis] % output_num:
        raise ValueError(f"Split: axis {axis} of shape {x.shape} cannot be split into {output_num} equal pieces")
    return joining.split(x, max(x.shape[axis] // output_num, 1), axis)


def split_sizes(input_x, size_splits, split_dim, num_split):
    """Pieces of the sizes given along an axis; one size may be -1 and is what is left."""
    x = as_tensor("SplitV", input_x)
    sizes = list(size_splits)
    if -1 in sizes:
        sizes[sizes.index(-1)] = x.shape[split_dim] - sum(s for s in sizes if s != -1)
    return joining.split(x, sizes, split_dim)


def pad(input_x, paddings):
    """input_x with zeros around it: a pair of counts for each axis in turn; negative counts cut."""
    flat = [c for pair in reversed(tuple(paddings)) for c in pair]
    return layers.pad(input_x, flat)


def pad_v3(input_x, paddings, value=None, mode="constant", paddings_contiguous=True):
    """input_x with a border: see `pad`; without `paddings_contiguous` all low counts come before the high ones."""
    counts = static_ints("PadV3", "paddings", paddings)
    if not paddings_contiguous:
        half = len(counts) // 2
        counts = tuple(c for pair in zip(counts[:half], counts[half:]) for c in pair)
    return layers.pad(input_x, counts, {"edge": "replicate"}.get(mode, mode), value)


def tensor_shape(input_x):
    """The shape as a tensor (Int64)."""
    return Tensor(np.array(as_tensor("TensorShape", input_x).shape, np.int64))


def top_k(input_x, k, sorted=True):
    """(values, indices): the k largest elements along the last axis, and their places (Int32)."""
    return sorting.topk(input_x, k)


def invert_permutation(input_x):
    """For a tuple that holds 0 .. n - 1 in some order, where each of them stands."""
    order = list(input_x)
    return tuple(order.index(i) for i in builtins.range(len(order)))


def fill(dtype, dims, x):
    """`x` as a dtype at every place of a tensor of shape `dims`."""
    return creation.full(dims, x, dtype=dtype)


def fill_v2(shape, value):
    """`value` at every place of a tensor of a shape."""
    return creation.full(shape, value)


def standard_normal(shape, seed=0, seed2=0):
    """Numbers of the standard normal distribution; seeds of 0 stand for none."""
    return random_.standard_normal(shape, random_.pair_of(seed, seed2))


def uniform_real(shape, seed=0, seed2=0):
    """Numbers evenly distributed over [0, 1); seeds of 0 stand for none."""
    return random_.rand(tuple(shape), seed=random_.pair_of(seed, seed2))


def uniform_int(shape, minval, maxval, seed=0, seed2=0):
    """Whole numbers (Int32) evenly distributed over [minval, maxval); seeds of 0 stand for none."""
    return random_.uniform(shape, minval, maxval, random_.pair_of(seed, seed2), int32)


def multinomial(x, num_samples, seed=0, seed2=0, dtype=int32):
    """Places drawn with the probabilities along the last axis; seeds of 0 stand for none."""
    return convert(random_.multinomial(x, num_samples, True, random_.pair_of(seed, seed2)), dtype)


def shuffle(x, seed=0, seed2=0):
    """The slices along the first axis in random order; seeds of 0 stand for none."""
    return random_.shuffle(x, random_.pair_of(seed, seed2))


def search_sorted(sorted_sequence, values, sorter=None, dtype=int64, right=False):
    """How many elements of a sorted sequence stand before each value."""
    return convert(indexing.searchsorted(sorted_sequence, values, right=right, sorter=sorter), dtype)


# -- assignment --------------------------------------------------------------------------------------------------------

def update(op: Primitive, single: bool = False):
    """An optimizer's update: the operands named in `op.updated` are Parameters, or tensors that a program keeps in
    their place, and get their new values."""
    def step(*operands, gradient_scale=1.0, use_locking=False, **attributes):
        if len(operands) != len(op.operands):
            raise TypeError(f"{op.name}: got {len(operands)} operands, expected {len(op.operands)}: "
                            f"{', '.join(op.operands)}")
        var = operands[0]
        given = [_update_operand(op, n, v, var) for n, v in zip(op.operands, operands)]
        if gradient_scale != 1.0:
            place = op.operands.index("g")
            given[place] = arithmetic.mul(given[place], constant(gradient_scale, var.dtype))
        results = apply(op, tuple(given), op.pack_attrs(attributes))
        targets = [operands[op.operands.index(n)] for n in op.updated]
        for target, value in zip(targets, results):
            if isinstance(target, Tensor):
                state.assign(target, value)
        return results[0] if single else results
    step.__doc__ = type(op).__doc__
    return step


def _update_operand(op: Primitive, name: str, value, var: Tensor) -> Tensor:
    x = as_dtype_of(op.name, value, var, name)
    return shapes.reshape(x, ()) if name in op.scalars and x.ndim else x


def gradient_descent(var, alpha, delta):
    """var = var - alpha * delta; returns the new value."""
    return state.assign_sub(var, arithmetic.mul(delta, alpha))
