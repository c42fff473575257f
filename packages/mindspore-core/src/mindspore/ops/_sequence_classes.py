"""Operator classes of sequences, and losses that differ from the functions in their operands. `operations` takes them
from here."""
from __future__ import annotations

from mindspore.ops import (
    candidates,
    decoding,
    fused_attention,
    gated_layers,
    loss,
    recurrent,
    rotary,
    sequence_loss,
    transducer,
)
from mindspore.ops.primitive import REQUIRED, Primitive, define

CLASSES: dict[str, type[Primitive]] = {}


def _define(name, function, **attributes):
    CLASSES[name] = define(name, function, **attributes)


# -- labels ------------------------------------------------------------------------------------------------------------

_define("CTCGreedyDecoder", decoding.ctc_greedy_decoder, merge_repeated=True)
_define("CTCLoss", sequence_loss.ctc_loss_of_logits, preprocess_collapse_repeated=False, ctc_merge_repeated=True,
        ignore_longer_outputs_than_inputs=False)
_define("CTCLossV2", sequence_loss.ctc_loss, blank=0, reduction="none", zero_infinity=False)
_define("EditDistance", decoding.edit_distance, normalize=True)
_define("RNNTLoss", transducer.rnnt_loss, blank_label=0)

# -- recurrent networks ------------------------------------------------------------------------------------------------

_define("BasicLSTMCell", recurrent.basic_lstm_cell, keep_prob=1.0, forget_bias=1.0, state_is_tuple=True,
        activation="tanh")
_define("CudnnGRU", gated_layers.gru, input_size=REQUIRED, hidden_size=REQUIRED, num_layers=REQUIRED, has_bias=True,
        bidirectional=False, dropout=0.0)
_define("GRUV2", gated_layers.gru_of_lengths, input_size=REQUIRED, hidden_size=REQUIRED, num_layers=REQUIRED,
        has_bias=REQUIRED, bidirectional=REQUIRED, dropout=REQUIRED, is_train=True)
_define("LSTMV2", gated_layers.lstm_of_lengths, input_size=REQUIRED, hidden_size=REQUIRED, num_layers=REQUIRED,
        has_bias=REQUIRED, bidirectional=REQUIRED, dropout=REQUIRED, is_train=True)
_define("DynamicGRUV2", recurrent.dynamic_gru, direction="UNIDIRECTIONAL", cell_depth=1, keep_prob=1.0,
        cell_clip=-1.0, num_proj=0, time_major=True, activation="tanh", gate_order="rzh", reset_after=True,
        is_training=True)
_define("DynamicRNN", recurrent.dynamic_rnn, cell_type="LSTM", direction="UNIDIRECTIONAL", cell_depth=1,
        use_peephole=False, keep_prob=1.0, cell_clip=-1.0, num_proj=0, time_major=True, activation="tanh",
        forget_bias=0.0, is_training=True)
_define("LSTM", recurrent.lstm, input_size=REQUIRED, hidden_size=REQUIRED, num_layers=REQUIRED, has_bias=REQUIRED,
        bidirectional=REQUIRED, dropout=REQUIRED, proj_size=0)

_define("ApplyRotaryPosEmb", rotary.apply_rotary_pos_emb_, cos_format=0)
_define("FlashAttentionScore", fused_attention.attention_with_statistics, head_num=REQUIRED, keep_prob=1.0,
        scale_value=1.0, pre_tokens=2147483647, next_tokens=2147483647, inner_precise=0, input_layout="BSH",
        sparse_mode=0)

# -- classes drawn at random ------------------------------------------------------------------------------------------

_define("LogUniformCandidateSampler", candidates.log_uniform_candidate_sampler, num_true=1, num_sampled=5, unique=True,
        range_max=5, seed=0)
_define("UniformCandidateSampler", candidates.uniform_candidate_sampler, num_true=REQUIRED, num_sampled=REQUIRED,
        unique=REQUIRED, range_max=REQUIRED, seed=0, remove_accidental_hits=False)

# -- margins -----------------------------------------------------------------------------------------------------------

_define("MultiMarginLoss", lambda x, target, weight=None, p=1, margin=1.0, reduction="mean": loss.multi_margin_loss(
    x, target, p, margin, weight, reduction), p=1, margin=1.0, reduction="mean")
_define("MultilabelMarginLoss", lambda x, target, reduction: loss.multilabel_margins(
    "MultilabelMarginLoss", x, target, reduction), reduction="mean")
_define("TripletMarginLoss", lambda x, positive, negative, margin, p, swap, eps, reduction: loss.triplet_margin_loss(
    x, positive, negative, margin, p, eps, swap, reduction), p=2, swap=False, eps=1e-6, reduction="mean")
