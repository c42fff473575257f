"""Saving and loading checkpoints: networks, parameters and plain values against the `.ckpt` and safetensors formats.

Three layers: `_checkpoint_format` turns named arrays into bytes and back, `_checkpoint_file` replaces files atomically,
and this module maps networks and parameters to named arrays. Names are those of the parameters (`.name`), as in every
MindSpore checkpoint, not the attribute paths.
"""
from __future__ import annotations

import io
import os
import warnings
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import BinaryIO, cast

import numpy as np

from mindspore.formats import encryption, safetensors

from . import _checkpoint_file as _file
from . import _checkpoint_format as _format
from ._convert import ckpt_to_safetensors, safetensors_to_ckpt
from ._exporting import export, load
from ._slices import (
    build_searched_strategy,
    load_distributed_checkpoint,
    merge_sliced_parameter,
    restore_group_info_list,
)
from ._stored_values import (  # noqa: F401 - programs ask for these here
    ENCRYPT_BLOCK_SIZE,
    INT_64_MAX,
    PARAMETER_SPLIT_SIZE,
    PROTO_LIMIT_SIZE,
    SLICE_SIZE,
    TOTAL_SAVE,
)
from ._stored_values import exec_save as _exec_save  # noqa: F401 - programs ask for it here
from ._stored_values import merged_parameter as _get_merged_param_data  # noqa: F401
from ._stored_values import parse_checkpoint as _parse_ckpt_proto  # noqa: F401
from ._type_names import mindir_to_tensor_type, np_type_convert, tensor_to_ms_type, tensor_to_np_type

__all__ = ["ParamDictFuture", "async_ckpt_thread_status", "build_searched_strategy", "ckpt_to_safetensors", "export",
           "load", "load_checkpoint", "load_checkpoint_async", "load_distributed_checkpoint", "load_param_into_net",
           "merge_sliced_parameter", "mindir_to_tensor_type", "np_type_convert", "restore_group_info_list",
           "safetensors_to_ckpt", "save_checkpoint", "tensor_to_ms_type", "tensor_to_np_type"]

_SUFFIXES = {"ckpt": ".ckpt", "safetensors": ".safetensors"}
_SAVE_OPTIONS = {"remove_redundancy", "incremental"}
_CACHE_MARK = ".__param_key__"


# ----------------------------------------------------------------------------------------------------------- saving

def _check_path(path, function: str) -> str:
    if not isinstance(path, (str, os.PathLike)) or not os.fspath(path):
        raise TypeError(f"For '{function}', 'ckpt_file_name' must be a non-empty str or path, but got {path!r} of type "
                        f"{type(path).__name__}.")
    return os.fspath(path)


def _check_bool(value, name: str, function: str) -> None:
    if not isinstance(value, bool):
        raise TypeError(f"For '{function}', '{name}' must be a bool, but got {value!r} of type {type(value).__name__}.")


def _check_choice(choice, function: str) -> Callable[[str], bool]:
    if choice is None:
        return lambda name: True
    if not callable(choice):
        raise TypeError(f"For '{function}', 'choice_func' must be a function of a parameter's name which returns a "
                        f"bool, but got {type(choice).__name__}.")
    return choice


def _check_format(file_format, path: str, function: str) -> None:
    if file_format not in _SUFFIXES:
        raise ValueError(f"For '{function}', 'format' must be one of {', '.join(_SUFFIXES)}, but got {file_format!r}.")
    for other, suffix in _SUFFIXES.items():
        if other != file_format and path.endswith(suffix):
            raise ValueError(f"For '{function}', the file '{path}' ends in '{suffix}', but 'format' is "
                             f"{file_format!r}. Pass format={other!r}, or name the file '*{_SUFFIXES[file_format]}'.")


def _array_of(tensor) -> np.ndarray:
    """The contents of a Tensor in its own dtype, without a copy where they are on the host."""
    from mindspore.common.dtype import dtype_to_nptype
    return np.asarray(tensor.asnumpy()).astype(dtype_to_nptype(tensor.dtype), copy=False)


