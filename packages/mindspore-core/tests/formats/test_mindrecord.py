"""MindRecord files: MindSpore's own are read, and written again byte for byte; round trips, refusals, damage."""
from __future__ import annotations

import json
import multiprocessing
import shutil
import sqlite3
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mindspore.dataset as ds
from mindspore import mindrecord as mr
from mindspore.formats import msgpack
from mindspore.formats.mindrecord import pack_integers, unpack_integers

SCHEMA = {"image": {"type": "bytes"}, "label": {"type": "int32"}, "score": {"type": "float64"},
          "text": {"type": "string"}, "box": {"type": "float32", "shape": [2, 2]},
          "ids": {"type": "int64", "shape": [-1]}, "small": {"type": "int32", "shape": [3]}}


def rows(count=5) -> list[dict]:
    rng = np.random.default_rng(0)
    return [{"image": bytes(rng.integers(0, 256, k, np.uint8)), "label": k - 2, "score": k / 3, "text": "é" * k,
             "box": rng.normal(size=(2, 2)).astype(np.float32),
             "ids": rng.integers(-2 ** 60, 2 ** 60, k).astype(np.int64) >> (7 * k),
             "small": np.array([k, -k, 100_000], np.int32)} for k in range(count)]


def write(path, data, schema=None, shards=1, index=None, sizes=None, overwrite=False) -> str:
    writer = mr.FileWriter(str(path), shards, overwrite)
    if sizes:
        writer.set_header_size(sizes[0])
        writer.set_page_size(sizes[1])
    assert writer.add_schema(schema or SCHEMA, "test") == 0
    if index is not None:
        writer.add_index(index)
    assert writer.write_raw_data(data) is mr.SUCCESS
    assert writer.commit() is mr.SUCCESS
    return str(path)


def read(path, **options) -> list[dict]:
    reader = mr.FileReader(path, **options)
    found = list(reader.get_next())
    assert len(found) == reader.len()
    reader.close()
    return found


def same(a, b) -> bool:
    """Whether a row, whose fields come in the order of their names, is another."""
    return list(a) == sorted(b) and all(np.array_equal(a[n], b[n]) and type(a[n]) is type(b[n]) and
                                        getattr(a[n], "dtype", 0) == getattr(b[n], "dtype", 0) for n in a)


# -------------------------------------------------------------------------------------------- files of MindSpore itself


def test_files_of_mindspore(data_dir):
    folder = data_dir / "formats"
    assert read(str(folder / "mr1blob.mindrecord")) == [
        {"f": 0.25, "img": bytes([65 + k]) * 3, "label": k - 2, "x": k / 2} for k in range(3)]
    assert read(str(folder / "mrnoblob.mindrecord")) == [{"label": k} for k in range(3)]
    for shard in ("ms_shard.mindrecord0", "ms_shard.mindrecord1"):
        assert [row["label"] for row in read(str(folder / shard))] == [0, 1, 2, 3, 4], "any shard stands for all"
    assert [row["label"] for row in read([str(folder / "ms_shard.mindrecord1")])] == [2, 3, 4]


AGAIN = {
    "mr1blob.mindrecord": ({"f": {"type": "float32"}, "img": {"type": "bytes"}, "label": {"type": "int64"},
                            "x": {"type": "float64"}}, "s", 1, ["label"]),
    "mrnoblob.mindrecord": ({"label": {"type": "int32"}}, "s", 1, None),
    "ms_shard.mindrecord": ({"d": {"type": "bytes"}, "label": {"type": "int32"}}, "", 2, ["label"]),
}


@pytest.mark.parametrize("name", AGAIN)
def test_files_of_mindspore_are_written_again_byte_for_byte(data_dir, tmp_path, name):
    schema, desc, shards, index = AGAIN[name]
    real = [data_dir / "formats" / (name if shards == 1 else f"{name}{k}") for k in range(shards)]
    data = read(str(real[0]))
    writer = mr.FileWriter(str(tmp_path / name), shards)
    writer.set_header_size(16384)
    writer.set_page_size(32768)
    writer.add_schema(schema, desc)
    if index:
        writer.add_index(index)
    writer.write_raw_data(data)
    writer.commit()
    for path in real:
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()
        tables = []
        for each in (path, tmp_path / path.name):
            with sqlite3.connect(f"file:{each}.db?mode=ro&immutable=1", uri=True) as connection:
                tables.append([connection.execute(f"SELECT * FROM {t}").fetchall() for t in ("INDEXES", "SHARD_NAME")]
                              + [[r[1] for r in connection.execute("PRAGMA table_info(INDEXES)")]])
        assert tables[0] == tables[1]


