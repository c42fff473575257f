"""Reductions, statistics, cumulative operators, sorting and searching."""

import numpy as np
import torch
from table import arguments, booleans, case, distinct, fixed, floats, integers

from mindspore import mint, ops

INDICES = {"int64": "int32"}
NAN = np.array([[1.0, np.nan, 3.0], [np.inf, 2.0, -np.inf], [0.0, -0.0, 0.0]], np.float32)
EMPTY = np.zeros((0, 3), np.float32)


def reduced(name, theirs, *more, whole=True, nan=True, empty=True, **options):
    """All elements, an axis, several axes where they are taken, kept axes, 0-d, NaN, empty, integers."""
    sets = [
        arguments("all", floats(2, 3, 4)),
        arguments("axis", floats(2, 3, 4), 1),
        arguments("kept", floats(2, 3, 4), -1, True),
        arguments("0-d", floats()),
    ]
    if nan:
        sets += [arguments("nan", fixed(NAN)), arguments("nan by axis", fixed(NAN), 0)]
    if empty:
        sets += [arguments("empty", EMPTY), arguments("empty axis", EMPTY, 0), arguments("empty other", EMPTY, 1)]
    if whole:
        sets += [
            arguments("int32", integers(2, 3, dtype=np.int32), 1),
            arguments("int64", integers(2, 3)),
            arguments("bool", booleans(2, 3)),
            arguments("uint8", integers(2, 3, low=0, dtype=np.uint8)),
        ]
    case(name, theirs, *sets, *more, **options)