def _storable(name: str, value) -> np.ndarray | str:
    """What a value is stored as: Tensors as they are, int as Int64, float as Float32, bool as Bool, str as text."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return np.array(value)
    if isinstance(value, int):
        if not -2 ** 63 <= value < 2 ** 63:
            raise ValueError(f"For 'save_checkpoint', the int '{name}' does not fit in 64 bits: {value}.")
        return np.array(value, np.int64)
    if isinstance(value, float):
        return np.array(value, np.float32)
    if hasattr(value, "asnumpy") and hasattr(value, "dtype"):
        return _array_of(value)
    raise TypeError(f"For 'save_checkpoint', the value of '{name}' must be a Tensor, Parameter, int, float, bool or "
                    f"str, but got {type(value).__name__}.")


def _named_parameters(parameters: Iterable) -> Iterable[tuple[str, object]]:
    """(name, parameter) of distinct parameters; two of them under one name are an error, as one would be lost."""
    seen: dict[str, object] = {}
    for parameter in parameters:
        other = seen.setdefault(parameter.name, parameter)
        if other is not parameter:
            raise ValueError(f"For 'save_checkpoint', two different parameters are named '{parameter.name}'. Give them "
                             f"different names.")
    return seen.items()


def _named_values(save_obj) -> Iterable[tuple[str, object]]:
    """The (name, value) pairs of a Cell, a list of parameters or of {"name", "data"} dicts, or a dict."""
    if hasattr(save_obj, "parameters_and_names"):
        return _named_parameters(parameter for _, parameter in save_obj.parameters_and_names())
    if isinstance(save_obj, dict):
        return save_obj.items()
    if isinstance(save_obj, list):
        if all(isinstance(item, dict) and {"name", "data"} <= item.keys() for item in save_obj):
            names = [item["name"] for item in save_obj]
            if len(set(names)) < len(names):
                twice = next(name for name in names if names.count(name) > 1)
                raise ValueError(f"For 'save_checkpoint', the list names '{twice}' twice. Names must differ.")
            for item in save_obj:
                if not hasattr(item["data"], "asnumpy"):
                    raise TypeError(f"For 'save_checkpoint', 'data' of the list's '{item['name']}' must be a Tensor, "
                                    f"but got {type(item['data']).__name__}. A dict may hold numbers and strings.")
            return [(item["name"], item["data"]) for item in save_obj]
        if all(hasattr(item, "asnumpy") and isinstance(getattr(item, "name", None), str) for item in save_obj):
            return _named_parameters(save_obj)
    raise TypeError(f"For 'save_checkpoint', 'save_obj' must be a Cell, a list of Parameters, a list "
                    f"of {{'name': str, 'data': Tensor}} or a dict of names to Tensors, but got "
                    f"{type(save_obj).__name__}.")


def _collect(save_obj, append_dict, choice: Callable[[str], bool]) -> dict[str, np.ndarray | str]:
    """Everything that one checkpoint stores, by name."""
    if append_dict is None:
        append_dict = {}
    if not isinstance(append_dict, dict):
        raise TypeError(f"For 'save_checkpoint', 'append_dict' must be a dict, but got {type(append_dict).__name__}.")
    values = {name: value for name, value in _named_values(save_obj) if choice(name)}
    values.update(append_dict)
    for name in values:
        if not isinstance(name, str):
            raise TypeError(f"For 'save_checkpoint', names must be str, but got {name!r} of type "
                            f"{type(name).__name__}.")
    return {name: _storable(name, value) for name, value in values.items()}


def save_checkpoint(save_obj, ckpt_file_name, integrated_save: bool = True, async_save: bool | str = False,
                    append_dict: dict | None = None, enc_key: bytes | None = None, enc_mode: str = "AES-GCM",
                    choice_func: Callable[[str], bool] | None = None, crc_check: bool = False, format: str = "ckpt",
                    **kwargs) -> None:
    """Saves parameters to a checkpoint file.

    The file is replaced in one step: a reader sees the old or the new one, and a crash leaves the old one intact. The
    format's suffix is added where it is missing; the folder must exist. The file is writable by its owner.

    Args:
        save_obj: a Cell, a list of Parameters (`net.trainable_params()`), a list of `{"name": str, "data": Tensor}`, or
            a dict of names to Parameters, Tensors, numbers and strings (as `load_checkpoint` returns).
        ckpt_file_name: path of the file.
        integrated_save: whole tensors are saved in either case; sliced ones exist under a parallel plugin only.
        async_save: True or "thread" writes on a background thread, from copies taken before the call returns. The
            next save or load waits for it and raises its error.
        append_dict: further values by name: int (stored as Int64), float (Float32), bool, str, Tensor or Parameter. An
            entry replaces a parameter of the same name.
        enc_key: bytes, to encrypt the file (which takes the package `cryptography`); None for a plain file.
        enc_mode: "AES-GCM", "AES-CBC" (keys of 16, 24 or 32 bytes) or "SM4-CBC" (16 bytes).
        choice_func: is given each parameter's name and returns whether to save it.
        crc_check: store a CRC-32 of the contents, which `load_checkpoint(crc_check=True)` compares.
        format: "ckpt", or "safetensors" (`.safetensors`), which holds no strings and keeps no order.
        kwargs: remove_redundancy, a bool that is noted in a safetensors file (one process has nothing to remove).

    Raises:
        TypeError: an argument is of a wrong type, or a value cannot be stored.
        ValueError: two parameters have the same name, a key does not fit its mode, or an option is not supported.
        ImportError: a key was given, and `cryptography` is missing.
        FileNotFoundError: the folder does not exist.
        OSError: the file cannot be written.
    """
    path = _check_path(ckpt_file_name, "save_checkpoint")
    _check_bool(integrated_save, "integrated_save", "save_checkpoint")
    _check_bool(crc_check, "crc_check", "save_checkpoint")
    metadata = _check_save_options(kwargs)
    _check_format(format, path, "save_checkpoint")
    key = encryption.check_key("save_checkpoint", enc_key, enc_mode)
    if not isinstance(async_save, bool) and async_save != "thread":
        raise ValueError(f"For 'save_checkpoint', 'async_save' must be True, False or 'thread', but got "
                         f"{async_save!r}.")
    values = _collect(save_obj, append_dict, _check_choice(choice_func, "save_checkpoint"))
    if not path.endswith(_SUFFIXES[format]):
        path += _SUFFIXES[format]

    def write() -> None:
        _file.write_atomically(path, lambda file: _write(file, values, format, crc_check, key, enc_mode, metadata))

    if async_save:
        values = {name: value if isinstance(value, str) else value.copy() for name, value in values.items()}
        _file.start_background_save(write)
    else:
        _file.finish_background_save()
        write()


def _check_save_options(options: dict) -> dict[str, str]:
    """The metadata that further keyword arguments of `save_checkpoint` give a safetensors file."""
    for name, value in options.items():
        if name not in _SAVE_OPTIONS:
            raise TypeError(f"For 'save_checkpoint', unexpected keyword argument '{name}'.")
        _check_bool(value, name, "save_checkpoint")
    if options.get("incremental"):
        raise ValueError("For 'save_checkpoint', 'incremental' must be False: tables that grow are not supported.")
    return {name: str(value) for name, value in options.items() if name == "remove_redundancy"}


def _write(file: BinaryIO, values: dict, file_format: str, crc_check: bool, key: bytes | None, mode: str,
           metadata: dict[str, str]) -> None:
    """The whole contents of a checkpoint file."""
    if key is not None:
        encryptor = encryption.Encryptor(file, key, mode)
        _write(cast(BinaryIO, encryptor), values, file_format, crc_check, None, mode, metadata)
        encryptor.finish()
    elif file_format == "ckpt":
        _format.encode(file, values.items(), crc_check)
    else:
        safetensors.encode(file, values, crc_check, metadata)


def _read(path: str, file_format: str, crc_check: bool, key: bytes | None, mode: str, wanted) -> dict:
    """The values of a checkpoint file by name."""
    decode = _format.decode_file if file_format == "ckpt" else safetensors.decode
    with open(path, "rb") as file:
        if key is not None:
            plain = encryption.decrypt(file.read(), key, mode, "load_checkpoint", path)
            return decode(io.BytesIO(plain), path, crc_check, wanted)
        start = file.read(4)
        if encryption.is_encrypted(start):
            raise ValueError(f"For 'load_checkpoint', file '{path}' is encrypted. Pass dec_key and dec_mode.")
        return decode(file, path, crc_check, wanted)


def async_ckpt_thread_status() -> bool:
    """Whether a checkpoint is being written in the background."""
    return _file.background_save_runs()


# ---------------------------------------------------------------------------------------------------------- loading

def _check_prefixes(value, name: str) -> tuple[str, ...]:
    if value is None:
        return ()
    prefixes = (value,) if isinstance(value, str) else tuple(value) if isinstance(value, (list, tuple)) else None
    if not prefixes or not all(isinstance(prefix, str) for prefix in prefixes):
        raise TypeError(f"For 'load_checkpoint', '{name}' must be a str or a non-empty list or tuple of str, but got "
                        f"{value!r}.")
    return prefixes


def _wanted(specify_prefix, filter_prefix, choice_func) -> Callable[[str], bool]:
    only, never = _check_prefixes(specify_prefix, "specify_prefix"), _check_prefixes(filter_prefix, "filter_prefix")
    choice = _check_choice(choice_func, "load_checkpoint")

    def wanted(tag: str) -> bool:
        return (not only or tag.startswith(only)) and not (never and tag.startswith(never)) and bool(choice(tag))

    return wanted


def load_checkpoint(ckpt_file_name, net=None, strict_load: bool = False, filter_prefix=None,
                    dec_key: bytes | None = None, dec_mode: str = "AES-GCM", specify_prefix=None,
                    choice_func: Callable[[str], bool] | None = None, crc_check: bool = False,
                    remove_redundancy: bool = False, format: str = "ckpt") -> dict:
    """Loads a checkpoint file.

    Args:
        ckpt_file_name: path of the file; its suffix must be that of the format.
        net: a Cell to load the parameters into (see `load_param_into_net`).
        strict_load: passed on to `load_param_into_net`.
        filter_prefix: a str, or a list or tuple of them: names that start so are left out.
        dec_key: the key that the file was encrypted with; None for a plain file.
        dec_mode: the mode that it was encrypted in.
        specify_prefix: a str, or a list or tuple of them: only names that start so are loaded.
        choice_func: is given each name and returns whether to load it.
        crc_check: compare the CRC that the file was saved with; it must have one.
        remove_redundancy: whether the file leaves out what other processes hold; with one process there is nothing of
            the kind, and what is missing is reported as such.
        format: "ckpt" or "safetensors".

    Returns:
        dict of names to Parameters, in file order; a saved str comes back as a str.

    Raises:
        TypeError: an argument is of a wrong type.
        ValueError: the file is missing, unreadable, damaged or of another format, nothing in it is wanted, the CRC
            differs, or an option is not supported.
        RuntimeError: `net` has a parameter of another shape or kind.
    """
    path = _check_path(ckpt_file_name, "load_checkpoint")
    _check_bool(strict_load, "strict_load", "load_checkpoint")
    _check_bool(crc_check, "crc_check", "load_checkpoint")
    _check_format(format, path, "load_checkpoint")
    key = encryption.check_key("load_checkpoint", dec_key, dec_mode)
    _check_bool(remove_redundancy, "remove_redundancy", "load_checkpoint")
    wanted = _wanted(specify_prefix, filter_prefix, choice_func)
    if not path.endswith(_SUFFIXES[format]):
        raise ValueError(f"For 'load_checkpoint', the file must end in '{_SUFFIXES[format]}', but got '{path}'.")
    _file.finish_background_save()
    try:
        values = _read(path, format, crc_check, key, dec_mode, wanted)
    except OSError as error:
        raise ValueError(f"For 'load_checkpoint', file '{path}' cannot be read: {error.strerror}. Check the path and "
                         f"its permissions.") from error
    if not values:
        raise ValueError(f"For 'load_checkpoint', nothing was loaded from '{path}': it is empty, or filter_prefix, "
                         f"specify_prefix or choice_func leave everything out.")
    loaded = {_name_of(tag): _parameter_of(_name_of(tag), value) for tag, value in values.items()}
    if net is not None:
        load_param_into_net(net, loaded, strict_load)
    return loaded


class ParamDictFuture:
    """A dict of parameters that is being loaded; `result()` waits for it."""

    def __init__(self, executor: ThreadPoolExecutor, param_dict_future):
        self.executor = executor
        self.param_dict_future = param_dict_future

    def result(self) -> dict:
        """The dict, as `load_checkpoint` returns it; raises what that raised."""
        try:
            return self.param_dict_future.result()
        finally:
            self.executor.shutdown()


def load_checkpoint_async(ckpt_file_name, net=None, strict_load: bool = False, filter_prefix=None,
                          dec_key: bytes | None = None, dec_mode: str = "AES-GCM", specify_prefix=None,
                          choice_func: Callable[[str], bool] | None = None) -> ParamDictFuture:
    """Loads a checkpoint file on a thread; the arguments are those of `load_checkpoint`.

    Returns:
        an object whose `result()` gives the dict of parameters, or raises the error that `load_checkpoint` met.
    """
    executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mindspore-load-checkpoint")
    return ParamDictFuture(executor, executor.submit(load_checkpoint, ckpt_file_name, net, strict_load, filter_prefix,
                                                     dec_key, dec_mode, specify_prefix, choice_func))


def _name_of(tag: str) -> str:
    """The parameter's name: a parameter kept in a host cache carries its cache key behind it."""
    return tag.split(_CACHE_MARK, 1)[0]


