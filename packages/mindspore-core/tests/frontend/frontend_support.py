"""A tensor that only records, a policy for it, and the comparison of an interpreted run with Python's own.

`Recorded` stands for a traced tensor: it has no value, and each operation on it appends a line to a stream. A program
that is run natively and interpreted must return the same, raise the same, and leave the same stream.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType, MethodType
from typing import Any

from mindspore.compiler.frontend import InterpretedFunction, Policy, interpret, location, refuse_condition

PROGRAMS: list[tuple[Callable[..., Any], tuple[Any, ...]]] = []


def program(*cases: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a program with its cases; a case is one argument, or a tuple of them. No case: no argument."""

    def register(fn: Callable[..., Any]) -> Callable[..., Any]:
        for case in cases or ((),):
            PROGRAMS.append((fn, case if isinstance(case, tuple) else (case,)))
        return fn

    return register


class Stream:
    """What was recorded: one text per operation, and where in the program it came from."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.places: list[Any] = []

    def tensor(self) -> Recorded:
        return Recorded(self, self.add("input"))

    def add(self, operation: str, *operands: object) -> int:
        self.lines.append(" ".join([operation, *map(named, operands)]))
        self.places.append(location.current())
        return len(self.lines) - 1


def named(value: object) -> str:
    """A text for an operand that is the same in both runs."""
    if isinstance(value, Recorded):
        return f"%{value.number}"
    if isinstance(value, (list, tuple)):
        return f"{type(value).__name__}({', '.join(map(named, value))})"
    return repr(value)


class Recorded:
    """A tensor without a value. Its truth is unknown, as that of a traced tensor is."""

    def __init__(self, stream: Stream, number: int) -> None:
        self.stream = stream
        self.number = number

    shape = (2, 3)
    dtype = "float32"

    def record(self, operation: str, *operands: object) -> Recorded:
        return Recorded(self.stream, self.stream.add(operation, *operands))

    def sum(self, axis: int | None = None, keepdims: bool = False) -> Recorded:
        return self.record("sum", self, axis, keepdims)

    def reshape(self, *shape: int) -> Recorded:
        return self.record("reshape", self, shape)

    def __getitem__(self, index: object) -> Recorded:
        return self.record("getitem", self, index)

    def __setitem__(self, index: object, value: object) -> None:
        self.number = self.record("setitem", self, index, value).number

    def __iadd__(self, other: object) -> Recorded:
        self.number = self.record("iadd", self, other).number
        return self

    def __matmul__(self, other: object) -> Recorded:
        if not isinstance(other, Recorded):
            raise ValueError(f"matmul: expected a tensor, got {other!r}")
        return self.record("matmul", self, other)

    def __iter__(self) -> Any:
        return iter([self[number] for number in range(self.shape[0])])

    def __len__(self) -> int:
        return self.shape[0]

    def __bool__(self) -> bool:
        return refuse_condition(self)

    def __hash__(self) -> int:
        return id(self)


def _operator(name: str, reflected: bool) -> Callable[[Recorded, object], Recorded]:
    def operate(self: Recorded, other: object) -> Recorded:
        return self.record(name, other, self) if reflected else self.record(name, self, other)

    return operate


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "lshift", "rshift", "and", "or", "xor"):
    setattr(Recorded, f"__{_name}__", _operator(_name, False))
    setattr(Recorded, f"__r{_name}__", _operator(_name, True))
for _name in ("lt", "le", "gt", "ge", "eq", "ne"):
    setattr(Recorded, f"__{_name}__", _operator(_name, False))
for _name in ("neg", "pos", "invert", "abs"):
    setattr(Recorded, f"__{_name}__", lambda self, _name=_name: self.record(_name, self))


class Module:
    """A stand-in for a Cell."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.construct(*args, **kwargs)


class RecordingPolicy(Policy):
    """Keeps every guard in a list, in the order of the reads."""

    def __init__(self) -> None:
        super().__init__()
        self.globals: list[tuple[str, object]] = []
        self.cells: list[tuple[str, object]] = []
        self.attrs: list[tuple[object, str, object]] = []
        self.calls: list[object] = []

    def is_traced(self, value: object) -> bool:
        return type(value) is Recorded

    def is_cell(self, obj: object) -> bool:
        return isinstance(obj, Module)

    def call_cell(self, cell: Any, args: Any, kwargs: Any, call_construct: Callable[..., Any]) -> Any:
        self.calls.append(cell)
        return call_construct(*args, **kwargs)

    def is_native(self, fn: FunctionType) -> bool:
        return fn.__globals__ is globals() or super().is_native(fn)

    def guards_type(self, cls: type) -> bool:
        return cls is not Recorded and super().guards_type(cls)

    def guard_global(self, globals_dict: Any, name: str, value: object) -> None:
        self.globals.append((name, value))

    def guard_cell(self, closure_cell: Any, name: str, value: object) -> None:
        self.cells.append((name, value))

    def guard_attr(self, obj: object, name: str, value: object) -> None:
        self.attrs.append((obj, name, value))


class Outcome:
    """What a run gave: a result or an error, and what it recorded."""

    def __init__(self, run: Callable[[tuple[Any, ...]], Any], args: tuple[Any, ...]) -> None:
        self.stream = Stream()
        self.error: BaseException | None = None
        self.result: object = None
        given = tuple(self.stream.tensor() if each is TENSOR else each for each in args)
        try:
            self.result = plain(run(given))
        except Exception as error:
            self.error = error

    def key(self) -> object:
        error = None if self.error is None else (type(self.error).__name__, str(self.error))
        return self.result, error, self.stream.lines


TENSOR = object()


def run_natively(fn: Callable[..., Any], args: tuple[Any, ...]) -> Outcome:
    return Outcome(lambda given: fn(*given), args)


def run_interpreted(fn: Callable[..., Any], args: tuple[Any, ...], policy: Policy | None = None) -> Outcome:
    return Outcome(lambda given: interpret(fn, given, {}, policy or RecordingPolicy()), args)


def plain(value: Any) -> Any:
    """A result in a form that can be compared between runs: functions by name, objects by their attributes."""
    if isinstance(value, Recorded):
        return f"%{value.number}"
    if isinstance(value, (list, tuple, set, frozenset)):
        return type(value).__name__, [plain(each) for each in value]
    if isinstance(value, dict):
        return {plain(key): plain(each) for key, each in value.items()}
    if isinstance(value, (FunctionType, InterpretedFunction)):
        return "function", value.__name__, value.__qualname__
    if isinstance(value, MethodType):
        return "method", value.__name__, plain(value.__self__)
    if isinstance(value, BaseException):
        return type(value).__name__, str(value), plain(value.__cause__), plain(value.__context__)
    if isinstance(value, type):
        return "class", value.__qualname__
    if hasattr(value, "__dict__") and type(value).__module__ != "builtins":
        return type(value).__qualname__, plain(vars(value))
    return value
