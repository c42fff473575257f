"""Tokenizers: by characters, spaces, scripts, patterns, and those of BERT."""
from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

import numpy as np

from .._check import check_bool, check_int
from .._transform import RowTransform, as_value
from ._base import Tokenizer, text_of, texts_of
from ._text import NormalizeForm, check_form
from ._vocab import Vocab

__all__ = ["BasicTokenizer", "BertTokenizer", "PythonTokenizer", "RegexTokenizer", "UnicodeCharTokenizer",
           "UnicodeScriptTokenizer", "WhitespaceTokenizer", "WordpieceTokenizer"]

Tokens = list[tuple[str, int, int]]


class UnicodeCharTokenizer(Tokenizer):
    """Each character is a token.

    Args:
        with_offsets: also give the byte places of the tokens, as two more columns.
    """

    def tokens(self, text):
        return [(character, i, i + 1) for i, character in enumerate(text)]


class WhitespaceTokenizer(Tokenizer):
    """What stands between white space is a token.

    Args:
        with_offsets: also give the byte places of the tokens, as two more columns.
    """

    def tokens(self, text):
        return [(match.group(), *match.span()) for match in re.finditer(r"\S+", text)]


def _script(character: str) -> str:
    """The script of a character: the first word of its Unicode name for letters, otherwise its kind."""
    if character.isspace():
        return "space"
    if not character.isalpha():
        return "common"
    word = unicodedata.name(character, "UNKNOWN").split()[0]
    return {"IDEOGRAPHIC": "CJK", "FULLWIDTH": "LATIN"}.get(word, word)


class UnicodeScriptTokenizer(Tokenizer):
    """Runs of characters of one script are tokens; digits, signs and punctuation count as one script.

    Args:
        keep_whitespace: whether runs of white space are tokens, too.
        with_offsets: also give the byte places of the tokens, as two more columns.
    """

    def __init__(self, keep_whitespace: bool = False, with_offsets: bool = False):
        super().__init__(with_offsets)
        self.keep = check_bool(keep_whitespace, "keep_whitespace", "UnicodeScriptTokenizer")

    def tokens(self, text):
        found: Tokens = []
        previous = ""
        for i, character in enumerate(text):
            script = _script(character)
            if script == previous:
                found[-1] = (found[-1][0] + character, found[-1][1], i + 1)
            else:
                found.append((character, i, i + 1))
            previous = script
        return found if self.keep else [token for token in found if not token[0].isspace()]


def compiled(pattern, name: str, function: str) -> re.Pattern:
    """A pattern of Python's `re`."""
    if not isinstance(pattern, str):
        raise TypeError(f"For '{function}', '{name}' must be a str, but got {type(pattern).__name__}.")
    try:
        return re.compile(pattern)
    except re.error as error:
        raise ValueError(f"For '{function}', '{name}' {pattern!r} is no pattern of Python's 're': {error}.") from None


class RegexTokenizer(Tokenizer):
    """What stands between matches of a pattern is a token.

    Args:
        delim_pattern: a pattern of Python's `re`.
        keep_delim_pattern: matches that fit this one are tokens, too; "" for none.
        with_offsets: also give the byte places of the tokens, as two more columns.
    """

    def __init__(self, delim_pattern: str, keep_delim_pattern: str = "", with_offsets: bool = False):
        super().__init__(with_offsets)
        self.delimiter = compiled(delim_pattern, "delim_pattern", "RegexTokenizer")
        self.kept = compiled(keep_delim_pattern, "keep_delim_pattern", "RegexTokenizer") if keep_delim_pattern else None

    def tokens(self, text):
        return split_by(text, self.delimiter, self.kept)


def split_by(text: str, delimiter: re.Pattern, kept: re.Pattern | None) -> Tokens:
    """The parts between the matches, and those matches that fit `kept`."""
    found, at = [], 0
    for match in delimiter.finditer(text):
        if match.start() > at:
            found.append((text[at:match.start()], at, match.start()))
        if kept is not None and match.group() and kept.fullmatch(match.group()):
            found.append((match.group(), *match.span()))
        at = max(at, match.end())
    if at < len(text):
        found.append((text[at:], at, len(text)))
    return found


