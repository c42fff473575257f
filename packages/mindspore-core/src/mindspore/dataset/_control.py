"""Nodes that depend on more than their rows: `split`, `flat_map` and `sync_wait`."""
from __future__ import annotations

import math
import threading
from collections.abc import Callable

import numpy as np

from ._blocks import Blocks
from ._nodes import _Unary
from ._pipeline import Node, Stage, annotate, stopped
from .samplers import Sampler

__all__ = ["FlatMap", "Part", "SplitSampler", "SyncWait", "Synchroniser", "find_synchroniser",
           "split_sizes"]


def split_sizes(sizes, rows: int) -> list[int]:
    """Rows of each part of a dataset.

    Args:
        sizes: row numbers that add up to `rows`, or fractions that add up to 1.
        rows: the dataset's number of rows.

    Raises:
        TypeError: `sizes` is no list of ints or of floats.
        ValueError: a size is out of range, fractions do not add up to 1, or a part would be empty.
        RuntimeError: row numbers do not add up to `rows`.
    """
    if not isinstance(sizes, list):
        raise TypeError(f"For 'split', 'sizes' must be a list, but got {sizes!r}.")
    if not sizes:
        raise ValueError("For 'split', 'sizes' must not be empty.")
    if all(isinstance(size, int) and not isinstance(size, bool) for size in sizes):
        if min(sizes) < 1:
            raise ValueError(f"For 'split', each of 'sizes' must be positive, but got {sizes}.")
        if sum(sizes) != rows:
            raise RuntimeError(f"For 'split', 'sizes' {sizes} add up to {sum(sizes)}, but the dataset has {rows} rows.")
        return list(sizes)
    if not all(isinstance(size, (int, float)) for size in sizes):
        raise TypeError(f"For 'split', 'sizes' must be ints or floats, but got {sizes}.")
    if not all(isinstance(size, float) for size in sizes):
        raise ValueError(f"For 'split', 'sizes' must be all ints or all floats, but got {sizes}.")
    if not all(0 < size <= 1 for size in sizes) or not math.isclose(math.fsum(sizes), 1, abs_tol=1e-9):
        raise ValueError(f"For 'split', fractions must be in 0..1 and add up to 1, but got {sizes}.")
    counts = [round(size * rows) for size in sizes]
    if 0 in counts:
        raise ValueError(f"For 'split', fractions {sizes} of {rows} rows would make an empty part.")
    difference = rows - sum(counts)
    if difference > 0:
        counts[0] += difference
    for i in range(len(counts)):
        taken = min(counts[i] - 1, max(0, sum(counts) - rows))
        counts[i] -= taken
    return counts


class SplitSampler(Sampler):
    """A fixed part of what another sampler chooses: the same rows in each pass.

    Args:
        sampler: the sampler of the whole.
        seeds: the chance of it, and of the split.
        start, stop: the part, in places of the whole.
        randomize: whether the places are those of a random order.
    """

    def __init__(self, sampler: Sampler, seeds: np.random.SeedSequence, start: int, stop: int, randomize: bool):
        super().__init__()
        self.sampler, self.part, self.randomize = sampler, slice(start, stop), randomize
        self._entropy = seeds.entropy, seeds.spawn_key

    def choose(self, count, rng, probing):
        fixed = np.random.Generator(np.random.Philox(np.random.SeedSequence(self._entropy[0],
                                                                            spawn_key=self._entropy[1])))
        numbers = self.sampler.indices(count, fixed, True)
        return (fixed.permutation(numbers) if self.randomize else numbers)[self.part]

    def chosen(self, count):
        return self.part.stop - self.part.start


