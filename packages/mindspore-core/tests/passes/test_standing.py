"""What is computed from standing parameters alone: which values are prepared, and scales that go into kernels."""
from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from mindspore.common.dtype import float16, float32
from mindspore.compiler.ir import Builder, tensor_aval
from mindspore.compiler.ir.evaluate import evaluate
from mindspore.compiler.passes.scales import fold_scales
from mindspore.compiler.passes.standing import lifted, split, stable_nodes
from mindspore.compiler.primitives.base import primitive

PLAIN = {"stride": (1, 1), "padding": (0, 0, 0, 0), "dilation": (1, 1), "groups": 1}


def graph_of(rule, *shapes: tuple, dtype=float32):
    b = Builder("net")
    found = rule(b, *[b.parameter(tensor_aval(s, dtype)) for s in shapes])
    return b.finish(list(found) if isinstance(found, (list, tuple)) else [found])


def arrays_for(graph) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [(rng.random(p.shape) + 0.5).astype(p.aval.dtype.np) for p in graph.params]


def names(graph) -> Counter:
    return Counter(n.op.name for n in graph.nodes if n.op.name not in ("parameter", "constant"))


def check_split(graph, stable: tuple, prepared: list[str]) -> None:
    """The two parts give what the graph gives; `prepared` are the operators of the values that are prepared."""
    found = split(graph, stable)
    assert found is not None
    assert [o.op.name for o in found.preparation.outputs] == prepared
    assert set(found.reads) <= set(stable)
    arrays = arrays_for(graph)
    values = evaluate(found.preparation, [arrays[k] for k in found.reads])
    for got, want in zip(evaluate(found.main, [*arrays, *values]), evaluate(graph, arrays), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-6)


def test_what_comes_from_weights_alone_is_prepared():
    def rule(b, x, w, s):
        scaled = b.mul(w, b.exp(s))
        return b.add(b.mul(x, scaled), b.reshape(b.sum(scaled, axis=(1,)), shape=(4, 1)))
    graph = graph_of(rule, (4, 3), (4, 3), (3,))
    check_split(graph, (1, 2), ["mul", "sum"])
    found = split(graph, (1, 2))
    assert names(found.main) == {"mul": 1, "add": 1, "reshape": 1}
    assert names(found.preparation) == {"exp": 1, "mul": 1, "sum": 1}


@pytest.mark.parametrize("rule, stable", [
    (lambda b, x, w: b.mul(x, w), (1,)),                                    # a weight as it is
    (lambda b, x, w: b.mul(x, b.exp(w)), ()),                               # a weight that is written
    (lambda b, x, w: b.mul(x, b.reshape(w, shape=(1, 3))), (1,)),           # nothing to compute
    (lambda b, x, w: b.mul(x, b.broadcast_to(w, shape=(2, 3))), (1,)),
    (lambda b, x, w: b.mul(x, b.exp(b.full((3,), 2.0, float32))), (1,)),    # no weight at all
    (lambda b, x, w: [b.exp(w), x], (1,)),                                  # a result belongs to the caller
    (lambda b, x, w: [b.reshape(b.exp(w), shape=(3, 1)), x], (1,)),
])
def test_what_is_not_prepared(rule, stable):
    assert split(graph_of(rule, (2, 3), (3,)), stable) is None


def test_a_result_is_computed_in_each_call_from_what_was_prepared():
    def rule(b, x, w):
        half = b.exp(w)
        return b.mul(x, half), b.mul(half, 2.0)
    check_split(graph_of(rule, (2, 3), (3,)), (1,), ["exp"])


def test_which_nodes_stand():
    graph = graph_of(lambda b, x, w: b.mul(x, b.exp(w)), (3,), (3,))
    assert len(stable_nodes(graph, (0, 1))) == len(graph.nodes)
    assert [graph.nodes[k].op.name for k in sorted(stable_nodes(graph, (1,)))] == ["parameter", "exp"]
    assert not stable_nodes(graph, ())


def normalised(b, x, w, mean, scale, shift):
    y = b.call(_conv(), x, w, **PLAIN)
    return b.maximum(b.add(b.mul(b.sub(y, b.reshape(mean, shape=(1, 4, 1, 1))), b.reshape(scale, shape=(4, 1, 1))),
                           b.reshape(shift, shape=(1, 4, 1, 1))), 0.0)


def _conv():
    from mindspore.compiler.primitives.base import primitive
    return primitive("conv2d")


SHAPES = (2, 3, 5, 6), (4, 3, 2, 2), (4,), (4,), (4,)


