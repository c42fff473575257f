"""What tensors are, and their shapes, axes and order of elements.

Shapes and axes must be known while the program is recorded. ValueError for shapes and axes that do not fit, TypeError
for ones of a wrong type.

What shows the elements of a tensor in another way is a view of it (`common.tensor_views`): writes into the one are
seen in the other. `flip`, `roll`, `rot90` and conversions compute tensors of their own.
"""
from __future__ import annotations

from collections.abc import Sequence
from math import prod

from mindspore.common.dtype import DType
from mindspore.common.sparse_tensor import COOTensor, CSRTensor, RowTensor
from mindspore.common.tensor import Tensor
from mindspore.common.view_places import shown
from mindspore.ops._operands import (
    Axes,
    Operand,
    Sizes,
    also,
    apply,
    as_tensor,
    convert,
    normalize_axes,
    normalize_axis,
    primitive,
    static_int,
    static_ints,
)

__all__ = [
    "atleast_1d", "atleast_2d", "atleast_3d", "broadcast_to", "cast", "dtype", "expand", "expand_as",
    "expand_dims",
    "flatten", "flip", "fliplr", "flipud", "is_complex", "is_floating_point", "is_tensor", "moveaxis", "movedim",
    "numel", "permute", "rank", "ravel", "reshape", "reverse", "roll", "rot90", "scalar_cast", "shape", "size",
    "squeeze", "swapaxes", "swapdims", "t", "transpose", "type_as", "unsqueeze", "view_as",
]

_RESHAPE, _TRANSPOSE, _BROADCAST, _SLICE = map(primitive, ("reshape", "transpose", "broadcast_to", "slice"))
_CONCAT, _REVERSE = map(primitive, ("concat", "reverse"))

# -- what a tensor is --------------------------------------------------------------------------------------------------

def shape(input_x: Operand) -> tuple:
    """The sizes of the axes."""
    return as_tensor("shape", input_x).shape


def rank(input_x: Operand) -> int:
    """The number of axes."""
    return as_tensor("rank", input_x).ndim


def size(input_x: Operand) -> int:
    """The number of elements."""
    return as_tensor("size", input_x).size


def numel(input: Operand) -> int:
    """The number of elements."""
    return as_tensor("numel", input).size


def dtype(x: Operand | COOTensor | CSRTensor | RowTensor) -> DType:
    """The element type, of sparse tensors that of their values."""
    return x.dtype if isinstance(x, (COOTensor, CSRTensor, RowTensor)) else as_tensor("dtype", x).dtype


def is_tensor(obj: object) -> bool:
    """Whether `obj` is a Tensor."""
    return isinstance(obj, Tensor)


def is_floating_point(input: Tensor) -> bool:
    """Whether the elements are floating numbers."""
    return as_tensor("is_floating_point", input).dtype.is_floating


def is_complex(input: Tensor) -> bool:
    """Whether the elements are complex numbers."""
    return as_tensor("is_complex", input).dtype.kind == "c"


def cast(input: Operand, dtype: DType) -> Tensor:
    """input as `dtype`. Floats become integers by truncation; NaN and numbers out of range become unspecified ones.
    TypeError where `dtype` is no dtype."""
    from mindspore.common.dtype import as_dtype
    return convert(as_tensor("cast", input), as_dtype(dtype))


def scalar_cast(input_x: Operand, input_y: DType) -> Tensor:
    """A number as a tensor of a dtype; see `cast`."""
    return cast(input_x, input_y)


def type_as(input: Operand, other: Tensor) -> Tensor:
    """input as the dtype of `other`."""
    return convert(as_tensor("type_as", input), as_tensor("type_as", other, "other").dtype)


# -- shapes ------------------------------------------------------------------------------------------------------------

def reshape(input: Operand, shape: Sizes) -> Tensor:
    """The elements in row-major order under another shape; one size may be -1 and follows from the others."""
    x = input if isinstance(input, Tensor) else as_tensor("reshape", input)
    sizes = static_ints("reshape", "shape", shape)
    if -1 in sizes:
        sizes = _with_inferred("reshape", x, sizes)
    return shown(x, apply(_RESHAPE, (x,), (sizes,)), "reshape", sizes)


