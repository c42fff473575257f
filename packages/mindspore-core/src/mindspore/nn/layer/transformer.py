"""Attention and the transformer. Source: Vaswani et al., "Attention is all you need", 2017.

Sequences are (length, batch, size), or (batch, length, size) with `batch_first`; inside, everything is batch first. A
mask is Bool, true where a position must not be seen, or floating and added to the scores; it is brought into the form
of `scaled_dot_product_attention`, where true means that a position is seen.
"""
from __future__ import annotations

import copy

from mindspore import ops
from mindspore.common import dtype as mstype
from mindspore.common.initializer import XavierNormal, XavierUniform, initializer
from mindspore.common.parameter import Parameter
from mindspore.common.tensor import Tensor
from mindspore.nn._call import call
from mindspore.nn._check import positive_int
from mindspore.nn.cell import Cell
from mindspore.nn.layer.activation import get_activation
from mindspore.nn.layer.basic import Dense, Dropout, as_computed
from mindspore.nn.layer.container import CellList
from mindspore.nn.layer.normalization import LayerNorm

__all__ = ["MultiheadAttention", "TransformerEncoderLayer", "TransformerEncoder", "TransformerDecoderLayer",
           "TransformerDecoder", "Transformer"]


class MultiheadAttention(Cell):
    """Attention of several heads, each on its own projection of query, key and value.

    Args:
        embed_dim: size E of queries and results. num_heads: a divisor of E. dropout: of the weights, while training.
        has_bias: whether the projections have biases. add_bias_kv: a trained position is added to keys and values.
        add_zero_attn: a position of zeros is added to them. kdim, vdim: sizes of keys and values, E by default.
        batch_first: (batch, length, size) instead of (length, batch, size).

    Raises:
        TypeError, ValueError: arguments of wrong types or sizes.
    """

    def __init__(self, embed_dim, num_heads, dropout=0.0, has_bias=True, add_bias_kv=False, add_zero_attn=False,
                 kdim=None, vdim=None, batch_first=False, dtype=mstype.float32):
        super().__init__()
        self.embed_dim = positive_int("MultiheadAttention", "embed_dim", embed_dim)
        self.num_heads = positive_int("MultiheadAttention", "num_heads", num_heads)
        if embed_dim % num_heads:
            raise ValueError(f"For 'MultiheadAttention', the 'embed_dim' must be divisible by 'num_heads', but got "
                             f"{embed_dim} and {num_heads}.")
        self.kdim = embed_dim if kdim is None else positive_int("MultiheadAttention", "kdim", kdim)
        self.vdim = embed_dim if vdim is None else positive_int("MultiheadAttention", "vdim", vdim)
        self.head_dim, self.batch_first = embed_dim // num_heads, bool(batch_first)
        self.dropout = Dropout(p=dropout).p
        self.has_bias, self.add_bias_kv, self.add_zero_attn = bool(has_bias), bool(add_bias_kv), bool(add_zero_attn)
        self.one_projection = self.kdim == self.vdim == embed_dim
        if self.one_projection:
            self.in_proj_weight = self._weight((3 * embed_dim, embed_dim), "in_proj_weight", dtype)
        else:
            self.q_proj_weight = self._weight((embed_dim, embed_dim), "q_proj_weight", dtype)
            self.k_proj_weight = self._weight((embed_dim, self.kdim), "k_proj_weight", dtype)
            self.v_proj_weight = self._weight((embed_dim, self.vdim), "v_proj_weight", dtype)
        if self.has_bias:
            self.in_proj_bias = Parameter(initializer("zeros", (3 * embed_dim,), dtype), name="in_proj_bias")
        self.out_proj = Dense(embed_dim, embed_dim, bias_init="zeros", has_bias=self.has_bias, dtype=dtype)
        if self.add_bias_kv:
            self.bias_k = Parameter(initializer(XavierNormal(), (1, 1, embed_dim), dtype), name="bias_k")
            self.bias_v = Parameter(initializer(XavierNormal(), (1, 1, embed_dim), dtype), name="bias_v")

    @staticmethod
    def _weight(shape: tuple, name: str, dtype) -> Parameter:
        return Parameter(initializer(XavierUniform(), shape, dtype), name=name)

    def construct(self, query, key, value, key_padding_mask=None, need_weights=True, attn_mask=None,
                  average_attn_weights=True):
        """(output,), or with `need_weights` (output, weights).

        Args:
            query, key, value: (L, N, E), (S, N, kdim), (S, N, vdim), batch first where the layer says so, or without N.
            key_padding_mask: (N, S), the keys that are padding. attn_mask: (L, S) or (N heads, L, S).
            average_attn_weights: the weights' mean over the heads, (N, L, S), instead of (N, heads, L, S).

        Raises:
            ValueError: shapes that do not fit.
        """
        batched = query.ndim == 3
        firsts = {id(t): self._batch_first(t, batched) for t in (query, key, value)}
        q, k, v = firsts[id(query)], firsts[id(key)], firsts[id(value)]
        self._check(q, k, v)
        q, k, v = self._projected(q, k, v)
        mask = self._mask(key_padding_mask, attn_mask, q, k)
        k, v, mask = self._with_extra_positions(k, v, mask)
        q, k, v = [ops.transpose(ops.reshape(t, (*t.shape[:2], self.num_heads, self.head_dim)), (0, 2, 1, 3))
                   for t in (q, k, v)]
        p, weights = self.dropout if self.training else 0.0, None
        if need_weights:
            found, weights = self._attend(q, k, v, mask, p)
        else:
            found = ops.scaled_dot_product_attention(q, k, v, mask, p)
        found = ops.reshape(ops.transpose(found, (0, 2, 1, 3)), (q.shape[0], q.shape[2], self.embed_dim))
        found = self.out_proj(found)
        found = self._batch_first(found, True) if batched else ops.squeeze(found, 0)
        if weights is None:
            return (found,)
        weights = ops.mean(weights, 1) if average_attn_weights else weights
        return found, weights if batched else ops.squeeze(weights, 0)

    def _batch_first(self, x, batched: bool):
        """x with the batch as its first axis; the same turns results back."""
        if not batched:
            return ops.expand_dims(x, 0)
        return x if self.batch_first else ops.swapaxes(x, 0, 1)

    def _check(self, q, k, v) -> None:
        sizes = (self.embed_dim, self.kdim, self.vdim)
        if any(t.ndim != 3 for t in (q, k, v)) or tuple(t.shape[-1] for t in (q, k, v)) != sizes \
                or k.shape[:2] != v.shape[:2] or q.shape[0] != k.shape[0]:
            raise ValueError(f"For 'MultiheadAttention', query, key and value must be sequences of sizes {sizes}, key "
                             f"and value of one length and all of one batch, but batch first they have the shapes "
                             f"{q.shape}, {k.shape} and {v.shape}.")

    def _projected(self, q, k, v) -> list:
        size = self.embed_dim
        if self.one_projection:
            joint = as_computed(self, self.in_proj_weight)
            if q is k and k is v:
                y = ops.dense(q, joint, as_computed(self, self.in_proj_bias) if self.has_bias else None)
                return list(ops.split(y, size, 2))
            weights = ops.split(joint, size, 0)
        else:
            weights = [as_computed(self, w) for w in (self.q_proj_weight, self.k_proj_weight, self.v_proj_weight)]
        biases = ops.split(as_computed(self, self.in_proj_bias), size, 0) if self.has_bias else (None,) * 3
        return [ops.dense(t, w, b) for t, w, b in zip((q, k, v), weights, biases)]

    def _mask(self, padding, attention, q, k) -> Tensor | None:
        """One mask that broadcasts to (N, heads, L, S): Bool, true where a position is seen, or numbers to add."""
        masks = []
        if padding is not None:
            masks.append(ops.reshape(padding, (-1, 1, 1, k.shape[1])))
        if attention is not None:
            if attention.ndim == 3:
                attention = ops.reshape(attention, (-1, self.num_heads, *attention.shape[1:]))
            masks.append(attention)
        if not masks:
            return None
        if all(m.dtype is mstype.bool_ for m in masks):
            hidden = masks[0] if len(masks) == 1 else ops.logical_or(*masks)
            return ops.logical_not(hidden)
        added = [ops.where(m, float("-inf"), Tensor(0.0, q.dtype)) if m.dtype is mstype.bool_ else ops.cast(m, q.dtype)
                 for m in masks]
        return added[0] if len(added) == 1 else added[0] + added[1]

    def _with_extra_positions(self, k, v, mask) -> tuple:
        """Keys, values and mask with the trained position and the position of zeros, which every query sees."""
        extra_k, extra_v = [], []
        if self.add_bias_kv:
            extra_k.append(as_computed(self, self.bias_k))
            extra_v.append(as_computed(self, self.bias_v))
        if self.add_zero_attn:
            zero = ops.zeros((1, 1, self.embed_dim), k.dtype)
            extra_k.append(zero)
            extra_v.append(zero)
        if not extra_k:
            return k, v, mask
        shape = (k.shape[0], 1, self.embed_dim)
        k = ops.concat([k, *[ops.broadcast_to(e, shape) for e in extra_k]], 1)
        v = ops.concat([v, *[ops.broadcast_to(e, shape) for e in extra_v]], 1)
        if mask is not None:
            seen = (ops.ones if mask.dtype is mstype.bool_ else ops.zeros)((*mask.shape[:-1], len(extra_k)), mask.dtype)
            mask = ops.concat([mask, seen], -1)
        return k, v, mask

    def _attend(self, q, k, v, mask, p: float) -> tuple:
        scores = ops.matmul(q * self.head_dim ** -0.5, ops.swapaxes(k, -1, -2))
        if mask is not None:
            scores = ops.where(mask, scores, float("-inf")) if mask.dtype is mstype.bool_ else scores + mask
        weights = ops.softmax(scores)
        weights = ops.dropout(weights, p, True) if p else weights
        return ops.matmul(weights, v), weights


