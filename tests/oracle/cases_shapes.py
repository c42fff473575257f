"""Shapes, joining, splitting, gathering, scattering, and triangles."""

import numpy as np
import torch
from table import arguments, booleans, case, floats, integers

from mindspore import mint, ops

EMPTY = np.zeros((0, 3), np.float32)
A, B = floats(2, 3), floats(2, 3, key="b")
C = floats(2, 3, 4)
for space in ("mint", "ops"):
    case(
        f"{space}.cat",
        lambda xs, d=0: torch.cat(xs, d),
        ([A, B],),
        ((A, floats(2, 1)), 1),
        ([A, EMPTY],),
        ([A, integers(1, 3)],),
        ([floats(3)],),
    )
    case(f"{space}.stack", torch.stack, ([A, B],), ([A, B, A], -1), ([floats(), floats()],))
    case(f"{space}.hstack", torch.hstack, ([A, B],), ([floats(2), floats(3)],))
    case(f"{space}.dstack", torch.dstack, ([A, B],), ([floats(2), floats(2)],))
    case(f"{space}.split", lambda x, n, d=0: torch.split(x, n, d), (floats(5, 2), 2), (C, [1, 2], 1), (C, 4, -1))
    case(f"{space}.chunk", torch.chunk, (floats(5, 2), 3), (C, 2, -1), (floats(2), 4))
    case(f"{space}.unbind", torch.unbind, (A,), (C, -1))
    case(f"{space}.narrow", torch.narrow, (C, 1, 1, 2), (C, -1, 0, 0))
    case(f"{space}.squeeze", lambda x, *m: torch.squeeze(x, *m), (floats(1, 3, 1),), (floats(1, 3, 1), 0))
    case(f"{space}.unsqueeze", torch.unsqueeze, (A, 0), (A, -1), (floats(), 0))
    case(f"{space}.permute", torch.permute, (C, (2, 0, 1)), (C, (-1, 0, 1)))
    case(f"{space}.swapaxes", torch.swapaxes, (C, 0, 2))
    case(f"{space}.reshape", torch.reshape, (C, (4, -1)), (C, (24,)), (EMPTY, (3, 0)), (floats(1), ()))
    case(
        f"{space}.flatten",
        lambda x, **k: torch.flatten(x, **k),
        arguments("from 1", C, start_dim=1),
        arguments("to 1", C, start_dim=0, end_dim=1),
        arguments("0-d", floats(), start_dim=0),
    )
    case(
        f"{space}.broadcast_to",
        torch.broadcast_to,
        (floats(3), (2, 3)),
        (floats(2, 1), (4, 2, 3)),
        (floats(2, 1), (-1, 3)),
        (floats(), (2,)),
    )
    case(f"{space}.tile", torch.tile, (A, (2, 1)), (floats(3), (2, 2)), (C, (2,)), (A, (0, 1)))
    case(
        f"{space}.meshgrid",
        lambda *x, **k: torch.meshgrid(*x, **k),
        arguments("ij", floats(2), floats(3), indexing="ij"),
        arguments("xy", floats(2), floats(3), indexing="xy"),
    )
    case(f"{space}.tril", torch.tril, (floats(3, 4),), (floats(2, 3, 3), 1), (floats(3, 3), -1), (booleans(3, 3),))
    case(f"{space}.triu", torch.triu, (floats(3, 4),), (floats(2, 3, 3), 1), (floats(3, 3), -1), (integers(3, 3),))
    case(f"{space}.diag", torch.diag, (floats(3),), (floats(3, 4),))
    case(
        f"{space}.gather",
        torch.gather,
        (floats(3, 4), 1, integers(3, 2, low=0, high=4)),
        (floats(3, 4), 0, integers(2, 4, low=0, high=3)),
        (floats(), 0, np.array(0)),
        ours=mint.gather if space == "mint" else ops.gather_elements,
    )
    case(
        f"{space}.scatter",
        torch.scatter,
        (floats(3, 4), 1, np.array([[1, 0], [2, 3], [3, 1]]), floats(3, 2)),
        (floats(3, 4), 0, np.array([[1, 0, 2, 0]]), floats(1, 4)),
    )
    case(
        f"{space}.scatter_add",
        torch.scatter_add,
        (floats(3, 4), 1, integers(3, 5, low=0, high=4), floats(3, 5)),
        ours=mint.scatter_add if space == "mint" else lambda x, d, i, s: ops.tensor_scatter_elements(x, i, s, d, "add"),
    )
    case(f"{space}.index_select", torch.index_select, (A, 1, np.array([2, 0, 0])), (A, 0, np.array([], np.int64)))
    case(
        f"{space}.masked_select",
        torch.masked_select,
        (A, booleans(2, 3)),
        (A, booleans(3)),
        (floats(3), booleans(2, 1)),
    )
    case(
        f"{space}.take",
        torch.take,
        (A, np.array([[0, 5], [-1, 2]])),
        ours=getattr(ops, "take", None) and (mint.take if space == "mint" else lambda x, i: ops.take(x, i)),
    )
