"""Programs: expressions."""

# The programs are written as users write, not as a linter likes.
# ruff: noqa

import functools
import itertools
import math
import operator

from frontend_support import TENSOR, program

SCALE = 3
TABLE = {"a": 1, "b": [1, 2, 3]}


@program((2, 3), (-7, 2), (2.5, 4))
def arithmetic(a, b):
    return a + b, a - b, a * b, a / b, a // b, a % b, a**b, -a, +a


@program((6, 3), (-9, 2))
def bits(a, b):
    return a & b, a | b, a ^ b, a << b, a >> b, ~a


@program(("x", 3), ([1], 2))
def sequence_arithmetic(a, n):
    return a * n, n * a, a + a


@program((1, 2), (2, 2), ("a", "b"))
def comparisons(a, b):
    return a < b, a <= b, a > b, a >= b, a == b, a != b, a is b, a is not b


@program((1, 2, 3), (3, 2, 1), (1, 3, 2))
def chained(a, b, c):
    return a < b < c, a < b > c, a == a < b, 0 < a <= b < c != 7


@program()
def chain_evaluates_each_operand_once():
    seen = []

    def see(x):
        seen.append(x)
        return x

    result = see(1) < see(3) < see(2) < see(9)
    return result, seen


@program((0, 5), (1, 0), (0, 0), ("", []), ((), "x"))
def boolean(a, b):
    return a and b, a or b, not a, not not b, a and b or "end", (a or b) and "mid"


@program()
def short_circuit():
    log = []

    def say(x):
        log.append(x)
        return x

    say(0) and say(1)
    say(2) or say(3)
    say(0) or say("") or say(4) or say(5)
    return log


@program(3, -3, 0)
def conditional_expression(x):
    return "positive" if x > 0 else "negative" if x < 0 else "zero"


@program(([1, 2, 3], 2), ((1, 2), 5), ("hello", "ell"), ({1: 2}, 1), ({1, 2}, 3))
def membership(container, item):
    return item in container, item not in container


@program([0, 1, 2, 3, 4, 5, 6])
def slices(x):
    return x[1:4], x[:3], x[3:], x[::2], x[::-1], x[-2:], x[1:6:2], x[:], x[5:1:-2], x[2]


@program()
def subscript_of_subscript():
    return TABLE["b"][1], TABLE["b"][-1:], {(1, 2): "pair"}[1, 2]


@program()
def displays():
    a, b = [1, 2], {"k": 1}
    return [0, *a, 3], (*a, *a), {*a, 5}, {**b, "j": 2, **{"k": 7}}, [], (), {}, (1,), [[1], [2, [3]]]


@program(7, 3.14159, "text", -0.0, None)
def f_strings(x):
    width = 12
    return f"{x}", f"{x!r:>{width}}", f"a{x!s}b{{}}c", f"{x=}", f"{x!a}", f"{'nested' + f'{1 + 1}'}", f""


@program(3.14159)
def format_specifications(x):
    places = 2
    return f"{x:.{places}f}", f"{x:>10.3f}|{x:<8.1f}|{x:^+9.2f}", f"{1234567:,}", f"{255:#x}", f"{0.5:%}"


@program(3)
def other_formatting(x):
    return "%d and %s" % (x, "y"), "{} {a}".format(x, a=2), "%(k)s" % {"k": x}


@program(5)
def list_comprehension(n):
    return [i * i for i in range(n)], [i for i in range(n) if i % 2], [(i, j) for i in range(3) for j in range(i)]


@program(6)
def filtered_comprehension(n):
    return [i for i in range(n) if i if i % 2 if i > 1], [i if i else -1 for i in range(n)]


@program(4)
def nested_comprehension(n):
    return [[i * j for j in range(i)] for i in range(n)], [x for row in [[1, 2], [3]] for x in row]


@program()
def set_and_dict_comprehension():
    return {i % 3 for i in range(9)}, {i: i * i for i in range(4)}, {k: v for k, v in [("a", 1), ("b", 2)] if v > 1}


@program(0, 1, 2, 3, 4)
def display_evaluates_before_it_hashes(k):
    log = []

    def see(x):
        log.append(x)
        return x

    displays = [
        lambda: {see("k"): see("v"), see("k"): see("w"), **{see("m"): see("n")}, see("o"): 1, **{}},
        lambda: {see("a"), see("b"), *see("ab"), see("c")},
        lambda: {see(()): 1, [] if see(1) else 0: see(2), see(3): 4},
        lambda: {[] if see(1) else 0, see(2)},
        lambda: {see(1), *see(3), see(4)},
    ]
    try:
        return displays[k](), log
    except TypeError as error:
        return str(error), log


