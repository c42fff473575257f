"""The operations of a pipeline, against plain Python on lists of rows."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore.dataset as ds


def numbers(count: int, name: str = "x", **options) -> ds.Dataset:
    options.setdefault("shuffle", False)
    return ds.NumpySlicesDataset(np.arange(count), column_names=name, **options)


def generated(rows, names, **options) -> ds.Dataset:
    """A dataset over an iterable: rows come one by one, unlike those of arrays."""
    return ds.GeneratorDataset(lambda: iter(rows), names, **options)


def rows_of(dataset, epochs: int = 1):
    found = [[value.tolist() for value in row] for row in
             (row for _ in range(1) for row in dataset.create_tuple_iterator(num_epochs=epochs, output_numpy=True))]
    return [row[0] for row in found] if len(dataset.get_col_names()) == 1 else [tuple(row) for row in found]


# ------------------------------------------------------------------------------------ the same on rows and on arrays

CHAINS = {
    "plain": (lambda d: d, list(range(10))),
    "take": (lambda d: d.take(3), [0, 1, 2]),
    "take all": (lambda d: d.take(), list(range(10))),
    "take more than there is": (lambda d: d.take(99), list(range(10))),
    "skip": (lambda d: d.skip(7), [7, 8, 9]),
    "skip all": (lambda d: d.skip(10), []),
    "skip none": (lambda d: d.skip(0), list(range(10))),
    "repeat": (lambda d: d.take(3).repeat(2), [0, 1, 2, 0, 1, 2]),
    "endless repeat": (lambda d: d.take(2).repeat().take(5), [0, 1, 0, 1, 0]),
    "endless repeat of nothing": (lambda d: d.skip(10).repeat(-1), []),
    "concat": (lambda d: d.take(2) + d.skip(8), [0, 1, 8, 9]),
    "concat of a list": (lambda d: d.take(1).concat([d.skip(9), d.take(1)]), [0, 9, 0]),
    "concat as a class": (lambda d: ds.ConcatDataset([d.take(1), d.skip(9), d.take(1)]), [0, 9, 0]),
    "concat of one": (lambda d: ds.ConcatDataset((d.take(2),)), [0, 1]),
    "batch as a class": (lambda d: ds.BatchDataset(d, 4, True).take(1), [[0, 1, 2, 3]]),
    "filter": (lambda d: d.filter(lambda x: x % 3 == 0), [0, 3, 6, 9]),
    "filter nothing left": (lambda d: d.filter(lambda x: False), []),
    "map": (lambda d: d.map(lambda x: x * x), [0, 1, 4, 9, 16, 25, 36, 49, 64, 81]),
    "map twice": (lambda d: d.map([lambda x: x + 1, lambda x: -x]).take(3), [-1, -2, -3]),
    "batch": (lambda d: d.batch(4), [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]),
    "batch without remainder": (lambda d: d.batch(4, drop_remainder=True), [[0, 1, 2, 3], [4, 5, 6, 7]]),
    "batch larger than all": (lambda d: d.batch(64), [list(range(10))]),
    "batch of batches": (lambda d: d.batch(2).batch(2), [[[0, 1], [2, 3]], [[4, 5], [6, 7]], [[8, 9]]]),
    "map after batch": (lambda d: d.batch(5).map(lambda x: x.sum()), [10, 35]),
    "take batches": (lambda d: d.batch(3).take(2), [[0, 1, 2], [3, 4, 5]]),
    "repeat then batch": (lambda d: d.take(3).repeat(2).batch(4), [[0, 1, 2, 0], [1, 2]]),
    "batch then repeat": (lambda d: d.take(3).batch(2).repeat(2), [[0, 1], [2], [0, 1], [2]]),
    "batch size by function": (lambda d: d.batch(lambda info: info.get_batch_num() + 1),
                               [[0], [1, 2], [3, 4, 5], [6, 7, 8, 9]]),
    "apply": (lambda d: d.apply(lambda e: e.take(2)), [0, 1]),
    "zip with itself": (lambda d: d.zip(d.rename("x", "y").skip(8)), [(0, 8), (1, 9)]),
    "zip of a tuple": (lambda d: ds.zip((d.take(2), d.rename("x", "y"), d.rename("x", "z"))), [(0, 0, 0), (1, 1, 1)]),
    "zip after batch": (lambda d: d.batch(2).zip(d.rename("x", "y")).take(2), [([0, 1], 0), ([2, 3], 1)]),
}


@pytest.mark.parametrize("kind", ["array", "iterable", "random access"])
@pytest.mark.parametrize("name", CHAINS)
def test_chain(name, kind):
    start = {"array": lambda: numbers(10), "iterable": lambda: generated(range(10), "x"),
             "random access": lambda: ds.GeneratorDataset(list(range(10)), "x", shuffle=False)}[kind]()
    chain, expected = CHAINS[name]
    dataset = chain(start)
    assert rows_of(dataset) == expected
    assert dataset.get_dataset_size() == len(expected) or name == "endless repeat of nothing"
    assert rows_of(dataset) == expected


def test_a_dataset_stays_as_it_is_when_another_is_made_from_it():
    first = numbers(4)
    second = first.batch(2)
    third = first.map(lambda x: -x)
    assert rows_of(first) == [0, 1, 2, 3]
    assert rows_of(second) == [[0, 1], [2, 3]]
    assert rows_of(third) == [0, -1, -2, -3]
    assert second.children == [first] and ds.zip((first, numbers(1, "y"))).children[0] is first


# ------------------------------------------------------------------------------------------------------------ columns

def pairs(count=4):
    return ds.NumpySlicesDataset({"a": np.arange(count), "b": np.arange(count) * 10, "c": np.arange(count) * 100},
                                 shuffle=False)


COLUMNS = {
    "project": (lambda d: d.project(["c", "a"]), ["c", "a"], (100, 1)),
    "project one": (lambda d: d.project("b"), ["b"], 10),
    "rename": (lambda d: d.rename(["a", "b"], ["b", "z"]), ["b", "z", "c"], (1, 10, 100)),
    "map default is the first column": (lambda d: d.map(lambda a: a + 5), ["a", "b", "c"], (6, 10, 100)),
    "map default follows the signature": (lambda d: d.map(lambda a, b: (b, a)), ["a", "b", "c"], (10, 1, 100)),
    "map in place": (lambda d: d.map(lambda c: c + 1, "c"), ["a", "b", "c"], (1, 10, 101)),
    "map with a new name": (lambda d: d.map(lambda b: -b, ["b"], ["m"]), ["a", "m", "c"], (1, -10, 100)),
    "map two to two": (lambda d: d.map(lambda x, y: (y, x), ["c", "a"]), ["a", "b", "c"], (100, 10, 1)),
    "map one to two": (lambda d: d.map(lambda b: (b, b + 1), "b", ["p", "q"]), ["p", "q", "a", "c"], (10, 11, 1, 100)),
    "map two to one": (lambda d: d.map(lambda a, c: a + c, ["a", "c"], "s"), ["s", "b"], (101, 10)),
    "map through a changing number": (lambda d: d.map([lambda a, c: a + c, lambda s: (s, -s)], ["a", "c"]),
                                      ["a", "b", "c"], (101, 10, -101)),
    "map in an order": (lambda d: d.map(lambda b: (b, b + 1), "b", ["p", "q"], column_order=["c", "q", "p"]),
                        ["c", "q", "p"], (100, 11, 10)),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_columns(name):
    make, columns, second_row = COLUMNS[name]
    dataset = make(pairs())
    assert dataset.get_col_names() == columns
    assert rows_of(dataset)[1] == second_row
    assert list(next(iter(dataset.create_dict_iterator(output_numpy=True)))) == columns


# ------------------------------------------------------------------------------------------------------------- errors

ERRORS = {
    "concat of nothing": (lambda d: ds.ConcatDataset([]), ValueError, "at least one"),
    "concat of no list": (lambda d: ds.ConcatDataset(d), TypeError, "list of Datasets"),
    "batch of no dataset": (lambda d: ds.BatchDataset([d], 2), TypeError, "input_dataset"),
    "batch size 0": (lambda d: d.batch(0), ValueError, "batch_size"),
    "batch size float": (lambda d: d.batch(2.0), TypeError, "batch_size"),
    "batch unknown option": (lambda d: d.batch(2, pad_info=1), TypeError, "pad_info"),
    "batch columns without function": (lambda d: d.batch(2, input_columns="a"), ValueError, "per_batch_map"),
    "drop_remainder": (lambda d: d.batch(2, drop_remainder=1), TypeError, "drop_remainder"),
    "workers": (lambda d: d.batch(2, num_parallel_workers=0), ValueError, "num_parallel_workers"),
    "shuffle 1": (lambda d: d.shuffle(1), ValueError, "buffer_size"),
    "repeat 0": (lambda d: d.repeat(0), ValueError, "count"),
    "repeat -2": (lambda d: d.repeat(-2), ValueError, "count"),
    "take 0": (lambda d: d.take(0), ValueError, "count"),
    "take bool": (lambda d: d.take(True), TypeError, "count"),
    "skip -1": (lambda d: d.skip(-1), ValueError, "count"),
    "map nothing": (lambda d: d.map([]), ValueError, "operations"),
    "map a number": (lambda d: d.map(3), TypeError, "callables"),
    "map unknown column": (lambda d: d.map(abs, "q"), ValueError, "'q'.*'a', 'b', 'c'"),
    "map name taken": (lambda d: d.map(abs, "a", "b"), ValueError, "'b' exists"),
    "map in an order of others": (lambda d: d.map(abs, "a", column_order=["a", "q"]), ValueError, "'q'"),
    "map unknown option": (lambda d: d.map(abs, "a", cache=3), TypeError, "cache"),
    "project unknown": (lambda d: d.project("q"), ValueError, "'q'"),
    "project twice": (lambda d: d.project(["a", "a"]), ValueError, "twice"),
    "rename counts": (lambda d: d.rename(["a"], ["x", "y"]), ValueError, "1 and 2"),
    "rename onto another": (lambda d: d.rename("a", "b"), ValueError, "twice"),
    "zip same names": (lambda d: d.zip(d), ValueError, "must differ"),
    "zip a list": (lambda d: d.zip([1]), TypeError, "Datasets"),
    "concat other columns": (lambda d: d + d.project("a"), ValueError, "equal"),
    "concat a number": (lambda d: d + 1, TypeError, "int"),
    "filter a number": (lambda d: d.filter(1), TypeError, "predicate"),
    "apply a number": (lambda d: d.apply(1), TypeError, "apply_func"),
    "apply without result": (lambda d: d.apply(lambda e: None), TypeError, "NoneType"),
    "epochs 0": (lambda d: d.create_tuple_iterator(num_epochs=0), ValueError, "num_epochs"),
    "output_numpy": (lambda d: d.create_dict_iterator(output_numpy=1), TypeError, "output_numpy"),
    "iterator column": (lambda d: d.create_tuple_iterator(columns=["q"]), ValueError, "'q'"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_wrong_argument(name):
    make, error, text = ERRORS[name]
    with pytest.raises(error, match=text):
        make(pairs())


RUN_ERRORS = {
    "number of outputs": (lambda d: d.map(lambda a: (a, a), "a"), ValueError, "2 values.*'a'"),
    "changing number of outputs": (lambda d: d.map(lambda a: (a, a) if a else a, "a", ["p", "q"]), ValueError,
                                   "1 values"),
    "changing number of outputs in a block": (
        lambda d: d.map(lambda a: (a, a) if a else a, "a", ["p", "q"]).batch(4), ValueError, "another"),
    "object result": (lambda d: d.map(lambda a: object(), "a"), TypeError, "object"),
    "filter without bool": (lambda d: d.filter(lambda a, b, c: None), TypeError, "NoneType"),
    "ragged batch": (lambda d: d.map(lambda a: np.zeros(int(a)), "a").batch(3), RuntimeError,
                     r"'a'.*float64\[0\], float64\[1\]"),
    "mixed types in a batch": (lambda d: d.map(lambda a: a if a % 2 else float(a), "a").batch(3), RuntimeError,
                               "float64.*int64"),
    "per_batch_map outputs": (lambda d: d.batch(2, per_batch_map=lambda a, info: (a, a), input_columns="a"), ValueError,
                              "2 values"),
    "batch size function": (lambda d: d.batch(lambda info: 0), ValueError, "returned 0"),
}


@pytest.mark.parametrize("name", RUN_ERRORS)
def test_wrong_result(name):
    make, error, text = RUN_ERRORS[name]
    with pytest.raises(error, match=text):
        rows_of(make(pairs()))


# -------------------------------------------------------------------------------------------------- batches and shapes

def test_ragged_rows_pass_through_and_keep_their_shapes():
    dataset = numbers(4).map(lambda x: np.arange(x)).map(lambda x: x + 1)
    assert rows_of(dataset) == [[], [1], [1, 2], [1, 2, 3]]
    assert sorted(rows_of(dataset.shuffle(3)), key=len) == [[], [1], [1, 2], [1, 2, 3]]
    assert dataset.output_shapes(estimate=True) == [[None]]


def test_per_batch_map_joins_ragged_rows_and_knows_batch_and_epoch():
    seen = []

    def pad(rows, info):
        seen.append((info.get_epoch_num(), info.get_batch_num()))
        width = max(len(row) for row in rows)
        return [np.pad(row, (0, width - len(row))) for row in rows], [len(row) for row in rows]

    dataset = numbers(4).map(lambda x: np.arange(x)).batch(2, per_batch_map=pad, input_columns=["x"],
                                                           output_columns=["padded", "length"])
    assert dataset.get_col_names() == ["padded", "length"]
    expected = [([[0], [0]], [0, 1]), ([[0, 1, 0], [0, 1, 2]], [2, 3])]
    assert rows_of(dataset.repeat(2)) == expected * 2
    assert seen == [(0, 0), (0, 1), (1, 0), (1, 1)]


def test_text_batches_to_the_longest():
    rows = [row.tolist() for (row,) in generated(["a", "bcd", "ef"], "t").batch(3).create_tuple_iterator(
        num_epochs=1, output_numpy=True)]
    assert rows == [["a", "bcd", "ef"]]


def test_getters():
    dataset = pairs().map(lambda a: np.zeros((2, 3), np.float32), "a").batch(2).repeat(3)
    assert dataset.output_shapes() == [[2, 2, 3], [2], [2]]
    assert dataset.output_types() == [np.dtype(np.float32), np.dtype(np.int64), np.dtype(np.int64)]
    assert (dataset.get_batch_size(), dataset.get_repeat_count(), dataset.get_dataset_size(), len(dataset)) == (
        2, 3, 6, 6)
    assert pairs().get_batch_size() == 1 and pairs().get_repeat_count() == 1
    assert pairs().repeat().get_repeat_count() == -1
    assert pairs().batch(lambda info: 2).get_batch_size() == -1
    with pytest.raises(RuntimeError, match="no rows"):
        numbers(3).skip(3).output_shapes()


def test_columns_of_an_iterator():
    row = next(pairs().create_tuple_iterator(columns=["c", "a"], output_numpy=True))
    assert [value.tolist() for value in row] == [0, 0]


def test_rows_never_share_memory_with_the_source():
    data = np.zeros((4, 3))
    for dataset in (ds.NumpySlicesDataset(data, "x", shuffle=False), ds.GeneratorDataset(data, "x", shuffle=False),
                    generated([data[0], np.zeros(2)], "x").batch(2, per_batch_map=lambda x, i: x, input_columns="x")):
        try:
            for (row,) in dataset.create_tuple_iterator(num_epochs=1, output_numpy=True):
                row[...] = 7
        except RuntimeError:
            continue
        assert (data == 0).all()


# ------------------------------------------------------------------------------------------------------------- shuffle

@pytest.mark.parametrize("count, buffer", [(100, 2), (100, 10), (100, 100), (100, 1000), (1, 5), (7, 4)])
@pytest.mark.parametrize("batch", [None, 8])
def test_shuffle_is_a_permutation_within_the_buffer(count, buffer, batch):
    dataset = numbers(count).shuffle(buffer)
    order = np.concatenate(rows_of(dataset.batch(batch))) if batch else np.array(rows_of(dataset))
    assert sorted(order) == list(range(count))
    assert (order <= np.arange(count) + buffer + (batch or 1)).all(), "a row came before it could be in the buffer"
    if buffer >= 10 and count > 10:
        assert (order != np.arange(count)).sum() > count / 2


def test_a_buffer_of_the_whole_dataset_shuffles_uniformly():
    ds.config.set_seed(3)
    dataset = numbers(3).shuffle(3)
    seen = {}
    iterator = dataset.create_tuple_iterator(output_numpy=True)
    for _ in range(1200):
        order = tuple(int(row[0]) for row in iterator)
        seen[order] = seen.get(order, 0) + 1
    assert len(seen) == 6
    assert sum((n - 200) ** 2 / 200 for n in seen.values()) < 25.7     # chi-square, 5 degrees, p = 0.0001


def test_a_predicate_may_return_an_array_of_one_bool():
    rows = ds.NumpySlicesDataset(np.arange(6).reshape(6, 1), "x", shuffle=False)
    kept = [int(row[0][0]) for row in rows.filter(lambda x: x > 3).create_tuple_iterator(output_numpy=True)]
    assert kept == [4, 5]
    with pytest.raises(TypeError, match="array of one"):
        list(rows.filter(lambda x: x).create_tuple_iterator(output_numpy=True))
