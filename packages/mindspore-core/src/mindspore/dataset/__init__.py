"""Datasets: reading, transforming and batching data ahead of a training loop.

A pipeline is built by methods and runs when it is iterated, on a thread of its own::

    import mindspore.dataset as ds
    from mindspore.dataset import transforms, vision

    train = ds.MnistDataset("MNIST_Data", usage="train")
    train = train.map([vision.Rescale(1 / 255, 0), vision.HWC2CHW()], input_columns="image")
    train = train.map(transforms.TypeCast(mindspore.int32), input_columns="label").batch(64, drop_remainder=True)
    for image, label in train.create_tuple_iterator():
        ...
"""
from typing import TYPE_CHECKING

from . import config, text, transforms, vision
from ._map import BatchInfo
from ._mindrecord import MindDataset
from .callbacks import DSCallback
from .datasets import Dataset
from .datasets import zip_datasets as zip
from .image_datasets import (
    Caltech256Dataset,
    Cifar10Dataset,
    Cifar100Dataset,
    ImageFolderDataset,
    ManifestDataset,
    OmniglotDataset,
)
from .made_datasets import FakeImageDataset, PaddedDataset, RandomDataset
from .record_datasets import CSVDataset, TextFileDataset, TFRecordDataset
from .samplers import (
    DistributedSampler,
    IterSampler,
    PKSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    Shuffle,
    SubsetRandomSampler,
    SubsetSampler,
    WeightedRandomSampler,
)
from .schema import Schema
from .source_datasets import (
    EMnistDataset,
    FashionMnistDataset,
    GeneratorDataset,
    KMnistDataset,
    MnistDataset,
    NumpySlicesDataset,
)
from .text_datasets import (
    AGNewsDataset,
    AmazonReviewDataset,
    CLUEDataset,
    DBpediaDataset,
    EnWik9Dataset,
    IMDBDataset,
    PennTreebankDataset,
    SogouNewsDataset,
    WikiTextDataset,
    YahooAnswersDataset,
    YelpReviewDataset,
)

if TYPE_CHECKING:
    from .waiting import WaitedDSCallback

__all__ = [
    "AGNewsDataset", "AmazonReviewDataset", "BatchInfo", "CLUEDataset", "CSVDataset", "Caltech256Dataset",
    "Cifar100Dataset", "Cifar10Dataset", "DBpediaDataset", "DSCallback", "Dataset", "DistributedSampler",
    "EMnistDataset", "EnWik9Dataset", "FakeImageDataset", "FashionMnistDataset", "GeneratorDataset", "IMDBDataset",
    "ImageFolderDataset", "IterSampler", "KMnistDataset", "ManifestDataset", "MindDataset", "MnistDataset",
    "NumpySlicesDataset", "OmniglotDataset", "PKSampler", "PaddedDataset", "PennTreebankDataset", "RandomDataset",
    "RandomSampler", "Sampler", "Schema", "SequentialSampler", "Shuffle", "SogouNewsDataset", "SubsetRandomSampler",
    "SubsetSampler", "TFRecordDataset", "TextFileDataset", "WaitedDSCallback", "WeightedRandomSampler",
    "WikiTextDataset", "YahooAnswersDataset", "YelpReviewDataset", "config", "text", "transforms", "vision", "zip",
]


def __getattr__(name: str):
    if name == "WaitedDSCallback":          # it needs mindspore.train, which the rest does not
        from .waiting import WaitedDSCallback
        return WaitedDSCallback
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
