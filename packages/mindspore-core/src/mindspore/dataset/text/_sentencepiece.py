"""Pieces of words, learned from texts: what the package `sentencepiece` does, in the names of this one.

The package is an optional requirement (`pip install mindspore-core[media]`), imported when it is first needed.
"""
from __future__ import annotations

import enum
import io
import os
from collections.abc import Iterator

import numpy as np

from .._check import check_int, check_known, check_names, check_number, media_package
from .._transform import RowTransform
from ._base import text_of, texts_of

__all__ = ["SPieceTokenizerLoadType", "SPieceTokenizerOutType", "SentencePieceModel", "SentencePieceTokenizer",
           "SentencePieceVocab"]

_OWN = ("input", "vocab_size", "model_prefix", "character_coverage", "model_type", "minloglevel")
_MOST = (1 << 31) - 1


class SentencePieceModel(enum.IntEnum):
    """What `SentencePieceVocab` learns."""

    UNIGRAM = 0     # pieces with probabilities
    BPE = 1         # pairs that occur most often, joined again and again
    CHAR = 2        # characters
    WORD = 3        # what stands between spaces


class SPieceTokenizerLoadType(enum.IntEnum):
    """Where a model comes from."""

    FILE = 0
    MODEL = 1


class SPieceTokenizerOutType(enum.IntEnum):
    """What `SentencePieceTokenizer` gives."""

    STRING = 0      # the pieces
    INT = 1         # their numbers


class SentencePieceVocab:
    """A model of pieces, made by `from_dataset` or `from_file`."""

    def __init__(self):
        self._model = b""

    @classmethod
    def _learned(cls, function: str, source: Iterator[str] | list[str], vocab_size, character_coverage, model_type,
                 params) -> SentencePieceVocab:
        """A model of sentences, or of the files with these paths."""
        size = check_int(vocab_size, "vocab_size", function, 1, _MOST)
        coverage = check_number(character_coverage, "character_coverage", function)
        if not isinstance(model_type, SentencePieceModel):
            raise TypeError(f"For '{function}', 'model_type' must be one of SentencePieceModel, but got "
                            f"{model_type!r}.")
        if not isinstance(params, dict) or not all(isinstance(name, str) for name in params):
            raise TypeError(f"For '{function}', 'params' must be a dict of options by name, but got {params!r}.")
        options = {option: value for option, value in params.items() if option not in _OWN}
        made, written = cls(), io.BytesIO()
        failed: list[Exception] = []

        def sentences() -> Iterator[str]:
            try:
                yield from source
            except Exception as error:      # the trainer hides it, and some releases go on with what they have
                failed.append(error)
                raise

        try:
            media_package("sentencepiece", function).SentencePieceTrainer.train(
                **{"input": source} if isinstance(source, list) else {"sentence_iterator": sentences()},
                vocab_size=size, character_coverage=coverage, model_type=model_type.name.lower(), minloglevel=1,
                model_writer=written, **options)
        except (RuntimeError, OSError) as error:
            if not failed:
                raise RuntimeError(f"For '{function}', sentencepiece learned no model of {size} pieces: "
                                   f"{error}") from error
        if failed:
            raise failed[0]
        made._model = written.getvalue()
        return made

    @classmethod
    def from_dataset(cls, dataset, col_names: list[str] | None, vocab_size: int, character_coverage: float,
                     model_type: SentencePieceModel, params: dict) -> SentencePieceVocab:
        """Learns a model from the texts of a dataset.

        Args:
            dataset: a Dataset with columns of text; each text is a sentence.
            col_names: the names of the columns; None or an empty list for "text".
            vocab_size: how many pieces.
            character_coverage: the share of the characters that the pieces cover, such as 0.9995.
            model_type: one of `SentencePieceModel`.
            params: more options of sentencepiece's trainer by name. Those above, `input`, `model_prefix` and
                `minloglevel` among them are left out.

        Raises:
            TypeError: an argument, or a column, is of a wrong type.
            ValueError: an argument is out of range, or the dataset has no such column.
            RuntimeError: no model can be learned from the texts, for instance one with so many pieces.
            ImportError: `sentencepiece` is missing.
        """
        name = "SentencePieceVocab.from_dataset"
        if not hasattr(dataset, "create_dict_iterator"):
            raise TypeError(f"For '{name}', 'dataset' must be a Dataset, but got {type(dataset).__name__}.")
        names = check_names(col_names, "col_names", name) if col_names else ("text",)
        check_known(names, dataset.get_col_names(), name)

        def sentences() -> Iterator[str]:
            for row in dataset.create_dict_iterator(num_epochs=1, output_numpy=True):
                for column in names:
                    yield from texts_of(row[column], name).reshape(-1).tolist()

        return cls._learned(name, sentences(), vocab_size, character_coverage, model_type, params)

    @classmethod
    def from_file(cls, file_path: list[str], vocab_size: int, character_coverage: float,
                  model_type: SentencePieceModel, params: dict) -> SentencePieceVocab:
        """Learns a model from text files; each line is a sentence.

        Args:
            file_path: the paths.
            vocab_size, character_coverage, model_type, params: as for `from_dataset`.

        Raises:
            TypeError: an argument is of a wrong type.
            ValueError: an argument is out of range.
            RuntimeError: a file does not exist, or no model can be learned, for instance one with so many pieces.
            ImportError: `sentencepiece` is missing.
        """
        name = "SentencePieceVocab.from_file"
        if not isinstance(file_path, list) or not all(isinstance(path, str) for path in file_path):
            raise TypeError(f"For '{name}', 'file_path' must be a list of paths, but got {file_path!r}.")
        if not file_path:
            raise ValueError(f"For '{name}', 'file_path' must not be empty.")
        for path in file_path:
            if not os.path.isfile(path):
                raise RuntimeError(f"For '{name}', 'file_path' must hold paths of files, but there is none at "
                                   f"{path!r}.")
        return cls._learned(name, file_path, vocab_size, character_coverage, model_type, params)

    @classmethod
    def save_model(cls, vocab: SentencePieceVocab, path: str, filename: str) -> None:
        """Writes a model to a file, which only its owner may read.

        Args:
            vocab: the model.
            path: the folder, which must exist.
            filename: the file's name.

        Raises:
            TypeError: an argument is of a wrong type.
            ValueError: `vocab` holds no model.
            RuntimeError: the folder does not exist.
            OSError: the file cannot be written.
        """
        name = "SentencePieceVocab.save_model"
        for label, value in (("path", path), ("filename", filename)):
            if not isinstance(value, str):
                raise TypeError(f"For '{name}', '{label}' must be a str, but got {value!r}.")
        model = _model_of(vocab, "vocab", name)
        if not os.path.isdir(path):
            raise RuntimeError(f"For '{name}', 'path' must be a folder, but there is none at {path!r}.")
        target = os.path.join(path, filename)
        with open(target, "wb") as file:
            file.write(model)
        os.chmod(target, 0o600)


