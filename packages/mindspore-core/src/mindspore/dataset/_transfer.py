"""Messages between a pipeline and its worker processes: pickles through a socket, large arrays through shared memory.

A message is pickled with protocol 5, which leaves the contents of arrays out. A short one goes through the socket. For
a long one the sender writes the pickle and the arrays into a *slot*, an anonymous file in memory that both processes
map, and only its length goes through the socket: no message can fill the socket and block both ends. Each direction has
three slots that are used in turn. A worker gets its function and at most two tasks ahead of its results, so a slot is
written again only after what it held has been read. The files have no names: whatever ends a process, nothing stays
behind.
"""
from __future__ import annotations

import mmap
import os
import pickle
import struct
from multiprocessing.connection import Connection

__all__ = ["SLOTS", "TASKS_AHEAD", "Port", "make_slots"]

SLOTS = 3
TASKS_AHEAD = SLOTS - 1
_SMALL = 32 << 10       # bytes up to which a message travels through the socket
_HEADER = struct.Struct("<QQ")


def make_slots() -> list[int]:
    """File descriptors of new anonymous shared memory, one per slot."""
    return [os.memfd_create("mindspore-dataset") for _ in range(SLOTS)]


class _Slot:
    """One file in memory, mapped as far as it was last seen to reach."""

    def __init__(self, descriptor: int):
        self.descriptor = descriptor
        self._map: mmap.mmap | None = None

    def view(self, size: int, grow: bool) -> memoryview:
        """The first `size` bytes; the sender makes the file longer where needed."""
        if self._map is None or len(self._map) < size:
            if grow:
                os.ftruncate(self.descriptor, size + size // 4)
            self._map = mmap.mmap(self.descriptor, os.fstat(self.descriptor).st_size)
        return memoryview(self._map)[:size]


class Port:
    """One end of a connection.

    Args:
        connection: the socket.
        outgoing: descriptors of the slots that this end writes.
        incoming: those that the other end writes.
    """

    def __init__(self, connection: Connection, outgoing: list[int], incoming: list[int]):
        self.connection = connection
        self._outgoing, self._incoming = [_Slot(d) for d in outgoing], [_Slot(d) for d in incoming]
        self._sent = self._received = 0

    def send(self, value) -> None:
        """Sends a value that can be pickled."""
        buffers: list[pickle.PickleBuffer] = []
        data = pickle.dumps(value, 5, buffer_callback=buffers.append)
        parts = [memoryview(data), *(buffer.raw() for buffer in buffers)]
        sizes = pickle.dumps([part.nbytes for part in parts], 5)
        parts.insert(0, memoryview(sizes))
        slot, self._sent = self._outgoing[self._sent % SLOTS], self._sent + 1
        total = sum(part.nbytes for part in parts)
        if total <= _SMALL:
            self.connection.send_bytes(_HEADER.pack(len(sizes), 0) + b"".join(parts))
            return
        with slot.view(total, grow=True) as view:
            at = 0
            for part in parts:
                view[at:at + part.nbytes] = part
                at += part.nbytes
        self.connection.send_bytes(_HEADER.pack(len(sizes), total))

    def receive(self):
        """The next value; its arrays are in memory of their own. EOFError or OSError once the other end is gone."""
        message = self.connection.recv_bytes()
        length, total = _HEADER.unpack_from(message)
        slot, self._received = self._incoming[self._received % SLOTS], self._received + 1
        if not total:
            return _unpacked(memoryview(message)[_HEADER.size:], length)
        with slot.view(total, grow=False) as view:
            return _unpacked(view, length)


def _unpacked(view: memoryview, length: int):
    """The value in a message whose first `length` bytes are the pickled sizes of the parts that follow."""
    parts, at = [], length
    for size in pickle.loads(view[:length]):
        parts.append(bytearray(view[at:at + size]))
        at += size
    return pickle.loads(parts[0], buffers=parts[1:])