def _activation(value):
    """An activation from a name, a Cell or a function."""
    if isinstance(value, str):
        return get_activation(value)
    if not callable(value):
        raise TypeError(f"a transformer's 'activation' must be a name, a Cell or a function, but got {value!r}")
    return value


class _Layer(Cell):
    """What the layers of encoder and decoder share: the two dense layers, and where norms and dropouts stand."""

    def _finish(self, d_model, dim_feedforward, dropout, activation, eps, norm_first, parts, dtype) -> None:
        """Make the feed-forward part, and a norm and a dropout for each of `parts` parts."""
        self.dense1 = Dense(d_model, dim_feedforward, dtype=dtype)
        self.dropout = Dropout(p=dropout)
        self.dense2 = Dense(dim_feedforward, d_model, dtype=dtype)
        self.norm_first = bool(norm_first)
        for k in range(1, parts + 1):
            setattr(self, f"norm{k}", LayerNorm((d_model,), epsilon=eps, dtype=dtype))
        for k in range(1, parts + 1):
            setattr(self, f"dropout{k}", Dropout(p=dropout))
        self.activation = _activation(activation)

    def _feed_forward(self, x):
        return self.dense2(self.dropout(call(self.activation, self.dense1(x))))

    def _residual(self, x, number: int, part):
        """x plus part(x) with dropout, normalized before or after."""
        norm, dropout = getattr(self, f"norm{number}"), getattr(self, f"dropout{number}")
        if self.norm_first:
            return x + dropout(part(norm(x)))
        return norm(x + dropout(part(x)))