def _with_inferred(name: str, x: Tensor, sizes: tuple) -> tuple:
    known = prod(d for d in sizes if d != -1)
    if sizes.count(-1) > 1 or known < 0 or (known == 0 and x.size) or (known and x.size % known):
        raise ValueError(f"{name}: a tensor of shape {x.shape} ({x.size} elements) does not fill shape {sizes}; one "
                         f"size may be -1, and the others must divide the number of elements")
    missing = x.size // known if known else 0
    return tuple(missing if d == -1 else d for d in sizes)


def view_as(input: Tensor, other: Tensor) -> Tensor:
    """input in the shape of `other`."""
    return reshape(input, as_tensor("view_as", other, "other").shape)


def flatten(input: Operand, order: str = "C", *, start_dim: int = 1, end_dim: int = -1) -> Tensor:
    """The axes from `start_dim` to `end_dim` as one; order 'F' turns the order of the axes round first. A tensor of
    fewer than two axes becomes one axis."""
    x = as_tensor("flatten", input)
    if not isinstance(order, str):
        raise TypeError(f"flatten: order must be 'C' or 'F', got {order!r} of type {type(order).__name__}")
    if order not in ("C", "F"):
        raise ValueError(f"flatten: order is {order!r}; expected 'C' (row-major) or 'F' (column-major)")
    if order == "F":
        x = apply(_TRANSPOSE, (x,), (tuple(range(x.ndim))[::-1],))
    if x.ndim == 0 or (x.ndim == 1 and start_dim == 1):
        return _reshaped(x, (x.size,))
    first, last = (normalize_axis("flatten", d, x.ndim, w) for d, w in ((start_dim, "start_dim"), (end_dim, "end_dim")))
    if first > last:
        raise ValueError(f"flatten: start_dim {start_dim} comes after end_dim {end_dim} in shape {x.shape}")
    return _reshaped(x, x.shape[:first] + (prod(x.shape[first:last + 1]),) + x.shape[last + 1:])


def _reshaped(x: Tensor, shape: tuple) -> Tensor:
    return shown(x, apply(_RESHAPE, (x,), (shape,)), "reshape", shape)


def ravel(input: Operand) -> Tensor:
    """All elements along one axis."""
    x = as_tensor("ravel", input)
    return _reshaped(x, (x.size,))


def expand_dims(input_x: Operand, axis: int) -> Tensor:
    """A new axis of size 1 at `axis` of the result; a tuple names several."""
    x = input_x if isinstance(input_x, Tensor) else as_tensor("expand_dims", input_x)
    axes = static_ints("expand_dims", "axis", axis)
    ndim = x.ndim + len(axes)
    places = {normalize_axis("expand_dims", a, ndim) for a in axes}
    sizes = iter(x.shape)
    shape = tuple(1 if i in places else next(sizes) for i in range(ndim))
    return shown(x, apply(_RESHAPE, (x,), (shape,)), "reshape", shape)


def unsqueeze(input: Operand, dim: int) -> Tensor:
    """A new axis of size 1 at `dim`; see `expand_dims`."""
    return expand_dims(input, dim)


def squeeze(input: Operand, axis: Axes = None) -> Tensor:
    """Without the axes of size 1, or without those named. ValueError for an axis of another size."""
    x = input if isinstance(input, Tensor) else as_tensor("squeeze", input)
    if axis is None or axis == ():
        return _reshaped(x, tuple(d for d in x.shape if d != 1))
    axes = normalize_axes("squeeze", axis, x.ndim)
    wrong = [a for a in axes if x.shape[a] != 1]
    if wrong:
        raise ValueError(f"squeeze: axis {wrong[0]} of shape {x.shape} has size {x.shape[wrong[0]]}; only axes of size "
                         f"1 can be taken away")
    return _reshaped(x, tuple(d for i, d in enumerate(x.shape) if i not in axes))


