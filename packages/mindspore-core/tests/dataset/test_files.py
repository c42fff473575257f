"""Text, CSV and TFRecord files: what is read, in which order, and what damaged ones become."""
from __future__ import annotations

import gzip
import os
import pickle
import random
import threading
import zlib

import numpy as np
import pytest

import mindspore.dataset as ds
from mindspore.dataset import Shuffle
from mindspore.dataset._crc32c import _LIST, crc32c
from mindspore.dataset._tfrecord import encode_example, encode_record, parse_example


def rows(dataset):
    return list(dataset.create_dict_iterator(num_epochs=1, output_numpy=True))


def texts(dataset):
    return [str(row["text"]) for row in rows(dataset)]


# ---------------------------------------------------------------------------------------------------------------- text

@pytest.fixture
def files(tmp_path):
    (tmp_path / "a.txt").write_bytes("one\r\ntwo\n\nthrée\n".encode())
    (tmp_path / "b.txt").write_bytes(b"four\nfive")
    return [str(tmp_path / "a.txt"), str(tmp_path / "b.txt")]


ALL = ["one", "two", "thrée", "four", "five"]


def test_lines_of_text_files(files, tmp_path):
    assert texts(ds.TextFileDataset(files, shuffle=False)) == ALL
    assert texts(ds.TextFileDataset(str(tmp_path / "*.txt"), shuffle=False)) == ALL
    assert ds.TextFileDataset(files).get_dataset_size() == 5
    assert texts(ds.TextFileDataset(files, shuffle=False, num_samples=2)) == ALL[:2]
    (tmp_path / "empty.txt").write_bytes(b"")
    assert texts(ds.TextFileDataset([str(tmp_path / "empty.txt"), files[1]], shuffle=False)) == ALL[3:]


def test_shuffling_of_files_and_rows(files):
    def orders(shuffle):
        iterator = ds.TextFileDataset(files, shuffle=shuffle).create_tuple_iterator(output_numpy=True)
        return {tuple(str(row[0]) for row in iterator) for _ in range(60)}
    of_files = orders(Shuffle.FILES)
    assert of_files == {tuple(ALL), tuple(ALL[3:] + ALL[:3])}
    within = orders(Shuffle.INFILE)
    assert 2 < len(within) <= 12 and all(set(order[:3]) == set(ALL[:3]) for order in within)
    assert len(orders(Shuffle.GLOBAL)) > 20
    assert orders(Shuffle.FALSE) == {tuple(ALL)}


@pytest.mark.parametrize("shuffle", [False, True, Shuffle.FILES, Shuffle.INFILE])
def test_shards_have_all_rows_between_them(files, shuffle):
    for _ in range(3):
        parts = [texts(ds.TextFileDataset(files, shuffle=shuffle, num_shards=2, shard_id=i)) for i in range(2)]
        assert [len(part) for part in parts] == [3, 3] and set(parts[0] + parts[1]) == set(ALL)


def test_a_line_that_is_no_text_names_its_file(tmp_path):
    (tmp_path / "bad.txt").write_bytes(b"fine\n\xff\xfe\n")
    with pytest.raises(ValueError, match=r"bad.txt.*UTF-8"):
        texts(ds.TextFileDataset(str(tmp_path / "bad.txt")))


# ----------------------------------------------------------------------------------------------------------------- CSV

def test_csv_with_names_and_types(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b'name,count,size\r\n"a, ""b""\nc",3,2.5\nplain,,\n')
    plain = rows(ds.CSVDataset(str(path), shuffle=False))
    assert [str(row["name"]) for row in plain] == ['a, "b"\nc', "plain"]
    typed = ds.CSVDataset(str(path), column_defaults=["", 7, 0.5], shuffle=False)
    assert typed.get_col_names() == ["name", "count", "size"]
    assert [(row["count"].item(), row["size"].item()) for row in rows(typed)] == [(3, 2.5), (7, 0.5)]
    assert [t.name for t in typed.output_types()][1:] == ["int32", "float32"]


CSV_ERRORS = {
    "fields": (b"a,b\n1\n", [1, 1], r"1 fields for the 2 columns"),
    "number": (b"a,b\n1,x\n", [1, 1], r"column 'b' must hold int32.*'x'"),
    "too large a number": (b"a,b\n1,99999999999\n", [1, 1], "column 'b' must hold int32"),
    "quote": (b'a,b\n1,"x\n', None, "cannot be parsed"),
    "empty": (b"", None, "is empty"),
}


