"""Chinese words by the method of jieba: a dictionary with frequencies, and a hidden Markov model for what it lacks.

The dictionary gives each word a log probability, its share of all frequencies. Every text is a sum over its words, and
the cut with the largest sum, found from the end of the text to its beginning, is the most probable one. The model gives
each character one of four places in a word (begin, end, middle, single), and the most probable row of places, found by
Viterbi's algorithm, says where words end. Both files are those of cppjieba. So are the numbers that decide between
cuts: a character that no word covers counts as the rarest word, and what a model does not know has the log probability
-3.14e100, from which smaller numbers vanish.
"""
from __future__ import annotations

import enum
import math
import os
import re
from collections.abc import Iterator
from itertools import pairwise

from .._check import check_int
from ._base import Tokenizer

__all__ = ["JiebaMode", "JiebaTokenizer"]

_MOST = (1 << 32) - 1
_LONGEST = 512
_IMPOSSIBLE = -3.14e100
_BEGIN, _END, _MIDDLE, _SINGLE = _PLACES = range(4)
_APART = re.compile(r"[ \t\n，。]")            # each of these is a token, and no word reaches over it
_ASCII = re.compile(r"[A-Za-z][A-Za-z0-9]*|[0-9][0-9.]*|[\x00-\x7f]")
_LINE = re.compile(r"\s*([^\s*]+)(?:\s+([0-9]+))?\s*")

Span = tuple[int, int]


class JiebaMode(enum.IntEnum):
    """How `JiebaTokenizer` cuts."""

    MIX = 0     # by the dictionary, and by the model where that leaves single characters
    MP = 1      # by the dictionary
    HMM = 2     # by the model


def _path_of(path, name: str) -> str:
    """The path of an existing file."""
    if path is None:
        raise ValueError(f"For 'JiebaTokenizer', '{name}' must be the path of a file, but is None.")
    if not isinstance(path, str):
        raise TypeError(f"For 'JiebaTokenizer', '{name}' must be a str, but got {path!r} of type "
                        f"{type(path).__name__}.")
    if not os.path.isfile(path):
        raise ValueError(f"For 'JiebaTokenizer', '{name}' must be the path of a file, but there is none at {path!r}.")
    return path


def _lines(path: str, name: str) -> Iterator[tuple[int, str]]:
    """The lines that are not empty, without white space around them, and their numbers from 1 on."""
    with open(path, encoding="utf-8-sig", newline="\n") as file:
        try:
            for number, line in enumerate(file, 1):
                line = line.strip(" \t\r\n")
                if line:
                    yield number, line
        except UnicodeDecodeError as error:
            raise ValueError(f"For 'JiebaTokenizer', file '{path}' of '{name}' is no text in UTF-8: {error}.") from None


