"""Operators as classes, usually imported as P: `relu = P.ReLU(); relu(x)`.

One line for each: the name, the function that it calls, and the arguments of its constructor, which the function gets
by name. Functions that differ from those of `mindspore.ops` stand in `_legacy`.
"""
from __future__ import annotations

from typing import TYPE_CHECKING

from mindspore.common import dtype as mstype
from mindspore.compiler.primitives import primitive
from mindspore.module_paths import answer_below
from mindspore.ops import (
    _array_classes,
    _hook_classes,
    _image_classes,
    _legacy,
    _random_classes,
    _sequence_classes,
    _step_classes,
    _summary_classes,
    _window_classes,
    activation,
    arithmetic,
    blocks,
    choosing,
    communication,
    comparison,
    complex_numbers,
    creation,
    debug,
    elementwise,
    factors,
    fourier,
    host,
    indexing,
    joining,
    layers,
    legacy_names,
    linalg,
    loops,
    loss,
    matrices,
    mixing,
    reduction,
    shapes,
    slicing,
    sorting,
    special,
    state,
    systems,
    triangles,
    updates,
    windows,
)
from mindspore.ops import random as random_
from mindspore.ops.primitive import (
    REQUIRED,
    Primitive,
    PrimitiveWithCheck,
    PrimitiveWithInfer,
    define,
    define_drawing,
    prim_attr_register,
)
from mindspore.ops.replay import BufferAppend, BufferGetItem, BufferSample  # noqa: F401

__path__: list[str] = []  # names below this one are in `mindspore.module_paths`

__all__ = ["Primitive", "PrimitiveWithCheck", "PrimitiveWithInfer", "prim_attr_register"]


if TYPE_CHECKING:
    def __getattr__(name: str) -> type[Primitive]:
        """The operators of the tables below, for type checkers."""


def _define(name, function, **attributes):
    __all__.append(name)
    return define(name, function, **attributes)


def _drawing(name, function, **attributes):
    __all__.append(name)
    return define_drawing(name, function, **attributes)


# -- element by element ------------------------------------------------------------------------------------------------

