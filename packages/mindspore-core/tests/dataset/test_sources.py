"""GeneratorDataset, NumpySlicesDataset, the MNIST family and its files."""
from __future__ import annotations

import gzip
import json
import struct
import tracemalloc

import numpy as np
import pytest

import mindspore
import mindspore.dataset as ds


def rows_of(dataset):
    rows = [[value.tolist() for value in row] for row in dataset.create_tuple_iterator(num_epochs=1, output_numpy=True)]
    return [row[0] for row in rows] if len(dataset.get_col_names()) == 1 else [tuple(row) for row in rows]


class Squares:
    """Random access."""

    def __getitem__(self, index):
        return index, index * index

    def __len__(self):
        return 6


class Parts:
    """Rows whose two values are handed on as `as_row` gives them."""

    def __init__(self, as_row):
        self.as_row = as_row

    def __getitem__(self, index):
        return self.as_row((index, [index]))

    def __len__(self):
        return 3


class Countdown:
    """An iterable without random access."""

    def __iter__(self):
        return iter([3, 2, 1])


class OldProtocol:
    """Iterable by `__getitem__` alone."""

    def __getitem__(self, index):
        if index == 3:
            raise IndexError
        return index


# ----------------------------------------------------------------------------------------------------- GeneratorDataset

def two_columns():
    for i in range(3):
        yield i, [i, i]


SOURCES = {
    "random access": (lambda: ds.GeneratorDataset(Squares(), ["a", "b"], shuffle=False),
                      [(i, i * i) for i in range(6)]),
    "random access, limited": (lambda: ds.GeneratorDataset(Squares(), ["a", "b"], num_samples=2, shuffle=False),
                               [(0, 0), (1, 1)]),
    "random access, threads": (lambda: ds.GeneratorDataset(Squares(), ["a", "b"], num_parallel_workers=2,
                                                           shuffle=False), [(i, i * i) for i in range(6)]),
    "sampler": (lambda: ds.GeneratorDataset(Squares(), ["a", "b"], sampler=ds.SubsetSampler([4, 1])),
                [(4, 16), (1, 1)]),
    "row numbers": (lambda: ds.GeneratorDataset(Squares(), ["a", "b"], sampler=[2, 2, 0]), [(2, 4), (2, 4), (0, 0)]),
    "shard": (lambda: ds.GeneratorDataset(Squares(), ["a", "b"], num_shards=4, shard_id=1, shuffle=False),
              [(1, 1), (5, 25)]),
    "list of numbers": (lambda: ds.GeneratorDataset([5, 6], "x", shuffle=False), [5, 6]),
    "list of tuples": (lambda: ds.GeneratorDataset([(1, 2), (3, 4)], ["a", "b"], shuffle=False), [(1, 2), (3, 4)]),
    "list of lists as rows": (lambda: ds.GeneratorDataset([[1, 2], [3, 4]], ["a", "b"], shuffle=False),
                              [(1, 2), (3, 4)]),
    "list of lists as values": (lambda: ds.GeneratorDataset([[1, 2], [3, 4]], "x", shuffle=False), [[1, 2], [3, 4]]),
    "generators as rows": (lambda: ds.GeneratorDataset(Parts(lambda row: (part for part in row)), ["a", "b"],
                                                       shuffle=False), [(0, [0]), (1, [1]), (2, [2])]),
    "maps as rows": (lambda: ds.GeneratorDataset(Parts(lambda row: map(np.array, row[:1])), ["a"], shuffle=False),
                     [0, 1, 2]),
    "values of a dict as rows": (lambda: ds.GeneratorDataset(Parts(lambda row: dict(enumerate(row)).values()),
                                                             ["a", "b"], shuffle=False),
                                 [(0, [0]), (1, [1]), (2, [2])]),
    "array": (lambda: ds.GeneratorDataset(np.eye(2), ["x"], shuffle=False), [[1, 0], [0, 1]]),
    "iterable": (lambda: ds.GeneratorDataset(Countdown(), "x"), [3, 2, 1]),
    "iterable, limited": (lambda: ds.GeneratorDataset(Countdown(), "x", num_samples=2), [3, 2]),
    "iterable by the old protocol": (lambda: ds.GeneratorDataset(OldProtocol(), "x"), [0, 1, 2]),
    "generator function": (lambda: ds.GeneratorDataset(two_columns, ["a", "b"]),
                           [(0, [0, 0]), (1, [1, 1]), (2, [2, 2])]),
    "text and bytes": (lambda: ds.GeneratorDataset([("a", b"bc")], ["s", "b"]), [("a", b"bc")]),
    "tensors": (lambda: ds.GeneratorDataset([mindspore.Tensor([1, 2])], "x"), [[1, 2]]),
    "types": (lambda: ds.GeneratorDataset(lambda: iter([np.float32(1)]), "x", [mindspore.float32]), [1.0]),
}


