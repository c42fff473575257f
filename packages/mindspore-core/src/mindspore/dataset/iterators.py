"""Iterators over datasets: rows as tuples or dicts, of Tensors or NumPy arrays.

An iterator runs its pipeline one epoch at a time. Looping over it gives one epoch; the next loop gives the next one,
with the random operations drawn anew. An epoch starts when its first row is asked for.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from mindspore.common import seed as _seed

from . import config
from ._blocks import Block
from ._check import check_int
from ._errors import as_runtime_error
from ._objects import converted, unboxed
from ._pipeline import Direct, Node, Prefetcher, Stage
from .samplers import DistributedSampler

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
        self._node, self._seeds = node, _seed.next_seed_sequence("dataset")
        self._stage = Stage(node, self._seeds)
        self._convert = (lambda array: array) if output_numpy else _tensor_maker()
        self._epoch: Prefetcher | Direct | None = None
        self._block: Block | None = None
        self._at = 0
        self._row = 0                   # rows read in the running epoch
        self._to_skip = 0               # rows of the next epoch that have been read by another iterator
        self._sampler_passes: list[int] = []

    def __iter__(self):
        return self

    def _start_epoch(self) -> Prefetcher | Direct:
        if self._stage.epoch == self._num_epochs:
            raise RuntimeError(f"For the dataset iterator, all {self._num_epochs} epochs have been read. Create a new "
                               f"iterator, or this one with a larger num_epochs (-1 for no limit).")
        self._sampler_passes = [sampler.passes for sampler in _samplers(self._node)]
        self._row = 0
        blocks = self._stage.blocks(1)
        return Direct(blocks) if config.get_debug_mode() else Prefetcher(blocks, config.get_prefetch_size())

    def _next_row(self) -> list:
        while self._block is None or self._at == self._block.count:
            if self._epoch is None:
                self._epoch = self._start_epoch()
            try:
                self._block = self._epoch.next_block()
            except Exception as error:
                self.stop()
                raise as_runtime_error(error) from error.__cause__
            except BaseException:
                self.stop()
                raise
            self._at = 0
            if self._block is None:
                self._epoch, self._row = None, 0
                raise StopIteration
            self._at = skipped = min(self._to_skip, self._block.count)
            self._row += skipped
            self._to_skip -= skipped
        row = self._block.row(self._at)
        self._at += 1
        self._row += 1
        return [converted(unboxed(array), self._convert) if array.dtype.hasobject else self._convert(array)
                for array in row]

    def stop(self) -> None:
        """Ends the running epoch; the next row comes from the beginning of the next epoch."""
        epoch, self._epoch, self._block = self._epoch, None, None
        self._row = self._to_skip = 0
        if epoch is not None:
            epoch.close()

    # ----------------------------------------------------------------------------------------------------- position

    def state_dict(self) -> dict:
        """Where this iterator is: a dict of ints and lists that JSON can hold.

        `load_state_dict` of an iterator of an equal pipeline continues from there, in this or another process, with the
        same rows in the same order. What users' functions draw from generators of their own is not part of it.
        """
        running = self._row + self._to_skip
        passes = self._sampler_passes if self._epoch is not None else [s.passes for s in _samplers(self._node)]
        entropy = self._seeds.entropy
        return {"version": 1, "entropy": entropy if isinstance(entropy, int) else list(entropy or ()),
                "place": list(self._seeds.spawn_key), "columns": list(self._columns),
                "epoch": self._stage.epoch - (self._epoch is not None), "row": running, "sampler_passes": list(passes)}

    def load_state_dict(self, state: dict) -> None:
        """Continues from where another iterator was; the rows of its running epoch are made again and left out.

        Args:
            state: what `state_dict` returned.

        Raises:
            TypeError: `state` is no such dict.
            ValueError: it is of a pipeline with other columns or samplers, or of another version.
        """
        samplers = list(_samplers(self._node))
        try:
            version, columns, epoch, row = (state[name] for name in ("version", "columns", "epoch", "row"))
            entropy, place, passes = state["entropy"], tuple(state["place"]), state["sampler_passes"]
            seeds = np.random.SeedSequence(entropy, spawn_key=place)
            check_int(epoch, "epoch", "load_state_dict", 0)
            check_int(row, "row", "load_state_dict", 0)
        except (KeyError, TypeError, ValueError) as error:
            raise TypeError(f"For 'load_state_dict', the state must be what 'state_dict' returned: "
                            f"{error!r}.") from error
        if version != 1 or list(columns) != list(self._columns) or len(passes) != len(samplers):
            raise ValueError(f"For 'load_state_dict', the state is of version {version} and a pipeline with the "
                             f"columns {columns} and {len(passes)} shared samplers, but this one has version 1, "
                             f"{list(self._columns)} and {len(samplers)}.")
        self.stop()
        for sampler, number in zip(samplers, passes):
            sampler.passes = number
        self._seeds, self._stage = seeds, Stage(self._node, seeds)
        self._stage.skip_passes(epoch)
        self._to_skip = row

    def skip_steps(self, steps: int, size: int) -> None:
        """Begins at a step that is counted over all epochs of `size` rows."""
        self._stage.skip_passes(steps // size)
        for sampler in _samplers(self._node):
            sampler.passes += steps // size
        self._to_skip = steps % size


def _samplers(node: Node) -> Iterable[DistributedSampler]:
    """The samplers of a pipeline whose order depends on the number of passes made with them."""
    sampler = getattr(node, "sampler", None)
    while sampler is not None:
        if isinstance(sampler, DistributedSampler):
            yield sampler
        sampler = sampler.child
    for child in node.children:
        yield from _samplers(child)


class TupleIterator(Iterator):
    """Gives each row as a list of values in the order of the columns."""

    def __next__(self) -> list:
        return self._next_row()


class DictIterator(Iterator):
    """Gives each row as a dict of column names to values."""

    def __next__(self) -> dict:
        return dict(zip(self._columns, self._next_row(), strict=True))