class TransformerEncoderLayer(_Layer):
    """Self-attention and two dense layers, each with a residual connection and a layer normalization.

    Args:
        d_model: size of the sequences' elements. nhead: number of heads. dim_feedforward: size between dense layers.
        dropout: probability. activation: a name, a Cell or a function. layer_norm_eps: of the normalizations.
        batch_first: (batch, length, size) instead of (length, batch, size). norm_first: normalize before, not after.

    Raises:
        TypeError, ValueError: arguments of wrong types or sizes.
    """

    def __init__(self, d_model, nhead, dim_feedforward=2048, dropout=0.1, activation="relu", layer_norm_eps=1e-5,
                 batch_first=False, norm_first=False, dtype=mstype.float32):
        super().__init__()
        self.self_attn = MultiheadAttention(d_model, nhead, dropout, batch_first=batch_first, dtype=dtype)
        self._finish(d_model, dim_feedforward, dropout, activation, layer_norm_eps, norm_first, 2, dtype)

    def construct(self, src, src_mask=None, src_key_padding_mask=None):
        """The encoded sequences; the masks are those of `MultiheadAttention`."""
        def attend(x):
            return self.self_attn(x, x, x, src_key_padding_mask, False, src_mask)[0]

        return self._residual(self._residual(src, 1, attend), 2, self._feed_forward)


