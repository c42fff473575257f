"""Steps of a pipeline as classes, for programs that make them by name and not by a method of a dataset."""
from __future__ import annotations

from collections.abc import Sequence

from .datasets import Dataset

__all__ = ["BatchDataset", "ConcatDataset"]


class _Step(Dataset):
    """A dataset that a method of another one gave."""

    def __init__(self, given: Dataset):
        super().__init__(given._node, given.children)
        self._made = given._made


class ConcatDataset(_Step):
    """The rows of several datasets, one after another; `first.concat(others)` is the same.

    Raises:
        TypeError: `datasets` is no list of Datasets.
        ValueError: `datasets` is empty, or the columns differ.
    """

    def __init__(self, datasets: Sequence[Dataset]):
        if not isinstance(datasets, (list, tuple)) or not all(isinstance(each, Dataset) for each in datasets):
            raise TypeError(f"For 'ConcatDataset', 'datasets' must be a list of Datasets, but got {datasets!r}.")
        if not datasets:
            raise ValueError("For 'ConcatDataset', 'datasets' must have at least one Dataset, but it is empty.")
        super().__init__(datasets[0].concat(list(datasets[1:])))


class BatchDataset(_Step):
    """Consecutive rows of a dataset joined into batches; `input_dataset.batch(...)` is the same, with its arguments and
    its errors."""

    def __init__(self, input_dataset: Dataset, batch_size, drop_remainder: bool = False,
                 num_parallel_workers: int | None = None, **options):
        if not isinstance(input_dataset, Dataset):
            raise TypeError(f"For 'BatchDataset', 'input_dataset' must be a Dataset, but got {input_dataset!r}.")
        super().__init__(input_dataset.batch(batch_size, drop_remainder, num_parallel_workers, **options))
