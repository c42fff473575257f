"""The transformers of `mindspore.parallel._transformer`, against formulas in NumPy."""
from __future__ import annotations

import importlib
import math

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, _checkparam, nn
from mindspore import dtype as mstype
from mindspore.parallel import _transformer as T
from mindspore.parallel._transformer import layers, moe, op_parallel_config, transformer

B, S, H, F, HEADS = 2, 5, 8, 12, 2
RNG = np.random.default_rng(3)
BOTH = pytest.mark.parametrize("mode", [ms.PYNATIVE_MODE, ms.GRAPH_MODE], ids=["pynative", "graph"])
CAUSAL = np.tile(np.tri(S, dtype=np.float32), (B, 1, 1))
NO_DROPOUT = {"attention_dropout_rate": 0.0, "hidden_dropout_rate": 0.0}


@pytest.fixture(autouse=True)
def _mode():
    before = ms.get_context("mode")
    yield
    ms.set_context(mode=before)


def floats(*shape) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


def drawn(net):
    """The net with larger parameters than its own, and without dropout."""
    for p in net.get_parameters():
        if not p.name.endswith("past"):
            p.set_data(Tensor(0.4 * floats(*p.shape) + (p.name.endswith("gamma"))))
    return net.set_train(False)


def values(net) -> dict[str, np.ndarray]:
    return {name: p.asnumpy() for name, p in net.parameters_dict().items()}


def normalized(x, p, name):
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt((centred ** 2).mean(-1, keepdims=True) + 1e-5) * p[f"{name}.gamma"] + p[f"{name}.beta"]


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def gelu(x):
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x ** 3)))


def attention(q, k, v, mask, p, name=""):
    def heads(x, dense):
        y = x @ p[f"{name}{dense}.weight"].T + p[f"{name}{dense}.bias"]
        return y.reshape(*y.shape[:2], HEADS, -1).transpose(0, 2, 1, 3)

    q, k, v = heads(q, "dense1"), heads(k, "dense2"), heads(v, "dense3")
    scores = q @ k.transpose(0, 1, 3, 2) / math.sqrt(q.shape[-1]) - 10000 * (1 - mask[:, None])
    found = (softmax(scores) @ v).transpose(0, 2, 1, 3).reshape(q.shape[0], -1, H)
    return found @ p[f"{name}projection.weight"] + p[f"{name}projection.bias"], k.transpose(0, 1, 3, 2), v


def fed_forward(x, p, name="output."):
    return gelu(x @ p[f"{name}mapping.weight"] + p[f"{name}mapping.bias"]) @ p[f"{name}projection.weight"] \
        + p[f"{name}projection.bias"]


def encoded(x, mask, p, post=False, name=""):
    normal = normalized(x, p, f"{name}layernorm1")
    x = (normal if post else x) + attention(normal, normal, normal, mask, p, f"{name}attention.")[0]
    normal = normalized(x, p, f"{name}layernorm2")
    return (normal if post else x) + fed_forward(normal, p, f"{name}output.")


def close(got, wanted, tolerance=2e-2):
    np.testing.assert_allclose(got.asnumpy().astype(np.float32), wanted, rtol=tolerance, atol=tolerance)


def layer(**given):
    return drawn(T.TransformerEncoderLayer(B, H, F, HEADS, S, **NO_DROPOUT, **given))


@pytest.mark.parametrize("module, names", [
    ("parallel._transformer", T.__all__), ("nn.transformer", T.__all__), ("nn.transformer.loss", ["CrossEntropyLoss"]),
    ("parallel._transformer.transformer", ["_get_lambda_func", "default_transformer_config", *transformer.__all__]),
    ("nn.transformer.transformer", ["_get_lambda_func", *transformer.__all__]),
    ("nn.transformer.layers", ["_Linear", "_args_type_validator_check", "_valid_type_checks", "_valid_value_checks"]),
    ("parallel._transformer.layers", layers.__all__),
    ("parallel._transformer.moe", ["MoE", "MoEConfig", "_check_moe_config", "default_moe_config"]),
    ("nn.transformer.op_parallel_config", ["MoEParallelConfig", "OpParallelConfig", "_check_config",
                                           "default_dpmp_config"]),
], ids=lambda value: value if isinstance(value, str) else "")
def test_names_are_where_programs_look_for_them(module, names):
    found = importlib.import_module(f"mindspore.{module}")
    assert all(getattr(found, name) is not None for name in names)


