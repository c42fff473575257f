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
from . import config, transforms, vision
from ._map import BatchInfo
from ._mindrecord import MindDataset
from .datasets import Dataset
from .datasets import zip_datasets as zip
from .samplers import (
    DistributedSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    SubsetRandomSampler,
    SubsetSampler,
    WeightedRandomSampler,
)
from .schema import Schema
from .source_datasets import (
    FashionMnistDataset,
    GeneratorDataset,
    KMnistDataset,
    MnistDataset,
    NumpySlicesDataset,
)

__all__ = [
    "BatchInfo", "Dataset", "DistributedSampler", "FashionMnistDataset", "GeneratorDataset", "KMnistDataset",
    "MindDataset", "MnistDataset", "NumpySlicesDataset", "RandomSampler", "Sampler", "Schema", "SequentialSampler",
    "SubsetRandomSampler", "SubsetSampler", "WeightedRandomSampler", "config", "transforms", "vision", "zip",
]
