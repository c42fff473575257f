"""From data sets to the columns that a network takes, batch by batch."""
from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from typing import Any

import numpy as np

from mindspore.common.tensor import Tensor

__all__ = ["DatasetHelper", "batches", "dataset_size", "epochs"]


def dataset_size(dataset) -> int | None:
    """The number of batches, where the data set knows it."""
    if hasattr(dataset, "get_dataset_size"):
        return dataset.get_dataset_size()
    return len(dataset) if hasattr(dataset, "__len__") else None


def batches(dataset) -> Iterator[tuple]:
    """The columns of each batch of one epoch, as a tuple of tensors; text stays as it is. A data set that is
    its own iterator is reset afterwards, if it has a method `reset`.

    Raises:
        TypeError: the data set is neither a Dataset nor an iterable.
    """
    if hasattr(dataset, "create_tuple_iterator"):
        rows: Iterable = dataset.create_tuple_iterator(num_epochs=1)
    elif isinstance(dataset, Iterable):
        rows = dataset
    else:
        raise TypeError(f"the data set must be a Dataset or an iterable of batches, but got {type(dataset).__name__}")
    try:
        for row in rows:
            yield _columns(row)
    finally:
        if rows is dataset and hasattr(dataset, "__next__") and hasattr(dataset, "reset"):
            dataset.reset()


def epochs(dataset) -> Generator[Iterator[tuple], None, None]:
    """The batches of one epoch after the other, as of `batches`. A Dataset is read by one iterator: `set_init_step`
    counts over all epochs, and under a seed a training that goes on later gets the order that it would have had."""
    if not hasattr(dataset, "create_tuple_iterator"):
        while True:
            yield batches(dataset)
    rows = dataset.create_tuple_iterator()
    again = getattr(dataset, "reset", None) if rows is dataset else None
    try:
        while True:
            yield map(_columns, rows)
            if again is not None:
                again()
    finally:
        if again is not None:
            again()
        if hasattr(rows, "stop"):
            rows.stop()


def _columns(row) -> tuple:
    if isinstance(row, dict):
        row = tuple(row.values())
    if not isinstance(row, (tuple, list)):
        row = (row,)
    return tuple([c if isinstance(c, Tensor) or _is_text(c) else Tensor(c) for c in row])


def _is_text(column) -> bool:
    return isinstance(column, np.ndarray) and column.dtype.kind in "USMm"


def check_sink(name: str, dataset_sink_mode: Any, sink_size: Any = -1) -> None:
    """TypeError or ValueError for a mode that is no bool, or a size that is neither -1 nor a positive int."""
    if not isinstance(dataset_sink_mode, bool):
        raise TypeError(f"For '{name}', the 'dataset_sink_mode' must be a bool, but got {dataset_sink_mode!r}.")
    if isinstance(sink_size, bool) or not isinstance(sink_size, int):
        raise TypeError(f"For '{name}', the 'sink_size' must be an int, but got {sink_size!r}.")
    if sink_size < -1 or sink_size == 0:
        raise ValueError(f"For '{name}', the 'sink_size' must be -1 or positive, but got {sink_size}.")


class DatasetHelper:
    """A data set to loop over: `for columns in DatasetHelper(dataset): network(*columns)`. Each loop is one epoch.

    Args:
        dataset: a Dataset, or an iterable of batches. dataset_sink_mode: accepted; every batch passes through the loop.
        sink_size: the number of batches of one loop, -1 for all. epoch_num: how often it will be looped over.

    Raises:
        TypeError, ValueError: arguments of wrong types, or a `sink_size` that is neither -1 nor positive.
    """

    def __init__(self, dataset, dataset_sink_mode=True, sink_size=-1, epoch_num=1):
        check_sink("DatasetHelper", dataset_sink_mode, sink_size)
        self.dataset, self._sink_size, self.epoch_num = dataset, sink_size, epoch_num
        self._rest: Iterator[tuple] | None = None

    def __iter__(self) -> Iterator[tuple]:
        if self._sink_size < 0:
            yield from batches(self.dataset)
            return
        for _ in range(self._sink_size):
            yield self._next()

    def _next(self) -> tuple:
        """The next batch; after the last one the first one of the next epoch."""
        for _ in range(2):
            if self._rest is None:
                self._rest = batches(self.dataset)
            for columns in self._rest:
                return columns
            self._rest = None
        raise ValueError("For 'DatasetHelper', the data set is empty.")

    def sink_size(self) -> int:
        """The number of batches of one loop."""
        return self._sink_size if self._sink_size > 0 else dataset_size(self.dataset) or 1

    def types_shapes(self) -> tuple[list, list]:
        """The dtypes and the shapes of the first batch's columns."""
        first = next(iter(batches(self.dataset)))
        return [c.dtype for c in first], [c.shape for c in first]

    def continue_send(self) -> None:
        """Nothing: batches are taken when a step asks for them, so none has stopped being sent."""

    def stop_send(self) -> None:
        """End a loop that `sink_size` has interrupted; the next one begins with the first batch."""
        self._rest = None

    release = stop_send
