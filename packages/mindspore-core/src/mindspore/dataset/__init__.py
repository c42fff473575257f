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

from . import _transform, audio, config, debug, step_datasets, text, transforms, vision
from ._map import BatchInfo
from ._mindrecord import MindDataset
from .array_datasets import (
    PhotoTourDataset,
    QMnistDataset,
    SemeionDataset,
    STL10Dataset,
    SVHNDataset,
    USPSDataset,
)
from .caching import DatasetCache
from .callbacks import DSCallback
from .datasets import Dataset
from .datasets import zip_datasets as zip
from .detection_datasets import (
    CocoDataset,
    KITTIDataset,
    VOCDataset,
    WIDERFaceDataset,
)
from .image_datasets import (
    Caltech256Dataset,
    Cifar10Dataset,
    Cifar100Dataset,
    ImageFolderDataset,
    ManifestDataset,
    OmniglotDataset,
)
from .line_reader import LineReader
from .made_datasets import FakeImageDataset, PaddedDataset, RandomDataset
from .paired_datasets import (
    Caltech101Dataset,
    CityscapesDataset,
    DIV2KDataset,
    Flowers102Dataset,
    LFWDataset,
    SBDataset,
)
from .photo_datasets import (
    CelebADataset,
    FlickrDataset,
    Food101Dataset,
    LSUNDataset,
    Places365Dataset,
    RenderedSST2Dataset,
    SBUDataset,
    SUN397Dataset,
)
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
from .serializer import compare, deserialize, serialize, show
from .source_datasets import (
    EMnistDataset,
    FashionMnistDataset,
    GeneratorDataset,
    KMnistDataset,
    MnistDataset,
    NumpySlicesDataset,
)
from .speech_datasets import (
    CMUArcticDataset,
    GTZANDataset,
    LibriTTSDataset,
    LJSpeechDataset,
    SpeechCommandsDataset,
    YesNoDataset,
)
from .tagged_datasets import (
    CoNLL2000Dataset,
    Multi30kDataset,
    SQuADDataset,
    SST2Dataset,
    UDPOSDataset,
)
from .talk_datasets import TedliumDataset
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
from .translation_datasets import IWSLT2016Dataset, IWSLT2017Dataset

if TYPE_CHECKING:
    from .waiting import WaitedDSCallback

__all__ = [
    "AGNewsDataset", "AmazonReviewDataset", "BatchInfo", "CLUEDataset", "CMUArcticDataset", "CSVDataset",
    "Caltech101Dataset", "Caltech256Dataset", "CelebADataset", "Cifar100Dataset", "Cifar10Dataset",
    "CityscapesDataset", "CoNLL2000Dataset", "CocoDataset", "DBpediaDataset", "DIV2KDataset", "DSCallback",
    "Dataset", "DatasetCache", "DistributedSampler", "EMnistDataset", "EnWik9Dataset", "FakeImageDataset",
    "FashionMnistDataset", "FlickrDataset", "Flowers102Dataset", "Food101Dataset", "GTZANDataset", "GeneratorDataset",
    "IMDBDataset", "IWSLT2016Dataset", "IWSLT2017Dataset",
    "ImageFolderDataset", "IterSampler", "KITTIDataset", "KMnistDataset", "LFWDataset", "LJSpeechDataset",
    "LSUNDataset", "LibriTTSDataset", "LineReader", "ManifestDataset", "MindDataset", "MnistDataset",
    "Multi30kDataset", "NumpySlicesDataset",
    "OmniglotDataset", "PKSampler", "PaddedDataset", "PennTreebankDataset", "PhotoTourDataset",
    "Places365Dataset", "QMnistDataset", "RandomDataset", "RandomSampler", "RenderedSST2Dataset", "SBDataset",
    "SBUDataset",
    "SQuADDataset", "SST2Dataset", "STL10Dataset", "SUN397Dataset", "SVHNDataset", "Sampler", "Schema",
    "SemeionDataset", "SequentialSampler", "Shuffle", "SogouNewsDataset", "SpeechCommandsDataset",
    "SubsetRandomSampler", "SubsetSampler", "TFRecordDataset", "TedliumDataset", "TextFileDataset",
    "UDPOSDataset", "USPSDataset", "VOCDataset", "WIDERFaceDataset", "WaitedDSCallback", "WeightedRandomSampler",
    "WikiTextDataset", "YahooAnswersDataset", "YelpReviewDataset", "YesNoDataset", "audio", "compare", "config",
    "deserialize", "serialize", "show", "text", "transforms", "vision", "zip",
]


def __getattr__(name: str):
    if name == "WaitedDSCallback":          # it needs mindspore.train, which the rest does not
        from .waiting import WaitedDSCallback
        return WaitedDSCallback
    for module in (step_datasets, _transform):      # what programs ask for here beside the names of the interface
        if name in module.__all__:
            return getattr(module, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