# ---------------------------------------------------------------------------------------------------------- round trips


@pytest.mark.parametrize("shards", [1, 2, 5, 12])
def test_rows_come_back(tmp_path, shards):
    path = write(tmp_path / "a", rows(7), shards=shards)
    first = path if shards == 1 else f"{path}{0:0{len(str(shards - 1))}d}"
    assert all(same(a, b) for a, b in zip(read(first), rows(7), strict=True))
    assert [list(r) for r in read(first, columns=["text", "box"])] == [["box", "text"]] * 7
    assert mr.FileReader(first).schema()["box"] == {"type": "float32", "shape": [2, 2]}


def test_a_few_rows_make_a_small_file(tmp_path):
    assert (tmp_path / "a").stat().st_size < 64 << 10 if write(tmp_path / "a", rows(4)) else False


@pytest.mark.parametrize("length", [10, 9_000, 32_000])
def test_rows_in_many_pages(tmp_path, length):
    data = [{"image": bytes([k]) * length, "label": k} for k in range(40)]
    schema = {"image": {"type": "bytes"}, "label": {"type": "int64"}}
    path = write(tmp_path / "a", data, schema, sizes=(16384, 32768))
    assert read(path) == data
    header = json.loads((tmp_path / "a").read_bytes()[8:8 + struct.unpack("<Q", (tmp_path / "a").read_bytes()[:8])[0]])
    blobs = [p for p in header["page"] if p["page_type"] == "BLOB_DATA"]
    assert len(blobs) == -(-40 // (32768 // (length + 8)))
    assert [p["start_row_id"] for p in blobs[1:]] == [p["end_row_id"] for p in blobs[:-1]]
    assert [p["row_group_ids"] for p in blobs] == [[{"id": k, "offset": 0}] for k in range(len(blobs))]


def test_rows_beyond_the_usual_page_are_written_as_they_come(tmp_path, monkeypatch):
    from mindspore.mindrecord import writer
    monkeypatch.setattr(writer, "USUAL_PAGE", 32768)
    monkeypatch.setattr(writer, "USUAL_HEADER", 16384)
    data = [{"image": bytes([k]) * 5000, "label": k} for k in range(40)]
    assert read(write(tmp_path / "a", data, {"image": {"type": "bytes"}, "label": {"type": "int64"}})) == data


def test_appending(tmp_path):
    path = write(tmp_path / "a", rows(5), shards=2, index=["label"])
    writer = mr.FileWriter.open_for_append(f"{path}0")
    writer.write_raw_data(rows(3))
    writer.commit()
    found = read(f"{path}1")
    expected = [rows(5)[k] for k in (0, 1)] + rows(3)[:1] + [rows(5)[k] for k in (2, 3, 4)] + rows(3)[1:]
    assert all(same(a, b) for a, b in zip(found, expected, strict=True))


def test_rows_of_several_processes(tmp_path):
    writer = mr.FileWriter(str(tmp_path / "a.mindrecord"), 2)
    with pytest.raises(mr.MRMOpenError, match="no schema"):
        writer.open_and_set_header()
    writer.add_schema({"label": {"type": "int32"}, "data": {"type": "bytes"}})
    assert writer.open_and_set_header() is mr.SUCCESS

    def task(first: int) -> None:
        for begin in (first, first + 3):
            writer.write_raw_data([{"label": k, "data": bytes([k])} for k in range(begin, begin + 3)], True)

    task(0)
    processes = [multiprocessing.get_context("fork").Process(target=task, args=(first,)) for first in (6, 12)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0
    writer.commit()
    found = read(str(tmp_path / "a.mindrecord0"))
    assert sorted(row["label"] for row in found) == list(range(18)), "the rows of all three"
    assert all(row["data"] == bytes([row["label"]]) for row in found)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        f"a.mindrecord{k}{end}" for k in range(2) for end in ("", ".db")], "nothing else is left"
    with pytest.raises(mr.MRMOpenError, match="finished"):
        writer.open_and_set_header()


def test_nothing_is_seen_before_commit_and_nothing_is_left_after_an_error(tmp_path):
    writer = mr.FileWriter(str(tmp_path / "a"))
    writer.set_page_size(32768)
    writer.add_schema({"image": {"type": "bytes"}})
    writer.write_raw_data([{"image": bytes(20_000)}] * 3)
    assert not (tmp_path / "a").exists()
    with pytest.raises(mr.MRMWriteDatasetError, match="more than a page"):
        writer.write_raw_data([{"image": bytes(40_000)}] * 3)
    assert not list(tmp_path.iterdir())


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(-2 ** 63, 2 ** 63 - 1) | st.integers(-300, 300) | st.sampled_from(
    [127, 128, -128, -129, 32767, 32768, -32768, -32769, 2 ** 31 - 1, 2 ** 31, -2 ** 31])))
