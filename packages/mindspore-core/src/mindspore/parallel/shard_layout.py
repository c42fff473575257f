"""Where the parts of a tensor lie on several devices: a matrix of devices with names for its axes.

    layout = Layout((2, 2), ("dp", "mp"))
    layout("dp", "mp")        # axis 0 of a tensor is cut along the matrix's axis "dp", axis 1 along "mp"
    layout("dp", "None")      # axis 1 is whole on each device
    layout(("dp", "mp"), "None")

It is what programs tell `shard` and `Primitive.shard`; a plugin that splits programs over devices reads it, and one
device computes as without.
"""
from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any

__all__ = ["Layout", "shard"]


class Layout:
    """See the module's text.

    Args:
        device_matrix: the matrix's sizes, ints of at least 1. alias_name: a name for each of its axes, all different;
            not "None". rank_list: the numbers of the devices, in the matrix's order; 0, 1, ... by default.

    Raises:
        TypeError: another type than these. ValueError: another number of names or devices, or a name twice.
    """

    def __init__(self, device_matrix: tuple[int, ...], alias_name: tuple[str, ...], rank_list: list[int] | None = None):
        if not isinstance(device_matrix, tuple) or not all(_is_int(size) for size in device_matrix):
            raise TypeError(f"Layout: device_matrix must be a tuple of ints, got {device_matrix!r}")
        if not isinstance(alias_name, tuple) or not all(isinstance(name, str) for name in alias_name):
            raise TypeError(f"Layout: alias_name must be a tuple of str, got {alias_name!r}")
        if not device_matrix or min(device_matrix) < 1:
            raise ValueError(f"Layout: device_matrix must have sizes of at least 1, got {device_matrix}")
        if len(alias_name) != len(device_matrix):
            raise ValueError(f"Layout: {len(device_matrix)} axes and {len(alias_name)} names; give each "
                             f"axis a name")
        if len(set(alias_name)) != len(alias_name) or "" in alias_name or "None" in alias_name:
            raise ValueError(f"Layout: the names of axes must be different, and neither '' nor 'None', got "
                             f"{alias_name}")
        count = math.prod(device_matrix)
        ranks = list(range(count)) if rank_list is None else rank_list
        if not isinstance(ranks, list) or not all(_is_int(rank) for rank in ranks):
            raise TypeError(f"Layout: rank_list must be a list of ints, got {rank_list!r}")
        if len(ranks) != count or len(set(ranks)) != count or min(ranks) < 0:
            raise ValueError(f"Layout: rank_list must have {count} different numbers of at least 0, got {ranks}")
        self.device_matrix, self.alias_name, self.rank_list = device_matrix, alias_name, ranks
        self.tensor_map: tuple | None = None
        self.interleaved_parallel = "interleaved_parallel" in alias_name

    def __call__(self, *tensor_map: str | tuple[str, ...]) -> Layout:
        """A layout that says how a tensor is cut: for each of its axes the name, or the tuple of names, of the axes of
        the matrix along which it is cut; "None" for not.

        Raises:
            TypeError: an element is neither a str nor a tuple of str. ValueError: there is no such axis, or it is named
                twice.
        """
        used: list[str] = []
        for names in tensor_map:
            for name in names if isinstance(names, tuple) else (names,):
                if not isinstance(name, str):
                    raise TypeError(f"Layout: an axis is said by a str or a tuple of str, got {names!r}")
                if name == "None":
                    continue
                if name not in self.alias_name:
                    raise ValueError(f"Layout: there is no axis {name!r}; the axes are {', '.join(self.alias_name)}")
                if name in used:
                    raise ValueError(f"Layout: the axis {name!r} is named twice in {tensor_map}")
                used.append(name)
        found = copy.copy(self)
        found.tensor_map = tuple(self._places(names) for names in tensor_map)
        return found

    def _places(self, names: str | tuple[str, ...]) -> int | tuple[int, ...]:
        """The axes counted from the matrix's last one, which is 0; -1 for "None"."""
        if isinstance(names, tuple):
            return tuple(self._places(name) for name in names)  # type: ignore[misc]
        return -1 if names == "None" else len(self.alias_name) - 1 - self.alias_name.index(names)

    def to_dict(self) -> dict[str, Any]:
        """What it says, by name.

        Raises:
            ValueError: it does not say how a tensor is cut.
        """
        if self.tensor_map is None:
            raise ValueError("Layout: it says no cutting of a tensor yet; call it with the axes first, as in "
                             f"layout({', '.join(map(repr, self.alias_name))})")
        return {"device_matrix": self.device_matrix, "tensor_map": self.tensor_map, "alias_name": self.alias_name,
                "interleaved_parallel": self.interleaved_parallel, "rank_list": self.rank_list}

    def __repr__(self) -> str:
        return (f"Layout(device_matrix={self.device_matrix}, alias_name={self.alias_name}, "
                f"tensor_map={self.tensor_map}, rank_list={self.rank_list})")


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _check_strategy(name: str, strategy: Any, optional: bool) -> None:
    """TypeError unless it is a tuple of Layouts, or of tuples of ints."""
    if strategy is None and optional:
        return
    if not isinstance(strategy, tuple) or not all(
            isinstance(each, Layout) or isinstance(each, tuple) and all(_is_int(size) for size in each)
            for each in strategy if each is not None):
        raise TypeError(f"shard: {name} must be a tuple with a Layout or a tuple of ints for each tensor, got "
                        f"{strategy!r}")


def shard(fn: Callable, in_strategy: tuple, out_strategy: tuple | None = None,
          parameter_plan: dict[str, Any] | None = None) -> Callable:
    """A function that calls `fn`, with a note of how its tensors are to be cut: its attribute `strategy` is
    (in_strategy, out_strategy, parameter_plan). One device computes as without.

    Args:
        fn: a function or a Cell. in_strategy, out_strategy: for each tensor a Layout, or a tuple of the numbers of
            parts of its axes. parameter_plan: the same by the names of Parameters.

    Raises:
        TypeError: arguments of other types.
    """
    if not callable(fn):
        raise TypeError(f"shard: fn must be callable, got {type(fn).__name__}")
    _check_strategy("in_strategy", in_strategy, False)
    _check_strategy("out_strategy", out_strategy, True)
    if parameter_plan is not None and not isinstance(parameter_plan, dict):
        raise TypeError(f"shard: parameter_plan must be a dict, got {type(parameter_plan).__name__}")
    return Sharded(fn, (in_strategy, out_strategy, parameter_plan))


class Sharded:
    """What `shard` gives."""

    def __init__(self, fn: Callable, strategy: tuple):
        self.fn, self.strategy = fn, strategy

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.fn(*args, **kwargs)
