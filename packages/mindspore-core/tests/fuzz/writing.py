"""The machinery of the grammar: scopes, and a writer that draws every choice from hypothesis.

`Writer` is a recursive-descent writer instead of a reader: a *production* is a function that writes one form of a
nonterminal, its group. `Writer.choose` draws among the productions of a group that are possible where it stands, and
notes which, for the statistics; the first of a group is the simplest, so a failing program shrinks towards it.

A scope knows what may be read and written at a place. A name may be a variable or an attribute, `net.p`. Functions have
an *effect* if a call of them can be told from a call that did not happen: they print, raise, or change something that
they did not make. What a transformation takes has none, since plain Python differentiates by calling many times.
"""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any, NamedTuple

from hypothesis import strategies as st

SCALAR, VECTOR, MATRIX, INT = "s", "v", "m", "n"
LIST, DICT, SET, OPTIONAL, MASK, INDICES, FLAG, TEXT, OBJECT = "l", "d", "z", "o", "b", "i", "q", "x", "object"
FLOATING = (SCALAR, VECTOR, MATRIX)
MOST_STATEMENTS = 9
MOST_STATEMENTS_OF_CLASSES = 3
MOST_LOOPS = 2
GROUPS: dict[str, list[Production]] = defaultdict(list)
NOTES: set[str] = set()


class Program(NamedTuple):
    """A program: its source, the productions that made it, and whether short loops are compiled as one, as long ones
    are, instead of being unrolled."""

    text: str
    used: frozenset[str]
    scanned: bool = False

    def __repr__(self) -> str:
        return f"\n{self.text}" + "# with short loops compiled as one" * self.scanned


class Production(NamedTuple):
    """One form of a nonterminal."""

    write: Callable[..., Any]
    name: str
    possible: Callable[[Writer], Any]


class Function(NamedTuple):
    """What a call needs to know about a function of the program."""

    result: str
    arguments: tuple[str, ...]
    pure: bool
    more: tuple[str, ...] = ("",)  # what may stand after the arguments
    deep: bool = False  # whether it transforms functions


def production(group: str, *, times: int = 1, notes: tuple[str, ...] = (),
               possible: Callable[[Writer], Any] = lambda w: True) -> Callable:
    """Register a function of the writer as a form of a nonterminal, `times` as likely as others.

    notes: further names that it may note; possible: whether it can stand where the writer is.
    """
    def register(write: Callable) -> Callable:
        GROUPS[group] += [Production(write, write.__name__, possible)] * times
        NOTES.update(notes)
        return write
    return register


def has(kind: str, *, writable: bool = False) -> Callable[[Writer], bool]:
    """Whether there is a variable of a kind."""
    return lambda w: bool(w.scope.of(kind, writable=writable))


def variable(name: str) -> bool:
    """Whether a name is a variable and not an attribute."""
    return name.isidentifier()


class Scope:
    """What may be read and written at a place: names by their kind, and functions.

    writable: the names that may be assigned; own: those that the function around this place has made, so that a change
    of them is no effect.
    """

    def __init__(self, names: dict[str, str], writable: set[str], functions: dict[str, Function]) -> None:
        self.names, self.writable, self.functions = dict(names), set(writable), dict(functions)
        self.own: set[str] = set()

    def copy(self) -> Scope:
        copied = Scope(self.names, self.writable, self.functions)
        copied.own = set(self.own)
        return copied

    def of(self, kind: str, *, writable: bool = False) -> list[str]:
        return [name for name, its in self.names.items() if its == kind and (not writable or name in self.writable)]


