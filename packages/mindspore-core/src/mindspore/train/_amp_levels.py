"""The parts of mixed precision that programs with training networks of their own put together themselves.

    config = _config_level[level]
    if config["cast_model_type"] == mstype.float16:
        network.to_float(mstype.float16)
        if config["keep_batchnorm_fp32"]:
            _do_keep_batchnorm_fp32(network)
    network = _add_loss_network(network, loss_fn, config["cast_model_type"])

Programs import these from `mindspore.train.amp`; `build_train_network` does without them.
"""
from __future__ import annotations

from typing import Any

from mindspore.common.dtype import DType, float16, float32
from mindspore.graph import tree
from mindspore.graph.guards import CELL_EPOCH
from mindspore.nn.cell import Cell
from mindspore.nn.layer.normalization import BatchNorm1d, BatchNorm2d, BatchNorm3d, LayerNorm
from mindspore.nn.wrap import WithLossCell
from mindspore.train.loss_scale_manager import DynamicLossScaleManager

__all__ = ["LEVEL_SETTINGS", "OutputTo16", "OutputTo32", "add_loss_network", "keep_batchnorm_fp32", "keep_cells_fp32"]


def _settings(keep: bool, dtype: DType, scales: bool) -> dict[str, Any]:
    return {"keep_batchnorm_fp32": keep, "cast_model_type": dtype,
            "loss_scale_manager": DynamicLossScaleManager() if scales else None}


LEVEL_SETTINGS: dict[str, dict[str, Any]] = {
    "O0": _settings(False, float32, False), "O1": _settings(False, float32, False),
    "O2": _settings(True, float16, True), "O3": _settings(False, float16, False),
    "auto": _settings(False, float32, False)}


class _OutputTo(Cell):
    """A Cell around another one, whose floating results are cast.

    Args:
        backbone: the Cell, which keeps the names of its Parameters.
    """

    dtype = float32

    def __init__(self, backbone: Cell):
        super().__init__(auto_prefix=False)
        self._backbone = backbone

    def construct(self, *inputs, **named):
        """The result of the Cell inside, in this dtype."""
        return tree.map_tensors(lambda t: t.astype(self.dtype) if t.dtype.is_floating else t,
                                self._backbone(*inputs, **named))


class OutputTo32(_OutputTo):
    """A Cell whose floating results are Float32."""


class OutputTo16(_OutputTo):
    """A Cell whose floating results are Float16."""

    dtype = float16


def keep_cells_fp32(network: Cell, cell_types: tuple[type[Cell], ...]) -> bool:
    """Let Cells of these types below a network compute in Float32, and hand on Float16. Whether there are any."""
    found = False
    for name, cell in list(network._cells.items()):
        if cell is None or cell is network:
            continue
        if isinstance(cell, cell_types):
            network._cells[name] = OutputTo16(cell.to_float(float32))  # the Parameters keep their names
            CELL_EPOCH[0] += 1
            found = True
        else:
            found = keep_cells_fp32(cell, cell_types) or found
    return found


def keep_batchnorm_fp32(network: Cell) -> None:
    """Let normalizations by batches and layers below a network compute in Float32."""
    keep_cells_fp32(network, (BatchNorm1d, BatchNorm2d, BatchNorm3d, LayerNorm))


def add_loss_network(network: Cell, loss_fn: Any, cast_model_type: DType) -> Cell:
    """The Cell (data, label) -> loss; after a network of Float16 the loss is computed in Float32."""
    return WithLossCell(OutputTo32(network) if cast_model_type == float16 else network, loss_fn)
