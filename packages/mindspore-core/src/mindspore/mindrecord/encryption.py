"""Encrypted MindRecord files: the key and the ciphers, which hold for all files of the program.

    set_enc_key("0123456789012345")     # what is committed from here on is encrypted, and is read with this key
    set_enc_key(None)                   # no longer

Both files of a shard, the rows and the index, are encrypted in blocks of 64 MiB:

    for each block    i32 length of what follows, big-endian, and the block as in `formats.encryption`
    then              i32 0, seven bytes with the name of the cipher, `ENCRYPT`

A function in place of a cipher's name writes all before the zero itself; its name in the file is `UDF-ENC`.
"""
from __future__ import annotations

import io
import os
import struct
import tempfile
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, BinaryIO

from mindspore.formats import encryption
from mindspore.mindrecord.exceptions import MRMOpenError, ParamTypeError, ParamValueError

__all__ = ["encrypt", "is_encrypted", "plain", "set_dec_mode", "set_enc_key", "set_enc_mode"]

Mode = str | Callable[[BinaryIO, int, BinaryIO, str], object]

_END, _OWN = b"ENCRYPT", b"UDF-ENC"
_NAME_BYTES = 7
_TAIL_BYTES = 4 + _NAME_BYTES + len(_END)
_KEY_LENGTHS = (16, 24, 32)


@dataclass
class _Settings:
    key: str | None = None
    encrypts: Mode = "AES-GCM"
    decrypts: Mode | None = None


_settings = _Settings()


def set_enc_key(enc_key: str | None) -> None:
    """Sets the key with which files are written and read; with None, those that are written are not encrypted.

    Args:
        enc_key: a text of 16, 24 or 32 ASCII characters, of 16 for `SM4-CBC`.

    Raises:
        ParamTypeError: it is no text.
        ParamValueError: it has another length, or other characters.
    """
    if enc_key is not None:
        if not isinstance(enc_key, str):
            raise ParamTypeError(f"For 'set_enc_key', 'enc_key' must be a str or None, but got "
                                 f"{type(enc_key).__name__}.")
        if len(enc_key) not in _KEY_LENGTHS or not enc_key.isascii():
            raise ParamValueError(f"For 'set_enc_key', 'enc_key' must have 16, 24 or 32 ASCII characters, but has "
                                  f"{len(enc_key)} characters{'' if enc_key.isascii() else ', not all ASCII'}.")
    _settings.key = enc_key


def set_enc_mode(enc_mode: Mode = "AES-GCM") -> None:
    """Sets how files are encrypted, where there is a key.

    Args:
        enc_mode: `AES-GCM`, `AES-CBC`, `SM4-CBC`, or a function of the plain file, its size, the file to write, and the
            key. Both files are open and are read and written from their beginning.

    Raises:
        ParamTypeError, ParamValueError: it is something else.
    """
    _settings.encrypts = _mode("enc_mode", enc_mode)


def set_dec_mode(dec_mode: Mode | None = "AES-GCM") -> None:
    """Sets how files are decrypted; None, as at first, means as they were encrypted, which the files say themselves.

    Args:
        dec_mode: as `enc_mode` of `set_enc_mode`; a function is needed for what a function has encrypted.

    Raises:
        ParamTypeError, ParamValueError: it is something else.
    """
    _settings.decrypts = None if dec_mode is None else _mode("dec_mode", dec_mode)


def _mode(name: str, value: Mode) -> Mode:
    if not isinstance(value, str) and not callable(value):
        raise ParamTypeError(f"For 'set_{name}', '{name}' must be a str or a function, but got "
                             f"{type(value).__name__}.")
    if isinstance(value, str) and value not in encryption.MODES:
        raise ParamValueError(f"For 'set_{name}', '{name}' must be one of {', '.join(encryption.MODES)}, but got "
                              f"{value!r}.")
    return value


