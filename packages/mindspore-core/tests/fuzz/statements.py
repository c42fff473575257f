"""Statements: assignments of every form, containers, branches, loops, `try`, printing and raising."""
from __future__ import annotations

from expressions import KEYS
from writing import (
    DICT,
    FLAG,
    FLOATING,
    INDICES,
    INT,
    LIST,
    MASK,
    MATRIX,
    MOST_LOOPS,
    OPTIONAL,
    SCALAR,
    SET,
    TEXT,
    VECTOR,
    Writer,
    has,
    production,
)

# -- tensors -----------------------------------------------------------------------------------------------------------


@production("statement")
def assign(w: Writer) -> None:
    kind = w.choice([SCALAR, VECTOR])
    name = w.target(kind)
    text = w.expression(kind)
    if name.endswith((".p", ".u")):
        text = f"({text}) * 1.0"  # a Parameter that is assigned to an attribute takes its place
    w.line(f"{name} = {text}")
    w.bind(name, kind)


@production("declaration", times=3)
@production("statement", times=2)
def assign_matrix(w: Writer) -> None:
    name = w.target(MATRIX)
    w.line(f"{name} = {w.matrix()}")
    w.bind(name, MATRIX)


@production("statement")
def assign_many(w: Writer) -> None:
    scalar, vector = w.fresh(SCALAR), w.fresh(VECTOR)
    w.line(f"{scalar}, ({vector}, *rest) = {w.scalar()}, [{w.vector()}, 1, 2]")
    w.bind(scalar, SCALAR)
    w.bind(vector, VECTOR)


@production("statement")
def unpack(w: Writer) -> None:
    """Star-unpacking: a list from what is left, or scalars from a vector."""
    if w.chance():
        first, others = w.fresh(VECTOR), w.fresh(LIST)
        w.line(f"{first}, *{others} = {w.choice(['{}, {}, {}', '[*({}, {}), {}]']).format(*three_vectors(w))}")
        w.bind(first, VECTOR)
        w.bind(others, LIST)
    else:
        names = [w.fresh(SCALAR), w.fresh(SCALAR)]
        w.line(f"{w.choice(['{}, _, {}', '{}, *_, {}']).format(*names)} = {w.vector(1)}")
        for name in names:
            w.bind(name, SCALAR)


def three_vectors(w: Writer) -> list[str]:
    return [w.vector(1), w.vector(0), w.vector(0)]


@production("statement")
def augment(w: Writer) -> None:
    kind = w.choice([kind for kind in FLOATING if w.scope.of(kind, writable=True)] or [None])
    if kind is None:
        return assign(w)
    name = w.choice(w.scope.of(kind, writable=True))
    w.effects += name not in w.scope.own
    operator = w.choice(["+= {}", "-= {}", "*= ops.tanh({})", "/= (ops.cos({}) + 2)"])
    w.line(f"{name} {operator.format(w.expression(kind, 1))}")


@production("statement")
def assign_walrus(w: Writer) -> None:
    name, target = w.fresh(SCALAR), w.fresh(SCALAR)
    w.line(f"{target} = ({name} := {w.scalar(1)}) * 0.5 + {name}")
    w.bind(name, SCALAR)
    w.bind(target, SCALAR)


@production("declaration")
@production("statement")
def assign_mask(w: Writer) -> None:
    name = w.target(MASK)
    w.line(f"{name} = {w.mask()}")
    w.bind(name, MASK)


@production("declaration")
@production("statement")
def assign_indices(w: Writer) -> None:
    name = w.target(INDICES)
    w.line(f"{name} = {w.indices()}")
    w.bind(name, INDICES)


@production("statement", possible=has(VECTOR, writable=True))
def assign_element(w: Writer) -> None:
    index = w.choice(["0", "-1", f"{w.whole()} % 3"])
    w.line(f"{w.changed(VECTOR)}[{index}] {w.choice(['=', '+=', '-='])} {w.scalar(1)}")


