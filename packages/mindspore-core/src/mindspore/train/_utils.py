"""Small functions that programs with callbacks of their own take from here; no part of the interface."""
from __future__ import annotations

import os
from typing import Any

from mindspore._checkparam import check_value_type as check_value_type

__all__: list[str] = []


def _make_directory(path: str, arg_name: str = "path") -> str:
    """The real path of a folder, which is made where it is missing, and the folders above it.

    Raises:
        TypeError: the path is no str, or empty. ValueError: it cannot be made, or is a file.
    """
    if not isinstance(path, str) or not path.strip():
        raise TypeError(f"the '{arg_name}' must be a str that is not empty, but got {path!r}")
    real = os.path.realpath(path)
    try:
        os.makedirs(real, mode=0o700, exist_ok=True)
    except OSError as error:
        raise ValueError(f"the folder '{real}' of '{arg_name}' cannot be made: {error.strerror}") from error
    return real


def get_parameter_redundancy(layout_obj: Any, initial_rank: int = 0) -> dict[str, tuple]:
    """By a Parameter's name the groups of devices that hold the same part of it.

    Args:
        layout_obj: by a Parameter's name [sizes of the matrix of devices, for each axis of the tensor the axis of the
            matrix along which it is cut, counted from the last one, -1 for none, ...], or a Layout that says it.
        initial_rank: the number of the first device.
    """
    from mindspore.parallel.shard_layout import Layout
    found = {}
    for name, said in layout_obj.items():
        if isinstance(said, Layout):
            matrix, cut = said.device_matrix, said.to_dict()["tensor_map"]
        else:
            matrix, cut = said[0], said[1]
        found[name] = _same_parts(tuple(matrix), cut, initial_rank)
    return found


def _same_parts(matrix: tuple[int, ...], cut: Any, initial_rank: int) -> tuple[tuple[int, ...], ...]:
    """The devices by the part that they hold, which their places along the axes that cut say."""
    axes = {len(matrix) - 1 - axis for each in cut for axis in (each if isinstance(each, (tuple, list)) else (each,))
            if axis >= 0}
    groups: dict[tuple[int, ...], list[int]] = {}
    total = 1
    for size in matrix:
        total *= size
    for rank in range(total):
        place, left = [], rank
        for size in reversed(matrix):
            place.append(left % size)
            left //= size
        place.reverse()
        groups.setdefault(tuple(place[axis] for axis in sorted(axes)), []).append(initial_rank + rank)
    return tuple(map(tuple, groups.values()))


def remove_param_redundancy(param_redundancy: dict[str, tuple], keep_redundancy: int = 1) -> dict[int, set[str]]:
    """By the number of a device the names of the Parameters that it is to keep, so that each part is kept by
    `keep_redundancy` devices (by all that hold it where there are fewer), and devices have equally much to keep.

    Raises:
        ValueError: keep_redundancy is below 1.
    """
    if keep_redundancy < 1:
        raise ValueError(f"remove_param_redundancy: keep_redundancy must be at least 1, got {keep_redundancy}")
    kept: dict[int, set[str]] = {rank: set() for groups in param_redundancy.values() for group in groups
                                 for rank in group}
    for name, groups in param_redundancy.items():
        for group in groups:
            for rank in sorted(group, key=lambda rank: (len(kept[rank]), rank))[:keep_redundancy]:
                kept[rank].add(name)
    return kept
