"""Kernels as they are built, without a plan around them: they write their results and nothing else.

Results lie at the beginning of larger buffers, the rest of which must stay; operands must stay, too. A second run in
other buffers gives the same bits.
"""
from __future__ import annotations

import numpy as np
import pytest

from mindspore.compiler.primitives.base import PRIMITIVES
from mindspore.plugin import KernelSpec
from mindspore.testing.conformance import cases
from mindspore.testing.conformance.test_device_memory import differ, get, pattern, put

GUARD = 192
NAMES = [name for name in cases.operators() if not PRIMITIVES[name].hosted and not PRIMITIVES[name].regions]


def specs(name: str, device) -> list[tuple[KernelSpec, cases.Part]]:
    """The first samples that the device's table serves: one with many elements, one without any, one in own dtypes."""
    op, served = PRIMITIVES[name], getattr(device, "supports", None)
    found: dict[tuple, tuple[KernelSpec, cases.Part]] = {}
    for key in ("float32", cases.NATIVE):
        for number, sample in cases.good_samples(op, key):
            arrays = cases.cast_operands(sample, key)
            graph = cases.sample_graph(op, arrays, sample.attrs)
            nodes = (*graph.params, *graph.outputs)
            spec = KernelSpec(name, dict(zip(op.attrs, op.pack_attrs(sample.attrs))),
                              tuple(p.aval for p in graph.params), tuple(o.aval for o in graph.outputs))
            if all(n.aval.dtype.key in device.capabilities.dtypes for n in nodes) and (served is None or served(spec)):
                sized = all(o.aval.size for o in graph.outputs)
                found.setdefault((key, sized), (spec, cases.Part(number, sample, arrays, 0)))
    return list(found.values())


def run(device, spec: KernelSpec, kernel, arrays, seed: int) -> tuple[list[np.ndarray], str | None]:
    """The bytes of the results, and what else was written."""
    ins = [put(device, np.ascontiguousarray(a)) for a in arrays]
    outs = [put(device, pattern(a.nbytes + GUARD, seed)) for a in spec.outs]
    device.allocator.synchronize()
    kernel(ins, outs)
    results = [get(device, buffer, a.nbytes + GUARD) for buffer, a in zip(outs, spec.outs)]
    for number, (got, aval) in enumerate(zip(results, spec.outs)):
        problem = differ(got[aval.nbytes:], pattern(aval.nbytes + GUARD, seed)[aval.nbytes:])
        if problem:
            return results, f"behind result {number} ({aval}): {problem}"
    for number, (buffer, array) in enumerate(zip(ins, arrays)):
        problem = differ(get(device, buffer, array.nbytes), np.ascontiguousarray(array).reshape(-1).view(np.uint8))
        if problem:
            return results, f"operand {number} was changed: {problem}"
    return [got[:aval.nbytes] for got, aval in zip(results, spec.outs)], None


@pytest.mark.parametrize("name", NAMES)
def test_a_kernel_writes_its_results_and_nothing_else(device, tally, name):
    if name not in device.kernels:
        pytest.skip("the device has no kernel for it")
    tried = 0
    for spec, part in specs(name, device):
        kernel = device.kernels[name](spec)
        if kernel is None:
            continue
        tried += 1
        first, problem = run(device, spec, kernel, part.arrays, 1)
        tally.check(problem and f"sample {part.number}: {problem}")
        again, problem = run(device, spec, kernel, part.arrays, 2)
        for got, other in zip(again, first):
            problem = problem or differ(got, other)
        tally.check(problem and f"sample {part.number}, again: {problem}")
    if not tried:
        pytest.skip("the builder declines the samples")
