"""Operators as functions, usually imported as F: everything of `mindspore.ops`, and the names that the functional
interface had first (`F.tensor_add`, `F.reduce_sum`, `F.tuple_getitem`, ...)."""
# ruff: noqa: F401, F403  (each family names in __all__ what it offers)
from __future__ import annotations

import builtins
import math
import operator
from collections.abc import Sequence
from functools import partial
from typing import Any

from mindspore import mint
from mindspore.batching import vmap
from mindspore.common.sparse_tensor import COOTensor, CSRTensor, RowTensor
from mindspore.common.tensor import Tensor
from mindspore.gradient import get_grad, grad, value_and_grad, vjp
from mindspore.ops import operations as P
from mindspore.ops._operands import also
from mindspore.ops.activation import *
from mindspore.ops.arithmetic import *
from mindspore.ops.arithmetic import add, float_power, floor_divide, floor_mod, mul, sub, true_divide
from mindspore.ops.arithmetic import pow as power
from mindspore.ops.blocks import *
from mindspore.ops.candidates import *
from mindspore.ops.choosing import *
from mindspore.ops.clipping import *
from mindspore.ops.comparison import *
from mindspore.ops.complex_numbers import *
from mindspore.ops.contraction import *
from mindspore.ops.contraction import einsum
from mindspore.ops.counting import *
from mindspore.ops.creation import *
from mindspore.ops.creation import arange
from mindspore.ops.debug import *
from mindspore.ops.decoding import *
from mindspore.ops.deforming import *
from mindspore.ops.detection import *
from mindspore.ops.elementwise import *
from mindspore.ops.elementwise import exp, expm1, isnan
from mindspore.ops.experts import *
from mindspore.ops.factors import *
from mindspore.ops.fourier import *
from mindspore.ops.fused_attention import *
from mindspore.ops.indexed import *
from mindspore.ops.indexing import *
from mindspore.ops.joining import *
from mindspore.ops.layers import *
from mindspore.ops.legacy_names import (
    SliceGetItem,
    array_to_scalar,
    broadcast_gradient_args,
    dyn_shape,
    hastype,
    is_tensor_bool_cond,
    mixed_precision_cast,
    reduced_shape,
    tensor_muls,
    tuple_div,
)
from mindspore.ops.linalg import *
from mindspore.ops.loops import switch, switch_layer
from mindspore.ops.loss import *
from mindspore.ops.matrices import *
from mindspore.ops.primitive import constexpr
from mindspore.ops.random import *
from mindspore.ops.random_in_place import *
from mindspore.ops.random_shapes import *
from mindspore.ops.rearranging import *
from mindspore.ops.reduction import *
from mindspore.ops.rotated import *
from mindspore.ops.sampling import *
from mindspore.ops.segments import *
from mindspore.ops.sequence_loss import *
from mindspore.ops.served_attention import *
from mindspore.ops.shapes import *
from mindspore.ops.shapes import reshape, shape
from mindspore.ops.slicing import *
from mindspore.ops.slicing import slice as tensor_slice
from mindspore.ops.sorting import *
from mindspore.ops.sparse import *
from mindspore.ops.sparse import row_tensor_add
from mindspore.ops.special import *
from mindspore.ops.state import *
from mindspore.ops.statistics import *
from mindspore.ops.systems import *
from mindspore.ops.triangles import *
from mindspore.ops.updates import *
from mindspore.ops.volumes import *
from mindspore.ops.windows import *
from mindspore.ops.windows import interpolate
from mindspore.taylor import derivative, jet
from mindspore.transforms import hessian, jacfwd, jacrev, jvp, linearize

# Tensors.
tensor_add, tensor_sub, tensor_mul, tensor_div = add, sub, mul, true_divide
tensor_floordiv = floordiv = floor_divide
tensor_mod = floormod = floor_mod
tensor_pow = pows = power
tensor_exp, tensor_expm1, tensor_range = exp, expm1, arange
reshape_, shape_ = reshape, shape
float_power_ext, tanh_, inplace_sigmoid = float_power, Tensor.tanh_, Tensor.sigmoid_
zero_ = also(Tensor.zero_, input="self")
baddbmm_ext, bernoulli_ext, diff_ext = mint.baddbmm, mint.bernoulli, mint.diff
einsum_ext, isnan_ext, clamp_ = einsum, mint.isnan, Tensor.clamp_
bmm_ext, gather_ext, split_ext = mint.bmm, mint.gather, mint.split
max_ext, min_ext, interpolate_ext = mint.max, mint.min, interpolate
index_fill_ext = Tensor.index_fill
new_ones, new_zeros = Tensor.new_ones, Tensor.new_zeros
reduce_sum, reduce_mean, reduce_max, reduce_min = P.ReduceSum(), P.ReduceMean(), P.ReduceMax(), P.ReduceMin()

