"""Rows whose images lie in files of their own: each file is read when its row is."""
from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from ._blocks import Block, Blocks
from ._check import check_bool, check_known, check_workers
from ._pipeline import Node, Parallel, Stage, annotate
from .datasets import Dataset
from .record_datasets import refuse_cache
from .samplers import Sampler, select_sampler

__all__ = ["EXTENSIONS", "ImageFiles", "ImageFilesDataset", "check_folder"]

EXTENSIONS = (".jpg", ".jpeg", ".bmp", ".png", ".gif", ".tif", ".tiff", ".webp")


def check_folder(path, name: str, function: str) -> Path:
    """A folder that exists: TypeError for what is no path, ValueError for what is no folder."""
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"For '{function}', '{name}' must be a path, but got {type(path).__name__}.")
    folder = Path(path)
    if not folder.is_dir():
        raise ValueError(f"For '{function}', the folder '{folder}' does not exist.")
    return folder


class _Read:
    """Reads an image: its bytes as uint8, or decoded as RGB."""

    def __init__(self, decode: bool, decrypt: Callable | None):
        self.decode, self.decrypt = decode, decrypt

    def __call__(self, paths: Sequence[str]) -> list[np.ndarray]:
        return [self._one(path) for path in paths]

    def _one(self, path: str) -> np.ndarray:
        try:
            data = Path(path).read_bytes() if self.decrypt is None else bytes(self.decrypt(path))
            if not self.decode:
                return np.frombuffer(data, np.uint8).copy()
            from .vision import Decode
            return Decode()(np.frombuffer(data, np.uint8))
        except Exception as error:
            annotate(error, f"raised by image '{path}'")
            raise


class ImageFiles(Node):
    """Images in files, and further columns in memory.

    Args:
        columns: the names, the image's first.
        paths: the images' files.
        others: the further columns: arrays, or lists of arrays of different shapes.
        sampler: which rows, in which order.
        decode: whether to decode the images.
        parallel: how many threads read them.
        decrypt: gets a path and returns the image's bytes; None to read the file.
    """

    def __init__(self, columns: tuple[str, ...], paths: Sequence[str], others: Sequence[np.ndarray | list],
                 sampler: Sampler, decode: bool, parallel: Parallel, decrypt: Callable | None = None):
        self.columns, self.paths, self.others, self.sampler = columns, list(paths), others, sampler
        self.read, self.parallel = _Read(decode, decrypt), parallel

    def blocks(self, stage: Stage, hint: int) -> Blocks:
        indices = self.sampler.indices(len(self.paths), stage.rng, stage.probing, self.values).tolist()
        step = max(1, min(hint, 8))
        parts = [indices[start:start + step] for start in range(0, len(indices), step)]
        tasks = (([self.paths[i] for i in part],) for part in parts)
        for part, images in zip(parts, stage.call(self.read, tasks, self.parallel, "reading images"), strict=True):
            rows = [(image, *(np.asarray(other[i]) for other in self.others)) for i, image in zip(part, images)]
            yield Block.of_rows(rows)

    def values(self, column: str) -> np.ndarray:
        """All values of a column that is in memory."""
        check_known([column], self.columns[1:], "sampler")
        return np.asarray(self.others[self.columns.index(column) - 1])

    def size(self, endless: float) -> float | None:
        return self.sampler.size(len(self.paths))


class ImageFilesDataset(Dataset):
    """The base of datasets of image files."""

    _class_indexing: dict[str, int] | None = None

    def _build(self, columns: tuple[str, ...], paths: Sequence[str], others: Sequence, options: dict,
               decrypt: Callable | None = None) -> None:
        """Makes the node; `options` holds the constructor's arguments that all such datasets share."""
        name = type(self).__name__
        if not paths:
            raise ValueError(f"For '{name}', there are no images in the folder. Check the path and the layout that the "
                             f"class describes.")
        refuse_cache(options.get("cache"), name)
        if decrypt is not None and not callable(decrypt):
            raise TypeError(f"For '{name}', 'decrypt' must be callable, but got {type(decrypt).__name__}.")
        sampler = select_sampler(name, *(options[key] for key in
                                         ("num_samples", "sampler", "shuffle", "num_shards", "shard_id")))
        decode = check_bool(bool(options.get("decode")) if options.get("decode") is None else options["decode"],
                            "decode", name)
        parallel = Parallel(check_workers(options["num_parallel_workers"], name))
        super().__init__(ImageFiles(columns, paths, others, sampler, decode, parallel, decrypt))

    def get_class_indexing(self) -> dict[str, int]:
        """The names of the classes and their numbers."""
        return dict(self._class_indexing or {})

    def num_classes(self) -> int | None:
        """The number of classes, or None for a dataset without classes."""
        return None if self._class_indexing is None else len(self._class_indexing)