for _name, _function in {
    "Abs": arithmetic.abs, "Add": arithmetic.add, "AddV2": arithmetic.add,
    "Addcdiv": arithmetic.addcdiv, "Addcmul": arithmetic.addcmul,
    "AddN": arithmetic.addn, "AccumulateNV2": arithmetic.accumulate_n, "Div": arithmetic.true_divide,
    "RealDiv": arithmetic.true_divide, "DivNoNan": _legacy.div_no_nan, "FloorDiv": arithmetic.floor_divide,
    "FloorMod": arithmetic.floor_mod, "Fmax": arithmetic.fmax, "Fmin": arithmetic.fmin,
    "Heaviside": arithmetic.heaviside, "Hypot": arithmetic.hypot, "Inv": arithmetic.inv, "Lerp": arithmetic.lerp,
    "Maximum": arithmetic.maximum, "Minimum": arithmetic.minimum, "Mod": arithmetic.truncate_mod,
    "Mul": arithmetic.mul, "MulNoNan": _legacy.mul_no_nan, "Neg": arithmetic.neg, "Pow": arithmetic.pow,
    "Reciprocal": arithmetic.reciprocal, "Sign": arithmetic.sign, "Square": arithmetic.square, "Sub": arithmetic.sub,
    "SquaredDifference": _legacy.squared_difference, "SquareSumAll": _legacy.square_sum_all,
    "TensorAdd": arithmetic.add, "TruncateDiv": arithmetic.truncate_div, "TruncateMod": arithmetic.truncate_mod,
    "Xdivy": arithmetic.xdivy, "Xlogy": arithmetic.xlogy,
    "ACos": elementwise.acos, "Acosh": elementwise.acosh, "Asin": elementwise.asin, "Asinh": elementwise.asinh,
    "Atan": elementwise.atan, "Atan2": elementwise.atan2, "Atanh": elementwise.atanh, "Ceil": elementwise.ceil,
    "Cos": elementwise.cos, "Cosh": elementwise.cosh, "Erf": elementwise.erf, "Erfc": elementwise.erfc,
    "Exp": elementwise.exp, "Expm1": elementwise.expm1, "Floor": elementwise.floor,
    "IsFinite": elementwise.isfinite, "IsInf": elementwise.isinf, "IsNan": elementwise.isnan, "Log": elementwise.log,
    "Log1p": elementwise.log1p, "Rint": elementwise.round, "Round": elementwise.round, "Rsqrt": elementwise.rsqrt,
    "Sin": elementwise.sin, "Sinc": elementwise.sinc, "Sinh": elementwise.sinh, "Sqrt": elementwise.sqrt,
    "Tan": elementwise.tan, "Tanh": elementwise.tanh, "Trunc": elementwise.trunc,
    "BitwiseAnd": comparison.bitwise_and, "BitwiseOr": comparison.bitwise_or, "BitwiseXor": comparison.bitwise_xor,
    "Equal": comparison.eq, "EqualCount": _legacy.equal_count, "FloatStatus": _legacy.float_status,
    "NPUAllocFloatStatus": _legacy.npu_alloc_float_status, "NPUClearFloatStatus": _legacy.npu_clear_float_status,
    "NPUGetFloatStatus": _legacy.npu_get_float_status,
    "Greater": comparison.gt, "GreaterEqual": comparison.ge, "Invert": comparison.invert,
    "LeftShift": comparison.bitwise_left_shift, "Less": comparison.lt, "LessEqual": comparison.le,
    "LogicalAnd": comparison.logical_and, "LogicalNot": comparison.logical_not, "LogicalOr": comparison.logical_or,
    "LogicalXor": comparison.logical_xor, "MaskedFill": comparison.masked_fill, "NotEqual": comparison.ne,
    "RightShift": comparison.bitwise_right_shift, "Select": comparison.select,
    "FastGeLU": activation.fast_gelu, "FastGelu": activation.fast_gelu, "GeLU": _legacy.gelu,
    "Gelu": _legacy.gelu, "HSigmoid": activation.hardsigmoid, "HSwish": activation.hardswish,
    "Mish": activation.mish, "PReLU": activation.prelu, "ReLU": activation.relu, "ReLUV3": activation.relu,
    "ReLU6": activation.relu6,
    "SeLU": activation.selu, "Sigmoid": activation.sigmoid, "Softplus": activation.softplus,
    "Softsign": activation.softsign,
    "Angle": complex_numbers.angle, "Complex": complex_numbers.complex_of, "ComplexAbs": complex_numbers.complex_abs,
    "Conj": complex_numbers.conj, "ConjugateTranspose": complex_numbers.conjugate_transpose,
    "Imag": complex_numbers.imag, "Polar": complex_numbers.polar, "Real": complex_numbers.real,
    **{f"Bessel{_part.upper()}": getattr(special, f"bessel_{_part}") for _part in (
        "i0", "i1", "j0", "j1", "k0", "k1", "y0", "y1")},
    "BesselI0e": special.bessel_i0e, "BesselI1e": special.bessel_i1e, "BesselK0e": special.bessel_k0e,
    "BesselK1e": special.bessel_k1e, "Betainc": special.betainc, "Digamma": special.digamma, "Eps": special.eps,
    "Erfinv": special.erfinv, "Gcd": special.gcd, "Igamma": special.igamma, "Igammac": special.igammac,
    "Lcm": special.lcm, "Lgamma": special.lgamma, "NextAfter": special.nextafter,
    "Polygamma": special.polygamma, "Zeta": special.zeta,
}.items():
    globals()[_name] = _define(_name, _function)