case("mint.transpose", torch.transpose, (C, 0, 2), (A, -1, 0))
case("mint.t", torch.t, (A,), (floats(3),))
case("ops.t", torch.t, (A,), (floats(3),))
case("mint.select", torch.select, (C, 1, 2), (C, -1, -1))
case(
    "mint.index_add",
    torch.index_add,
    (floats(4, 3), 0, np.array([1, 1, 3]), floats(3, 3)),
    arguments("alpha", floats(3, 4), 1, np.array([0, 2]), floats(3, 2), alpha=2.0),
)
case(
    "ops.index_add",
    lambda x, i, y, axis: torch.index_add(x, axis, i.long(), y),
    (floats(4, 3), np.array([1, 1, 3], np.int32), floats(3, 3), 0),
)
case("ops.index_fill", torch.index_fill, (A, 1, np.array([0, 2]), 7.0))
case(
    "ops.masked_fill",
    torch.masked_fill,
    (A, booleans(2, 3), 2.5),
    (A, booleans(3), np.float32(1.0)),
    (integers(3), booleans(3), 4),
)
case("ops.select_scatter", torch.select_scatter, (A, floats(3), 0, 1), (C, floats(2, 4), 1, 2))
case("ops.slice_scatter", torch.slice_scatter, (floats(5, 3), floats(2, 3), 0, 1, 5, 2))
case("ops.diagonal_scatter", torch.diagonal_scatter, (floats(3, 3), floats(3)), (floats(3, 3), floats(2), 1))
case("ops.diagonal", torch.diagonal, (floats(3, 4),), (C, 1, 0, 2), (floats(3, 4), -1))
case("ops.diag_embed", torch.diag_embed, (floats(3),), (A, 1), (A, 0, 0, 2))
case("ops.diagflat", torch.diagflat, (floats(3),), (A, 1))
case("ops.moveaxis", torch.moveaxis, (C, 0, -1), (C, (0, 1), (1, 2)))
case("ops.rot90", torch.rot90, (A, 1, [0, 1]), (A, 2, [0, 1]), (A, -1, [1, 0]))
case("ops.fliplr", torch.fliplr, (A,))
case("ops.flipud", torch.flipud, (A,))
case("ops.block_diag", torch.block_diag, (A, floats(1, 2)), (floats(2), floats()))
case("ops.column_stack", torch.column_stack, ([floats(2), A],))
case("ops.vstack", torch.vstack, ([floats(3), A],))
case("ops.cartesian_prod", torch.cartesian_prod, (floats(2), floats(3)), (integers(2), integers(3)))
case("ops.combinations", lambda x, r=2, w=False: torch.combinations(x, r, w), (floats(4),), (floats(3), 2, True))
case("ops.tensor_split", torch.tensor_split, (floats(7), 3), (C, (1, 3), 2), (floats(2), 4))
case("ops.hsplit", torch.hsplit, (floats(2, 4), 2), (floats(4), (1,)))
case("ops.vsplit", torch.vsplit, (floats(4, 2), 2))
case("ops.dsplit", torch.dsplit, (C, 2))
case("ops.atleast_2d", torch.atleast_2d, (floats(),), (floats(3),))
case("ops.atleast_3d", torch.atleast_3d, (floats(3),), (A,))
case("ops.expand", lambda x, s: x.expand(s), (floats(2, 1), (-1, 3)), ours=lambda x, s: ops.broadcast_to(x, s))
case("ops.vander", torch.vander, (floats(4),), (floats(4), 3))
case("ops.tril_indices", torch.tril_indices, (3, 4), (3, 4, 1), (2, 2, -1))
case("ops.triu_indices", torch.triu_indices, (3, 4), (3, 4, 1), (4, 2, -1))
case("ops.one_hot", lambda x, n: torch.nn.functional.one_hot(x, n), (integers(2, 3, low=0, high=4), 5))
case(
    "mint.nn.functional.one_hot",
    torch.nn.functional.one_hot,
    (integers(2, 3, low=0, high=4), 5),
    (integers(4, low=0, high=4),),
)
for name in ("hann", "hamming", "bartlett", "blackman"):
    case(f"ops.{name}_window", getattr(torch, f"{name}_window"), (7,), (7, False), (1,), double=False)
