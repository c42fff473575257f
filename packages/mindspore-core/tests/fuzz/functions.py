"""Functions: closures, recursion, calls with every kind of argument, and transformations of functions."""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from statements import leave
from writing import INT, MATRIX, SCALAR, VECTOR, Function, Writer, production, variable

MOST_FUNCTIONS = 3


def may_define(w: Writer) -> bool:
    return w.functions < MOST_FUNCTIONS


@contextmanager
def watched(w: Writer) -> Iterator[dict]:
    """Whether what is written in the block has an effect, and whether it transforms: in the dict, after the block."""
    effects, transforms, found = w.effects, w.transforms, {}
    yield found
    found.update(pure=w.effects == effects, deep=w.transforms > transforms)


@production("statement", times=2, notes=("nonlocal",), possible=may_define)
def define(w: Writer) -> None:
    kind, name, parameter, second = w.choice([SCALAR, VECTOR]), w.fresh("f"), w.fresh("p"), w.fresh("p")
    w.functions += 1
    arguments = {parameter: kind}
    head, more = w.choice([("", [""]), (", *rest", ["", ", 1"]), (", q=0.5", ["", ", 0.25", ", q=1.5"]),
                           (", *, q=0.5", ["", ", q=2.0"]), (", **named", ["", ", a=1, b=2"]), (f", {second}", [""])])
    if second in head:
        arguments[second] = w.choice([SCALAR, VECTOR])
    shared = [each for each in w.scope.of(kind, writable=True) if variable(each)]
    with watched(w) as found, w.function(f"def {name}({parameter}{head}):", arguments, lambda: w.expression(kind)):
        if shared and w.chance():
            w.note("nonlocal")
            w.effects += 1
            w.line(f"nonlocal {shared[0]}")
            w.scope.writable.add(shared[0])
        w.block(2)
        if w.chance():
            leave(w)
        factor = w.choice(["", " * q"]) if "q=" in head else w.choice(["", " * len(rest)"]) if "rest" in head else ""
        w.line(f"return {w.expression(kind)}{factor}")
    w.scope.functions[name] = Function(kind, tuple(arguments.values()), more=tuple(more), **found)


@production("statement")
def define_lambda(w: Writer) -> None:
    kind, name, parameter = w.choice([SCALAR, VECTOR]), w.fresh("f"), w.fresh("p")
    with watched(w) as found, w.parameters({parameter: kind}):
        body = w.expression(kind)
    w.line(f"{name} = lambda {parameter}: {body}")
    w.scope.functions[name] = Function(kind, (kind,), **found)


@production("statement")
def define_maker(w: Writer) -> None:
    """A function that makes a closure."""
    name, maker, amount, parameter = w.fresh("f"), w.fresh("make"), w.fresh("a"), w.fresh("p")
    with watched(w) as found, w.inner(f"def {maker}({amount}):"), w.parameters({amount: SCALAR, parameter: VECTOR}):
        w.line(f"return lambda {parameter}: {w.vector()} + {amount}")
    w.line(f"{name} = {maker}({w.scalar(1)})")
    w.scope.functions[name] = Function(VECTOR, (VECTOR,), **found)


@production("statement")
def choose_function(w: Writer) -> None:
    name, parameter = w.fresh("f"), w.fresh("p")
    test = w.choice([f"len({w.name(VECTOR)}) > 2", w.condition(1), w.condition(1)])
    with watched(w) as found, w.parameters({parameter: SCALAR}):
        forms = f"ops.sin if {test} else lambda {parameter}: {w.scalar(1)}"
    w.line(f"{name} = {forms}")
    w.scope.functions[name] = Function(SCALAR, (SCALAR,), **found)


# -- recursion ---------------------------------------------------------------------------------------------------------


def bound(w: Writer) -> str:
    """A depth of recursion, static or by a tensor."""
    return w.choice(["2", f"{w.name(INT)} % 4"])


@contextmanager
def recursive(w: Writer, name: str, value: str, depth: str, kind: str) -> Iterator[None]:
    """The head of a recursive function and the case in which it ends; calls of other functions are left out."""
    with w.inner(f"def {name}({value}, {depth}):"), w.parameters({value: kind}):
        w.scope.functions = {}
        with w.inner(f"if {depth} <= 0:"):
            w.line(f"return {w.expression(kind, 1)}")
        yield


def finish(w: Writer, name: str, kind: str, found: dict) -> None:
    """Call a recursive function, and let others call it."""
    target = w.fresh(kind)
    w.line(f"{target} = {name}({w.expression(kind, 1)}, {bound(w)})")
    w.bind(target, kind)
    w.scope.functions[name] = Function(kind, (kind,), more=(f", {bound(w)}",), **found)


@production("statement")
def recurse(w: Writer) -> None:
    """A recursion of bounded depth."""
    name, value, depth, kind = w.fresh("r"), w.fresh("p"), w.fresh("k"), w.choice([SCALAR, VECTOR])
    with watched(w) as found, recursive(w, name, value, depth, kind):
        call = f"{name}({w.expression(kind, 1)}, {depth} - 1)"
        other = w.expression(kind, 1)
        test = w.condition(1)
        w.line(f"return {w.choice([call, f'ops.tanh({call}) + {other}', f'{call} * 0.5 if {test} else {other}'])}")
    finish(w, name, kind, found)


