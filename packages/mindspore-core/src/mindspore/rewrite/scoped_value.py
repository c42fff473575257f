"""What stands to the left of a statement's `=` and among the arguments of its call."""
from __future__ import annotations

import ast
from collections.abc import Sequence
from enum import Enum
from typing import Any

__all__ = ["ScopedValue", "ValueType"]


class ValueType(Enum):
    """Kinds of values: a constant, a name, or another expression, which is kept as its text."""

    ConstantValue = 0
    NamingValue = 1
    UnsupportedValue = 2


class ScopedValue:
    """A constant, a name such as `x`, or a name in a scope such as `self.weight`.

    Args:
        arg_type: a ValueType. scope: what stands before the dot, "" for a plain name. value: the constant, the name, or
            the text of another expression.

    Raises:
        TypeError: arguments of other types. ValueError: a name that is no Python name.
    """

    def __init__(self, arg_type: ValueType, scope: str = "", value: Any = None):
        if not isinstance(arg_type, ValueType) or not isinstance(scope, str):
            raise TypeError(f"ScopedValue: expected a ValueType and a str, got {arg_type!r} and {scope!r}")
        if arg_type is ValueType.NamingValue:
            if not isinstance(value, str):
                raise TypeError(f"ScopedValue: a name must be a str, got {type(value).__name__}")
            if not all(part.isidentifier() for part in (*scope.split("."), value) if part) or not value:
                raise ValueError(f"ScopedValue: {f'{scope}.{value}' if scope else value!r} is no Python name")
        self.type, self.scope, self.value = arg_type, scope, value

    @classmethod
    def create_variable_value(cls, value: Any) -> ScopedValue:
        """A constant: a number, a text, None, or a tuple, list or dict of these. TypeError for what Python cannot write
        down as such."""
        try:
            same = ast.literal_eval(repr(value))
        except (ValueError, SyntaxError):
            same = NotImplemented
        if same is NotImplemented:
            raise TypeError(f"ScopedValue: a constant must be a number, a str, None, or a tuple, list or dict of "
                            f"these, got {type(value).__name__}: {value!r}")
        return cls(ValueType.ConstantValue, "", value)

    @classmethod
    def create_naming_value(cls, name: str, scope: str = "") -> ScopedValue:
        """The name of a variable, or of an attribute of what is called `scope`."""
        return cls(ValueType.NamingValue, scope, name)

    @staticmethod
    def create_name_values(names: Sequence[str], scopes: Sequence[str] | None = None) -> list[ScopedValue]:
        """Several names, each in its scope. ValueError for another number of scopes than of names."""
        if not isinstance(names, (list, tuple)) or (scopes is not None and len(scopes) != len(names)):
            raise ValueError(f"ScopedValue: expected a list of names and as many scopes, got {names!r} and {scopes!r}")
        return [ScopedValue.create_naming_value(name, scope)
                for name, scope in zip(names, scopes if scopes is not None else [""] * len(names))]

    @classmethod
    def of(cls, expression: ast.expr) -> ScopedValue:
        """What an expression is."""
        if isinstance(expression, ast.Name):
            return cls(ValueType.NamingValue, "", expression.id)
        if isinstance(expression, ast.Attribute) and isinstance(expression.value, (ast.Name, ast.Attribute)):
            return cls(ValueType.NamingValue, ast.unparse(expression.value), expression.attr)
        try:
            return cls(ValueType.ConstantValue, "", ast.literal_eval(expression))
        except ValueError:
            return cls(ValueType.UnsupportedValue, "", ast.unparse(expression))

    def text(self) -> str:
        """The value as it is written in a program."""
        if self.type is ValueType.ConstantValue:
            return repr(self.value)
        return f"{self.scope}.{self.value}" if self.scope else self.value

    def expression(self, store: bool = False) -> ast.expr:
        """The value as a part of a syntax tree, one that is assigned to for `store`."""
        if store:
            made = ast.parse(f"{self.text()} = 0").body[0]
            assert isinstance(made, ast.Assign)
            return made.targets[0]
        return ast.parse(self.text(), mode="eval").body

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ScopedValue) and (self.type, self.scope, self.value) == (
            other.type, other.scope, other.value)

    def __hash__(self) -> int:
        return hash((self.type, self.scope, repr(self.value)))

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"ScopedValue({self.type.name}, {self.text()})"


def as_value(owner: str, value: Any) -> ScopedValue:
    """A ScopedValue from one, or from a name with dots; TypeError for anything else."""
    if isinstance(value, ScopedValue):
        return value
    if isinstance(value, str):
        scope, _, name = value.rpartition(".")
        return ScopedValue.create_naming_value(name, scope)
    raise TypeError(f"{owner}: expected a ScopedValue or a str, got {type(value).__name__}: {value!r}")
