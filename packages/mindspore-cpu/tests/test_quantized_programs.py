"""Which steps programs with int8 matrices become on the CPU: one kernel with bias and relu, or a decomposition."""
from __future__ import annotations

import numpy as np
import pytest

from mindspore.common.dtype import float16, float32, float64, int8
from mindspore.compiler.executor import HOST_FALLBACKS
from mindspore.compiler.ir import Builder, tensor_aval
from mindspore.compiler.ir.evaluate import evaluate
from mindspore.compiler.pipeline import make_plan, run_graph
from mindspore_cpu.claims import find_claims

X, W, SCALE, ROWS, BIAS = ((5, 40), float32), ((40, 24), int8), ((24,), float32), ((5,), float32), ((24,), float32)
HALF = [((5, 40), float16), W, ((24,), float16), ((24,), float16)]
PRODUCTS = {
    "weights": ("weight_quant_matmul", [X, W, SCALE], {}),
    "weights with offsets": ("weight_quant_matmul", [X, W, SCALE, SCALE], {}),
    "weights of a stack of rows": ("weight_quant_matmul", [((2, 3, 40), float32), W, SCALE], {}),
    "groups, transposed": ("weight_quant_matmul", [X, ((24, 40), int8), ((24, 5), float32)],
                           {"transpose_w": True, "group": 8}),
    "half precision": ("weight_quant_matmul", HALF, {}),
    "half precision, scales in float32": ("weight_quant_matmul", [HALF[0], W, SCALE], {}),
    "int8": ("quant_matmul", [((5, 40), int8), W, ROWS, SCALE], {}),
    "int8 to half precision": ("quant_matmul", [((5, 40), int8), ((24, 40), int8), ROWS, SCALE],
                               {"transpose_b": True, "dtype": float16}),
}
DECOMPOSED = {
    "float64": ("weight_quant_matmul", [((5, 40), float64), W, SCALE], {}),
    "a stack of weights": ("weight_quant_matmul", [((2, 5, 40), float32), ((2, 40, 24), int8), SCALE], {}),
    "a stack of int8": ("quant_matmul", [((2, 5, 40), int8), ((2, 40, 24), int8), ((2, 5), float32), SCALE], {}),
}


def product_graph(name: str, operands, attrs: dict, bias: bool, relu: bool):
    b = Builder("g")
    params = [b.parameter(tensor_aval(shape, dtype)) for shape, dtype in operands]
    y = getattr(b, name)(*params, **attrs)
    if bias:
        y = b.add(y, b.parameter(tensor_aval((24,), y.dtype)))
    return b.finish([b.maximum(y, 0.0) if relu else y])


def arrays_of(graph) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(-128, 128, p.shape).astype(np.int8) if p.dtype is int8
            else rng.uniform(0.01, 0.1, p.shape).astype(p.dtype.np) for p in graph.params]


def check_values(device, graph) -> None:
    arrays, before = arrays_of(graph), dict(HOST_FALLBACKS)
    got, = run_graph(graph, arrays, device)
    want, = evaluate(graph, arrays)
    tolerance = 2e-3 if got.dtype == np.float16 else 1e-4
    np.testing.assert_allclose(got.astype(np.float64), want.astype(np.float64), rtol=tolerance, atol=tolerance)
    assert before == HOST_FALLBACKS


@pytest.mark.parametrize("name", PRODUCTS)
def test_bias_and_relu_belong_to_the_kernel(device, name):
    for bias, relu, ending in ((True, False, "_bias"), (True, True, "_bias_relu"), (False, False, "")):
        graph = product_graph(*PRODUCTS[name], bias, relu)
        assert [c.name for c in find_claims(graph)] == ([PRODUCTS[name][0] + ending] if bias else [])
        shown = make_plan(graph, device).program.show()
        assert sum(line.count(" = ") for line in shown.splitlines()) == 1 and PRODUCTS[name][0] in shown, shown
        check_values(device, graph)


@pytest.mark.parametrize("name", DECOMPOSED)
def test_other_products_are_decomposed(device, name):
    graph = product_graph(*DECOMPOSED[name], True, True)
    assert not find_claims(graph)
    shown = make_plan(graph, device).program.show()
    assert "host" not in shown and DECOMPOSED[name][0] not in shown.replace("group", ""), shown
    check_values(device, graph)


def test_rounding_rows_is_one_loop(device):
    """The largest value of a row and the rounded quotients: two passes over a row that is in the cache."""
    b = Builder("g")
    graph = b.finish(b.items(b.quantize_rows(b.parameter(tensor_aval((7, 100), float32)))))
    shown = make_plan(graph, device).program.show()
    kinds = [line.split("=")[1].split()[0] for line in shown.splitlines() if "=" in line]
    assert [kind for kind in kinds if kind != "view"] == ["group"]
