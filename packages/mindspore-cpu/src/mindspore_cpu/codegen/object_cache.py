"""Machine code kept on disk, so that the next process need not compile it.

The code is executed, so nothing is taken on trust. The folder must belong to the user and must not be writable for
others; it is made with mode 0700, its files with 0600. An entry says what it is: a magic number, the version of this
layout, the key, the length and a checksum over all of that and the code. An entry that is anything else, cut off,
changed or another key's, is deleted, and its code compiled again.

An entry is written to a file of its own, which then takes its name in one step, so that processes at work at the same
time see whole entries only; where two write the same one, they write the same. What cannot be written (a full disk, a
folder without permission) is not kept, and nothing else happens.

Entries lie in 256 folders by the first digits of their keys, each of which may hold one part in 256 of the limit: that
bounds the whole, and only one small folder is looked through. Those used longest ago go first.
"""
from __future__ import annotations

import contextlib
import os
import re
import stat
import struct
import time
from collections.abc import Iterator
from functools import lru_cache
from hashlib import blake2b

from mindspore import log

FOLDER, SIZE = "MS_CPU_CACHE", "MS_CPU_CACHE_SIZE"
DEFAULT_MEBIBYTES = 512
SHARDS = 256
BLOCK = 4096  # what the smallest file takes on disk
FULL_SHARE = 0.75  # of what a folder may hold is left after something had to go
ABANDONED = 3600.0  # seconds after which a file that is still being written belongs to nobody
MAGIC, LAYOUT = b"MSCPUOBJ", 1
_HEAD = struct.Struct("<8sII")  # magic, layout, length of the key
_TAIL = struct.Struct("<Q32s")  # length of the code, checksum
_FLAGS = os.O_CLOEXEC | os.O_NOFOLLOW
_TEMPORARY = re.compile(r"\.\d+-[0-9a-f]+")


