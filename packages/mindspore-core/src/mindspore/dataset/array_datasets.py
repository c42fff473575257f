"""Collections of small images that lie together in few files; they are kept in memory."""
from __future__ import annotations

import bz2
import gzip
import lzma
import math
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ._check import check_bool, check_workers
from ._image_files import check_folder, check_usage, lines_of
from ._mat import read_mat
from ._sources import ArraySource
from .caching import check_cache
from .datasets import Dataset
from .samplers import Shuffle, select_sampler

__all__ = ["PhotoTourDataset", "QMnistDataset", "STL10Dataset", "SVHNDataset", "SemeionDataset", "USPSDataset"]


class _Arrays(Dataset):
    """The base of collections in memory."""

    def _keep(self, columns: tuple[str, ...], load: Callable[[], tuple[np.ndarray, ...]], options: dict) -> None:
        """Makes the node; `options` holds the constructor's arguments."""
        name = type(self).__name__
        check_workers(options["num_parallel_workers"], name)
        check_cache(options.get("cache"), name)
        sampler = select_sampler(name, *(options.get(key) for key in
                                         ("num_samples", "sampler", "shuffle", "num_shards", "shard_id")))
        super().__init__(ArraySource(columns, load, sampler))

    def _folder(self, options: dict) -> Path:
        return check_folder(options["dataset_dir"], "dataset_dir", type(self).__name__)


def _file(folder: Path, names: tuple[str, ...], function: str) -> Path:
    """The first of these files that is there; ValueError where none is."""
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise ValueError(f"For '{function}', the folder '{folder}' has no file {' or '.join(names)}. Download the data set "
                     f"there, or choose the part that is there.")


def _unpacked(path: Path) -> bytes:
    """A file's bytes, which may be packed."""
    opened = {".gz": gzip.open, ".xz": lzma.open, ".bz2": bz2.open}.get(path.suffix, open)
    with opened(path, "rb") as file:        # type: ignore[operator]
        return file.read()


# -------------------------------------------------------------------------------------------------------------- QMNIST

_IDX_TYPES: dict[int, np.dtype] = {8: np.dtype(np.uint8), 12: np.dtype(">i4")}


def _idx(path: Path) -> np.ndarray:
    """An idx file of bytes or of 32-bit numbers. ValueError where it is none."""
    try:
        data = _unpacked(path)
        zero, kind, dims = struct.unpack_from(">HBB", data)
        shape = struct.unpack_from(f">{dims}I", data, 4)
        values = np.frombuffer(data, _IDX_TYPES[kind], offset=4 + 4 * dims)
        if zero or values.size != math.prod(shape):
            raise ValueError(f"it has {values.size} values for the shape {shape}")
        return values.reshape(shape)
    except (struct.error, KeyError, ValueError, EOFError, OSError, lzma.LZMAError) as error:
        raise ValueError(f"File '{path}' is not a valid idx file: {error!r}. Download it again.") from error


class QMnistDataset(_Arrays):
    """QMNIST: `image`, uint8 of shape (28, 28, 1), and `label`, a uint32 scalar, or with `compat=False` all eight
    numbers that are known of the digit.

    Args:
        dataset_dir: the folder with `qmnist-train-images-idx3-ubyte`, `qmnist-train-labels-idx2-int`, those of `test`,
            and `xnist-images-idx3-ubyte`, `xnist-labels-idx2-int`; plain or packed with `.gz` or `.xz`.
        usage: "train", "test", "test10k" or "test50k" (parts of the test), "nist", or "all" or None for all but these
            parts.
        compat: whether labels are those of MNIST.
        num_samples, num_parallel_workers, shuffle, sampler, num_shards, shard_id, cache: as for `MnistDataset`.
    """

    _FILES = {"train": "qmnist-train", "test": "qmnist-test", "nist": "xnist"}

    def __init__(self, dataset_dir, usage: str | None = None, compat: bool = True, num_samples=None,
                 num_parallel_workers: int | None = None, shuffle: bool | None = None, sampler=None, num_shards=None,
                 shard_id=None, cache=None):
        options = locals()
        name = "QMnistDataset"
        check_bool(compat, "compat", name)
        folder = self._folder(options)
        parts = check_usage(usage, ("train", "test", "test10k", "test50k", "nist"), name)
        parts = parts if len(parts) == 1 else ["train", "test", "nist"]

        def load() -> tuple[np.ndarray, ...]:
            images, labels = [], []
            for part in parts:
                stem = self._FILES[part.rstrip("0123456789k")]
                ends = ("", ".gz", ".xz")
                image = _idx(_file(folder, tuple(f"{stem}-images-idx3-ubyte{end}" for end in ends), name))
                label = _idx(_file(folder, tuple(f"{stem}-labels-idx2-int{end}" for end in ends), name))
                rows = {"test10k": slice(0, 10000), "test50k": slice(10000, None)}.get(part, slice(None))
                images.append(image[rows, ..., np.newaxis])
                labels.append((label[rows, 0] if compat else label[rows]).astype(np.uint32))
            return np.concatenate(images), np.concatenate(labels)

        self._keep(("image", "label"), load, options)