@program()
def comprehension_scope():
    x = "outer"
    inner = [x for x in range(3)]
    return x, inner


@program()
def comprehension_sees_function_names():
    factor, xs = 10, [1, 2]
    return [factor * x for x in xs], [SCALE * x for x in xs], {x: [y * factor for y in xs] for x in xs}


@program()
def comprehension_iterable_in_outer_scope():
    xs = [1, 2, 3]
    return [xs for xs in xs], [y for x in [[1], [2]] for y in x]


@program()
def comprehension_variable_captured():
    fns = [lambda: i for i in range(3)]
    return [f() for f in fns]


@program()
def comprehension_variable_captured_by_value():
    fns = [lambda i=i: i for i in range(3)]
    return [f() for f in fns], [(lambda k: [k + i for i in range(2)])(i) for i in range(2)]


@program()
def comprehension_cells_are_fresh():
    rounds = []
    for start in range(2):
        rounds.append([lambda: (start, i) for i in range(2)])
    return [[f() for f in fs] for fs in rounds]


@program()
def comprehension_unpacks():
    return [a + b for a, b in [(1, 2), (3, 4)]], [rest for first, *rest in ["abc", "de"]]


@program()
def comprehension_over_attribute_target():
    class Box:
        pass

    box = Box()
    return [box.v for box.v in range(3)], box.v


@program()
def generator_expression():
    squares = (i * i for i in range(5))
    return sum(squares), list(squares), sum(i for i in range(4) if i % 2), ",".join(str(i) for i in range(3))


@program()
def generator_expression_is_lazy():
    log = []

    def see(x):
        log.append(x)
        return x

    gen = (see(i) for i in range(10) if see(-i) > -3)
    first = next(gen)
    before = list(log)
    return first, before, list(itertools.islice(gen, 2)), log


@program()
def generator_expressions_are_independent():
    gens = [(i * j for j in range(3)) for i in range(3)]
    return [list(g) for g in gens]


@program()
def generator_expression_nested_loops():
    return list((i, j, k) for i in range(3) for j in range(i) if j for k in [i + j]), any(x > 2 for x in [1, 2, 3])


@program()
def generator_expression_first_iterable_is_eager():
    xs = [1, 2]
    gen = (x for x in xs)
    xs = [9]
    return list(gen)


@program()
def generator_expression_sees_later_change():
    factor = 1
    gen = (x * factor for x in [1, 2])
    factor = 10
    return list(gen)


