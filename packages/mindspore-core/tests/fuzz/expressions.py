"""Expressions: float scalars, vectors of three floats, matrices of two rows, ints, masks, indices, and conditions.

Each production keeps values within a few powers of ten: what could grow is damped by `tanh`, denominators are at least
one. All of it is smooth in the floats as long as its comparisons and its orders come out the same (`world.py` notes
them), so differences give its derivative.
"""
from __future__ import annotations

from writing import (
    DICT,
    FLAG,
    INDICES,
    INT,
    LIST,
    MASK,
    MATRIX,
    OBJECT,
    OPTIONAL,
    SCALAR,
    SET,
    TEXT,
    VECTOR,
    Writer,
    has,
    production,
)

KEYS = ['"a"', '"b"']


def function_of(kind: str):
    """Whether there is a function whose result is of a kind."""
    return lambda w: any(its.result == kind for its in w.scope.functions.values())


# -- scalars -----------------------------------------------------------------------------------------------------------


@production("scalar")
def scalar_variable(w: Writer, depth: int) -> str:
    return w.name(SCALAR)


@production("scalar")
def scalar_sum(w: Writer, depth: int) -> str:
    return f"({w.scalar(depth)} {w.choice('+-')} {w.scalar(depth)})"


@production("scalar")
def scalar_scaled(w: Writer, depth: int) -> str:
    return f"({w.scalar(depth)} * {w.choice(['0.5', '-0.7', '0.9'])} + {w.choice(['0.3', '1', '-2'])})"


@production("scalar")
def scalar_function(w: Writer, depth: int) -> str:
    form = w.choice(["ops.sin({})", "ops.cos({})", "ops.tanh({})", "abs({})", "-{}", "ops.sigmoid({})"])
    return form.format(w.scalar(depth))


@production("scalar")
def scalar_product(w: Writer, depth: int) -> str:
    return f"(ops.tanh({w.scalar(depth)}) * {w.scalar(depth)})"


@production("scalar")
def scalar_quotient(w: Writer, depth: int) -> str:
    divisor = w.scalar(0)
    return f"({w.scalar(depth)} / ({divisor} * {divisor} + 1))"


@production("scalar")
def scalar_power(w: Writer, depth: int) -> str:
    return f"(ops.cos({w.scalar(depth)}) ** {w.choice(['2', '3', w.whole()])})"


@production("scalar")
def scalar_times_int(w: Writer, depth: int) -> str:
    """Mixed dtypes: a float and an int, or the int as a float of less precision."""
    form = w.choice(["({} * {})", "({} + {} * 0.5)", *["({} * n.astype(float32))"] * ("n" in w.scope.names)])
    return form.format(w.scalar(depth), w.whole())


@production("scalar")
def scalar_extremum(w: Writer, depth: int) -> str:
    return f"{w.choice(['max', 'min', 'ops.maximum', 'ops.minimum'])}({w.scalar(depth)}, {w.scalar(0)})"


@production("scalar")
def reduction(w: Writer, depth: int) -> str:
    form = w.choice(["{}.sum()", "{}.mean()", "{}.max()", "{}.min()", "ops.tanh({}).prod()", "ops.logsumexp({}, 0)"])
    return form.format(w.vector(depth))


@production("scalar")
def matrix_reduction(w: Writer, depth: int) -> str:
    return f"{w.matrix(depth)}.{w.choice(['sum()', 'mean()', 'max()', 'sum(1)[0]', 'mean((0, 1))'])}"


@production("scalar")
def element(w: Writer, depth: int) -> str:
    return f"{w.name(VECTOR)}[{w.choice(['0', '2', '-1'])}]"


@production("scalar")
def element_by_tensor(w: Writer, depth: int) -> str:
    return f"{w.name(VECTOR)}[{w.whole()} % 3]"


@production("scalar", times=2, possible=has(MATRIX))
def matrix_element(w: Writer, depth: int) -> str:
    return f"{w.name(MATRIX)}[{w.choice(['0, 1', '-1, -1', f'{w.whole()} % 2, 1'])}]"


@production("scalar")
def dot_product(w: Writer, depth: int) -> str:
    form = w.choice(["(ops.tanh({}) @ {})", 'ops.einsum("i,i->", ops.sin({}), {})', "ops.dot(ops.cos({}), {})"])
    return form.format(w.vector(0), w.vector(0))


@production("scalar")
def scalar_conditional(w: Writer, depth: int) -> str:
    return f"({w.scalar(depth)} if {w.condition(1)} else {w.scalar(depth)})"


@production("scalar", times=2, possible=function_of(SCALAR))
def scalar_call(w: Writer, depth: int) -> str:
    return w.call(SCALAR, depth)


