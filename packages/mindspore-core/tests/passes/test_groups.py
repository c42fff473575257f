"""How graphs are cut into groups: golden partitions, legality, and random programs."""
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mindspore.common.dtype import complex64, float32, int32
from mindspore.compiler.autodiff.vjp import lower_nodes
from mindspore.compiler.ir import Builder, Graph, tensor_aval
from mindspore.compiler.ir.dims import symbol
from mindspore.compiler.ir.evaluate import evaluate, run_node
from mindspore.compiler.ir.facts import Facts, deciding
from mindspore.compiler.passes.group_space import Read, Space
from mindspore.compiler.passes.groups import Group, form_groups, left_over, overwritable
from mindspore.compiler.passes.schedule import extract
from mindspore.compiler.primitives.base import PRIMITIVES

CODEGEN = frozenset(name for name, op in PRIMITIVES.items() if op.scalar and op.lower is None) | {
    "sum", "prod", "max", "min", "all", "any", "reshape", "broadcast_to", "transpose", "slice", "iota", "gather",
    "gather_elements"}


def graph_of(rule, *shapes, dtypes=None) -> Graph:
    """The decomposed graph of `rule(b, *nodes)` with parameters of these shapes."""
    b = Builder()
    nodes = [b.parameter(tensor_aval(s, (dtypes or {}).get(k, float32))) for k, s in enumerate(shapes)]
    found = rule(b, *nodes)
    graph = b.finish(found if isinstance(found, (list, tuple)) else [found])
    while True:
        pending = {n.idx for n in graph.nodes if n.op.lower is not None and n.op.name not in CODEGEN}
        if not pending:
            return graph
        graph = lower_nodes(graph, pending)


def members(graph: Graph, group: Group) -> str:
    return " ".join(graph.nodes[i].op.name for i in group.owned)


def groups_of(rule, *shapes, taken=(), dtypes=None) -> list[str]:
    graph = graph_of(rule, *shapes, dtypes=dtypes)
    picked = {n.idx for n in graph.nodes if n.op.name in taken}
    return [members(graph, g) for g in form_groups(graph, CODEGEN, picked)]


# -- what is put together --------------------------------------------------------------------------------------------


def test_a_chain_is_one_group():
    assert groups_of(lambda b, x, y: b.tanh(b.add(b.mul(x, 2.0), y)), (4, 5), (5,)) == ["mul add tanh"]


def test_softmax_and_its_row_values_are_one_group():
    assert groups_of(lambda b, x: [b.softmax(x, axis=1), b.log_softmax(x, axis=1)], (16, 10)) == [
        "max sub exp sum div log sub"]


def test_long_rows_are_reduced_before_they_are_read_again():
    found = groups_of(lambda b, x: b.softmax(x, axis=1), (4, 100_000))
    assert found == ["max", "sub exp sum", "div"]


@pytest.mark.parametrize("shape, axis, together", [
    ((16, 40_000), 1, True), ((15, 40_000), 1, False), ((16, 70_000), 1, False), ((40_000, 16), 0, False)])
def test_rows_of_middle_length_stay_together_where_there_are_many(shape, axis, together):
    assert (len(groups_of(lambda b, x: b.softmax(x, axis=axis), shape)) == 1) is together


def test_rows_of_unknown_length_stay_together_only_where_they_are_short():
    """A frame has room for `LOCAL_ELEMENTS` of a row whose length it does not know."""
    for length, together in ((16_000, True), (40_000, False)):
        with deciding(Facts({"n": length})):
            found = groups_of(lambda b, x: b.softmax(x, axis=1), (16, symbol("n", length)))
        assert (len(found) == 1) is together


def test_layer_norm_with_gain_and_bias_is_one_group():
    def rule(b, x, gain, bias):
        mean = b.mul(b.sum(x, axis=(1,), keepdims=True), 1 / 64)
        d = b.sub(x, mean)
        scale = b.rsqrt(b.add(b.mul(b.sum(b.mul(d, d), axis=(1,), keepdims=True), 1 / 64), 1e-5))
        return b.add(b.mul(b.mul(d, scale), gain), bias)
    assert groups_of(rule, (8, 64), (64,), (64,)) == ["sum mul sub mul sum mul add rsqrt mul mul add"]


