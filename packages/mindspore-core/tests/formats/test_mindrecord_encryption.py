"""Encrypted MindRecord files: layout, readers, wrong keys, damage, functions in place of ciphers."""
from __future__ import annotations

import os
import struct

import numpy as np
import pytest

from mindspore import dataset, mindrecord
from mindspore.formats import encryption

pytest.importorskip("cryptography", reason="needs the package cryptography")
KEY = "0123456789abcdef"


@pytest.fixture(autouse=True)
def no_key():
    yield
    mindrecord.set_enc_key(None)
    mindrecord.set_enc_mode()
    mindrecord.set_dec_mode(None)


def write(folder, shards=1):
    writer = mindrecord.FileWriter(str(folder / "a.mindrecord"), shards)
    writer.add_schema({"label": {"type": "int32"}, "image": {"type": "bytes"}})
    writer.write_raw_data([{"label": k, "image": b"secret" * k} for k in range(6)])
    writer.commit()
    return str(folder / "a.mindrecord") + ("" if shards == 1 else "0")


def starts(data):
    """The length of the first block, and what it begins with."""
    return int.from_bytes(data[:4], "big"), int.from_bytes(data[4:8], "little")


def labels(path):
    reader = mindrecord.FileReader(path)
    try:
        return [row["label"] for row in reader.get_next()]
    finally:
        reader.close()


@pytest.mark.parametrize("mode", encryption.MODES)
@pytest.mark.parametrize("shards", [1, 2])
def test_what_is_written_with_a_key_is_read_with_it(tmp_path, mode, shards):
    mindrecord.set_enc_key(KEY)
    mindrecord.set_enc_mode(mode)
    path = write(tmp_path, shards)
    names = sorted(os.listdir(tmp_path))
    assert len(names) == 2 * shards
    for name in names:
        data = (tmp_path / name).read_bytes()
        assert b"secret" not in data and b"SQLite" not in data
        assert data.endswith(struct.pack(">i", 0) + mode.encode() + b"ENCRYPT")
        assert starts(data) == (len(data) - 4 - 18, encryption.MODES[mode])
    assert labels(path) == list(range(6))
    rows = list(dataset.MindDataset(path, shuffle=False).create_dict_iterator(num_epochs=1, output_numpy=True))
    assert [row["label"].item() for row in rows] == list(range(6)) and rows[2]["image"].tobytes() == b"secretsecret"
    assert sorted(os.listdir(tmp_path)) == names


def test_blocks_of_a_large_file(tmp_path, monkeypatch):
    monkeypatch.setattr(encryption, "BLOCK_BYTES", 1 << 14)
    mindrecord.set_enc_key(KEY)
    path = write(tmp_path)
    with open(path, "rb") as file:
        assert starts(file.read()) == ((1 << 14) + 4 + 16 + 4 + 4 + 16 + 4, encryption.MODES["AES-GCM"])
    assert labels(path) == list(range(6))


def test_appending_keeps_to_the_key(tmp_path):
    mindrecord.set_enc_key(KEY)
    path = write(tmp_path)
    writer = mindrecord.FileWriter.open_for_append(path)
    writer.write_raw_data([{"label": 9, "image": b""}])
    writer.commit()
    assert labels(path) == [0, 1, 2, 3, 4, 5, 9]


def test_keys_and_files_that_do_not_fit(tmp_path):
    (tmp_path / "plain").mkdir()
    open_path = write(tmp_path / "plain")
    mindrecord.set_enc_key(KEY)
    path = write(tmp_path)
    with pytest.raises(mindrecord.MRMOpenError, match=r"is not encrypted, but a key is set.*set_enc_key\(None\)"):
        labels(open_path)
    mindrecord.set_dec_mode("SM4-CBC")
    with pytest.raises(mindrecord.MRMOpenError, match="'AES-GCM', not SM4-CBC; call set_dec_mode"):
        labels(path)
    mindrecord.set_dec_mode(None)
    mindrecord.set_enc_key(KEY[::-1])
    with pytest.raises(mindrecord.MRMOpenError, match="the key is another one"):
        labels(path)
    mindrecord.set_enc_key(None)
    with pytest.raises(mindrecord.MRMOpenError, match="is encrypted. Call set_enc_key"):
        labels(path)
    with pytest.raises(mindrecord.MRMOpenError, match="is encrypted"):
        dataset.MindDataset(path)


def test_a_changed_byte_is_found(tmp_path):
    mindrecord.set_enc_key(KEY)
    path = write(tmp_path)
    for name in (path, f"{path}.db"):
        with open(name, "rb") as file:
            data = file.read()
        rng = np.random.default_rng(0)
        for at in rng.integers(0, len(data) - 7, 60):
            with open(name, "wb") as file:
                file.write(data[:at] + bytes([data[at] ^ 4]) + data[at + 1:])
            with pytest.raises(mindrecord.MRMOpenError):
                labels(path)
        with open(name, "wb") as file:
            file.write(data)
    assert labels(path) == list(range(6))


def flipped(source, size, target, key):
    target.write(bytes([byte ^ ord(key[0]) for byte in source.read(size)]))


def test_functions_in_place_of_ciphers(tmp_path):
    mindrecord.set_enc_key(KEY)
    mindrecord.set_enc_mode(flipped)
    path = write(tmp_path)
    with open(path, "rb") as file:
        assert file.read().endswith(b"\0\0\0\0UDF-ENCENCRYPT")
    with pytest.raises(mindrecord.MRMOpenError, match="call set_dec_mode with the one that decrypts it"):
        labels(path)
    mindrecord.set_dec_mode(flipped)
    assert labels(path) == list(range(6))


@pytest.mark.parametrize("call, kind, text", [
    (lambda: mindrecord.set_enc_key(b"0" * 16), mindrecord.ParamTypeError, "must be a str or None, but got bytes"),
    (lambda: mindrecord.set_enc_key("short"), mindrecord.ParamValueError, "16, 24 or 32 ASCII characters, but has 5"),
    (lambda: mindrecord.set_enc_key("é" * 16), mindrecord.ParamValueError, "not all ASCII"),
    (lambda: mindrecord.set_enc_mode("DES"), mindrecord.ParamValueError, "one of AES-GCM"),
    (lambda: mindrecord.set_dec_mode(3), mindrecord.ParamTypeError, "a str or a function, but got int"),
])
def test_settings_that_are_refused(call, kind, text):
    with pytest.raises(kind, match=text):
        call()


def test_a_key_that_the_cipher_does_not_take(tmp_path):
    mindrecord.set_enc_key("0" * 32)
    mindrecord.set_enc_mode("SM4-CBC")
    with pytest.raises(ValueError, match="a key for SM4-CBC has 16 bytes, but got 32"):
        write(tmp_path)
    assert os.listdir(tmp_path) == []