def _parameter_of(name: str, value: np.ndarray | str):
    if isinstance(value, str):
        return value
    from mindspore.common.parameter import Parameter
    from mindspore.common.tensor import Tensor
    return Parameter(Tensor(value), name=name)


# ------------------------------------------------------------------------------------------------- into the network

_CONVERTIBLE_KINDS = "if"
_STATES = frozenset({  # what the names of optimizers' states begin with
    "accu_grads", "accum", "accum_update", "adam_m", "adam_v", "ax", "ax_", "exp_avg", "exp_avg_sq", "exp_inf",
    "lamb_m", "lamb_v", "linear", "max_exp_avg_sq", "mean_grad", "mean_square", "moment", "moment1", "moment2",
    "moments", "momentum_buf", "momentum_buffer", "prev", "square_avg", "stat", "step_size", "vhat"})


def _fit_shape(parameter, array: np.ndarray) -> np.ndarray:
    """The array in the parameter's shape; only trailing dimensions of 1 may be dropped for it."""
    shape = tuple(parameter.shape)
    if array.shape == shape:
        return array
    if array.shape[:len(shape)] == shape and all(d == 1 for d in array.shape[len(shape):]):
        return array.reshape(shape)
    raise RuntimeError(f"For 'load_param_into_net', parameter '{parameter.name}' has shape {shape}, but the checkpoint "
                       f"holds {array.shape}. Build the network with the sizes it was saved with.")


