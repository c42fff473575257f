"""Configurations of whole transformers, and what they say of each layer."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mindspore.nn._check import flag
from mindspore.nn.cell import Cell
from mindspore.parallel._transformer.op_parallel_config import (
    MoEParallelConfig,
    OpParallelConfig,
    Setting,
    _Config,
    count,
    switch,
)


class EmbeddingOpParallelConfig(_Config):
    """The parts into which a table of embeddings is split.

    Args:
        data_parallel, model_parallel: parts of the batch and of the table's rows. vocab_emb_dp: the table is not
            split, whatever `model_parallel` is.
    """

    data_parallel, model_parallel, vocab_emb_dp = count(), count(), switch()

    def __init__(self, data_parallel=1, model_parallel=1, vocab_emb_dp=True):
        self.data_parallel, self.model_parallel, self.vocab_emb_dp = data_parallel, model_parallel, vocab_emb_dp

    @property
    def dp_mp_config(self) -> OpParallelConfig:
        """The parts without what is special to embeddings."""
        return OpParallelConfig(self.data_parallel, self.model_parallel)


class TransformerRecomputeConfig(_Config):
    """Whether gradients compute layers again, in place of keeping what they computed (see `Cell.recompute`).

    Args:
        recompute: whether they do. parallel_optimizer_comm_recompute, mp_comm_recompute, recompute_slice_activation:
            the same for what only several devices have; kept without effect.
    """

    recompute, parallel_optimizer_comm_recompute = switch(), switch()
    mp_comm_recompute, recompute_slice_activation = switch(), switch()

    def __init__(self, recompute=False, parallel_optimizer_comm_recompute=False, mp_comm_recompute=True,
                 recompute_slice_activation=False):
        self.recompute, self.mp_comm_recompute = recompute, mp_comm_recompute
        self.parallel_optimizer_comm_recompute = parallel_optimizer_comm_recompute
        self.recompute_slice_activation = recompute_slice_activation


def _recompute(config: str, name: str, value: Any) -> Any:
    return value if isinstance(value, TransformerRecomputeConfig) else flag(config, name, value)


default_transformer_recompute_config = TransformerRecomputeConfig()


class TransformerOpParallelConfig(_Config):
    """The parts into which a transformer is split.

    Args:
        data_parallel, model_parallel, expert_parallel: parts of the batch, the weights and the experts.
        pipeline_stage, pipeline_segment, micro_batch_num: stages of a pipeline, their segments, and parts of a batch.
        recompute: a TransformerRecomputeConfig, or a bool for its `recompute`; this one has effect in one process too.
        optimizer_shard, gradient_aggregation_group: whether the optimizer's state is split, and into which groups.
        vocab_emb_dp: the table of embeddings is not split.

    Raises:
        TypeError, ValueError: values of wrong types, or numbers below 1.
    """

    data_parallel, model_parallel, expert_parallel = count(), count(), count()
    pipeline_stage, pipeline_segment, micro_batch_num = count(), count(), count()
    gradient_aggregation_group, optimizer_shard, vocab_emb_dp = count(), switch(), switch()
    recompute: Any = Setting(_recompute)

    def __init__(self, data_parallel=1, model_parallel=1, expert_parallel=1, pipeline_stage=1, pipeline_segment=1,
                 micro_batch_num=1, recompute=default_transformer_recompute_config, optimizer_shard=False,
                 gradient_aggregation_group=4, vocab_emb_dp=True):
        self.data_parallel, self.model_parallel = data_parallel, model_parallel
        self.expert_parallel, self.pipeline_stage = expert_parallel, pipeline_stage
        self.pipeline_segment, self.micro_batch_num = pipeline_segment, micro_batch_num
        self.recompute, self.optimizer_shard = recompute, optimizer_shard
        self.gradient_aggregation_group, self.vocab_emb_dp = gradient_aggregation_group, vocab_emb_dp

    @property
    def embedding_dp_mp_config(self) -> EmbeddingOpParallelConfig:
        """The parts of a table of embeddings."""
        return EmbeddingOpParallelConfig(self.data_parallel, self.model_parallel, self.vocab_emb_dp)

    @property
    def dp_mp_config(self) -> OpParallelConfig:
        """The parts of a layer."""
        return OpParallelConfig(self.data_parallel, self.model_parallel)

    @property
    def moe_parallel_config(self) -> MoEParallelConfig:
        """The parts of a layer that has experts."""
        return MoEParallelConfig(self.data_parallel, self.model_parallel, self.expert_parallel)


default_transformer_config = TransformerOpParallelConfig()
default_embedding_parallel_config = EmbeddingOpParallelConfig()


def _get_lambda_func(total_layer: int | None = None) -> Callable[..., None]:
    """The function that tells a layer its stage, the group of its gradients, and whether it is computed again.

    Args:
        total_layer: layers of all stages together; by default those that the function is told.
    """

    def place(network: Cell, layer_id: int, offset: int, parallel_config: TransformerOpParallelConfig,
              layers: int) -> None:
        per_stage = max(int((total_layer or layers) / parallel_config.pipeline_stage), 1)
        network.pipeline_stage = min((layer_id + offset) // per_stage, parallel_config.pipeline_stage - 1)
        network.set_comm_fusion((layer_id + offset) // parallel_config.gradient_aggregation_group + 1)
        wanted = parallel_config.recompute
        if wanted if isinstance(wanted, bool) else wanted.recompute:
            network.recompute()

    return place