ApproximateEqual = _define("ApproximateEqual", comparison.approximate_equal, tolerance=1e-5)
CeLU = _define("CeLU", activation.celu, alpha=1.0)
Elu = _define("Elu", activation.elu, alpha=1.0)
GLU = _define("GLU", activation.glu, axis=-1)
HShrink = _define("HShrink", activation.hardshrink, lambd=0.5)
IsClose = _define("IsClose", comparison.isclose, rtol=1e-5, atol=1e-8, equal_nan=False)
Logit = _define("Logit", elementwise.logit, eps=-1.0)
Mvlgamma = _define("Mvlgamma", special.mvlgamma, p=REQUIRED)
LogSoftmax = _define("LogSoftmax", activation.log_softmax, axis=-1)
NanToNum = _define("NanToNum", arithmetic.nan_to_num, nan=None, posinf=None, neginf=None)
SoftShrink = _define("SoftShrink", activation.softshrink, lambd=0.5)
Softmax = _define("Softmax", _legacy.softmax, axis=-1)

# -- shapes and places -------------------------------------------------------------------------------------------------

for _name, _function in {
    "Cast": shapes.cast, "DType": shapes.dtype, "ExpandDims": shapes.expand_dims, "Flatten": _legacy.flatten,
    "Rank": shapes.rank, "Reshape": shapes.reshape, "ScalarCast": shapes.scalar_cast, "Shape": shapes.shape,
    "Size": shapes.size, "TensorShape": _legacy.tensor_shape, "DynamicShape": _legacy.tensor_shape,
    "Transpose": shapes.transpose, "TransposeView": shapes.transpose, "TransposeExtView": shapes.swapaxes,
    "Tile": joining.tile, "Diag": matrices.diag,
    "DiagPart": matrices.tensor_diagonal,
    "Trace": triangles.trace, "InvertPermutation": _legacy.invert_permutation, "Slice": slicing.slice,
    "Eye": creation.eye, "Fill": _legacy.fill, "FillV2": _legacy.fill_v2, "Fills": creation.fills,
    "LinSpace": creation.linspace, "Ones": creation.ones, "OnesLike": creation.ones_like,
    "ScalarToArray": creation.scalar_to_array, "ScalarToTensor": creation.scalar_to_tensor,
    "TupleToArray": creation.tuple_to_array, "Zeros": creation.zeros, "ZerosLike": creation.zeros_like,
    "GatherD": indexing.gather_d, "GatherNd": indexing.gather_nd, "IndexFill": indexing.index_fill,
    "MaskedSelect": indexing.masked_select, "NonZero": indexing.nonzero, "ScatterNd": indexing.scatter_nd,
    "TensorScatterAdd": indexing.tensor_scatter_add, "TensorScatterSub": indexing.tensor_scatter_sub,
    "TensorScatterDiv": updates.tensor_scatter_div, "TensorScatterMax": updates.tensor_scatter_max,
    "TensorScatterMin": updates.tensor_scatter_min, "TensorScatterMul": updates.tensor_scatter_mul,
    "UnsortedSegmentMax": updates.unsorted_segment_max, "UnsortedSegmentMin": updates.unsorted_segment_min,
    "UnsortedSegmentProd": updates.unsorted_segment_prod,
    "TensorScatterUpdate": indexing.tensor_scatter_update, "UnsortedSegmentSum": indexing.unsorted_segment_sum,
    "GatherV2": indexing.gather, "Unique": sorting.unique,
}.items():
    globals()[_name] = _define(_name, _function)

