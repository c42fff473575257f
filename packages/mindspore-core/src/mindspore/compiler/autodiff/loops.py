"""Which values of a loop have derivatives that somebody asks for.

A carried value *moves* with the derivative if it can depend on a wanted operand and can have an effect on a result that
has a cotangent, over any number of trips. Both are found by repeating a walk over the body until nothing is added,
which takes at most as many walks as there are carried values. All other carried values (counters, flags, values that
only decide) take no part in the loop that runs backwards.
"""
from __future__ import annotations

from mindspore.compiler.autodiff.vjp import activity, is_differentiable, passes_derivatives
from mindspore.compiler.ir import Graph


def moving_values(body: Graph, carried: int, wanted: tuple[int, ...],
                  seeded: tuple[int, ...]) -> tuple[tuple[int, ...], set[int], set[int]]:
    """The carried positions that move; the other parameters of the body that are wanted and matter; the outputs of the
    body beyond the carried ones that have cotangents and matter.

    wanted: positions of parameters of the body. seeded: positions of its outputs, of which the first `carried` are the
    results of the whole loop.
    """
    active, reached = {k for k in wanted if k < carried}, bytearray()
    others = {k for k in wanted if k >= carried}
    while True:
        reached = activity(body, tuple(active | others))
        more = {k for k in range(carried) if reached[body.outputs[k].idx]} - active
        if not more:
            break
        active |= more
    useful, outputs = {k for k in seeded if k < carried}, {k for k in seeded if k >= carried}
    while True:
        influence = influences(body, useful | outputs)
        more = {k for k in range(carried) if k in influence} - useful
        if not more:
            break
        useful |= more
    return (tuple(sorted(active & useful)), others & influence, {k for k in outputs if reached[body.outputs[k].idx]})


def influences(graph: Graph, outputs: set[int]) -> set[int]:
    """The positions of the parameters on which these outputs depend differentiably."""
    reaching = bytearray(len(graph.nodes))
    for k in outputs:
        if is_differentiable(graph.outputs[k].aval):
            reaching[graph.outputs[k].idx] = 1
    for node in reversed(graph.nodes):
        if reaching[node.idx] and passes_derivatives(node):
            for operand in node.ins:
                reaching[operand.idx] = 1
    return {k for k, p in enumerate(graph.params) if reaching[p.idx] and is_differentiable(p.aval)}
