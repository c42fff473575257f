"""The errors of MindRecord. All are MindRecordExceptions; those about arguments and damaged files are ValueErrors or
TypeErrors as well."""
from __future__ import annotations

__all__ = ["MRMAddIndexError", "MRMAddSchemaError", "MRMCommitError", "MRMDefineIndexError", "MRMFetchDataError",
           "MRMInvalidHeaderSizeError", "MRMInvalidPageSizeError", "MRMInvalidSchemaError", "MRMOpenError",
           "MRMOpenForAppendError", "MRMValidateDataError", "MRMWriteDatasetError", "MindRecordException",
           "ParamTypeError", "ParamValueError"]


class MindRecordException(Exception):
    """The base of all."""


class ParamValueError(MindRecordException, ValueError):
    """An argument has a value that is not allowed."""


class ParamTypeError(MindRecordException, TypeError):
    """An argument has another type than expected."""


class MRMInvalidSchemaError(MindRecordException, ValueError):
    """A schema is not allowed."""


class MRMAddSchemaError(MindRecordException, RuntimeError):
    """There is a schema already, or rows are written."""


class MRMDefineIndexError(MindRecordException, ValueError):
    """A field cannot be an index."""


class MRMAddIndexError(MindRecordException, RuntimeError):
    """An index is added too late or too early."""


class MRMValidateDataError(MindRecordException, ValueError):
    """A row does not fit the schema."""


class MRMWriteDatasetError(MindRecordException, RuntimeError):
    """Rows cannot be written."""


class MRMCommitError(MindRecordException, RuntimeError):
    """The files cannot be finished."""


class MRMInvalidHeaderSizeError(MindRecordException, ValueError):
    """The size of the header is not allowed."""


class MRMInvalidPageSizeError(MindRecordException, ValueError):
    """The size of pages is not allowed."""


class MRMOpenError(MindRecordException, ValueError):
    """A file is missing, damaged, or of another format."""


class MRMOpenForAppendError(MindRecordException, ValueError):
    """A file cannot be appended to."""


class MRMFetchDataError(MindRecordException, ValueError):
    """A row in a file is damaged."""
