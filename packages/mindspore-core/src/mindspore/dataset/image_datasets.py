"""Datasets of images: folders with one class each, lists of files, and the CIFAR files."""
from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ._check import check_int, check_workers
from ._files import map_file
from ._image_files import EXTENSIONS, ImageFilesDataset, check_folder
from ._sources import ArraySource
from .caching import check_cache
from .datasets import Dataset
from .samplers import select_sampler

__all__ = ["Caltech256Dataset", "Cifar100Dataset", "Cifar10Dataset", "ImageFolderDataset", "ManifestDataset",
           "OmniglotDataset"]


def _check_extensions(extensions, function: str) -> tuple[str, ...]:
    if extensions is None:
        return EXTENSIONS
    if not isinstance(extensions, (list, tuple)) or not all(isinstance(e, str) and e[:1] == "." for e in extensions):
        raise TypeError(f"For '{function}', 'extensions' must be a list of str such as '.png', but got {extensions!r}.")
    return tuple(extension.lower() for extension in extensions)


def _check_indexing(indexing, function: str) -> dict[str, int] | None:
    if indexing is None:
        return None
    if not isinstance(indexing, dict) or not all(isinstance(name, str) for name in indexing):
        raise TypeError(f"For '{function}', 'class_indexing' must be a dict of str to int, but got {indexing!r}.")
    return {name: check_int(number, f"class_indexing['{name}']", function, 0) for name, number in indexing.items()}


def folders_of_images(folder: Path, extensions: tuple[str, ...], indexing: dict[str, int] | None):
    """The images in sub-folders at any depth, one class per sub-folder: paths, labels and the classes' numbers."""
    classes = sorted(entry.name for entry in folder.iterdir() if entry.is_dir())
    numbers = {name: i for i, name in enumerate(classes)} if indexing is None else indexing
    paths, labels = [], []
    for name in classes:
        if name not in numbers:
            continue
        for path in sorted((folder / name).rglob("*")):
            if path.suffix.lower() in extensions and path.is_file():
                paths.append(str(path))
                labels.append(numbers[name])
    return paths, np.array(labels, np.int32), numbers


class ImageFolderDataset(ImageFilesDataset):
    """Images in folders, one per class.

    The columns are `image`, the file's bytes as uint8, or with `decode` RGB of shape (H, W, 3); and `label`, an int32
    scalar.

    Args:
        dataset_dir: the folder with one folder per class; images may lie deeper in these.
        num_samples: at most this many rows; None for all.
        num_parallel_workers: threads that read and decode; None for the configured number.
        shuffle: random order; None means True.
        sampler: a Sampler, or an iterable of row numbers.
        extensions: the endings of images' names; None for the usual ones.
        class_indexing: names of folders to labels, the others are left out; None numbers them by alphabet.
        decode: whether to decode the images.
        num_shards: number of shards.
        shard_id: which of them this is.
        cache: a DatasetCache or None; a source keeps nothing in it, since files are mapped: give it to `map`.
        decrypt: gets a path and returns the image's bytes; None to read the file.

    Raises:
        TypeError: an argument is of a wrong type.
        ValueError: the folder does not exist or holds no images; while iterating, one is damaged.
        RuntimeError: options contradict each other, as for `GeneratorDataset`.
    """

    def __init__(self, dataset_dir, num_samples=None, num_parallel_workers: int | None = None,
                 shuffle: bool | None = None, sampler=None, extensions=None, class_indexing: dict | None = None,
                 decode: bool = False, num_shards=None, shard_id=None, cache=None, decrypt: Callable | None = None):
        options = locals()
        name = type(self).__name__
        folder = check_folder(dataset_dir, "dataset_dir", name)
        paths, labels, self._class_indexing = folders_of_images(folder, _check_extensions(extensions, name),
                                                                _check_indexing(class_indexing, name))
        self._build(("image", "label"), paths, [labels], options, decrypt)


