"""Labels of sequences, recurrent networks as operators and losses of margins, against loops in Python."""
from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from ops_cases import Case, check_eager, check_gradient, check_graph, uniform

import mindspore as ms
from mindspore import Tensor, ops
from mindspore.ops import functional as F
from mindspore.ops import operations as P

draw = np.random.default_rng(1)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


# -- labels ------------------------------------------------------------------------------------------------------------

def collapsed(path, blank, merge):
    return [c for k, c in enumerate(path) if c != blank and not (merge and k and c == path[k - 1])]


def paths_probability(logits, labels, merge):
    """The sum over all paths that collapse to the labels; the blank is the last class."""
    p = np.exp(logits - np.log(np.exp(logits).sum(-1, keepdims=True)))
    blank = p.shape[1] - 1
    return sum(np.prod([p[t, c] for t, c in enumerate(path)]) for path in product(range(p.shape[1]), repeat=len(p))
               if collapsed(path, blank, merge) == list(labels))


LOGITS = draw.normal(size=(4, 3, 3))
LABELS = [[0, 0], [1], [1, 1, 0]]
AT = np.array([[n, k] for n, row in enumerate(LABELS) for k in range(len(row))])
FLAT = np.array([v for row in LABELS for v in row], np.int32)
STEPS = np.array([4, 3, 4], np.int32)


@pytest.mark.parametrize("settings, labels", [({}, LABELS), ({"ctc_merge_repeated": False}, LABELS), (
    {"preprocess_collapse_repeated": True}, [[0], [1], [1, 0]])])
def test_ctc_loss_of_logits(mode, settings, labels):
    net = P.CTCLoss(**settings)
    net = ms.jit(net) if mode == "graph" else net
    others = Tensor(AT), Tensor(FLAT), Tensor(STEPS)
    x = LOGITS.astype(np.float32)
    loss, gradient = net(Tensor(x), *others)
    merge = settings.get("ctc_merge_repeated", True)
    expected = [-np.log(paths_probability(LOGITS[:STEPS[n], n], labels[n], merge)) for n in range(3)]
    np.testing.assert_allclose(loss.asnumpy(), expected, rtol=1e-5)
    again = ms.grad(lambda v: net(v, *others)[0].sum())(Tensor(x))
    np.testing.assert_allclose(gradient.asnumpy(), again.asnumpy(), rtol=1e-5, atol=1e-6)
    step = 1e-4 * draw.normal(size=x.shape)
    ends = [sum(-np.log(paths_probability((LOGITS + s * step)[:STEPS[n], n], labels[n], merge)) for n in range(3))
            for s in (1, -1)]
    np.testing.assert_allclose((gradient.asnumpy() * step).sum() * 2, ends[0] - ends[1], rtol=1e-3)


def test_ctc_loss_of_labels_that_do_not_fit():
    others = Tensor(AT), Tensor(FLAT), Tensor(np.int32([4, 3, 2]))
    loss, _ = P.CTCLoss()(Tensor(LOGITS.astype(np.float32)), *others)
    assert np.isfinite(loss.asnumpy()).tolist() == [True, True, False]
    loss, gradient = P.CTCLoss(ignore_longer_outputs_than_inputs=True)(Tensor(LOGITS.astype(np.float32)), *others)
    assert loss.asnumpy()[2] == 0 and not gradient.asnumpy()[:, 2].any() and gradient.asnumpy()[:, :2].any()


