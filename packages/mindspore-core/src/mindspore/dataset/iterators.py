"""Iterators over datasets: rows as tuples or dicts, of Tensors or NumPy arrays.

An iterator runs its pipeline one epoch at a time. Looping over it gives one epoch; the next loop gives the next one,
with the random operations drawn anew. An epoch starts when its first row is asked for.
"""
from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mindspore.common import seed as _seed

from . import config
from ._blocks import Block
from ._pipeline import Node, Prefetcher, Stage

__all__ = ["DictIterator", "Iterator", "TupleIterator"]


def _tensor_maker() -> Callable[[np.ndarray], object]:
    """Makes Tensors of arrays that belong to the pipeline alone; text, which no Tensor holds, stays an array."""
    from mindspore.common.tensor import Tensor
    return lambda array: array if array.dtype.kind in "USMm" else Tensor.from_numpy(np.asarray(array, order="C"))


class Iterator:
    """The base of dataset iterators.

    Args:
        node: the pipeline's last node.
        num_epochs: how many epochs there are; -1 for no limit.
        output_numpy: give NumPy arrays instead of Tensors.
    """

    def __init__(self, node: Node, num_epochs: int, output_numpy: bool):
        self._columns, self._num_epochs = node.columns, num_epochs
        self._stage = Stage(node, _seed.next_seed_sequence("dataset"))
        self._convert = (lambda array: array) if output_numpy else _tensor_maker()
        self._epoch: Prefetcher | None = None
        self._block: Block | None = None
        self._at = 0

    def __iter__(self):
        return self

    def _start_epoch(self) -> Prefetcher:
        if self._stage.epoch == self._num_epochs:
            raise RuntimeError(f"For the dataset iterator, all {self._num_epochs} epochs have been read. Create a new "
                               f"iterator, or this one with a larger num_epochs (-1 for no limit).")
        return Prefetcher(self._stage.blocks(1), config.get_prefetch_size())

    def _next_row(self) -> list:
        while self._block is None or self._at == self._block.count:
            if self._epoch is None:
                self._epoch = self._start_epoch()
            try:
                self._block = self._epoch.next_block()
            except BaseException:
                self.stop()
                raise
            self._at = 0
            if self._block is None:
                self._epoch = None
                raise StopIteration
        row = self._block.row(self._at)
        self._at += 1
        return [self._convert(array) for array in row]

    def stop(self) -> None:
        """Ends the running epoch; the next row comes from the beginning of the next epoch."""
        epoch, self._epoch, self._block = self._epoch, None, None
        if epoch is not None:
            epoch.close()


class TupleIterator(Iterator):
    """Gives each row as a list of values in the order of the columns."""

    def __next__(self) -> list:
        return self._next_row()


class DictIterator(Iterator):
    """Gives each row as a dict of column names to values."""

    def __next__(self) -> dict:
        return dict(zip(self._columns, self._next_row(), strict=True))
