"""Optimizer updates of many parameters of one shape share the body of one kernel."""
from __future__ import annotations

import numpy as np
import pytest

from mindspore.common.dtype import DType, float32
from mindspore.compiler.ir import Builder, tensor_aval
from mindspore.compiler.ir.evaluate import evaluate
from mindspore.compiler.passes import updates
from mindspore.compiler.passes.legalize import legalize
from mindspore.compiler.passes.schedule import cut, schedule
from mindspore.compiler.program import GROUP
from mindspore.plugin.protocols import Capabilities

CODEGEN = frozenset({"add", "sub", "mul", "div", "sqrt", "select"})


class Generating:
    """A device that generates code for some operators and has no kernels."""

    def __init__(self, codegen=CODEGEN):
        self.capabilities = Capabilities(dtypes=frozenset(t.key for t in DType._all), codegen=codegen)
        self.kernels = {}


def momentum(shapes):
    """One momentum update for each shape."""
    b, outputs = Builder("updates"), []
    scalar = tensor_aval((), float32)
    rate, decay = b.parameter(scalar), b.parameter(scalar)
    for shape in shapes:
        p, v, g = [b.parameter(tensor_aval(shape, float32)) for _ in range(3)]
        outputs += b.items(b.apply_momentum(p, v, rate, g, decay))
    return b.finish(outputs)


def launches(graph, device):
    return schedule(cut(legalize(graph, device), device), {}).launches


def test_many_updates_share_a_body():
    device, count = Generating(), updates.REPEATED
    steps = launches(momentum([(4,)] * count + [(5,)] * count), device)
    assert [s.kind for s in steps] == [GROUP] * 2 * count
    assert len({id(s.body) for s in steps}) == 2
    assert {len(s.ins) for s in steps} == {5} and {len(s.outs) for s in steps} == {2}


def test_a_few_updates_share_launches_instead():
    steps = launches(momentum([(4,)] * (updates.REPEATED - 1)), Generating())
    assert len(steps) == 1 and len(steps[0].body.outputs) == 2 * (updates.REPEATED - 1)


def test_the_body_is_the_update():
    graph = momentum([(4,)])
    node = next(n for n in graph.nodes if n.op.one_pass)
    body = updates.shared_body(node, Generating())
    values = [np.float32(0.1), np.float32(0.9), *np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)]
    ordered = [values[graph.params.index(i)] for i in node.ins]
    for mine, theirs in zip(evaluate(body, ordered), evaluate(graph, values), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-6)


@pytest.mark.parametrize("codegen", [frozenset(), CODEGEN - {"mul"}])
def test_devices_that_cannot_generate_it_get_the_decomposition(codegen):
    device = Generating(codegen)
    graph = legalize(momentum([(4,)] * updates.REPEATED), device)
    read = {i.idx for n in graph.nodes for i in n.ins} | {o.idx for o in graph.outputs}
    assert not [n for n in graph.nodes if n.op.one_pass and n.idx in read]