def broadcast_to(input: Operand, shape: Sizes) -> Tensor:
    """input repeated to `shape`; -1 keeps the size of an axis."""
    x = input if isinstance(input, Tensor) else as_tensor("broadcast_to", input)
    sizes = static_ints("broadcast_to", "shape", shape)
    if -1 in sizes:
        lead = len(sizes) - x.ndim
        if lead < 0 or -1 in sizes[:lead]:
            raise ValueError(f"broadcast_to: -1 in shape {sizes} stands for no axis of a tensor of shape {x.shape}")
        sizes = tuple(x.shape[i - lead] if d == -1 else d for i, d in enumerate(sizes))
    return shown(x, apply(_BROADCAST, (x,), (sizes,)), "broadcast", sizes)


def expand(input_x: Operand, size: Sizes) -> Tensor:
    """input_x repeated to `size`; see `broadcast_to`."""
    return broadcast_to(input_x, size)


def expand_as(input: Operand, other: Tensor) -> Tensor:
    """input repeated to the shape of `other`."""
    return broadcast_to(input, as_tensor("expand_as", other, "other").shape)


def atleast_1d(inputs: Operand | Sequence[Operand]):
    """The tensor, or a tuple of the tensors, with axes of size 1 added in front up to one axis."""
    return _at_least(inputs, lambda x: reshape(x, (1,) * (1 - x.ndim) + x.shape))


def atleast_2d(inputs: Operand | Sequence[Operand]):
    """The tensor, or a tuple of the tensors, with axes of size 1 added in front up to two axes."""
    return _at_least(inputs, lambda x: reshape(x, (1,) * (2 - x.ndim) + x.shape))


def atleast_3d(inputs: Operand | Sequence[Operand]):
    """The tensor, or a tuple of the tensors, with at least three axes: (n,) becomes (1, n, 1), (m, n) (m, n, 1)."""
    def three(x: Tensor) -> Tensor:
        if x.ndim >= 3:
            return x
        return reshape(x, x.shape + (1,) if x.ndim == 2 else (1, x.size, 1))
    return _at_least(inputs, three)


def _at_least(inputs, widen):
    if isinstance(inputs, (tuple, list)):
        return tuple(widen(as_tensor("atleast", x)) for x in inputs)
    return widen(as_tensor("atleast", inputs))


# -- the order of axes and elements ------------------------------------------------------------------------------------

def transpose(input: Operand, dims: Sequence[int]) -> Tensor:
    """The axes in another order: axis i of the result is axis dims[i] of input."""
    x = input if isinstance(input, Tensor) else as_tensor("transpose", input)
    perm = tuple([normalize_axis("transpose", d, x.ndim, "dims") for d in static_ints("transpose", "dims", dims)])
    return shown(x, apply(_TRANSPOSE, (x,), (perm,)), "transpose", perm)


def permute(input: Operand, axis: Sequence[int]) -> Tensor:
    """The axes in another order; see `transpose`."""
    return transpose(input, axis)


def swapaxes(input: Operand, axis0: int, axis1: int) -> Tensor:
    """With two axes exchanged."""
    x = input if isinstance(input, Tensor) else as_tensor("swapaxes", input)
    first, second = normalize_axis("swapaxes", axis0, x.ndim), normalize_axis("swapaxes", axis1, x.ndim)
    perm = list(range(x.ndim))
    if perm:
        perm[first], perm[second] = second, first
    order = tuple(perm)
    return shown(x, apply(_TRANSPOSE, (x,), (order,)), "transpose", order)


swapdims = also(swapaxes, dim0="axis0", dim1="axis1")


def t(input: Operand) -> Tensor:
    """The transposed matrix; a tensor of fewer axes is returned as it is. ValueError for more than two axes."""
    x = as_tensor("t", input)
    if x.ndim > 2:
        raise ValueError(f"t: a tensor of shape {x.shape} has {x.ndim} axes; expected at most 2 (use transpose)")
    return x if x.ndim < 2 else shown(x, apply(_TRANSPOSE, (x,), ((1, 0),)), "transpose", (1, 0))


