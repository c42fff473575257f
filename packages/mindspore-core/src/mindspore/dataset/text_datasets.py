"""Collections of text: reviews and news as comma-separated values, corpora of lines, and folders of texts."""
from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from ._check import check_workers
from ._files import FileRows, check_files, file_sampler, line_places
from ._image_files import check_folder
from ._pipeline import Parallel
from ._sources import Fetch, RandomAccessSource
from .caching import check_cache
from .datasets import Dataset
from .record_datasets import _line, _rows, csv_row
from .samplers import Shuffle, select_sampler

__all__ = ["AGNewsDataset", "AmazonReviewDataset", "CLUEDataset", "DBpediaDataset", "EnWik9Dataset", "IMDBDataset",
           "PennTreebankDataset", "SogouNewsDataset", "WikiTextDataset", "YahooAnswersDataset", "YelpReviewDataset"]


class _Collection(Dataset):
    """Files of a folder by part. A subclass gives `_PARTS`, names of files, and `_COLUMNS`; `_CSV` says which kind."""

    _PARTS: dict[str, str] = {"train": "train.csv", "test": "test.csv"}
    _COLUMNS: tuple[str, ...] = ("text",)
    _CSV = True

    def __init__(self, dataset_dir, usage: str | None = None, num_samples=None,
                 num_parallel_workers: int | None = None, shuffle=Shuffle.GLOBAL, num_shards=None, shard_id=None,
                 cache=None):
        name = type(self).__name__
        check_workers(num_parallel_workers, name)
        check_cache(cache, name)
        folder = check_folder(dataset_dir, "dataset_dir", name)
        if usage is not None and usage != "all" and usage not in self._PARTS:
            raise ValueError(f"For '{name}', 'usage' must be one of {[*self._PARTS, 'all']} or None, but got "
                             f"{usage!r}.")
        parts = list(self._PARTS) if usage in (None, "all") else [usage]
        files = check_files([folder / self._PARTS[part] for part in parts], name)       # type: ignore[index]
        parse = csv_row(self._COLUMNS, ",", None) if self._CSV else _line
        super().__init__(FileRows(self._COLUMNS, files, _rows if self._CSV else line_places, parse,
                                  file_sampler(name, num_samples, shuffle, num_shards, shard_id)))


class AGNewsDataset(_Collection):
    """AG News: the columns `index`, `title` and `description`, all str, of `train.csv` and `test.csv`.

    Args:
        dataset_dir: the folder with the files.
        usage: the part, or "all" or None for all.
        num_samples, num_parallel_workers, shuffle, num_shards, shard_id, cache: as for `TextFileDataset`.
    """

    _COLUMNS = ("index", "title", "description")


class AmazonReviewDataset(_Collection):
    """Amazon reviews: `label`, `title` and `content`, all str; arguments as for `AGNewsDataset`."""

    _COLUMNS = ("label", "title", "content")


class DBpediaDataset(_Collection):
    """DBpedia: `class`, `title` and `content`, all str; arguments as for `AGNewsDataset`."""

    _COLUMNS = ("class", "title", "content")


class SogouNewsDataset(_Collection):
    """Sogou News: `index`, `title` and `content`, all str; arguments as for `AGNewsDataset`."""

    _COLUMNS = ("index", "title", "content")

    def __init__(self, dataset_dir, usage: str | None = None, num_samples=None, shuffle=Shuffle.GLOBAL,
                 num_shards=None, shard_id=None, num_parallel_workers: int | None = None, cache=None):
        super().__init__(dataset_dir, usage, num_samples, num_parallel_workers, shuffle, num_shards, shard_id, cache)


class YahooAnswersDataset(_Collection):
    """Yahoo answers: `class`, `title`, `content` and `answer`, all str; arguments as for `AGNewsDataset`."""

    _COLUMNS = ("class", "title", "content", "answer")


class YelpReviewDataset(_Collection):
    """Yelp reviews: `label` and `text`, all str; arguments as for `AGNewsDataset`."""

    _COLUMNS = ("label", "text")

    def __init__(self, dataset_dir, usage: str | None = None, num_samples=None, shuffle=Shuffle.GLOBAL,
                 num_shards=None, shard_id=None, num_parallel_workers: int | None = None, cache=None):
        super().__init__(dataset_dir, usage, num_samples, num_parallel_workers, shuffle, num_shards, shard_id, cache)


class PennTreebankDataset(_Collection):
    """The Penn Treebank's lines: `text`, of `ptb.train.txt`, `ptb.test.txt` and `ptb.valid.txt`.

    Arguments as for `AGNewsDataset`; `usage` may also be "valid".
    """

    _PARTS = {part: f"ptb.{part}.txt" for part in ("train", "test", "valid")}
    _CSV = False


class WikiTextDataset(_Collection):
    """WikiText's lines: `text`, of `wiki.train.tokens`, `wiki.test.tokens` and `wiki.valid.tokens`.

    Arguments as for `AGNewsDataset`; `usage` may also be "valid".
    """

    _PARTS = {part: f"wiki.{part}.tokens" for part in ("train", "test", "valid")}
    _CSV = False


