"""Mixtures of experts: each position is computed by a few of several feed-forward networks.

Sources: Shazeer et al., "Outrageously large neural networks", 2017, and Fedus et al., "Switch transformers", 2021.

A router gives each position a probability for each expert; the position goes to the most probable ones, and the result
is the sum of theirs, each times its probability. An expert takes `capacity` positions at most, the earlier ones first,
those of first choices before those of second; a position that finds no room adds nothing to the result. The loss
E sum_e f_e p_e, with the fraction f_e of positions whose first choice is e and the mean p_e of its probabilities, is
least when all experts get the same share.
"""
from __future__ import annotations

import math

from mindspore import ops
from mindspore.common import dtype as mstype
from mindspore.nn._check import flag, not_negative, number, positive_int
from mindspore.nn.cell import Cell
from mindspore.nn.layer.basic import Dense
from mindspore.parallel._transformer.feed_forward import FeedForward
from mindspore.parallel._transformer.op_parallel_config import (
    Setting,
    _check_config,
    _Config,
    count,
    default_moeparallel_config,
    switch,
)

__all__ = ["MoEConfig"]


def _capacity(config: str, name: str, value) -> float:
    if number(config, name, value) < 1:
        raise ValueError(f"For '{config}', the '{name}' must be at least 1, but got {value}.")
    return float(value)


def _factor(config: str, name: str, value) -> float:
    if not_negative(config, name, value) >= 1:
        raise ValueError(f"For '{config}', the '{name}' must be below 1, but got {value}.")
    return float(value)


class MoEConfig(_Config):
    """The experts of a mixture.

    Args:
        expert_num: how many; 1 for a plain network. capacity_factor: how many positions an expert takes, over what it
            would take if all took the same; at least 1. aux_loss_factor: of the loss (see the module's text), in
            [0, 1). num_experts_chosen: experts of each position.
        expert_group_size, group_wise_a2a, comp_comm_parallel, comp_comm_parallel_degree: kept; they have effect on
            several devices alone.

    Raises:
        TypeError, ValueError: values of wrong types or out of range.
    """

    expert_num, num_experts_chosen, comp_comm_parallel_degree = count(), count(), count()
    group_wise_a2a, comp_comm_parallel = switch(), switch()
    capacity_factor, aux_loss_factor = Setting(_capacity), Setting(_factor)

    def __init__(self, expert_num=1, capacity_factor=1.1, aux_loss_factor=0.05, num_experts_chosen=1,
                 expert_group_size=None, group_wise_a2a=False, comp_comm_parallel=False, comp_comm_parallel_degree=2):
        self.expert_num, self.capacity_factor = expert_num, capacity_factor
        self.aux_loss_factor, self.num_experts_chosen = aux_loss_factor, num_experts_chosen
        if expert_group_size is not None:
            positive_int("MoEConfig", "expert_group_size", expert_group_size)
        self.expert_group_size, self.group_wise_a2a = expert_group_size, group_wise_a2a
        self.comp_comm_parallel, self.comp_comm_parallel_degree = comp_comm_parallel, comp_comm_parallel_degree
        if num_experts_chosen > expert_num:
            raise ValueError(f"For 'MoEConfig', the 'num_experts_chosen' must be at most the 'expert_num', but got "
                             f"{num_experts_chosen} and {expert_num}.")


default_moe_config = MoEConfig()


def _check_moe_config(moe_config=None, parallel_config=None) -> None:
    """TypeError for anything but a MoEConfig; ValueError if the parts of the experts do not divide them."""
    if not isinstance(moe_config, MoEConfig):
        raise TypeError(f"the 'moe_config' must be a MoEConfig, but got {moe_config!r} of type "
                        f"{type(moe_config).__name__}")
    parts = getattr(parallel_config, "expert_parallel", 1)
    if moe_config.expert_num > 1 and moe_config.expert_num % parts:
        raise ValueError(f"the moe_config's expert_num must be a multiple of the parallel_config's expert_parallel, "
                         f"but got {moe_config.expert_num} and {parts}")


def calculate_expert_capacity(k, tokens_per_group, capacity_factor, expert_dim) -> int:
    """How many positions an expert takes of `tokens_per_group` that choose k of `expert_dim` experts each."""
    return math.ceil(k * tokens_per_group * capacity_factor / expert_dim)


