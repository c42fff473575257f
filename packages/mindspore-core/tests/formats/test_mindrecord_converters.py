"""Other data sets as MindRecord files."""
from __future__ import annotations

import pickle
import struct
from types import SimpleNamespace

import numpy as np
import pytest

from mindspore.dataset import vision
from mindspore.dataset._tfrecord import encode_example, encode_record
from mindspore.mindrecord import (
    SUCCESS,
    Cifar10ToMR,
    Cifar100ToMR,
    CsvToMR,
    FileReader,
    ImageNetToMR,
    MnistToMR,
    MRMWriteDatasetError,
    ParamTypeError,
    ParamValueError,
    TFRecordToMR,
)

RNG = np.random.default_rng(0)


def rows(path):
    reader = FileReader(str(path))
    found = list(reader.get_next())
    reader.close()
    return found


def shade(data):
    """The mean of an image's file."""
    return round(float(vision.Decode()(np.frombuffer(data, np.uint8)).mean()))


def test_cifar10_of_both_versions(tmp_path):
    pixels = np.repeat(np.array([[40], [200]], np.uint8), 3072, axis=1)
    for name in [f"data_batch_{k}" for k in range(1, 3)] + ["test_batch"]:
        (tmp_path / name).write_bytes(pickle.dumps({"data": pixels, "labels": [3, 5]}, protocol=2))
    assert Cifar10ToMR(tmp_path, str(tmp_path / "out.mindrecord")).transform(["label"]) == SUCCESS
    found = rows(tmp_path / "out.mindrecord")
    assert [(row["id"], row["label"], shade(row["data"])) for row in found] == [
        (0, 3, 40), (1, 5, 200), (2, 3, 40), (3, 5, 200)]
    assert len(rows(tmp_path / "out.mindrecord_test")) == 2
    binary = tmp_path / "binary"
    binary.mkdir()
    for name in ("data_batch_1.bin", "test_batch.bin"):
        (binary / name).write_bytes(bytes([7]) + pixels[0].tobytes())
    Cifar10ToMR(str(binary), str(binary / "out")).transform()
    assert [(row["label"], shade(row["data"])) for row in rows(binary / "out")] == [(7, 40)]
    with pytest.raises(MRMWriteDatasetError, match="exists"):
        Cifar10ToMR(str(binary), str(binary / "out")).transform()
    with pytest.raises(ParamValueError, match="'fields' must be a list of some of"):
        Cifar10ToMR(str(binary), str(binary / "new")).transform(["colour"])


def test_cifar100(tmp_path):
    for name in ("train", "test"):
        (tmp_path / name).write_bytes(pickle.dumps({"data": np.zeros((1, 3072), np.uint8), "coarse_labels": [1],
                                                    "fine_labels": [9]}))
    Cifar100ToMR(str(tmp_path), str(tmp_path / "out")).transform()
    (row,) = rows(tmp_path / "out")
    assert (row["coarse_label"], row["fine_label"]) == (1, 9)


class Evil:
    def __reduce__(self):
        return print, ("done",)


def test_pickles_run_nothing(tmp_path, capsys):
    (tmp_path / "train").write_bytes(pickle.dumps(Evil()))
    with pytest.raises(ParamValueError, match="refers to builtins.print"):
        Cifar100ToMR(str(tmp_path), str(tmp_path / "out")).transform()
    assert "done" not in capsys.readouterr().out
    with pytest.raises(ParamValueError, match="has no file 'data_batch_1'"):
        Cifar10ToMR(str(tmp_path), str(tmp_path / "out")).transform()


def test_mnist(tmp_path):
    for stem, count in (("train", 5), ("t10k", 2)):
        images = np.full((count, 28, 28), 90, np.uint8)
        (tmp_path / f"{stem}-images-idx3-ubyte").write_bytes(struct.pack(">HBB3I", 0, 8, 3, count, 28, 28) +
                                                             images.tobytes())
        (tmp_path / f"{stem}-labels-idx1-ubyte").write_bytes(struct.pack(">HBBI", 0, 8, 1, count) + bytes(range(count)))
    MnistToMR(str(tmp_path), str(tmp_path / "out"), 2).transform()
    found = rows(tmp_path / "out_train.mindrecord0")
    assert sorted(row["label"] for row in found) == [0, 1, 2, 3, 4] and {shade(row["data"]) for row in found} == {90}
    assert len(rows(tmp_path / "out_test.mindrecord0")) == 2


