"""Samplers: which rows, in which order."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore
import mindspore.dataset as ds


def chosen(sampler, count=10):
    dataset = ds.NumpySlicesDataset(np.arange(count), "x", sampler=sampler)
    rows = [int(row[0]) for row in dataset.create_tuple_iterator(num_epochs=1, output_numpy=True)]
    assert dataset.get_dataset_size() == len(rows)
    return rows


class Odd(ds.Sampler):
    def __iter__(self):
        return iter(range(1, 10, 2))


class OddWithLength(Odd):
    def __len__(self):
        return 5


FIXED = {
    "sequential": (lambda: ds.SequentialSampler(), list(range(10))),
    "sequential from": (lambda: ds.SequentialSampler(7), [7, 8, 9]),
    "sequential from, limited": (lambda: ds.SequentialSampler(2, 3), [2, 3, 4]),
    "subset": (lambda: ds.SubsetSampler([3, 9, 3]), [3, 9, 3]),
    "subset of one": (lambda: ds.SubsetSampler(4), [4]),
    "subset, limited": (lambda: ds.SubsetSampler([3, 9, 3], num_samples=2), [3, 9]),
    "user's": (lambda: Odd(), [1, 3, 5, 7, 9]),
    "user's, limited": (lambda: OddWithLength(3), [1, 3, 5]),
    "shard 0 of 3": (lambda: ds.DistributedSampler(3, 0, shuffle=False), [0, 3, 6, 9]),
    "shard 1 of 3 wraps": (lambda: ds.DistributedSampler(3, 1, shuffle=False), [1, 4, 7, 0]),
    "shard of more shards than rows": (lambda: ds.DistributedSampler(16, 12, shuffle=False), [2]),
    "shard, limited": (lambda: ds.DistributedSampler(3, 0, shuffle=False, num_samples=2), [0, 3]),
    "generator of numbers": (lambda: (i for i in [5, 4]), [5, 4]),
    "range": (lambda: range(3), [0, 1, 2]),
}


@pytest.mark.parametrize("name", FIXED)
def test_fixed_order(name):
    make, expected = FIXED[name]
    if name == "generator of numbers":
        dataset = ds.NumpySlicesDataset(np.arange(10), "x", sampler=make())
        assert [int(r[0]) for r in dataset.create_tuple_iterator(num_epochs=1, output_numpy=True)] == expected
    else:
        assert chosen(make()) == expected


def test_random_sampler():
    assert sorted(chosen(ds.RandomSampler())) == list(range(10))
    assert len(set(chosen(ds.RandomSampler(num_samples=4)))) == 4
    drawn = chosen(ds.RandomSampler(replacement=True, num_samples=500))
    assert len(drawn) == 500 and set(drawn) == set(range(10))
    assert len(chosen(ds.RandomSampler(replacement=True))) == 10


def test_subset_random_sampler():
    orders = {tuple(chosen(ds.SubsetRandomSampler([2, 4, 8]))) for _ in range(60)}
    assert {frozenset(order) for order in orders} == {frozenset((2, 4, 8))}
    assert len(orders) > 2


def test_weighted_random_sampler():
    mindspore.set_seed(1)
    drawn = chosen(ds.WeightedRandomSampler([0, 1, 3], num_samples=4000))
    counts = np.bincount(drawn, minlength=3)
    assert counts[0] == 0 and counts[2] / 4000 == pytest.approx(0.75, abs=0.03)
    assert len(chosen(ds.WeightedRandomSampler([1, 1]))) == 2
    assert sorted(chosen(ds.WeightedRandomSampler([1, 0, 5, 1], 3, replacement=False))) == [0, 2, 3]


def shards(epochs, **options):
    """What each of 3 shards reads in each epoch."""
    iterators = [ds.NumpySlicesDataset(np.arange(12), "x", num_shards=3, shard_id=i, **options).create_tuple_iterator(
        output_numpy=True) for i in range(3)]
    return [[[int(row[0]) for row in iterator] for iterator in iterators] for _ in range(epochs)]


@pytest.mark.parametrize("seed", [None, 5])
def test_shuffled_shards_share_the_rows_between_them_in_every_epoch(seed):
    if seed is not None:
        mindspore.set_seed(seed)
    epochs = shards(4)
    for epoch in epochs:
        assert sorted(sum(epoch, [])) == list(range(12))
    assert len({str(epoch) for epoch in epochs}) == 4
    if seed is not None:
        mindspore.set_seed(seed)
        assert shards(4) == epochs


def test_shards_agree_although_one_process_reads_other_datasets_or_looks_first():
    mindspore.set_seed(3)
    datasets = [ds.NumpySlicesDataset(np.arange(12), "x", num_shards=2, shard_id=i) for i in range(2)]
    datasets[0].output_shapes()
    list(ds.NumpySlicesDataset(np.arange(5), "x"))
    read = [[int(row[0].asnumpy()) for row in dataset] for dataset in datasets]
    assert sorted(read[0] + read[1]) == list(range(12))


def test_child_samplers():
    outer = ds.SequentialSampler(1, 2)
    outer.add_child(ds.SubsetSampler([8, 6, 4, 2]))
    assert chosen(outer) == [6, 4]
    assert outer.get_num_samples() == 2 and isinstance(outer.get_child(), ds.SubsetSampler)
    with pytest.raises(RuntimeError, match="already"):
        outer.add_child(ds.SequentialSampler())
    with pytest.raises(TypeError, match="int"):
        outer.add_child(3)


@pytest.mark.parametrize("make, error", [
    (lambda: ds.RandomSampler(replacement=1), TypeError), (lambda: ds.RandomSampler(num_samples=-1), ValueError),
    (lambda: ds.SequentialSampler(-1), ValueError), (lambda: ds.SequentialSampler(1.0), TypeError),
    (lambda: ds.SubsetSampler([-1]), ValueError), (lambda: ds.SubsetSampler(["a"]), TypeError),
    (lambda: ds.WeightedRandomSampler([]), ValueError), (lambda: ds.WeightedRandomSampler([-1, 2]), ValueError),
    (lambda: ds.WeightedRandomSampler([0, 0]), ValueError), (lambda: ds.WeightedRandomSampler("12"), TypeError),
    (lambda: ds.WeightedRandomSampler([float("nan")]), ValueError),
    (lambda: ds.WeightedRandomSampler([1, 0], 2, replacement=False), ValueError),
    (lambda: ds.DistributedSampler(2, 2), ValueError), (lambda: ds.DistributedSampler(0, 0), ValueError),
    (lambda: ds.DistributedSampler(2, 0, offset=3), RuntimeError),
    (lambda: chosen(ds.SubsetSampler([10])), IndexError), (lambda: chosen(ds.SequentialSampler(10)), IndexError),
    (lambda: chosen(ds.WeightedRandomSampler([0] * 20 + [1])), IndexError), (lambda: chosen(ds.Sampler()), TypeError),
    (lambda: chosen([1.5]), TypeError)])
def test_sampler_error(make, error):
    with pytest.raises(error):
        make()
