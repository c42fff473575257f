"""Vocabularies: words and their numbers."""
from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from .._check import check_bool, check_dtype, check_int, check_known, check_names
from .._transform import Transform
from ._base import texts_of

__all__ = ["Lookup", "Vocab"]


def _words(value, name: str, function: str) -> list[str]:
    if not isinstance(value, (list, tuple)) or not all(isinstance(word, str) for word in value):
        raise TypeError(f"For '{function}', '{name}' must be a list of str, but got {value!r}.")
    if len(set(value)) < len(value):
        twice = [word for word, count in Counter(value).items() if count > 1]
        raise ValueError(f"For '{function}', '{name}' holds words twice: {twice[:5]}.")
    return list(value)


class Vocab:
    """Words with numbers. It is made by one of the class methods."""

    def __init__(self):
        self._numbers: dict[str, int] = {}
        self._names: dict[int, str] = {}

    @property
    def c_vocab(self) -> Vocab:
        """What operations of `mindspore._c_dataengine` take: the vocabulary itself."""
        return self

    @classmethod
    def _of(cls, numbered: Iterable[tuple[str, int]]) -> Vocab:
        vocab = cls()
        vocab._numbers = dict(numbered)
        vocab._names = {number: word for word, number in vocab._numbers.items()}
        return vocab

    @classmethod
    def _ordered(cls, words: list[str], special_tokens, special_first: bool, function: str) -> Vocab:
        special = [] if special_tokens is None else _words(special_tokens, "special_tokens", function)
        both = set(special) & set(words)
        if both:
            raise ValueError(f"For '{function}', special tokens must be no words of the vocabulary, but "
                             f"{sorted(both)[:5]} are.")
        first = check_bool(special_first, "special_first", function)
        return cls._of((word, i) for i, word in enumerate(special + words if first else words + special))

    @classmethod
    def from_list(cls, word_list: list[str], special_tokens: list[str] | None = None,
                  special_first: bool = True) -> Vocab:
        """Numbers words in the order of a list.

        Args:
            word_list: the words.
            special_tokens: more words, such as "<pad>"; None for none.
            special_first: whether these come first, otherwise last.
        """
        return cls._ordered(_words(word_list, "word_list", "Vocab.from_list"), special_tokens, special_first,
                            "Vocab.from_list")

    @classmethod
    def from_dict(cls, word_dict: dict[str, int]) -> Vocab:
        """Takes words and numbers from a dict; the numbers must be different and not negative."""
        if not isinstance(word_dict, dict) or not all(isinstance(word, str) for word in word_dict):
            raise TypeError(f"For 'Vocab.from_dict', 'word_dict' must be a dict of str to int, but got {word_dict!r}.")
        for word, number in word_dict.items():
            check_int(number, f"word_dict[{word!r}]", "Vocab.from_dict", 0)
        if len(set(word_dict.values())) < len(word_dict):
            raise ValueError("For 'Vocab.from_dict', two words have the same number.")
        return cls._of(word_dict.items())

    @classmethod
    def from_file(cls, file_path, delimiter: str = "", vocab_size: int | None = None,
                  special_tokens: list[str] | None = None, special_first: bool = True) -> Vocab:
        """Numbers the words of a text file, one a line.

        Args:
            file_path: the path.
            delimiter: what ends the word of a line; "" for the end of the line.
            vocab_size: at most this many words; None for all.
            special_tokens, special_first: as for `from_list`.

        Raises:
            ValueError: a word occurs twice, or the file is no text.
            OSError: the file cannot be read.
        """
        name = "Vocab.from_file"
        if not isinstance(file_path, (str, os.PathLike)):
            raise TypeError(f"For '{name}', 'file_path' must be a path, but got {type(file_path).__name__}.")
        if not isinstance(delimiter, str):
            raise TypeError(f"For '{name}', 'delimiter' must be a str, but got {delimiter!r}.")
        with open(file_path, encoding="utf-8") as file:
            try:
                lines = [line.rstrip("\r\n") for line in file]
            except UnicodeDecodeError as error:
                raise ValueError(f"For '{name}', file '{file_path}' is no text in UTF-8: {error}.") from None
        words = [line.split(delimiter, 1)[0] if delimiter else line for line in lines if line]
        limit = None if vocab_size is None else check_int(vocab_size, "vocab_size", name, 1)
        return cls._ordered(_words(words[:limit], "file_path", name), special_tokens, special_first, name)

    @classmethod
    def from_dataset(cls, dataset, columns=None, freq_range: tuple | None = None, top_k: int | None = None,
                     special_tokens: list[str] | None = None, special_first: bool = True) -> Vocab:
        """Numbers the words of some columns of a dataset, the most frequent first, equally frequent ones by alphabet.

        Args:
            dataset: a Dataset with columns of text.
            columns: their names; None for all.
            freq_range: (least, most) occurrences of a word; None, or None for one of them, for any.
            top_k: at most this many words; None for all.
            special_tokens, special_first: as for `from_list`.
        """
        name = "Vocab.from_dataset"
        if not hasattr(dataset, "create_dict_iterator"):
            raise TypeError(f"For '{name}', 'dataset' must be a Dataset, but got {type(dataset).__name__}.")
        names = tuple(dataset.get_col_names()) if columns is None else check_names(columns, "columns", name)
        check_known(names, dataset.get_col_names(), name)
        counts: Counter[str] = Counter()
        for row in dataset.create_dict_iterator(num_epochs=1, output_numpy=True):
            for column in names:
                counts.update(texts_of(row[column], name).reshape(-1).tolist())
        low, high = (None, None) if freq_range is None else freq_range
        kept = [(word, count) for word, count in counts.items()
                if (low is None or count >= low) and (high is None or count <= high)]
        limit = None if top_k is None else check_int(top_k, "top_k", name, 1)
        words = [word for word, _ in sorted(kept, key=lambda pair: (-pair[1], pair[0]))[:limit]]
        return cls._ordered(words, special_tokens, special_first, name)

    def vocab(self) -> dict[str, int]:
        """The words and their numbers as a dict."""
        return dict(self._numbers)

    def tokens_to_ids(self, tokens: str | Sequence[str]) -> int | list[int]:
        """The number of a word, or of each of several; -1 for unknown words. Arrays count as what they hold.

        Raises:
            TypeError: a word is no str.
        """
        tokens = _plain(tokens)
        if isinstance(tokens, str):
            return self._numbers.get(tokens, -1)
        words = _listed(tokens, "tokens_to_ids")
        for word in words:
            if not isinstance(word, str):
                raise TypeError(f"For 'tokens_to_ids', each word must be a str, but got {word!r}.")
        return [self._numbers.get(word, -1) for word in words]

    def ids_to_tokens(self, ids: int | Sequence[int]) -> str | list[str]:
        """The word of a number, or of each of several; an empty str for unknown numbers. Arrays count as well."""
        ids = _plain(ids)
        if isinstance(ids, (int, np.integer)):
            return self._names.get(check_int(ids, "ids", "ids_to_tokens", 0), "")
        return [self._names.get(check_int(number, "ids", "ids_to_tokens", 0), "")
                for number in _listed(ids, "ids_to_tokens")]


