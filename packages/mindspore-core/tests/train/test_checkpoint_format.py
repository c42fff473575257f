"""The `.ckpt` codec: against files of the real framework, an independent decoder, and damage of every kind."""
from __future__ import annotations

import io
import tracemalloc
import zlib

import ml_dtypes
import numpy as np
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from hypothesis import given, settings
from hypothesis import strategies as st

from mindspore.train import _checkpoint_format as fmt

_FIELD = descriptor_pb2.FieldDescriptorProto


def _add_field(message, number: int, name: str, label: int, kind: int, type_name: str | None = None) -> None:
    message.field.add(number=number, name=name, label=label, type=kind, type_name=type_name)


def checkpoint_class():
    """The message class `Checkpoint`, built from the published layout: an independent decoder."""
    file = descriptor_pb2.FileDescriptorProto(name="checkpoint_for_tests.proto", syntax="proto2")
    tensor = file.message_type.add(name="TensorProto")
    _add_field(tensor, 1, "dims", _FIELD.LABEL_REPEATED, _FIELD.TYPE_INT64)
    _add_field(tensor, 2, "tensor_type", _FIELD.LABEL_REQUIRED, _FIELD.TYPE_STRING)
    _add_field(tensor, 3, "tensor_content", _FIELD.LABEL_REQUIRED, _FIELD.TYPE_BYTES)
    map_tensor = file.message_type.add(name="MapTensorProto")
    _add_field(map_tensor, 1, "tensor", _FIELD.LABEL_REPEATED, _FIELD.TYPE_MESSAGE, ".TensorProto")
    checkpoint = file.message_type.add(name="Checkpoint")
    value = checkpoint.nested_type.add(name="Value")
    value.oneof_decl.add(name="value")
    _add_field(value, 1, "tag", _FIELD.LABEL_REQUIRED, _FIELD.TYPE_STRING)
    for number, name, kind in ((2, "tensor", ".TensorProto"), (3, "maptensor", ".MapTensorProto")):
        value.field.add(number=number, name=name, label=_FIELD.LABEL_OPTIONAL, type=_FIELD.TYPE_MESSAGE,
                        type_name=kind, oneof_index=0)
    _add_field(checkpoint, 1, "value", _FIELD.LABEL_REPEATED, _FIELD.TYPE_MESSAGE, ".Checkpoint.Value")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("Checkpoint"))


Checkpoint = checkpoint_class()

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
TYPES = {"Bool": np.bool_, "Int8": np.int8, "Int16": np.int16, "Int32": np.int32, "Int64": np.int64, "UInt8": np.uint8,
         "UInt16": np.uint16, "UInt32": np.uint32, "UInt64": np.uint64, "Float16": np.float16, "BFloat16": BFLOAT16,
         "Float32": np.float32, "Float64": np.float64, "Complex64": np.complex64, "Complex128": np.complex128}


def encoded(values, **options) -> bytes:
    file = io.BytesIO()
    fmt.encode(file, values.items(), **options)
    return file.getvalue()


def load(tmp_path, data: bytes, **options):
    path = tmp_path / "file.ckpt"
    path.write_bytes(data)
    return fmt.decode(path, **options)


def same(a, b) -> bool:
    if isinstance(a, str) or isinstance(b, str):
        return type(a) is type(b) and a == b
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def example(dtype) -> np.ndarray:
    bits = np.random.default_rng(0).integers(0, 2 if dtype is np.bool_ else 256, 6 * np.dtype(dtype).itemsize, np.uint8)
    return bits.view(dtype).reshape(2, 3)


# ------------------------------------------------------------------------------------------ the real framework's files

REAL = {"lenet": 8, "crc": 8, "bn": 18, "dtypes": 16, "train_adam": 10, "train_momentum": 7}


