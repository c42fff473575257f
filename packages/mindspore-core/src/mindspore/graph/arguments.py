"""Lists, dicts and objects that a compiled function is called with.

The program is traced with copies of the lists and dicts among its arguments, which hold traced tensors. To the program
they are the caller's own: what it changes in them is changed in those of each call, and one that it returns is the
caller's object. So all of them are numbered, in the order in which a walk through the arguments meets them; the copies
that a trace was made with and the containers of a later call agree by their numbers. A container that is met again, in
another argument or deeper, has the number that it got first, and the key of a call says so: two names for one list make
another graph than two lists.
"""
from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from mindspore.common.tensor import Tensor
from mindspore.graph import tree

__all__ = ["Copies", "Leaves", "containers_of", "kept_by"]


class Leaves(list):
    """The tensors among the arguments of a call, and the numbers of its containers by identity."""

    __slots__ = ("numbers",)

    def number_of(self, container: Any) -> int | None:
        """The number of a container that was met before; None for a new one, which gets the next number."""
        try:
            numbers = self.numbers
        except AttributeError:
            numbers = self.numbers = {}
        return _number_in(numbers, container)


def _number_in(numbers: dict, container: Any) -> int | None:
    found = numbers.get(id(container))
    if found is None:
        numbers[id(container)] = len(numbers)
    return found


class Copies:
    """The arguments of a call with `stand_in(tensor)` in place of each tensor.

    containers: the copied lists and dicts, by their numbers. objects: what else there is that can change.
    """

    def __init__(self, stand_in: Callable[[Tensor], Tensor], args: tuple, kwargs: dict):
        self._stand_in = stand_in
        self._numbers: dict[int, int] = {}
        self.containers: list = []
        self.objects: list = []
        self.args: tuple = tuple([self._copy(value) for value in args])
        self.kwargs: dict = {name: self._copy(value) for name, value in kwargs.items()}

    def _copy(self, value: Any) -> Any:
        if isinstance(value, Tensor):
            return self._stand_in(value)
        if isinstance(value, tuple):
            return tree.tuple_maker(type(value))([self._copy(item) for item in value])
        if type(value) is slice:
            return slice(*[self._copy(item) for item in (value.start, value.stop, value.step)])
        if not isinstance(value, list | dict):
            self.objects.append(value)
            return value
        known = _number_in(self._numbers, value)
        made = copy.copy(value)
        if known is None:
            self.containers.append(made)
        for place, item in value.items() if isinstance(value, dict) else enumerate(value):
            made[place] = self._copy(item)  # also of one that is met again: each meeting has tensors of its own
        return made if known is None else self.containers[known]

    def number_of(self, value: Any) -> int | None:
        """The number of a container of the arguments; None for others."""
        return next((k for k, each in enumerate(self.containers) if each is value), None)


def kept_by(guards: Any) -> Callable[[Any], Any]:
    """For `tree.flatten`: a container that was there before the function stays the object that it is."""
    def kept(container: Any) -> Any:
        number = guards.arguments.number_of(container)
        if number is not None:
            return tree.Given(number)
        return tree.same_object(container) if guards.holds(container) else None

    return kept


def containers_of(args: tuple, kwargs: dict) -> list:
    """The lists and dicts among the arguments of a call, by their numbers."""
    numbers: dict[int, int] = {}
    found: list = []

    def visit(value: Any) -> None:
        if isinstance(value, tuple):
            for item in value:
                visit(item)
        elif isinstance(value, list | dict):
            if _number_in(numbers, value) is None:
                found.append(value)
            for item in list(value.values()) if isinstance(value, dict) else value:
                visit(item)

    for value in (*args, *kwargs.values()):
        visit(value)
    return found