@production("scalar")
def scalar_lambda(w: Writer, depth: int) -> str:
    name = w.fresh("a")
    argument = w.scalar(depth)
    with w.parameters({name: SCALAR}):
        body = w.scalar(depth)
    return f"(lambda {name}: {body})({argument})"


@production("scalar", times=3, possible=has(OPTIONAL))
def optional_value(w: Writer, depth: int) -> str:
    name = w.name(OPTIONAL)
    form = w.choice(["({1} if {0} is None else {0})", "({0} * 0.5 if {0} is not None else {1})"])
    return form.format(name, w.scalar(depth))


@production("scalar")
def generated_sum(w: Writer, depth: int) -> str:
    """The sum over a generator expression."""
    name = w.fresh("e")
    kind, source = w.choice([(SCALAR, w.name(VECTOR)), (VECTOR, f"[{w.name(VECTOR)}, {w.name(VECTOR)}]")])
    with w.parameters({name: kind}):
        body = w.scalar(depth)
        test = f" if {w.condition(0)}" if w.chance() else ""
    return f"sum(({body} for {name} in {source}{test}), {w.name(SCALAR)})"


# -- vectors -----------------------------------------------------------------------------------------------------------


@production("vector")
def vector_variable(w: Writer, depth: int) -> str:
    return w.name(VECTOR)


@production("vector")
def vector_sum(w: Writer, depth: int) -> str:
    return f"({w.vector(depth)} {w.choice('+-')} {w.vector(depth)})"


@production("vector")
def vector_and_scalar(w: Writer, depth: int) -> str:
    return f"({w.vector(depth)} {w.choice('+-')} {w.scalar(depth)})"


@production("vector")
def vector_scaled(w: Writer, depth: int) -> str:
    factor = w.choice(["0.5", "-0.7", f"ops.sin({w.name(SCALAR)})", f"ops.cos({w.name(SCALAR)})"])
    return f"({w.vector(depth)} * {factor})"


@production("vector")
def vector_function(w: Writer, depth: int) -> str:
    return f"{w.choice(['ops.sin', 'ops.tanh', 'ops.cos', 'ops.relu', 'abs', '-', 'ops.sigmoid'])}({w.vector(depth)})"


@production("vector")
def vector_product(w: Writer, depth: int) -> str:
    return f"(ops.tanh({w.vector(depth)}) * {w.vector(depth)})"


@production("vector")
def vector_quotient(w: Writer, depth: int) -> str:
    divisor = w.vector(0)
    return f"({w.vector(depth)} / ({divisor} * {divisor} + 1))"


@production("vector")
def vector_extremum(w: Writer, depth: int) -> str:
    form = w.choice(["ops.maximum({}, {})", "ops.minimum({}, {})", "ops.clamp({}, -0.8, 0.9)"])
    return form.format(w.vector(depth), w.vector(0))


@production("vector")
def selection(w: Writer, depth: int) -> str:
    return f"ops.where({w.mask()}, {w.vector(depth)}, {w.choice([w.vector(0), '0.25'])})"


@production("vector")
def masked(w: Writer, depth: int) -> str:
    """Mixed dtypes: floats and bools, or floats and ints."""
    form = w.choice(["({} * {}.astype(float64))", "ops.masked_fill({}, {}, 0.5)"])
    return w.choice([form.format(w.vector(depth), w.mask()), f"({w.vector(depth)} + {w.indices()} * 0.5)"])


@production("vector")
def stacking(w: Writer, depth: int) -> str:
    return f"ops.stack([{w.scalar(depth)}, {w.scalar(0)}, {w.scalar(0)}])"


@production("vector")
def shuffling(w: Writer, depth: int) -> str:
    form = w.choice(["{0}[::-1]", "ops.cat([{0}[1:], {1}[:1]])", "ops.roll({0}, 1)", "ops.flip({0}, (0,))",
                     "{0}[None, :, None].reshape(3)", "{0}[..., None].sum(-1)"])
    return form.format(w.vector(depth), w.name(VECTOR))


@production("vector")
def cumulative(w: Writer, depth: int) -> str:
    form = w.choice(["(ops.cumsum({}, 0) * 0.3)", "ops.softmax({}, -1)", "ops.cumprod(ops.cos({}), 0)",
                     "ops.cummax({}, 0)[0]"])
    return form.format(w.vector(depth))


@production("vector")
def ordered(w: Writer, depth: int) -> str:
    form = w.choice(["ops.sort({})[0]", "ops.topk({}, 3)[0]", "ops.sort({}, -1, True)[0]",
                     "(ops.topk({}, 1)[0] * {})"])
    return form.format(w.vector(depth), w.name(VECTOR))


@production("vector")
def gathered(w: Writer, depth: int) -> str:
    form = w.choice(["{}[{}]", "ops.gather({}, {}, 0)", "ops.index_select({}, 0, {})"])
    return form.format(w.vector(depth), w.indices())


