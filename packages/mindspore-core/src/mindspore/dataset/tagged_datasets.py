"""Collections of text with tags, questions or translations: read as a whole when the first row is needed."""
from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ._check import check_workers
from ._image_files import check_folder, check_usage, lines_of
from ._pipeline import Parallel
from ._sources import Fetch, RandomAccessSource
from .caching import check_cache
from .datasets import Dataset
from .samplers import Shuffle, select_sampler

__all__ = ["CoNLL2000Dataset", "Multi30kDataset", "SQuADDataset", "SST2Dataset", "UDPOSDataset"]


class _Rows:
    """Rows that are made when the first one is needed."""

    def __init__(self, load: Callable[[], list[tuple]]):
        self._load, self._made = load, None

    @property
    def rows(self) -> list[tuple]:
        if self._made is None:
            self._made = self._load()       # type: ignore[assignment]
        return self._made                   # type: ignore[return-value]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> tuple:
        return self.rows[index]


class _Text(Dataset):
    """The base of these collections."""

    def _open(self, options: dict, usages: Sequence[str]) -> tuple[Path, list[str]]:
        """The folder, and the parts that `usage` chooses."""
        name = type(self).__name__
        return (check_folder(options["dataset_dir"], "dataset_dir", name),
                check_usage(options["usage"], usages, name))

    def _keep(self, columns: tuple[str, ...], load: Callable[[], list[tuple]], options: dict) -> None:
        """Makes the node; `options` holds the constructor's arguments."""
        name = type(self).__name__
        check_cache(options["cache"], name)
        check_workers(options["num_parallel_workers"], name)
        sampler = select_sampler(name, options["num_samples"], None, options["shuffle"], options["num_shards"],
                                 options["shard_id"])
        super().__init__(RandomAccessSource(Fetch(_Rows(load), columns, None), sampler, Parallel(1)))