def _fit_dtype(parameter, array: np.ndarray, strict: bool, converted: list[str]) -> np.ndarray:
    """The array in the parameter's dtype: between floats and between signed integers, unless `strict`."""
    from mindspore.common.dtype import np_dtype_to_dtype
    source, target = np_dtype_to_dtype(array.dtype), parameter.dtype
    if source is target:
        return array
    refusal = f"For 'load_param_into_net', parameter '{parameter.name}' is {target}, but the checkpoint holds {source}"
    if strict or source.kind != target.kind or source.kind not in _CONVERTIBLE_KINDS:
        raise RuntimeError(f"{refusal}. Floats are converted to floats and signed integers to signed integers, with "
                           f"strict_load=False only.")
    result = array.astype(target.np)
    if source.kind == "i" and not np.array_equal(result, array):
        raise RuntimeError(f"{refusal} with values that {target} cannot hold.")
    converted.append(f"'{parameter.name}' ({source} to {target})")
    return result


def _check_parameters(parameter_dict) -> None:
    if not isinstance(parameter_dict, dict):
        raise TypeError(f"For 'load_param_into_net', 'parameter_dict' must be a dict, but got "
                        f"{type(parameter_dict).__name__}.")
    for name, value in parameter_dict.items():
        if not isinstance(name, str) or not (isinstance(value, str) or hasattr(value, "asnumpy")):
            raise TypeError(f"For 'load_param_into_net', 'parameter_dict' must map str to Parameter, but got "
                            f"{name!r}: {type(value).__name__}.")


