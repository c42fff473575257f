"""Attention and transformer layers: against NumPy, with every kind of mask, and in training."""
from __future__ import annotations

import copy

import numpy as np
import pytest
from layer_checks import check_gradients

import mindspore as ms
from mindspore import Tensor, nn
from mindspore.compiler import pipeline

draw = np.random.default_rng(0)
N, L, S, E, HEADS = 2, 3, 4, 6, 2


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def value(param):
    return param.asnumpy().astype(np.float64)


def attention(layer, q, k, v, added=0.0):
    """Batch first, one projection: (output, weights of each head)."""
    w, b = value(layer.in_proj_weight), value(layer.in_proj_bias)
    parts = [x @ w[i * E:(i + 1) * E].T + b[i * E:(i + 1) * E] for i, x in enumerate((q, k, v))]
    q, k, v = [p.reshape(*p.shape[:2], HEADS, E // HEADS).transpose(0, 2, 1, 3) for p in parts]
    weights = softmax(q @ k.swapaxes(-1, -2) / np.sqrt(E // HEADS) + added)
    found = (weights @ v).transpose(0, 2, 1, 3).reshape(q.shape[0], -1, E)
    return found @ value(layer.out_proj.weight).T + value(layer.out_proj.bias), weights


def sequences(*lengths):
    return [draw.normal(size=(N, length, E)).astype(np.float32) for length in lengths]


def layer(**arguments):
    ms.set_seed(1)
    made = nn.MultiheadAttention(E, HEADS, batch_first=True, **arguments)
    if made.has_bias:
        made.in_proj_bias.set_data(draw.normal(size=3 * E).astype(np.float32))
    return made


HIDDEN = np.triu(np.ones((L, S), bool), 2)
PADDING = np.array([[0, 0, 0, 1], [0, 0, 1, 1]], bool)
ADDED = draw.normal(size=(N * HEADS, L, S)).astype(np.float32)


def minus_infinity(mask):
    return np.where(mask, -np.inf, 0.0)


MASKS = {
    "none": (None, None, 0.0),
    "bool": (None, HIDDEN, minus_infinity(HIDDEN)),
    "added, by head": (None, ADDED, ADDED.reshape(N, HEADS, L, S)),
    "padding": (PADDING, None, minus_infinity(PADDING)[:, None, None]),
    "padding and bool": (PADDING, HIDDEN, minus_infinity(PADDING)[:, None, None] + minus_infinity(HIDDEN)),
    "padding and added": (PADDING, ADDED, minus_infinity(PADDING)[:, None, None] + ADDED.reshape(N, HEADS, L, S)),
}


@pytest.mark.parametrize("kind", MASKS)
def test_attention(mode, kind):
    padding, mask, added = MASKS[kind]
    attend = layer()
    q, k, v = sequences(L, S, S)
    expected, weights = attention(attend, q, k, v, added)
    padding, mask = (None if m is None else Tensor(m) for m in (padding, mask))
    found, mean = attend(Tensor(q), Tensor(k), Tensor(v), padding, True, mask)
    np.testing.assert_allclose(found.asnumpy(), expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(mean.asnumpy(), weights.mean(1), rtol=1e-4, atol=1e-6)
    each = attend(Tensor(q), Tensor(k), Tensor(v), padding, True, mask, False)[1]
    np.testing.assert_allclose(each.asnumpy(), weights, rtol=1e-4, atol=1e-6)
    (only,) = attend(Tensor(q), Tensor(k), Tensor(v), padding, False, mask)
    np.testing.assert_allclose(only.asnumpy(), expected, rtol=1e-4, atol=1e-5)


def test_orders_of_axes(mode):
    x = sequences(L)[0]
    first = layer()
    expected, weights = attention(first, x, x, x)
    second = nn.MultiheadAttention(E, HEADS)
    ms.load_param_into_net(second, {p.name: p for p in first.get_parameters()})
    t = Tensor(x.swapaxes(0, 1))
    np.testing.assert_allclose(second(t, t, t)[0].asnumpy(), expected.swapaxes(0, 1), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(second(t, t, t)[1].asnumpy(), weights.mean(1), rtol=1e-4, atol=1e-5)
    t = Tensor(x[0])
    found, mean = second(t, t, t)
    np.testing.assert_allclose(found.asnumpy(), expected[0], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(mean.asnumpy(), weights.mean(1)[0], rtol=1e-4, atol=1e-5)


def test_projections_of_other_sizes(mode):
    made = layer(kdim=5, vdim=3)
    assert [p.name for p in made.get_parameters()] == ["q_proj_weight", "k_proj_weight", "v_proj_weight",
                                                       "in_proj_bias", "out_proj.weight", "out_proj.bias"]
    q, k, v = (draw.normal(size=(N, n, size)).astype(np.float32) for n, size in ((L, E), (S, 5), (S, 3)))
    same = layer()
    joint = np.concatenate([made.q_proj_weight.asnumpy(), np.eye(E), np.eye(E)]).astype(np.float32)
    same.in_proj_weight.set_data(joint)
    same.in_proj_bias.set_data(np.concatenate([made.in_proj_bias.asnumpy()[:E], np.zeros(2 * E)]))
    same.out_proj.weight.set_data(made.out_proj.weight.value())
    bias = made.in_proj_bias.asnumpy()
    expected = attention(same, q, k @ made.k_proj_weight.asnumpy().T + bias[E:2 * E],
                         v @ made.v_proj_weight.asnumpy().T + bias[2 * E:])[0]
    np.testing.assert_allclose(made(Tensor(q), Tensor(k), Tensor(v))[0].asnumpy(), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("need_weights", [True, False])
def test_extra_positions_are_seen_by_all(mode, need_weights):
    plain, extra = layer(), layer(add_bias_kv=True, add_zero_attn=True)
    x = sequences(S)[0]
    for name, param in plain.parameters_dict().items():
        extra.parameters_dict()[name].set_data(param.value())
    found = extra(Tensor(x), Tensor(x), Tensor(x), Tensor(np.ones((N, S), bool)), need_weights)
    w, b = value(plain.in_proj_weight), value(plain.in_proj_bias)
    q = (x @ w[:E].T + b[:E]).reshape(N, S, HEADS, -1).transpose(0, 2, 1, 3)
    heads = [np.concatenate([value(p), np.zeros((1, 1, E))], 1).reshape(1, 2, HEADS, -1).transpose(0, 2, 1, 3)
             for p in (extra.bias_k, extra.bias_v)]
    weights = softmax(q @ heads[0].swapaxes(-1, -2) / np.sqrt(E // HEADS))
    expected = (weights @ heads[1]).transpose(0, 2, 1, 3).reshape(N, S, E) @ value(plain.out_proj.weight).T
    np.testing.assert_allclose(found[0].asnumpy(), expected + value(plain.out_proj.bias), rtol=1e-4, atol=1e-5)


def test_attention_gradients(mode):
    attend = layer()

    class Itself(nn.Cell):
        def __init__(self):
            super().__init__()
            self.attend = attend

        def construct(self, x):
            return self.attend(x, x, x, None, False)[0]

    check_gradients(Itself(), sequences(L)[0])


# -- encoder and decoder -----------------------------------------------------------------------------------------------


def norm(layer, x):
    scaled = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + layer.epsilon)
    return scaled * value(layer.gamma) + value(layer.beta)


def dense(layer, x):
    return x @ value(layer.weight).T + value(layer.bias)


def feed_forward(layer, x):
    return dense(layer.dense2, np.maximum(dense(layer.dense1, x), 0))


@pytest.mark.parametrize("norm_first", [False, True])
def test_encoder_layer(mode, norm_first):
    ms.set_seed(1)
    block = nn.TransformerEncoderLayer(E, HEADS, 10, batch_first=True, norm_first=norm_first)
    x = sequences(L)[0]
    if norm_first:
        h = norm(block.norm1, x)
        y = x + attention(block.self_attn, h, h, h)[0]
        y = y + feed_forward(block, norm(block.norm2, y))
    else:
        y = norm(block.norm1, x + attention(block.self_attn, x, x, x)[0])
        y = norm(block.norm2, y + feed_forward(block, y))
    np.testing.assert_allclose(block(Tensor(x)).asnumpy(), y, rtol=1e-4, atol=1e-5)


def test_decoder_layer(mode):
    ms.set_seed(1)
    block = nn.TransformerDecoderLayer(E, HEADS, 10, batch_first=True)
    x, memory = sequences(S, L)
    causal = np.triu(np.ones((S, S), bool), 1)
    y = norm(block.norm1, x + attention(block.self_attn, x, x, x, minus_infinity(causal))[0])
    y = norm(block.norm2, y + attention(block.multihead_attn, y, memory, memory)[0])
    y = norm(block.norm3, y + feed_forward(block, y))
    found = block(Tensor(x), Tensor(memory), tgt_mask=Tensor(causal))
    np.testing.assert_allclose(found.asnumpy(), y, rtol=1e-4, atol=1e-5)


def test_stacks_are_copies_of_a_layer(mode):
    ms.set_seed(1)
    block = nn.TransformerEncoderLayer(E, HEADS, 10, activation="gelu")
    stack = nn.TransformerEncoder(block, 2, nn.LayerNorm((E,)))
    assert [p.name for p in stack.get_parameters()][:4] == [
        "layers.0.self_attn.in_proj_weight", "layers.0.self_attn.in_proj_bias", "layers.0.self_attn.out_proj.weight",
        "layers.0.self_attn.out_proj.bias"]
    assert [p.name for p in stack.get_parameters()][-10:] == [
        *[f"layers.1.{part}.{what}" for part in ("dense1", "dense2") for what in ("weight", "bias")],
        *[f"layers.1.norm{k}.{what}" for k in (1, 2) for what in ("gamma", "beta")], "norm.gamma", "norm.beta"]
    x = Tensor(sequences(L)[0])
    expected = norm(stack.norm, block(block(x)).asnumpy())
    np.testing.assert_allclose(stack(x).asnumpy(), expected, rtol=1e-4, atol=1e-5)
    assert not {id(p) for p in stack.layers[0].get_parameters()} & {id(p) for p in stack.layers[1].get_parameters()}


def test_a_layer_that_was_compiled_can_be_copied(mode):
    block = nn.TransformerEncoderLayer(E, HEADS, 10)
    x = Tensor(sequences(L)[0])
    expected = block(x).asnumpy()
    twin = copy.deepcopy(block)
    block.dense1.weight.set_data(np.zeros((10, E)))
    np.testing.assert_array_equal(twin(x).asnumpy(), expected)


def test_transformer(mode):
    ms.set_seed(1)
    net = nn.Transformer(E, HEADS, 2, 1, 8, dropout=0.0)
    src, tgt = (Tensor(s.swapaxes(0, 1)) for s in sequences(L, S))
    memory = net.encoder(src)
    np.testing.assert_allclose(net(src, tgt).asnumpy(), net.decoder(tgt, memory).asnumpy(), rtol=1e-5, atol=1e-6)
    assert net(src, tgt).shape == (S, N, E)
    first, second = (layer.dense1.weight.asnumpy() for layer in net.encoder.layers)
    assert np.abs(first - second).max() > 0.1


class Reader(nn.Cell):
    """One transformer layer that says whether a sequence of tokens holds more ones than twos."""

    def __init__(self, dropout):
        super().__init__()
        self.embedding = nn.Embedding(4, 8, embedding_table="xavier_uniform")
        self.layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=dropout, batch_first=True)
        self.head = nn.Dense(8, 2)

    def construct(self, tokens):
        return self.head(ms.ops.mean(self.layer(self.embedding(tokens)), 1))


def train(dropout: float, graph: bool, steps: int) -> tuple[list, int]:
    ms.set_context(mode=ms.GRAPH_MODE if graph else ms.PYNATIVE_MODE)
    ms.set_seed(4)
    net = Reader(dropout)
    step = nn.TrainOneStepCell(nn.WithLossCell(net, nn.CrossEntropyLoss()), nn.Adam(net.trainable_params(), 0.01))
    step.set_train()
    source, losses, compiled = np.random.default_rng(0), [], []
    for _ in range(steps):
        tokens = source.integers(0, 4, (16, 7)).astype(np.int32)
        labels = ((tokens == 1).sum(1) > (tokens == 2).sum(1)).astype(np.int32)
        before = pipeline.compile_count
        losses.append(float(step(Tensor(tokens), Tensor(labels)).asnumpy()))
        compiled.append(pipeline.compile_count - before)
    ms.set_context(mode=ms.PYNATIVE_MODE)
    return losses, sum(compiled[2:])


@pytest.mark.parametrize("dropout", [0.0, 0.1])
def test_training_agrees_and_is_compiled_once(dropout):
    from mindspore.runtime.device import use_backend
    with use_backend("reference"):
        (graph, graph_compiles), (eager, eager_compiles) = train(dropout, True, 12), train(dropout, False, 12)
    np.testing.assert_allclose(eager, graph, rtol=1e-3)
    assert (graph_compiles, eager_compiles) == (0, 0)
    assert np.mean(graph[-3:]) < np.mean(graph[:3])


@pytest.mark.parametrize("call, error", [
    (lambda: nn.MultiheadAttention(6, 4), ValueError), (lambda: nn.MultiheadAttention(6, 0), ValueError),
    (lambda: nn.MultiheadAttention(6, 2, dropout=1.5), ValueError),
    (lambda: layer()(*[Tensor(s) for s in sequences(L, S, L)]), ValueError),
    (lambda: nn.TransformerEncoderLayer(6, 2, activation=3), TypeError),
    (lambda: nn.TransformerEncoderLayer(6, 2, activation="rleu"), KeyError),
    (lambda: nn.TransformerEncoder(nn.Dense(1, 1), 0), ValueError)])
def test_refused(call, error):
    with pytest.raises(error):
        call()
