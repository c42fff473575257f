"""Products with int8 matrices and rounding to int8: values against NumPy in both modes, gradients, and what is
refused."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, ops
from mindspore.ops.auto_generate import QuantBatchMatmul, WeightQuantBatchMatmul, gen_ops_def, quant_matmul
from mindspore.ops.operations._infer_ops import DynamicQuantExt, QuantV2
from mindspore.ops.operations._inner_ops import AntiQuant, Dequant, Quant

DRAW = np.random.default_rng(0)
M, K, N = 5, 12, 7
X = DRAW.normal(size=(M, K)).astype(np.float32)
W = DRAW.integers(-128, 128, (K, N)).astype(np.int8)
A = DRAW.integers(-128, 128, (M, K)).astype(np.int8)
COLUMN = DRAW.uniform(0.005, 0.01, N).astype(np.float32)
SHIFT = DRAW.uniform(-9, 9, N).astype(np.float32)
GROUPED, GROUP_SHIFT = (DRAW.uniform(0.005, 0.01, (3, N)).astype(np.float32) for _ in range(2))
ROW = DRAW.uniform(0.5, 1, M).astype(np.float32)
BIAS = DRAW.normal(size=N).astype(np.float32)
WHOLE = DRAW.integers(-1000, 1000, N).astype(np.int32)
MODES = [ms.PYNATIVE_MODE, ms.GRAPH_MODE]


def bits(scale: np.ndarray) -> np.ndarray:
    """Float32 numbers as devices of Ascend take them."""
    return scale.view(np.uint32).astype(np.uint64)


def real(w, scale, offset=0.0):
    return (w.astype(np.float64) + offset) * scale


def repeated(rows):
    return np.repeat(rows, 5, 0)[:K]


def rounded(y):
    return np.clip(np.round(y), -128, 127).astype(np.int8)


SUMS = A.astype(np.int64) @ W
WEIGHT_ONLY = {
    "columns": (WeightQuantBatchMatmul(), (X, W, COLUMN), X @ real(W, COLUMN)),
    "columns as rows": (WeightQuantBatchMatmul(), (X, W, COLUMN[None], SHIFT[None]), X @ real(W, COLUMN, SHIFT)),
    "one scale": (WeightQuantBatchMatmul(), (X, W, COLUMN[:1], SHIFT[:1]), X @ real(W, COLUMN[0], SHIFT[0])),
    "transposed": (WeightQuantBatchMatmul(False, True), (X, W.T.copy(), COLUMN[:, None], SHIFT, None, None, BIAS),
                   X @ real(W, COLUMN, SHIFT) + BIAS),
    "x transposed": (WeightQuantBatchMatmul(True), (X.T.copy(), W, COLUMN), X @ real(W, COLUMN)),
    "groups": (WeightQuantBatchMatmul(antiquant_group_size=5), (X, W, GROUPED, GROUP_SHIFT),
               X @ real(W, repeated(GROUPED), repeated(GROUP_SHIFT))),
    "groups transposed": (WeightQuantBatchMatmul(False, True, 5),
                          (X, W.T.copy(), GROUPED.T.copy(), None, None, None, BIAS),
                          X @ real(W, repeated(GROUPED)) + BIAS),
    "stack": (WeightQuantBatchMatmul(), (np.stack([X, 2 * X]), W, COLUMN), np.stack([X, 2 * X]) @ real(W, COLUMN)),
    "stacks": (WeightQuantBatchMatmul(), (np.stack([X, X]), np.stack([W, -(W // 2)]), COLUMN),
               np.stack([X, X]) @ real(np.stack([W, -(W // 2)]), COLUMN)),
    "to int8": (WeightQuantBatchMatmul(), (X, W, COLUMN, None, bits(4 * ROW[:1]), SHIFT, BIAS),
                rounded((X @ real(W, COLUMN) + BIAS) * 4 * ROW[0] + SHIFT)),
}
WHOLE_NUMBERS = {
    "columns": (QuantBatchMatmul(dtype=ms.float32), (A, W, COLUMN), SUMS * COLUMN),
    "bits": (QuantBatchMatmul(dtype=ms.float32), (A, W, bits(COLUMN)), SUMS * COLUMN),
    "one scale": (QuantBatchMatmul(False, True, ms.float32), (A, W.T.copy(), COLUMN[:1]), SUMS * COLUMN[0]),
    "x transposed": (QuantBatchMatmul(True, dtype=ms.float32), (A.T.copy(), W, COLUMN), SUMS * COLUMN),
    "rows": (QuantBatchMatmul(dtype=ms.float32), (A, W, COLUMN, None, None, ROW), SUMS * COLUMN * ROW[:, None]),
    "whole bias": (QuantBatchMatmul(dtype=ms.float32), (A, W, COLUMN, None, WHOLE, ROW),
                   (SUMS + WHOLE) * COLUMN * ROW[:, None]),
    "bias": (QuantBatchMatmul(dtype=ms.float32), (A, W, COLUMN, None, BIAS), SUMS * COLUMN + BIAS),
    "stack": (QuantBatchMatmul(dtype=ms.float32), (np.stack([A, A // 3]), W, COLUMN, None, None, ROW),
              (np.stack([A, A // 3]).astype(np.int64) @ W) * COLUMN * ROW[:, None]),
    "to int8": (QuantBatchMatmul(dtype=ms.int8), (A, W, COLUMN / 9, SHIFT, WHOLE),
                rounded((SUMS + WHOLE) * (COLUMN / 9) + SHIFT)),
}
FUNCTIONS = {
    "weight_quant_batch_matmul": (
        lambda *t: gen_ops_def.weight_quant_batch_matmul(*t, transpose_weight=True), (X, W.T.copy(), COLUMN),
        X @ real(W, COLUMN)),
    "quant_batch_matmul": (lambda *t: ops.auto_generate.quant_batch_matmul(*t, dtype=ms.float32), (A, W, COLUMN),
                           SUMS * COLUMN),
    "quant_matmul": (lambda x, w, s, r, b: quant_matmul(x, w, s, pertoken_scale=r, bias=b, output_dtype=ms.float32),
                     (X, X.T.copy(), COLUMN[:1], ROW, ROW), X @ X.T * COLUMN[0] * ROW[:, None] + ROW),
    "quant_matmul to int8": (lambda x, w, s, o, r: quant_matmul(x, w, s, offset=o, pertoken_scale=r),
                             (X, X.T.copy(), 9 * ROW, ROW, ROW), rounded(X @ X.T * 9 * ROW * ROW[:, None] + ROW)),
    "QuantV2": (lambda *t: QuantV2()(*t, False, "ROUND", ms.int8), (X, 40 * np.ones(K, np.float32), X[0]),
                rounded(40 * X + X[0])),
    "QuantV2 sqrt floor": (lambda *t: QuantV2()(*t, True, "FLOOR"), (X, 7 * np.ones(K, np.float32), X[0]),
                           np.clip(np.floor(49 * X + X[0]), -128, 127)),
    "Quant": (Quant(80.0, 3.0, False, "Round"), (X,), rounded(80 * X + 3)),
    "Quant sqrt trunc": (Quant(8.0, 0.0, True, "Trunc"), (X,), np.clip(np.trunc(64 * X), -128, 127)),
    "Dequant": (Dequant(dtype=ms.float32), (SUMS.astype(np.int32), COLUMN), SUMS * COLUMN),
    "Dequant sqrt relu": (Dequant(True, True, ms.float32), (SUMS.astype(np.int32), bits(COLUMN)),
                          np.maximum(SUMS * COLUMN * COLUMN, 0)),
    "AntiQuant": (AntiQuant(dtype=ms.float32), (W, COLUMN, SHIFT), real(W, COLUMN, SHIFT)),
    "AntiQuant sqrt": (AntiQuant(True, ms.float32), (W, COLUMN, SHIFT), real(W, COLUMN, SHIFT) * COLUMN),
}
TABLE = {**{f"weight {k}": v for k, v in WEIGHT_ONLY.items()}, **{f"int8 {k}": v for k, v in WHOLE_NUMBERS.items()},
         **FUNCTIONS}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", TABLE)
def test_values(name, mode):
    function, arrays, expected = TABLE[name]
    tensors = [None if a is None else Tensor(a) for a in arrays]
    given = [t for t in tensors if t is not None]

    def call(*given):
        rest = list(given)
        return function(*[None if t is None else rest.pop(0) for t in tensors])

    found = (ms.jit(call) if mode == ms.GRAPH_MODE else call)(*given).asnumpy()
    assert found.shape == expected.shape and (found.dtype == np.int8) == ("int8" in name.split("to ")[-1:] or
                                                                        name.startswith("Quant"))
    if found.dtype == np.int8:
        assert np.abs(found.astype(int) - expected).max() <= 1 and np.mean(found == expected) > 0.95
    else:
        np.testing.assert_allclose(found, expected, rtol=2e-5, atol=2e-5 * np.abs(expected).max())


@pytest.mark.parametrize("dtype, rtol", [(ms.float16, 2e-3), (ms.bfloat16, 2e-2)])
def test_half_precision(dtype, rtol):
    """Rounded once: the error is that of the operands and of the result."""
    x, scale, offset, bias = (Tensor(a).astype(dtype) for a in (X, COLUMN, SHIFT, BIAS))
    found = WeightQuantBatchMatmul()(x, Tensor(W), scale, offset, None, None, bias)
    want = [v.astype(ms.float32).asnumpy() for v in (x, scale, offset, bias)]
    want = want[0] @ real(W, want[1], want[2]) + want[3]
    assert found.dtype == dtype
    np.testing.assert_allclose(found.astype(ms.float32).asnumpy(), want, rtol=rtol, atol=rtol * 2)
    found = QuantBatchMatmul(dtype=dtype)(Tensor(A), Tensor(W), Tensor(COLUMN), None, None, Tensor(ROW))
    assert found.dtype == dtype
    np.testing.assert_allclose(found.astype(ms.float32).asnumpy(), SUMS * COLUMN * ROW[:, None], rtol=rtol)


@pytest.mark.parametrize("mode", MODES)
def test_dynamic_quantisation(mode):
    x = np.concatenate([X, np.zeros((1, K), np.float32)])

    def call(x, smooth):
        return DynamicQuantExt()(x, smooth)

    smooth = np.linspace(0.5, 2, K).astype(np.float32)
    found, scale = (ms.jit(call) if mode == ms.GRAPH_MODE else call)(Tensor(x), Tensor(smooth))
    largest = np.abs(x * smooth).max(-1)
    np.testing.assert_allclose(scale.asnumpy(), largest / 127, rtol=1e-6)
    with np.errstate(invalid="ignore"):
        want = np.nan_to_num(np.round(x * smooth / (largest / 127)[:, None]))
    assert found.dtype == ms.int8 and np.abs(found.asnumpy() - want).max() <= 1
    assert np.abs(found.asnumpy()).max(-1).tolist() == [127] * M + [0]


@pytest.mark.parametrize("name", ["columns as rows", "transposed", "groups", "groups transposed", "stack"])
def test_gradients_of_weight_only(name):
    """With respect to x, scales and offsets, against differences in float64."""
    function, arrays, _ = WEIGHT_ONLY[name]
    floats = [k for k, a in enumerate(arrays) if a is not None and a.dtype == np.float32]
    tensors = [None if a is None else Tensor(a.astype(np.float64) if k in floats else a) for k, a in enumerate(arrays)]
    weights = Tensor(DRAW.normal(size=function(*tensors).shape))

    def loss(*given):
        chosen = dict(zip(floats, given))
        return (function(*[chosen.get(k, t) for k, t in enumerate(tensors)]) * weights).sum()

    given = [tensors[k] for k in floats]
    found = ms.grad(loss, tuple(range(len(given))))(*given)
    for k, gradient in enumerate(found):
        along = DRAW.normal(size=gradient.shape)
        moved = [[Tensor(t.asnumpy() + s * 1e-6 * along) if j == k else t for j, t in enumerate(given)]
                 for s in (1, -1)]
        numeric = (float(loss(*moved[0])) - float(loss(*moved[1]))) / 2e-6
        assert np.isclose((gradient.asnumpy() * along).sum(), numeric, rtol=1e-4, atol=1e-5), k


def test_gradient_of_scales():
    def loss(column, row):
        return QuantBatchMatmul(dtype=ms.float32)(Tensor(A), Tensor(W), column, None, None, row).sum()

    column, row = ms.grad(loss, (0, 1))(Tensor(COLUMN), Tensor(ROW))
    np.testing.assert_allclose(column.asnumpy(), (SUMS * ROW[:, None]).sum(0), rtol=1e-4)
    np.testing.assert_allclose(row.asnumpy(), (SUMS * COLUMN).sum(1), rtol=1e-4)


def test_no_gradient_of_rounding():
    with pytest.raises(TypeError, match="there is no derivative of rounding to int8"):
        ms.grad(lambda x: DynamicQuantExt()(x)[1].sum())(Tensor(X)).asnumpy()


def test_lanes():
    """A stack of weights, and a stack of operands, lane by lane."""
    xs, ws = np.stack([X, X + 1, X - 2]), np.stack([W, W // 2, W // 3])
    call = WeightQuantBatchMatmul()
    found = ops.vmap(lambda x, w: call(x, w, Tensor(COLUMN)))(Tensor(xs), Tensor(ws))
    np.testing.assert_allclose(found.asnumpy(), xs @ real(ws, COLUMN), rtol=1e-4, atol=1e-4)
    found = ops.vmap(lambda x: call(x, Tensor(W), Tensor(COLUMN)))(Tensor(xs))
    np.testing.assert_allclose(found.asnumpy(), xs @ real(W, COLUMN), rtol=1e-4, atol=1e-4)
    found = ops.vmap(lambda x: DynamicQuantExt()(x)[0])(Tensor(xs))
    assert all(np.array_equal(f, DynamicQuantExt()(Tensor(x))[0].asnumpy()) for f, x in zip(found.asnumpy(), xs))


x, w, a, column = Tensor(X), Tensor(W), Tensor(A), Tensor(COLUMN)
REFUSED = {
    "x of integers": (lambda: WeightQuantBatchMatmul()(a, w, column), TypeError, "x has dtype Int8; expected Float16"),
    "weights of int32": (lambda: WeightQuantBatchMatmul()(x, w.astype(ms.int32), column), TypeError,
                         "weight has dtype"),
    "no scale": (lambda: WeightQuantBatchMatmul()(x, w, None), TypeError, "antiquant_scale is None"),
    "scale of a wrong size": (lambda: WeightQuantBatchMatmul()(x, w, column[:3]), ValueError,
                              r"antiquant_scale has shape \(3,\); expected \(7,\)"),
    "scale of wrong groups": (lambda: WeightQuantBatchMatmul(antiquant_group_size=4)(x, w, Tensor(GROUPED[:2])),
                              ValueError, r"scale has shape \(2, 7\); expected \(3, 7\)"),
    "inner sizes": (lambda: WeightQuantBatchMatmul()(x, w[:5], column), ValueError, "axis 'k' of operand 1 has size 5"),
    "a vector": (lambda: WeightQuantBatchMatmul()(x[0], w, column), ValueError, "at least 2 axes each"),
    "an offset alone": (lambda: WeightQuantBatchMatmul()(x, w, column, None, None, column), ValueError,
                        "quant_offset is given without quant_scale"),
    "a bias of a wrong size": (lambda: WeightQuantBatchMatmul()(x, w, column, None, None, None, column[:3]), ValueError,
                               "bias has shape"),
    "floats": (lambda: QuantBatchMatmul()(x, w, column), TypeError, "x1 has dtype Float32; expected Int8"),
    "result of int32": (lambda: QuantBatchMatmul(dtype=ms.int32)(a, w, column), TypeError, "dtype is Int32"),
    "offset of floats": (lambda: QuantBatchMatmul()(a, w, column, column), ValueError,
                         "an offset belongs to results of"),
    "too many rows": (lambda: QuantBatchMatmul()(a, w, column, None, None, column), ValueError,
                      "pertokenScaleOptional has shape"),
    "int8 in quant_matmul": (lambda: quant_matmul(a, w, column, pertoken_scale=Tensor(ROW)), ValueError,
                             "quant_batch_matmul takes Int8"),
    "no rows in quant_matmul": (lambda: quant_matmul(x, x.T, column[:1]), ValueError, "pertoken_scale is None"),
    "groups in quant_matmul": (
        lambda: quant_matmul(x, x.T, column[:1], pertoken_scale=Tensor(ROW), group_sizes=(0, 0, 4)), ValueError,
        "group_sizes is"),
    "a rounding": (lambda: QuantV2()(x, x[0], x[0], False, "UP"), ValueError, "rounding mode is 'UP'"),
    "a target": (lambda: QuantV2()(x, x[0], x[0], False, "ROUND", ms.int32), ValueError, "dst_type is Int32"),
    "scale of another size": (lambda: QuantV2()(x, x[0][:5], x[0]), ValueError, "scale has shape"),
    "smooth scales": (lambda: DynamicQuantExt()(x, column), ValueError, "smooth_scales has shape"),
    "empty rows": (lambda: DynamicQuantExt()(x[:, :0]), ValueError, "the last one not empty"),
    "floating sums": (lambda: Dequant()(x, column), TypeError, "x has dtype Float32; expected Int32"),
    "floating numbers": (lambda: AntiQuant()(x, column, column), TypeError, "x has dtype Float32; expected Int8"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    call, error, message = REFUSED[name]
    with pytest.raises(error, match=message):
        call()
