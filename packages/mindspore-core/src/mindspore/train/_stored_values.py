"""Checkpoints by the values that stand in them, for programs that collect and read these themselves.

A value is [dims, the type's name, a flat NumPy array]; the dims of a number are [0]. Programs import these functions
from `mindspore.train.serialization`.
"""
from __future__ import annotations

import os
from typing import Any

import numpy as np

from mindspore.formats import encryption
from mindspore.train import _checkpoint_file as _file
from mindspore.train import _checkpoint_format as _format
from mindspore.train._type_names import tensor_to_np_type

__all__ = ["ENCRYPT_BLOCK_SIZE", "INT_64_MAX", "PARAMETER_SPLIT_SIZE", "PROTO_LIMIT_SIZE", "SLICE_SIZE", "TOTAL_SAVE",
           "exec_save", "merged_parameter", "parse_checkpoint"]

# Sizes in KiB of the files: of an encrypted block, of a slice of a Parameter, from which a save is one of many slices,
# of a file with several Parameters, and of what a message of protocol buffers may hold. And the largest Int64.
ENCRYPT_BLOCK_SIZE = encryption.BLOCK_BYTES >> 10
SLICE_SIZE = _format.SLICE_BYTES >> 10
TOTAL_SAVE = 1024 << 10
PARAMETER_SPLIT_SIZE = 1024 << 20
PROTO_LIMIT_SIZE = 2 << 20
INT_64_MAX = (1 << 63) - 1


def merged_parameter(net: Any, param_name: str, param_data: Any, integrated_save: bool) -> Any:
    """The whole value of a Parameter of which several devices hold parts: what is given, since one process holds it.

    Raises:
        KeyError: the network has no Parameter of this name.
    """
    if hasattr(net, "parameters_dict") and param_name not in net.parameters_dict():
        raise KeyError(f"the network has no Parameter {param_name!r}")
    return param_data


def _value_of(name: str, stored: Any) -> np.ndarray | str:
    """The array of a stored value, or its text."""
    if len(stored) != 3:
        raise ValueError(f"_exec_save: the value of {name!r} must be [dims, type, data], got {len(stored)} elements")
    dims, kind, data = stored
    if kind == "str":
        return str(np.asarray(data).reshape(-1)[0])
    array = np.asarray(data).astype(tensor_to_np_type(kind), copy=False)
    return array.reshape(()) if list(dims) == [0] and array.size == 1 else array.reshape(tuple(dims))


def exec_save(ckpt_file_name: Any, data_list: dict, enc_key: bytes | None = None, enc_mode: str = "AES-GCM",
              map_param_inc: bool = False, crc_check: bool = False, format: str = "ckpt") -> None:
    """Write stored values, by name, into a checkpoint file, which is replaced in one step.

    Raises:
        TypeError, ValueError: what stands under a name is no stored value, or its type has no name in checkpoints.
        OSError: the file cannot be written.
    """
    values = {name: _value_of(name, stored) for name, stored in data_list.items()}
    from mindspore.train.serialization import _write
    key = encryption.check_key("_exec_save", enc_key, enc_mode)
    _file.finish_background_save()
    _file.write_atomically(os.fspath(ckpt_file_name),
                           lambda file: _write(file, values, format, crc_check, key, enc_mode, {}))


def parse_checkpoint(ckpt_file_name: Any, dec_key: bytes | None = None, dec_mode: str = "AES-GCM",
                     crc_check: bool = False) -> Any:
    """The message of a checkpoint file (`checkpoint_pb2.Checkpoint`), an element of `value` for each slice.

    Raises:
        ValueError: the file is damaged, encrypted in another way, or no checkpoint. OSError: it cannot be read.
    """
    from mindspore.train.checkpoint_pb2 import Checkpoint
    from mindspore.train.serialization import _read
    path = os.fspath(ckpt_file_name)
    key = encryption.check_key("_parse_ckpt_proto", dec_key, dec_mode or "AES-GCM")
    found = Checkpoint()
    for name, value in _read(path, "ckpt", bool(crc_check), key, dec_mode or "AES-GCM", lambda name: True).items():
        pieces = _format.encode_slices(name, value)
        for header, content in zip(pieces, pieces):
            found.MergeFromString(bytes(header) + bytes(content))
    return found