class EnWik9Dataset(_Collection):
    """The lines of `enwik9`, a dump of Wikipedia: `text`; arguments as for `AGNewsDataset`, without `usage`."""

    _PARTS = {"all": "enwik9"}
    _CSV = False

    def __init__(self, dataset_dir, num_samples=None, num_parallel_workers: int | None = None, shuffle=True,
                 num_shards=None, shard_id=None, cache=None):
        super().__init__(dataset_dir, None, num_samples, num_parallel_workers, shuffle, num_shards, shard_id, cache)


class _Texts:
    """Texts in files of their own, with labels."""

    def __init__(self, paths: list[tuple[Path, int]]):
        self.paths = paths

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int):
        path, label = self.paths[index]
        return path.read_text(encoding="utf-8"), np.uint32(label)


class IMDBDataset(Dataset):
    """IMDb reviews: `text`, and `label`, uint32: 0 for negative, 1 for positive.

    Args:
        dataset_dir: the folder with `train` and `test`, each with `neg` and `pos` with a text per file.
        usage: "train", "test", or "all" or None for both.
        num_samples, num_parallel_workers, shuffle, sampler, num_shards, shard_id, cache: as for `MnistDataset`.
    """

    def __init__(self, dataset_dir, usage: str | None = None, num_samples=None,
                 num_parallel_workers: int | None = None, shuffle: bool | None = None, sampler=None, num_shards=None,
                 shard_id=None, cache=None):
        name = "IMDBDataset"
        check_cache(cache, name)
        folder = check_folder(dataset_dir, "dataset_dir", name)
        if usage not in (None, "train", "test", "all"):
            raise ValueError(f"For '{name}', 'usage' must be 'train', 'test', 'all' or None, but got {usage!r}.")
        parts = ("train", "test") if usage in (None, "all") else (usage,)
        paths = [(path, label) for part in parts for label, kind in enumerate(("neg", "pos"))
                 for path in sorted((folder / str(part) / kind).glob("*.txt"))]
        if not paths:
            raise ValueError(f"For '{name}', the folder '{folder}' has no texts in {parts[0]}/neg and {parts[0]}/pos.")
        chosen = select_sampler(name, num_samples, sampler, shuffle, num_shards, shard_id)
        super().__init__(RandomAccessSource(Fetch(_Texts(paths), ("text", "label"), None), chosen,
                                            Parallel(check_workers(num_parallel_workers, name))))


# The fields of each task of CLUE, for training and evaluation; "test" has no label, and `id` where that is given.
_CLUE = {"AFQMC": ("sentence1", "sentence2", "label"), "CMNLI": ("sentence1", "sentence2", "label"),
         "CSL": ("id", "abst", "keyword", "label"), "IFLYTEK": ("sentence", "label", "label_des"),
         "TNEWS": ("sentence", "label", "label_desc", "keywords")}
_CLUE_LABELS = {"label", "label_des", "label_desc"}


class _ClueRow:
    """Makes the columns of a line of JSON."""

    def __init__(self, columns: tuple[str, ...]):
        self.columns = columns

    def __call__(self, data: memoryview, start: int, length: int) -> tuple[np.ndarray, ...]:
        try:
            entry = json.loads(bytes(data[start:start + length]))
            return tuple(self._value(entry[name]) for name in self.columns)
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise ValueError(f"the line at byte {start} has not the fields {list(self.columns)}: {error!r}") from None

    @staticmethod
    def _value(value) -> np.ndarray:
        array = np.array(value)
        if array.dtype.hasobject:
            raise TypeError(f"a field holds {value!r}")
        return array


class CLUEDataset(Dataset):
    """Tasks of the Chinese benchmark CLUE: files of JSON lines; the columns are the task's fields, by name.

    Args:
        dataset_files: a path, a pattern, or a list of them.
        task: "AFQMC", "CMNLI", "CSL", "IFLYTEK" or "TNEWS".
        usage: "train", "eval" or "test", which has no labels.
        num_samples, num_parallel_workers, shuffle, num_shards, shard_id, cache: as for `TextFileDataset`.
    """

    def __init__(self, dataset_files, task: str = "AFQMC", usage: str = "train", num_samples=None,
                 num_parallel_workers: int | None = None, shuffle=Shuffle.GLOBAL, num_shards=None, shard_id=None,
                 cache=None):
        name = "CLUEDataset"
        check_workers(num_parallel_workers, name)
        check_cache(cache, name)
        if task not in _CLUE:
            raise ValueError(f"For '{name}', 'task' must be one of {list(_CLUE)}, but got {task!r}.")
        if usage not in ("train", "eval", "test"):
            raise ValueError(f"For '{name}', 'usage' must be 'train', 'eval' or 'test', but got {usage!r}.")
        fields = _CLUE[task]
        if usage == "test":
            kept = tuple(field for field in fields if field not in _CLUE_LABELS)
            fields = kept if "id" in kept else ("id", *kept)
        fields = tuple(sorted(fields))
        super().__init__(FileRows(fields, check_files(dataset_files, name), line_places, _ClueRow(fields),
                                  file_sampler(name, num_samples, shuffle, num_shards, shard_id)))
