"""Steps of a pipeline as classes, for programs that make them by name, or ask with `isinstance` what a dataset is.

`BatchDataset(d, 32)` is `d.batch(32)`, with the method's arguments and errors. A pipeline is a `Dataset` whatever its
last step is: `isinstance(d, BatchDataset)` is whether `batch` made d, in whichever way it was called, and
`isinstance(d, SourceDataset)` whether d reads data and not another dataset.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .datasets import Dataset, zip_datasets

__all__ = ["AudioBaseDataset", "BatchDataset", "BucketBatchByLengthDataset", "ConcatDataset", "FilterDataset",
           "MapDataset", "MappableDataset", "PaddedBatchDataset", "ProjectDataset", "RenameDataset", "RepeatDataset",
           "ShuffleDataset", "SkipDataset", "SourceDataset", "TakeDataset", "TextBaseDataset", "VisionBaseDataset",
           "ZipDataset"]


class _Kind(type(Dataset)):      # type: ignore[misc]
    """The class of these classes: `holds` says whether a dataset is an instance."""

    holds: Callable[[Dataset], bool]

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, Dataset) and cls.holds(value)


def _made(result: Dataset, given: Dataset) -> None:
    """Make `result`, which is being constructed, what a method of a dataset gave."""
    Dataset.__init__(result, given._node, given.children)
    result._made = given._made


def _step(method: str) -> Any:
    """The class of datasets that a method of `Dataset` makes."""
    name = "".join(word.capitalize() for word in method.split("_")) + "Dataset"

    def init(self, input_dataset: Dataset, *args: Any, **kwargs: Any):
        if not isinstance(input_dataset, Dataset):
            raise TypeError(f"For '{name}', 'input_dataset' must be a Dataset, but got {input_dataset!r}.")
        _made(self, getattr(input_dataset, method)(*args, **kwargs))

    return _Kind(name, (Dataset,), {
        "__init__": init, "__module__": __name__,
        "holds": staticmethod(lambda dataset: dataset._made is not None and dataset._made[0] == method),
        "__doc__": f"What `input_dataset.{method}(...)` makes, with its arguments and its errors."})


(BatchDataset, BucketBatchByLengthDataset, FilterDataset, MapDataset, PaddedBatchDataset, ProjectDataset, RenameDataset,
 RepeatDataset, ShuffleDataset, SkipDataset, TakeDataset) = map(_step, (
     "batch", "bucket_batch_by_length", "filter", "map", "padded_batch", "project", "rename", "repeat", "shuffle",
     "skip", "take"))


class ConcatDataset(_step("concat")):      # type: ignore[misc]
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
        _made(self, datasets[0].concat(list(datasets[1:])))


class ZipDataset(_step("zip")):      # type: ignore[misc]
    """The columns of several datasets side by side; `mindspore.dataset.zip` is the same, with its errors."""

    def __init__(self, datasets: tuple[Dataset, ...]):
        _made(self, zip_datasets(datasets))


# -- sources -----------------------------------------------------------------------------------------------------------

def _source(name: str, text: str, holds: Callable[[Dataset], bool]) -> Any:
    return _Kind(name, (Dataset,), {"holds": staticmethod(lambda dataset: not dataset.children and holds(dataset)),
                                    "__doc__": text, "__module__": __name__})


def _in(*modules: str) -> Callable[[Dataset], bool]:
    return lambda dataset: any(cls.__module__.rpartition(".")[2] in modules for cls in type(dataset).__mro__)


SourceDataset = _source("SourceDataset", "Datasets that read data, and not another dataset.", lambda dataset: True)
MappableDataset = _source("MappableDataset", "Sources that know how many rows they have before they read them.",
                          lambda dataset: dataset._node.size(1) is not None)
TextBaseDataset = _source("TextBaseDataset", "Sources of texts.", _in(
    "text_datasets", "translation_datasets", "tagged_datasets", "record_datasets"))
VisionBaseDataset = _source("VisionBaseDataset", "Sources of images.", _in(
    "array_datasets", "detection_datasets", "image_datasets", "paired_datasets", "photo_datasets", "made_datasets"))
AudioBaseDataset = _source("AudioBaseDataset", "Sources of sounds.", _in("speech_datasets", "talk_datasets"))