class TransformerDecoderLayer(_Layer):
    """Self-attention, attention to an encoder's output, and two dense layers; see `TransformerEncoderLayer`."""

    def __init__(self, d_model, nhead, dim_feedforward=2048, dropout=0.1, activation="relu", layer_norm_eps=1e-5,
                 batch_first=False, norm_first=False, dtype=mstype.float32):
        super().__init__()
        self.self_attn = MultiheadAttention(d_model, nhead, dropout, batch_first=batch_first, dtype=dtype)
        self.multihead_attn = MultiheadAttention(d_model, nhead, dropout, batch_first=batch_first, dtype=dtype)
        self._finish(d_model, dim_feedforward, dropout, activation, layer_norm_eps, norm_first, 3, dtype)

    def construct(self, tgt, memory, tgt_mask=None, memory_mask=None, tgt_key_padding_mask=None,
                  memory_key_padding_mask=None):
        """The decoded sequences; the masks are those of `MultiheadAttention`."""
        def attend(x):
            return self.self_attn(x, x, x, tgt_key_padding_mask, False, tgt_mask)[0]

        def remember(x):
            return self.multihead_attn(x, memory, memory, memory_key_padding_mask, False, memory_mask)[0]

        return self._residual(self._residual(self._residual(tgt, 1, attend), 2, remember), 3, self._feed_forward)


def _copies(layer: Cell, count: int) -> CellList:
    return CellList([copy.deepcopy(layer) for _ in range(count)])


class TransformerEncoder(Cell):
    """`num_layers` copies of a layer, one after the other, and a normalization at the end if one is given."""

    def __init__(self, encoder_layer, num_layers, norm=None):
        super().__init__()
        self.num_layers = positive_int("TransformerEncoder", "num_layers", num_layers)
        self.layers = _copies(encoder_layer, num_layers)
        self.norm = norm

    def construct(self, src, src_mask=None, src_key_padding_mask=None):
        """The encoded sequences."""
        for layer in self.layers:
            src = layer(src, src_mask, src_key_padding_mask)
        return src if self.norm is None else self.norm(src)


class TransformerDecoder(Cell):
    """`num_layers` copies of a layer, one after the other, and a normalization at the end if one is given."""

    def __init__(self, decoder_layer, num_layers, norm=None):
        super().__init__()
        self.num_layers = positive_int("TransformerDecoder", "num_layers", num_layers)
        self.layers = _copies(decoder_layer, num_layers)
        self.norm = norm

    def construct(self, tgt, memory, tgt_mask=None, memory_mask=None, tgt_key_padding_mask=None,
                  memory_key_padding_mask=None):
        """The decoded sequences."""
        for layer in self.layers:
            tgt = layer(tgt, memory, tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask)
        return tgt if self.norm is None else self.norm(tgt)


class Transformer(Cell):
    """An encoder and a decoder; the arguments are those of their layers. Weights of several axes start by Xavier."""

    def __init__(self, d_model=512, nhead=8, num_encoder_layers=6, num_decoder_layers=6, dim_feedforward=2048,
                 dropout=0.1, activation="relu", custom_encoder=None, custom_decoder=None, layer_norm_eps=1e-5,
                 batch_first=False, norm_first=False, dtype=mstype.float32):
        super().__init__()
        arguments = (d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first,
                     dtype)
        self.d_model, self.nhead, self.batch_first = d_model, nhead, bool(batch_first)
        self.encoder = custom_encoder if custom_encoder is not None else TransformerEncoder(
            TransformerEncoderLayer(*arguments), num_encoder_layers,
            LayerNorm((d_model,), epsilon=layer_norm_eps, dtype=dtype))
        self.decoder = custom_decoder if custom_decoder is not None else TransformerDecoder(
            TransformerDecoderLayer(*arguments), num_decoder_layers,
            LayerNorm((d_model,), epsilon=layer_norm_eps, dtype=dtype))
        for param in self.get_parameters():
            if param.ndim > 1:
                param.set_data(initializer(XavierUniform(), param.shape, param.dtype))

    def construct(self, src, tgt, src_mask=None, tgt_mask=None, memory_mask=None, src_key_padding_mask=None,
                  tgt_key_padding_mask=None, memory_key_padding_mask=None):
        """The decoded sequences for the sources `src` and the targets `tgt` so far."""
        memory = self.encoder(src, src_mask, src_key_padding_mask)
        return self.decoder(tgt, memory, tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask)
