"""Communicators of the discrete test backend: the queues of the members meet in the group's store.

It stands for what a library of collectives does. A collective is one command of the queue: it leaves the member's bytes
in the store, waits for those of the others, and computes its result from all of them in the order of ranks.
"""
from __future__ import annotations

import numpy as np

from mindspore.plugin import CommunicationError, Group
from mindspore.plugin.communicators import REDUCTIONS

REDUCE = {"sum": np.add, "max": np.maximum, "min": np.minimum, "prod": np.multiply, "avg": np.add}


class DiscreteCommunicator:
    """See `mindspore.plugin.Communicator`."""

    def __init__(self, device, group: Group):
        self.commands, self.group = device.commands, group
        self.rank, self.size = group.rank, group.size
        self._number, self._sent = 0, {}
        self.barrier()

    # -- what is queued ------------------------------------------------------------------------------------------------

    def all_reduce(self, target, source, aval, op):
        self._check(op=op)
        self._collect("all_reduce", target, source, aval.nbytes, lambda parts: self._reduced(parts, aval, op))

    def all_gather(self, target, source, aval):
        self._collect("all_gather", target, source, aval.nbytes, b"".join)

    def reduce_scatter(self, target, source, aval, op):
        self._check(op=op)
        part = slice(self.rank * aval.nbytes, (self.rank + 1) * aval.nbytes)
        self._collect("reduce_scatter", target, source, aval.nbytes * self.size,
                      lambda parts: self._reduced([whole[part] for whole in parts], aval, op))

    def broadcast(self, target, source, aval, root):
        self._check(root=root)
        self._collect("broadcast", target, source, aval.nbytes, lambda parts: parts[root])

    def all_to_all(self, target, source, aval):
        part = slice(self.rank * aval.nbytes, (self.rank + 1) * aval.nbytes)
        self._collect("all_to_all", target, source, aval.nbytes * self.size,
                      lambda parts: b"".join(whole[part] for whole in parts))

    def send(self, source, aval, to):
        self._check(to=to)
        key = self._message(self.rank, to)
        self.commands.submit("work", "send", (source.number,), (),
                             lambda memory: self._put(key, memory[source.number][:aval.nbytes]))

    def receive(self, target, aval, of):
        self._check(of=of)
        key = self._message(of, self.rank)

        def work(memory) -> None:
            memory[target.number][:aval.nbytes] = self._get(key)
            self.group.store.delete(f"{self.group.name}/{key}")

        self.commands.submit("work", "receive", (), (target.number,), work)

    # -- what is done at once ------------------------------------------------------------------------------------------

    def barrier(self):
        number, self._number = self._number, self._number + 1
        self.commands.wait()
        self._exchange(number, b"")

    def close(self):
        self.barrier()

    # -- bytes ---------------------------------------------------------------------------------------------------------

    def _check(self, op=None, **ranks):
        if op is not None and op not in REDUCTIONS:
            raise ValueError(f"discrete: op is {op!r}, expected one of {', '.join(REDUCTIONS)}")
        for what, rank in ranks.items():
            if rank not in range(self.size):
                raise ValueError(f"discrete: {what} is {rank}, expected a rank from 0 to {self.size - 1}")

    def _collect(self, what, target, source, nbytes, combine):
        number, self._number = self._number, self._number + 1

        def work(memory) -> None:
            result = combine(self._exchange(number, bytes(memory[source.number][:nbytes])))
            memory[target.number][:len(result)] = result

        self.commands.submit("work", f"{what} in the group {self.group.name}", (source.number,), (target.number,), work)

    def _reduced(self, parts, aval, op) -> bytes:
        arrays = [np.frombuffer(part, aval.dtype.np) for part in parts]
        found = arrays[0].copy()
        for array in arrays[1:]:
            found = REDUCE[op](found, array)
        return (found / self.size).astype(aval.dtype.np).tobytes() if op == "avg" else found.tobytes()

    def _exchange(self, number: int, mine: bytes) -> list[bytes]:
        """The bytes of all members. Who has come to a number has those of the number before, and nobody any more asks
        for those before them."""
        self._put(f"{number}/{self.rank}", mine)
        found = [self._get(f"{number}/{rank}") for rank in range(self.size)]
        if number:
            self.group.store.delete(f"{self.group.name}/{number - 1}/{self.rank}")
        return found

    def _message(self, start: int, end: int) -> str:
        count = self._sent[start, end] = self._sent.get((start, end), 0) + 1
        return f"from {start} to {end}/{count}"

    def _put(self, key: str, value: bytes) -> None:
        self.group.store.put(f"{self.group.name}/{key}", bytes(value))

    def _get(self, key: str) -> bytes:
        try:
            return self.group.store.get(f"{self.group.name}/{key}", self.group.seconds)
        except CommunicationError as error:
            raise CommunicationError(f"discrete: member {self.rank} of {self.size} of the group {self.group.name!r} "
                                     f"waited in vain: {error}") from None