@pytest.mark.parametrize("name", SOURCES)
def test_source(name):
    make, expected = SOURCES[name]
    dataset = make()
    assert rows_of(dataset) == expected
    assert rows_of(dataset) == expected
    assert dataset.get_dataset_size() == len(expected)


def test_random_access_is_shuffled_by_default_and_anew_each_epoch():
    iterator = ds.GeneratorDataset(list(range(50)), "x").create_tuple_iterator(output_numpy=True)
    first, second = ([int(row[0]) for row in iterator] for _ in range(2))
    assert first != second != sorted(first) == sorted(second) == list(range(50))


def test_an_iterator_as_source_can_be_read_once():
    dataset = ds.GeneratorDataset(iter([1, 2]), "x")
    assert rows_of(dataset) == [1, 2]
    with pytest.raises(RuntimeError, match="only once"):
        rows_of(dataset)


def test_list_of_a_dataset_reads_its_source_once():
    starts = []

    def source():
        starts.append(1)
        yield from (1, 2)

    dataset = ds.GeneratorDataset(source, "x")
    assert len(list(dataset)) == 2 and len(starts) == 1
    with pytest.raises(TypeError, match="get_dataset_size"):
        len(dataset)
    assert dataset.get_dataset_size() == len(dataset) == 2


def test_python_numbers_have_numpys_types():
    dataset = ds.GeneratorDataset([(1, 1.5, True)], ["i", "f", "b"])
    assert dataset.output_types() == [np.dtype(np.int64), np.dtype(np.float64), np.dtype(np.bool_)]
    assert dataset.output_shapes() == [[], [], []]


def accessible(**options):
    return ds.GeneratorDataset(Squares(), ["a", "b"], **options)


def iterable(**options):
    return ds.GeneratorDataset(Countdown(), "x", **options)


GENERATOR_ERRORS = {
    "no names": (lambda: ds.GeneratorDataset(Squares()), ValueError, "column_names"),
    "empty name": (lambda: ds.GeneratorDataset(Squares(), ["a", ""]), ValueError, "empty"),
    "equal names": (lambda: ds.GeneratorDataset(Squares(), ["a", "a"]), ValueError, "twice"),
    "a number": (lambda: ds.GeneratorDataset(5, "x"), TypeError, "int"),
    "number of types": (lambda: accessible(column_types=[mindspore.int32]), ValueError, "1 for 2"),
    "type by name": (lambda: accessible(column_types=["int32", "integer"]), TypeError, "names no type"),
    "sampler and shuffle": (lambda: accessible(sampler=[1], shuffle=True), RuntimeError, "shuffle"),
    "sampler and shards": (lambda: accessible(sampler=[1], num_shards=2, shard_id=0), RuntimeError, "num_shards"),
    "sampler and num_samples": (lambda: accessible(sampler=ds.SequentialSampler(), num_samples=2), RuntimeError,
                                "num_samples"),
    "sampler type": (lambda: accessible(sampler=3.5), TypeError, "Sampler"),
    "half of the shards": (lambda: accessible(num_shards=2), RuntimeError, "shard_id"),
    "shard out of range": (lambda: accessible(num_shards=2, shard_id=2), ValueError, "shard_id"),
    "num_samples -1": (lambda: accessible(num_samples=-1), ValueError, "num_samples"),
    "shuffle type": (lambda: accessible(shuffle=1), TypeError, "shuffle"),
    "sampled iterable": (lambda: iterable(sampler=[1]), ValueError, "sampler"),
    "sharded iterable": (lambda: iterable(num_shards=2, shard_id=0), ValueError, "num_shards"),
    "workers": (lambda: accessible(num_parallel_workers=0), ValueError, "num_parallel_workers"),
    "row number out of range": (lambda: rows_of(accessible(sampler=[6])), IndexError, "row 6"),
    "too few values": (lambda: rows_of(ds.GeneratorDataset([(1, 2)], ["a", "b", "c"])), ValueError, "2 values"),
    "too many values": (lambda: rows_of(ds.GeneratorDataset([(1, 2)], "a")), ValueError, "2 values"),
    "an object": (lambda: rows_of(ds.GeneratorDataset([object()], "a")), TypeError, "'a'.*object"),
    "None": (lambda: rows_of(ds.GeneratorDataset([None], "a")), TypeError, "NoneType"),
    "ragged list": (lambda: rows_of(ds.GeneratorDataset([([1], [[2]])], ["a"], column_types=None)), ValueError,
                    "2 values"),
    "wrong type": (lambda: rows_of(ds.GeneratorDataset([1], "a", [mindspore.int32])), TypeError, "int64.*int32"),
}


