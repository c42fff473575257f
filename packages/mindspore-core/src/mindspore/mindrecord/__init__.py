"""MindRecord: data sets as files of rows, in MindSpore's format.

    writer = FileWriter("train.mindrecord")
    writer.add_schema({"image": {"type": "bytes"}, "label": {"type": "int32"}})
    writer.write_raw_data([{"image": b"...", "label": 3}])
    writer.commit()

`mindspore.dataset.MindDataset` reads such files for training.
"""
from mindspore.mindrecord.converters import (
    Cifar10ToMR,
    Cifar100ToMR,
    CsvToMR,
    ImageNetToMR,
    MnistToMR,
    TFRecordToMR,
)
from mindspore.mindrecord.encryption import set_dec_mode, set_enc_key, set_enc_mode
from mindspore.mindrecord.exceptions import (
    MindRecordException,
    MRMAddIndexError,
    MRMAddSchemaError,
    MRMCommitError,
    MRMDefineIndexError,
    MRMFetchDataError,
    MRMInvalidHeaderSizeError,
    MRMInvalidPageSizeError,
    MRMInvalidSchemaError,
    MRMOpenError,
    MRMOpenForAppendError,
    MRMValidateDataError,
    MRMWriteDatasetError,
    ParamTypeError,
    ParamValueError,
)
from mindspore.mindrecord.page import MindPage
from mindspore.mindrecord.reader import FileReader
from mindspore.mindrecord.writer import FAILED, SUCCESS, FileWriter

__all__ = ["Cifar100ToMR", "Cifar10ToMR", "CsvToMR", "FAILED", "FileReader", "FileWriter", "ImageNetToMR",
           "MRMAddIndexError", "MRMAddSchemaError", "MRMCommitError", "MRMDefineIndexError", "MRMFetchDataError",
           "MRMInvalidHeaderSizeError", "MRMInvalidPageSizeError", "MRMInvalidSchemaError", "MRMOpenError",
           "MRMOpenForAppendError", "MRMValidateDataError", "MRMWriteDatasetError", "MindPage", "MindRecordException",
           "MnistToMR", "ParamTypeError", "ParamValueError", "SUCCESS", "TFRecordToMR",
           "set_dec_mode", "set_enc_key", "set_enc_mode"]