def test_ctc_loss_does_not_look_behind_the_labels():
    rng = np.random.default_rng(3)
    logs = ops.log_softmax(Tensor(rng.normal(size=(9, 2, 4)), ms.float32), -1)
    targets = np.array([[1, 2, 3, 2, 1], [3, 1, 2, 2, 3]], np.int32)
    behind = targets.copy()
    behind[0, 3:], behind[1, 2:] = 9, -7

    def losses(labels):
        function = ms.value_and_grad(lambda x: ops.ctc_loss(x, Tensor(labels), (9, 9), (3, 2), reduction="none")[0])
        return [found.asnumpy() for found in function(logs)]

    for found, expected in zip(losses(behind), losses(targets)):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_ctc_loss_with_log_alpha():
    logs = ops.log_softmax(Tensor(LOGITS.astype(np.float32)), 2)
    labels = Tensor([[0, 0, 0], [1, 0, 0], [1, 1, 0]])
    loss, alphas = P.CTCLossV2(blank=2)(logs, labels, Tensor(STEPS), Tensor([2, 1, 3]))
    expected = [-np.log(paths_probability(LOGITS[:STEPS[n], n], LABELS[n], True)) for n in range(3)]
    np.testing.assert_allclose(loss.asnumpy(), expected, rtol=1e-5)
    assert alphas.shape == (3, 4, 7)
    first = np.full((3, 7), -np.inf)
    first[:, 0], first[:, 1] = logs.asnumpy()[0, :, 2], logs.asnumpy()[0, range(3), [0, 1, 1]]
    np.testing.assert_allclose(alphas.asnumpy()[:, 0], first, rtol=1e-6)


def test_losses_of_half_precision():
    """They are computed in single precision, so that numbers for impossible paths are finite."""
    half = [Tensor(LOGITS.astype(t)) for t in (np.float16, np.float32)]
    others = Tensor(AT), Tensor(FLAT), Tensor(STEPS)
    small, wide = (P.CTCLoss()(x, *others) for x in half)
    for got, want in zip(small, wide):
        assert got.dtype is ms.float16
        np.testing.assert_allclose(got.asnumpy(), want.asnumpy(), rtol=1e-2, atol=1e-2)
    labels = Tensor([[0, 0, 0], [1, 0, 0], [1, 1, 0]])
    loss, alphas = ops.ctc_loss(ops.log_softmax(half[0], 2), labels, Tensor(STEPS), Tensor([2, 1, 3]), 2, "none")
    assert loss.dtype is ms.float16 and alphas.dtype is ms.float16
    np.testing.assert_allclose(loss.asnumpy(), wide[0].asnumpy(), rtol=1e-2)
    scores = [ops.reshape(x, (1, 4, 3, 3)) for x in half]
    small, wide = (P.RNNTLoss()(x, Tensor([[1, 2]]), Tensor([4]), Tensor([2])) for x in scores)
    np.testing.assert_allclose(small[1].asnumpy(), wide[1].asnumpy(), atol=1e-2)


@pytest.mark.parametrize("merge", [True, False])
def test_greedy_decoding(merge):
    logits = draw.normal(size=(12, 5, 3)).astype(np.float32)
    steps = np.array([12, 0, 5, 7, 12])
    at, values, shape, score = P.CTCGreedyDecoder(merge)(Tensor(logits), Tensor(steps))
    expected = [collapsed(logits[:steps[n], n].argmax(-1), 2, merge) for n in range(5)]
    assert at.asnumpy().tolist() == [[n, k] for n in range(5) for k in range(len(expected[n]))]
    assert values.asnumpy().tolist() == [v for row in expected for v in row]
    assert shape.asnumpy().tolist() == [5, max(map(len, expected))]
    np.testing.assert_allclose(score.asnumpy()[:, 0], [-logits[:steps[n], n].max(-1).sum() for n in range(5)],
                               rtol=1e-5, atol=1e-6)


def transducer_cost(logs, labels, blank):
    """Minus the logarithm of the summed probability of all ways, way by way."""
    steps, places = len(logs), len(labels) + 1

    def ways(t, u):
        if t == steps:
            return float(u == places - 1)
        total = np.exp(logs[t, u, blank]) * ways(t + 1, u)
        return total + (np.exp(logs[t, u, labels[u]]) * ways(t, u + 1) if u < places - 1 else 0)

    return -np.log(ways(0, 0))


