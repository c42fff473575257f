"""Checkpoints in safetensors files: MindSpore's own file, the layout, the library of the format, and damage."""
from __future__ import annotations

import json
import struct

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mindspore as ms
from mindspore import Tensor
from mindspore.train import serialization

TYPES = {"BOOL": np.bool_, "I8": np.int8, "I16": np.int16, "I32": np.int32, "I64": np.int64, "U8": np.uint8,
         "U16": np.uint16, "U32": np.uint32, "U64": np.uint64, "F16": np.float16, "BF16": ml_dtypes.bfloat16,
         "F32": np.float32, "F64": np.float64, "C64": np.complex64}


def save(path, values, **options):
    ms.save_checkpoint({name: Tensor(value) for name, value in values.items()}, path, format="safetensors", **options)


def load(path, **options):
    found = ms.load_checkpoint(path, format="safetensors", **options)
    return {name: parameter.asnumpy() for name, parameter in found.items()}


def header_of(path) -> dict:
    data = path.read_bytes()
    length = struct.unpack_from("<Q", data)[0]
    return json.loads(data[8:8 + length])


def test_the_real_file_holds_what_the_real_ckpt_holds_and_is_written_alike(data_dir, tmp_path):
    real = data_dir / "formats" / "lenet.safetensors"
    values = load(real)
    expected = ms.load_checkpoint(data_dir / "formats" / "lenet.ckpt")
    assert list(values) == sorted(expected)
    for name, value in values.items():
        assert np.array_equal(value, expected[name].asnumpy())
    ms.save_checkpoint(expected, tmp_path / "again", format="safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == real.read_bytes()


def test_parameters_have_their_names(data_dir):
    loaded = ms.load_checkpoint(data_dir / "formats" / "lenet.safetensors", format="safetensors")
    assert all(parameter.name == name for name, parameter in loaded.items())


@pytest.mark.parametrize("name", TYPES)
@pytest.mark.parametrize("shape", [(), (0, 3), (2, 3)])
def test_every_type_round_trips(tmp_path, name, shape):
    array = np.arange(int(np.prod(shape))).reshape(shape).astype(TYPES[name])
    save(tmp_path / "a", {"x": array, "y": np.float32(1)}, crc_check=True)
    found = load(tmp_path / "a.safetensors", crc_check=True)["x"]
    assert found.dtype == array.dtype and found.shape == shape and np.array_equal(found, array)
    assert header_of(tmp_path / "a.safetensors")["x"]["dtype"] == name


@pytest.mark.parametrize("changed", ["name", "contents"])
def test_crc_finds_a_changed_byte(tmp_path, changed):
    path = tmp_path / "a.safetensors"
    save(path, {"weight": np.arange(4.0)}, crc_check=True, remove_redundancy=True)
    assert header_of(path)["__metadata__"]["remove_redundancy"] == "True"
    data = path.read_bytes()
    path.write_bytes(data.replace(b"weight", b"waight") if changed == "name" else data[:-1] + b"\x41")
    load(path)
    with pytest.raises(ValueError, match="CRC"):
        load(path, crc_check=True)


def test_the_library_of_the_format_agrees(tmp_path):
    library = pytest.importorskip("safetensors.numpy", reason="needs the package safetensors")
    values = {"b": np.arange(6, dtype=np.float32).reshape(2, 3), "a": np.array(7, np.int64), "ä": np.zeros((0, 2))}
    save(tmp_path / "ours", values)
    theirs = library.load_file(tmp_path / "ours.safetensors")
    assert sorted(theirs) == sorted(values) and all(np.array_equal(theirs[n], values[n]) for n in values)
    library.save_file(values, tmp_path / "theirs.safetensors")
    ours = load(tmp_path / "theirs.safetensors")
    assert sorted(ours) == sorted(values) and all(np.array_equal(ours[n], values[n]) for n in values)


def test_converting_between_the_formats(data_dir, tmp_path):
    ckpt = data_dir / "formats" / "lenet.ckpt"
    serialization.ckpt_to_safetensors(ckpt, tmp_path / "s", {"conv1.weight": "first.weight"})
    serialization.safetensors_to_ckpt(tmp_path / "s", tmp_path / "c", {"first.weight": "conv1.weight"})
    first, again = ms.load_checkpoint(ckpt), ms.load_checkpoint(tmp_path / "c" / "lenet.ckpt")
    assert sorted(first) == sorted(again)
    assert all(np.array_equal(first[n].asnumpy(), again[n].asnumpy()) for n in first)
    assert "first.weight" in header_of(tmp_path / "s" / "lenet.safetensors")


def built(header, contents=b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + contents


def entry(dtype="F32", shape=(1,), offsets=(0, 4)) -> dict:
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


HOSTILE = {
    "empty": b"",
    "seven bytes": bytes(7),
    "a header beyond the file": struct.pack("<Q", 1 << 62) + b"{}",
    "no JSON": built(b"{x"),
    "not UTF-8": built(b"\xff\xff"),
    "deep": built(b'{"a":' + b"[" * 100_000),
    "a list": built([1]),
    "a number for an entry": built({"x": 3}),
    "twice": built(b'{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},'
                   b'"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', bytes(4)),
    "metadata": built({"__metadata__": {"a": 1}}),
    "unknown type": built({"x": entry("F8")}, bytes(4)),
    "type of another kind": built({"x": entry(["F32"])}, bytes(4)),
    "large shape": built({"x": entry(shape=(1 << 40,))}, bytes(4)),
    "overflowing shape": built({"x": entry(shape=(1 << 62, 1 << 62, 0), offsets=(0, 0))}),
    "negative shape": built({"x": entry(shape=(-1, -1))}, bytes(4)),
    "bool in the shape": built({"x": entry(shape=(True,))}, bytes(4)),
    "many dimensions": built({"x": entry(shape=(1,) * 100)}, bytes(4)),
    "three offsets": built({"x": entry(offsets=(0, 2, 4))}, bytes(4)),
    "offsets beyond the file": built({"x": entry(offsets=(4, 8))}, bytes(4)),
    "overlapping": built({"x": entry(), "y": entry()}, bytes(4)),
    "a gap": built({"x": entry(), "y": entry(offsets=(8, 12))}, bytes(12)),
    "a rest": built({"x": entry()}, bytes(8)),
    "bool of 2": built({"x": entry("BOOL", offsets=(0, 1))}, b"\2"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused(tmp_path, name):
    (tmp_path / "a.safetensors").write_bytes(HOSTILE[name])
    with pytest.raises(ValueError, match=r"a\.safetensors"):
        load(tmp_path / "a.safetensors")


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.text(min_size=1, max_size=9).filter(lambda s: s.isprintable()),
                       st.builds(lambda t, s: np.ones(s, TYPES[t]), st.sampled_from(sorted(TYPES)),
                                 st.lists(st.integers(0, 3), max_size=3).map(tuple)), min_size=1, max_size=5))
def test_any_dict_round_trips(tmp_path_factory, values):
    path = tmp_path_factory.getbasetemp() / "any.safetensors"
    save(path, values, crc_check=True)
    found = load(path, crc_check=True)
    assert sorted(found) == sorted(values)
    assert all(found[n].dtype == v.dtype and np.array_equal(found[n], v) for n, v in values.items())