BroadcastTo = _define("BroadcastTo", shapes.broadcast_to, shape=REQUIRED)
Concat = _define("Concat", joining.concat, axis=0)
DepthToSpace = _define("DepthToSpace", _legacy.depth_to_space, block_size=REQUIRED)
Gather = _define("Gather", indexing.gather, batch_dims=0)
IndexAdd = _define("IndexAdd", indexing.index_add, axis=REQUIRED, use_lock=True, check_index_bound=True)
Meshgrid = _define("Meshgrid", lambda inputs, indexing: joining.meshgrid(*inputs, indexing=indexing), indexing="xy")
MirrorPad = _define("MirrorPad", blocks.mirror_pad, mode="REFLECT")
OneHot = _define("OneHot", indexing.one_hot, axis=-1)
Pack = _define("Pack", joining.stack, axis=0)
Pad = _define("Pad", _legacy.pad, paddings=REQUIRED)
PadV3 = _define("PadV3", _legacy.pad_v3, mode="constant", paddings_contiguous=True)
Range = _define("Range", creation.range, maxlen=1000000)
ReverseV2 = _define("ReverseV2", shapes.reverse, axis=REQUIRED)
Roll = _define("Roll", lambda input, shifts, dims: shapes.roll(input, shifts, dims), shifts=REQUIRED, dims=None)
SearchSorted = _define("SearchSorted", _legacy.search_sorted, dtype=mstype.int64, right=False)
Sort = _define("Sort", sorting.sort, axis=-1, descending=False)
SpaceToDepth = _define("SpaceToDepth", _legacy.space_to_depth, block_size=REQUIRED)
Split = _define("Split", _legacy.split_evenly, axis=0, output_num=1)
SplitV = _define("SplitV", _legacy.split_sizes, size_splits=REQUIRED, split_dim=REQUIRED, num_split=REQUIRED)
Squeeze = _define("Squeeze", shapes.squeeze, axis=())
Stack = _define("Stack", joining.stack, axis=0)
StridedSlice = _define("StridedSlice", slicing.strided_slice, begin_mask=0, end_mask=0, ellipsis_mask=0,
                       new_axis_mask=0, shrink_axis_mask=0)
TensorScatterElements = _define("TensorScatterElements", indexing.tensor_scatter_elements, axis=0, reduction="none")
TopK = _define("TopK", _legacy.top_k, sorted=True)
Tril = _define("Tril", triangles.tril, diagonal=0)
TrilIndices = _define("TrilIndices", creation.tril_indices, row=REQUIRED, col=REQUIRED, offset=0, dtype=mstype.int32)
Triu = _define("Triu", triangles.triu, diagonal=0)
TriuIndices = _define("TriuIndices", creation.triu_indices, row=REQUIRED, col=REQUIRED, offset=0, dtype=mstype.int32)
UniqueConsecutive = _define("UniqueConsecutive", sorting.unique_consecutive, return_inverse=False,
                            return_counts=False, dim=None)
Unpack = _define("Unpack", lambda input_x, axis: joining.unstack(input_x, axis), axis=0)
Unstack = _define("Unstack", lambda input_x, axis, num: joining.unstack(input_x, axis), axis=0, num=None)

# -- reductions and products -------------------------------------------------------------------------------------------

ArgMaxWithValue = _define("ArgMaxWithValue", _legacy.arg_with_value(reduction.max), axis=0, keep_dims=False)
ArgMinWithValue = _define("ArgMinWithValue", _legacy.arg_with_value(reduction.min), axis=0, keep_dims=False)
Argmax = _define("Argmax", _legacy.arg(reduction.argmax), axis=-1, output_type=mstype.int32)
Argmin = _define("Argmin", _legacy.arg(reduction.argmin), axis=-1, output_type=mstype.int32)
BatchMatMul = _define("BatchMatMul", _legacy.mat_mul, transpose_a=False, transpose_b=False)
BiasAdd = _define("BiasAdd", lambda input_x, bias, data_format: linalg.bias_add(input_x, bias), data_format="NCHW")
CountNonZero = _define("CountNonZero", lambda x, dims: reduction.count_nonzero(x, () if dims is None else dims),
                       dims=None)
