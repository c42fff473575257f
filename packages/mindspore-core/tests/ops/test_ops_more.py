"""Einstein sums, combining updates, statistics, and diagonals against NumPy."""
from __future__ import annotations

import itertools

import numpy as np
import pytest
from ops_cases import Case, check_eager, check_gradient, check_graph, ints, uniform

import mindspore as ms
from mindspore import Parameter, Tensor, ops

X, CUBE, V = uniform((3, 4)), uniform((2, 3, 4)), uniform((5,))

EQUATIONS = [
    ("ij,jk->ik", (X, uniform((4, 5)))), ("ij,jk", (X, uniform((4, 5)))), ("ij->ji", (X,)), ("ij->", (X,)),
    ("ij->j", (X,)), ("ba", (X,)), ("ii->i", (X[:3, :3],)), ("ii", (X[:3, :3],)), ("i,j->ij", (V, V)), ("i,i", (V, V)),
    ("bij,bjk->bik", (CUBE, uniform((2, 4, 2)))), ("bhld,bhsd->bhls", (uniform((2, 1, 3, 4)), uniform((2, 1, 5, 4)))),
    ("...ij,...jk->...ik", (CUBE, uniform((4, 2)))), ("...i->...", (CUBE,)), ("i...->...", (CUBE,)),
    ("ij,j,i->", (X, X[0], X[:, 0])), ("ij,ij->ij", (X, X)), ("ijk,ilk,i->jl", (CUBE, uniform((2, 5, 4)), V[:2])),
    ("aab,b->ab", (uniform((3, 3, 4)), X[0])), ("i j , j -> i", (X, X[0])), ("ij,kj->ik", (X, X[:1])),
    ("...,...", (X, X[0])), ("iji->j", (uniform((3, 2, 3)),)),
]


@pytest.mark.parametrize(("equation", "arrays"), EQUATIONS, ids=lambda v: v if isinstance(v, str) else "")
def test_einsum(equation, arrays):
    case = Case(equation, lambda *x: ops.einsum(equation, *x), lambda *x: np.einsum(equation, *x), arrays)
    check_eager(case)
    check_graph(case)
    check_gradient(case)


@pytest.mark.parametrize(("equation", "arrays", "word"), [
    ("ij,jk", (X,), "describes 2 operands"), ("ijk", (X,), "does not fit"), ("i->", (X,), "does not fit"),
    ("ij->k", (X,), "must name letters"), ("ij->ii", (X,), "each once"), ("1j", (X,), "something else than letters"),
    ("ij,jk->ik", (X, X), "stands for sizes"), ("ii", (X,), "stands for sizes"),
])
def test_einsum_errors(equation, arrays, word):
    with pytest.raises(ValueError, match=word):
        ops.einsum(equation, *map(Tensor, arrays))


PLACES = np.array([[0], [2], [0], [0], [2]])
UPDATES = uniform((5, 2), 0.5, 2)
TABLE = uniform((4, 2), 0.5, 2, 3)


def combined(x, index, values, join):
    x = x.copy()
    for place, value in zip(index[..., 0].reshape(-1), values.reshape(-1, *x.shape[1:])):
        x[place] = join(x[place], value)
    return x


LEAST = np.finfo(np.float32).min
JOINS = {"max": np.maximum, "min": np.minimum, "mul": np.multiply, "div": np.divide}


