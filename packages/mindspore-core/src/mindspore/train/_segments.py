"""Checkpoints in several files, and MINDIR files as messages."""
from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from mindspore.formats import encryption
from mindspore.train import _checkpoint_file

__all__ = ["load_mindir", "load_segmented_checkpoints", "save_mindir"]


def load_segmented_checkpoints(ckpt_file_dir, net=None, strict_load: bool = False, filter_prefix=None,
                               dec_key: bytes | None = None, dec_mode: str = "AES-GCM", specify_prefix=None,
                               choice_func: Callable[[str], bool] | None = None) -> dict:
    """Loads all `.ckpt` files of a folder as one checkpoint; the other arguments are those of `load_checkpoint`.

    Returns:
        dict of names to Parameters, in the order of the files' names.

    Raises:
        TypeError: an argument is of a wrong type.
        ValueError: the folder does not exist or holds no such file, two files have a parameter of one name, or a file
            cannot be loaded.
    """
    from mindspore.train.serialization import load_checkpoint, load_param_into_net
    if not isinstance(ckpt_file_dir, (str, os.PathLike)):
        raise TypeError(f"For 'load_segmented_checkpoints', 'ckpt_file_dir' must be a path, but got "
                        f"{type(ckpt_file_dir).__name__}.")
    files = sorted(Path(ckpt_file_dir).glob("*.ckpt"))
    if not files:
        raise ValueError(f"For 'load_segmented_checkpoints', the folder '{ckpt_file_dir}' has no .ckpt file.")
    loaded: dict[str, Any] = {}
    for file in files:
        part = load_checkpoint(str(file), None, False, filter_prefix, dec_key, dec_mode, specify_prefix, choice_func)
        twice = sorted(part.keys() & loaded.keys())
        if twice:
            raise ValueError(f"For 'load_segmented_checkpoints', '{file}' and a file before it have the parameter "
                             f"{twice[0]!r}.")
        loaded.update(part)
    if net is not None:
        load_param_into_net(net, loaded, strict_load)
    return loaded


def load_mindir(file_name) -> Any:
    """The contents of a `.mindir` file as a protocol-buffer message, to look at or to change; `save_mindir` writes it.

    Raises:
        TypeError: `file_name` is no path. ValueError: the file is encrypted, or is none. OSError: it cannot be read.
    """
    from google.protobuf.message import DecodeError

    from mindspore.formats.mind_ir import CLASSES
    path = _mindir_path(file_name, "load_mindir")
    data = Path(path).read_bytes()
    if encryption.is_encrypted(data[:4]):
        raise ValueError(f"For 'load_mindir', file '{path}' is encrypted; load() takes a key.")
    try:
        return CLASSES["ModelProto"].FromString(data)
    except DecodeError as error:
        raise ValueError(f"For 'load_mindir', file '{path}' is no MINDIR file: {error}.") from None


def save_mindir(model, file_name) -> None:
    """Write a message that `load_mindir` gave. The file is replaced in one step.

    Raises:
        TypeError: `model` is no such message, or `file_name` no path. OSError: the file cannot be written.
    """
    from mindspore.formats.mind_ir import CLASSES
    path = _mindir_path(file_name, "save_mindir")
    if not isinstance(model, CLASSES["ModelProto"]):
        raise TypeError(f"For 'save_mindir', 'model' must be what load_mindir returned, but got "
                        f"{type(model).__name__}.")
    data = model.SerializeToString(deterministic=True)

    def write(file: BinaryIO) -> None:
        file.write(data)

    _checkpoint_file.write_atomically(path, write)


def _mindir_path(file_name: Any, function: str) -> str:
    if not isinstance(file_name, (str, os.PathLike)) or not os.fspath(file_name).endswith(".mindir"):
        raise TypeError(f"For '{function}', 'file_name' must be the path of a .mindir file, but got {file_name!r}.")
    return os.fspath(file_name)