def encrypt(path: str) -> None:
    """Encrypts a finished file, in its place, if there is a key."""
    key, mode = _settings.key, _settings.encrypts
    if key is None:
        return
    made = f"{path}.encrypted"
    try:
        with open(path, "rb") as source, open(made, "xb") as target:
            if callable(mode):
                mode(source, os.path.getsize(path), target, key)
            else:
                checked = encryption.check_key("FileWriter.commit", key.encode(), mode)
                assert checked is not None
                while data := source.read(encryption.BLOCK_BYTES):
                    block = io.BytesIO()
                    encryptor = encryption.Encryptor(block, checked, mode)
                    encryptor.write(data)
                    encryptor.finish()
                    target.write(struct.pack(">i", len(block.getbuffer())))
                    target.write(block.getbuffer())
            target.seek(0, os.SEEK_END)
            target.write(struct.pack(">i", 0) + (_OWN if callable(mode) else mode.encode()) + _END)
            target.flush()
            os.fsync(target.fileno())
        os.replace(made, path)
    finally:
        if os.path.exists(made):
            os.unlink(made)


def is_encrypted(file: BinaryIO) -> bool:
    """Whether a file ends as encrypted ones do."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(size - len(_END), 0))
    return file.read() == _END


def plain(path: str, file: BinaryIO) -> BinaryIO:
    """The file itself, or, where it is encrypted, a temporary file without a name that holds its plain contents; the
    file itself is then closed.

    Raises:
        MRMOpenError: the file is encrypted and there is no key, or the reverse; the key or the mode is another one; the
            file is damaged.
    """
    if not is_encrypted(file):
        if _settings.key is not None:
            raise MRMOpenError(f"MindRecord file '{path}' is not encrypted, but a key is set. Call set_enc_key(None) "
                               f"before it is read.")
        return file
    with file:
        target: IO[bytes] = tempfile.TemporaryFile()
        try:
            _decrypt(path, file, target)
        except BaseException:
            target.close()
            raise
    return target                                                                   # type: ignore[return-value]


@contextmanager
def plain_path(path: str):
    """The path of a file that holds the plain contents of the file at `path`; one that is made for it is removed."""
    with open(path, "rb") as file:
        if not is_encrypted(file):
            yield path
            return
        handle, made = tempfile.mkstemp(suffix=".db")
        try:
            with open(handle, "wb") as target:
                _decrypt(path, file, target)
            yield made
        finally:
            os.unlink(made)


def _decrypt(path: str, file: BinaryIO, target: IO[bytes]) -> None:
    size = file.seek(0, os.SEEK_END)

    def fail(what: str) -> MRMOpenError:
        return MRMOpenError(f"MindRecord file '{path}' cannot be decrypted: {what}.")

    if _settings.key is None:
        raise MRMOpenError(f"MindRecord file '{path}' is encrypted. Call set_enc_key with its key before it is read.")
    if size < _TAIL_BYTES:
        raise fail(f"{size} bytes are too few; take an intact copy")
    file.seek(size - _TAIL_BYTES)
    end = file.read(_TAIL_BYTES - len(_END))
    name = end[4:]
    mode: Mode | None = _settings.decrypts
    file.seek(0)
    if name == _OWN or callable(mode):
        if not callable(mode) or name != _OWN:
            raise fail("a function has encrypted it; call set_dec_mode with the one that decrypts it" if name == _OWN
                       else "no function has encrypted it; call set_dec_mode(None)")
        mode(file, size - _TAIL_BYTES, target, _settings.key)                        # type: ignore[arg-type]
        return
    known = name.decode("ascii", "replace")
    if known not in encryption.MODES or mode not in (None, known):
        raise fail(f"it was encrypted by {known!r}, not {mode}; call set_dec_mode" if known in encryption.MODES else
                   f"its end names no cipher, but {known!r}; take an intact copy")
    left = size - _TAIL_BYTES
    try:
        key = encryption.check_key("MindRecord", _settings.key.encode(), known)
        assert key is not None
        while left:
            length = struct.unpack(">i", file.read(4).ljust(4, b"\xff"))[0]
            if not 0 < length <= left - 4:
                raise fail(f"a block of {length} bytes is announced where {left - 4} are left; take an intact copy")
            target.write(encryption.decrypt(file.read(length), key, known, "MindRecord", path))
            left -= 4 + length
    except MRMOpenError:
        raise
    except ValueError as error:
        raise MRMOpenError(str(error)) from None
