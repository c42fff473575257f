"""The loss of language models: cross entropy of the tokens that a mask selects."""
from __future__ import annotations

from mindspore import ops
from mindspore.common import dtype as mstype
from mindspore.nn.cell import Cell
from mindspore.parallel._transformer.checks import _check_input_dtype
from mindspore.parallel._transformer.op_parallel_config import _check_config, default_dpmp_config

__all__ = ["CrossEntropyLoss"]


class CrossEntropyLoss(Cell):
    """Mean of -log softmax(logits)[label] over the rows whose mask is 1.

    Args:
        parallel_config: an OpParallelConfig; kept.

    The sum over the rows is divided by the mask's sum plus 1e-5, so that a mask of zeros gives a loss of zero.
    """

    def __init__(self, parallel_config=default_dpmp_config):
        super().__init__()
        _check_config(parallel_config)
        self.parallel_config = parallel_config

    def construct(self, logits, label, input_mask):
        """The loss, (1,), Float32.

        Args:
            logits: (N, C), Float32 or Float16. label: (N,), integers in [0, C). input_mask: (N,), ones and zeros.

        Raises:
            TypeError: logits of another dtype, or labels that are no integers.
        """
        _check_input_dtype(logits.dtype, "logits", [mstype.float32, mstype.float16], "CrossEntropyLoss")
        _check_input_dtype(label.dtype, "label", [mstype.int32, mstype.int64], "CrossEntropyLoss")
        rows = ops.log_softmax(ops.cast(logits, mstype.float32), -1)
        losses = -ops.squeeze(ops.gather_elements(rows, 1, ops.expand_dims(label, -1)), -1)
        mask = ops.cast(ops.reshape(input_mask, (-1,)), mstype.float32)
        return ops.reshape(ops.sum(losses * mask) / (ops.sum(mask) + 1e-5), (1,))