TWO_AXES = arguments("two axes", floats(2, 3, 4), (0, 2))
for space in ("mint", "ops"):
    reduced(f"{space}.sum", torch.sum, TWO_AXES)
    reduced(f"{space}.mean", torch.mean, TWO_AXES, whole=False)
    reduced(f"{space}.prod", lambda x, *more: torch.prod(x, *more))
    reduced(f"{space}.all", torch.all, TWO_AXES)
    reduced(f"{space}.any", torch.any, TWO_AXES)
    reduced(f"{space}.amax", lambda x, d=(), k=False: torch.amax(x, d, k), TWO_AXES)
    reduced(f"{space}.amin", lambda x, d=(), k=False: torch.amin(x, d, k), TWO_AXES)
    reduced(f"{space}.nansum", torch.nansum, TWO_AXES)
    case(
        f"{space}.logsumexp",
        torch.logsumexp,
        (floats(2, 3), 1),
        (floats(2, 3, 2), (0, 2), True),
        (fixed(NAN), 1),
        (np.full((2, 2), -np.inf, np.float32), 1),
        (floats(3) * 1000, 0),
        (EMPTY, 0),
        (EMPTY, 1),
    )
    case(
        f"{space}.median",
        lambda x, d, k=False: torch.median(x, d, k),
        (distinct(3, 5), 1),
        (distinct(4, 3), 0, True),
        (fixed(NAN), 1),
        (floats(), -1),
    )
    case(
        f"{space}.argmax",
        torch.argmax,
        (distinct(3, 4),),
        (distinct(3, 4), 1),
        (distinct(3, 4), 0),
        (fixed(NAN), 1),
        (integers(5), 0),
        arguments("ties", fixed(np.array([1.0, 3.0, 3.0], np.float32)), 0),
    )
    case(f"{space}.argmin", torch.argmin, (distinct(3, 4),), (distinct(3, 4), 1), (fixed(NAN), 1), (integers(5), 0))
    case(
        f"{space}.bincount",
        torch.bincount,
        (integers(7, low=0),),
        (integers(7, low=0), fixed(floats(7))),
        (integers(7, low=0), None, 9),
        (np.zeros(0, np.int64),),
    )
    case(f"{space}.histc", torch.histc, (floats(9), 5), (floats(9), 4, -1.0, 1.0), (floats(9), 3, 0.0, 0.0), grad=False)
    case(f"{space}.trace", torch.trace, (floats(3, 4),), (integers(2, 2),), (np.zeros((0, 3), np.float32),))
    case(
        f"{space}.nonzero",
        torch.nonzero,
        (integers(3, 4, low=-1, high=2),),
        (floats(),),
        (np.zeros(3, bool),),
        (fixed(NAN),),
    )
    case(
        f"{space}.allclose",
        lambda x, y: torch.tensor(torch.allclose(x, y)),
        (floats(3), floats(3)),
        (floats(3), floats(3, key="b")),
        (fixed(NAN), fixed(NAN)),
    )
    case(
        f"{space}.searchsorted",
        torch.searchsorted,
        (fixed(np.sort(floats(6))), fixed(floats(2, 3))),
        arguments("right", np.array([1, 3, 3, 5]), np.array([3, 5, 0, 6]), right=True),
        arguments("rows", fixed(np.sort(floats(2, 4))), fixed(floats(2, 3))),
    )
    case(
        f"{space}.unique_consecutive",
        lambda x, *m: torch.unique_consecutive(x, *m),
        (integers(9, high=-3),),
        (integers(9, high=-3), True, True),
        (integers(4, 2, high=-3), True, True, 0),
    )
    case(
        f"{space}.cummax",
        torch.cummax,
        (distinct(3, 4), 1),
        (distinct(3, 4), 0),
        (fixed(NAN), 0),
        (EMPTY, 1),
        (integers(5), 0),
    )
    case(f"{space}.cummin", torch.cummin, (distinct(3, 4), 1), (distinct(3, 4), 0), (fixed(NAN), 0), (integers(5), 0))
    case(
        f"{space}.cumsum",
        torch.cumsum,
        (floats(3, 4), 1),
        (floats(3, 4), -2),
        (fixed(NAN), 1),
        (EMPTY, 0),
        (integers(5), 0),
        (floats(), 0),
    )
    case(
        f"{space}.cumprod",
        torch.cumprod,
        (floats(3, 4), 1),
        (floats(3, 4), 0),
        (np.array([2, 0, 3.0, 0], np.float32), 0),
        (fixed(NAN), 1),
        (EMPTY, 0),
        (integers(5), 0),
    )
    case(
        f"{space}.diff",
        torch.diff,
        (floats(5),),
        (floats(3, 5), 2),
        (floats(3, 5), 1, 0),
        (integers(5),),
        arguments("prepend", floats(4), prepend=floats(2)),
        (floats(1),),
    )
    case(f"{space}.roll", torch.roll, (floats(3, 4), 1), (floats(3, 4), (1, -2), (0, 1)), (floats(3, 4), 5, 1))
    case(f"{space}.flip", torch.flip, (floats(3, 4), (0,)), (floats(3, 4), (0, 1)), (EMPTY, (1,)))
    case(
        f"{space}.repeat_interleave",
        torch.repeat_interleave,
        (floats(2, 3), 2),
        (floats(2, 3), 2, 1),
        (floats(3), np.array([2, 0, 1]), 0),
    )
    case(
        f"{space}.std_mean",
        torch.std_mean if space == "mint" else lambda x: torch.std_mean(x, correction=0),
        (floats(3, 4),),
    )
    case(
        f"{space}.var_mean",
        torch.var_mean if space == "mint" else lambda x: torch.var_mean(x, correction=0),
        (floats(3, 4),),
    )
reduced("mint.max", lambda x, *m: torch.max(x, *m), empty=False)
reduced("mint.min", lambda x, *m: torch.min(x, *m), empty=False)
case("mint.max two", torch.max, (floats(3), floats(2, 3)), ours=mint.max)
case("mint.min two", torch.min, (floats(3), floats(2, 3)), ours=mint.min)
for name in ("std", "var"):
    theirs = getattr(torch, name)
    case(
        f"mint.{name}",
        theirs,
        (floats(3, 4),),
        (floats(3, 4), 1),
        (floats(2, 3, 4), (0, 2)),
        (fixed(NAN), 1),
        arguments("correction", floats(3, 4), 0, correction=0, keepdim=True),
        (floats(1),),
        (floats(),),
    )
    case(
        f"ops.{name}",
        lambda x, a=None, d=0, k=False, f=theirs: f(x, a, correction=d, keepdim=k),
        (floats(3, 4),),
        (floats(3, 4), 1, 1),
        (floats(2, 3, 4), (0, 2), 0, True),
    )