def test_the_scale_of_a_normalisation_goes_into_the_kernels():
    graph = graph_of(normalised, *SHAPES)
    folded = fold_scales(graph, (1, 2, 3, 4))
    arrays = arrays_for(graph)
    np.testing.assert_allclose(evaluate(folded, arrays)[0], evaluate(graph, arrays)[0], rtol=1e-5, atol=1e-5)
    main = split(folded, (1, 2, 3, 4)).main
    assert names(main) == {"conv2d": 1, "reshape": 1, "add": 1, "maximum": 1}
    scaled = split(folded, (1, 2, 3, 4)).preparation
    assert names(scaled)["mul"] == 2  # the kernels, and the mean by the scale


@pytest.mark.parametrize("rule", [
    lambda b, y, c: b.div(y, c),
    lambda b, y, c: b.div(b.mul(y, c), b.add(c, 1.0)),
    lambda b, y, c: b.mul(b.add(b.mul(c, y), c), c),
    lambda b, y, c: b.div(b.sub(y, c), c),
    lambda b, y, c: b.mul(b.sub(b.sub(y, c), c), c),
])
def test_chains_of_scales_and_shifts(rule):
    graph = graph_of(lambda b, x, w, c: rule(b, b.call(_conv(), x, w, **PLAIN), b.reshape(c, shape=(4, 1, 1))),
                     *SHAPES[:3])
    folded = fold_scales(graph, (1, 2))
    assert folded is not graph
    arrays = arrays_for(graph)
    np.testing.assert_allclose(evaluate(folded, arrays)[0], evaluate(graph, arrays)[0], rtol=1e-5, atol=1e-5)
    assert names(split(folded, (1, 2)).main)["mul"] == names(split(folded, (1, 2)).main)["div"] == 0


@pytest.mark.parametrize("rule, stable, dtype", [
    (normalised, (2, 3, 4), float32),      # the kernels are trained
    (normalised, (1, 2, 4), float32),      # so is the scale
    (normalised, (1, 2, 3, 4), float16),   # a product of halves would be rounded
    (lambda b, x, w, *c: b.add(b.call(_conv(), x, w, **PLAIN), b.reshape(c[0], shape=(4, 1, 1))), (1, 2), float32),
    (lambda b, x, w, *c: b.div(b.reshape(c[0], shape=(4, 1, 1)), b.call(_conv(), x, w, **PLAIN)), (1, 2), float32),
    (lambda b, x, w, *c: b.mul(b.call(_conv(), x, w, **PLAIN), b.full((5,), 2.0, float32)), (1, 2), float32),
])
def test_what_is_not_folded(rule, stable, dtype):
    graph = graph_of(rule, *SHAPES, dtype=dtype)
    left = fold_scales(graph, stable)
    assert names(left) == names(graph)


def test_a_convolution_that_others_read_keeps_its_scale_outside():
    def rule(b, x, w, c):
        y = b.call(_conv(), x, w, **PLAIN)
        return b.mul(y, b.reshape(c, shape=(4, 1, 1))), y
    graph = graph_of(rule, *SHAPES[:3])
    assert fold_scales(graph, (1, 2)) is graph


def block(depth: int):
    """A graph of x and w that computes exp(w) for itself, or calls one that does."""
    inner = block(depth - 1) if depth else None

    def rule(b, x, w):
        if inner is not None:
            x = b.items(b.emit(primitive("call"), (x, w), (inner, False)))[0]
        return b.add(b.mul(x, b.exp(w)), b.sum(x, axis=(0, 1)))
    return graph_of(rule, (4, 3), (4, 3))


@pytest.mark.parametrize("depth", [0, 1])
def test_a_called_graph_takes_its_weights_prepared(depth):
    callee = block(depth)

    def rule(b, x, v, w):
        for weight in (v, w):
            x = b.items(b.emit(primitive("call"), (x, weight), (callee, False)))[0]
        return x
    graph = graph_of(rule, (4, 3), (4, 3), (4, 3))
    found = lifted(graph, (1, 2))
    called = [n.attr("callee") for n in found.nodes if n.op.name == "call"]
    assert called[0] is called[1] and "exp" not in names(called[0])
    check_split(found, (1, 2), ["exp"] * 2)
    arrays = arrays_for(graph)
    np.testing.assert_allclose(evaluate(found, arrays)[0], evaluate(graph, arrays)[0], rtol=1e-6)


def test_calls_of_weights_and_of_others_are_told_apart():
    callee = block(0)

    def rule(b, x, w):
        x = b.items(b.emit(primitive("call"), (x, w), (callee, False)))[0]
        return b.items(b.emit(primitive("call"), (w, x), (callee, False)))[0]
    graph = graph_of(rule, (4, 3), (4, 3))
    found = lifted(graph, (1,))
    first, second = [n.attr("callee") for n in found.nodes if n.op.name == "call"]
    assert "exp" not in names(first) and "exp" in names(second) and "sum" not in names(second)
    assert lifted(graph, ()) is graph
    arrays = arrays_for(graph)
    np.testing.assert_allclose(evaluate(found, arrays)[0], evaluate(graph, arrays)[0], rtol=1e-6)