@pytest.mark.parametrize("blank", [0, 3])
def test_transducer_loss(mode, blank):
    scores, labels = draw.normal(size=(3, 4, 3, 4)), np.array([[1, 2], [2, 2], [1, 1]])
    steps, counts = np.array([4, 3, 1]), np.array([2, 1, 0])

    def costs(x):
        logs = x - np.log(np.exp(x).sum(-1, keepdims=True))
        return [transducer_cost(logs[n, :steps[n]], labels[n, :counts[n]], blank) for n in range(3)]

    net = P.RNNTLoss(blank)
    run = ms.jit(net) if mode == "graph" else net
    others = [Tensor(v.astype(np.int32)) for v in (labels, steps, counts)]
    found, gradient = run(Tensor(scores.astype(np.float32)), *others)
    np.testing.assert_allclose(found.asnumpy(), costs(scores), rtol=1e-5)
    step = 1e-4 * draw.normal(size=scores.shape)
    np.testing.assert_allclose((gradient.asnumpy() * step).sum() * 2, sum(costs(scores + step)) - sum(
        costs(scores - step)), rtol=1e-3)
    one = P.RNNTLoss()(Tensor(scores[:, :1, :1].astype(np.float32)), Tensor(np.zeros((3, 0), np.int32)), *[
        Tensor(np.int32([n] * 3)) for n in (1, 0)])[0]
    np.testing.assert_allclose(one.asnumpy(), np.log(np.exp(scores[:, 0, 0]).sum(-1)) - scores[:, 0, 0, 0], rtol=1e-5)


def changes(a, b):
    """The least number of changes from a to b, by recursion."""
    if not a or not b:
        return len(a) + len(b)
    return min(changes(a[1:], b[1:]) + (a[0] != b[0]), changes(a[1:], b) + 1, changes(a, b[1:]) + 1)