def _guess_prefix(missing: list[str], names: Iterable[str]) -> str | None:
    """The prefix under which a checkpoint holds the most of the missing parameters, the first such one; None where it
    holds none. Names of an optimizer's states are no candidates: those behind the name of a state, and those that are
    another name of the checkpoint with something before it."""
    wanted, known = set(missing), set(names)
    counts: dict[str, int] = {}
    for candidate in names:
        cuts = [k for k in range(1, len(candidate)) if candidate[k:] in wanted]
        is_state = candidate.partition(".")[0] in _STATES or any(
            candidate[k - 1] == "." and candidate[k:] in known for k in range(1, len(candidate)))
        for cut in () if is_state else cuts:
            counts[candidate[:cut]] = counts.get(candidate[:cut], 0) + 1
    return max(counts, key=lambda prefix: counts[prefix]) if counts else None


def load_param_into_net(net, parameter_dict: dict, strict_load: bool = False,
                        remove_redundancy: bool = False) -> tuple[list[str], list[str]]:
    """Copies the values of a parameter dict into the parameters of a network that have the same names.

    Everything is checked first: when an error is raised the network is as it was. A value of shape (12, 2048, 1, 1)
    fits a parameter of shape (12, 2048). With `strict_load=False` floats are converted to floats and signed integers to
    signed integers, with a warning, and where parameters are missing that the dict holds under a prefix (a network
    saved as a part of another), the prefix of the most of them is dropped, with a warning; an optimizer's states are
    not taken for parameters.

    Args:
        net: a Cell.
        parameter_dict: names to Parameters, as `load_checkpoint` returns.
        strict_load: names, shapes and dtypes must be equal.
        remove_redundancy: whether the dict leaves out what other processes hold; see `load_checkpoint`.

    Returns:
        (param_not_load, ckpt_not_load): names of the network's parameters that were not found, and names of the dict
        that no parameter has (also those found under a prefix).

    Raises:
        TypeError: an argument is of a wrong type.
        RuntimeError: a parameter's shape or dtype does not fit.
    """
    if not hasattr(net, "parameters_and_names"):
        raise TypeError(f"For 'load_param_into_net', 'net' must be a Cell, but got {type(net).__name__}.")
    _check_parameters(parameter_dict)
    _check_bool(strict_load, "strict_load", "load_param_into_net")
    _check_bool(remove_redundancy, "remove_redundancy", "load_param_into_net")
    parameters = {parameter.name: parameter for _, parameter in net.parameters_and_names()}
    source = {name: name for name in parameters if not isinstance(parameter_dict.get(name, ""), str)}
    missing = [name for name in parameters if name not in source and not name.startswith("accu_grads")]
    not_in_net = [name for name in parameter_dict if name not in parameters]
    if missing and not strict_load:
        prefix = _guess_prefix(missing, not_in_net)
        if prefix is not None:
            found = {name: prefix + name for name in missing if prefix + name in parameter_dict}
            source.update(found)
            missing = [name for name in missing if name not in found]
            warnings.warn(f"load_param_into_net: prefix '{prefix}' of the checkpoint's names was dropped to load "
                          f"{len(found)} parameters", stacklevel=2)
    _assign([(parameters[name], parameter_dict[key]) for name, key in source.items()], strict_load)
    if missing:
        warnings.warn(f"load_param_into_net: {len(missing)} parameters of the network are not in the checkpoint: "
                      f"{', '.join(missing)}", stacklevel=2)
    return missing, not_in_net


def _assign(new_values: list[tuple], strict: bool) -> None:
    """Gives every parameter its value; shapes and dtypes are all checked before the first is changed."""
    from mindspore.common.tensor import Tensor
    converted: list[str] = []
    arrays = [(parameter, _fit_dtype(parameter, _fit_shape(parameter, _array_of(value)), strict, converted))
              for parameter, value in new_values]
    for parameter, array in arrays:
        parameter.set_data(Tensor(array))
    if converted:
        warnings.warn(f"load_param_into_net: the dtype was converted for {', '.join(converted)}", stacklevel=3)
