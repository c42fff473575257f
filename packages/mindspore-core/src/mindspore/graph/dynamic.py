"""Which sizes of a compiled function's arguments are symbolic.

A function is specialised for the shapes of its tensor arguments. Where an axis is said to vary (`Cell.set_inputs`,
`enable_dynamic`, `jit(dynamic=1)`), its size is a symbol (`compiler.ir.dims`) instead, and one graph serves all sizes.
A call then has a *pattern*: the arguments' dtypes and shapes with numbers in place of symbolic sizes, and the *sizes*
that belong to these numbers. Each varying axis may have a symbol of its own (the general pattern), or axes of one size
may have one in common (the merged pattern): labels have as many rows as images, so the first call is traced for the
merged pattern, and the general one comes into being when sizes that were equal are so no more. The sizes 0 and 1 are
no symbols.

A tensor that `mutable` made (`MutableTensor`) varies in all its axes, and a whole number that it made may be a size
itself: its value is a symbol, too.

What is decided by a symbolic size while tracing is decided for an example near the size of the first call. Examples are
prime and differ from every other size there is, so no decision comes out by accident; where they do not lead to a graph
that is right for the call itself, its own sizes are the examples. An axis whose size turns out to be one certain number
is no longer symbolic, in this call and later ones.
"""
from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from mindspore.common.dtype import DType
from mindspore.common.parameter import Parameter
from mindspore.common.tensor import Tensor
from mindspore.compiler.ir import TensorAval, tensor_aval
from mindspore.compiler.ir.dims import LOWEST, symbol
from mindspore.graph import tree

__all__ = ["Symbol", "enable_dynamic"]


class Symbol:
    """A size of `Tensor(shape=[...])` in `Cell.set_inputs` and `enable_dynamic` that is known only at each call.

    Sizes given by one Symbol are equal if it is `unique`.

    Args:
        max: the largest size; 0: there is none.
        min: the smallest size.
        divisor, remainder: a size is a multiple of `divisor`, plus `remainder`.
        unique: whether all axes described by this object have one size.

    Raises:
        TypeError, ValueError: the arguments are no such numbers.
    """

    def __init__(self, max: int = 0, min: int = 1, divisor: int = 1, remainder: int = 0, unique: bool = False,
                 **kwargs: Any):
        if kwargs:
            raise TypeError(f"Symbol: unexpected argument {next(iter(kwargs))!r}")
        for name, value in (("max", max), ("min", min), ("divisor", divisor), ("remainder", remainder)):
            if type(value) is not int:
                raise TypeError(f"Symbol: {name} must be an int, but got {type(value).__name__}: {value!r}")
        if min < 0 or max < 0 or (max and max < min):
            raise ValueError(f"Symbol: min is {min} and max {max}; expected 0 <= min <= max (or max = 0 for no limit)")
        if divisor < 1 or not 0 <= remainder < divisor:
            raise ValueError(f"Symbol: divisor is {divisor} and remainder {remainder}; expected 0 <= remainder < "
                             f"divisor")
        self.max, self.min, self.divisor, self.remainder, self.unique = max, min, divisor, remainder, unique

    def fits(self, size: int) -> bool:
        """Whether an axis may have this size."""
        return self.min <= size and (not self.max or size <= self.max) and size % self.divisor == self.remainder

    def __repr__(self) -> str:
        return (f"Symbol(max={self.max}, min={self.min}, divisor={self.divisor}, remainder={self.remainder}, "
                f"unique={self.unique})")


class MutableTensor(Tensor):
    """What `mutable` makes of a number or a tensor; as an argument its sizes vary."""

    __slots__ = ()

    @property
    def number(self) -> int | None:
        """The value of a whole number, with or without axes, which may be the size of another tensor."""
        aval = self._value.aval
        return int(self.item()) if aval.size == 1 and aval.dtype.kind in "iu" else None

    @property
    def flag(self) -> bool | None:
        """The value of True or False, which may be an operator's setting."""
        aval = self._value.aval
        return bool(self.item()) if aval.shape == () and aval.dtype.kind == "b" else None


def mutable_tensor(value: Any) -> MutableTensor:
    """A MutableTensor of a number or a tensor."""
    tensor = MutableTensor.__new__(MutableTensor)
    tensor._value, tensor._shared = (value if isinstance(value, Tensor) else Tensor(value))._value, None
    return tensor


def is_constant(value: Any) -> bool:
    """Whether a value is a container of tensors that `mutable` did not make."""
    leaves: list[Tensor] = []
    if isinstance(value, Tensor):
        return False
    tree.flatten(value, leaves)
    return bool(leaves) and all(type(leaf) is not MutableTensor for leaf in leaves)