@production("statement", possible=has(VECTOR, writable=True))
def assign_slice(w: Writer) -> None:
    index, value = w.choice([("1:", 2), (":2", 2), ("::2", 2), ("...", 3), ("::-1", 3)])
    text = w.choice([w.scalar(1), f"{w.vector(1)}[:{value}]"])
    w.line(f"{w.changed(VECTOR)}[{index}] {w.choice(['=', '+=', '*= 0.5 *'])} {text}")


@production("statement", possible=has(VECTOR, writable=True))
def assign_by_tensor(w: Writer) -> None:
    """Index assignment by a mask or by ints; equal ints assign equal values."""
    index = w.choice([w.mask(), w.indices()])
    w.line(f"{w.changed(VECTOR)}[{index}] = {w.choice([w.scalar(1), '0.25'])}")


@production("statement", times=5, possible=has(MATRIX, writable=True))
def assign_in_matrix(w: Writer) -> None:
    index, text = w.choice([("0", w.vector(1)), (":, 1", w.scalar(1)), ("..., 2", w.scalar(0)),
                            ("1, :2", f"{w.vector(0)}[1:]"), (f"{w.whole()} % 2", w.vector(0)),
                            (f"{w.whole()} % 2, 1", w.scalar(0)), ("None, 0, :", w.vector(0)), ("0, 1:", w.scalar(0)),
                            (f"0, {w.indices()}", w.scalar(0)), ("::-1", w.vector(0)), ("...", w.matrix(0))])
    w.line(f"{w.changed(MATRIX)}[{index}] {w.choice(['=', '+='])} {text}")


# -- other values ------------------------------------------------------------------------------------------------------


@production("declaration")
@production("statement")
def assign_int(w: Writer) -> None:
    name = w.target(INT)
    w.line(f"{name} = {w.whole()} % 5")
    w.bind(name, INT)


@production("declaration")
@production("statement")
def assign_flag(w: Writer) -> None:
    name = w.target(FLAG)
    w.line(f"{name} = {w.condition(1)}")
    w.bind(name, FLAG)


@production("declaration")
@production("statement", notes=("text by a condition",))
def assign_text(w: Writer) -> None:
    """A string, by a condition or without one."""
    name, text = w.target(TEXT), w.choice(KEYS)
    if w.chance():
        w.note("text by a condition")
        text = f"{text} if {w.condition(1)} else {w.choice(KEYS)}"
    w.line(f"{name} = {text}")
    w.bind(name, TEXT)


@production("declaration")
@production("statement", notes=("something or nothing",))
def assign_optional(w: Writer) -> None:
    """None or a scalar."""
    name = w.target(OPTIONAL)
    if w.chance():
        w.line(f"{name} = {w.choice([w.scalar(1), 'None'])}")
    else:
        w.note("something or nothing")
        w.line(f"{name} = {w.scalar(1)} if {w.condition(1)} else None")
    w.bind(name, OPTIONAL)


@production("declaration", times=2)
@production("statement")
def make_list(w: Writer) -> None:
    name = w.fresh(LIST)
    form = w.choice(["[{0}, {1}]", "[{0} * k for k in range(1, 3)]", "[{0}, *[{1}]]", "list(({0}, {1}))",
                     "[e * 0.5 for e in ({0}, {1})]"])
    w.line(f"{name} = {form.format(w.vector(1), w.vector(0))}")
    w.bind(name, LIST)


@production("statement", times=5, possible=has(LIST))
def change_list(w: Writer) -> None:
    form = w.choice(["{0}.append({1})", "{0}[0] = {1}", "{0}[-1] = {0}[0] * 0.5", "{0}.insert(0, {1})",
                     "{0} += [{1}]", "{0}.reverse()", "{0}.extend([{1}])", "{0}[0] += {1}", "{0}[1:] = [{1}]"])
    name = w.changed(LIST)
    if form.startswith("{0} +=") and name not in w.scope.writable:
        form = "{0}.append({1})"
    w.line(form.format(name, w.vector(1)))