class Caltech256Dataset(ImageFilesDataset):
    """Caltech-256: images in 257 folders, one per class, labelled by alphabet; columns and arguments as for
    `ImageFolderDataset`."""

    def __init__(self, dataset_dir, num_samples=None, num_parallel_workers: int | None = None,
                 shuffle: bool | None = None, decode: bool = False, sampler=None, num_shards=None, shard_id=None,
                 cache=None):
        options = locals()
        folder = check_folder(dataset_dir, "dataset_dir", "Caltech256Dataset")
        paths, labels, self._class_indexing = folders_of_images(folder, EXTENSIONS, None)
        self._build(("image", "label"), paths, [labels.astype(np.uint32)], options)


class OmniglotDataset(ImageFilesDataset):
    """Omniglot: images of hand-written characters, one class per character of each alphabet.

    Args:
        dataset_dir: the folder with `images_background` and `images_evaluation`.
        background: True or None for the first of them, False for the second.
        num_samples, num_parallel_workers, shuffle, decode, sampler, num_shards, shard_id, cache: as for
            `ImageFolderDataset`.
    """

    def __init__(self, dataset_dir, background: bool | None = None, num_samples=None,
                 num_parallel_workers: int | None = None, shuffle: bool | None = None, decode: bool = False,
                 sampler=None, num_shards=None, shard_id=None, cache=None):
        options = locals()
        part = "images_evaluation" if background is False else "images_background"
        folder = check_folder(Path(check_folder(dataset_dir, "dataset_dir", "OmniglotDataset")) / part, "dataset_dir",
                              "OmniglotDataset")
        characters = sorted(path for path in folder.glob("*/*") if path.is_dir())
        paths, labels = [], []
        for number, character in enumerate(characters):
            for path in sorted(character.glob("*.png")):
                paths.append(str(path))
                labels.append(number)
        self._class_indexing = {f"{path.parent.name}/{path.name}": i for i, path in enumerate(characters)}
        self._build(("image", "label"), paths, [np.array(labels, np.int32)], options)