@pytest.mark.parametrize("name", REAL)
def test_real_file_loads_as_the_independent_decoder_reads_it(data_dir, name):
    path = data_dir / "formats" / f"{name}.ckpt"
    raw = path.read_bytes()
    message = Checkpoint.FromString(raw[:-17] if name == "crc" else raw)
    loaded = fmt.decode(path, crc_check=name == "crc")
    assert [value.tag for value in message.value] == list(loaded)
    assert len(loaded) == REAL[name]
    for value in message.value:
        found = loaded[value.tag]
        if value.tensor.tensor_type == "str":
            assert found == value.tensor.tensor_content.decode("utf-32-le")
        else:
            assert found.dtype == TYPES[value.tensor.tensor_type]
            assert list(found.shape) == list(value.tensor.dims)
            assert found.tobytes() == value.tensor.tensor_content


@pytest.mark.parametrize("name", REAL)
def test_real_file_is_reproduced_byte_for_byte(data_dir, name):
    path = data_dir / "formats" / f"{name}.ckpt"
    assert encoded(fmt.decode(path), crc_check=name == "crc") == path.read_bytes()


def test_known_values_of_the_real_dtypes_file(data_dir):
    loaded = fmt.decode(data_dir / "formats" / "dtypes.ckpt")
    assert loaded["bf16"].dtype == BFLOAT16
    assert loaded["bf16"].astype(np.float32).tolist() == [1.0, -2.0]
    assert loaded["i64"].tolist() == [1, -2]
    assert loaded["scalar"].shape == () and loaded["scalar"] == 3.0
    assert loaded["c64"].tolist() == [1 + 2j]
    assert loaded["c128"].dtype == np.complex128
    appended = fmt.decode(data_dir / "formats" / "bn.ckpt")
    assert appended["note"] == "hello"
    assert appended["flag"].dtype == np.bool_ and appended["epoch_num"] == 3 and appended["lr"] == 0.5


# ------------------------------------------------------------------------------------------------------ what we write

@pytest.mark.parametrize("name", TYPES)
def test_written_layout_by_the_independent_decoder(name):
    array = example(TYPES[name])
    (value,) = Checkpoint.FromString(encoded({"weight": array})).value
    assert (value.tag, value.tensor.tensor_type, list(value.tensor.dims)) == ("weight", name, [2, 3])
    assert value.tensor.tensor_content == array.tobytes()


@pytest.mark.parametrize("value", [
    np.float32(2.5), np.zeros((0,), np.float32), np.zeros((3, 0, 2), np.int64), np.ones((1,), np.float16),
    np.arange(24.).reshape(2, 3, 4)[:, ::2], np.arange(6, dtype=">i4").reshape(2, 3).T,
    "", "plain", "héllo 😀", "line\nbreak\0inside", "\ud800 a lone surrogate",
], ids=repr)
def test_round_trip(tmp_path, value):
    back = load(tmp_path, encoded({"first": np.int8(1), "x": value, "last": "end"}))
    wanted = value if isinstance(value, str) else np.asarray(value).astype(np.asarray(value).dtype.newbyteorder("="))
    assert list(back) == ["first", "x", "last"]
    assert same(back["x"], wanted)


@pytest.mark.parametrize("name", TYPES)
def test_round_trip_of_every_type(tmp_path, name):
    array = example(TYPES[name])
    assert same(load(tmp_path, encoded({"x": array}))["x"], array)


def test_loaded_arrays_are_writable_and_independent(tmp_path):
    back = load(tmp_path, encoded({"a": np.ones(3, np.float32), "b": np.ones(3, np.float32)}))
    back["a"][:] = 7
    assert back["b"].tolist() == [1, 1, 1]