class Placeholder:
    """The value of `Tensor(shape=[None, 3], dtype=...)`: a dtype, and sizes of which some are None or Symbols.
    `sizes` is None where not even the number of axes is said."""

    __slots__ = ("sizes", "dtype")

    def __init__(self, sizes: tuple | None, dtype: DType):
        self.sizes, self.dtype = sizes, dtype

    @property
    def shape(self) -> tuple:
        """The sizes, -1 where one is unknown; (-2,) where the number of axes is."""
        return (-2,) if self.sizes is None else tuple([d if type(d) is int else -1 for d in self.sizes])

    @property
    def aval(self) -> Placeholder:
        return self

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def __getattr__(self, name: str):
        raise AttributeError(f"a tensor of shape {self.shape} describes other tensors and has no {name!r}: it can only "
                             f"be given to set_inputs and enable_dynamic")


def placeholder(shape: Any, dtype: DType) -> Placeholder:
    """The placeholder of a shape with None, -1 or Symbols in it. TypeError or ValueError for what is no shape."""
    if shape is None or tuple(shape) == (-2,):
        return Placeholder(None, dtype)
    sizes = tuple([None if d in (None, -1) else d for d in shape])
    for d in sizes:
        if not (d is None or isinstance(d, Symbol) or (type(d) is int and d >= 0)):
            raise ValueError(f"Tensor: shape is {list(shape)}; expected sizes, None or mindspore.Symbol")
    return Placeholder(sizes, dtype)


def is_dynamic_shape(shape: Any) -> bool:
    """Whether a shape leaves sizes open."""
    return isinstance(shape, (tuple, list)) and any(
        d is None or isinstance(d, Symbol) or (type(d) is int and d in (-1, -2)) for d in shape)


# -- what is said about arguments --------------------------------------------------------------------------------------


class Described:
    """The arguments as `set_inputs` or `enable_dynamic` describe them: placeholders by position or name."""

    def __init__(self, name: str, described: dict[int | str, Any]):
        self.name, self.described = name, described

    def axes(self, args: tuple, kwargs: dict, leaves: list[Tensor]) -> list[tuple]:
        """For each leaf the description of its axes: None or a Symbol where it varies, an int where it does not."""
        found: list[tuple] = []
        for key, value in [*enumerate(args), *kwargs.items()]:
            self._pair(self.described.get(key), value, key, found)
        return found

    def _pair(self, said: Any, value: Any, key: int | str, found: list[tuple]) -> None:
        if isinstance(value, Parameter):
            return
        if isinstance(value, Tensor):
            found.append(self._leaf(said, value, key))
        elif isinstance(value, (tuple, list)):
            parts = said if isinstance(said, (tuple, list)) else [None] * len(value)
            if len(parts) != len(value):
                raise ValueError(f"{self.name}: argument {key!r} has {len(value)} elements, but was described with "
                                 f"{len(parts)}")
            for part, item in zip(parts, value):
                self._pair(part, item, key, found)
        elif isinstance(value, dict):
            parts = said if isinstance(said, dict) else {}
            for name, item in value.items():
                self._pair(parts.get(name), item, key, found)

    def _leaf(self, said: Any, value: Tensor, key: int | str) -> tuple:
        if not isinstance(said, Tensor):
            return value.shape
        if said.dtype is not value.dtype:
            raise TypeError(f"{self.name}: argument {key!r} is {value.dtype}, but was described as {said.dtype}")
        sizes = said._value.sizes if type(said._value) is Placeholder else said.shape
        if sizes is None:
            return (None,) * value.ndim
        fits = len(sizes) == value.ndim and all(
            d is None or (d.fits(n) if isinstance(d, Symbol) else d == n) for d, n in zip(sizes, value.shape))
        if not fits:
            raise ValueError(f"{self.name}: argument {key!r} has shape {value.shape}, but was described as "
                             f"{list(sizes)}")
        return sizes


class Unsaid:
    """Nothing is said but what `mutable` says."""

    def axes(self, args: tuple, kwargs: dict, leaves: list[Tensor]) -> list[tuple]:
        return [t.shape for t in leaves]


class Learned:
    """The arguments of `jit(dynamic=1)`: an axis varies from the call on in which it has a second size."""

    def __init__(self) -> None:
        self.seen: dict[tuple, tuple[list[tuple], list[list[bool]]]] = {}

    def axes(self, args: tuple, kwargs: dict, leaves: list[Tensor]) -> list[tuple]:
        shapes = [t.shape for t in leaves]
        key = tuple([(t.dtype, t.ndim) for t in leaves])
        first, varying = self.seen.setdefault(key, (shapes, [[False] * len(s) for s in shapes]))
        for flags, old, new in zip(varying, first, shapes):
            for axis, (a, b) in enumerate(zip(old, new)):
                flags[axis] |= a != b
        return [tuple([None if flag else n for flag, n in zip(flags, s)]) for flags, s in zip(varying, shapes)]


class Found:
    """What tracing calls of one structure has found. fixed: places (leaf, axis) whose sizes must be numbers; asked: the
    leaves, whole numbers, that are used as sizes."""

    def __init__(self) -> None:
        self.fixed: set[tuple[int, int]] = set()
        self.asked: set[int] = set()