def test_reductions_of_one_tensor_over_the_same_axes_share_a_group():
    assert groups_of(lambda b, x, y: [b.sum(b.mul(x, y), axis=(0,)), b.sum(x, axis=(0,))], (64, 10), (64, 10)) == [
        "mul sum sum"]


def test_reductions_over_different_axes_do_not():
    assert groups_of(lambda b, x: [b.sum(b.exp(x), axis=(0,)), b.sum(b.exp(x), axis=(1,))], (64, 10)) == [
        "exp sum", "sum"]


def test_group_norm_splits_an_axis():
    def rule(b, x, gain):
        rows = b.reshape(b.mul(x, 2.0), shape=(2, 3, 40))
        d = b.sub(rows, b.max(rows, axis=(2,), keepdims=True))
        return b.mul(b.reshape(d, shape=(2, 6, 20)), b.reshape(gain, shape=(1, 6, 1)))
    assert groups_of(rule, (2, 6, 20), (6,)) == ["mul max sub mul"]


def test_one_element_computations_are_repeated_not_stored():
    graph = graph_of(lambda b, x, y, lr: [b.sub(x, b.mul(b.exp(x), b.mul(lr, 0.5))),
                                          b.sum(b.mul(y, b.mul(lr, 0.5)), axis=(1,))], (6, 7), (300, 80), ())
    groups = form_groups(graph, CODEGEN)
    shared = next(n.idx for n in graph.nodes if n.op.name == "mul" and n.shape == ())
    assert all(shared in g.nodes and shared not in g.owned for g in groups) and len(groups) == 2
    assert [graph.nodes[i].op.name for i in left_over(graph, groups)] == ["parameter"] * 3 + ["constant"]


def test_updates_of_small_parameters_are_one_group_large_ones_stay_apart():
    def rule(b, *nodes):
        return [b.sub(p, b.mul(g, 0.1)) for p, g in zip(nodes[::2], nodes[1::2])]
    shapes = [(8, 8), (8, 8), (5,), (5,), (512, 512), (512, 512), (3, 1), (3, 1)]
    assert sorted(groups_of(rule, *shapes)) == ["mul sub", "mul sub mul sub mul sub"]


def test_many_updates_are_cut_into_groups_that_executors_can_hold():
    b = Builder("updates")
    rate = b.parameter(tensor_aval((), float32))
    outputs = []
    for _ in range(100):
        p, m, v, g = (b.parameter(tensor_aval((8, 8), float32)) for _ in range(4))
        m, v = b.add(m, b.mul(g, rate)), b.add(v, b.mul(g, g))
        outputs += [b.sub(p, b.div(m, b.sqrt(v))), m, v]
    graph = b.finish(outputs)
    groups = form_groups(graph, frozenset(PRIMITIVES))
    tensors = []
    for group in groups:
        _, ins, outs = extract([graph.nodes[i] for i in group.nodes], [graph.nodes[i] for i in group.outputs])
        tensors.append(len(ins) + len(outs))
    assert max(tensors) <= 192 and 2 < len(groups) < 10
    assert sum(len(group.outputs) for group in groups) == 300


def test_embedding_reads_rows_and_its_table_stays_outside():
    assert groups_of(lambda b, t, i, p: b.add(b.gather(t, i, axis=0), p), (50, 8), (3, 4), (4, 8),
                     dtypes={1: int32}) == ["gather add"]
    assert groups_of(lambda b, t, i: b.gather(b.tanh(t), i, axis=0), (50, 8), (3, 4), dtypes={1: int32}) == [
        "tanh", "gather"]


# -- views -----------------------------------------------------------------------------------------------------------


def test_views_cost_nothing_and_are_left_over_only_where_they_are_needed():
    graph = graph_of(lambda b, x: [b.add(b.transpose(x, perm=(1, 0, 2)), 1.0), b.reshape(b.exp(x), shape=(2, 20))],
                     (2, 4, 5))
    groups = form_groups(graph, CODEGEN)
    assert [members(graph, g) for g in groups] == ["add", "exp"]
    assert [graph.nodes[i].op.name for i in left_over(graph, groups) if graph.nodes[i].ins] == ["reshape"]