class ManifestDataset(ImageFilesDataset):
    """Images that a manifest lists: a file of JSON lines with `source` (the path), `usage` and `annotation`.

    The annotation is a list of `{"type": ..., "name": class}`. The columns are `image` and `label`, int32 of one
    dimension where an image has several classes, a scalar where it has one.

    Args:
        dataset_file: the manifest.
        usage: which lines: "train", "eval" or "inference", in the file in letters of either case.
        class_indexing: names of classes to labels; None numbers them by alphabet.
        num_samples, num_parallel_workers, shuffle, sampler, decode, num_shards, shard_id, cache: as for
            `ImageFolderDataset`.
    """

    def __init__(self, dataset_file, usage: str = "train", num_samples=None, num_parallel_workers: int | None = None,
                 shuffle: bool | None = None, sampler=None, class_indexing: dict | None = None, decode: bool = False,
                 num_shards=None, shard_id=None, cache=None):
        options = locals()
        name = "ManifestDataset"
        if usage not in ("train", "eval", "inference"):
            raise ValueError(f"For '{name}', 'usage' must be 'train', 'eval' or 'inference', but got {usage!r}.")
        numbers = _check_indexing(class_indexing, name)
        listed = []
        with open(dataset_file, encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if not line.strip():
                    continue
                try:
                    entry = json.loads(line)
                    if str(entry.get("usage")).lower() == usage:
                        listed.append((str(entry["source"]), [str(a["name"]) for a in entry.get("annotation", [])]))
                except (ValueError, KeyError, TypeError, AttributeError) as error:
                    raise ValueError(f"For '{name}', line {number} of file '{dataset_file}' is no entry of a manifest: "
                                     f"{error!r}.") from error
        names = sorted({label for _, labels in listed for label in labels})
        self._class_indexing = {label: i for i, label in enumerate(names)} if numbers is None else numbers
        chosen = self._class_indexing
        kept = [(path, labels) for path, labels in listed if usage == "inference" or any(n in chosen for n in labels)]
        columns = [np.array([chosen[n] for n in labels if n in chosen], np.int32) for _, labels in kept]
        self._build(("image", "label"), [path for path, _ in kept],
                    [[c[0] if len(c) == 1 else c for c in columns]], options)


# --------------------------------------------------------------------------------------------------------------- CIFAR

_PIXELS = 3 * 32 * 32


def read_cifar(paths: list[Path], labels: int) -> tuple[np.ndarray, ...]:
    """Images (N, 32, 32, 3) and columns of labels, uint32, of files of CIFAR's binary version.

    Each record is the labels, a byte each, then the red, green and blue planes.

    Raises:
        ValueError: a file's length is no multiple of a record's, or it is empty.
    """
    parts = []
    for path in paths:
        data = map_file(str(path))
        if not len(data) or len(data) % (labels + _PIXELS):
            raise ValueError(f"File '{path}' is not of CIFAR's binary version: its length {len(data)} is no "
                             f"multiple of {labels + _PIXELS}. Download it again.")
        parts.append(np.frombuffer(data, np.uint8).reshape(-1, labels + _PIXELS))
    records = np.concatenate(parts)
    images = np.ascontiguousarray(records[:, labels:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))
    return images, *(records[:, i].astype(np.uint32) for i in range(labels))


class Cifar10Dataset(Dataset):
    """CIFAR-10, from the files of its binary version.

    The columns are `image`, uint8 of shape (32, 32, 3), and `label`, a uint32 scalar. The files are read, and kept in
    memory, when the first row is needed.

    Args:
        dataset_dir: the folder with `data_batch_1.bin` ... `data_batch_5.bin` and `test_batch.bin`.
        usage: "train", "test", or "all" for both; None means "all".
        num_samples: at most this many rows; None for all.
        num_parallel_workers: checked only: rows are gathered many at once.
        shuffle: random order; None means True.
        sampler: a Sampler, or an iterable of row numbers.
        num_shards: number of shards.
        shard_id: which of them this is.
        cache: a DatasetCache or None; a source keeps nothing in it, since files are mapped: give it to `map`.

    Raises:
        TypeError: an argument is of a wrong type.
        ValueError: the folder or its files do not exist, or an argument is out of range; when the files are read, one
            is damaged.
        RuntimeError: options contradict each other, as for `GeneratorDataset`.
    """

    _PARTS = {"train": "data_batch_*.bin", "test": "test_batch.bin"}
    _COLUMNS: tuple[str, ...] = ("image", "label")
    _CLASSES = 10

    def __init__(self, dataset_dir, usage: str | None = None, num_samples=None,
                 num_parallel_workers: int | None = None, shuffle: bool | None = None, sampler=None, num_shards=None,
                 shard_id=None, cache=None):
        name = type(self).__name__
        check_workers(num_parallel_workers, name)
        folder = check_folder(dataset_dir, "dataset_dir", name)
        if usage is not None and usage not in ("train", "test", "all"):
            raise ValueError(f"For '{name}', 'usage' must be 'train', 'test', 'all' or None, but got {usage!r}.")
        check_cache(cache, name)
        patterns = list(self._PARTS.values()) if usage in (None, "all") else [self._PARTS[usage]]
        files = [path for pattern in patterns for path in sorted(folder.glob(pattern))]
        if not files:
            raise ValueError(f"For '{name}', the folder '{folder}' has no file {' or '.join(patterns)}. Download the "
                             f"binary version of the data set there.")
        labels = len(self._COLUMNS) - 1
        chosen = select_sampler(name, num_samples, sampler, shuffle, num_shards, shard_id)
        super().__init__(ArraySource(self._COLUMNS, lambda: read_cifar(files, labels), chosen))

    def num_classes(self) -> int:
        """The number of classes."""
        return self._CLASSES


class Cifar100Dataset(Cifar10Dataset):
    """CIFAR-100, from `train.bin` and `test.bin` of its binary version; arguments as for `Cifar10Dataset`.

    The columns are `image`, uint8 of shape (32, 32, 3), `coarse_label` and `fine_label`, uint32 scalars.
    """

    _PARTS = {"train": "train.bin", "test": "test.bin"}
    _COLUMNS = ("image", "coarse_label", "fine_label")
    _CLASSES = 100