def test_csv(tmp_path):
    (tmp_path / "in.csv").write_text("id,score,name\n1,0.5,ann\n2,3,\"b,b\"\n")
    CsvToMR(str(tmp_path / "in.csv"), str(tmp_path / "out")).transform()
    assert rows(tmp_path / "out") == [{"id": 1, "score": 0.5, "name": "ann"}, {"id": 2, "score": 3.0, "name": "b,b"}]
    CsvToMR(str(tmp_path / "in.csv"), str(tmp_path / "two"), ["name"]).transform()
    assert rows(tmp_path / "two")[1] == {"name": "b,b"}
    with pytest.raises(ParamValueError, match="has no column 'age'"):
        CsvToMR(str(tmp_path / "in.csv"), str(tmp_path / "three"), ["age"]).transform()
    (tmp_path / "in.csv").write_text("id\n1\n2,3\n")
    with pytest.raises(ParamValueError, match="has 2 fields in row 3 instead of 1"):
        CsvToMR(str(tmp_path / "in.csv"), str(tmp_path / "three")).transform()


def test_imagenet(tmp_path):
    for name in ("n01/a.JPEG", "n01/b.JPEG", "n02/c.JPEG", "n03/d.JPEG"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    (tmp_path / "map").write_text("n02 5\nn01 0\n")
    ImageNetToMR(str(tmp_path / "map"), str(tmp_path), str(tmp_path / "out")).transform()
    assert [(row["file_name"], row["label"], row["data"]) for row in rows(tmp_path / "out")] == [
        ("c.JPEG", 5, b"n02/c.JPEG"), ("a.JPEG", 0, b"n01/a.JPEG"), ("b.JPEG", 0, b"n01/b.JPEG")]
    (tmp_path / "map").write_text("n02\n")
    with pytest.raises(ParamValueError, match="line 1 of .* must be a folder and a label"):
        ImageNetToMR(str(tmp_path / "map"), str(tmp_path), str(tmp_path / "two")).transform()


def feature(dtype, shape):
    return SimpleNamespace(dtype=dtype, shape=shape)


FEATURES = {"n": feature("int64", ()), "v": feature(SimpleNamespace(name="float32"), [2]), "t": feature("string", ()),
            "b": feature("string", [])}


def test_tfrecord(tmp_path):
    examples = [{"n": np.array([k]), "v": np.array([k, 0.5], np.float32), "t": [b"text"], "b": [b"\xff"], "x": [b""]}
                for k in range(3)]
    (tmp_path / "in").write_bytes(b"".join(encode_record(encode_example(e)) for e in examples))
    TFRecordToMR(str(tmp_path / "in"), str(tmp_path / "out"), FEATURES, ["b"]).transform()
    found = rows(tmp_path / "out")
    assert [(r["n"], r["v"].tolist(), r["t"], r["b"]) for r in found] == [
        (k, [k, 0.5], "text", b"\xff") for k in range(3)]
    for features, message in (({"z": feature("int64", ())}, "KeyError"), ({"v": feature("float32", [3])}, "2 values")):
        with pytest.raises(ParamValueError, match=message):
            TFRecordToMR(str(tmp_path / "in"), str(tmp_path / f"out{message}"), features).transform()


@pytest.mark.parametrize("make, kind, message", [
    (lambda p: CsvToMR(3, "x"), ParamTypeError, "'source' must be a path"),
    (lambda p: CsvToMR(str(p / "none"), "x"), ParamValueError, "file .* of 'source' does not exist"),
    (lambda p: MnistToMR(str(p / "none"), "x"), ParamValueError, "folder .* of 'source' does not exist"),
    (lambda p: MnistToMR(str(p), "x", 0), ParamValueError, "'partition_number' must be above 0"),
    (lambda p: MnistToMR(str(p), "x", 1.5), ParamTypeError, "'partition_number' must be an int"),
    (lambda p: CsvToMR(__file__, "x", "a"), ParamTypeError, "'columns_list' must be a list of str"),
    (lambda p: TFRecordToMR(__file__, "x", {}), ParamTypeError, "'feature_dict' must be a dict"),
    (lambda p: TFRecordToMR(__file__, "x", {"a": 3}), ParamValueError, "feature 'a' must have a dtype"),
    (lambda p: TFRecordToMR(__file__, "x", FEATURES, ["c"]), ParamValueError, "'bytes_fields' names"),
])
def test_arguments_are_checked(tmp_path, make, kind, message):
    with pytest.raises(kind, match=message):
        make(tmp_path)
