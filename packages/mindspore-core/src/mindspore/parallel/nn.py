"""Networks that take a batch in parts, under the names of parallel training."""
from __future__ import annotations

from mindspore.nn.micro_batches import GradAccumulationCell, MicroBatchInterleaved, PipelineCell

__all__ = ["GradAccumulation", "MicroBatchInterleaved", "Pipeline", "PipelineCell"]


class GradAccumulation(GradAccumulationCell):
    """`nn.GradAccumulationCell`, called by its other name."""


class Pipeline(PipelineCell):
    """`PipelineCell`, called by its other name."""