reduced("ops.nanmean", torch.nanmean, TWO_AXES, whole=False)
case("ops.nanmedian", torch.nanmedian, (distinct(3, 5), 1), (fixed(NAN), 0), (fixed(NAN), 1, True))
case(
    "ops.quantile",
    torch.quantile,
    (distinct(3, 5), 0.3),
    (distinct(3, 5), 0.5, 1),
    (distinct(3, 5), 1.0, 0, True),
    (distinct(6), fixed(np.array([0.1, 0.9], np.float32))),
    (fixed(NAN), 0.5, 1),
)
case("ops.nanquantile", torch.nanquantile, (distinct(3, 5), 0.3), (fixed(NAN), 0.5, 1))
case(
    "ops.count_nonzero",
    lambda x, d=None: torch.count_nonzero(x, d),
    (integers(3, 4, low=-1, high=2),),
    (integers(3, 4, low=-1, high=2), 1),
    (fixed(NAN), 0),
    dtypes=INDICES,
    why="the default of dtype is int32",
)
case("mint.count_nonzero", torch.count_nonzero, (integers(3, 4, low=-1, high=2),), (floats(3, 4), 1))
case("ops.aminmax", lambda x: tuple(torch.aminmax(x, dim=0)), (distinct(3, 4),), (fixed(NAN),))
case(
    "ops.cov",
    torch.cov,
    (floats(3, 5),),
    (floats(5),),
    arguments("correction", floats(3, 5), correction=0),
    arguments("weights", floats(3, 5), fweights=np.array([1, 2, 1, 3, 1]), aweights=fixed(floats(5, low=0.1))),
)
case(
    "ops.logcumsumexp",
    torch.logcumsumexp,
    (floats(3, 4), 1),
    (floats(4) * 200, 0),
    (fixed(NAN), 0),
    (np.array([-np.inf, -np.inf, 1.0], np.float32), 0),
)
case(
    "ops.trapz",
    lambda y, x=None: torch.trapezoid(y) if x is None else torch.trapezoid(y, x),
    (floats(3, 5),),
    (floats(5), floats(5, key="x")),
)

# Sorting.
for space, dtypes in (("mint", {}), ("ops", INDICES)):
    why = "indices are int32" if dtypes else ""
    case(
        f"{space}.argsort",
        lambda x, dim=-1, descending=False: torch.argsort(x, dim, descending),
        (distinct(3, 4),),
        (distinct(3, 4), 0, True),
        (fixed(NAN), 1),
        (integers(0),),
        dtypes=dtypes,
        why=why,
    )
case(
    "mint.sort",
    lambda x, **k: torch.sort(x, **k),
    (distinct(3, 4),),
    (fixed(NAN[:2]),),
    arguments("down", distinct(3, 4), dim=0, descending=True),
    (np.random.default_rng(0).permutation(7),),
    (EMPTY,),
    arguments("stable", fixed(np.array([2, 1, 2, 1.0], np.float32)), stable=True),
    (floats(),),
)
case(
    "ops.sort values",
    lambda x, *m: torch.sort(x, *m)[0],
    (distinct(3, 4),),
    (fixed(NAN),),
    (distinct(3, 4), 0, True),
    ours=lambda x, *m: ops.sort(x, *m)[0],
)
case(
    "ops.sort indices",
    lambda x, *m: torch.sort(x, *m)[1],
    (distinct(3, 4),),
    (distinct(3, 4), 0, True),
    ours=lambda x, *m: ops.sort(x, *m)[1],
    dtypes=INDICES,
    why="indices are int32",
)
case("ops.msort", torch.msort, (distinct(3, 4),), (EMPTY,))
case(
    "mint.topk",
    torch.topk,
    (distinct(3, 5), 2),
    (distinct(3, 5), 2, 0),
    (distinct(5), 3, 0, False),
    (fixed(NAN), 2, 1),
    (distinct(4), 0),
)
case(
    "ops.topk values",
    lambda x, k, *m: torch.topk(x, k, *m)[0],
    (distinct(3, 5), 2),
    (distinct(3, 5), 2, 0),
    ours=lambda x, k, *m: ops.topk(x, k, *m)[0],
)
case("mint.kthvalue", torch.kthvalue, (distinct(3, 5), 2), (distinct(3, 5), 1, 0, True))
case(
    "ops.unique",
    lambda x: torch.unique(torch.sort(x)[0], return_inverse=False),
    (integers(9, high=-2),),
    ours=lambda x: ops.sort(ops.unique(x)[0].astype("float64"))[0].astype("int64"),
)
