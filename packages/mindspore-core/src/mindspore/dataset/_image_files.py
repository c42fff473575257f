"""Rows whose images lie in files of their own: each file is read when its row is."""
from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from ._blocks import Block, Blocks
from ._check import check_bool, check_known, check_workers
from ._pipeline import Node, Parallel, Stage, annotate
from .caching import check_cache
from .datasets import Dataset
from .samplers import Sampler, select_sampler

__all__ = ["EXTENSIONS", "ImageFiles", "ImageFilesDataset", "Read", "check_folder", "check_usage", "lines_of"]

EXTENSIONS = (".jpg", ".jpeg", ".bmp", ".png", ".gif", ".tif", ".tiff", ".webp")


def check_folder(path, name: str, function: str) -> Path:
    """A folder that exists: TypeError for what is no path, ValueError for what is no folder."""
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"For '{function}', '{name}' must be a path, but got {type(path).__name__}.")
    folder = Path(path)
    if not folder.is_dir():
        raise ValueError(f"For '{function}', the folder '{folder}' does not exist.")
    return folder


def check_usage(usage, usages: Sequence[str], function: str) -> list[str]:
    """The parts that a usage stands for: itself, or all for "all" and None. ValueError for any other."""
    if usage is not None and usage != "all" and usage not in usages:
        raise ValueError(f"For '{function}', 'usage' must be one of {[*usages, 'all']} or None, but got {usage!r}.")
    return list(usages) if usage in (None, "all") else [usage]


def lines_of(path: Path, function: str) -> list[str]:
    """The lines of a text file that are not empty. ValueError where it does not exist or is no text."""
    try:
        return [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except OSError:
        raise ValueError(f"For '{function}', the file '{path}' does not exist. Download the data set there, or choose "
                         f"the part that is there.") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"For '{function}', the file '{path}' is no text in UTF-8: {error}.") from None


class Read:
    """Reads the images of rows: their bytes as uint8, or decoded as RGB."""

    def __init__(self, decode: bool, decrypt: Callable | None):
        self.decode, self.decrypt = decode, decrypt

    def __call__(self, rows: Sequence[Sequence[str]]) -> list[tuple]:
        return [tuple([self._one(path) for path in row]) for row in rows]

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
        columns: the names, those of what is read first.
        paths: the files of each row: a path, or a tuple of several.
        others: the further columns: arrays, or lists of arrays of different shapes.
        sampler: which rows, in which order.
        decode: whether to decode the images.
        parallel: how many threads read them.
        decrypt: gets a path and returns the image's bytes; None to read the file.
        read: reads files that are no images: called with a list of rows' paths, it returns a list of rows' values.
    """

    def __init__(self, columns: tuple[str, ...], paths: Sequence, others: Sequence[np.ndarray | list],
                 sampler: Sampler, decode: bool, parallel: Parallel, decrypt: Callable | None = None,
                 read: Callable | None = None):
        self.columns, self.others, self.sampler = columns, others, sampler
        self.paths = [(path,) if isinstance(path, str) else path for path in paths]
        self.read, self.parallel = read or Read(decode, decrypt), parallel

    def blocks(self, stage: Stage, hint: int) -> Blocks:
        indices = stage.choose(self.sampler.indices(len(self.paths), stage.rng, stage.probing, self.values)).tolist()
        step = max(1, min(hint, 8))
        parts = [indices[start:start + step] for start in range(0, len(indices), step)]
        tasks = (([self.paths[i] for i in part],) for part in parts)
        for part, images in zip(parts, stage.call(self.read, tasks, self.parallel, "reading images"), strict=True):
            rows = [(*read, *(np.asarray(other[i]) for other in self.others)) for i, read in zip(part, images)]
            yield Block.of_rows(rows)

    def values(self, column: str) -> np.ndarray:
        """All values of a column that is in memory."""
        first = len(self.columns) - len(self.others)
        check_known([column], self.columns[first:], "sampler")
        return np.asarray(self.others[self.columns.index(column) - first])

    def size(self, endless: float) -> float | None:
        return self.sampler.size(len(self.paths))


class ImageFilesDataset(Dataset):
    """The base of datasets of image files."""

    _class_indexing: dict[str, int] | None = None

    def _build(self, columns: tuple[str, ...], paths: Sequence, others: Sequence, options: dict,
               decrypt: Callable | None = None, read: Callable | None = None) -> None:
        """Makes the node; `options` holds the constructor's arguments that all such datasets share."""
        name = type(self).__name__
        if not paths:
            what = "images" if read is None else "files"
            raise ValueError(f"For '{name}', there are no {what} in the folder. Check the path and the layout that the "
                             f"class describes.")
        check_cache(options.get("cache"), name)
        if decrypt is not None and not callable(decrypt):
            raise TypeError(f"For '{name}', 'decrypt' must be callable, but got {type(decrypt).__name__}.")
        sampler = select_sampler(name, *(options[key] for key in
                                         ("num_samples", "sampler", "shuffle", "num_shards", "shard_id")))
        decode = check_bool(bool(options.get("decode")) if options.get("decode") is None else options["decode"],
                            "decode", name)
        parallel = Parallel(check_workers(options["num_parallel_workers"], name))
        super().__init__(ImageFiles(columns, paths, others, sampler, decode, parallel, decrypt, read))

    def _open(self, options: dict, usages: Sequence[str] = ()) -> tuple[Path, list[str]]:
        """The folder of a collection, and the parts of it that `usage` chooses: one of `usages`, or all of them."""
        name = type(self).__name__
        folder = check_folder(options["dataset_dir"], "dataset_dir", name)
        return folder, check_usage(options.get("usage"), usages, name)

    def get_class_indexing(self) -> dict[str, int]:
        """The names of the classes and their numbers."""
        return dict(self._class_indexing or {})

    def num_classes(self) -> int | None:
        """The number of classes, or None for a dataset without classes."""
        return None if self._class_indexing is None else len(self._class_indexing)