_UNUSED = re.compile(r"\[CLS\]|\[SEP\]|\[UNK\]|\[PAD\]|\[MASK\]|\[unused\d+\]")
_CJK = [(0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F), (0x2B740, 0x2B81F),
        (0x2B820, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F)]


def _stands_alone(character: str) -> bool:
    """Whether BERT's basic tokenizer makes a token of the character: punctuation, ASCII signs, ideographs."""
    code = ord(character)
    return (33 <= code <= 126 and not character.isalnum()) or unicodedata.category(character).startswith("P") or \
        any(low <= code <= high for low, high in _CJK)


def basic_tokens(text: str, keep_whitespace: bool, preserve_unused: bool, change: Callable[[str], str]) -> Tokens:
    """BERT's basic tokens: words, and each punctuation mark and ideograph by itself."""
    whole = {match.start(): match.end() for match in _UNUSED.finditer(text)} if preserve_unused else {}
    found: Tokens = []
    begin, i = 0, 0

    def add(start: int, stop: int, as_it_is: bool = False) -> None:
        token = text[start:stop] if as_it_is else change(text[start:stop])
        if token:
            found.append((token, start, stop))

    while i < len(text):
        end = whole.get(i, i + 1)
        alone = end > i + 1 or text[i].isspace() or _stands_alone(text[i])
        if alone:
            add(begin, i)
            if not text[i].isspace() or keep_whitespace:
                add(i, end, end > i + 1)
            begin = end
        i = end
    add(begin, len(text))
    return found


class BasicTokenizer(Tokenizer):
    """BERT's basic tokenizer: words; punctuation and ideographs by themselves.

    Args:
        lower_case: lower the case and take accents off.
        keep_whitespace: whether white space characters are tokens, too.
        normalization_form: one of `NormalizeForm`; not together with lower_case, which uses NFD.
        preserve_unused_token: keep [CLS], [SEP], [UNK], [PAD], [MASK] and [unused0] ... whole.
        with_offsets: also give the byte places of the tokens, as two more columns.
    """

    def __init__(self, lower_case: bool = False, keep_whitespace: bool = False,
                 normalization_form: NormalizeForm = NormalizeForm.NONE, preserve_unused_token: bool = True,
                 with_offsets: bool = False):
        super().__init__(with_offsets)
        name = type(self).__name__
        self.lower = check_bool(lower_case, "lower_case", name)
        self.keep = check_bool(keep_whitespace, "keep_whitespace", name)
        self.form = check_form(normalization_form, "normalization_form", name)
        self.preserve = check_bool(preserve_unused_token, "preserve_unused_token", name)

    def _change(self, text: str) -> str:
        if self.lower:
            split = unicodedata.normalize("NFD", text.casefold())
            return "".join(c for c in split if unicodedata.category(c) != "Mn")
        return unicodedata.normalize(self.form, text) if self.form else text

    def tokens(self, text):
        kept = "".join(" " if unicodedata.category(c) in ("Cc", "Cf") and not c.isspace() else c for c in text)
        return basic_tokens(kept, self.keep, self.preserve, self._change)


def word_pieces(word: str, numbers: dict[str, int], indicator: str, longest: int,
                unknown: str) -> list[tuple[str, int, int]]:
    """The longest known pieces of a word from the left, or the unknown token."""
    whole = [(unknown or word, 0, len(word))]
    if len(word.encode()) > longest:
        return whole
    found, start = [], 0
    while start < len(word):
        for stop in range(len(word), start, -1):
            piece = word[start:stop] if not start else indicator + word[start:stop]
            if piece in numbers:
                found.append((piece, start, stop))
                start = stop
                break
        else:
            return whole
    return found


