"""Names and numbers of element types in files, for programs that import them from `mindspore.train.serialization`."""
from __future__ import annotations

import numpy as np

from mindspore.common import dtype as mstype
from mindspore.formats.mindir_values import DATA_TYPES
from mindspore.train._checkpoint_format import _TYPE_OF_NAME

__all__ = ["mindir_to_tensor_type", "np_type_convert", "tensor_to_ms_type", "tensor_to_np_type"]

# Names in checkpoints -> element types; "str" is text.
tensor_to_ms_type = {name: mstype.np_dtype_to_dtype(dtype) for name, dtype in _TYPE_OF_NAME.items()} | {
    "str": mstype.string}
# Numbers in MINDIR files -> element types.
mindir_to_tensor_type = {number: mstype.np_dtype_to_dtype(dtype) for number, dtype in DATA_TYPES.items()}
# NumPy's names -> its types.
np_type_convert = {"int32": np.int32, "float32": np.float32, "float16": np.float16, "float64": np.float64}


class _NumpyTypes(dict):
    """NumPy's types by names in checkpoints; also called with a name."""

    def __call__(self, tensor_type_str: str):
        """The NumPy type of a name in checkpoints such as "Float32".

        Raises:
            ValueError: checkpoints have no such name.
        """
        if tensor_type_str not in _TYPE_OF_NAME:
            raise ValueError(f"tensor_to_np_type: {tensor_type_str!r} names no element type of checkpoints; the names "
                             f"are {', '.join(_TYPE_OF_NAME)}")
        return _TYPE_OF_NAME[tensor_type_str].type


tensor_to_np_type = _NumpyTypes({name: dtype.type for name, dtype in _TYPE_OF_NAME.items()} | {"str": "U"})
