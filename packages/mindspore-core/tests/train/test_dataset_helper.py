"""Batches of data sets and iterables for training loops, and the names of `mindspore.train` at the top level."""
from __future__ import annotations

from contextlib import closing

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor
from mindspore.dataset import NumpySlicesDataset
from mindspore.train import DatasetHelper
from mindspore.train.dataset_helper import batches, dataset_size, epochs

ROWS = {"a": np.arange(10, dtype=np.float32), "b": np.arange(10, dtype=np.int32)}


def made():
    return NumpySlicesDataset(ROWS, shuffle=False).batch(4)


@pytest.mark.parametrize("source, size", [
    (made, 3), (lambda: [(Tensor([0.0]), 1)], 1), (lambda: [{"a": [0.0], "b": 1}], 1),
    (lambda: iter([[[0.0], 1]]), None)])
def test_batches(source, size):
    assert dataset_size(source()) == size
    columns = next(iter(batches(source())))
    assert isinstance(columns, tuple) and all(isinstance(c, Tensor) for c in columns)
    assert [c.asnumpy().reshape(-1)[0] for c in columns] in ([0, 0], [0, 1])


def test_an_iterator_is_reset_after_each_epoch():
    class Counter:
        def __init__(self):
            self.reset()

        def __iter__(self):
            return self

        def __next__(self):
            if self.left == 0:
                raise StopIteration
            self.left -= 1
            return [float(self.left)]

        def reset(self):
            self.left = 2

    class Dataset(Counter):
        def create_tuple_iterator(self):
            return self

    rows = Counter()
    assert [len(list(batches(rows))) for _ in range(3)] == [2, 2, 2]
    for rows in (Counter(), Dataset()):
        for _ in range(2):
            with closing(epochs(rows)) as runs:
                assert [len(list(next(runs))) for _ in range(3)] == [2, 2, 2]


def test_text_stays_text():
    (columns,) = batches([(np.array(["a", "b"]), np.ones(2, np.float32))])
    assert columns[0].tolist() == ["a", "b"] and isinstance(columns[1], Tensor)


def test_loops():
    helper = DatasetHelper(made())
    for _ in range(2):
        assert [len(a) for a, b in helper] == [4, 4, 2]
    assert helper.sink_size() == 3 and helper.types_shapes() == ([ms.float32, ms.int32], [(4,), (4,)])
    part = DatasetHelper(made(), sink_size=2)
    assert [float(a.asnumpy()[0]) for _ in range(2) for a, b in part] == [0, 4, 8, 0]
    part.stop_send()
    assert float(next(iter(part))[0].asnumpy()[0]) == 0


@pytest.mark.parametrize("call, error", [
    (lambda: DatasetHelper([], sink_size=0), ValueError), (lambda: DatasetHelper([], sink_size=1.5), TypeError),
    (lambda: DatasetHelper([], "yes"), TypeError), (lambda: list(DatasetHelper([], sink_size=1)), ValueError),
    (lambda: list(batches(3)), TypeError)])
def test_refused(call, error):
    with pytest.raises(error):
        call()


@pytest.mark.parametrize("name", ["Model", "LossMonitor", "Callback", "ModelCheckpoint", "Accuracy", "save_checkpoint"])
def test_names_at_the_top_level(name):
    assert getattr(ms, name) is getattr(ms.train, name)
    assert name in dir(ms)