class Router(Cell):
    """Chooses experts by a linear map, `dense`, computed in Float32.

    Args:
        d_model: size of a position. moe_config: a MoEConfig. routing_policy: a Cell that takes the map's results (N, E)
            in place of `TopkRouter`. training: kept. parallel_config: kept.
    """

    def __init__(self, d_model, moe_config, routing_policy=None, training=True, parallel_config=None):
        super().__init__()
        self.training_router = flag("Router", "training", training)
        self.dense = Dense(positive_int("Router", "d_model", d_model), moe_config.expert_num, has_bias=False)
        self.router = routing_policy if routing_policy is not None else TopkRouter(d_model, moe_config)

    def construct(self, input_tensor):
        """(dispatch, combine, loss) of positions (N, d_model), see `TopkRouter`."""
        return self.router(self.dense(ops.cast(input_tensor, mstype.float32)))


class TopkRouter(Cell):
    """Sends positions to their most probable experts, as far as these have room. Arguments as of `Router`."""

    def __init__(self, d_model, moe_config, training=True, parallel_config=None):
        super().__init__()
        self.moe_config, self.expert_dim = moe_config, moe_config.expert_num

    def construct(self, router_logits):
        """(dispatch, combine, loss) of logits (N, E).

        Returns:
            dispatch: (N, E, capacity), 1 where a position has that place of the expert. combine: the same times the
            probability. loss: a scalar (see the module's text). All of Float32.
        """
        chosen = self.moe_config.num_experts_chosen
        capacity = calculate_expert_capacity(chosen, router_logits.shape[0], self.moe_config.capacity_factor,
                                             self.expert_dim)
        probabilities = ops.softmax(router_logits, -1)
        left, taken, dispatch, loss = probabilities, 0.0, 0.0, None
        for _ in range(chosen):
            choice = ops.cast(ops.one_hot(ops.argmax(left, 1), self.expert_dim, 1, 0), mstype.float32)
            if loss is None:
                loss = ops.sum(ops.mean(choice, 0) * ops.mean(probabilities, 0)) * self.expert_dim
            place = (ops.cumsum(choice, 0) - 1.0 + taken) * choice
            here = choice * ops.cast(place < capacity, mstype.float32)
            places = ops.cast(ops.one_hot(ops.cast(place, mstype.int32), capacity, 1, 0), mstype.float32)
            dispatch = dispatch + places * ops.expand_dims(here, -1)
            taken = taken + ops.sum(choice, 0)
            left = left - 2.0 * choice
        return dispatch, dispatch * ops.expand_dims(probabilities, -1), loss * self.moe_config.aux_loss_factor


class MoE(Cell):
    """A mixture of feed-forward networks (see the module's text), computed in Float16 but for the router.

    Args:
        hidden_size, ffn_hidden_size, dropout_rate, hidden_act, param_init_type: of each expert, see `FeedForward`.
        moe_config: a MoEConfig. parallel_config: a MoEParallelConfig; kept.

    Parts are `ffn`, with the experts as first axis of its weights, and `router`.
    """

    def __init__(self, hidden_size, ffn_hidden_size, dropout_rate, hidden_act="gelu", param_init_type=mstype.float32,
                 moe_config=default_moe_config, parallel_config=default_moeparallel_config):
        super().__init__()
        _check_config(parallel_config)
        _check_moe_config(moe_config, parallel_config)
        self.hidden_size, self.expert_dim = hidden_size, moe_config.expert_num
        self.ffn = FeedForward(hidden_size, ffn_hidden_size, dropout_rate, hidden_act, moe_config.expert_num,
                               moe_config.expert_group_size, param_init_type, parallel_config)
        self.router = Router(hidden_size, moe_config, parallel_config=parallel_config)

    def construct(self, input_tensor):
        """(result, loss) of (..., hidden_size): the result has its shape and dtype, the loss is a scalar."""
        rows = ops.reshape(input_tensor, (-1, self.hidden_size))
        dispatch, combine, loss = self.router(rows)
        flat = (rows.shape[0], -1)
        sent = ops.matmul(ops.swapaxes(ops.reshape(dispatch, flat), 0, 1), ops.cast(rows, mstype.float32))
        found = ops.cast(self.ffn(ops.reshape(sent, (self.expert_dim, -1, self.hidden_size))), mstype.float32)
        result = ops.matmul(ops.reshape(combine, flat), ops.reshape(found, (-1, self.hidden_size)))
        return ops.cast(ops.reshape(result, input_tensor.shape), input_tensor.dtype), loss


def feed_forward_of(hidden_size, ffn_hidden_size, dropout_rate, hidden_act, param_init_type, moe_config,
                    parallel_config) -> Cell:
    """The network of a layer: a mixture if there are several experts."""
    if moe_config.expert_num > 1:
        return MoE(hidden_size, ffn_hidden_size, dropout_rate, hidden_act, param_init_type, moe_config, parallel_config)
    return FeedForward(hidden_size, ffn_hidden_size, dropout_rate, hidden_act, param_init_type=param_init_type,
                       parallel_config=parallel_config)
