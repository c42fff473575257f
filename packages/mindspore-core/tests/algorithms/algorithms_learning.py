"""Learning algorithms as people write them: recurrent networks, meta-learning, physics, probabilities."""
from __future__ import annotations

import numpy as np
from algorithm import algorithm

import mindspore as ms
from mindspore import Parameter, Tensor, nn, ops

RNG = np.random.default_rng(11)


def normal(*shape: int, scale: float = 0.4) -> np.ndarray:
    return (RNG.normal(size=shape) * scale).astype(np.float32)


@algorithm(normal(6, 3), normal(4, 3), normal(4, 4))
def recurrent_network_over_time(xs, wx, wh):
    h, states = ops.zeros(4), []
    for x in xs:
        h = ops.tanh(wx @ x + wh @ h)
        states.append(h)
    return ops.stack(states)


@algorithm(normal(5, 2, 3), normal(3, 16), normal(4, 16))
def lstm_over_time(xs, wx, wh):
    h = c = ops.zeros((2, 4))
    for t in range(xs.shape[0]):
        i, f, g, o = ops.split(xs[t] @ wx + h @ wh, 4, axis=1)
        c = ops.sigmoid(f) * c + ops.sigmoid(i) * ops.tanh(g)
        h = ops.sigmoid(o) * ops.tanh(c)
    return h


@algorithm(normal(6, 6, scale=1.0), normal(6, 4))
def greedy_decoding_until_the_end(logits, embedding):
    token, length, state = Tensor(0), 0, ops.zeros(4)
    while token != 5 and length < 8:
        state = ops.tanh(state + embedding[token])
        token = (logits[token] + state.sum()).argmax() + 1
        token = ops.minimum(token, Tensor(5))
        length += 1
    return state * length


@algorithm(normal(3, 2), normal(2), normal(8, 2), normal(8, 3))
def maml_inner_steps(w, b, xs, ys):
    def loss(w):
        return ((xs @ w.T + b.sum() - ys) ** 2).mean()

    for _ in range(3):
        w = w - 0.1 * ms.grad(loss)(w)
    return loss(w)


@algorithm(normal(4), normal(4, 4), normal(4))
def hessian_vector_product(x, a, v):
    def f(x):
        return ops.sin(a @ x).sum() * ops.exp(-(x * x).sum())

    def slope(x):
        return (ms.grad(f)(x) * v).sum()

    return ms.grad(slope)(x)


@algorithm(normal(1, 6), normal(6, 6), normal(6, 1), np.linspace(-1, 1, 5, dtype=np.float32).reshape(5, 1))
def physics_informed_residual(w1, w2, w3, points):
    def u(x):
        return ops.tanh(ops.tanh(x @ w1) @ w2) @ w3

    def total(x):
        return u(x).sum()

    def first(x):
        return ms.grad(total)(x)

    def second(x):
        return ms.grad(lambda z: first(z).sum())(x)

    return ((second(points) + u(points)) ** 2).mean()


@algorithm(normal(3, 3), normal(5, 3), np.array([0, 2, 1, 0, 2]))
def mixture_of_experts_by_index(w, xs, chosen):
    experts = [lambda x: ops.tanh(x), lambda x: x * x, lambda x: -x]
    total = Tensor(0.0)
    for k in range(5):
        h = w @ xs[k]
        if chosen[k] == 0:
            y = experts[0](h)
        elif chosen[k] == 1:
            y = experts[1](h)
        else:
            y = experts[2](h)
        total = total + y.sum()
    return total


@algorithm(np.array([0.3, 0.5, 0.2], np.float32), np.array([[0.7, 0.2, 0.1], [0.1, 0.6, 0.3], [0.2, 0.2, 0.6]],
                                                           np.float32),
           np.array([[0.5, 0.5], [0.1, 0.9], [0.7, 0.3]], np.float32), np.array([0, 1, 1, 0, 1]))
def hidden_markov_forward(start, step, emit, seen):
    alpha, log = start * emit[:, seen[0]], Tensor(0.0)
    for k in range(1, seen.shape[0]):
        scale = alpha.sum()
        log = log + ops.log(scale)
        alpha = (alpha / scale) @ step * emit[:, seen[k]]
    return log + ops.log(alpha.sum())