def cases():
    for kind, join in JOINS.items():
        yield Case(f"tensor_scatter_{kind}", getattr(ops, f"tensor_scatter_{kind}"),
                   lambda x, i, v, j=join: combined(x, i, v, j), (TABLE, PLACES, UPDATES))
    for kind, join, empty in (("max", np.maximum, LEAST), ("min", np.minimum, -LEAST), ("prod", np.multiply, 1)):
        yield Case(f"unsorted_segment_{kind}", lambda x, i, k=kind: getattr(ops, f"unsorted_segment_{k}")(x, i, 4),
                   lambda x, i, j=join, e=empty: combined(np.full((4, 2), e, x.dtype), i[:, None], x, j),
                   (UPDATES, PLACES[:, 0]))
    yield Case("diff", ops.diff, np.diff, (X,))
    yield Case("diff twice", lambda x: ops.diff(x, 2, 0), lambda x: np.diff(x, 2, 0), (X,))
    yield Case("diff with neighbours", lambda x, y: ops.diff(x, 1, 1, y, y), lambda x, y: np.diff(
        x, 1, 1, prepend=y, append=y), (X, X[:, :1]))
    yield Case("diff of bools", ops.diff, np.diff, (X > 0,))
    yield Case("trapz", ops.trapz, getattr(np, "trapezoid", None) or np.trapz, (X,))
    yield Case("trapz at places", lambda y, x: ops.trapz(y, x, dim=1),
               lambda y, x: ((y[:, 1:] + y[:, :-1]) / 2 * np.diff(x)).sum(1), (X, np.sort(V[:4])))
    yield Case("dist", ops.dist, lambda x, y: np.linalg.norm(x - y), (X, X[::-1].copy()))
    yield Case("cdist", lambda x, y: ops.cdist(x, y, 1.0), lambda x, y: np.abs(x[:, None] - y[None]).sum(-1),
               (X, uniform((2, 4), seed=1)))
    yield Case("pdist", ops.pdist, lambda x: np.array([np.linalg.norm(a - b) for a, b in itertools.combinations(
        x, 2)]).astype(x.dtype), (X,))
    yield Case("cov", ops.cov, lambda x: np.cov(x).astype(x.dtype), (X,))
    yield Case("cov of one row", lambda x: ops.cov(x, correction=0), lambda x: np.cov(x, ddof=0).astype(x.dtype), (V,))
    yield Case("cov with weights", lambda x, f, a: ops.cov(x, fweights=f, aweights=a), lambda x, f, a: np.cov(
        x, fweights=f, aweights=a).astype(x.dtype), (X, np.array([1, 2, 1, 3]), np.abs(X[0])), grad=False)
    for q in (0.0, 0.3, 1.0):
        yield Case(f"quantile {q}", lambda x, q=q: ops.quantile(x, q, 1), lambda x, q=q: np.quantile(x, q, 1).astype(
            x.dtype), (X,))
    yield Case("quantile of all", lambda x: ops.quantile(x, 0.5), lambda x: np.median(x).astype(x.dtype), (X,))
    yield Case("quantiles", lambda x: ops.quantile(x, Tensor([0.25, 0.75]), 0, True), lambda x: np.quantile(
        x, [0.25, 0.75], 0, keepdims=True).astype(x.dtype), (CUBE,), grad=False)
    yield Case("quantile of nan", lambda x: ops.quantile(x, 0.5, 1), lambda x: np.median(x, 1),
               (np.array([[1, np.nan, 2], [1, 5, 2]], np.float32),), grad=False)
    yield Case("histc", lambda x: ops.histc(x, 4, -2, 2), lambda x: np.histogram(x, 4, (-2, 2))[0].astype(x.dtype),
               (CUBE,), grad=False)
    yield Case("renorm", lambda x: ops.renorm(x, 2, 0, 1.5), lambda x: x * np.minimum(
        1, 1.5 / np.linalg.norm(x, axis=1, keepdims=True)), (X,))
    yield Case("isreal", ops.isreal, np.isreal, (X,), grad=False)
    yield Case("sequence_mask", lambda n: ops.sequence_mask(n, 4), lambda n: np.arange(4) < n[:, None],
               (np.array([1, 0, 4]),))
    yield Case("vander", lambda x: ops.vander(x, 3), lambda x: np.vander(x, 3), (V,))
    yield Case("block_diag", ops.block_diag, lambda a, b: np.block(
        [[a, np.zeros((3, 5), a.dtype)], [np.zeros((1, 4), a.dtype), b[None]]]), (X, V))
    yield Case("cartesian_prod", ops.cartesian_prod, lambda a, b: np.array(list(itertools.product(a, b))), (V, V[:2]))
    for again in (False, True):
        yield Case(f"combinations {again}", lambda x, a=again: ops.combinations(x, 2, a), lambda x, a=again: np.array(
            list((itertools.combinations_with_replacement if a else itertools.combinations)(x, 2))), (V,))
    yield Case("diagflat", lambda x: ops.diagflat(x, -1), lambda x: np.diagflat(x, -1), (X,))
    for offset in (-2, 0, 1):
        yield Case(f"diag_embed {offset}", lambda x, o=offset: ops.diag_embed(x, o), lambda x, o=offset: np.stack(
            [np.diag(r, o) for r in x]), (X,))
    yield Case("diag_embed in front", lambda x: ops.diag_embed(x, 1, 0, 2), lambda x: np.stack(
        [np.diag(r, 1) for r in x], 1), (X,))
    yield Case("adjoint", ops.adjoint, lambda x: x.swapaxes(-1, -2), (CUBE,))


