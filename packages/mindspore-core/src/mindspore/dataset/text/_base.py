"""What text transforms share: values as text, and tokenizers with the places of their tokens."""
from __future__ import annotations

import numpy as np

from .._blocks import as_array
from .._check import check_bool
from .._transform import RowTransform, Transform

__all__ = ["TextTransform", "Tokenizer", "text_of", "texts_of", "to_bytes", "to_str"]


def texts_of(value, function: str) -> np.ndarray:
    """An array of str, decoded as UTF-8 where it holds bytes; TypeError for numbers."""
    array = as_array(value, f"For '{function}'")
    if array.dtype.kind == "S":
        try:
            return np.char.decode(array, "utf-8")
        except UnicodeDecodeError as error:
            raise ValueError(f"For '{function}', bytes are no text in UTF-8: {error}.") from None
    if array.dtype.kind != "U":
        raise TypeError(f"For '{function}', text is needed, but got {array.dtype} of the shape {array.shape}.")
    return array


def text_of(value, function: str) -> str:
    """One str; TypeError for anything else."""
    array = texts_of(value, function)
    if array.ndim:
        raise ValueError(f"For '{function}', one text is needed, but got an array of the shape {array.shape}.")
    return str(array)


class TextTransform(Transform):
    """A transform of each text by itself: a subclass defines `text`."""

    def text(self, text: str) -> str:
        """The new text."""
        raise TypeError(f"{type(self).__name__} must define 'text(text)'")

    def apply(self, rows, rng):
        array = texts_of(rows, type(self).__name__)
        made = [self.text(text) for text in array.reshape(-1).tolist()]
        return np.array(made, str).reshape(array.shape)


class Tokenizer(RowTransform):
    """A transform of a text into an array of tokens: a subclass defines `tokens`.

    Args:
        with_offsets: also give, as two more columns of uint32, the byte of the UTF-8 text at which each token begins
            and the one behind its end.
    """

    def __init__(self, with_offsets: bool = False):
        self.with_offsets = check_bool(with_offsets, "with_offsets", type(self).__name__)

    def tokens(self, text: str) -> list[tuple[str, int, int]]:
        """The tokens, each with the places of the characters where it begins and ends."""
        raise TypeError(f"{type(self).__name__} must define 'tokens(text)'")

    def apply_to_row(self, values, rng):
        if len(values) != 1:
            raise ValueError(f"For '{type(self).__name__}', one column is needed, but got {len(values)}.")
        text = text_of(values[0], type(self).__name__)
        found = self.tokens(text) or [("", 0, 0)]
        words = np.array([token for token, _, _ in found], str)
        if not self.with_offsets:
            return (words,)
        places = np.cumsum([0, *(len(character.encode()) for character in text)])
        starts, ends = (np.array([places[token[i]] for token in found], np.uint32) for i in (1, 2))
        return words, starts, ends


def to_bytes(array, encoding: str = "utf8") -> np.ndarray:
    """An array of bytes of an array of str, in an encoding."""
    value = as_array(array, "For 'to_bytes'")
    if value.dtype.kind != "U":
        raise TypeError(f"For 'to_bytes', an array of str is needed, but got {value.dtype}.")
    return np.char.encode(value, encoding)


def to_str(array, encoding: str = "utf8") -> np.ndarray:
    """An array of str of an array of bytes, in an encoding. An array of str, as pipelines give it, is itself the
    result: programs of MindSpore 1 call this for what was bytes then."""
    value = as_array(array, "For 'to_str'")
    if value.dtype.kind == "U":
        return value
    if value.dtype.kind != "S":
        raise TypeError(f"For 'to_str', an array of bytes is needed, but got {value.dtype}.")
    return np.char.decode(value, encoding)