class Pattern:
    """A pattern of the arguments: `shapes` with a tuple of a symbol's number in place of a symbolic size; by that
    number the symbols' `sizes` and `places`, pairs (leaf, axis). The value of a whole number that is used as a size
    stands in place of its axes; `numbers` are these leaves, with the shapes that they have."""

    def __init__(self, leaves: list[Tensor], axes: list[tuple], merged: bool, found: Found):
        numbers: dict[Any, int] = {}
        self.sizes: list[int] = []
        self.places: list[list[tuple[int, int]]] = []
        self.shapes: list[tuple] = []
        self.numbers: dict[int, tuple] = {}
        for place, (leaf, described) in enumerate(zip(leaves, axes)):
            shape, whole = [], leaf.shape
            if type(leaf) is MutableTensor and described is not EXACT:
                described = (None,) * leaf.ndim
            if place in found.asked:
                described, whole = (leaf.number if described is EXACT else None,), (leaf.number,)
                self.numbers[place] = leaf.shape
            for axis, (said, size) in enumerate(zip(whole if described is EXACT else described, whole)):
                if type(said) is int or size < LOWEST or (place, axis) in found.fixed:
                    shape.append(size)
                    continue
                same = size if merged else said if isinstance(said, Symbol) and said.unique else (place, axis)
                if same not in numbers:
                    numbers[same] = len(self.sizes)
                    self.sizes.append(size)
                    self.places.append([])
                self.places[numbers[same]].append((place, axis))
                shape.append((numbers[same],))
            self.shapes.append(tuple(shape))
        self.key = tuple([(leaf.dtype, shape) for leaf, shape in zip(leaves, self.shapes)])

    def avals(self, examples: list[int]) -> tuple[list[tuple[TensorAval, Any]], list[str]]:
        """For each leaf its symbolic aval and, of a whole number that is used as a size, the value; the symbols'
        names."""
        dims = [symbol(f"d{k}", example) for k, example in enumerate(examples)]
        found: list[tuple[TensorAval, Any]] = []
        for place, (dtype, shape) in enumerate(self.key):
            sizes = tuple([dims[d[0]] if type(d) is tuple else d for d in shape])
            is_number = place in self.numbers
            found.append((tensor_aval(self.numbers.get(place, sizes), dtype), sizes[0] if is_number else None))
        return found, [f"d{k}" for k in range(len(dims))]

    def examples(self) -> list[int]:
        """Sizes near those of the call, of which none is that of anything else."""
        taken = {d for shape in self.shapes for d in shape if type(d) is int}
        found: list[int] = []
        for size in self.sizes:
            number = max(size, 5)
            while not _is_prime(number) or number in taken:
                number += 1
            taken.add(number)
            found.append(number)
        return found


EXACT: Any = object()  # in place of a leaf's axes: none of them varies


def _is_prime(number: int) -> bool:
    return all(number % k for k in range(2, int(number ** 0.5) + 1))


def patterns(leaves: list[Tensor], axes: list[tuple], found: Found) -> list[Pattern]:
    """The patterns under which an entry for a call may be filed, the general one first."""
    return list({p.key: p for p in (Pattern(leaves, axes, False, found), merged(leaves, axes, found),
                                    exact(leaves, found))}.values())


def merged(leaves: list[Tensor], axes: list[tuple], found: Found) -> Pattern:
    """The pattern in which equal sizes are one symbol."""
    return Pattern(leaves, axes, True, found)


def exact(leaves: list[Tensor], found: Found) -> Pattern:
    """The pattern without symbols."""
    return Pattern(leaves, [EXACT for _ in leaves], True, found)


def places_of(pattern: Pattern, names: list[str]) -> set[tuple[int, int]]:
    """The places of some of a pattern's symbols."""
    return {place for name in names for place in pattern.places[int(name[1:])]}


def described_by(fn: Callable) -> Any:
    """What is said about the arguments of a function or Cell: a Described or Learned, or None."""
    return getattr(fn, "__ms_dynamic__", None)


def enable_dynamic(**kwargs: Tensor) -> Callable:
    """Say which sizes of a `jit` function's arguments vary from call to call: one graph serves all of them.

    Args:
        kwargs: by parameter name, `Tensor(shape=[None, 3], dtype=...)` with None where a size varies (a
            `mindspore.Symbol` where more is known of it, shape None where the number of axes varies), or containers of
            such tensors.

    Returns:
        a decorator; it stands above or below `jit`.

    Raises:
        ValueError: there are no arguments, or the function has no parameter of that name.
    """
    if not kwargs:
        raise ValueError("enable_dynamic: expected descriptions of parameters, got none")

    def decorate(fn: Callable) -> Callable:
        names = list(inspect.signature(getattr(fn, "__ms_function__", fn)).parameters)
        unknown = [name for name in kwargs if name not in names]
        if unknown:
            raise ValueError(f"enable_dynamic: {getattr(fn, '__name__', fn)!s} has no parameter {unknown[0]!r}; it has "
                             f"{', '.join(names)}")
        both: dict[int | str, Any] = dict(kwargs)
        both.update({names.index(name): value for name, value in kwargs.items()})
        fn.__ms_dynamic__ = Described(getattr(fn, "__name__", "function"), both)  # type: ignore[attr-defined]
        return fn

    return decorate
