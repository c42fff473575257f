"""Encrypted checkpoint and MINDIR files.

The plain file is cut into blocks of 64 MiB, each of which is encrypted by itself, under a new initialisation vector:

    AES-GCM   u32 0x7F3A5ED8, 16 bytes of tag, u32 length of what follows,
              u32 length of the vector, vector, u32 length of the cipher text, cipher text
    AES-CBC   u32 0x7F3A5ED9, u32 length of what follows, and so on; the text is padded to 16 bytes (PKCS #7)
    SM4-CBC   u32 0x7F3A5EDA, as AES-CBC

All numbers are little-endian. The ciphers are those of the `cryptography` package, an optional requirement
(`pip install mindspore-core[encryption]`), which is imported when a key is given. AES-GCM authenticates each block, so
a changed byte or a wrong key is always found; the CBC modes find a wrong key by its padding only, most of the time.

In place of a mode, exported networks take a function of their own, `encrypt(contents, key)`, which gives what is
written, and `decrypt(path, key)`, which gives the contents of the file.
"""
from __future__ import annotations

import io
import os
import struct
from collections.abc import Callable
from typing import Any, BinaryIO

__all__ = ["BLOCK_BYTES", "MODES", "Encryptor", "by_function", "check_key", "decrypt", "encrypted", "is_encrypted"]

BLOCK_BYTES = 64 << 20
MODES = {"AES-GCM": 0x7F3A5ED8, "AES-CBC": 0x7F3A5ED9, "SM4-CBC": 0x7F3A5EDA}
_TAG_BYTES = _VECTOR_BYTES = 16


def check_key(function: str, key, mode, own: bool = False) -> bytes | None:
    """The key as bytes, None if there is none; it and the mode must fit each other. own: whether the mode may be a
    function, with a key of any length.

    Raises:
        TypeError: the key is not bytes, or the mode is no str.
        ValueError: the mode is unknown, or the key has another length than its cipher takes.
        ImportError: the `cryptography` package is missing.
    """
    if key is None:
        return None
    if not isinstance(key, bytes):
        raise TypeError(f"For '{function}', the key must be bytes or None, but got {type(key).__name__}.")
    if own and callable(mode):
        return key
    if not isinstance(mode, str):
        raise TypeError(f"For '{function}', the mode of encryption must be a str{' or a function' * own}, but got "
                        f"{type(mode).__name__}.")
    if mode not in MODES:
        raise ValueError(f"For '{function}', the mode of encryption must be one of {', '.join(MODES)}, but got "
                         f"{mode!r}.")
    lengths = (16,) if mode.startswith("SM4") else (16, 24, 32)
    if len(key) not in lengths:
        raise ValueError(f"For '{function}', a key for {mode} has {', '.join(map(str, lengths))} bytes, but got "
                         f"{len(key)}.")
    _ciphers(function)
    return key


def _ciphers(function: str) -> Any:
    try:
        from cryptography.hazmat.primitives import ciphers
        from cryptography.hazmat.primitives.ciphers import algorithms, modes
    except ImportError as error:
        raise ImportError(f"For '{function}', a key was given, but the package 'cryptography' is not installed. Run: "
                          f"pip install 'mindspore-core[encryption]'") from error
    return ciphers.Cipher, algorithms, modes


def _cipher(key: bytes, mode: str, vector: bytes, tag: bytes | None = None):
    cipher, algorithms, modes = _ciphers("encryption")
    if mode == "AES-GCM":
        return cipher(algorithms.AES(key), modes.GCM(vector, tag))
    return cipher(algorithms.AES(key) if mode == "AES-CBC" else algorithms.SM4(key), modes.CBC(vector))


def _encrypt_block(plain: bytes, key: bytes, mode: str) -> bytes:
    vector = os.urandom(_VECTOR_BYTES)
    encryptor = _cipher(key, mode, vector).encryptor()
    if mode != "AES-GCM":
        missing = _VECTOR_BYTES - len(plain) % _VECTOR_BYTES
        plain += bytes([missing]) * missing
    text = encryptor.update(plain) + encryptor.finalize()
    rest = struct.pack("<I", len(vector)) + vector + struct.pack("<I", len(text))
    tag = encryptor.tag if mode == "AES-GCM" else b""
    return struct.pack("<I", MODES[mode]) + tag + struct.pack("<I", len(rest) + len(text)) + rest + text