@algorithm(normal(2), (normal(2, 2) @ np.eye(2) * 0.1 + np.eye(2)).astype(np.float32), normal(6, 2))
def kalman_filter(x, f, zs):
    p = ops.eye(2, 2, ms.float32)
    q, r = p * 0.01, p * 0.1
    for z in zs:
        x, p = f @ x, f @ p @ f.T + q
        gain = p @ ops.inverse(p + r)
        x = x + gain @ (z - x)
        p = p - gain @ p
    return x


@algorithm(np.array([0.5, -0.3], np.float32), np.linspace(0, 1, 6, dtype=np.float32), normal(6))
def gaussian_process_likelihood(logs, xs, ys):
    gap = xs.expand_dims(1) - xs
    k = ops.exp(-gap * gap / ops.exp(2 * logs[0])) + ops.exp(2 * logs[1]) * ops.eye(6, 6, ms.float32)
    factor = ops.cholesky(k)
    alpha = ops.cholesky_solve(ys.expand_dims(1), factor)
    return 0.5 * (ys * alpha.squeeze(1)).sum() + ops.log(ops.diagonal(factor)).sum()


@algorithm(normal(4, 4), normal(3, 4))
def flow_log_determinant(w, xs):
    total = Tensor(0.0)
    for x in xs:
        y = ops.tanh(w @ x)
        jacobian = (1 - y * y).expand_dims(1) * w + ops.eye(4, 4, ms.float32)
        total = total + ops.slogdet(jacobian)[1]
    return total


@algorithm(normal(7, 3), normal(3, 3), np.int32(4))
def attention_with_a_growing_cache(xs, w, steps):
    keys, out = ops.zeros((7, 3)), ops.zeros(3)
    k = 0
    while k < steps:
        keys[k] = w @ xs[k]
        scores = keys @ xs[k]
        scores = ops.masked_fill(scores, ops.arange(7) > k, -1e9)
        out = out + ops.softmax(scores) @ keys
        k += 1
    return out


class Scheduled(nn.Cell):
    """Steps of gradient descent on a parameter until the loss is small, with a step that halves when it fails."""

    def __init__(self):
        super().__init__()
        self.w = Parameter(Tensor(np.zeros(3, np.float32)), name="w")

    def construct(self, target):
        def loss(w):
            return ((w - target) ** 2).sum()

        w, rate, best = self.w * 1, Tensor(1.5), Tensor(1e9)
        for _ in range(40):
            new = w - rate * ms.grad(loss)(w)
            value = loss(new)
            if value < best:
                best, w = value, new
            else:
                rate = rate / 2
            if best < 1e-8:
                break
        return w


SCHEDULED = Scheduled()


@algorithm(np.array([1.0, -2.0, 0.5], np.float32), answer=lambda t: t, atol=1e-3)
def training_with_a_line_search(target):
    return SCHEDULED(target)


@algorithm(normal(5, 4), np.array([2, 0, 3, 1, 1]))
def connectionist_alignment_score(logits, labels):
    p = ops.log_softmax(logits, -1)
    alpha = ops.full((6,), -1e9, dtype=ms.float32)
    alpha[0] = 0.0
    for t in range(5):
        stay = alpha + p[t, 0]
        advance = alpha[:-1] + p[t][labels]
        moved = ops.cat([ops.full((1,), -1e9, dtype=ms.float32), advance])
        alpha = ops.logaddexp(stay, moved)
    return alpha[-1]


@algorithm(normal(4, 2), np.array([0, 0, 1]), np.array([1, 2, 3]))
def message_passing_on_a_graph(h, sources, targets):
    for _ in range(3):
        sent = ops.zeros_like(h).index_add(0, targets, h[sources])
        h = ops.tanh(h + sent)
    return h


@algorithm(normal(3), normal(3))
def custom_derivative_of_a_fixed_point(w, b):
    class Solve(nn.Cell):
        def construct(self, w, b):
            z = ops.zeros_like(b)
            for _ in range(60):
                z = ops.tanh(w * z + b)
            return z

        def bprop(self, w, b, out, dout):
            slope = 1 - out * out
            u = dout / (1 - slope * w)
            return u * slope * out, u * slope

    return Solve()(w, b)