class _Words:
    """The words of a dictionary and their log probabilities."""

    def __init__(self, path: str):
        words, counts = [], []
        for number, line in _lines(path, "mp_path"):
            parts = line.split(" ")
            if len(parts) != 3 or not parts[0] or not parts[1].isdecimal() or not int(parts[1]):
                raise ValueError(f"For 'JiebaTokenizer', line {number} of file '{path}' of 'mp_path' must hold a word, "
                                 f"its frequency, above 0, and its kind with one space between them, but is "
                                 f"{line[:40]!r}.")
            words.append(parts[0])
            counts.append(int(parts[1]))
        if not words:
            raise ValueError(f"For 'JiebaTokenizer', file '{path}' of 'mp_path' holds no words.")
        self.total = sum(counts)
        weights = [math.log(count / self.total) for count in counts]
        ordered = sorted(weights)
        self.rarest, self.usual = ordered[0], ordered[len(ordered) // 2]
        self.weights = dict(zip(words, weights))
        self._longest: dict[str, int] = {}
        for word in self.weights:
            self._note(word)

    def _note(self, word: str) -> None:
        """Keeps the length of the longest word that begins with the same character."""
        if len(word) > self._longest.get(word[0], 1):
            self._longest[word[0]] = len(word)

    def add(self, word: str, frequency: int) -> None:
        """Adds or changes a word; 0 stands for the frequency in the middle of the dictionary."""
        self.weights[word] = math.log(frequency / self.total) if frequency else self.usual
        self._note(word)

    def cut(self, text: str, start: int, stop: int) -> list[Span]:
        """The most probable words of a part of a text; of equally probable ones the shorter first word."""
        best, ends = [0.0] * (stop - start + 1), [0] * (stop - start)
        for i in range(stop - 1, start - 1, -1):
            sums = [(self.weights.get(text[i], self.rarest) + best[i + 1 - start], i + 1)]
            for end in range(i + 2, min(stop, i + min(self._longest.get(text[i], 1), _LONGEST)) + 1):
                weight = self.weights.get(text[i:end])
                if weight is not None:
                    sums.append((weight + best[end - start], end))
            best[i - start], ends[i - start] = max(sums, key=lambda found: found[0])
        cut, i = [], start
        while i < stop:
            cut.append((i, ends[i - start]))
            i = ends[i - start]
        return cut


class _Model:
    """A hidden Markov model: log probabilities of the first place, of the next place, and of a character at a place."""

    def __init__(self, path: str):
        rows = [(number, line) for number, line in _lines(path, "hmm_path") if not line.startswith("#")]
        if len(rows) != 9:
            raise ValueError(f"For 'JiebaTokenizer', file '{path}' of 'hmm_path' must hold 9 lines beside those that "
                             f"begin with '#': one of the first places, four of the next ones, four of characters; but "
                             f"holds {len(rows)}.")
        self.first = self._numbers(path, *rows[0])
        self.next = [self._numbers(path, *row) for row in rows[1:5]]
        self.characters = [self._table(path, *row) for row in rows[5:]]

    @staticmethod
    def _wrong(path: str, number: int, wanted: str, given: str) -> ValueError:
        return ValueError(f"For 'JiebaTokenizer', line {number} of file '{path}' of 'hmm_path' must hold {wanted}, but "
                          f"holds {given[:40]!r}.")

    def _numbers(self, path: str, number: int, line: str) -> list[float]:
        try:
            values = [float(part) for part in line.split()]
        except ValueError:
            values = []
        if len(values) != 4 or not all(math.isfinite(value) for value in values):
            raise self._wrong(path, number, "4 numbers", line)
        return values

    def _table(self, path: str, number: int, line: str) -> dict[str, float]:
        table = {}
        for item in line.split(","):
            character, _, value = item.rpartition(":")
            try:
                if len(character) != 1 or not math.isfinite(float(value)):
                    raise ValueError
            except ValueError:
                raise self._wrong(path, number, "'character:number' with commas between them", item) from None
            table[character] = float(value)
        return table

    def _places(self, text: str) -> list[int]:
        """The most probable place of each character."""
        now = [self.first[place] + self.characters[place].get(text[0], _IMPOSSIBLE) for place in _PLACES]
        origins = []
        for character in text[1:]:
            before, now, origin = now, [], []
            for place in _PLACES:
                best, at = _IMPOSSIBLE, _END
                known = self.characters[place].get(character, _IMPOSSIBLE)
                for previous in _PLACES:
                    value = before[previous] + self.next[previous][place] + known
                    if value > best:
                        best, at = value, previous
                now.append(best)
                origin.append(at)
            origins.append(origin)
        places = [_END if now[_END] >= now[_SINGLE] else _SINGLE]
        for origin in reversed(origins):
            places.append(origin[places[-1]])
        return places[::-1]

    def _words(self, text: str, start: int, stop: int) -> list[Span]:
        """The words of a part without ASCII."""
        if start == stop:
            return []
        ends = [start + i + 1 for i, place in enumerate(self._places(text[start:stop])) if place in (_END, _SINGLE)]
        return list(pairwise([start, *ends]))

    def cut(self, text: str, start: int, stop: int) -> list[Span]:
        """The words of a part of a text. Latin letters with the digits behind them are one, and so are numbers."""
        found, at = [], start
        for match in _ASCII.finditer(text, start, stop):
            found += [*self._words(text, at, match.start()), match.span()]
            at = match.end()
        return found + self._words(text, at, stop)


class JiebaTokenizer(Tokenizer):
    """Cuts Chinese text into words. The files are those that cppjieba is distributed with, or of the same form.

    Args:
        hmm_path: the path of the hidden Markov model, `hmm_model.utf8`.
        mp_path: the path of the dictionary, `jieba.dict.utf8`: lines of a word, its frequency and its kind.
        mode: one of `JiebaMode`.
        with_offsets: also give the byte places of the tokens, as two more columns.

    Raises:
        TypeError: an argument is of a wrong type.
        ValueError: a file does not exist, is no text in UTF-8, or has a line of another form; the message names it.
    """

    def __init__(self, hmm_path: str, mp_path: str, mode: JiebaMode = JiebaMode.MIX, with_offsets: bool = False):
        super().__init__(with_offsets)
        if not isinstance(mode, JiebaMode):
            raise TypeError(f"For 'JiebaTokenizer', 'mode' must be one of JiebaMode, but got {mode!r}.")
        model, words = _path_of(hmm_path, "hmm_path"), _path_of(mp_path, "mp_path")
        self.mode = mode
        self._model, self._words = _Model(model), _Words(words)

    def add_word(self, word: str, freq: int | None = None) -> None:
        """Adds a word to the dictionary, or changes its frequency.

        Args:
            word: the word.
            freq: its frequency, in 0..2**32 - 1; None and 0 stand for the one in the middle of the dictionary.

        Raises:
            TypeError: an argument is of a wrong type.
            ValueError: the word is None or empty, or the frequency is out of range.
        """
        if word is None or word == "":
            raise ValueError(f"For 'JiebaTokenizer.add_word', 'word' must hold a character, but is {word!r}.")
        if not isinstance(word, str):
            raise TypeError(f"For 'JiebaTokenizer.add_word', 'word' must be a str, but got {word!r}.")
        self._words.add(word, 0 if freq is None else check_int(freq, "freq", "JiebaTokenizer.add_word", 0, _MOST))

    def add_dict(self, user_dict: str | dict[str, int]) -> None:
        """Adds words to the dictionary.

        Args:
            user_dict: words and their frequencies, or the path of a file of lines that hold a word, and perhaps its
                frequency behind a space. Lines of another form are left out.

        Raises:
            TypeError: it is neither, or a word or a frequency is of a wrong type.
            ValueError: there is no such file, or it is no text in UTF-8; or a frequency is out of range.
        """
        if isinstance(user_dict, dict):
            for word, frequency in user_dict.items():
                self.add_word(word, frequency)
            return
        if not isinstance(user_dict, str):
            raise TypeError(f"For 'JiebaTokenizer.add_dict', 'user_dict' must be a dict or the path of a file, but got "
                            f"{user_dict!r} of type {type(user_dict).__name__}.")
        for _, line in list(_lines(_path_of(user_dict, "user_dict"), "user_dict")):
            match = _LINE.fullmatch(line)
            if match and int(match[2] or 0) <= _MOST:
                self.add_word(match[1], int(match[2] or 0))

    def _cut(self, text: str, start: int, stop: int) -> list[Span]:
        """The words of a part without separators."""
        if self.mode is JiebaMode.HMM:
            return self._model.cut(text, start, stop)
        words = self._words.cut(text, start, stop)
        if self.mode is JiebaMode.MP:
            return words
        found, left = [], start             # the characters from `left` on belong to no word of the dictionary yet
        for begin, end in [*words, (stop, stop)]:
            if end != begin + 1:
                found += [*self._model.cut(text, left, begin), (begin, end)]
                left = end
        return found[:-1]

    def tokens(self, text):
        spans, at = [], 0
        for match in _APART.finditer(text):
            spans += [*self._cut(text, at, match.start()), match.span()]
            at = match.end()
        return [(text[start:stop], start, stop) for start, stop in spans + self._cut(text, at, len(text))]