@pytest.mark.parametrize("name", GENERATOR_ERRORS)
def test_generator_error(name):
    make, error, text = GENERATOR_ERRORS[name]
    with pytest.raises(error, match=text):
        make()


def test_an_iterator_is_looked_at_before_it_is_read():
    dataset = ds.GeneratorDataset((np.full(3, n, np.float32) for n in range(4)), ["x"])
    assert dataset.output_shapes() == [[3]]
    assert rows_of(dataset) == [[n] * 3 for n in range(4)]
    for again in (rows_of, lambda d: d.get_dataset_size()):
        with pytest.raises(RuntimeError, match="can be read only once"):
            again(dataset)


def test_an_iterator_that_was_counted_has_its_rows_in_every_epoch():
    dataset = ds.GeneratorDataset(iter(range(5)), ["x"]).batch(2)
    assert dataset.get_dataset_size() == 3
    for _ in range(2):
        assert rows_of(dataset) == [[0, 1], [2, 3], [4]]


# ----------------------------------------------------------------------------------------------------------- schema

def test_schema_names_and_checks_columns(tmp_path):
    schema = ds.Schema()
    schema.add_column("a", mindspore.int64, [])
    schema.add_column("b", "int64")
    assert rows_of(ds.GeneratorDataset(Squares(), schema=schema, num_samples=2, shuffle=False)) == [(0, 0), (1, 1)]
    path = tmp_path / "schema.json"
    path.write_text(schema.to_json())
    assert ds.GeneratorDataset(Squares(), schema=str(path)).get_col_names() == ["a", "b"]
    path.write_text(json.dumps({"columns": {"p": {"type": "float32", "rank": 1}, "q": {"type": "int64"}}}))
    loaded = ds.GeneratorDataset(Squares(), schema=ds.Schema(path))
    assert loaded.get_col_names() == ["p", "q"]
    with pytest.raises(TypeError, match="'p'.*float32"):
        rows_of(loaded)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"columns": 3}', '{"columns": {"a": {}}}',
                                  '{"columns": {"a": {"type": "no"}}}', '{"columns": [{"type": "int8"}]}'])
def test_damaged_schema_file(tmp_path, text):
    path = tmp_path / "schema.json"
    path.write_text(text)
    with pytest.raises(ValueError, match="schema.json"):
        ds.Schema(path)


@pytest.mark.parametrize("arguments, error", [((1, "int8"), TypeError), (("", "int8"), ValueError),
                                              (("a", "x"), TypeError), (("a", 3), TypeError),
                                              (("a", "int8", [-2]), ValueError), (("taken", "int8"), ValueError)])
def test_schema_error(arguments, error):
    schema = ds.Schema()
    schema.add_column("taken", "int8")
    with pytest.raises(error, match="add_column"):
        schema.add_column(*arguments)
    assert len(schema.columns) == 1


# --------------------------------------------------------------------------------------------------- NumpySlicesDataset

