"""Symbolic sizes: arithmetic against that of ints, decisions, bounds, texts, and graphs with sizes put in."""
import ast
import random
from math import prod

import pytest

from mindspore.compiler.ir import dims, size_expressions
from mindspore.compiler.ir.bind import bind
from mindspore.compiler.ir.dims import Dim, symbol
from mindspore.compiler.ir.evaluate import evaluate
from mindspore.compiler.ir.facts import Facts, SizeFixed, deciding
from mindspore.compiler.ir.text import parse_text, show

B, T = symbol("d0", 13), symbol("d1", 7)
BINDINGS = [{"d0": b, "d1": t} for b in (2, 3, 8, 13, 40) for t in (2, 5, 7, 16)]


def random_pair(rng, depth):
    """A symbolic number, and the function of a binding that it must be."""
    if depth == 0:
        return rng.choice([(B, lambda b: b["d0"]), (T, lambda b: b["d1"]), (3, lambda b: 3), (-1, lambda b: -1)])
    (x, f), (y, g) = random_pair(rng, depth - 1), random_pair(rng, depth - 1)
    kind = rng.choice(["+", "-", "*", "//", "%", "ceil"])
    k = rng.choice([2, 3, 4])
    return {"+": (x + y, lambda b: f(b) + g(b)), "-": (x - y, lambda b: f(b) - g(b)),
            "*": (x * y, lambda b: f(b) * g(b)), "//": (x // k, lambda b: f(b) // k),
            "%": (x % k, lambda b: f(b) % k), "ceil": (-(-x // k), lambda b: -(-f(b) // k))}[kind]


def test_arithmetic_is_that_of_ints():
    rng = random.Random(0)
    for _ in range(400):
        made, expected = random_pair(rng, rng.choice([1, 2, 3]))
        low, high = dims.lowest(made), dims._highest(made)
        for binding in BINDINGS:
            value = dims.bound(made, binding)
            assert value == expected(binding), (made, binding)
            assert (low is None or low <= value) and (high is None or high >= value), (made, low, high)
        assert dims.same(size_expressions.parse(ast.parse(repr(made), mode="eval").body).at(BINDINGS[0])
                         if isinstance(made, Dim) else made, dims.bound(made, BINDINGS[0]))


def test_exact_quotients_have_no_rest():
    assert prod((B, 28, 28)) // 784 is B
    assert (B * T * 64) // (B * T) == 64
    assert (B * T + B) // B is T + 1
    assert (B * B - 1) // (B - 1) is B + 1
    assert (2 * B + 1) // 2 is B and (2 * B + 1) % 2 == 1


def test_decisions_are_made_for_examples_and_noted():
    facts = Facts()
    with deciding(facts):
        assert B > 10 and not B < T and B != 12
        assert B >= 2 and B != 1 and B > 0 and B + T > 3, "holds for all sizes, so nothing is noted"
    assert len(facts.known) == 3
    assert facts.hold({"d0": 20, "d1": 7})
    assert not facts.hold({"d0": 12, "d1": 7})
    assert facts.broken({"d0": 5, "d1": 9}) == "d0-10 is positive, but is -5 now"


def test_a_size_that_must_be_a_number_is_fixed():
    for ask in (lambda: int(B), lambda: range(B), lambda: B == 13, lambda: B - T == 6):
        with pytest.raises(SizeFixed), deciding(Facts()):
            ask()
    with deciding(Facts(strict=False)) as facts:
        assert B == 13
    assert facts.hold({"d0": 13}) and not facts.hold({"d0": 14})


def test_other_examples_than_the_symbols_own():
    with deciding(Facts({"d0": 4, "d1": 3})) as facts:
        assert B < 10
    assert facts.hold({"d0": 5, "d1": 3})


def test_ratios_are_floats():
    mean = 1.0 / (B * T)
    assert mean.at({"d0": 4, "d1": 2}) == 0.125
    assert ((B - 1) / 2).at({"d0": 4}) == 1.5
    assert dims.whole(B / 2) is B // 2
    assert (B ** 0.5).at({"d0": 9}) == 3.0


def test_slices():
    for start, stop, step in ((None, None, None), (1, -1, None), (None, 3, None), (None, None, 2), (None, None, -1),
                              (-2, None, None), (5, 2, -1)):
        part = slice(start, stop, step)
        with deciding(Facts()) as facts:
            made = size_expressions.slice_of(part, B)
        for n in (9, 13, 30):
            if facts.hold({"d0": n}):
                wanted = range(*part.indices(n))
                first, stride, count = [dims.bound(x, {"d0": n}) for x in made]
                assert (stride, count) == (wanted.step, len(wanted)) and (not count or first == wanted.start)


TEXT = """
graph f(%0: float32[d0,4]) {
  %1: float32[4] = sum(%0) {axis=(0,), keepdims=False}
  %2: float32[] = dimension() {value=truediv(1,2*d0-1), dtype=float32}
  %3: float32[4] = mul(%1, %2)
  %4: float32[floordiv(d0-1,2)] = iota() {shape=(floordiv(d0-1,2),), axis=0, dtype=float32}
  %5: float32[4*d0] = reshape(%0) {shape=(4*d0,)}
  return %3, %4, %5
}
"""


def test_graphs_are_written_and_read():
    graph = parse_text(TEXT)
    assert show(graph).strip() == TEXT.strip()
    assert show(parse_text(show(graph))) == show(graph)


def test_a_graph_with_sizes_put_in():
    import numpy as np
    graph = bind(parse_text(TEXT), {"d0": 5})
    x = np.arange(20, dtype=np.float32).reshape(5, 4)
    scaled, ramp, flat = evaluate(graph, [x])
    np.testing.assert_allclose(scaled, x.sum(0) / 9, rtol=1e-6)
    np.testing.assert_array_equal(ramp, [0, 1])
    np.testing.assert_array_equal(flat, x.ravel())
    assert all(node.op.name != "dimension" for node in graph.nodes)


def test_a_symbolic_size_is_not_pickled():
    import pickle
    with pytest.raises(TypeError, match="known only when a graph runs"):
        pickle.dumps(B)
