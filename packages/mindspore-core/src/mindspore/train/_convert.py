"""Checkpoint files from one format to the other."""
from __future__ import annotations

import os
import re
from functools import partial
from pathlib import Path

from mindspore.formats import safetensors
from mindspore.train import _checkpoint_file, _checkpoint_format

__all__ = ["ckpt_to_safetensors", "safetensors_to_ckpt"]


def _pairs(function: str, file_path, save_path, suffixes: tuple[str, str], regex) -> list[tuple[Path, Path]]:
    """The files to read and those to write."""
    source = Path(file_path) if isinstance(file_path, (str, os.PathLike)) else None
    if source is None or not source.exists():
        raise ValueError(f"For '{function}', 'file_path' must be a file or a folder that exists, but got "
                         f"{file_path!r}.")
    files = sorted(source.rglob(f"*{suffixes[0]}")) if source.is_dir() else [source]
    if regex is not None:
        files = [file for file in files if re.search(regex, file.name)]
    if not files or any(file.suffix != suffixes[0] for file in files):
        raise ValueError(f"For '{function}', '{source}' is no '{suffixes[0]}' file, nor a folder of them.")
    root = source if source.is_dir() else source.parent
    target = root if save_path is None else Path(save_path)
    return [(file, target / file.relative_to(root).with_suffix(suffixes[1])) for file in files]


def _renamed(function: str, values: dict, name_map) -> dict:
    if name_map is None:
        return values
    if not isinstance(name_map, dict):
        raise TypeError(f"For '{function}', 'name_map' must be a dict, but got {type(name_map).__name__}.")
    renamed = {name_map.get(name, name): value for name, value in values.items()}
    if len(renamed) != len(values):
        raise ValueError(f"For '{function}', 'name_map' gives two tensors one name.")
    return renamed


def _convert(function: str, paths: list[tuple[Path, Path]], name_map, read, write) -> None:
    for source, target in paths:
        with open(source, "rb") as file:
            values = _renamed(function, read(file, str(source)), name_map)
        target.parent.mkdir(parents=True, exist_ok=True)
        _checkpoint_file.write_atomically(os.fspath(target), partial(write, values))


def ckpt_to_safetensors(file_path, save_path=None, name_map: dict | None = None, file_name_regex: str | None = None,
                        processes_num: int = 1) -> None:
    """Writes `.ckpt` files as `.safetensors` files.

    Args:
        file_path: a file, or a folder whose files are converted, those in folders below it, too.
        save_path: the folder of the new files; None for that of the old ones.
        name_map: new names by old ones.
        file_name_regex: of a folder, only files in whose names this is found.
        processes_num: checked only: files are converted one after the other.

    Raises:
        ValueError: there is no such file, or it is damaged.
        TypeError: a file holds a str, which safetensors files cannot.
    """
    _check_processes("ckpt_to_safetensors", processes_num)
    paths = _pairs("ckpt_to_safetensors", file_path, save_path, (".ckpt", ".safetensors"), file_name_regex)
    _convert("ckpt_to_safetensors", paths, name_map, _checkpoint_format.decode_file,
             lambda values, file: safetensors.encode(file, values))


def safetensors_to_ckpt(file_path, save_path=None, name_map: dict | None = None, file_name_regex: str | None = None,
                        processes_num: int = 1) -> None:
    """Writes `.safetensors` files as `.ckpt` files; the arguments are those of `ckpt_to_safetensors`."""
    _check_processes("safetensors_to_ckpt", processes_num)
    paths = _pairs("safetensors_to_ckpt", file_path, save_path, (".safetensors", ".ckpt"), file_name_regex)
    _convert("safetensors_to_ckpt", paths, name_map, safetensors.decode,
             lambda values, file: _checkpoint_format.encode(file, values.items()))


def _check_processes(function: str, number) -> None:
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise ValueError(f"For '{function}', 'processes_num' must be an int of at least 1, but got {number!r}.")
