"""Values and gradients that a device computes, against the operators' references.

One test is one operator at one dtype that the device claims, on all its samples. `cases` says what agreement means.
"""
from __future__ import annotations

import pytest

from mindspore.common.dtype import float32
from mindspore.compiler.autodiff.vjp import vjp_graph
from mindspore.compiler.ir import Builder, Graph, Node
from mindspore.compiler.ir.evaluate import evaluate
from mindspore.compiler.pipeline import make_plan, run_graph
from mindspore.compiler.primitives.base import PRIMITIVES, Sample
from mindspore.compiler.program import HOST
from mindspore.testing.conformance import cases

VALUES = [(name, key) for name in cases.operators() for key in cases.case_keys(name)]
GRADIENTS = [name for name in cases.operators() if any(map(cases.smooth(PRIMITIVES[name]), (
    s for _, s in cases.good_samples(PRIMITIVES[name], "float32"))))]


@pytest.mark.parametrize(("name", "key"), VALUES, ids=[f"{n}-{k}" for n, k in VALUES])
def test_values(device, tally, name, key):
    claimed = device.capabilities.dtypes
    case = cases.make_case(name, key, claimed)
    tally.refused += case.refused
    if not case.parts:
        pytest.skip(f"the device does not claim the dtypes of these {case.refused} samples")
    tally.on_host += _host_launches(case.graph, device)
    results = _run_together_or_alone(case, device)
    problems = []
    for part in case.parts:
        problem = _check_part(case, part, results[part.number])
        tally.count(problem)
        if problem is not None:
            problems.append(f"sample {part.number}: {problem}")
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradients(device, tally, name):
    """The vector-Jacobian product in float32, compiled for the device, against the same graph in float64."""
    op = PRIMITIVES[name]
    case = cases.make_case(name, "float32", device.capabilities.dtypes, cases.smooth(op))
    if not case.parts:
        pytest.skip("the device does not claim float32")
    joint = vjp_graph(case.graph, cases.wanted_parameters(case.graph))
    arrays = case.arrays() + cases.cotangents(case.graph)
    tally.on_host += _host_launches(joint, device)
    wide_joint = _joint_in_float64(case)
    want = evaluate(wide_joint, [a.astype(p.aval.dtype.np) for a, p in zip(arrays, wide_joint.params, strict=True)])
    got = run_graph(joint, arrays, device)
    loosest = max((p.sample for p in case.parts), key=lambda s: s.rtol)
    loose = Sample((), rtol=10 * loosest.rtol, atol=max(10 * p.sample.atol for p in case.parts))
    problems = []
    for position, node in enumerate(joint.outputs):
        dtype = node.aval.dtype
        problem = cases.disagreement(got[position], want[position], dtype, float32, loose)
        tally.count(problem)
        if problem is not None:
            problems.append(f"output {position} of the joint graph: {problem}")
    assert not problems, "\n".join(problems)


def _joint_in_float64(case) -> Graph:
    b = Builder(case.graph.name)
    outputs: list[Node] = []
    for part in case.parts:
        outputs.extend(cases.emit_sample(b, case.op, cases.widened(part.arrays), part.sample.attrs))
    graph = b.finish(outputs)
    return vjp_graph(graph, cases.wanted_parameters(graph))


def _run_together_or_alone(case, device) -> dict:
    """The outputs of each sample; where the graph of all samples fails, each sample is run on its own so that the one
    at fault is named."""
    try:
        results = run_graph(case.graph, case.arrays(), device)
    except Exception:
        return {part.number: _run_alone(case.op, part, device) for part in case.parts}
    bounds = [part.first for part in case.parts] + [len(results)]
    return {part.number: results[low:high] for part, low, high in zip(case.parts, bounds, bounds[1:])}


def _run_alone(op, part, device):
    try:
        return run_graph(cases.sample_graph(op, part.arrays, part.sample.attrs), part.arrays, device)
    except Exception as error:
        return error


def _check_part(case, part, got) -> str | None:
    if isinstance(got, Exception):
        return f"raised {got!r}"
    outputs = case.graph.outputs[part.first:part.first + len(got)]
    coarsest = cases.coarsest_dtype(part.arrays, outputs)
    signed = cases.keeps_zero_signs(case.op) and len(part.arrays) == 1
    for node, value, want in zip(outputs, got, cases.expected_values(case.op, part), strict=True):
        problem = cases.disagreement(value, want, node.aval.dtype, coarsest, part.sample, signed)
        if problem is not None:
            shapes = ", ".join(str(a.shape) for a in part.arrays)
            return f"operands {shapes} attributes {part.sample.attrs}: {problem}"
    return None


def _host_launches(graph: Graph, device) -> int:
    if any(node.op.regions for node in graph.nodes):
        return 0  # the driver's work, which is no kernel's
    return sum(step.kind == HOST for step in make_plan(graph, device).launches)
