"""Datasets without files: random images, random rows of a schema, and rows to pad others with."""
from __future__ import annotations

import os

import numpy as np

from ._check import check_int, check_names, check_workers
from ._pipeline import Parallel
from ._sources import Fetch, RandomAccessSource
from .caching import check_cache
from .datasets import Dataset
from .samplers import select_sampler
from .schema import Schema
from .source_datasets import GeneratorDataset

__all__ = ["FakeImageDataset", "PaddedDataset", "RandomDataset"]


class _FakeImages:
    """Random images with labels, the same for a number at each call."""

    def __init__(self, count: int, shape: tuple[int, ...], classes: int, seed: int):
        self.count, self.shape, self.classes, self.seed = count, shape, classes, seed

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int):
        rng = np.random.Generator(np.random.Philox([self.seed, index]))
        return rng.integers(0, 256, self.shape, np.uint8), np.uint32(rng.integers(self.classes))


class FakeImageDataset(Dataset):
    """Random images: `image`, uint8 of shape (H, W, C), and `label`, a uint32 scalar; for trying pipelines out.

    Args:
        num_images: the number of rows.
        image_size: (height, width, channels).
        num_classes: labels are below it.
        base_seed: the images follow from it and their number.
        num_samples, num_parallel_workers, shuffle, sampler, num_shards, shard_id, cache: as for `MnistDataset`.
    """

    def __init__(self, num_images: int = 1000, image_size: tuple[int, int, int] = (224, 224, 3), num_classes: int = 10,
                 base_seed: int = 0, num_samples=None, num_parallel_workers: int | None = None,
                 shuffle: bool | None = None, sampler=None, num_shards=None, shard_id=None, cache=None):
        name = "FakeImageDataset"
        check_cache(cache, name)
        if not isinstance(image_size, (tuple, list)) or len(image_size) != 3:
            raise TypeError(f"For '{name}', 'image_size' must be (height, width, channels), but got {image_size!r}.")
        images = _FakeImages(check_int(num_images, "num_images", name, 1),
                             tuple(check_int(d, f"image_size[{i}]", name, 1) for i, d in enumerate(image_size)),
                             check_int(num_classes, "num_classes", name, 1), check_int(base_seed, "base_seed", name, 0))
        chosen = select_sampler(name, num_samples, sampler, shuffle, num_shards, shard_id)
        super().__init__(RandomAccessSource(Fetch(images, ("image", "label"), None), chosen,
                                            Parallel(check_workers(num_parallel_workers, name))))


class _RandomRows:
    """Random rows of columns with types and shapes, the same for a number at each call."""

    def __init__(self, count: int, columns: list[dict]):
        self.count, self.columns = count, columns

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int):
        rng = np.random.Generator(np.random.Philox(index))
        row = []
        for column in self.columns:
            dtype, shape = np.dtype(column["type"]), tuple(max(d, 1) for d in column.get("shape", []))
            if dtype.kind == "f":
                row.append(rng.standard_normal(shape).astype(dtype))
            elif dtype.kind in "iu":
                limits = np.iinfo(dtype)
                row.append(rng.integers(limits.min, limits.max, shape, dtype, endpoint=True))
            else:
                row.append(rng.random(shape) < 0.5 if dtype.kind == "b" else np.full(shape, "random"))
        return tuple(np.asarray(value) for value in row)


class RandomDataset(Dataset):
    """Random rows; for trying pipelines out.

    Args:
        total_rows: the number of rows; None for 1000.
        schema: a Schema, or the path of its JSON file, with the columns; None for one column of float32.
        columns_list: which of the columns; None for all.
        num_samples, num_parallel_workers, shuffle, num_shards, shard_id, cache: as for `MnistDataset`.
    """

    def __init__(self, total_rows: int | None = None, schema=None, columns_list=None, num_samples=None,
                 num_parallel_workers: int | None = None, cache=None, shuffle: bool | None = None, num_shards=None,
                 shard_id=None):
        name = "RandomDataset"
        check_cache(cache, name)
        if isinstance(schema, (str, os.PathLike)):
            schema = Schema(schema)
        if schema is not None and not isinstance(schema, Schema):
            raise TypeError(f"For '{name}', 'schema' must be a Schema or the path of one, but got "
                            f"{type(schema).__name__}.")
        described = [{"name": "data", "type": "float32", "shape": [4]}] if schema is None else schema.columns
        wanted = [c["name"] for c in described] if columns_list is None else check_names(columns_list, "columns_list",
                                                                                         name)
        by_name = {column["name"]: column for column in described}
        for column in wanted:
            if column not in by_name:
                raise ValueError(f"For '{name}', the schema has no column '{column}', but {list(by_name)}.")
        count = 1000 if total_rows is None else check_int(total_rows, "total_rows", name, 1)
        rows = _RandomRows(count, [by_name[column] for column in wanted])
        chosen = select_sampler(name, num_samples, None, shuffle, num_shards, shard_id)
        super().__init__(RandomAccessSource(Fetch(rows, tuple(wanted), None), chosen,
                                            Parallel(check_workers(num_parallel_workers, name))))


class PaddedDataset(GeneratorDataset):
    """Rows given as a list of dicts of column names to arrays, in this order; for adding to another dataset.

    Args:
        padded_samples: the rows.

    Raises:
        TypeError: it is no list of dicts.
        ValueError: it is empty, or the rows have different columns.
    """

    def __init__(self, padded_samples: list[dict]):
        if not isinstance(padded_samples, list) or not all(isinstance(row, dict) for row in padded_samples):
            raise TypeError(f"For 'PaddedDataset', 'padded_samples' must be a list of dicts, but got "
                            f"{type(padded_samples).__name__}.")
        if not padded_samples or not padded_samples[0]:
            raise ValueError("For 'PaddedDataset', 'padded_samples' must not be empty.")
        names = list(padded_samples[0])
        if any(list(row) != names for row in padded_samples):
            raise ValueError(f"For 'PaddedDataset', all rows must have the columns of the first, {names}.")
        self.padded_samples = padded_samples
        super().__init__([tuple(row[name] for name in names) for row in padded_samples], names, shuffle=False)
