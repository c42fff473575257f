"""The IWSLT collections: talks in two languages, of the evaluation campaigns of 2016 and 2017.

The sentences for training lie one a line, between lines of tags (`<title>`, `<url>` ...), which are left out; those for
validation and tests in the `<seg>` elements of XML files.
"""
from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import unescape

from ._image_files import lines_of
from .samplers import Shuffle
from .tagged_datasets import _Text

__all__ = ["IWSLT2016Dataset", "IWSLT2017Dataset"]

_ENTITIES = {"&quot;": '"', "&apos;": "'"}


def _sentences(path: Path, function: str) -> list[str]:
    """The sentences of a file for training."""
    lines = (line.strip() for line in lines_of(path, function))
    return [line for line in lines if not line.startswith("<")]


def _segments(path: Path, function: str) -> list[str]:
    """The texts of the segments of an XML file."""
    text = "\n".join(lines_of(path, function))
    return [unescape(found.strip(), _ENTITIES) for found in re.findall(r"<seg\b[^>]*>(.*?)</seg>", text, re.DOTALL)]


class _Talks(_Text):
    """The base of both: where the files of a pair of languages are, and reading them."""

    _YEAR = "16"

    def _read(self, folder: Path, pair: Sequence[str], sets: Sequence[str], options: dict) -> None:
        """Makes the node of the sentences of `sets`: "train", and names of sets such as "tst2013"."""
        name = type(self).__name__
        both = "-".join(pair)

        def load() -> list[tuple]:
            rows: list[tuple] = []
            for part in sets:
                if part == "train":
                    texts = [_sentences(folder / f"train.tags.{both}.{language}", name) for language in pair]
                else:
                    texts = [_segments(folder / f"IWSLT{self._YEAR}.TED.{part}.{both}.{language}.xml", name)
                             for language in pair]
                if len(texts[0]) != len(texts[1]):
                    raise ValueError(f"For '{name}', the set {part!r} has {len(texts[0])} and {len(texts[1])} "
                                     f"sentences in both languages. Download it again.")
                rows += zip(*texts)
            return rows

        self._keep(("text", "translation"), load, options)

    def _pair(self, language_pair, pairs: Sequence[tuple[str, str]]) -> tuple[str, str]:
        """The pair of languages, German to English for None."""
        name = type(self).__name__
        if language_pair is None:
            return "de", "en"
        if not isinstance(language_pair, (list, tuple)):
            raise TypeError(f"For '{name}', 'language_pair' must be a list of two languages, but got "
                            f"{language_pair!r}.")
        if tuple(language_pair) not in pairs:
            raise ValueError(f"For '{name}', 'language_pair' must be one of {list(pairs)}, but got {language_pair!r}.")
        return language_pair[0], language_pair[1]


class IWSLT2016Dataset(_Talks):
    """IWSLT 2016: `text` and `translation`, str.

    Args:
        dataset_dir: the folder with `texts/de/en/de-en/train.tags.de-en.de` and so on.
        usage: "train", "valid", "test", or "all" or None for all of them.
        language_pair: the language of the texts and that of the translations: English and one of "ar", "cs", "de" and
            "fr", in either order; None for ("de", "en").
        valid_set: the set for validation: "dev2010" or "tst2010" ... "tst2014"; None for "tst2013".
        test_set: the set for tests, of the same names; None for "tst2014".
        shuffle: True, None or a Shuffle: random order; False: the files' order.
        num_samples, num_shards, shard_id, num_parallel_workers, cache: as for `TextFileDataset`.

    Raises:
        TypeError: an argument is of a wrong type.
        ValueError: an argument is none of these, or the folder does not exist; while iterating, a file is missing or
            those of both languages differ in length.
    """

    _PAIRS = [pair for other in ("ar", "cs", "de", "fr") for pair in (("en", other), (other, "en"))]
    _SETS = ("dev2010", "tst2010", "tst2011", "tst2012", "tst2013", "tst2014")

    def __init__(self, dataset_dir, usage: str | None = None, language_pair=None, valid_set: str | None = None,
                 test_set: str | None = None, num_samples=None, shuffle=Shuffle.GLOBAL, num_shards=None, shard_id=None,
                 num_parallel_workers: int | None = None, cache=None):
        options = locals()
        folder, parts = self._open(options, ("train", "valid", "test"))
        pair = self._pair(language_pair, self._PAIRS)
        chosen = {"train": "train", "valid": valid_set or "tst2013", "test": test_set or "tst2014"}
        for argument in ("valid", "test"):
            if chosen[argument] not in self._SETS:
                raise ValueError(f"For 'IWSLT2016Dataset', '{argument}_set' must be one of {self._SETS}, but got "
                                 f"{chosen[argument]!r}.")
        self._read(folder / "texts" / pair[0] / pair[1] / "-".join(pair), pair, [chosen[part] for part in parts],
                   options)


class IWSLT2017Dataset(_Talks):
    """IWSLT 2017: `text` and `translation`, str.

    Args:
        dataset_dir: the folder with `texts/DeEnItNlRo/DeEnItNlRo/DeEnItNlRo-DeEnItNlRo/train.tags.de-en.de` and so on.
        usage: "train", "valid" (the set dev2010), "test" (tst2010), or "all" or None for all of them.
        language_pair: the language of the texts and that of the translations, two of "de", "en", "it", "nl" and "ro";
            None for ("de", "en").
        num_samples, shuffle, num_shards, shard_id, num_parallel_workers, cache: as for `IWSLT2016Dataset`, and so are
            the errors.
    """

    _YEAR = "17"
    _PAIRS = [(a, b) for a in ("de", "en", "it", "nl", "ro") for b in ("de", "en", "it", "nl", "ro") if a != b]

    def __init__(self, dataset_dir, usage: str | None = None, language_pair=None, num_samples=None,
                 shuffle=Shuffle.GLOBAL, num_shards=None, shard_id=None, num_parallel_workers: int | None = None,
                 cache=None):
        options = locals()
        folder, parts = self._open(options, ("train", "valid", "test"))
        pair = self._pair(language_pair, self._PAIRS)
        languages = "DeEnItNlRo"
        sets = {"train": "train", "valid": "dev2010", "test": "tst2010"}
        self._read(folder / "texts" / languages / languages / f"{languages}-{languages}", pair,
                   [sets[part] for part in parts], options)
