"""Networks and Models that are changed for `nn.thor`."""
from __future__ import annotations

from mindspore.nn.cell import Cell
from mindspore.nn.layer.curvature import note_factors
from mindspore.nn.optim.natural_gradient import Thor
from mindspore.nn.wrap import TrainOneStepCell
from mindspore.train.model import Model
from mindspore.train.train_thor.model_thor import ModelThor

__all__ = ["ConvertModelUtils", "ConvertNetUtils"]


class ConvertNetUtils:
    """Changes networks so that their layers note what `nn.thor` needs; `nn.thor` does so itself."""

    def convert_to_thor_net(self, net: Cell) -> None:
        """Put `DenseThor`, `Conv2dThor`, `EmbeddingThor` and `EmbeddingLookupThor` in the places of the layers below a
        network whose weights are trained; Parameters stay as they are.

        Raises:
            TypeError: `net` is no Cell.
        """
        if not isinstance(net, Cell):
            raise TypeError(f"For 'convert_to_thor_net', the 'net' must be a Cell, but got {type(net).__name__}.")
        note_factors(net)
        net.update_cell_prefix()
        net.update_cell_type("second-order")


class ConvertModelUtils:
    """Changes a Model for `nn.thor`."""

    @staticmethod
    def convert_to_thor_model(model, network, loss_fn=None, optimizer=None, metrics=None, amp_level="O0",
                              loss_scale_manager=None, keep_batchnorm_fp32=False):
        """A `ModelThor` where the optimizer is `nn.thor`, and `model` as it is where it is another one.

        Args:
            model: a Model. network: its network; or a `TrainOneStepCell` with its optimizer, which is then the whole
                step, so that nothing else counts. The others are those of `Model`.

        Raises:
            TypeError: `model` is no Model.
        """
        if not isinstance(model, Model):
            raise TypeError(f"For 'convert_to_thor_model', the 'model' must be a Model, but got "
                            f"{type(model).__name__}.")
        whole = isinstance(network, TrainOneStepCell)
        if not isinstance(network.optimizer if whole else optimizer, Thor):
            return model
        if whole:
            return ModelThor(network)
        return ModelThor(network, loss_fn, optimizer, metrics, amp_level=amp_level,
                         loss_scale_manager=loss_scale_manager, keep_batchnorm_fp32=keep_batchnorm_fp32)
