"""Asking with `isinstance` what made a dataset, steps made by their classes, and operations that other ones do."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
import mindspore._c_dataengine as cde
from mindspore import dataset as ds
from mindspore.dataset import BatchDataset, SourceDataset, TextBaseDataset, VisionBaseDataset, text
from mindspore.dataset.core.datatypes import mstype_to_detype
from mindspore.dataset.engine.datasets import MapDataset, MappableDataset, RepeatDataset, TakeDataset, ZipDataset
from mindspore.dataset.text.transforms import DE_C_INTER_NORMALIZE_FORM, NormalizeForm, TextTensorOperation


def numbers(count=4):
    return ds.NumpySlicesDataset({"a": np.arange(count)}, shuffle=False)


KINDS = (BatchDataset, MapDataset, RepeatDataset, TakeDataset, ds.SkipDataset, ds.ShuffleDataset, ds.ZipDataset,
         ds.ConcatDataset, ds.PaddedBatchDataset, ds.FilterDataset, ds.ProjectDataset, ds.RenameDataset, SourceDataset)


@pytest.mark.parametrize("made, kind", [
    (lambda d: d.batch(2), BatchDataset), (lambda d: BatchDataset(d, 2), BatchDataset),
    (lambda d: d.map(lambda x: x, "a"), MapDataset), (lambda d: d.repeat(2), RepeatDataset),
    (lambda d: TakeDataset(d, 2), TakeDataset), (lambda d: d.skip(1), ds.SkipDataset),
    (lambda d: d.shuffle(2), ds.ShuffleDataset), (lambda d: d.filter(lambda x: True, "a"), ds.FilterDataset),
    (lambda d: d.concat(numbers()), ds.ConcatDataset), (lambda d: d.padded_batch(2), ds.PaddedBatchDataset),
    (lambda d: ds.zip((d, numbers().rename("a", "b"))), ZipDataset),
    (lambda d: ZipDataset((d, numbers().rename("a", "b"))), ZipDataset),
    (lambda d: d.project("a"), ds.ProjectDataset), (lambda d: d.rename("a", "b"), ds.RenameDataset),
    (lambda d: d, SourceDataset)])
def test_what_made_a_dataset(made, kind):
    found = made(numbers())
    assert [each for each in KINDS if isinstance(found, each)] == [kind] and isinstance(found, ds.Dataset)


def test_classes_make_what_the_methods_make():
    rows = [row["a"].tolist() for row in BatchDataset(TakeDataset(numbers(), 3), 2).create_dict_iterator(1, True)]
    assert rows == [[0, 1], [2]]
    with pytest.raises(TypeError, match="must be a Dataset"):
        BatchDataset([1, 2], 2)


def test_sources(tmp_path):
    (tmp_path / "a.txt").write_text("one\ntwo\n")
    lines = ds.TextFileDataset(str(tmp_path / "a.txt"), shuffle=False)
    assert isinstance(lines, TextBaseDataset) and not isinstance(lines, VisionBaseDataset)
    assert isinstance(ds.FakeImageDataset(2, (4, 4, 3), 2), VisionBaseDataset)
    assert isinstance(numbers(), MappableDataset) and not isinstance(numbers().batch(2), (MappableDataset,))
    assert not isinstance(lines.batch(1), TextBaseDataset) and not isinstance("lines", SourceDataset)


class Numbered(TextTensorOperation):
    """Words by their numbers, which an operation finds."""

    def parse(self):
        vocab = cde.Vocab.from_dict({"one": 1, "two": 2, "?": 0})
        return cde.LookupOperation(vocab.c_vocab, "?", str(mstype_to_detype(ms.int64)))


class Words(TextTensorOperation):
    """The words of a text, in Python or by an operation."""

    def __init__(self, implementation):
        self.implementation = implementation

    def parse(self):
        return cde.BasicTokenizerOperation(True, False, DE_C_INTER_NORMALIZE_FORM[NormalizeForm.NFD], False, False)

    def execute_py(self, value):
        return np.array(str(value).split())


def test_operations_that_other_ones_do(tmp_path):
    (tmp_path / "a.txt").write_text("One two, three")
    lines = ds.TextFileDataset(str(tmp_path / "a.txt"), shuffle=False)
    for implementation, expected in ((ds.Implementation.C, [1, 2, 0, 0]), (ds.Implementation.PY, [0, 0, 0])):
        found = lines.map([Words(implementation), Numbered()], "text")
        row = next(found.create_dict_iterator(1, True))["text"]
        assert row.tolist() == expected and row.dtype == np.int64
    assert mstype_to_detype(ms.bool_) == "bool" and mstype_to_detype(None) == "unknown"
    assert text.Lookup(text.Vocab.from_list(["one"]).c_vocab, "one")(np.array("x")) == 0
    with pytest.raises(TypeError, match="element type"):
        mstype_to_detype(int)