def moveaxis(x: Operand, source: int | Sequence[int], destination: int | Sequence[int]) -> Tensor:
    """With the axes `source` moved to the places `destination`; the others keep their order."""
    value = as_tensor("moveaxis", x)
    moved = [normalize_axis("moveaxis", a, value.ndim, "source") for a in static_ints("moveaxis", "source", source)]
    places = [normalize_axis("moveaxis", a, value.ndim, "destination")
              for a in static_ints("moveaxis", "destination", destination)]
    if len(moved) != len(places) or len(set(moved)) != len(moved) or len(set(places)) != len(places):
        raise ValueError(f"moveaxis: source {source} and destination {destination} must name equally many different "
                         f"axes")
    target = dict(zip(places, moved))
    rest = iter([a for a in range(value.ndim) if a not in moved])
    order = tuple(target[i] if i in target else next(rest) for i in range(value.ndim))
    return shown(value, apply(_TRANSPOSE, (value,), (order,)), "transpose", order)


movedim = moveaxis


def flip(input: Operand, dims: int | Sequence[int]) -> Tensor:
    """The elements along `dims` in the opposite order."""
    x = as_tensor("flip", input)
    return apply(_REVERSE, (x,), (normalize_axes("flip", dims, x.ndim, "dims"),))


def reverse(x: Operand, axis: int | Sequence[int]) -> Tensor:
    """The elements along `axis` in the opposite order."""
    return flip(x, axis)


def fliplr(input: Operand) -> Tensor:
    """The elements along axis 1 in the opposite order."""
    return flip(input, 1)


def flipud(input: Operand) -> Tensor:
    """The elements along axis 0 in the opposite order."""
    return flip(input, 0)


def roll(input: Operand, shifts: int | Sequence[int], dims: int | Sequence[int] | None = None) -> Tensor:
    """The elements along `dims` moved by `shifts` places, round the end; without `dims` in the flattened tensor."""
    x = as_tensor("roll", input)
    if dims is None:
        return reshape(roll(ravel(x), shifts, 0), x.shape)
    steps, axes = static_ints("roll", "shifts", shifts), static_ints("roll", "dims", dims)
    if len(steps) != len(axes):
        raise ValueError(f"roll: shifts {shifts} and dims {dims} must have one length")
    for step, axis in zip(steps, axes):
        axis = normalize_axis("roll", axis, x.ndim, "dims")
        start = (-step) % x.shape[axis] if x.shape[axis] else 0
        if start:
            x = apply(_CONCAT, (cut(x, axis, start, x.shape[axis]), cut(x, axis, 0, start)), (axis,))
    return x


def rot90(input: Operand, k: int, dims: Sequence[int]) -> Tensor:
    """The plane of the two axes `dims` turned k times by 90 degrees, from the first towards the second."""
    x = as_tensor("rot90", input)
    axes = [normalize_axis("rot90", a, x.ndim, "dims") for a in static_ints("rot90", "dims", dims)]
    if len(axes) != 2 or axes[0] == axes[1]:
        raise ValueError(f"rot90: dims is {dims}; expected two different axes")
    turns = static_int("rot90", "k", k) % 4
    if turns == 2:
        return flip(x, tuple(axes))
    if turns == 0:
        return x
    return flip(swapaxes(x, *axes), axes[0]) if turns == 1 else swapaxes(flip(x, axes[0]), *axes)


def piece(x: Tensor, axis: int, start: int, stop: int) -> Tensor:
    """x[start:stop] along one axis, as a view."""
    return shown(x, cut(x, axis, start, stop), "index", (*[slice(None)] * axis, slice(start, stop)))


def cut(x: Tensor, axis: int, start: int, stop: int) -> Tensor:
    """x[start:stop] along one axis."""
    begin = tuple(start if i == axis else 0 for i in range(x.ndim))
    end = tuple(stop if i == axis else d for i, d in enumerate(x.shape))
    return apply(_SLICE, (x,), (begin, end, (1,) * x.ndim))
