"""Random programs, cut into groups and generated, against their references."""
from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from programs import programs, run_groups

from mindspore.compiler.ir.evaluate import evaluate

QUICK = settings(max_examples=150, deadline=None, derandomize=True,
                 suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])


@QUICK
@given(programs())
def test_random_programs(program):
    graph, arrays = program
    for found, expected in zip(run_groups(graph, arrays), evaluate(graph, arrays)):
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-5)


@QUICK
@given(programs(most=25), st.data())
def test_random_programs_with_launches_between_the_groups(program, data):
    graph, arrays = program
    working = [n.idx for n in graph.nodes if n.op.name not in ("parameter", "constant")]
    taken = frozenset(data.draw(st.sets(st.sampled_from(working), max_size=5))) if working else frozenset()
    for found, expected in zip(run_groups(graph, arrays, taken), evaluate(graph, arrays)):
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-5)
