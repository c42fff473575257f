"""Rows that `map` keeps in a DatasetCache: made once, in a new order in each epoch, within the cache's size."""
import threading

import numpy as np
import pytest

import mindspore.dataset as ds
from mindspore.dataset import transforms, vision


class Counted:
    """An operation that knows how often it was called, by value."""

    def __init__(self):
        self.calls = {}
        self._lock = threading.Lock()

    def __call__(self, x):
        with self._lock:
            self.calls[int(x)] = self.calls.get(int(x), 0) + 1
        return x * 10


def _numbers(count=20, **options):
    return ds.NumpySlicesDataset(np.arange(count), ["x"], **options)


def _epoch(dataset):
    return [int(x) for x, in dataset.create_tuple_iterator(num_epochs=1, output_numpy=True)]


def _text_file(tmp_path):
    path = tmp_path / "lines.txt"
    path.write_text("".join(f"{i}\n" for i in range(20)))
    return ds.TextFileDataset(str(path), shuffle=True)


SOURCES = {
    "arrays": lambda tmp_path: _numbers(shuffle=True),
    "random access": lambda tmp_path: ds.GeneratorDataset(range(20), ["x"], shuffle=True),
    "lines": _text_file,
}


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("source", SOURCES)
def test_rows_are_made_once_and_each_epoch_has_its_order(source, workers, tmp_path):
    function, cache = Counted(), ds.DatasetCache(1)
    kept = SOURCES[source](tmp_path).map(lambda x: function(int(x)), "x" if source != "lines" else "text",
                                         num_parallel_workers=workers, cache=cache)
    rows = kept.create_tuple_iterator(num_epochs=4, output_numpy=True)
    epochs = [[int(x) for x, in rows] for _ in range(4)]
    assert all(sorted(epoch) == [10 * i for i in range(20)] for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 4
    assert function.calls == dict.fromkeys(range(20), 1)
    assert cache.get_stat()[1:] == (20, 0)


def test_a_sampler_may_ask_for_other_rows_in_each_epoch():
    function = Counted()
    kept = _numbers(sampler=ds.RandomSampler(num_samples=8)).map(function, "x", cache=ds.DatasetCache(1))
    rows = kept.create_tuple_iterator(num_epochs=6, output_numpy=True)
    seen = [int(x) // 10 for _ in range(6) for x, in rows]
    assert len(seen) == 48
    assert function.calls == dict.fromkeys(set(seen), 1)


def test_an_iterable_is_replayed_once_it_was_read_to_its_end():
    function, passes = Counted(), []

    def source():
        passes.append(1)
        for i in range(5):
            yield np.int64(i)

    kept = ds.GeneratorDataset(source, ["x"]).map(function, "x", cache=ds.DatasetCache(1))
    iterator = kept.create_tuple_iterator(num_epochs=1, output_numpy=True)
    next(iterator)
    iterator.stop()         # a pass that did not come to the end is no whole one
    assert _epoch(kept) == _epoch(kept) == _epoch(kept) == [0, 10, 20, 30, 40]
    before = len(passes)
    assert _epoch(kept) == [0, 10, 20, 30, 40]
    assert len(passes) == before


def test_beyond_the_size_rows_are_made_again_or_spilled():
    rows = np.zeros((30, 1 << 16), np.uint8) + np.arange(30, dtype=np.uint8)[:, None]
    for spilling in (False, True):
        calls = []
        cache = ds.DatasetCache(1, size=1, spilling=spilling)
        kept = ds.NumpySlicesDataset(rows, ["x"], shuffle=False).map(lambda x, calls=calls: (calls.append(1), x + 1)[1],
                                                                   "x", cache=cache)
        for _ in range(3):
            got = [x for x, in kept.create_tuple_iterator(num_epochs=1, output_numpy=True)]
            assert np.array_equal(np.stack(got), rows + 1)
        assert cache.get_stat() == (1 << 16, 16, 14 if spilling else 0)
        assert len(calls) == (30 if spilling else 30 + 14 + 14)


def test_kept_rows_cannot_be_changed_by_what_follows():
    def spoil(x):
        x += 1
        return x

    ragged = ds.GeneratorDataset([np.arange(i + 1) for i in range(6)], ["x"], shuffle=False)
    kept = ragged.map(lambda x: x * 2, "x", cache=ds.DatasetCache(1)).map(spoil, "x")
    for _ in range(3):
        for i, (x,) in enumerate(kept.create_tuple_iterator(num_epochs=1, output_numpy=True)):
            assert x.tolist() == [2 * k + 1 for k in range(i + 1)]
            x += 100


def test_batches_parts_and_copies_of_a_pipeline_use_what_is_kept():
    function = Counted()
    kept = _numbers(shuffle=False).map(function, "x", cache=ds.DatasetCache(1)).batch(4).repeat(2)
    for _ in range(2):
        assert [x.tolist() for x, in kept.create_tuple_iterator(num_epochs=1, output_numpy=True)] == [
            [10 * i for i in range(start, start + 4)] for start in range(0, 20, 4)] * 2
    assert function.calls == dict.fromkeys(range(20), 1)
    assert kept.get_dataset_size() == 10


def _random_map(dataset, cache):
    return dataset.map(transforms.RandomApply([vision.Rescale(2.0, 0.0)]), "x", cache=cache)


REFUSED = {
    "no cache": (lambda d, c: d.map(abs, "x", cache=3), TypeError, "must be a DatasetCache or None, but got int"),
    "source": (lambda d, c: ds.TextFileDataset("none", cache="a"), TypeError, "must be a DatasetCache or None"),
    "filter": (lambda d, c: d.filter(bool, "x").map(abs, "x", cache=c), RuntimeError, "'filter' comes before"),
    "shuffle": (lambda d, c: d.shuffle(4).map(abs, "x", cache=c), RuntimeError, "'shuffle' comes before"),
    "batch": (lambda d, c: d.batch(4).map(abs, "x", cache=c), RuntimeError, "'batch' comes before"),
    "random": (_random_map, RuntimeError, "draw at random"),
    "session": (lambda d, c: ds.DatasetCache(-1), ValueError, "session_id"),
    "size": (lambda d, c: ds.DatasetCache(1, size=-1), ValueError, "size"),
    "spilling": (lambda d, c: ds.DatasetCache(1, spilling=1), TypeError, "spilling"),
    "hostname": (lambda d, c: ds.DatasetCache(1, hostname=1), TypeError, "hostname"),
    "port": (lambda d, c: ds.DatasetCache(1, port="x"), TypeError, "port"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_kept_is_refused(case):
    make, error, text = REFUSED[case]
    with pytest.raises(error, match=text):
        make(_numbers(), ds.DatasetCache(1))


def test_sources_accept_a_cache(tmp_path):
    cache = ds.DatasetCache(5)
    path = tmp_path / "lines.txt"
    path.write_text("1\n2\n")
    assert _epoch(ds.TextFileDataset(str(path), shuffle=False, cache=cache)) == [1, 2]
    assert cache.get_stat() == (0, 0, 0)
    assert repr(cache) == "DatasetCache(session_id=5, size=0, spilling=False)"


def test_an_error_in_an_operation_loses_no_row_before_it():
    failing = [True]

    def sometimes(x):
        if int(x) == 7 and failing[0]:
            raise ValueError("seven")
        return x

    kept = _numbers(shuffle=False).map(sometimes, "x", cache=ds.DatasetCache(1))
    seen = []
    with pytest.raises(RuntimeError, match="seven"):
        for x, in kept.create_tuple_iterator(num_epochs=1, output_numpy=True):
            seen.append(int(x))
    assert seen == list(range(7))
    failing[0] = False
    assert _epoch(kept) == list(range(20))