SLICES = {
    "array": (np.arange(6).reshape(3, 2), ["column_0"], [[0, 1], [2, 3], [4, 5]]),
    "list": ([1, 2, 3], ["column_0"], [1, 2, 3]),
    "nested list": ([[1, 2], [3, 4]], ["column_0"], [[1, 2], [3, 4]]),
    "tuple": (([1, 2], [3.5, 4.5]), ["column_0", "column_1"], [(1, 3.5), (2, 4.5)]),
    "dict": ({"p": [1, 2], "q": ["x", "y"]}, ["p", "q"], [(1, "x"), (2, "y")]),
    "ragged": ([[1], [1, 2], [], [1.5]], ["column_0"], [[1], [1, 2], [], [1.5]]),
    "ragged arrays": ([np.ones((2, 1)), np.zeros((1, 2))], ["column_0"], [[[1.0], [1.0]], [[0.0, 0.0]]]),
    "ragged beside others": (([1, 2], [["a"], ["b", "cd"]]), ["column_0", "column_1"], [(1, ["a"]), (2, ["b", "cd"])]),
}


@pytest.mark.parametrize("name", SLICES)
def test_slices(name):
    data, names, expected = SLICES[name]
    dataset = ds.NumpySlicesDataset(data, shuffle=False)
    assert dataset.get_col_names() == names
    assert rows_of(dataset) == expected
    assert dataset.get_dataset_size() == len(expected)
    own = ds.NumpySlicesDataset(data, column_names=[f"n{i}" for i in range(len(names))], shuffle=False)
    assert own.get_col_names() == [f"n{i}" for i in range(len(names))]
    assert sorted(map(str, rows_of(ds.NumpySlicesDataset(data)))) == sorted(map(str, expected))


@pytest.mark.parametrize("data, names, error, text", [
    (([1, 2], [3]), None, ValueError, "same number"),
    (3, None, ValueError, "same number"),
    ([], None, ValueError, "at least one"),
    ([1], ["a", "b"], ValueError, "2 column names"),
    ([[1], [2, object()]], None, TypeError, "column_0"),
    ([[1], [2, [3, 4]]], None, TypeError, "row 1"),
    (([[1], [2, 3]], [1]), None, ValueError, "same number"),
    ({}, None, ValueError, "empty"),
])
def test_slices_error(data, names, error, text):
    with pytest.raises(error, match=text):
        ds.NumpySlicesDataset(data, names)


def test_ragged_rows_belong_to_the_pipeline():
    data = [np.array([1]), np.array([2, 3])]
    dataset = ds.NumpySlicesDataset(data, "x", shuffle=False)

    def change(x):
        x += 1
        return x
    assert rows_of(dataset.map(change)) == rows_of(dataset.map(change)) == [[2], [3, 4]]
    assert [row.tolist() for row in data] == [[1], [2, 3]]
    assert rows_of(ds.NumpySlicesDataset(data, "x", sampler=[1, 1, 0])) == [[2, 3], [2, 3], [1]]
    with pytest.raises(TypeError, match="no classes"):
        rows_of(ds.NumpySlicesDataset(data, "x", sampler=ds.PKSampler(1, class_column="x")))


# ---------------------------------------------------------------------------------------------------------------- MNIST

def idx(dims, data: bytes, kind=8) -> bytes:
    return bytes((0, 0, kind, len(dims))) + struct.pack(f">{len(dims)}I", *dims) + data


IMAGES, LABELS = idx((3, 2, 2), bytes(range(12))), idx((3,), bytes((7, 0, 9)))


def write(folder, images=IMAGES, labels=LABELS, part="train", compress=False):
    for name, data in ((f"{part}-images-idx3-ubyte", images), (f"{part}-labels-idx1-ubyte", labels)):
        (folder / (name + ".gz" * compress)).write_bytes(gzip.compress(data) if compress else data)
    return folder


@pytest.mark.parametrize("compress", [False, True])
def test_small_mnist(tmp_path, compress):
    write(tmp_path, compress=compress)
    dataset = ds.MnistDataset(str(tmp_path), "train", shuffle=False)
    assert dataset.get_col_names() == ["image", "label"]
    assert rows_of(dataset) == [([[[4 * i], [4 * i + 1]], [[4 * i + 2], [4 * i + 3]]], label)
                                for i, label in enumerate((7, 0, 9))]
    assert dataset.output_types() == [np.dtype(np.uint8), np.dtype(np.uint32)]
    assert dataset.output_shapes() == [[2, 2, 1], []]
    assert dataset.num_classes() == dataset.batch(2).num_classes() == 10
    assert len(rows_of(ds.MnistDataset(tmp_path))) == 3
    with pytest.raises(FileNotFoundError, match="t10k-images"):
        ds.MnistDataset(tmp_path, "test")
    write(tmp_path, labels=idx((3,), bytes((1, 2, 3))), part="t10k")
    both = ds.FashionMnistDataset(tmp_path, shuffle=False)
    assert [row[1] for row in rows_of(both)] == [7, 0, 9, 1, 2, 3]
    assert [row[1] for row in rows_of(ds.KMnistDataset(tmp_path, usage="test", shuffle=False))] == [1, 2, 3]
    for file in tmp_path.glob("t10k-labels*"):
        file.unlink()
    with pytest.raises(FileNotFoundError, match="t10k-labels"):
        ds.MnistDataset(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="train-images"):
        ds.MnistDataset(tmp_path / "empty")