@production("vector", times=2)
def matrix_to_vector(w: Writer, depth: int) -> str:
    form = w.choice(["{}[0]", "{}[-1]", "{}.sum(0)", "{}.mean(0)", "ops.amax({}, 0)",
                     "(ops.stack([{1}, {1}]) @ {0})[0]", "{0}[{2} % 2]",
                     'ops.einsum("ij,j->j", {0}, {3})', "({0}.T @ {0}[:, 0])"])
    text = w.matrix(depth)
    return form.format(text, f"ops.tanh({text}[:, 1])", w.whole(), w.name(VECTOR))


@production("vector", times=2, possible=has(LIST))
def list_item(w: Writer, depth: int) -> str:
    return f"{w.name(LIST)}[{w.choice(['0', '-1'])}]"


@production("vector", times=2, possible=has(LIST))
def list_total(w: Writer, depth: int) -> str:
    names = w.scope.of(LIST)
    return f"(sum({w.choice(names)}) / {w.choice(['4', 'len(' + names[0] + ')'])})"


@production("vector", times=2, possible=has(DICT))
def dict_item(w: Writer, depth: int) -> str:
    key = w.choice([*KEYS, *w.scope.of(TEXT)])
    return w.choice(["{}[{}]", "{}.get({})"]).format(w.name(DICT), key)


@production("vector", times=2, possible=has(DICT))
def dict_total(w: Writer, depth: int) -> str:
    form = w.choice(["sum({}.values())", "sum([k * 0.5 for k in {}.values()])",
                     'sum(e * len(k) for k, e in {}.items())'])
    return f"({form.format(w.name(DICT))} / 3)"


@production("vector")
def comprehension(w: Writer, depth: int) -> str:
    name = w.fresh("e")
    source = w.choice([f"[{w.vector(0)}, {w.vector(0)}]", *w.scope.of(LIST)])
    with w.parameters({name: VECTOR}):
        body = w.vector(depth)
    test = w.choice(["", f" if {w.name(VECTOR)}.ndim == 1"])
    return w.choice(["(sum([{} for {} in {}{}]) * 0.3)", "(sum({} for {} in {}{}) * 0.3)"]).format(
        body, name, source, test)


@production("vector")
def vector_conditional(w: Writer, depth: int) -> str:
    return f"({w.vector(depth)} if {w.condition(1)} else {w.vector(depth)})"


@production("vector", times=2, possible=function_of(VECTOR))
def vector_call(w: Writer, depth: int) -> str:
    return w.call(VECTOR, depth)


# -- matrices ----------------------------------------------------------------------------------------------------------


@production("matrix", times=3)
def rows(w: Writer, depth: int) -> str:
    form = w.choice(["ops.stack([{}, {}])", "ops.cat([{}[None], {}[None]])", "ops.stack(({}, {}), 0)"])
    return form.format(w.vector(depth), w.name(VECTOR))


@production("matrix", times=2)
def outer_product(w: Writer, depth: int) -> str:
    return f"({w.name(VECTOR)}[:2].reshape(2, 1) * ops.tanh({w.vector(depth)}))"


@production("matrix", times=4, possible=has(MATRIX))
def matrix_arithmetic(w: Writer, depth: int) -> str:
    form = w.choice(["({0} + {1})", "({0} * {2})", "ops.tanh({0})", "({0}[::-1] - {2})",
                     "ops.where({0} > {1}, {0}, {2})", "ops.sort({0}, 0)[0]", "(ops.cumsum({0}, 1) * 0.5)",
                     "ops.tril({0})"])
    return form.format(w.name(MATRIX), w.name(MATRIX), w.vector(depth))


@production("matrix", times=4, possible=has(MATRIX))
def matrix_product(w: Writer, depth: int) -> str:
    form = w.choice(["(ops.matmul(ops.tanh({0}), {0}.T) @ ops.sin({1}))", "({0} @ ops.tanh({1}.T @ {1}))",
                     'ops.einsum("ij,kj,kl->il", ops.sin({0}), ops.cos({1}), {0})',
                     'ops.einsum("ij,j->ij", {0}, {2})'])
    return form.format(w.name(MATRIX), w.name(MATRIX), w.name(VECTOR))


# -- ints, masks, indices ----------------------------------------------------------------------------------------------


@production("whole", times=2)
def int_variable(w: Writer) -> str:
    return w.name(INT)


@production("whole", times=2)
def int_arithmetic(w: Writer) -> str:
    return f"({w.name(INT)} {w.choice(['+ 1', '* 2', '% 2', '// 2'])})"


@production("whole")
def int_of_vector(w: Writer) -> str:
    return w.choice(["ops.argmax({}, 0)", "({} > 0).sum()", "len({})", "{}.shape[0]"]).format(w.name(VECTOR))


