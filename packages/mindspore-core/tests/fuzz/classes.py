"""Classes with methods and properties, Cells with Parameters, and what programs do with their instances.

Classes and Cells stand before the program's function; a Cell's instance, too, so that its Parameters keep what a call
leaves. A class has the attributes `x` (a scalar), `y` (a vector) and `k` (an int), a Cell the Parameters `p` and `u`.
"""
from __future__ import annotations

from functions import watched
from writing import INT, OBJECT, SCALAR, VECTOR, Function, Scope, Writer, has, production

ATTRIBUTES = {"x": SCALAR, "y": VECTOR, "k": INT}
PARAMETERS = {"p": SCALAR, "u": VECTOR}


def attributes(w: Writer, name: str, kinds: dict[str, str]) -> None:
    """The attributes of an object as names of the scope."""
    for attribute, kind in kinds.items():
        w.scope.names[f"{name}.{attribute}"] = kind
        w.scope.writable.add(f"{name}.{attribute}")


def method(w: Writer, head: str, parameters: dict[str, str], kind: str, own: dict[str, str], most: int) -> dict:
    """Write a method; whether it has no effect, and whether it transforms."""
    saved, w.scope = w.scope, Scope({}, set(), {})
    attributes(w, "self", own)
    w.scope.names.update(parameters)
    bound = {name: its for name, its in parameters.items() if its != INT}
    with watched(w) as found, w.function(head, bound, lambda: w.expression(kind)):
        if most:
            w.block(most)
        w.line(f"return {w.expression(kind)}")
    w.scope = saved
    return found


def write_class(w: Writer) -> None:
    """A class `Box`, maybe one that inherits from it."""
    with w.inner("class Box:"):
        with w.inner("def __init__(self, x, y, k=1):"):
            w.line("self.x, self.y = x, y")
            w.line("self.k = k")
        w.line("@property")
        method(w, "def twice(self):", {}, SCALAR, ATTRIBUTES, 0)
        method(w, "def step(self, p):", {"p": SCALAR}, SCALAR, ATTRIBUTES, 2)
        method(w, "def __call__(self, p):", {"p": VECTOR}, VECTOR, ATTRIBUTES, 1)
    if w.chance():
        with w.inner("class Crate(Box):"):
            with w.inner("def step(self, p):"):
                w.line(f"return super().step(p * 0.5) + {w.choice(['self.x', 'self.twice', 'p'])}")
            with w.inner("def __add__(self, other):"):
                w.line("return Crate(self.x - other.x, self.y + other.y)")
            with w.inner("def __enter__(self):"):
                w.line("self.x = self.x * 0.5")
                w.line("return self")
            with w.inner("def __exit__(self, *exc):"):
                w.line("self.y = self.y + self.x")
        w.classes["Crate"] = True
    w.classes["Box"] = True


def write_cell(w: Writer) -> None:
    """A Cell `Net`, and an instance or two."""
    kind = w.choice([SCALAR, VECTOR])
    with w.inner("class Net(Cell):"):
        with w.inner("def __init__(self):"):
            w.line("super().__init__()")
            w.line('self.p = Parameter(Tensor(0.4, float64), name="p")')
            w.line('self.u = Parameter(Tensor([0.2, -0.7, 1.1], float64), name="u")')
            w.line("self.k = 2")
        found = method(w, "def construct(self, x):", {"x": kind, "self.k": INT}, kind, PARAMETERS, 3)
    for name in ["net", "other"][:w.integer(1, 2)]:
        w.line(f"{name} = Net()")
        w.scope.functions[name] = Function(kind, (kind,), **found)
        attributes(w, name, PARAMETERS)


# -- instances ---------------------------------------------------------------------------------------------------------


@production("declaration", times=8, possible=lambda w: w.classes)
@production("statement", times=4, possible=lambda w: w.classes)
def make_object(w: Writer) -> None:
    name = w.fresh("o")
    w.line(f"{name} = {w.choice(list(w.classes))}({w.scalar(1)}, {w.vector(1)}{w.choice(['', ', 2', ', k=3'])})")
    know(w, name)


def know(w: Writer, name: str) -> None:
    """Let the program use an object."""
    w.scope.names[name] = OBJECT
    attributes(w, name, ATTRIBUTES)
    w.scope.names[f"{name}.twice"] = SCALAR
    w.scope.functions[f"{name}.step"] = Function(SCALAR, (SCALAR,), False)
    w.scope.functions[name] = Function(VECTOR, (VECTOR,), False)


@production("statement", times=4, possible=has(OBJECT))
def choose_object(w: Writer) -> None:
    """Another name of an object, or of one of two."""
    name, first, second = w.fresh("o"), w.name(OBJECT), w.name(OBJECT)
    w.line(f"{name} = {w.choice([first, f'{first} if {w.condition(1)} else {second}'])}")
    know(w, name)


@production("statement", times=4, possible=has(OBJECT))
def change_object(w: Writer) -> None:
    name = w.name(OBJECT)
    w.effects += 1
    w.line(w.choice([f"{name}.x = {w.scalar(1)}", f"{name}.y = {name}.y * 0.5 + {w.vector(0)}",
                     f"{name}.k += 1", f'setattr({name}, "x", {w.scalar(0)})', f"{name}.step({w.scalar(1)})"]))


@production("statement", times=3, possible=lambda w: "Crate" in w.classes)
def with_object(w: Writer) -> None:
    """A context manager, and an overloaded operator."""
    name = w.fresh("o")
    value = f"Crate({w.scalar(1)}, {w.vector(0)})"
    value = w.choice([value, f"{value} + Crate({w.scalar(0)}, {w.vector(0)})"])
    with w.inner(f"with {value} as {name}:"):
        know(w, name)
        w.block(2)
        w.line(f"{name}.x = {name}.x + {w.scalar(0)}")
