"""Loops and decisions as operators, functions on the host, checks at run time, and small helpers, in both modes."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, nn, ops
from mindspore.ops import composite as C
from mindspore.ops import functional as F
from mindspore.ops import operations as P

X = np.float32([1, 2, 3])
COMPILED = pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])


def maybe(function, compiled):
    return ms.jit(function) if compiled else function


# -- loops -------------------------------------------------------------------------------------------------------------

def doubled(x):
    return x * 2


@COMPILED
def test_while(compiled):
    def run(x):
        return P.WhileLoop()(lambda v: v.sum() < 100, doubled, x)

    step = maybe(run, compiled)
    for start in (X, 40 * X):
        expected = start
        while expected.sum() < 100:
            expected = expected * 2
        np.testing.assert_allclose(step(Tensor(start)).asnumpy(), expected)
    gradient = maybe(ms.grad(run), compiled)(Tensor(X))
    assert gradient.asnumpy().tolist() == [32, 32, 32]


@COMPILED
def test_for(compiled):
    loop = ops.ForiLoop()

    def run(x, n):
        return loop(0, 4, lambda i, v: v + i * x, x), loop(1, n, lambda i, v: v * i, x)

    fixed, counted = maybe(run, compiled)(Tensor(X), Tensor(4))
    assert fixed.asnumpy().tolist() == (7 * X).tolist() and counted.asnumpy().tolist() == (6 * X).tolist()


def test_a_bound_that_is_a_tensor_is_no_new_graph():
    @ms.jit
    def run(x, n):
        return P.ForiLoop()(0, n, lambda i, v: v + x, x)

    run(Tensor(X), Tensor(2))
    with ms.compiler.pipeline.assert_max_compiles(0):
        assert run(Tensor(X), Tensor(5)).asnumpy().tolist() == (6 * X).tolist()


@COMPILED
def test_scan(compiled):
    def run(x):
        total, parts = P.Scan()(lambda s, v: (s + v, s * v), x, [x, 2 * x])
        again, _ = P.Scan()(lambda s, v: (s * 2, v), x, None, 3)
        return total, parts[0], parts[1], again

    results = maybe(run, compiled)(Tensor(X))
    for got, wanted in zip(results, (4 * X, X * X, 4 * X * X, 8 * X)):
        np.testing.assert_allclose(got.asnumpy(), wanted)
    with pytest.raises(ValueError, match="give one of them"):
        P.Scan()(doubled, 1, None)
    with pytest.raises(ValueError, match="length is 3"):
        P.Scan()(doubled, 1, [1], 3)


@COMPILED
def test_switch(compiled):
    layers = (nn.ReLU(), nn.Sigmoid())

    def run(x, k):
        return F.switch(k > 0, x, -x), F.switch(k > 0, doubled, ops.neg)(x), F.switch_layer(k, layers)(x)

    step = maybe(run, compiled)
    for k, last in ((0, X), (1, 1 / (1 + np.exp(-X)))):
        first, second, third = step(Tensor(X), Tensor(k))
        assert first.asnumpy().tolist() == (X if k else -X).tolist()
        assert second.asnumpy().tolist() == (2 * X if k else -X).tolist()
        np.testing.assert_allclose(third.asnumpy(), last, rtol=1e-6)


# -- functions on the host ---------------------------------------------------------------------------------------------

CALLS: list = []


def sorted_and_sum(x, y):
    CALLS.append(1)
    return np.sort(x)[::-1].copy(), (x + y).sum(keepdims=True)


@COMPILED
def test_python_functions(compiled):
    operator = P.PyFunc(sorted_and_sum, (ms.float32, ms.float32), ((3,), (3,)), (ms.float32, ms.float32), ((3,), (1,)))
    CALLS.clear()
    step = maybe(lambda x: operator((x, x * 2)), compiled)
    for _ in range(2):
        ordered, total = step(Tensor(X))
        assert ordered.asnumpy().tolist() == [3, 2, 1] and total.asnumpy().tolist() == [18]
    assert len(CALLS) == 2
    with pytest.raises(ValueError, match="the operands are"):
        operator(Tensor(X))


def test_python_functions_are_called_at_once():
    CALLS.clear()
    P.PyFunc(sorted_and_sum, (ms.float32,) * 2, ((3,), (3,)), (ms.float32,) * 2, ((3,), (1,)))(Tensor(X), Tensor(X))
    assert len(CALLS) == 1


def cube(x):
    return x ** 3


def cube_gradient(x, out, dout):
    return (3 * x * x * dout,)


@COMPILED
def test_custom_operators(compiled):
    operator = ops.Custom(cube, lambda s: s, lambda d: d, "pyfunc", cube_gradient)
    np.testing.assert_allclose(maybe(lambda x: operator(x), compiled)(Tensor(X)).asnumpy(), X ** 3)
    gradient = maybe(ms.grad(lambda x: operator(x * 2).sum()), compiled)(Tensor(X))
    np.testing.assert_allclose(gradient.asnumpy(), 24 * X * X)
    several = P.Custom(lambda x: (x + 1, x.astype(np.int32)), ((3,), (3,)), (ms.float32, ms.int32))
    first, second = maybe(lambda x: several(x), compiled)(Tensor(X))
    assert first.asnumpy().tolist() == [2, 3, 4] and second.dtype is ms.int32


def test_lanes_of_a_host_function():
    operator = ops.Custom(lambda x, y: x[::-1] * y, lambda *s: s[0], lambda *d: d[0])
    result = ops.vmap(lambda x: operator(x, Tensor(X)))(Tensor(np.stack([X, 2 * X])))
    np.testing.assert_allclose(result.asnumpy(), np.stack([X[::-1] * X, 2 * X[::-1] * X]))


@COMPILED
def test_functions_with_derivatives_of_their_own(compiled):
    plain = ops.Morph(doubled, lambda s: s, lambda d: d)
    own = ops.Morph(doubled, lambda s: s, lambda d: d, lambda x, out, dout: (dout * 5,))
    for operator, factor in ((plain, 2), (own, 5)):
        assert maybe(lambda x, op=operator: op(x), compiled)(Tensor(X)).asnumpy().tolist() == (2 * X).tolist()
        gradient = maybe(ms.grad(lambda x, op=operator: op(x).sum()), compiled)(Tensor(X))
        assert gradient.asnumpy().tolist() == [factor] * 3


def weighted(x, plus=1.0, times=2.0):
    return x * times + plus


@COMPILED
@pytest.mark.parametrize("bprop", [
    None, lambda x, plus, times, out, dout: (dout * times, dout.sum(), (dout * x).sum())])
def test_functions_called_with_keywords(compiled, bprop):
    operator = ops.Morph(weighted, lambda *s: s[0], lambda *d: d[0], bprop)
    assert maybe(lambda x: operator(x, times=3.0), compiled)(Tensor(X)).asnumpy().tolist() == (3 * X + 1).tolist()
    gradient = ms.grad(lambda x, times: operator(times=times, x=x).sum(), (0, 1))
    of_x, of_times = maybe(gradient, compiled)(Tensor(X), Tensor(4.0))
    assert of_x.asnumpy().tolist() == [4] * 3 and float(of_times) == X.sum()
    with pytest.raises(TypeError, match="by keyword only"):
        ops.Morph(lambda x, *, k=1: x * k, lambda s: s, lambda d: d)(Tensor(X), k=2)


@COMPILED
@pytest.mark.parametrize(("function", "error", "word"), [
    (lambda x: x[:2], ValueError, "has shape"), (lambda x: x.astype(np.float64), TypeError, "cast it there"),
    (lambda x: (x, x), ValueError, "2 results"), (lambda x: {}["key"], KeyError, "key"),
])
def test_wrong_results_of_host_functions(compiled, function, error, word):
    step = maybe(lambda x: ops.Custom(function, (3,), ms.float32)(x), compiled)
    with pytest.raises(error, match=word):
        step(Tensor(X)).asnumpy()


# -- checks ------------------------------------------------------------------------------------------------------------

@COMPILED
def test_assert(compiled):
    check = P.Assert(2)

    def run(x):
        check(x.sum() > 0, (x, x * 2))
        return x

    step = maybe(run, compiled)
    assert step(Tensor(X)).asnumpy().tolist() == X.tolist()
    with pytest.raises(RuntimeError, match=r"input_data: \[-1. -2.\], \[-2. -4.\]"):
        step(Tensor(-X)).asnumpy()


@COMPILED
def test_check_numerics(compiled):
    check = P.CheckNumerics()
    step = maybe(lambda x: check(x) + 1, compiled)
    assert step(Tensor(X)).asnumpy().tolist() == [2, 3, 4]
    with pytest.raises(RuntimeError, match="infinite element or NaN"):
        step(Tensor(np.float32([1, np.inf, 1]))).asnumpy()


@pytest.mark.parametrize(("call", "error", "word"), [
    (lambda: P.Assert(True), TypeError, "summarize"), (lambda: P.CheckNumerics()(Tensor([1])), TypeError, "floating"),
    (lambda: ops.Custom(cube, (3,), ms.float32, "aot"), TypeError, "expected a text"),
    (lambda: ops.Custom(cube), TypeError, "expected a function, and both"),
    (lambda: P.PyFunc(1, (), (), (), ()), TypeError, "must be a function"),
    (lambda: P.PyFunc(cube, (ms.float32,), (), (), ()), TypeError, "equally many"),
    (lambda: ops.Morph(1, cube, cube), TypeError, "expected functions"),
])
def test_errors(call, error, word):
    with pytest.raises(error, match=word):
        call()


# -- small helpers -----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("got", "wanted"), [
    (lambda: C.tail((1, 2, 3)), (2, 3)), (lambda: C.zip_operation((1, 2), "ab"), ((1, "a"), (2, "b"))),
    (lambda: (C.ms_hasnext([1]), C.ms_next((1, 2))), (True, (1, (2,)))), (lambda: C.iter_converter({"a": 1}), ("a",)),
    (lambda: (C.augassign_add(2, 3), C.augassign_div(6, 4), C.augassign_floordiv(7, 2)), (5, 1.5, 3)),
    (lambda: (C.augassign_mod(7, 4), C.augassign_mul(2, 3), C.augassign_sub(2, 3)), (3, 6, -1)),
    (lambda: F.tuple_div((6, 8), (2, 4)), (3, 2)), (lambda: F.reduced_shape((2, 3, 4), (0, -1)), (1, 3, 1)),
    (lambda: F.reduced_shape((2, 3), ()), (1, 1)),
    (lambda: F.broadcast_gradient_args((2, 1, 3), (4, 1)), ((1,), (0, 2))),
    (lambda: (F.hastype(Tensor(X), ms.float32), F.hastype(2, int), F.hastype(2, ms.int32)), (True, True, False)),
    (lambda: F.array_to_scalar(Tensor(2.5)), 2.5), (lambda: F.tensor_muls(Tensor(X), 2).asnumpy().tolist(), [2, 4, 6]),
    (lambda: F.dyn_shape(Tensor(X)).asnumpy().tolist(), [3]), (lambda: P.TensorToTuple()(Tensor([[1, 2]])), ((1, 2),)),
    (lambda: F.SliceGetItem()(slice(1, 5, 2), "stop"), 5), (lambda: P.Partial()(max, 3)(2), 3),
    (lambda: (F.is_tensor_bool_cond(Tensor([True])), F.is_tensor_bool_cond(Tensor(X))), (True, False)),
    (lambda: F.mixed_precision_cast(ms.float16, {"a": (Tensor(X), Tensor([1])), "b": 2})["a"][0].dtype, ms.float16),
    (lambda: F.mixed_precision_cast(ms.float16, [Tensor([1])])[0].dtype, ms.int64),
    (lambda: F.diff_ext(Tensor([1, 4, 9]), dim=0).asnumpy().tolist(), [3, 5]),
    (lambda: F.einsum_ext("i,i->", Tensor(X), Tensor(X)).item(), 14.0),
    (lambda: F.isnan_ext(Tensor(1.0)).item(), False),
    (lambda: [t.asnumpy().tolist() for t in F.max_ext(Tensor([[1, 3], [4, 2]]), 1)], [[3, 4], [1, 0]]),
    (lambda: [F.min_ext(Tensor([4, 2])).item(), F.sub_ext(Tensor(5), Tensor(2), 2).item()], [2, 1]),
    (lambda: F.add_ext(Tensor(5), Tensor(2), 2).item(), 9),
    (lambda: F.bmm_ext(*[Tensor(np.full((1, 1, 1), v)) for v in (2, 3)]).item(), 6),
    (lambda: F.gather_ext(Tensor([[1, 2]]), 1, Tensor([[1, 0]])).asnumpy().tolist(), [[2, 1]]),
    (lambda: [part.shape for part in F.split_ext(ops.ones(5), 2)], [(2,), (2,), (1,)]),
    (lambda: F.interpolate_ext(ops.ones((1, 1, 2, 2)), (4, 3)).shape, (1, 1, 4, 3)),
    (lambda: F.new_ones(Tensor([2]), (2,)).asnumpy().tolist() + F.new_zeros(Tensor([2]), (1,)).asnumpy().tolist(),
     [1, 1, 0]),
    (lambda: F.clamp_(Tensor(X), 2.0).asnumpy().tolist(), [2, 2, 3]),
    (lambda: F.baddbmm_ext(*[Tensor(np.full((1, 1, 1), v)) for v in (1, 2, 3)], beta=2, alpha=3).item(), 20),
    (lambda: F.bernoulli_ext(Tensor([0.0, 1.0])).asnumpy().tolist(), [0, 1]),
    (lambda: F.Median(True)(Tensor(X))[0].asnumpy().tolist(), 2.0),
])
def test_helpers(got, wanted):
    assert got() == wanted


@pytest.mark.parametrize(("call", "error", "word"), [
    (lambda: F.tuple_div((5,), (2,)), ValueError, "dividing"), (lambda: F.SliceGetItem()(slice(1), "end"), ValueError,
                                                               "no part"),
    (lambda: F.mixed_precision_cast(ms.int32, Tensor(X)), TypeError, "Float16 or Float32"),
    (lambda: F.broadcast_gradient_args((2,), (3,)), ValueError, "shape"),
])
def test_wrong_arguments_of_helpers(call, error, word):
    with pytest.raises(error, match=word):
        call()