@pytest.mark.parametrize("name", CSV_ERRORS)
def test_wrong_csv(tmp_path, name):
    data, defaults, text = CSV_ERRORS[name]
    (tmp_path / "a.csv").write_bytes(data)
    with pytest.raises(ValueError, match=text):
        rows(ds.CSVDataset(str(tmp_path / "a.csv"), column_defaults=defaults))


# ------------------------------------------------------------------------------------------------------------ TFRecord

def test_crc32c_against_its_definition():
    assert crc32c(b"123456789") == 0xE3069283
    for count in (0, 1, 255, 256, 257, 512, 1000, 4097, 70_000):
        data, register = random.Random(count).randbytes(count), 0xFFFFFFFF
        for byte in data:
            register = _LIST[(register ^ byte) & 255] ^ (register >> 8)
        assert crc32c(data) == register ^ 0xFFFFFFFF


def example(i):
    return {"bytes": [bytes([i, 0, 0])], "floats": np.array([i, 0.5], np.float32), "ints": np.array([-i, 2 ** 40])}


def written(path, count=10):
    path.write_bytes(b"".join(encode_record(encode_example(example(i))) for i in range(count)))
    return str(path)


def test_tfrecord_without_and_with_a_schema(tmp_path):
    path = written(tmp_path / "a.tfrecord")
    plain = ds.TFRecordDataset(path, shuffle=False)
    assert plain.get_col_names() == ["bytes", "floats", "ints"] and plain.get_dataset_size() == 10
    for i, row in enumerate(rows(plain)):
        assert row["bytes"].tolist() == [i, 0, 0] and row["bytes"].dtype == np.uint8
        assert row["floats"].tolist() == [i, 0.5] and row["floats"].dtype == np.float32
        assert row["ints"].tolist() == [-i, 2 ** 40] and row["ints"].dtype == np.int64
    schema = ds.Schema()
    schema.add_column("ints", "int32", [2, 1])
    schema.add_column("bytes", "uint8", [3])
    typed = rows(ds.TFRecordDataset(path, schema, shuffle=False, columns_list=["ints"]))
    assert typed[3]["ints"].dtype == np.int32 and typed[3]["ints"].shape == (2, 1)
    schema.add_column("more", "int32")
    with pytest.raises(ValueError, match=r"a.tfrecord.*no feature 'more'"):
        rows(ds.TFRecordDataset(path, schema))


@pytest.mark.parametrize("kind, compress", [("GZIP", gzip.compress), ("ZLIB", zlib.compress)])
def test_compressed_tfrecord(tmp_path, kind, compress):
    path = written(tmp_path / "a")
    (tmp_path / "b").write_bytes(compress((tmp_path / "a").read_bytes()))
    found = rows(ds.TFRecordDataset(str(tmp_path / "b"), compression_type=kind, shuffle=False))
    assert [row["ints"].tolist() for row in found] == [row["ints"].tolist() for row in
                                                      rows(ds.TFRecordDataset(path, shuffle=False))]
    with pytest.raises(ValueError, match="decompressed"):
        ds.TFRecordDataset(path, compression_type=kind)


def test_saved_rows_come_back(tmp_path):
    source = ds.NumpySlicesDataset({"x": np.arange(12, dtype=np.float32).reshape(4, 3), "n": np.arange(4),
                                    "t": ["a", "bc", "d", "é"]}, shuffle=False)
    source.save(str(tmp_path / "out"), 2, "tfrecord")
    schema = ds.Schema()
    for name, kind, shape in (("n", "int64", []), ("t", "string", []), ("x", "float32", [3])):
        schema.add_column(name, kind, shape)
    found = rows(ds.TFRecordDataset([str(tmp_path / "out0"), str(tmp_path / "out1")], schema, shuffle=False))
    assert [int(row["n"]) for row in found] == [0, 2, 1, 3]
    assert [str(row["t"]) for row in found] == ["a", "d", "bc", "é"]
    assert found[1]["x"].tolist() == [6, 7, 8]


# ---------------------------------------------------------------------------------------------------------- bad input

