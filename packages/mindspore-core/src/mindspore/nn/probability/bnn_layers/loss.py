"""The loss of a network with Bayesian layers."""
from __future__ import annotations

from mindspore.nn._call import call
from mindspore.nn.cell import Cell

__all__ = ["WithBNNLossCell"]


class WithBNNLossCell(Cell):
    """A network with its loss: dnn_factor * loss_fn(backbone(x), label) + bnn_factor * the divergences of all Bayesian
    layers in it.

    Args:
        backbone: the network. loss_fn: the loss of its output.
        dnn_factor: the weight of the loss. bnn_factor: that of the divergences; 1 / the number of batches of an epoch
            counts each weight's divergence once per epoch.

    Raises:
        TypeError, ValueError: factors that are no numbers, or negative.
    """

    def __init__(self, backbone, loss_fn, dnn_factor=1, bnn_factor=1):
        super().__init__(auto_prefix=False)
        for name, value in (("dnn_factor", dnn_factor), ("bnn_factor", bnn_factor)):
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise TypeError(f"For 'WithBNNLossCell', the '{name}' must be a number, but got {value!r}.")
            if value < 0:
                raise ValueError(f"For 'WithBNNLossCell', the '{name}' must not be negative, but got {value}.")
        self._backbone, self._loss_fn = backbone, loss_fn
        self.dnn_factor, self.bnn_factor = dnn_factor, bnn_factor

    def construct(self, x, label):
        """The loss of one batch."""
        loss = self.dnn_factor * call(self._loss_fn, self._backbone(x), label)
        for _, cell in self._backbone.cells_and_names():
            if hasattr(cell, "compute_kl_loss"):
                loss = loss + self.bnn_factor * cell.compute_kl_loss()
        return loss

    @property
    def backbone_network(self):
        """The network without its loss."""
        return self._backbone
