"""Random well-typed programs: a grammar over floats, vectors, ints, lists, dicts and functions, for hypothesis.

A program is a function `main(s, t, v, w, n)` of two float scalars, two vectors of three floats, and an int. Its
variables have types that never change, so every operation in it is defined, and each production keeps values within a
few powers of ten: what could grow is damped by `tanh`, denominators are at least one, loops have few trips. All that it
computes is smooth in the floats as long as its comparisons come out the same, so differences give its gradient.

`Writer` is a recursive-descent writer instead of a reader: each method writes one nonterminal, drawing every choice
from hypothesis, so that a failing program shrinks to a small one. The first alternative of each choice is the simplest.
`used` holds the productions of the program, for the statistics.
"""
from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from typing import Any, NamedTuple

from hypothesis import strategies as st

SCALAR, VECTOR, INT, LIST, DICT = "s", "v", "n", "l", "d"
MOST_STATEMENTS = 12
MOST_LOOPS = 2


class Program(NamedTuple):
    """A program: its source, and the productions that made it."""

    text: str
    used: frozenset[str]

    def __repr__(self) -> str:
        return f"\n{self.text}"


class Scope:
    """What may be read and written at a place: variables by type, functions by the type of argument and result."""

    def __init__(self, names: dict[str, str], writable: set[str], functions: dict[str, str]) -> None:
        self.names, self.writable, self.functions = dict(names), set(writable), dict(functions)

    def copy(self) -> Scope:
        return Scope(self.names, self.writable, self.functions)

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
        self.loops: list[bool] = []  # for each loop around this place whether `break` and `continue` may stand here
        self.functions = 0
        self.result: Callable[[], str] = self.pair
        self.scope = Scope({"s": SCALAR, "t": SCALAR, "v": VECTOR, "w": VECTOR, "n": INT}, {"s", "t", "v", "w"}, {})

    def program(self) -> Program:
        self.line_at(0, "def main(s, t, v, w, n):")
        self.block(self.integer(2, 6))
        self.line(f"return {self.pair()}")
        return Program("\n".join(self.lines) + "\n", frozenset(self.used))

    # -- drawing -------------------------------------------------------------------------------------------------------

    def integer(self, low: int, high: int) -> int:
        return self.draw(st.integers(low, high))

    def chance(self) -> bool:
        return self.draw(st.booleans())

    def choice(self, options: list) -> Any:
        return options[self.integer(0, len(options) - 1)]

    def choose(self, productions: list[Callable[..., Any]], *args: Any) -> Any:
        """Write one of the productions, and note which."""
        production = self.choice(productions)
        self.used.add(production.__name__)
        return production(self, *args)

    def fresh(self, prefix: str) -> str:
        self.counter += 1
        return f"{prefix}{self.counter}"

    # -- layout --------------------------------------------------------------------------------------------------------

    def line(self, text: str) -> None:
        self.line_at(self.depth, text)

    def line_at(self, depth: int, text: str) -> None:
        self.lines.append("    " * depth + text)

    @contextmanager
    def inner(self, head: str):
        """An indented block; what it binds is forgotten after it."""
        self.line(head)
        scope, self.scope = self.scope, self.scope.copy()
        self.depth += 1
        yield
        self.depth -= 1
        self.scope = scope

    def block(self, most: int) -> None:
        for _ in range(self.integer(1, most)):
            self.statement()

    def statement(self) -> None:
        self.statements += 1
        if self.statements > MOST_STATEMENTS or self.depth > 5:
            self.assign()
        else:
            self.choose(self.STATEMENTS)

    def bind(self, name: str, kind: str) -> None:
        self.scope.names[name] = kind
        self.scope.writable.add(name)

    # -- scalars -------------------------------------------------------------------------------------------------------

    def scalar(self, depth: int = 2) -> str:
        if depth == 0:
            return self.choice(self.scope.of(SCALAR))
        return self.choose(self.SCALARS, depth - 1)

    def scalar_variable(self, depth: int) -> str:
        return self.choice(self.scope.of(SCALAR))

    def scalar_sum(self, depth: int) -> str:
        return f"({self.scalar(depth)} {self.choice(['+', '-'])} {self.scalar(depth)})"

    def scalar_scaled(self, depth: int) -> str:
        return f"({self.scalar(depth)} * {self.choice(['0.5', '-0.7', '0.9'])} + {self.choice(['0.3', '1', '-2'])})"

    def scalar_function(self, depth: int) -> str:
        return f"{self.choice(['ops.sin', 'ops.cos', 'ops.tanh'])}({self.scalar(depth)})"

    def scalar_product(self, depth: int) -> str:
        return f"(ops.tanh({self.scalar(depth)}) * {self.scalar(depth)})"

    def scalar_quotient(self, depth: int) -> str:
        divisor = self.scalar(0)
        return f"({self.scalar(depth)} / ({divisor} * {divisor} + 1))"

    def scalar_times_int(self, depth: int) -> str:
        return f"({self.scalar(depth)} * {self.whole(1)})"

    def reduction(self, depth: int) -> str:
        return f"{self.vector(depth)}.{self.choice(['sum()', 'mean()'])}"

    def element(self, depth: int) -> str:
        return f"{self.choice(self.scope.of(VECTOR))}[{self.choice(['0', '2', '-1'])}]"

    def element_by_tensor(self, depth: int) -> str:
        return f"{self.choice(self.scope.of(VECTOR))}[{self.whole(1)} % 3]"

    def dot_product(self, depth: int) -> str:
        return f"(ops.tanh({self.vector(0)}) @ {self.vector(0)})"

    def scalar_conditional(self, depth: int) -> str:
        return f"({self.scalar(depth)} if {self.condition(1)} else {self.scalar(depth)})"

    def scalar_call(self, depth: int) -> str:
        return self.call(SCALAR, depth) or self.scalar_function(depth)

    def scalar_lambda(self, depth: int) -> str:
        name = self.fresh("a")
        argument = self.scalar(depth)
        with self.parameters({name: SCALAR}):
            body = self.scalar(depth)
        return f"(lambda {name}: {body})({argument})"

    # -- vectors -------------------------------------------------------------------------------------------------------

    def vector(self, depth: int = 2) -> str:
        if depth == 0:
            return self.choice(self.scope.of(VECTOR))
        return self.choose(self.VECTORS, depth - 1)

    def vector_variable(self, depth: int) -> str:
        return self.choice(self.scope.of(VECTOR))

    def vector_sum(self, depth: int) -> str:
        return f"({self.vector(depth)} {self.choice(['+', '-'])} {self.vector(depth)})"

    def vector_and_scalar(self, depth: int) -> str:
        return f"({self.vector(depth)} {self.choice(['+', '-'])} {self.scalar(depth)})"

    def vector_scaled(self, depth: int) -> str:
        return f"({self.vector(depth)} * {self.choice(['0.5', '-0.7', 'ops.sin(s)', 'ops.cos(t)'])})"

    def vector_function(self, depth: int) -> str:
        return f"{self.choice(['ops.sin', 'ops.tanh', 'ops.cos'])}({self.vector(depth)})"

    def vector_product(self, depth: int) -> str:
        return f"(ops.tanh({self.vector(depth)}) * {self.vector(depth)})"

    def vector_quotient(self, depth: int) -> str:
        divisor = self.vector(0)
        return f"({self.vector(depth)} / ({divisor} * {divisor} + 1))"

    def selection(self, depth: int) -> str:
        return f"ops.where({self.vector(0)} > {self.choice(['0.1', '-0.4'])}, {self.vector(depth)}, {self.vector(0)})"

    def stacking(self, depth: int) -> str:
        return f"ops.stack([{self.scalar(depth)}, {self.scalar(0)}, {self.scalar(0)}])"

    def shuffling(self, depth: int) -> str:
        form = self.choice(["{}[::-1]", "ops.cat([{}[1:], v[:1]])", "(ops.cumsum({}, 0) * 0.3)", "ops.softmax({}, -1)"])
        return form.format(self.vector(depth))

    def list_item(self, depth: int) -> str:
        names = self.scope.of(LIST)
        return f"{self.choice(names)}[{self.choice(['0', '-1'])}]" if names else self.shuffling(depth)

    def list_total(self, depth: int) -> str:
        names = self.scope.of(LIST)
        if not names:
            return self.vector_sum(depth)
        return f"(sum({self.choice(names)}) / {self.choice(['4', 'len(' + names[0] + ')'])})"

    def dict_item(self, depth: int) -> str:
        names = self.scope.of(DICT)
        return f"{self.choice(names)}[{self.choice(KEYS)}]" if names else self.selection(depth)

    def comprehension(self, depth: int) -> str:
        name = self.fresh("e")
        source = self.choice([f"[{self.vector(0)}, {self.vector(0)}]", *self.scope.of(LIST)])
        with self.parameters({name: VECTOR}):
            body = self.vector(depth)
        return f"(sum([{body} for {name} in {source}]) * 0.3)"

    def vector_conditional(self, depth: int) -> str:
        return f"({self.vector(depth)} if {self.condition(1)} else {self.vector(depth)})"

    def vector_call(self, depth: int) -> str:
        return self.call(VECTOR, depth) or self.vector_function(depth)

    # -- ints, conditions, calls ---------------------------------------------------------------------------------------

    def whole(self, depth: int) -> str:
        """An int that is at least zero."""
        name = self.choice(self.scope.of(INT))
        return name if depth == 0 else self.choice([name, f"({name} + 1)", f"({name} * 2)", f"({name} % 2)"])

    def condition(self, depth: int = 2) -> str:
        return self.choose(self.CONDITIONS[:5] if depth == 0 else self.CONDITIONS, max(depth - 1, 0))

    def compare_scalars(self, depth: int) -> str:
        return f"{self.scalar(1)} {self.choice(['<', '>'])} {self.scalar(0)}"

    def compare_with_number(self, depth: int) -> str:
        return f"{self.scalar(1)} {self.choice(['<', '>'])} {self.choice(['0.2', '-0.6', '1.1'])}"

    def compare_ints(self, depth: int) -> str:
        return f"{self.whole(1)} {self.choice(['<', '<=', '==', '!=', '>'])} {self.choice(['1', '2', '0'])}"

    def compare_vectors(self, depth: int) -> str:
        return f"({self.vector(0)} > {self.choice(['0', '-0.5'])}).{self.choice(['all()', 'any()'])}"

    def compare_static(self, depth: int) -> str:
        return self.choice(["len(v) == 3", "v.ndim > 1", "True", "v.shape[0] < 3"])

    def compare_chained(self, depth: int) -> str:
        return f"{self.scalar(0)} < {self.scalar(1)} < {self.scalar(0)} + 1"

    def conjunction(self, depth: int) -> str:
        return f"({self.condition(depth)} {self.choice(['and', 'or'])} {self.condition(depth)})"

    def negation(self, depth: int) -> str:
        return f"not ({self.condition(depth)})"

    @contextmanager
    def parameters(self, names: dict[str, str]):
        """Names that may be read within the block."""
        scope, self.scope = self.scope, self.scope.copy()
        self.scope.names.update(names)
        yield
        self.scope = scope

    def call(self, kind: str, depth: int) -> str:
        """A call of one of the program's functions, or "" if there is none of this type."""
        names = [name for name, its in self.scope.functions.items() if its == kind]
        if not names:
            return ""
        return f"{self.choice(names)}({self.scalar(depth) if kind == SCALAR else self.vector(depth)})"

    def pair(self) -> str:
        return f"{self.scalar(2)}, {self.vector(2)}"

    # -- statements ----------------------------------------------------------------------------------------------------

    def assign(self) -> None:
        kind = self.choice([SCALAR, VECTOR])
        name = self.choice([*self.scope.of(kind, writable=True), self.fresh(kind)])
        self.line(f"{name} = {self.expression(kind)}")
        self.bind(name, kind)

    def expression(self, kind: str, depth: int = 2) -> str:
        return self.scalar(depth) if kind == SCALAR else self.vector(depth)

    def assign_many(self) -> None:
        scalar, vector = self.fresh(SCALAR), self.fresh(VECTOR)
        self.line(f"{scalar}, ({vector}, *rest) = {self.scalar()}, [{self.vector()}, 1, 2]")
        self.bind(scalar, SCALAR)
        self.bind(vector, VECTOR)

    def augment(self) -> None:
        kind = self.choice([SCALAR, VECTOR])
        names = self.scope.of(kind, writable=True)
        if not names:
            return self.assign()
        operator = self.choice(["+= {}", "-= {}", "*= ops.tanh({})"])
        self.line(f"{self.choice(names)} {operator.format(self.expression(kind, 1))}")

    def assign_walrus(self) -> None:
        name, target = self.fresh(SCALAR), self.fresh(SCALAR)
        self.line(f"{target} = ({name} := {self.scalar(1)}) * 0.5 + {name}")
        self.bind(name, SCALAR)
        self.bind(target, SCALAR)

    def assign_element(self) -> None:
        names = self.scope.of(VECTOR, writable=True)
        if not names:
            return self.assign()
        index = self.choice(["0", "-1", f"{self.whole(1)} % 3"])
        self.line(f"{self.choice(names)}[{index}] = {self.scalar(1)}")

    def assign_slice(self) -> None:
        names = self.scope.of(VECTOR, writable=True)
        if not names:
            return self.assign()
        operator = self.choice(["=", "+="])
        self.line(f"{self.choice(names)}[{self.choice(['1:', ':2', '::2'])}] {operator} {self.scalar(1)}")

    def make_list(self) -> None:
        name = self.fresh(LIST)
        form = self.choice(["[{0}, {1}]", "[{0} * k for k in range(1, 3)]", "[{0}, *[{1}]]"])
        self.line(f"{name} = {form.format(self.vector(1), self.vector(0))}")
        self.bind(name, LIST)

    def change_list(self) -> None:
        names = self.scope.of(LIST)
        if not names:
            return self.make_list()
        form = self.choice(["{0}.append({1})", "{0}[0] = {1}", "{0}[-1] = {0}[0] * 0.5", "{0}.insert(0, {1})",
                            "{0} += [{1}]", "{0}.reverse()"])
        name = self.choice(names)
        if form.startswith("{0} +=") and name not in self.scope.writable:
            form = "{0}.append({1})"
        self.line(form.format(name, self.vector(1)))

    def alias_list(self) -> None:
        names = self.scope.of(LIST)
        if not names:
            return self.make_list()
        alias = self.fresh(LIST)
        self.line(f"{alias} = {self.choice(names)}{self.choice(['', '[:]'])}")
        self.bind(alias, LIST)

    def make_dict(self) -> None:
        name = self.fresh(DICT)
        self.line(f"{name} = {{{', '.join(f'{key}: {self.vector(1)}' for key in KEYS)}}}")
        self.bind(name, DICT)

    def change_dict(self) -> None:
        names = self.scope.of(DICT)
        if not names:
            return self.make_dict()
        operator = self.choice(["=", "+="])
        self.line(f"{self.choice(names)}[{self.choice(KEYS)}] {operator} {self.vector(1)}")

    # -- branches ------------------------------------------------------------------------------------------------------

    def branch(self) -> None:
        joined = self.fresh(SCALAR) if self.chance() else None
        self.arm(f"if {self.condition()}:", joined)
        if joined is None and self.chance():
            return
        if self.chance():
            self.used.add("elif")
            self.arm(f"elif {self.condition()}:", joined)
        self.arm("else:", joined)
        if joined is not None:
            self.bind(joined, SCALAR)

    def arm(self, head: str, joined: str | None) -> None:
        with self.inner(head):
            self.block(2)
            if joined is not None:
                self.line(f"{joined} = {self.scalar(1)}")

    def match_number(self) -> None:
        self.line(f"match {self.choice(['len(v)', 'v.ndim', 'v.shape[0]', 'n'])}:")
        self.depth += 1
        self.arm(f"case {self.choice(['0', '1', '3'])}:", None)
        self.arm("case _:", None)
        self.depth -= 1

    def leave(self) -> None:
        """An early exit under a condition: from the loop, or from the function."""
        words = ["return"]
        if self.loops and self.loops[-1]:
            words += ["break", "continue"]
        word = self.choice(words)
        self.used.add(f"{word} in a loop" if self.loops else word)
        with self.inner(f"if {self.condition(1)}:"):
            if self.chance():
                self.assign()
            self.line(f"return {self.result()}" if word == "return" else word)

    # -- loops ---------------------------------------------------------------------------------------------------------

    def loop_body(self, names: dict[str, str], first: str | None = None) -> None:
        self.scope.names.update(names)
        if first is not None:
            self.line(first)
        self.loops.append(True)
        self.block(2)
        if self.chance():
            self.leave()
            self.assign()
        self.loops.pop()

    def loop_else(self) -> None:
        if self.chance():
            self.used.add("else of a loop")
            with self.inner("else:"):
                self.assign()

    def may_loop(self) -> bool:
        return len(self.loops) < MOST_LOOPS

    def loop_for(self) -> None:
        if not self.may_loop():
            return self.assign()
        kind, target, source = self.choose(self.SOURCES)
        with self.inner(f"for {target} in {source}:"):
            self.loop_body(kind)
        self.loop_else()

    def over_range(self) -> tuple:
        name = self.fresh("k")
        return {name: INT}, name, self.choice(["range(2)", "range(1, 4)", "range(4, 0, -2)"])

    def over_tensor_range(self) -> tuple:
        name = self.fresh("k")
        return {name: INT}, name, self.choice(["range(n)", "range(n % 3 + 1)"])

    def over_elements(self) -> tuple:
        name = self.fresh("e")
        return {name: SCALAR}, name, self.vector(1)

    def over_list(self) -> tuple:
        name = self.fresh("e")
        source = self.choice([f"({self.vector(0)}, {self.vector(1)})", *[f"{each}[:]" for each in self.scope.of(LIST)]])
        return {name: VECTOR}, name, source

    def over_enumerate(self) -> tuple:
        index, name = self.fresh("k"), self.fresh("e")
        kind, source = self.choice([(SCALAR, self.vector(0)), (VECTOR, f"[{self.vector(1)}, {self.vector(0)}]")])
        return {index: INT, name: kind}, f"{index}, {name}", f"enumerate({source})"

    def over_zip(self) -> tuple:
        a, b = self.fresh("e"), self.fresh("e")
        return {a: SCALAR, b: VECTOR}, f"{a}, {b}", f"zip({self.vector(0)}, [{self.vector(1)}, {self.vector(0)}])"

    def loop_while(self) -> None:
        """A loop whose counter, a tensor or a number, is the first thing that a trip changes."""
        if not self.may_loop():
            return self.assign()
        start, step, test = self.choice([("n * 0", "+ 1", "{0} < n"), ("n", "- 1", "{0} > 0"), ("0", "+ 1", "{0} < 3"),
                                         ("s * 0", "+ 0.7", "{0} < 2"), ("n * 0", "+ 1", "{0} < n and ({1})"),
                                         ("0", "+ 1", "{0} < 3 and ({1})")])
        counter = self.fresh("j")
        self.line(f"{counter} = {start}")
        with self.inner(f"while {test.format(counter, self.condition(1))}:"):
            self.loop_body({counter: SCALAR if start.startswith("s") else INT}, f"{counter} = {counter} {step}")
        self.loop_else()

    def loop_forever(self) -> None:
        if not self.may_loop():
            return self.assign()
        counter = self.fresh("j")
        self.line(f"{counter} = {self.choice(['n * 0', '0'])}")
        with self.inner("while True:"):
            self.line(f"{counter} = {counter} + 1")
            with self.inner(f"if {counter} > {self.choice(['n', '2'])} or {self.condition(1)}:"):
                self.line("break")
            self.loop_body({counter: INT})

    # -- functions -----------------------------------------------------------------------------------------------------

    def define(self) -> None:
        if self.functions >= 2:
            return self.assign()
        kind, name, parameter = self.choice([SCALAR, VECTOR]), self.fresh("f"), self.fresh("p")
        self.functions += 1
        outer_loops, self.loops, outer_result, self.result = self.loops, [], self.result, lambda: self.expression(kind)
        head, names = self.choice([(parameter, {}), (f"{parameter}, q=0.5", {}), (f"{parameter}, *rest", {})])
        with self.inner(f"def {name}({head}):"):
            shared = self.scope.of(kind, writable=True)
            self.scope.writable = set()
            if shared and self.chance():
                self.used.add("nonlocal")
                self.line(f"nonlocal {shared[0]}")
                self.scope.writable.add(shared[0])
            self.scope.names.update({parameter: kind, **names})
            self.scope.writable.add(parameter)
            self.block(2)
            if self.chance():
                self.leave()
            self.line(f"return {self.expression(kind)}")
        self.loops, self.result = outer_loops, outer_result
        self.scope.functions[name] = kind

    def define_lambda(self) -> None:
        kind, name, parameter = self.choice([SCALAR, VECTOR]), self.fresh("f"), self.fresh("p")
        with self.parameters({parameter: kind}):
            body = self.expression(kind)
        self.line(f"{name} = lambda {parameter}: {body}")
        self.scope.functions[name] = kind

    def define_maker(self) -> None:
        """A function that makes a closure."""
        name, maker, amount, parameter = self.fresh("f"), self.fresh("make"), self.fresh("a"), self.fresh("p")
        with self.inner(f"def {maker}({amount}):"), self.parameters({amount: SCALAR, parameter: VECTOR}):
            self.line(f"return lambda {parameter}: {self.vector()} + {amount}")
        self.line(f"{name} = {maker}({self.scalar(1)})")
        self.scope.functions[name] = VECTOR

    def choose_function(self) -> None:
        name, parameter = self.fresh("f"), self.fresh("p")
        test = self.choice(["len(v) > 2", "v.ndim == 2", self.condition(1)])
        with self.parameters({parameter: SCALAR}):
            forms = f"ops.sin if {test} else lambda {parameter}: {self.scalar(1)}"
        self.line(f"{name} = {forms}")
        self.scope.functions[name] = SCALAR

    def recurse(self) -> None:
        """A recursion of bounded depth, static or by the tensor `n`."""
        name, value, depth = self.fresh("r"), self.fresh("p"), self.fresh("k")
        functions, self.scope.functions = self.scope.functions, {}
        with self.inner(f"def {name}({value}, {depth}):"), self.parameters({value: SCALAR}):
            with self.inner(f"if {depth} <= 0:"):
                self.line(f"return {self.scalar(1)}")
            call = f"{name}({self.scalar(1)}, {depth} - 1)"
            again = self.choice(["{0}", "ops.tanh({0}) + {1}", "{0} * 0.5 if {1} > 0.3 else {1}"])
            self.line(f"return {again.format(call, self.scalar(1))}")
        self.scope.functions = functions
        target = self.fresh(SCALAR)
        self.line(f"{target} = {name}({self.scalar(1)}, {self.choice(['2', 'n'])})")
        self.bind(target, SCALAR)

    def attempt(self) -> None:
        """A `try` in which nothing depends on a tensor's value."""
        target = self.fresh(VECTOR)
        self.line("try:")
        self.line_at(self.depth + 1, f"{target} = {self.vector(1)}{self.choice(['', ' * [][0]'])}")
        self.line("except IndexError:")
        self.line_at(self.depth + 1, f"{target} = {self.vector(1)}")
        if self.chance():
            self.line("finally:")
            self.line_at(self.depth + 1, f"{self.fresh(SCALAR)} = 1")
        self.bind(target, VECTOR)

    SCALARS = [scalar_variable, scalar_sum, scalar_scaled, scalar_function, scalar_product, scalar_quotient,
               scalar_times_int, reduction, element, element_by_tensor, dot_product, scalar_conditional, scalar_call,
               scalar_call, scalar_lambda]
    VECTORS = [vector_variable, vector_sum, vector_and_scalar, vector_scaled, vector_function, vector_product,
               vector_quotient, selection, stacking, shuffling, list_item, list_total, dict_item, comprehension,
               vector_conditional, vector_call, vector_call]
    CONDITIONS = [compare_scalars, compare_with_number, compare_ints, compare_vectors, compare_static, compare_chained,
                  conjunction, negation]
    SOURCES = [over_range, over_tensor_range, over_elements, over_list, over_enumerate, over_zip]
    STATEMENTS = [assign, assign_many, augment, assign_walrus, assign_element, assign_slice, make_list, change_list,
                  alias_list, make_dict, change_dict, branch, branch, branch, match_number, leave, loop_for, loop_for,
                  loop_while, loop_while, loop_forever, define, define, define_lambda, define_maker, choose_function,
                  recurse, attempt]


KEYS = ['"a"', '"b"']
EXITS = [f"{word}{where}" for word in ("return", "break", "continue") for where in ("", " in a loop")
         if word == "return" or where]
PRODUCTIONS = sorted({production.__name__ for productions in (
    Writer.SCALARS, Writer.VECTORS, Writer.CONDITIONS, Writer.STATEMENTS, Writer.SOURCES) for production in productions}
    | {"elif", "else of a loop", "nonlocal", *EXITS})


@st.composite
def programs(draw: Callable[[Any], Any]) -> Program:
    """Random programs."""
    return Writer(draw).program()