@production("statement")
def recurse_in_loop(w: Writer) -> None:
    """A recursion over a tree: a function that calls itself twice, or in a loop."""
    name, value, depth, kind = w.fresh("r"), w.fresh("p"), w.fresh("k"), w.choice([SCALAR, VECTOR])
    with watched(w) as found, recursive(w, name, value, depth, kind):
        if w.chance():
            calls = [f"{name}({w.expression(kind, 1)}, {depth} - {step})" for step in (1, w.choice([1, 2]))]
            w.line(f"return {w.choice(['({} + {}) * 0.4', '{} - ops.tanh({})'])}".format(*calls))
        else:
            total, child = w.fresh(kind), w.fresh("e")
            w.line(f"{total} = {w.expression(kind, 0)}")
            with w.inner(f"for {child} in range({w.choice(['2', depth])}):"):
                w.line(f"{total} = {total} * 0.5 + {name}({w.expression(kind, 1)} * {child}, {depth} - 1)")
            w.line(f"return {total}")
    finish(w, name, kind, found)


@production("statement")
def recurse_mutually(w: Writer) -> None:
    """Two functions that call each other."""
    first, second, value, depth = w.fresh("r"), w.fresh("r"), w.fresh("p"), w.fresh("k")
    kind = w.choice([SCALAR, VECTOR])
    with watched(w) as found:
        for name, other in ((first, second), (second, first)):
            with recursive(w, name, value, depth, kind):
                call = f"{other}({w.expression(kind, 1)}, {depth} - 1)"
                form = w.choice(["{0} * 0.5", "{0} + {1}", "ops.sin({0})"])
                w.line(f"return {form.format(call, w.expression(kind, 1))}")
    finish(w, first, kind, found)


# -- transformations ---------------------------------------------------------------------------------------------------


def may_transform(w: Writer) -> bool:
    return w.inside < 2 and w.depth < 5


@contextmanager
def transformed(w: Writer, names: dict[str, str]) -> Iterator[None]:
    """The body of a lambda that is transformed."""
    w.inside += 1
    with w.pure(), w.parameters(names):
        yield
    w.inside -= 1


def one(w: Writer, argument: str, result: str) -> str:
    """A function to transform: a lambda, or a function without effects that the program has."""
    names = [name for name, its in w.scope.functions.items()
             if its.pure and not its.deep and its.arguments == (argument,) and its.result == result and "" in its.more]
    if names and w.chance():
        return w.choice(names)
    parameter = w.fresh("a")
    with transformed(w, {parameter: argument}):
        return f"lambda {parameter}: {w.expression(result, 1)}"


@production("scalar", possible=may_transform)
def scalar_derivative(w: Writer, depth: int) -> str:
    w.transforms += 1
    form = w.choice(["grad({0})({1})", "value_and_grad({0})({1})[1]", "jvp({0}, {1}, {2})[1]", "jacfwd({0})({1})"])
    return form.format(one(w, SCALAR, SCALAR), w.scalar(depth), w.scalar(0))


@production("scalar", possible=lambda w: w.inside < 1 and w.depth < 5)
def second_derivative(w: Writer, depth: int) -> str:
    w.transforms += 1
    form = w.choice(["hessian({0})({1})", "grad(grad({0}))({1})", "jvp(grad({0}), {1}, {2})[1]"])
    return form.format(one(w, SCALAR, SCALAR), w.scalar(depth), w.scalar(0))


@production("vector", possible=lambda w: w.inside < 1 and w.depth < 5)
def vector_derivative(w: Writer, depth: int) -> str:
    form, result = w.choice([("grad({0})({1})", SCALAR), ("grad({0})({1})", VECTOR), ("jvp({0}, {1}, {2})[1]", VECTOR),
                             ("(jacrev({0})({1}) @ {2})", VECTOR), ("jacfwd({0})({1})", SCALAR),
                             ("value_and_grad({0})({1})[1]", SCALAR)])
    return form.format(one(w, VECTOR, result), w.vector(depth), w.name(VECTOR))


@production("vector", possible=lambda w: w.inside < 1 and w.depth < 5)
def derivative_by_two(w: Writer, depth: int) -> str:
    w.transforms += 1
    a, b = w.fresh("a"), w.fresh("a")
    with transformed(w, {a: SCALAR, b: VECTOR}):
        body = w.scalar(1)
    return f"grad(lambda {a}, {b}: {body}, (0, 1))({w.scalar(depth)}, {w.vector(depth)})[1]"


@production("vector", possible=may_transform)
def batched(w: Writer, depth: int) -> str:
    """A function of a scalar, for each element."""
    w.transforms += 1
    if w.chance():
        return f"vmap({one(w, SCALAR, SCALAR)})({w.vector(depth)})"
    a, b = w.fresh("a"), w.fresh("a")
    kind, axis, argument = w.choice([(SCALAR, "None", w.scalar(depth)), (VECTOR, "None", w.vector(0)),
                                     (SCALAR, "0", w.vector(0))])
    with transformed(w, {a: SCALAR, b: kind}):
        body = w.scalar(1)
    return f"vmap(lambda {a}, {b}: {body}, (0, {axis}))({w.vector(depth)}, {argument})"


@production("matrix", possible=may_transform)
def batched_rows(w: Writer, depth: int) -> str:
    """A function of a vector, for each row."""
    w.transforms += 1
    w.transforms += 1
    form = w.choice(["vmap({0})({1})", "vmap({0}, 0, 1)({1}).T"])
    matrix = w.matrix(depth) if w.scope.of(MATRIX) else f"ops.stack([{w.vector(0)}] * 2)"
    return form.format(one(w, VECTOR, VECTOR), matrix)


@production("vector", possible=lambda w: w.inside < 1 and w.depth < 5)
def recomputed(w: Writer, depth: int) -> str:
    return f"recompute({one(w, VECTOR, VECTOR)}, {w.vector(depth)})"

