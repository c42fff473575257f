"""`export` and `load`: networks as files that run without their source."""
from __future__ import annotations

import os
from typing import Any

from mindspore.formats import encryption

__all__ = ["checked_path", "export", "load"]

_SUFFIXES = {"MINDIR": ".mindir", "ONNX": ".onnx"}


def export(net: Any, *inputs: Any, file_name: str | os.PathLike, file_format: str, **kwargs: Any) -> None:
    """Write a network in inference, with its weights, to a file.

    The network is compiled for the shapes and dtypes of the inputs; their values do not matter. The file is replaced in
    one step. The same network gives the same bytes.

    Args:
        net: a Cell, or a function (under `jit` or not).
        inputs: what it is called with: Tensors, containers of them; other values become part of the graph.
        file_name: path of the file; the suffix of the format is added where it is missing.
        file_format: "MINDIR" (`.mindir`) or "ONNX" (`.onnx`).
        kwargs: enc_key and enc_mode, to encrypt a MINDIR file, as in `save_checkpoint`; or with a function of one's
            own, for both formats: `enc_mode(contents, enc_key)` gives the bytes of the file.

    Raises:
        TypeError: an argument is of a wrong type.
        ValueError: the format is unknown, or has no place for an operator, a dtype or a result.
        GraphCompileError: the network cannot be compiled.
        OSError: the file cannot be written.
    """
    from mindspore.formats.exported import trace_network
    from mindspore.train._checkpoint_file import finish_background_save
    path = checked_path(file_name, file_format)
    unknown = kwargs.keys() - {"enc_key", "enc_mode"}
    if unknown:
        raise TypeError(f"For 'export', unexpected keyword argument '{min(unknown)}'; enc_key and enc_mode are taken.")
    mode = kwargs.get("enc_mode", "AES-GCM")
    if file_format == "ONNX" and kwargs.get("enc_key") is not None and not callable(mode):
        raise ValueError("For 'export', 'enc_mode' must be a function where 'file_format' is 'ONNX', which has no "
                         "encryption of its own; or leave 'enc_key' out.")
    key = encryption.check_key("export", kwargs.get("enc_key"), mode, own=True)
    finish_background_save()
    network = trace_network(net, inputs)
    if file_format == "MINDIR":
        from mindspore.formats.mindir_write import write_mindir
        write_mindir(network, path, key, mode)
        return
    from mindspore.formats.onnx_write import write_onnx
    write_onnx(network, path, key=key, encrypt=mode)


def checked_path(file_name: Any, file_format: Any) -> str:
    """The path of an exported file, with the suffix of its format. TypeError or ValueError for wrong arguments."""
    if not isinstance(file_name, (str, os.PathLike)) or not os.fspath(file_name):
        raise TypeError(f"For 'export', 'file_name' must be a non-empty str or path, but got {file_name!r}.")
    if file_format not in _SUFFIXES:
        raise ValueError(f"For 'export', 'file_format' must be one of {', '.join(_SUFFIXES)}, but got {file_format!r}.")
    path = os.fspath(file_name)
    return path if path.endswith(_SUFFIXES[file_format]) else path + _SUFFIXES[file_format]


def load(file_name: str | os.PathLike, **kwargs: Any) -> Any:
    """Read the graph in a `.mindir` file, which `nn.GraphCell` runs.

    Args:
        file_name: path of the file.
        kwargs: dec_key and dec_mode, what it was encrypted with; `dec_mode(file_name, dec_key)` gives the bytes of the
            plain file where it is a function.

    Returns:
        the graph: an object for `nn.GraphCell`.

    Raises:
        TypeError: an argument is of a wrong type.
        ValueError: the file is missing, damaged, encrypted with another key, or its suffix is another one.
    """
    from mindspore.formats.mindir_read import read_mindir
    if not isinstance(file_name, (str, os.PathLike)) or not os.fspath(file_name):
        raise TypeError(f"For 'load', 'file_name' must be a non-empty str or path, but got {file_name!r}.")
    unknown = kwargs.keys() - {"dec_key", "dec_mode"}
    if unknown:
        raise TypeError(f"For 'load', unexpected keyword argument '{min(unknown)}'; dec_key and dec_mode are taken.")
    path = os.fspath(file_name)
    if not path.endswith(".mindir"):
        raise ValueError(f"For 'load', the file must end in '.mindir', but got '{path}'.")
    mode = kwargs.get("dec_mode", "AES-GCM")
    key = encryption.check_key("load", kwargs.get("dec_key"), mode, own=True)
    try:
        return read_mindir(path, key, mode)
    except OSError as error:
        raise ValueError(f"For 'load', file '{path}' cannot be read: {error.strerror}. Check the path and its "
                         f"permissions.") from error