@production("statement", times=3, possible=has(LIST))
def alias_list(w: Writer) -> None:
    alias, name = w.fresh(LIST), w.name(LIST)
    w.line(f"{alias} = {w.choice(['{}', '{}[:]', 'list(reversed({}))', '[*{}]']).format(name)}")
    w.bind(alias, LIST, own=name in w.scope.own)


@production("declaration", times=2)
@production("statement")
def make_dict(w: Writer) -> None:
    name = w.fresh(DICT)
    form = w.choice(['{{"a": {0}, "b": {1}}}', '{{k: {0} * len(k) for k in ("a", "b")}}', 'dict(zip("ab", [{0}, {1}]))',
                     *[f'{{{{**{other}, "a": {{0}}}}}}' for other in w.scope.of(DICT)[:1]]])
    w.line(f"{name} = {form.format(w.vector(1), w.vector(1))}")
    w.bind(name, DICT)


@production("statement", times=5, possible=has(DICT))
def change_dict(w: Writer) -> None:
    key = w.choice([*KEYS, *w.scope.of(TEXT)])
    form = w.choice(["{0}[{1}] = {2}", "{0}[{1}] += {2}", "{0}.update({{{1}: {2}}})", "{0}[{1}] = {2} + {0}.pop({1})"])
    w.line(form.format(w.changed(DICT), key, w.vector(1)))


@production("declaration")
@production("statement")
def make_set(w: Writer) -> None:
    name = w.fresh(SET)
    w.line(f"{name} = {w.choice(['{1, 2}', 'set()', '{k % 2 for k in range(3)}', '{1} | {4}'])}")
    w.bind(name, SET)


@production("statement", times=5, possible=has(SET))
def change_set(w: Writer) -> None:
    w.line(f"{w.changed(SET)}.{w.choice(['add(2)', 'add(4)', 'discard(1)', 'update({4, 5})'])}")


# -- branches ----------------------------------------------------------------------------------------------------------


@production("statement", times=4, notes=("elif",))
def branch(w: Writer) -> None:
    joined = w.fresh(SCALAR) if w.chance() else None
    arm(w, f"if {w.condition()}:", joined)
    if joined is None and w.chance():
        return
    if w.chance():
        w.note("elif")
        arm(w, f"elif {w.condition()}:", joined)
    arm(w, "else:", joined)
    if joined is not None:
        w.bind(joined, SCALAR)


def arm(w: Writer, head: str, joined: str | None) -> None:
    with w.inner(head):
        w.block(2)
        if joined is not None:
            w.line(f"{joined} = {w.scalar(1)}")


@production("statement")
def match_number(w: Writer) -> None:
    """A `match` on an int, a number or a tensor, with alternatives and a guard."""
    name, captured = w.name(VECTOR), w.fresh(INT)
    w.line(f"match {w.choice([f'len({name})', f'{name}.ndim', f'{name}.shape[0]', w.whole()])}:")
    w.depth += 1
    arm(w, f"case {w.choice(['0', '1', '3', '1 | 2', '0 | 3'])}:", None)
    if w.chance():
        with w.parameters({captured: INT}):
            arm(w, f"case {captured} if {w.condition(1)}:", None)
    arm(w, "case _:", None)
    w.depth -= 1


@production("statement")
def match_structure(w: Writer) -> None:
    """A `match` on a tuple or a dict."""
    first, second = w.fresh(VECTOR), w.fresh(SCALAR)
    dicts = w.scope.of(DICT)
    if dicts and w.chance():
        w.line(f"match {w.choice(dicts)}:")
        cases = [f'case {{"a": {first}, "c": {second}}}:', f'case {{"b": {first}}}:']
        names: list[dict] = [{first: VECTOR, second: SCALAR}, {first: VECTOR}]
    else:
        w.line(f"match ({w.vector(1)}, {w.scalar(1)}, {w.whole()}):")
        cases = [f"case ({first}, {second}, {w.choice('012')}):", f"case [{first}, *_]:"]
        names = [{first: VECTOR, second: SCALAR}, {first: VECTOR}]
    w.depth += 1
    for head, bound in zip(cases, names):
        with w.parameters(bound):
            arm(w, head, None)
    w.depth -= 1


