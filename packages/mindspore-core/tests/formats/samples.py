"""Networks of one operator: a primitive on its own samples."""
from __future__ import annotations

import numpy as np

from mindspore import Tensor
from mindspore.compiler.ir import Builder, tensor_aval
from mindspore.compiler.primitives.base import PRIMITIVES
from mindspore.formats.exported import Network
from mindspore.testing.conformance import cases

DECOMPOSED = {"unfold2d"}  # what `exported.prepared` writes by simpler operators
STRUCTURAL = {"parameter", "constant", "item", "dimension", "cond", "while_", "call", "scan", "identity",
              "stop_gradient", "known_value"}


def networks(name: str, finite: bool = False):
    """For the good samples of a primitive in float32 the network, the arrays, and the node. finite: without those with
    infinities and NaNs."""
    op = PRIMITIVES[name]
    for sample in op.samples():
        if sample.error is not None:
            continue
        arrays = cases.cast_operands(sample, "float32")
        if finite and not all(a.dtype.kind not in "fc" or np.isfinite(a).all() for a in arrays):
            continue
        b = Builder(name)
        params = [b.parameter(tensor_aval(a.shape, Tensor(a).dtype)) for a in arrays]
        node = b.emit(op, tuple(params), op.pack_attrs(sample.attrs))
        graph = b.finish(list(b.items(node)))
        result = list(range(len(graph.outputs)))
        yield Network(name, graph, [f"x{k}" for k in range(len(arrays))], [], result, []), arrays, node


def without_place(rules) -> set[str]:
    """The primitives that have neither a rule nor a decomposition."""
    known = STRUCTURAL | DECOMPOSED | set(rules)
    return {name for name, op in PRIMITIVES.items()
            if op.lower is None and name not in known and not name.startswith("demo_")}