def _sentences(path: Path, fields: int, separator: str | None, function: str) -> list[tuple]:
    """The sentences of a file with a word and its tags on each line, and empty lines between: arrays of str."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        raise ValueError(f"For '{function}', the file '{path}' does not exist. Download the data set there.") from None
    found: list[tuple] = []
    words: list[list[str]] = []
    for number, line in enumerate([*lines, ""], 1):
        if line.strip():
            words.append(line.split(separator))
            if len(words[-1]) != fields:
                raise ValueError(f"For '{function}', line {number} of '{path}' has {len(words[-1])} fields instead of "
                                 f"{fields}: {line!r}.")
        elif words:
            found.append(tuple(map(np.array, zip(*words))))
            words = []
    return found


class CoNLL2000Dataset(_Text):
    """CoNLL-2000: a sentence is a row; `word`, `pos_tag` and `chunk_tag` are str of shape (N,).

    Args:
        dataset_dir: the folder with `train.txt` and `test.txt`.
        usage: "train", "test", or "all" or None for both.
        shuffle: True, None or a Shuffle: random order; False: the files' order.
        num_samples, num_shards, shard_id, num_parallel_workers, cache: as for `TextFileDataset`.
    """

    def __init__(self, dataset_dir, usage: str | None = None, num_samples=None, shuffle=Shuffle.GLOBAL,
                 num_shards=None, shard_id=None, num_parallel_workers: int | None = None, cache=None):
        options = locals()
        folder, parts = self._open(options, ("train", "test"))
        self._keep(("word", "pos_tag", "chunk_tag"), lambda: [
            row for part in parts for row in _sentences(folder / f"{part}.txt", 3, None, "CoNLL2000Dataset")], options)


class UDPOSDataset(_Text):
    """Universal Dependencies: a sentence is a row; `word`, `universal` and `stanford` are str of shape (N,).

    Args:
        dataset_dir: the folder with `en-ud-tag.v2.train.txt`, `en-ud-tag.v2.test.txt` and `en-ud-tag.v2.dev.txt`.
        usage: "train", "test", "valid", or "all" or None for all of them.
        shuffle: True, None or a Shuffle: random order; False: the files' order.
        num_samples, num_shards, shard_id, num_parallel_workers, cache: as for `TextFileDataset`.
    """

    def __init__(self, dataset_dir, usage: str | None = None, num_samples=None, shuffle=Shuffle.GLOBAL,
                 num_shards=None, shard_id=None, num_parallel_workers: int | None = None, cache=None):
        options = locals()
        folder, parts = self._open(options, ("train", "test", "valid"))
        files = [folder / f"en-ud-tag.v2.{part.replace('valid', 'dev')}.txt" for part in parts]
        self._keep(("word", "universal", "stanford"), lambda: [
            row for file in files for row in _sentences(file, 3, "\t", "UDPOSDataset")], options)


class SQuADDataset(_Text):
    """SQuAD: a question is a row; `context` and `question`, str, `text`, str of shape (N,), the answers, and
    `answer_start`, uint32 of shape (N,), where they begin in the context.

    A question without an answer has the empty text and -1, which is 4294967295 as a uint32.

    Args:
        dataset_dir: the folder with `train-v1.1.json` and `dev-v1.1.json`, or those of v2.0.
        usage: "train", "dev", or "all" or None for both.
        shuffle: True, None or a Shuffle: random order; False: the files' order.
        num_samples, num_parallel_workers, num_shards, shard_id, cache: as for `TextFileDataset`.
    """

    def __init__(self, dataset_dir, usage: str | None = None, num_samples=None,
                 num_parallel_workers: int | None = None, shuffle=Shuffle.GLOBAL, num_shards=None, shard_id=None,
                 cache=None):
        options = locals()
        folder, parts = self._open(options, ("train", "dev"))
        files = []
        for part in parts:
            there = [path for path in (folder / f"{part}-v1.1.json", folder / f"{part}-v2.0.json") if path.is_file()]
            if not there:
                raise ValueError(f"For 'SQuADDataset', the folder '{folder}' has no file {part}-v1.1.json or "
                                 f"{part}-v2.0.json.")
            files.append(there[0])
        self._keep(("context", "question", "text", "answer_start"),
                   lambda: [row for file in files for row in _questions(file)], options)


def _questions(path: Path) -> list[tuple]:
    try:
        known: Any = json.loads(path.read_text(encoding="utf-8"))
        rows = []
        for paragraph in (p for article in known["data"] for p in article["paragraphs"]):
            for question in paragraph["qas"]:
                answers = question["answers"] or [{"text": "", "answer_start": -1}]
                rows.append((paragraph["context"], question["question"], np.array([a["text"] for a in answers]),
                             np.array([a["answer_start"] for a in answers], np.int64).astype(np.uint32)))
        return rows
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"For 'SQuADDataset', file '{path}' holds no questions: {error!r}.") from error


class SST2Dataset(_Text):
    """SST-2, sentences of reviews: `sentence` and, but for the test, `label`, str: "0" for negative, "1" for positive.

    Args:
        dataset_dir: the folder with `train.tsv`, `dev.tsv` and `test.tsv`.
        usage: "train" or None, "dev" or "test".
        shuffle: True, None or a Shuffle: random order; False: the files' order.
        num_samples, num_parallel_workers, num_shards, shard_id, cache: as for `TextFileDataset`.
    """

    def __init__(self, dataset_dir, usage: str | None = None, num_samples=None,
                 num_parallel_workers: int | None = None, shuffle=Shuffle.GLOBAL, num_shards=None, shard_id=None,
                 cache=None):
        options = {**locals(), "usage": "train" if usage is None else usage}
        folder, parts = self._open(options, ("train", "dev", "test"))
        if len(parts) > 1:
            raise ValueError("For 'SST2Dataset', 'usage' must be 'train', 'dev' or 'test': the test has other columns.")
        is_test = parts == ["test"]

        def load() -> list[tuple]:
            lines = lines_of(folder / f"{parts[0]}.tsv", "SST2Dataset")[1:]
            rows = [tuple(line.split("\t")) for line in lines]
            if any(len(row) != 2 for row in rows):
                raise ValueError(f"For 'SST2Dataset', a line of '{folder / parts[0]}.tsv' has not two fields.")
            return [(row[1],) for row in rows] if is_test else [(row[0].strip(), row[1]) for row in rows]

        self._keep(("sentence",) if is_test else ("sentence", "label"), load, options)


class Multi30kDataset(_Text):
    """Multi30k, captions in English and German: `text` and `translation`, str.

    Args:
        dataset_dir: the folder with `training/train.en`, `training/train.de`, `validation/val.en` and so on, and
            `mmt16_task1_test/test.en` and so on.
        usage: "train", "test", "valid", or "all" or None for all of them.
        language_pair: ["en", "de"] or None, or ["de", "en"].
        shuffle: True, None or a Shuffle: random order; False: the files' order.
        num_samples, num_parallel_workers, num_shards, shard_id, cache: as for `TextFileDataset`.
    """

    _FILES = {"train": "training/train", "valid": "validation/val", "test": "mmt16_task1_test/test"}

    def __init__(self, dataset_dir, usage: str | None = None, language_pair=None, num_samples=None,
                 num_parallel_workers: int | None = None, shuffle: bool | None = None, num_shards=None, shard_id=None,
                 cache=None):
        options = locals()
        name = "Multi30kDataset"
        folder, parts = self._open(options, ("train", "test", "valid"))
        pair = ["en", "de"] if language_pair is None else list(language_pair)
        if sorted(pair) != ["de", "en"]:
            raise ValueError(f"For '{name}', 'language_pair' must be ['en', 'de'] or ['de', 'en'], but got "
                             f"{language_pair!r}.")

        def load() -> list[tuple]:
            rows: list[tuple] = []
            for part in parts:
                texts = [lines_of(folder / f"{self._FILES[part]}.{language}", name) for language in pair]
                if len(texts[0]) != len(texts[1]):
                    raise ValueError(f"For '{name}', the part {part!r} has {len(texts[0])} and {len(texts[1])} lines "
                                     f"in both languages.")
                rows += zip(*texts)
            return rows

        self._keep(("text", "translation"), load, options)