CumProd = _define("CumProd", _legacy.cumprod, exclusive=False, reverse=False)
CumSum = _define("CumSum", _legacy.cumsum, exclusive=False, reverse=False)
Cummax = _define("Cummax", reduction.cummax, axis=REQUIRED)
Cummin = _define("Cummin", reduction.cummin, axis=REQUIRED)
Dense = _define("Dense", linalg.dense)
EuclideanNorm = _define("EuclideanNorm", lambda x, axes, keep_dims: reduction.vector_norm(x, 2, axes, keep_dims),
                        keep_dims=False)
Ger = _define("Ger", linalg.ger)
LpNorm = _define("LpNorm", _legacy.lp_norm, axis=REQUIRED, p=2, keep_dims=False, epsilon=1e-12)
MatMul = _define("MatMul", _legacy.mat_mul, transpose_a=False, transpose_b=False)
MatrixPower = _define("MatrixPower", linalg.matrix_power, n=REQUIRED)
ReduceAll = _define("ReduceAll", reduction.all, keep_dims=False)
ReduceAny = _define("ReduceAny", reduction.any, keep_dims=False)
ReduceMax = _define("ReduceMax", lambda x, axis=(), keep_dims=False: reduction.amax(x, axis, keep_dims),
                    keep_dims=False)
ReduceMean = _define("ReduceMean", reduction.mean, keep_dims=False)
ReduceMin = _define("ReduceMin", lambda x, axis=(), keep_dims=False: reduction.amin(x, axis, keep_dims),
                    keep_dims=False)
ReduceProd = _define("ReduceProd", _legacy.reduce_prod, keep_dims=False)
ReduceStd = _define("ReduceStd", _legacy.reduce_std, axis=(), unbiased=True, keep_dims=False)
ReduceSum = _define("ReduceSum", _legacy.reduce_sum, keep_dims=False, skip_mode=False)

# -- linear systems and factorisations ---------------------------------------------------------------------------------

SelfAdjointEig = _define("SelfAdjointEig", _legacy.self_adjoint_eig, compute_v=True)
Cholesky = _define("Cholesky", systems.cholesky, upper=False)
CholeskyInverse = _define("CholeskyInverse", systems.cholesky_inverse, upper=False)
CholeskySolve = _define("CholeskySolve", systems.cholesky_solve, upper=False)
Eig = _define("Eig", factors.complex_eig, compute_v=False)
Geqrf = _define("Geqrf", factors.geqrf)
LogMatrixDeterminant = _define("LogMatrixDeterminant", systems.slogdet)
LuSolve = _define("LuSolve", factors.lu_solve)
LuUnpack = _define("LuUnpack", factors.lu_unpack, unpack_data=True, unpack_pivots=True)
Lstsq = _define("Lstsq", systems.regularized_lstsq, fast=True, l2_regularizer=0.0)
MatrixDeterminant = _define("MatrixDeterminant", systems.det)
MatrixExp = _define("MatrixExp", factors.matrix_exp)
MatrixInverse = _define("MatrixInverse", systems.inverse, adjoint=False)
MatrixLogarithm = _define("MatrixLogarithm", factors.matrix_logarithm)
MatrixSolve = _define("MatrixSolve", systems.matrix_solve, adjoint=False)
MatrixSolveLs = _define("MatrixSolveLs", factors.matrix_solve_ls, fast=True)
MatrixTriangularSolve = _define(
    "MatrixTriangularSolve", systems.adjoint_triangular_solve, lower=True, adjoint=False)
NuclearNorm = _define("NuclearNorm", factors.nuclear_norm, dim=None, keepdim=False)
Orgqr = _define("Orgqr", factors.orgqr)
Ormqr = _define("Ormqr", factors.ormqr, left=True, transpose=False)
Qr = _define("Qr", lambda x, full_matrices: systems.qr(x, "complete" if full_matrices else "reduced"),
             full_matrices=False)
Svd = _define("Svd", systems.svd, full_matrices=False, compute_uv=True)