class ObjectCache:
    """Code by key; keys are hexadecimal digits. It never raises for what the disk holds or refuses."""

    def __init__(self, folder: str, limit: int):
        self.folder, self.limit = folder, limit

    def load(self, key: str) -> bytes | None:
        """The code under a key; None where there is none that can be trusted."""
        try:
            with self._opened() as folder:
                return self._read(folder, key)
        except FileNotFoundError:
            return None
        except OSError as error:
            log.debug("the code under %s in %s cannot be read: %s", key, self.folder, error)
            return None

    def store(self, key: str, code: bytes) -> None:
        """Keep code under a key, if there is room for it and the folder can be written."""
        if len(code) + BLOCK > self.limit // SHARDS:
            return
        try:
            with self._opened(create=True) as folder:
                self._write(folder, key, code)
        except OSError as error:
            log.debug("the code under %s cannot be kept in %s: %s", key, self.folder, error)

    def discard(self, key: str) -> None:
        """Forget what is under a key."""
        with contextlib.suppress(OSError), self._opened() as folder:
            os.unlink(_place(key), dir_fd=folder)

    # -- files ---------------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _opened(self, create: bool = False) -> Iterator[int]:
        """The folder, open, so that it cannot become another one. PermissionError if it is not to be trusted."""
        if create and not os.path.isdir(self.folder):
            os.makedirs(self.folder, 0o700, exist_ok=True)
        folder = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            problem = _distrusted(os.fstat(folder))
            if problem:
                raise PermissionError(f"code in it is not executed: it {problem}")
            yield folder
        finally:
            os.close(folder)

    def _read(self, folder: int, key: str) -> bytes | None:
        place, content = _place(key), b""
        entry = os.open(place, os.O_RDONLY | os.O_NONBLOCK | _FLAGS, dir_fd=folder)
        try:
            facts = os.fstat(entry)
            problem = _distrusted(facts) if stat.S_ISREG(facts.st_mode) else "is no file"
            if problem is None:
                with open(entry, "rb", closefd=False) as file:
                    content = file.read()
                with contextlib.suppress(OSError):  # a disk that is only read
                    os.utime(entry)
        finally:
            os.close(entry)
        try:
            if problem:
                raise ValueError(problem)
            return unpacked(key, content)
        except ValueError as error:
            log.debug("the entry %s in %s %s; it is made again", place, self.folder, error)
            os.unlink(place, dir_fd=folder)
            return None

    def _write(self, folder: int, key: str, code: bytes) -> None:
        place = _place(key)
        shard = place.partition("/")[0]
        with contextlib.suppress(FileExistsError):
            os.mkdir(shard, 0o700, dir_fd=folder)
        temporary = f"{shard}/.{os.getpid()}-{os.urandom(8).hex()}"
        file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FLAGS, 0o600, dir_fd=folder)
        try:
            with os.fdopen(file, "wb") as out:
                out.write(packed(key, code))
            os.rename(temporary, place, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary, dir_fd=folder)
            raise
        self._make_room(folder, shard)

    def _make_room(self, folder: int, shard: str) -> None:
        """Delete what was used longest ago where a folder holds too much, and what nobody goes on writing."""
        opened = os.open(shard, os.O_RDONLY | os.O_DIRECTORY | _FLAGS, dir_fd=folder)
        try:
            found, now = [], time.time()
            with os.scandir(opened) as entries:
                for entry in entries:
                    with contextlib.suppress(FileNotFoundError):
                        facts = entry.stat(follow_symlinks=False)
                        if _TEMPORARY.fullmatch(entry.name) and now - facts.st_mtime > ABANDONED:
                            os.unlink(entry.name, dir_fd=opened)
                        else:
                            found.append((facts.st_mtime_ns, entry.name, -(-facts.st_size // BLOCK) * BLOCK))
            held, room = sum([size for _, _, size in found]), self.limit // SHARDS
            if held <= room:
                return
            for _, name, size in sorted(found):
                if held <= room * FULL_SHARE:
                    break
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(name, dir_fd=opened)
                held -= size
        finally:
            os.close(opened)


def _place(key: str) -> str:
    """Where an entry is, seen from the folder."""
    return f"{key[:2]}/{key[2:]}"


def _distrusted(facts: os.stat_result) -> str | None:
    """Why others could have written it; None where they could not."""
    if facts.st_uid != os.geteuid():
        return f"belongs to another user ({facts.st_uid})"
    return "can be written by others" if facts.st_mode & 0o022 else None


def packed(key: str, code: bytes) -> bytes:
    """An entry."""
    head = _HEAD.pack(MAGIC, LAYOUT, len(key)) + key.encode()
    return head + _TAIL.pack(len(code), _checksum(head, code)) + code


def unpacked(key: str, content: bytes) -> bytes:
    """The code of an entry; ValueError, which says what is wrong with it, if it is not this key's as it was written."""
    head = _HEAD.pack(MAGIC, LAYOUT, len(key)) + key.encode()
    if content[:len(head)] != head:
        raise ValueError("is no entry of this layout under this key")
    if len(content) < len(head) + _TAIL.size:
        raise ValueError("is cut off")
    length, checksum = _TAIL.unpack_from(content, len(head))
    code = content[len(head) + _TAIL.size:]
    if len(code) != length:
        raise ValueError(f"has {len(code)} bytes of code instead of {length}")
    if _checksum(head, code) != checksum:
        raise ValueError("has another checksum")
    return code


def _checksum(head: bytes, code: bytes) -> bytes:
    return blake2b(head + struct.pack("<Q", len(code)) + code, digest_size=32).digest()


# -- settings ----------------------------------------------------------------------------------------------------------


def object_cache() -> ObjectCache | None:
    """The cache that the environment asks for; None where it is turned off. ValueError if a variable makes no sense."""
    names = (FOLDER, SIZE, "XDG_CACHE_HOME", "HOME")
    return _object_cache(*[os.environ.get(name, "") for name in names])


@lru_cache(maxsize=8)
def _object_cache(named: str, size: str, caches: str, home: str) -> ObjectCache | None:
    if size and not (size.isascii() and size.isdigit()):
        raise ValueError(f"{SIZE}: {size!r} is no size; expected a whole number of mebibytes, or 0 for no cache")
    mebibytes = int(size) if size else DEFAULT_MEBIBYTES
    if named and named != "0" and not os.path.isabs(named):
        raise ValueError(f"{FOLDER}: {named!r} is no absolute path; expected that of a folder, or 0 for no cache")
    if named == "0" or mebibytes == 0:
        return None
    if not named:
        if not os.path.isabs(caches):
            caches = os.path.join(os.path.expanduser("~"), ".cache")
        if not os.path.isabs(caches):
            return None
        named = os.path.join(caches, "mindspore", "cpu-objects")
    return ObjectCache(named, mebibytes << 20)