WORDS = ("return", "return in a loop", "break in a loop", "continue in a loop")


@production("statement", times=2, notes=WORDS)
def leave(w: Writer) -> None:
    """An early exit under a condition: from the loop, or from the function."""
    word = w.choice(["break", "continue", "return"] if w.loops else ["return"])
    w.note(f"{word} in a loop" if w.loops else word)
    with w.inner(f"if {w.condition(1)}:"):
        if w.chance():
            assign(w)
        w.line(f"return {w.result()}" if word == "return" else word)


# -- loops -------------------------------------------------------------------------------------------------------------


def may_loop(w: Writer) -> bool:
    return w.loops < MOST_LOOPS


def loop_body(w: Writer, names: dict[str, str], first: str | None = None) -> None:
    w.scope.names.update(names)
    if first is not None:
        w.line(first)
    w.loops += 1
    if w.chance():
        assign(w)
        leave(w)
    w.block(2)
    if w.chance():
        leave(w)
        assign(w)
    w.loops -= 1


def loop_else(w: Writer) -> None:
    if w.chance():
        w.note("else of a loop")
        with w.inner("else:"):
            assign(w)


@production("statement", times=4, notes=("else of a loop",), possible=may_loop)
def loop_for(w: Writer) -> None:
    kinds, target, source = w.choose("source")
    with w.inner(f"for {target} in {source}:"):
        loop_body(w, kinds)
    loop_else(w)


@production("source")
def over_range(w: Writer) -> tuple:
    name = w.fresh("k")
    return {name: INT}, name, w.choice(["range(2)", "range(1, 4)", "range(4, 0, -2)"])


@production("source")
def over_tensor_range(w: Writer) -> tuple:
    name = w.fresh("k")
    form = w.choice(["range({0} % 4)", "range({0} % 3 + 1)", "range(1, {0} % 4)"])
    return {name: INT}, name, form.format(w.name(INT))


@production("source")
def over_elements(w: Writer) -> tuple:
    name = w.fresh("e")
    kind, source = w.choice([(SCALAR, w.vector(1)), (VECTOR, w.matrix())])
    return {name: kind}, name, source


@production("source")
def over_list(w: Writer) -> tuple:
    name = w.fresh("e")
    source = w.choice([f"({w.vector(0)}, {w.vector(1)})", *[f"{each}[:]" for each in w.scope.of(LIST)]])
    return {name: VECTOR}, name, w.choice(["{}", "reversed({})"]).format(source)


@production("source")
def over_enumerate(w: Writer) -> tuple:
    index, name = w.fresh("k"), w.fresh("e")
    kind, source = w.choice([(SCALAR, w.vector(0)), (VECTOR, f"[{w.vector(1)}, {w.vector(0)}]"), (VECTOR, w.matrix(0))])
    return {index: INT, name: kind}, f"{index}, {name}", f"enumerate({source}{w.choice(['', ', 1'])})"


@production("source")
def over_zip(w: Writer) -> tuple:
    a, b = w.fresh("e"), w.fresh("e")
    kind, second = w.choice([(VECTOR, f"[{w.vector(1)}, {w.vector(0)}]"), (SCALAR, w.vector(0)), (VECTOR, w.matrix(0))])
    return {a: SCALAR, b: kind}, f"{a}, {b}", f"zip({w.vector(0)}, {second})"


@production("source", times=6, possible=has(DICT))
def over_dict(w: Writer) -> tuple:
    key, name = w.fresh("x"), w.fresh("e")
    source = w.name(DICT)
    if w.chance():
        return {name: VECTOR}, name, f"{w.choice(['list({}.values())', '{}.values()']).format(source)}"
    return {key: TEXT, name: VECTOR}, f"{key}, {name}", f"list({source}.items())"