# -- signals -----------------------------------------------------------------------------------------------------------

BartlettWindow = _define("BartlettWindow", creation.bartlett_window, periodic=True, dtype=mstype.float32)
BlackmanWindow = _define("BlackmanWindow", creation.blackman_window, periodic=True, dtype=mstype.float32)
HammingWindow = _define("HammingWindow", creation.hamming_window, periodic=True, alpha=0.54, beta=0.46,
                        dtype=mstype.float32)
FFTWithSize = _define("FFTWithSize", fourier.fft_with_size, signal_ndim=REQUIRED, inverse=REQUIRED, real=REQUIRED,
                      norm="backward", onesided=True, signal_sizes=())
STFT = _define("STFT", fourier.stft_of, n_fft=REQUIRED, hop_length=REQUIRED, win_length=REQUIRED, normalized=REQUIRED,
               onesided=REQUIRED, return_complex=REQUIRED)

# -- neural networks ---------------------------------------------------------------------------------------------------

_window = {"kernel_size": 1, "strides": 1, "pad_mode": "valid", "data_format": "NCHW"}
AdaptiveAvgPool2D = _define("AdaptiveAvgPool2D", windows.adaptive_avg_pool2d, output_size=REQUIRED)
AdaptiveMaxPool2D = _define("AdaptiveMaxPool2D",
                            lambda input, output_size: choosing.adaptive_max_pool2d(input, output_size, True),
                            output_size=REQUIRED)
AvgPool = _define("AvgPool", _legacy.avg_pool, **_window)
AvgPoolV1 = _define("AvgPoolV1", _legacy.avg_pool, **_window)
BatchNorm = _define("BatchNorm", _legacy.batch_norm, is_training=False, epsilon=1e-5, momentum=0.1,
                    data_format="NCHW")
BCEWithLogitsLoss = _define(
    "BCEWithLogitsLoss",
    lambda input, target, weight=None, posWeight=None, reduction="mean":
        loss.binary_cross_entropy_with_logits(input, target, weight, posWeight, reduction), reduction="mean")
BinaryCrossEntropy = _define("BinaryCrossEntropy", loss.binary_cross_entropy, reduction="mean")
Conv2D = _define("Conv2D", _legacy.convolution, out_channel=REQUIRED, kernel_size=REQUIRED, mode=1, pad_mode="valid",
                 pad=0, stride=1, dilation=1, group=1, data_format="NCHW")
Conv2DTranspose = _define("Conv2DTranspose", _legacy.convolution_transposed, out_channel=REQUIRED,
                          kernel_size=REQUIRED, pad_mode="valid", pad=0, pad_list=None, mode=1, stride=1, dilation=1,
                          group=1, data_format="NCHW")
Conv2DBackpropInput = _define("Conv2DBackpropInput", _legacy.convolution_transposed, out_channel=REQUIRED,
                              kernel_size=REQUIRED, pad_mode="valid", pad=0, pad_list=None, mode=1, stride=1,
                              dilation=1, group=1, data_format="NCHW")
Dropout = _drawing("Dropout", _legacy.dropout, keep_prob=0.5, Seed0=0, Seed1=0)
KLDivLoss = _define("KLDivLoss", loss.kl_div, reduction="mean")
L2Loss = _define("L2Loss", _legacy.l2_loss)
L2Normalize = _define("L2Normalize", _legacy.l2_normalize, axis=0, epsilon=1e-4)
LayerNorm = _define("LayerNorm", _legacy.layer_norm, begin_norm_axis=1, begin_params_axis=1, epsilon=1e-7)
MaxPool = _define("MaxPool", _legacy.max_pool, **_window)
MaxPoolV1 = _define("MaxPoolV1", _legacy.max_pool, **_window)
MaxPoolWithArgmax = _define("MaxPoolWithArgmax", _legacy.max_pool_with_argmax, **_window)
NLLLoss = _define("NLLLoss", _legacy.nll_loss, reduction="mean", ignore_index=-100)
ResizeBilinear = _define("ResizeBilinear", _legacy.resize(mixing.linear_weights), size=REQUIRED, align_corners=False,
                         half_pixel_centers=False)