class _Pieces:
    """The arguments of word pieces."""

    def __init__(self, vocab, suffix_indicator, max_bytes_per_token, unknown_token, function: str):
        if not isinstance(vocab, Vocab):
            raise TypeError(f"For '{function}', 'vocab' must be a Vocab, but got {type(vocab).__name__}.")
        for label, value in (("suffix_indicator", suffix_indicator), ("unknown_token", unknown_token)):
            if not isinstance(value, str):
                raise TypeError(f"For '{function}', '{label}' must be a str, but got {value!r}.")
        self.arguments = (vocab.vocab(), suffix_indicator,
                          check_int(max_bytes_per_token, "max_bytes_per_token", function, 0), unknown_token)

    def of(self, tokens: Tokens) -> Tokens:
        """The pieces of all tokens."""
        return [(piece, start + a, start + b if b < len(token) else stop) for token, start, stop in tokens
                for piece, a, b in word_pieces(token, *self.arguments)]


class WordpieceTokenizer(RowTransform):
    """Cuts words into the longest pieces that a vocabulary knows, as BERT does.

    Args:
        vocab: a Vocab.
        suffix_indicator: what stands before a piece that does not begin a word.
        max_bytes_per_token: longer words are unknown.
        unknown_token: stands for a word that cannot be cut; "" keeps the word.
        with_offsets: also give the byte places of the tokens, as two more columns.
    """

    def __init__(self, vocab: Vocab, suffix_indicator: str = "##", max_bytes_per_token: int = 100,
                 unknown_token: str = "[UNK]", with_offsets: bool = False):
        self.pieces = _Pieces(vocab, suffix_indicator, max_bytes_per_token, unknown_token, "WordpieceTokenizer")
        self.with_offsets = check_bool(with_offsets, "with_offsets", "WordpieceTokenizer")

    def apply_to_row(self, values, rng):
        if len(values) != 1:
            raise ValueError(f"For 'WordpieceTokenizer', one column is needed, but got {len(values)}.")
        found, at = [], 0
        for word in texts_of(values[0], "WordpieceTokenizer").reshape(-1).tolist():
            places = np.cumsum([0, *(len(c.encode()) for c in word)]) + at
            found += [(piece, places[a], places[b]) for piece, a, b in self.pieces.of([(word, 0, len(word))])]
            at = int(places[-1])
        words = np.array([piece for piece, _, _ in found] or [""], str)
        if not self.with_offsets:
            return (words,)
        return words, *(np.array([token[i] for token in found] or [0], np.uint32) for i in (1, 2))


class BertTokenizer(BasicTokenizer):
    """`BasicTokenizer`, then `WordpieceTokenizer`; the arguments are theirs."""

    def __init__(self, vocab: Vocab, suffix_indicator: str = "##", max_bytes_per_token: int = 100,
                 unknown_token: str = "[UNK]", lower_case: bool = False, keep_whitespace: bool = False,
                 normalization_form: NormalizeForm = NormalizeForm.NONE, preserve_unused_token: bool = True,
                 with_offsets: bool = False):
        super().__init__(lower_case, keep_whitespace, normalization_form, preserve_unused_token, with_offsets)
        self.pieces = _Pieces(vocab, suffix_indicator, max_bytes_per_token, unknown_token, "BertTokenizer")

    def tokens(self, text):
        return self.pieces.of(super().tokens(text))


class PythonTokenizer(RowTransform):
    """A user's function as a tokenizer: it gets a str and returns a list of str."""

    def __init__(self, tokenizer: Callable[[str], list[str]]):
        if not callable(tokenizer):
            raise TypeError(f"For 'PythonTokenizer', 'tokenizer' must be callable, but got "
                            f"{type(tokenizer).__name__}.")
        self.tokenizer = tokenizer

    def apply_to_row(self, values, rng):
        return (as_value(self.tokenizer(text_of(values[0], "PythonTokenizer")), "For 'PythonTokenizer', the result"),)