class Part(_Unary):
    """A fixed part of the rows of any pipeline, whose chance is the same in each pass.

    Args:
        child: the whole.
        seeds: the chance of it.
        rows: the places of the rows that belong to the part.
    """

    def __init__(self, child: Node, seeds: np.random.SeedSequence, rows: np.ndarray):
        super().__init__(child)
        self.rows = np.sort(rows)
        self._entropy = seeds.entropy, seeds.spawn_key

    def blocks(self, stage: Stage, hint: int) -> Blocks:
        seeds = np.random.SeedSequence(self._entropy[0], spawn_key=self._entropy[1])
        at = 0
        for block in Stage(self.children[0], seeds, stage.probing).blocks(hint):
            first, last = np.searchsorted(self.rows, (at, at + block.count))
            if first < last:
                yield block.take(self.rows[first:last] - at)
            at += block.count

    def size(self, endless: float) -> float:
        return len(self.rows)


class FlatMap(_Unary):
    """The rows of the datasets that a function makes of each row, one after the other."""

    def __init__(self, child: Node, function: Callable, columns: tuple[str, ...]):
        super().__init__(child)
        self.function, self.columns = function, columns

    def blocks(self, stage: Stage, hint: int) -> Blocks:
        from .datasets import Dataset
        for block in stage.children[0].blocks(1):
            for i in range(block.count):
                try:
                    made = self.function(*block.row(i))
                except Exception as error:
                    annotate(error, "raised by the function of flat_map")
                    raise
                if not isinstance(made, Dataset):
                    raise TypeError(f"For 'flat_map', the function must return a Dataset, but returned "
                                    f"{type(made).__name__}.")
                if made._node.columns != self.columns:
                    raise ValueError(f"For 'flat_map', the datasets must have the same columns, but have "
                                     f"{list(self.columns)} and {list(made._node.columns)}.")
                seeds = np.random.SeedSequence(int(stage.rng.integers(1 << 63)))
                yield from Stage(made._node, seeds, stage.probing).blocks(hint)

    def size(self, endless: float) -> None:
        return None


class Synchroniser:
    """How many batches may pass before the consumer says that it is ready for more.

    Args:
        batches: how many pass at first, and after each update that gives no number.
        callback: called at each update with the consumer's data; None for none.
    """

    def __init__(self, batches: int, callback: Callable | None):
        self.batches, self.callback = batches, callback
        self._changed = threading.Condition()
        self._rows, self._allowed, self._enabled = 1, batches, True

    def begin(self, rows: int) -> None:
        """A new pass whose consumer makes batches of so many rows."""
        with self._changed:
            self._rows, self._allowed = rows, self.batches * rows

    def wait(self) -> None:
        """Waits until a row may pass."""
        with self._changed:
            while self._enabled and self._allowed < 1 and not stopped():
                self._changed.wait(0.2)
            self._allowed -= 1

    def update(self, batches: int | None, data) -> None:
        """Lets more batches pass."""
        if self.callback is not None:
            self.callback(data)
        with self._changed:
            self._allowed += (self.batches if batches is None else batches) * self._rows
            self._changed.notify_all()

    def disable(self) -> None:
        """Lets everything pass."""
        with self._changed:
            self._enabled = False
            self._changed.notify_all()


class SyncWait(_Unary):
    """Lets the rows of a batch pass when the consumer is ready for it."""

    paced = True

    def __init__(self, child: Node, name: str, synchroniser: Synchroniser):
        super().__init__(child)
        self.name, self.synchroniser = name, synchroniser

    def blocks(self, stage: Stage, hint: int) -> Blocks:
        if stage.probing:
            yield from stage.children[0].blocks(hint)
            return
        self.synchroniser.begin(hint)
        for block in stage.children[0].blocks(1):
            for i in range(block.count):
                self.synchroniser.wait()
                yield block.slice(i, i + 1) if block.count > 1 else block


def find_synchroniser(node: Node, name: str) -> Synchroniser | None:
    """The synchroniser of a name in a pipeline, or None."""
    if isinstance(node, SyncWait) and node.name == name:
        return node.synchroniser
    return next((found for child in node.children if (found := find_synchroniser(child, name))), None)