ResizeBilinearV2 = _define("ResizeBilinearV2", _legacy.resize(mixing.linear_weights), align_corners=False,
                           half_pixel_centers=False)
ResizeNearestNeighbor = _define("ResizeNearestNeighbor", _legacy.resize(mixing.nearest_weights), size=REQUIRED,
                                align_corners=False, half_pixel_centers=False)
ResizeNearestNeighborV2 = _define("ResizeNearestNeighborV2", _legacy.resize(mixing.nearest_weights),
                                  align_corners=False, half_pixel_centers=False)
RmsNorm = _define("RmsNorm", layers.rms_norm, epsilon=1e-6)
SigmoidCrossEntropyWithLogits = _define("SigmoidCrossEntropyWithLogits", _legacy.sigmoid_cross_entropy)
SmoothL1Loss = _define("SmoothL1Loss", _legacy.smooth_l1_loss, beta=1.0, reduction="none")
SoftMarginLoss = _define("SoftMarginLoss", loss.soft_margin_loss, reduction="mean")
SoftmaxCrossEntropyWithLogits = _define("SoftmaxCrossEntropyWithLogits", _legacy.softmax_cross_entropy)
SparseSoftmaxCrossEntropyWithLogits = _define("SparseSoftmaxCrossEntropyWithLogits",
                                              _legacy.sparse_softmax_cross_entropy, is_grad=False)
SparseSoftmaxCrossEntropyWithLogitsV2 = _define("SparseSoftmaxCrossEntropyWithLogitsV2",
                                                _legacy.sparse_softmax_cross_entropy_v2)

# -- random numbers ----------------------------------------------------------------------------------------------------

Multinomial = _drawing("Multinomial", _legacy.multinomial, seed=0, seed2=0, dtype=mstype.int32)
RandomCategorical = _define("RandomCategorical", random_.random_categorical, dtype=mstype.int64)
RandomShuffle = _drawing("RandomShuffle", _legacy.shuffle, seed=0, seed2=0)
RandpermV2 = _define("RandpermV2", random_.randperm, seed=0, offset=0, dtype=mstype.int64)
StandardNormal = _drawing("StandardNormal", _legacy.standard_normal, seed=0, seed2=0)
UniformInt = _drawing("UniformInt", _legacy.uniform_int, seed=0, seed2=0)
UniformReal = _drawing("UniformReal", _legacy.uniform_real, seed=0, seed2=0)

# -- among processes ---------------------------------------------------------------------------------------------------

WORLD = communication.WORLD
AllReduce = _define("AllReduce", communication.all_reduce, op="sum", group=WORLD)
AllGather = _define("AllGather", communication.all_gather, group=WORLD)
AllGatherV = _define("AllGatherV", communication.all_gather_v, group=WORLD)
AlltoAll = _define("AlltoAll", communication.all_to_all, split_count=REQUIRED, split_dim=REQUIRED, concat_dim=REQUIRED,
                   group=WORLD)
AlltoAllV = _define("AlltoAllV", communication.all_to_all_v, group=WORLD, block_size=1)
Barrier = _define("Barrier", communication.barrier, group=WORLD)
Broadcast = _define("Broadcast", communication.broadcast, root_rank=REQUIRED, group=WORLD)
CollectiveGather = _define("CollectiveGather", communication.gather, dest_rank=REQUIRED, group=WORLD)
CollectiveScatter = _define("CollectiveScatter", communication.scatter, src_rank=0, group=WORLD)
Reduce = _define("Reduce", communication.reduce, dest_rank=REQUIRED, op="sum", group=WORLD)
ReduceScatter = _define("ReduceScatter", communication.reduce_scatter, op="sum", group=WORLD)
ReduceScatterV = _define("ReduceScatterV", communication.reduce_scatter_v, op="sum", group=WORLD)
ReduceOp = communication.ReduceOp
__all__ += ["ReduceOp"]
del WORLD

