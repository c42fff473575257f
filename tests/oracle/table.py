"""The table of cases: which of our callables is held to which of PyTorch's, and with what arguments.

A case pairs the dotted name of a callable of the product ("mint.add") with a callable of PyTorch that takes the same
arguments, and lists sets of arguments, each with a name of its own. An argument that is a NumPy array becomes a tensor
on either side, also inside of lists; everything else is handed over as it is. An array of floats is an input by which
the gradient is compared, unless it is wrapped by `fixed`. Arrays are written in float32; a case runs a second time with
all of them in float64, where rounding hides nothing, unless it says `double=False`.

The files cases_*.py fill the table when they are imported.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np


class Fixed(NamedTuple):
    """An array of floats by which no gradient is compared: its derivative is not defined, or it is a constant."""

    array: np.ndarray


class Arguments(NamedTuple):
    """One set of arguments."""

    name: str
    positional: tuple
    keywords: dict[str, Any]


@dataclass
class Case:
    """A callable of the product beside one of PyTorch, and the arguments that both get.

    `dtypes` maps the dtype that PyTorch gives to the one that the interface documents, with `why`; "*" stands for every
    dtype. `tolerance` bounds the difference in float32, relative to the largest finite element; float64 is held to
    its square, but never to less than 1e-10.
    """

    name: str
    ours: Callable
    theirs: Callable
    sets: list[Arguments]
    grad: bool = True
    double: bool = True
    tolerance: float = 2e-5
    dtypes: dict[str, str] = field(default_factory=dict)
    why: str = ""
    run: Callable | None = None


TABLE: list[Case] = []


def fixed(array: np.ndarray) -> Fixed:
    """The array, without a gradient by it."""
    return Fixed(array)


def arguments(name: str, *positional: Any, **keywords: Any) -> Arguments:
    """A named set of arguments."""
    return Arguments(name, positional, keywords)


def resolve(path: str) -> Callable:
    """What a dotted path below `mindspore` names; "Tensor.x" names a method, whose first argument is the tensor."""
    import mindspore
    import mindspore.mint.linalg
    import mindspore.mint.nn.functional
    import mindspore.mint.optim
    import mindspore.mint.special
    import mindspore.scipy.linalg
    found: Any = mindspore
    for part in path.split("."):
        found = getattr(found, part)
    return found


def case(name: str, theirs: Callable, *sets: Any, ours: Callable | None = None, **options: Any) -> None:
    """Add a case; a set that is a plain tuple of positional arguments is named by its place."""
    named = [each if isinstance(each, Arguments) else arguments(str(place), *each) for place, each in enumerate(sets)]
    if any(each.name == name for each in TABLE):
        raise ValueError(f"the table of the oracle holds {name!r} twice")
    path = name.split(" ")[0]
    TABLE.append(Case(name, ours or resolve(path), theirs, named, **options))


def random(name: str) -> np.random.Generator:
    """A generator whose numbers depend on a name alone, so that a new case changes no other."""
    return np.random.default_rng(list(name.encode()))


def floats(*shape: int, low: float = -2.0, high: float = 2.0, key: str = "") -> np.ndarray:
    """Uniform numbers between low and high; another `key` gives other numbers of the same shape."""
    return random(f"{shape}{key}").uniform(low, high, shape).astype(np.float32)


def distinct(*shape: int, key: str = "") -> np.ndarray:
    """Numbers around zero in random order, no two of them near each other: sorting them has one answer."""
    count = int(np.prod(shape))
    return (random(f"{shape}{key}").permutation(count).reshape(shape) * 0.37 - 0.18 * count).astype(np.float32)


def integers(*shape: int, low: int = -5, high: int = 6, dtype: type = np.int64, key: str = "") -> np.ndarray:
    """Whole numbers from low on, below high."""
    return random(f"{shape}{key}").integers(low, high, shape).astype(dtype)


def booleans(*shape: int, key: str = "") -> np.ndarray:
    """Truth values, as many of either kind as chance has it."""
    return random(f"{shape}{key}").integers(0, 2, shape).astype(bool)


SPECIAL = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 0.5, -2.0, 3.0], np.float32)


def unary(
    names: str | Sequence[str], theirs: Callable, low: float = -2.0, high: float = 2.0, *more: Any,
    special: bool = True, whole: bool = True, **options: Any,
) -> None:
    """Cases of functions of one tensor: a matrix, 0-d, empty, three axes of which one is 1, special values, integers.

    `special` is whether both define NaN, infinities and zeros to give the same; `whole`, whether integers are taken.
    """
    sets = [
        arguments("values", floats(3, 4, low=low, high=high)),
        arguments("0-d", floats(low=low, high=high)),
        arguments("empty", np.zeros((0, 3), np.float32)),
        arguments("3-d", floats(2, 1, 3, low=low, high=high)),
    ]
    if special:
        sets.append(arguments("special", fixed(SPECIAL)))
    if whole:
        sets.append(arguments("int64", integers(5, low=int(np.ceil(low)), high=int(np.floor(high)) + 1)))
        sets.append(arguments("bool", booleans(5)))
    for name in names.split() if isinstance(names, str) else names:
        case(name, theirs, *sets, *more, **options)


def binary(
    names: str | Sequence[str], theirs: Callable, low: float = -2.0, high: float = 2.0, *more: Any,
    special: bool = True, whole: bool = True, number: bool = True, **options: Any,
) -> None:
    """Cases of functions of two tensors: equal shapes, broadcasting, 0-d, empty, numbers, special values, integers."""
    one, two = (floats(2, 3, low=low, high=high, key=key) for key in "ab")
    sets = [
        arguments("values", one, two),
        arguments("broadcast", floats(2, 1, 3, low=low, high=high), floats(4, 1, low=low, high=high)),
        arguments("0-d", one, floats(low=low, high=high, key="0")),
        arguments("empty", np.zeros((0, 3), np.float32), floats(3, low=low, high=high)),
    ]
    if number:
        sets.append(arguments("number", one, 1.5))
    if special:
        sets.append(arguments("special", fixed(SPECIAL[:, None]), fixed(SPECIAL)))
    if whole:
        sets.append(arguments("int64", integers(4, low=1), integers(4, low=1, key="b")))
        sets.append(arguments("int and float", integers(3, low=1), floats(3, low=low, high=high)))
    for name in names.split() if isinstance(names, str) else names:
        case(name, theirs, *sets, *more, **options)