class SemeionDataset(_Arrays):
    """Semeion, handwritten digits: `image`, uint8 of shape (16, 16), and `label`, a uint32 scalar.

    Args:
        dataset_dir: the folder with `semeion.data`, a line of 256 pixels and ten marks for each digit.
        num_samples, num_parallel_workers, shuffle, sampler, num_shards, shard_id, cache: as for `MnistDataset`.
    """

    def __init__(self, dataset_dir, num_samples=None, num_parallel_workers: int | None = None,
                 shuffle: bool | None = None, sampler=None, num_shards=None, shard_id=None, cache=None):
        options = locals()
        path = _file(self._folder(options), ("semeion.data",), "SemeionDataset")

        def load() -> tuple[np.ndarray, ...]:
            try:
                table = np.array([line.split() for line in lines_of(path, "SemeionDataset")], np.float64)
                if table.shape[1:] != (266,):
                    raise ValueError(f"its rows have {table.shape[1:]} numbers instead of 266")
            except ValueError as error:
                raise ValueError(f"For 'SemeionDataset', file '{path}' is damaged: {error}") from error
            return table[:, :256].reshape(-1, 16, 16).astype(np.uint8), table[:, 256:].argmax(1).astype(np.uint32)

        self._keep(("image", "label"), load, options)


class STL10Dataset(_Arrays):
    """STL-10: `image`, uint8 of shape (96, 96, 3), and `label`, an int32 scalar, -1 where there is none.

    Args:
        dataset_dir: the folder with `train_X.bin`, `train_y.bin`, `test_X.bin`, `test_y.bin` and `unlabeled_X.bin`.
        usage: "train", "test", "unlabeled", "train+unlabeled", or "all" or None for all of them.
        num_samples, num_parallel_workers, shuffle, sampler, num_shards, shard_id, cache: as for `MnistDataset`.
    """

    def __init__(self, dataset_dir, usage: str | None = None, num_samples=None,
                 num_parallel_workers: int | None = None, shuffle: bool | None = None, sampler=None, num_shards=None,
                 shard_id=None, cache=None):
        options = locals()
        name = "STL10Dataset"
        folder = self._folder(options)
        parts = check_usage(usage, ("train", "test", "unlabeled", "train+unlabeled"), name)
        parts = parts[0].split("+") if len(parts) == 1 else ["train", "test", "unlabeled"]

        def load() -> tuple[np.ndarray, ...]:
            images, labels = [], []
            for part in parts:
                data = np.fromfile(_file(folder, (f"{part}_X.bin",), name), np.uint8)
                if data.size % 27648:
                    raise ValueError(f"For '{name}', file '{folder / part}_X.bin' has {data.size} bytes, no multiple "
                                     f"of 27648. Download it again.")
                images.append(data.reshape(-1, 3, 96, 96).transpose(0, 3, 2, 1))
                labels.append(np.full(len(images[-1]), -1, np.int32) if part == "unlabeled" else np.fromfile(
                    _file(folder, (f"{part}_y.bin",), name), np.uint8).astype(np.int32) - 1)
                if len(images[-1]) != len(labels[-1]):
                    raise ValueError(f"For '{name}', there are {len(images[-1])} images and {len(labels[-1])} labels "
                                     f"of the part {part!r}.")
            return np.concatenate(images), np.concatenate(labels)

        self._keep(("image", "label"), load, options)


class SVHNDataset(_Arrays):
    """Street View House Numbers: `image`, uint8 of shape (32, 32, 3), and `label`, a uint32 scalar, the digit.

    Args:
        dataset_dir: the folder with `train_32x32.mat`, `test_32x32.mat` and `extra_32x32.mat`.
        usage: "train", "test", "extra", or "all" or None for all of them.
        num_samples, num_parallel_workers, shuffle, sampler, num_shards, shard_id: as for `MnistDataset`.
    """

    def __init__(self, dataset_dir, usage: str | None = None, num_samples=None,
                 num_parallel_workers: int | None = 1, shuffle: bool | None = None, sampler=None, num_shards=None,
                 shard_id=None):
        options = locals()
        name = "SVHNDataset"
        folder = self._folder(options)
        files = [_file(folder, (f"{part}_32x32.mat",), name)
                 for part in check_usage(usage, ("train", "test", "extra"), name)]

        def load() -> tuple[np.ndarray, ...]:
            found = [read_mat(path, ["X", "y"], name) for path in files]
            for path, part in zip(files, found):
                if part["X"].shape != (32, 32, 3, part["y"].size) or part["X"].dtype != np.uint8:
                    raise ValueError(f"For '{name}', file '{path}' has {part['X'].dtype} images of shape "
                                     f"{part['X'].shape} and {part['y'].size} labels. Download it again.")
            return (np.concatenate([np.ascontiguousarray(part["X"].transpose(3, 0, 1, 2)) for part in found]),
                    np.concatenate([part["y"].ravel() % 10 for part in found]).astype(np.uint32))

        self._keep(("image", "label"), load, options)


