"""Transforms of texts and of arrays of tokens: case, normal forms, patterns, n-grams, windows, numbers, lengths."""
from __future__ import annotations

import enum
import re
import unicodedata
from typing import Literal

import numpy as np

from .._blocks import as_array
from .._check import check_bool, check_dtype, check_int
from .._transform import RowTransform, Transform
from ._base import TextTransform, texts_of

__all__ = ["AddToken", "CaseFold", "FilterWikipediaXML", "Ngram", "NormalizeForm", "NormalizeUTF8", "RegexReplace",
           "SlidingWindow", "ToNumber", "Truncate", "TruncateSequencePair", "check_form"]


class NormalizeForm(enum.IntEnum):
    """Normal forms of Unicode."""

    NONE = 0
    NFC = 1
    NFKC = 2
    NFD = 3
    NFKD = 4


Form = Literal["NFC", "NFKC", "NFD", "NFKD"]


def check_form(value, name: str, function: str) -> Form | None:
    """The name of a normal form for `unicodedata`, None for NONE."""
    if not isinstance(value, NormalizeForm):
        raise TypeError(f"For '{function}', '{name}' must be a NormalizeForm, but got {value!r}.")
    return None if value is NormalizeForm.NONE else value.name         # type: ignore[return-value]


class CaseFold(TextTransform):
    """Takes differences of case out of texts, as `str.casefold` does."""

    def text(self, text):
        return text.casefold()


class NormalizeUTF8(TextTransform):
    """Brings texts into a normal form of Unicode, one of `NormalizeForm`."""

    def __init__(self, normalize_form: NormalizeForm = NormalizeForm.NFKC):
        self.form = check_form(normalize_form, "normalize_form", "NormalizeUTF8")

    def text(self, text):
        return unicodedata.normalize(self.form, text) if self.form else text


class RegexReplace(TextTransform):
    """Replaces matches of a pattern of Python's `re`.

    Args:
        pattern: the pattern.
        replace: what takes their place; groups as in `re.sub`.
        replace_all: whether all matches, otherwise the first.
    """

    def __init__(self, pattern: str, replace: str, replace_all: bool = True):
        from ._tokenizers import compiled
        self.pattern = compiled(pattern, "pattern", "RegexReplace")
        if not isinstance(replace, str):
            raise TypeError(f"For 'RegexReplace', 'replace' must be a str, but got {replace!r}.")
        self.replace, self.all = replace, check_bool(replace_all, "replace_all", "RegexReplace")

    def text(self, text):
        return self.pattern.sub(self.replace, text, 0 if self.all else 1)


_MARKUP = [(re.compile(pattern, re.IGNORECASE), replacement) for pattern, replacement in (
    (r"<[^>]*>", ""), (r"&amp;", "&"), (r"&lt;", "<"), (r"&gt;", ">"), (r"<ref[^<]*</ref>", ""), (r"<[^>]*>", ""),
    (r"\[https?:[^\] ]*", "["), (r"\|(?:thumb|left|right)\b|\|\d+px", ""),
    (r"\[\[image:[^\[\]]*\|", ""), (r"\[\[category:([^|\]]*)[^\]]*\]\]", r"[[\1]]"), (r"\[\[[a-z\-]*:[^\]]*\]\]", ""),
    (r"\[\[[^|\]]*\|", "[["), (r"\{\{[^}]*\}\}", ""), (r"\{[^}]*\}", ""), (r"[\[\]]", ""), (r"&[^;]*;", " "))]


class FilterWikipediaXML(TextTransform):
    """Takes the markup out of dumps of Wikipedia and leaves lower-case words, digits spelt out.

    After the filter that Matt Mahoney published with the text8 data set.
    """

    def text(self, text):
        for pattern, replacement in _MARKUP:
            text = pattern.sub(replacement, text)
        text = text.lower()
        for digit, name in enumerate("zero one two three four five six seven eight nine".split()):
            text = text.replace(str(digit), f" {name} ")
        return " ".join(re.sub(r"[^a-z]+", " ", text).split())


def _line(value, function: str) -> np.ndarray:
    """A value of one dimension."""
    array = as_array(value, f"For '{function}'")
    if array.ndim != 1:
        raise ValueError(f"For '{function}', an array of one dimension is needed, but got the shape {array.shape}.")
    return array


def _pad_pair(value, name: str) -> tuple[str, int]:
    if not isinstance(value, tuple) or len(value) != 2 or not isinstance(value[0], str):
        raise TypeError(f"For 'Ngram', '{name}' must be a pair (str, int), but got {value!r}.")
    return value[0], check_int(value[1], name, "Ngram", 0)