class Writer:
    """Writes one program; see the module's text."""

    def __init__(self, draw: Callable[[Any], Any]) -> None:
        self.draw = draw
        self.lines: list[str] = []
        self.used: set[str] = set()
        self.depth = 1
        self.counter = 0
        self.statements = 0
        self.most = MOST_STATEMENTS_OF_CLASSES
        self.loops = 0  # how many loops are around this place, within its function
        self.functions = 0
        self.effects = 0  # how many effects were written so far
        self.transforms = 0  # how many transformations were written so far
        self.inside = 0  # how many of them are around this place
        self.classes: dict[str, Any] = {}  # by the name of an object
        self.result: Callable[[], str] = lambda: "None"
        self.scope = Scope({}, set(), {})

    # -- drawing -------------------------------------------------------------------------------------------------------

    def integer(self, low: int, high: int) -> int:
        return self.draw(st.integers(low, high))

    def chance(self) -> bool:
        return self.draw(st.booleans())

    def choice(self, options: Any) -> Any:
        return options[self.integer(0, len(options) - 1)]

    def choose(self, group: str, *args: Any) -> Any:
        """Write one of the productions of a group, and note which."""
        chosen = self.choice([each for each in GROUPS[group] if each.possible(self)])
        self.used.add(chosen.name)
        return chosen.write(self, *args)

    def note(self, name: str) -> None:
        assert name in NOTES, name
        self.used.add(name)

    def fresh(self, prefix: str) -> str:
        self.counter += 1
        return f"{prefix}{self.counter}"

    def name(self, kind: str) -> str:
        return self.choice(self.scope.of(kind))

    def target(self, kind: str) -> str:
        """A name that may be assigned; a new one where there is none, or by chance."""
        fresh = self.fresh(kind)
        name = self.choice([*self.scope.of(kind, writable=True), fresh])
        if name not in self.scope.own and name != fresh:
            self.effects += 1
        return name

    def changed(self, kind: str) -> str:
        """The name of something that is to be changed in place."""
        name = self.choice(self.scope.of(kind, writable=kind in FLOATING))
        if kind in FLOATING or name not in self.scope.own:
            self.effects += 1
        return name

    def bind(self, name: str, kind: str, *, own: bool = True) -> None:
        """From here on there is a variable; own: what it holds was made here."""
        if name not in self.scope.names or not own:
            self.scope.own.discard(name)
            self.scope.own.update([name] * own)
        self.scope.names[name] = kind
        self.scope.writable.add(name)

    # -- layout --------------------------------------------------------------------------------------------------------

    def line(self, text: str) -> None:
        self.line_at(self.depth, text)

    def line_at(self, depth: int, text: str) -> None:
        self.lines.append("    " * depth + text)

    @contextmanager
    def inner(self, head: str):
        """An indented block; what it binds is forgotten after it."""
        self.line(head)
        self.depth += 1
        with self.parameters({}):
            yield
        self.depth -= 1

    @contextmanager
    def parameters(self, names: dict[str, str]):
        """Names that may be read within the block."""
        scope, self.scope = self.scope, self.scope.copy()
        self.scope.names.update(names)
        yield
        self.scope = scope

    @contextmanager
    def function(self, head: str, parameters: dict[str, str], result: Callable[[], str]):
        """The body of a function: assigns what it makes and attributes; sees what is around it."""
        saved, self.loops, self.result = (self.loops, self.result), 0, result
        with self.inner(head):
            self.scope.writable = {name for name in self.scope.writable if not variable(name)}
            self.scope.own = set()
            for name, kind in parameters.items():
                self.bind(name, kind)
            yield
        self.loops, self.result = saved

    @contextmanager
    def pure(self):
        """Within the block, nothing that has an effect can be written, as far as expressions go."""
        with self.parameters({}):
            self.scope.functions = {name: its for name, its in self.scope.functions.items()
                                    if its.pure and not (its.deep and self.inside)}
            yield

    def block(self, most: int) -> None:
        for _ in range(self.integer(1, most)):
            self.statement()

    def statement(self) -> None:
        self.statements += 1
        if self.statements > self.most or self.depth > 5:
            self.used.add("assign")
            GROUPS["statement"][0].write(self)
        else:
            self.choose("statement")

    # -- nonterminals --------------------------------------------------------------------------------------------------

    def scalar(self, depth: int = 2) -> str:
        return self.name(SCALAR) if depth == 0 else self.choose("scalar", depth - 1)

    def vector(self, depth: int = 2) -> str:
        return self.name(VECTOR) if depth == 0 else self.choose("vector", depth - 1)

    def matrix(self, depth: int = 1) -> str:
        """A tensor of shape (2, 3)."""
        names = self.scope.of(MATRIX)
        return self.choice(names) if depth == 0 and names else self.choose("matrix", max(depth - 1, 0))

    def expression(self, kind: str, depth: int = 2) -> str:
        return {SCALAR: self.scalar, VECTOR: self.vector, MATRIX: self.matrix}[kind](depth)

    def whole(self, depth: int = 1) -> str:
        """An int that is at least zero and small, a number or a tensor."""
        return self.name(INT) if depth == 0 else self.choose("whole")

    def mask(self, depth: int = 1) -> str:
        """Three bools."""
        return self.choose("mask", depth)

    def indices(self) -> str:
        """Three ints between zero and two."""
        return self.choose("indices")

    def condition(self, depth: int = 2) -> str:
        return self.choose("condition" if depth else "comparison", max(depth - 1, 0))

    def pair(self) -> str:
        return f"{self.scalar(2)}, {self.vector(2)}"

    def call(self, kind: str, depth: int) -> str:
        """A call of one of the program's functions."""
        name = self.choice([name for name, its in self.scope.functions.items() if its.result == kind])
        function = self.scope.functions[name]
        self.effects += not function.pure
        self.transforms += function.deep
        return f"{name}({', '.join(self.expression(each, depth) for each in function.arguments)}" \
               f"{self.choice(function.more)})"
