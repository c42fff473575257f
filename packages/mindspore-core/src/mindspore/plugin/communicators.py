"""Communicators: how the devices of several processes, or of several threads, work on values together.

A plugin brings them by the hook `mindspore_communicators`, as factories by name. A factory gets a device and says of
which `Group` it is a member; the members find each other through the group's store. What a communicator does is put
into the device's queue in order, as kernels are, and fails as they do (`KernelError` at the next wait).
"""
from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from mindspore.compiler.ir import TensorAval
from mindspore.plugin.protocols import Device

REDUCTIONS = ("sum", "max", "min", "prod", "avg")


class CommunicationError(RuntimeError):
    """The members of a group did not come together: the message says which group, who waited for what, how long."""


class Store(Protocol):
    """Small values that all members of a group see: where they leave their addresses for each other."""

    def put(self, key: str, value: bytes) -> None:
        """Leave a value; there is none under this key."""

    def get(self, key: str, seconds: float) -> bytes:
        """Wait for a value. CommunicationError where none comes in time."""
        ...

    def delete(self, key: str) -> None:
        """Take a value away that nobody will ask for any more."""


class FolderStore:
    """A store in a folder that all members see: for processes of one machine, or with a common file system.

    Examples:
        >>> import tempfile
        >>> from mindspore.plugin import FolderStore
        >>> folder = tempfile.mkdtemp()
        >>> FolderStore(folder).put("address/0", b"10.0.0.1:4000")
        >>> FolderStore(folder).get("address/0", seconds=1)
        b'10.0.0.1:4000'
        >>> FolderStore(folder).get("address/1", seconds=0.01)
        Traceback (most recent call last):
        mindspore.plugin.communicators.CommunicationError: nobody has left 'address/1' in ... after 0.01 seconds
    """

    def __init__(self, folder: str | os.PathLike):
        self.folder = Path(folder)

    def _file(self, key: str) -> Path:
        return self.folder / key.replace("%", "%25").replace("/", "%2F")

    def put(self, key: str, value: bytes) -> None:
        """See `Store`. The value is there as a whole, or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self._file(key)
        made = file.with_name(f"{file.name}.{os.getpid()}.{time.monotonic_ns()}.new")
        made.write_bytes(value)
        made.replace(file)

    def get(self, key: str, seconds: float) -> bytes:
        """See `Store`."""
        end, pause = time.monotonic() + seconds, 1e-4
        while True:
            try:
                return self._file(key).read_bytes()
            except FileNotFoundError:
                if time.monotonic() > end:
                    raise CommunicationError(f"nobody has left {key!r} in {self.folder} after {seconds} seconds"
                                             ) from None
            time.sleep(pause)
            pause = min(2 * pause, 0.01)

    def delete(self, key: str) -> None:
        """See `Store`."""
        self._file(key).unlink(missing_ok=True)


@dataclass(frozen=True)
class Group:
    """One member's view of a group. name: the same for all members, another for each group in a store. rank: the
    member's number, from 0 to `size` - 1. store: how the members find each other. seconds: how long a member waits for
    the others."""

    name: str
    rank: int
    size: int
    store: Store
    seconds: float = 60.0


class Communicator(Protocol):
    """The collectives of one member of a group, on buffers of its device. All members call the same methods in the same
    order. Each call puts its work into the device's queue and may return before it is done; target and source may be
    the same buffer where their sizes are the same. op is one of sum, max, min, prod and avg; every member gets the same
    bits. ValueError, before anything is queued, for another op, or a number that is no rank."""

    rank: int
    size: int

    def all_reduce(self, target: Any, source: Any, aval: TensorAval, op: str) -> None:
        """The values of all members, element by element. aval: of the source and of the target."""

    def all_gather(self, target: Any, source: Any, aval: TensorAval) -> None:
        """The values of all members one after the other, by rank. aval: of the source."""

    def reduce_scatter(self, target: Any, source: Any, aval: TensorAval, op: str) -> None:
        """Each member's part of what `all_reduce` gives. aval: of the target; the source has `size` of them."""

    def broadcast(self, target: Any, source: Any, aval: TensorAval, root: int) -> None:
        """The source of the member `root`. aval: of the source and of the target."""

    def all_to_all(self, target: Any, source: Any, aval: TensorAval) -> None:
        """Part k of the source goes to member k, which puts it at this member's number. aval: of one part."""

    def send(self, source: Any, aval: TensorAval, to: int) -> None:
        """Give a value to another member, which calls `receive`."""

    def receive(self, target: Any, aval: TensorAval, of: int) -> None:
        """The value that another member sends to this one."""

    def barrier(self) -> None:
        """Wait, on this thread, until all members are here. CommunicationError where they do not come in time."""

    def close(self) -> None:
        """Wait for the queue, and leave the group. The communicator is not used any more."""


CommunicatorFactory = Callable[[Device, Group], Communicator]
"""Makes a member's communicator: called by every member of the group, on a device of its own. CommunicationError where
the others do not come in time."""
