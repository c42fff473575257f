"""Operators on many lanes at once (`vmap`), compiled for the device: what each lane gives alone."""
from __future__ import annotations

import numpy as np
import pytest

from mindspore.compiler.autodiff.vmap import vmap_graph
from mindspore.compiler.ir.evaluate import evaluate
from mindspore.compiler.pipeline import run_graph
from mindspore.compiler.primitives.base import PRIMITIVES
from mindspore.compiler.primitives.lanes import batched_aval
from mindspore.testing.conformance import cases
from mindspore.testing.conformance.test_layouts import chosen

NAMES = [name for name in cases.operators() if not PRIMITIVES[name].hosted and not PRIMITIVES[name].lower
         and not PRIMITIVES[name].regions]


@pytest.mark.parametrize("name", NAMES)
def test_many_lanes_on_the_device(device, tally, name):
    """One sample in float32, or in its own dtypes, over all operands at once, against lane after lane in float64.
    Compositions are left out: their members are tested."""
    op, claimed = PRIMITIVES[name], device.capabilities.dtypes
    part = next((p for key in ("float32", cases.NATIVE) for p in chosen(op, key, claimed) if p.arrays), None)
    if part is None:
        pytest.skip("no sample with axes at dtypes that the device claims")
    graph = cases.sample_graph(op, part.arrays, part.sample.attrs)
    given = [cases.lanes_of(a, k) for k, a in enumerate(part.arrays)]
    avals = tuple(batched_aval(p.aval, cases.LANES) for p in graph.params)
    batched = vmap_graph(graph, avals, cases.LANES, same_random=True)
    if not all(n.aval.dtype.key in claimed for n in batched.outputs):
        pytest.skip("the device does not claim the result's dtype")
    got = run_graph(batched, given, device)
    coarsest = cases.coarsest_dtype(part.arrays, graph.outputs)
    for lane in range(cases.LANES):
        arrays = [a[lane] for a in given]
        wide = arrays if part.sample.exact_dtypes else cases.widened(arrays)
        want = evaluate(cases.sample_graph(op, wide, part.sample.attrs), wide)
        for node, value, expected in zip(graph.outputs, got, want, strict=True):
            found = value[lane] if value.ndim > expected.ndim else value
            problem = cases.disagreement(np.asarray(found), expected, node.aval.dtype, coarsest, part.sample)
            tally.check(problem and f"lane {lane}: {problem}")