def test_a_data_set_is_a_source_in_its_order(tmp_path, caplog):
    write(tmp_path)
    source = ds.MnistDataset(tmp_path, shuffle=False)
    made = ds.GeneratorDataset(source, ["image", "label"], shuffle=True, python_multiprocessing=False)
    assert "'shuffle' does nothing" in caplog.text
    assert made.batch(2, True).get_dataset_size() == 1
    assert [row[1] for row in rows_of(made)] == [7, 0, 9]


def test_real_mnist(data_dir):
    train = ds.MnistDataset(data_dir / "mnist", usage="train", shuffle=False)
    test = ds.MnistDataset(data_dir / "mnist", usage="test", shuffle=False)
    assert (train.get_dataset_size(), test.get_dataset_size()) == (60000, 10000)
    images, labels = next(train.batch(60000).create_tuple_iterator(output_numpy=True))
    assert images.shape == (60000, 28, 28, 1) and images.dtype == np.uint8 and labels.dtype == np.uint32
    assert labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert np.bincount(labels).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert images.mean() == pytest.approx(33.3184, abs=1e-4)
    assert next(test.create_tuple_iterator(output_numpy=True))[1] == 7


DAMAGED = {
    "images with the labels' magic": (LABELS, LABELS, "images.*begin with 00000803"),
    "labels with the images' magic": (IMAGES, IMAGES, "labels.*begin with 00000801"),
    "another element type": (idx((3, 2, 2), bytes(12), kind=9), LABELS, "images.*00000903"),
    "truncated images": (IMAGES[:-1], LABELS, "images.*12 bytes.*ends after 11"),
    "truncated labels": (IMAGES, LABELS[:-2], "labels.*ends after 1"),
    "images too long": (IMAGES + b"\0", LABELS, "images.*goes on"),
    "header cut": (IMAGES[:9], LABELS, "images.*header"),
    "empty": (b"", LABELS, "images.*nothing"),
    "counts differ": (IMAGES, idx((2,), b"\1\2"), "images.*labels.*3 images and 2 labels"),
    "hostile size": (idx((2 ** 32 - 1,) * 3, bytes(10)), LABELS, "images.*ends after 10"),
}


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_mnist(tmp_path, name, compress):
    images, labels, text = DAMAGED[name]
    dataset = ds.MnistDataset(write(tmp_path, images, labels, compress=compress), "train")
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=text):
            dataset.get_dataset_size()
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()
    with pytest.raises(ValueError, match=text):
        rows_of(dataset)


@pytest.mark.parametrize("damage", [lambda z: z[:-9], lambda z: b"no gzip at all",
                                    lambda z: z[:20] + b"\xff" * 9 + z[29:]])
def test_damaged_gzip(tmp_path, damage):
    write(tmp_path, compress=True)
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match="train-images-idx3-ubyte.gz.*gzip"):
        rows_of(ds.MnistDataset(tmp_path, "train"))


@pytest.mark.parametrize("arguments, error, text", [
    ({"dataset_dir": "no such folder"}, ValueError, "does not exist"), ({"dataset_dir": 3}, TypeError, "int"),
    ({"usage": "validation"}, ValueError, "usage"), ({"cache": 1}, TypeError, "cache"),
    ({"usage": "train", "num_samples": -1}, ValueError, "num_samples")])
def test_mnist_error(tmp_path, arguments, error, text):
    with pytest.raises(error, match=text):
        ds.MnistDataset(**{"dataset_dir": write(tmp_path), **arguments})