@production("whole", possible=lambda w: w.scope.of(LIST) + w.scope.of(SET))
def size_of_container(w: Writer) -> str:
    return f"len({w.choice(w.scope.of(LIST) + w.scope.of(SET))})"


@production("mask", times=2)
def mask_by_comparison(w: Writer, depth: int) -> str:
    return f"({w.vector(0)} {w.choice('<>')} {w.choice(['0.1', '-0.4', w.scalar(0), w.vector(0)])})"


@production("mask", times=2, possible=has(MASK))
def mask_variable(w: Writer, depth: int) -> str:
    return w.choice(["{}", "(~{})"]).format(w.name(MASK))


@production("mask", times=2)
def mask_arithmetic(w: Writer, depth: int) -> str:
    if depth == 0:
        return mask_by_comparison(w, 0)
    form = w.choice(["({} & {})", "({} | {})", "ops.logical_or({}, ~{})", "({} ^ {})"])
    return form.format(w.mask(depth - 1), w.mask(depth - 1))


@production("indices")
def constant_indices(w: Writer) -> str:
    return w.choice(["ops.arange(3)", "Tensor([2, 0, 1])", "(Tensor([1, 1, 2]) - 1)"])


@production("indices")
def order_as_indices(w: Writer) -> str:
    return w.choice(["ops.argsort({})", "ops.sort({})[1]", "ops.topk({}, 3)[1]"]).format(w.vector(1))


@production("indices")
def mixed_indices(w: Writer) -> str:
    return w.choice([f"{w.mask()}.astype(int64)", f"((ops.arange(3) + {w.whole()}) % 3)"])


@production("indices", times=4, possible=has(INDICES))
def indices_variable(w: Writer) -> str:
    return w.name(INDICES)


# -- conditions --------------------------------------------------------------------------------------------------------


@production("condition")
@production("comparison")
def compare_scalars(w: Writer, depth: int) -> str:
    return f"{w.scalar(1)} {w.choice('<>')} {w.scalar(0)}"


@production("condition")
@production("comparison")
def compare_with_number(w: Writer, depth: int) -> str:
    return f"{w.scalar(1)} {w.choice('<>')} {w.choice(['0.2', '-0.6', '1.1'])}"


@production("condition")
@production("comparison")
def compare_ints(w: Writer, depth: int) -> str:
    return f"{w.whole()} {w.choice(['<', '<=', '==', '!=', '>'])} {w.choice(['1', '2', '0'])}"


@production("condition")
@production("comparison")
def compare_vectors(w: Writer, depth: int) -> str:
    return f"{w.mask()}.{w.choice(['all()', 'any()'])}"


@production("condition")
@production("comparison")
def compare_static(w: Writer, depth: int) -> str:
    return w.choice(["len({0}) == 3", "{0}.ndim > 1", "True", "{0}.shape[0] < 3", "1 in {{1, 2}}",
                     "isinstance({0}, tuple)"]).format(w.name(VECTOR))


@production("condition")
def compare_chained(w: Writer, depth: int) -> str:
    return f"{w.scalar(0)} < {w.scalar(1)} < {w.scalar(0)} + 1"


@production("condition")
def conjunction(w: Writer, depth: int) -> str:
    return f"({w.condition(depth)} {w.choice(['and', 'or'])} {w.condition(depth)})"


@production("condition")
def negation(w: Writer, depth: int) -> str:
    return f"not ({w.condition(depth)})"


@production("condition")
def any_or_all(w: Writer, depth: int) -> str:
    name = w.fresh("e")
    kind, source = w.choice([(SCALAR, w.name(VECTOR)), (VECTOR, f"[{w.name(VECTOR)}, {w.name(VECTOR)}]")])
    with w.parameters({name: kind}):
        body = w.condition(0)
    return f"{w.choice(['any', 'all'])}({body} for {name} in {source})"


@production("condition", times=2, possible=has(FLAG))
def flag(w: Writer, depth: int) -> str:
    return w.name(FLAG)


@production("condition", times=2, possible=has(OPTIONAL))
def is_none(w: Writer, depth: int) -> str:
    return f"{w.name(OPTIONAL)} is {w.choice(['None', 'not None'])}"


@production("condition", times=2, possible=has(SET))
def in_set(w: Writer, depth: int) -> str:
    return f"{w.choice('124')} {w.choice(['in', 'not in'])} {w.name(SET)}"


@production("condition", times=2, possible=has(TEXT))
def compare_texts(w: Writer, depth: int) -> str:
    return f"{w.name(TEXT)} {w.choice(['==', '!='])} {w.choice(KEYS)}"


@production("condition", times=5, possible=lambda w: len(w.scope.of(OBJECT)) > 1)
def same_object(w: Writer, depth: int) -> str:
    return f"{w.name(OBJECT)} is {w.choice(['', 'not '])}{w.name(OBJECT)}"