@pytest.mark.parametrize("slice_bytes", [1, 5, 8, 24, 1000])
def test_large_arrays_are_sliced_with_equal_tags_and_full_dims(tmp_path, slice_bytes):
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    data = encoded({"a": array, "b": np.float32(1)}, slice_bytes=slice_bytes)
    slices = [value for value in Checkpoint.FromString(data).value if value.tag == "a"]
    assert [len(s.tensor.tensor_content) for s in slices[:-1]] == [slice_bytes] * (len(slices) - 1)
    assert len(slices) == -(-24 // slice_bytes)
    assert all(list(s.tensor.dims) == [2, 3] and s.tensor.tensor_type == "Float32" for s in slices)
    assert same(load(tmp_path, data)["a"], array)


def test_slice_limit_of_files_is_512_mib():
    assert fmt.SLICE_BYTES == 512 * 1024 * 1024


@pytest.mark.parametrize("value, error", [
    (np.array(["a"], object), TypeError), (np.array(["abc"]), TypeError), (np.zeros(2, "M8[s]"), TypeError),
    ([1.0], TypeError), (None, TypeError), ("ends in NUL\0", ValueError)], ids=repr)
def test_unstorable_values_are_refused_by_name(value, error):
    with pytest.raises(error, match="'culprit'"):
        encoded({"culprit": value})


def test_empty_name_is_refused():
    with pytest.raises(ValueError, match="must not be empty"):
        encoded({"": np.float32(1)})


# ------------------------------------------------------------------------------- other writers' ways of the same layout

def tensor_bytes(type_name="Float32", dims=(), content=b"\0\0\0\0", tag="x") -> bytes:
    message = Checkpoint()
    value = message.value.add(tag=tag)
    value.tensor.dims.extend(dims)
    value.tensor.tensor_type = type_name
    value.tensor.tensor_content = content
    return message.SerializeToString()


def test_dims_zero_with_one_element_is_a_scalar(tmp_path):
    assert load(tmp_path, tensor_bytes(dims=[0]))["x"].shape == ()


def test_all_values_in_one_message(tmp_path):
    message = Checkpoint()
    for name in ("a", "b"):
        message.MergeFromString(tensor_bytes(tag=name))
    assert list(load(tmp_path, message.SerializeToString())) == ["a", "b"]


def test_packed_dims_fields_in_another_order_and_unknown_fields(tmp_path):
    tensor = b"\x1a\x08" + b"\0" * 8 + b"\x12\x07Float32" + b"\x0a\x02\x02\x01"     # content, type, packed dims
    tensor += b"\x20\x05" + b"\x2d" + b"\0" * 4 + b"\x31" + b"\0" * 8 + b"\x3a\x01z"  # unknown, every wire type
    value = b"\x12" + bytes([len(tensor)]) + tensor + b"\x0a\x01x"                    # tensor before tag
    assert load(tmp_path, b"\x0a" + bytes([len(value)]) + value + b"\x10\x07")["x"].shape == (2, 1)


# ----------------------------------------------------------------------------------------------------------------- CRC

def test_crc_trailer_layout_and_check(tmp_path):
    values = {"x": np.arange(5.)}
    data = encoded(values, crc_check=True)
    body, trailer = data[:-17], data[-17:]
    assert trailer == b"crc_num" + zlib.crc32(body).to_bytes(10, "big")
    assert body == encoded(values)
    assert same(load(tmp_path, data, crc_check=True)["x"], values["x"])
    assert same(load(tmp_path, data)["x"], values["x"])


@pytest.mark.parametrize("position", [0, 30, -1, -10])
def test_crc_finds_a_flipped_bit(tmp_path, position):
    data = bytearray(encoded({"x": np.arange(9.)}, crc_check=True))
    data[position] ^= 1
    with pytest.raises(ValueError):
        load(tmp_path, bytes(data), crc_check=True)


def test_crc_asked_for_but_not_there(tmp_path):
    with pytest.raises(ValueError, match="no CRC trailer"):
        load(tmp_path, encoded({"x": np.arange(9.)}), crc_check=True)


def test_contents_that_look_like_a_trailer_are_contents(tmp_path):
    array = np.frombuffer(b"crc_num" + bytes(10), np.uint8)
    assert same(load(tmp_path, encoded({"x": array}))["x"], array)


# ------------------------------------------------------------------------------------------------- damage and hostility

GOOD = encoded({"weight": np.arange(6, dtype=np.float32).reshape(2, 3), "note": "text", "n": np.int64(3)})


def test_every_truncation_is_refused_or_ends_at_a_value(tmp_path):
    whole = load(tmp_path, GOOD)
    boundaries = set()
    at = 0
    while at < len(GOOD):
        boundaries.add(at)
        at += 2 + GOOD[at + 1]
    for length in range(len(GOOD)):
        if length in boundaries:
            assert list(load(tmp_path, GOOD[:length])) == list(whole)[:len([b for b in boundaries if b < length])]
        else:
            with pytest.raises(ValueError, match=r"file\.ckpt"):
                load(tmp_path, GOOD[:length])


HOSTILE = {
    "random text": b"this is not a checkpoint at all",
    "zeros": bytes(64),
    "huge value length": b"\x0a\xff\xff\xff\xff\xff\xff\xff\x7f",
    "endless number": b"\x0a" + b"\xff" * 20,
    "number of more than 64 bits": b"\x0a" + b"\xff" * 9 + b"\x7f",
    "group": b"\x0b\x0c",
    "field number 0": b"\x02\x00",
    "no tag": b"\x0a\x02\x12\x00",
    "no tensor": b"\x0a\x03\x0a\x01x",
    "no content": b"\x0a\x0e\x0a\x01x\x12\x09\x12\x07Float32",
    "no type": b"\x0a\x09\x0a\x01x\x12\x04\x1a\x02\0\0",
    "tag not UTF-8": b"\x0a\x06\x0a\x01\xff\x12\x01\0",
    "inner length beyond its message": b"\x0a\x05\x0a\x01x\x12\x7f" + bytes(200),
    "shape larger than contents": tensor_bytes(dims=[1 << 40]),
    "shape product overflows": tensor_bytes(dims=[1 << 62, 1 << 62]),
    "zero times overflow": tensor_bytes(dims=[0, 1 << 62, 1 << 62], content=b""),
    "negative dim": tensor_bytes(dims=[-1, -1]),
    "contents longer than shape": tensor_bytes(dims=[1], content=bytes(8)),
    "empty scalar": tensor_bytes(content=b""),
    "too many dims": tensor_bytes(dims=[1] * 100),
    "bool of 2": tensor_bytes("Bool", content=b"\2"),
    "text of odd length": tensor_bytes("str", [0], b"abc"),
    "text beyond Unicode": tensor_bytes("str", [0], b"\xff\xff\xff\xff"),
    "unknown type": tensor_bytes("Int4", [2], b"\0"),
    "type in the wrong case": tensor_bytes("float32"),
    "slices that differ": tensor_bytes(dims=[2]) + tensor_bytes(dims=[1]),
    "tag twice, apart": tensor_bytes() + tensor_bytes(tag="y") + tensor_bytes(),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_file_is_a_value_error_without_a_large_allocation(tmp_path, name):
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=r"file\.ckpt"):
            load(tmp_path, HOSTILE[name])
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def test_hash_table_parameter_is_refused_by_name_and_can_be_left_out(tmp_path):
    message = Checkpoint()
    table = message.value.add(tag="table").maptensor.tensor.add()
    table.tensor_type, table.tensor_content = "int32", b""
    data = message.SerializeToString() + tensor_bytes(tag="weight")
    with pytest.raises(ValueError, match="'table'.*choice_func"):
        load(tmp_path, data)
    assert list(load(tmp_path, data, wanted=lambda tag: tag != "table")) == ["weight"]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_mutated_files_load_or_raise_value_error(tmp_path_factory, data):
    damaged = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(GOOD) - 1))] = data.draw(st.integers(0, 255))
    try:
        loaded = load(tmp_path_factory.getbasetemp(), bytes(damaged))
    except ValueError:
        return
    assert all(isinstance(value, (str, np.ndarray)) for value in loaded.values())


names = st.text(min_size=1, max_size=20).filter(lambda s: s.isprintable())
arrays = st.builds(lambda name, shape: np.zeros(shape, TYPES[name]), st.sampled_from(sorted(TYPES)),
                   st.lists(st.integers(0, 4), max_size=4).map(tuple))
texts = st.text(max_size=20).filter(lambda s: not s.endswith("\0"))


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(names, arrays | texts, min_size=1, max_size=5), st.booleans(), st.integers(1, 64))
def test_any_dict_round_trips(tmp_path_factory, values, crc, slice_bytes):
    data = encoded(values, crc_check=crc, slice_bytes=slice_bytes)
    back = load(tmp_path_factory.getbasetemp(), data, crc_check=crc)
    assert list(back) == list(values)
    assert all(same(back[name], values[name]) for name in values)
