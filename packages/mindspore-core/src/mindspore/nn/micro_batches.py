"""Networks that take a batch in parts.

A batch is cut along axis 0 into parts as even as its length allows (part i of n has the rows from floor(i length / n)
on), the network runs once for each part, and its outputs are added. On several devices the parts of one batch keep all
stages of a pipeline busy, or hide communication behind computation; on one device they are computed one after the
other. The gradients by the parameters are the sums of those of the parts.
"""
from __future__ import annotations

from mindspore.common.tensor import Tensor
from mindspore.graph import tree
from mindspore.nn._check import positive_int
from mindspore.nn.cell import Cell
from mindspore.ops.operations import StridedSlice

__all__ = ["MicroBatchInterleaved", "PipelineCell", "GradAccumulationCell", "VirtualDatasetCellTriple"]


def _part(name: str, value, index: int, count: int):
    """Part `index` of `count` of what the network is called with: of each tensor in it; the rest is the same for all.

    Raises:
        ValueError: a tensor has no axis, or fewer rows than there are parts.
    """
    def rows(tensor: Tensor) -> Tensor:
        if tensor.ndim == 0 or tensor.shape[0] < count:
            raise ValueError(f"For '{name}', inputs are cut along axis 0 into {count} parts, but one has the shape "
                             f"{tuple(tensor.shape)}; give at least {count} rows, or fewer parts.")
        length = tensor.shape[0]
        return tensor[index * length // count:(index + 1) * length // count]

    return tree.map_tensors(rows, value)


class _InParts(Cell):
    """The sum of a network's outputs for the parts of a batch."""

    def __init__(self, network, size_name: str, size: int):
        super().__init__(auto_prefix=False)
        name = type(self).__name__
        if not isinstance(network, Cell):
            raise TypeError(f"For '{name}', the 'network' must be a Cell, but got {type(network).__name__}.")
        self.network = network
        self._count = positive_int(name, size_name, size)

    def construct(self, *inputs, **named):
        """The sum of the network's outputs, a tensor, for the parts of these inputs."""
        total = None
        for index in range(self._count):
            args, options = _part(type(self).__name__, (inputs, named), index, self._count)
            output = self.network(*args, **options)
            total = output if total is None else total + output
        return total


class MicroBatchInterleaved(_InParts):
    """The sum of a network's outputs for the parts of a batch.

    Args:
        network: gives one tensor, usually a loss. interleave_num: how many parts a batch has.

    Raises:
        TypeError, ValueError: no Cell, or no positive int; ValueError at a call for a batch with too few rows.
    """

    def __init__(self, network, interleave_num=2):
        super().__init__(network, "interleave_num", interleave_num)
        self.interleave_num = interleave_num


class GradAccumulationCell(_InParts):
    """The sum of a network's losses for the parts of a batch, so that gradients by its parameters accumulate.

    Args:
        network: gives one tensor, the loss. micro_size: how many parts a batch has.

    Raises:
        TypeError, ValueError: no Cell, or no positive int; ValueError at a call for a batch with too few rows.
    """

    def __init__(self, network, micro_size):
        super().__init__(network, "micro_size", micro_size)
        self.micro_size = micro_size


class PipelineCell(_InParts):
    """The sum of a network's losses for the parts of a batch; on several devices the parts pass through its stages.

    Args:
        network: gives one tensor, the loss. micro_size: how many parts a batch has.
        stage_config: {name of a cell in the network: its stage}, kept as the `pipeline_stage` of these cells.
        segment_config: {name of a cell: its segment}, kept as their `pipeline_segment`.

    Raises:
        TypeError, ValueError: no Cell, no positive int, or a stage below 0; ValueError at a call for a batch with too
            few rows.
        KeyError: a name in the configurations that no cell of the network has.
    """

    def __init__(self, network, micro_size, stage_config=None, segment_config=None):
        super().__init__(network, "micro_size", micro_size)
        self.micro_size = micro_size
        cells = dict(network.cells_and_names())
        for what, config in (("pipeline_stage", stage_config), ("pipeline_segment", segment_config)):
            for name, place in (config or {}).items():
                if name not in cells:
                    raise KeyError(f"For '{type(self).__name__}', the network has no cell {name!r}; it has "
                                   f"{', '.join(sorted(filter(None, cells)))}.")
                setattr(cells[name], what, place)


class _MicroBatch(Cell):
    """Part `i` of a batch that is cut into `micro_size` parts.

    Args:
        micro_size: the number of parts.

    Raises:
        TypeError, ValueError: it is no int of at least 1.
    """

    def __init__(self, micro_size: int):
        super().__init__(auto_prefix=False)
        self.micro_size = positive_int("_MicroBatch", "micro_size", micro_size)
        self.strided_slice = StridedSlice()

    def construct(self, i, *inputs):
        """Part i of each input, as a tuple."""
        return tuple(_part("_MicroBatch", value, i, self.micro_size) for value in inputs)


class _VirtualDatasetCell(Cell):
    """A network that on several devices gets its part of the batch; on one device it gets the inputs as they are.

    Args:
        backbone: the network.

    Raises:
        TypeError: it is no Cell.
    """

    def __init__(self, backbone):
        super().__init__(auto_prefix=False)
        if not isinstance(backbone, Cell):
            raise TypeError(f"For '{type(self).__name__}', the 'backbone' must be a Cell, but got "
                            f"{type(backbone).__name__}.")
        self._backbone = backbone

    def construct(self, *inputs):
        """The network's outputs."""
        return self._backbone(*inputs)


class VirtualDatasetCellTriple(_VirtualDatasetCell):
    """A network of three inputs, of which on several devices each gets its part of the batch; on one device it gets
    the inputs as they are.

    Args:
        backbone: the network.

    Raises:
        TypeError: it is no Cell.
    """

    def construct(self, a, b, c):
        """The network's outputs."""
        return self._backbone(a, b, c)
