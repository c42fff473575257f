"""The rules of every operator against each other; no device is involved.

Shape and dtype rules refuse bad samples by the declared exception, references give what the rules say, decompositions
compute what references do, derivatives of orders 1 and 2 agree with central differences of the reference, forward mode
agrees with reverse mode, and the operator on many lanes at once gives what it gives lane by lane.
"""
from __future__ import annotations

import numpy as np
import pytest

from mindspore.compiler.autodiff.vjp import lower_nodes
from mindspore.compiler.ir.evaluate import evaluate
from mindspore.compiler.primitives.base import PRIMITIVES
from mindspore.testing.conformance import cases

OPERATORS = cases.operators()


def _outcome(problems: list[str]) -> None:
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("name", OPERATORS)
def test_bad_samples_are_refused(name):
    op, problems = PRIMITIVES[name], []
    for number, sample in enumerate(op.samples()):
        if sample.error is None:
            continue
        arrays = [np.asarray(a) for a in sample.ins]
        try:
            graph = cases.sample_graph(op, arrays, sample.attrs)
        except sample.error as error:
            if not str(error).startswith(name):
                problems.append(f"sample {number}: the message does not begin with the operator's name: {error}")
        except Exception as error:
            problems.append(f"sample {number}: raised {error!r}, expected {sample.error.__name__}")
        else:
            problems.append(f"sample {number}: gave {graph.out_avals}, expected {sample.error.__name__}")
    _outcome(problems)


@pytest.mark.parametrize("name", OPERATORS)
def test_references_give_what_the_rules_say(name):
    op, problems = PRIMITIVES[name], []
    for key in cases.case_keys(name):
        for number, sample in cases.good_samples(op, key):
            arrays = cases.cast_operands(sample, key)
            graph = cases.sample_graph(op, arrays, sample.attrs)
            for value, node in zip(evaluate(graph, arrays), graph.outputs, strict=True):
                if value.shape != node.shape or value.dtype != node.dtype.np:
                    problems.append(f"sample {number} at {key}: the reference gives {value.dtype}{list(value.shape)}, "
                                    f"the rule {node.aval}")
    _outcome(problems)


@pytest.mark.parametrize("name", [n for n in OPERATORS if PRIMITIVES[n].lower and PRIMITIVES[n].reference])
def test_decompositions_compute_what_references_do(name):
    op, problems = PRIMITIVES[name], []
    for key in ("float64", cases.NATIVE):
        for number, sample in cases.good_samples(op, key):
            arrays = cases.cast_operands(sample, key)
            graph = cases.sample_graph(op, arrays, sample.attrs)
            lowered = lower_nodes(graph, {n.idx for n in graph.nodes if n.op is op})
            for got, want in zip(evaluate(lowered, arrays), evaluate(graph, arrays), strict=True):
                rtol, atol = (1e-6, 1e-6) if want.dtype in (np.float32, np.complex64) else (1e-12, 1e-13)
                try:
                    np.testing.assert_allclose(cases.widened([got])[0], cases.widened([want])[0], rtol, atol)
                except AssertionError as error:
                    problems.append(f"sample {number} at {key}: {error}")
    _outcome(problems)


@pytest.mark.parametrize("name", [n for n in OPERATORS if PRIMITIVES[n].differentiable])
def test_derivatives_agree_with_differences(name):
    op, problems = PRIMITIVES[name], []
    for key in ("float64", cases.NATIVE):
        for number, sample in cases.good_samples(op, key):
            arrays = cases.cast_operands(sample, key)
            graph = cases.sample_graph(op, arrays, sample.attrs)
            exact = all(n.aval.dtype.key in ("float64", "complex128") for n in (*graph.params, *graph.outputs)
                        if n.aval.dtype.is_inexact)
            if cases.smooth(op)(sample) and exact:
                problems += [f"sample {number}, {e}" for e in cases.derivative_errors(graph, arrays, sample.order)]
    _outcome(problems)


@pytest.mark.parametrize("name", [n for n in OPERATORS if PRIMITIVES[n].differentiable])
def test_forward_mode_agrees_with_reverse_mode(name):
    op, problems = PRIMITIVES[name], []
    for key in ("float64", cases.NATIVE):
        for number, sample in cases.good_samples(op, key):
            if cases.smooth(op)(sample):
                arrays = cases.cast_operands(sample, key)
                graph = cases.sample_graph(op, arrays, sample.attrs)
                problems += [f"sample {number} at {key}: {e}" for e in cases.forward_errors(graph, arrays)]
    _outcome(problems)


@pytest.mark.parametrize("name", [n for n in OPERATORS if not PRIMITIVES[n].hosted])
def test_many_lanes_at_once_give_what_each_gives_alone(name):
    op, problems = PRIMITIVES[name], []
    for key in ("float64", cases.NATIVE):
        for number, sample in cases.good_samples(op, key):
            arrays = cases.cast_operands(sample, key)
            graph = cases.sample_graph(op, arrays, sample.attrs)
            problems += [f"sample {number} at {key}: {e}" for e in cases.batching_errors(graph, arrays)]
    _outcome(problems)
