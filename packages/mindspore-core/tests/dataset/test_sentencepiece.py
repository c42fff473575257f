"""Pieces of words: models learned from files and datasets, the tokenizer, files of models, and refusals."""
from __future__ import annotations

import copy
import os
import pickle
import sys

import numpy as np
import pytest

import mindspore.dataset as ds
from mindspore.dataset import text
from mindspore.dataset.text import SentencePieceModel, SPieceTokenizerOutType

pytest.importorskip("sentencepiece", reason="needs the package sentencepiece")

STRING, INT = SPieceTokenizerOutType.STRING, SPieceTokenizerOutType.INT
SENTENCES = ["the cat sat on the mat", "the dog sat on the log", "a cat and a dog", "the cat saw the dog"] * 5
SIZES = {SentencePieceModel.UNIGRAM: 20, SentencePieceModel.BPE: 25, SentencePieceModel.CHAR: 17,
         SentencePieceModel.WORD: 13}


def learned(kind=SentencePieceModel.BPE, params=None):
    rows = ds.NumpySlicesDataset(SENTENCES, ["text"], shuffle=False)
    return text.SentencePieceVocab.from_dataset(rows, ["text"], SIZES[kind], 1.0, kind, params or {})


@pytest.fixture(scope="module")
def vocab():
    return learned()


# the kind of model: the pieces of "the cat"; those of a unigram model depend on the release
PIECES = {
    SentencePieceModel.CHAR: ["▁", "t", "h", "e", "▁", "c", "a", "t"],
    SentencePieceModel.WORD: ["▁the", "▁cat"],
    SentencePieceModel.BPE: ["▁the", "▁c", "at"],
    SentencePieceModel.UNIGRAM: None,
}


@pytest.mark.parametrize("kind", SentencePieceModel)
def test_pieces_join_to_the_text(kind):
    model = learned(kind)
    pieces = text.SentencePieceTokenizer(model, STRING)("the cat")
    numbers = text.SentencePieceTokenizer(model, INT)("the cat")
    assert "".join(pieces) == "▁the▁cat" and PIECES[kind] in (None, pieces.tolist())
    assert numbers.dtype == np.int32 and len(numbers) == len(pieces) and numbers.max() < SIZES[kind]


def test_files_and_datasets_teach_the_same(tmp_path, vocab):
    path = tmp_path / "sentences"
    path.write_text("\n".join(SENTENCES), encoding="utf-8")
    from_file = text.SentencePieceVocab.from_file([str(path)], 25, 1.0, SentencePieceModel.BPE, {})
    rows = ds.NumpySlicesDataset({"text": SENTENCES, "other": ["x"] * len(SENTENCES)}, shuffle=False)
    for model in (from_file, text.SentencePieceVocab.from_dataset(rows, None, 25, 1.0, SentencePieceModel.BPE, {})):
        for given in SENTENCES[:4]:
            assert (text.SentencePieceTokenizer(model, INT)(given).tolist()
                    == text.SentencePieceTokenizer(vocab, INT)(given).tolist())


def test_options_of_the_trainer_count_and_arguments_win():
    model = learned(params={"user_defined_symbols": "<x>", "vocab_size": 3, "model_prefix": "no"})
    assert text.SentencePieceTokenizer(model, STRING)("a<x>").tolist()[-1] == "<x>"


def test_a_saved_model(tmp_path, vocab):
    text.SentencePieceVocab.save_model(vocab, str(tmp_path), "m.model")
    path = tmp_path / "m.model"
    assert os.name == "nt" or path.stat().st_mode & 0o777 == 0o600
    for kind in (STRING, INT):
        saved, kept = text.SentencePieceTokenizer(str(path), kind), text.SentencePieceTokenizer(vocab, kind)
        assert saved("the dog").tolist() == kept("the dog").tolist()


@pytest.mark.parametrize("changed", [copy.deepcopy, lambda op: pickle.loads(pickle.dumps(op))])
def test_in_a_pipeline(vocab, changed):
    op = changed(text.SentencePieceTokenizer(vocab, STRING))
    rows = ds.NumpySlicesDataset(["the cat", "a", ""], ["text"], shuffle=False).map(op)
    assert [row[0].tolist() for row in rows.create_tuple_iterator(num_epochs=1, output_numpy=True)] == [
        ["▁the", "▁c", "at"], ["▁a"], []]


