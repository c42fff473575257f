"""Ways to train with fewer or larger steps: gradients that are summed over several batches.

`GradientAccumulation` is the part that programs build on; the Cells of one step are those of `mindspore.nn`, under the
names that programs import from here.
"""
from mindspore.boost.boost_cell_wrapper import BoostTrainOneStepCell, BoostTrainOneStepWithLossScaleCell
from mindspore.boost.grad_accumulation import GradientAccumulation

__all__ = ["BoostTrainOneStepCell", "BoostTrainOneStepWithLossScaleCell", "GradientAccumulation"]