def sparse(rows):
    return (Tensor(np.array([[n // 2, n % 2, k] for n, row in enumerate(rows) for k in range(len(row))])),
            Tensor(np.array([v for row in rows for v in row], np.int32)))


def test_edit_distance(mode):
    one = [[1, 2, 3, 1], [], [2, 2], [1, 3, 3, 2, 1]]
    two = [[2, 3, 1, 1, 2], [1, 2], [2, 2], []]
    for normalize in (False, True):
        net = P.EditDistance(normalize)
        run = ms.jit(net) if mode == "graph" else net
        got = run(*sparse(one), (2, 2, 5), *sparse(two), (2, 2, 6)).asnumpy()
        expected = [changes(a, b) / (len(b) if normalize and b else 1) for a, b in zip(one, two)]
        assert got.ravel()[:3].tolist() == pytest.approx(expected[:3])
        assert got.shape == (2, 2) and got[1, 1] == (np.inf if normalize else 5)
    assert P.EditDistance()(*sparse(one), (2, 2, 5), *sparse(one), (2, 2, 5)).asnumpy().tolist() == [[0, 0], [0, 0]]


# -- recurrent networks ------------------------------------------------------------------------------------------------

def lstm_steps(gates, weight, h, c, order, forget=0.0):
    """Step by step: {letter: (L, N, hidden)}."""
    found = {k: [] for k in "ifgocth"}
    for row in gates:
        parts = dict(zip(order, np.split(row + h @ weight, 4, -1)))
        one = {k: np.tanh(v) if k == "g" else sigmoid(v + forget * (k == "f")) for k, v in parts.items()}
        c = one["f"] * c + one["i"] * one["g"]
        h = one["o"] * np.tanh(c)
        for k, v in (*one.items(), ("c", c), ("t", np.tanh(c)), ("h", h)):
            found[k].append(v)
    return {k: np.stack(v) for k, v in found.items()}


X, H0, C0 = uniform((4, 2, 3)), uniform((4, 2, 2), seed=1), uniform((4, 2, 2), seed=2)
SIZES = [(8, 3), (8, 2), (8,), (8,), (8, 3), (8, 2), (8,), (8,), (8, 4), (8, 2), (8,), (8,), (8, 4), (8, 2), (8,), (8,)]
PARTS = [uniform(s, -0.7, 0.7, seed=k) for k, s in enumerate(SIZES)]
FLATTENED = np.concatenate([p.ravel() for p in PARTS]).reshape(-1, 1, 1)


def stacked_lstm(x, h, c, w):
    flat, start, parts = w.ravel(), 0, []
    for s in SIZES:
        parts.append(flat[start:start + int(np.prod(s))].reshape(s))
        start += int(np.prod(s))
    last = []
    for layer in range(2):
        outputs = []
        for way in range(2):
            k = 2 * layer + way
            w_ih, w_hh, b_ih, b_hh = parts[4 * k:4 * k + 4]
            gates = (x[::-1] if way else x) @ w_ih.T + b_ih + b_hh
            found = lstm_steps(gates, w_hh.T, h[k], c[k], "ifgo")
            outputs.append(found["h"][::-1] if way else found["h"])
            last.append((found["h"][-1], found["c"][-1]))
        x = np.concatenate(outputs, 2)
    return x, np.stack([a for a, _ in last]), np.stack([b for _, b in last])


def plain_lstm(x, w, b, h, c):
    found = lstm_steps(x @ w[:3] + b, w[3:], h[0], c[0], "igfo", 0.5)
    return tuple(found[k] for k in "hhcigfot")


def gru(x, wi, wh, bi, bh, h, order="rzh", after=True):
    found = []
    for row in x:
        own = dict(zip(order, np.split(row @ wi + bi, 3, -1)))
        part = dict(zip(order, np.split(h @ wh + bh, 3, -1)))
        r, z = (sigmoid(own[k] + part[k]) for k in "rz")
        at = order.index("h") * h.shape[1]
        inner = part["h"] if after else (r * h) @ wh[:, at:at + h.shape[1]] + bh[at:at + h.shape[1]]
        n = np.tanh(own["h"] + (r * inner if after else inner))
        h = (1 - z) * n + z * h
        found.append((h, h, z, r, n, inner))
    return tuple(np.stack(v) for v in zip(*found))


def one_step(x, h, c, w, b):
    found = lstm_steps((x @ w[:3] + b)[None], w[3:], h, c, "igfo", 1.0)
    return tuple(found[k][0] for k in "chigfot")


GRU = (X, uniform((3, 6)), uniform((2, 6)), uniform((6,)), uniform((6,), seed=3), uniform((2, 2)))
LSTM = (X, uniform((5, 8)), uniform((8,)), uniform((1, 2, 2)), uniform((1, 2, 2), seed=4))


def margins(x, target):
    total = 0.0
    for row, labels in zip(x.astype(np.float64), target):
        real = labels[:list(labels).index(-1)] if -1 in labels else labels
        total += sum(max(0, 1 - row[i] + row[j]) for i in real for j in range(len(row)) if j not in real) / len(row)
    return total / len(x)


def multi_margins(x, target, weight):
    rows = [[weight[t] * max(0, 0.5 - row[t] + v) ** 2 for j, v in enumerate(row) if j != t]
            for row, t in zip(x, target)]
    return np.array([sum(r) / x.shape[1] for r in rows], np.float32)


def triplets(a, p, n):
    near, far = (np.abs(a - v + 1e-6).sum(-1) for v in (p, n))
    return np.maximum(near - np.minimum(far, np.abs(p - n + 1e-6).sum(-1)) + 0.7, 0)


SCORES, TARGETS = uniform((3, 5)), np.array([[1, 4, -1, 0, 2], [3, -1, -1, -1, -1], [0, 1, 2, 3, 4]], np.int32)
CASES = [
    Case("LSTM", lambda *a: P.LSTM(3, 2, 2, True, True, 0.0)(*a)[:3], stacked_lstm, (X, H0, C0, FLATTENED), rtol=1e-4),
    Case("DynamicRNN", lambda x, w, b, h, c: P.DynamicRNN(forget_bias=0.5)(x, w, b, None, h, c), plain_lstm, LSTM,
         rtol=1e-4, atol=1e-5),
    Case("DynamicGRUV2", lambda x, wi, wh, bi, bh, h: P.DynamicGRUV2()(x, wi, wh, bi, bh, None, h), gru, GRU,
         rtol=1e-4, atol=1e-5),
    Case("DynamicGRUV2 before", lambda x, wi, wh, bi, bh, h: P.DynamicGRUV2(gate_order="zrh", reset_after=False)(
        x, wi, wh, bi, bh, None, h), lambda *a: gru(*a, "zrh", False), GRU, rtol=1e-4, atol=1e-5),
    Case("BasicLSTMCell", P.BasicLSTMCell(), one_step, (X[0], H0[0], C0[0], uniform((5, 8)), uniform((8,))),
         rtol=1e-4, atol=1e-5),
    Case("multilabel_margin_loss", lambda x: ops.multilabel_margin_loss(x, Tensor(TARGETS)),
         lambda x: np.float32(margins(x, TARGETS)), (SCORES,)),
    Case("multi_margin_loss", lambda x, w: ops.multi_margin_loss(x, Tensor([1, 4, 0]), 2, 0.5, w, "sum"),
         lambda x, w: multi_margins(x, (1, 4, 0), w).sum(), (SCORES, np.abs(uniform((5,)))), rtol=1e-4),
    Case("MultilabelMarginLoss", lambda x: P.MultilabelMarginLoss("sum")(x, Tensor(TARGETS)),
         lambda x: (np.float32(3 * margins(x, TARGETS)), np.int32([[0, 1, 0, 0, 1], [0, 0, 0, 1, 0], [1] * 5])),
         (SCORES,), grad=False),
    Case("MultiMarginLoss", lambda x, w: P.MultiMarginLoss(2, 0.5, "none")(x, Tensor([1, 4, 0]), w),
         lambda x, w: multi_margins(x, (1, 4, 0), w), (SCORES, np.abs(uniform((5,)))), rtol=1e-4),
    Case("TripletMarginLoss", lambda a, p, n: P.TripletMarginLoss(1, True, reduction="none")(a, p, n, 0.7), triplets,
         (uniform((4, 3)), uniform((4, 3), seed=1), uniform((4, 3), seed=2)), rtol=1e-4),
]


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_cases(case):
    check_eager(case)
    check_graph(case)
    if case.grad:
        check_gradient(case)


def test_sequences_that_end():
    x, w, b, h, c = map(Tensor, LSTM)
    short = Tensor([2, 4])
    found = P.DynamicRNN()(x, w, b, short, h, c)
    whole = P.DynamicRNN()(x[:2], w, b, None, h, c)
    np.testing.assert_allclose(found[0].asnumpy()[:2], whole[0].asnumpy(), rtol=1e-6)
    assert not found[0].asnumpy()[2:, 0].any() and found[0].asnumpy()[2:, 1].all()
    np.testing.assert_allclose(found[1].asnumpy()[3, 0], whole[1].asnumpy()[1, 0], rtol=1e-6)
    found = P.DynamicGRUV2()(*map(Tensor, GRU[:5]), short, Tensor(GRU[5]))
    whole = P.DynamicGRUV2()(x[:2], *map(Tensor, GRU[1:5]), None, Tensor(GRU[5]))
    np.testing.assert_allclose(found[1].asnumpy()[3, 0], whole[1].asnumpy()[1, 0], rtol=1e-6)
    assert not found[0].asnumpy()[2:, 0].any()


def test_weights_of_an_lstm_may_have_one_bias_and_drop():
    x, h, c = Tensor(X), Tensor(H0[:1]), Tensor(C0[:1])
    two = np.concatenate([p.ravel() for p in PARTS[:4]])
    one = np.concatenate([PARTS[0].ravel(), PARTS[1].ravel(), PARTS[2] + PARTS[3]])
    net = P.LSTM(3, 2, 1, True, False, 0.0)
    np.testing.assert_allclose(net(x, h, c, Tensor(one))[0].asnumpy(), net(x, h, c, Tensor(two))[0].asnumpy(),
                               rtol=1e-5)
    ms.set_seed(0)
    wide = [Tensor(v) for v in (X, H0, C0, FLATTENED)]
    assert (P.LSTM(3, 2, 2, True, True, 0.9)(*wide)[0].asnumpy() != P.LSTM(3, 2, 2, True, True, 0.0)(
        *wide)[0].asnumpy()).any()
    cell = [Tensor(v) for v in (np.ones((1, 3), np.float32), H0[0, :1], C0[0, :1], uniform((5, 8)), uniform((8,)))]
    assert P.BasicLSTMCell(keep_prob=0.5)(*cell)[0].shape == (1, 2)


Z = Tensor(np.zeros((2, 3), np.float32))


@pytest.mark.parametrize("call, error, text", [
    (lambda: P.CTCLoss()(Z, Tensor([[0, 0]]), Tensor([1]), Tensor([1])), ValueError, "expected .T, N, C."),
    (lambda: P.CTCLoss()(Tensor(X), Tensor([[0.0, 0.0]]), Tensor([1]), Tensor([1, 1])), TypeError, "expected integers"),
    (lambda: ops.ctc_greedy_decoder(Z, Tensor([1, 2])), ValueError, "expected .T, N, C."),
    (lambda: P.EditDistance()(Tensor([[0, 0]]), Tensor([1]), (1,), Tensor([[0, 0]]), Tensor([1]), (1,)), ValueError,
     "at least two"),
    (lambda: P.EditDistance()(Tensor([[0]]), Tensor([1]), (1, 1), Tensor([[0, 0]]), Tensor([1]), (1, 1)), ValueError,
     "hypothesis_indices"),
    (lambda: P.RNNTLoss()(Tensor(X), Tensor([1]), Tensor([1]), Tensor([1])), ValueError, "N, T, U, classes"),
    (lambda: P.RNNTLoss()(Tensor(X), Tensor([1.0]), Tensor([1]), Tensor([1])), TypeError, "labels is Float32"),
    (lambda: P.LSTM(3, 2, 1, False, False, 0.0)(Z, Z, Z, Z), ValueError, "LSTM: input has shape"),
    (lambda: P.LSTM(3, 2, 1, False, False, 0.0)(Tensor(X), Tensor(H0[:1]), Tensor(C0[:1]), Z), ValueError,
     "w has 6 numbers; expected 40 weights"),
    (lambda: P.LSTM(3, 2, 1, False, False, 0.0, 1)(Z, Z, Z, Z), ValueError, "proj_size is 1"),
    (lambda: P.DynamicRNN(cell_depth=2)(Z, Z, Z), ValueError, "cell_depth is 2"),
    (lambda: P.DynamicRNN()(Z, Z, Z), ValueError, "inputs . hidden, 4 hidden"),
    (lambda: P.DynamicRNN()(*map(Tensor, LSTM[:3]), Tensor([1.0])), ValueError, "seq_length is Float32"),
    (lambda: P.DynamicRNN()(*map(Tensor, LSTM[:3]), None, Z), ValueError, "init_h has shape"),
    (lambda: P.DynamicGRUV2(gate_order="hrz")(Z, Z, Z), ValueError, "gate_order is 'hrz'"),
    (lambda: P.DynamicGRUV2()(Z, Z, Z), ValueError, "hidden, 3 hidden"),
    (lambda: P.BasicLSTMCell(activation="relu")(Z, Z, Z, Z, Z), ValueError, "activation is 'relu'"),
    (lambda: P.BasicLSTMCell()(Z, Z, Z, Z, Z), ValueError, "BasicLSTMCell: shapes"),
    (lambda: ops.multilabel_margin_loss(Z, Z[0]), ValueError, "expected one shape"),
    (lambda: ops.multilabel_margin_loss(Z, Z), TypeError, "expected integers"),
])
def test_refused(call, error, text):
    with pytest.raises(error, match=text):
        call()


def test_names_of_the_functional_interface():
    for name in ("ctc_greedy_decoder", "ctc_loss", "multilabel_margin_loss"):
        assert getattr(F, name) is getattr(ops, name)
