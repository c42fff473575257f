"""`set_error_samples_mode`: rows of `map` that raise end the pipeline, are left out, or are replaced by others."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore.dataset as ds
from mindspore.dataset import transforms, vision
from mindspore.dataset.config import ErrorSamplesMode


@pytest.fixture(autouse=True)
def _restore():
    assert ds.config.get_error_samples_mode() is ErrorSamplesMode.RETURN
    yield
    ds.config.set_error_samples_mode(ErrorSamplesMode.RETURN)


class Picky:
    """Raises for some numbers; a worker process can have it."""

    def __init__(self, bad):
        self.bad, self.seen = bad, []

    def __call__(self, x):
        self.seen.append(int(x))
        if int(x) in self.bad:
            raise KeyError(int(x))
        return x * 10


def found(dataset):
    return [tuple(value.tolist() for value in row)
            for row in dataset.create_tuple_iterator(num_epochs=1, output_numpy=True)]


SOURCE = {"x": np.arange(8), "y": np.arange(8) + 100}
CASES = {"some": [2, 3, 6], "the first": [0, 1, 2], "the last": [6, 7], "all but one": [0, 1, 2, 3, 5, 6, 7],
         "none": []}
REPLACED = {"some": [0, 1, 1, 1, 4, 5, 5, 7], "the first": [3, 3, 3, 3, 4, 5, 6, 7],
            "the last": [0, 1, 2, 3, 4, 5, 5, 5], "all but one": [4] * 8, "none": list(range(8))}


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("name", CASES)
def test_rows_that_raise(name, workers, caplog):
    for mode, kept in ((ErrorSamplesMode.SKIP, [i for i in range(8) if i not in CASES[name]]),
                       (ErrorSamplesMode.REPLACE, REPLACED[name])):
        ds.config.set_error_samples_mode(mode)
        assert ds.config.get_error_samples_mode() is mode
        caplog.clear()
        picky = Picky(CASES[name])
        data = ds.NumpySlicesDataset(SOURCE, shuffle=False).map([picky, transforms.TypeCast(np.float32)], "x",
                                                                   num_parallel_workers=workers,
                                                                   python_multiprocessing=False)
        assert found(data) == [(10 * i, 100 + i) for i in kept]         # the other column goes with it
        assert len(caplog.records) == bool(CASES[name])
        assert not CASES[name] or f"KeyError: {CASES[name][0]}" in caplog.text
        assert sorted(picky.seen) == list(range(8)), "an operation saw a row twice, or not"
        batched = data.batch(3)
        assert [len(x) for x, _ in found(batched)] == [3] * (len(kept) // 3) + [len(kept) % 3] * (len(kept) % 3 > 0)


def test_rows_that_raise_in_processes(caplog):
    ds.config.set_error_samples_mode(ErrorSamplesMode.REPLACE)
    data = ds.NumpySlicesDataset(SOURCE, shuffle=False).map(Picky(CASES["some"]), "x", num_parallel_workers=2,
                                                            python_multiprocessing=True)
    assert found(data.batch(3)) == [([10 * i for i in part], [100 + i for i in part])
                                    for part in ([0, 1, 1], [1, 4, 5], [5, 7])]
    assert "KeyError: 2" in caplog.text


def test_the_error_is_raised_otherwise():
    data = ds.NumpySlicesDataset(SOURCE, shuffle=False).map(Picky([2]), "x")
    with pytest.raises(KeyError):
        found(data)
    ds.config.set_error_samples_mode(ErrorSamplesMode.REPLACE)
    with pytest.raises(RuntimeError, match="all 8 rows raise.*KeyError: 0"):
        found(ds.NumpySlicesDataset(SOURCE, shuffle=False).map(Picky(range(8)), "x"))
    ds.config.set_error_samples_mode(ErrorSamplesMode.SKIP)
    assert found(ds.NumpySlicesDataset(SOURCE, shuffle=False).map(Picky(range(8)), "x")) == []
    with pytest.raises(ValueError, match="2 values"):                   # wrong for all rows, not for some
        found(ds.NumpySlicesDataset(SOURCE, shuffle=False).map(lambda x: (x, x), "x"))
    with pytest.raises(ValueError, match="for another"):
        found(ds.NumpySlicesDataset(SOURCE, shuffle=False).map(lambda x: (x, x) if x > 3 else x, "x").batch(8))
    with pytest.raises(TypeError, match="ErrorSamplesMode.SKIP"):
        ds.config.set_error_samples_mode(2)


def test_damaged_images_are_left_out_or_replaced_by_ragged_rows():
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, (4 + i, 5, 3)).astype(np.uint8) for i in range(4)]
    files = [vision.encode_png(image).tobytes() for image in images]
    files[1] = files[1][:40]
    expected = {ErrorSamplesMode.SKIP: [0, 2, 3], ErrorSamplesMode.REPLACE: [0, 0, 2, 3]}
    for mode, kept in expected.items():
        ds.config.set_error_samples_mode(mode)
        data = ds.NumpySlicesDataset(files, "image", shuffle=False).map([vision.Decode(), vision.HorizontalFlip()])
        assert found(data) == [(images[i][:, ::-1].tolist(),) for i in kept]
        assert len(found(data.shuffle(2).repeat(2))) == 2 * len(kept)


def test_chance_repeats_under_a_seed():
    def drawn():
        ds.config.set_seed(3)
        data = ds.NumpySlicesDataset(SOURCE, shuffle=False).map(
            [Picky([1]), lambda x: np.full((4, 4), x, np.uint8), vision.RandomCrop(2, 1)], "x")
        return found(data)
    ds.config.set_error_samples_mode(ErrorSamplesMode.SKIP)
    first = drawn()
    assert first == drawn() and len(first) == 7


def test_a_cache_needs_all_rows():
    data = ds.NumpySlicesDataset(SOURCE, shuffle=False).map(Picky([1]), "x", cache=ds.DatasetCache(1, 0))
    ds.config.set_error_samples_mode(ErrorSamplesMode.SKIP)
    with pytest.raises(RuntimeError, match="ErrorSamplesMode.RETURN"):
        found(data)
