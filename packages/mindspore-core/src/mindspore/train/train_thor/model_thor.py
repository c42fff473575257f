"""A Model whose optimizer inverts its matrices every few steps only."""
from __future__ import annotations

from mindspore.nn.optim.natural_gradient import Thor
from mindspore.nn.wrap import TrainOneStepCell
from mindspore.train.model import Model

__all__ = ["ModelThor"]


class ModelThor(Model):
    """A `Model` for `nn.thor`: of each `frequency` steps the first one notes and inverts the matrices, the others take
    the inverses that are there. In graph mode these are two programs, which are compiled once each.

    Args: those of `Model`; the network may be a `TrainOneStepCell` with its optimizer.

    Raises:
        TypeError: the optimizer is not one that `nn.thor` gives. See `Model` for the others.
    """

    def __init__(self, network, loss_fn=None, optimizer=None, metrics=None, eval_network=None, eval_indexes=None,
                 amp_level="O0", **kwargs):
        own = network.optimizer if optimizer is None and isinstance(network, TrainOneStepCell) else optimizer
        if not isinstance(own, Thor):
            raise TypeError(f"For 'ModelThor', the 'optimizer' must be one that nn.thor gives, but got "
                            f"{type(own).__name__}; use Model for others.")
        super().__init__(network, loss_fn, optimizer, metrics, eval_network, eval_indexes, amp_level, **kwargs)
        self._frequency, self._steps, self._inverting = own.get_frequency(), 0, None

    def _train_step(self, columns: tuple):
        inverting = self._steps % self._frequency == 0
        if inverting is not self._inverting:
            self._train_network.add_flags_recursive(thor=inverting)
            self._inverting = inverting
        self._steps += 1
        return super()._train_step(columns)