def mutated(data, source):
    """One file with a few bytes changed, cut out, repeated or inserted, or cut off."""
    data = bytearray(data)
    for _ in range(source.randint(1, 4)):
        at = source.randrange(len(data) + 1)
        kind = source.randrange(5)
        if kind == 0 and at < len(data):
            data[at] = source.choice((0, 1, 127, 128, 255, source.randrange(256)))
        elif kind == 1:
            del data[at:at + source.randint(1, 20)]
        elif kind == 2:
            data[at:at] = source.randbytes(source.randint(1, 9))
        elif kind == 3:
            data[at:at] = data[at:at + source.randint(1, 30)]
        else:
            del data[at:]
    return bytes(data)


COUNT = int(os.environ.get("MS_DATASET_MUTATIONS", "150"))


def read_all(open_dataset):
    """How many rows come out of a damaged file; anything but a typed refusal is an error."""
    try:
        return sum(1 for _ in open_dataset().create_tuple_iterator(num_epochs=1, output_numpy=True))
    except (ValueError, RuntimeError) as error:
        assert str(error) and type(error) is not RecursionError
        return 0


def test_mutated_tfrecord_files(tmp_path):
    original = open(written(tmp_path / "a", 3), "rb").read()
    source = random.Random(1)
    for _ in range(COUNT):
        (tmp_path / "m").write_bytes(mutated(original, source))
        assert read_all(lambda: ds.TFRecordDataset(str(tmp_path / "m"))) <= 3


def test_mutated_example_messages():
    # Behind a right checksum the message itself may be hostile.
    original, source = encode_example(example(5)), random.Random(2)
    for _ in range(10 * COUNT):
        try:
            parse_example(memoryview(mutated(original, source)))
        except ValueError as error:
            assert "Example message" in str(error)


def test_mutated_csv_and_text_files(tmp_path):
    original, source = b'name,count\n"a, ""b""\nc",3\nplain,4\n', random.Random(3)
    for _ in range(COUNT):
        (tmp_path / "m").write_bytes(mutated(original, source))
        read_all(lambda: ds.CSVDataset(str(tmp_path / "m"), column_defaults=["", 1]))
        read_all(lambda: ds.TextFileDataset(str(tmp_path / "m")))


# --------------------------------------------------------------------------------------------------------- single lines

@pytest.mark.parametrize("end", ["\n", ""])
@pytest.mark.parametrize("count", [1, 63, 64, 65, 1000])
def test_lines_are_read_in_any_order(tmp_path, count, end):
    lines = [f"line {i} of thrée," * (i % 7) + "\n" for i in range(count)]
    lines[-1] = "the last" + end
    path = tmp_path / "a.csv"
    path.write_bytes("".join(lines).encode())
    with ds.LineReader(path) as reader:
        assert reader.len() == len(reader) == count
        for number in random.Random(1).sample(range(count), count):
            assert reader.readline(number + 1) == lines[number]
        copied = pickle.loads(pickle.dumps(reader))
        wrong: list = []

        def check():
            wrong.extend(i for i in range(count) if copied.readline(i + 1) != lines[i])
        threads = [threading.Thread(target=check) for _ in range(3)]
        [thread.start() for thread in threads], [thread.join() for thread in threads]
        assert not wrong
        copied.close()
        for bad, error in ((0, ValueError), (count + 1, ValueError), ("1", TypeError)):
            with pytest.raises(error, match="readline"):
                reader.readline(bad)
    for ask in (reader.len, lambda: reader.readline(1)):
        with pytest.raises(ValueError, match="closed"):
            ask()


def test_files_without_lines(tmp_path):
    (tmp_path / "empty").touch()
    reader = ds.LineReader(str(tmp_path / "empty"))
    assert reader.len() == 0
    with pytest.raises(ValueError, match=r"1\.\.0"):
        reader.readline(1)
    reader.close()
    (tmp_path / "bytes").write_bytes(b"\xff\n")
    with ds.LineReader(str(tmp_path / "bytes")) as reader, pytest.raises(UnicodeDecodeError):
        reader.readline(1)
    with pytest.raises(FileNotFoundError):
        ds.LineReader(str(tmp_path / "none"))
    with pytest.raises(TypeError, match="path"):
        ds.LineReader(3)