class Ngram(RowTransform):
    """Joins neighbouring tokens of an array of one dimension.

    Args:
        n: how many are joined, or a list of such numbers, whose results follow each other.
        left_pad: (token, count) put before the array first; at most n - 1 count.
        right_pad: the same behind it.
        separator: what stands between joined tokens.
    """

    def __init__(self, n, left_pad: tuple[str, int] = ("", 0), right_pad: tuple[str, int] = ("", 0),
                 separator: str = " "):
        listed = list(n) if isinstance(n, (list, tuple)) else [n]
        self.lengths = [check_int(length, "n", "Ngram", 1) for length in listed]
        if not self.lengths:
            raise ValueError("For 'Ngram', 'n' must not be empty.")
        self.left, self.right = _pad_pair(left_pad, "left_pad"), _pad_pair(right_pad, "right_pad")
        if not isinstance(separator, str):
            raise TypeError(f"For 'Ngram', 'separator' must be a str, but got {separator!r}.")
        self.separator = separator

    def apply_to_row(self, values, rng):
        tokens = texts_of(_line(values[0], "Ngram"), "Ngram").tolist()
        found = []
        for n in self.lengths:
            line = [self.left[0]] * min(self.left[1], n - 1) + tokens + [self.right[0]] * min(self.right[1], n - 1)
            found += [self.separator.join(line[i:i + n]) for i in range(len(line) - n + 1)] or [""]
        return (np.array(found, str),)


class SlidingWindow(RowTransform):
    """All runs of neighbours in an array of one dimension: shape (N,) becomes (N - width + 1, width).

    Args:
        width: the length of a run.
        axis: 0 or -1.
    """

    def __init__(self, width: int, axis: int = 0):
        self.width = check_int(width, "width", "SlidingWindow", 1)
        check_int(axis, "axis", "SlidingWindow", -1, 0)

    def apply_to_row(self, values, rng):
        line = _line(values[0], "SlidingWindow")
        if len(line) < self.width:
            return (np.zeros((0, self.width), line.dtype),)
        return (np.lib.stride_tricks.sliding_window_view(line, self.width).copy(),)


class ToNumber(Transform):
    """Converts texts to numbers of a dtype.

    Raises:
        TypeError: `data_type` is no dtype of numbers.
        ValueError: while iterating, a text is no number, or one out of range.
    """

    def __init__(self, data_type):
        self.data_type = check_dtype(data_type, "data_type", "ToNumber")
        if self.data_type.kind not in "iuf":
            raise TypeError(f"For 'ToNumber', 'data_type' must be a type of numbers, but got {self.data_type}.")

    def apply(self, rows, rng):
        texts = texts_of(rows, "ToNumber")
        parse = float if self.data_type.kind == "f" else int
        numbers = []
        for text in texts.reshape(-1).tolist():
            try:
                number = parse(text)
                if self.data_type.kind in "iu" and not (np.iinfo(self.data_type).min <= number
                                                        <= np.iinfo(self.data_type).max):
                    raise ValueError
            except ValueError:
                raise ValueError(f"For 'ToNumber', {text!r} is no number of {self.data_type}.") from None
            numbers.append(number)
        return np.array(numbers, self.data_type).reshape(texts.shape)


class Truncate(Transform):
    """Cuts arrays of tokens, of one or two dimensions, after a length in the last one."""

    def __init__(self, max_seq_len: int):
        self.length = check_int(max_seq_len, "max_seq_len", "Truncate", 0)

    def apply(self, rows, rng):
        if rows.ndim not in (2, 3):
            raise ValueError(f"For 'Truncate', an array of one or two dimensions is needed, but got the shape "
                             f"{rows.shape[1:]}.")
        return rows[..., :self.length]


class TruncateSequencePair(RowTransform):
    """Cuts two arrays of one dimension so that they are together no longer than a length; the longer is cut first."""

    def __init__(self, max_length: int):
        self.length = check_int(max_length, "max_length", "TruncateSequencePair", 0)

    def apply_to_row(self, values, rng):
        if len(values) != 2:
            raise ValueError(f"For 'TruncateSequencePair', two columns are needed, but got {len(values)}.")
        first, second = (_line(value, "TruncateSequencePair") for value in values)
        a, b, over = len(first), len(second), len(first) + len(second) - self.length
        if over > 0:
            level = min(over, abs(a - b))           # from the longer alone, then from both in turn
            a, b = (a - level, b) if a > b else (a, b - level)
            rest = over - level
            a, b = a - rest // 2, b - (rest - rest // 2)
        return first[:max(a, 0)], second[:max(b, 0)]


class AddToken(Transform):
    """Puts a token before or behind arrays of tokens of one or two dimensions.

    Args:
        token: the token.
        begin: whether before, otherwise behind.
    """

    def __init__(self, token: str, begin: bool = True):
        if not isinstance(token, str):
            raise TypeError(f"For 'AddToken', 'token' must be a str, but got {token!r}.")
        self.token, self.begin = token, check_bool(begin, "begin", "AddToken")

    def apply(self, rows, rng):
        texts = texts_of(rows, "AddToken")
        if texts.ndim not in (2, 3):
            raise ValueError(f"For 'AddToken', an array of one or two dimensions is needed, but got the shape "
                             f"{rows.shape[1:]}.")
        added = np.full((*texts.shape[:-1], 1), self.token)
        return np.concatenate([added, texts] if self.begin else [texts, added], -1)
