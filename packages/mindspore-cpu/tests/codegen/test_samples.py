"""Every supported primitive, on its own samples, in every dtype, against its reference."""
from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest
from harness import SUPPORTED, build, run_graph

from mindspore.compiler.ir.evaluate import evaluate
from mindspore.compiler.primitives.base import PRIMITIVES

FLOATS = (np.float32, np.float64, np.float16, ml_dtypes.bfloat16)
ROUNDING = {np.dtype(np.float32): 2.0**-23, np.dtype(np.float64): 2.0**-52, np.dtype(np.float16): 2.0**-10,
            np.dtype(ml_dtypes.bfloat16): 2.0**-7}


def _cases():
    for name in sorted(SUPPORTED):
        for number, sample in enumerate(PRIMITIVES[name].samples()):
            if sample.error is None:
                floating = any(np.asarray(a).dtype.kind == "f" for a in sample.ins) and not sample.exact_dtypes
                for dtype in FLOATS if floating else (None,):
                    yield pytest.param(name, sample, dtype, id=f"{name}-{number}-{np.dtype(dtype) if dtype else ''}")


def assert_right(name: str, found: np.ndarray, expected: np.ndarray) -> None:
    """AssertionError unless a result is the reference's, of floating numbers to a few roundings."""
    assert found.dtype == expected.dtype and found.shape == expected.shape
    if found.dtype not in ROUNDING:
        np.testing.assert_array_equal(found, expected)
        return
    scale = ROUNDING[found.dtype]
    np.testing.assert_allclose(found.astype(np.float64), expected.astype(np.float64), rtol=8 * scale,
                               atol=8 * scale if name in ("sum", "prod") else 0)


@pytest.mark.parametrize("name, sample, dtype", list(_cases()))
def test_samples(name, sample, dtype):
    arrays = [np.asarray(a) for a in sample.ins]
    with np.errstate(all="ignore"):
        arrays = [a.astype(dtype) if dtype is not None and a.dtype == np.float64 else a for a in arrays]
    try:
        graph = build(lambda b, *nodes: b.call(PRIMITIVES[name], *nodes, **sample.attrs), *arrays)
    except TypeError:
        pytest.skip("the primitive does not take this dtype")
    if any(n.dtype.kind == "c" for n in graph.nodes):
        pytest.skip("complex numbers have no generated form")
    for found, expected in zip(run_graph(graph, arrays), evaluate(graph, arrays)):
        assert_right(name, found, expected)