def _plain(value):
    """What an array holds: a value, or a list."""
    return value.tolist() if isinstance(value, np.ndarray) else value


def _listed(value, function: str) -> list:
    if not isinstance(value, (list, tuple)):
        raise TypeError(f"For '{function}', a value or a list of them is needed, but got {type(value).__name__}.")
    return list(value)


class Lookup(Transform):
    """Replaces words by their numbers.

    Args:
        vocab: a Vocab.
        unknown_token: the word whose number unknown words get; None: an unknown word is an error.
        data_type: the dtype of the numbers.

    Raises:
        TypeError: an argument is of a wrong type.
        ValueError: `unknown_token`, or while iterating a word, is not in the vocabulary.
    """

    def __init__(self, vocab: Vocab, unknown_token: str | None = None, data_type=np.int32):
        if not isinstance(vocab, Vocab):
            raise TypeError(f"For 'Lookup', 'vocab' must be a Vocab, but got {type(vocab).__name__}.")
        self.numbers, self.unknown = vocab.vocab(), -1
        if unknown_token is not None:
            if unknown_token not in self.numbers:
                raise ValueError(f"For 'Lookup', 'unknown_token' {unknown_token!r} is not in the vocabulary.")
            self.unknown = self.numbers[unknown_token]
        self.data_type = check_dtype(data_type, "data_type", "Lookup")

    def apply(self, rows, rng):
        words = texts_of(rows, "Lookup")
        flat = words.reshape(-1).tolist()
        numbers = [self.numbers.get(word, self.unknown) for word in flat]
        if -1 in numbers:
            raise ValueError(f"For 'Lookup', {flat[numbers.index(-1)]!r} is not in the vocabulary. Give an "
                             f"'unknown_token'.")
        return np.array(numbers, self.data_type).reshape(words.shape)