def test_parameters_have_the_names_that_checkpoints_have():
    dense = [f"{part}.{kind}" for part in ("projection", "dense1", "dense2", "dense3") for kind in ("weight", "bias")]
    norm = [f"layernorm{i}.{kind}" for i in (1, 2) for kind in ("gamma", "beta")]
    output = [f"output.{part}.{kind}" for part in ("mapping", "projection") for kind in ("weight", "bias")]
    both = {*norm, *output, *(f"attention.{name}" for name in dense)}
    net = T.TransformerEncoderLayer(B, H, F, HEADS, S, use_past=True)
    assert set(net.parameters_dict()) == both | {"key_past", "value_past"}
    assert net.output.mapping.weight.shape == (H, F) and net.key_past.shape == (B, HEADS, H // HEADS, S)
    assert {p.name for p in net.trainable_params()} == both
    net = T.TransformerDecoder(1, B, H, F, S, S, HEADS)
    cross = {"cross_attention_layernorm.gamma", "cross_attention_layernorm.beta",
             *(f"cross_attention.{name}" for name in dense)}
    assert set(net.parameters_dict()) == {f"blocks.0.{name}" for name in both | cross}
    net = T.TransformerEncoderLayer(B, H, F, HEADS, S, moe_config=T.MoEConfig(expert_num=3),
                                    parallel_config=op_parallel_config.MoEParallelConfig())
    assert net.output.ffn.mapping.weight.shape == (3, H, F) and net.output.ffn.mapping.bias.shape == (1, 3, 1, F)
    assert net.parameters_dict()["output.router.dense.weight"].shape == (3, H)


@BOTH
def test_attention_is_the_formula(mode):
    ms.set_context(mode=mode)
    net = drawn(T.MultiHeadAttention(None, S, S + 1, H, HEADS, 0.0, 0.0))
    q, k, v = floats(B, S, H), floats(B, S + 1, H), floats(B, S + 1, H)
    mask = np.tile(np.tri(S, S + 1, dtype=np.float32), (B, 1, 1))
    wanted = attention(q, k, v, mask, values(net))
    got, past = net(Tensor(q), Tensor(k), Tensor(v), Tensor(mask))
    assert got.dtype == mstype.float32 and past[0].dtype == mstype.float16
    for one, other in zip((got, *past), wanted):
        close(one, other)
    flat, _ = net(Tensor(q.reshape(-1, H)), Tensor(k.reshape(-1, H)), Tensor(v.reshape(-1, H)), Tensor(mask))
    close(flat, wanted[0].reshape(-1, H))
    close(net(Tensor(q), Tensor(k), Tensor(v), None)[0], attention(q, k, v, np.ones_like(mask), values(net))[0])


@BOTH
@pytest.mark.parametrize("post", [False, True])
def test_an_encoder_layer_is_the_formula_and_has_gradients(mode, post):
    ms.set_context(mode=mode)
    net, x = layer(post_layernorm_residual=post), floats(B, S, H)
    close(net(Tensor(x), Tensor(CAUSAL))[0], encoded(x, CAUSAL, values(net), post))
    grads = ms.grad(lambda x: net(x, Tensor(CAUSAL))[0].sum(), None, net.trainable_params())(Tensor(x))
    assert len(grads) == 16
    for p, g in zip(net.trainable_params(), grads):
        assert g.shape == p.shape and g.dtype == p.dtype
        assert np.abs(g.asnumpy()).max() > 1e-3 or p.name == "attention.dense2.bias", p.name


@BOTH
def test_the_whole_transformer_is_the_formula(mode):
    ms.set_context(mode=mode)
    net = drawn(T.Transformer(H, B, F, S, S - 1, encoder_layers=1, decoder_layers=1, num_heads=HEADS, **NO_DROPOUT))
    x, y, own = floats(B, S, H), floats(B, S - 1, H), CAUSAL[:, :-1, :-1]
    p, memory_mask = values(net), np.ones((B, S - 1, S), np.float32)
    memory = encoded(x, CAUSAL, p, name="encoder.blocks.0.")
    name = "decoder.blocks.0."
    normal = normalized(y, p, f"{name}layernorm1")
    z = y + attention(normal, normal, normal, own, p, f"{name}attention.")[0]
    normal = normalized(z, p, f"{name}cross_attention_layernorm")
    z = z + attention(normal, memory, memory, memory_mask, p, f"{name}cross_attention.")[0]
    z = z + fed_forward(normalized(z, p, f"{name}layernorm2"), p, f"{name}output.")
    got, past, decoder_past = net(*map(Tensor, (x, CAUSAL, y, own, memory_mask)))
    close(got, z, 4e-2)
    assert [t.shape for t in past[0]] == [(B, HEADS, 4, S), (B, HEADS, S, 4)]
    assert [t.shape for t in decoder_past[0]] == [(B, HEADS, 4, S - 1), (B, HEADS, S - 1, 4), (B, HEADS, 4, S),
                                                 (B, HEADS, S, 4)]
    alone = drawn(T.Transformer(H, None, F, S, S, encoder_layers=1, decoder_layers=0))
    assert alone(Tensor(x), Tensor(CAUSAL))[2] is None


@BOTH
def test_one_token_after_another_gives_what_the_whole_sequence_gives(mode):
    ms.set_context(mode=mode)
    net = drawn(T.TransformerEncoder(B, 2, H, F, S, HEADS, use_past=True, **NO_DROPOUT))
    x, first = floats(B, S, H), np.array([2, 3])
    whole = T.TransformerEncoder(B, 2, H, F, S, HEADS, **NO_DROPOUT).set_train(False)
    ms.load_param_into_net(whole, {k: v for k, v in net.parameters_dict().items() if not k.endswith("past")})
    wanted = whole(Tensor(x), Tensor(CAUSAL))[0].asnumpy()
    for _ in range(2):  # the second time, the first iteration replaces what is kept
        net.add_flags_recursive(is_first_iteration=True)
        length = Tensor(first, mstype.int32)
        got = net(Tensor(x), Tensor(CAUSAL), Tensor([False]), length)[0]
        close(got, wanted, 1e-2)
        net.add_flags_recursive(is_first_iteration=False)
        for step in range(2):
            place = first + step
            token = x[np.arange(B), place][:, None]
            mask = (np.arange(S) <= place[:, None]).astype(np.float32)[:, None]
            got = net(Tensor(token), Tensor(mask), Tensor([True]), length)[0]
            assert got.shape == (B, 1, H)
            close(got, wanted[np.arange(B), place][:, None], 1e-2)
    forgotten = net(Tensor(x[:, :1]), Tensor((np.arange(S) < 1).astype(np.float32) * np.ones((B, 1, S), np.float32)),
                    Tensor([False]), length)[0]
    close(forgotten, wanted[:, :1], 1e-2)


@BOTH
def test_a_decoder_decodes_one_token_after_another(mode):
    ms.set_context(mode=mode)
    net = drawn(T.TransformerDecoderLayer(H, F, HEADS, B, S + 1, S, use_past=True, **NO_DROPOUT))
    memory, y, ones = Tensor(floats(B, S + 1, H)), floats(B, S, H), np.ones((B, S, S + 1), np.float32)
    reset, length = Tensor([True]), Tensor([S - 1] * B, mstype.int32)
    wanted = net(Tensor(y), Tensor(CAUSAL), memory, Tensor(ones), reset, length)[0].asnumpy()
    net.add_flags_recursive(is_first_iteration=False)
    got = net(Tensor(y[:, -1:]), Tensor(CAUSAL[:, -1:]), memory, Tensor(ones[:, -1:]), reset, length)[0]
    close(got, wanted[:, -1:], 1e-2)


@BOTH
@pytest.mark.parametrize("chosen", [1, 2])
def test_a_mixture_of_experts_is_the_formula(mode, chosen):
    ms.set_context(mode=mode)
    config = T.MoEConfig(expert_num=3, num_experts_chosen=chosen, capacity_factor=1.0)
    net, x = drawn(moe.MoE(H, F, 0.0, moe_config=config)), floats(B, S, H)
    p, rows = values(net), x.reshape(-1, H)
    probabilities = softmax(rows @ p["router.dense.weight"].T)
    order, room = np.argsort(-probabilities, 1), [math.ceil(chosen * len(rows) / 3)] * 3
    wanted = np.zeros_like(rows)
    for choice in range(chosen):
        for i, e in enumerate(order[:, choice]):
            if room[e]:
                room[e] -= 1
                hidden = gelu(rows[i] @ p["ffn.mapping.weight"][e] + p["ffn.mapping.bias"][0, e, 0])
                out = hidden @ p["ffn.projection.weight"][e] + p["ffn.projection.bias"][0, e, 0]
                wanted[i] += probabilities[i, e] * out
    got, loss = net(Tensor(x))
    close(got, wanted.reshape(x.shape))
    shares = np.bincount(order[:, 0], minlength=3) / len(rows)
    close(loss, 0.05 * 3 * (shares * probabilities.mean(0)).sum(), 1e-4)
    assert np.abs(ms.grad(lambda x: net(x)[1], None, net.trainable_params())(Tensor(x))[-1].asnumpy()).max() > 0


def test_a_stack_with_experts_gives_their_loss():
    net = T.TransformerEncoder(None, 2, H, F, S, HEADS, moe_config=T.MoEConfig(expert_num=2))
    output, past, loss = net(Tensor(floats(B, S, H)), Tensor(CAUSAL))
    assert output.shape == (B, S, H) and len(past) == 2 and 0.05 < float(loss.asnumpy()) < 0.4


def test_losses_masks_and_embeddings_are_the_formulas():
    logits, label, mask = floats(6, 9), np.arange(6, dtype=np.int32), np.array([1, 1, 0, 1, 0, 0], np.float32)
    wanted = -np.log(softmax(logits))[np.arange(6), label]
    loss = T.CrossEntropyLoss()
    got = loss(Tensor(logits), Tensor(label), Tensor(mask))
    assert got.shape == (1,)
    close(got, [(wanted * mask).sum() / (mask.sum() + 1e-5)], 1e-5)
    assert float(loss(Tensor(logits), Tensor(label), Tensor(0 * mask)).asnumpy()[0]) == 0
    valid = Tensor(np.array([[1, 1, 1, 0]], np.float32))
    np.testing.assert_array_equal(T.AttentionMask(4)(valid).asnumpy()[0], np.tri(4) * [[1], [1], [1], [0]])
    net = T.VocabEmbedding(7, 3, param_init=Tensor(floats(7, 3)))
    rows, table = net(Tensor(np.array([[1, 6]], np.int32)))
    np.testing.assert_array_equal(rows.asnumpy()[0], table.asnumpy()[[1, 6]])


def test_layers_by_themselves():
    x = floats(2, 3, H)
    norm = drawn(layers._LayerNorm((H,)))
    p = {f"n.{k}": v for k, v in values(norm).items()}
    close(norm(Tensor(x)), normalized(x, p, "n"), 1e-5)
    assert norm(Tensor(x, mstype.float16)).dtype == mstype.float16
    linear = drawn(layers._Linear(H, 4, activation="relu", compute_dtype=mstype.float32))
    close(linear(Tensor(x)), np.maximum(x @ linear.weight.asnumpy().T + linear.bias.asnumpy(), 0), 1e-5)
    assert repr(norm) == "_LayerNorm(normalized_shape=(8,), eps=1e-05)"
    assert repr(layers._Linear(2, 3, expert_num=4)).endswith("out_channels=3, has_bias=True, expert_num=4)")
    ones = Tensor(np.ones((100,), np.float32))
    assert set(layers._Dropout(0.5).set_train()(ones).asnumpy()) == {0.0, 2.0}
    assert layers._Dropout(0.5).set_train(False)(ones).asnumpy().min() == 1
    for act in (nn.ReLU, nn.ReLU(), "relu"):
        assert T.FeedForward(H, F, 0.1, hidden_act=act)(Tensor(x)).shape == x.shape


def test_configurations_are_checked_and_kept():
    config = T.TransformerOpParallelConfig(data_parallel=2, model_parallel=4, pipeline_stage=2, micro_batch_num=2,
                                           recompute=True, vocab_emb_dp=False)
    assert config.dp_mp_config == T.OpParallelConfig(2, 4) and not config.embedding_dp_mp_config.vocab_emb_dp
    assert config.moe_parallel_config.dpmp == config.embedding_dp_mp_config.dp_mp_config == config.dp_mp_config
    config = T.TransformerOpParallelConfig(pipeline_stage=2, recompute=T.TransformerRecomputeConfig(recompute=True))
    net = T.TransformerEncoder(None, 4, H, F, S, HEADS, parallel_config=config)
    assert [block.pipeline_stage for block in net.blocks] == [0, 0, 1, 1]
    assert all(block._recompute for block in net.blocks)
    seen = []
    T.TransformerDecoder(2, None, H, F, S, S, HEADS, offset=3, lambda_func=lambda network, **given: seen.append(given))
    assert [(g["layer_id"], g["layers"], g["offset"]) for g in seen] == [(0, 2, 3), (1, 2, 3)]


@pytest.mark.parametrize("call, error, message", [
    (lambda: T.OpParallelConfig(0), ValueError, "'data_parallel' must be a positive int, but got 0"),
    (lambda: T.TransformerRecomputeConfig(1), TypeError, "'recompute' must be a bool"),
    (lambda: T.MoEConfig(2, num_experts_chosen=3), ValueError, "at most the 'expert_num', but got 3 and 2"),
    (lambda: T.MoEConfig(capacity_factor=0.5), ValueError, "at least 1, but got 0.5"),
    (lambda: T.CrossEntropyLoss({}), TypeError, "'parallel_config' must be an OpParallelConfig"),
    (lambda: T.MultiHeadAttention(B, S, S, 9, HEADS), ValueError, "a multiple of the 'num_heads', but got 9 and 2"),
    (lambda: T.TransformerEncoderLayer(None, H, F, HEADS, S, use_past=True), TypeError, "'batch_size' must be a pos"),
    (lambda: T.TransformerEncoder(None, 0, H, F, S, HEADS), ValueError, "'num_layers' must be a positive int"),
    (lambda: T.TransformerEncoder(None, 1, H, F, S, HEADS, parallel_config=T.TransformerOpParallelConfig(
        model_parallel=3)), ValueError, "multiple of the parallel_config's model_parallel, but got 2 and 3"),
    (lambda: layer()(Tensor(floats(B, S + 1, H)), None), ValueError, r"but its shape is \(2, 6, 8\)"),
    (lambda: layer()(Tensor(floats(B, S, H)), Tensor(CAUSAL[:, 1:])), ValueError, "'attention_mask' must have the sh"),
    (lambda: layer(use_past=True)(Tensor(floats(B, S, H)), None), TypeError, "'init_reset' must be a Tensor if use_p"),
    (lambda: T.AttentionMask(S)(Tensor(np.ones((B, S), np.int32))), TypeError, "must be of Float32 or Float16"),
    (lambda: T.TransformerDecoder(1, B, H, F, S, S, HEADS, parallel_config=T.OpParallelConfig()), TypeError,
     "'parallel_config' must be of type TransformerOpParallelConfig"),
    (lambda: T.VocabEmbedding(7, 3, T.EmbeddingOpParallelConfig(1, 2, False)), ValueError, "got 7 and 2"),
    (lambda: layers._Linear(H, 3, activation=3), TypeError, "the name of an activation, a Cell or a class"),
], ids=range(16))
def test_wrong_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_arguments_of_programs_are_checked_before_they_are_used():
    class Own:
        @layers._args_type_validator_check(size=_checkparam.check_positive_int,
                                           kind=layers._valid_value_checks(["a", "b"], "Own"),
                                           net=layers._valid_type_checks([nn.Cell], "Own"))
        def __init__(self, size, kind="z", net=None):
            self.given = size, kind, net

    assert Own(1).given == (1, "z", None)
    for given, error in (((0,), ValueError), ((1, "c"), ValueError), ((1, "a", 3), TypeError)):
        with pytest.raises(error, match="'(size|kind|net)' must be"):
            Own(*given)


def test_warnings_of_a_class_are_written_once():
    from mindspore import log
    said = []

    class Logger:
        warning = staticmethod(said.append)

    @log._LogActionOnce(logger=Logger, key="test_warnings_of_a_class_are_written_once")
    def speak():
        Logger.warning("hear")

    speak(), speak()
    Logger.warning("again")
    assert said == ["hear", "again"]