def test_packed_integers(values):
    array = np.array(values, np.int64)
    packed = pack_integers(array)
    assert np.array_equal(unpack_integers(packed, np.dtype("<i8")), array)
    widths = [next(w for w in (1, 2, 4, 8) if -2 ** (8 * w - 1) <= v < 2 ** (8 * w - 1)) for v in values]
    assert len(packed) == 4 + -(-len(values) // 4) + sum(widths)


VALUES = st.integers(-2 ** 63, 2 ** 64 - 1) | st.floats() | st.text(max_size=300)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.text(max_size=40), VALUES, max_size=20))
def test_message_pack(values):
    packed = msgpack.pack_map(values)
    assert repr(msgpack.unpack_map(packed)) == repr(values)
    try:
        import msgpack as library
    except ImportError:
        return
    assert repr(library.unpackb(packed)) == repr(values)


# -------------------------------------------------------------------------------------------------------------- dataset


def test_dataset(tmp_path):
    path = write(tmp_path / "a", rows(5), shards=2)
    data = ds.MindDataset(f"{path}0", shuffle=False)
    assert data.get_dataset_size() == 5 and data.get_col_names() == sorted(SCHEMA)
    for got, wanted in zip(data.create_dict_iterator(output_numpy=True), rows(5), strict=True):
        assert got["image"].dtype == np.uint8 and got["image"].tobytes() == wanted["image"]
        assert got["label"] == wanted["label"] and got["label"].dtype == np.int32 and got["label"].shape == ()
        assert str(got["text"]) == wanted["text"] and got["score"].dtype == np.float64
        assert np.array_equal(got["box"], wanted["box"]) and np.array_equal(got["ids"], wanted["ids"])
    batches = ds.MindDataset(f"{path}1", ["label", "box"], num_parallel_workers=2).batch(5)
    label, box = next(batches.create_tuple_iterator(output_numpy=True))
    assert sorted(label.tolist()) == [-2, -1, 0, 1, 2] and box.shape == (5, 2, 2)


def labels(data) -> list[int]:
    return [int(row["label"]) for row in data.create_dict_iterator(output_numpy=True)]


def test_choosing_rows(tmp_path):
    path = write(tmp_path / "a", rows(6), index=["label"])
    assert labels(ds.MindDataset(path, ["label"], sampler=ds.SubsetSampler([4, 0]))) == [2, -2]
    assert labels(ds.MindDataset(path, ["label"], shuffle=False, num_samples=2)) == [-2, -1]
    parts = [labels(ds.MindDataset(path, ["label"], shuffle=False, num_shards=2, shard_id=k)) for k in range(2)]
    assert sorted(parts[0] + parts[1]) == [-2, -1, 0, 1, 2, 3]
    padded = ds.MindDataset(path, ["label"], shuffle=False, padded_sample={"label": 9}, num_padded=2)
    assert labels(padded) == [-2, -1, 0, 1, 2, 3, 9, 9]
    with pytest.raises(ValueError, match="padded_sample"):
        ds.MindDataset(path, ["label"], padded_sample={"text": "a"}, num_padded=2)
    with pytest.raises(ValueError, match="no column"):
        ds.MindDataset(path, ["nothing"])
    with pytest.raises(RuntimeError, match="together"):
        ds.MindDataset(path, num_padded=2)


