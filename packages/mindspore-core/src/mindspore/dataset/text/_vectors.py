"""Word vectors from text files, and the transform that looks words up in them."""
from __future__ import annotations

import os

import numpy as np

from .._check import check_bool, check_int, check_numbers
from .._transform import Transform
from ._base import texts_of

__all__ = ["CharNGram", "FastText", "GloVe", "ToVectors", "Vectors"]


class Vectors:
    """Words and their vectors, made by `from_file`. Attribute: dim, the length of a vector."""

    def __init__(self):
        self._vectors: dict[str, np.ndarray] = {}
        self.dim = 0

    @classmethod
    def from_file(cls, file_path, max_vectors: int | None = None):
        """Reads a text file whose lines hold a word and the numbers of its vector, separated by spaces.

        Args:
            file_path: the path.
            max_vectors: at most this many words; None for all.

        Raises:
            TypeError: an argument is of a wrong type.
            ValueError: a line holds another number of numbers than the first, or none.
            OSError: the file cannot be read.
        """
        name = f"{cls.__name__}.from_file"
        if not isinstance(file_path, (str, os.PathLike)):
            raise TypeError(f"For '{name}', 'file_path' must be a path, but got {type(file_path).__name__}.")
        limit = None if max_vectors is None else check_int(max_vectors, "max_vectors", name, 0) or None
        made = cls()
        with open(file_path, encoding="utf-8", errors="replace") as file:
            for number, line in enumerate(file):
                parts = line.rstrip().split(" ")
                if number == 0 and len(parts) == 2 and all(part.isdigit() for part in parts):
                    continue
                if limit is not None and len(made._vectors) == limit:
                    break
                try:
                    vector = np.array(parts[1:], np.float32)
                except ValueError:
                    raise ValueError(f"For '{name}', line {number + 1} of file '{os.fspath(file_path)}' must hold a "
                                     f"word and numbers, but begins with {line[:40]!r}.") from None
                if not len(vector) or (made.dim and len(vector) != made.dim):
                    raise ValueError(f"For '{name}', line {number + 1} of file '{os.fspath(file_path)}' must hold a "
                                     f"word and {made.dim or 'some'} numbers, but holds {len(vector)}.")
                made.dim = len(vector)
                made._vectors.setdefault(parts[0], vector)
        return made

    def get(self, word: str) -> np.ndarray | None:
        """The vector of a word, or None."""
        return self._vectors.get(word)


class GloVe(Vectors):
    """Vectors of GloVe; see `Vectors`."""


class FastText(Vectors):
    """Vectors of fastText; see `Vectors`."""


class CharNGram(Vectors):
    """Vectors of character n-grams: that of a word is the mean of those of its 2-, 3- and 4-grams that are known.

    The file's words are of the form `2gram-ab`; a word is looked up with `#BEGIN#` before and `#END#` behind it.
    """

    def get(self, word):
        characters = ["#BEGIN#", *word, "#END#"]
        found = [vector for n in (2, 3, 4) for i in range(len(characters) - n + 1)
                 if (vector := self._vectors.get(f"{n}gram-{''.join(characters[i:i + n])}")) is not None]
        return np.mean(found, 0, dtype=np.float32) if found else None


class ToVectors(Transform):
    """Replaces words by their vectors: shape (...) becomes (..., dim), Float32.

    Args:
        vectors: a Vectors.
        unk_init: the vector of unknown words; None for zeros.
        lower_case_backup: look a word that is unknown up in lower case.
    """

    def __init__(self, vectors: Vectors, unk_init=None, lower_case_backup: bool = False):
        if not isinstance(vectors, Vectors):
            raise TypeError(f"For 'ToVectors', 'vectors' must be a Vectors, but got {type(vectors).__name__}.")
        self.vectors = vectors
        self.unknown = np.zeros(vectors.dim, np.float32) if unk_init is None else \
            np.array(check_numbers(unk_init, "unk_init", "ToVectors"), np.float32)
        if len(self.unknown) != vectors.dim:
            raise ValueError(f"For 'ToVectors', 'unk_init' must hold {vectors.dim} numbers, but holds "
                             f"{len(self.unknown)}.")
        self.backup = check_bool(lower_case_backup, "lower_case_backup", "ToVectors")

    def _vector(self, word: str) -> np.ndarray:
        found = self.vectors.get(word)
        if found is None and self.backup:
            found = self.vectors.get(word.lower())
        return self.unknown if found is None else found

    def apply(self, rows, rng):
        words = texts_of(rows, "ToVectors")
        made = [self._vector(word) for word in words.reshape(-1).tolist()]
        return np.array(made, np.float32).reshape(*words.shape, self.vectors.dim)