def by_function(function: str, transform: Callable[[Any, bytes], Any], given: Any, key: bytes) -> bytes:
    """What a function of the user's own makes of contents, or of a file's path. TypeError if that is no bytes."""
    found = transform(given, key)
    if not isinstance(found, bytes | bytearray | memoryview):
        raise TypeError(f"For '{function}', the function given as the mode of encryption must return bytes, but "
                        f"returned {type(found).__name__}.")
    return bytes(found)


def encrypted(function: str, data: bytes, key: bytes | None, mode: Any) -> Callable[[BinaryIO], None]:
    """What writes the encryption of contents to a file; without a key the contents."""
    if key is not None and callable(mode):
        data, key = by_function(function, mode, data, key), None

    def write(file: BinaryIO) -> None:
        if key is None:
            file.write(data)
            return
        encryptor = Encryptor(file, key, mode)
        encryptor.write(data)
        encryptor.finish()

    return write


class Encryptor(io.RawIOBase):
    """A file to write plain bytes to, which writes their encryption to `file`; `finish` writes the last block."""

    def __init__(self, file: BinaryIO, key: bytes, mode: str):
        super().__init__()
        self.file, self.key, self.mode = file, key, mode
        self.pending = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data) -> int:
        view = memoryview(data).cast("B")
        for start in range(0, len(view), BLOCK_BYTES):
            self.pending += view[start:start + BLOCK_BYTES]
            while len(self.pending) >= BLOCK_BYTES:
                self._put(bytes(self.pending[:BLOCK_BYTES]))
                del self.pending[:BLOCK_BYTES]
        return len(view)

    def _put(self, plain: bytes) -> None:
        self.file.write(_encrypt_block(plain, self.key, self.mode))

    def finish(self) -> None:
        """Writes what is left."""
        if self.pending:
            self._put(bytes(self.pending))
            self.pending.clear()


def is_encrypted(start: bytes) -> bool:
    """Whether a file that starts so is an encrypted one."""
    return len(start) >= 4 and struct.unpack_from("<I", start)[0] in MODES.values()


def decrypt(data: bytes, key: bytes, mode: str, function: str, name: str) -> bytes:
    """The plain contents of an encrypted file.

    Raises:
        ValueError: the file is not encrypted in this mode, is damaged, or was encrypted with another key.
    """
    view, plain, at = memoryview(data), [], 0

    def fail(what: str) -> ValueError:
        return ValueError(f"For '{function}', file '{name}' cannot be decrypted: {what} (at byte {at} of {len(view)}). "
                          f"Check the key and the mode, or take an intact copy.")

    def take(count: int) -> memoryview:
        nonlocal at
        if count > len(view) - at:
            raise fail(f"{count} bytes are announced where {len(view) - at} are left")
        at += count
        return view[at - count:at]

    def number() -> int:
        return struct.unpack("<I", take(4))[0]

    if not data:
        raise fail("it is empty")
    while at < len(view):
        magic = number()
        if magic != MODES[mode]:
            known = next((m for m, each in MODES.items() if each == magic), None)
            raise fail(f"it was encrypted by {known}, not {mode}" if known else f"no block of {mode} begins here")
        tag = bytes(take(_TAG_BYTES)) if mode == "AES-GCM" else None
        end = number() + at
        vector = bytes(take(number()))
        text = take(number())
        if at != end or len(vector) != _VECTOR_BYTES:
            raise fail("the lengths of a block disagree")
        plain.append(_decrypt_block(text, vector, tag, key, mode, fail))
    return b"".join(plain)


def _decrypt_block(text, vector: bytes, tag: bytes | None, key: bytes, mode: str, fail) -> bytes:
    from cryptography.exceptions import InvalidTag
    decryptor = _cipher(key, mode, vector, tag).decryptor()
    try:
        plain = decryptor.update(text) + decryptor.finalize()
    except InvalidTag:
        raise fail("the key is another one, or the file was changed") from None
    except ValueError as error:
        raise fail(f"a block of {len(text)} bytes is no cipher text") from error
    if mode == "AES-GCM":
        return plain
    padding = plain[-1] if plain else 0
    if not 1 <= padding <= _VECTOR_BYTES or plain[-padding:] != bytes([padding]) * padding:
        raise fail("the key is another one, or the file was changed")
    return plain[:-padding]