class USPSDataset(_Arrays):
    """USPS, handwritten digits: `image`, uint8 of shape (16, 16, 1), and `label`, a uint32 scalar.

    Args:
        dataset_dir: the folder with `usps` and `usps.t`, plain or with `.bz2`: lines of a label from 1 to 10 and
            `NUMBER:VALUE` for each pixel, from -1 to 1.
        usage: "train", "test", or "all" or None for both.
        shuffle: True or a Shuffle: random order; False or None: the files' order.
        num_samples, num_parallel_workers, num_shards, shard_id, cache: as for `MnistDataset`.
    """

    def __init__(self, dataset_dir, usage: str | None = None, num_samples=None,
                 num_parallel_workers: int | None = None, shuffle=Shuffle.GLOBAL, num_shards=None, shard_id=None,
                 cache=None):
        options = {**locals(), "shuffle": bool(shuffle)}
        name = "USPSDataset"
        folder = self._folder(options)
        files = [_file(folder, (stem, f"{stem}.bz2"), name) for part in check_usage(usage, ("train", "test"), name)
                 for stem in ({"train": "usps", "test": "usps.t"}[part],)]

        def load() -> tuple[np.ndarray, ...]:
            tables = [_usps(path) for path in files]
            return np.concatenate([image for image, _ in tables]), np.concatenate([label for _, label in tables])

        self._keep(("image", "label"), load, options)


def _usps(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Images and labels of a file of USPS."""
    try:
        rows = [line.split() for line in _unpacked(path).decode("ascii").splitlines() if line.strip()]
        labels = np.array([int(float(row[0])) - 1 for row in rows], np.uint32)
        pixels = np.zeros((len(rows), 256))
        for image, row in zip(pixels, rows):
            for pair in row[1:]:
                place, _, value = pair.partition(":")
                image[int(place) - 1] = (float(value) + 1) / 2 * 255
        return pixels.reshape(-1, 16, 16, 1).astype(np.uint8), labels
    except (OSError, ValueError, IndexError, EOFError, OverflowError) as error:
        raise ValueError(f"For 'USPSDataset', file '{path}' is damaged: {error}") from error


class PhotoTourDataset(_Arrays):
    """PhotoTour, patches of buildings. The column of "train" is `image`, uint8 of shape (64, 64, 1); those of "test"
    are `image1`, `image2`, and `matches`, uint32: 1 where both show the same point.

    Args:
        dataset_dir: the folder with a folder of this name, which has the patches `patch0000.bmp` and so on, 16 x 16 of
            them in each image, `info.txt` with a line for each patch, and `m50_100000_100000_0.txt` with the pairs.
        name: "notredame", "yosemite", "liberty", or one of these with `_harris`.
        usage: "train" or None, or "test".
        num_samples, num_parallel_workers, shuffle, sampler, num_shards, shard_id, cache: as for `MnistDataset`.
    """

    _NAMES = tuple(f"{place}{end}" for place in ("notredame", "yosemite", "liberty") for end in ("", "_harris"))

    def __init__(self, dataset_dir, name: str, usage: str | None = None, num_samples=None,
                 num_parallel_workers: int | None = None, shuffle: bool | None = None, sampler=None, num_shards=None,
                 shard_id=None, cache=None):
        options = locals()
        function = "PhotoTourDataset"
        if name not in self._NAMES:
            raise ValueError(f"For '{function}', 'name' must be one of {self._NAMES}, but got {name!r}.")
        if usage not in (None, "train", "test"):
            raise ValueError(f"For '{function}', 'usage' must be 'train', 'test' or None, but got {usage!r}.")
        folder = check_folder(self._folder(options) / name, "dataset_dir", function)

        def load() -> tuple[np.ndarray, ...]:
            known = [int(line.split()[0]) for line in lines_of(folder / "info.txt", function)]
            patches = np.concatenate([_patches(path) for path in sorted(folder.glob("*.bmp"))] or
                                     [np.zeros((0, 64, 64, 1), np.uint8)])
            if len(patches) < len(known):
                raise ValueError(f"For '{function}', there are {len(known)} lines in info.txt, but only {len(patches)} "
                                 f"patches.")
            if usage != "test":
                return (patches[:len(known)],)
            pairs = np.array([line.split() for line in lines_of(folder / "m50_100000_100000_0.txt", function)],
                             np.int64)
            return (patches[pairs[:, 0]], patches[pairs[:, 3]], (pairs[:, 1] == pairs[:, 4]).astype(np.uint32))

        self._keep(("image1", "image2", "matches") if usage == "test" else ("image",), load, options)


def _patches(path: Path) -> np.ndarray:
    """The patches of an image, row by row, uint8 of shape (N, 64, 64, 1)."""
    from PIL import Image
    with Image.open(path) as image:
        pixels = np.asarray(image.convert("L"))
    rows, columns = pixels.shape[0] // 64, pixels.shape[1] // 64
    return pixels[:rows * 64, :columns * 64].reshape(rows, 64, columns, 64).swapaxes(1, 2).reshape(-1, 64, 64, 1)