# Operators that this interface offers as classes.
AdaptiveMaxPool2D, Median, Roll, TensorToTuple, UniqueConsecutive = (
    P.AdaptiveMaxPool2D, P.Median, P.Roll, P.TensorToTuple, P.UniqueConsecutive)

# Numbers.
scalar_add, scalar_sub, scalar_mul, scalar_div = operator.add, operator.sub, operator.mul, operator.truediv
scalar_floordiv, scalar_mod, scalar_pow = operator.floordiv, operator.mod, operator.pow
scalar_eq, scalar_ne, scalar_lt, scalar_le = operator.eq, operator.ne, operator.lt, operator.le
scalar_gt, scalar_ge, scalar_uadd, scalar_usub = operator.gt, operator.ge, operator.pos, operator.neg
scalar_max, scalar_min, scalar_log = builtins.max, builtins.min, math.log
bool_eq, bool_not = operator.eq, operator.not_
string_eq, string_concat = operator.eq, operator.concat
is_, is_not, typeof = operator.is_, operator.is_not, type

# Sparse tensors.
make_coo_tensor, make_csr_tensor = COOTensor, CSRTensor
make_row_tensor = make_row_tensor_inner = also(RowTensor, dense_shape="shape")
make_sparse_tensor = also(COOTensor, dense_shape="shape")
coo_tensor_get_indices = csr_tensor_get_indices = row_tensor_get_indices = operator.attrgetter("indices")
coo_tensor_get_values = csr_tensor_get_values = row_tensor_get_values = operator.attrgetter("values")
coo_tensor_get_dense_shape = csr_tensor_get_dense_shape = row_tensor_get_dense_shape = operator.attrgetter("shape")
csr_tensor_get_indptr = operator.attrgetter("indptr")

# Tuples, lists and dictionaries.
tuple_getitem = list_getitem = dict_getitem = operator.getitem
tuple_len = list_len = len
tuple_equal = list_equal = operator.eq
make_range, make_slice = builtins.range, builtins.slice


def add_ext(input: Any, other: Any, alpha: Any = 1) -> Tensor:
    """input + alpha * other."""
    return mint.add(input, other, alpha=alpha)


def unique_ext(input: Tensor, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False,
               dim: int | None = None) -> Any:
    """The different elements in ascending order, and what else is asked for; see `Tensor.unique`."""
    return Tensor.unique(input, sorted, return_inverse, return_counts, dim)


def uniform_ext(tensor: Tensor, a: float, b: float, generator: Any = None) -> Tensor:
    """Numbers of the uniform distribution over [a, b) in the tensor's shape and dtype."""
    return Tensor.uniform_(tensor.copy(), a, b, generator=generator)


def sub_ext(input: Any, other: Any, alpha: Any = 1) -> Tensor:
    """input - alpha * other."""
    return mint.sub(input, other, alpha=alpha)


def bool_and(x: bool, y: bool) -> bool:
    """x and y."""
    return x and y


def bool_or(x: bool, y: bool) -> bool:
    """x or y."""
    return x or y


def make_tuple(*items: Any) -> tuple:
    """The items as a tuple."""
    return items


def make_list(*items: Any) -> list:
    """The items as a list."""
    return list(items)


def make_dict(keys: Sequence, values: Sequence) -> dict:
    """A dictionary of keys and values."""
    return dict(zip(keys, values, strict=True))


def tuple_setitem(items: tuple, index: int, value: Any) -> tuple:
    """The tuple with one item replaced."""
    return tuple(value if i == index % len(items) else v for i, v in enumerate(items))


def list_setitem(items: list, index: int, value: Any) -> list:
    """The list with one item replaced."""
    return list(tuple_setitem(tuple(items), index, value))


def dict_setitem(items: dict, key: Any, value: Any) -> dict:
    """The dictionary with one entry set."""
    return {**items, key: value}


def tuple_reversed(items: tuple) -> tuple:
    """The items in the opposite order."""
    return items[::-1]


def in_dict(key: Any, items: dict) -> bool:
    """Whether the key is in the dictionary."""
    return key in items


def not_in_dict(key: Any, items: dict) -> bool:
    """Whether the key is not in the dictionary."""
    return key not in items


def shape_mul(sizes: Sequence[int]) -> int:
    """The product of sizes."""
    return math.prod(sizes)


def isconstant(value: Any) -> bool:
    """Whether a value is known while a graph is compiled."""
    from mindspore.graph.trace import Traced
    return not (isinstance(value, Tensor) and type(value._value) is Traced)