@production("statement", times=3, notes=("while on a condition",), possible=may_loop)
def loop_while(w: Writer) -> None:
    """A loop whose counter, a tensor or a number, is the first thing that a trip changes."""
    bound = f"{w.name(INT)} % 4" if "n" not in w.scope.names else "n"
    start, step, test = w.choice([(f"{bound} * 0", "+ 1", "{0} < {2}"), (bound, "- 1", "{0} > 0"),
                                  ("0", "+ 1", "{0} < 3"), (f"{w.name(SCALAR)} * 0", "+ 0.7", "{0} < 2"),
                                  (f"{bound} * 0", "+ 1", "{0} < {2} and ({1})"), ("0", "+ 1", "{0} < 3 and ({1})")])
    counter = w.fresh("j")
    w.line(f"{counter} = {start}")
    if "{1}" in test:
        w.note("while on a condition")
    with w.inner(f"while {test.format(counter, w.condition(1), bound)}:"):
        loop_body(w, {counter: SCALAR if "0.7" in step else INT}, f"{counter} = {counter} {step}")
    loop_else(w)


@production("statement", possible=may_loop)
def loop_forever(w: Writer) -> None:
    counter = w.fresh("j")
    w.line(f"{counter} = {w.choice([f'{w.name(INT)} * 0', '0'])}")
    with w.inner("while True:"):
        w.line(f"{counter} = {counter} + 1")
        with w.inner(f"if {counter} > {w.choice(['n' if 'n' in w.scope.names else '1', '2'])} or {w.condition(1)}:"):
            w.line("break")
        loop_body(w, {counter: INT})


# -- exceptions and printing -------------------------------------------------------------------------------------------


@production("statement")
def attempt(w: Writer) -> None:
    """A `try` in which nothing depends on a tensor's value."""
    target = w.fresh(VECTOR)
    w.line("try:")
    w.line_at(w.depth + 1, f"{target} = {w.vector(1)}{w.choice(['', ' * [][0]'])}")
    w.line("except IndexError:")
    w.line_at(w.depth + 1, f"{target} = {w.vector(1)}")
    if w.chance():
        w.line("finally:")
        w.line_at(w.depth + 1, f"{w.fresh(SCALAR)} = 1")
    w.bind(target, VECTOR)


@production("statement", notes=("handler of a tensor's raise",))
def attempt_on_tensors(w: Writer) -> None:
    """A `try` around a block; a `raise` under a condition that is caught, or only a `finally`."""
    with w.inner("try:"):
        w.block(2)
        raises = w.chance()
        if raises:
            w.note("handler of a tensor's raise")
            with w.inner(f"if {w.condition(1)}:"):
                w.line("raise ValueError")
            assign(w)
    if raises:
        with w.inner("except ValueError:"):
            assign(w)
    if not raises or w.chance():
        with w.inner("finally:"):
            assign(w)


@production("statement", times=2, notes=("raise in a loop",))
def raise_error(w: Writer) -> None:
    """An error that leaves the program, rarely."""
    w.effects += 1
    if w.loops:
        w.note("raise in a loop")
    with w.inner(f"if {w.scalar(1)} > {w.choice(['1.6', '2.1'])}:"):
        w.line(f'raise ValueError(f"too much: {{{w.name(SCALAR)}:.2f}}")')


@production("statement")
def say(w: Writer) -> None:
    """Print a tensor, a number or a formatted string."""
    w.effects += 1
    form = w.choice(['print("int", {0})', 'print(f"{{{0}}} and {{{1}:.3f}}")', 'print({2} * 2, "vector")',
                     'print({1} > 0.1)', 'print(f"{{{2} + 1}}", {0}, sep=":")'])
    w.line(form.format(w.whole(), w.name(SCALAR), w.name(VECTOR)))


@production("statement")
def delete(w: Writer) -> None:
    """A variable is made and deleted."""
    name = w.fresh(SCALAR)
    w.line(f"{name} = {w.scalar(1)}")
    target = w.target(SCALAR)
    w.line(f"{target} = {name} * 0.5")
    w.line(f"del {name}")
    w.bind(target, SCALAR)