case("ops.kaiser_window", lambda n, p=True, beta=12.0: torch.kaiser_window(n, p, beta), (7,), (7, False, 8.0), (1,))
case("mint.eye", torch.eye, (3,), (2, 4))
case("mint.linspace", torch.linspace, (0.0, 1.0, 5), (-3, 7, 4), (1.0, 2.0, 1))
case("mint.arange", torch.arange, (5,), (1, 7, 2), (0.0, 1.0, 0.3), (5, 1, -1))
case("ops.logspace", lambda a, b, n: torch.logspace(a, b, n), (0.0, 2.0, 5))
case("mint.full", torch.full, ((2, 3), 1.5), ((2,), 7), ((2,), True))
case("mint.zeros_like", torch.zeros_like, (A,), (integers(3),))
case("mint.ones_like", torch.ones_like, (A,), (booleans(3),))
case("mint.full_like", torch.full_like, (A, 3), (integers(3), 2.7))

# Tensor's methods and index expressions; an entry of the second list changes a copy.
T = floats(4, 3, 5)
READS = {
    "integer": lambda x: x[1],
    "negative": lambda x: x[-1, -2],
    "slice": lambda x: x[1:3],
    "stride": lambda x: x[::2],
    "ellipsis": lambda x: x[..., 1],
    "new axis": lambda x: x[:, None, 1],
    "tuple": lambda x: x[1:, :2, -1],
    "empty slice": lambda x: x[2:2],
    "past the end": lambda x: x[2:99],
    "list": lambda x: x[[0, 2, 2]],
    "two lists": lambda x: x[[0, 1], [2, 0]],
    "list and slice": lambda x: x[:, [0, 2]],
    "lists apart": lambda x: x[[0, 1], :, [2, 0]],
    "list beside integer": lambda x: x[1, :, [0, 2]],
    "true": lambda x: x[True],
    "everything": lambda x: x[...],
}
for name, read in READS.items():
    case(f"Tensor.__getitem__ {name}", read, (T,), ours=read)
case(
    "Tensor.__getitem__ tensor",
    lambda x, i: x[i],
    (T, np.array([[0, 3], [-1, 2]])),
    (T, booleans(4)),
    (T, booleans(4, 3)),
    (T, np.array(2)),
    (T, np.zeros(4, bool)),
    (T, np.zeros(0, np.int64)),
)
for name, read, indices in [
    ("tensors", lambda x, i, j: x[i, :, j], (np.array([0, 1]), np.array([[2], [0]]))),
    ("tensor last", lambda x, i: x[..., i], (np.array([0, 4, -1]),)),
    ("slice and mask", lambda x, i: x[1:, i], (np.array([True, False, True]),)),
]:
    case(f"Tensor.__getitem__ {name}", read, (T, *indices), ours=read)


def _copied(change):
    """A function that changes a copy of its first argument and gives the copy, for either side."""

    def function(x, *more):
        copy = x.clone() if isinstance(x, torch.Tensor) else x * 1
        change(copy, *more)
        return copy

    return function


def _set(index):
    def change(x, value, *more):
        x[index(*more) if callable(index) else index] = value

    return change


for name, index, value in [
    ("integer", 1, floats(3, 5, key="v")),
    ("slice", slice(1, 3), floats(2, 3, 5, key="v")),
    ("broadcast", slice(1, 3), floats(5, key="v")),
    ("stride", slice(None, None, 2), floats(3, 1, key="v")),
    ("ellipsis", (..., 0), floats(4, 3, key="v")),
    ("list", [0, 2], floats(2, 3, 5, key="v")),
    ("lists", ([0, 1], slice(None), [2, 0]), floats(2, 3, key="v")),
    ("tuple", (1, slice(None), slice(1, None)), floats(3, 4, key="v")),
    ("number", (0, 1, 2), 9.0),
    ("all", slice(None), 1),
]:
    change = _copied(_set(index))
    case(f"Tensor.__setitem__ {name}", change, (T, value), ours=change)