def test_a_large_transpose_of_the_last_axis_is_left_to_a_kernel_where_there_is_one():
    found = groups_of(lambda b, x: b.add(b.transpose(x, perm=(1, 0)), 1.0), (300, 400))
    assert found == ["transpose add"]
    graph = graph_of(lambda b, x: b.add(b.transpose(x, perm=(1, 0)), 1.0), (300, 400))
    taken = {n.idx for n in graph.nodes if n.op.name == "transpose"}
    groups = form_groups(graph, CODEGEN, taken)
    assert [members(graph, g) for g in groups] == ["add"] and set(left_over(graph, groups)) >= taken


def test_a_transposed_member_is_not_read_at_its_own_place():
    graph = graph_of(lambda b, x: b.add(b.exp(x), b.transpose(b.exp(x), perm=(1, 0))), (6, 6))
    assert [members(graph, g) for g in form_groups(graph, CODEGEN)] == ["exp", "add"]


def test_broadcast_needed_by_a_kernel_is_materialised():
    graph = graph_of(lambda b, x, y: b.matmul(b.broadcast_to(x, shape=(3, 4)), y), (4,), (4, 5))
    groups = form_groups(graph, CODEGEN)
    assert [members(graph, g) for g in groups] == ["broadcast_to"]


# -- legality --------------------------------------------------------------------------------------------------------


def test_no_cycle_through_a_launch_outside():
    def rule(b, x, w):
        a = b.exp(x)
        return b.add(a, b.matmul(a, w))
    assert groups_of(rule, (6, 6), (6, 6)) == ["exp", "add"]


def test_a_group_may_move_behind_what_a_later_member_needs():
    def rule(b, x, w):
        a = b.exp(x)
        return b.add(a, b.matmul(x, w))
    assert groups_of(rule, (6, 6), (6, 6)) == ["exp add"]


def test_no_cycle_between_two_groups():
    def rule(b, x, w):
        p, q = b.exp(x), b.tanh(x)
        r, s = b.matmul(p, w), b.matmul(q, w)
        return [b.add(p, s), b.add(q, r)]
    graph = graph_of(rule, (6, 6), (6, 6))
    check_order(graph, form_groups(graph, CODEGEN))


def test_taken_nodes_and_complex_numbers_stay_outside():
    assert groups_of(lambda b, x: b.exp(b.tanh(b.neg(x))), (4,), taken=("tanh",)) == ["neg", "exp"]
    b = Builder()
    x = b.parameter(tensor_aval((3,), complex64))
    assert form_groups(b.finish([b.add(x, x)]), CODEGEN) == []


def test_members_agree_about_axes_after_a_split():
    graph = graph_of(lambda b, x: b.mul(b.reshape(b.exp(x), shape=(2, 3, 5)), 2.0), (6, 5))
    exp, reshape, mul = (next(n for n in graph.nodes if n.op.name == name) for name in ("exp", "reshape", "mul"))
    space = Space.of(exp)
    assert space.add(mul)
    assert space.maps[exp.idx] == (space.maps[mul.idx][0] + space.maps[mul.idx][1], space.maps[mul.idx][2])
    read = space.reach(Read.whole(reshape, space.maps[mul.idx]))
    assert read.source is exp and read.dims == space.maps[exp.idx]


# -- in place --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule, shapes, expected", [
    (lambda b, x, y: b.add(b.mul(x, 2.0), y), [(4, 5), (4, 5)], {(0, 0), (1, 0)}),
    (lambda b, x, y: b.add(b.mul(x, 2.0), y), [(4, 5), (5,)], {(0, 0)}),
    (lambda b, x, y: [b.add(x, y), b.mul(x, y)], [(4, 5), (4, 5)], {(0, 0), (0, 1), (1, 0), (1, 1)}),
    (lambda b, x, y: [b.mul(x, 2.0), b.add(x, y)], [(4, 5), (4, 5)], {(0, 0), (0, 1), (1, 1)}),
    (lambda b, x, y: b.add(b.transpose(x, perm=(1, 0)), y), [(5, 5), (5, 5)], {(1, 0)}),
    (lambda b, x, y: b.add(b.reshape(x, shape=(20,)), y), [(4, 5), (20,)], {(0, 0), (1, 0)}),
    (lambda b, x: b.softmax(x, axis=1), [(4, 5)], set()),
    (lambda b, x: b.add(x, b.slice(x, begin=(0, 0), end=(4, 1), strides=(1, 1))), [(4, 5)], set()),
    (lambda b, step, x: [b.add(step, 1.0), b.mul(x, b.mul(step, 0.5))], [(), (7,)], {(1, 1)}),
    (lambda b, step, x: [b.add(step, 1.0), b.mul(x, 0.5)], [(), (7,)], {(0, 0), (1, 1)}),
])
def test_what_may_be_written_in_place(rule, shapes, expected):
    assert overwritable(graph_of(rule, *shapes)) == expected