# -- evaluation and assignment -----------------------------------------------------------------------------------------

Assign = _define("Assign", state.assign)
AssignAdd = _define("AssignAdd", state.assign_add)
AssignSub = _define("AssignSub", state.assign_sub)
Depend = _define("Depend", state.depend)
MoveTo = _define("MoveTo", state.move_to)
Identity = _define("Identity", state.deepcopy)
identity = define("identity", state.identity)  # in mindspore.ops the function has this name
StopGradient = _define("StopGradient", state.stop_gradient)
for _kind in ("Add", "Div", "Max", "Min", "Mul", "Sub", "Update"):
    _lock = {"use_locking": _kind == "Update"}
    for _name, _function in ((f"Scatter{_kind}", f"scatter_{_kind.lower()}"),
                             (f"ScatterNd{_kind}", f"scatter_nd_{_kind.lower()}")):
        globals()[_name] = _define(_name, getattr(updates, _function), **_lock)

Adam = _define("Adam", _legacy.update(primitive("apply_adam")), use_locking=False, use_nesterov=False)
AdamWeightDecay = _define("AdamWeightDecay", _legacy.update(primitive("apply_adam_weight_decay")), use_locking=False)
ApplyAdaMax = _define("ApplyAdaMax", _legacy.update(primitive("apply_ada_max")))
ApplyAdadelta = _define("ApplyAdadelta", _legacy.update(primitive("apply_adadelta")))
ApplyAdagrad = _define("ApplyAdagrad", _legacy.update(primitive("apply_adagrad")), update_slots=True)
ApplyAdagradV2 = _define("ApplyAdagradV2", _legacy.update(primitive("apply_adagrad")), epsilon=REQUIRED,
                         update_slots=True)
ApplyCenteredRMSProp = _define("ApplyCenteredRMSProp",
                               _legacy.update(primitive("apply_centered_rms_prop"), single=True), use_locking=False)
ApplyFtrl = _define("ApplyFtrl", _legacy.update(primitive("apply_ftrl"), single=True), use_locking=False)
ApplyGradientDescent = _define("ApplyGradientDescent", _legacy.gradient_descent)
ApplyMomentum = _define("ApplyMomentum", _legacy.update(primitive("apply_momentum"), single=True), use_nesterov=False,
                        use_locking=False, gradient_scale=1.0)
ApplyRMSProp = _define("ApplyRMSProp", _legacy.update(primitive("apply_rms_prop"), single=True), use_locking=False)
SGD = _define("SGD", _legacy.update(primitive("apply_sgd"), single=True), dampening=0.0, weight_decay=0.0,
              nesterov=False)

# -- tables of other files ---------------------------------------------------------------------------------------------

for _table in (_array_classes, _hook_classes, _image_classes, _random_classes, _sequence_classes, _step_classes,
               _summary_classes, _window_classes, host, legacy_names, loops):
    __all__.extend(_table.CLASSES)
    globals().update(_table.CLASSES)


class TensorDump(Primitive):
    """`mindspore.ops.tensordump` as an operator.

    Args:
        input_output: the mode.
    """

    def __init__(self, input_output: str = "out"):
        super().__init__("TensorDump")
        self.add_prim_attr("input_output", input_output)

    def __call__(self, file, input_x) -> None:
        debug.tensordump(file, input_x, self.input_output)


class Print(Primitive):
    """Prints its operands when it is called."""

    def __init__(self):
        super().__init__("Print")

    def __call__(self, *args) -> None:
        debug.print_(*args)


__all__ += ["Print", "TensorDump"]
del _name, _function, _window, _kind, _lock, _table
answer_below(__name__)