change = _copied(_set(lambda mask: mask))
case(
    "Tensor.__setitem__ tensor",
    change,
    (T, 2.0, booleans(4)),
    (T, floats(5, key="v"), booleans(4, 3)),
    (T, floats(2, 3, 5, key="v"), np.array([1, 3])),
    ours=change,
)
X = floats(2, 3, low=0.3)
for name, more in {
    "add_": (B,),
    "sub_": (B,),
    "mul_": (B,),
    "div_": (X,),
    "exp_": (),
    "log_": (),
    "tanh_": (),
    "sigmoid_": (),
    "floor_": (),
    "sign_": (),
    "zero_": (),
    "fill_": (3.0,),
    "clamp_": (0.5, 1.5),
    "remainder_": (1.5,),
    "masked_fill_": (booleans(2, 3), 2.0),
    "copy_": (B,),
    "index_add_": (0, np.array([1, 0]), B),
    "scatter_add_": (1, np.array([[0, 2], [1, 1]]), floats(2, 2)),
    "scatter_": (1, np.array([[0, 2], [1, 0]]), floats(2, 2)),
    "index_fill_": (1, np.array([0, 2]), 4.0),
    "fill_diagonal_": (5.0,),
    "index_copy_": (0, np.array([1, 0]), B),
    "erfinv_": (),
    "floor_divide_": (0.7,),
    "addmm_": (floats(2, 4), floats(4, 3)),
}.items():
    change = _copied(lambda x, *m, name=name: getattr(x, name)(*m))
    case(f"Tensor.{name}", change, (X * 0.3 if name == "erfinv_" else X, *more), ours=change)
for name, more in {
    "view": (3, 2),
    "expand": (2, 2, 3),
    "repeat": (2, 1),
    "transpose": (0, 1),
    "new_zeros": ((2, 2),),
    "flatten": (),
    "unfold": (1, 2, 1),
    "masked_scatter": (booleans(2, 3), floats(9)),
    "type_as": (integers(1),),
    "view_as": (floats(3, 2),),
    "sum_to_size": (1, 3),
    "ravel": (),
    "t": (),
    "argwhere": (),
    "swapdims": (0, 1),
    "nelement": (),
    "square": (),
    "index_put": ([np.array([0, 1]), np.array([2, 0])], floats(2)),
    "true_divide": (2,),
}.items():
    method = lambda x, *m, name=name: getattr(x, name)(*m)  # noqa: E731
    case(f"Tensor.{name} method", method, (A, *more), ours=method)
case("Tensor.T", lambda x: x.T, (A,), ours=lambda x: x.T)
case("Tensor.mT", lambda x: x.mT, (C,), ours=lambda x: x.mT)
case("Tensor.H", lambda x: x.H, ((A + 1j * B).astype(np.complex64),), ours=lambda x: x.H)
case("Tensor.item", lambda x: x.item(), (floats(1),), ours=lambda x: x.item(), grad=False)
case("Tensor.tolist", lambda x: x.tolist(), (A,), (integers(2, 2),), ours=lambda x: x.tolist(), grad=False)

# Promotion, where the documented rules are PyTorch's; Unsigned integers of more than 8 bits mix with nothing.
KINDS = ("bool", "int8", "uint8", "int16", "int32", "int64", "float16", "float32", "float64", "complex64")
for left in KINDS:
    sets = [
        arguments(right, integers(3, low=0, high=2).astype(left), integers(3, low=0, high=2, key="b").astype(right))
        for right in KINDS
    ]
    for name, operate in {"+": lambda x, y: x + y, "*": lambda x, y: x * y}.items():
        case(f"Tensor.{name} {left}", operate, *sets, ours=operate, grad=False, double=False)
    numbers = [arguments(repr(number), integers(3, low=1, high=3).astype(left), number) for number in (True, 2, 1.5)]
    for name, operate in {
        "+ number": lambda x, y: x + y,
        "* number": lambda x, y: x * y,
        "/ number": lambda x, y: x / y,
        "// number": lambda x, y: x // y,
        "> number": lambda x, y: x > y,
        "number -": lambda x, y: y - x,
        "** number": lambda x, y: x**y,
        "% number": lambda x, y: x % y,
    }.items():
        case(f"Tensor.{name} {left}", operate, *numbers, ours=operate, grad=False, double=False)