def _model_of(vocab, name: str, function: str) -> bytes:
    if not isinstance(vocab, SentencePieceVocab):
        raise TypeError(f"For '{function}', '{name}' must be a SentencePieceVocab, but got {type(vocab).__name__}.")
    if not vocab._model:
        raise ValueError(f"For '{function}', '{name}' holds no model. Make it by SentencePieceVocab.from_dataset or "
                         f"SentencePieceVocab.from_file.")
    return vocab._model


class SentencePieceTokenizer(RowTransform):
    """Cuts a text into the pieces of a model.

    Args:
        mode: a SentencePieceVocab, or the path of a file with a model.
        out_type: STRING for the pieces, INT for their numbers, int32.

    Raises:
        TypeError: an argument is of a wrong type.
        ValueError: the vocabulary holds no model.
        RuntimeError: there is no such file, or it holds no model.
        ImportError: `sentencepiece` is missing.
    """

    def __init__(self, mode: SentencePieceVocab | str, out_type: SPieceTokenizerOutType):
        name = "SentencePieceTokenizer"
        if not isinstance(mode, (str, SentencePieceVocab)):
            raise TypeError(f"For '{name}', 'mode' must be a SentencePieceVocab or the path of a model, but got "
                            f"{mode!r} of type {type(mode).__name__}.")
        if not isinstance(out_type, SPieceTokenizerOutType):
            raise TypeError(f"For '{name}', 'out_type' must be one of SPieceTokenizerOutType, but got {out_type!r}.")
        if isinstance(mode, str) and not os.path.isfile(mode):
            raise RuntimeError(f"For '{name}', 'mode' must be the path of a model, but there is no file at {mode!r}.")
        self.out_type = out_type
        if isinstance(mode, str):
            with open(mode, "rb") as file:
                model = file.read()
        else:
            model = _model_of(mode, "mode", name)
        self._processor = media_package("sentencepiece", name).SentencePieceProcessor()
        try:
            self._processor.LoadFromSerializedProto(model)
        except RuntimeError as error:
            raise RuntimeError(f"For '{name}', the {len(model)} bytes of 'mode' are no model of sentencepiece: "
                               f"{error}") from error

    def apply_to_row(self, values, rng):
        if len(values) != 1:
            raise ValueError(f"For 'SentencePieceTokenizer', one column is needed, but got {len(values)}.")
        text = text_of(values[0], "SentencePieceTokenizer")
        if self.out_type is SPieceTokenizerOutType.STRING:
            return (np.array(self._processor.encode(text, out_type=str), str),)
        return (np.array(self._processor.encode(text, out_type=int), np.int32),)