CASES = list(cases())


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_values(case):
    check_eager(case)


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_values_in_a_graph(case):
    check_graph(case)


@pytest.mark.parametrize("case", [c for c in CASES if c.grad and any(a.dtype.kind == "f" for a in c.ins)
                                  and "segment_m" not in c.name], ids=repr)
def test_gradients(case):
    check_gradient(case)


@pytest.mark.parametrize("kind", ["add", "sub", "update", *JOINS])
def test_scatter_in_place(kind):
    join = {"add": np.add, "sub": np.subtract, "update": lambda old, new: new, **JOINS}[kind]
    expected = combined(TABLE, PLACES, UPDATES, join)
    for name, index in ((f"scatter_{kind}", PLACES[:, 0]), (f"scatter_nd_{kind}", PLACES)):
        table = Parameter(Tensor(TABLE))
        result = getattr(ops, name)(table, Tensor(index), Tensor(UPDATES))
        for found in (table, result):
            np.testing.assert_allclose(found.asnumpy(), expected, rtol=1e-5)


def test_segments_of_integers():
    x, ids = Tensor(ints((4,), 1, 9)), Tensor([0, 0, 2, 2])
    assert ops.unsorted_segment_max(x, ids, 3).asnumpy()[1] == np.iinfo(np.int32).min
    with pytest.raises(ValueError, match="segment_ids has shape"):
        ops.unsorted_segment_min(x, Tensor([0]), 2)


def test_what_needs_values():
    assert ops.is_nonzero(Tensor([3])) is True and ops.is_nonzero(Tensor(0.0)) is False
    assert ops.sequence_mask(Tensor([1, 3])).shape == (2, 3)
    assert ops.histc(Tensor([1.0, 1.0, 3.0]), 2).asnumpy().tolist() == [2, 1]
    assert ops.isreal(Tensor([1 + 1j, 2])).asnumpy().tolist() == [False, True]


@pytest.mark.parametrize(("call", "error", "word"), [
    (lambda: ops.is_nonzero(Tensor(V)), ValueError, "one element"),
    (lambda: ops.diff(Tensor(V), 0), ValueError, "diff"),
    (lambda: ops.cdist(Tensor(X), Tensor(V)), ValueError, "cdist"), (lambda: ops.einsum(1, X), TypeError, "a str"),
    (lambda: ops.diag_embed(Tensor(X), 0, 1, 1), ValueError, "one axis"), (lambda: ops.histc(X, 0), ValueError, "bins"),
    (lambda: ops.pdist(V), ValueError, "a matrix"),
    (lambda: ops.quantile(Tensor(X[:0]), 0.5), ValueError, "no elements"),
    (lambda: ops.cov(Tensor(CUBE)), ValueError, "at most two axes"),
])
def test_errors(call, error, word):
    with pytest.raises(error, match=word):
        call()


def test_half_precision_statistics():
    assert ops.cov(Tensor(X, ms.float16)).dtype is ms.float16
