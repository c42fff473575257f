"""Encrypted checkpoints: layout, round trips, wrong keys, damage."""
from __future__ import annotations

import io
import struct

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor
from mindspore.formats import encryption

pytest.importorskip("cryptography", reason="needs the package cryptography")
KEY = bytes(range(16))
MODES = ["AES-GCM", "AES-CBC", "SM4-CBC"]


def save(path, mode="AES-GCM", key=KEY, **options):
    ms.save_checkpoint({"x": Tensor(np.arange(5, dtype=np.float32))}, path, enc_key=key, enc_mode=mode, **options)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("file_format", ["ckpt", "safetensors"])
def test_round_trip(tmp_path, mode, file_format):
    path = tmp_path / f"a.{file_format}"
    save(path, mode, crc_check=True, format=file_format)
    loaded = ms.load_checkpoint(path, dec_key=KEY, dec_mode=mode, crc_check=True, format=file_format)
    assert loaded["x"].asnumpy().tolist() == [0, 1, 2, 3, 4]
    assert b"Float32" not in path.read_bytes()


@pytest.mark.parametrize("length", [16, 24, 32])
def test_lengths_of_keys(tmp_path, length):
    save(tmp_path / "a.ckpt", key=bytes(length))
    assert ms.load_checkpoint(tmp_path / "a.ckpt", dec_key=bytes(length))["x"].shape == (5,)


@pytest.mark.parametrize("mode", MODES)
def test_layout_of_blocks(mode, monkeypatch):
    monkeypatch.setattr(encryption, "BLOCK_BYTES", 40)
    file = io.BytesIO()
    encryptor = encryption.Encryptor(file, KEY, mode)
    encryptor.write(bytes(70))
    encryptor.write(bytes(30))
    encryptor.finish()
    data, at, lengths = file.getvalue(), 0, []
    while at < len(data):
        assert struct.unpack_from("<I", data, at)[0] == {"AES-GCM": 0x7F3A5ED8, "AES-CBC": 0x7F3A5ED9,
                                                         "SM4-CBC": 0x7F3A5EDA}[mode]
        at += 4 + (16 if mode == "AES-GCM" else 0)
        rest, vector = struct.unpack_from("<II", data, at)
        assert vector == 16
        text = struct.unpack_from("<I", data, at + 8 + vector)[0]
        assert rest == 4 + vector + 4 + text
        lengths.append(text)
        at += 4 + rest
    assert lengths == ([40, 40, 20] if mode == "AES-GCM" else [48, 48, 32])
    assert encryption.decrypt(data, KEY, mode, "test", "file") == bytes(100)


def test_a_wrong_key_and_a_missing_one(tmp_path):
    save(tmp_path / "a.ckpt")
    with pytest.raises(ValueError, match="the key is another one"):
        ms.load_checkpoint(tmp_path / "a.ckpt", dec_key=bytes(16))
    with pytest.raises(ValueError, match="by AES-GCM, not AES-CBC"):
        ms.load_checkpoint(tmp_path / "a.ckpt", dec_key=KEY, dec_mode="AES-CBC")
    with pytest.raises(ValueError, match="encrypted"):
        ms.load_checkpoint(tmp_path / "a.ckpt")
    ms.save_checkpoint({"x": 1}, tmp_path / "plain.ckpt")
    with pytest.raises(ValueError, match="no block"):
        ms.load_checkpoint(tmp_path / "plain.ckpt", dec_key=KEY)


@pytest.mark.parametrize("mode", MODES)
def test_damage_is_a_value_error(tmp_path, mode):
    path = tmp_path / "a.ckpt"
    save(path, mode, crc_check=True)
    data = path.read_bytes()
    for place in range(len(data)):
        path.write_bytes(data[:place] + bytes([data[place] ^ 0x55]) + data[place + 1:])
        with pytest.raises(ValueError, match=r"a\.ckpt"):
            ms.load_checkpoint(path, dec_key=KEY, dec_mode=mode, crc_check=True)
        path.write_bytes(data[:place])
        with pytest.raises(ValueError, match=r"a\.ckpt"):
            ms.load_checkpoint(path, dec_key=KEY, dec_mode=mode, crc_check=True)