# -- random programs -------------------------------------------------------------------------------------------------


def check_order(graph: Graph, groups: list[Group]) -> None:
    """Owners are unique, and the launches can be ordered."""
    owned = [i for g in groups for i in g.owned]
    assert len(owned) == len(set(owned))
    arrays = [np.ones(p.shape, p.dtype.np) for p in graph.params]
    run(graph, groups, arrays)


def run(graph: Graph, groups: list[Group], arrays) -> list[np.ndarray]:
    values = {p.idx: a for p, a in zip(graph.params, arrays)}
    values.update({n.idx: n.attrs[0].array for n in graph.nodes if n.op.name == "constant"})
    units = [(g.nodes, g.outputs) for g in groups]
    units += [((i,), None) for i in left_over(graph, groups) if i not in values]
    while units:
        ready = [u for u in units if all(
            o.idx in values or o.idx in u[0] for i in u[0] for o in graph.nodes[i].ins)]
        assert ready, "there is a cycle between launches"
        for nodes, outputs in ready:
            if outputs is None:
                node = graph.nodes[nodes[0]]
                values[node.idx] = run_node(node, [values[i.idx] for i in node.ins])
                continue
            body, ins, outs = extract([graph.nodes[i] for i in nodes], [graph.nodes[i] for i in outputs])
            values.update(zip([n.idx for n in outs], evaluate(body, [np.asarray(values[n.idx]) for n in ins])))
        units = [u for u in units if u not in ready]
    return [values[o.idx] for o in graph.outputs]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.data())
def test_random_graphs_are_cut_without_cycles_and_mean_the_same(data):
    b = Builder()
    values = [b.parameter(tensor_aval(s, float32)) for s in ((4, 6), (6,), (4, 1), ())]
    for _ in range(data.draw(st.integers(2, 30))):
        x, y = data.draw(st.sampled_from(values[-5:])), data.draw(st.sampled_from(values))
        kind = data.draw(st.sampled_from(["add", "mul", "neg", "sum", "spread", "turn", "flat", "kernel"]))
        if kind in ("add", "mul") and all(m == n or 1 in (m, n) for m, n in zip(x.shape[::-1], y.shape[::-1])):
            values.append(b.maximum(b.minimum(b.__getattr__(kind)(x, y), 9.0), -9.0))
        elif kind == "neg":
            values.append(b.neg(x))
        elif kind in ("sum", "spread") and x.shape:
            axis = data.draw(st.integers(0, len(x.shape) - 1))
            total = b.mul(b.sum(x, axis=(axis,), keepdims=kind == "spread"), 0.125)
            values.append(b.sub(x, total) if kind == "spread" else total)
        elif kind == "turn" and len(x.shape) > 1:
            values.append(b.transpose(x, perm=tuple(reversed(range(len(x.shape))))))
        elif kind == "flat":
            values.append(b.reshape(x, shape=(x.aval.size,)))
        elif kind == "kernel" and x.shape:
            values.append(b.cumsum(x, axis=0))
    graph = b.finish(data.draw(st.lists(st.sampled_from(values[-6:]), min_size=1, max_size=4)))
    arrays = [np.random.default_rng(k).integers(-2, 3, p.shape).astype(np.float32)
              for k, p in enumerate(graph.params)]
    groups = form_groups(graph, CODEGEN)
    check_order(graph, groups)
    for found, expected in zip(run(graph, groups, arrays), evaluate(graph, arrays)):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