def from_dataset(names=None, size=25, coverage=1.0, kind=SentencePieceModel.BPE, params=None, column=SENTENCES):
    rows = ds.NumpySlicesDataset(column, ["text"], shuffle=False)
    return text.SentencePieceVocab.from_dataset(rows, names, size, coverage, kind, {} if params is None else params)


def from_file(paths):
    return text.SentencePieceVocab.from_file(paths, 25, 1.0, SentencePieceModel.BPE, {})


# name: a call with a vocabulary, the error, what the message says
REFUSED = {
    "no dataset": (lambda v: text.SentencePieceVocab.from_dataset(SENTENCES, None, 9, 1.0, SentencePieceModel.BPE, {}),
                   TypeError, "'dataset'"),
    "no such column": (lambda v: from_dataset(["words"]), ValueError, "no column 'words'"),
    "numbers": (lambda v: from_dataset(column=[1, 2]), TypeError, "text is needed"),
    "no size": (lambda v: from_dataset(size=0), ValueError, "'vocab_size'"),
    "a float size": (lambda v: from_dataset(size=2.5), TypeError, "'vocab_size'"),
    "coverage by name": (lambda v: from_dataset(coverage="all"), TypeError, "'character_coverage'"),
    "a kind by name": (lambda v: from_dataset(kind="bpe"), TypeError, "'model_type'"),
    "options in a list": (lambda v: from_dataset(params=[]), TypeError, "'params'"),
    "an unknown option": (lambda v: from_dataset(params={"nonsense": 3}), RuntimeError, "nonsense"),
    "too many pieces": (lambda v: from_dataset(size=5000), RuntimeError, "no model of 5000 pieces"),
    "one path": (lambda v: from_file("sentences"), TypeError, "'file_path'"),
    "no paths": (lambda v: from_file([]), ValueError, "'file_path'"),
    "no such file": (lambda v: from_file(["nowhere"]), RuntimeError, "there is none at 'nowhere'"),
    "no vocabulary to save": (lambda v: text.SentencePieceVocab.save_model("v", ".", "m"), TypeError, "'vocab'"),
    "an empty vocabulary": (lambda v: text.SentencePieceVocab.save_model(text.SentencePieceVocab(), ".", "m"),
                            ValueError, "holds no model"),
    "no such folder": (lambda v: text.SentencePieceVocab.save_model(v, "nowhere", "m"), RuntimeError, "'path'"),
    "a number for a name": (lambda v: text.SentencePieceVocab.save_model(v, ".", 1), TypeError, "'filename'"),
    "no model": (lambda v: text.SentencePieceTokenizer(1, STRING), TypeError, "'mode'"),
    "no such model": (lambda v: text.SentencePieceTokenizer("nowhere", STRING), RuntimeError, "no file at 'nowhere'"),
    "another file": (lambda v: text.SentencePieceTokenizer(__file__, STRING), RuntimeError, "are no model"),
    "a kind of output by number": (lambda v: text.SentencePieceTokenizer(v, 0), TypeError, "'out_type'"),
    "tokens": (lambda v: text.SentencePieceTokenizer(v, STRING)(["a", "b"]), ValueError, "one text"),
    "two texts": (lambda v: text.SentencePieceTokenizer(v, STRING)("a", "b"), ValueError, "one column"),
}


@pytest.mark.parametrize("call, error, message", REFUSED.values(), ids=REFUSED.keys())
def test_refusals(vocab, call, error, message):
    with pytest.raises(error, match=message):
        call(vocab)


def test_without_the_package(vocab, monkeypatch):
    monkeypatch.setitem(sys.modules, "sentencepiece", None)
    for call in (lambda: text.SentencePieceTokenizer(vocab, STRING), from_dataset):
        with pytest.raises(ImportError, match=r"pip install 'mindspore-core\[media\]'"):
            call()
