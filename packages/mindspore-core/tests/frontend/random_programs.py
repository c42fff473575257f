"""Random static programs: what Python says about them is the truth for the interpreter.

A program is a function of five parameters that logs what it does. Its statements and expressions are drawn from the
whole language; the variables in them are drawn without regard to what they hold, so many operations fail, which is
wanted: errors, handlers and `finally` are part of the comparison. Loops are bounded and `clip` bounds the sizes of
values, so every program ends quickly.
"""

from __future__ import annotations

import linecache
import random
import re
import sys
import types
from typing import Any

NAMES = ["a", "b", "c", "d", "e"]
ERRORS = ["ValueError", "TypeError", "(KeyError, IndexError)", "Exception", "ArithmeticError", "NameError"]
MOST_STATEMENTS = 40
# Python 3.12 and 3.13 inline comprehensions and then take some free variables of the function, and of classes in it,
# for the comprehension's variable of the same name. There, comprehensions get names that nothing else uses.
COMPREHENSION_NAMES = NAMES if sys.version_info < (3, 12) else ["x", "z"]


class Program:
    """Draws one program. `text` is its source: a module that defines `main`."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.lines: list[str] = []
        self.statements = 0
        self.counter = 0
        self.loops = 0
        self.functions = 0
        self.walrus_names = list(NAMES)
        self.line(0, f"def main({', '.join(NAMES)}):")
        self.block(1, 4)
        self.line(1, f"return [{', '.join(NAMES)}]")
        self.text = "\n".join(self.lines) + "\n"

    def line(self, depth: int, text: str) -> None:
        self.lines.append("    " * depth + text)

    def fresh(self, prefix: str) -> str:
        self.counter += 1
        return f"{prefix}{self.counter}"

    def name(self) -> str:
        return self.rng.choice(NAMES)

    # -- expressions ---------------------------------------------------------------------------------------------------

    def expression(self, depth: int = 3) -> str:
        if depth == 0 or self.rng.random() < 0.25:
            return self.atom()
        return self.rng.choice(self.EXPRESSIONS)(self, depth - 1)

    def atom(self) -> str:
        constants = ["0", "1", "2", "-1", "'x'", "'abc'", "None", "True", "False", "[]", "()", "[1, 2]", "{}"]
        return self.name() if self.rng.random() < 0.6 else self.rng.choice(constants)

    def number(self, depth: int) -> str:
        """An expression that is a number unless a variable in it is none."""
        if depth <= 0:
            return self.rng.choice([*NAMES, "1", "2", "3", "len(c)", "len(b)"])
        operator = self.rng.choice(["+", "-", "*", "%", "//"])
        return f"clip({self.number(depth - 1)} {operator} {self.number(depth - 2)})"

    def binary(self, depth: int) -> str:
        operator = self.rng.choice(["+", "-", "*", "//", "%", "/", "&", "|", "^"])
        return f"clip({self.expression(depth)} {operator} {self.expression(depth)})"

    def compare(self, depth: int) -> str:
        words = ["<", "<=", ">", ">=", "==", "!=", "is", "is not", "in", "not in"]
        parts = [self.expression(depth)]
        for _ in range(self.rng.randint(1, 2)):
            parts += [self.rng.choice(words), self.expression(depth)]
        return f"({' '.join(parts)})"

    def logic(self, depth: int) -> str:
        word = self.rng.choice(["and", "or"])
        return f"({self.expression(depth)} {word} {self.expression(depth)} {word} {self.expression(depth)})"

    def unary(self, depth: int) -> str:
        return f"({self.rng.choice(['not ', '-', '+', '~'])}{self.expression(depth)})"

    def conditional(self, depth: int) -> str:
        return f"({self.expression(depth)} if {self.expression(depth)} else {self.expression(depth)})"

    def display(self, depth: int) -> str:
        star = self.rng.choice(["", "", "*"])
        items = f"{self.expression(depth)}, {star}{self.expression(depth)},"
        form = self.rng.choice(["[{}]", "({})", "{{{}}}"])
        return form.format(items)

    def mapping(self, depth: int) -> str:
        return f"{{{self.expression(depth)}: {self.expression(depth)}, 'k': {self.expression(depth)}}}"

    def subscript(self, depth: int) -> str:
        index = self.rng.choice([self.expression(depth), "0", "1:", ":-1", "::2", "'k'"])
        return f"{self.expression(depth)}[{index}]"

    def comprehension(self, depth: int) -> str:
        target = self.rng.choice([self.rng.choice(COMPREHENSION_NAMES), "x", "x, y", "x, *y"])
        allowed, self.walrus_names = self.walrus_names, []
        source = self.rng.choice([f"range({self.rng.randint(0, 3)})", self.expression(depth), "[(1, 2), (3, 4)]"])
        self.walrus_names = ["w"] if allowed else []
        condition = self.rng.choice(["", f" if {self.expression(depth)}"])
        loop = f"for {target} in {source}{condition}"
        value = self.expression(depth)
        self.walrus_names = allowed
        forms = ["[{v} {l}]", "list({v} {l})", "{{repr({v}): {v} {l}}}", "[(lambda: {v})() {l}]"]
        return self.rng.choice(forms).format(v=value, l=loop)

    def call(self, depth: int) -> str:
        forms = [
            "log(len, {0})", "say({0}, {1})", "str({0})", "helper({0}, {1})", "helper({0}, k={1})",
            "helper(*[{0}, {1}])", "helper({0}, **{{'k': {1}}})",
            "(lambda p, q=1, *r: [p, q, r])({0})", "sorted([{0}, {1}], key=repr)",
            "list(map(lambda m: [m], {0}))", "isinstance({0}, (int, str))", "bool({0})", "text",
        ]  # fmt: skip
        form = self.rng.choice(forms)
        if form == "text":
            return f"f'{{{self.name()}!r}}-{{{self.name()}}}'"
        return form.format(self.expression(depth), self.expression(depth))

    def walrus(self, depth: int) -> str:
        if self.walrus_names:
            return f"({self.rng.choice(self.walrus_names)} := {self.expression(depth)})"
        return self.expression(depth)

    def attribute(self, depth: int) -> str:
        return f"({self.expression(depth)}).{self.rng.choice(['real', 'copy', 'missing', '__class__.__name__'])}"

    EXPRESSIONS = [
        binary, number, number, compare, logic, unary, conditional, display, mapping, subscript, comprehension,
        call, call, walrus, attribute,
    ]  # fmt: skip

    # -- statements ----------------------------------------------------------------------------------------------------

    def block(self, depth: int, size: int) -> None:
        for _ in range(self.rng.randint(1, size)):
            self.statements += 1
            if self.statements > MOST_STATEMENTS or depth > 7:
                self.line(depth, f"say('end', {self.name()})")
                return
            if self.rng.random() < 0.2:
                self.statement(depth)
                continue
            self.line(depth, "try:")
            self.statement(depth + 1)
            self.line(depth, "except Exception as error:")
            self.line(depth + 1, "say(type(error).__name__, str(error))")

    def statement(self, depth: int) -> None:
        before = len(self.lines)
        self.rng.choice(self.STATEMENTS)(self, depth)
        if len(self.lines) == before:
            self.log(depth)

    def assign(self, depth: int) -> None:
        value = self.number(3) if self.rng.random() < 0.4 else self.expression()
        self.line(depth, f"{self.name()} = {value}")

    def assign_many(self, depth: int) -> None:
        forms = ["{0}, {1} = {2}", "{0}, *{1} = {2}", "{0} = {1} = {2}", "[{0}, ({1}, {0})] = {2}"]
        self.line(depth, self.rng.choice(forms).format(self.name(), self.name(), self.expression()))

    def augment(self, depth: int) -> None:
        self.line(depth, f"{self.name()} {self.rng.choice(['+=', '-=', '|=', '%='])} {self.expression(1)}")

    def store(self, depth: int) -> None:
        index = self.rng.choice(["0", "'k'", "1:2", self.name()])
        self.line(depth, f"{self.name()}[{index}] = {self.expression()}")

    def delete(self, depth: int) -> None:
        self.line(depth, f"del {self.rng.choice(['{}', '{}[0]', '{}.attribute'])}".format(self.name()))

    def log(self, depth: int) -> None:
        shown = self.number(3) if self.rng.random() < 0.5 else self.expression()
        self.line(depth, f"say({shown}, {self.name()})")

    def decide(self, depth: int) -> None:
        self.line(depth, f"if {self.expression()}:")
        self.block(depth + 1, 3)
        if self.rng.random() < 0.4:
            self.line(depth, f"elif {self.expression()}:")
            self.block(depth + 1, 2)
        if self.rng.random() < 0.5:
            self.line(depth, "else:")
            self.block(depth + 1, 2)

    def loop(self, depth: int) -> None:
        source = self.rng.choice(["range(3)", "'pq'", "[(1, 2), (3, 4)]", self.expression(1), "enumerate([1, 2])"])
        self.line(depth, f"for {self.rng.choice([self.name(), 'i, j', self.name()])} in bounded({source}):")
        self.loop_body(depth)

    def loop_while(self, depth: int) -> None:
        counter = self.fresh("n")
        self.line(depth, f"{counter} = 0")
        self.line(depth, f"while {counter} < 3 and {self.expression(2)}:")
        self.line(depth + 1, f"{counter} += 1")
        self.loop_body(depth)

    def loop_body(self, depth: int) -> None:
        self.loops += 1
        self.block(depth + 1, 3)
        self.loops -= 1
        if self.rng.random() < 0.3:
            self.line(depth, "else:")
            self.block(depth + 1, 2)

    def leave(self, depth: int) -> None:
        if self.loops and self.rng.random() < 0.7:
            self.line(depth, f"if {self.expression(1)}:")
            self.line(depth + 1, self.rng.choice(["break", "continue"]))
        elif self.rng.random() < 0.5:
            self.line(depth, f"if {self.expression(1)}:")
            self.line(depth + 1, f"return {self.expression()}")

    def attempt(self, depth: int) -> None:
        self.line(depth, "try:")
        self.block(depth + 1, 3)
        handled = self.rng.random() < 0.85
        if handled:
            for _ in range(self.rng.randint(1, 2)):
                bind = self.rng.choice(["", " as err", f" as {self.name()}"])
                self.line(depth, f"except {self.rng.choice(ERRORS)}{bind}:")
                if bind == " as err":
                    self.line(depth + 1, "say(type(err).__name__, str(err), type(err.__context__).__name__)")
                self.block(depth + 1, 2)
                if self.rng.random() < 0.2:
                    self.line(depth + 1, self.rng.choice(["raise", "raise ValueError('again') from None"]))
            if self.rng.random() < 0.4:
                self.line(depth, "else:")
                self.block(depth + 1, 2)
        if not handled or self.rng.random() < 0.4:
            loops, self.loops = self.loops, 0
            self.line(depth, "finally:")
            self.block(depth + 1, 2)
            self.loops = loops

    def fail(self, depth: int) -> None:
        errors = ["ValueError({})", "KeyError({})", "ZeroDivisionError", "IndexError('i') from {}", "{}"]
        error = self.rng.choice(errors)
        self.line(depth, f"if {self.expression(1)}:")
        self.line(depth + 1, f"raise {error.format(self.expression(1))}")

    def check(self, depth: int) -> None:
        self.line(depth, f"assert {self.expression(2)}, {self.expression(1)}")

    def manage(self, depth: int) -> None:
        target = self.rng.choice(["", f" as {self.name()}"])
        self.line(depth, f"with Manager(say, {self.rng.choice(['True', 'False', 'False'])}){target}:")
        self.block(depth + 1, 3)

    def define(self, depth: int) -> None:
        if self.functions >= 3:
            return
        name = self.fresh("f")
        parameters = self.rng.choice(["p", "p, q=2", "p, *q", "p, /, q=1, *, r=3", "p=1, **q", "a, b=0"])
        self.line(depth, f"def {name}({parameters}):")
        taken = re.findall(r"\b[a-e]\b", parameters)
        shared = [each for each in self.rng.sample(NAMES, 2) if each not in taken]
        if shared and self.rng.random() < 0.5:
            self.line(depth + 1, f"nonlocal {', '.join(shared)}")
        loops, self.loops = self.loops, 0
        self.functions += 1
        self.block(depth + 1, 3)
        self.loops = loops
        self.line(depth + 1, f"return {self.expression(2)}")
        self.line(depth, f"{self.name()} = {name}({self.expression(1)})")
        if self.rng.random() < 0.3:
            self.line(depth, f"say([{name}(w) for w in bounded({self.name()})])")

    def define_class(self, depth: int) -> None:
        if self.functions >= 3:
            return
        name = self.fresh("C")
        base = self.rng.choice(["", "(Base)", "(list)"])
        self.line(depth, f"class {name}{base}:")
        self.walrus_names, allowed = [], self.walrus_names
        self.line(depth + 1, f"k = {self.expression(2)}")
        self.walrus_names = allowed
        self.line(depth + 1, f"{self.name()} = k")
        self.line(depth + 1, "def get(self, v):")
        self.functions += 1
        self.line(depth + 2, f"self.v = {self.expression(1)}")
        self.line(depth + 2, "return [self.v, v, self.k, __class__.__name__, super().__class__.__name__]")
        self.line(depth, f"{self.name()} = {name}().get({self.expression(1)})")

    def match(self, depth: int) -> None:
        self.line(depth, f"match {self.expression()}:")
        patterns = [
            "0 | 1 | 'x'", "None", "[]", "[first]", "[first, *rest]", "(first, _)", "{{'k': first}}", "{{**rest}}",
            "int() | float()", "str(first)", "bool() as first", "[int(), [first]]",
        ]  # fmt: skip
        for pattern in self.rng.sample(patterns, 3):
            guard = self.rng.choice(["", f" if {self.expression(1)}"])
            self.line(depth + 1, f"case {pattern.format()}{guard}:")
            self.line(depth + 2, "say('matched', first)" if "first" in pattern else "say('matched')")
            self.block(depth + 2, 1)

    STATEMENTS = [
        assign, assign, assign, assign_many, augment, store, delete, log, log, decide, loop, loop_while, leave, attempt,
        attempt, fail, check, manage, define, define, define_class, match,
    ]  # fmt: skip


def load(text: str, name: str) -> types.FunctionType:
    """The function `main` of a program, with its text where tracebacks and the interpreter look for it."""
    linecache.cache[name] = len(text), None, text.splitlines(keepends=True), name
    namespace: dict[str, Any] = {"__name__": "random_program"}
    exec(compile(text, name, "exec"), namespace)
    return namespace["main"]


# -- what the programs use ---------------------------------------------------------------------------------------------


class TooLong(Exception):
    """The program did more than it may."""


class World:
    """The globals of one run: helpers, and the log."""

    def __init__(self) -> None:
        self.entries: list[object] = []
        self.budget = 2000

    def say(self, *values: object) -> object:
        self.budget -= 1
        if self.budget < 0 or len(self.entries) > 500:
            raise TooLong
        self.entries.append(settled(values))
        return values[0]

    def bounded(self, values: Any) -> list[Any]:
        self.budget -= 1
        if self.budget < 0:
            raise TooLong
        return list(values)[:3]

    def install(self, namespace: dict[str, Any]) -> None:
        def helper(x, y=5, *z, k=None):
            return [x, y, z, k]

        namespace.update(
            say=self.say, bounded=self.bounded, clip=clip, Manager=Manager, Base=Base, helper=helper,
            log=lambda fn, value: fn(value),
        )  # fmt: skip


def clip(value: Any) -> Any:
    if type(value) in (int, float):
        return value % 1000
    return value[:4] if isinstance(value, (str, list, tuple)) else value


class Manager:
    def __init__(self, say: Any, swallow: bool) -> None:
        self.say, self.swallow = say, swallow

    def __enter__(self) -> list[int]:
        self.say("enter")
        return [7, 8]

    def __exit__(self, kind: Any, error: Any, trace: Any) -> bool:
        self.say("exit", kind and kind.__name__, str(error))
        return self.swallow


class Base:
    k = "base"


def settled(value: object) -> str:
    """A text for a value that does not depend on the run."""
    return re.sub(r"0x[0-9a-f]+|<(interpreted )?function", "-", repr(value))


def run(fn: types.FunctionType, call: Any) -> tuple[str, object, list[object]]:
    """Call the program with fresh arguments: what it gave or raised, and its log."""
    world = World()
    world.install(fn.__globals__)
    try:
        given = settled(call(fn, (1, [2, 3], "abc", {"k": 0}, (4, [5]))))
        error = None
    except Exception as caught:
        given = ""
        error = type(caught).__name__, settled(str(caught))
    return given, error, world.entries
