"""From graph to launches: overlapping claims, and groups that are equal."""
from __future__ import annotations

from types import SimpleNamespace

from mindspore.common.dtype import float32
from mindspore.compiler.ir import Builder, tensor_aval
from mindspore.compiler.passes.schedule import cut, schedule
from mindspore.compiler.primitives.base import PRIMITIVES
from mindspore.plugin import Claim


def device_that_claims(*claims: Claim):
    return SimpleNamespace(claim=lambda graph: list(claims), kernels={"matmul": None, "add": None},
                           capabilities=SimpleNamespace(codegen=frozenset(), dtypes=frozenset({"float32"})))


def test_of_two_claims_of_one_node_the_first_holds():
    b = Builder("sum_of_products")
    first, second = (b.parameter(tensor_aval((2, 2), float32)) for _ in range(2))
    left, right = (b.emit(PRIMITIVES["matmul"], (p, p), (False, False)) for p in (first, second))
    graph = b.finish([b.emit(PRIMITIVES["add"], (left, right), ())])
    total = graph.outputs[0].idx
    claims = [Claim("product_and_sum", (operand.idx, total)) for operand in graph.outputs[0].ins]
    program = schedule(cut(graph, device_that_claims(*claims)), {})
    assert [(launch.kind, launch.name) for launch in program.launches] == [("kernel", "matmul"),
                                                                          ("claim", "product_and_sum")]


def test_groups_of_equal_structure_have_one_body():
    b = Builder("layers")
    x, w = (b.parameter(tensor_aval((2, 2), float32)) for _ in range(2))
    for scale in (2.0, 2.0, 2.0, 3.0):
        x = b.call(PRIMITIVES["matmul"], b.tanh(b.mul(x, scale)), w, transpose_a=False, transpose_b=False)
    device = device_that_claims()
    vars(device.capabilities).update(codegen=frozenset({"tanh", "mul"}), codegen_dtypes=None)
    bodies = [launch.body for launch in schedule(cut(b.finish([x]), device), {}).launches if launch.kind == "group"]
    assert len(bodies) == 4
    assert bodies[0] is bodies[1] is bodies[2] is not bodies[3]