def test_shuffling_by_shards(tmp_path):
    ds.config.set_seed(5)
    data = [{"label": k, "image": b""} for k in range(12)]
    write(tmp_path / "a", data, {"label": {"type": "int32"}, "image": {"type": "bytes"}}, shards=4)
    orders = {kind: labels(ds.MindDataset(f"{tmp_path}/a0", ["label"], shuffle=kind))
              for kind in (ds.Shuffle.FILES, ds.Shuffle.INFILE, ds.Shuffle.GLOBAL)}
    assert all(sorted(order) == list(range(12)) and order != list(range(12)) for order in orders.values())
    starts = orders[ds.Shuffle.FILES][::3]
    assert orders[ds.Shuffle.FILES] == [s + k for s in starts for k in range(3)] and sorted(starts) == [0, 3, 6, 9]
    assert [{n // 3 for n in orders[ds.Shuffle.INFILE][k:k + 3]} for k in (0, 3, 6, 9)] == [{0}, {1}, {2}, {3}]


def test_sampling_by_class(tmp_path):
    data = [{"label": k % 3, "image": b""} for k in range(12)]
    path = write(tmp_path / "a", data, {"label": {"type": "int32"}, "image": {"type": "bytes"}})
    found = labels(ds.MindDataset(path, ["label"], sampler=ds.PKSampler(2)))
    assert sorted(found) == [0, 0, 1, 1, 2, 2]


def test_pages_of_categories(tmp_path):
    data = [{"label": k % 3, "name": f"n{k % 2}", "image": bytes([k])} for k in range(8)]
    schema = {"label": {"type": "int32"}, "name": {"type": "string"}, "image": {"type": "bytes"}}
    page = mr.MindPage(write(tmp_path / "a", data, schema))
    assert page.get_category_fields() == ["label", "name"]
    with pytest.raises(ValueError, match="no category"):
        page.read_category_info()
    page.category_field = "label"
    assert json.loads(page.read_category_info()) == {"key": "label", "categories": [
        {"count": 3, "id": 0, "name": "0"}, {"count": 3, "id": 1, "name": "1"}, {"count": 2, "id": 2, "name": "2"}]}
    assert page.read_at_page_by_id(1, 0, 2) == [data[1], data[4]] and page.read_at_page_by_id(1, 1, 2) == [data[7]]
    assert page.read_at_page_by_name("2", 0, 9) == [data[2], data[5]]


# ------------------------------------------------------------------------------------------------------------- refusals


def fresh(path, schema=None) -> mr.FileWriter:
    writer = mr.FileWriter(str(path))
    writer.add_schema(schema or {"label": {"type": "int32"}, "image": {"type": "bytes"}})
    return writer


ROW = {"label": 1, "image": b"a"}
REFUSED = {
    "shards": (lambda p: mr.FileWriter(str(p), 0), mr.ParamValueError, "shard_num"),
    "name": (lambda p: mr.FileWriter(3), mr.ParamTypeError, "file_name"),
    "no schema": (lambda p: mr.FileWriter(str(p)).write_raw_data([ROW]), mr.MRMWriteDatasetError, "add_schema"),
    "second schema": (lambda p: fresh(p).add_schema(SCHEMA), mr.MRMAddSchemaError, "already"),
    "empty schema": (lambda p: fresh(p, {"a": {}}), mr.MRMInvalidSchemaError, "'a'"),
    "field name": (lambda p: fresh(p, {"a b": {"type": "int32"}}), mr.MRMInvalidSchemaError, "'a b'"),
    "type": (lambda p: fresh(p, {"a": {"type": "int8"}}), mr.MRMInvalidSchemaError, "int32, int64"),
    "shape of texts": (lambda p: fresh(p, {"a": {"type": "string", "shape": [2]}}), mr.MRMInvalidSchemaError, "shape"),
    "index": (lambda p: fresh(p).add_index(["image"]), mr.MRMDefineIndexError, "'image'"),
    "header size": (lambda p: fresh(p).set_header_size(5), mr.MRMInvalidHeaderSizeError, "16384"),
    "page size": (lambda p: fresh(p).set_page_size(1 << 40), mr.MRMInvalidPageSizeError, "32768"),
    "rows": (lambda p: fresh(p).write_raw_data("a"), mr.ParamTypeError, "list of dicts"),
    "missing field": (lambda p: fresh(p).write_raw_data([ROW, {"label": 1}]), mr.MRMValidateDataError,
                      "row 1.*'image'"),
    "wrong type": (lambda p: fresh(p).write_raw_data([{**ROW, "label": "1"}]), mr.MRMValidateDataError, "'label'"),
    "too large": (lambda p: fresh(p).write_raw_data([{**ROW, "label": 2 ** 31}]), mr.MRMValidateDataError,
                  "2147483648"),
    "bytes": (lambda p: fresh(p).write_raw_data([{**ROW, "image": "a"}]), mr.MRMValidateDataError, "'image'"),
    "array": (lambda p: fresh(p, {"a": {"type": "int32", "shape": [2]}}).write_raw_data(
        [{"a": np.zeros(3, np.int32)}]), mr.MRMValidateDataError, r"3 elements"),
    "array type": (lambda p: fresh(p, {"a": {"type": "int32", "shape": [2]}}).write_raw_data(
        [{"a": np.zeros(2, np.int64)}]), mr.MRMValidateDataError, "int64"),
    "missing file": (lambda p: mr.FileReader(str(p)), mr.MRMOpenError, "cannot be read"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(tmp_path, name):
    call, error, text = REFUSED[name]
    with pytest.raises(error, match=text):
        call(tmp_path / "a")
    assert not list(tmp_path.iterdir())


def test_existing_files_are_kept(tmp_path):
    path = write(tmp_path / "a", rows(2))
    with pytest.raises(mr.MRMWriteDatasetError, match="overwrite"):
        write(path, rows(1))
    assert len(read(path)) == 2
    assert len(read(write(path, rows(1), overwrite=True))) == 1


# --------------------------------------------------------------------------------------------------------------- damage


def test_a_file_without_its_index_or_with_that_of_another(tmp_path):
    path = write(tmp_path / "a", rows(3))
    write(tmp_path / "b", rows(3))
    shutil.copy(f"{tmp_path}/b.db", f"{path}.db")
    with pytest.raises(mr.MRMOpenError, match="belongs to another"):
        read(path)
    (tmp_path / "a.db").unlink()
    with pytest.raises(mr.MRMOpenError, match="is missing"):
        read(path)


@pytest.mark.parametrize("address", ["../a", "/etc/passwd", "", "b\0"])
def test_shards_are_looked_for_in_the_folder_only(tmp_path, address):
    path = write(tmp_path / "a", rows(2))
    data = bytearray((tmp_path / "a").read_bytes())
    length = struct.unpack_from("<Q", data)[0]
    header = json.loads(data[8:8 + length])
    header["shard_addresses"] = ["a", address]
    text = json.dumps(header).encode()
    data[:8 + len(text)] = struct.pack("<Q", len(text)) + text
    (tmp_path / "a").write_bytes(data)
    with pytest.raises(mr.MRMOpenError, match="does not list the files"):
        read(path)


def test_a_hostile_index_ends(tmp_path):
    path = write(tmp_path / "a", rows(2))
    (tmp_path / "a.db").unlink()
    with sqlite3.connect(tmp_path / "a.db") as connection:
        connection.execute("CREATE TABLE SHARD_NAME(NAME TEXT)")
        connection.execute("INSERT INTO SHARD_NAME VALUES ('a')")
        connection.execute("CREATE VIEW INDEXES AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c) "
                           "SELECT x AS ROW_ID, x AS PAGE_ID_RAW FROM c")
    with pytest.raises(mr.MRMOpenError, match="belongs to another"):
        read(path)