@program(10, 3)
def walrus(n):
    if (half := n // 2) > 2:
        return half, [y for x in range(4) if (y := x * half) > 5], y
    return (last := n), last


@program()
def walrus_in_comprehension_binds_function_name():
    total = 0
    sums = [total := total + x for x in range(5)]
    return sums, total


@program()
def walrus_in_generator_expression():
    result = any((hit := x) > 2 for x in [1, 3, 5])
    return result, hit


@program()
def walrus_in_nested_comprehension():
    rows = [[(last := i * j) for j in range(3)] for i in range(3)]
    return rows, last


@program((1, 2), (3,))
def starred_calls(*args):
    def f(*a, **k):
        return a, k

    more = {"x": 1}
    return f(*args, 0, *args), f(*[1], *(2,), k=3, **more), f(**more, **{"y": 2}), f(*range(3)), f(*"ab")


@program()
def argument_order():
    log = []

    def see(x):
        log.append(x)
        return x

    def f(*a, **k):
        return a, k

    (see(f))(see(1), *[see(2)], see(3), a=see(4), **{"b": see(5)}, c=see(6))
    return [x for x in log if x is not f]


@program()
def lambdas():
    add = lambda a, b=2, *c, d=4, **e: (a, b, c, d, e)
    return add(1), add(1, 3, 5, d=6, z=7), (lambda: SCALE)(), (lambda *a: a)(1, 2), (lambda x: lambda y: x + y)(1)(2)


@program([3, 1, 2])
def lambdas_given_to_builtins(xs):
    return (
        sorted(xs, key=lambda x: -x),
        list(map(lambda x: x + 1, xs)),
        list(filter(lambda x: x > 1, xs)),
        list(filter(None, [0, 1])),
        functools.reduce(lambda a, b: a * b, xs, 10),
        max(xs, key=lambda x: -x),
        min(xs, key=lambda x: x % 3),
        list(map(max, xs, [2, 2, 2])),
    )


@program([3, 1, 2])
def sort_with_key(xs):
    ys = list(xs)
    ys.sort(key=lambda x: -x, reverse=False)
    zs = list(xs)
    zs.sort()
    return ys, zs


@program()
def itertools_with_functions():
    return (
        list(itertools.accumulate([1, 2, 3], lambda a, b: a * b)),
        list(itertools.accumulate([1, 2, 3])),
        list(itertools.accumulate([1, 2], initial=5)),
        list(itertools.takewhile(lambda x: x < 2, [1, 2, 1])),
        list(itertools.starmap(lambda a, b: a - b, [(3, 1)])),
        [(k, list(g)) for k, g in itertools.groupby([1, 3, 2], key=lambda x: x % 2)],
        [(k, list(g)) for k, g in itertools.groupby("aab")],
    )


@program(16)
def module_functions(x):
    return math.sqrt(x), math.pi, operator.add(x, 1), math.floor(2.5)


@program()
def builtins_of_python():
    return (
        len([1]), abs(-1), round(2.567, 1), divmod(7, 3), pow(2, 3, 5), sum([1, 2], 10), min(1, 2), max([3, 1]),
        list(zip([1, 2], "ab")), list(enumerate("ab", 1)), list(reversed([1, 2])), all([1, 0]), any([0, 1]),
        int("7"), float("1.5"), str(3), bool([]), list("ab"), tuple([1]), dict(a=1), set([1]), isinstance(1, int),
        callable(len), hash(1) == hash(1), type(1) is int, repr("x"), chr(65), ord("a"), issubclass(bool, int),
    )  # fmt: skip


@program()
def constants():
    return None, True, False, ..., 1, 1.5, 2j, "s", b"b", 0x10, 1_000, "a" "b"


@program()
def attribute_chains():
    return "abc".upper().lower().replace("a", "z"), [1, 2].__len__(), (1).real, "x".join(["a", "b"])


@program()
def unpacking_in_index_and_slices():
    x = {(0, 1): "t", 3: "i"}
    y = list(range(10))
    s = slice(1, 5)
    return x[0, 1], y[s], y[slice(None, None, 3)]


@program((TENSOR, TENSOR), (TENSOR, 2))
def tensor_arithmetic(x, y):
    z = x + y - 2 * x / y
    z = z**2 // 3 % 5
    return -z, +z, ~z, z & x, z | x, z ^ x, z << 1, z >> 1, 1 - z, 2 / z


@program((TENSOR, TENSOR))
def tensor_comparisons(x, y):
    return x < y, x <= y, x > 1, x >= y, x == y, x != y, 1 < x, x is y, x is not y


@program(TENSOR)
def tensor_methods(x):
    return x.sum(), x.sum(0, keepdims=True), x.reshape(3, -1), x.reshape(*x.shape), x.shape[0], len(x)


@program(TENSOR)
def tensor_indexing(x):
    return x[0], x[:, 1], x[..., None, 1:2], x[[0, 1]], x[x > 0], x[1][2]


@program(TENSOR)
def tensor_assignment(x):
    y = x
    y[0] = 1
    y[:, 1] += 2
    x += 3
    return x, y


@program(TENSOR)
def tensor_in_containers(x):
    d = {"a": x, "b": [x, x + 1]}
    a, (b, c) = d["a"], d["b"]
    return {k: v for k, v in d.items()}, [t * 2 for t in (a, b, c)], sum([a, b, c])


@program(TENSOR)
def tensor_decided_statically(x):
    if x.shape[0] == 2 and x.dtype == "float32":
        x = x * 2
    return x if len(x.shape) == 2 else None


@program(TENSOR)
def tensor_iteration(x):
    return [row.sum() for row in x], sum(x), [a + b for a, b in zip(x, x, strict=True)]


@program((TENSOR, TENSOR))
def tensor_through_map_and_reduce(x, y):
    return list(map(lambda t: t + 1, [x, y])), functools.reduce(lambda a, b: a @ b, [x, y, x])


@program((TENSOR, TENSOR))
def tensor_identity_in_list(x, y):
    return x is x, [x, y].index(x), x in [x, y], x not in (x,)


@program(TENSOR)
def tensor_matmul_error(x):
    return x @ 3
