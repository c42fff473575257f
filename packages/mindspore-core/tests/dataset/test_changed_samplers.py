"""Samplers given to a dataset after it was made, those of concatenations, and samplers that users write."""
import numpy as np
import pytest

import mindspore.dataset as ds


def values(dataset) -> list[int]:
    return [int(row[0]) for row in dataset.create_tuple_iterator(num_epochs=1, output_numpy=True)]


def rows(start: int, stop: int, **options):
    return ds.NumpySlicesDataset(list(range(start, stop)), ["x"], **options)


def read_in_order(start: int, stop: int):
    return ds.GeneratorDataset(lambda: iter(range(start, stop)), ["x"])


def test_use_sampler_takes_the_place_of_the_present_one():
    dataset = rows(0, 6)
    later = dataset.batch(2)
    dataset.use_sampler(ds.SubsetSampler([4, 1, 3]))
    assert values(dataset) == [4, 1, 3] and dataset.get_dataset_size() == 3
    assert later.dataset_size is None and later.get_dataset_size() == later.dataset_size == 2
    dataset.use_sampler(ds.SequentialSampler(num_samples=2))
    assert values(dataset) == [0, 1]


def test_add_sampler_chooses_among_the_chosen():
    dataset = rows(0, 12, shuffle=False)
    dataset.add_sampler(ds.SequentialSampler(start_index=2))
    sampler = ds.DistributedSampler(5, 1, shuffle=False)
    dataset.add_sampler(sampler)
    assert values(dataset) == [3, 8] and sampler.get_child() is None
    dataset.use_sampler(ds.SubsetSampler([9]))      # in the place of the last one, whose child stays
    assert values(dataset) == [11]


@pytest.mark.parametrize("make", [rows, read_in_order])
@pytest.mark.parametrize("shards", [1, 2, 5])
def test_shards_of_a_concatenation_go_over_its_seams(make, shards):
    whole = make(0, 3) + make(3, 4) + make(4, 11)
    for shard in range(shards):
        whole.use_sampler(ds.DistributedSampler(shards, shard, shuffle=False))
        assert values(whole) == list(range(shard, 11, shards))
        assert whole.get_dataset_size() == len(range(shard, 11, shards))


def test_a_random_sampler_mixes_a_concatenation_and_leaves_each_part_its_order():
    ds.config.set_seed(3)
    whole = rows(0, 20, shuffle=False) + read_in_order(20, 40)
    whole.use_sampler(ds.RandomSampler())
    iterator = whole.create_tuple_iterator(output_numpy=True)
    first, second = ([int(row[0]) for row in iterator] for _ in range(2))
    assert first != second and sorted(first) == list(range(40))
    assert [x for x in first if x < 20] == list(range(20)) and [x for x in first if x >= 20] == list(range(20, 40))
    assert min(first[:10]) < 20 <= max(first[:10])


@pytest.mark.parametrize("dataset, sampler, error", [
    (lambda: rows(0, 4), lambda: 1, TypeError), (lambda: rows(0, 4).batch(2), ds.SequentialSampler, TypeError),
    (lambda: rows(0, 4) + rows(0, 4), ds.SequentialSampler, TypeError),
    (lambda: rows(0, 4).batch(2) + rows(0, 4), lambda: ds.DistributedSampler(2, 0, shuffle=False), TypeError),
    (lambda: rows(0, 4) + rows(0, 4), lambda: ds.DistributedSampler(2, 0), ValueError),
    (lambda: rows(0, 4) + rows(0, 4), lambda: ds.DistributedSampler(2, 0, False, 3), ValueError),
    (lambda: rows(0, 4, num_samples=2) + rows(0, 4), lambda: ds.DistributedSampler(2, 0, False), ValueError),
],
    ids=["no-sampler", "no-source", "concat-kind", "concat-batched", "concat-shuffled", "concat-samples", "samples"])
def test_use_sampler_errors(dataset, sampler, error):
    with pytest.raises(error, match="use_sampler"):
        dataset().use_sampler(sampler())


@pytest.mark.parametrize("shards", [1, 2, 3])
def test_an_offset_says_which_shard_gets_the_first_row(shards):
    for offset in range(shards):
        for shard in range(shards):
            dataset = rows(0, 10, sampler=ds.DistributedSampler(shards, shard, False, offset=offset))
            wanted = [i for i in range(10) if (i + offset) % shards == shard]
            assert values(dataset) == wanted and dataset.get_dataset_size() == len(wanted)


class Backwards(ds.Sampler):
    def __init__(self):
        self.seen = []              # without the base's constructor

    def __iter__(self):
        self.seen.append(self.dataset_size)
        return iter(range(self.dataset_size - 1, -1, -1))


class ByIndex:
    def __getitem__(self, index):
        return [3, 0, 2][index]


class Promises:
    def __init__(self, length):
        self.length = length

    def __iter__(self):
        return iter(range(4))

    def __len__(self):
        return self.length


@pytest.mark.parametrize("sampler, wanted", [
    (Backwards, [3, 2, 1, 0]), (ByIndex, [3, 0, 2]), (lambda: Promises(3), [0, 1, 2]), (lambda: 2, [2]),
    (lambda: (1, 1), [1, 1]), (lambda: np.array([3, 1]), [3, 1])],
    ids=["dataset-size", "getitem", "length", "number", "tuple", "array"])
def test_what_a_sampler_may_be(sampler, wanted):
    for dataset in (rows(0, 4, sampler=sampler()), ds.GeneratorDataset([0, 1, 2, 3], "x", sampler=sampler())):
        assert dataset.get_dataset_size() == len(wanted)
        assert values(dataset) == wanted


def test_asking_for_the_size_does_not_advance_a_sampler_of_the_user():
    class Drawn:
        def __init__(self):
            self.rng = np.random.default_rng(0)

        def __iter__(self):
            return iter(self.rng.permutation(4)[:self.rng.integers(1, 4)])

    sampler, same = Drawn(), Drawn()
    dataset = rows(0, 4, sampler=sampler)
    size, wanted = dataset.get_dataset_size(), [int(i) for i in same]
    assert size == len(wanted) and values(dataset) == wanted


def test_a_length_that_a_sampler_does_not_keep_is_an_error():
    with pytest.raises(RuntimeError, match="length is 6, but it yields 4"):
        values(rows(0, 4, sampler=Promises(6)))


def test_num_samples_goes_with_row_numbers_but_not_with_a_sampler():
    assert values(rows(0, 4, sampler=[2, 3, 1], num_samples=2)) == [2, 3]
    with pytest.raises(RuntimeError, match="num_samples"):
        rows(0, 4, sampler=ds.SequentialSampler(), num_samples=2)
    assert rows(0, 4, num_samples=0).get_dataset_size() == 4
